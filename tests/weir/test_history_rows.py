"""What is written down of an event: messages, with what is shown of them, and nothing else."""

import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from chatd.events import (
    Badge,
    ChatCleared,
    Chatter,
    Event,
    Fragment,
    MessageDelayed,
    MessageDeleted,
    MessageSent,
    Reply,
    encode,
)
from weir.history_rows import channel_id_of, row_of

ID = "01976f3e-1c00-7000-8000-000000000001"
BEN = Chatter(8, "ben", "Ben", "#00FF00")


def sent(**more: Any) -> MessageSent:
    plain = MessageSent(ID, 1_700_000_000_123, BEN, "hello")
    return msgspec.structs.replace(plain, **more)


def details(**more: Any) -> Any:
    row = row_of(7, encode(sent(**more)))
    assert row is not None
    return None if row.details is None else msgspec.json.decode(row.details)


def test_a_plain_message_has_no_details() -> None:
    row = row_of(7, encode(sent(fragments=(Fragment("text", "hello"),), nonce="n", sender_connection="c")))
    assert row is not None
    assert (row.id, row.channel_id, row.user_id) == (uuid.UUID(ID), 7, 8)
    assert row.said_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
    assert (row.text, row.color, row.is_action, row.details) == ("hello", "#00FF00", False, None)
    assert row.grams


def test_emotes_mentions_badges_and_what_is_answered_are_kept() -> None:
    fragments = (
        Fragment("mention", "@anna", user_id=7),
        Fragment("text", " "),
        Fragment("emote", "Wow", emote_id="5", emote_set_id="0", is_animated=True),
    )
    parent = "01976f3e-1c00-7000-8000-000000000000"
    reply = Reply(parent, 9, "carl", "Carl", "what he said", parent, 9, "carl")
    chatter = msgspec.structs.replace(BEN, badges=(Badge("vip", "1"),))
    found = details(text="@anna Wow", fragments=fragments, reply=reply, chatter=chatter)
    assert found["badges"] == [{"set_id": "vip", "id": "1", "info": ""}]
    assert found["fragments"] == [
        {"type": "mention", "text": "@anna", "mention": {"user_id": "7"}},
        {"type": "text", "text": " "},
        {
            "type": "emote",
            "text": "Wow",
            "emote": {"id": "5", "emote_set_id": "0", "owner_id": "0", "format": ["static", "animated"]},
        },
    ]
    assert found["reply"] == {"id": parent, "user_id": "9", "thread_id": parent}, "no names, and no text"


@pytest.mark.parametrize(
    "event",
    [
        ChatCleared(1, 2),
        MessageDeleted(ID, 8, "ben", "hello", 7, 3),
        MessageDelayed(sent(), 1, 4000),
        sent(id="no uuid"),
        sent(at_ms=-1),
        sent(at_ms=2**60),
    ],
)
def test_nothing_else_is_written_down(event: Event) -> None:
    assert row_of(7, encode(event)) is None


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x80", b"garbage"])
def test_what_is_not_understood_is_left_out(payload: bytes) -> None:
    assert row_of(7, payload) is None


def test_a_database_gets_no_text_that_it_cannot_hold() -> None:
    row = row_of(7, encode(sent(text="a\0b", fragments=(Fragment("mention", "\0", user_id=1),))))
    assert row is not None
    assert row.text == "ab"
    assert row.details is not None
    assert "\\u0000" not in row.details


def test_what_looks_like_an_escape_stays_as_it_was_written() -> None:
    text = "\\u0000 \\"
    assert (
        details(text=text, fragments=(Fragment("mention", text, user_id=1),))["fragments"][0]["text"] == text
    )


@pytest.mark.parametrize(
    ("channel", "found"), [("chat:7", 7), ("chat:", None), ("chat:x", None), ("other:7", None), ("7", None)]
)
def test_a_room_is_known_by_its_name(channel: str, found: int | None) -> None:
    assert channel_id_of(channel) == found
