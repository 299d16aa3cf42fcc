"""Cutting messages into text, mentions and emotes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.emote_words import chest_of, cut, is_emote_only
from chatd.events import Fragment
from common.queries.emotes import Claims, Emote, Tier, parse_set_id, set_id


def emote(
    code: str, number: int = 1, *, tier: Tier = "", channel_id: int | None = 7, moving: bool = False
) -> Emote:
    images = tuple("abcdef" if moving else "abc")
    return Emote(number, channel_id, code, tier, "approved", images, datetime.now(UTC), "")


CHEST = chest_of([emote("annaLove", 21), emote("annaWave", 22, tier="1000", moving=True)])
HITS = {code: known.fragment for code, known in CHEST.by_code.items()}
LOVE, WAVE = HITS["annaLove"], HITS["annaWave"]
MENTION = Fragment("mention", "@ben", user_id=4)


def known(login: str) -> int | None:
    return {"ben": 4}.get(login)


def text(words: str) -> Fragment:
    return Fragment("text", words)


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        ("hello", [text("hello")]),
        ("annaLove", [LOVE]),
        ("annaLove annaWave", [LOVE, text(" "), WAVE]),
        ("hi annaLove you", [text("hi "), LOVE, text(" you")]),
        ("𝄞 👩‍👩‍👧 annaLove", [text("𝄞 👩‍👩‍👧 "), LOVE]),
        ("annaLove @ben annaLove", [LOVE, text(" "), MENTION, text(" "), LOVE]),
        ("annalove ANNALOVE annaLove, xannaLove", [text("annalove ANNALOVE annaLove, xannaLove")]),
        ("annaLove@ben @ben,annaLove", [text("annaLove"), MENTION, text(" "), MENTION, text(",annaLove")]),
        ("annaL\u043eve", [text("annaL\u043eve")]),  # the Cyrillic letter
        ("annaLove\U000e0000", [text("annaLove\U000e0000")]),
    ],
)
def test_words_that_are_emotes_become_fragments(said: str, pieces: list[Fragment]) -> None:
    assert cut(said, said.split(" "), HITS, known) == tuple(pieces)


@given(st.lists(st.sampled_from(["annaLove", "annaWave", "@ben", " ", "x", "𝄞", "\n"]) | st.characters()))
def test_fragments_joined_are_the_text_whatever_is_said(words: list[str]) -> None:
    said = "".join(words)
    pieces = cut(said, said.split(" "), HITS, known)
    assert "".join(piece.text for piece in pieces) == said
    assert [piece.text for piece in pieces if piece.type == "emote"] == [
        word for word in said.split(" ") if word in HITS
    ]


def test_a_fragment_says_what_an_emote_is() -> None:
    wave = Fragment("emote", "annaWave", emote_id="22", emote_set_id="71", owner_id=7, is_animated=True)
    assert wave == HITS["annaWave"]
    assert CHEST.sets == {"70", "71"}
    assert CHEST.is_locked
    site = chest_of([emote("Hi", 3, channel_id=None)])
    assert site.by_code["Hi"].fragment == Fragment("emote", "Hi", emote_id="3", emote_set_id="0")
    assert not site.is_locked


@pytest.mark.parametrize("pieces", [[LOVE], [LOVE, text(" "), WAVE], [LOVE, text(" \U000e0000")]])
def test_emotes_and_what_nobody_sees_are_emotes_only(pieces: list[Fragment]) -> None:
    assert is_emote_only(pieces)


@pytest.mark.parametrize("pieces", [[LOVE, text(" hi")], [LOVE, text(" "), MENTION], [text("\u200b")], []])
def test_anything_else_to_see_or_no_emote_is_not(pieces: list[Fragment]) -> None:
    assert not is_emote_only(pieces)


@given(st.integers(1, 2**63 - 1), st.sampled_from(["", "follower", "1000", "2000", "3000"]))
def test_a_set_is_named_by_its_channel_and_tier(scope: int, tier: Tier) -> None:
    assert parse_set_id(set_id(scope, tier)) == (scope, tier)


@pytest.mark.parametrize(
    "name", ["", "00", "7", "75", "-71", "\u0667\u0661", "9" * 21, "99999999999999999990", "x"]
)
def test_what_names_no_set(name: str) -> None:
    assert parse_set_id(name) is None
    assert parse_set_id("0") == (0, "")


@pytest.mark.parametrize(
    ("claims", "usable"),
    [
        (Claims(follows=False, tier=0), {""}),
        (Claims(follows=True, tier=0), {"", "follower"}),
        (Claims(follows=False, tier=1000), {"", "follower", "1000"}),
        (Claims(follows=True, tier=3000), {"", "follower", "1000", "2000", "3000"}),
    ],
)
def test_a_tier_gives_what_is_below_it(claims: Claims, usable: set[str]) -> None:
    tiers: list[Tier] = ["", "follower", "1000", "2000", "3000"]
    assert {tier for tier in tiers if claims.give(tier)} == usable
