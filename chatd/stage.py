"""What rooms show beside their talk: the pinned message, the poll and the raid, as one node knows and tells them.

The database holds how things are; each change of it reaches every node, which reads it and tells the room under a key that
follows from it, so that the room hears of it once. Who joins is given how things are, without asking the database each time.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from typing import Literal, NoReturn, cast

import structlog
import trio

from chatd.cutting import Cutter
from chatd.delivery import RoomName
from chatd.events import Event, encode
from chatd.rooms import Rooms, channel_of
from chatd.stage_views import Pin, PinChanged, Poll, PollChoice, PollTold, Raid, RaidTold, StageEvent
from common.bus import Bus, BusUnavailableError
from common.db import (
    Change,
    ControlChange,
    Database,
    DatabaseUnavailableError,
    FullRecheck,
    StatementTimeoutError,
)
from common.moderation import rfc3339
from common.queries import pins, polls, raids
from common.queries.pins import PinnedMessage
from common.queries.polls import Poll as StoredPoll
from common.queries.raids import Raid as StoredRaid
from common.subscription_notices import NoticeFragment

log = structlog.get_logger(__name__)

TABLES = frozenset({"chat_pins", "polls", "raids"})
KEEP_S = 30.0
PROGRESS_S = 1.0
RETRY_S = 1.0
MAX_CHANNELS = 10_000
MAX_READS = 3
"""Of how things are, for who joins while they change all the time."""
AWAY = (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError)


@dataclass(frozen=True, slots=True)
class Staged:
    """How things are in a room."""

    pin: Pin | None = None
    poll: Poll | None = None
    """The one that runs."""
    raid: Raid | None = None
    """The one that its viewers are called up to."""


@dataclass(frozen=True, slots=True)
class _Kept:
    staged: Staged
    until: float


@dataclass(slots=True)
class _Running:
    channel_id: int
    told: int
    """How many votes the room was told of."""
    reported: int
    """How many EventSub was."""


@dataclass(frozen=True, slots=True)
class _Told:
    """An event, and what it is known by on the bus."""

    key: str
    event: StageEvent


class Stage:
    """What this node knows and tells. `run` must be running."""

    def __init__(
        self, db: Database, bus: Bus, rooms: Rooms, cutter: Cutter, *, unix_ms: Callable[[], int]
    ) -> None:
        self._db = db
        self._cutter = cutter
        self._bus = bus
        self._rooms = rooms
        self._unix_ms = unix_ms
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._changes = 0
        self._dirty: dict[int, None] = {}
        self._is_dirty = trio.Event()
        self._pinned: OrderedDict[int, uuid.UUID] = OrderedDict()
        """By channel, the version of what was pinned last, as far as this node knows."""
        self._running: dict[uuid.UUID, _Running] = {}
        """Polls of open rooms that run."""

    def heed(self, change: Change) -> None:
        """Look at what may have changed. Never blocks."""
        match change:
            case FullRecheck():
                self._changes += 1
                self._kept = OrderedDict((key, replace(kept, until=-inf)) for key, kept in self._kept.items())
                self._mark(self._rooms.open_ids)
            case ControlChange(table=table) if table in TABLES:
                self._changes += 1
                self._read_again(int(change.id))
                self._mark([int(change.id)])
            case ControlChange():
                pass

    def observe(self, name: RoomName, event: Event) -> None:
        """Take note of what a room is told: another node may hear of a change, and tell it, before this one does."""
        if not isinstance(event, StageEvent):
            return
        self._changes += 1
        kept = self._kept.get(name.channel_id)
        if kept is None:
            return
        self._kept[name.channel_id] = replace(kept, staged=_after(kept.staged, event, name.channel_id))

    async def of(self, name: RoomName) -> Staged:
        """Say how things are in a room. Raises as the database does."""
        await trio.lowlevel.checkpoint()
        for _ in range(MAX_READS):
            kept = self._kept.get(name.channel_id)
            if kept is not None and trio.current_time() < kept.until and not _is_over(kept.staged.pin):
                return kept.staged
            staged, _ = await self._read(name.channel_id)
        return staged

    def known(self, name: RoomName) -> Staged | None:
        """Say how things are in a room, if that is known here; `None`: ask."""
        kept = self._kept.get(name.channel_id)
        return None if kept is None else kept.staged

    async def run(self) -> NoReturn:
        """Tell rooms what changes, and how polls go, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_telling)
            nursery.start_soon(self._keep_counting)
        raise AssertionError("both go on for ever")

    def _mark(self, channel_ids: Iterable[int]) -> None:
        self._dirty.update(dict.fromkeys(channel_ids))
        self._is_dirty.set()

    async def _keep_telling(self) -> NoReturn:
        while True:
            await self._is_dirty.wait()
            self._is_dirty = trio.Event()
            dirty, self._dirty = self._dirty, {}
            for channel_id in dirty:
                name = self._rooms.name_of(channel_id)
                if name is None:
                    continue
                try:
                    await self._tell(name)
                except AWAY as error:
                    log.info("stage_not_told", channel=name.login, error=str(error))
                    self._mark([channel_id])
                    await trio.sleep(RETRY_S)

    async def _tell(self, name: RoomName) -> None:
        _, told = await self._read(name.channel_id)
        for one in told:
            await self._bus.publish(channel_of(name.channel_id), encode(one.event), key=one.key)

    async def _read(self, channel_id: int) -> tuple[Staged, list[_Told]]:
        """Read how things are, and what of it is news."""
        asked_at = self._changes
        pin = await pins.select_pin(self._db, channel_id)
        found = await polls.select_polls(self._db, channel_id, limit=2)
        marches = await raids.select_raids(self._db, channel_id)
        shown = None if pin is None else await self._show(channel_id, pin)
        poll = next((one for one in found if one.status == "ACTIVE"), None)
        raid = next((one for one in marches if one.status == "pending" and one.from_id == channel_id), None)
        staged = Staged(
            shown,
            None if poll is None else view_poll(poll),
            None if raid is None else view_raid(raid),
        )
        if poll is not None and self._rooms.name_of(channel_id) is not None:
            self._running.setdefault(poll.id, _Running(channel_id, poll.votes, poll.votes))
        if asked_at == self._changes:
            self._kept[channel_id] = _Kept(staged, trio.current_time() + KEEP_S)
            if len(self._kept) > MAX_CHANNELS:
                self._kept.popitem(last=False)
        told = [
            *self._news_of_pin(channel_id, pin, shown),
            *_news_of_polls(found),
            *_news_of_raids(channel_id, marches),
        ]
        return staged, told

    async def _show(self, channel_id: int, pin: PinnedMessage) -> Pin:
        pieces = await self._cutter.cut(pin.text, channel_id=channel_id, user_id=pin.user_id)
        return view_pin(pin, pieces)

    def _news_of_pin(self, channel_id: int, pin: PinnedMessage | None, shown: Pin | None) -> list[_Told]:
        if pin is not None:
            self._pinned[channel_id] = pin.version
            self._pinned.move_to_end(channel_id)
            if len(self._pinned) > MAX_CHANNELS:
                self._pinned.popitem(last=False)
            if not pin.is_fresh:
                return []
            return [_Told(f"pin:{pin.version}", PinChanged(_ms(pin.pinned_at), shown))]
        before = self._pinned.pop(channel_id, None)
        return [] if before is None else [_Told(f"pin:{before}:gone", PinChanged(self._unix_ms(), None))]

    async def _keep_counting(self) -> NoReturn:
        """Tell the people of this node how polls go: each its own, as a count that is missed is not missed."""
        while True:
            await trio.sleep(PROGRESS_S)
            if not self._running:
                continue
            try:
                await self._count()
            except AWAY as error:
                log.info("polls_not_told", error=str(error))

    async def _count(self) -> None:
        for poll in await polls.select_active_polls(self._db, list(self._running)):
            running = self._running[poll.id]
            if poll.status != "ACTIVE" or self._rooms.name_of(running.channel_id) is None:
                del self._running[poll.id]
                continue
            if poll.votes != running.told:
                running.told = poll.votes
                event = PollTold(self._unix_ms(), "progress", view_poll(poll))
                self._rooms.tell_here(running.channel_id, event)
                # Who joins is given the counts of now, read once a second at most.
                self._read_again(running.channel_id)
            if poll.votes != running.reported and await polls.tell_progress(self._db, poll.id):
                running.reported = poll.votes

    def _read_again(self, channel_id: int) -> None:
        """Have it read for who joins next; until then it is what the room was told last."""
        if (kept := self._kept.get(channel_id)) is not None:
            self._kept[channel_id] = replace(kept, until=-inf)


