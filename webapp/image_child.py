"""The child process that decodes an uploaded picture and encodes it anew, so that only its pixels are left.

`python -m webapp.image_child` reads one line of orders (`image_check.Orders`) and the picture from stdin, and writes one line
(`image_check.Report`) and a WebP to stdout. It lives for one picture, and can do nothing else (`common.confinement`).
"""

import io
import sys
import warnings
from collections.abc import Callable
from typing import TypeVar

import msgspec
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from common.confinement import confine, limit_cpu
from webapp.image_check import (
    MAX_PIXELS,
    MAX_STORED_BYTES,
    MAX_UPLOAD_BYTES,
    Fit,
    ImageRefusedError,
    Orders,
    Report,
    check_size,
)

LOADED = (AvifImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
"""What reads and writes here; in Pillow they register themselves."""
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a confined process starts no threads

CPU_S = 10
MEMORY_BYTES = 400_000_000
"""Twelve million pixels of four bytes some times over."""
QUALITIES = (85, 70, 50, 30)
_MAX_ORDERS_BYTES = 1000
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's Orientation: how to turn it upright."""


AnyOrders = TypeVar("AnyOrders", bound=msgspec.Struct)


def main() -> None:
    """Do what stdin says."""
    run_child(Orders, _rehearse, _answer)


def run_child(
    orders_type: type[AnyOrders],
    rehearse: Callable[[AnyOrders], object],
    answer: Callable[[AnyOrders, bytes], tuple[msgspec.Struct, bytes]],
) -> None:
    """Read orders and a picture, give up all rights, and write a report and what was made.

    `rehearse` does the work once with a picture of ours: Pillow loads modules when it first needs them, and soon there are
    no files.
    """
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    orders = msgspec.json.decode(sys.stdin.buffer.readline(_MAX_ORDERS_BYTES), type=orders_type)
    data = sys.stdin.buffer.read(MAX_UPLOAD_BYTES)
    Image.preinit()
    rehearse(orders)
    confine(memory_bytes=MEMORY_BYTES)
    limit_cpu(CPU_S)
    report, made = answer(orders, data)
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n" + made)
    sys.stdout.buffer.flush()


def _answer(orders: Orders, data: bytes) -> tuple[Report, bytes]:
    try:
        (width, height), made = convert(orders, data)
    except ImageRefusedError as error:
        return Report(refused=str(error)), b""
    except Exception:  # noqa: BLE001  # decoders raise whatever they like at damaged data, memory errors included
        return Report(refused="The picture is damaged, or not what it seems to be."), b""
    return Report(width=width, height=height), made


def _rehearse(orders: Orders) -> None:
    sample = io.BytesIO()
    Image.new("L" if orders.format == "jpeg" else "P", (2, 2)).save(sample, orders.format)
    convert(orders, sample.getvalue())


def convert(orders: Orders, data: bytes) -> tuple[tuple[int, int], bytes]:
    """Make a WebP of the first frame; give its size too. Raises `ImageRefusedError`, and whatever the decoder raises."""
    with Image.open(io.BytesIO(data), formats=[orders.format]) as sent:
        check_size(*sent.size)
        sent.load()
        picture = _fitted(plain(_upright(sent)), orders.fit)
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=4)
        if file.tell() <= MAX_STORED_BYTES:
            return picture.size, file.getvalue()
    raise ImageRefusedError("The picture is too detailed to be stored.")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  # EXIF that makes no sense does not make the picture wrong
        turn = None
    return picture if turn is None else picture.transpose(turn)


def plain(picture: Image.Image) -> Image.Image:
    """Leave nothing but red, green, blue and transparency, eight bits each."""
    if picture.mode.startswith("I;16"):  # PNG with 16 bits of grey: converting would cut them at 255
        picture = picture.convert("I")
    if picture.mode == "I":
        picture = picture.point(lambda value: value / 256).convert("L")
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.info.clear()  # or its ICC profile would be written again
    return picture


def _fitted(picture: Image.Image, fit: Fit) -> Image.Image:
    width, height = fit.width, fit.height
    match fit.how:
        case "cover":
            return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
        case "contain":
            picture.thumbnail((width, height), Image.Resampling.LANCZOS)
            return picture
        case "width":
            needed = max(1, round(picture.height * width / picture.width))
            if needed > height:
                raise ImageRefusedError(
                    f"The picture is too tall: {width} pixels wide it would be {needed} high, at most {height} are allowed."
                )
            return picture.resize((width, needed), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
