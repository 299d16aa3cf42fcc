"""Who watches on our pages: ids that pages make up for themselves and send while they play. Pure: time is an argument."""

from collections.abc import Mapping

from common.limits import client_group
from common.sightings import SightingLimits, Sightings

PINGS_MISSED = 3
"""A page may miss two pings in a row: who is on a bad line watches all the same."""


class PageViewers:
    """The pages that play, as this process hears of them, and how many watch in all."""

    def __init__(self, *, ttl_s: float = 45.0, limits: SightingLimits | None = None) -> None:
        """Make an empty one; a page that was not heard of for `ttl_s` seconds plays no more."""
        self.ping_every_s = ttl_s / PINGS_MISSED
        """How often pages are to say that they play."""
        self._seen = Sightings(ttl_s=ttl_s, limits=limits)
        self._totals: Mapping[str, int] = {}

    @property
    def refused(self) -> int:
        """Pings that did not count because too many pages do."""
        return self._seen.refused

    def playing(self, stream_id: str, page_id: str, address: str, now: float) -> None:
        """A page plays a stream; one too many is not counted."""
        self._seen.see(stream_id, page_id, client_group(address), now)

    def left(self, stream_id: str, page_id: str) -> None:
        """A page says good-bye. Nobody else can say so for it: its id is known to nobody else."""
        self._seen.forget(stream_id, page_id)

    def viewer_count(self, stream_id: str) -> int:
        """How many watch a stream, everywhere and in all ways, as far as is known here; what was just heard included."""
        return max(self._totals.get(stream_id, 0), self._seen.count(stream_id))

    def counts(self, now: float) -> dict[str, int]:
        """Give the pages that play each stream, after those that fell silent were forgotten."""
        self._seen.expire(now)
        return self._seen.counts()

    def learn(self, totals: Mapping[str, int]) -> None:
        """Take over how many watch each stream in all."""
        self._totals = totals
