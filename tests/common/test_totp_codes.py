"""Codes of authenticator apps, against the vectors of RFC 6238."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.totp_codes import (
    matching_step,
    new_recovery_code,
    new_totp_secret,
    plain_recovery_code,
    provisioning_uri,
    secret_text,
    totp_code,
)

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("now", "last_six"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_rfc_6238(now: int, last_six: str) -> None:
    assert totp_code(SECRET, now // 30) == last_six
    assert matching_step(SECRET, last_six, now) == now // 30


def test_a_code_is_good_for_a_step_before_and_after_and_no_longer() -> None:
    code = totp_code(SECRET, 1000)
    assert [matching_step(SECRET, code, step * 30) for step in range(998, 1003)] == [
        None,
        1000,
        1000,
        1000,
        None,
    ]


@given(st.text(max_size=20))
def test_whatever_is_typed_is_no_error(typed: str) -> None:
    matching_step(SECRET, typed, 59)
    plain_recovery_code(typed)


def test_spaces_in_a_code_do_not_matter() -> None:
    assert matching_step(SECRET, " 287 082 ", 59) == 1


def test_an_app_is_told_secret_and_account() -> None:
    parts = urlsplit(provisioning_uri(SECRET, login="anna", site="weir: näher"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/weir%3A%20n%C3%A4her:anna"
    assert parse_qs(parts.query) == {"secret": [secret_text(SECRET)], "issuer": ["weir: näher"]}


def test_recovery_codes_survive_how_people_type_them() -> None:
    code = new_recovery_code()
    assert plain_recovery_code(f" {code.upper().replace('-', ' ')}\n") == code.replace("-", "")
    assert len({new_recovery_code() for _ in range(100)}) == 100
    assert len(new_totp_secret()) == 20
