"""`common.db` against a real PostgreSQL."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import LiteralString

import pytest
import trio

from common.db import (
    ChangeFeed,
    CheckViolationError,
    ControlChange,
    Database,
    DatabaseError,
    DatabaseUnavailableError,
    FullRecheck,
    StatementTimeoutError,
    UniqueViolationError,
    open_database,
)
from common.embedded_pg import embedded_postgres
from common.pg_home import find_home
from common.pg_process import Postmaster, read_postmaster
from tests.common.database_site import copy_data_dir, searchable_directory

pytestmark = pytest.mark.real

PATIENCE_S = 30


async def test_statements_give_rows_values_and_counts(database: Database) -> None:
    await database.execute("create table t (a int, b text)")
    assert await database.execute("insert into t values ($1, $2), (2, 'y')", 1, "x") == 2
    rows = await database.fetch("select a, b from t order by a")
    assert [dict(row.items()) for row in rows] == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]  # type: ignore[attr-defined] # asyncpg's
    row = await database.fetchrow("select b from t where a = 2")
    assert row is not None
    assert row["b"] == "y"
    assert await database.fetchrow("select 1 where false") is None
    assert await database.fetchval("select 1 where false") is None


async def test_a_transaction_is_committed_at_the_end_of_its_block(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("create table t (a int)")
        await transaction.execute("insert into t values (1)")
    assert await database.fetchval("select count(*) from t") == 1


async def test_a_transaction_whose_block_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        await _fail_after(database, "create table t (a int)")
    assert await database.fetchval("select to_regclass('t')") is None


async def test_a_transaction_that_is_cancelled_leaves_nothing(database: Database) -> None:
    with trio.move_on_after(0.1) as scope:
        async with database.transaction() as transaction:
            await transaction.execute("create table t (a int)")
            await transaction.execute("select pg_sleep(60)")
    assert scope.cancelled_caught
    assert await database.fetchval("select to_regclass('t')") is None


async def test_a_statement_that_fails_names_what_is_wrong(database: Database) -> None:
    await database.execute(
        "create table t (a int constraint small check (a < 10), constraint only_one unique (a))"
    )
    await database.execute("insert into t values (1)")
    with pytest.raises(UniqueViolationError) as unique:
        await database.execute("insert into t values (1)")
    assert unique.value.constraint == "only_one"
    with pytest.raises(CheckViolationError) as check:
        await database.execute("insert into t values (10)")
    assert check.value.constraint == "small"
    with pytest.raises(DatabaseError, match="syntax"):
        await database.execute("selec 1")
    assert database.available


async def test_a_cancelled_statement_is_stopped_on_the_server_and_the_connection_goes_on(
    database_dsn: str,
) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S, pool_size=1) as db:
        backend = await db.fetchval("select pg_backend_pid()")
        with trio.move_on_after(0.1) as scope:
            await db.execute("select pg_sleep(60)")
        assert scope.cancelled_caught
        with trio.fail_after(PATIENCE_S):
            assert await db.fetchval("select pg_backend_pid()") == backend
            assert not await db.fetchval(
                "select count(*) from pg_stat_activity where query like 'select pg_sleep%'"
            )


async def test_cancelling_at_any_moment_leaves_a_pool_that_works(database_dsn: str) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S, pool_size=2) as db:
        for step in range(40):
            with trio.move_on_after(step * 0.0003):
                async with db.transaction() as transaction:
                    await transaction.fetchval("select $1::int", step)
                    await transaction.execute("select pg_sleep(0.001)")
        with trio.fail_after(PATIENCE_S):
            for number in range(8):
                assert await db.fetchval("select $1::int", number) == number
            assert not await db.fetchval(
                "select count(*) from pg_stat_activity where usename = 'weir' and state like 'idle in transaction%'"
            )
            assert db.available


async def test_a_statement_over_its_time_is_ended_by_the_server(database_dsn: str) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S, statement_timeout_s=0.1) as db:
        with pytest.raises(StatementTimeoutError):
            await db.execute("select pg_sleep(60)")
        async with db.transaction(statement_timeout_s=60) as transaction:
            assert await transaction.fetchval("select current_setting('statement_timeout')") == "1min"
            await transaction.execute("select pg_sleep(0.2)")
        assert await db.fetchval("select current_setting('statement_timeout')") == "100ms"
        assert db.available


async def test_more_tasks_than_connections_take_turns(database_dsn: str) -> None:
    answers: list[int] = []
    async with open_database(database_dsn, wait_s=PATIENCE_S, pool_size=3) as db:

        async def ask(number: int) -> None:
            answers.append(await db.fetchval("select $1::int from pg_sleep(0.01)", number))

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(ask, number)
        used = await db.fetchval("select count(*) from pg_stat_activity where usename = 'weir'")
    assert sorted(answers) == list(range(20))
    assert used <= 3 + 1 + 4  # the pool, its listener, and what the session's other databases hold


async def test_a_notification_reaches_every_subscriber_at_commit(
    database: Database, database_dsn: str
) -> None:
    change = ControlChange("stream_keys", 7)
    with trio.fail_after(PATIENCE_S):
        async with open_database(database_dsn, wait_s=PATIENCE_S) as other:
            with database.subscribe() as near, other.subscribe() as far:
                await _drain(near)
                await _drain(far)
                with pytest.raises(KeyError):
                    await _fail_after(
                        database, """select pg_notify('weir_control', '{"table":"undone","id":1}')"""
                    )
                async with database.transaction() as transaction:
                    await transaction.notify(change)
                assert await _next_change(near) == change
                assert await _next_change(far) == change


async def test_a_payload_from_elsewhere_that_nobody_understands_asks_for_a_recheck(
    database: Database,
) -> None:
    with database.subscribe() as feed, trio.fail_after(PATIENCE_S):
        await _drain(feed)
        await database.execute("select pg_notify('weir_control', 'hello')")
        assert await anext(feed) == FullRecheck()


class Cluster:
    """A cluster of one test, to be hurt."""

    def __init__(self, data_dir: Path, dsn: str) -> None:
        self.data_dir = data_dir
        self.dsn = dsn

    @property
    def postmaster(self) -> Postmaster:
        home = find_home(self.data_dir)
        assert home is not None
        found = read_postmaster(home)
        assert found is not None
        return found


@pytest.fixture
async def cluster(made_data_dir: Path) -> AsyncIterator[Cluster]:
    with searchable_directory() as path:
        data_dir = path / "data"
        await trio.to_thread.run_sync(copy_data_dir, made_data_dir, data_dir)
        async with embedded_postgres(data_dir) as dsn:
            yield Cluster(data_dir, dsn)


@asynccontextmanager
async def _outage(cluster: Cluster, db: Database) -> AsyncIterator[None]:
    """Kill the postmaster as the kernel would for want of memory; on leaving, it and the database are back."""
    killed = cluster.postmaster.pid
    with trio.fail_after(PATIENCE_S):
        os.kill(killed, signal.SIGKILL)
        await db.wait_available(wanted=False)
        yield
        await db.wait_available()
    assert cluster.postmaster.pid != killed


async def test_the_database_is_away_then_back_when_the_server_was_killed(cluster: Cluster) -> None:
    async with open_database(cluster.dsn, wait_s=PATIENCE_S) as db:
        assert await db.fetchval("select 1") == 1
        async with _outage(cluster, db):
            with pytest.raises(DatabaseUnavailableError):
                await db.fetchval("select 1")
        assert await db.fetchval("select 1") == 1
        assert db.outages == 1
        assert db.stray_errors == 0


async def test_a_transaction_that_loses_its_server_says_so(cluster: Cluster) -> None:
    async with open_database(cluster.dsn, wait_s=PATIENCE_S) as db:

        async def go_on_after_an_outage() -> None:
            async with db.transaction() as transaction:
                await transaction.execute("create table t (a int)")
                async with _outage(cluster, db):
                    pass
                await transaction.execute("insert into t values (1)")

        with pytest.raises(DatabaseUnavailableError):
            await go_on_after_an_outage()
        assert await db.fetchval("select to_regclass('t')") is None


async def test_a_running_statement_ends_when_its_connection_is_cut(database_dsn: str) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S) as db:

        async def hang() -> None:
            with pytest.raises(DatabaseUnavailableError):
                await db.execute("select pg_sleep(60)")

        async def cut() -> None:
            while not await db.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where query = 'select pg_sleep(60)'"
            ):
                await trio.sleep(0.01)

        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hang)
                nursery.start_soon(cut)
            assert await db.fetchval("select 1") == 1


async def test_listening_goes_on_after_an_outage_with_a_recheck_first(cluster: Cluster) -> None:
    async with open_database(cluster.dsn, wait_s=PATIENCE_S) as db:
        with db.subscribe() as feed:
            await _drain(feed)
            async with _outage(cluster, db):
                pass
            with trio.fail_after(PATIENCE_S):
                assert await anext(feed) == FullRecheck()
                async with db.transaction() as transaction:
                    await transaction.notify(ControlChange("stream_keys", 9))
                assert await _next_change(feed) == ControlChange("stream_keys", 9)


async def test_losing_only_the_listening_connection_is_healed_too(database: Database) -> None:
    with database.subscribe() as feed, trio.fail_after(PATIENCE_S):
        await _drain(feed)
        with suppress(DatabaseUnavailableError):  # the loss may be noticed before the answer to this
            await database.fetchval(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where query ilike 'listen%'"
            )
        assert await anext(feed) == FullRecheck()
        async with database.transaction() as transaction:
            await transaction.notify(ControlChange("stream_keys", 10))
        assert await _next_change(feed) == ControlChange("stream_keys", 10)


async def test_a_database_opened_before_its_server_is_there_heals(cluster: Cluster) -> None:
    postmaster = cluster.postmaster
    hidden = postmaster.socket_directory / ".s.PGSQL.5432"
    hidden.rename(hidden.with_suffix(".hidden"))
    async with open_database(cluster.dsn) as db:
        with pytest.raises(DatabaseUnavailableError):
            await db.fetchval("select 1")
        hidden.with_suffix(".hidden").rename(hidden)
        with trio.fail_after(PATIENCE_S):
            await db.wait_available()
        assert await db.fetchval("select 1") == 1


@pytest.fixture
def frozen() -> Iterator[list[int]]:
    """Processes that a test stops; they go on afterwards."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


