"""Where parts and segments end, decided on the leading video track. Pure.

The grid is a row of slots, one per part; every rendition fills the same slots, so that (msn, part) means the same moment
everywhere (E16, G6); only audio frames that are long for PART-TARGET make two parts of a slot, or none. Rules: a part ends after `frames_per_part` frames or before it would exceed PART-TARGET (C5) and is
never too short (C6); a segment ends at the first keyframe after about two seconds, or without one when TARGETDURATION
would be exceeded (B9).
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from common.media import CLOCK_HZ, AudioConfig, VideoConfig
from hls.cadence import Cadence
from hls.cuts import Anchor, Sample

SEGMENT_TICKS = round(1.8 * CLOCK_HZ)
"""A keyframe after this much ends the segment: a two-second GOP with jittery stamps must."""

GAP_SEGMENT_TICKS = 2 * CLOCK_HZ


@dataclass(frozen=True, slots=True)
class SlotStarted:
    """A new segment begins at `position`."""

    position: int
    anchor: Anchor
    delay: int
    """From decode to presentation time, 90 kHz; constant for a timeline (reordering of B-frames)."""
    discontinuity: bool
    video: VideoConfig | None
    audio: AudioConfig | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One part's place: [start, end) in decode time, 90 kHz."""

    start: int
    end: int
    samples: tuple[Sample, ...] = field(repr=False)
    """The leading track's samples; empty when it is missing here."""
    gap: bool = False
    """The encoder is away, or left this out."""


@dataclass(frozen=True, slots=True)
class SlotsEnded:
    """The current segment is complete."""


GridStep = SlotStarted | Slot | SlotsEnded


