"""The JSON protocol: requests that are taken and refused, and frames as clients read them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.delivery import Delivery, RoomName
from chatd.events import (
    Badge,
    ChannelUpdated,
    ChatCleared,
    Chatter,
    Event,
    Fragment,
    MessageDeleted,
    MessageSent,
    Reply,
    RoomChanged,
    RoomState,
    StreamOffline,
    StreamOnline,
    UserCleared,
    UserRestored,
    ViewersCounted,
)
from chatd.json_events import describe, rfc3339
from chatd.json_frames import JsonWire
from chatd.json_requests import BadRequestError, Join, Leave, Ping, Send, Since, parse_request
from chatd.wires import text_frame

ROOM = RoomName("anna", 7)
BEN = Chatter(4, "ben", "Ben", "#19E6E6", (Badge("vip", "1"),), frozenset({"vip"}))


def payload_of(frame: bytes) -> Any:
    start = {126: 4, 127: 10}.get(frame[1], 2)
    return msgspec.json.decode(frame[start:])


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ('{"type":"join","id":"1","channel":"Anna"}', Join("1", "Anna")),
        (
            '{"type":"join","id":"1","channel":"anna","since":{"epoch":"e","offset":3}}',
            Join("1", "anna", Since("e", 3)),
        ),
        ('{"type":"leave","id":"2","channel":"anna"}', Leave("2", "anna")),
        ('{"type":"send","id":"3","channel":"anna","text":"hi","nonce":"n"}', Send("3", "anna", "hi", "n")),
        ('{"type":"ping","id":"4"}', Ping("4")),
    ],
)
def test_requests_are_read(text: str, request_: object) -> None:
    assert parse_request(text) == request_


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "truncated"),
        ("[]", "Expected `object`"),
        ('{"type":"dance","id":"1"}', "dance"),
        ('{"type":"join","id":"1","channel":"a"}', "channel"),
        ('{"type":"join","id":"1","channel":"anna","x":1}', "unknown field `x`"),
        ('{"type":"join","id":1,"channel":"anna"}', "Expected `str`"),
        ('{"type":"join","id":"1","channel":"anna","since":{"epoch":"e","offset":-1}}', "offset"),
        ('{"type":"send","id":"1","channel":"anna","text":""}', "text"),
        ('{"type":"ping","id":"' + "x" * 65 + '"}', "id"),
        ("[" * 100_000, "Expected"),
    ],
)
def test_what_is_no_request_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(BadRequestError, match=says.replace("[", r"\[")):
        parse_request(text)


@given(st.one_of(st.text(), st.binary()))
def test_garbage_is_refused_and_nothing_else(text: str | bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_request(text)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_say_their_length(size: int) -> None:
    from wsproto.frame_protocol import FrameDecoder, Opcode

    decoder = FrameDecoder(client=True)
    decoder.receive_bytes(text_frame(b"x" * size))
    frame = decoder.process_buffer()
    assert frame is not None
    assert (frame.opcode, len(frame.payload), frame.message_finished) == (Opcode.TEXT, size, True)


def test_a_message_is_whole() -> None:
    event = MessageSent(
        "0190",
        1594555275886,
        BEN,
        "hi @anna",
        (Fragment("text", "hi "), Fragment("mention", "@anna", user_id=7)),
        reply=Reply("0180", 5, "cleo", "Cleo", "what?", "0170", 6, "dan"),
        nonce="n",
    )
    [frame] = [JsonWire().encode(ROOM, [Delivery(3, event, "e")])]
    assert payload_of(frame) == {
        "metadata": {
            "message_id": "7-e-3",
            "message_type": "notification",
            "message_timestamp": "2020-07-12T12:01:15.886Z",
            "subscription_type": "channel.chat.message",
        },
        "payload": {
            "subscription": {
                "type": "channel.chat.message",
                "version": "1",
                "condition": {"broadcaster_user_id": "7"},
            },
            "epoch": "e",
            "offset": 3,
            "event": {
                "broadcaster_user_id": "7",
                "broadcaster_user_login": "anna",
                "chatter_user_id": "4",
                "chatter_user_login": "ben",
                "chatter_user_name": "Ben",
                "color": "#19E6E6",
                "badges": [{"set_id": "vip", "id": "1", "info": ""}],
                "roles": ["vip"],
                "message_id": "0190",
                "message": {
                    "text": "hi @anna",
                    "fragments": [
                        {"type": "text", "text": "hi ", "emote": None, "mention": None},
                        {"type": "mention", "text": "@anna", "emote": None, "mention": {"user_id": "7"}},
                    ],
                },
                "message_type": "text",
                "is_first": False,
                "nonce": "n",
                "reply": {
                    "parent_message_id": "0180",
                    "parent_message_body": "what?",
                    "parent_user_id": "5",
                    "parent_user_login": "cleo",
                    "parent_user_name": "Cleo",
                    "thread_message_id": "0170",
                    "thread_user_id": "6",
                    "thread_user_login": "dan",
                },
            },
        },
    }


EVENTS: list[tuple[Event, str, dict[str, object]]] = [
    (MessageDeleted("0190", 4, "ben", "bad", 7, 1), "channel.chat.message_delete", {"message_id": "0190"}),
    (UserCleared(4, "ben", 7, 1, 600), "channel.chat.clear_user_messages", {"duration_seconds": 600}),
    (UserRestored(4, "ben", 7, 1), "channel.unban", {"user_login": "ben"}),
    (ChatCleared(7, 1), "channel.chat.clear", {}),
    (
        RoomChanged(1, RoomState(), RoomState(slow_mode=True)),
        "channel.chat_settings.update",
        {
            "settings": {
                "emote_mode": False,
                "follower_mode": False,
                "follower_mode_duration_minutes": None,
                "slow_mode": True,
                "slow_mode_wait_time_seconds": 30,
                "subscriber_mode": False,
                "unique_chat_mode": False,
                "subscriber_slow_mode_wait_time_seconds": None,
                "verified_email_mode": False,
                "account_age_minimum_minutes": 0,
                "verification_spares": "vips",
                "links_from": "everyone",
            }
        },
    ),
    (StreamOnline(0, "s", "hi"), "stream.online", {"id": "s", "started_at": "1970-01-01T00:00:00.000Z"}),
    (StreamOffline(1, "s"), "stream.offline", {"id": "s"}),
    (ChannelUpdated(1, "t", "3", "Art", "en"), "channel.update", {"title": "t", "category_name": "Art"}),
    (ViewersCounted(1, "s", 12), "stream.viewers", {"viewer_count": 12}),
]


@pytest.mark.parametrize(("event", "kind", "some"), EVENTS)
def test_events_have_eventsubs_names(event: Event, kind: str, some: dict[str, object]) -> None:
    found, body = describe(ROOM, event)
    assert found == kind
    assert msgspec.to_builtins(body).items() >= {"broadcaster_user_id": "7", **some}.items()


def test_frames_of_a_batch_follow_each_other() -> None:
    frames = JsonWire().encode(ROOM, [Delivery(1, ChatCleared(7, 1)), Delivery(2, ChatCleared(7, 2))])
    one = JsonWire().encode(ROOM, [Delivery(1, ChatCleared(7, 1))])
    assert frames.startswith(one)
    assert len(frames) == 2 * len(one)


def test_times_have_milliseconds() -> None:
    assert rfc3339(1_000_000_000_007) == "2001-09-09T01:46:40.007Z"
