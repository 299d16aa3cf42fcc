"""How much one encoder, and all of them together, may ask of the RTMP server."""

from collections import Counter
from dataclasses import dataclass


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
    max_greeting_bytes: int = 131_072
    """All bytes up to the publish request. Encoders need 6 kB."""

    publish_s: float = 10.0
    """From TCP connect to the publish request, in all."""
    verdict_s: float = 5.0
    """How long the platform may think about a publish request."""
    idle_s: float = 15.0
    """A publisher that sends no byte for this long is gone. (Pings do not help: OBS does not answer them.)"""
    send_s: float = 5.0
    """How long a peer may take to read one of our answers, the longest of which has some hundred bytes."""
    farewell_s: float = 1.0
    """How long a peer has to take our last words and to close by itself."""
    end_s: float = 10.0
    """How long the platform may take to record that a publisher left while the server is being stopped."""

    max_connections: int = 2000
    max_per_address: int = 100
    max_unauthenticated: int = 500


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


class ConnectionCaps:
    """Counts connections against the caps. Synchronous: decides, never waits."""

    def __init__(self, limits: RtmpLimits, stats: RtmpStats) -> None:
        self._limits = limits
        self._stats = stats
        self._by_address: Counter[str] = Counter()

    def open(self, address: str) -> str | None:
        """Count a new connection; returns why it must be closed instead, or `None`. Pair the latter with `close`."""
        limits, stats = self._limits, self._stats
        refusal = None
        if stats.connections >= limits.max_connections:
            refusal = f"{limits.max_connections} connections are open"
        elif stats.unauthenticated >= limits.max_unauthenticated:
            refusal = f"{limits.max_unauthenticated} connections have not published yet"
        elif self._by_address[address] >= limits.max_per_address:
            refusal = f"{limits.max_per_address} connections from one address are open"
        if refusal is not None:
            stats.refused_total += 1
            return refusal
        stats.connections += 1
        stats.connections_total += 1
        self._by_address[address] += 1
        return None

    def close(self, address: str) -> None:
        """Count a connection out again."""
        self._stats.connections -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
