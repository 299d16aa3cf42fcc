"""Packets in, parts and segments out: the one place that decides what a stream's timeline looks like. Pure.

A timeline never goes back and never stands still for long. While it gathers (`hls.gathering`) nothing is cut. Then the
leading track, video if there is any, is cut by `hls.grid` and audio follows (`hls.lane`). Time that the encoder leaves
out becomes GAP parts: a hole in the stamps at once, silence after `gap_after_s`, at the pace of PART-TARGET, driven by
`tick`. Media that comes after a gap continues at its end; a new publisher connection does the same, with a DISCONTINUITY
if a configuration changed.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from common.media import CLOCK_HZ, AudioConfig, MediaConfig, Packet, Track, VideoConfig
from hls.clock import Clock
from hls.cuts import Anchor, Cut, PartCut, Sample, SegmentEnded, SegmentStarted, Started
from hls.gathering import Gathering, Start
from hls.grid import Grid, GridStep, Slot, SlotsEnded, SlotStarted
from hls.lane import AudioLane

LEFT_GAP_S = 1.0
"""After an encoder's connection ended, GAP parts begin this soon."""

MAX_STALLED_FRAMES = 16
"""Frames in a row whose stamps do not advance; more are dropped."""

MAX_OPEN_BYTES = 16_000_000
"""Video collected for one part; what exceeds it is dropped up to the next keyframe."""

MAX_CATCH_UP_S = 60.0
"""GAP parts made in one go when `tick` comes late (a suspended machine); what is older is forgotten."""

EARLY_AUDIO = 500
EARLY_AUDIO_TICKS = 2 * CLOCK_HZ
"""Audio of a new connection that is kept until its first keyframe says what time it is."""


@dataclass(slots=True)
class Counts:
    """What a timeline met, for statistics and for advice to the streamer."""

    frames: int = 0
    """Video frames, or audio frames of a stream without video, that were put on the timeline."""
    dropped: int = 0
    """Packets that could not be placed."""
    gap_parts: int = 0
    late_track: int = 0
    """Packets of a track that appeared after the start; it is not played."""
    keyframe_interval: int = 0
    """Distance of the last two keyframes, 90 kHz; 0 before the second."""
    waits_for_keyframe: bool = False


class Timeline:
    """One stream's timeline; every method is followed by `take`.

    Args:
        target_duration_s: TARGETDURATION.
        gap_after_s: silence of a track after which GAP parts stand in for it.

    """

    def __init__(self, *, target_duration_s: int = 4, gap_after_s: float = 1.5) -> None:
        self.counts = Counts()
        self.clock = Clock()
        self._target_duration_s = target_duration_s
        self._gap_after_s = gap_after_s
        self._gathering: Gathering | None = Gathering()
        self._run: _Running | None = None
        self._cuts: list[Cut] = []

    @property
    def grid(self) -> Grid | None:
        """The rhythm and its counters once the stream has started."""
        return self._run.grid if self._run else None

    def take(self) -> list[Cut]:
        """Return and forget what was decided since the last call, in order."""
        cuts = self._cuts.copy()
        self._cuts.clear()
        return cuts

    def configure(self, config: MediaConfig, now: float) -> None:
        """A track's configuration; a changed one takes effect at the next keyframe, as a DISCONTINUITY."""
        if self._run is not None:
            self._run.configure(config, now)
        elif self._gathering is not None:
            self._gathering.configure(config)

    def push(self, packet: Packet, now: float) -> None:
        """The next packet, in the order received."""
        if self._run is not None:
            self._run.push(packet, now)
        elif self._gathering is not None:
            if not self._gathering.push(packet, now):
                self.counts.dropped += 1
            self.counts.waits_for_keyframe = self._gathering.waits_for_keyframe
            self._start(self._gathering.start())

    def left(self, now: float) -> None:
        """The publisher's connection is gone."""
        if self._run is not None:
            self._run.left(now)

    def returned(self, now: float) -> None:
        """Configurations and packets from here on come from a new publisher connection."""
        if self._run is not None:
            self._run.returned(now)
        elif self._gathering is not None:
            self._gathering = Gathering()

    def tick(self, now: float) -> None:
        """Do what is due by `now`."""
        if self._run is not None:
            self._run.tick(now)

    def deadline(self) -> float | None:
        """When `tick` is next due, if nothing arrives."""
        return self._run.deadline() if self._run else None

    def finish(self, now: float) -> None:
        """No packet will come: cut what there is. Later calls do nothing."""
        if self._gathering is not None:
            self._start(self._gathering.start(final=True))
            self._gathering = None
        if self._run is not None:
            self._run.finish(now)

    def _start(self, start: Start | None) -> None:
        if start is None:
            return
        self._gathering = None
        grid = Grid(start.cadence, self._target_duration_s)
        self._cuts.append(Started(start.video, start.audio, start.cadence))
        self._run = _Running(start, grid, self.clock, self.counts, self._gap_after_s, self._cuts.append)
        for packet, at in start.packets:
            self._run.push(packet, at)


