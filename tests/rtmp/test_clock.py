"""The endless clock."""

import pytest

from rtmp.clock import StreamClock


@pytest.mark.parametrize(
    ("timestamps", "expected"),
    [
        ([0, 33, 66], [0, 33, 66]),
        ([0xFFFFFFF0, 0x10], [0xFFFFFFF0, 0x100000010]),
        ([0xFFFFFFF0, 0x10, 0xFFFFFFF8, 0x20], [0xFFFFFFF0, 0x100000010, 0xFFFFFFF8, 0x100000020]),
        ([1000, 400, 1400], [1000, 400, 1400]),
        ([5, 0xFFFFFFFB, 20], [5, 0, 20]),
        ([0x90000000, 0, 0x90000010], [0x90000000, 0x80000000, 0x90000010]),
        ([0, 0x50000000, 0x50000010], [0, 0x50000000, 0x50000010]),
        ([0, 0x70000000, 0x70000010], [0, 0x70000000, 0x70000010]),
        ([0x7FFFFFF0, 0x10, 0x7FFFFFF8, 0x20], [0x7FFFFFF0, 0x80000010, 0x7FFFFFF8, 0x80000020]),
    ],
    ids=[
        "plain",
        "wrap",
        "tracks wrap at different times",
        "backwards",
        "below zero",
        "header with time 0 in between",
        "header with time 0 first, then 15 days",
        "header with time 0 first, then 21 days",
        "ffmpeg's 31 bits",
    ],
)
def test_unwrapping(timestamps: list[int], expected: list[int]) -> None:
    clock = StreamClock()
    assert [clock.unwrap(timestamp) for timestamp in timestamps] == expected


def test_a_hundred_days_pass() -> None:
    clock = StreamClock()
    step = 86_400_000 // 2
    assert [clock.unwrap(i * step % 2**32) for i in range(200)] == [i * step for i in range(200)]
