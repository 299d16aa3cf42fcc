"""Audio behind the grid: which configuration's lane is current, and how far it has filled the slots. Pure."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from common.media import CLOCK_HZ, TICKS_PER_MS, AudioConfig, Track
from hls.cuts import Cut, PartCut, SegmentEnded, SegmentStarted
from hls.grid import GridStep, Slot, SlotsEnded, SlotStarted
from hls.lane import AudioLane


class AudioFollower:
    """Fills the grid's slots with audio, in order, as soon as it is there.

    Args:
        config: what the first frames are.
        part_target_ms: no part is longer.
        longest_segment_ticks: no segment is longer, 90 kHz.
        gap_after_s: silence after which slots no longer wait.
        emit: takes the decisions about the audio track.

    """

    def __init__(
        self,
        config: AudioConfig,
        part_target_ms: int,
        longest_segment_ticks: int,
        gap_after_s: float,
        emit: Callable[[Cut], None],
    ) -> None:
        self.away = False
        """No audio came for so long that slots do not wait for it."""
        self.gap_at = 0.0
        """When it will be away."""
        self.gap_parts = 0
        self.pending: AudioConfig | None = None
        """A changed configuration that no SlotStarted has announced yet."""
        self._part_target_ms = part_target_ms
        self._longest_segment_ticks = longest_segment_ticks
        self._segment_ticks = 0
        """Length of the current segment's parts."""
        self._gap_after_s = gap_after_s
        self._emit = emit
        self._lane = AudioLane(config, part_target_ms)
        self._next: AudioLane | None = None
        """The lane of a changed configuration: frames go there already."""
        self._waiting: deque[GridStep] = deque()
        self._head: SlotStarted | None = None

    @property
    def receiving(self) -> AudioLane:
        """Where new frames go."""
        return self._next or self._lane

    @property
    def known_ticks(self) -> int:
        """End of the media received under the newest configuration, 90 kHz."""
        return self.receiving.known_ticks or 0

    @property
    def is_behind(self) -> bool:
        """Slots wait for audio."""
        return bool(self._waiting)

    def start_at(self, ticks: int, now: float) -> None:
        """The first slot starts here."""
        self._lane.start_at(ticks)
        self.gap_at = now + self._gap_after_s

    def configure(self, config: AudioConfig) -> None:
        """Note the configuration of the frames that come; a changed one is `pending` until a segment starts with it.

        Another length of frames alone changes nothing for decoders.
        """
        if _decodes_like(config, self.receiving.config):
            self.receiving.measure(config.samples_per_frame)
            return
        if self.pending is not None and _decodes_like(config, self._lane.config):
            self.pending = self._next = None
            self._lane.closed = False
            self._lane.measure(config.samples_per_frame)
            return
        self.pending = config
        self._next = AudioLane(config, self._part_target_ms)
        self._lane.closed = True

    def offer(self, dts: int, data: bytes, now: float) -> bool:
        """Take the next frame, stamped `dts` on the stream's timeline; False when it has no place."""
        if not self.receiving.offer(dts, data):
            return False
        self.gap_at = now + self._gap_after_s
        self.away = False
        return True

    def check_away(self, now: float) -> None:
        """Notice silence."""
        self.away = self.away or now >= self.gap_at

    def close(self) -> None:
        """No frame will come."""
        self._lane.closed = self.receiving.closed = True

    def follow(self, steps: list[GridStep]) -> None:
        """Fill these slots too, and all that wait, as far as the audio reaches."""
        self._waiting.extend(steps)
        while self._waiting and self._fill(self._waiting[0]):
            self._waiting.popleft()

    def _fill(self, step: GridStep) -> bool:
        match step:
            case SlotStarted():
                if step.audio != self._lane.config and self._next is not None:
                    self._next.follow(self._lane)
                    self._lane, self._next = self._next, None
                self._head = step
            case Slot():
                cuts = self._lane.fill(
                    step, wait=not self.away, may_skip=self._head is None, rest_ticks=self._rest_ticks(step)
                )
                if cuts is None:
                    return False
                for cut in cuts:
                    self._emit_part(cut)
            case SlotsEnded():
                self._segment_ticks = 0
                self._emit(SegmentEnded(Track.AUDIO))
        return True

    def _rest_ticks(self, slot: Slot) -> int:
        """How much more than its slot's time a part may hold, because it is, for all that is known, the last before a gap."""
        later = (step for step in islice(self._waiting, 1, None) if isinstance(step, Slot))
        following = next(later, None)
        if not self.away or slot.gap or (following is not None and not following.gap):
            return 0
        length = self._segment_ticks + slot.end - slot.start
        return max(0, min(self._part_target_ms * TICKS_PER_MS, self._longest_segment_ticks - length))

    def _emit_part(self, cut: PartCut) -> None:
        head, self._head = self._head, None
        if head is not None:
            media = cut.start * CLOCK_HZ // cut.timescale
            self._emit(SegmentStarted(Track.AUDIO, media, head.anchor, head.discontinuity, self._lane.config))
        self.gap_parts += not cut.samples
        self._segment_ticks += cut.duration * CLOCK_HZ // cut.timescale
        self._emit(cut)


def _decodes_like(one: AudioConfig, other: AudioConfig) -> bool:
    return replace(one, samples_per_frame=other.samples_per_frame) == other
