"""A bounded pool of PostgreSQL connections for Trio tasks.

Ours rather than asyncpg's: that one costs a second round trip per use (RESET ALL) and takes the connection away from
under a transaction that lost it, so its errors no longer say what happened.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import asyncpg
import trio

from common.asyncio_bridge import AsyncioBridge
from common.pg_errors import FOREIGN_ERRORS, translate

if TYPE_CHECKING:
    PgConnection = asyncpg.Connection[asyncpg.Record]
else:
    PgConnection = asyncpg.Connection

log = logging.getLogger(__name__)

CONNECT_S = 5.0
"""Patience with a server that accepts but does not answer."""

CLOSE_S = 2.0
"""Patience with a server when we say good-bye, or undo a transaction under a cancelled scope."""

ANSWER_GRACE_S = 2.0
"""How much longer than the server's own statement timeout we wait, before the server counts as gone."""


class Connector:
    """Opens connections with our session settings."""

    def __init__(self, bridge: AsyncioBridge, dsn: str, *, statement_timeout_s: float) -> None:
        self.bridge = bridge
        self._dsn = dsn
        self._statement_timeout_s = statement_timeout_s
        self.answer_s = statement_timeout_s + ANSWER_GRACE_S
        """How long an answer may take before the server counts as gone."""

    async def connect(self) -> PgConnection:
        """Open a connection. Raises `DatabaseUnavailableError`; cancelling is safe."""
        with translated():
            return await self.bridge.run(self._connect)

    async def _connect(self) -> PgConnection:
        statement_timeout_ms = int(self._statement_timeout_s * 1000)
        return await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_S,
            server_settings={
                "application_name": "weir",
                "statement_timeout": str(statement_timeout_ms),
                # A task of ours that hangs inside a transaction must not hold its locks for ever.
                "idle_in_transaction_session_timeout": str(6 * statement_timeout_ms),
            },
        )

    async def close(self, connection: PgConnection) -> None:
        """Say good-bye, or hang up when the server does not answer in `CLOSE_S` or the caller is cancelled."""
        try:
            await self.bridge.run(connection.close, timeout=CLOSE_S)  # hangs up by itself where it fails
        except FOREIGN_ERRORS as exc:
            log.debug("closing a connection: %s", exc)
            await trio.lowlevel.checkpoint()


@contextlib.contextmanager
def translated(connection: PgConnection | None = None) -> Iterator[None]:
    """Turn asyncpg's errors into ours."""
    try:
        yield
    except FOREIGN_ERRORS as exc:
        raise translate(exc, connection_lost=connection is not None and connection.is_closed()) from exc


class Pool:
    """At most `size` connections, opened when needed, kept for good, the most recently used one first."""

    def __init__(self, connector: Connector, *, size: int) -> None:
        self.size = size
        self._connector = connector
        self._slots = trio.Semaphore(size)
        self._idle: list[PgConnection] = []

    def __repr__(self) -> str:
        return f"<Pool free={self._slots.value} idle={len(self._idle)}>"

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[PgConnection]:
        """Lend a connection. Waits while all are in use; raises `DatabaseUnavailableError` when none can be opened.

        A query that was cancelled leaves its connection usable: asyncpg sends the cancel request and makes the next
        statement wait for its end.
        """
        await self._enter()
        try:
            connection = self._take_idle() or await self._connector.connect()
            try:
                yield connection
            finally:
                if connection.is_closed() or connection.is_in_transaction():
                    connection.terminate()  # a rollback that failed: the server undoes it when the socket closes
                else:
                    self._idle.append(connection)
        finally:
            self._slots.release()

    async def _enter(self) -> None:
        """Wait for a slot, without giving other tasks their turn where one is free: the statement itself does."""
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            self._slots.acquire_nowait()
        except trio.WouldBlock:
            await self._slots.acquire()

    def _take_idle(self) -> PgConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            connection.terminate()  # frees what asyncpg keeps for a connection the server closed
        return None

    async def warm(self, count: int) -> None:
        """Have `count` connections open, so that the first publisher does not pay for it. Raises as `connection`."""
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(count):
                await stack.enter_async_context(self.connection())

    async def close(self) -> None:
        """Close the idle connections; to be called when nobody uses the pool any more."""
        async with trio.open_nursery() as nursery:
            while self._idle:
                nursery.start_soon(self._connector.close, self._idle.pop())
