"""The RTMP handshake, server side: C0 C1 C2 in, S0 S1 S2 out (RTMP 1.0 §5.2)."""

from collections.abc import Callable, Generator

from rtmp.errors import RemoteProtocolError
from rtmp.feed import Feed

PACKET_BYTES = 1536
"""Size of C1, C2, S1 and S2."""

VERSION = 3

# The "random" bytes of S1 only have to differ between two hosts' packets to show a loop; a constant keeps this layer
# pure, and no client looks at it.
_FILL = bytes(range(256)) * 6


def accept_handshake(feed: Feed, send: Callable[[bytes], None]) -> Generator[None, None, None]:
    """Shake hands with a client; yields while bytes are missing.

    C2 is read and not compared: Flash and some encoders send what the specification does not ask for, and no server
    of the reference checks it.

    Raises:
        RemoteProtocolError: the first byte is no RTMP version. The text names what it looks like instead.
    """
    version = (yield from feed.take(1))[0]
    if version != VERSION:
        raise RemoteProtocolError(_not_rtmp(version))
    c1 = yield from feed.take(PACKET_BYTES)
    # S1: time 0, four zero bytes ("no digest"), fill. S2: C1 as it came.
    send(bytes([VERSION]) + bytes(8) + _FILL[8:] + c1)
    yield from feed.take(PACKET_BYTES)


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
