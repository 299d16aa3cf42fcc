"""Runs statements over one PostgreSQL connection: what a `Database` and an open transaction have in common."""

import abc
from collections.abc import Iterator
from typing import Any, LiteralString, Protocol

from common.asyncio_bridge import AsyncioBridge
from common.pg_changes import CONTROL_CHANNEL, ControlChange, encode_change
from common.pg_pool import PgConnection, translated


class Row(Protocol):
    """One row of a result, by column name."""

    def __getitem__(self, column: str, /) -> Any: ...
    def keys(self) -> Iterator[str]:
        """Give the column names, so that `Model(**row)` works."""


class Executor(abc.ABC):
    """Runs statements: a `Database` (each in a transaction of its own) or a `Transaction`.

    Every method raises `DatabaseUnavailableError` when the server is away, `StatementTimeoutError`, a `ConstraintError`,
    or a plain `DatabaseError` for a statement the server does not understand. Cancelling is safe: the server is told to
    stop the statement, and the connection stays usable. Parameters are `$1`, `$2` …
    """

    @abc.abstractmethod
    async def _call(self, method: LiteralString, query: LiteralString, args: tuple[object, ...]) -> Any:
        """Call a method of an asyncpg connection."""

    async def fetch(self, query: LiteralString, *args: object) -> list[Row]:
        """Give all rows."""
        rows: list[Row] = await self._call("fetch", query, args)
        return rows

    async def fetchrow(self, query: LiteralString, *args: object) -> Row | None:
        """Give the first row, or `None`."""
        row: Row | None = await self._call("fetchrow", query, args)
        return row

    async def fetchval(self, query: LiteralString, *args: object) -> Any:
        """Give the first column of the first row, or `None`."""
        return await self._call("fetchval", query, args)

    async def execute(self, query: LiteralString, *args: object) -> int:
        """Run a statement; give the number of rows it touched. Without `args` it may be a script of several."""
        tag: str = await self._call("execute", query, args)
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0


class Transaction(Executor):
    """An open transaction; made by `Database.transaction()` and useless after its block."""

    def __init__(self, bridge: AsyncioBridge, connection: PgConnection, timeout_s: float | None) -> None:
        self._bridge = bridge
        self._connection = connection
        self._timeout_s = timeout_s

    async def _call(self, method: LiteralString, query: LiteralString, args: tuple[object, ...]) -> Any:
        with translated(self._connection):
            function = getattr(self._connection, method)
            return await self._bridge.run(function, query, *args, timeout=self._timeout_s)

    async def notify(self, change: ControlChange) -> None:
        """Tell every process about a change, when the transaction commits. Tables with a trigger do this themselves."""
        await self.execute("select pg_notify($1, $2)", CONTROL_CHANNEL, encode_change(change))

    async def roll_back(self) -> None:
        """Undo it, for `Database.transaction()`; where that fails, hang up: the server undoes it when the socket closes.

        Never back into the pool then: the connection might not know yet that a transaction was begun on it.
        """
        try:
            await self.execute("rollback")
        except BaseException:
            self._connection.terminate()
            raise
