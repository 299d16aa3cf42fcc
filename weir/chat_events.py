"""What is said and done in chat, for EventSub: the rooms that somebody wants to be told of, read from the bus, in EventSub's shapes.

The web role knows nothing of chat, and chat nothing of EventSub; they meet here.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
import structlog
import trio

from chatd.events import (
    ChatCleared,
    Chatter,
    Event,
    Fragment,
    MessageDeleted,
    MessageSent,
    Reply,
    UserCleared,
    decode,
)
from chatd.rooms import channel_of
from common.background import running
from common.bus import Bus, BusUnavailableError, Message, Position, Subscription
from common.db import Database, DatabaseError
from common.queries import users
from webapp.eventsub import EventSub

log = structlog.get_logger(__name__)

MAX_WAITING = 10_000
"""Messages of all rooms that are still to be told; the oldest beyond are lost."""
NAMES_S = 30.0
"""How long the name of an account is believed."""
MAX_NAMES = 10_000
RETRY_S = 2.0


@dataclass(frozen=True, slots=True)
class Name:
    """An account, as EventSub names it."""

    id: int
    login: str
    display_name: str

    def fields(self, prefix: str) -> dict[str, str]:
        """Give its fields: `broadcaster_user_id`, `..._login`, `..._name`."""
        return {
            f"{prefix}_user_id": str(self.id),
            f"{prefix}_user_login": self.login,
            f"{prefix}_user_name": self.display_name,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """What EventSub says of something in chat."""

    type: str
    key: str
    """In its channel; the same on every node."""
    event: dict[str, Any]


def told_of(event: Event, broadcaster: Name, target: Name | None) -> Told | None:
    """Say what EventSub makes of something in chat; `None`: nothing. `target`: to whom it was done, if it was."""
    channel = broadcaster.fields("broadcaster")
    match event:
        case MessageSent():
            return Told("channel.chat.message", event.id, channel | _message(event))
        case MessageDeleted() if target is not None:
            more = target.fields("target") | {"message_id": event.id}
            return Told("channel.chat.message_delete", f"delete {event.id}", channel | more)
        case UserCleared() if target is not None:
            key = f"clear {event.user_id} {event.at_ms}"
            return Told("channel.chat.clear_user_messages", key, channel | target.fields("target"))
        case ChatCleared():
            return Told("channel.chat.clear", f"clear {event.at_ms}", channel)
        case _:
            return None


def _message(event: MessageSent) -> dict[str, Any]:
    chatter: Chatter = event.chatter
    fragments = event.fragments or (Fragment("text", event.text),)
    return {
        **Name(chatter.user_id, chatter.login, chatter.display_name).fields("chatter"),
        "message_id": event.id,
        "message": {"text": event.text, "fragments": [_fragment(piece) for piece in fragments]},
        "message_type": "text",
        "badges": [
            {"set_id": badge.set_id, "id": badge.version, "info": badge.info} for badge in chatter.badges
        ],
        "cheer": None,
        "color": chatter.color,
        "reply": None if event.reply is None else _reply(event.reply),
        "channel_points_custom_reward_id": None,
        "source_broadcaster_user_id": None,
        "source_broadcaster_user_login": None,
        "source_broadcaster_user_name": None,
        "source_message_id": None,
        "source_badges": None,
        "is_source_only": None,
    }


def _fragment(piece: Fragment) -> dict[str, Any]:
    emote = mention = None
    if piece.type == "emote":
        emote = {"id": piece.emote_id, "emote_set_id": "", "owner_id": "", "format": ["static"]}
    elif piece.type == "mention":
        name = piece.text.removeprefix("@")
        mention = {"user_id": str(piece.user_id), "user_login": name.lower(), "user_name": name}
    return {"type": piece.type, "text": piece.text, "cheermote": None, "emote": emote, "mention": mention}


def _reply(reply: Reply) -> dict[str, str]:
    return {
        "parent_message_id": reply.parent_id,
        "parent_message_body": reply.parent_text,
        "parent_user_id": str(reply.parent_user_id),
        "parent_user_login": reply.parent_login,
        "parent_user_name": reply.parent_name,
        "thread_message_id": reply.thread_id,
        "thread_user_id": str(reply.thread_user_id),
        "thread_user_login": reply.thread_login,
        "thread_user_name": reply.thread_login,
    }


class ChatEvents:
    """Reads rooms for EventSub. `serve` must run beside it."""

    def __init__(self, db: Database, bus: Bus, eventsub: EventSub) -> None:
        self._db = db
        self._bus = bus
        self._eventsub = eventsub
        self._rooms: dict[int, Subscription] = {}
        self._waiting: deque[tuple[int, bytes]] = deque(maxlen=MAX_WAITING)
        self._arrived = trio.Event()
        self._names: OrderedDict[int, tuple[Name, float]] = OrderedDict()

    async def serve(self) -> None:
        """Read the rooms that are wanted, for ever. A bus that is away is waited for."""
        async with running(self._keep_telling):
            try:
                await self._keep_reading()
            finally:
                for room in self._rooms.values():
                    room.cancel()

    def put(self, channel_id: int, messages: Sequence[Message]) -> None:
        """Take what was said in a room. Never blocks."""
        self._waiting.extend((channel_id, message.payload) for message in messages)
        self._arrived.set()

    async def _keep_reading(self) -> NoReturn:
        while True:
            wanted = await self._eventsub.wait_chats(self._rooms.keys())
            for channel_id in self._rooms.keys() - wanted:
                self._rooms.pop(channel_id).cancel()
            for channel_id in wanted - self._rooms.keys():
                try:
                    self._rooms[channel_id] = await self._bus.subscribe(
                        channel_of(channel_id), _Reader(self, channel_id)
                    )
                except BusUnavailableError as error:
                    log.info("chat_not_read", channel_id=channel_id, error=str(error))
                    await trio.sleep(RETRY_S)

    async def _keep_telling(self) -> NoReturn:
        while True:
            await self._arrived.wait()
            self._arrived = trio.Event()
            while self._waiting:
                channel_id, payload = self._waiting.popleft()
                try:
                    await self._tell(channel_id, payload)
                except DatabaseError as error:
                    log.info("chat_not_told", channel_id=channel_id, error=str(error))

    async def _tell(self, channel_id: int, payload: bytes) -> None:
        await trio.lowlevel.checkpoint()
        try:
            event = decode(payload)
        except msgspec.MsgspecError:
            return  # of a newer node
        if not isinstance(event, MessageSent | MessageDeleted | UserCleared | ChatCleared):
            return
        broadcaster = await self._name(channel_id)
        target = await self._name(event.user_id) if isinstance(event, MessageDeleted | UserCleared) else None
        told = None if broadcaster is None else told_of(event, broadcaster, target)
        if told is not None:
            self._eventsub.tell_chat(f"chat {channel_id} {told.key}", told.type, channel_id, told.event)

    async def _name(self, user_id: int) -> Name | None:
        now = trio.current_time()
        known = self._names.get(user_id)
        if known is not None and now < known[1]:
            await trio.lowlevel.checkpoint()
            return known[0]
        user = await users.select_user(self._db, user_id)
        if user is None:
            return None
        name = Name(user.id, user.login, user.display_name)
        self._names[user_id] = (name, now + NAMES_S)
        self._names.move_to_end(user_id)
        if len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)
        return name


class _Reader:
    """One room."""

    def __init__(self, events: ChatEvents, channel_id: int) -> None:
        self._events = events
        self._channel_id = channel_id

    def on_reset(self, position: Position) -> None:
        """Go on from here: what was missed is not told, as on Twitch."""

    def on_messages(self, messages: Sequence[Message]) -> None:
        """Take what came."""
        self._events.put(self._channel_id, messages)
