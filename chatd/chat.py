"""What a person can do in a room: say something, or give a command. Every protocol calls this and renders the answer its own way.

Order of a message: tidy, standing, rules, then the bus, whose order is the order everybody sees. Commands are carried out by
`chatd.commands`; what they do comes back to every node, this one too, from the database.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog
import trio

from chatd.automatic import Automatic
from chatd.automod import Category, must_classify, trust_of
from chatd.book import FRESH_S, Book, ChannelFacts, Presence
from chatd.commands import Obeyed, Order, moderator_of, obey
from chatd.cutting import Cutter
from chatd.delays import Delays, TooManyDelayedError
from chatd.delivery import RoomName
from chatd.desk import Desk
from chatd.emotes import EmoteBook
from chatd.events import (
    Chatter,
    Event,
    MessageDelayed,
    MessageSent,
    Reply,
    RoomChanged,
    WatchedWrote,
    decode,
    encode,
)
from chatd.gates import refuse_entry
from chatd.holds import HELD, Holds
from chatd.nonces import Nonces
from chatd.rates import RATE, RATE_MODERATOR
from chatd.refusals import AUTOMOD, in_slow_mode, too_fast
from chatd.rooms import Rooms, channel_of
from chatd.rules import MIN_INTERVAL_S, Draft, Dropped, Rules, tidy
from chatd.setting_commands import SETTING_COMMANDS
from chatd.speech import parse_command
from chatd.stage import Stage
from chatd.stage_doors import STAGE_COMMANDS
from chatd.terms import TermBook
from chatd.votes import VoteBox
from common.bus import Bus, BusUnavailableError, Position, Published
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.ids import RANDOM_BITS, uuid7
from common.moderation import Door
from common.principals import Principal
from common.shared_pace import SharedPace

log = structlog.get_logger(__name__)

MAX_NOTED = 20_000
MAX_NONCE = 64
"""Characters; a longer one does not count."""
MAX_UNSURE = 1000


@dataclass(frozen=True, slots=True)
class Utterance:
    """What somebody typed."""

    text: str
    is_action: bool = False
    nonce: str = ""
    reply_to: str = ""
    """Id of a message; '' for none."""
    connection_id: str = ""
    """Of a connection that must not hear it again; ''."""
    door: Door = "irc"


@dataclass(frozen=True, slots=True)
class Said:
    """A message was accepted."""

    id: str
    chatter: Chatter
    position: Position


Answer = Said | Obeyed | Dropped
_COMMANDS = SETTING_COMMANDS | STAGE_COMMANDS

_AWAY = Dropped("msg_unavailable", "Chat cannot take messages at the moment; try again in a moment.")
_EMPTY = Dropped("msg_empty", "There is nothing in this message.")
_NOT_WRITER = Dropped("msg_not_logged_in", "Log in to write here.")
_SUSPENDED = Dropped("msg_suspended", "You don't have permission to perform that action.")


class Chat:
    """Rooms, rules and the record of one node."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        book: Book,
        rooms: Rooms,
        *,
        unix_ms: Callable[[], int],
        shared: SharedPace | None = None,
    ) -> None:
        """`shared`: where nodes agree on the pace of those who write at several; `None`: there is but one."""
        self._db = db
        self._bus = bus
        self._book = book
        self._rooms = rooms
        self._rules = Rules()
        self._shared = shared
        self._noted: OrderedDict[str, None] = OrderedDict()
        """Ids of messages that the rules have counted."""
        self.delays = Delays(bus, may_speak=self._may_speak)
        self.emotes = EmoteBook(db)
        self.terms = TermBook(db)
        self.desk = Desk(db, book, bus, rooms)
        self.stage = Stage(db, bus, rooms, Cutter(book, self.emotes), unix_ms=unix_ms)
        self.votes = VoteBox(db)
        self.automatic = Automatic(db, bus, book, rooms, unix_ms=unix_ms)
        self.holds = Holds(db, bus, unix_ms=unix_ms, may_enter=self._may_enter)
        self._said: Nonces[tuple[int, int, str], Said | Dropped] = Nonces(
            lambda answer: isinstance(answer, Said) or answer == HELD
        )
        """By channel, author and nonce."""
        self._unsure: OrderedDict[tuple[int, int, str], str] = OrderedDict()
        """Ids of messages of which nobody knows whether the bus took them, by the same; said again they keep their id."""
        self._unix_ms = unix_ms

    async def say(self, principal: Principal, facts: ChannelFacts, said: Utterance) -> Answer:
        """Say something in a room, or obey it if it is a command. Never raises because something is away."""
        text = tidy(said.text)
        if text is None or principal.user_id is None:
            await trio.lowlevel.checkpoint()
            return _NOT_WRITER if text is not None else _EMPTY
        try:
            presence = await self._book.presence(principal, facts.name.channel_id)
            if presence is None:
                return _SUSPENDED
            command = None if said.is_action else parse_command(text)
            if command is not None and command.name != "me":
                moderator = moderator_of(principal, said.door)
                order = Order(self.desk, moderator, facts, command)
                return await _COMMANDS.get(command.name, obey)(order)
            if _is_warned(presence):
                return Dropped(
                    "msg_warned",
                    f"A moderator warned you: {presence.warning} Acknowledge the warning to write again.",
                )
            if refuse_entry(presence.standing, facts.rules, facts.name.login) is not None:
                presence = await self._book.presence(principal, facts.name.channel_id, younger_than_s=FRESH_S)
                if presence is None:
                    return _SUSPENDED
            is_action = said.is_action or command is not None
            return await self._once(
                principal,
                presence,
                facts,
                said,
                command.rest if command else text,
                is_action=is_action,
            )
        except (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError):
            await trio.lowlevel.checkpoint()
            return _AWAY

    async def _once(
        self,
        principal: Principal,
        presence: Presence,
        facts: ChannelFacts,
        said: Utterance,
        text: str,
        *,
        is_action: bool,
    ) -> Said | Dropped:
        """Publish, unless it was said already and the client just does not know."""
        if len(said.nonce) > MAX_NONCE:
            said = replace(said, nonce="")  # cut, it could be that of another message
        key = (facts.name.channel_id, presence.chatter.user_id, said.nonce)
        publish = partial(self._publish, principal, presence, facts, said, text, is_action=is_action)
        return await (self._said.once(key, publish) if said.nonce else publish())

    async def _publish(
        self,
        principal: Principal,
        presence: Presence,
        facts: ChannelFacts,
        said: Utterance,
        text: str,
        *,
        is_action: bool,
    ) -> Said | Dropped:
        name, chatter = facts.name, presence.chatter
        memory = self._rooms.memory(name)
        whose = (name.channel_id, presence.standing, memory.user_id)
        fragments = self.emotes.fragments_now(text, *whose) or await self.emotes.fragments(text, *whose)
        judged = await self._judge(presence, facts, Draft(text, fragments))
        if isinstance(judged, Dropped):
            await trio.lowlevel.checkpoint()
            return judged
        now_ms = self._unix_ms()
        who_what = (name.channel_id, chatter.user_id, said.nonce)
        known_id = self._unsure.pop(who_what, None)
        message = MessageSent(
            id=known_id or str(uuid7(now_ms, secrets.randbits(RANDOM_BITS))),
            at_ms=now_ms,
            chatter=chatter,
            text=text,
            fragments=fragments,
            is_action=is_action,
            reply=_reply(memory.message(said.reply_to)),
            nonce=said.nonce,
            sender_connection=said.connection_id,
            trust=trust_of(presence.standing, facts.rules),
        )
        key = f"{chatter.user_id}:{said.nonce}" if said.nonce else None
        try:
            if presence.suspicion == "RESTRICTED" and not presence.standing.is_moderator:
                return await self.holds.hold(name, message, held_for="suspicious_user")
            if judged is not None:
                return await self.holds.hold(name, message, held_for="automod", category=judged)
            published = await self._send(principal, presence, facts, message, key)
        except TooManyDelayedError:
            return _AWAY
        except (BusUnavailableError, DatabaseUnavailableError, StatementTimeoutError):
            self._rules.forget(name.channel_id, chatter.user_id)
            if said.nonce:
                self._unsure[who_what] = message.id
                if len(self._unsure) > MAX_UNSURE:
                    self._unsure.popitem(last=False)
            raise
        if not published.is_repeat:
            self.automatic.said(facts, chatter.user_id, trio.current_time())
        if presence.suspicion == "ACTIVE_MONITORING" and not published.is_repeat:
            await self._watch(name, message)
        return Said(_first_id(published) or message.id, chatter, published.position)

    async def _judge(
        self, presence: Presence, facts: ChannelFacts, draft: Draft
    ) -> Dropped | Category | None:
        """Apply the rules, and what the room looks for by itself; a category: a moderator is to decide.

        Of somebody who writes at several nodes the pace is agreed upon among them.
        """
        name, standing, room = facts.name, presence.standing, facts.rules
        screen = await self.terms.screen(name.channel_id)
        channel, now = (name.channel_id, name.login), trio.current_time()
        dropped = self._rules.check(channel, standing, draft, now, room=room, screen=screen)
        shared = self._shared
        if (
            dropped is None
            and shared is not None
            and self._rules.is_shared(name.channel_id, standing.user_id, now)
        ):
            dropped = await self._agree(shared, presence, facts)
        if dropped is not None:
            return dropped
        found = self.automatic.judge(facts, presence, draft, now)
        if found is not None and room.automod.drops:
            return AUTOMOD
        self._rules.accept(name.channel_id, standing, draft, now, room=room)
        if found is None and must_classify(standing, draft, room):
            found = await self.automatic.classify(facts, draft)
        return AUTOMOD if found is not None and room.automod.drops else found

    async def _agree(self, shared: SharedPace, presence: Presence, facts: ChannelFacts) -> Dropped | None:
        standing = presence.standing
        rate = RATE_MODERATOR if standing.is_moderator else RATE
        slow_s = facts.rules.wait_s(standing)
        interval_s = 0.0 if standing.is_free else max(float(slow_s), MIN_INTERVAL_S)
        refused = await shared.take(
            standing.user_id,
            facts.name.channel_id,
            times=rate.times,
            window_s=rate.window_s,
            interval_s=interval_s,
        )
        if refused is None:
            return None
        slow = refused.by_room and slow_s > MIN_INTERVAL_S
        return in_slow_mode(refused.left_s) if slow else too_fast(refused.left_s)

    async def _send(
        self,
        principal: Principal,
        presence: Presence,
        facts: ChannelFacts,
        message: MessageSent,
        key: str | None,
    ) -> Published:
        """Have a message said, at once or once moderators had their time."""
        name, delay_s = facts.name, facts.rules.delay_s
        self._note(message.id)
        is_free = presence.standing.is_moderator
        if not is_free and (delay_s or self.delays.name_of(name.channel_id) is not None):
            return await self.delays.delay(name, message, principal, delay_s, key=key)
        return await self._bus.publish(channel_of(name.channel_id), encode(message), key=key)

    async def _may_speak(self, author: Principal, name: RoomName) -> bool:
        """Say whether the author of a delayed message is not banned by now."""
        await trio.lowlevel.checkpoint()
        try:
            presence = await self._book.presence(author, name.channel_id)
        except (DatabaseUnavailableError, StatementTimeoutError):
            return True
        return presence is not None and (
            presence.standing.ban is None or presence.standing.ban.is_over(trio.current_time())
        )

    async def _may_enter(self, author: Principal, channel_login: str) -> bool:
        """Say whether somebody whose message was allowed could write in the room by now: modes may have changed since."""
        facts = await self._book.channel(channel_login)
        if facts is None:
            return False
        presence = await self._book.presence(author, facts.name.channel_id, younger_than_s=FRESH_S)
        return presence is not None and refuse_entry(presence.standing, facts.rules, facts.name.login) is None

    def observe(self, name: RoomName, event: Event) -> None:
        """Take note of what happens in rooms that are open here: what is said at other nodes counts here, too."""
        self.stage.observe(name, event)
        self.automatic.observe(name, event)
        match event:
            case RoomChanged():
                self._book.note_unique(name.channel_id, is_unique=event.after.unique_chat_mode)
            case MessageDelayed(message=message) | (MessageSent() as message):
                if message.id in self._noted:
                    return
                self._note(message.id)
                self.automatic.hear(name, message)
                self._rules.observe(
                    name.channel_id,
                    message.chatter.user_id,
                    message.text,
                    trio.current_time(),
                    unique=self._book.is_unique(name.channel_id),
                )
            case _:
                pass

    def _note(self, message_id: str) -> None:
        self._noted[message_id] = None
        if len(self._noted) > MAX_NOTED:
            self._noted.popitem(last=False)

    async def _watch(self, name: RoomName, message: MessageSent) -> None:
        """Point moderators to what somebody said whom they watch. The message counts more: that it was said stays so."""
        await trio.lowlevel.checkpoint()
        who = message.chatter
        event = WatchedWrote(
            id=message.id,
            user_id=who.user_id,
            login=who.login,
            display_name=who.display_name,
            text=message.text,
            status="active_monitoring",
            at_ms=message.at_ms,
        )
        try:
            await self._bus.publish(channel_of(name.channel_id), encode(event))
        except BusUnavailableError:
            log.info("watched_message_not_told", channel=name.login)


def _is_warned(presence: Presence) -> bool:
    """Whether somebody has to acknowledge a warning first; who is banned is told that instead."""
    standing = presence.standing
    return presence.warning is not None and standing.ban is None and not standing.is_moderator


def _first_id(published: Published) -> str:
    """The id under which everybody knows a message that was said before; '' for a new one."""
    if published.payload is None:
        return ""
    event = decode(published.payload)
    match event:
        case MessageSent():
            return event.id
        case MessageDelayed():
            return event.message.id
        case _:
            return ""


def _reply(parent: MessageSent | None) -> Reply | None:
    if parent is None:
        return None
    first = parent.reply
    return Reply(
        parent_id=parent.id,
        parent_user_id=parent.chatter.user_id,
        parent_login=parent.chatter.login,
        parent_name=parent.chatter.display_name,
        parent_text=parent.text,
        thread_id=first.thread_id if first else parent.id,
        thread_user_id=first.thread_user_id if first else parent.chatter.user_id,
        thread_login=first.thread_login if first else parent.chatter.login,
    )
