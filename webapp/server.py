"""Serves the web role: Hypercorn's HTTP/1.1 on our accept loop, with a deadline on everything a client can delay.

`hypercorn.trio.serve` is not used, for two reasons. On cleartext it speaks HTTP/2 to whoever asks (h2c, prior knowledge) and
cannot be told not to, and that Trio worker died under load. And it sends inside a shield without a deadline, so that one
client which reads a byte a second keeps the process from ending. What is left of it here is its protocol class and its
connection loop; accepting, isolating and draining are `common.serving`.
"""

import logging
import socket
from collections.abc import Sequence
from functools import partial

import structlog
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import parse_socket_addr, wrap_app
from quart_trio import QuartTrio

from common.limits import ConnectionCaps, is_loopback
from common.serving import peer_address, serve

log = structlog.get_logger(__name__)

HEAD_S = 10.0
"""From a connection's start, or the last answer's end, to the end of a request's head; also keep-alive."""
BODY_SILENCE_S = 10
"""Between two reads of a body."""
SEND_S = 30.0
"""For one piece of an answer (the whole of it, for our files) to leave for the client's kernel."""
USER_TIMEOUT_MS = 30_000
"""TCP gives a connection up whose peer acknowledges nothing, or keeps its window shut, for this long."""
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
    context = WorkerContext(None)
    async with trio.open_nursery() as background:
        app.nursery = background  # where Quart starts its background tasks; an ASGI server's lifespan call does the same
        await app.startup()
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_end_idle, stop, context)
                handler = _Handler(app, context)
                await nursery.start(partial(serve, handler, listeners, stop=stop, drain_s=drain_s))
                task_status.started(list(listeners))
        finally:
            with trio.move_on_after(SHUTDOWN_S, shield=True):
                await app.shutdown()
            background.cancel_scope.cancel("the server has stopped")


async def _end_idle(stop: trio.Event, context: WorkerContext) -> None:
    await stop.wait()
    await context.terminated.set()  # hypercorn: idle connections close now, others after their answer


def _settings() -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")  # no handler of its own: our logging writes it
    config.include_server_header = False
    config.keep_alive_timeout = HEAD_S
    config.read_timeout = BODY_SILENCE_S
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.websocket_max_message_size = MAX_HEAD_BYTES
    return config


class _Handler:
    """Runs one connection, if there is room for it."""

    def __init__(self, app: QuartTrio, context: WorkerContext) -> None:
        self._config = _settings()
        self._app = wrap_app(app, self._config.wsgi_max_body_size, "asgi")
        self._context = context
        self._caps = ConnectionCaps(total=MAX_CONNECTIONS, per_client=MAX_PER_ADDRESS)

    async def __call__(self, stream: trio.SocketStream) -> None:
        await trio.lowlevel.checkpoint()
        address = peer_address(stream)
        exempt = is_loopback(address)  # also a proxy on this machine
        if not self._caps.enter(address, exempt=exempt):
            return
        try:
            await _Connection(
                self._app,
                self._config,
                self._context,
                ConnectionState({}),
                stream,  # type: ignore[arg-type]  # the annotation says TLS; plain sockets are taken as well
            ).run()
        finally:
            self._caps.leave(address, exempt=exempt)


class _Connection(TCPServer):
    """Hypercorn's connection loop without TLS and HTTP/2, and with sends that end."""

    async def run(self) -> None:
        await trio.lowlevel.checkpoint()
        sock = self.stream.socket
        try:
            client = parse_socket_addr(sock.family, sock.getpeername())
            server = parse_socket_addr(sock.family, sock.getsockname())
        except OSError:
            return  # gone already
        async with TaskGroup() as group:
            self._task_group = group
            self.protocol = _Http1(  # type: ignore[assignment]  # what ProtocolWrapper would choose between
                self.app,
                self.config,
                self.context,
                group,
                ConnectionState(self.state),
                ssl=False,
                client=client,
                server=server,
                send=self.protocol_send,
            )
            await self.idle_task.restart(group, self._idle_timeout)
            await self._read_data()
            await self.idle_task.stop()

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, RawData):
            # Quart cancels the request's own tasks when it is over, and they are who tells us: a close, or the start of
            # the idle time, must not be lost to that. Neither waits for the client.
            with trio.move_on_after(CLOSE_S, shield=True):
                await super().protocol_send(event)
            return
        async with self.send_lock:
            try:
                with trio.fail_after(SEND_S):
                    await self.stream.send_all(event.data)
            except (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
                self.stream.socket.close()
                await self.protocol.handle(Closed())
            except BaseException:
                # How much was sent is not known, so nothing more may follow: hypercorn would go on with the next request.
                self.stream.socket.close()
                raise


class _Http1(H11Protocol):
    async def _check_protocol(self, event: object) -> None:
        """Do not switch to HTTP/2: an Upgrade may be ignored (RFC 9110 7.8), and its preface is an unknown method."""
