"""Encoder time to stream time: one monotonic timeline out of stamps that may jump, wrap or start anew. Pure.

Both tracks normally share one offset, so they stay in sync; when one of them jumps, the other adopts its new offset as
soon as that fits.
"""

from common.media import CLOCK_HZ, Track

BACKWARD_TICKS = CLOCK_HZ // 5
"""Stamps may go back this far without being a jump (the caller straightens them)."""

AHEAD_TICKS = 2 * CLOCK_HZ
"""How far a stamp may run ahead of what arrival times allow; a longer step forward is a jump, not a hole in the media."""

PREROLL_TICKS = 5 * CLOCK_HZ
"""The other track may start this much before the one that set the offset."""

LEAD_LEAK = 0.01
"""Share of elapsed time by which the remembered lead shrinks: a clock that drifts is followed."""


class Clock:
    """Maps stamps of one publisher after another onto the stream's timeline (90 kHz)."""

    def __init__(self) -> None:
        self.jumps = 0
        """Stamps that could not be real and started a new offset."""
        self._offset: dict[Track, int] = {}
        self._last: dict[Track, int] = {}
        self._step: dict[Track, int] = {}
        self._lead = 0.0
        self._lead_at = 0.0

    @property
    def is_set(self) -> bool:
        """False until `set`, and after `forget`."""
        return bool(self._offset)

    def forget(self) -> None:
        """A new publisher connection: its stamps have nothing to do with the old ones."""
        self._offset = {}

    def set(self, dts: int, out: int, now: float) -> None:
        """From now on the stamp `dts`, of either track, means `out`."""
        for track in Track:
            self._offset[track] = out - dts
            self._last[track] = out - PREROLL_TICKS
            self._step.setdefault(track, CLOCK_HZ // 30)
        self._lead, self._lead_at = out - now * CLOCK_HZ, now

    def shift(self, ticks: int) -> None:
        """Move everything still to come later by `ticks`: GAP parts took its place."""
        for track in self._offset:
            self._offset[track] += ticks
            self._last[track] += ticks
        self._lead += ticks

    def map(self, track: Track, dts: int, now: float) -> int:
        """Stream time of a stamp. May step back by up to `BACKWARD_TICKS`; never further."""
        out = dts + self._offset[track]
        if not self._plausible(track, out, now):
            out = self._recover(track, dts, now)
        step = out - self._last[track]
        if 0 < step < CLOCK_HZ:
            self._step[track] = step
        self._last[track] = out
        self._follow(out, now)
        return out

    def _recover(self, track: Track, dts: int, now: float) -> int:
        other = Track.AUDIO if track is Track.VIDEO else Track.VIDEO
        out = dts + self._offset[other]
        if not self._plausible(track, out, now):
            self.jumps += 1
            out = self._last[track] + self._step[track]
        self._offset[track] = out - dts
        return out

    def _plausible(self, track: Track, out: int, now: float) -> bool:
        allowed = self._lead + now * CLOCK_HZ + AHEAD_TICKS
        return self._last[track] - BACKWARD_TICKS <= out <= allowed

    def _follow(self, out: int, now: float) -> None:
        leaked = self._lead - (now - self._lead_at) * CLOCK_HZ * LEAD_LEAK
        self._lead = max(out - now * CLOCK_HZ, leaked)
        self._lead_at = now
