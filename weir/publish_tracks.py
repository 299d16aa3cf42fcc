"""Which tracks of a file are published, and how each becomes H.264 or AAC packets: copied, or decoded and encoded again.

Blocking work on FFmpeg's objects: never for the server process. A packet must not outlive the container it came from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

_KEYFRAME_S = 2
_MAX_SIZE = (1920, 1080)
"""Pictures that must be encoded are scaled down to this: more is not done in real time."""
_AUDIO_BPS = 160_000
_SAMPLE_RATE = 48_000
_TICKS = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class Choice:
    """What happens to one track."""

    index: int
    """Of the stream in the file."""
    kind: str
    """`video` or `audio`."""
    copied: bool
    description: str
    """For people: what comes in and, unless it is copied, what goes out."""


def copies_video(codec: str, pixel_format: str | None) -> bool:
    """Every browser plays 8-bit 4:2:0 H.264; anything else is encoded again."""
    return codec == "h264" and pixel_format in {"yuv420p", "yuvj420p"}


def fit(width: int, height: int) -> tuple[int, int]:
    """The largest even size of the same shape within 1920x1080, never larger than the given one."""
    scale = min(Fraction(1), Fraction(_MAX_SIZE[0], width), Fraction(_MAX_SIZE[1], height))
    return max(2, int(width * scale) & ~1), max(2, int(height * scale) & ~1)


def choose(source: InputContainer) -> list[Choice]:
    """The first real video track (no cover art) and the first audio track; either may be missing."""
    choices = []
    for video in source.streams.video:
        if not video.disposition & Disposition.attached_pic:
            choices.append(_choose_video(video))
            break
    for audio in source.streams.audio[:1]:
        codec = audio.codec_context.codec.canonical_name
        about = f"{codec} {audio.codec_context.sample_rate} Hz"
        if codec == "aac":
            choices.append(Choice(audio.index, "audio", True, f"{about}, copied"))
        else:
            choices.append(Choice(audio.index, "audio", False, f"{about}, encoded as AAC 48000 Hz"))
    return choices


def _choose_video(stream: VideoStream) -> Choice:
    context = stream.codec_context
    codec = context.codec.canonical_name
    about = f"{codec} {context.width}x{context.height}"
    if copies_video(codec, context.pix_fmt):
        return Choice(stream.index, "video", True, f"{about}, copied")
    width, height = fit(context.width, context.height)
    return Choice(stream.index, "video", False, f"{about}, encoded as H.264 {width}x{height}")


class TrackOut(Protocol):
    """Turns a file's packets of one track into packets of the output."""

    def convert(self, packet: "Packet[Any]", shift_s: Fraction) -> "Sequence[Packet[Any]]":
        """Packets for one of the file's, `shift_s` seconds later; one without dts ends a pass over the file."""

    def finish(self) -> "Sequence[Packet[Any]]":
        """What is still held back, at the very end."""


def open_track(choice: Choice, stream: Stream, output: OutputContainer) -> TrackOut:
    """Add the output's stream for a track of the file."""
    if choice.copied:
        return _Copy(stream, output)
    if isinstance(stream, VideoStream):
        return _EncodeVideo(stream, output)
    assert isinstance(stream, AudioStream)
    return _EncodeAudio(output)


class _Copy:
    def __init__(self, stream: Stream, output: OutputContainer) -> None:
        self._out = output.add_stream_from_template(stream, opaque=True)

    def convert(self, packet: "Packet[Any]", shift_s: Fraction) -> "Sequence[Packet[Any]]":
        if packet.dts is None:
            return []
        shift = round(shift_s / packet.time_base)
        packet.pts = (packet.dts if packet.pts is None else packet.pts) + shift
        packet.dts += shift
        packet.stream = self._out
        return [packet]

    def finish(self) -> "Sequence[Packet[Any]]":
        return []


class _EncodeVideo:
    def __init__(self, stream: VideoStream, output: OutputContainer) -> None:
        rate = stream.average_rate or stream.guessed_rate or Fraction(30)
        width, height = fit(stream.codec_context.width, stream.codec_context.height)
        bps = min(6_000_000, 1_000_000 + width * height * 3)
        options = {"preset": "veryfast", "bf": "0", "sc_threshold": "0", "crf": "21"}
        options |= {"maxrate": str(bps), "bufsize": str(bps)}
        self._out = output.add_stream("libx264", rate=rate, options=options)
        self._out.width, self._out.height, self._out.pix_fmt = width, height, "yuv420p"
        self._out.codec_context.time_base = _TICKS
        self._out.codec_context.gop_size = max(1, round(_KEYFRAME_S * rate))
        self._last = -1

    def convert(self, packet: "Packet[Any]", shift_s: Fraction) -> "Sequence[Packet[Any]]":
        encoded: list[Packet[VideoStream]] = []
        for frame in cast("Packet[VideoStream]", packet).decode():
            encoded += self._encode(frame, shift_s)
        return encoded

    def _encode(self, frame: VideoFrame, shift_s: Fraction) -> "list[Packet[VideoStream]]":
        if frame.pts is None or frame.time_base is None:
            return []
        ticks = round((frame.pts * frame.time_base + shift_s) / _TICKS)
        if ticks <= self._last:
            return []  # x264 refuses times that do not increase
        scaled = frame.reformat(self._out.width, self._out.height, "yuv420p")
        scaled.pts, scaled.time_base, self._last = ticks, _TICKS, ticks
        scaled.pict_type = PictureType.NONE  # the file's own choice would force keyframes
        return self._out.encode(scaled)

    def finish(self) -> "Sequence[Packet[Any]]":
        return self._out.encode(None)


class _EncodeAudio:
    def __init__(self, output: OutputContainer) -> None:
        self._out = output.add_stream("aac", rate=_SAMPLE_RATE)
        self._out.layout, self._out.format, self._out.bit_rate = "stereo", "fltp", _AUDIO_BPS

    def convert(self, packet: "Packet[Any]", shift_s: Fraction) -> "Sequence[Packet[Any]]":
        encoded: list[Packet[AudioStream]] = []
        for frame in cast("Packet[AudioStream]", packet).decode():
            if frame.pts is not None and frame.time_base is not None:
                frame.pts += round(shift_s / frame.time_base)
                encoded += self._out.encode(frame)
        return encoded

    def finish(self) -> "Sequence[Packet[Any]]":
        return self._out.encode(None)
