"""EventSub's rules without a network: topics, sessions, signatures, and how long a receiver is left alone."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.queries.eventsub import Subscription
from webapp import eventsub_messages as messages
from webapp.eventsub_messages import Happening, sign, webhook_message
from webapp.eventsub_session import MAX_FRAMES, CloseCode, Session, chosen_keepalive_s
from webapp.eventsub_types import EVENT_TYPES, UnknownTopicError, find_topic
from webapp.eventsub_webhooks import Rests

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ID = uuid.UUID(int=7)


def subscription(**more: Any) -> Subscription:
    fields: dict[str, Any] = {
        "number": 1,
        "id": ID,
        "type": "channel.update",
        "version": "2",
        "condition": {"broadcaster_user_id": "42"},
        "channel_id": 42,
        "side": "",
        "app_id": None,
        "owner_id": 42,
        "method": "webhook",
        "callback": "https://example.org/hook",
        "secret": "a secret of mine",
        "session_id": None,
        "connected_at": None,
        "disconnected_at": None,
        "status": "enabled",
        "cost": 0,
        "created_at": NOW,
        "tries": 0,
        "failures": 0,
        "failing_since": None,
    }
    return Subscription(**fields | more)


# Topics --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_each_type_is_found_with_its_version_and_condition(name: str) -> None:
    known = EVENT_TYPES[name]
    fields = known.fields[:1] if name == "channel.raid" else known.fields
    topic = find_topic(name, known.version, dict.fromkeys(fields, "42"))
    assert topic.type is known
    assert topic.channel_id == 42
    assert (topic.acting_id == 42) is bool(known.scopes), "a scope is somebody's, and nobody else's"


def test_a_raid_is_seen_from_either_end() -> None:
    condition = {"from_broadcaster_user_id": "", "to_broadcaster_user_id": "7"}
    topic = find_topic("channel.raid", "1", condition)
    assert (topic.channel_id, topic.side, topic.condition) == (7, "to", {"to_broadcaster_user_id": "7"})
    with pytest.raises(UnknownTopicError):
        find_topic("channel.raid", "1", dict.fromkeys(condition, "7"))


@pytest.mark.parametrize(
    ("name", "version", "condition"),
    [
        ("channel.unknown", "1", {"broadcaster_user_id": "1"}),
        ("channel.update", "1", {"broadcaster_user_id": "1"}),
        ("channel.update", "2", {}),
        ("channel.update", "2", {"broadcaster_user_id": "anna"}),
        ("channel.update", "2", {"broadcaster_user_id": "0"}),
        ("channel.update", "2", {"broadcaster_user_id": "01"}),
        ("channel.update", "2", {"broadcaster_user_id": "-1"}),
        ("channel.update", "2", {"broadcaster_user_id": "\u0661"}),
        ("channel.update", "2", {"broadcaster_user_id": "9" * 30}),
        ("channel.update", "2", {"broadcaster_user_id": "1", "moderator_user_id": "1"}),
        ("channel.follow", "2", {"broadcaster_user_id": "1"}),
        ("channel.chat.message", "1", {"broadcaster_user_id": "1", "moderator_user_id": "1"}),
    ],
)
def test_what_is_no_topic_is_refused(name: str, version: str, condition: dict[str, str]) -> None:
    with pytest.raises(UnknownTopicError):
        find_topic(name, version, condition)


@given(st.text(max_size=10), st.text(max_size=3), st.dictionaries(st.text(max_size=5), st.text(max_size=30)))
def test_any_request_is_a_topic_or_refused(name: str, version: str, condition: dict[str, str]) -> None:
    with pytest.raises(UnknownTopicError):
        find_topic(name, version, condition)


# Messages ------------------------------------------------------------------------------------------------------------------------


def test_a_message_to_a_webhook_is_signed_over_id_time_and_body() -> None:
    made = webhook_message(
        subscription(), "notification", {"event": {"title": "Tea"}}, message_id=ID, now=NOW, retry=2
    )
    assert json.loads(made.body) == {
        "subscription": {
            "id": str(ID),
            "status": "enabled",
            "type": "channel.update",
            "version": "2",
            "cost": 0,
            "condition": {"broadcaster_user_id": "42"},
            "transport": {"method": "webhook", "callback": "https://example.org/hook"},
            "created_at": "2026-01-02T03:04:05.000Z",
        },
        "event": {"title": "Tea"},
    }
    timestamp = "2026-01-02T03:04:05.000Z"
    assert made.headers["Twitch-Eventsub-Message-Timestamp"] == timestamp
    assert made.headers["Twitch-Eventsub-Message-Retry"] == "2"
    assert made.headers["Twitch-Eventsub-Message-Signature"] == sign(
        "a secret of mine", str(ID), timestamp, made.body
    )


def test_the_signature_is_that_of_twitch() -> None:
    """As computed with OpenSSL: printf 'id2026body' | openssl dgst -sha256 -hmac secret."""
    assert sign("secret", "id", "2026", b"body").startswith("sha256=")
    assert sign("secret", "id", "2026", b"body") != sign("secret", "id", "2026", b"bodies")
    assert sign("secret", "i", "d2026", b"body") == sign("secret", "id", "2026", b"body")


def test_a_notification_that_is_told_twice_has_one_id() -> None:
    happening = Happening("9", "channel.update", 42, None, {"title": "Tea"})
    one, other = (json.loads(messages.notification(subscription(), happening, NOW)) for _ in range(2))
    assert one == other
    assert one["metadata"]["subscription_type"] == "channel.update"
    again = json.loads(messages.notification(subscription(id=uuid.UUID(int=8)), happening, NOW))
    assert again["metadata"]["message_id"] != one["metadata"]["message_id"]


def test_a_welcome_says_how_long_silence_may_last() -> None:
    frame = json.loads(messages.welcome("abc", connected_at=NOW, now=NOW, keepalive_s=30))
    assert frame["metadata"]["message_type"] == "session_welcome"
    assert frame["payload"]["session"] == {
        "id": "abc",
        "status": "connected",
        "keepalive_timeout_seconds": 30,
        "reconnect_url": None,
        "connected_at": "2026-01-02T03:04:05.000Z",
    }


def test_the_secret_is_never_shown() -> None:
    assert "a secret" not in json.dumps(messages.shown_subscription(subscription()))
    assert "a secret" not in repr(subscription())


# Sessions ------------------------------------------------------------------------------------------------------------------------


def session(keepalive_s: int = 10) -> Session:
    return Session(
        "abc", connected_at=NOW, keepalive_s=keepalive_s, address="ws://localhost/eventsub", now=100.0
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, 10),
        ("", 10),
        ("x", 10),
        ("-1", 10),
        ("5", 10),
        ("30", 30),
        ("601", 600),
        ("9" * 99, 600),
        ("\u0663", 10),
    ],
)
def test_the_keepalive_is_what_the_client_chose_within_bounds(text: str | None, seconds: int) -> None:
    assert chosen_keepalive_s(text) == seconds


def test_who_subscribes_to_nothing_is_sent_away_after_ten_seconds() -> None:
    idle = session()
    idle.check(109.9)
    assert idle.closing is None
    idle.check(110.0)
    assert idle.closing is CloseCode.UNUSED


def test_who_subscribed_stays_and_is_told_that_the_connection_stands() -> None:
    used = session(keepalive_s=20)
    used.subscribe(subscription(), NOW)
    assert not used.check(119.9)
    assert used.check(120.0)
    used.note_keepalive(120.0)
    assert used.next_check() == 140.0
    used.offer("frame")
    assert used.take(125.0) == "frame"
    assert not used.check(140.0), "anything that is said tells as much"
    assert used.closing is None


def test_who_reads_too_slowly_is_cut() -> None:
    slow = session()
    for _ in range(MAX_FRAMES + 1):
        slow.offer("frame")
    assert slow.closing is CloseCode.TOO_SLOW
    assert slow.take(101.0) is None
    slow.close(CloseCode.SERVER_ERROR)
    assert slow.closing is CloseCode.TOO_SLOW, "the first reason counts"


def test_large_frames_count_by_their_size() -> None:
    slow = session()
    for _ in range(40):
        slow.offer("x" * 30_000)
    assert slow.closing is CloseCode.TOO_SLOW


# Receivers that fail --------------------------------------------------------------------------------------------------------------


def test_a_receiver_rests_from_the_third_failure_on_for_longer_and_longer() -> None:
    rests = Rests(first_s=10, longest_s=25)
    now, waits = 0.0, []
    for _ in range(6):
        rests.failed(ID, now)
        waits.append(rests.left_s(ID, now))
        now += waits[-1]
    assert waits == [0, 0, 10, 20, 25, 25]
    assert rests.arrived(ID)
    assert rests.left_s(ID, now) == 0
    assert not rests.arrived(ID)


def test_what_was_on_its_way_together_counts_once() -> None:
    rests = Rests(first_s=10)
    for _ in range(100):
        rests.failed(ID, 0.0)
    assert rests.left_s(ID, 0.0) == 10


def test_only_so_many_receivers_are_remembered() -> None:
    rests = Rests(most=2)
    for number in range(3):
        for _ in range(3):
            rests.failed(uuid.UUID(int=number), 0.0)
    assert [rests.left_s(uuid.UUID(int=number), 0.0) for number in range(3)] == [0, 10, 10]
