"""Logins and UUIDv7."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import RANDOM_BITS, RESERVED_LOGINS, InvalidLoginError, check_login, uuid7, uuid7_at, uuid7_ms

random_bits = st.integers(0, 2**RANDOM_BITS - 1)
times_ms = st.integers(0, 2**48 - 1)


@pytest.mark.parametrize("login", ["abc", "streamer", "a_b_c", "007", "x" * 25, "Streamer"])
def test_an_ordinary_login_passes_in_lower_case(login: str) -> None:
    assert check_login(login) == login.lower()


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ("ab", "3 to 25 characters; 'ab' has 2"),
        ("", "3 to 25 characters; '' has 0"),
        ("x" * 26, "has 26"),
        ("with space", "only letters a-z, digits and _; 'with space' has ' '"),
        ("dash-ed", "has '-'"),
        ("ümlaut", "has 'ü'"),
        ("line\n", r"has '\n'"),
        ("api", "'api' is reserved"),
        ("Healthz", "'healthz' is reserved"),
    ],
)
def test_a_refused_login_is_told_what_is_wrong_with_it(login: str, sentence: str) -> None:
    with pytest.raises(InvalidLoginError) as caught:
        check_login(login)
    assert sentence in str(caught.value)


@given(st.text())
def test_any_text_passes_or_is_refused(login: str) -> None:
    try:
        passed = check_login(login)
    except InvalidLoginError:
        return
    assert passed.isascii()
    assert 3 <= len(passed) <= 25


@pytest.mark.parametrize(
    "path",
    [
        "api",
        "hls",
        "vod",
        "assets",
        "static",
        "healthz",
        "metrics",
        "eventsub",
        "login",
        "signup",
        "settings",
    ],
)
def test_the_paths_of_the_site_are_reserved(path: str) -> None:
    assert path in RESERVED_LOGINS


@given(times_ms, random_bits)
def test_uuid7_has_version_variant_time_and_all_random_bits(now_ms: int, random: int) -> None:
    made = uuid7(now_ms, random)
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert uuid7_ms(made) == now_ms
    assert (made.int >> 64 & 0xFFF) << 62 | made.int & (1 << 62) - 1 == random


@given(times_ms, st.integers(0, 999_755), random_bits, random_bits)
def test_uuid7_at_sorts_within_a_millisecond(now_ms: int, rest_ns: int, first: int, second: int) -> None:
    now_ns = now_ms * 1_000_000 + rest_ns
    made = uuid7_at(now_ns, first)
    assert made < uuid7_at(now_ns + 245, second)
    assert (made.version, made.variant, uuid7_ms(made)) == (7, uuid.RFC_4122, now_ms)


@given(times_ms, random_bits, times_ms, random_bits)
def test_uuid7_sorts_by_time(first_ms: int, a: int, second_ms: int, b: int) -> None:
    if first_ms < second_ms:
        assert uuid7(first_ms, a) < uuid7(second_ms, b)
        assert str(uuid7(first_ms, a)) < str(uuid7(second_ms, b))


def test_uuid7_example_of_the_rfc() -> None:
    # RFC 9562, appendix A.6: 2022-02-22T19:22:22Z, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F
    random = 0xCC3 << 62 | 0x18C4DC0C0C07398F
    assert str(uuid7(0x017F22E279B0, random)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
