"""One kept connection of a simulated player: one request at a time, answers read as they come.

Media is not even copied out of the kernel (MSG_TRUNC), so that one core stands for thousands of viewers.
"""

import socket
from dataclasses import dataclass
from functools import lru_cache

_HEAD_BYTES = 4096
_SCRATCH = bytearray(1 << 20)
_MAX_HEAD_BYTES = 16_384


class WireError(Exception):
    """The server hung up, or its answer makes no sense."""


@dataclass(frozen=True, slots=True)
class Head:
    """What matters of a head."""

    status: int
    size: int
    is_gzip: bool


@lru_cache(maxsize=4096)
def read_head(head: bytes) -> Head:
    """Read status line and headers. Kept: many answers are the same to the last byte.

    Raises:
        WireError: there is no Content-Length, or no status.
    """
    lines = head.decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    try:
        return Head(
            int(lines[0].split()[1]),
            int(headers["content-length"]),
            headers.get("content-encoding") == "gzip",
        )
    except (IndexError, KeyError, ValueError):
        raise WireError(f"unexpected answer {head[:80]!r}") from None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `body` is empty for media."""

    head: Head
    body: bytes
    size: int
    """Bytes of the body, thrown away or not."""


class Wire:
    """A non-blocking connection. The owner calls `readable` when the kernel says so."""

    __slots__ = ("_buffer", "_head", "_keep", "_left", "_request_tail", "_socket", "asked", "path")

    def __init__(self, host: str, port: int, *, accept: str, keep_bodies: bool) -> None:
        """Connect. `accept`: Accept-Encoding; `keep_bodies`: false for media. Raises OSError."""
        self._socket = socket.create_connection((host, port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._keep = keep_bodies
        self._request_tail = f" HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: {accept}\r\n\r\n"
        self._buffer = b""
        self._head: Head | None = None
        self._left = 0
        self.path = ""
        """What was asked for last; empty while nothing is awaited."""
        self.asked = 0.0

    def fileno(self) -> int:
        """Descriptor of the socket."""
        return self._socket.fileno()

    def ask(self, path: str, now: float) -> None:
        """Send a request. Raises OSError."""
        self.path, self.asked = path, now
        self._socket.send(f"GET {path}{self._request_tail}".encode())

    def readable(self) -> Answer | None:
        """Take what is there; the answer when it is whole.

        Raises:
            WireError: see there.
            OSError: the connection broke.
        """
        if self._head is None and not self._read_head():
            return None
        head = self._head
        assert head is not None
        if self._keep:
            return self._whole(head) if len(self._buffer) >= head.size or self._read_body(head) else None
        while self._left > 0:
            try:
                got = self._socket.recv_into(_SCRATCH, min(self._left, len(_SCRATCH)), socket.MSG_TRUNC)
            except BlockingIOError:
                return None
            if not got:
                raise WireError("the server hung up in the middle of an answer")
            self._left -= got
        return self._whole(head)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self, size: int) -> bytes:
        data = self._socket.recv(size)
        if not data:
            raise WireError("the server hung up")
        return data

    def _read_head(self) -> bool:
        try:
            self._buffer += self._receive(_HEAD_BYTES if not self._keep else _MAX_HEAD_BYTES)
        except BlockingIOError:
            return False
        text, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                raise WireError("the head of an answer does not end")
            return False
        self._head = read_head(text)
        self._left = self._head.size - len(rest)
        self._buffer = rest if self._keep else b""
        return True

    def _read_body(self, head: Head) -> bool:
        try:
            self._buffer += self._receive(head.size)
        except BlockingIOError:
            return False
        return len(self._buffer) >= head.size

    def _whole(self, head: Head) -> Answer:
        answer = Answer(head, self._buffer, head.size)
        self._buffer, self._head, self.path = b"", None, ""
        return answer
