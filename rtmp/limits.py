"""How much one encoder, and all of them together, may ask of the RTMP server."""

from dataclasses import dataclass

from common.limits import ConnectionCaps, is_loopback


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
    min_message_bytes: int = 16
    """Least average length of the messages in one read, with some to spare: who sends many empty ones is after our
    CPU. A frame of telephony-rate audio has 30 with its header."""

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
    end_s: float = 5.0
    """How long the platform may take to record that a publisher left while the server is being stopped."""

    tick_publishers: int = 8
    """From this many publishers on, one task reads all their sockets each 20 ms (`rtmp.tick`)."""

    max_connections: int = 2000
    max_per_address: int = 100
    """From one IPv4 address or one IPv6 /64; loopback is exempt."""
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


class Door:
    """Lets connections in within the caps, and counts them. Synchronous: decides, never waits."""

    def __init__(self, limits: RtmpLimits, stats: RtmpStats) -> None:
        self._stats = stats
        self._max_unauthenticated = limits.max_unauthenticated
        self._caps = ConnectionCaps(total=limits.max_connections, per_client=limits.max_per_address)

    def enter(self, address: str) -> bool:
        """Let a connection in, or say False: close it at once. Pair a True with `leave`."""
        if self._stats.unauthenticated >= self._max_unauthenticated or not self._caps.enter(
            address, exempt=is_loopback(address)
        ):
            self._stats.refused_total += 1
            return False
        self._stats.connections += 1
        self._stats.connections_total += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection out again."""
        self._stats.connections -= 1
        self._caps.leave(address, exempt=is_loopback(address))
