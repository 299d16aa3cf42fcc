"""The pulse of a process: what it says of itself, and when."""

from pathlib import Path

import trio
from trio.testing import MockClock

from weir.pulse import disk_of, resident_bytes, shortened, worst_lag


async def test_a_loop_that_is_on_time_has_no_lag(autojump_clock: MockClock) -> None:
    assert await worst_lag(10.0) == 0.0
    assert trio.current_time() == 10.0


def test_sentences_come_once_and_few_and_short() -> None:
    assert shortened(["a", "a", "b" * 600]) == ["a", "b" * 500]
    assert len(shortened([str(number) for number in range(100)])) == 20


def test_a_folder_that_is_not_made_yet_is_on_the_disk_of_its_parent(tmp_path: Path) -> None:
    total, free = disk_of(tmp_path / "not" / "yet")
    assert total >= free > 0
    assert resident_bytes() > 1_000_000
