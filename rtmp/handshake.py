"""The RTMP handshake, server side: C0 C1 C2 in, S0 S1 S2 out (RTMP 1.0 §5.2).

Two forms: the plain one of the specification, and the one with digests that Flash Player 9 brought. Clients that hide a
digest in C1 may look for ours (ffmpeg does when it plays); all others get the plain answer.
"""

import hmac
from collections.abc import Callable, Generator

from rtmp.errors import RemoteProtocolError
from rtmp.feed import Feed

PACKET_BYTES = 1536
"""Size of C1, C2, S1 and S2."""

VERSION = 3

# The "random" bytes of S1 only have to differ between two hosts' packets to show a loop; a constant keeps this layer
# pure, and no client looks at it.
_FILL = bytes(range(256)) * 6

_DIGEST_BYTES = 32
_SHARED_KEY = bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")
_PLAYER_KEY = b"Genuine Adobe Flash Player 001"
_SERVER_KEY = b"Genuine Adobe Flash Media Server 001"
"""Known to everybody since 2009: they prove nothing, but some clients want to see them used."""

_DIGEST_BASES = (772, 8)
"""Where the four bytes stand that say where the digest is; clients use one or the other."""

_SERVER_VERSION = bytes([4, 5, 0, 1])
"""In S1, where zero means "no digest". ffmpeg expects digests from 3 on."""


def accept_handshake(feed: Feed, send: Callable[[bytes], None]) -> Generator[None, None, None]:
    """Shake hands with a client; yields while bytes are missing.

    C2 is read and not compared: Flash and some encoders send what the specification does not ask for, and no server
    known to us checks it.

    Raises:
        RemoteProtocolError: the first byte is no RTMP version. The text names what it looks like instead.
    """
    version = (yield from feed.take(1))[0]
    if version != VERSION:
        raise RemoteProtocolError(_not_rtmp(version))
    c1 = yield from feed.take(PACKET_BYTES)
    send(bytes([VERSION]) + answer_c1(c1))
    yield from feed.take(PACKET_BYTES)


def answer_c1(c1: bytes) -> bytes:
    """Return S1 and S2 for a C1, in the form that the client speaks."""
    base = _digest_base(c1)
    if base is None:
        # S1: time 0, four zero bytes ("no digest"), fill. S2: C1 as it came.
        return bytes(8) + _FILL[8:] + c1
    s1 = bytes(4) + _SERVER_VERSION + _FILL[8:]
    position = _digest_position(s1, base)
    s1 = s1[:position] + _digest(s1, position, _SERVER_KEY) + s1[position + _DIGEST_BYTES :]
    position = _digest_position(c1, base)
    # S2 is signed with a key made from the client's digest.
    key = _sha256(_SERVER_KEY + _SHARED_KEY, c1[position : position + _DIGEST_BYTES])
    s2 = _FILL[:-_DIGEST_BYTES]
    return s1 + s2 + _sha256(key, s2)


def _digest_base(c1: bytes) -> int | None:
    """Find out where C1 has a valid digest; `None` when nowhere, as with OBS."""
    for base in _DIGEST_BASES:
        position = _digest_position(c1, base)
        if c1[position : position + _DIGEST_BYTES] == _digest(c1, position, _PLAYER_KEY):
            return base
    return None


def _digest_position(packet: bytes, base: int) -> int:
    return sum(packet[base : base + 4]) % 728 + base + 4


def _digest(packet: bytes, position: int, key: bytes) -> bytes:
    """Digest of a packet, without the place where the digest goes."""
    return _sha256(key, packet[:position] + packet[position + _DIGEST_BYTES :])


def _sha256(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _not_rtmp(first: int) -> str:
    match first:
        case 0x16:
            return "the client speaks TLS: it should use rtmps:// with the RTMPS port, or rtmp://"
        case 6 | 8:
            return f"RTMP version {first} (encrypted RTMPE) is not supported: use rtmp:// or rtmps://"
        case _ if first < 0x80 and chr(first).isalpha():
            return f"first byte {chr(first)!r}: this looks like HTTP or another text protocol, not RTMP"
        case _:
            return f"RTMP version {first}, expected {VERSION}"
