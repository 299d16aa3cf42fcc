"""Pictures to upload: good ones, and such as somebody sends who means harm."""

import io
import struct
import zlib

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def gradient(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Dark at the left, bright at the right, red at the top, blue at the bottom."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (down.point(lambda v: 255 - v), across, down)).convert(mode)


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:  # noqa: A002  # Pillow's name for it
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def png(width: int = 40, height: int = 30) -> bytes:
    return encoded(gradient(width, height), "PNG")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_says(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG of black, well-formed but for having as many pixels as it says, unless `pixels` are they."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(pixels or bytes(1000), 9)
    return SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def png_bomb(width: int, height: int) -> bytes:
    """All the pixels it says, packed a thousand times smaller."""
    return png_that_says(width, height, bytes((width + 1) * height))


def gif_of_many_frames(frames: int) -> bytes:
    first, *others = (Image.new("L", (200, 200), index % 256) for index in range(frames))
    return encoded(first, "GIF", save_all=True, append_images=others, duration=20)


def gif_with_a_frame_beyond_its_screen(side: int) -> bytes:
    small = bytearray(encoded(Image.new("L", (10, 10), 9), "GIF"))
    at = small.index(b"\x2c\0\0\0\0")  # image descriptor
    struct.pack_into("<HH", small, at + 5, side, side)
    return bytes(small)
