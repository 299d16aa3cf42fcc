"""PROGRAM-DATE-TIME: media time to wall-clock time, the same for all renditions (E17). Pure."""

from datetime import UTC, datetime

from common.media import CLOCK_HZ
from hls.cuts import Anchor

ANCHORS_KEPT = 8
"""A rendition that lags may still begin segments of an older timeline."""


class Dates:
    """Remembers what each timeline's anchor means on the wall clock."""

    def __init__(self) -> None:
        self._dates: dict[Anchor, float] = {}

    def of(self, anchor: Anchor, media_ticks: int, *, wall_s: float, now: float) -> float:
        """Seconds since 1970 of a media time on the anchor's timeline.

        A new anchor is dated by when its frame arrived: `wall_s` is the wall clock at `now`. It is never dated before
        what its media time meant until then, so that dates do not overlap (E6).
        """
        if anchor not in self._dates:
            date_s = wall_s - (now - anchor.arrived_at)
            if self._dates:
                latest = next(reversed(self._dates))
                date_s = max(date_s, self._on(latest, anchor.media_ticks))
            self._dates[anchor] = date_s
            if len(self._dates) > ANCHORS_KEPT:
                del self._dates[next(iter(self._dates))]
        return self._on(anchor, media_ticks)

    def _on(self, anchor: Anchor, media_ticks: int) -> float:
        return self._dates[anchor] + (media_ticks - anchor.media_ticks) / CLOCK_HZ


def date_text(date_s: float) -> str:
    """ISO 8601 with milliseconds and zone (B14)."""
    return (
        datetime.fromtimestamp(round(date_s, 3), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
