"""A client's connection as the protocols use it: text in, bytes out, whatever carries it (WebSocket, TCP, TLS).

What goes out passes one outbox, whoever sends it: frames that a room encoded once go around the WebSocket library.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream
from wsproto.connection import ConnectionType
from wsproto.handshake import H11Handshake

from chatd.frame_guard import FrameGuard, TooManyFragmentsError
from chatd.irc_lines import LineReader
from chatd.outbox import Outbox, Sink, SocketSink, StreamSink
from chatd.pace import Pace
from chatd.turnstile import Turnstile
from chatd.wires import Framing

RECEIVE_BYTES = 4096
HANDSHAKE_S = 5.0
"""The whole head of the request is there already."""
FRAMES_PER_S = 40.0
FRAMES_BURST = 400
"""Twice what messages are taken at (`chatd.client`), so that only pings and fragments without end are held back."""
CLOSE_S = 2.0
"""How long a client gets to say good-bye in its turn."""
CLOSE_GOING_AWAY = 1001
CLOSE_UNSUPPORTED = 1003
CLOSE_POLICY = 1008
CLOSE_RESTART = 1012
PING_FRAME = b"\x89\x00"


class LinkClosedError(Exception):
    """The client is gone, or was cut."""


class Link(Protocol):
    """One client."""

    outbox: Outbox
    framing: Framing
    """How lines are sent."""
    farewell: bytes
    """What tells the client that the server goes away, and it should come back; b'' where there is no way to."""

    @property
    def last_heard(self) -> float:
        """When the last bytes came, on Trio's clock."""

    async def receive(self) -> list[str]:
        """Give the next texts: a message of a WebSocket, or complete lines. Raises `LinkClosedError`, `IrcLineError`."""

    async def close(self, code: int, reason: str) -> None:
        """Say why and end it; takes at most `CLOSE_S`."""


