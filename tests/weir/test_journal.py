"""The journal keeps order, survives outages and never grows without bound; the database is one that can be switched off."""

from typing import Any, cast

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from common.db import Database, DatabaseError, DatabaseUnavailableError, StatementTimeoutError
from weir.journal import Journal, Write


class SwitchedDatabase:
    """Takes writes while `on`."""

    def __init__(self) -> None:
        self.on = True
        self.written: list[str] = []


def write(name: str) -> Write:
    async def do(db: Database) -> None:
        await trio.lowlevel.checkpoint()
        switched = cast("Any", db)
        if not switched.on:
            raise DatabaseUnavailableError("away")
        switched.written.append(name)

    return do


async def refuse(db: Database) -> None:
    await trio.lowlevel.checkpoint()
    raise DatabaseError("violates something")


def make(max_pending: int = 100) -> tuple[SwitchedDatabase, Journal]:
    db = SwitchedDatabase()
    return db, Journal(cast("Database", db), max_pending=max_pending)


async def test_writes_happen_in_order(nursery: trio.Nursery) -> None:
    db, journal = make()
    nursery.start_soon(journal.run)
    for name in "abc":
        journal.append(name, write(name))
    await journal.wait_empty()
    assert db.written == ["a", "b", "c"]
    assert len(journal) == 0


async def test_an_outage_loses_nothing(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    db, journal = make()
    db.on = False
    nursery.start_soon(journal.run)
    journal.append("a", write("a"))
    await trio.sleep(10)
    journal.append("b", write("b"))
    assert (db.written, len(journal)) == ([], 2)
    db.on = True
    await journal.wait_empty()
    assert db.written == ["a", "b"]


async def test_a_write_that_can_never_work_does_not_hold_up_the_next(nursery: trio.Nursery) -> None:
    db, journal = make()
    nursery.start_soon(journal.run)
    journal.append("bad", refuse)
    journal.append("good", write("good"))
    await journal.wait_empty()
    assert db.written == ["good"]
    assert journal.stats.failed == 1


async def test_a_write_that_times_out_is_done_again(nursery: trio.Nursery, autojump_clock: MockClock) -> None:
    db, journal = make()
    attempts: list[str] = []

    async def slow_once(database: Database) -> None:
        attempts.append("attempt")
        if len(attempts) == 1:
            raise StatementTimeoutError("too slow")
        await write("slow")(database)

    nursery.start_soon(journal.run)
    journal.append("slow", slow_once)
    journal.append("next", write("next"))
    await journal.wait_empty()
    assert db.written == ["slow", "next"]
    assert journal.stats.failed == 0


async def test_a_full_journal_refuses_the_newest_and_counts_it() -> None:
    _, journal = make(max_pending=2)
    for name in "abc":
        journal.append(name, write(name))
    assert len(journal) == 2
    assert journal.stats.refused == 1


async def test_waiting_for_an_empty_journal_waits_for_later_writes_too(nursery: trio.Nursery) -> None:
    db, journal = make()
    nursery.start_soon(journal.run)
    await wait_all_tasks_blocked()
    db.on = False
    journal.append("a", write("a"))
    with trio.move_on_after(0.01) as scope:
        await journal.wait_empty()
    assert scope.cancelled_caught
