"""The moderation lane: what a room's moderators are told on this node, and nobody else.

It is read from the room's log, so all nodes tell the same in the same order; who comes back finds what waits in the queue.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import NoReturn, Protocol

import structlog
import trio

from chatd.delivery import Delivery, RoomName, Wire
from chatd.events import TOLD_TO_THEM, Event
from chatd.room import Member
from common.db import (
    Change,
    ControlChange,
    Database,
    DatabaseUnavailableError,
    FullRecheck,
    StatementTimeoutError,
)
from common.principals import Principal
from common.queries import roles

log = structlog.get_logger(__name__)

MAX_WAITING = 5_000
"""Events; beyond it the oldest is left out, which is still in the queue or the log of the channel."""
MAX_CHANNELS = 10_000
MAX_MODERATORS = 1_000
"""Of one channel, that are told."""
RETRY_S = 1.0
COMMAND_SCOPES = ("chat:edit", "user:write:chat", "moderator:manage:automod")
"""A program hears what it could act on."""


Choose = Callable[[RoomName, Event, Iterable[Member]], list[Member]]


class Listener(Member, Protocol):
    """A connection, as far as the lane goes."""

    principal: Principal

    def reads(self, channel_id: int) -> bool:
        """Whether it is in the room."""


class People:
    """The connections of this node by account."""

    def __init__(self) -> None:
        self._of: dict[int, dict[Listener, None]] = {}
        self._staff: dict[Listener, None] = {}

    def add(self, listener: Listener) -> None:
        """Note a connection of somebody who is logged in."""
        user_id = listener.principal.user_id
        if user_id is not None:
            self._of.setdefault(user_id, {})[listener] = None
            if listener.principal.site_role:
                self._staff[listener] = None

    def remove(self, listener: Listener) -> None:
        """Forget it; nothing happens if it is not there."""
        self._staff.pop(listener, None)
        user_id = listener.principal.user_id
        mine = self._of.get(user_id) if user_id is not None else None
        if mine is not None and user_id is not None:
            mine.pop(listener, None)
            if not mine:
                del self._of[user_id]

    def of(self, user_ids: Iterable[int]) -> list[Listener]:
        """Give the connections of some people."""
        return [listener for user_id in user_ids for listener in self._of.get(user_id, ())]

    @property
    def staff(self) -> list[Listener]:
        """The connections of the site's people."""
        return list(self._staff)


class Lane:
    """Tells moderators. `run` must be running."""

    def __init__(self, db: Database, people: People) -> None:
        self._db = db
        self._people = people
        self._waiting: deque[tuple[RoomName, Delivery]] = deque(maxlen=MAX_WAITING)
        self._arrived = trio.Event()
        self.choose: Choose = lambda _room, _event, members: list(members)
        """Called with whom an event would be told; gives those who are."""
        self._moderators: OrderedDict[int, frozenset[int]] = OrderedDict()
        self._changes = 0

    def tell(self, room: RoomName, delivery: Delivery) -> None:
        """Take an event; it is told soon, behind those before it."""
        if len(self._waiting) == MAX_WAITING:
            log.warning("lane_overflow", channel=self._waiting[0][0].login)
        self._waiting.append((room, delivery))
        self._arrived.set()

    def forget(self, change: Change) -> None:
        """Look up anew who moderates where that may have changed."""
        self._changes += 1
        match change:
            case FullRecheck():
                self._moderators.clear()
            case ControlChange(table="channel_roles"):
                self._moderators.pop(int(change.id), None)
            case ControlChange():
                pass

    async def run(self) -> NoReturn:
        """Tell what comes, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived = trio.Event()
            while self._waiting:
                room, delivery = self._waiting[0]
                try:
                    moderators = await self._of(room.channel_id)
                except (DatabaseUnavailableError, StatementTimeoutError):
                    await trio.sleep(RETRY_S)
                    continue
                if self._waiting and self._waiting[0][1] is delivery:  # else it was left out while we asked
                    self._waiting.popleft()
                self._give(room, delivery, moderators)

    def _give(self, room: RoomName, delivery: Delivery, moderators: frozenset[int]) -> None:
        """Write it to whom it is for, each wire once."""
        told = {
            listener: None
            for listener in (*self._people.of({room.channel_id} | moderators), *self._people.staff)
            if any(map(listener.principal.has_scope, COMMAND_SCOPES))
        }
        event = delivery.event
        if isinstance(event, TOLD_TO_THEM):
            told.update(dict.fromkeys(self._people.of({event.user_id})))
        written: dict[Wire, bytes] = {}
        for listener in self.choose(room, event, [one for one in told if one.reads(room.channel_id)]):
            wire = listener.wire
            if wire not in written:
                written[wire] = wire.encode(room, (delivery,))
            if written[wire]:
                listener.offer(written[wire])

    async def _of(self, channel_id: int) -> frozenset[int]:
        found = self._moderators.get(channel_id)
        if found is not None:
            await trio.lowlevel.checkpoint()
            return found
        asked_at = self._changes
        holders = await roles.select_role_holders(self._db, channel_id, "moderator", limit=MAX_MODERATORS)
        found = frozenset(holder.id for holder in holders)
        if asked_at == self._changes:
            self._moderators[channel_id] = found
        if len(self._moderators) > MAX_CHANNELS:
            self._moderators.popitem(last=False)
        return found
