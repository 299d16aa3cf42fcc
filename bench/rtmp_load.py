"""Paced publishers from one thread: non-blocking sockets, one epoll, bytes that were made ahead.

Costs little enough (a tenth of a core for 30 publishers of 6 Mbit/s) that one core carries the load for a server on the
other. Every frame goes out at its own time, as real encoders send them; publishers start spread over a GOP.
"""

import heapq
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from bench.rtmp_wire import HELLO, Piece, Replay, connect, create_stream, goodbye, publish

_S0_S1_S2_BYTES = 1 + 2 * 1536
_CREATED = b"_result\x00\x40\x10\x00\x00\x00\x00\x00\x00"
"""The answer to transaction 4."""
_READ_BYTES = 65_536


class LoadError(Exception):
    """The server refused a publisher or hung up."""


class _State(Enum):
    GREETING = auto()
    CONNECTING = auto()
    CREATING = auto()
    ASKING = auto()
    LIVE = auto()
    DEAD = auto()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a publisher goes."""

    host: str
    port: int
    app: str
    key: str = field(repr=False)

    @property
    def url(self) -> str:
        """The tcUrl."""
        return f"rtmp://{self.host}:{self.port}/{self.app}"


@dataclass(slots=True)
class Sent:
    """What a publisher did, for the benchmark that asks."""

    accept_s: float | None = None
    """From the TCP connect to `Publish.Start`; `None` until then."""
    frames: int = 0
    sent_bytes: int = 0
    late_s: float = 0.0
    """The worst delay of a frame behind its time: the generator was too slow, or the server pushed back."""
    error: str | None = None
    video_times: list[float] | None = None
    """`time.monotonic()` after the last byte of each video frame; kept only where asked for."""


class Publisher:
    """One RTMP publisher on a non-blocking socket. Its owner calls `readable`, `writable` and `send_due`."""

    def __init__(self, target: Target, replay: Replay, chunk_size: int, *, keep_times: bool = False) -> None:
        self.sent = Sent(video_times=[] if keep_times else None)
        self.next_due = float("inf")
        """When the next frame goes out, on the clock of `time.monotonic`."""
        self._target, self._replay, self._chunk_size = target, replay, chunk_size
        self._state = _State.GREETING
        self._received = bytearray()
        self._pending = memoryview(b"")
        self._pieces: Sequence[Piece] = replay.first
        self._index = 0
        self._pass_began = 0.0
        self._began = time.monotonic()
        self._socket = socket.create_connection((target.host, target.port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._write(HELLO)

    def fileno(self) -> int:
        """Descriptor of the socket."""
        return self._socket.fileno()

    @property
    def is_live(self) -> bool:
        """Whether the server has accepted it."""
        return self._state is _State.LIVE

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for the socket."""
        return len(self._pending) > 0

    def readable(self) -> None:
        """Take what the server says, and go on with the conversation."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._die(str(error))
            return
        if not data:
            self._die("the server hung up")
        elif self._state is not _State.LIVE:
            self._received += data
            self._converse()

    def writable(self) -> None:
        """Send what waits."""
        if self._flush():
            self._schedule()

    def send_due(self, now: float) -> None:
        """Send the frame that is due; afterwards `next_due` is the next one's time, or infinite while bytes wait."""
        piece = self._pieces[self._index]
        self.sent.late_s = max(self.sent.late_s, now - self.next_due)
        self._write(piece.data)
        self.sent.frames += 1
        if piece.is_video and self.sent.video_times is not None:
            self.sent.video_times.append(time.monotonic())
        self._index += 1
        if self._index == len(self._pieces):
            self._pieces, self._index = self._replay.again, 0
            self._pass_began += self._replay.period_ms / 1000
        self._schedule()

    def close(self, *, clean: bool) -> None:
        """Hang up; `clean`: with a good-bye."""
        if clean and self._state is _State.LIVE and not self._pending:
            self._write(goodbye(self._target.key, self._chunk_size))
        self._state = _State.DEAD
        self._socket.close()

    def _converse(self) -> None:
        received, target = self._received, self._target
        if self._state is _State.GREETING and len(received) >= _S0_S1_S2_BYTES:
            self._advance(_State.CONNECTING, bytes(received[1:1537]) + connect(target.app, target.url))
        elif self._state is _State.CONNECTING and b"NetConnection.Connect.Success" in received:
            self._advance(_State.CREATING, create_stream(target.key, self._chunk_size))
        elif self._state is _State.CREATING and _CREATED in received:
            self._advance(_State.ASKING, publish(target.key, self._chunk_size))
        elif self._state is _State.ASKING and b"NetStream.Publish.Start" in received:
            self.sent.accept_s = time.monotonic() - self._began
            self._advance(_State.LIVE, self._replay.opening)
            self._pass_began = time.monotonic()
            self._schedule()
        elif b"NetStream.Publish." in received or b"_error" in received:
            self._die(bytes(received[-200:]).decode("ascii", "replace"))

    def _advance(self, state: _State, data: bytes) -> None:
        self._received.clear()
        self._state = state
        self._write(data)

    def _schedule(self) -> None:
        """With bytes waiting nothing more is taken: that is how a server slows an encoder."""
        if self._state is _State.LIVE:
            due = self._pass_began + self._pieces[self._index].dts_ms / 1000
            self.next_due = float("inf") if self._pending else due

    def _write(self, data: bytes) -> None:
        self.sent.sent_bytes += len(data)
        self._pending = memoryview(bytes(self._pending) + data) if self._pending else memoryview(data)
        self._flush()

    def _flush(self) -> bool:
        """Send pending bytes; true when none are left."""
        try:
            while self._pending:
                self._pending = self._pending[self._socket.send(self._pending) :]
        except BlockingIOError:
            return False
        except OSError as error:
            self._die(str(error))
        return True

    def _die(self, reason: str) -> None:
        if self._state is not _State.DEAD:
            self.sent.error = reason
            self._state = _State.DEAD
            self._pending = memoryview(b"")
            self.next_due = float("inf")


