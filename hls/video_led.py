"""A timeline led by video: every video frame is held until the next one tells how long it lasts. Pure."""

from collections.abc import Callable

from common.media import CLOCK_HZ, Packet, Track
from hls.clock import Clock
from hls.cuts import Cut, PartCut, Sample, SegmentEnded, SegmentStarted
from hls.gathering import Start
from hls.grid import Grid, Slot, SlotsEnded, SlotStarted
from hls.running import Counts, Running, presentation_delay

MAX_STALLED_FRAMES = 16
"""Frames in a row whose stamps do not advance; more are dropped."""

MAX_OPEN_BYTES = 16_000_000
"""Video collected for one part; what exceeds it is dropped up to the next keyframe."""

MAX_BRIDGED_TICKS = CLOCK_HZ * 3 // 2
"""Longest hole in the stamps that is bridged instead of being a gap; `gap_after_s` of silence usually is one already."""


class VideoLed(Running):
    """Video sets the slots; audio, if there is any, fills them too."""

    leader = Track.VIDEO

    def __init__(
        self,
        start: Start,
        grid: Grid,
        clock: Clock,
        counts: Counts,
        gap_after_s: float,
        emit: Callable[[Cut], None],
    ) -> None:
        super().__init__(start, grid, clock, counts, gap_after_s, emit)
        self._held: Sample | None = None
        self._open_bytes = 0
        self._stalled = 0
        self._needs_key = True
        self._audio_came_first = False
        """The connection was silent, and so far only audio has come back."""

    def _place(self, packet: Packet, now: float) -> bool:
        if packet.track is Track.VIDEO:
            return self._place_video(packet, now)
        return self._place_audio(packet, now)

    # -- video ----------------------------------------------------------------------------------------------------

    def _place_video(self, packet: Packet, now: float) -> bool:
        if not packet.keyframe and (self._needs_key or self._new_video is not None):
            return False
        stamped = self._clock.map(Track.VIDEO, packet.dts, now)
        out = self._resume(stamped, now) if self._in_gap else self._close_held(stamped, packet)
        if out is None:
            return False
        delay = max(0, stamped - out + presentation_delay(packet))
        if packet.keyframe and self._has_new_configuration:
            self._switch(out, min(delay, presentation_delay(packet)), now)
        self._needs_key = False
        self._held = Sample(out, delay, 0, packet.keyframe, packet.data)
        self._counts.frames += 1
        self._heard(now, out + self._cadence.frame_ticks)
        return True

    def _close_held(self, out: int, following: Packet) -> int | None:
        """Give the held frame its duration, now that the next starts at `out`; returns where that one really starts.

        `None`: drop that one, because too many did not advance or the part grows beyond all measure.

        No part may be longer than PART-TARGET, so no frame can bridge a longer hole alone: the next ones are decoded
        early and help, and are shown when they should be. A gap would cost more than the hole: players throw away what
        follows one up to the next keyframe (MSE's coded frame processing does, at a jump of decode time).
        """
        held = self._held
        if held is None:
            return self._after_loss(out)
        out = max(out, held.dts + 1)
        self._stalled = self._stalled + 1 if out == held.dts + 1 else 0
        if self._stalled > MAX_STALLED_FRAMES or not self._has_room(following):
            return None
        step, longest = out - held.dts, self._cadence.part_target_ticks
        if longest < step <= max(MAX_BRIDGED_TICKS, 2 * longest):
            out, step = held.dts + longest, longest
        if step > longest:
            self._flush()
            self.grid.add_gap(out)
            self.grid.end_segment()
        else:
            self._append_held(step, before_keyframe=following.keyframe)
        return out

    def _append_held(self, duration: int, *, before_keyframe: bool) -> None:
        assert self._held is not None
        self._held.duration = duration
        self._open_bytes += len(self._held.data)
        self.grid.append(self._held, before_keyframe=before_keyframe)
        self._held = None
        if self.grid.open_frames == 0:
            self._open_bytes = 0

    def _has_room(self, packet: Packet) -> bool:
        if self._open_bytes + len(packet.data) <= MAX_OPEN_BYTES:
            return True
        self._flush()
        self._needs_key = True
        return False

    def _after_loss(self, out: int) -> int:
        """Continue at `out` after frames were dropped: what is missing is a gap."""
        if out > self.grid.position:
            self.grid.end_segment()
            self.grid.add_gap(out)
        return self.grid.position

    def _flush(self) -> None:
        """The last frame before missing media is shown for a usual frame's time; its part is the last of its segment."""
        if self._held is not None:
            duration = min(self._cadence.frame_ticks, self._cadence.part_target_ticks)
            self._append_held(duration, before_keyframe=False)
        self.grid.end_segment()
        self._open_bytes = 0

    def _resume(self, out: int, now: float) -> int | None:
        """Video is back; returns where its first frame starts, `None` if it is too late to be used.

        Media that was only delayed continues at the end of the GAP parts. Media that was lost leaves its hole in the
        stamps, and GAP parts fill it exactly.
        """
        behind = self.grid.position - out
        audio_went_on = not self._audio_away and not self._audio_came_first
        if behind > 0 and not audio_went_on:
            self._clock.shift(behind)
        elif behind > self._cadence.frame_ticks:
            self._needs_key = True  # moving the video would break its sync with the audio that went on
            return None
        elif self._is_hole(-behind):
            self.grid.add_gap(out)
        self._audio_came_first = False
        self._end_gap(now)
        return self.grid.position

    # -- audio ----------------------------------------------------------------------------------------------------

    def _place_audio(self, packet: Packet, now: float) -> bool:
        assert self._audio is not None
        out = self._clock.map(Track.AUDIO, packet.dts, now)
        if self._in_gap and now >= self._audio.gap_at and out < self.grid.position:
            # Everything was silent and the first to speak again is audio: it was late, not lost.
            self._clock.shift(self.grid.position - out)
            out = self.grid.position
            self._audio_came_first = True
        placed = self._audio.offer(out, packet.data, now)
        if placed and self._in_gap:
            self._gap_at = now + self._gap_after_s
            self._gap_under_audio()
        return placed

    def _gap_under_audio(self) -> None:
        """Video is missing and audio goes on: audio sets the pace of video's GAP parts."""
        assert self._audio is not None
        part = self._cadence.part_target_ticks
        while self._audio.known_ticks - self.grid.position >= part:
            self.grid.add_gap(self.grid.position + part)

    # -- a new connection -----------------------------------------------------------------------------------------

    def returned(self, now: float) -> None:
        """Packets from here on come from a new connection: nothing happens before its first keyframe."""
        super().returned(now)
        self._needs_key = True

    # -- decisions out --------------------------------------------------------------------------------------------

    def _emit_leader(self) -> None:
        for step in self.grid.steps:
            match step:
                case SlotStarted():
                    assert step.video is not None
                    media = step.position + step.delay
                    self._emit(
                        SegmentStarted(Track.VIDEO, media, step.anchor, step.discontinuity, step.video)
                    )
                case Slot():
                    self._counts.gap_parts += not step.samples
                    key = any(sample.keyframe for sample in step.samples)
                    duration = step.end - step.start
                    self._emit(PartCut(Track.VIDEO, step.start, duration, CLOCK_HZ, key, step.samples))
                case SlotsEnded():
                    self._emit(SegmentEnded(Track.VIDEO))
