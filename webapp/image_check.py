"""What an uploaded picture says of itself, read from its first bytes before anything decodes it; and what we make of it. Pure.

A few kilobytes can name a picture of gigabytes. Who is refused here has cost us nothing.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from common.errors import WeirError

MAX_SIDE = 4096
MAX_PIXELS = 12_000_000
MAX_STORED_BYTES = 1_048_576
"""Of what we make."""

_MEBIBYTE = 1_048_576
MAX_UPLOAD_BYTES = 8 * _MEBIBYTE

Format = Literal["png", "jpeg", "webp", "gif", "avif"]

FORMATS: dict[str, Format] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
}
"""By content type."""


class ImageRefusedError(WeirError):
    """This picture is not taken; the text is one sentence for whoever sent it."""


class Fit(msgspec.Struct, frozen=True):
    """How a picture comes to its size."""

    how: Literal["cover", "contain", "width"]
    """`cover`: exactly this size, what sticks out is cut off. `contain`: as it is, made smaller where it is larger.
    `width`: exactly this wide, and at most this high."""
    width: int
    height: int


AVATAR = Fit("cover", 300, 300)
OFFLINE_IMAGE = Fit("contain", 1920, 1080)
PANEL_IMAGE = Fit("width", 320, 1600)


class Orders(msgspec.Struct, frozen=True):
    """What the child process is to do with the bytes that follow."""

    format: Format
    fit: Fit


class Report(msgspec.Struct, frozen=True):
    """What it did; the picture follows, unless it was refused."""

    refused: str | None = None
    """Why there is none, as a sentence."""
    width: int = 0
    height: int = 0


def check_header(content_type: str, data: bytes) -> Format:
    """Give the format of a picture that may be decoded.

    Raises `ImageRefusedError`: it is none of ours, not what its content type says, damaged, or too large.
    """
    found = _format_of(data)
    if found is None:
        raise ImageRefusedError("This is no PNG, JPEG, WebP, GIF or AVIF picture.")
    if FORMATS.get(content_type) != found:
        raise ImageRefusedError(f"This is a {found.upper()} picture, but its content type is {content_type}.")
    try:
        width, height = _SIZES[found](data)
    except IndexError:
        raise ImageRefusedError("The picture is damaged: it ends within its first lines.") from None
    check_size(width, height)
    return found


def check_size(width: int, height: int) -> None:
    """Refuse what would take too much memory, with `ImageRefusedError`."""
    if not (width and height):
        raise ImageRefusedError("The picture is damaged: it has no size.")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageRefusedError(
            f"The picture has {width} by {height} pixels; at most {MAX_SIDE} a side"
            f" and {MAX_PIXELS // 1_000_000} million in all are allowed."
        )


def _format_of(data: bytes) -> Format | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        return "avif"
    return None


def _number(data: bytes, start: int, size: int, order: Literal["big", "little"]) -> int:
    if len(data) < start + size:
        raise IndexError
    return int.from_bytes(data[start : start + size], order)


def _png_size(data: bytes) -> tuple[int, int]:
    """IHDR comes first (PNG 5.6)."""
    if data[12:16] != b"IHDR":
        raise ImageRefusedError("The picture is damaged: it does not begin as a PNG does.")
    return _number(data, 16, 4, "big"), _number(data, 20, 4, "big")


def _gif_size(data: bytes) -> tuple[int, int]:
    """Of the logical screen; a frame that is larger is caught when it is decoded."""
    return _number(data, 6, 2, "little"), _number(data, 8, 2, "little")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """From the frame header, SOFn (ITU-T T.81 B.2.2), which comes before any scan."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ImageRefusedError("The picture is damaged: a JPEG marker is missing.")
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes (B.1.1.2)
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        if marker in _NO_FRAME_FOLLOWS:
            raise ImageRefusedError("The picture is damaged: a JPEG without a frame header.")
        if marker in _FRAME_HEADERS:
            return _number(data, at + 7, 2, "big"), _number(data, at + 5, 2, "big")
        at += 2 + max(2, _number(data, at + 2, 2, "big"))


_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_NO_FRAME_FOLLOWS = frozenset({0xD8, 0xD9, 0xDA})
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _webp_size(data: bytes) -> tuple[int, int]:
    """From the first chunk: RFC 9649, 2.5 to 2.7."""
    match data[12:16]:
        case b"VP8 ":
            width, height = _number(data, 26, 2, "little"), _number(data, 28, 2, "little")
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = _number(data, 21, 4, "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return _number(data, 24, 3, "little") + 1, _number(data, 27, 3, "little") + 1
        case _:
            raise ImageRefusedError("The picture is damaged: it does not begin as a WebP does.")


def _avif_size(data: bytes) -> tuple[int, int]:
    """From the first property that says one (`ispe`, ISO/IEC 23008-12 6.5.3); the decoder's word is checked later."""
    at = data.find(b"ispe", 0, _AVIF_HEAD_BYTES)
    if at < 0:
        raise ImageRefusedError("The picture is damaged: it does not begin as an AVIF does.")
    return _number(data, at + 8, 4, "big"), _number(data, at + 12, 4, "big")


_AVIF_HEAD_BYTES = 16_384


_SIZES: dict[Format, Callable[[bytes], tuple[int, int]]] = {
    "png": _png_size,
    "gif": _gif_size,
    "jpeg": _jpeg_size,
    "webp": _webp_size,
    "avif": _avif_size,
}
