"""What is written down of a chat event. Pure: events in, rows out."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chatd.delivery import RoomName
from chatd.events import MessageSent, decode
from chatd.json_events import ChatMessage, describe
from common.message_grams import message_grams
from common.queries.chat_history import NewMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 2**47
"""In the year 6429; what claims to be of later is not written down, and no date of Python's overflows."""


def channel_id_of(channel: str) -> int | None:
    """Give the id in the name of a room's log (`chatd.rooms.channel_of`); `None`: it is the log of something else."""
    kind, _, number = channel.partition(":")
    return int(number) if kind == "chat" and number.isdecimal() else None


def row_of(channel_id: int, payload: bytes) -> NewMessage | None:
    """Make the row of an event; `None`: it is no message, or nothing that can be written down."""
    try:
        event = decode(payload)
    except msgspec.DecodeError:  # of another version
        return None
    if not isinstance(event, MessageSent) or not 0 <= event.at_ms < _LAST_MS:
        return None
    try:
        message_id = uuid.UUID(event.id)
    except ValueError:
        return None
    text = _held(event.text)
    return NewMessage(
        id=message_id,
        channel_id=channel_id,
        user_id=event.chatter.user_id,
        said_at=_EPOCH + timedelta(milliseconds=event.at_ms),
        text=text,
        is_action=event.is_action,
        color=event.chatter.color,
        details=_details(channel_id, event),
        grams=message_grams(text, channel_id),
    )


def _details(channel_id: int, event: MessageSent) -> str | None:
    """What is shown beside the text, as JSON clients are told it; names of people and texts of others are looked up later."""
    _, told = describe(RoomName("", channel_id), event)
    assert isinstance(told, ChatMessage)
    found: dict[str, Any] = {}
    if told.badges:
        found["badges"] = told.badges
    if any(fragment.type != "text" for fragment in told.message.fragments):
        shown = msgspec.to_builtins(told.message.fragments)
        found["fragments"] = [
            {name: value for name, value in one.items() if value is not None} | {"text": _held(one["text"])}
            for one in shown
        ]
    if told.reply is not None and _is_uuid(told.reply.parent_message_id):
        found["reply"] = {
            "id": told.reply.parent_message_id,
            "user_id": told.reply.parent_user_id,
            "thread_id": told.reply.thread_message_id,
        }
    return msgspec.json.encode(found).decode() if found else None


def _held(text: str) -> str:
    """What PostgreSQL's texts hold: no NUL. Rooms take it out long before."""
    return text.replace("\0", "")


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
