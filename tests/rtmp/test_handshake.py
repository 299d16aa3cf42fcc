"""Handshake: what the server answers, and what it says to clients that speak something else."""

import hashlib
import hmac
import random

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


PLAYER = b"Genuine Adobe Flash Player 001"
SERVER = b"Genuine Adobe Flash Media Server 001"
SHARED = bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")


def sha256(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def digest_at(packet: bytes, base: int) -> tuple[int, bytes]:
    """Where a packet's digest is, and the rest of the packet."""
    position = sum(packet[base : base + 4]) % 728 + base + 4
    return position, packet[:position] + packet[position + 32 :]


@pytest.mark.parametrize("base", [8, 772])
@pytest.mark.parametrize("seed", range(3))
def test_client_with_a_digest_gets_digests_back(base: int, seed: int) -> None:
    c1 = bytes(4) + bytes([9, 0, 124, 2]) + random.Random(seed).randbytes(1528)
    position, rest = digest_at(c1, base)
    digest = sha256(PLAYER, rest)
    c1 = c1[:position] + digest + c1[position + 32 :]
    sent, _, _ = run([b"\x03" + c1 + C2])
    s1, s2 = sent[1:1537], sent[1537:]
    assert len(s2) == 1536
    assert s1[4] >= 3
    where, rest = digest_at(s1, base)
    assert s1[where : where + 32] == sha256(SERVER, rest)
    assert s2[-32:] == sha256(sha256(SERVER + SHARED, digest), s2[:-32])


def test_client_that_only_claims_a_flash_version_gets_the_plain_answer() -> None:
    c1 = bytes(4) + bytes([9, 0, 124, 2]) + random.Random(1).randbytes(1528)
    sent, _, _ = run([b"\x03" + c1 + C2])
    assert sent[5:9] == bytes(4)
    assert sent[1537:] == c1
