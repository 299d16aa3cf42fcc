"""Whose X-Forwarded-For is believed, and how far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import WeirError
from common.proxies import TrustedProxies

PROXIES = TrustedProxies(["10.0.0.0/8", "2001:db8::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", b"203.0.113.5", "192.0.2.1"),  # not our proxy: its own claim
        ("10.0.0.1", b"203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", b"1.1.1.1, 203.0.113.5", "203.0.113.5"),  # what the client claimed stands to the left
        ("10.0.0.1", b"203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", b"203.0.113.5,10.0.0.3 , 10.0.0.2", "203.0.113.5"),
        ("2001:db8::1", b"2001:db8::99", "2001:db8::99"),
        ("10.0.0.1", b"203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.1", b"[2001:db8::99]:4711", "2001:db8::99"),
        ("10.0.0.1", b"::ffff:203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", b"unknown", "10.0.0.1"),
        ("10.0.0.1", b"junk, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("", b"203.0.113.5", ""),
    ],
)
def test_client_is_the_first_address_from_the_right_that_is_no_proxy(
    peer: str, forwarded: bytes, client: str
) -> None:
    assert PROXIES.client_address(peer, {b"x-forwarded-for": forwarded}) == client


def test_nobody_is_trusted_unless_named() -> None:
    assert TrustedProxies().client_address("127.0.0.1", {b"x-forwarded-for": b"203.0.113.5"}) == "127.0.0.1"
    assert PROXIES.client_address("10.0.0.1", {}) == "10.0.0.1"


def test_malformed_setting_is_a_sentence() -> None:
    with pytest.raises(WeirError, match="WEIR_TRUSTED_PROXIES: 'nginx' is neither an address nor a network"):
        TrustedProxies(["nginx"])


@given(st.binary(max_size=80))
def test_no_header_raises(value: bytes) -> None:
    assert PROXIES.client_address("10.0.0.1", {b"x-forwarded-for": value})
