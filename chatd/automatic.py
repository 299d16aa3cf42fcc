"""What a chat does by itself: the classifier, the shield when a raid begins, slow mode and sampling when it grows too fast to read.

`chatd.automod`, `chatd.raids` and `chatd.crowds` decide; this carries it out, from `run`.
"""

from collections import deque
from collections.abc import Callable
from typing import NoReturn

import structlog
import trio

from chatd.automod import Automod, Category, verdict_of
from chatd.book import Book, ChannelFacts, Presence
from chatd.classifier import Classifier
from chatd.content import Draft
from chatd.crowds import Crowds
from chatd.delivery import RoomName
from chatd.events import Event, MessageHeld, MessageSent, RaidFound, RoomChanged, SubscriptionNoticed, encode
from chatd.raids import WHY
from chatd.rooms import Rooms, channel_of
from common.audit import SYSTEM
from common.bus import Bus, BusUnavailableError
from common.chat_settings import switch_shield
from common.db import Change, Database, DatabaseUnavailableError, FullRecheck, StatementTimeoutError
from common.moderation import Moderator, Place, Refused
from common.principals import Principal
from common.sameness import sameness

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
MAX_COUNTED = 2_000
MAX_FOUND = 1_000
SHIELD_TRIES = 30
"""That a shield is tried to be raised while the database is away, once a second."""
_AWAY = (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError)


