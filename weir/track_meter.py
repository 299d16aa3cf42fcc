"""What one track of an encoder looks like as it arrives: running totals, from stamps and arrival times alone. Pure.

Nothing of the media is kept. Packets are only jotted down when they come, and counted every other second all together:
that is a quarter of what it costs to count each. The totals only grow, so a rate over any window is the difference of two
of them.
"""

from collections import deque
from collections.abc import Callable
from statistics import median_low

from common.media import CLOCK_HZ

BACKWARD_TICKS = CLOCK_HZ // 5
AHEAD_TICKS = 2 * CLOCK_HZ
"""Stamps that step back, or run ahead of arrival, by more than this jumped; the packager judges in the same way."""

FLOOR_LEAK = 2e-4
"""Seconds a second by which the best delay is forgotten: clocks of encoders drift by less."""

MAX_JOTTED = 20_000
"""Packets jotted down between two counts at most; of a flood beyond it the oldest are not counted."""

_STEPS_KEPT = 63
"""Steps that tell the usual duration of a frame: a second or two."""

_JITTER_SHARE = 16
"""As RFC 3550 smooths the interarrival jitter."""

Jotted = tuple[float, int, int, bool, int]
"""Arrival in seconds, dts, pts, keyframe, bytes."""


class TrackMeter:
    """One track of one connection. Totals are up to date after `settle`."""

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self.media_ticks = 0
        """How far the stamps advanced, 90 kHz; jumps do not count."""
        self.missing_frames = 0
        """Frames that the stamps leave room for and that never came."""
        self.jumps = 0
        """Stamps that no media of the moment can have."""
        self.frame_ticks: int | None = None
        """Usual duration of a frame, 90 kHz; `None` before a few came."""
        self.last_at: float | None = None
        """When the newest packet came."""
        self._jotted: deque[Jotted] = deque(maxlen=MAX_JOTTED)
        self.jot: Callable[[Jotted], None] = self._jotted.append
        """Takes the next packet."""
        self._last_dts = 0
        self._delay = 0.0
        self._least_delay = 0.0
        self._jitter = 0.0
        self._steps: deque[int] = deque(maxlen=_STEPS_KEPT)

    @property
    def jitter_s(self) -> float:
        """Mean deviation of arrival from the stamps' rhythm, seconds."""
        return self._jitter / CLOCK_HZ

    @property
    def behind_s(self) -> float:
        """How much later than the best ones the newest packet came: what waits in the encoder or on the way, seconds."""
        return (self._delay - self._least_delay) / CLOCK_HZ

    def settle(self) -> None:
        """Count what was jotted down; to be called every few seconds."""
        jotted = list(self._jotted)
        self._jotted.clear()
        self._count(jotted)
        steps = [step for step in self._steps if step > 0]
        if len(steps) > 4:
            self.frame_ticks = median_low(steps)

    def _count(self, jotted: list[Jotted]) -> None:
        """Add packets to the totals: one loop over local names, because it runs for every packet of every stream."""
        last_at, last_dts = self.last_at, self._last_dts
        delay, least, jitter = self._delay, self._least_delay, self._jitter
        usual, steps = self.frame_ticks or 0, self._steps
        long_step, media_ticks, count_step = 1.6 * usual, 0, steps.append
        for now, dts, _, _, _ in jotted:
            if last_at is not None:
                step, elapsed = dts - last_dts, (now - last_at) * CLOCK_HZ
                later = elapsed - step
                if step < -BACKWARD_TICKS or delay + later < least - AHEAD_TICKS:
                    self.jumps += 1
                    step = usual
                else:
                    count_step(step)
                    jitter += ((later if later > 0 else -later) - jitter) / _JITTER_SHARE
                    delay += later
                    least = min(delay, least + elapsed * FLOOR_LEAK)
                    if step > long_step and usual:
                        self.missing_frames += round(step / usual) - 1
                media_ticks += step
            last_at, last_dts = now, dts
        self.frames += len(jotted)
        self.bytes += sum([one[4] for one in jotted])
        self.media_ticks += media_ticks
        self.last_at, self._last_dts = last_at, last_dts
        self._delay, self._least_delay, self._jitter = delay, least, jitter


class VideoMeter(TrackMeter):
    """As `TrackMeter`, and what only video has: groups of pictures and their order."""

    def __init__(self) -> None:
        super().__init__()
        self.keyframe_intervals: deque[int] = deque(maxlen=8)
        """Distances of the last keyframes, 90 kHz, oldest first."""
        self.keyframes = 0
        self.gop_frames: int | None = None
        """Frames of the last complete group of pictures."""
        self.b_frames = 0
        """B-frames in a row, at most, in the last complete group of pictures."""
        self.reorder_ticks = 0
        """How much later than it is decoded a frame is shown at most, 90 kHz, over the last two groups of pictures."""
        self._key_at = 0
        self._group_frames = 0
        self._latest_pts = 0
        self._run = self._longest_run = 0
        self._longest_delay = self._previous_delay = 0

    @property
    def open_gop_s(self) -> float:
        """Media time since the last keyframe, or since the start, seconds."""
        return (self.media_ticks - self._key_at) / CLOCK_HZ

    def _count(self, jotted: list[Jotted]) -> None:
        begin = 0
        for index, one in enumerate(jotted):
            if one[3]:
                self._count_frames(jotted[begin:index])
                super()._count(jotted[index : index + 1])
                self._end_group(one)
                begin = index + 1
        self._count_frames(jotted[begin:])

    def _count_frames(self, jotted: list[Jotted]) -> None:
        """Count frames that are no keyframes: those shown before one that was decoded earlier are B-frames."""
        super()._count(jotted)
        latest, run = self._latest_pts, self._run
        for _, dts, pts, _, _ in jotted:
            if pts < latest:
                run += 1
                self._longest_run = max(self._longest_run, run)
            else:
                run, latest = 0, pts
            self._longest_delay = max(self._longest_delay, pts - dts)
        self._group_frames += len(jotted)
        self._latest_pts, self._run = latest, run
        self.reorder_ticks = max(self._longest_delay, self._previous_delay)

    def _end_group(self, key: Jotted) -> None:
        if self.keyframes:
            self.keyframe_intervals.append(self.media_ticks - self._key_at)
            self.gop_frames = self._group_frames
            self.b_frames = self._longest_run
        self.keyframes += 1
        self._key_at = self.media_ticks
        self._latest_pts = key[2]
        self._group_frames = 1
        self._run = self._longest_run = 0
        self._previous_delay, self._longest_delay = self._longest_delay, key[2] - key[1]
