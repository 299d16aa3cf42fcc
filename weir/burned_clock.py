"""The machine-readable clock burned into the test picture: 48 square cells in the top-left corner. Pure.

Two rows of 24 cells, a cell being a fraction 1/80 of the picture's width on both sides, white for 1 and black for 0, most
significant bit first: four start bits 1010, forty bits of milliseconds since the Unix epoch (modulo 2**40), and a four-bit
checksum, the exclusive or of the ten nibbles. It survives scaling and lossy coding, so whoever decodes the picture knows
when it was drawn.
"""

from functools import reduce
from operator import xor

import numpy as np
from numpy.typing import NDArray

CELLS_A_ROW = 24
ROWS = 2
CELLS_A_WIDTH = 80
"""How many cells would fill the picture from left to right."""

WHITE_LUMA = 235
BLACK_LUMA = 16

_START = 0b1010
_VALUE_BITS = 40
_THRESHOLD = (WHITE_LUMA + BLACK_LUMA) / 2


def encode_clock(ms: int) -> list[int]:
    """The 48 bits of a time in milliseconds since the Unix epoch, in the order of the cells."""
    value = ms % (1 << _VALUE_BITS)
    word = (_START << _VALUE_BITS | value) << 4 | _checksum(value)
    return [word >> shift & 1 for shift in reversed(range(CELLS_A_ROW * ROWS))]


def decode_clock(luma: NDArray[np.uint8]) -> int | None:
    """The milliseconds (modulo 2**40) shown in a luma plane of shape (height, width); `None` where there is no clock."""
    word = reduce(lambda bits, cell: bits << 1 | _is_white(luma, cell), range(CELLS_A_ROW * ROWS), 0)
    value = word >> 4 & (1 << _VALUE_BITS) - 1
    if word >> 4 + _VALUE_BITS != _START or word & 0xF != _checksum(value):
        return None
    return value


def cell_edges(width: int, count: int) -> list[int]:
    """Pixel positions of the `count` + 1 edges of neighbouring cells, in a picture `width` pixels wide."""
    return [round(index * width / CELLS_A_WIDTH) for index in range(count + 1)]


def _checksum(value: int) -> int:
    return reduce(xor, (value >> shift & 0xF for shift in range(0, _VALUE_BITS, 4)))


def _is_white(luma: NDArray[np.uint8], cell: int) -> bool:
    """Judge a cell by its middle half: the codec blurs its edges."""
    side = luma.shape[1] / CELLS_A_WIDTH
    row, column = divmod(cell, CELLS_A_ROW)
    top, left = round((row + 0.25) * side), round((column + 0.25) * side)
    middle = luma[top : top + max(1, round(side / 2)), left : left + max(1, round(side / 2))]
    return middle.size > 0 and float(middle.mean()) > _THRESHOLD
