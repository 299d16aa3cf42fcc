"""A small HTTP/1.1 server on Trio for media, metrics, health and upgrades: one task a connection, no TLS, no bodies.

Written by hand because the origin answers thousands of tiny requests a second on one core; HTTP/2 and TLS come from a
proxy in front. Whatever a client does, it costs a bounded amount of memory and time.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import trio

from common.http_connection import Connection
from common.http_hub import ReadyHub
from common.http_pipe import open_pipe
from common.http_response import Handler, TakeOver, respond
from common.http_shared import HttpLimits, HttpStats, Shared
from common.limits import ConnectionCaps, is_loopback
from common.metrics import Sample
from common.proxies import TrustedProxies
from common.serving import peer_address, serve

TICK_S = 1.0
_CROWDED = 0.8
"""Share of the connection cap from which on idle connections are kept for a shorter time."""

_TOO_MANY_BODY = b"too many connections, try again later\n"
_TOO_MANY = respond(
    503,
    _TOO_MANY_BODY,
    (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Retry-After", "5"),
        ("Cache-Control", "no-store"),
        ("Access-Control-Allow-Origin", "*"),
    ),
)


class HttpServer:
    """Answers requests through one handler, on any number of listeners."""

    def __init__(
        self, handler: Handler, *, limits: HttpLimits | None = None, proxies: TrustedProxies | None = None
    ) -> None:
        """`handler` is called for every request and must not block; see `common.http_response.Answer`."""
        self._limits = limits or HttpLimits()
        self._proxies = proxies or TrustedProxies()
        self._shared = Shared(handler, self._limits)
        self._caps = ConnectionCaps(
            total=self._limits.max_connections, per_client=self._limits.max_per_address
        )
        self._connections: set[Connection] = set()
        self._hub: ReadyHub | None = None  # while `serve` runs

    @property
    def stats(self) -> HttpStats:
        """Counters since the start."""
        return self._shared.stats

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return self._caps.open

    def samples(self, listener: str) -> list[Sample]:
        """Give what `common.metrics` scrapes; `listener` becomes part of the names, e.g. `hls`."""
        return list(self.stats.samples(listener, self.open_connections))

    async def serve(
        self,
        listeners: list[trio.SocketListener],
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[trio.abc.Listener[trio.SocketStream]]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until `stop`; then idle connections are closed, requests that wait get a moment and then a 503, and
        what is being sent gets `drain_s` seconds. Takes the listeners over. Cancelling is safe and drops everything at once.
        """
        self._tick()
        with self._watching_sockets() as hub:
            async with trio.open_nursery() as background:
                background.start_soon(self.look_after, stop)
                background.start_soon(hub.run)
                async with trio.open_nursery() as serving:
                    task_status.started(
                        await serving.start(
                            partial(serve, self._handle_socket, listeners, stop=stop, drain_s=drain_s)
                        )
                    )
                background.cancel_scope.cancel("drained")

    @contextmanager
    def _watching_sockets(self) -> Iterator[ReadyHub]:
        self._hub = ReadyHub()
        try:
            yield self._hub
        finally:
            self._hub.close()
            self._hub = None

    async def look_after(self, stop: trio.Event) -> None:
        """Keep the clock and the deadlines, and wind everything up at `stop`. Runs until cancelled; `serve` does it."""
        self._tick()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._keep_ticking)
            await stop.wait()
            self._shared.stopping = True
            for connection in tuple(self._connections):
                connection.close_if_idle()
            await trio.sleep(self._limits.stop_grace_s)
            for connection in tuple(self._connections):
                connection.stop_waiting()

    async def handle(self, stream: trio.abc.Stream, peer: str) -> None:
        """Serve one connection of any kind of stream, from the address `peer`. `look_after` must be running."""
        trusted = self._proxies.trusts(peer)
        exempt = trusted or is_loopback(peer)
        if not self._caps.enter(peer, exempt=exempt):
            self._turn_away(stream)
            await trio.lowlevel.checkpoint()
            return
        self.stats.accepted += 1
        try:
            successor, unread = await self._converse(stream, peer, self._proxies if trusted else None)
            if successor is not None:
                await self._hand_over(successor, stream, unread)
        finally:
            self._caps.leave(peer, exempt=exempt)

    async def _converse(
        self, stream: trio.abc.Stream, peer: str, proxies: TrustedProxies | None
    ) -> tuple[TakeOver | None, bytes]:
        """Speak HTTP. Nothing of it is left when somebody takes over: of a hundred thousand chatters, each byte counts."""
        connection = Connection(stream, open_pipe(stream, self._hub), peer, self._shared, proxies)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
        return connection.successor, connection.unread

    async def _hand_over(self, successor: TakeOver, stream: trio.abc.Stream, unread: bytes) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            await successor.run(stream, unread)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            self.stats.hang_ups += 1

    def _turn_away(self, stream: trio.abc.Stream) -> None:
        """Say why, if that goes out at once: nobody waits for a client that should not be here."""
        self.stats.turned_away += 1
        if isinstance(stream, trio.SocketStream):
            with suppress(OSError):
                os.write(stream.socket.fileno(), _TOO_MANY.head + self._shared.last_tail + _TOO_MANY_BODY)

    async def _handle_socket(self, stream: trio.SocketStream) -> None:
        await self.handle(stream, peer_address(stream))

    async def _keep_ticking(self) -> None:
        while True:
            await trio.sleep(TICK_S)
            self._tick()

    def _tick(self) -> None:
        now = trio.current_time()
        self._shared.tick(now, time.time())
        crowded = self.open_connections > self._limits.max_connections * _CROWDED
        # `due` of an idle connection was set for the longer time; when it gets crowded the difference is taken back.
        early_s = self._limits.idle_s - self._limits.crowded_idle_s if crowded else 0.0
        for connection in tuple(self._connections):
            if connection.due <= now + (early_s if connection.idle else 0.0):
                connection.expire()
