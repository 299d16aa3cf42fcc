"""The Trio driver of one publisher's connection: reads, deadlines and answers around a `PublisherPump`.

One task reads, handles and answers, so a platform that is slow slows the encoder through TCP. With many publishers
`rtmp.tick` does the reading for these tasks.
"""

from contextlib import suppress

import structlog
import trio

from common.ingest import (
    Accepted,
    Gate,
    LinkStats,
    Publication,
    PublishRequest,
    Rejected,
    Unavailable,
    Verdict,
)
from rtmp.errors import RemoteProtocolError
from rtmp.events import PublishRequested
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.pump import PublisherPump
from rtmp.rate import PATIENCE, UploadRate
from rtmp.tcp_info import has_unread, read_tcp_info
from rtmp.tick import RECEIVE_BYTES, TickReader

log = structlog.get_logger(__name__)

GREETING_RECEIVE_BYTES = 8_192
"""Read at most this much at once before an encoder was accepted."""

_IDLE_STEP_S = 0.5
"""A silent publisher is dropped at most this much later than `idle_s` says."""

_LATE_STEP_S = 1.0
"""What an encoder gets beyond `publish_s` when its bytes were there in time and we were not; until twice that is over."""


async def handle_connection(
    stream: trio.abc.Stream,
    *,
    gate: Gate,
    address: str,
    limits: RtmpLimits,
    stats: RtmpStats,
    ticks: TickReader | None = None,
    publish_by: float | None = None,
) -> None:
    """Serve one publisher from the first byte until it is gone; the caller closes the stream.

    `ticks` may read the stream while the encoder publishes, if it is a socket: a stream that decrypts must read itself.
    `publish_by` is when the publish request must have come; `None`: `limits.publish_s` from now.

    Cancelling is safe: a publication that was admitted is ended exactly once, in every case.

    Raises:
        RemoteProtocolError: the peer broke the protocol.
        trio.TooSlowError: it did not publish in time, fell silent, or does not read.
        trio.BrokenResourceError: the connection broke.
    """
    connection = _Connection(stream, address, limits, stats, ticks or TickReader(limits.tick_publishers))
    deadline = trio.current_time() + limits.publish_s if publish_by is None else publish_by
    stats.unauthenticated += 1
    try:
        await connection.run(gate, deadline)
    except RemoteProtocolError:
        stats.protocol_errors_total += 1
        raise
    except trio.TooSlowError:
        stats.timeouts_total += 1
        raise
    finally:
        stats.unauthenticated -= not connection.authenticated
        connection.release()


