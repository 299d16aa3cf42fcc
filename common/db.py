"""PostgreSQL for Trio: the one door to the database. Only this module and its `pg_*` neighbours know asyncpg.

A `Database` lives through outages of the server: while it is away every call fails at once with
`DatabaseUnavailableError`, and one task of ours tries to come back. The same task holds the process's LISTEN connection.
"""

import contextlib
import logging
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any, LiteralString

import trio

from common.asyncio_bridge import AsyncioBridge, open_bridge
from common.background import running
from common.migrations import latest_version, migrate, schema_version, wait_for_version
from common.pg_changes import (
    CONTROL_CHANNEL,
    Change,
    ChangeFeed,
    ControlChange,
    FullRecheck,
    backoff_s,
    decode_change,
)
from common.pg_errors import (
    CheckViolationError,
    ConstraintError,
    DatabaseError,
    DatabaseUnavailableError,
    ForeignKeyViolationError,
    SchemaError,
    SchemaTooNewError,
    SchemaTooOldError,
    StatementTimeoutError,
    UniqueViolationError,
)
from common.pg_executor import Executor, Row, Runner, Transaction
from common.pg_pool import ANSWER_GRACE_S, CLOSE_S, Connector, PgConnection, Pool, translated

__all__ = [
    "Change",
    "ChangeFeed",
    "CheckViolationError",
    "ConstraintError",
    "ControlChange",
    "Database",
    "DatabaseError",
    "DatabaseUnavailableError",
    "Executor",
    "ForeignKeyViolationError",
    "FullRecheck",
    "Row",
    "SchemaError",
    "SchemaTooNewError",
    "SchemaTooOldError",
    "StatementTimeoutError",
    "Transaction",
    "UniqueViolationError",
    "latest_version",
    "migrate",
    "open_database",
    "schema_version",
    "wait_for_version",
]

POOL_SIZE = 8
"""Connections a process uses at once; PostgreSQL's default limit is 100 for everybody together."""

WARM_CONNECTIONS = 2
"""Connections opened ahead, for the accept of a publisher and whatever runs beside it."""

STATEMENT_TIMEOUT_S = 10.0
PROBE_S = 5.0
"""How often the listening connection is asked whether the server still answers, and how long it may take."""

RECHECK_S = 30.0
"""How often subscribers are told to look at everything, in case a notification got lost."""

log = logging.getLogger(__name__)


