"""Reads the clock that `weir.burned_clock` draws, from brightnesses of its 48 cells. Pure.

A second reader on purpose: a mistake that drawing and reading share would otherwise measure as a fine latency.
"""

from collections.abc import Sequence

CELLS = 48
WHITE_FROM = 160
BLACK_TO = 96
_WRAP = 1 << 40


def read_cells(luma: Sequence[float]) -> int | None:
    """Milliseconds since the Unix epoch, modulo 2**40, from mean brightnesses (0 to 255) in the order of the cells.

    `None` where a cell is neither black nor white, or start bits or checksum are wrong: then this is no clock.
    """
    if len(luma) != CELLS or any(BLACK_TO < cell < WHITE_FROM for cell in luma):
        return None
    bits = "".join("1" if cell >= WHITE_FROM else "0" for cell in luma)
    start, value, checksum = bits[:4], int(bits[4:44], 2), int(bits[44:], 2)
    expected = 0
    for shift in range(0, 40, 4):
        expected ^= value >> shift & 0xF
    return value if start == "1010" and checksum == expected else None


def age_ms(clock_ms: int, now_ms: float) -> float:
    """How long ago a clock showed this, across the wrap; negative when the clocks disagree."""
    age = (now_ms - clock_ms) % _WRAP
    return age if age < _WRAP / 2 else age - _WRAP
