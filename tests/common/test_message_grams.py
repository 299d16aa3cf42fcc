"""What messages are found by: words and their beginnings, in their channel and in no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.message_grams import channel_salt, gram_number, message_grams, sought
from common.trigrams import words

TEXTS = st.text(max_size=500)


def is_found(text: str, query: str, *, channel: int = 7, asked_in: int = 7) -> bool:
    """As the index and then a look at the text find it."""
    wanted = sought(query, asked_in)
    if wanted is None:
        return False
    return set(wanted.grams) <= set(message_grams(text, channel)) and wanted.is_in(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Hello there", "hello"),
        ("Wonderful there", "wond"),
        ("Hello there", "there HELLO"),
        ("Crème brûlée!", "creme"),
        ("gg", "gg"),
        ("this is 2024", "2024"),
        ("日本語のチャット", "本語"),
        ("Привет всем", "привет"),
        ("x" * 398 + " the end of it", "end"),
        (" ".join(["word"] * 90) + " needle", "needle"),
    ],
)
def test_a_message_is_found_by_words_and_their_beginnings(text: str, query: str) -> None:
    assert is_found(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [("Hello there", "ello"), ("help yellow", "hello"), ("Hello there", "hello you"), ("😀", "hello")],
)
def test_a_message_is_not_found_by_what_is_not_in_it(text: str, query: str) -> None:
    assert not is_found(text, query)


def test_what_the_index_alone_would_take_for_a_find_is_looked_at() -> None:
    wanted = sought("hello", 7)
    assert wanted is not None
    assert set(wanted.grams) <= set(message_grams("help yellow", 7))
    assert not wanted.is_in("help yellow")


def test_nothing_of_another_channel_is_found() -> None:
    assert not set(message_grams("hello there", 7)) & set(message_grams("hello there", 8))
    assert not is_found("hello there", "hello", channel=8, asked_in=7)


@pytest.mark.parametrize("query", ["", "   ", "a", "!?", "😀"])
def test_there_must_be_something_to_look_for(query: str) -> None:
    assert sought(query, 7) is None


@given(TEXTS, st.integers(1, 2**63 - 1))
def test_numbers_fit_a_column_and_are_there_once(text: str, channel: int) -> None:
    grams = message_grams(text, channel)
    assert grams == sorted(set(grams))
    assert all(-(2**31) <= gram < 2**31 for gram in grams)


@given(TEXTS)
def test_every_text_of_a_few_words_is_found_by_each_of_them(text: str) -> None:
    for word in words(text)[:5]:
        if len(text) <= 100 and sought(word, 7) is not None:
            assert is_found(text, word)


def test_a_salt_can_be_taken_off_by_the_database_too() -> None:
    salt = channel_salt(123)
    plain = gram_number(" th", 0)
    signed = salt - (1 << 32) if salt >> 31 else salt
    assert gram_number(" th", salt) == plain ^ signed
