"""Encoder time to stream time: one monotonic timeline out of stamps that may jump, wrap or start anew. Pure.

Both tracks normally share one offset, so they stay in sync; when one of them jumps, the other adopts its new offset as
soon as that fits. A track whose stamps never fit those of the other has a time base of its own: it is placed by its arrival.
"""

from dataclasses import dataclass

from common.media import CLOCK_HZ, Track

BACKWARD_TICKS = CLOCK_HZ // 5
"""Stamps may go back this far without being a jump (the caller straightens them)."""

AHEAD_TICKS = 2 * CLOCK_HZ
"""How far a stamp may run ahead of what arrival times allow; a longer step forward is a jump, not a hole in the media."""

PREROLL_TICKS = 5 * CLOCK_HZ
"""The other track may start this much before the one that set the offset."""

LEAD_LEAK = 0.01
"""Share of elapsed time by which the remembered lead shrinks: a clock that drifts is followed."""


@dataclass(slots=True)
class _Mapping:
    """How one track's stamps are mapped now."""

    offset: int = 0
    last: int = 0
    """Stream time of the newest stamp."""
    step: int = CLOCK_HZ // 30
    """Between the last two stamps that advanced."""
    heard: bool = False
    """Whether the track sent anything since the offset was set."""


class Clock:
    """Maps stamps of one publisher after another onto the stream's timeline (90 kHz)."""

    def __init__(self) -> None:
        self.jumps = 0
        """Stamps that could not be real and started a new offset."""
        self.is_set = False
        """True from `set` on, until `forget`."""
        self._video, self._audio = _Mapping(), _Mapping()
        self._lead = 0.0
        self._lead_at = 0.0

    def forget(self) -> None:
        """A new publisher connection: its stamps have nothing to do with the old ones."""
        self.is_set = False

    def set(self, dts: int, out: int, now: float) -> None:
        """From now on the stamp `dts`, of either track, means `out`."""
        self.is_set = True
        for track in (self._video, self._audio):
            track.offset = out - dts
            track.last = out - PREROLL_TICKS
            track.heard = False
        self._lead, self._lead_at = out - now * CLOCK_HZ, now

    def shift(self, ticks: int) -> None:
        """Move everything still to come later by `ticks`: GAP parts took its place."""
        for track in (self._video, self._audio):
            track.offset += ticks
            track.last += ticks
        self._lead += ticks

    def map(self, track: Track, dts: int, now: float) -> int:
        """Stream time of a stamp. May step back by up to `BACKWARD_TICKS`; never further."""
        mapping = self._video if track is Track.VIDEO else self._audio
        out, lead, live = dts + mapping.offset, self._lead, now * CLOCK_HZ
        # As `_plausible`, without the call: this runs for every packet.
        if not mapping.last - BACKWARD_TICKS <= out <= lead + live + AHEAD_TICKS:
            out = self._recover(mapping, dts, now)
        step = out - mapping.last
        if 0 < step < CLOCK_HZ:
            mapping.step = step
        mapping.last = out
        mapping.heard = True
        self._lead = max(out - live, lead - (now - self._lead_at) * CLOCK_HZ * LEAD_LEAK)
        self._lead_at = now
        return out

    def _recover(self, mapping: _Mapping, dts: int, now: float) -> int:
        other = self._audio if mapping is self._video else self._video
        out = dts + other.offset
        if not self._plausible(mapping, out, now):
            self.jumps += 1
            out = mapping.last + mapping.step if mapping.heard else round(self._lead + now * CLOCK_HZ)
        mapping.offset = out - dts
        return out

    def _plausible(self, mapping: _Mapping, out: int, now: float) -> bool:
        allowed = self._lead + now * CLOCK_HZ + AHEAD_TICKS
        return mapping.last - BACKWARD_TICKS <= out <= allowed
