"""The recordings that benchmarks replay: 16 s of H.264 (keyframes 2 s apart) and AAC, as FLV.

Sixteen seconds hold whole numbers of both video frames and AAC frames (750, or 375), so it repeats without a seam. Made once a
machine, with the FFmpeg inside PyAV; reading it is pure.
"""

import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

AUDIO_TAG, VIDEO_TAG, DATA_TAG = 8, 9, 18
PERIOD_MS = 16_000

_AAC_FRAME = 1024


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a recording is like."""

    name: str
    width: int
    height: int
    fps: int
    video_bps: int
    audio_bps: int
    sample_rate: int = 48_000
    layout: str = "stereo"

    def __str__(self) -> str:
        rate = f"{(self.video_bps + self.audio_bps) / 1e6:.2g} Mbit/s"
        return f"{rate}, {self.height}p{self.fps} H.264 + {self.sample_rate // 1000} kHz AAC"


OBS = Recipe("1080p30-6M", 1920, 1080, 30, 6_000_000, 160_000)
"""What a game streamer sends."""
CAMERA = Recipe("180p2-24k", 320, 180, 2, 32_000, 64_000, 24_000, "mono")
"""A camera that watches a quiet place: 23 frames of mono audio a second and two of video, 96 kbit/s."""
RADIO = Recipe("180p2-100k", 320, 180, 2, 32_000, 64_000)
"""Radio with a picture: as many bits, but 47 audio frames a second. Messages are what costs, so twice the load."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One FLV tag."""

    kind: int
    """`AUDIO_TAG`, `VIDEO_TAG` or `DATA_TAG`."""
    dts_ms: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording that can be repeated every `period_ms`."""

    metadata: bytes = field(repr=False)
    """Body of the onMetaData tag."""
    headers: tuple[Tag, ...]
    """The sequence headers, video and audio."""
    tags: tuple[Tag, ...]
    """Media in the order of decode times, which begin at 0 and end before `period_ms`."""
    period_ms: int


def load_clip(recipe: Recipe = OBS) -> Clip:
    """Read a recording from the temporary directory, making it first where it is missing (about a minute)."""
    path = Path(tempfile.gettempdir()) / f"weir-bench-{recipe.name}.flv"
    if not path.exists():
        print(f"making {path} once; this takes a while ...", flush=True)
        partial = path.with_suffix(".partial")
        make_flv(partial, recipe)
        partial.rename(path)
    return read_clip(path.read_bytes(), PERIOD_MS)


def read_clip(data: bytes, period_ms: int) -> Clip:
    """Take an FLV file apart and keep `period_ms` of it, from the second keyframe on: by then both tracks have begun."""
    metadata, headers, media = b"", [], []
    for tag in _tags(data):
        if tag.kind == DATA_TAG:
            metadata = tag.body
        elif _is_header(tag):
            headers.append(Tag(tag.kind, 0, tag.body))
        elif not _is_end(tag):
            media.append(tag)
    start = [tag.dts_ms for tag in media if is_keyframe(tag)][1]
    shifted = (Tag(tag.kind, tag.dts_ms - start, tag.body) for tag in media)
    kept = sorted((tag for tag in shifted if 0 <= tag.dts_ms < period_ms), key=lambda tag: tag.dts_ms)
    return Clip(metadata, tuple(headers), tuple(kept), period_ms)


def is_keyframe(tag: Tag) -> bool:
    """Whether decoding can begin here."""
    return tag.kind == VIDEO_TAG and tag.body[0] >> 4 == 1


def _tags(data: bytes) -> Iterator[Tag]:
    position = 9 + 4  # file header and the first PreviousTagSize
    while position + 11 <= len(data):
        kind, size_and_time, extended = struct.unpack_from(">B6sB", data, position)
        size = int.from_bytes(size_and_time[:3], "big")
        dts_ms = extended << 24 | int.from_bytes(size_and_time[3:], "big")
        yield Tag(kind & 0x1F, dts_ms, data[position + 11 : position + 11 + size])
        position += 11 + size + 4


def _is_header(tag: Tag) -> bool:
    return tag.body[1] == 0 and (tag.kind == AUDIO_TAG or tag.body[0] & 0xF == 7)


def _is_end(tag: Tag) -> bool:
    return tag.kind == VIDEO_TAG and tag.body[1] == 2


def make_flv(path: Path, recipe: Recipe, *, seconds: float = PERIOD_MS / 1000 + 5) -> None:
    """Encode a recording; noise that changes every frame keeps frame sizes like those of a game."""
    with av.open(str(path), "w", format="flv") as output:
        video = output.add_stream("libx264", rate=recipe.fps, options=_x264_options(recipe.video_bps))
        video.width, video.height, video.pix_fmt = recipe.width, recipe.height, "yuv420p"
        video.bit_rate, video.gop_size = recipe.video_bps, 2 * recipe.fps
        audio = output.add_stream("aac", rate=recipe.sample_rate)
        audio.layout, audio.format, audio.bit_rate = recipe.layout, "fltp", recipe.audio_bps
        made = 0
        for index in range(round(seconds * recipe.fps)):
            output.mux(video.encode(_picture(index, recipe)))
            while made * _AAC_FRAME * recipe.fps <= index * recipe.sample_rate:
                output.mux(audio.encode(_sound(made, recipe)))
                made += 1
        output.mux([*video.encode(None), *audio.encode(None)])


def _x264_options(video_bps: int) -> dict[str, str]:
    """As OBS streams by default: veryfast, constant bit rate, two B-frames."""
    rate = str(video_bps)
    return {
        "preset": "veryfast",
        "bf": "2",
        "sc_threshold": "0",
        "maxrate": rate,
        "bufsize": rate,
        "nal-hrd": "cbr",
    }


def _picture(index: int, recipe: Recipe) -> av.VideoFrame:
    """A pattern that moves, under grain."""
    width, height = recipe.width, recipe.height
    grain = np.random.default_rng(index).integers(0, 24, (height * 3 // 2, width), np.uint8)
    row = (np.arange(width) + 7 * index) % 256 // 2
    packed = grain + np.uint8(60)
    packed[:height] += row.astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(packed, format="yuv420p")
    frame.pts, frame.time_base = index, Fraction(1, recipe.fps)
    return frame


def _sound(index: int, recipe: Recipe) -> av.AudioFrame:
    channels = 1 if recipe.layout == "mono" else 2
    noise = np.random.default_rng(index).normal(0, 0.1, (channels, _AAC_FRAME)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout=recipe.layout)
    frame.sample_rate, frame.pts = recipe.sample_rate, index * _AAC_FRAME
    frame.time_base = Fraction(1, recipe.sample_rate)
    return frame
