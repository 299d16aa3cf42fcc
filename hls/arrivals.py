"""The first moments of a new connection: packets wait until it is known when the first of them was live. Pure.

Encoders that read files (ffmpeg -re, half a second) or that queued while they connected begin with a burst. Its first frame
was live earlier than it came; the packet that was earliest for its stamp tells by how much, and that one comes after the burst.
"""

from collections import deque
from collections.abc import Iterable

from common.media import CLOCK_HZ, Packet, Track

MAX_BURST_S = 2.0
"""An encoder that begins with more than this at once does not send live media."""

WATCH_S = 0.25
"""Watched this long. A part takes longer to fill at the encoder's own pace, so no viewer waits for it."""

MAX_EARLY_AUDIO = 500
EARLY_AUDIO_TICKS = 2 * CLOCK_HZ
"""Audio of a new connection that is kept until its first keyframe says what time it is."""

MAX_WAITING = 1_000
MAX_WAITING_BYTES = 16_000_000
"""Kept at most; more than this in a moment is watched no longer."""

Arrival = tuple[Packet, float]
"""A packet, and when it came."""


def live_at(arrivals: Iterable[Arrival], leader: Track) -> float:
    """When the first of the leading track's packets was live: the others of its burst came less late for their stamps.

    Raises:
        StopIteration: there is none.

    """
    packets = [one for one in arrivals if one[0].track is leader]
    first, came_at = next(iter(packets))
    earliest = min(at - (packet.dts - first.dts) / CLOCK_HZ for packet, at in packets)
    return max(earliest, came_at - MAX_BURST_S)


class Arrivals:
    """Packets of one new connection, in the order received."""

    def __init__(self, leader: Track) -> None:
        self._leader = leader
        self._packets: deque[Arrival] = deque()
        self._bytes = 0
        self.since: float | None = None
        """When the leading track's first packet came."""

    def add(self, packet: Packet, now: float) -> None:
        """Keep a packet; of other tracks that come first, only the newest."""
        if self.since is None and packet.track is self._leader:
            self.since = now
        self._packets.append((packet, now))
        self._bytes += len(packet.data)
        while self.since is None and (
            len(self._packets) > MAX_EARLY_AUDIO or self._bytes > MAX_WAITING_BYTES
        ):
            self._bytes -= len(self._packets.popleft()[0].data)

    @property
    def due_at(self) -> float | None:
        """When enough was seen; `None` while the leading track did not begin."""
        if self.since is None:
            return None
        is_full = len(self._packets) >= MAX_WAITING or self._bytes >= MAX_WAITING_BYTES
        return self.since if is_full else self.since + WATCH_S

    @property
    def is_without_leader(self) -> bool:
        """The other track has come alone for so long that it should not wait for the leading one."""
        return (
            self.since is None
            and bool(self._packets)
            and self._packets[-1][0].dts - self._packets[0][0].dts >= EARLY_AUDIO_TICKS
        )

    def has(self, track: Track) -> bool:
        """Whether a packet of this track waits."""
        return any(packet.track is track for packet, _ in self._packets)

    def take(self) -> list[Arrival]:
        """Return the packets and forget them, the one to begin with first; times are those when each was live.

        That is the leading track's first one, or the first of all where that track did not come.
        """
        lead = self._leader if self.since is not None else self._packets[0][0].track
        began_at = live_at(self._packets, lead)
        first = next(packet for packet, _ in self._packets if packet.track is lead)
        packets = [
            (packet, min(at, began_at + max(0, packet.dts - first.dts) / CLOCK_HZ))
            for packet, at in self._packets
        ]
        self.clear()
        packets.sort(key=lambda one: one[0] is not first)
        return packets

    def clear(self) -> None:
        """Forget what waits."""
        self._packets.clear()
        self._bytes = 0
        self.since = None
