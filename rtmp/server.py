"""The RTMP listeners, plain and with TLS: who comes in, from which address, and how all of them leave.

What is said on a connection is the business of `rtmp.connection`. Here is what happens before the first RTMP byte: caps,
the PROXY header of a trusted proxy, and the TLS handshake, all of it within the time that an encoder has to publish.
"""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from common.ingest import Gate
from common.proxies import TrustedProxies
from common.proxy_protocol import ProxyProtocolError
from common.serving import peer_address, read_client_address, serve
from rtmp.connection import handle_connection
from rtmp.errors import RemoteProtocolError
from rtmp.limits import Door, RtmpLimits, RtmpStats, Visit
from rtmp.tick import TickReader

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SecureListeners:
    """Where encoders connect with TLS (RTMPS)."""

    listeners: Sequence[trio.SocketListener]
    context: Callable[[], ssl.SSLContext]
    """Gives the context for the next connection: the certificate may be renewed while the server runs."""


async def serve_rtmp(
    listeners: Sequence[trio.SocketListener],
    *,
    gate: Gate,
    limits: RtmpLimits,
    stats: RtmpStats,
    stop: trio.Event,
    drain_s: float,
    secure: SecureListeners | None = None,
    proxies: TrustedProxies | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve publishers until `stop`; then hang up on all of them, as no encoder leaves by itself.

    Takes the listeners over and closes them. After `drain_s` what is still open is cancelled; publications have
    `limits.end_s` to end even then. Cancelling is safe: it does the same at once.

    Args:
        listeners: for plain RTMP.
        gate: decides who may publish.
        limits: apply to both kinds of listeners together.
        stats: is kept up to date.
        stop: see above.
        drain_s: see above.
        secure: listeners for RTMPS, if any.
        proxies: from these peers a PROXY header is believed; from all others it is a protocol error.
        task_status: started once all listeners accept.

    """
    lobby = _Lobby(gate, limits, stats, proxies or TrustedProxies())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lobby.hang_up_after, stop)
        nursery.start_soon(lobby.ticks.run)
        async with trio.open_nursery() as serving:
            for opened, context in (
                (listeners, None),
                *([(secure.listeners, secure.context)] if secure else []),
            ):
                await serving.start(
                    partial(
                        serve,
                        partial(lobby.receive, context=context),
                        opened,
                        stop=stop,
                        drain_s=drain_s,
                        remote_errors=(RemoteProtocolError, ProxyProtocolError),
                    )
                )
            task_status.started()
        nursery.cancel_scope.cancel("nobody is left to read from")


class _Lobby:
    """What the listeners share."""

    def __init__(self, gate: Gate, limits: RtmpLimits, stats: RtmpStats, proxies: TrustedProxies) -> None:
        self.ticks = TickReader(limits.tick_publishers)
        self._gate = gate
        self._limits = limits
        self._stats = stats
        self._proxies = proxies
        self._door = Door(limits, stats)
        self._open: set[trio.CancelScope] = set()
        self._stopping = False

    async def hang_up_after(self, stop: trio.Event) -> None:
        """Cancel every connection once `stop` is set."""
        await stop.wait()
        self._stopping = True
        for scope in list(self._open):
            scope.cancel("the server is stopping")

    async def receive(
        self, stream: trio.SocketStream, *, context: Callable[[], ssl.SSLContext] | None
    ) -> None:
        """Serve one connection; the caller closes the socket."""
        peer = peer_address(stream)
        visit = None if self._stopping else self._come_in(peer)
        if visit is None:
            log.debug("connection_refused", address=peer)
            await trio.lowlevel.checkpoint()
            return
        # For the rest of this task, which is the connection's: what `serve` logs about its end included.
        structlog.contextvars.bind_contextvars(address=peer)
        with visit, self._open_connection():
            await self._serve(stream, visit, context)

    def _come_in(self, peer: str) -> Visit | None:
        return self._door.enter(peer, trio.current_time(), proxy=self._proxies.trusts(peer))

    @contextmanager
    def _open_connection(self) -> Iterator[None]:
        scope = trio.CancelScope()
        self._open.add(scope)
        try:
            with scope:
                yield
        finally:
            self._open.discard(scope)

    async def _serve(
        self, stream: trio.SocketStream, visit: Visit, context: Callable[[], ssl.SSLContext] | None
    ) -> None:
        deadline = trio.current_time() + self._limits.publish_s
        arrived = None
        with self._stats.stranger(), trio.move_on_at(deadline) as arriving:
            arrived = await self._arrive(stream, visit, context)
        if arriving.cancelled_caught:
            self._stats.timeouts_total += 1
            raise trio.TooSlowError(f"neither TLS nor RTMP within {self._limits.publish_s:g} s")
        if arrived is None:
            return
        wire, address = arrived
        await handle_connection(
            wire,
            gate=self._gate,
            address=address,
            limits=self._limits,
            stats=self._stats,
            ticks=self.ticks,
            publish_by=deadline,
        )
        if isinstance(wire, trio.SSLStream):
            with trio.move_on_after(self._limits.farewell_s):
                await wire.aclose()  # TLS says good-bye, which a peer that does not read must not hold up

    async def _arrive(
        self, stream: trio.SocketStream, visit: Visit, context: Callable[[], ssl.SSLContext] | None
    ) -> "_Arrived | None":
        """Give the stream to speak RTMP on and the client's address; `None` when there is nobody to speak with.

        Port scans and load balancers' health checks just leave; that is no news.
        """
        try:
            address = await read_client_address(stream, self._proxies)
            structlog.contextvars.bind_contextvars(address=address)
            if not visit.identify(address, trio.current_time()):
                log.debug("connection_refused")
                return None
            return (await _secure(stream, context()) if context else stream), address
        except trio.BrokenResourceError:
            log.debug("connection_left_without_publishing")
            await trio.lowlevel.checkpoint()
            return None
        except (ProxyProtocolError, RemoteProtocolError):
            self._stats.protocol_errors_total += 1
            raise


_Arrived = tuple["trio.SocketStream | trio.SSLStream[trio.SocketStream]", str]


async def _secure(stream: trio.SocketStream, context: ssl.SSLContext) -> "trio.SSLStream[trio.SocketStream]":
    """Agree on TLS."""
    # https_compatible: the end of TCP without TLS's own good-bye is an end like that of a plain connection. Who cuts a
    # stream short gains nothing here: RTMP has a good-bye of its own.
    secured = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
    try:
        await secured.do_handshake()
    except trio.BrokenResourceError as error:
        if isinstance(error.__cause__, ssl.SSLError) and not isinstance(error.__cause__, ssl.SSLEOFError):
            raise RemoteProtocolError(f"no TLS: {error.__cause__}") from error
        raise
    return secured
