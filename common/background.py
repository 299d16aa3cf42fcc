"""Tasks that serve a block of code and end with it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import trio


@contextlib.asynccontextmanager
async def running(*tasks: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Run `tasks` beside the block and cancel them at its end.

    An exception of the block comes out as it is, not wrapped in a group: the caller sees a context manager, not its
    nursery, and writes `except UniqueViolationError`. A task that fails cancels the block and comes out in a group.
    """
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)
        try:
            yield
        except Exception as exc:  # noqa: BLE001 # raised again below, outside the nursery
            failure = exc
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