class Database(Executor):
    """The database, whether it answers at the moment or not. Made by `open_database()`."""

    def __init__(self, connector: Connector, *, pool_size: int) -> None:
        self._connector = connector
        self._bridge = connector.bridge
        self._runner = Runner(connector.bridge, timeout_s=connector.answer_s)
        self._pool = Pool(connector, size=pool_size)
        self._feeds: set[ChangeFeed] = set()
        self._doubt = trio.Event()
        self._available = False
        self._turned = trio.Event()
        self._attempts = 0
        self.last_error: str | None = None
        """What the server, or the network, said when it was last away."""
        self.outages = 0
        """How often the server went away since the start."""

    @property
    def available(self) -> bool:
        """Whether the server answered when last asked; while it is `False` every call fails at once."""
        return self._available

    @property
    def bridge(self) -> AsyncioBridge:
        """The asyncio loop of the process, for other clients that know nothing else."""
        return self._bridge

    @property
    def stray_errors(self) -> int:
        """Errors of background asyncio tasks, logged and counted; a metric."""
        return self._bridge.stray_errors

    async def wait_available(self, *, wanted: bool = True) -> None:
        """Wait until `available` equals `wanted`."""
        await trio.lowlevel.checkpoint()
        while self._available is not wanted:
            await self._turned.wait()

    @contextlib.contextmanager
    def subscribe(self) -> Iterator[ChangeFeed]:
        """Receive control changes for the duration of the block: `async for change in feed`.

        The first item, one after every reconnect and one each 30 s is a `FullRecheck`.
        """
        feed = ChangeFeed()
        self._feeds.add(feed)
        try:
            yield feed
        finally:
            self._feeds.discard(feed)

    @contextlib.asynccontextmanager
    async def transaction(self, *, statement_timeout_s: float | None = None) -> AsyncIterator[Transaction]:
        """Run the statements of the block in one transaction: committed at its end, undone when it raises.

        `statement_timeout_s` replaces the default for slow work such as migrations. A commit that raises
        `DatabaseUnavailableError` may have happened: write so that doing it twice does no harm.
        """
        async with self._lent_connection() as connection:
            timeout_s = None if statement_timeout_s is None else statement_timeout_s + ANSWER_GRACE_S
            transaction = Transaction(self._runner, connection, timeout_s)
            try:
                await transaction.execute("begin")
                if statement_timeout_s is not None:
                    await transaction.fetchval(
                        "select set_config('statement_timeout', $1, true)",
                        str(int(statement_timeout_s * 1000)),
                    )
                yield transaction
                await transaction.execute("commit")
            except BaseException:
                with trio.move_on_after(CLOSE_S, shield=True), contextlib.suppress(DatabaseError):
                    await transaction.roll_back()
                raise

    async def _call(self, method: LiteralString, query: LiteralString, args: tuple[object, ...]) -> Any:
        async with self._lent_connection() as connection:
            with translated(connection):
                return await self._runner.run(getattr(connection, method), query, *args)

    @contextlib.asynccontextmanager
    async def _lent_connection(self) -> AsyncIterator[PgConnection]:
        if not self._available:
            await trio.lowlevel.checkpoint()
            raise DatabaseUnavailableError("the database is away")
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (DatabaseUnavailableError, trio.Cancelled):  # who was cancelled may have lost patience
            self._doubt.set()
            raise

    async def close(self) -> None:
        """Close what is idle. For `open_database`, when the block is over."""
        await self._pool.close()

    async def keep_listening(self) -> None:
        """Hold the LISTEN connection, for ever; what it lives through is what `available` says. For `open_database`."""
        while True:
            try:
                await self._listen()
            except DatabaseError as exc:
                self.last_error = str(exc)
                log.log(logging.INFO if self._attempts else logging.WARNING, "database: %s", exc)
            self._turn(available=False)
            await trio.sleep(backoff_s(self._attempts, random.random()))  # noqa: S311 # jitter, no secret
            self._attempts += 1

    async def _listen(self) -> None:
        """Connect and stay until the connection is lost."""
        connection = await self._connector.connect()
        lost = trio.Event()
        try:
            with translated(connection):
                connection.add_termination_listener(lambda _: lost.set())
                with trio.move_on_after(PROBE_S) as scope:
                    await self._bridge.run(connection.add_listener, CONTROL_CHANNEL, self._on_notify)
            if scope.cancelled_caught:
                raise DatabaseUnavailableError("the database does not answer")
            await self._pool.warm(min(WARM_CONNECTIONS, self._pool.size))
            self._attempts = 0
            self._turn(available=True)
            await self._probe(connection, lost)
        finally:
            with trio.move_on_after(2 * CLOSE_S, shield=True):
                await self._connector.close(connection)

    async def _probe(self, connection: PgConnection, lost: trio.Event) -> None:
        recheck_at = trio.current_time()
        while not lost.is_set():
            if trio.current_time() >= recheck_at:
                self._offer(FullRecheck())
                recheck_at = trio.current_time() + RECHECK_S
            with trio.move_on_after(PROBE_S):
                await _wait_any(lost, self._doubt)
            self._doubt = trio.Event()
            if not lost.is_set():
                with translated(connection):
                    await self._bridge.run(connection.execute, "select 1", timeout=PROBE_S)
        raise DatabaseUnavailableError("the connection to the database was lost")

    def _turn(self, *, available: bool) -> None:
        if available is not self._available:
            log.log(
                logging.INFO if available else logging.WARNING,
                "database %s",
                "available" if available else "away",
            )
            self.outages += not available
            self._available = available
            self._runner.turn(away=not available)
            self._turned.set()
            self._turned = trio.Event()

    def _on_notify(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._offer(decode_change(str(payload)))

    def _offer(self, change: Change) -> None:
        for feed in self._feeds:
            feed.offer(change)


async def _wait_any(*events: trio.Event) -> None:
    async with trio.open_nursery() as nursery:

        async def wait(event: trio.Event) -> None:
            await event.wait()
            nursery.cancel_scope.cancel()

        for event in events:
            nursery.start_soon(wait, event)


@contextlib.asynccontextmanager
async def open_database(
    dsn: str,
    *,
    wait_s: float | None = None,
    pool_size: int = POOL_SIZE,
    statement_timeout_s: float = STATEMENT_TIMEOUT_S,
) -> AsyncIterator[Database]:
    """Open the database named by a `postgresql://` URL for the duration of the block.

    With `wait_s` it is there when the block begins, or `DatabaseUnavailableError` is raised after that many seconds;
    without, the block begins at once and the server may come later.
    """
    async with open_bridge() as bridge:
        connector = Connector(bridge, dsn, statement_timeout_s=statement_timeout_s)
        database = Database(connector, pool_size=pool_size)
        try:
            async with running(database.keep_listening):
                if wait_s is not None:
                    await _wait_opened(database, wait_s)
                yield database
        finally:
            with trio.move_on_after(2 * CLOSE_S, shield=True):
                await database.close()


async def _wait_opened(database: Database, wait_s: float) -> None:
    with trio.move_on_after(wait_s):
        await database.wait_available()
    if not database.available:
        raise DatabaseUnavailableError(
            f"no answer from the database within {wait_s:g} s: {database.last_error}"
        )
