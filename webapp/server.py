"""Serves the web role: Hypercorn's HTTP/1.1 on our accept loop, with a deadline on everything a client can delay.

`hypercorn.trio.serve` is not used, for two reasons. On cleartext it speaks HTTP/2 to whoever asks (h2c, prior knowledge) and
cannot be told not to, and that Trio worker died under load. And it sends inside a shield without a deadline, so that one
client which reads a byte a second keeps the process from ending. What is left of it here is its protocol class and its
connection loop; accepting, isolating and draining are `common.serving`.
"""

import contextlib
import logging
import math
import os
import socket
from collections.abc import Sequence
from functools import partial
from typing import Any

import h11
import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Request
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr, wrap_app
from quart_trio import QuartTrio

from common.limits import ConnectionCaps, is_loopback
from common.serving import peer_address, serve
from webapp.exchange import STREAM_ID, Exchange

log = structlog.get_logger(__name__)

HEAD_S = 10.0
"""From a connection's start, or the last answer's end, to the end of a request's head; also keep-alive."""
BODY_SILENCE_S = 10
"""Between two reads of a body."""
PING_S = 20
"""Of a WebSocket: without anything to acknowledge, TCP does not notice that a peer is gone."""
SEND_S = 30.0
"""For one piece of an answer (the whole of it, for our files) to leave for the client's kernel."""
USER_TIMEOUT_MS = 30_000
"""TCP gives a connection up whose peer acknowledges nothing, or keeps its window shut, for this long."""
READ_BYTES = 64 * 1024
MAX_HEAD_BYTES = 16 * 1024
MAX_CONNECTIONS = 4000
MAX_PER_ADDRESS = 1000
CLOSE_S = 1.0
SHUTDOWN_S = 2.0