class _Carrier(trio.abc.Stream):
    """The stream below a WebSocket: bytes that were read too early first; what is sent goes to the outbox."""

    __slots__ = (
        "_early",
        "_frames",
        "_guard",
        "_head",
        "_inner",
        "_opened",
        "_outbox",
        "_turns",
        "last_heard",
    )

    def __init__(
        self, inner: trio.abc.Stream, head: bytes, early: bytes, outbox: Outbox, turns: Turnstile
    ) -> None:
        self._inner = inner
        self._head = head
        self._early = early
        self._outbox = outbox
        self._turns = turns
        self._opened: trio.Event | None = trio.Event()
        self._guard = FrameGuard()
        self._frames = Pace(per_s=FRAMES_PER_S, burst=FRAMES_BURST)
        self.last_heard = trio.current_time()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._opened is not None:
            # The library keeps what it is given before it has accepted, and looks at it only when more comes.
            await self._opened.wait()
        if self._early:
            data, self._early = self._early[:max_bytes], self._early[max_bytes or len(self._early) :]
        else:
            data = bytes(await self._inner.receive_some(max_bytes))
            self.last_heard = trio.current_time()
        if data:
            await self._look_at(data)
        else:
            await self._turns.wait()  # thousands hang up at once when a proxy dies
        return data

    def open(self) -> None:
        """Read on: the handshake has been answered."""
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    async def _look_at(self, data: bytes) -> None:
        """Hold a client back that sends more frames than anybody needs, and cut one that never ends a message."""
        try:
            frames = self._guard.receive(data)
        except TooManyFragmentsError:
            raise trio.BrokenResourceError("a message in too many fragments") from None
        await self._frames.wait(frames)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        self._outbox.offer(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self._outbox.close()
        await self._inner.aclose()


class WebSocketLink:
    """A WebSocket client."""

    __slots__ = ("_carrier", "_connection", "framing", "outbox")
    farewell = b"\x88\x02" + CLOSE_RESTART.to_bytes(2, "big")

    def __init__(
        self, connection: WebSocketConnection, carrier: _Carrier, outbox: Outbox, framing: Framing
    ) -> None:
        self._connection = connection
        self._carrier = carrier
        self.outbox = outbox
        self.framing = framing

    @property
    def last_heard(self) -> float:
        """When the last bytes came."""
        return self._carrier.last_heard

    async def receive(self) -> list[str]:
        """Wait for a message; see `Link`."""
        try:
            message = await self._connection.get_message()
        except ConnectionClosed:
            raise LinkClosedError from None
        if isinstance(message, bytes):
            await self.close(CLOSE_UNSUPPORTED, "send text")
            raise LinkClosedError
        return [message]

    async def close(self, code: int, reason: str) -> None:
        """Shake hands on the end; see `Link`."""
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(CLOSE_S), suppress(ConnectionClosed, trio.BrokenResourceError):
            await self._connection.aclose(code, reason)


class TcpLink:
    """A client of plain TCP or of TLS that sends lines."""

    __slots__ = ("_lines", "_stream", "_turns", "last_heard", "outbox")
    framing: Framing = "tcp"
    farewell = b""

    def __init__(self, stream: trio.abc.Stream, outbox: Outbox, turns: Turnstile) -> None:
        self._stream = stream
        self._turns = turns
        self._lines = LineReader()
        self.outbox = outbox
        self.last_heard = trio.current_time()

    async def receive(self) -> list[str]:
        """Wait for bytes, and give the lines that they complete; see `Link`."""
        try:
            data = bytes(await self._stream.receive_some(RECEIVE_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise LinkClosedError from None
        if not data:
            await self._turns.wait()  # see `_Carrier`
            raise LinkClosedError
        self.last_heard = trio.current_time()
        return self._lines.receive(data)

    async def close(self, code: int, reason: str) -> None:
        """There is no way to say a code; what is pending gets its moment."""
        del code, reason
        with trio.move_on_after(CLOSE_S):
            await self.outbox.wait_empty()


OnEnd = Callable[[trio.CancelScope, str], object]
"""Called at most once, with the scope of the conversation and the reason, when the client is too slow or gone: see `Outbox`."""


async def run_tcp(
    stream: trio.abc.Stream,
    *,
    turns: Turnstile,
    on_end: OnEnd,
    talk: Callable[[TcpLink, trio.CancelScope], Awaitable[object]],
) -> None:
    """Talk to a client over a byte stream, which the caller closes. Cancelling the scope ends it."""
    async with trio.open_nursery() as nursery:
        scope = nursery.cancel_scope
        outbox = Outbox(_sink(stream), nursery, on_end=partial(on_end, scope))
        try:
            await talk(TcpLink(stream, outbox, turns), scope)
        finally:
            outbox.close()
            scope.cancel("the conversation is over")


async def run_websocket(
    stream: trio.abc.Stream,
    head: bytes,
    early: bytes,
    *,
    subprotocol: str | None,
    framing: Framing,
    max_message_bytes: int,
    turns: Turnstile,
    on_end: OnEnd,
    talk: Callable[[WebSocketLink, trio.CancelScope], Awaitable[object]],
) -> None:
    """Accept a WebSocket whose handshake is `head`, and talk; `early`: what came behind it already.

    The caller closes the stream. Cancelling the scope ends the conversation. `subprotocol`: what we say that we speak;
    Node's `ws` hangs up when it offered some and got none, or the reverse. Raises `trio.TooSlowError` for a handshake
    that is none.
    """
    async with trio.open_nursery() as nursery:
        scope = nursery.cancel_scope
        outbox = Outbox(_sink(stream), nursery, on_end=partial(on_end, scope))
        carrier = _Carrier(stream, head, early, outbox, turns)
        del head, early
        try:
            connection = await _shake_hands(nursery, carrier, subprotocol, max_message_bytes)
            await talk(WebSocketLink(connection, carrier, outbox, framing), scope)
        finally:
            outbox.close()
            scope.cancel("the conversation is over")


async def _shake_hands(
    nursery: trio.Nursery, carrier: _Carrier, subprotocol: str | None, max_message_bytes: int
) -> WebSocketConnection:
    # Of a handshake that is none the library says nothing: it has closed the stream.
    with trio.fail_after(HANDSHAKE_S):
        request = await wrap_server_stream(
            nursery, carrier, max_message_size=max_message_bytes, receive_buffer_size=RECEIVE_BYTES
        )
        connection = await request.accept(subprotocol=subprotocol)
    carrier.open()
    # The handshake is over, but the library keeps its parser and the headers, 4 KB, until the end of the connection.
    connection._wsproto.handshake = _OVER  # noqa: SLF001  # nothing public gives them back
    return connection


_OVER = H11Handshake(ConnectionType.SERVER)
"""A handshake that has nothing to say any more, for all connections that are past theirs."""


def _sink(stream: trio.abc.Stream) -> Sink:
    return SocketSink(stream) if isinstance(stream, trio.SocketStream) else StreamSink(stream)