def _news_of_polls(found: list[StoredPoll]) -> list[_Told]:
    told = []
    for poll in reversed(found):
        if poll.is_fresh:
            kind: Literal["begin", "end"] = "begin" if poll.status == "ACTIVE" else "end"
            at_ms = _ms(poll.ended_at or poll.started_at)
            told.append(_Told(f"poll:{poll.id}:{poll.status}", PollTold(at_ms, kind, view_poll(poll))))
    return told


def _news_of_raids(channel_id: int, found: list[StoredRaid]) -> list[_Told]:
    """Both ends are told that a raid waits or was called off; that it goes, only who is to go: the other end gets a notice."""
    told = []
    for raid in found:
        if raid.is_fresh and (raid.status != "gone" or raid.from_id == channel_id):
            kind = _KINDS[raid.status]
            at_ms = _ms(raid.ended_at or raid.created_at)
            told.append(_Told(f"raid:{raid.id}:{raid.status}", RaidTold(at_ms, kind, view_raid(raid))))
    return told


_KINDS: dict[str, Literal["pending", "cancel", "go"]] = {
    "pending": "pending",
    "canceled": "cancel",
    "gone": "go",
}


def view_pin(pin: PinnedMessage, fragments: list[NoticeFragment]) -> Pin:
    """Show a pinned message, taken apart."""
    return Pin(
        message_id=str(pin.message_id),
        chatter_user_id=str(pin.user_id),
        chatter_user_login=pin.user_login,
        chatter_user_name=pin.user_name,
        color=pin.user_color,
        text=pin.text,
        fragments=fragments,
        pinned_by_user_id=None if pin.pinned_by is None else str(pin.pinned_by),
        pinned_by_user_login=pin.pinned_by_login,
        pinned_by_user_name=pin.pinned_by_name,
        pinned_at=rfc3339(pin.pinned_at),
        ends_at=None if pin.ends_at is None else rfc3339(pin.ends_at),
    )


