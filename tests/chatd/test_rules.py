"""Who may say what, when: each rule with its notice and the time that is left. Ids and sentences are Twitch's."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.content import MAX_CHARACTERS, Draft, tidy
from chatd.events import Fragment
from chatd.links import has_link
from chatd.rates import RATE, RATE_MODERATOR, Rate, Rates
from chatd.refusals import Dropped, in_words
from chatd.rules import MAX_UNIQUE, Rules
from chatd.standing import Ban, Rank, RoomRules, Standing
from common.blocked_terms import Term, screen_of
from common.sameness import sameness

ANNA = (7, "anna")
BEN = Standing(user_id=4)
VIP = Standing(user_id=5, is_vip=True)
SUBSCRIBER = Standing(user_id=6, is_subscriber=True)
MODERATOR = Standing(user_id=8, is_moderator=True)
EVERYBODY = {"ben": BEN, "vip": VIP, "subscriber": SUBSCRIBER, "moderator": MODERATOR}
DAY_S = 86_400.0


def decide(
    rules: Rules,
    text: str,
    now: float = 0,
    *,
    who: Standing = BEN,
    room: RoomRules | None = None,
    where: tuple[int, str] = ANNA,
) -> Dropped | None:
    return rules.decide(where, who, Draft(text), now, room=room or RoomRules())


def code(dropped: Dropped | None) -> str | None:
    return dropped.code if dropped else None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  a \t\r\n  b ", "a b"),
        ("a\0b\x1b[31m", "ab[31m"),
        ("\u202eevil\u202c", "evil"),
        ("", None),
        (" \u200b\ufeff\U000e0000", None),
        ("\u3164\u115f", None),
        ("👨‍👩‍👧 ok", "👨‍👩‍👧 ok"),
        ("a\x85b\x1cc", "a b c"),
    ],
)
def test_texts_are_tidied(text: str, said: str | None) -> None:
    assert tidy(text) == said


@given(st.text())
def test_what_was_tidied_is_tidy(text: str) -> None:
    said = tidy(text)
    assert said is None or (tidy(said) == said and "\n" not in said and "\r" not in said)


@given(st.text())
def test_what_is_the_same_stays_the_same(text: str) -> None:
    assert sameness(sameness(text)) == sameness(text)


# Pace


def test_one_message_a_second_in_a_room() -> None:
    rules = Rules()
    assert decide(rules, "one", 0) is None
    assert decide(rules, "two", 0.5) == Dropped(
        "msg_ratelimit", "Your message was not sent because you are sending messages too quickly.", 1
    )
    assert decide(rules, "two", 0.5, where=(8, "cleo")) is None
    assert decide(rules, "two", 1) is None


def test_twenty_at_once_in_all_rooms_together_and_twenty_more_each_thirty_seconds() -> None:
    rules = Rules()
    for number in range(RATE.times):
        assert decide(rules, "hi", 0, where=(number, "room")) is None
    refused = decide(rules, "hi", 0.5, where=(99, "room"))
    assert refused is not None
    assert (refused.code, refused.seconds_left) == ("msg_ratelimit", 1)
    assert decide(rules, "hi", 1.5, where=(99, "room")) is None
    assert code(decide(rules, "hi", 1.6, where=(98, "room"))) == "msg_ratelimit"
    for number in range(RATE.times):
        assert decide(rules, "ho", 32, where=(number, "room")) is None


def test_moderators_have_a_hundred_and_no_pause_and_may_repeat_themselves() -> None:
    rules = Rules()
    for _ in range(RATE_MODERATOR.times):
        assert decide(rules, "hi", 0, who=MODERATOR) is None
    assert code(decide(rules, "hi", 0.1, who=MODERATOR)) == "msg_ratelimit"


@pytest.mark.parametrize(
    ("room", "waits"),
    [
        (RoomRules(slow_s=10), {"ben": 10, "subscriber": 10, "vip": 0, "moderator": 0}),
        (RoomRules(slow_s=10, subscriber_slow_s=3), {"ben": 10, "subscriber": 3}),
        (RoomRules(slow_s=10, subscriber_slow_s=0), {"ben": 10, "subscriber": 0}),
        (RoomRules(slow_s=10, subscriber_slow_s=60), {"ben": 10, "subscriber": 10}),
    ],
)
def test_slow_mode_says_how_long_and_is_faster_for_some(room: RoomRules, waits: dict[str, int]) -> None:
    for name, wait_s in waits.items():
        rules, who = Rules(), EVERYBODY[name]
        assert decide(rules, "one", 0, who=who, room=room) is None
        if wait_s:
            assert decide(rules, "two", 1.5, who=who, room=room) == Dropped(
                "msg_slowmode",
                "This room is in slow mode and you are sending messages too quickly. "
                f"You will be able to talk again in {wait_s - 1} seconds.",
                wait_s - 1,
            )
        assert decide(rules, "two", wait_s or 1, who=who, room=room) is None


def test_slow_mode_counts_from_what_was_said_and_not_from_what_was_refused() -> None:
    rules, room = Rules(), RoomRules(slow_s=10)
    assert decide(rules, "one", 0, room=room) is None
    assert code(decide(rules, "two", 9, room=room)) == "msg_slowmode"
    assert decide(rules, "two", 10, room=room) is None


def test_slow_mode_counts_for_what_was_said_before_it_began() -> None:
    rules = Rules()
    assert decide(rules, "one", 0) is None
    refused = decide(rules, "two", 5, room=RoomRules(slow_s=30))
    assert refused is not None
    assert refused.seconds_left == 25
    assert decide(rules, "two", 5) is None, "it is over"


def test_a_clock_that_jumps_keeps_nobody_waiting() -> None:
    rules, room = Rules(), RoomRules(slow_s=120)
    for number in range(RATE.times):
        assert decide(rules, f"{number}", 1e9, where=(number, "room"), room=room) is None
    assert decide(rules, "back", 10.0, where=(0, "room"), room=room) is None
    assert code(decide(rules, "now", 11.5, where=(0, "room"), room=room)) == "msg_slowmode"


def test_what_was_said_at_another_node_counts_here() -> None:
    rules, room = Rules(), RoomRules(slow_s=10, unique=True)
    assert not rules.is_shared(7, 4, 0)
    rules.observe(7, 4, "something unique", 0, unique=True)
    assert rules.is_shared(7, 4, 1)
    assert code(decide(rules, "two", 1, room=room)) == "msg_slowmode"
    assert code(decide(rules, "Something UNIQUE", 20, who=SUBSCRIBER, room=room)) == "msg_r9k"
    assert not rules.is_shared(7, 4, 700)


@given(st.lists(st.floats(0, 5), max_size=80), st.integers(1, 10), st.floats(1, 30))
def test_a_rate_never_lets_more_through_than_a_burst_and_what_was_earned(
    pauses: list[float], times: int, window_s: float
) -> None:
    rates: Rates[str] = Rates(10)
    rate, now, taken = Rate(times, window_s), 0.0, 0
    for pause_s in pauses:
        now += pause_s
        left_s = rates.take("ben", rate, now)
        taken += left_s == 0
        assert taken <= times + now / rate.interval_s + 1e-3
        assert left_s <= rate.interval_s + 1e-6
        if left_s:
            assert rates.take("ben", rate, now + left_s) == 0
            now, taken = now + left_s, taken + 1


def test_rates_forget_who_was_silent_the_longest() -> None:
    rates: Rates[int] = Rates(2)
    for who in (1, 2, 3):
        assert rates.take(who, Rate(1, 10), 0) == 0
    assert rates.take(1, Rate(1, 10), 1) == 0
    assert rates.take(3, Rate(1, 10), 1) == pytest.approx(9)


# Repetition


def test_the_same_again_is_refused_for_thirty_seconds_whatever_hides_in_it() -> None:
    rules = Rules()
    assert decide(rules, "Hello", 0) is None
    assert decide(rules, "hello \U000e0000", 10) == Dropped(
        "msg_duplicate",
        "Your message was not sent because it is identical to the previous one you sent, less than 30 seconds ago.",
        20,
    )
    assert decide(rules, "other", 12) is None
    assert decide(rules, "hello", 14) is None
    assert decide(rules, "hello", 44) is None


def test_what_was_refused_is_not_what_is_repeated_but_counts_for_the_pace() -> None:
    rules = Rules()
    assert decide(rules, "one", 0) is None
    for _ in range(RATE.times - 1):
        assert code(decide(rules, "two", 0.1)) == "msg_ratelimit"
    assert code(decide(rules, "two", 1.1, where=(8, "cleo"))) == "msg_ratelimit"
    assert decide(rules, "two", 31) is None


def test_a_room_may_take_each_message_once() -> None:
    rules, room = Rules(), RoomRules(unique=True)
    assert decide(rules, "what a wonderful day", 0, room=room) is None
    assert decide(
        rules, "What a  WONDERFUL day\u200b".replace("  ", " "), 1, who=SUBSCRIBER, room=room
    ) == Dropped(
        "msg_r9k", "This room is in unique-chat mode and the message you attempted to send is not unique."
    )
    assert decide(rules, "what a wonderful day", 2, who=VIP, room=room) is None
    assert decide(rules, "lol :)", 3, room=room) is None
    assert decide(rules, "lol :)", 4, who=SUBSCRIBER, room=room) is None, "too short to be unique"
    assert decide(rules, "what a wonderful day", 40, room=RoomRules()) is None


def test_a_room_remembers_so_many_messages() -> None:
    rules, room = Rules(), RoomRules(unique=True)
    for number in range(MAX_UNIQUE + 1):
        rules.observe(7, 1000 + number, f"message number {number}", 0, unique=True)
    assert decide(rules, "message number 0", 1, room=room) is None
    assert code(decide(rules, "message number 5000", 2.5, room=room)) == "msg_r9k"


def test_a_message_that_could_not_be_published_may_be_said_again() -> None:
    rules = Rules()
    assert decide(rules, "hi", 0) is None
    rules.forget(7, 4)
    assert decide(rules, "hi", 0.1) is None


def test_letters_that_look_alike_are_the_same() -> None:
    assert sameness("\uff28\uff45llo\u200b ") == sameness("hello")


# Bans, and who may write at all


def test_bans_and_timeouts() -> None:
    rules = Rules()
    assert decide(rules, "hi", who=replace(BEN, ban=Ban(None))) == Dropped(
        "msg_banned", "You are permanently banned from talking in anna."
    )
    timed_out = replace(BEN, ban=Ban(10.0))
    assert decide(rules, "hi", 0.5, who=timed_out) == Dropped(
        "msg_timedout", "You are banned from talking in anna for 10 more seconds.", 10
    )
    assert decide(rules, "hi", 10, who=timed_out) is None


FOLLOWERS = "This room is in 1 week followers-only mode."
GATES = [
    (RoomRules(subscribers_only=True), BEN, ("msg_subsonly", None)),
    (RoomRules(subscribers_only=True), SUBSCRIBER, None),
    (RoomRules(subscribers_only=True), VIP, None),
    (RoomRules(subscribers_only=True), MODERATOR, None),
    (RoomRules(followed_minutes=0), BEN, ("msg_followersonly_zero", None)),
    (RoomRules(followed_minutes=0), replace(BEN, followed_s=0.0), None),
    (RoomRules(followed_minutes=10), BEN, ("msg_followersonly", None)),
    (RoomRules(followed_minutes=10), replace(BEN, followed_s=90.5), ("msg_followersonly_followed", 510)),
    (RoomRules(followed_minutes=10), replace(BEN, followed_s=600.0), None),
    (RoomRules(followed_minutes=10), SUBSCRIBER, None),
    (RoomRules(followed_minutes=10), VIP, None),
    (RoomRules(followed_minutes=10), MODERATOR, None),
    (RoomRules(verified_email=True), BEN, ("msg_verified_email", None)),
    (RoomRules(verified_email=True), replace(BEN, has_verified_email=True), None),
    (RoomRules(verified_email=True), SUBSCRIBER, ("msg_verified_email", None)),
    (RoomRules(verified_email=True, verification_spares=Rank.subscribers), SUBSCRIBER, None),
    (RoomRules(verified_email=True), VIP, None),
    (RoomRules(verified_email=True, verification_spares=Rank.moderators), VIP, ("msg_verified_email", None)),
    (RoomRules(verified_email=True, verification_spares=Rank.moderators), MODERATOR, None),
    (RoomRules(account_age_minutes=60), replace(BEN, account_age_s=3540.0), ("msg_account_age", 60)),
    (RoomRules(account_age_minutes=60), replace(BEN, account_age_s=3600.0), None),
    (RoomRules(account_age_minutes=60), VIP, None),
]


@pytest.mark.parametrize(("room", "who", "refused"), GATES)
def test_gates(room: RoomRules, who: Standing, refused: tuple[str, int | None] | None) -> None:
    found = decide(Rules(), "hi", who=who, room=room)
    assert (None if found is None else (found.code, found.seconds_left)) == refused


def test_gates_say_what_is_missing() -> None:
    week = RoomRules(followed_minutes=10_080)
    found = decide(Rules(), "hi", room=week)
    assert found is not None
    assert found.message == f"{FOLLOWERS} Follow anna to join the community!"
    found = decide(Rules(), "hi", room=week, who=replace(BEN, followed_s=DAY_S + 7200.5))
    assert found == Dropped(
        "msg_followersonly_followed",
        f"{FOLLOWERS} You have been following for 1 day 2 hours. Continue following to chat!",
        6 * 86_400 - 7200,
    )
    found = decide(Rules(), "hi", room=RoomRules(account_age_minutes=1440))
    assert found is not None
    assert found.message == (
        "This room is for accounts that are at least 1 day old. You will be able to talk in 1 day."
    )


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (90, "1 hour 30 minutes"),
        (129_600, "3 months"),
        (1501, "1 day 1 hour"),
    ],
)
def test_durations_are_told_in_words(minutes: int, words: str) -> None:
    assert in_words(minutes) == words


# Content


@pytest.mark.parametrize(("size", "refused"), [(MAX_CHARACTERS, None), (MAX_CHARACTERS + 1, "msg_too_long")])
def test_five_hundred_characters_however_many_bytes(size: int, refused: str | None) -> None:
    for who in EVERYBODY.values():
        assert code(decide(Rules(), "👉" * size, who=who)) == refused


EMOTE, SPACE, WORD = Fragment("emote", "Kappa", emote_id="1"), Fragment("text", " "), Fragment("text", " hi")


@pytest.mark.parametrize(
    ("fragments", "is_taken"),
    [
        ((EMOTE,), True),
        ((EMOTE, SPACE, EMOTE), True),
        ((EMOTE, WORD), False),
        ((WORD,), False),
        ((EMOTE, SPACE, Fragment("mention", "@anna", user_id=7)), False),
        ((), False),
    ],
)
def test_emotes_only(fragments: tuple[Fragment, ...], *, is_taken: bool) -> None:
    room = RoomRules(emotes_only=True)
    draft = Draft("".join(piece.text for piece in fragments) or "hi", fragments)
    found = Rules().decide(ANNA, BEN, draft, 0, room=room)
    assert code(found) == (None if is_taken else "msg_emoteonly")
    assert Rules().decide(ANNA, VIP, draft, 0, room=room) is None


LINKS = [
    "https://example.org/x",
    "HTTP://EXAMPLE.ORG",
    "see example.com!",
    "example\uff0ecom",
    "exam\u200bple.com",
    "example。com",
    "".join(chr(ord(letter) + 0xFEE0) for letter in "example.com"),
    "a.b.co.uk/path",
    "bit.ly/abc",
    "mail me@example.org",
    "президент.рф",
    "xn--e1afmkfd.xn--p1ai",
    "10.1.2.3:8080",
    "www.example.com",
    "discord.gg/abcdef",
]
NO_LINKS = [
    "no dots",
    "wait... what",
    "3.14",
    "v1.2.3",
    "e.g. this",
    "10:30",
    "a/b",
    "ok.sofar",
    "1.2.3.4",
    "x.y",
    ":) ://",
]


@pytest.mark.parametrize("text", LINKS)
def test_links_are_found(text: str) -> None:
    assert has_link(sameness(text))


@pytest.mark.parametrize("text", NO_LINKS)
def test_what_is_no_link_is_not(text: str) -> None:
    assert not has_link(sameness(text))


@pytest.mark.parametrize(
    ("links_from", "who_may"),
    [
        (Rank.everyone, {"ben", "subscriber", "vip", "moderator"}),
        (Rank.subscribers, {"subscriber", "vip", "moderator"}),
        (Rank.vips, {"vip", "moderator"}),
        (Rank.moderators, {"moderator"}),
    ],
)
def test_links_are_for_those_whom_the_room_trusts(links_from: Rank, who_may: set[str]) -> None:
    for name, who in EVERYBODY.items():
        found = decide(Rules(), "go to example.org", who=who, room=RoomRules(links_from=links_from))
        assert code(found) == (None if name in who_may else "msg_links")


def test_terms_are_blocked_for_all_but_moderators() -> None:
    screen = screen_of([Term("bad word")])
    for who in EVERYBODY.values():
        found = Rules().decide(ANNA, who, Draft("what a BAD  word".replace("  ", " ")), 0, screen=screen)
        assert code(found) == (None if who.is_moderator else "msg_rejected_mandatory")


@given(st.text(max_size=600))
def test_anything_can_be_judged(text: str) -> None:
    said = tidy(text)
    if said is not None:
        room = RoomRules(
            slow_s=3,
            followed_minutes=0,
            emotes_only=True,
            unique=True,
            links_from=Rank.moderators,
            account_age_minutes=9,
        )
        screen = screen_of([Term("foo*"), Term("a.b"), Term("[a-z]{3}x", is_regex=True)])
        for who in EVERYBODY.values():
            Rules().decide(ANNA, who, Draft(said), 0, room=room, screen=screen)
