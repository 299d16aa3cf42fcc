"""The Trio driver of RTMP ingest: sockets, deadlines and connection caps around `PublisherPump`.

One task a connection reads, handles and answers, so a platform that is slow slows the encoder through TCP. With many
publishers `rtmp.tick` does the reading for these tasks.
"""

from collections.abc import Sequence
from functools import partial

import structlog
import trio

from common.ingest import Accepted, Gate, Publication, PublishRequest, Rejected, Unavailable, Verdict
from common.serving import peer_address, serve
from rtmp.errors import RemoteProtocolError
from rtmp.events import PublishRequested
from rtmp.limits import Door, RtmpLimits, RtmpStats
from rtmp.pump import PublisherPump
from rtmp.tick import RECEIVE_BYTES, TickReader

log = structlog.get_logger(__name__)

GREETING_RECEIVE_BYTES = 8_192
"""Read at most this much at once before an encoder was accepted."""

_IDLE_STEP_S = 0.5
"""A silent publisher is dropped at most this much later than `idle_s` says."""


async def serve_rtmp(
    listeners: Sequence[trio.SocketListener],
    *,
    gate: Gate,
    limits: RtmpLimits,
    stats: RtmpStats,
    stop: trio.Event,
    drain_s: float,
    task_status: trio.TaskStatus[list[trio.abc.Listener[trio.SocketStream]]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve publishers until `stop`; then hang up on all of them, as no encoder leaves by itself.

    Takes the listeners over and closes them. After `drain_s` what is still open is cancelled; publications have
    `limits.end_s` to end even then. Cancelling is safe: it does the same at once.
    """
    door = Door(limits, stats)
    ticks = TickReader(limits.tick_publishers)
    open_connections: set[trio.CancelScope] = set()

    async def handle(stream: trio.SocketStream) -> None:
        address = peer_address(stream)
        if stop.is_set() or not door.enter(address):
            log.debug("connection_refused", address=address)
            await trio.lowlevel.checkpoint()
            return
        # For the rest of this task, which is the connection's: what `serve` logs about its end included.
        structlog.contextvars.bind_contextvars(address=address)
        scope = trio.CancelScope()
        open_connections.add(scope)
        try:
            with scope:
                await handle_connection(
                    stream, gate=gate, address=address, limits=limits, stats=stats, ticks=ticks
                )
        finally:
            open_connections.discard(scope)
            door.leave(address)

    async def hang_up() -> None:
        await stop.wait()
        for scope in list(open_connections):
            scope.cancel("the server is stopping")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hang_up)
        nursery.start_soon(ticks.run)
        async with trio.open_nursery() as serving:
            listening = await serving.start(
                partial(
                    serve,
                    handle,
                    listeners,
                    stop=stop,
                    drain_s=drain_s,
                    remote_errors=(RemoteProtocolError,),
                )
            )
            task_status.started(listening)
        nursery.cancel_scope.cancel("nobody is left to read from")


async def handle_connection(
    stream: trio.abc.Stream,
    *,
    gate: Gate,
    address: str,
    limits: RtmpLimits,
    stats: RtmpStats,
    ticks: TickReader | None = None,
) -> None:
    """Serve one publisher from the first byte until it is gone; the caller closes the stream.

    `ticks` may read the stream while the encoder publishes, if it is a socket: a stream that decrypts must read itself.

    Cancelling is safe: a publication that was admitted is ended exactly once, in every case.

    Raises:
        RemoteProtocolError: the peer broke the protocol.
        trio.TooSlowError: it did not publish in time, fell silent, or does not read.
        trio.BrokenResourceError: the connection broke.
    """
    connection = _Connection(stream, address, limits, stats, ticks or TickReader(limits.tick_publishers))
    stats.unauthenticated += 1
    try:
        await connection.run(gate)
    except RemoteProtocolError:
        stats.protocol_errors_total += 1
        raise
    except trio.TooSlowError:
        stats.timeouts_total += 1
        raise
    finally:
        stats.unauthenticated -= not connection.authenticated


class _Connection:
    """A stream and the pump behind it."""

    def __init__(
        self, stream: trio.abc.Stream, address: str, limits: RtmpLimits, stats: RtmpStats, ticks: TickReader
    ) -> None:
        self.authenticated = False
        self._stream = stream
        self._ticks = ticks
        self._idle = trio.CancelScope()
        """Round the relay: its deadline is when the encoder has been silent for too long."""
        self._address = address
        self._limits = limits
        self._stats = stats
        self._pump = PublisherPump(limits, stats)
        self._message_cut = False
        """True while a write is under way: after one that was cancelled, nothing more can be said."""

    async def run(self, gate: Gate) -> None:
        try:
            request = await self._wait_request()
        except trio.BrokenResourceError:
            request = None  # port scans and load balancers' health checks reset; that is no news
        if request is None:
            log.debug("connection_left_without_publishing")
            await trio.lowlevel.checkpoint()
            return
        match await self._ask(gate, request):
            case Accepted(publication):
                await self._publish(publication)
            case Rejected(description):
                self._stats.rejected_total += 1
                log.info("publish_rejected", reason=description, encoder=request.encoder)
                self._pump.reject(description)
                await self._send(self._pump.data_to_send())
                await self._wait_close()
            case Unavailable(description):
                # Closed without a word: after `Denied` OBS would not try again.
                self._stats.unavailable_total += 1
                log.warning("publish_unavailable", reason=description)

    async def _wait_request(self) -> PublishRequested | None:
        """Talk until the publish request; `None` when the peer left before."""
        with trio.move_on_after(self._limits.publish_s):
            while True:
                data = await self._stream.receive_some(GREETING_RECEIVE_BYTES)
                if not data:
                    return None
                self._take(bytes(data))
                if answer := self._pump.data_to_send():
                    await self._send(answer)
                if self._pump.request is not None:
                    return self._pump.request
        raise trio.TooSlowError(f"no publish request within {self._limits.publish_s:g} s")

    async def _ask(self, gate: Gate, request: PublishRequested) -> Verdict:
        asked = PublishRequest(request.app, request.key, self._address, request.encoder)
        with trio.move_on_after(self._limits.verdict_s):
            return await gate.admit(asked)
        return Unavailable(f"no verdict within {self._limits.verdict_s:g} s")

    async def _publish(self, publication: Publication) -> None:
        """Relay media into the publication until the encoder leaves or the platform ends it."""
        self._stats.accepted_total += 1
        self._stats.publishers += 1
        self._stats.unauthenticated -= 1
        self.authenticated = True
        try:
            with publication.scope:
                await self._relay(publication)
        finally:
            self._stats.publishers -= 1
            log.info("publisher_left", clean=self._pump.finished, ended=publication.end_reason)
            with trio.move_on_after(self._limits.end_s, shield=True):
                await publication.end(clean=self._pump.finished)
        if self._pump.finished:
            await self._wait_close()
        elif publication.end_reason is not None:
            await self._say_why(publication.end_reason)

    async def _relay(self, publication: Publication) -> None:
        self._pump.accept(publication)
        await self._send(self._pump.data_to_send())
        with trio.move_on_after(self._limits.idle_s + _IDLE_STEP_S) as self._idle, self._ticks.publishing():
            while not self._pump.finished:
                if not await self._receive():
                    return
                if answer := self._pump.data_to_send():
                    await self._send(answer)
        if self._idle.cancelled_caught:
            raise trio.TooSlowError(f"no byte for {self._limits.idle_s:g} s")

    async def _receive(self) -> bool:
        """Take what comes next, by the tick until there is something to do; False when the encoder hung up."""
        if self._ticks.in_force and isinstance(self._stream, trio.SocketStream):
            return await self._ticks.read(self._stream.socket.fileno(), self._take_media)
        data = await self._stream.receive_some(RECEIVE_BYTES)
        if data:
            self._take_media(bytes(data))
        return bool(data)

    def _take_media(self, data: bytes) -> bool:
        """Handle received bytes; say whether this leaves something to do: to answer, or to stop."""
        # Moved in steps: setting a deadline at every read costs a tenth of all the driver does.
        after_silence = trio.current_time() + self._limits.idle_s
        if after_silence > self._idle.deadline:
            self._idle.deadline = after_silence + _IDLE_STEP_S
        self._take(data)
        return self._pump.finished or self._pump.owes_answer

    def _take(self, data: bytes) -> None:
        self._pump.receive(data)
        for notice in self._pump.notices:
            log.warning("publisher_notice", notice=notice)
        self._pump.notices.clear()

    async def _send(self, answer: bytes) -> None:
        """Write whole messages; they leave at once, as Trio sets TCP_NODELAY on every TCP stream."""
        self._message_cut = True
        with trio.move_on_after(self._limits.send_s):
            await self._stream.send_all(answer)
            self._message_cut = False
            return
        raise trio.TooSlowError(f"does not read: {len(answer)} bytes not taken in {self._limits.send_s:g} s")

    async def _say_why(self, reason: str) -> None:
        """Tell the encoder why the platform ended it: ffmpeg shows it."""
        if self._message_cut:
            await trio.lowlevel.checkpoint()
            return
        self._pump.end(reason)
        with trio.move_on_after(self._limits.farewell_s):
            await self._stream.send_all(self._pump.data_to_send())
            await self._wait_close()

    async def _wait_close(self) -> None:
        """Let the peer close first: closing with unread bytes would reset the connection under our last message."""
        with trio.move_on_after(self._limits.farewell_s):
            while await self._stream.receive_some(RECEIVE_BYTES):
                pass
