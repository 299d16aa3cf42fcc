"""The test picture itself: an evening sky over moving water, a bouncing sun, the time of day and the burned-in clock. Pure.

Made to be cheap: everything that stands still is drawn once, and a frame touches only the band of the waves, the sun and
the digits, so that the encoder finds nearly all of a picture unchanged.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weir.burned_clock import BLACK_LUMA, CELLS_A_ROW, WHITE_LUMA, cell_edges, encode_clock

Plane = NDArray[np.uint8]
Alpha = NDArray[np.float32]
Yuv = tuple[int, int, int]

_SHRINK = (1, 2, 2)
"""How much smaller than the picture each plane of yuv420p is, both ways."""


def _yuv(red: int, green: int, blue: int) -> Yuv:
    """A colour in BT.709, limited range."""
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + luma * 219 / 255),
        round(128 + (blue - luma) / 1.8556 * 224 / 255),
        round(128 + (red - luma) / 1.5748 * 224 / 255),
    )


_SKY_TOP = _yuv(24, 28, 72)
_SKY_LOW = _yuv(222, 120, 96)
_WATER_TOP = _yuv(24, 96, 128)
_WATER_DEEP = _yuv(8, 28, 50)
_SUN = _yuv(255, 208, 96)
_TEXT = _yuv(240, 244, 250)

_GLYPHS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11110 00001 00001 01110 00001 00001 11110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    ":": "00000 00100 00100 00000 00100 00100 00000",
    ".": "00000 00000 00000 00000 00000 01100 01100",
}
_GLYPH_ALPHA: dict[str, Alpha] = {
    character: np.array([[int(dot) for dot in row + "0"] for row in rows.split()], np.float32)
    for character, rows in _GLYPHS.items()
}
"""Each glyph as opacities, 7 rows of 5 dots and a gap."""


@dataclass(frozen=True, slots=True)
class _Canvas:
    """One picture as yuv420p planes; chroma has half the size both ways."""

    planes: tuple[Plane, Plane, Plane]

    def blend(self, colour: Yuv, alpha: Alpha, top: int, left: int) -> None:
        """Lay a colour over the rectangle at an even position, as strongly as `alpha` says."""
        for plane, value, shrink in zip(self.planes, colour, _SHRINK, strict=True):
            weight = alpha[::shrink, ::shrink]
            rows, columns = weight.shape
            area = plane[top // shrink : top // shrink + rows, left // shrink : left // shrink + columns]
            area[:] = area + weight * (np.float32(value) - area)

    def fill(self, colour: Yuv, top: int, left: int, bottom: int, right: int) -> None:
        """Paint a rectangle; odd edges widen in chroma."""
        for plane, value, shrink in zip(self.planes, colour, _SHRINK, strict=True):
            plane[top // shrink : -(-bottom // shrink), left // shrink : -(-right // shrink)] = value


class Painter:
    """Draws the frames of one test picture.

    Args:
        width: Even, at least 160 pixels.
        height: Even, at least 90 pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._packed = np.empty((height * 3 // 2, width), np.uint8)
        self._frame = _canvas(self._packed, width, height)
        self._waterline = round(height * 0.62) & ~1
        self._swell = max(2, height // 45) & ~1
        self._radius = height // 9 & ~1
        self._sun = _disc(self._radius)
        self._digit_px = max(1, width // 160)
        self._backdrop = self._draw_backdrop()

    def paint(self, stream_s: float, time_of_day: str, clock_ms: int) -> Plane:
        """Draw a frame and return it as packed yuv420p, shape (height * 3 / 2, width); the next call overwrites it.

        Args:
            stream_s: Seconds since the picture began; moves the waves and the sun.
            time_of_day: What people read: digits, `:` and `.` only.
            clock_ms: What machines read: milliseconds since the Unix epoch.
        """
        self._packed[:] = self._backdrop
        self._draw_sun(stream_s)
        self._draw_waves(stream_s)
        self._draw_text(time_of_day)
        self._draw_clock(clock_ms)
        return self._packed

    def _draw_backdrop(self) -> Plane:
        """Sky as far down as a dip of the waves can lay it bare, water below."""
        packed = np.empty_like(self._packed)
        canvas, shore = _canvas(packed, self._width, self._height), self._waterline + self._swell
        for row in range(0, self._height, 2):
            if row < shore:
                colour = _mix(_SKY_TOP, _SKY_LOW, row / shore)
            else:
                colour = _mix(_WATER_TOP, _WATER_DEEP, (row - shore) / (self._height - shore))
            canvas.fill(colour, row, 0, row + 2, self._width)
        return packed

    def _draw_sun(self, stream_s: float) -> None:
        """Across and back in 16 s, bouncing off the water every 2 s."""
        across = abs(stream_s / 8 % 2 - 1)
        left = round(across * (self._width - 2 * self._radius))
        lowest = self._waterline - round(1.5 * self._radius)
        top = round(lowest * (1 - 0.7 * abs(math.sin(math.pi * stream_s / 2))))
        self._frame.blend(_SUN, self._sun, top & ~1, left & ~1)

    def _draw_waves(self, stream_s: float) -> None:
        x = np.arange(self._width, dtype=np.float32) * np.float32(2 * math.pi / self._width)
        surface = (np.sin(3 * x + 1.1 * stream_s) + 0.5 * np.sin(7 * x - 1.7 * stream_s)) / np.float32(1.5)
        depth = np.arange(-self._swell, self._swell, dtype=np.float32)[:, None] - self._swell * surface
        self._frame.blend(_WATER_TOP, np.clip(depth, 0, 1), self._waterline - self._swell, 0)

    def _draw_text(self, text: str) -> None:
        alpha = np.concatenate([_GLYPH_ALPHA[character] for character in text], axis=1)
        alpha = np.kron(alpha, np.full((self._digit_px, self._digit_px), 0.9, np.float32))
        left = (self._width - alpha.shape[1]) // 2 & ~1
        self._frame.blend(_TEXT, alpha, round(self._height * 0.78) & ~1, left)

    def _draw_clock(self, clock_ms: int) -> None:
        edges = cell_edges(self._width, CELLS_A_ROW)
        for index, bit in enumerate(encode_clock(clock_ms)):
            row, column = divmod(index, CELLS_A_ROW)
            colour = (WHITE_LUMA if bit else BLACK_LUMA, 128, 128)
            self._frame.fill(colour, edges[row], edges[column], edges[row + 1], edges[column + 1])


def _canvas(packed: Plane, width: int, height: int) -> _Canvas:
    """Views of the three planes inside a packed yuv420p array."""
    flat, size = packed.reshape(-1), width * height
    half = (height // 2, width // 2)
    return _Canvas(
        (
            flat[:size].reshape(height, width),
            flat[size : size + size // 4].reshape(half),
            flat[size + size // 4 :].reshape(half),
        )
    )


def _disc(radius: int) -> Alpha:
    """A filled circle with a soft edge, as opacities in a square of side 2 * radius."""
    axis = np.arange(2 * radius, dtype=np.float32) - np.float32(radius - 0.5)
    opacity: Alpha = np.clip(radius - np.hypot(axis[:, None], axis[None, :]), 0, 1)
    return opacity


def _mix(first: Yuv, second: Yuv, share: float) -> Yuv:
    y, u, v = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return y, u, v