async def serve_web(
    app: QuartTrio,
    listeners: Sequence[trio.SocketListener],
    *,
    stop: trio.Event,
    drain_s: float,
    task_status: trio.TaskStatus[list[trio.abc.Listener[trio.SocketStream]]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop`, then close idle connections and give answers that are under way `drain_s` seconds.

    Returns by then whatever clients do. Takes the listeners over. Cancelling is safe and drops everything at once.
    """
    for listener in listeners:
        # Accepted sockets inherit it. A net below our own deadlines: it also frees what the kernel holds after a close.
        listener.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
    handler = _Handler(app)
    async with trio.open_nursery() as background:
        app.nursery = background  # where Quart starts its background tasks; an ASGI server's lifespan call does the same
        await app.startup()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_end_idle, stop, handler)
                await nursery.start(partial(serve, handler, listeners, stop=stop, drain_s=drain_s))
                task_status.started(list(listeners))
        finally:
            with trio.move_on_after(SHUTDOWN_S, shield=True):
                await app.shutdown()
            background.cancel_scope.cancel("the server has stopped")


async def _end_idle(stop: trio.Event, handler: "_Handler") -> None:
    await stop.wait()
    await handler.end_idle()


def _settings() -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")  # no handler of its own: our logging writes it
    config.include_server_header = False
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.websocket_max_message_size = MAX_HEAD_BYTES
    config.websocket_ping_interval = PING_S
    return config


class _Handler:
    """Runs one connection, if there is room for it."""

    def __init__(self, app: QuartTrio) -> None:
        self._config = _settings()
        self._app = app
        self._context = WorkerContext(None)
        self._caps = ConnectionCaps(total=MAX_CONNECTIONS, per_client=MAX_PER_ADDRESS)
        self._open: set[_Connection] = set()

    async def __call__(self, stream: trio.SocketStream) -> None:
        await trio.lowlevel.checkpoint()
        address = peer_address(stream)
        exempt = is_loopback(address)  # also a proxy on this machine
        if self._context.terminated.is_set() or not self._caps.enter(address, exempt=exempt):
            return
        connection = _Connection(self._app, self._config, self._context, stream)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)
            self._caps.leave(address, exempt=exempt)

    async def end_idle(self) -> None:
        """Close the connections that wait for a request, and the others after their answer."""
        await self._context.terminated.set()  # what hypercorn asks after an answer
        for connection in self._open:
            connection.end_if_idle()


class _Connection(TCPServer):
    """Hypercorn's connection loop without TLS and HTTP/2, with sends that end, and with no task for idle times."""

    def __init__(
        self, app: QuartTrio, config: Config, context: WorkerContext, stream: trio.SocketStream
    ) -> None:
        super().__init__(
            wrap_app(app, config.wsgi_max_body_size, "asgi"),
            config,
            context,
            ConnectionState({}),
            stream,  # type: ignore[arg-type]  # the annotation says TLS; plain sockets are taken as well
        )
        self._quart = app
        self._idle = True
        self._scope = trio.CancelScope(deadline=trio.current_time() + HEAD_S)
        """Around all of it: its deadline is set while the connection is idle."""

    async def run(self) -> None:
        await trio.lowlevel.checkpoint()
        sock = self.stream.socket
        try:
            client = parse_socket_addr(sock.family, sock.getpeername())
            server = parse_socket_addr(sock.family, sock.getsockname())
        except OSError:
            return  # gone already
        with self._scope:
            async with TaskGroup() as group:
                self._task_group = group
                self._http = _Http1(
                    self.app,
                    self.config,
                    self.context,
                    group,
                    ConnectionState(self.state),
                    ssl=False,
                    client=client,
                    server=server,
                    send=self.protocol_send,
                    quart=self._quart,
                )
                self.protocol = self._http  # type: ignore[assignment]  # what ProtocolWrapper would choose between
                await self._read_data()

    def end_if_idle(self) -> None:
        """Close it, if it waits for a request."""
        if self._idle:
            self._scope.cancel("the server stops")

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._send(event.data)
        elif isinstance(event, Updated):
            self._idle = event.idle
            self._scope.deadline = trio.current_time() + HEAD_S if event.idle else math.inf
            await trio.lowlevel.checkpoint_if_cancelled()
        else:  # also by who is cancelled just then: the client is not waited for
            with trio.move_on_after(CLOSE_S, shield=True):
                await super().protocol_send(event)

    async def _read_data(self) -> None:
        """Read until the client closes, or sends nothing for too long; who runs a WebSocket sees to that otherwise."""
        while True:
            if self._http.reads_request:
                self._scope.deadline = trio.current_time() + BODY_SILENCE_S
            try:
                data = await self.stream.receive_some(READ_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                break
            if not self._idle:
                self._scope.deadline = math.inf
            await self.protocol.handle(RawData(bytes(data)))  # waits while an earlier request is answered
            if not data:
                break
        await self.protocol.handle(Closed())

    async def _send(self, data: bytes) -> None:
        """Send now what the kernel takes at once, which is the whole of most answers; wait for the client with the rest."""
        try:
            if not self.send_lock.locked():
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self.stream.socket.fileno(), data) :]
            if data:
                async with self.send_lock:
                    with trio.fail_after(SEND_S):
                        await self.stream.send_all(data)
            else:
                await trio.lowlevel.checkpoint_if_cancelled()
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            self.stream.socket.close()
            await self.protocol.handle(Closed())
        except BaseException:
            # How much was sent is not known, so nothing more may follow: hypercorn would go on with the next request.
            self.stream.socket.close()
            raise


class _Http1(H11Protocol):
    """Hypercorn's HTTP/1.1, with requests that go to Quart directly, and an answer's head and what follows in one piece."""

    def __init__(self, *connection: Any, quart: QuartTrio, **options: Any) -> None:
        super().__init__(*connection, **options)
        self._quart = quart
        self._head = b""
        """Of an answer whose body is to come; our bodies come at once."""

    @property
    def reads_request(self) -> bool:
        """Whether it is the client's turn in a request that is no WebSocket's, or the request is answered."""
        return not isinstance(self.stream, WSStream | None)

    async def _create_stream(self, request: h11.Request) -> None:
        if any(name == b"upgrade" for name, _ in request.headers):
            await super()._create_stream(_uncompressed(request))  # perhaps a WebSocket
            return
        exchange = Exchange(
            self._quart, self.task_group.spawn, self.stream_send, client=self.client, server=self.server
        )
        self.stream = exchange  # type: ignore[assignment]  # does what HTTPStream does
        await exchange.handle(
            Request(
                STREAM_ID,
                headers=list(request.headers),
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=request.target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1

    async def _send_h11_event(
        self, event: h11.Data | h11.EndOfMessage | h11.InformationalResponse | h11.Response
    ) -> None:
        # Hypercorn sends head, body and end one by one, two packets and three rounds through locks and deadlines: a sixth
        # of all that a small answer costs.
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            data = self.connection.send(event) or b""
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        data, self._head = self._head + data, b""
        if isinstance(event, h11.Response):
            self._head = data
        elif data:
            await self.send(RawData(data=data))

    async def _check_protocol(self, event: object) -> None:
        """Do not switch to HTTP/2: an Upgrade may be ignored (RFC 9110 7.8), and its preface is an unknown method."""


def _uncompressed(request: h11.Request) -> h11.Request:
    """Leave out that a WebSocket could be compressed: zlib would hold some 300 KB for each connection."""
    headers = [(name, value) for name, value in request.headers if name != b"sec-websocket-extensions"]
    return h11.Request(
        method=request.method, target=request.target, headers=headers, http_version=request.http_version
    )
