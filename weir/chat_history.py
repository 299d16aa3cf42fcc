"""Writes down what is said in chats: from the logs of the bus into the database, in batches, behind what people are told.

Nobody waits for it. While the database is away the logs wait, as far as they reach (`common.bus.Journal`); what was written
and not settled is taken again, and a message whose id is there already is left. So of several nodes any may write, and one
that is killed is replaced.
"""

from collections.abc import Sequence
from typing import NoReturn

import structlog
import trio

from common.bus import BusUnavailableError, Journal, Unwritten
from common.db import Database, DatabaseError, DatabaseUnavailableError, StatementTimeoutError
from common.metrics import Sample
from common.queries.chat_history import NewMessage, insert_messages
from weir.history_rows import channel_id_of, row_of

log = structlog.get_logger(__name__)

PAUSE_S = 0.5
"""Between two looks at what is new. Without Redis a process that is killed loses what was said in it."""
RETRY_S = 1.0
CHANNELS = 50
"""Taken at once, the ones that wait the longest first."""
MESSAGES = 200
"""Of each."""
BATCH = 500
"""Rows of one statement."""
AT_ONCE = 20
"""Messages that are taken apart before others get their turn: 1 ms."""


class HistoryWriter:
    """Writes chat history of one node. `run` must be running."""

    def __init__(self, db: Database, journals: Sequence[Journal]) -> None:
        self._db = db
        self._journals = journals
        self._writing = trio.Lock()
        self.written = 0
        self.lost = 0
        """Messages and other events that a log could not hold until they were written."""
        self.refused = 0
        """Messages that the database does not take."""

    async def run(self) -> NoReturn:
        """Write what is said, until cancelled."""
        while not self._journals:
            await trio.sleep_forever()
        while True:
            await self._db.wait_available()
            try:
                has_more = await self.write_some()
            except (DatabaseError, BusUnavailableError) as error:
                log.info("chat_history_waits", error=str(error))
                await trio.sleep(RETRY_S)
            else:
                await trio.sleep(0 if has_more else PAUSE_S)

    async def flush(self) -> None:
        """Write all that is there: the node stops. Gives up when something is away; what is in Redis others write."""
        await trio.lowlevel.checkpoint()
        try:
            while await self.write_some():
                pass
        except (DatabaseError, BusUnavailableError) as error:
            log.info("chat_history_not_flushed", error=str(error))

    async def write_some(self) -> bool:
        """Write down a part of what is new and say whether there is more. Raises `DatabaseError`, `BusUnavailableError`."""
        has_more = False
        async with self._writing:
            for journal in self._journals:
                taken = await journal.take(channels=CHANNELS, messages=MESSAGES)
                if taken:
                    await self._write_down(journal, taken)
                has_more = has_more or any(not one.is_all for one in taken) or len(taken) == CHANNELS
        return has_more

    async def _write_down(self, journal: Journal, taken: Sequence[Unwritten]) -> None:
        await trio.lowlevel.checkpoint()
        failure: DatabaseError | None = None
        try:
            rows = await _rows(taken)
            for start in range(0, len(rows), BATCH):
                await self._insert(rows[start : start + BATCH])
        except DatabaseError as error:
            failure = error
        if failure is not None:
            await journal.settle(taken, written=False)
            raise failure
        for one in taken:
            if one.lost:
                self.lost += one.lost
                log.warning("chat_history_lost", channel=one.channel, events=one.lost)
        await journal.settle(taken, written=True)

    async def _insert(self, rows: Sequence[NewMessage]) -> None:
        """Insert them, those that the database refuses left out: one of them must not stop the others for ever."""
        await trio.lowlevel.checkpoint()
        try:
            self.written += await insert_messages(self._db, rows)
        except (DatabaseUnavailableError, StatementTimeoutError):
            raise
        except DatabaseError as error:
            if len(rows) == 1:
                self.refused += 1
                log.error("chat_message_refused", message_id=str(rows[0].id), error=str(error))  # noqa: TRY400 # no bug of this line
                return
            middle = len(rows) // 2
            await self._insert(rows[:middle])
            await self._insert(rows[middle:])

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        return [
            ("weir_chat_history_written_total", "Messages written down by this process", self.written),
            ("weir_chat_history_lost_total", "Events that were gone before they were written", self.lost),
            ("weir_chat_history_refused_total", "Messages that the database did not take", self.refused),
        ]


async def _rows(taken: Sequence[Unwritten]) -> list[NewMessage]:
    """Make rows of what was taken, sorted by id: nodes that write the same at the same time do not wait for each other in a ring."""
    rows: list[NewMessage] = []
    await trio.lowlevel.checkpoint()
    for one in taken:
        channel_id = channel_id_of(one.channel)
        for number, message in enumerate(one.messages if channel_id is not None else ()):
            row = row_of(channel_id, message.payload) if channel_id is not None else None
            if row is not None:
                rows.append(row)
            if number % AT_ONCE == AT_ONCE - 1:
                await trio.lowlevel.checkpoint()
    return sorted(rows, key=lambda row: row.id)
