"""The rooms of one node: opened for the first who comes, read from the bus, closed a while after the last has left."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog
import trio

from chatd.delivery import Delivery, RoomName
from chatd.events import LANE, Event, MessageDelayed, decode
from chatd.room import Member, Room
from chatd.tombstones import without_erased, without_secrets
from common.bus import Bus, BusUnavailableError, Message, Position, Subscription

log = structlog.get_logger(__name__)

OnLane = Callable[[RoomName, Delivery], object]
OnEvent = Callable[[RoomName, Event], object]

LINGER_S = 5.0
"""How long an empty room stays open: people who reload a page must not make it come and go."""
REMEMBERED = 300
"""Events from before a room was opened here that are looked through for its last messages."""
MAX_MISSED = 1000
"""Events that somebody who comes back gets; who missed more is told that there is a gap."""


def channel_of(channel_id: int) -> str:
    """Give the name of a room's log on the bus."""
    return f"chat:{channel_id}"


@dataclass(frozen=True, slots=True)
class Joined:
    """A connection is in a room."""

    position: Position
    """What it knows once it has read `missed`; everything behind it comes by itself."""
    missed: list[Delivery] | None
    """What it must be told first, before anything else; `None`: it could not be found, there is a gap."""
    lines: list[Delivery] = field(default_factory=list)
    """The last messages before `position`, if it wanted any and does not come back to all that it missed."""


@dataclass(slots=True, eq=False)
class _OpenRoom:
    room: Room
    subscription: Subscription
    scope: trio.CancelScope
    used: int = 0
    """Counts joins, so that closing can see that somebody came."""


