"""Hate raids are found out within a few lines, and only who takes part in them is caught."""

# ruff: noqa: RUF001  # letters that look like others are what this is about

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.raids import (
    CROWD_S,
    FOLLOWED_S,
    KNOWN_S,
    LASTS_S,
    MAX_LINES,
    NEW_ACCOUNTS,
    NEW_S,
    STRANGERS,
    WELCOME_S,
    WINDOW_S,
    Raids,
    Seen,
    sketch_of,
)
from common.sameness import sameness

ROOM = 7
OLD_S = 10 * NEW_S
LINE = "you are all worthless, leave this channel and never come back"
assert FOLLOWED_S


def see(
    raids: Raids, user_id: int, text: str, now: float, *, trusted: bool = False, age_s: float = OLD_S
) -> Seen:
    return raids.see(ROOM, user_id, sameness(text), now, is_trusted=trusted, account_age_s=age_s)


def varied(number: int, chance: random.Random) -> str:
    """A line of a raid, as its program writes it: a name, a number, other letters, other spaces."""
    letters = "".join(chance.choices(string.ascii_lowercase, k=5))
    text = f"{letters} {LINE} {chance.randrange(10_000)}"
    if number % 3 == 0:
        text = text.replace("a", "а").replace("e", "е")
    if number % 5 == 0:
        text = text.replace(" ", "  ").upper()
    if number % 7 == 0:
        text = "\u200b".join(text)
    return text


def test_a_raid_of_five_hundred_is_found_out_with_its_fifth_line_and_regulars_go_on() -> None:
    raids, chance = Raids(), random.Random(7)
    said = ["what a game", "did you see how that went in the end?", "i would have taken the other road there"]
    for number in range(20):
        raids.note(ROOM, 10_000 + number, -KNOWN_S)
    caught, began = [], []
    for number in range(500):
        now = number / 250
        seen = see(raids, number, varied(number, chance), now, age_s=60)
        caught.append(seen.is_caught)
        began += [seen.began] if seen.began else []
        regular = see(raids, 10_000 + number % 20, f"{chance.choice(said)} {number}", now)
        assert not regular.is_caught
    assert began[0] == "alike"
    assert caught.index(True) == STRANGERS - 1
    assert all(caught[STRANGERS:]), "what is said is said within the first 20 ms of three seconds"


def test_a_regular_may_write_what_raiders_write() -> None:
    raids = Raids()
    for number in range(20):
        see(raids, number, f"{LINE} {number}", number / 10)
    assert see(raids, 50, LINE, 3).is_caught
    assert not see(raids, 51, LINE, 3, trusted=True).is_caught
    raids.note(ROOM, 52, 3 - KNOWN_S)
    assert not see(raids, 52, LINE, 3).is_caught


def test_who_first_wrote_a_moment_ago_is_a_stranger_still() -> None:
    raids = Raids()
    raids.note(ROOM, 1, 0)
    assert not raids.is_known(ROOM, 1, KNOWN_S - 1)
    assert raids.is_known(ROOM, 1, KNOWN_S)
    raids.note(ROOM, 1, -5)  # the clock was turned back
    assert not raids.is_known(ROOM, 1, 0)


def test_what_regulars_write_alike_is_no_raid() -> None:
    raids = Raids()
    for number in range(30):
        assert see(raids, number, LINE, number / 10, trusted=number % 2 == 0) == Seen()


def test_one_who_repeats_themselves_is_no_raid() -> None:
    raids = Raids()
    assert not any(see(raids, 1, LINE, number) != Seen() for number in range(30))


def test_lines_far_apart_are_no_raid() -> None:
    raids = Raids()
    assert not any(see(raids, number, LINE, number * (WINDOW_S + 1)) != Seen() for number in range(30))


@pytest.mark.parametrize(
    "text",
    ["hi", "good evening", "GG GG GG", "LUL LUL LUL LUL LUL LUL LUL", "ha" * 50, "😀" * 40, "1234567890" * 5],
)
def test_greetings_and_laughter_are_alike_anyway(text: str) -> None:
    raids = Raids()
    assert not any(see(raids, number, text, number / 10) != Seen() for number in range(30))


def test_a_raid_is_remembered_for_a_while_after_its_last_line() -> None:
    raids = Raids()
    for number in range(STRANGERS):
        see(raids, number, LINE, 0)
    assert see(raids, 90, LINE, LASTS_S - 1).is_caught
    assert see(raids, 91, LINE, 2 * LASTS_S - 2).is_caught
    assert not see(raids, 92, LINE, 3 * LASTS_S).is_caught


