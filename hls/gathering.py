"""The second before a stream starts: which tracks there are, and how fast the frames come. Pure.

The set of renditions and PART-TARGET cannot change later (players read the multivariant playlist once, E1), so the start
waits for the first GOP or a second of media, and as long for a second track. A track that comes later is not played.
"""

from collections import deque
from dataclasses import dataclass, field

from common.media import CLOCK_HZ, AudioConfig, MediaConfig, Packet, Track, VideoConfig
from hls.cadence import Cadence, audio_cadence, frame_ticks, video_cadence

WAIT_TICKS = CLOCK_HZ
"""Media to see before the start."""

VIDEO_WAIT_TICKS = 3 * CLOCK_HZ
"""Audio to see before announced video of which no packet came is given up."""

MIN_FRAMES = 10
"""Frames of an intra-only stream to see before its rhythm is believed."""

MAX_WAITING = 2_000
MAX_WAITING_BYTES = 32_000_000
"""Kept at most; more than this without a second of progress is broken and starts as it is."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a stream starts."""

    video: VideoConfig | None
    audio: AudioConfig | None
    cadence: Cadence
    packets: list[tuple[Packet, float]] = field(repr=False)
    """What arrived so far with arrival times: from the first keyframe on, if there is video."""


class Gathering:
    """Collects packets until `start` has an answer."""

    def __init__(self) -> None:
        self._video: VideoConfig | None = None
        self._audio: AudioConfig | None = None
        self._packets: deque[tuple[Packet, float]] = deque()
        self._bytes = 0
        self._video_dts: list[int] = []
        self._video_came = False
        self._gop_ended = False
        self._audio_dts: list[int] = []

    @property
    def waits_for_keyframe(self) -> bool:
        """Video comes, but no picture that a decoder could start with."""
        return self._video_came and not self._video_dts

    def configure(self, config: MediaConfig) -> None:
        """Note a track's configuration; a changed one makes what came before undecodable."""
        if isinstance(config, VideoConfig):
            if self._video not in {None, config}:
                self._drop(Track.VIDEO)
            self._video = config
        else:
            if self._audio not in {None, config}:
                self._drop(Track.AUDIO)
            self._audio = config

    def push(self, packet: Packet, now: float) -> bool:
        """Keep a packet; False when it cannot be used: no configuration, or video before the first keyframe."""
        if packet.track is Track.VIDEO:
            self._video_came = True
            if self._video is None or not (packet.keyframe or self._video_dts):
                return False
            self._gop_ended |= packet.keyframe and len(self._video_dts) >= MIN_FRAMES
            self._video_dts.append(packet.dts)
        else:
            if self._audio is None:
                return False
            self._audio_dts.append(packet.dts)
        self._packets.append((packet, now))
        self._bytes += len(packet.data)
        if not self._video_dts:
            self._trim()
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._packets) >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES

    def start(self, *, final: bool = False) -> Start | None:
        """The plan once enough was seen; `final`: make do with what there is, `None` if that is nothing."""
        if self._video_dts:
            return self._start_with_video(final=final)
        patience = VIDEO_WAIT_TICKS if self._video is not None or self._video_came else WAIT_TICKS
        if self._audio is None or not self._audio_dts or (self._video_came and not final):
            return None
        if not final and _span(self._audio_dts) < patience:
            return None
        return Start(None, self._audio, audio_cadence(self._audio), list(self._packets))

    def _start_with_video(self, *, final: bool) -> Start | None:
        second = _span(self._video_dts) >= WAIT_TICKS or self._is_full
        audio = self._audio if self._audio_dts else None
        if not (second or final or (self._gop_ended and audio is not None)):
            return None
        frame = frame_ticks(self._video_dts)
        return Start(self._video, audio, video_cadence(frame, audio), self._from_keyframe())

    def _from_keyframe(self) -> list[tuple[Packet, float]]:
        first = self._video_dts[0]
        # Audio a little before the first picture has nothing to be heard with; far off it has another time base.
        return [
            (packet, at)
            for packet, at in self._packets
            if packet.track is Track.VIDEO or not first - 5 * CLOCK_HZ <= packet.dts < first
        ]

    def _drop(self, track: Track) -> None:
        self._packets = deque(one for one in self._packets if one[0].track is not track)
        self._bytes = sum(len(packet.data) for packet, _ in self._packets)
        if track is Track.VIDEO:
            self._video_dts.clear()
        else:
            self._audio_dts.clear()

    def _trim(self) -> None:
        """Without video only the last seconds of audio can matter."""
        while len(self._packets) > 1 and (self._is_full or _span(self._audio_dts) > 4 * CLOCK_HZ):
            packet, _ = self._packets.popleft()
            self._audio_dts.pop(0)
            self._bytes -= len(packet.data)


def _span(dts: list[int]) -> int:
    return dts[-1] - dts[0] if dts else 0
