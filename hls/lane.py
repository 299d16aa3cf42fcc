"""The audio of one stream, put into the slots that the grid cut. Pure.

Audio time is counted in samples; the encoder's stamps only correct it when they are more than a frame off. Parts join
without a hole in decode time: what the encoder left out is bridged by the duration of a neighbouring frame, or is a GAP
part when a whole slot is missing.
"""

from collections import deque

from common.compact import Compact
from common.media import CLOCK_HZ, AudioConfig, Track
from hls.cuts import PartCut, Sample
from hls.grid import Slot

HALF_SECOND = CLOCK_HZ // 2

MAX_WAITING_FRAMES = 2_000
"""Some 40 s; more means that the video is lost in a way the timeline does not see, and the newest frames are dropped."""


class _Frame(Compact, frozen=True):
    start: int
    length: int
    data: bytes

    @property
    def end(self) -> int:
        return self.start + self.length


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
        self._rate = config.sample_rate
        self.measure(config.samples_per_frame)
        self._part_limit = part_target_ms * config.sample_rate // 1000

    @property
    def samples_per_frame(self) -> int:
        """Length of the frames that come. Opus may change it from packet to packet; nothing else changes with it."""
        return self._frame

    def measure(self, samples_per_frame: int) -> None:
        """Frames from here on are this long."""
        self._frame = samples_per_frame
        self._tolerance = samples_per_frame + self._rate // 500

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
        return (ticks * self._rate + HALF_SECOND) // CLOCK_HZ

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
        start, length, expected = self.to_samples(dts), self._frame, self._next
        if expected is not None and -self._tolerance <= start - expected <= self._tolerance:
            start = expected
        late = start < (expected or 0) or start + length // 2 < self._end
        if late or len(self._frames) >= MAX_WAITING_FRAMES:
            return False
        self._frames.append(_Frame(start, length, data))
        self._next = start + length
        return True

    def fill(self, slot: Slot, *, wait: bool, may_skip: bool, rest_ticks: int) -> list[PartCut] | None:
        """Build the part of this slot; `None` while its audio may still come. `wait=False`: it must do without.

        Frames that are long for PART-TARGET, or longer than those it was made for, can make it several parts, or none
        with `may_skip`: when those before reach so far that one more would be too far ahead of the video (G6), or when
        too little is missing to be a GAP part of its own. `rest_ticks`: a gap follows, and so much more belongs here.
        """
        end = self.to_samples(slot.end)
        if may_skip and self._end >= end and self._end + self._frame - end > self._part_limit // 2:
            return []
        wait = wait and not self.closed
        if wait and not self._reaches(end):
            return None
        if not self._started:
            self._begin(end)
        taken = self._take(end, wait=wait)
        if rest_ticks:
            taken += self._take_rest(taken[-1].end if taken else self._end, end + self.to_samples(rest_ticks))
        if not taken:
            # The next GAP part says so too; here it would make the segment longer than its samples (B12).
            too_little = may_skip and not slot.gap and end - self._end < self._part_limit // 2
            return [] if too_little else [self._gap(end)]
        return [self._cut(one) for one in self._split(self._samples(taken, end, wait=wait))]

    def _reaches(self, end: int) -> bool:
        # Two samples of grace: `end` was rounded to 90 kHz and back.
        return bool(self._frames) and self._next is not None and self._next >= end - 2

    def _begin(self, end: int) -> None:
        """Start with the first frame, if it lies in the first slot, so that it keeps its exact time."""
        self._started = True
        if self._frames and self._end < self._frames[0].start < end:
            self._end = self._frames[0].start

    def _take(self, end: int, *, wait: bool) -> list[_Frame]:
        taken: list[_Frame] = []
        while self._frames:
            start = self._frames[0].start
            if start >= end - 2 and (taken or start > self._end + self._tolerance):
                break
            if wait and taken and self._may_come_later(self._frames[0], end):
                break
            taken.append(self._frames.popleft())
        return taken

    def _take_rest(self, end: int, limit: int) -> list[_Frame]:
        """Frames that go on at `end`, up to `limit`: audio that the encoder sent ahead of its last picture."""
        rest: list[_Frame] = []
        while (
            self._frames and self._frames[0].start <= end + self._tolerance and self._frames[0].end <= limit
        ):
            rest.append(self._frames.popleft())
            end = rest[-1].end
        return rest

    def _may_come_later(self, frame: _Frame, end: int) -> bool:
        """The last frame of a slot with more video than usual: one part cannot hold it (C5), so the next one begins with it."""
        return frame.end - self._end > self._part_limit and frame.end >= end

    def _samples(self, taken: list[_Frame], slot_end: int, *, wait: bool) -> list[Sample]:
        """Frames that join: each lasts until the next one, the last one until what follows the slot.

        Where nothing follows, a hole of more than a frame is left to the GAP part behind it: it has no samples (B12).
        """
        end = taken[-1].end
        if self._frames:
            end = min(self._frames[0].start, max(end, slot_end))
        elif not wait and not self.closed and slot_end - end <= self._frame:
            end = max(end, slot_end)
        starts = [frame.start for frame in taken]
        samples, at, limit = [], self._end, self._part_limit
        for frame, following in zip(taken, [*starts[1:], end], strict=True):
            duration = following - at
            if not 0 < duration <= limit:
                duration = max(1, min(duration, limit))
            samples.append(Sample(at, 0, duration, True, frame.data))
            at += duration
        return samples

    def _split(self, samples: list[Sample]) -> list[list[Sample]]:
        """As few and as equal pieces as possible, none longer than PART-TARGET (C5)."""
        for count in range(1, len(samples)):
            size = -(-len(samples) // count)
            pieces = [samples[at : at + size] for at in range(0, len(samples), size)]
            if all(_duration(piece) <= self._part_limit for piece in pieces):
                return pieces
        return [[sample] for sample in samples]

    def _gap(self, slot_end: int) -> PartCut:
        missing = slot_end - self._end if slot_end > self._end else self._frame
        return self._cut([], min(missing, self._part_limit))

    def _cut(self, samples: list[Sample], gap: int = 0) -> PartCut:
        duration = _duration(samples) + gap
        rate = self.config.sample_rate
        cut = PartCut(Track.AUDIO, self._end, duration, rate, bool(samples), tuple(samples))
        self._end += duration
        return cut


def _duration(samples: list[Sample]) -> int:
    return sum([sample.duration for sample in samples])
