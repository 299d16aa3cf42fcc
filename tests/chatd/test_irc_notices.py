"""Notices of subscriptions, as IRC and JSON tell them."""

from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from chatd.delivery import Delivery, RoomName
from chatd.events import SubscriptionNoticed, decode, encode
from chatd.irc_render import Capabilities, render_event
from chatd.json_events import describe
from chatd.json_frames import JsonWire
from chatd.schema_page import schema
from chatd.tidings import event_of
from common.queries.chat import Tiding
from common.subscription_notices import (
    NOBODY_KNOWN,
    CommunitySubGift,
    Notice,
    NoticeBadge,
    Person,
    Resub,
    SubGift,
    community_notice,
    gift_notice,
    resub_notice,
    sub_notice,
)

ROOM = RoomName("anna", 7)
ALL = Capabilities(tags=True, commands=True)
BEN = Person(
    "4", "ben", "Ben", "#19E6E6", [NoticeBadge("moderator", "1", ""), NoticeBadge("subscriber", "18", "22")]
)
GIFT = SubGift(
    sub_tier="2000",
    duration_months=1,
    cumulative_total=3,
    recipient_user_id="5",
    recipient_user_login="cleo",
    recipient_user_name="Cleo",
    recipient_months=2,
    community_gift_id=None,
)
NOTICES = {
    "sub": sub_notice("0190", BEN, tier=1000, duration_months=1),
    "resub": resub_notice(
        "0190", BEN, Resub("3000", 22, 1, 3, is_gift=False, gifter_is_anonymous=False), "hi; you"
    ),
    "subgift": gift_notice("0190", BEN, GIFT),
    "submysterygift": community_notice(
        "0190", NOBODY_KNOWN, CommunitySubGift("0170", 5, "1000", None), "Anna"
    ),
}


def line_of(notice: Notice, wants: Capabilities = ALL) -> str:
    (line,) = render_event(SubscriptionNoticed(1594555275886, notice), ROOM, wants)
    return line


def tags_of(line: str) -> dict[str, str]:
    head = line.removeprefix("@").partition(" ")[0]
    return dict(tag.split("=", 1) for tag in head.split(";"))


def parameters(line: str) -> dict[str, str]:
    return {
        name.removeprefix("msg-param-"): value
        for name, value in tags_of(line).items()
        if name.startswith("msg-param-")
    }


@pytest.mark.parametrize("message_id", NOTICES)
def test_every_notice_says_what_it_is_and_has_a_user_type(message_id: str) -> None:
    tags = tags_of(line_of(NOTICES[message_id]))
    assert tags["msg-id"] == message_id
    assert "user-type" in tags
    assert tags["room-id"] == "7"
    assert tags["system-msg"]


def test_first_subscription() -> None:
    line = line_of(NOTICES["sub"])
    tags = tags_of(line)
    assert line.endswith(":tmi.twitch.tv USERNOTICE #anna")
    assert (tags["badge-info"], tags["badges"]) == ("subscriber/22", "moderator/1,subscriber/18")
    assert (tags["login"], tags["display-name"], tags["user-id"], tags["color"]) == (
        "ben",
        "Ben",
        "4",
        "#19E6E6",
    )
    assert (tags["mod"], tags["subscriber"], tags["user-type"]) == ("1", "1", "mod")
    assert tags["system-msg"] == r"Ben\ssubscribed\sat\sTier\s1."
    assert parameters(line) == {
        "cumulative-months": "1",
        "months": "0",
        "multimonth-duration": "1",
        "multimonth-tenure": "0",
        "should-share-streak": "0",
        "sub-plan": "1000",
        "sub-plan-name": r"Tier\s1\ssubscription",
        "was-gifted": "false",
    }


def test_subscription_that_goes_on_has_the_subscribers_words() -> None:
    line = line_of(NOTICES["resub"])
    assert line.endswith(":tmi.twitch.tv USERNOTICE #anna :hi; you")
    told = parameters(line)
    assert (told["cumulative-months"], told["streak-months"], told["should-share-streak"]) == ("22", "3", "1")
    sentence = tags_of(line)["system-msg"].replace(r"\s", " ")
    assert sentence == (
        "Ben subscribed at Tier 3. They've subscribed for 22 months, currently on a 3 month streak!"
    )


def test_streak_that_is_kept_to_oneself_is_not_told() -> None:
    quiet = Resub("1000", 22, 1, None, is_gift=True, gifter_is_anonymous=False)
    line = line_of(resub_notice("1", BEN, quiet, ""))
    assert parameters(line)["should-share-streak"] == "0"
    assert "streak-months" not in parameters(line)
    assert parameters(line)["was-gifted"] == "true"
    assert "streak" not in tags_of(line)["system-msg"]


def test_gift() -> None:
    told = parameters(line_of(NOTICES["subgift"]))
    assert told == {
        "gift-months": "1",
        "months": "2",
        "origin-id": "0190",
        "recipient-display-name": "Cleo",
        "recipient-id": "5",
        "recipient-user-name": "cleo",
        "sender-count": "3",
        "sub-plan": "2000",
        "sub-plan-name": r"Tier\s2\ssubscription",
    }


def test_gifts_to_a_community_from_nobody_who_is_known() -> None:
    line = line_of(NOTICES["submysterygift"])
    tags = tags_of(line)
    assert (tags["login"], tags["user-id"]) == ("ananonymousgifter", "274598607")
    assert parameters(line) == {
        "community-gift-id": "0170",
        "mass-gift-count": "5",
        "origin-id": "0170",
        "sub-plan": "1000",
    }
    assert tags["system-msg"].replace(r"\s", " ").startswith("An anonymous user is gifting 5 Tier 1 Subs")


def test_client_without_commands_hears_nothing_and_without_tags_the_words() -> None:
    event = SubscriptionNoticed(1, NOTICES["resub"])
    assert render_event(event, ROOM, Capabilities(tags=True)) == []
    assert render_event(event, ROOM, Capabilities(commands=True)) == [
        ":tmi.twitch.tv USERNOTICE #anna :hi; you"
    ]


@pytest.mark.parametrize("message_id", NOTICES)
def test_json_keeps_to_the_schema(message_id: str) -> None:
    event = SubscriptionNoticed(1, NOTICES[message_id])
    assert decode(encode(event)) == event
    event_type, body = describe(ROOM, event)
    told: Any = msgspec.to_builtins(body)
    assert event_type == "channel.chat.notification"
    assert told["broadcaster_user_login"] == "anna"
    assert told["system_message"] == NOTICES[message_id].system_message
    data = JsonWire().encode(ROOM, [Delivery(3, event, "e")])
    frame = msgspec.json.decode(data[data.index(b"{") :])
    only = schema() | {"oneOf": [{"$ref": "#/$defs/Frame"}]}
    assert jsonschema_rs.is_valid(only, frame)


def test_event_of_the_outbox_becomes_the_rooms() -> None:
    body = msgspec.to_builtins(NOTICES["subgift"]) | {"broadcaster_user_id": "7"}
    tiding = Tiding(1, 7, "channel.chat.notification", body, datetime.fromtimestamp(2, UTC))
    assert event_of(tiding) == SubscriptionNoticed(2000, NOTICES["subgift"])


def test_notice_of_a_newer_kind_is_left_out() -> None:
    tiding = Tiding(1, 7, "channel.chat.notification", {"notice_type": "raid"}, datetime.now(UTC))
    assert event_of(tiding) is None