class Rooms:
    """All rooms with members here. `serve` must be running."""

    def __init__(self, bus: Bus, on_lane: OnLane = lambda _name, _delivery: None, *, lines: int = 0) -> None:
        """`on_lane` gets what is for the moderators of a room alone; must not block. `lines`: last messages for who joins."""
        self._bus = bus
        self._most_lines = lines
        self._on_lane = on_lane
        self.on_event: OnEvent = lambda _name, _event: None
        """Called with everything that happens in rooms that are open; must not block."""
        self._open: dict[int, _OpenRoom] = {}
        self._opening: dict[int, trio.Event] = {}
        self._nursery: trio.Nursery | None = None

    def __len__(self) -> int:
        """How many rooms are open."""
        return len(self._open)

    @property
    def open_ids(self) -> list[int]:
        """Channels whose rooms are open."""
        return list(self._open)

    def name_of(self, channel_id: int) -> RoomName | None:
        """Give the name of a room that is open; `None` for another."""
        one = self._open.get(channel_id)
        return one.room.name if one else None

    @property
    def members(self) -> int:
        """How many members all rooms have together."""
        return sum(len(one.room) for one in self._open.values())

    async def serve(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve the rooms, until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                for one in self._open.values():
                    one.subscription.cancel()
                self._open.clear()
                self._nursery = None

    def tell_here(self, channel_id: int, event: Event) -> None:
        """Tell the people of this node something that has no place in the room's order."""
        one = self._open.get(channel_id)
        if one is not None:
            one.room.tell(event)

    def tell_early(self, name: RoomName, event: Event, members: Iterable[Member]) -> list[Member]:
        """Say who of some members is to be told of an event of the lane; they are not told again when it is said."""
        if not isinstance(event, MessageDelayed):
            return list(members)
        one, message = self._open.get(name.channel_id), event.message
        if one is None or one.room.message(message.id) is not None:
            return []
        told = [
            member for member in members if member.echoes or member.connection_id != message.sender_connection
        ]
        one.room.told_early(message.id, told)
        return told

    def memory(self, name: RoomName) -> Room:
        """Give a room for what it remembers; one that is not open remembers nothing."""
        one = self._open.get(name.channel_id)
        return one.room if one is not None else Room(name)

    async def join(
        self, name: RoomName, member: Member, *, since: Position | None = None, lines: int = 0
    ) -> Joined:
        """Let a connection into a room. It is told of everything behind `since`, or from now on.

        The caller tells it `missed` or `lines` without waiting in between: the next pass of the room comes behind that.
        Raises `common.bus.BusUnavailableError`.
        """
        one = await self._find(name)
        one.used += 1
        room = one.room
        found: tuple[int, list[Delivery]] | None = (room.last_offset, [])
        if since is not None:
            found = await self._missed(one, since)
        # No await from here on. What another node told the client may not have arrived here yet.
        known = max(room.last_offset, found[0]) if found else room.last_offset
        missed = found[1] if found else None
        room.join(member, known=known)
        wants = 0 if since is not None and missed is not None else min(lines, self._most_lines)
        return Joined(Position(room.epoch, known), missed, room.lines(wants))

    def view(self, name: RoomName, member: Member, user_id: int) -> None:
        """Count a member as a viewer (`Room.view`)."""
        if (one := self._open.get(name.channel_id)) is not None:
            one.room.view(member, user_id)

    def sample(self, channel_id: int, rate: int) -> None:
        """Tell viewers of a room at most so many messages a second from now on; 0: all."""
        if (one := self._open.get(channel_id)) is not None:
            one.room.sampler.rate = rate

    def leave(self, name: RoomName, member: Member) -> None:
        """Let a connection go; nothing happens if it is not there."""
        one = self._open.get(name.channel_id)
        if one is None:
            return
        one.room.leave(member)
        if not len(one.room) and self._nursery is not None:
            self._nursery.start_soon(self._close_later, one, one.used)

    def change(self, names: Iterable[RoomName], member: Member, change: Callable[[], None]) -> None:
        """Call `change`, which alters how a member is written to, while it is outside of its rooms. It misses nothing."""
        found = (self._open.get(name.channel_id) for name in names)
        rooms = [one.room for one in found if one is not None]
        for room in rooms:
            room.leave(member)
        change()
        for room in rooms:
            room.join(member, known=room.told_offset)

    async def _missed(self, one: _OpenRoom, since: Position) -> tuple[int, list[Delivery]] | None:
        """Give what came behind a position, and the offset up to which that is everything."""
        await trio.lowlevel.checkpoint_if_cancelled()
        room = one.room
        if since.epoch != room.epoch:
            return None
        recent = room.recent(since.offset)
        if recent is not None:
            return (room.last_offset, recent) if len(recent) <= MAX_MISSED else None
        messages = await self._bus.read(channel_of(room.name.channel_id), since, limit=MAX_MISSED)
        if messages is None or since.epoch != room.epoch:
            return None
        read_to = messages[-1].offset if messages else since.offset
        # What the room told while we read is not in the answer, and no later pass tells it again.
        later = room.recent(read_to) if read_to < room.last_offset else []
        if later is None:
            return None
        found = without_secrets([*_deliveries(since.epoch, messages), *later])
        return read_to, without_erased([one for one in found if not isinstance(one.event, LANE)])

    async def _find(self, name: RoomName) -> _OpenRoom:
        """Find a room or open it, once however many come at the same moment."""
        while True:
            await trio.lowlevel.checkpoint_if_cancelled()
            if (opening := self._opening.get(name.channel_id)) is not None:
                await opening.wait()  # open already, perhaps, but without the last messages
            elif (one := self._open.get(name.channel_id)) is not None:
                return one
            else:
                await self._open_room(name)

    async def _open_room(self, name: RoomName) -> None:
        assert self._nursery is not None  # `serve` is running
        done = self._opening[name.channel_id] = trio.Event()
        try:
            room = Room(name)
            subscription = await self._bus.subscribe(
                channel_of(name.channel_id), _Reader(room, self._on_lane, self.on_event)
            )
            one = self._open[name.channel_id] = _OpenRoom(room, subscription, trio.CancelScope())
            self._nursery.start_soon(_run_room, one)
            if self._most_lines:
                await self._remember(room)
        except BaseException:  # who came first has left already, perhaps
            opened = self._open.get(name.channel_id)
            if opened is not None and self._nursery is not None:
                self._nursery.start_soon(self._close_later, opened, opened.used)
            raise
        finally:
            del self._opening[name.channel_id]
            done.set()

    async def _remember(self, room: Room) -> None:
        """Look up what was said before the room was opened here, once for all who join it; without it, if that is not to be had."""
        begin = Position(room.epoch, max(0, room.last_offset - REMEMBERED))
        limit = REMEMBERED + MAX_MISSED
        await trio.lowlevel.checkpoint()
        try:
            messages = await self._bus.read(channel_of(room.name.channel_id), begin, limit=limit)
        except BusUnavailableError:
            return
        found = without_secrets(_deliveries(begin.epoch, messages or []))
        room.remember([one for one in found if not isinstance(one.event, LANE)])

    async def _close_later(self, one: _OpenRoom, used: int) -> None:
        await trio.sleep(LINGER_S)
        channel_id = one.room.name.channel_id
        if one.used == used and not len(one.room) and self._open.get(channel_id) is one:
            del self._open[channel_id]
            one.subscription.cancel()
            one.scope.cancel("the room is empty")


async def _run_room(one: _OpenRoom) -> None:
    with one.scope:
        await one.room.run()


class _Reader:
    """Carries what the bus gives into a room."""

    def __init__(self, room: Room, on_lane: OnLane, on_event: OnEvent) -> None:
        self._room = room
        self._on_event = on_event
        self._on_lane = on_lane

    def on_reset(self, position: Position) -> None:
        self._room.reset(position.epoch, position.offset)

    def on_messages(self, messages: Sequence[Message]) -> None:
        for delivery in _deliveries(self._room.epoch, messages):
            self._on_event(self._room.name, delivery.event)
            if isinstance(delivery.event, LANE):
                self._room.skip(delivery)
                self._on_lane(self._room.name, delivery)
            else:
                self._room.deliver(delivery)


def _deliveries(epoch: str, messages: Sequence[Message]) -> list[Delivery]:
    """Read events; what another version wrote and we do not know is left out."""
    found: list[Delivery] = []
    for message in messages:
        try:
            found.append(Delivery(message.offset, decode(message.payload), epoch))
        except msgspec.DecodeError:
            log.info("event_not_understood", offset=message.offset)
    return found
