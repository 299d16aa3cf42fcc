"""Connections to others' servers that are open and not in use, so that the next request needs no handshake."""

from collections import OrderedDict
from dataclasses import dataclass

import trio

from common.egress_policy import Target

Place = tuple[bool, str, int]


@dataclass(slots=True)
class _Idle:
    place: Place
    stream: trio.abc.Stream
    until: float


class IdleConnections:
    """Keeps them for a while, and not more than so many. Nothing here waits.

    Args:
        most: connections that are kept; above it the one goes that has waited longest.
        keep_s: seconds that one is kept; what is too old goes with the next call.

    """

    def __init__(self, *, most: int, keep_s: float) -> None:
        self._most = most
        self._keep_s = keep_s
        self._idle: OrderedDict[int, _Idle] = OrderedDict()
        """By number; the one that was put in last is last."""
        self._by_place: dict[Place, list[int]] = {}
        self._next_number = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._idle)

    def take(self, target: Target, now: float) -> trio.abc.Stream | None:
        """Take a connection to where a request goes; `None`: there is none that still stands."""
        self._drop_old(now)
        while numbers := self._by_place.get(_place(target)):
            stream = self._remove(numbers[-1])
            if _is_quiet(stream):
                return stream
            _close(stream)
        return None

    def keep(self, target: Target, stream: trio.abc.Stream, now: float) -> None:
        """Put a connection in whose last answer was read whole."""
        self._drop_old(now)
        place = _place(target)
        self._next_number += 1
        self._idle[self._next_number] = _Idle(place, stream, now + self._keep_s)
        self._by_place.setdefault(place, []).append(self._next_number)
        if len(self._idle) > self._most:
            _close(self._remove(next(iter(self._idle))))

    def close(self) -> None:
        """Close all."""
        while self._idle:
            _close(self._remove(next(iter(self._idle))))

    def _drop_old(self, now: float) -> None:
        while self._idle:
            number, oldest = next(iter(self._idle.items()))
            if oldest.until > now:
                return
            _close(self._remove(number))

    def _remove(self, number: int) -> trio.abc.Stream:
        idle = self._idle.pop(number)
        numbers = self._by_place[idle.place]
        numbers.remove(number)
        if not numbers:
            del self._by_place[idle.place]
        return idle.stream


def _place(target: Target) -> Place:
    return target.tls, target.host, target.port


def _socket_of(stream: trio.abc.Stream) -> trio.SocketStream | None:
    if isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return stream if isinstance(stream, trio.SocketStream) else None


def _is_quiet(stream: trio.abc.Stream) -> bool:
    """Whether the server neither hung up nor said anything: either makes it useless. The pipes of tests never do."""
    sockets = _socket_of(stream)
    return sockets is None or not sockets.socket.is_readable()


def _close(stream: trio.abc.Stream) -> None:
    """Close without a good-bye, which would have to be waited for."""
    sockets = _socket_of(stream)
    if sockets is not None:
        sockets.socket.close()
