"""Who was seen lately, by stream: a table that forgets, and cannot grow beyond its bounds whatever is sent. Pure.

Where they come from is kept as Python's hash of a text, which means nothing outside of this process.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingLimits:
    """Bounds of one table. Who comes when it is full is refused, and those who are in it stay."""

    per_client: int = 50
    """From one client (`common.limits.client_group`), over all streams: viewers behind one router, or one who makes ids up."""
    per_stream: int = 100_000
    streams: int = 20_000
    in_all: int = 200_000


class Sightings:
    """The viewers of each stream. One who is not seen again within `ttl_s` seconds is gone at the next `expire`."""

    def __init__(self, *, ttl_s: float, limits: SightingLimits | None = None) -> None:
        self._ttl_s = ttl_s
        self._limits = limits or SightingLimits()
        self._streams: dict[str, OrderedDict[Hashable, tuple[float, int]]] = {}
        """When each was last seen and from which client, the longest ago first."""
        self._of_client: Counter[int] = Counter()
        self._size = 0
        self.refused = 0
        """Sightings for which there was no room."""

    def __len__(self) -> int:
        """Viewers of all streams."""
        return self._size

    def see(self, stream_id: str, who: Hashable, client: str, now: float) -> bool:
        """Note that `who` watches a stream, coming from `client`. False: there is no room, and nothing has changed."""
        viewers, origin = self._streams.get(stream_id), hash(client)
        known = viewers.get(who) if viewers is not None else None
        if viewers is None or known is None or known[1] != origin:
            if not self._has_room(viewers, origin):
                self.refused += 1
                return False
            self.forget(stream_id, who)
            viewers = self._streams.setdefault(stream_id, OrderedDict())
            self._of_client[origin] += 1
            self._size += 1
        viewers[who] = (now, origin)
        viewers.move_to_end(who)
        return True

    def _has_room(self, viewers: OrderedDict[Hashable, tuple[float, int]] | None, origin: int) -> bool:
        limits = self._limits
        if self._size >= limits.in_all or self._of_client[origin] >= limits.per_client:
            return False
        if viewers is None:
            return len(self._streams) < limits.streams
        return len(viewers) < limits.per_stream

    def seen_at(self, stream_id: str, who: Hashable) -> float | None:
        """When `who` was last seen at a stream; `None` for not lately."""
        viewers = self._streams.get(stream_id)
        known = viewers.get(who) if viewers is not None else None
        return None if known is None else known[0]

    def forget(self, stream_id: str, who: Hashable) -> None:
        """`who` does not watch this stream any more, if they did."""
        viewers = self._streams.get(stream_id)
        if viewers is None or who not in viewers:
            return
        self._left(viewers.pop(who)[1])
        if not viewers:
            del self._streams[stream_id]

    def expire(self, now: float) -> None:
        """Forget who was not seen for too long; to be called every few seconds."""
        longest_ago = now - self._ttl_s
        for stream_id, viewers in tuple(self._streams.items()):
            while viewers and next(iter(viewers.values()))[0] <= longest_ago:
                self._left(viewers.popitem(last=False)[1][1])
            if not viewers:
                del self._streams[stream_id]

    def _left(self, origin: int) -> None:
        self._size -= 1
        self._of_client[origin] -= 1
        if not self._of_client[origin]:
            del self._of_client[origin]

    def count(self, stream_id: str) -> int:
        """Give how many watch one stream."""
        return len(self._streams.get(stream_id, ()))

    def counts(self) -> dict[str, int]:
        """Give how many watch each stream; those that nobody watches are missing."""
        return {stream_id: len(viewers) for stream_id, viewers in self._streams.items()}
