"""The upload rate: averaged, and over the limit only if it stays there."""

from rtmp.rate import PATIENCE, WINDOW_S, UploadRate

LIMIT_BPS = 8_000_000
A_SECOND = LIMIT_BPS // 8


def seconds(rate: UploadRate, amounts: list[int], start: int = 0) -> list[bool]:
    return [rate.add(size, start + second) for second, size in enumerate(amounts, 1)]


def test_exactly_the_limit_is_allowed() -> None:
    rate = UploadRate(LIMIT_BPS, now=0)
    assert not any(seconds(rate, [A_SECOND] * 60))
    assert rate.bps == LIMIT_BPS


def test_each_window_above_the_limit_is_told_once() -> None:
    rate = UploadRate(LIMIT_BPS, now=0)
    told = seconds(rate, [A_SECOND + 1] * int(WINDOW_S * PATIENCE))
    assert [second for second, over in enumerate(told, 1) if over] == [5, 10, 15]
    assert rate.windows_over == PATIENCE


def test_a_burst_inside_a_window_is_no_bitrate() -> None:
    rate = UploadRate(LIMIT_BPS, now=0)
    assert not any(seconds(rate, [5 * A_SECOND, 0, 0, 0, 0] * 4))


def test_one_window_below_the_limit_forgives() -> None:
    rate = UploadRate(LIMIT_BPS, now=0)
    seconds(rate, [2 * A_SECOND] * 10)
    assert rate.windows_over == 2
    seconds(rate, [0] * 5, start=10)
    assert rate.windows_over == 0


def test_a_long_silence_counts_as_time() -> None:
    rate = UploadRate(LIMIT_BPS, now=0)
    assert not rate.add(20 * A_SECOND, now=20)
    assert rate.bps == LIMIT_BPS
