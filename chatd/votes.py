"""Votes on their way into the database: a few milliseconds' worth of them in one statement, however many come.

A poll in a big room gets ten thousand votes in a second; each alone would be a transaction that waits for the others.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NoReturn

import structlog
import trio

from common.db import Database, DatabaseError, DatabaseUnavailableError
from common.queries import polls
from common.queries.polls import Ballot

log = structlog.get_logger(__name__)

BATCH = 500
EVERY_S = 0.05
MAX_WAITING = 5000
"""Votes; what comes on top is refused. With the two above a node takes 10 000 votes a second."""


class TooManyVotesError(Exception):
    """More people vote than the node can take down; try again in a moment."""


@dataclass(slots=True, eq=False)
class _Waiting:
    channel_id: int
    ballot: Ballot
    done: trio.Event = field(default_factory=trio.Event)
    counts: bool | None = None
    """`None`: the database is away."""


class VoteBox:
    """Takes votes. `run` must be running."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._waiting: deque[_Waiting] = deque()
        self._arrived = trio.Event()

    async def cast(self, channel_id: int, ballot: Ballot) -> bool:
        """Have a vote be counted in a poll of a channel; `False`: it is not, because the poll is over or they have voted already.

        Cancelled, it may count all the same.

        Raises:
            TooManyVotesError: too many wait.
            DatabaseUnavailableError: it could not be written down.

        """
        if len(self._waiting) >= MAX_WAITING:
            await trio.lowlevel.checkpoint()
            raise TooManyVotesError
        mine = _Waiting(channel_id, ballot)
        self._waiting.append(mine)
        self._arrived.set()
        await mine.done.wait()
        if mine.counts is None:
            raise DatabaseUnavailableError("the vote could not be written down")
        return mine.counts

    async def run(self) -> NoReturn:
        """Write down what comes, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived = trio.Event()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                try:
                    await self._write(batch)
                finally:
                    for one in batch:
                        one.done.set()
                await trio.sleep(EVERY_S)

    async def _write(self, batch: list[_Waiting]) -> None:
        await trio.lowlevel.checkpoint()
        try:
            counted = await polls.cast_votes(
                self.db, [one.ballot for one in batch], [one.channel_id for one in batch]
            )
        except DatabaseError as error:
            log.info("votes_not_taken", votes=len(batch), error=str(error))
            return
        for one in batch:
            key = (one.ballot.poll_id, one.ballot.user_id)
            one.counts = key in counted
            counted.discard(key)  # of two in one batch the first counts