async def test_a_server_that_hangs_is_noticed_and_cancelling_does_not_wait_for_it(
    database_dsn: str, frozen: list[int]
) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S, statement_timeout_s=0.2, pool_size=2) as db:
        backends = await db.fetch(
            "select pid from pg_stat_activity where usename = 'weir' and pid <> pg_backend_pid() and query not ilike 'listen%'"
        )
        backends += await db.fetch("select pg_backend_pid() as pid")
        frozen += [row["pid"] for row in backends]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        with trio.fail_after(PATIENCE_S):
            with trio.move_on_after(0.1) as scope:
                await db.fetchval("select 1")
            assert scope.cancelled_caught
            with pytest.raises(DatabaseUnavailableError):
                await db.fetchval("select 2")


async def test_calls_under_way_end_when_the_server_is_found_to_hang(
    database_dsn: str, frozen: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.db.PROBE_S", 0.3)
    async with open_database(database_dsn, wait_s=PATIENCE_S, statement_timeout_s=10 * PATIENCE_S) as db:
        backends = await db.fetch("select pid from pg_stat_activity where usename = 'weir'")
        with trio.fail_after(PATIENCE_S), pytest.raises(DatabaseUnavailableError):  # noqa: PT012 # raised inside and at the end
            async with db.transaction() as transaction:
                for backend in backends:
                    frozen.append(backend["pid"])
                    os.kill(backend["pid"], signal.SIGSTOP)
                with pytest.raises(DatabaseUnavailableError):
                    await db.fetchval("select 2")
                assert not db.available
                await transaction.execute("select 3")
        while frozen:
            os.kill(frozen.pop(), signal.SIGCONT)
        with trio.fail_after(PATIENCE_S):
            await db.wait_available()
            assert await db.fetchval("select 4") == 4


async def _fail_after(db: Database, statement: LiteralString) -> None:
    async with db.transaction() as transaction:
        await transaction.execute(statement)
        raise KeyError


async def _drain(feed: ChangeFeed) -> None:
    """Read what is there, the first look included, until the feed is quiet."""
    while True:
        with trio.move_on_after(0.1) as quiet:
            await anext(feed)
        if quiet.cancelled_caught:
            return


async def _next_change(feed: ChangeFeed) -> ControlChange:
    """Skip the rechecks that come at any time."""
    async for change in feed:
        if isinstance(change, ControlChange):
            return change
    raise AssertionError