class Automatic:
    """Sees to the rooms of one node. `run` must be running."""

    def __init__(
        self, db: Database, bus: Bus, book: Book, rooms: Rooms, *, unix_ms: Callable[[], int]
    ) -> None:
        self._db = db
        self._bus = bus
        self._book = book
        self._rooms = rooms
        self._unix_ms = unix_ms
        self.automod = Automod()
        self.crowds = Crowds()
        self.classifier = Classifier()
        self._raided: dict[int, tuple[RoomName, str, int]] = {}
        """Rooms whose shield is to be raised: why, and how often that was tried."""
        self._found: deque[tuple[RoomName, RaidFound]] = deque(maxlen=MAX_FOUND)
        """Raids that other nodes are to be told of, and moderators."""
        self._paced: dict[int, tuple[RoomName, int]] = {}
        """Rooms whose slow mode is to change, and the seconds."""
        self._slowed: dict[int, RoomName] = {}
        self._must_set = False
        """Whether settings may have changed."""
        self._counted: set[int] = set()
        """Rooms that are slowed when they are too fast."""
        self._wake = trio.Event()

    def judge(self, facts: ChannelFacts, presence: Presence, draft: Draft, now: float) -> Category | None:
        """Say what is wrong with a message that the rules took; `None`: nothing that is seen at once."""
        name = facts.name
        found = self.automod.judge(name.channel_id, presence.standing, draft, now, room=facts.rules)
        if (kind := self.automod.take_began()) is not None:
            log.warning("raid_found", channel=name.login, kind=kind)
            who = presence.chatter
            told = RaidFound(kind, who.user_id, who.login, who.display_name, draft.text, self._unix_ms())
            self._found.append((name, told))
            if facts.rules.automod.raises_shield:
                self._raided.setdefault(name.channel_id, (name, WHY[kind], 0))
            self._wake.set()
        return found

    async def classify(self, facts: ChannelFacts, draft: Draft) -> Category | None:
        """Ask the classifier about a message, because `must_classify` says so; see `judge`."""
        return verdict_of(await self.classifier.chance(draft.folded), facts.rules)

    def said(self, facts: ChannelFacts, user_id: int, now: float) -> None:
        """Take note of what is said here."""
        self._set(facts)
        self._note(facts.name, user_id, now)
        if facts.rules.automod.slow_rate and self._rooms.name_of(facts.name.channel_id) is not None:
            self._pace(facts.name, facts.rules.automod.slow_rate, now)

    def hear(self, name: RoomName, message: MessageSent) -> None:
        """Take note of what was said at another node in a room that is open here."""
        now, user_id = trio.current_time(), message.chatter.user_id
        self._note(name, user_id, now)
        if message.trust:
            self.automod.raids.count(
                name.channel_id,
                user_id,
                sameness(message.text),
                now,
                is_trusted=message.trust == "trusted",
                is_new=message.trust == "new",
            )

    def observe(self, name: RoomName, event: Event) -> None:
        """Take note of what else happens in a room that is open here."""
        now = trio.current_time()
        match event:
            case RaidFound():
                self.automod.raids.hear(name.channel_id, event.kind, sameness(event.text), now)
            case MessageHeld(category="raid"):
                self.automod.raids.renew(name.channel_id, sameness(event.text), now)
            case SubscriptionNoticed() if event.notice.notice_type == "raid":
                self.automod.raids.welcome(name.channel_id, now)
            case RoomChanged(automatic_wait_s=int(wait_s)):
                self.crowds.obey(name.channel_id, wait_s, now)
                self._slow(name, wait_s)
                if wait_s and len(self._counted) < MAX_COUNTED:
                    self._counted.add(name.channel_id)  # or it would seem calm here
            case _:
                pass

    def heed(self, change: Change) -> None:
        """Note that rooms may be set otherwise."""
        if isinstance(change, FullRecheck) or change.table == "chat_settings":
            self._must_set = True
            self._wake.set()

    async def run(self) -> NoReturn:
        """Carry out what was decided, and end slow mode where people became calm, until cancelled."""
        while True:
            has_more = self._slowed or self._raided
            with trio.move_on_after(LOOK_EVERY_S if has_more else float("inf")):
                await self._wake.wait()
            self._wake = trio.Event()
            while self._found:
                await self._tell_raid(*self._found.popleft())
            for channel_id in list(self._raided):
                await self._raise_shield(channel_id)
            await self._look_at_slowed()
            for channel_id in list(self._paced):
                await self._tell_pace(*self._paced.pop(channel_id))
            if self._must_set:
                self._must_set = False
                await self._set_all()

    def _note(self, name: RoomName, user_id: int, now: float) -> None:
        self.automod.raids.note(name.channel_id, user_id, now)
        if name.channel_id in self._counted:
            self.crowds.count(name.channel_id, user_id, now)

    def _set(self, facts: ChannelFacts) -> None:
        """Do as the room is set."""
        channel_id, automod = facts.name.channel_id, facts.rules.automod
        self._rooms.sample(channel_id, automod.sampling_rate)
        if not automod.slow_rate:
            self._counted.discard(channel_id)
        elif len(self._counted) < MAX_COUNTED:
            self._counted.add(channel_id)

    def _pace(self, name: RoomName, rate: int, now: float) -> None:
        wait_s = self.crowds.decide(name.channel_id, rate, now)
        if wait_s is not None:
            self._paced[name.channel_id] = (name, wait_s)
            self._wake.set()

    def _slow(self, name: RoomName, wait_s: int) -> None:
        self._book.slow(name.channel_id, wait_s)
        if wait_s:
            self._slowed[name.channel_id] = name
        else:
            self._slowed.pop(name.channel_id, None)
        self._wake.set()

    async def _tell_raid(self, name: RoomName, event: RaidFound) -> None:
        await trio.lowlevel.checkpoint()
        try:
            await self._bus.publish(channel_of(name.channel_id), encode(event))
        except BusUnavailableError:
            log.info("raid_not_told", channel=name.login)  # the other nodes count by themselves

    async def _raise_shield(self, channel_id: int) -> None:
        name, reason, tries = self._raided.pop(channel_id)
        await trio.lowlevel.checkpoint()
        # In the name of the owner, who may; the log says that it was the system.
        owner = Principal("session", channel_id, name.login, name.login)
        moderator = Moderator(owner, SYSTEM, "automatic")
        try:
            changed = await switch_shield(
                self._db, moderator, Place(channel_id, name.login), is_active=True, reason=reason
            )
        except (DatabaseUnavailableError, StatementTimeoutError) as error:
            log.warning("shield_not_raised", channel=name.login, error=str(error))
            if tries < SHIELD_TRIES:
                self._raided.setdefault(channel_id, (name, reason, tries + 1))
            return
        if isinstance(changed, Refused):
            log.warning("shield_not_raised", channel=name.login, error=changed.message)

    async def _look_at_slowed(self) -> None:
        """See where slow mode can end, although nobody writes there, or the room does not want it any more."""
        await trio.lowlevel.checkpoint()
        for name in list(self._slowed.values()):
            try:
                facts = await self._book.channel(name.login)
            except (DatabaseUnavailableError, StatementTimeoutError):
                continue
            if (
                facts is None or self._rooms.name_of(name.channel_id) is None
            ):  # nobody here hears how fast it is
                self.crowds.obey(name.channel_id, 0, trio.current_time())
                self._slow(name, 0)
            else:
                self._pace(facts.name, facts.rules.automod.slow_rate, trio.current_time())

    async def _tell_pace(self, name: RoomName, wait_s: int) -> None:
        """Slow a room, or let it go, and tell everybody, other nodes included."""
        await trio.lowlevel.checkpoint()
        try:
            before = await self._book.channel(name.login)
            self._slow(name, wait_s)
            after = await self._book.channel(name.login)
            if before is None or after is None:
                return
            now_ms = self._unix_ms()
            event = RoomChanged(now_ms, before.state, after.state, wait_s)
            key = f"pace:{wait_s}:{now_ms // 10_000}"
            await self._bus.publish(channel_of(name.channel_id), encode(event), key=key)
        except _AWAY as error:
            self._slow(name, wait_s)
            log.info("pace_not_told", channel=name.login, error=str(error))

    async def _set_all(self) -> None:
        await trio.lowlevel.checkpoint()
        self._counted.intersection_update(self._rooms.open_ids)
        for channel_id in self._rooms.open_ids:
            name = self._rooms.name_of(channel_id)
            if name is None:
                continue
            try:
                facts = await self._book.channel(name.login)
            except (DatabaseUnavailableError, StatementTimeoutError):
                return
            if facts is not None:
                self._set(facts)
