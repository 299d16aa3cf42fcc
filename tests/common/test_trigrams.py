"""Text as search sees it: what is alike, and which slips are forgiven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.trigrams import MAX_TEXT, fold, name_grams, needle, stored_grams, word_grams, words

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
WORDS = st.lists(st.sampled_from(ALPHABET), min_size=8, max_size=20, unique=True).map("".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE"),
        ("Straße", "strasse"),
        ("\uff26\uff35\uff2c\uff2c\u3000\uff37idth", "full width"),
        ("①②", "12"),
        ("İstanbul", "istanbul"),
        ("ﬁsh", "FISH"),
        ("Ång", "ang"),
        ("ガ", "ｶﾞ"),
    ],
)
def test_variants_of_a_text_are_folded_into_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_marks_that_make_another_word_stay() -> None:
    assert fold("か") != fold("が")
    assert words(fold("हिन्दी भाषा")) == ["हिन्दी", "भाषा"]


def test_what_a_text_is_found_by() -> None:
    assert stored_grams("My ax!") == ["  a", "  m", " ax", " my", "ax ", "my "]
    assert set(name_grams("the_fox", "")) >= {"  f", "fox", "hef", "efo"}
    assert word_grams("日本語") == ["日本", "本語", "日", "本", "語"]
    assert word_grams("ax", whole=False) == ["  a", " ax"]


@pytest.mark.parametrize("text", ["", " ", "!?", "a", "🎮", "\x00", "_", "a!"])
def test_nothing_is_looked_for_in_too_little(text: str) -> None:
    assert needle(text) is None


@pytest.mark.parametrize("text", ["an", "日", "1 2"])
def test_little_is_looked_for_as_it_is(text: str) -> None:
    found = needle(text)
    assert found is not None
    assert (found.head, found.tail) == (None, None)


@given(st.text(max_size=2000))
def test_any_text_can_be_stored_and_asked_for(text: str) -> None:
    assert len(fold(text)) <= MAX_TEXT
    grams = stored_grams(text)
    assert grams == sorted(set(grams))
    assert all(1 <= len(gram) <= 3 and "," not in gram for gram in grams)
    found = needle(text)
    if found is not None:
        assert len(found.grams) <= 2 * len(fold(text))
        assert len(text) > 100 or set(found.grams) <= set(grams)


@given(WORDS, st.data())
def test_the_beginning_of_a_word_finds_it(word: str, data: st.DataObject) -> None:
    found = needle(word[: data.draw(st.integers(2, len(word)))])
    assert found is not None
    assert set(found.grams) <= set(stored_grams(word))


@given(WORDS, st.sampled_from(["change", "add", "leave out", "exchange"]), st.data())
def test_one_slip_in_a_word_of_eight_letters_is_forgiven(word: str, slip: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from(sorted(set(ALPHABET) - set(word))))
    typed = {
        "change": word[:at] + letter + word[at + 1 :],
        "add": word[:at] + letter + word[at:],
        "leave out": word[:at] + word[at + 1 :],
        "exchange": word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[slip]
    found = needle(typed)
    assert found is not None
    assert found.head
    assert found.tail
    stored = set(stored_grams(word))
    assert set(found.head) <= stored or set(found.tail) <= stored
    assert len(set(found.grams) & stored) >= found.enough
