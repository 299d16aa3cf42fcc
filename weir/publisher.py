"""Publishes a file in real time through FFmpeg's RTMP client: what `weir publish` does. Blocking; runs in its own thread.

Pace is kept on the packets as they are read. A server or network that takes less than real time pushes back, nothing is
dropped, and the publisher falls behind, which it reports.
"""

import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from weir.publish_target import Target
from weir.publish_tracks import Choice, TrackOut, choose, open_track
from weir.rtmp_output import PublishError, RtmpOutput


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a publisher is."""

    media_s: float
    """Media time sent, over all passes."""
    sent_bytes: int
    """Payload handed to the network."""
    behind_s: float
    """How much later than its time the last packet went."""


class FilePublisher:
    """One file on its way to one server.

    Args:
        path: Any file FFmpeg reads.
        target: Where to.
        loop: Begin again at the file's end, with times that go on, until stopped.

    Raises:
        PublishError: FFmpeg cannot read the file, or it holds neither video nor audio.
    """

    def __init__(self, path: Path, target: Target, *, loop: bool) -> None:
        self._path, self._loop = path, loop
        self._first_pass: InputContainer | None = _open(path)
        self.choices: list[Choice] = choose(self._first_pass)
        """What happens to the file's tracks."""
        if not self.choices:
            raise PublishError(f"{path} holds neither a video nor an audio track.")
        duration = self._first_pass.duration
        self.duration_s: float | None = None if duration is None else duration / 1_000_000
        """Of one pass; `None` when the file does not say."""
        self._output = RtmpOutput(target.url)
        self._tracks: dict[int, TrackOut] = {
            choice.index: open_track(choice, self._first_pass.streams[choice.index], self._output.container)
            for choice in self.choices
        }
        self._stop = threading.Event()
        self._started = 0.0
        self._progress = Progress(0.0, 0, 0.0)

    @property
    def progress(self) -> Progress:
        """How far it is; may be read from any thread."""
        return self._progress

    def connect(self) -> None:
        """Connect and be admitted; see `RtmpOutput.connect`."""
        self._output.connect()

    def run(self) -> None:
        """Publish to the file's end, or for ever with `loop`, or until `stop`.

        Raises:
            PublishError: The server hung up, or the file is broken.
        """
        self._started = time.monotonic()
        shift_s = Fraction(0)
        while not self._stop.is_set():
            source = self._first_pass or _open(self._path)
            self._first_pass = None
            with source:
                length_s = self._pass(source, shift_s)
            if not self._loop:
                break
            if not length_s:
                raise PublishError(f"{self._path} has no packets to repeat.")
            shift_s += length_s
        for track in self._tracks.values():
            self._output.mux(track.finish())

    def stop(self) -> None:
        """Let `run` return soon; from any thread."""
        self._stop.set()

    def close(self) -> None:
        """Say good-bye to the server. Idempotent."""
        self._output.close()

    def _pass(self, source: InputContainer, shift_s: Fraction) -> Fraction:
        """Publish the file once, beginning at media time `shift_s`; return its length in seconds."""
        begin_s: Fraction | None = None
        end_s = Fraction(0)
        try:
            for packet in source.demux([source.streams[index] for index in self._tracks]):
                if packet.dts is not None:
                    dts_s = packet.dts * packet.time_base
                    begin_s = dts_s if begin_s is None else begin_s
                    end_s = max(end_s, dts_s + (packet.duration or 0) * packet.time_base - begin_s)
                    if self._wait_until(shift_s + dts_s - begin_s):
                        break
                size = packet.size
                self._output.mux(self._tracks[packet.stream_index].convert(packet, shift_s - (begin_s or 0)))
                self._note(shift_s + end_s, size)
        except av.error.InvalidDataError as error:
            raise PublishError(f"{self._path} is damaged: {error.strerror}.") from None
        return end_s

    def _wait_until(self, media_s: Fraction) -> bool:
        """Wait for a media time to come; true when stopped."""
        return self._stop.wait(max(0.0, self._started + float(media_s) - time.monotonic()))

    def _note(self, media_s: Fraction, size: int) -> None:
        behind_s = max(0.0, time.monotonic() - self._started - float(media_s))
        self._progress = Progress(float(media_s), self._progress.sent_bytes + size, behind_s)


def _open(path: Path) -> InputContainer:
    try:
        return av.open(str(path))
    except av.error.FFmpegError as error:
        raise PublishError(f"FFmpeg cannot read {path}: {error.strerror}.") from None
