"""Which broadcasts can be watched now, kept for a few seconds: asked for with every ping of every page.

All of them are read at once. So ids that somebody makes up cost no query each, and while the database is away what was
live goes on to be.
"""

import uuid
from collections.abc import Mapping

import trio

from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.queries.presence import WatchableStream, select_watchable

KEPT_S = 5.0
MISSED_KEPT_S = 1.0
"""The same, for an id that is not among them: it may be of a broadcast that has just begun."""
READ_S = 2.0
"""How long a page waits for a slow database before it is told what was live."""
MAX_STREAMS = 20_000


class WatchableStreams:
    """Looks broadcasts up by id."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._found: Mapping[uuid.UUID, WatchableStream] | None = None
        self._read_at = float("-inf")
        self._reading = trio.Lock()

    async def find(self, stream_id: uuid.UUID) -> WatchableStream | None:
        """Give a broadcast that is live; `None`: there is none of this id.

        Raises `DatabaseUnavailableError` when nothing is known yet and nothing can be learnt. Cancelling is safe.
        """
        found = await self._read(KEPT_S)
        if stream_id not in found:
            found = await self._read(MISSED_KEPT_S)
        return found.get(stream_id)

    async def _read(self, kept_s: float) -> Mapping[uuid.UUID, WatchableStream]:
        await trio.lowlevel.checkpoint()
        if self._is_fresh(kept_s) or (self._found is not None and self._reading.locked()):
            return self._found or {}
        async with self._reading:
            if not self._is_fresh(kept_s):  # or somebody else has read meanwhile
                await self._read_anew()
        return self._found or {}

    def _is_fresh(self, kept_s: float) -> bool:
        return self._found is not None and trio.current_time() < self._read_at + kept_s

    async def _read_anew(self) -> None:
        await trio.lowlevel.checkpoint()
        try:
            with trio.fail_after(READ_S):
                streams = await select_watchable(self._db, limit=MAX_STREAMS)
        except (DatabaseUnavailableError, StatementTimeoutError, trio.TooSlowError) as error:
            if self._found is None:
                raise DatabaseUnavailableError("the database is away") from error
        else:
            self._found = {stream.id: stream for stream in streams}
        self._read_at = trio.current_time()  # after a failure, too: it is not asked again at once
