"""Codes of emotes, and the prefixes of channels."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.emote_codes import channel_code, prefixes_for, site_code
from webapp.problems import ApiProblemError


@pytest.mark.parametrize("given_code", ["Love", "annaLove"])
def test_a_code_may_be_given_with_its_prefix_or_without(given_code: str) -> None:
    assert channel_code("anna", given_code) == "annaLove"


@pytest.mark.parametrize(
    "code", ["love", "annalove", "anna", "1Love", "bertLove", "L" * 22, "Lo_ve", "L\u043eve", ""]
)
def test_other_words_are_no_codes_of_a_channel(code: str) -> None:
    with pytest.raises(ApiProblemError, match="begins with a capital"):
        channel_code("anna", code)


@pytest.mark.parametrize("code", ["Hi", "x" * 26, "Lo ve", "L\u043eve"])
def test_codes_of_the_site_have_3_to_25_letters_and_digits(code: str) -> None:
    assert site_code("Hello1") == "Hello1"
    with pytest.raises(ApiProblemError):
        site_code(code)


@given(st.from_regex(r"[a-z0-9_]{3,25}", fullmatch=True), st.integers(1, 2**63 - 1))
def test_every_login_has_prefixes_to_choose_from(login: str, channel_id: int) -> None:
    found = list(itertools.islice(prefixes_for(login, channel_id), 200))
    assert len(set(found)) > 50
    assert all(re.fullmatch("[a-z][a-z0-9]{2,9}", prefix) for prefix in found), found
    assert len(found) < 200, "there is an end to them"


def test_the_first_prefix_is_the_login() -> None:
    assert next(prefixes_for("anna_b", 1)) == "annab"
    assert next(prefixes_for("1337_x", 1)) == "xemote"
