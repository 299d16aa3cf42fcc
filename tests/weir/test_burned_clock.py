"""The burned-in clock reads back what was drawn, through scaling and noise, and never invents a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.burned_clock import decode_clock, encode_clock
from weir.picture import Painter

MOMENT = 1_790_000_123_456


@given(st.integers(0, 2**41))
def test_bits_are_start_time_and_checksum(ms: int) -> None:
    bits = encode_clock(ms)
    assert len(bits) == 48
    assert bits[:4] == [1, 0, 1, 0]
    value = int("".join(map(str, bits[4:44])), 2)
    assert value == ms % 2**40
    nibbles = [value >> shift & 15 for shift in range(0, 40, 4)]
    assert int("".join(map(str, bits[44:])), 2) == np.bitwise_xor.reduce(nibbles)


def paint(width: int, height: int, ms: int = MOMENT) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return Painter(width, height).paint(1.5, "23:59:59.9", ms)[:height]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (640, 360), (854, 480), (160, 90)])
def test_picture_shows_the_clock_in_every_size(width: int, height: int) -> None:
    assert decode_clock(paint(width, height)) == MOMENT % 2**40


def test_cells_are_sixteen_pixels_at_720p_and_neutral() -> None:
    packed = Painter(1280, 720).paint(0, "00:00:00.0", MOMENT)
    bits = encode_clock(MOMENT)
    for cell, bit in enumerate(bits):
        top, left = 16 * (cell // 24), 16 * (cell % 24)
        assert (packed[top : top + 16, left : left + 16] == (235 if bit else 16)).all()
    chroma = packed[720:].reshape(2, 360, 640)
    assert (chroma[:, :16, :192] == 128).all()


def test_clock_survives_noise_and_half_size() -> None:
    luma = paint(1280, 720)
    noise = np.random.default_rng(1).integers(-60, 60, luma.shape)
    noisy = np.clip(luma.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    assert decode_clock(noisy) == MOMENT % 2**40
    assert decode_clock(luma[::2, ::2]) == MOMENT % 2**40


def test_one_wrong_bit_is_no_time() -> None:
    for cell in range(48):
        luma = paint(1280, 720).copy()
        top, left = 16 * (cell // 24), 16 * (cell % 24)
        luma[top : top + 16, left : left + 16] = 251 - luma[top, left]
        assert decode_clock(luma) is None


def test_pictures_without_a_clock_have_no_time() -> None:
    assert decode_clock(np.zeros((720, 1280), np.uint8)) is None
    assert decode_clock(np.full((720, 1280), 255, np.uint8)) is None
    assert decode_clock(np.zeros((0, 0), np.uint8)) is None
