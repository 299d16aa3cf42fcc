"""The terms that channels block, as one node knows them: read and compiled when a channel's are first needed, and again when they change.

Compiling thousands takes a while, so it happens in a thread and in pieces; until it is done messages are judged by what was
blocked before. Terms whose time is over go by themselves.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import structlog
import trio

from common.blocked_terms import Batch, Screen, Term, batches
from common.db import Change, ControlChange, Database, DatabaseError, FullRecheck
from common.queries import chat_rules
from common.queries.chat_rules import TermsVersion

log = structlog.get_logger(__name__)

MAX_KEPT = 200_000
"""Terms of all channels together; a channel counts for some more. Whose terms were asked for longest ago go first."""
CHANNEL_WEIGHT = 20
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class _Kept:
    screen: Screen
    version: TermsVersion
    over_at: float
    """On Trio's clock: when the first of them ends."""

    @property
    def weight(self) -> int:
        return self.version.terms + CHANNEL_WEIGHT


class TermBook:
    """Looks terms up for one node. `run` must be running."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._weight = 0
        self._loading: dict[int, trio.Event] = {}
        self._dirty: dict[int, None] = {}
        self._woken = trio.Event()
        self._limiter = trio.CapacityLimiter(1)

    def heed(self, change: Change) -> None:
        """Note whose terms may have changed."""
        match change:
            case FullRecheck():
                self._dirty.update(dict.fromkeys(self._kept))
            case ControlChange(table="chat_blocked_terms"):
                self._dirty[int(change.id)] = None
            case ControlChange():
                return
        self._woken.set()

    async def screen(self, channel_id: int) -> Screen:
        """Give what a channel blocks. Raises `DatabaseUnavailableError` when nobody here knows it yet."""
        await trio.lowlevel.checkpoint()
        while (kept := self._kept.get(channel_id)) is None:
            loading = self._loading.get(channel_id)
            if loading is not None:
                await loading.wait()
            else:
                await self._load(channel_id)
        self._kept.move_to_end(channel_id)
        return kept.screen

    async def run(self) -> NoReturn:
        """Read anew what changed and what is over, until cancelled."""
        while True:
            with trio.move_on_at(min((kept.over_at for kept in self._kept.values()), default=float("inf"))):
                await self._woken.wait()
            self._woken = trio.Event()
            now = trio.current_time()
            over = [channel_id for channel_id, kept in self._kept.items() if kept.over_at <= now]
            dirty, self._dirty = self._dirty, {}
            for channel_id in {**dirty, **dict.fromkeys(over)}:
                await self._refresh(channel_id)

    async def _refresh(self, channel_id: int) -> None:
        await trio.lowlevel.checkpoint()
        if channel_id not in self._kept and channel_id not in self._loading:
            return  # it is read when somebody writes there
        try:
            await self._load(channel_id)
        except DatabaseError as error:
            log.info("terms_not_read", channel_id=channel_id, error=str(error))
            await trio.sleep(RETRY_S)
            self._dirty[channel_id] = None
            self._woken.set()

    async def _load(self, channel_id: int) -> None:
        """Read a channel's terms; once at a time, as the later must be what stays."""
        while (loading := self._loading.get(channel_id)) is not None:
            await loading.wait()
        done = self._loading[channel_id] = trio.Event()
        try:
            version = await chat_rules.select_terms_version(self._db, channel_id)
            kept = self._kept.get(channel_id)
            screen = kept.screen if kept is not None and kept.version == version else None
            if screen is None:
                screen = await self._compile(await chat_rules.select_active_terms(self._db, channel_id))
            self._keep(channel_id, _Kept(screen, version, _over_at(version)))
        finally:
            del self._loading[channel_id]
            done.set()

    async def _compile(self, terms: Sequence[Term]) -> Screen:
        if not terms:
            await trio.lowlevel.checkpoint()
            return Screen()
        found: list[Batch] = await trio.to_thread.run_sync(partial(batches, terms), limiter=self._limiter)
        # One thread after the other: between two batches everything else gets its turn.
        return Screen(
            [await trio.to_thread.run_sync(batch.compile, limiter=self._limiter) for batch in found]
        )

    def _keep(self, channel_id: int, kept: _Kept) -> None:
        before = self._kept.pop(channel_id, None)
        self._weight += kept.weight - (before.weight if before is not None else 0)
        self._kept[channel_id] = kept
        while self._weight > MAX_KEPT and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._weight -= gone.weight


def _over_at(version: TermsVersion) -> float:
    if version.next_end is None:
        return float("inf")
    left_s = (version.next_end - version.at).total_seconds()
    return trio.current_time() + max(left_s, 0.0) + 0.01
