"""Tickets: what was written is read, and nothing else is."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.play_ticket import (
    MAX_TICKET_S,
    MEMBER,
    PlayTicket,
    key_id,
    keyring,
    read_ticket,
    tickets_in,
    write_ticket,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
KEYS = keyring([KEY])
NOW = 1_700_000_000
TICKET = PlayTicket(
    channel_id=7, login="anna", viewer="u42", grant="followers", expires_at_s=NOW + MAX_TICKET_S
)
TEXT = write_ticket(KEY, TICKET)

tickets = st.builds(
    PlayTicket,
    channel_id=st.integers(1, 2**63 - 1),
    login=st.from_regex(r"\A[a-z0-9_]{3,25}\Z"),
    viewer=st.from_regex(r"\A[ua][0-9a-f]{1,32}\Z"),
    grant=st.sampled_from(["followers", "subs", MEMBER, "password:0123456789abcdef"]),
    expires_at_s=st.integers(1, 10**12 - 1),
)


@given(tickets, st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(ticket: PlayTicket, key: bytes) -> None:
    text = write_ticket(key, ticket)
    assert read_ticket(keyring([OTHER_KEY, key]), text) == ticket
    assert len(text) < 300
    assert not set(text) & set(' ",;\\'), "all of it may stand in a cookie (RFC 6265)"


@given(st.integers(0, len(TEXT) * 8 - 1))
def test_no_bit_can_be_flipped(bit: int) -> None:
    raw = bytearray(TEXT.encode())
    raw[bit // 8] ^= 1 << bit % 8
    assert read_ticket(KEYS, raw.decode("latin-1")) is None


@given(st.integers(0, len(TEXT) - 1), st.integers(0, len(TEXT) - 1))
def test_no_piece_of_one_is_one(first: int, second: int) -> None:
    assert read_ticket(KEYS, TEXT[:first]) is None
    assert read_ticket(KEYS, TEXT[first + 1 :]) is None
    assert read_ticket(KEYS, TEXT[:first] + TEXT[second:]) == (TICKET if first == second else None)


@given(st.text(max_size=400))
def test_no_other_text_is_one(text: str) -> None:
    assert read_ticket(KEYS, text) is None
    assert read_ticket(KEYS, f"1.{key_id(KEY)}.{text}") is None
    assert read_ticket(KEYS, TEXT + text) == (None if text else TICKET)


@pytest.mark.parametrize("digits", ["\u06f4", "\uff14", "\u00b2"])
def test_digits_of_other_scripts_are_no_digits(digits: str) -> None:
    assert read_ticket(KEYS, TEXT.replace("u42", f"u{digits}")) is None


@given(tickets, st.binary(min_size=32, max_size=32))
def test_another_key_made_no_ticket_of_ours(ticket: PlayTicket, key: bytes) -> None:
    assert (
        read_ticket(keyring([b"\0" + key[1:] if key[0] else b"\1" + key[1:]]), write_ticket(key, ticket))
        is None
    )


@given(tickets, tickets)
def test_the_fields_of_another_ticket_do_not_go_with_its_tag(one: PlayTicket, other: PlayTicket) -> None:
    fields, tag = write_ticket(KEY, one).rpartition(".")[0], write_ticket(KEY, other).rpartition(".")[2]
    assert read_ticket(KEYS, f"{fields}.{tag}") == (one if one == other else None)


def test_it_opens_its_channel_for_what_it_was_granted_for_until_it_expires() -> None:
    assert TICKET.opens(7, "anna", "followers", NOW)
    assert TICKET.opens(7, "anna", "followers", NOW + MAX_TICKET_S - 0.1)
    assert not TICKET.opens(7, "anna", "followers", NOW + MAX_TICKET_S)
    assert not TICKET.opens(8, "anna", "followers", NOW)
    assert not TICKET.opens(7, "annb", "followers", NOW)
    assert not TICKET.opens(7, "anna", "subs", NOW)
    assert not TICKET.opens(7, "anna", "password:12", NOW)


@given(tickets, st.floats(0, 2e12))
def test_none_lasts_longer_than_five_minutes(ticket: PlayTicket, now_s: float) -> None:
    if ticket.opens(ticket.channel_id, ticket.login, ticket.grant, now_s):
        assert 0 < ticket.expires_at_s - now_s <= MAX_TICKET_S + 1


def test_a_member_is_let_in_whatever_the_channel_asks_for() -> None:
    ticket = dataclasses.replace(TICKET, grant=MEMBER)
    for needed in ("followers", "subs", "password:12"):
        assert ticket.opens(7, "anna", needed, NOW)
    assert not ticket.opens(8, "anna", "subs", NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"login": "a.b"},
        {"login": "ANNA"},
        {"viewer": "42"},
        {"grant": "fol.lowers"},
        {"channel_id": 0},
        {"grant": ""},
    ],
)
def test_what_could_not_be_read_is_not_written(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no such ticket"):
        write_ticket(KEY, dataclasses.replace(TICKET, **change))  # type: ignore[arg-type]  # of the right types, but wrong


def test_tickets_are_found_among_cookies() -> None:
    assert tickets_in(None) == tickets_in(b"") == tickets_in(b"weir_session=x; not_weir_play=y") == []
    assert tickets_in(b'a=1; weir_play=one;weir_play="two" ; b=2') == ["one", "two"]
    assert len(tickets_in(b"weir_play=x; " * 100)) == 4


@given(st.binary(max_size=200))
def test_no_cookie_header_is_too_strange(header: bytes) -> None:
    for text in tickets_in(header + b"; weir_play=" + header):
        assert read_ticket(KEYS, text) is None
