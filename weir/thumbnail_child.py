"""The child process that decodes keyframes of live streams and makes small JPEGs of them.

`python -m weir.thumbnail_child` reads questions from stdin and writes an answer to each to stdout (`weir.thumbnail_wire`),
until stdin closes, so that it dies with its parent. It can do nothing else (`common.confinement`).
"""

import io
import sys
from fractions import Fraction
from typing import BinaryIO

import av
import av.error
import numpy as np  # noqa: F401  # PyAV loads it when first asked for pixels, and by then there are no files
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from PIL import Image, JpegImagePlugin

from common.confinement import confine, limit_cpu
from common.media import VideoCodec
from weir.thumbnail_wire import (
    HEIGHT,
    MAX_JPEG_BYTES,
    QUESTION_HEAD,
    WIDTH,
    encode_answer,
    read_question_head,
)

LOADED = JpegImagePlugin
"""What writes here; Pillow would load it when first asked."""

CPU_S = 4
"""For one picture. The largest takes some tenths."""
MEMORY_BYTES = 800_000_000
"""Pictures of 8K with 10 bits take 100 MB, and decoders hold some."""
MAX_PIXELS = 8192 * 4352
DECODERS: dict[VideoCodec, str] = {"avc1": "h264", "hvc1": "hevc", "av01": "libdav1d", "vp09": "vp9"}
QUALITIES = (82, 70, 55, 40, 25)
_UNSPECIFIED = 2
_BT709 = 1
_HD_HEIGHT = 720


class UndecodableError(Exception):
    """There is no picture in a keyframe."""


def main() -> None:
    """Answer until nobody asks any more."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    Image.preinit()  # Pillow would do it when first asked, and by then there are no files
    confine(memory_bytes=MEMORY_BYTES)
    while head := _read(questions, QUESTION_HEAD.size):
        codec, config_bytes, keyframe_bytes = read_question_head(head)
        extradata, keyframe = _read(questions, config_bytes), _read(questions, keyframe_bytes)
        limit_cpu(CPU_S)
        try:
            answer = encode_answer(make_thumbnail(codec, extradata, keyframe))
        except (UndecodableError, av.error.FFmpegError, MemoryError, ValueError) as error:
            answer = encode_answer(None, f"{type(error).__name__}: {error}")
        answers.write(answer)
        answers.flush()


def _read(pipe: BinaryIO, size: int) -> bytes:
    """Read so much; less only at the end, which ends everything."""
    data = pipe.read(size)
    if 0 < len(data) < size:
        sys.exit(0)
    return data


def make_thumbnail(codec: VideoCodec, extradata: bytes, keyframe: bytes) -> bytes:
    """Give a JPEG. Raises `UndecodableError`, and what PyAV raises at data that makes no sense."""
    frame, pixel = _decode(codec, extradata, keyframe)
    return _jpeg(_boxed(frame, pixel))


def _decode(codec: VideoCodec, extradata: bytes, keyframe: bytes) -> tuple[VideoFrame, Fraction]:
    """Give the picture, and how wide its pixels are for their height."""
    decoder = av.CodecContext.create(DECODERS[codec], "r")
    assert isinstance(decoder, VideoCodecContext)
    if codec != "vp09":  # which needs none, and FFmpeg takes vpcC for something else
        decoder.extradata = extradata
    decoder.thread_count = 1
    decoder.options = {
        "max_pixels": str(MAX_PIXELS),
        "err_detect": "explode",  # or what cannot be decoded would be patched up in grey
        "skip_loop_filter": "all",  # a fifth of the time, for edges that nobody sees in a small picture
    }
    frames = [*decoder.decode(av.Packet(keyframe)), *decoder.decode(None)]
    if not frames or frames[0].is_corrupt:
        raise UndecodableError("no whole picture")
    return frames[0], decoder.sample_aspect_ratio or Fraction(1)


def _boxed(frame: VideoFrame, pixel: Fraction) -> Image.Image:
    """Fit the whole picture in, with black beside or above it where it has another shape."""
    width, height = _shown_size(frame.width * pixel, frame.height)
    matrix = (
        _BT709 if frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT else None
    )  # as players guess
    small = frame.reformat(
        width=width,
        height=height,
        format="rgb24",
        src_colorspace=matrix,
        interpolation=Interpolation.AREA,
        threads=1,
    )
    picture: Image.Image = small.to_image()  # type: ignore[no-untyped-call]  # PyAV knows Pillow only when it is there
    if (width, height) == (WIDTH, HEIGHT):
        return picture
    box = Image.new("RGB", (WIDTH, HEIGHT))
    box.paste(picture, ((WIDTH - width) // 2, (HEIGHT - height) // 2))
    return box


def _shown_size(width: Fraction, height: int) -> tuple[int, int]:
    """Give the size on the thumbnail: the shape that players show, but no black of a pixel or two."""
    scale = min(WIDTH / width, Fraction(HEIGHT, height))
    return _filled(round(width * scale), WIDTH), _filled(round(height * scale), HEIGHT)


def _filled(side: int, most: int) -> int:
    return most if side >= most - 2 else max(1, side)


def _jpeg(picture: Image.Image) -> bytes:
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= MAX_JPEG_BYTES:
            return file.getvalue()
    raise UndecodableError("too detailed for a thumbnail")


if __name__ == "__main__":
    main()
