"""Runs statements over one PostgreSQL connection: what a `Database` and an open transaction have in common."""

import abc
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, LiteralString, Protocol, TypeVar

import trio

from common.asyncio_bridge import AsyncioBridge
from common.pg_changes import CONTROL_CHANNEL, ControlChange, encode_change
from common.pg_errors import DatabaseUnavailableError
from common.pg_pool import PgConnection, translated

T = TypeVar("T")


class Row(Protocol):
    """One row of a result, by column name."""

    def __getitem__(self, column: str, /) -> Any: ...
    def keys(self) -> Iterator[str]:
        """Give the column names, so that `Model(**row)` works."""


class Runner:
    """Runs calls of asyncpg, all of which can be given up at once.

    A server that is frozen holds a call for as long as it is: asyncpg's own timeout does not cover the time in which a
    connection waits for the end of a statement that was cancelled. It is not used: it costs a timer of the asyncio loop
    for each call, and the scope that is here anyway has a deadline.

    Args:
        bridge: to where asyncpg runs.
        timeout_s: for each call that says nothing else.

    """

    def __init__(self, bridge: AsyncioBridge, *, timeout_s: float) -> None:
        self._bridge = bridge
        self._timeout_s = timeout_s
        self._under_way: set[trio.CancelScope] = set()
        self._away = False

    async def run(
        self,
        function: Callable[..., Coroutine[Any, Any, T]],
        *args: object,
        timeout_s: float | None = None,
    ) -> T:
        """Call it. Raises what it raises, and `DatabaseUnavailableError` when it takes longer, or all were given up."""
        patience_s = self._timeout_s if timeout_s is None else timeout_s
        with trio.CancelScope(deadline=trio.current_time() + patience_s) as scope:
            self._under_way.add(scope)
            try:
                if self._away:
                    scope.cancel("the database is away")
                    await trio.lowlevel.checkpoint()
                return await self._bridge.run(function, *args)
            finally:
                self._under_way.discard(scope)
        raise DatabaseUnavailableError("the database does not answer any more")

    def turn(self, *, away: bool) -> None:
        """Give up all calls that are under way, and those that come, until the server is back."""
        self._away = away
        if away:
            for scope in self._under_way:
                scope.cancel("the database is away")


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

    def __init__(self, runner: Runner, connection: PgConnection, timeout_s: float | None) -> None:
        self._runner = runner
        self._connection = connection
        self._timeout_s = timeout_s

    async def _call(self, method: LiteralString, query: LiteralString, args: tuple[object, ...]) -> Any:
        with translated(self._connection):
            function = getattr(self._connection, method)
            return await self._runner.run(function, query, *args, timeout_s=self._timeout_s)

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
