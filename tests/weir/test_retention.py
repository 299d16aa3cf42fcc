"""The clean-up of old readings: it goes on after an outage, ends when nothing is left, and rests between batches."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from common.db import DatabaseUnavailableError
from common.queries import stream_health
from weir.retention import EVERY_S, MAX_BATCHES, keep_clean, remove_old_health

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Table:
    """Rows that are too old, taken in batches; may be away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
        self.rows = rows
        self.asked = 0
        self.away = False
        monkeypatch.setattr(stream_health, "delete_old_health", self.delete)
        monkeypatch.setattr(stream_health, "delete_old_issues", self.delete_nothing)

    async def delete(self, db: object, *, detail_before: datetime, all_before: datetime, limit: int) -> int:
        await trio.lowlevel.checkpoint()
        self.asked += 1
        if self.away:
            raise DatabaseUnavailableError("away")
        assert all_before < detail_before < datetime.now(UTC)
        taken = min(limit, self.rows)
        self.rows -= taken
        return taken

    async def delete_nothing(self, db: object, *, before: datetime, limit: int) -> int:
        await trio.lowlevel.checkpoint()
        return 0


async def test_all_that_is_old_goes_in_batches(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(monkeypatch, 12_000)
    assert await remove_old_health(cast("Any", None), NOW) == 12_000
    assert table.asked == 3


async def test_one_clean_up_is_bounded(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(monkeypatch, 10**9)
    await remove_old_health(cast("Any", None), NOW)
    assert table.asked == MAX_BATCHES


async def test_an_outage_only_delays_it(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(monkeypatch, 10)
    table.away = True
    with trio.move_on_after(3.5 * EVERY_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_clean, "health", partial(remove_old_health, cast("Any", None), NOW))
            await trio.sleep(1.5 * EVERY_S)
            assert (table.asked, table.rows) == (1, 10)
            table.away = False
    assert table.rows == 0
