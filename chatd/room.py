"""One room on one node: who is in it, and the pass that gives all of them what happened.

A pass is synchronous in chunks. Whatever happens while it runs goes out together in the next one, so a room sends each
member at most one piece a pass however fast people write, and with few messages nothing waits.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import NoReturn, Protocol

import trio

from chatd.delivery import Delivery, RoomName, Wire
from chatd.events import Event, MessageDelayed, MessageDeleted, MessageSent
from chatd.sampling import Sampler, Thinned
from chatd.tombstones import ERASING, without_erased, without_secrets

CHUNK = 512
"""Members served before other tasks get their turn: 5 ms."""

SLICE_S_PER_MEMBER = 20e-6
"""Passes begin at least this times the number of members apart, so that one huge room leaves half of the core to others."""


MAX_EARLY = 500
"""Messages that are known early and not said yet; as many as wait at most."""
RECENT = 500
"""Events that a node remembers of a room, so that a crowd that comes back costs the bus nothing."""


class Member(Protocol):
    """One connection in one room."""

    @property
    def wire(self) -> Wire:
        """How it is written to."""

    @property
    def connection_id(self) -> str:
        """What `MessageSent.sender_connection` says of its own messages."""

    @property
    def echoes(self) -> bool:
        """Whether it gets its own messages back, as IRC does not."""

    def offer(self, data: bytes) -> None:
        """Send, without blocking."""


_Group = tuple[Wire, list[Member], list[Delivery]]


class Room:
    """Members, and what is on its way to them. `run` must be running."""

    def __init__(self, name: RoomName, *, epoch: str = "", offset: int = 0) -> None:
        self.name = name
        self.epoch = epoch
        """Of the log that offsets belong to."""
        self.last_offset = offset
        """Of the newest event that was delivered or is about to be."""
        self._recent: deque[Delivery] = deque(maxlen=RECENT)
        self._lines: list[Delivery] | None = None
        """The messages among them; `None`: to be looked up."""
        self._members: dict[Wire, dict[Member, None]] = {}
        self._joined: dict[Member, int] = {}
        """Who came since the last pass began, and the offset up to which they know everything already."""
        self._mute: dict[str, Member] = {}
        """Members who must not hear themselves, by their connection."""
        self._unsaid: OrderedDict[str, Delivery] = OrderedDict()
        """What moderators are told of messages that are not said yet, by message."""
        self._early: OrderedDict[str, set[Member]] = OrderedDict()
        """Who was told of messages that are not said yet, by message."""
        self._batch: list[Delivery] = []
        self._arrived = trio.Event()
        self.sampler = Sampler()
        self._viewers: dict[Member, int] = {}
        """Members who are not told everything when there is too much of it, and who they are."""

    def __len__(self) -> int:
        """How many members it has."""
        return sum(map(len, self._members.values())) + len(self._joined)

    @property
    def told_offset(self) -> int:
        """Of the newest event that a pass has begun to tell."""
        return self._batch[0].offset - 1 if self._batch else self.last_offset

    def join(self, member: Member, *, known: int | None = None) -> None:
        """Let a connection in. It gets every event behind offset `known`; `None`: all from now on."""
        self.leave(member)
        self._joined[member] = self.last_offset if known is None else known
        if not member.echoes:
            self._mute[member.connection_id] = member

    def view(self, member: Member, user_id: int) -> None:
        """Count a member as a viewer, until it leaves: told as many messages as people can read, and their own. 0: nobody's."""
        self._viewers[member] = user_id

    def leave(self, member: Member) -> None:
        """Let it go; nothing happens if it is not there. A pass that is running may still reach it."""
        self._viewers.pop(member, None)
        self._mute.pop(member.connection_id, None)
        for told in self._early.values():
            told.discard(member)
        self._joined.pop(member, None)
        group = self._members.get(member.wire)
        if group is not None and member in group:
            del group[member]
            if not group:
                del self._members[member.wire]

    def deliver(self, delivery: Delivery) -> None:
        """Take an event; the next pass gives it to everybody."""
        self.last_offset = delivery.offset
        if self._unsaid and isinstance(delivery.event, MessageSent | MessageDeleted):
            unsaid = self._unsaid.pop(delivery.event.id, None)
            if unsaid is not None:
                delivery = without_secrets([unsaid, delivery])[1]
        self._recent.append(delivery)
        self._lines = None
        if isinstance(delivery.event, ERASING):
            self._recent = deque(without_erased(self._recent), maxlen=RECENT)
        self._batch.append(delivery)
        self._arrived.set()

    def skip(self, delivery: Delivery) -> None:
        """Count an event that is not for the room."""
        self.last_offset = delivery.offset
        if isinstance(delivery.event, MessageDelayed):
            self._unsaid[delivery.event.message.id] = delivery
            if len(self._unsaid) > MAX_EARLY:
                self._unsaid.popitem(last=False)

    def told_early(self, message_id: str, members: Iterable[Member]) -> None:
        """Note who was told of a message before it is said: they are not told again."""
        self._early[message_id] = set(members)
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def remember(self, deliveries: Sequence[Delivery]) -> None:
        """Learn what was before all that it remembers: events of its log without a gap, the newest last."""
        first = self._recent[0].offset if self._recent else self.last_offset + 1
        before = [one for one in deliveries if one.epoch == self.epoch and one.offset < first]
        known = without_erased([*before, *self._recent])
        self._recent = deque(known, maxlen=RECENT)
        self._lines = None

    def lines(self, most: int) -> list[Delivery]:
        """Give the last messages that are still there, the newest last."""
        if self._lines is None:
            self._lines = [one for one in self._recent if isinstance(one.event, MessageSent)]
        return self._lines[-most:] if most > 0 else []

    def recent(self, after: int) -> list[Delivery] | None:
        """Give what came behind an offset; `None` if that is too long ago for this node to know."""
        if after == self.last_offset:
            return []
        if not self._recent or not self._recent[0].offset - 1 <= after < self.last_offset:
            return None
        return [delivery for delivery in self._recent if delivery.offset > after]

    def tell(self, event: Event) -> None:
        """Tell something that has no place in the order, and is not remembered."""
        self._batch.append(Delivery(self.last_offset, event, self.epoch))
        self._arrived.set()

    def message(self, message_id: str) -> MessageSent | None:
        """Find a message among what the node remembers."""
        for delivery in reversed(self._recent):
            if isinstance(delivery.event, MessageSent) and delivery.event.id == message_id:
                return delivery.event
        return None

    def user_id(self, login: str) -> int | None:
        """Find somebody who wrote here of late, by login."""
        for delivery in reversed(self._recent):
            if isinstance(delivery.event, MessageSent) and delivery.event.chatter.login == login:
                return delivery.event.chatter.user_id
        return None

    def reset(self, epoch: str, offset: int) -> None:
        """Go on in another log, or behind a hole in this one; who has just come is not told of what was before."""
        self.epoch = epoch
        self.last_offset = offset
        self._recent.clear()
        self._lines = None
        self._joined = dict.fromkeys(self._joined, offset)

    async def run(self) -> NoReturn:
        """Make passes, until cancelled."""
        while True:
            await self._arrived.wait()
            began = trio.current_time()
            await self._pass()
            await trio.sleep_until(began + len(self) * SLICE_S_PER_MEMBER)

    async def _pass(self) -> None:
        await trio.lowlevel.checkpoint()  # what happens at the same moment goes out together
        batch, self._batch = self._batch, []
        self._arrived = trio.Event()
        special = self._special(batch)
        self._let_in(up_to=batch[-1].offset)
        # Who is told is settled before the first wait: who leaves and comes back meanwhile knows this batch.
        groups = [
            (wire, [member for member in group if member not in special] if special else list(group), batch)
            for wire, group in self._members.items()
        ]
        thinned = self.sampler.thin(batch, trio.current_time()) if self._viewers else None
        if thinned is not None:
            groups = self._thin(groups, thinned, special)
        for wire, members, told in groups:
            data = wire.encode(self.name, told) if told else b""
            for start in range(0, len(members) if data else 0, CHUNK):
                for member in members[start : start + CHUNK]:
                    member.offer(data)
                await trio.lowlevel.checkpoint()
        for member, part in special.items():
            if part and (data := member.wire.encode(self.name, part)):
                member.offer(data)

    def _thin(
        self, groups: list[_Group], thinned: Thinned, special: dict[Member, list[Delivery]]
    ) -> list[_Group]:
        """Have viewers be told what was chosen for them, and who wrote what was left out that, too."""
        found: list[_Group] = []
        viewers, authors = self._viewers, thinned.left_out
        for wire, members, batch in groups:
            found.append((wire, [member for member in members if member not in viewers], batch))
            mine = [member for member in members if member in viewers]
            writers = [member for member in mine if viewers[member] in authors]
            special.update((member, thinned.of(viewers[member])) for member in writers)
            readers = [member for member in mine if viewers[member] not in authors]
            found.append((wire, readers, thinned.told))
        return found

    def _let_in(self, up_to: int) -> None:
        """Count those as members who know nothing behind this pass; the others have read ahead of us."""
        for member, known in list(self._joined.items()):
            if known <= up_to:
                del self._joined[member]
                self._members.setdefault(member.wire, {})[member] = None

    def _special(self, batch: list[Delivery]) -> dict[Member, list[Delivery]]:
        """Who gets only a part of the batch: who came in the middle of it, and who must not hear itself."""
        special = {
            member: [delivery for delivery in batch if delivery.offset > known]
            for member, known in self._joined.items()
            if known >= batch[0].offset
        }
        for author in {_author(delivery.event) for delivery in batch} & self._mute.keys():
            member = self._mute[author]
            mine = special.get(member, batch)
            special[member] = [delivery for delivery in mine if _author(delivery.event) != author]
        for delivery in batch if self._early else ():
            event = delivery.event
            told = self._early.pop(event.id, None) if isinstance(event, MessageSent) else None
            for member in told or ():
                if (
                    member in special
                    or member in self._members.get(member.wire, ())
                    or member in self._joined
                ):
                    mine = special.get(member, batch)
                    special[member] = [one for one in mine if one is not delivery]
        return special


def _author(event: Event) -> str:
    """The connection an event came from; '' for what nobody said."""
    return event.sender_connection if isinstance(event, MessageSent) else ""