class _Connection:
    """A stream and the pump behind it."""

    def __init__(
        self, stream: trio.abc.Stream, address: str, limits: RtmpLimits, stats: RtmpStats, ticks: TickReader
    ) -> None:
        self.authenticated = False
        self._stream = stream
        wire = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
        self._socket = wire.socket if isinstance(wire, trio.SocketStream) else None
        """Below the stream, below TLS."""
        self._ticks = ticks
        self._idle = trio.CancelScope()
        """Round a wait for bytes: its deadline is when the encoder has been silent for too long."""
        self._address = address
        self._limits = limits
        self._stats = stats
        self._pump = PublisherPump(limits, stats)
        self._rate = UploadRate(limits.max_bitrate_bps, trio.current_time())
        self._buffered_bytes = 0
        self._media_messages = 0
        self._media_at = 0.0
        """When the last audio or video message was whole."""
        self._farewell: str | None = None
        """Why we end this publisher, as a sentence for its encoder."""
        self._message_cut = False
        """True while a write is under way: after one that was cancelled, nothing more can be said."""

    def release(self) -> None:
        """Take this connection out of the running sums."""
        self._stats.buffered_bytes -= self._buffered_bytes

    async def run(self, gate: Gate, publish_by: float) -> None:
        try:
            request = await self._wait_request(publish_by)
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

    async def _wait_request(self, publish_by: float) -> PublishRequested | None:
        """Talk until the publish request; `None` when the peer left before."""
        last_call = publish_by + self._limits.publish_s
        while True:
            data = None
            with trio.move_on_at(publish_by):
                data = await self._stream.receive_some(GREETING_RECEIVE_BYTES)
            if data is None and (publish_by >= last_call or not self._has_unread()):
                raise trio.TooSlowError(f"no publish request within {self._limits.publish_s:g} s")
            if data == b"":
                return None
            if data:
                self._take(bytes(data))
                if answer := self._pump.data_to_send():
                    await self._send(answer)
                if self._pump.request is not None:
                    return self._pump.request
            if (now := trio.current_time()) > publish_by:
                publish_by = min(now + _LATE_STEP_S, last_call)

    async def _ask(self, gate: Gate, request: PublishRequested) -> Verdict:
        asked = PublishRequest(request.app, request.key, self._address, request.encoder, self._read_link)
        with trio.move_on_after(self._limits.verdict_s):
            return await gate.admit(asked)
        return Unavailable(f"no verdict within {self._limits.verdict_s:g} s")

    def _read_link(self) -> LinkStats:
        link = self._pump.link
        if self._socket is not None:
            with suppress(OSError):  # it may be closed by now, and other systems have no TCP_INFO
                link.round_trip_ms, link.out_of_order = read_tcp_info(self._socket.getsockopt)
        return link

    def _has_unread(self) -> bool:
        """Whether the encoder's bytes wait for us: a deadline of its own has not passed then, we are late."""
        return self._socket is not None and has_unread(self._socket.fileno())

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
            log.info(
                "publisher_left",
                clean=self._pump.finished,
                ended=publication.end_reason or self._farewell,
            )
            with trio.move_on_after(self._limits.end_s, shield=True):
                await publication.end(clean=self._pump.finished)
        if self._pump.finished:
            # GStreamer would take an end of ours that comes before its own for a broken connection.
            await self._wait_close(end_first=False)
        elif reason := publication.end_reason or self._farewell:
            await self._say_why(reason)

    async def _relay(self, publication: Publication) -> None:
        self._media_at = trio.current_time()
        self._rate = UploadRate(self._limits.max_bitrate_bps, self._media_at)
        self._pump.accept(publication)
        self._take_note()
        await self._send(self._pump.data_to_send())
        with self._ticks.publishing():
            while not self._pump.finished and self._farewell is None:
                if not await self._receive():
                    return
                if answer := self._pump.data_to_send():
                    await self._send(answer)

    async def _receive(self) -> bool:
        """Take what comes next; False when the encoder hung up. Raises TooSlowError: it fell silent."""
        while True:
            with trio.move_on_after(self._limits.idle_s + _IDLE_STEP_S) as self._idle:
                return await self._receive_some()
            if not self._has_unread():
                raise trio.TooSlowError(f"no byte for {self._limits.idle_s:g} s")

    async def _receive_some(self) -> bool:
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
        now = trio.current_time()
        after_silence = now + self._limits.idle_s
        if after_silence > self._idle.deadline:
            self._idle.deadline = after_silence + _IDLE_STEP_S
        self._take(data)
        self._check_progress(now)
        if self._rate.add(len(data), now):
            self._slow_down()
        return self._pump.finished or self._pump.owes_answer or self._farewell is not None

    def _check_progress(self, now: float) -> None:
        """Hold the encoder to sending media, and not bytes for their own sake."""
        if self._pump.media_messages != self._media_messages:
            self._media_messages = self._pump.media_messages
            self._media_at = now
        elif now - self._media_at > self._limits.stall_s and not self._has_unread():
            raise trio.TooSlowError(
                f"bytes, but no whole audio or video message for {self._limits.stall_s:g} s"
            )

    def _slow_down(self) -> None:
        """Warn of a bitrate above the limit; end the publisher when it stays there."""
        told = f"Your encoder sends {self._rate.bps / 1e6:.1f} Mbit/s, and this server takes {self._limits.max_bitrate_bps / 1e6:g}"
        if self._rate.windows_over == 1:
            log.warning("publisher_too_fast", bps=self._rate.bps, limit_bps=self._limits.max_bitrate_bps)
        elif self._rate.windows_over == PATIENCE:
            self._stats.too_fast_total += 1
            self._farewell = f"{told}: lower the bitrate in its output settings."

    def _take(self, data: bytes) -> None:
        self._pump.receive(data)
        self._take_note()

    def _take_note(self) -> None:
        """Put what the pump says about itself where it is read."""
        buffered_bytes = self._pump.buffered_bytes
        if buffered_bytes != self._buffered_bytes:
            self._stats.buffered_bytes += buffered_bytes - self._buffered_bytes
            self._buffered_bytes = buffered_bytes
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

    async def _wait_close(self, *, end_first: bool = True) -> None:
        """Say that this was all, and let the peer close: with unread bytes, closing would reset our last message away."""
        with trio.move_on_after(self._limits.farewell_s):
            if end_first and isinstance(self._stream, trio.SocketStream):  # TLS has no half of an end
                await self._stream.send_eof()
            while await self._stream.receive_some(RECEIVE_BYTES):
                pass