def test_a_crowd_of_new_accounts_is_a_raid_whatever_they_write() -> None:
    raids, chance = Raids(), random.Random(3)
    found = [
        see(raids, number, "".join(chance.choices(string.ascii_lowercase + " ", k=40)), number / 5, age_s=60)
        for number in range(40)
    ]
    assert [seen.began for seen in found if seen.began] == ["new_accounts"]
    assert [seen.is_caught for seen in found].index(True) == NEW_ACCOUNTS - 1
    assert all(seen.is_caught for seen in found[NEW_ACCOUNTS - 1 :])
    assert not see(raids, 100, "i have been around for years", 8).is_caught


def test_new_accounts_among_as_many_others_are_no_raid() -> None:
    raids = Raids()
    for number in range(60):
        assert (
            see(raids, number, f"message {number}", number / 10, age_s=60 if number % 2 else OLD_S) == Seen()
        )


def test_new_accounts_that_come_one_by_one_are_no_raid() -> None:
    raids = Raids()
    step = 1.01 * CROWD_S / (NEW_ACCOUNTS - 1)
    for number in range(60):
        assert see(raids, number, f"{number}", number * step, age_s=60) == Seen()


def test_people_of_another_channel_may_greet_alike() -> None:
    raids = Raids()
    raids.welcome(ROOM, 0)
    for number in range(30):
        assert see(raids, number, "BEN RAID BEN RAID BEN RAID hello anna from ben", number / 10) == Seen()
    for number in range(STRANGERS):
        seen = see(raids, 100 + number, LINE, WELCOME_S + 1)
    assert seen.is_caught


def test_a_line_that_another_node_caught_is_caught_here() -> None:
    raids = Raids()
    raids.hear(ROOM, "alike", sameness(LINE), 0)
    assert see(raids, 1, f"{LINE} 123", 1).is_caught
    assert raids.see(8, 1, sameness(LINE), 1, is_trusted=False, account_age_s=0) == Seen()


def count(raids: Raids, user_id: int, text: str, now: float, *, trusted: bool = False) -> None:
    raids.count(ROOM, user_id, sameness(text), now, is_trusted=trusted, is_new=not trusted)


def test_strangers_are_counted_whatever_node_they_write_at() -> None:
    here, there = Raids(), Raids()
    caught = []
    for number in range(2 * STRANGERS):
        mine, other = (here, there) if number % 2 else (there, here)
        seen = see(mine, number, f"{LINE} {number}", number / 100)
        caught.append(seen.is_caught)
        if not seen.is_caught:  # what is said reaches the other node
            count(other, number, f"{LINE} {number}", number / 100)
    assert caught == [False] * (STRANGERS - 1) + [True] * (STRANGERS + 1)


def test_regulars_of_another_node_who_write_the_same_make_it_no_raid() -> None:
    raids = Raids()
    for number in range(30):
        count(raids, 100 + number, LINE, number / 10, trusted=True)
        assert see(raids, number, LINE, number / 10) == Seen()


def test_new_accounts_are_counted_whatever_node_they_write_at() -> None:
    raids = Raids()
    for number in range(NEW_ACCOUNTS - 1):
        count(raids, 100 + number, "hello", 0)
    assert see(raids, 1, "hello", 1, age_s=60) == Seen(is_caught=True, began="new_accounts")
    assert not see(raids, 2, "hello", 2).is_caught


def test_a_crowd_of_new_accounts_that_another_node_found_out_is_caught_here_and_its_lines_are_free() -> None:
    raids = Raids()
    raids.hear(ROOM, "new_accounts", sameness(LINE), 0)
    raids.renew(ROOM, sameness(LINE), LASTS_S - 1)
    assert see(raids, 1, "hello", 2 * LASTS_S - 2, age_s=60) == Seen(is_caught=True)
    assert see(raids, 2, LINE, 2 * LASTS_S - 2) == Seen()
    assert see(Raids(), 1, "hello", 0, age_s=60) == Seen()


def test_a_room_remembers_so_many_lines_at_most() -> None:
    raids, chance = Raids(), random.Random(1)
    for number in range(3 * MAX_LINES):
        see(raids, number, "".join(chance.choices(string.ascii_lowercase, k=60)), 0)
    room = raids._rooms[ROOM]
    assert len(room._lines) == MAX_LINES
    assert set(room._by_hash.values()) <= set(room._lines)


@given(st.text(max_size=600))
def test_any_text_has_a_small_sketch_or_none(text: str) -> None:
    sketch = sketch_of(sameness(text))
    assert sketch is None or 6 <= len(sketch) <= 12


@given(st.lists(st.tuples(st.integers(1, 20), st.text(max_size=40), st.floats(-1e6, 1e6))))
def test_a_clock_that_jumps_breaks_nothing(messages: list[tuple[int, str, float]]) -> None:
    raids = Raids()
    for user_id, text, now in messages:
        raids.note(ROOM, user_id, now)
        see(raids, user_id, text, now, age_s=0)
