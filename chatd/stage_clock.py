"""Ends polls and carries out raids when their time has come, on whichever node sees it first: none of them has to live.

What is due, and when, stands in the database, and its clock counts.
"""

from typing import NoReturn

import structlog
import trio

from chatd.stage import TABLES
from common.db import Change, ControlChange, Database, DatabaseError, FullRecheck
from common.queries import polls
from common.raids import carry_out_due

log = structlog.get_logger(__name__)

AT_ONCE = 50
SOON_S = 0.02
"""Behind the moment itself, so that it has passed by the clock of the database, too."""
RETRY_S = 2.0
LONGEST_S = 30.0


class StageClock:
    """One node's share of it. `run` must be running."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wake = trio.Event()

    def heed(self, change: Change) -> None:
        """Look again at what is due. Never blocks."""
        match change:
            case FullRecheck():
                self._wake.set()
            case ControlChange(table=table) if table in TABLES:
                self._wake.set()
            case ControlChange():
                pass

    async def run(self) -> NoReturn:
        """See to it, until cancelled."""
        while True:
            self._wake = trio.Event()
            try:
                wait_s = await self.look()
            except DatabaseError as error:
                log.info("stage_clock_waits", error=str(error))
                wait_s = RETRY_S
            with trio.move_on_after(wait_s):
                await self._wake.wait()

    async def look(self) -> float:
        """See to what is due; give in how many seconds something will be. Raises `DatabaseError`."""
        await trio.lowlevel.checkpoint()
        while True:
            due_s = await polls.select_next_due(self._db)
            if due_s is None:
                return LONGEST_S
            if due_s > 0:
                return min(due_s + SOON_S, LONGEST_S)
            if not await polls.end_due_polls(self._db, limit=AT_ONCE) + await carry_out_due(self._db):
                return RETRY_S  # another node has it in hand
