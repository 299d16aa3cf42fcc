"""The key that signs tickets to media (`common.play_ticket`): one for the whole site, in PostgreSQL, kept in memory.

Deleting its row has every process make and use a new one within a second. What the old one signed goes on to be good for as
long as a ticket lasts, so that nobody who watches notices.
"""

from collections.abc import Callable, Mapping

import structlog
import trio

from common.db import Change, ControlChange, Database, DatabaseError, FullRecheck
from common.play_ticket import MAX_TICKET_S, keyring
from common.queries.site_secrets import obtain_site_secret

log = structlog.get_logger(__name__)

SECRET = "play_ticket"  # noqa: S105 # the name of one


def _ignore(_keys: Mapping[str, bytes]) -> None:
    pass


class PlayKeys:
    """The keys as this process knows them. `keep_fresh` must run beside it."""

    def __init__(self, db: Database, *, use: Callable[[Mapping[str, bytes]], None] = _ignore) -> None:
        """`use` is given the keys that read tickets, by name, whenever they are others."""
        self._db = db
        self._use = use
        self._current: bytes | None = None
        self._former: dict[bytes, float] = {}
        """Keys that sign no more, and until when (on Trio's clock) what they signed is good."""

    async def signing_key(self) -> bytes:
        """Give the key that signs. Raises `DatabaseUnavailableError` as long as it was never read."""
        await trio.lowlevel.checkpoint()
        return self._current or await self._read()

    async def keep_fresh(self) -> None:
        """Follow what becomes of the key, for ever."""
        with self._db.subscribe() as feed:
            async for change in feed:
                if _concerns_key(change):
                    try:
                        await self._read()
                    except DatabaseError:  # the feed says so when it is back
                        log.info("play_key_not_read")

    async def _read(self) -> bytes:
        found = await obtain_site_secret(self._db, SECRET)
        now = trio.current_time()
        before = set(self._former)
        if self._current is not None and found != self._current:
            log.info("play_key_changed")
            self._former[self._current] = now + MAX_TICKET_S
        self._former = {key: until for key, until in self._former.items() if until > now and key != found}
        if found != self._current or set(self._former) != before:
            self._current = found
            self._use(keyring([found, *self._former]))
        return found


def _concerns_key(change: Change) -> bool:
    match change:
        case FullRecheck():
            return True
        case ControlChange(table=table, id=name):
            return (table, name) == ("site_secrets", SECRET)
