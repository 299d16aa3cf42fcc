"""Real media of every codec: encoded by PyAV into an MP4, whose boxes and samples are what `common.media` describes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from io import BytesIO

import av
import numpy as np

from common.media import (
    CLOCK_HZ,
    AudioCodec,
    AudioConfig,
    MediaConfig,
    Packet,
    Track,
    VideoCodec,
    VideoConfig,
)
from tests.hls import boxes

WIDTH, HEIGHT, FPS, RATE = 128, 96, 30, 48_000

ENCODERS: dict[str, tuple[str, str, dict[str, object]]] = {
    "avc1": ("libx264", "avc1.64000a", {"bf": "2", "preset": "veryfast"}),
    "hvc1": (
        "libx265",
        "hvc1.1.6.L30.90",
        {"preset": "ultrafast", "x265-params": "log-level=none:bframes=2:open-gop=0"},
    ),
    "av01": ("libsvtav1", "av01.0.00M.08", {"preset": "12"}),
    "vp09": ("libvpx-vp9", "vp09.00.10.08", {"deadline": "realtime", "cpu-used": "8"}),
    "mp4a": ("aac", "mp4a.40.2", {}),
    "Opus": ("libopus", "Opus", {}),
    "fLaC": ("flac", "fLaC", {}),
    "ac-3": ("ac3", "ac-3", {}),
    "ec-3": ("eac3", "ec-3", {}),
}
VIDEO_CODECS: tuple[VideoCodec, ...] = ("avc1", "hvc1", "av01", "vp09")
AUDIO_CODECS: tuple[AudioCodec, ...] = ("mp4a", "Opus", "fLaC", "ac-3", "ec-3")

CONFIG_BOX = {
    "avc1": "avcC",
    "hvc1": "hvcC",
    "av01": "av1C",
    "vp09": "vpcC",
    "mp4a": "esds",
    "Opus": "dOps",
    "fLaC": "dfLa",
    "ac-3": "dac3",
    "ec-3": "dec3",
}
VISUAL_ENTRY_BYTES, AUDIO_ENTRY_BYTES = 78, 28


@dataclass(frozen=True)
class Encoded:
    """One track."""

    config: MediaConfig
    packets: list[Packet] = field(repr=False)
    record: bytes = field(repr=False)
    """Content of the configuration box as libavformat wrote it."""


@cache
def encoded(codec: str, seconds: int = 6, height: int = HEIGHT) -> Encoded:
    """A moving picture with a keyframe each two seconds, or a tone."""
    file = BytesIO()
    fill = _video if codec in VIDEO_CODECS else _audio
    with av.open(file, "w", format="mp4") as mp4:
        fill(mp4, codec, seconds, height)
    return _read(file.getvalue(), codec)


def _video(mp4: av.container.OutputContainer, codec: str, seconds: int, height: int) -> None:
    encoder, _, options = ENCODERS[codec]
    stream = mp4.add_stream(encoder, rate=FPS, width=WIDTH, height=height, pix_fmt="yuv420p")
    assert isinstance(stream, av.VideoStream)
    stream.options = {"g": str(2 * FPS), **options}
    if codec == "hvc1":
        stream.codec_context.codec_tag = "hvc1"
    columns = np.arange(WIDTH, dtype=np.uint8)[None, :, None]
    for index in range(seconds * FPS):
        picture = np.broadcast_to(columns + np.uint8(index * 5 % 256), (height, WIDTH, 3))
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, FPS)
        mp4.mux(stream.encode(frame))
    mp4.mux(stream.encode(None))


def _audio(mp4: av.container.OutputContainer, codec: str, seconds: int, _height: int) -> None:
    stream = mp4.add_stream(ENCODERS[codec][0], rate=RATE, layout="stereo")
    assert isinstance(stream, av.AudioStream)
    chunk = 1200
    for start in range(0, seconds * RATE, chunk):
        wave = (np.sin((np.arange(chunk) + start) * 0.06) * 6000).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None, :], format="s16", layout="stereo")
        sound.pts, sound.sample_rate, sound.time_base = start, RATE, Fraction(1, RATE)
        mp4.mux(stream.encode(sound))
    mp4.mux(stream.encode(None))


def config_box(moov: boxes.Box, codec: str) -> bytes:
    """Content of the box inside the only sample entry that describes the codec."""
    (entry,) = boxes.parse(moov.one("trak/mdia/minf/stbl/stsd").body[8:])
    assert entry.kind == codec
    skipped = VISUAL_ENTRY_BYTES if codec in VIDEO_CODECS else AUDIO_ENTRY_BYTES
    (found,) = [box for box in boxes.parse(entry.body[skipped:]) if box.kind == CONFIG_BOX[codec]]
    return found.body


def _read(data: bytes, codec: str) -> Encoded:
    (moov,) = [box for box in boxes.parse(data) if box.kind == "moov"]
    record = config_box(moov, codec)
    track = Track.VIDEO if codec in VIDEO_CODECS else Track.AUDIO
    with av.open(BytesIO(data), "r", format="mp4") as mp4:
        stream = mp4.streams[0]
        extradata, tick = stream.codec_context.extradata or b"", stream.time_base
        assert tick is not None
        size = (stream.width, stream.height) if isinstance(stream, av.VideoStream) else (0, 0)
        # As RTMP delivers it: whole milliseconds, never before zero.
        packets = [one for one in mp4.demux() if one.size and one.dts is not None and one.pts is not None]
        first = packets[0].dts or 0
        ms = 1000 * tick
        media = [
            Packet(
                track,
                int(((one.dts or 0) - first) * ms) * 90,
                int(((one.pts or 0) - first) * ms) * 90,
                one.is_keyframe,
                bytes(one),
            )
            for one in packets
        ]
        samples = round((packets[0].duration or 0) * tick * RATE)
    return Encoded(_config(codec, record, extradata, size, samples), media, record)


def _config(codec: str, record: bytes, extradata: bytes, size: tuple[int, int], samples: int) -> MediaConfig:
    rfc6381 = ENCODERS[codec][1]
    for one in VIDEO_CODECS:
        if one == codec:
            return VideoConfig(one, record[4:] if one == "vp09" else record, rfc6381, *size)
    of_box: dict[str, Callable[[], bytes]] = {"ac-3": lambda: record, "ec-3": lambda: record}
    (audio,) = [one for one in AUDIO_CODECS if one == codec]
    return AudioConfig(audio, of_box.get(codec, lambda: extradata)(), rfc6381, RATE, 2, samples)


assert CLOCK_HZ == 90_000, "stamps above are milliseconds times 90"
