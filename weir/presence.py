"""Viewer counts, from those who count viewers to those who show them: other processes, our pages, and the database.

A process adds up what its roles see and reports it; whoever hosts a stream writes everybody's sum into the stream's row.
"""

import contextlib
import secrets
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Protocol

import structlog
import trio

from common.asyncio_bridge import AsyncioBridge
from common.db import Database, DatabaseError
from common.metrics import Sample
from common.presence import TTL_S, LocalPresence, Presence, RedisPresence
from common.queries import broadcast_samples, directory
from common.redis_link import RedisLink, open_redis
from common.sightings import SightingLimits

log = structlog.get_logger(__name__)

REPORTS_PER_TTL = 9
WRITES_PER_TTL = 4.5
"""Every 5 s and every 10 s: a viewer is in the list of what is live after 20 s at most."""
WITHDRAW_S = 1.0
SAMPLE_S = 10
"""Between two samples of a broadcast; they are at full tens of seconds."""
MESSAGES_LAG = timedelta(seconds=5)
"""After which what was written in a chat is sure to be in the database, unless that has been away."""


class ViewerConfig(Protocol):
    """The part of the configuration that bounds who counts."""

    @property
    def viewers_per_address(self) -> int:
        """Viewers from one address, over all streams."""


def viewer_limits(config: ViewerConfig) -> SightingLimits:
    """Give the bounds for each way of counting."""
    return SightingLimits(per_client=config.viewers_per_address)


Count = Callable[[float], Mapping[str, int]]
"""Gives the viewers of each stream that somebody sees now; called every few seconds with Trio's time."""


class ViewerCounts:
    """The viewers of all streams as this process knows them. `run` must be running."""

    def __init__(self, presence: Presence, *, ttl_s: float = TTL_S) -> None:
        self.totals: Mapping[str, int] = {}
        """Everybody's viewers, of the streams that this process hosts or shows."""
        self._presence = presence
        self._every_s = ttl_s / REPORTS_PER_TTL
        self._counts: list[Count] = []
        self._refusals: list[Callable[[], int]] = []
        self._listeners: list[Callable[[Mapping[str, int]], None]] = []
        self._hosted: Callable[[], Collection[str]] = tuple
        self._own = 0

    def add(self, count: Count, refused: Callable[[], int] = int) -> None:
        """Add up what `count` gives, too: each viewer is seen by one. `refused`: how often it had no room for somebody."""
        self._counts.append(count)
        self._refusals.append(refused)

    def tell(self, listener: Callable[[Mapping[str, int]], None]) -> None:
        """Hand the totals to this whenever they are known anew."""
        self._listeners.append(listener)

    def host(self, hosted: Callable[[], Collection[str]]) -> None:
        """Learn the totals of these streams also when this process sees no viewers of them."""
        self._hosted = hosted

    async def run(self) -> NoReturn:
        """Report and learn, until cancelled; then take back what was reported."""
        try:
            while True:
                await self.look()
                await trio.sleep(self._every_s)
        finally:
            with trio.move_on_after(WITHDRAW_S, shield=True):
                await self._presence.report({})

    async def look(self) -> None:
        """Do it once."""
        sums: Counter[str] = Counter()
        for count in self._counts:
            sums.update(count(trio.current_time()))
        self._own = sums.total()
        await self._presence.report(sums)
        self.totals = await self._presence.totals({*sums, *self._hosted()})
        for listener in self._listeners:
            listener(self.totals)

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        return [
            ("weir_viewers", "Viewers that this process sees; those of a site are the sum", self._own),
            (
                "weir_viewers_refused_total",
                "Signs of viewers that did not count because too many did",
                sum(refused() for refused in self._refusals),
            ),
            (
                "weir_presence_alone",
                "1 while counts leave out the viewers of other processes, because Redis is away",
                float(self._presence.is_alone),
            ),
        ]


class CountWriter:
    """Writes the viewers of the streams that this process hosts into the database."""

    def __init__(
        self,
        db: Database,
        counts: ViewerCounts,
        hosted: Callable[[], Collection[str]],
        *,
        ttl_s: float = TTL_S,
        with_chat: bool = False,
    ) -> None:
        """`with_chat`: what is written in chats is kept, so that it can be counted."""
        self.skipped = 0
        """Times that the database could not take it. The next time tells it how it is then."""
        self._db = db
        self._counts = counts
        self._hosted = hosted
        self._every_s = ttl_s / WRITES_PER_TTL
        self._with_chat = with_chat
        self._sampled: datetime | None = None
        self._kept: datetime | None = None

    async def run(self) -> NoReturn:
        """Write every few seconds, until cancelled."""
        while True:
            await trio.sleep(self._every_s)
            try:
                await self.write(datetime.now(UTC))
            except DatabaseError as error:
                self.skipped += 1
                log.info("viewer_counts_not_written", error=str(error))

    async def write(self, now: datetime) -> None:
        """Do it once, and once a minute note the numbers of all streams for the history. Raises `DatabaseError`."""
        totals = self._counts.totals
        counts = {uuid.UUID(stream_id): totals.get(stream_id, 0) for stream_id in self._hosted()}
        if not counts:
            await trio.lowlevel.checkpoint()
            return
        await directory.update_viewer_counts(self._db, counts)
        minute = now.replace(second=0, microsecond=0)
        if minute != self._sampled:
            await directory.insert_viewer_samples(self._db, at=minute)
            self._sampled = minute
        await self._sample(list(counts), now - MESSAGES_LAG)

    async def _sample(self, stream_ids: list[uuid.UUID], now: datetime) -> None:
        """Note how many watch and write for the graphs of what is hosted here."""
        at = now.replace(second=now.second - now.second % SAMPLE_S, microsecond=0)
        minute = at.replace(second=0)
        await broadcast_samples.insert_samples(
            self._db, stream_ids, at=at, detail=minute == self._kept, with_chat=self._with_chat
        )
        self._kept = minute

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        return [
            (
                "weir_viewer_counts_skipped_total",
                "Times that viewer counts could not be written",
                self.skipped,
            )
        ]


@contextlib.asynccontextmanager
async def open_redis_for(url: str | None, bridge: AsyncioBridge) -> AsyncIterator[RedisLink | None]:
    """Use the Redis that is configured, if one is; see `open_redis`."""
    async with contextlib.AsyncExitStack() as stack:
        yield None if url is None else await stack.enter_async_context(open_redis(url, bridge))


def make_presence(link: RedisLink | None, *, node: str, ttl_s: float = TTL_S) -> Presence:
    """Make what `ViewerCounts` needs: over Redis where there is one. `node` may be the name of several processes."""
    if link is None:
        return LocalPresence()
    return RedisPresence(link, node=f"{node}:{secrets.token_hex(8)}", ttl_s=ttl_s)
