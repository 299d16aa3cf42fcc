"""Handshake: what the server answers, and what it says to clients that speak something else."""

import pytest

from rtmp.errors import RemoteProtocolError
from rtmp.feed import Feed
from rtmp.handshake import accept_handshake
from tests.rtmp.client import C2


def run(pieces: list[bytes]) -> tuple[bytes, Feed, bool]:
    feed, sent = Feed(), bytearray()
    parser = accept_handshake(feed, sent.extend)
    done = False
    for piece in pieces:
        feed.push(piece)
        try:
            next(parser)
        except StopIteration:
            done = True
            break
    return bytes(sent), feed, done


C1 = bytes(8) + bytes(range(256)) * 5 + bytes(248)


def test_plain_handshake_echoes_c1() -> None:
    sent, feed, done = run([b"\x03" + C1 + C2])
    assert done
    assert len(sent) == 1 + 1536 + 1536
    assert sent[0] == 3
    assert sent[5:9] == bytes(4)
    assert sent[1537:] == C1
    assert len(feed) == 0


def test_handshake_byte_by_byte() -> None:
    whole = b"\x03" + C1 + C2
    sent, _, done = run([whole[i : i + 1] for i in range(len(whole))])
    assert done
    assert sent == run([whole])[0]


def test_answer_is_sent_as_soon_as_c1_is_there() -> None:
    sent, _, done = run([b"\x03" + C1])
    assert not done
    assert len(sent) == 3073


def test_bytes_behind_the_handshake_stay_in_the_feed() -> None:
    _, feed, done = run([b"\x03" + C1 + C2 + b"more"])
    assert done
    assert feed.data[feed.position :] == b"more"


@pytest.mark.parametrize(
    ("first", "hint"),
    [(b"\x16", "TLS"), (b"G", "HTTP"), (b"\x06", "RTMPE"), (b"\x00", "version 0"), (b"\xff", "version 255")],
)
def test_other_protocols_are_named(first: bytes, hint: str) -> None:
    with pytest.raises(RemoteProtocolError, match=hint):
        run([first])
