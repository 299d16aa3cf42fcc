"""The parts of the database layer that need no server."""

import asyncio
import logging
import math

import asyncpg
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from common.asyncio_bridge import AsyncioCancelledError, open_bridge
from common.background import running
from common.db import DatabaseUnavailableError, open_database
from common.migrations import known_migrations
from common.pg_changes import (
    MAX_PENDING,
    ChangeFeed,
    ControlChange,
    FullRecheck,
    backoff_s,
    decode_change,
    encode_change,
)
from common.pg_errors import (
    DatabaseError,
    ForeignKeyViolationError,
    StatementTimeoutError,
    UniqueViolationError,
    translate,
)


def test_a_change_survives_the_wire() -> None:
    for change in (ControlChange("stream_keys", 7), ControlChange("streams", "0190…")):
        assert decode_change(encode_change(change)) == change


@given(st.text())
def test_a_payload_nobody_understands_asks_for_a_full_recheck(payload: str) -> None:
    assert isinstance(decode_change(payload), FullRecheck | ControlChange)
    assert decode_change("{") == FullRecheck()
    assert decode_change('{"table":"x"}') == FullRecheck()


async def test_a_feed_begins_with_a_full_recheck_then_gives_changes_in_order() -> None:
    feed = ChangeFeed()
    assert await anext(feed) == FullRecheck()
    for key in (1, 2, 1):
        feed.offer(ControlChange("stream_keys", key))
    assert [await anext(feed), await anext(feed)] == [
        ControlChange("stream_keys", 1),
        ControlChange("stream_keys", 2),
    ]


async def test_changes_before_a_pending_recheck_are_part_of_it(autojump_clock: MockClock) -> None:
    feed = ChangeFeed()
    feed.offer(ControlChange("stream_keys", 1))
    assert await anext(feed) == FullRecheck()
    with trio.move_on_after(1) as waited:
        await anext(feed)
    assert waited.cancelled_caught


async def test_a_reader_too_far_behind_gets_one_recheck_instead_of_everything() -> None:
    feed = ChangeFeed()
    await anext(feed)
    for key in range(MAX_PENDING + 1):
        feed.offer(ControlChange("stream_keys", key))
    assert await anext(feed) == FullRecheck()
    feed.offer(ControlChange("stream_keys", 5))
    assert await anext(feed) == ControlChange("stream_keys", 5)


def test_backoff_grows_to_a_cap_and_spreads() -> None:
    assert backoff_s(0, 0) == pytest.approx(0.05)
    assert backoff_s(0, 0.999) < 0.1001
    assert backoff_s(5, 0) == backoff_s(500, 0) == pytest.approx(1.6)
    assert all(backoff_s(n, 0) < backoff_s(n + 1, 0) for n in range(5))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (asyncpg.UniqueViolationError("x"), UniqueViolationError),
        (asyncpg.ForeignKeyViolationError("x"), ForeignKeyViolationError),
        (asyncpg.QueryCanceledError("x"), StatementTimeoutError),
        (asyncpg.AdminShutdownError("x"), DatabaseUnavailableError),
        (asyncpg.CannotConnectNowError("x"), DatabaseUnavailableError),
        (asyncpg.TooManyConnectionsError("x"), DatabaseUnavailableError),
        (asyncpg.ConnectionDoesNotExistError("x"), DatabaseUnavailableError),
        (asyncpg.InvalidPasswordError("x"), DatabaseUnavailableError),
        (asyncpg.InvalidCatalogNameError("x"), DatabaseUnavailableError),
        (ConnectionRefusedError(), DatabaseUnavailableError),
        (TimeoutError(), DatabaseUnavailableError),
        (asyncpg.PostgresSyntaxError("x"), DatabaseError),
        (asyncpg.InterfaceError("x"), DatabaseError),
    ],
)
def test_foreign_errors_become_ours(theirs: Exception, ours: type[DatabaseError]) -> None:
    assert type(translate(theirs)) is ours


def test_an_interface_error_on_a_lost_connection_is_an_outage() -> None:
    assert type(translate(asyncpg.InterfaceError("x"), connection_lost=True)) is DatabaseUnavailableError


async def test_a_stray_error_of_an_asyncio_task_is_logged_and_counted_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def stray() -> None:
        raise RuntimeError("planted in a task")

    def stray_callback() -> None:
        raise RuntimeError("planted in a callback")

    async def plant() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(stray())
        loop.call_soon(stray_callback)
        while not task.done():
            await asyncio.sleep(0)

    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    async with open_bridge() as bridge:
        with caplog.at_level(logging.ERROR):
            await bridge.run(plant)
            with trio.fail_after(5):
                while bridge.stray_errors < 2:
                    await trio.lowlevel.checkpoint()
        assert await bridge.run(answer) == 42
    assert "planted in a task" in caplog.text
    assert "planted in a callback" in caplog.text


async def test_a_cancel_from_inside_asyncio_is_an_ordinary_error() -> None:
    async def cancels_itself() -> None:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.sleep(1)

    async with open_bridge() as bridge:
        with pytest.raises(AsyncioCancelledError):
            await bridge.run(cancels_itself)


async def test_a_trio_cancel_reaches_the_asyncio_task() -> None:
    cancelled = False

    async def hang() -> None:
        nonlocal cancelled
        try:
            await asyncio.sleep(math.inf)
        except asyncio.CancelledError:
            cancelled = True
            raise

    async with open_bridge() as bridge:
        with trio.move_on_after(0.01) as scope:
            await bridge.run(hang)
    assert scope.cancelled_caught
    assert cancelled


async def test_an_error_of_the_block_comes_out_of_the_bridge_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with open_bridge():
            raise KeyError


async def test_an_error_of_the_block_beside_running_tasks_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError):
        async with running(trio.sleep_forever):
            raise KeyError


async def test_a_task_that_fails_ends_the_block() -> None:
    async def fail() -> None:
        raise ValueError

    with pytest.raises(ExceptionGroup) as caught:
        async with running(fail):
            await trio.sleep_forever()
    assert caught.group_contains(ValueError)


async def test_a_database_that_is_not_there_can_be_opened_and_says_so() -> None:
    async with open_database("postgresql://weir@/weir?host=/nowhere") as db:
        assert not db.available
        with pytest.raises(DatabaseUnavailableError):
            await db.fetchval("select 1")
        with pytest.raises(DatabaseUnavailableError):
            async with db.transaction():
                pass


async def test_who_needs_the_database_is_told_why_it_does_not_answer() -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"within 0.2 s: .*No such file"):
        async with open_database("postgresql://weir@/weir?host=/nowhere", wait_s=0.2):
            pass


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    steps = known_migrations()
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
