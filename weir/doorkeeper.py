"""Keeps this node's media as open or closed as the database says its channels are, within a second of every change."""

from typing import Protocol

import structlog
import trio

from common.db import Database, DatabaseUnavailableError, FullRecheck, StatementTimeoutError
from common.queries.viewing import select_needed_grants
from hls.admission import Closed
from weir.keys import KeyOwner, SeenKeys

log = structlog.get_logger(__name__)

NOBODY = "nobody"
"""What a channel that was deleted asks for: a grant that no ticket has. Its media may linger."""


class Doors(Protocol):
    """Where media is served (`hls.directory.Directory`)."""

    def close(self, login: str, closed: Closed | None) -> None:
        """Have a channel ask this of its viewers; `None`: nothing."""

    def knows(self, login: str) -> bool:
        """Whether there is any media of this channel."""


class Doorkeeper:
    """Looks after the channels that were on air here. `run` must run beside it."""

    def __init__(self, db: Database, doors: Doors, keys: SeenKeys) -> None:
        self._db = db
        self._doors = doors
        self._keys = keys
        self._logins: dict[int, str] = {}
        self._doubts: set[int] = set()
        self._doubted = trio.Event()
        self._looking = trio.Lock()
        """One look at a time, or an older one could have the last word."""

    def goes_on_air(self, owner: KeyOwner) -> None:
        """A channel begins to broadcast: it is as open as its key said, until the database has been asked once more.

        Between the look at the key and now the channel may have been changed. The first part of a broadcast takes longer
        to fill than the question to be answered, so nothing of it gets out meanwhile.
        """
        self._logins[owner.channel_id] = owner.login
        self._set(owner.channel_id, owner.needed_grant)
        self._doubts.add(owner.channel_id)
        self._doubted.set()

    async def run(self) -> None:
        """Follow what changes, for ever."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._resolve_doubts)
            with self._db.subscribe() as feed:
                async for change in feed:
                    if isinstance(change, FullRecheck):
                        self._forget_what_is_gone()
                        await self._look({*self._logins, *self._keys.channels()})
                    elif change.table == "channels":
                        channel_id = int(change.id)
                        if channel_id in self._logins or channel_id in self._keys.channels():
                            await self._look({channel_id})

    async def _resolve_doubts(self) -> None:
        while True:
            await self._doubted.wait()
            self._doubted = trio.Event()
            doubts, self._doubts = self._doubts, set()
            await self._look(doubts)

    async def _look(self, channel_ids: set[int]) -> None:
        """Ask the database; while it is away all stays as it is, and when it is back there is a full re-check."""
        await trio.lowlevel.checkpoint()
        if not channel_ids:
            return
        async with self._looking:
            try:
                found = await select_needed_grants(self._db, sorted(channel_ids))
            except (DatabaseUnavailableError, StatementTimeoutError):
                log.info("visibility_not_read", channels=len(channel_ids))
                return
            for channel_id in channel_ids:
                self._set(channel_id, found.get(channel_id, NOBODY))

    def _set(self, channel_id: int, needed_grant: str) -> None:
        self._keys.set_needed_grant(channel_id, needed_grant)
        login = self._logins.get(channel_id)
        if login is not None:
            self._doors.close(login, Closed(channel_id, needed_grant) if needed_grant else None)

    def _forget_what_is_gone(self) -> None:
        self._logins = {
            channel_id: login for channel_id, login in self._logins.items() if self._doors.knows(login)
        }