class _Running:
    """A started timeline."""

    def __init__(
        self,
        start: Start,
        grid: Grid,
        clock: Clock,
        counts: Counts,
        gap_after_s: float,
        emit: Callable[[Cut], None],
    ) -> None:
        self.grid = grid
        self._cadence = start.cadence
        self._clock = clock
        self._counts = counts
        self._gap_after_s = max(gap_after_s, 2.5 * start.cadence.frame_ticks / CLOCK_HZ)
        self._emit = emit
        self._video = start.video
        self._audio = start.audio
        self._leader = Track.VIDEO if start.video else Track.AUDIO
        self._new_video: VideoConfig | None = None
        self._new_audio: AudioConfig | None = None
        self._lane = self._new_lane(start.audio)
        self._next_lane: AudioLane | None = None
        self._waiting: deque[GridStep] = deque()
        """Decisions of the grid that audio has not followed yet."""
        self._audio_head: SlotStarted | None = None
        self._held: Sample | None = None
        """The video frame whose duration the next one tells."""
        self._stalled = 0
        self._open_bytes = 0
        self._needs_key = start.video is not None
        self._in_gap = False
        self._audio_away = start.audio is None
        """No audio came for so long that its slots do not wait for it."""
        self._audio_came_first = False
        """The connection was silent, and so far only audio has come back."""
        self._finished = False
        first_packet, arrived_at = next(one for one in start.packets if one[0].track is self._leader)
        self._early_audio: deque[tuple[Packet, float]] = deque(maxlen=EARLY_AUDIO)
        self._last_at = self._gap_at = self._audio_gap_at = arrived_at
        self._last_end = 0
        self._heard(arrived_at)
        clock.set(first_packet.dts, 0, arrived_at)
        self._anchor(0, _cts(first_packet), arrived_at, discontinuity=False)
        if self._lane is not None:
            self._audio_gap_at = arrived_at + self._gap_after_s
            self._lane.start_at(0)

    # -- what arrives ---------------------------------------------------------------------------------------------

    def configure(self, config: MediaConfig, now: float) -> None:
        if isinstance(config, VideoConfig):
            if self._video is None:
                self._counts.late_track += 1
            else:
                self._new_video = None if config == self._video else config
        elif self._lane is None:
            self._counts.late_track += 1
        elif config == self._audio:
            self._new_audio = self._next_lane = None
            self._lane.closed = False
        elif config != self._new_audio:
            self._new_audio = config
            self._next_lane = self._new_lane(config)
            self._lane.closed = True
            self._fill_audio()
        del now

    def push(self, packet: Packet, now: float) -> None:
        if self._finished:
            return
        if packet.track is Track.VIDEO:
            if self._video is None:
                self._counts.late_track += 1
            else:
                self._push_video(packet, now)
        elif self._lane is None:
            self._counts.late_track += 1
        else:
            self._push_audio(packet, now)
        self._audio_may_be_away(now)
        self._drain()

    def _push_video(self, packet: Packet, now: float) -> None:
        if self._needs_key and not packet.keyframe:
            self._counts.dropped += 1
            return
        if self._new_video is not None and not packet.keyframe:
            self._counts.dropped += 1
            return
        if not self._clock.is_set:
            self._reconnect(packet.dts, now)
        out = self._clock.map(Track.VIDEO, packet.dts, now)
        cts = _cts(packet)
        if self._in_gap:
            resumed = self._resume(out, now)
            if resumed is None:
                self._counts.dropped += 1
                return
            out, cts = resumed, max(0, out + cts - resumed)
        else:
            placed = self._close_held(out, keyframe=packet.keyframe)
            if placed is None or not self._has_room(packet):
                self._counts.dropped += 1
                return
            out = placed
        self._needs_key = False
        if self._new_video is not None or (self._new_audio is not None and packet.keyframe):
            self._switch(out, cts, now)
        self._held = Sample(out, cts, 0, packet.keyframe, packet.data)
        self._open_bytes += len(packet.data)
        self._counts.frames += 1
        self._heard(now)
        self._last_end = out + self._cadence.frame_ticks

    def _close_held(self, out: int, *, keyframe: bool) -> int | None:
        """Give the held frame its duration, now that the next starts at `out`; returns where that one really starts.

        `None`: too many frames did not advance, drop this one.
        """
        held = self._held
        if held is None:
            return self._after_loss(out)
        if out <= held.dts:
            self._stalled += 1
            if self._stalled > MAX_STALLED_FRAMES:
                return None
            out = held.dts + 1
        else:
            self._stalled = 0
        self._held = None
        if out - held.dts > self._cadence.part_target_ticks:
            self._end_with_hole(held)
            self.grid.add_gap(out)
            self.grid.end_segment()
        else:
            held.duration = out - held.dts
            self.grid.append(held, before_keyframe=keyframe)
        return out

    def _after_loss(self, out: int) -> int:
        """Continue at `out` after frames were dropped: what is missing is a gap."""
        if out > self.grid.position:
            self.grid.end_segment()
            self.grid.add_gap(out)
        return self.grid.position

    def _has_room(self, packet: Packet) -> bool:
        if self.grid.open_frames == 0:
            self._open_bytes = 0
        if self._open_bytes + len(packet.data) <= MAX_OPEN_BYTES:
            return True
        self._needs_key = True
        return False

    def _push_audio(self, packet: Packet, now: float) -> None:
        if not self._clock.is_set and not self._audio_reconnects(packet, now):
            return
        out = self._clock.map(Track.AUDIO, packet.dts, now)
        if self._in_gap and self._leader is Track.AUDIO:
            resumed = self._resume(out, now)
            if resumed is None:
                self._counts.dropped += 1
                return
            out = resumed
        elif self._in_gap and now >= self._audio_gap_at and out < self.grid.position:
            # Everything was silent and the first to speak again is audio: it was late, not lost.
            self._clock.shift(self.grid.position - out)
            out = self.grid.position
            self._audio_came_first = True
        lane = self._next_lane or self._lane
        assert lane is not None
        if self._leader is Track.AUDIO and self._new_audio is not None:
            self._flush_audio_slot()
            self._switch(self.grid.position, 0, now)
        if not lane.offer(out, packet.data):
            self._counts.dropped += 1
            return
        self._note_audio(now)
        if self._leader is Track.AUDIO:
            self._counts.frames += 1
            self._heard(now)
            self._last_end = lane.known_ticks or 0
            self._cut_audio(lane)
        elif self._in_gap:
            self._gap_at = now + self._gap_after_s
            self._gap_under_audio(lane)

    def _cut_audio(self, lane: AudioLane) -> None:
        """Slots of a stream without video: a fixed number of frames each."""
        part = self._cadence.frames_per_part * lane.config.samples_per_frame
        known = lane.known_ticks
        while known is not None and lane.to_samples(known) - lane.to_samples(self.grid.position) >= part:
            end = lane.to_samples(self.grid.position) + part
            self.grid.add_slot(round(end * CLOCK_HZ / lane.config.sample_rate))

    def _gap_under_audio(self, lane: AudioLane) -> None:
        """Video is missing and audio goes on: audio sets the pace of video's GAP parts."""
        part = self._cadence.part_target_ticks
        while (lane.known_ticks or 0) - self.grid.position >= part:
            self.grid.add_gap(self.grid.position + part)

    # -- gaps -----------------------------------------------------------------------------------------------------

    def left(self, now: float) -> None:
        self._gap_at = min(self._gap_at, now + LEFT_GAP_S)
        self._audio_gap_at = min(self._audio_gap_at, now + LEFT_GAP_S)

    def returned(self, now: float) -> None:
        del now
        self._clock.forget()
        self._early_audio.clear()
        self._needs_key = self._video is not None

    def deadline(self) -> float | None:
        if self._finished:
            return None
        times = []
        if not self._in_gap or self._audio_away:
            times.append(self._gap_at)
        if not self._audio_away and (self._waiting or self._in_gap):
            times.append(self._audio_gap_at)
        return min(times, default=None)

    def tick(self, now: float) -> None:
        if self._finished:
            return
        self._audio_may_be_away(now)
        if not self._in_gap and now >= self._gap_at:
            self._begin_gap()
        paced = self._leader is Track.AUDIO or self._audio_away
        if self._in_gap and paced:
            part = self._cadence.part_target_ticks
            self._gap_at = max(self._gap_at, now - MAX_CATCH_UP_S)
            while now >= self._gap_at:
                self.grid.add_gap(self.grid.position + part)
                self._gap_at += part / CLOCK_HZ
        self._drain()

    def _audio_may_be_away(self, now: float) -> None:
        if now >= self._audio_gap_at:
            self._audio_away = True

    def _note_audio(self, now: float) -> None:
        self._audio_gap_at = now + self._gap_after_s
        self._audio_away = False

    def _begin_gap(self) -> None:
        self._in_gap = True
        if self._held is not None:
            self._end_with_hole(self._held)
            self._held = None
        if self._leader is Track.AUDIO:
            self._flush_audio_slot()
        self.grid.end_segment()

    def _end_with_hole(self, held: Sample) -> None:
        """The last frame before missing media: shown for a usual frame's time."""
        held.duration = min(self._cadence.frame_ticks, self._cadence.part_target_ticks)
        self.grid.append(held, before_keyframe=False)
        self.grid.end_segment()

    def _flush_audio_slot(self) -> None:
        if self._lane is not None and (self._lane.known_ticks or 0) > self.grid.position:
            self.grid.add_slot(self._lane.known_ticks or 0)

    def _resume(self, out: int, now: float) -> int | None:
        """The leading track is back; returns where its first frame starts, `None` if it is too late to be used.

        Media that was only delayed continues at the end of the GAP parts. Media that was lost leaves its hole in the
        stamps, and GAP parts fill it exactly.
        """
        behind = self.grid.position - out
        audio_went_on = not self._audio_away and not self._audio_came_first
        if behind > 0 and self._leader is Track.VIDEO and audio_went_on:
            # Moving the video would break the sync.
            if behind > self._cadence.frame_ticks:
                self._needs_key = True
                return None
        elif behind > 0:
            self._clock.shift(behind)
        elif -behind > self._cadence.frame_ticks * 3 // 2:
            self.grid.add_gap(out)
        self._in_gap = self._audio_came_first = False
        self.grid.end_segment()
        self._heard(now)
        return self.grid.position

    # -- new connections and configurations -----------------------------------------------------------------------

    def _reconnect(self, dts: int, now: float) -> None:
        """The leading track of a new connection starts with this stamp: the timeline goes on at the wall clock's pace."""
        target = self._wall_position(now)
        if not self._in_gap:
            self._begin_gap()
        if target - self.grid.position > self._cadence.frame_ticks * 3 // 2:
            self.grid.add_gap(target)
        self._clock.set(dts, self.grid.position, now)
        self._replay_early_audio(now)

    def _wall_position(self, now: float) -> int:
        """Where the timeline would be at `now` if the encoder had not been away."""
        return self._last_end + round((now - self._last_at) * CLOCK_HZ)

    def _audio_reconnects(self, packet: Packet, now: float) -> bool:
        """Audio of a new connection waits for the first keyframe, but not for long: there may be no video."""
        if self._leader is Track.AUDIO:
            self._reconnect(packet.dts, now)
            return True
        self._early_audio.append((packet, now))
        first, arrived_at = self._early_audio[0]
        if packet.dts - first.dts >= EARLY_AUDIO_TICKS:
            if not self._in_gap:
                self._begin_gap()
            self._clock.set(first.dts, self._wall_position(arrived_at), arrived_at)
            self._replay_early_audio(now)
        return False

    def _replay_early_audio(self, now: float) -> None:
        lane = self._next_lane or self._lane
        for packet, at in self._early_audio:
            if lane is not None and lane.offer(self._clock.map(Track.AUDIO, packet.dts, at), packet.data):
                self._note_audio(now)
        self._early_audio.clear()

    def _switch(self, out: int, cts: int, now: float) -> None:
        """Changed configurations begin here."""
        self._video = self._new_video or self._video
        self._audio = self._new_audio or self._audio
        self._new_video = self._new_audio = None
        self._anchor(out, cts, now, discontinuity=True)

    def _anchor(self, out: int, cts: int, now: float, *, discontinuity: bool) -> None:
        self.grid.start_timeline(
            Anchor(out + cts, now), self._video, self._audio, delay=cts, discontinuity=discontinuity
        )

    def finish(self, now: float) -> None:
        if self._finished:
            return
        del now
        if self._held is not None:
            self._end_with_hole(self._held)
            self._held = None
        if self._leader is Track.AUDIO:
            self._flush_audio_slot()
        self.grid.end_segment()
        if self._lane is not None:
            self._lane.closed = True
        self._drain()
        self._finished = True

    # -- decisions out --------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        steps, self.grid.steps = self.grid.steps, []
        for step in steps:
            if self._video is not None:
                self._emit_video(step)
            if self._lane is not None:
                self._waiting.append(step)
        self._fill_audio()

    def _emit_video(self, step: GridStep) -> None:
        match step:
            case SlotStarted():
                assert step.video is not None
                media = step.position + step.delay
                self._emit(SegmentStarted(Track.VIDEO, media, step.anchor, step.discontinuity, step.video))
            case Slot():
                self._counts.gap_parts += not step.samples
                key = any(sample.keyframe for sample in step.samples)
                duration = step.end - step.start
                self._emit(PartCut(Track.VIDEO, step.start, duration, CLOCK_HZ, key, step.samples))
            case SlotsEnded():
                self._emit(SegmentEnded(Track.VIDEO))

    def _fill_audio(self) -> None:
        while self._waiting and self._lane is not None:
            step = self._waiting[0]
            match step:
                case SlotStarted():
                    if step.audio is not None and step.audio != self._lane.config:
                        self._change_lane(step.audio)
                    self._audio_head = step
                case Slot():
                    cut = self._lane.fill(step, wait=not self._audio_away)
                    if cut is None:
                        return
                    self._emit_audio(cut)
                case SlotsEnded():
                    self._emit(SegmentEnded(Track.AUDIO))
            self._waiting.popleft()

    def _emit_audio(self, cut: PartCut) -> None:
        head = self._audio_head
        if head is not None:
            assert self._lane is not None
            media = cut.start * CLOCK_HZ // cut.timescale
            self._emit(SegmentStarted(Track.AUDIO, media, head.anchor, head.discontinuity, self._lane.config))
            self._audio_head = None
        self._counts.gap_parts += not cut.samples
        self._emit(cut)

    def _change_lane(self, config: AudioConfig) -> None:
        old = self._lane
        self._lane = self._next_lane or self._new_lane(config)
        self._next_lane = None
        assert old is not None
        assert self._lane is not None
        self._lane.follow(old)

    def _new_lane(self, config: AudioConfig | None) -> AudioLane | None:
        return AudioLane(config, self._cadence.part_target_ms) if config else None

    def _heard(self, now: float) -> None:
        self._last_at = now
        self._gap_at = now + self._gap_after_s


def _cts(packet: Packet) -> int:
    return max(0, packet.pts - packet.dts)
