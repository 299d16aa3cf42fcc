"""Writes that must reach the database but must not hold anybody up: kept in order, retried while it is away.

Bounded: when full, the newest write is refused and counted, so that what is kept stays a true prefix of what happened.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

import structlog
import trio

from common.db import Database, DatabaseError, DatabaseUnavailableError, StatementTimeoutError

log = structlog.get_logger(__name__)

Write = Callable[[Database], Awaitable[object]]
MAX_PENDING = 10_000
RETRY_S = 1.0


@dataclass(slots=True)
class JournalStats:
    """Counters for /metrics."""

    written: int = 0
    failed: int = 0
    refused: int = 0


class Journal:
    """The queue of one process. Every write must be idempotent: one that an outage cut short is done again."""

    def __init__(self, db: Database, *, max_pending: int = MAX_PENDING) -> None:
        self.stats = JournalStats()
        self._db = db
        self._max_pending = max_pending
        self._pending: deque[tuple[str, Write]] = deque()
        self._more = trio.Event()
        self._empty = trio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._pending)

    def append(self, what: str, write: Write) -> None:
        """Have `write` done after all that was appended before; `what` names it in the log. Never blocks."""
        if len(self._pending) >= self._max_pending:
            self.stats.refused += 1
            log.error("journal_full", refused=what, pending=len(self._pending))
            return
        self._pending.append((what, write))
        self._more.set()
        if self._empty.is_set():
            self._empty = trio.Event()

    async def wait_empty(self) -> None:
        """Wait until everything has been written. Cancelling is safe."""
        await self._empty.wait()

    async def run(self) -> NoReturn:
        """Write, for ever."""
        while True:
            while self._pending:
                what, write = self._pending[0]
                if await self._try(what, write):
                    self._pending.popleft()
                else:
                    await trio.sleep(RETRY_S)
            self._empty.set()
            self._more = trio.Event()
            await self._more.wait()

    async def _try(self, what: str, write: Write) -> bool:
        """Do one write; False when it must be done again later."""
        await trio.lowlevel.checkpoint()
        try:
            await write(self._db)
        except (DatabaseUnavailableError, StatementTimeoutError):  # a slow database is no reason to lose it
            log.info("journal_waits", what=what, pending=len(self._pending))
            return False
        except DatabaseError:
            self.stats.failed += 1
            log.exception("journal_write_failed", what=what)
            return True
        self.stats.written += 1
        return True
