"""What the kernel knows of a connection: `struct tcp_info` of `<linux/tcp.h>`, whose fields only ever grow at the end, and
whether bytes wait. Never waits.
"""

import select
import sys
from collections.abc import Callable

_IPPROTO_TCP, _TCP_INFO = 6, 11
_ASKED_BYTES = 256
_RTT_OFFSET = 68
"""`tcpi_rtt`, smoothed, microseconds."""
_OUT_OF_ORDER_OFFSET = 224
"""`tcpi_rcv_ooopack`, since Linux 5.4."""


def read_tcp_info(getsockopt: Callable[[int, int, int], bytes]) -> tuple[float | None, int | None]:
    """Ask a TCP socket for its round-trip time in ms and the segments that came out of order; `None` for what is missing.

    The round trip is timed on what we send, which is little: an acknowledgement every few seconds.

    Raises:
        OSError: it is closed, or no TCP socket of Linux.
    """
    info = getsockopt(_IPPROTO_TCP, _TCP_INFO, _ASKED_BYTES)
    round_trip_us, out_of_order = _field(info, _RTT_OFFSET), _field(info, _OUT_OF_ORDER_OFFSET)
    return (round_trip_us / 1000 if round_trip_us else None), out_of_order


def has_unread(descriptor: int) -> bool:
    """Whether bytes of the peer, or its end, wait in a socket."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _field(info: bytes, offset: int) -> int | None:
    raw = info[offset : offset + 4]
    return int.from_bytes(raw, sys.byteorder) if len(raw) == 4 else None
