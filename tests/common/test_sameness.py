"""Texts that look alike are the same, however they are written; and nothing that people write makes that long or unsteady."""

# ruff: noqa: RUF001, RUF003  # letters that look like others are what this is about

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.blocked_terms import Term, screen_of
from common.lookalikes import LATIN
from common.sameness import MARKS, sameness

SAME = [
    ("BadWord", "badword"),
    ("  bad  ", "bad"),
    ("ｂａｄｗｏｒｄ", "badword"),
    ("𝓫𝓪𝓭𝔀𝓸𝓻𝓭", "badword"),
    ("bаdwоrd", "badword"),  # а and о are Cyrillic
    ("ΒΑDWΟRD", "badword"),  # Greek
    ("b\u200ba\u00add\u2060word", "badword"),
    ("b\u0336a\u0336d\u0336", "bad"),
    ("b̷̢͝a̸̧d̴", "bad"),
    ("🅱🅰🅳 🇧🇦🇩 ⓑⓐⓓ 🄱🄰🄳", "bad bad bad bad"),
    ("ʙᴀᴅ", "bad"),
    ("bad\U000e0020\ufe0f", "bad"),
    ("a\u034f\u0301", "á"),
]


@pytest.mark.parametrize(("written", "same"), SAME)
def test_what_looks_alike_is_the_same(written: str, same: str) -> None:
    assert sameness(written) == same


@pytest.mark.parametrize("word", ["schön", "año", "naïve", "日本語", "עִבְרִית", "ภาษาไทย", "हिन्दी", "ok 100%"])
def test_marks_that_words_are_written_with_stay(word: str) -> None:
    assert sameness(word) == unicodedata.normalize("NFKC", word)


MIXED = ["привет", "привеt", "ПРИВЕТ", "пpивeт", "п\u200bривет", "при\u0336вет"]


@pytest.mark.parametrize("term", MIXED)
@pytest.mark.parametrize("said", MIXED)
def test_a_term_is_found_however_scripts_are_mixed(term: str, said: str) -> None:
    assert screen_of([Term(term)]).blocks(f"ну {said}!", sameness(f"ну {said}!"))


@pytest.mark.parametrize("said", ["bаdwоrd", "ΒADWORD", "b4dword b\u0430dword", "🅱adword", "bad\u0489word"])
@pytest.mark.parametrize("term", ["badword", "bad*", "bаdword"])
def test_a_latin_term_is_found_in_letters_of_other_scripts(term: str, said: str) -> None:
    assert screen_of([Term(term)]).blocks(said, sameness(said))


@given(st.text(max_size=300))
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert sameness(sameness(text)) == sameness(text)


HARD = st.sampled_from([*LATIN, *MARKS, *"aβeи가ㄱ\u1100\u1161\u11a8か\u3099ΐİßﬃ\u0345\ufdfaǰ\u05b0\u0e33 "])


@given(st.text(HARD, max_size=60))
def test_doing_it_twice_changes_nothing_of_what_is_hard(text: str) -> None:
    assert sameness(sameness(text)) == sameness(text)


@given(st.text(max_size=300))
def test_nothing_grows_beyond_what_unicode_makes_of_it(text: str) -> None:
    """NFKC makes 18 characters of one at most, and folding three of one."""
    assert len(sameness(text)) <= 18 * 3 * len(text)


@given(st.text(max_size=100))
def test_what_is_the_same_has_no_marks_and_no_lookalikes(text: str) -> None:
    assert not set(sameness(text)) & set(LATIN)


def test_lookalikes_are_in_the_form_that_they_are_looked_for_in() -> None:
    for letter in LATIN:
        assert unicodedata.normalize("NFKC", letter).casefold() == letter
