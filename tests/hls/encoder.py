"""Encoders made of arithmetic: packets as RTMP delivers them, with whole-millisecond stamps, without a codec."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from common.media import AudioConfig, Packet, Track, VideoConfig

VIDEO = VideoConfig(
    "avc1",
    bytes.fromhex(
        "01640028ffe1001b67640028acd940780227e5c044000003000400000300c83c60c65801000668ebe3cb22c0fdf8f800"
    ),
    "avc1.640028",
    1920,
    1080,
)
OTHER_VIDEO = VideoConfig(VIDEO.codec, VIDEO.extradata, VIDEO.rfc6381, 1280, 720)
AUDIO = AudioConfig("mp4a", bytes.fromhex("1190"), "mp4a.40.2", 48000, 2)
AUDIO_44 = AudioConfig("mp4a", bytes.fromhex("1210"), "mp4a.40.2", 44100, 2)

NTSC = Fraction(30000, 1001)


def ms(seconds: Fraction | float) -> int:
    """A time as RTMP stamps it, in 90 kHz ticks."""
    return int(seconds * 1000) * 90


def video(
    seconds: float,
    *,
    fps: Fraction | float = 30,
    gop: int = 60,
    b_frames: int = 0,
    start_s: float = 0.0,
    first_keyframe: int = 0,
    dropped: Iterable[int] = (),
    size: int = 40,
) -> list[Packet]:
    """Frames in decode order. `dropped`: indices (in decode order) that the encoder left out."""
    rate = Fraction(fps).limit_denominator(2000)
    start = round(start_s * 1_000_000)
    lost = set(dropped)
    packets = []
    for index, display in enumerate(_decode_order(int(seconds * rate), gop, b_frames)):
        if index in lost:
            continue
        dts, pts = (
            (start + at * 1_000_000 * rate.denominator // rate.numerator) // 1000 * 90
            for at in (index, display + (1 if b_frames else 0))
        )
        keyframe = index >= first_keyframe and (index - first_keyframe) % gop == 0
        data = b"%c%06d" % (b"K" if keyframe else b"p", index)
        packets.append(Packet(Track.VIDEO, dts, pts, keyframe, data.ljust(size, b".")))
    return packets


def _decode_order(count: int, gop: int, b_frames: int) -> list[int]:
    """Display number of each frame: I P b b P b b, closed GOPs."""
    order: list[int] = []
    for first in range(0, count, gop):
        last = min(first + gop, count)
        order.append(first)
        at = first + 1
        while at < last:
            reference = min(at + b_frames, last - 1)
            order += [reference, *range(at, reference)]
            at = reference + 1
    return order


def audio(
    seconds: float,
    *,
    config: AudioConfig = AUDIO,
    start_s: float = 0.0,
    stamp: Callable[[int], int] = lambda ticks: ticks,
    size: int = 20,
) -> list[Packet]:
    """AAC frames; `stamp` bends their time stamps."""
    samples, start = config.samples_per_frame, round(start_s * 1_000_000)
    return [
        Packet(Track.AUDIO, dts, dts, True, (b"a%06d" % index).ljust(size, b"."))
        for index in range(int(seconds * config.sample_rate / samples))
        if (dts := stamp((start + index * samples * 1_000_000 // config.sample_rate) // 1000 * 90)) >= 0
    ]


def interleave(*tracks: list[Packet]) -> list[Packet]:
    """As encoders send them: by decode time."""
    return sorted((packet for track in tracks for packet in track), key=lambda packet: packet.dts)
