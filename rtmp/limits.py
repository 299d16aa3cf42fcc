"""How much one encoder, and all of them together, may ask of the RTMP server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from common.limits import ConnectionCaps, ConnectionRate, is_loopback
from rtmp.chunks import MAX_CHUNK_STREAMS


@dataclass(frozen=True, slots=True, kw_only=True)
class RtmpLimits:
    """Sizes and deadlines of one connection, and caps on their number. The defaults suit a public server."""

    chunk_bytes: int = 65_536
    """The chunk size that we announce. ffmpeg takes it over for what it sends: about one chunk a frame. MediaMTX has
    used this value for years; some old clients fail beyond it (SRS issue 541)."""
    window_bytes: int = 2_500_000
    """Acknowledgement window in both directions, until the peer asks for another."""
    max_command_bytes: int = 65_536
    """Longest message before publish is accepted, and longest command or data message that is decoded after it."""
    max_message_bytes: int = 8_388_608
    """Longest message once published. A key frame of 100 Mbit/s video has about 2 MB."""
    max_greeting_bytes: int = 65_536
    """All bytes up to the publish request. Encoders need 6 kB."""
    max_greeting_messages: int = 100
    """All messages up to the publish request. Encoders send a dozen."""
    max_chunk_streams: int = MAX_CHUNK_STREAMS
    """Distinct chunk stream ids on one connection."""
    min_message_bytes: int = 16
    """Least average length of the messages in one read, with some to spare: who sends many empty ones is after our
    CPU. A frame of telephony-rate audio has 30 with its header."""

    publish_s: float = 10.0
    """From TCP connect to the publish request, in all."""
    verdict_s: float = 5.0
    """How long the platform may think about a publish request."""
    idle_s: float = 15.0
    """A publisher that sends no byte for this long is gone. (Pings do not help: OBS does not answer them.)"""
    stall_s: float = 60.0
    """A publisher that sends bytes, but completes no audio or video message for this long, only keeps us busy. A key frame
    of 2 MB on an uplink of 1 Mbit/s takes 16 s."""
    max_bitrate_bps: int = 100_000_000
    """A publisher that stays above this is warned of, then ended (`rtmp.rate`)."""
    send_s: float = 5.0
    """How long a peer may take to read one of our answers, the longest of which has some hundred bytes."""
    farewell_s: float = 1.0
    """How long a peer has to take our last words and to close by itself."""
    end_s: float = 5.0
    """How long the platform may take to record that a publisher left while the server is being stopped."""

    tick_publishers: int = 8
    """From this many publishers on, one task reads all their sockets each 20 ms (`rtmp.tick`)."""

    max_connections: int = 2000
    max_per_address: int = 100
    """From one IPv4 address or one IPv6 /64; loopback is exempt."""
    connects_per_s: float = 10.0
    """From one address once `connect_burst` is used up: a TLS handshake costs us a millisecond, and a stranger nothing."""
    connect_burst: int = 200
    max_unauthenticated: int = 500
    """Connections that have not published yet."""


@dataclass(slots=True)
class RtmpStats:
    """Running counts of an RTMP server, for a metrics endpoint."""

    connections: int = 0
    """Open now."""
    unauthenticated: int = 0
    """Of these, without an accepted publish."""
    publishers: int = 0
    """Publishing now."""
    connections_total: int = 0
    refused_total: int = 0
    """Closed at once because a cap was reached."""
    accepted_total: int = 0
    rejected_total: int = 0
    unavailable_total: int = 0
    """Closed without a verdict, because the platform could give none."""
    received_bytes_total: int = 0
    protocol_errors_total: int = 0
    timeouts_total: int = 0
    """Connections that took too long to publish, sent nothing, or did not read."""
    undecodable_total: int = 0
    """Messages and tags that were dropped."""
    too_fast_total: int = 0
    """Publishers ended for their bitrate."""
    buffered_bytes: int = 0
    """Held now, of messages that have not arrived whole, over all connections."""

    @contextmanager
    def stranger(self) -> Iterator[None]:
        """Count a connection as unauthenticated inside the block."""
        self.unauthenticated += 1
        try:
            yield
        finally:
            self.unauthenticated -= 1


class Door:
    """Lets connections in within the caps, and counts them. Synchronous: decides, never waits."""

    def __init__(self, limits: RtmpLimits, stats: RtmpStats) -> None:
        self._stats = stats
        self._max_unauthenticated = limits.max_unauthenticated
        self._caps = ConnectionCaps(total=limits.max_connections, per_client=limits.max_per_address)
        self._rate = ConnectionRate(per_s=limits.connects_per_s, burst=limits.connect_burst)

    def enter(self, address: str, now: float, *, proxy: bool = False) -> "Visit | None":
        """Let a connection in, or give `None`: close it at once.

        Args:
            address: of the peer.
            now: the time, by a clock that never goes back.
            proxy: the peer may be a proxy that is about to tell who the client is: limits by address wait for that.

        """
        full = self._stats.unauthenticated >= self._max_unauthenticated
        visit = Visit(self._caps, self._rate, self._stats)
        if full or not visit.take_place(address, now, exempt=proxy or is_loopback(address)):
            self._stats.refused_total += 1
            return None
        self._stats.connections += 1
        self._stats.connections_total += 1
        return visit


class Visit:
    """One connection's place in the caps, given back at the end of a `with` block."""

    def __init__(self, caps: ConnectionCaps, rate: ConnectionRate, stats: RtmpStats) -> None:
        self._caps = caps
        self._rate = rate
        self._stats = stats
        self._address, self._exempt, self._inside = "", False, False

    def take_place(self, address: str, now: float, *, exempt: bool) -> bool:
        """Count as one of the connections from `address`; False: there are too many, or too many lately."""
        self._address, self._exempt = address, exempt
        self._inside = (exempt or self._rate.allow(address, now)) and self._caps.enter(address, exempt=exempt)
        return self._inside

    def identify(self, address: str, now: float) -> bool:
        """Count as one of the client at `address` from now on; False: that has too many, close the connection."""
        if address == self._address and not self._exempt:
            return True
        self.leave()
        came_in = self.take_place(address, now, exempt=is_loopback(address))
        self._stats.refused_total += not came_in
        return came_in

    def leave(self) -> None:
        """Give the place back. Idempotent."""
        if self._inside:
            self._inside = False
            self._caps.leave(self._address, exempt=self._exempt)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
        self._stats.connections -= 1
