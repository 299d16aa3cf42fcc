"""What a handler answers: a complete response, one that comes later, or the taking over of the connection."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import trio

from common.http_parser import Request

Headers = Iterable[tuple[str, str]]

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_WITHOUT_LENGTH = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A body that is read from disk while it is sent. A file that is gone answers 404."""

    path: Path
    offset: int
    size_bytes: int


@dataclass(slots=True)
class Response:
    """A complete answer. Never changed after it was made, so that one object may answer many requests."""

    status: int
    head: bytes = field(repr=False)
    """Status line and headers, without Date, Connection and the blank line: the connection knows these."""
    body: tuple[bytes, ...] | FileSlice = field(repr=False)
    size_bytes: int
    """Size of the body."""
    close: bool = False
    """End the connection after this answer."""


def render_head(status: int, headers: Headers, size_bytes: int) -> bytes:
    """Render status line and headers; Content-Length is added where a body is allowed."""
    lines = [_STATUS_LINES[status], *(f"{name}: {value}\r\n" for name, value in headers)]
    if status not in _WITHOUT_LENGTH:
        lines.append(f"Content-Length: {size_bytes}\r\n")
    return "".join(lines).encode("latin-1")


def respond(status: int, body: bytes = b"", headers: Headers = (), *, close: bool = False) -> Response:
    """Make a response. Header values come from us, never from a request: they are not checked for line breaks."""
    head = render_head(status, headers, len(body))
    return Response(status, head, (body,) if body else (), len(body), close)


def respond_text(status: int, text: str, headers: Headers = (), *, close: bool = False) -> Response:
    """Make a plain text response: one sentence for a person."""
    kind = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))
    return respond(status, f"{text}\n".encode(), (*kind, *headers), close=close)


class Held:
    """An answer that comes later, without a task waiting for it: returned by a handler that keeps it.

    Thousands of viewers wait for the same change; answering them from the task that saw it costs one system call
    each, where a task for each would cost ten times that.
    """

    __slots__ = ("_deliver", "_on_gone", "response")

    def __init__(self, on_gone: Callable[["Held"], None]) -> None:
        """`on_gone` is called if the client leaves or the server stops before the answer: forget the request then."""
        self._on_gone: Callable[[Held], None] | None = on_gone
        self._deliver: Callable[[Response], None] | None = None
        self.response: Response | None = None

    def answer(self, response: Response) -> None:
        """Answer now; only the first time counts, and nothing happens when the client is gone. Never raises or blocks."""
        if self._on_gone is None:
            return
        self._on_gone = None
        self.response = response
        if self._deliver is not None:
            self._deliver(response)

    def attach(self, deliver: Callable[[Response], None]) -> None:
        """Say where the answer goes; for the connection. An answer that was given already stays in `response`."""
        self._deliver = deliver

    def abandon(self) -> None:
        """Give the request up; for the connection."""
        on_gone, self._on_gone = self._on_gone, None
        if on_gone is not None:
            on_gone(self)


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Leave HTTP: the connection belongs to `run` from now on, which is called with the stream and with the bytes
    that came behind the request's head. When it returns the connection is closed.

    It has no deadline any more but the server's drain deadline, so `run` watches the server's stop event itself.
    """

    run: Callable[[trio.abc.Stream, bytes], Awaitable[None]]


Answer = Response | Held | TakeOver | Callable[[], Awaitable[Response]]
"""An async function is for rare pages: it costs a task, which is cancelled when the client leaves or the server stops."""

Handler = Callable[[Request], Answer]
