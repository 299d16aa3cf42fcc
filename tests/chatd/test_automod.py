"""What a room finds by itself, whom it spares, and what the classifier's answer means."""

import pytest

from chatd.automod import Automod, is_trusted, must_classify, verdict_of
from chatd.content import Draft
from chatd.events import Fragment
from chatd.raids import FOLLOWED_S, STRANGERS
from chatd.standing import Automod as Settings
from chatd.standing import Level, Rank, RoomRules, Standing

ROOM = 7
LINE = "you are all worthless, leave this channel and never come back"
SHOUT = "WHAT IS THIS STREAM EVEN ABOUT"
PEOPLE = {
    "stranger": Standing(1),
    "subscriber": Standing(2, is_subscriber=True),
    "vip": Standing(3, is_vip=True),
    "moderator": Standing(4, is_moderator=True),
}


@pytest.mark.parametrize(
    ("spares", "found"),
    [
        (Rank.subscribers, {"stranger"}),
        (Rank.vips, {"stranger", "subscriber"}),
        (Rank.moderators, {"stranger", "subscriber", "vip"}),
    ],
)
def test_who_is_spared_is_not_looked_at(spares: Rank, found: set[str]) -> None:
    room = RoomRules(automod=Settings(caps=Level.high, profanity=Level.high, spares=spares))
    judged = {name: Automod().judge(ROOM, who, Draft(SHOUT), 0, room=room) for name, who in PEOPLE.items()}
    assert judged == {name: "caps" if name in found else None for name in PEOPLE}
    assert {name for name, who in PEOPLE.items() if must_classify(who, Draft("hi"), room)} == found


def test_nothing_is_found_in_a_room_that_looks_for_nothing() -> None:
    automod = Automod()
    for number in range(20):
        assert automod.judge(ROOM, Standing(number), Draft(LINE), 0, room=RoomRules()) is None
    assert automod.take_began() is None


def test_a_raid_is_told_once_and_comes_before_how_a_line_looks() -> None:
    automod, room = Automod(), RoomRules(automod=Settings(guards=True, caps=Level.low))
    found, began = [], []
    for number in range(STRANGERS + 2):
        who = Standing(number, account_age_s=1e9)
        found.append(automod.judge(ROOM, who, Draft(LINE.upper()), number, room=room))
        began.append(automod.take_began())
    assert found == ["caps"] * (STRANGERS - 1) + ["raid"] * 3
    assert began == [None] * (STRANGERS - 1) + ["alike", None, None]
    assert automod.take_began() is None
    follower = Standing(99, followed_s=FOLLOWED_S)
    assert automod.judge(ROOM, follower, Draft(LINE), 9, room=room) is None


def test_those_who_are_spared_count_as_regulars_who_write_the_same() -> None:
    automod, room = Automod(), RoomRules(automod=Settings(guards=True))
    for number in range(3):
        automod.judge(ROOM, Standing(100 + number, is_vip=True), Draft(LINE), 0, room=room)
    for number in range(STRANGERS + 1):
        who = Standing(number, account_age_s=1e9)
        assert automod.judge(ROOM, who, Draft(LINE), 1, room=room) is None


@pytest.mark.parametrize(
    ("who", "trusted"),
    [
        (Standing(1), False),
        (Standing(1, followed_s=FOLLOWED_S - 1), False),
        (Standing(1, followed_s=FOLLOWED_S), True),
        (Standing(1, is_subscriber=True), True),
        (Standing(1, is_vip=True), True),
    ],
)
def test_who_is_no_stranger(who: Standing, *, trusted: bool) -> None:
    assert is_trusted(who) == trusted


@pytest.mark.parametrize(
    ("chance", "level", "closed", "verdict"),
    [
        (0.2, Level.high, True, None),
        (0.8, Level.high, False, "profanity"),
        (0.8, Level.medium, False, None),
        (0.95, Level.medium, False, "profanity"),
        (0.95, Level.low, False, None),
        (0.99, Level.low, False, "profanity"),
        (None, Level.low, False, None),
        (None, Level.low, True, "unclassified"),
    ],
)
def test_what_the_classifier_says_counts_by_level(
    chance: float | None, level: Level, *, closed: bool, verdict: str | None
) -> None:
    room = RoomRules(automod=Settings(profanity=level, fails_closed=closed))
    assert verdict_of(chance, room) == verdict


def test_emotes_are_not_classified() -> None:
    room = RoomRules(automod=Settings(profanity=Level.high))
    assert not must_classify(Standing(1), Draft("KEKW", (Fragment("emote", "KEKW", emote_id="1"),)), room)