def view_poll(poll: StoredPoll) -> Poll:
    """Show a poll; what was archived is shown without its votes."""
    hidden = poll.status == "ARCHIVED"
    return Poll(
        id=str(poll.id),
        title=poll.title,
        choices=[
            PollChoice(id=str(one.choice), title=one.title, votes=0 if hidden else one.votes)
            for one in poll.choices
        ],
        status=cast(Literal["ACTIVE", "COMPLETED", "TERMINATED", "ARCHIVED"], poll.status),
        started_at=rfc3339(poll.started_at),
        ends_at=rfc3339(poll.ends_at),
        ended_at=None if poll.ended_at is None else rfc3339(poll.ended_at),
    )


def view_raid(raid: StoredRaid) -> Raid:
    """Show a raid."""
    return Raid(
        raid_id=str(raid.id),
        from_broadcaster_user_id=str(raid.from_id),
        from_broadcaster_user_login=raid.from_login,
        from_broadcaster_user_name=raid.from_name,
        to_broadcaster_user_id=str(raid.to_id),
        to_broadcaster_user_login=raid.to_login,
        to_broadcaster_user_name=raid.to_name,
        viewers=raid.viewer_count,
        created_at=rfc3339(raid.created_at),
        goes_at=rfc3339(raid.goes_at),
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _is_over(pin: Pin | None) -> bool:
    return (
        pin is not None
        and pin.ends_at is not None
        and datetime.fromisoformat(pin.ends_at) <= datetime.now(UTC)
    )


def _after(staged: Staged, event: StageEvent, channel_id: int) -> Staged:
    """Give how things are once an event has been told in the room of a channel."""
    match event:
        case PinChanged(pin=pin):
            return replace(staged, pin=pin)
        case PollTold(kind=kind, poll=poll):
            return replace(staged, poll=None if kind == "end" else poll)
        case RaidTold(kind=kind, raid=raid) if raid.from_broadcaster_user_id == str(channel_id):
            return replace(staged, raid=raid if kind == "pending" else None)
        case RaidTold():
            return staged  # of another channel's viewers