class Load:
    """All publishers of one benchmark."""

    def __init__(self) -> None:
        self.publishers: list[Publisher] = []
        self._poll = select.epoll()
        self._by_descriptor: dict[int, Publisher] = {}
        self._due: list[tuple[float, int]] = []
        self._position: dict[int, int] = {}

    def add(self, publisher: Publisher) -> None:
        """Take a publisher in; it converses and publishes while `run` runs."""
        number = len(self.publishers)
        self.publishers.append(publisher)
        self._by_descriptor[publisher.fileno()] = publisher
        self._position[publisher.fileno()] = number
        self._poll.register(publisher.fileno(), select.EPOLLIN)

    def leave(self, publisher: Publisher) -> None:
        """Let a publisher that was added last say good-bye and go."""
        assert publisher is self.publishers[-1]
        self._poll.unregister(publisher.fileno())
        number = len(self.publishers) - 1
        self._due = [entry for entry in self._due if entry[1] != number]
        heapq.heapify(self._due)
        del self._by_descriptor[publisher.fileno()], self._position[publisher.fileno()], self.publishers[-1]
        publisher.close(clean=True)

    def run(self, until: float) -> None:
        """Publish until `time.monotonic()` reaches `until`.

        Raises:
            LoadError: A publisher was refused or cut off; the figures would mean nothing.
        """
        while (now := time.monotonic()) < until:
            wake = min(until, self._due[0][0] if self._due else until)
            for descriptor, events in self._poll.poll(max(0.0, wake - now)):
                self._serve(descriptor, events)
            self._send_due()

    def wait_live(self, publisher: Publisher, limit_s: float = 10.0) -> None:
        """Run until a publisher is live. Raises `LoadError` as `run` does, or when it takes too long."""
        deadline = time.monotonic() + limit_s
        while not publisher.is_live:
            if time.monotonic() > deadline:
                raise LoadError(f"not accepted within {limit_s} s")
            self.run(min(deadline, time.monotonic() + 0.001))

    def close(self) -> None:
        """End every publisher with a good-bye."""
        for publisher in self.publishers:
            publisher.close(clean=True)
        self._poll.close()

    def _serve(self, descriptor: int, events: int) -> None:
        publisher = self._by_descriptor[descriptor]
        before = publisher.next_due
        waited = publisher.wants_write
        if events & select.EPOLLOUT:
            publisher.writable()
        if events & ~select.EPOLLOUT:
            publisher.readable()
        self._check(publisher)
        if publisher.next_due != before and publisher.next_due != float("inf"):
            heapq.heappush(self._due, (publisher.next_due, self._position[descriptor]))
        if waited and not publisher.wants_write:
            self._poll.modify(descriptor, select.EPOLLIN)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            number = self._due[0][1]
            publisher = self.publishers[number]
            publisher.send_due(now)
            self._check(publisher)
            if publisher.next_due == float("inf"):
                heapq.heappop(self._due)
                self._poll.modify(publisher.fileno(), select.EPOLLIN | select.EPOLLOUT)
            else:
                heapq.heapreplace(self._due, (publisher.next_due, number))

    @staticmethod
    def _check(publisher: Publisher) -> None:
        if publisher.sent.error is not None:
            raise LoadError(publisher.sent.error)
