"""What the load of bench.chat says and reads: by hand, so checked against a real library and cut at every byte."""

import itertools
import json

import pytest
import wsproto
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import AcceptConnection, Request, TextMessage

from bench.chat_wire import (
    WireError,
    accepted_stamp,
    client_frame,
    handshake,
    irc_join,
    join_request,
    last_position,
    privmsg,
    read_frames,
    read_lines,
    send_request,
    stamped_text,
)
from chatd.json_requests import Join, Send, parse_request
from chatd.wires import text_frame

TOLD = (
    text_frame(b'{"ok":true}')
    + text_frame(b'{"text":"~T0000000000000042~xx","fragments":["~T0000000000000042~xx"]}')
    + text_frame(b"~T0000000000000043~" + b"x" * 70_000)
)


def test_a_server_understands_the_handshake_and_the_requests() -> None:
    server = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    server.receive_data(handshake("secret"))
    [asked] = list(server.events())
    assert isinstance(asked, Request)
    assert (asked.target, dict(asked.extra_headers)[b"authorization"]) == ("/ws", b"Bearer secret")
    server.send(AcceptConnection())
    server.receive_data(join_request("bench", ("e", 4)) + send_request("bench", stamped_text(7, 200)))
    join, send = [event.data for event in server.events() if isinstance(event, TextMessage)]
    asked_join, asked_send = parse_request(join), parse_request(send)
    assert isinstance(asked_join, Join)
    assert asked_join.since is not None
    assert (asked_join.since.epoch, asked_join.since.offset) == ("e", 4)
    assert isinstance(asked_send, Send)
    assert (len(asked_send.text), asked_send.text[:19]) == (200, "~T0000000000000007~")
    assert asked_send.id == "0000000000000007"


def test_irc_is_said_in_lines() -> None:
    assert irc_join("bench").endswith(b"NICK justinfan1\r\nJOIN #bench\r\n")
    assert b"PASS oauth:secret\r\n" in irc_join("bench", "secret")
    assert privmsg("bench", b"hi") == b"PRIVMSG #bench :hi\r\n"


def test_the_first_stamp_of_a_frame_counts_and_the_rest_are_answers() -> None:
    seen = read_frames(TOLD)
    assert (seen.stamps_ns, seen.answers, seen.used) == ([42, 43], [b'{"ok":true}'], len(TOLD))


def test_an_answer_names_the_message_that_was_taken() -> None:
    assert accepted_stamp(b'{"request_id":"0000000000000007","ok":true,"message_id":"x"}') == 7
    assert accepted_stamp(b'{"request_id":"0000000000000007","ok":false}') is None
    assert accepted_stamp(b'{"request_id":"join","ok":true}') is None


def test_the_last_event_says_where_to_resume() -> None:
    told = b'{"epoch":"a","offset":8,"event":1}{"epoch":"b","offset":9,"event":2}'
    assert last_position(told) == ("b", 9)
    assert last_position(b'{"ok":true}') is None


@given(st.lists(st.integers(0, 200), max_size=5), st.integers(0, len(TOLD)))
def test_where_the_bytes_are_cut_changes_nothing(near_the_start: list[int], anywhere: int) -> None:
    cuts = sorted({0, *near_the_start, anywhere, len(TOLD)})
    rest, stamps = b"", list[int]()
    for start, end in itertools.pairwise(cuts):
        piece = rest + TOLD[start:end]
        seen = read_frames(piece)
        stamps += seen.stamps_ns
        rest = piece[seen.used :]
    assert (stamps, rest) == ([42, 43], b"")


def test_pings_are_answered_and_good_byes_noticed() -> None:
    seen = read_frames(b"\x89\x02hi\x88\x02\x03\xe9")
    assert (seen.pings, seen.has_ended) == ([client_frame(b"hi", opcode=10)], True)


def test_a_masked_frame_is_no_servers() -> None:
    with pytest.raises(WireError):
        read_frames(b"\x81\x82aaaabb")


def test_lines_of_irc() -> None:
    text = b":a PRIVMSG #b :~T0000000000000005~xx\r\nPING :you\r\n:s 366 n #b :End\r\n:a PRIV"
    seen = read_lines(text)
    assert (seen.stamps_ns, seen.pings, seen.answers) == ([5], [b"PONG :you\r\n"], [b":s 366 n #b :End"])
    assert text[seen.used :] == b":a PRIV"


def test_a_frame_that_is_too_long_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="that long"):
        client_frame(bytes(65_536))
    assert json.loads(client_frame(b'{"a": 1}')[6:]) == {"a": 1}