class Grid:
    """Cuts the leading track; take the decisions from `steps` after every call."""

    def __init__(self, cadence: Cadence, target_duration_s: int) -> None:
        self.cadence = cadence
        self.position = 0
        """End of what was appended, 90 kHz."""
        self.steps: list[GridStep] = []
        self.cut_without_keyframe = 0
        """Segments that had to end before a keyframe came."""
        self.longest_segment_ticks = round((target_duration_s + 0.45) * CLOCK_HZ)
        """round(EXTINF) <= TARGETDURATION (B9)."""
        # The audio segment may be a few frames longer.
        self._limit = self.longest_segment_ticks - CLOCK_HZ // 10
        self._open: list[Sample] = []
        self._open_ticks = 0
        self._segment_ticks = 0
        """Length of the current segment's finished parts."""
        self._segment: Literal["none", "keyed", "unkeyed", "gap"] = "none"
        self._head: SlotStarted | None = None
        self._gop_start: int | None = None
        self._pieces_cut = 0
        self.gop_ticks = 0
        """Distance of the last two keyframes; 0 before the second."""

    @property
    def open_frames(self) -> int:
        """Frames of the part that is not cut yet."""
        return len(self._open)

    def start_timeline(
        self,
        anchor: Anchor,
        video: VideoConfig | None,
        audio: AudioConfig | None,
        *,
        delay: int,
        discontinuity: bool,
    ) -> None:
        """The next segment has these configurations; ends the current one."""
        self.end_segment()
        self._head = SlotStarted(self.position, anchor, delay, discontinuity, video, audio)

    def append(self, sample: Sample, *, before_keyframe: bool) -> None:
        """Take the next sample, duration known and at most PART-TARGET; `before_keyframe`: a keyframe follows it."""
        if self._segment == "gap":
            self.end_segment()
        if self._segment_ticks + self._open_ticks + sample.duration > self._limit:
            # It lasts longer than those before, and was expected to: a hole follows it.
            self.cut_without_keyframe += not sample.keyframe
            self.end_segment()
        self._make_room(sample)
        if sample.keyframe:
            self._note_keyframe(sample)
        if self._segment == "none":
            self._start_segment("keyed" if sample.keyframe else "unkeyed")
        self._open.append(sample)
        self._open_ticks += sample.duration
        self.position += sample.duration
        if before_keyframe and self._segment_may_end():
            self.end_segment()
        elif self._segment_ticks + self._open_ticks + sample.duration > self._limit:
            self.cut_without_keyframe += 1
            self.end_segment()
        elif self._part_is_full(sample):
            self._cut_part()
            if self._ends_piece_of_long_gop():
                self.cut_without_keyframe += 1
                self.end_segment()

    def end_segment(self) -> None:
        """End the open part, as the last of its segment, and the segment; nothing when neither is open."""
        if self._open:
            self._cut_part()
        if self._segment != "none":
            self.steps.append(SlotsEnded())
        self._segment = "none"
        self._segment_ticks = 0

    def add_gap(self, until: int) -> None:
        """Fill up to `until` with GAP slots of at most PART-TARGET, in GAP segments of their own."""
        if self._segment != "gap":
            self.end_segment()
        self._gop_start = None
        while self.position < until:
            if self._segment == "none":
                self._start_segment("gap")
            end = min(until, self.position + self.cadence.part_target_ticks)
            self.steps.append(Slot(self.position, end, (), gap=True))
            self._segment_ticks += end - self.position
            self.position = end
            if self._segment_ticks >= GAP_SEGMENT_TICKS:
                self.end_segment()

    def add_slot(self, end: int) -> None:
        """One slot of a stream whose leading track is audio: the lane fills it."""
        if self._segment not in {"none", "keyed"}:
            self.end_segment()
        if self._segment == "none":
            self._start_segment("keyed")
        self.steps.append(Slot(self.position, end, ()))
        self._segment_ticks += end - self.position
        self.position = end
        if self._segment_ticks >= SEGMENT_TICKS:
            self.end_segment()

    def _make_room(self, sample: Sample) -> None:
        """End the open part when `sample` would make it too long.

        A part that is then too short (C6) gets the missing time at the cost of the sample that precedes a hole in the
        video: that one is decoded, and if need be shown, a little late.
        """
        if not self._open or self._open_ticks + sample.duration <= self.cadence.part_target_ticks:
            return
        missing = self.cadence.min_part_ticks - self._open_ticks
        if missing > 0 and not any(one.keyframe for one in self._open):
            self._open[-1].duration += missing
            self._open_ticks += missing
            self.position += missing
            sample.dts += missing
            sample.duration -= missing
            sample.cts = max(0, sample.cts - missing)
        self._cut_part()

    def _part_is_full(self, last: Sample) -> bool:
        if self._open_ticks < self.cadence.min_part_ticks:
            return False
        if self._open_ticks + last.duration > self.cadence.part_target_ticks:
            return True
        return len(self._open) >= self._wanted_frames()

    def _wanted_frames(self) -> int:
        """Frames of the open part, so that the segment's last part will not be a short one."""
        end = self._expected_end()
        if end is None:
            return self.cadence.frames_per_part
        left = round((end - self.position + self._open_ticks) / self.cadence.frame_ticks)
        return self.cadence.frames_of_next_part(left)

    def _expected_end(self) -> int | None:
        """Where a keyframe will end this segment if keyframes go on as they came last; `None` where that is not known."""
        if self._gop_start is None or not self.gop_ticks:
            return None
        begin = self.position - self._open_ticks - self._segment_ticks
        earliest = begin + (0 if self._segment == "unkeyed" else SEGMENT_TICKS)
        gops = max(1, -((self._gop_start - earliest) // self.gop_ticks))
        end = self._gop_start + gops * self.gop_ticks
        return end if end - begin <= self._limit else None

    def _segment_may_end(self) -> bool:
        return self._segment == "unkeyed" or self._segment_ticks + self._open_ticks >= SEGMENT_TICKS

    def _ends_piece_of_long_gop(self) -> bool:
        """A GOP known to be longer than a segment may be is split evenly, so that its keyframe starts a segment (A2)."""
        if self._gop_start is None or self.gop_ticks <= self._limit:
            return False
        pieces = -(-self.gop_ticks // self._limit)
        due = self._gop_start + self.gop_ticks * (self._pieces_cut + 1) // pieces
        if self._pieces_cut + 1 >= pieces or self.position < due - self.cadence.part_target_ticks // 2:
            return False
        self._pieces_cut += 1
        return True

    def _note_keyframe(self, sample: Sample) -> None:
        if self._gop_start is not None:
            self.gop_ticks = sample.dts - self._gop_start
        self._gop_start = sample.dts
        self._pieces_cut = 0

    def _start_segment(self, kind: Literal["keyed", "unkeyed", "gap"]) -> None:
        if self._head is None:
            raise LookupError("start_timeline comes first")
        head = self._head
        self.steps.append(replace(head, position=self.position))
        self._head = replace(head, discontinuity=False)
        self._segment = kind

    def _cut_part(self) -> None:
        start = self.position - self._open_ticks
        self.steps.append(Slot(start, self.position, tuple(self._open)))
        self._segment_ticks += self._open_ticks
        self._open = []
        self._open_ticks = 0
