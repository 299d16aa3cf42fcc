"""The audio of one stream, put into the slots that the grid cut. Pure.

Audio time is counted in samples; the encoder's stamps only correct it when they are more than a frame off. Parts join
without a hole in decode time: what the encoder left out is bridged by the duration of a neighbouring frame, or is a GAP
part when a whole slot is missing.
"""

from collections import deque
from typing import NamedTuple

from common.media import CLOCK_HZ, AudioConfig, Track
from hls.cuts import PartCut, Sample
from hls.grid import Slot

MAX_WAITING_FRAMES = 2_000
"""Some 40 s; more means that the video is lost in a way the timeline does not see, and the newest frames are dropped."""


class _Frame(NamedTuple):
    start: int
    data: bytes


class AudioLane:
    """One audio configuration's frames; times in samples unless named ticks."""

    def __init__(self, config: AudioConfig, part_target_ms: int) -> None:
        self.config = config
        self.closed = False
        """No frame will come."""
        self._frames: deque[_Frame] = deque()
        self._end = 0
        """End of the last part."""
        self._started = False
        self._next: int | None = None
        """Where the next frame starts if it continues the last one."""
        self._tolerance = config.samples_per_frame + config.sample_rate // 500
        self._part_limit = part_target_ms * config.sample_rate // 1000

    @property
    def end_ticks(self) -> int:
        """End of the last part, 90 kHz."""
        return self._end * CLOCK_HZ // self.config.sample_rate

    @property
    def known_ticks(self) -> int | None:
        """End of the media received, 90 kHz; `None` before the first frame."""
        return None if self._next is None else self._next * CLOCK_HZ // self.config.sample_rate

    def to_samples(self, ticks: int) -> int:
        """90 kHz ticks as samples, to the nearest."""
        return (ticks * self.config.sample_rate + CLOCK_HZ // 2) // CLOCK_HZ

    def start_at(self, ticks: int) -> None:
        """The first slot starts here; frames before it are dropped. The first one in it keeps its exact time."""
        self._end = self.to_samples(ticks)
        self._drop_late()

    def follow(self, other: "AudioLane") -> None:
        """Go on where another configuration's lane ended, without a hole."""
        self._end = self.to_samples(other.end_ticks)
        self._started = True
        self._drop_late()

    def _drop_late(self) -> None:
        while self._frames and self._frames[0].start < self._end:
            self._frames.popleft()

    def offer(self, dts: int, data: bytes) -> bool:
        """Take the next frame, stamped `dts` (90 kHz); False when it is too late or too much."""
        stamped = self.to_samples(dts)
        start = stamped
        if self._next is not None and abs(stamped - self._next) <= self._tolerance:
            start = self._next
        frame = self.config.samples_per_frame
        late = start < (self._next or 0) or start + frame // 2 < self._end
        if late or len(self._frames) >= MAX_WAITING_FRAMES:
            return False
        self._frames.append(_Frame(start, data))
        self._next = start + frame
        return True

    def fill(self, slot: Slot, *, wait: bool) -> PartCut | None:
        """Build the part of this slot; `None` while its audio may still come. `wait=False`: it must do without."""
        end = self.to_samples(slot.end)
        wait = wait and not self.closed
        if wait and not self._reaches(end):
            return None
        if not self._started:
            self._begin(end)
        taken = self._take(end)
        if not taken:
            return self._gap(end)
        return self._part(taken, end, wait=wait)

    def _reaches(self, end: int) -> bool:
        # Two samples of grace: `end` was rounded to 90 kHz and back.
        return bool(self._frames) and self._next is not None and self._next >= end - 2

    def _begin(self, end: int) -> None:
        """Start with the first frame, if it lies in the first slot, so that it keeps its exact time."""
        self._started = True
        if self._frames and self._end < self._frames[0].start < end:
            self._end = self._frames[0].start

    def _take(self, end: int) -> list[_Frame]:
        frame = self.config.samples_per_frame
        taken: list[_Frame] = []
        while self._frames:
            start = self._frames[0].start
            if start >= end - 2 and (taken or start > self._end + self._tolerance):
                break
            if taken and start + frame - self._end > self._part_limit:
                break
            taken.append(self._frames.popleft())
        return taken

    def _part(self, taken: list[_Frame], slot_end: int, *, wait: bool) -> PartCut:
        start = self._end
        end = taken[-1].start + self.config.samples_per_frame
        if self._frames:
            end = min(self._frames[0].start, max(end, slot_end))
        elif not wait and not self.closed:
            end = max(end, slot_end)
        end = max(start + len(taken), min(end, start + self._part_limit))
        starts = [start]
        for frame in taken[1:]:
            starts.append(max(frame.start, starts[-1] + 1))
        durations = [b - a for a, b in zip(starts, [*starts[1:], end], strict=True)]
        samples = tuple(
            Sample(at, 0, max(1, duration), True, frame.data)
            for at, duration, frame in zip(starts, durations, taken, strict=True)
        )
        return self._cut(sum(sample.duration for sample in samples), samples)

    def _gap(self, slot_end: int) -> PartCut:
        missing = slot_end - self._end if slot_end > self._end else self.config.samples_per_frame
        return self._cut(min(missing, self._part_limit), ())

    def _cut(self, duration: int, samples: tuple[Sample, ...]) -> PartCut:
        cut = PartCut(Track.AUDIO, self._end, duration, self.config.sample_rate, bool(samples), samples)
        self._end += duration
        return cut
