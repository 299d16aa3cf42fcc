"""Blocked terms: whole words, wildcards, what hides them, and that nothing anybody writes takes long."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.blocked_terms import (
    CHUNK,
    MAX_SIZE,
    MAX_TERMS,
    BadTermError,
    Screen,
    Term,
    batches,
    check_term,
    screen_of,
)
from common.sameness import sameness


def blocks(text: str, *terms: str, is_regex: bool = False) -> bool:
    wanted = [Term(term, is_regex) for term in terms]
    for term in wanted:
        check_term(term)
    return screen_of(wanted).blocks(text, sameness(text))


FULL_WIDTH = "".join(chr(ord(letter) + 0xFEE0) for letter in "foo")


@pytest.mark.parametrize(
    ("term", "text", "is_blocked"),
    [
        ("ass", "class", False),
        ("ass", "an ASS!", True),
        ("ass*", "assets", True),
        ("ass*", "class", False),
        ("*ass", "class", True),
        ("*ass", "assets", False),
        ("*ass*", "classes", True),
        ("f*k", "fork", True),
        ("f*k", "f k", False),
        ("foo bar", "so FOO, bar.", True),
        ("foo bar", "foo barn", False),
        ("foo* bar", "foods bar", True),
        ("evil.example", "see evil.example/x", True),
        ("evil.example", "devil.example", False),
        ("*.example", "see evil.example", True),
        ("c++", "use c++!", True),
        (":)", "hi:)", True),
        ("$$$", "a$$$b", True),
        ("foo_bar", "foo_bar", True),
        ("foo_bar", "foo_barn", False),
        ("ÜNÏ", "ünï", True),
        ("straße", "STRASSE", True),
        (FULL_WIDTH, "foo", True),
        ("foo", FULL_WIDTH, True),
        ("foo", "f\u200bo\u00ado", True),
        ("foo", "f-o-o", False),
        ("हिन्दी", "यह हिन्दी है", True),
        ("плохо и bad", "Плохо И BAD", True),
        ("😀😀", "a😀😀b", True),
        ("a|b(c", "a|b(c", True),
        ("a|b(c", "a", False),
        (r"\d\d", "12", False),
    ],
)
def test_phrases(term: str, text: str, *, is_blocked: bool) -> None:
    assert blocks(text, term) is is_blocked


@pytest.mark.parametrize(
    ("term", "text", "is_blocked"),
    [
        (r"v-?bucks?", "free VBUCK", True),
        (r"\bfr[e3]{2}\b", "get FR33 stuff", True),
        (r"\bfr[e3]{2}\b", "freed", False),
        (r"^only this$", "only this", True),
        (r"straße", "straße", True),
        (r"foo", "f\u200boo", True),
    ],
)
def test_regular_expressions(term: str, text: str, *, is_blocked: bool) -> None:
    assert blocks(text, term, is_regex=True) is is_blocked


@pytest.mark.parametrize(
    ("text", "is_regex", "reason"),
    [
        ("a", False, "2 to 500 characters"),
        ("a*", False, "at least 2 characters beside"),
        ("**", False, "at least 2 characters beside"),
        ("\u200b\u200b\u200b", False, "at least 2 characters beside"),
        ("a*b*c*d*e*f*g*h*i*j", False, "at most 8 times"),
        ("x" * 501, False, "2 to 500 characters"),
        ("(ab", True, "missing )"),
        (r"(?=ab)", True, "invalid perl operator"),
        (r"(.)\1", True, "invalid escape sequence"),
        ("a{1001}", True, "invalid repetition size"),
        ("((a{100}){100}){100}", True, "invalid repetition size"),
        ("(?:a?){500}a{500}", True, f"too large: 1504 steps, the most is {MAX_SIZE}"),
        (r"[\pL\pN]{50}", True, "too large"),
        ("(x+x+)*", True, "in every message"),
        (".*", True, "in every message"),
    ],
)
def test_what_cannot_be_blocked_is_refused_with_a_reason(text: str, reason: str, *, is_regex: bool) -> None:
    with pytest.raises(BadTermError, match=reason.replace(")", r"\)")):
        check_term(Term(text, is_regex))


@given(st.text(min_size=2, max_size=60), st.text(max_size=600))
def test_any_term_is_refused_or_looked_for(term: str, text: str) -> None:
    for is_regex in (False, True):
        wanted = Term(term, is_regex)
        try:
            check_term(wanted)
        except BadTermError:
            continue
        screen_of([wanted]).blocks(text, sameness(text))


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=2, max_size=30))
def test_a_word_is_found_wherever_it_stands(word: str) -> None:
    if len(sameness(word)) >= 2 and sameness(word).isalnum():
        assert blocks(f"so, {word}!", word)


def test_expressions_that_are_meant_to_explode_do_not() -> None:
    random.seed(1)
    texts = ["a" * 500, "".join(random.choices("ab😀", k=500)), "ab" * 250]
    for term in ("(?:a|b)*a.{80}a", "(a+)+$b", "(?:a?){100}a{100}b", "(x+x+)+y"):
        for text in texts:
            blocks(text, term, is_regex=True)  # a backtracking engine would not come back


def test_ten_thousand_terms_are_found_in_pieces() -> None:
    terms = [Term(f"word{number}*" if number % 2 else f"word{number}") for number in range(MAX_TERMS)]
    found = batches(terms)
    assert [len(batch.patterns) for batch in found] == [
        MAX_TERMS // 2,
        CHUNK,
        CHUNK,
        MAX_TERMS // 2 - 2 * CHUNK,
    ]
    screen = Screen(batch.compile() for batch in found)
    for text, is_blocked in (
        ("word0", True),
        ("a Word9999 b", True),
        ("word9999s", True),
        ("xword9", False),
        ("wor", False),
    ):
        assert screen.blocks(text, sameness(text)) is is_blocked
    noise = "".join(random.choices("word 0123456789", k=500))
    screen.blocks(noise, sameness(noise))


def test_nothing_is_blocked_by_nothing() -> None:
    assert not Screen()
    assert not Screen().blocks("anything", "anything")
    assert screen_of([Term("foo")])


def test_a_term_that_another_version_took_is_left_out() -> None:
    assert screen_of([Term("(?=no)", is_regex=True), Term("y+es", is_regex=True)]).blocks("yyes", "yyes")
