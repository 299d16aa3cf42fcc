"""The one asyncio loop of a process, driven by Trio, for libraries that know only asyncio (asyncpg).

Must never let an error of a background asyncio task reach the Trio run: trio-asyncio's own default is to raise it in the
loop's nursery, which ends every stream on the node because of, say, a timer callback of a connection that is gone.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import trio_asyncio

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class AsyncioCancelledError(Exception):
    """Asyncio code cancelled itself although no Trio scope around the call was cancelled."""


class _OwnCancelAsError:
    """Only cancels from inside asyncio come by here: a Trio cancel has been turned back into `trio.Cancelled` before."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, asyncio.CancelledError):
            raise AsyncioCancelledError("the call was cancelled inside asyncio") from error


class AsyncioBridge:
    """Calls asyncio coroutines from Trio tasks, and counts what goes wrong where no caller listens."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self.stray_errors = 0
        """Exceptions of asyncio tasks and callbacks that nobody awaited; each was logged."""
        loop.set_exception_handler(self._on_stray_error)

    async def run(
        self, function: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Await `function(*args, **kwargs)` in the asyncio loop.

        Cancelling cancels the asyncio task and waits for it to finish. Raises what the function raises, and
        `AsyncioCancelledError` where it was cancelled from inside asyncio: a bare `asyncio.CancelledError` is a
        `BaseException` that no Trio code expects.
        """
        with _OwnCancelAsError():
            return await self._loop.run_aio_coroutine(function(*args, **kwargs))  # type: ignore[no-any-return] # untyped

    def _on_stray_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Must not raise: asyncio would fall back to the default handler, and that one ends the Trio run.
        self.stray_errors += 1
        error = context.get("exception")
        log.error("stray asyncio error: %s", context.get("message"), exc_info=error)


@contextlib.asynccontextmanager
async def open_bridge() -> AsyncIterator[AsyncioBridge]:
    """Run an asyncio loop for the duration of the block. Leaving it cancels the asyncio tasks and waits for them.

    An exception of the block comes out as it is, not in the groups of trio-asyncio's two nurseries.
    """
    failure: Exception | None = None
    async with trio_asyncio.open_loop() as loop:
        try:
            yield AsyncioBridge(loop)
        except Exception as exc:  # noqa: BLE001 # raised again below, outside the nurseries
            failure = exc
    if failure is not None:
        raise failure
