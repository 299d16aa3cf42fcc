"""How messages may look, at each level; emotes are not text."""

# ruff: noqa: RUF001  # letters that look like others are what this is about

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.content import Draft
from chatd.events import Fragment
from chatd.shape import find_fault
from chatd.standing import Automod, Level

LEVELS = (Level.low, Level.medium, Level.high)
ALL = [Automod(level, level, level, level, level) for level in LEVELS]

FOUND: list[tuple[str, tuple[str | None, str | None, str | None]]] = [
    ("hello there, what a stream", (None, None, None)),
    ("WHAT A WONDERFUL STREAM TODAY", ("caps", "caps", "caps")),
    ("WHAT A GAME!!", (None, None, "caps")),
    ("SO GOOD TO SEE you", (None, "caps", "caps")),
    ("LOL", (None, None, None)),
    ("LMAO OMG", (None, None, None)),
    ("ПРИВЕТ ВСЕМ КАК ДЕЛА ДРУЗЬЯ", ("caps", "caps", "caps")),
    ("こんにちは、今日もいい配信ですね", (None, None, None)),
    ("noooooooo", (None, None, None)),
    ("nooooooooo", (None, None, "repetition")),
    ("n" + "o" * 15, (None, "repetition", "repetition")),
    ("n" + "o" * 25, ("repetition", "repetition", "repetition")),
    ("buy " * 12, ("repetition", "repetition", "repetition")),
    ("no no no no no no", (None, None, "repetition")),
    ("the dog and the cat and the bird sat on the mat", (None, None, None)),
    ("so good " + "-" * 6, (None, None, None)),
    ("$%&/(!?$%&/(!?", (None, "symbols", "symbols")),
    ("!?#$%&/()=!?#$%&/()=+", ("symbols", "symbols", "symbols")),
    ("😀😁😂🤣😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒", ("symbols", "symbols", "symbols")),
    ("nice 😀😁😂", (None, None, None)),
    ("┌┐└┘├┤┬┴┼┌┐└┘├┤┬┴┼├┤┬┴┼", ("symbols", "symbols", "symbols")),
    ("h\u0336\u0337\u0338\u0335e", (None, None, "zalgo")),
    ("h\u0336\u0337\u0338\u0335\u0334\u0333e", ("zalgo", "zalgo", "zalgo")),
    ("h̷e̷l̷l̷o̷ ̷t̷h̷e̷r̷e̷", (None, None, "zalgo")),
    ("Tiếng Việt rất đẹp và dễ thương", (None, None, None)),
    ("ภาษาไทยที่ไม่มีปัญหา", (None, None, None)),
    ("ก็็็็็็็็", ("zalgo", "zalgo", "zalgo")),
    ("word " * 0 + " ".join(f"w{number}" for number in range(60)), (None, None, "length")),
    (" ".join(f"word{number}" for number in range(60)), ("length", "length", "length")),
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_what_is_wrong_is_found_at_each_level(
    text: str, found: tuple[str | None, str | None, str | None]
) -> None:
    assert tuple(find_fault(Draft(text), automod) for automod in ALL) == found


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_what_is_off_is_not_looked_for(text: str, found: tuple[str | None, str | None, str | None]) -> None:
    assert found
    assert find_fault(Draft(text), Automod()) is None


def emotes(count: int, code: str = "KEKW") -> Draft:
    pieces: list[Fragment] = []
    for _ in range(count):
        pieces += [Fragment("emote", code, emote_id="1"), Fragment("text", " ")]
    return Draft(" ".join([code] * count), pieces[:-1])


@pytest.mark.parametrize(
    ("count", "found"),
    [(6, (None, None, None)), (7, (None, None, "symbols")), (21, ("symbols", "symbols", "symbols"))],
)
def test_emotes_are_neither_shouting_nor_repetition_but_may_be_too_many(
    count: int, found: tuple[str | None, ...]
) -> None:
    assert tuple(find_fault(emotes(count), automod) for automod in ALL) == found


@given(st.text(min_size=1, max_size=500), st.sampled_from(ALL))
def test_any_message_is_judged_alike_twice(text: str, automod: Automod) -> None:
    draft = Draft(text)
    assert find_fault(draft, automod) == find_fault(draft, automod)


@given(st.text(min_size=1, max_size=200))
def test_a_stricter_level_finds_at_least_as_much(text: str) -> None:
    found = [find_fault(Draft(text), automod) is not None for automod in ALL]
    assert found == sorted(found)
