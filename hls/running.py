"""A started timeline: gaps, reconnects and configurations; what the two kinds of leading track share. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from common.media import CLOCK_HZ, MediaConfig, Packet, Track, VideoConfig
from hls.arrivals import MAX_BURST_S, Arrival, Arrivals, live_at
from hls.clock import Clock
from hls.cuts import Anchor, Cut
from hls.follower import AudioFollower
from hls.gathering import Start
from hls.grid import Grid

GAP_LAG_TICKS = CLOCK_HZ
"""While no encoder is connected, GAP parts stand in for the time up to this long ago: what a new one begins with has room."""

SHORTEST_GAP = 0.4
"""Share of an ordinary part that a GAP part lasts at least: GAP segments then still come within 1.5 TARGETDURATIONs (E5)."""

MAX_DELAY_TICKS = 10 * CLOCK_HZ
"""No encoder reorders frames over more than this."""

MAX_CATCH_UP_S = 60.0
"""GAP parts made in one go when `tick` comes late (a suspended machine); what is older is forgotten."""


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


class Running(ABC):
    """Cuts one stream. Every public method leaves its decisions with `emit`.

    Args:
        start: tracks, rhythm, and the packets that will be pushed first.
        grid: cuts the leading track.
        clock: maps the encoder's stamps.
        counts: kept up to date.
        gap_after_s: silence of a track after which GAP parts stand in for it.
        emit: takes the decisions, in order.

    """

    leader: Track

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
        self._emit = emit
        self._gap_after_s = max(gap_after_s, 2.5 * start.cadence.frame_ticks / CLOCK_HZ)
        self._video = start.video
        self._new_video: VideoConfig | None = None
        self._audio: AudioFollower | None = None
        if start.audio is not None:
            target_ms = start.cadence.part_target_ms
            longest = grid.longest_segment_ticks
            self._audio = AudioFollower(start.audio, target_ms, longest, self._gap_after_s, emit)
        self._audio_config = start.audio
        self._arrivals = Arrivals(self.leader)
        self._gone = False
        """No encoder is connected, or nothing can be said yet about the one that is."""
        self._hinted = False
        """Viewers were told that the new connection has another configuration."""
        self._in_gap = False
        self._finished = False
        first, now = next(one for one in start.packets if one[0].track is self.leader)
        self._last_end = 0
        """Where the leading track's media ended when its last packet came, and when that was."""
        self._last_at = now
        self._gap_at = now + self._gap_after_s
        clock.set(first.dts, 0, now)
        self._origin = (0, live_at(start.packets, self.leader))
        """A position on the timeline and when it was live."""
        self._start_timeline(0, presentation_delay(first), discontinuity=False)
        if self._audio is not None:
            self._audio.start_at(0, now)

    # -- what arrives ---------------------------------------------------------------------------------------------

    def configure(self, config: MediaConfig) -> None:
        """A track's configuration; a changed one takes effect at the next frame that can start a segment."""
        if self._arrivals.has(Track.VIDEO if isinstance(config, VideoConfig) else Track.AUDIO):
            self._go_on()
        if isinstance(config, VideoConfig):
            if self._video is None:
                self._counts.late_track += 1
            else:
                self._new_video = None if config == self._video else config
        elif self._audio is None:
            self._counts.late_track += 1
        else:
            self._audio.configure(config)
            self._drain()

    def push(self, packet: Packet, now: float) -> None:
        """The next packet."""
        if self._finished:
            return
        if (self._video if packet.track is Track.VIDEO else self._audio) is None:
            self._counts.late_track += 1
        else:
            placed = self._place(packet, now) if self._clock.is_set else self._greet(packet, now)
            self._counts.dropped += not placed
        if self._audio is not None:
            self._audio.check_away(now)
        self._drain()

    @abstractmethod
    def _place(self, packet: Packet, now: float) -> bool:
        """Put a packet on the timeline; False: it was dropped."""

    @abstractmethod
    def _flush(self) -> None:
        """The leading track's media ends here for now: cut all of it."""

    @abstractmethod
    def _emit_leader(self) -> None:
        """Hand on what the grid decided about the leading track, unless audio leads."""

    def finish(self) -> None:
        """No packet will come."""
        if self._finished:
            return
        self._go_on()
        self._flush()
        self.grid.end_segment()
        if self._audio is not None:
            self._audio.close()
        self._drain()
        self._finished = True

    def _drain(self) -> None:
        steps = self.grid.steps
        if steps:
            self._emit_leader()
            self.grid.steps = []
        if self._audio is not None and (steps or self._audio.is_behind):
            self._audio.follow(steps)
            self._counts.gap_parts += self._audio.gap_parts
            self._audio.gap_parts = 0

    # -- gaps -----------------------------------------------------------------------------------------------------

    @property
    def _audio_away(self) -> bool:
        return self._audio is None or self._audio.away

    @property
    def _gap_pace(self) -> int:
        """Time between two GAP parts, 90 kHz: that of ordinary parts, a little less than PART-TARGET (E5)."""
        return min(self._cadence.frames_per_part * self._cadence.frame_ticks, self._cadence.part_target_ticks)

    def left(self, now: float) -> None:
        """The publisher's connection is gone: what it sent is cut at once, and GAP parts keep the pace (E5)."""
        if self._finished:
            return
        self._go_on()
        self._gone = True
        self._begin_gap()
        self._gap_at = min(self._gap_at, now + self._gap_pace / CLOCK_HZ)
        if self._audio is not None:
            self._audio.gap_at = min(self._audio.gap_at, now)
            self._audio.check_away(now)
        self._drain()

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        if self._finished:
            return None
        times = []
        if not self._in_gap or self._audio_away:
            times.append(self._gap_at)
        if self._audio is not None and not self._audio.away and (self._audio.is_behind or self._in_gap):
            times.append(self._audio.gap_at)
        if self._arrivals.due_at is not None:
            times.append(self._arrivals.due_at)
        return min(times, default=None)

    def quiet_until(self, now: float) -> float:
        """Until when `tick` has nothing to do, whatever arrives; `now` while anything is out of the ordinary.

        Packets only ever put off when silence begins; that audio is silent matters once a slot waits for it.
        """
        if self._in_gap or self._arrivals.due_at is not None or not self._clock.is_set:
            return now
        if self._audio is None or self._audio.away:
            return self._gap_at
        return min(self._gap_at, self._audio.gap_at)

    def tick(self, now: float) -> None:
        """Begin gaps, and go on with them at the pace of PART-TARGET."""
        if self._finished:
            return
        if self._arrivals.due_at is not None and now >= self._arrivals.due_at:
            self._go_on()
        if self._audio is not None:
            self._audio.check_away(now)
        if not self._in_gap and now >= self._gap_at:
            self._begin_gap()
        if self._in_gap and self._audio_away:
            self._gap_at = max(self._gap_at, now - MAX_CATCH_UP_S)
            while now >= self._gap_at:
                self._add_gap_part(self._gap_at)
        self._drain()

    def _add_gap_part(self, now: float) -> None:
        """One GAP part: as short as can be while media may still come for this time, the pace is what counts (E5)."""
        part = round(self._gap_pace * SHORTEST_GAP)
        if self._gone and self._arrivals.since is None:
            due = self._wall_position(now) - GAP_LAG_TICKS - self.grid.position
            part = min(max(part, due), self._gap_pace)
        self.grid.add_gap(self.grid.position + part)
        self._gap_at = now + self._gap_pace / CLOCK_HZ

    def _begin_gap(self) -> None:
        if not self._in_gap:
            self._in_gap = True
            self._flush()
            self.grid.end_segment()

    def _end_gap(self, now: float) -> None:
        self._in_gap = False
        self.grid.end_segment()
        self._heard(now, self.grid.position)

    def _heard(self, now: float, end: int) -> None:
        """The leading track is there, and its media reaches `end`."""
        self._last_at, self._last_end = now, end
        self._gap_at = now + self._gap_after_s

    def _is_hole(self, ticks: int) -> bool:
        """Whether missing time is worth a GAP part; less is within the jitter of a frame."""
        return ticks > self._cadence.frame_ticks * 3 // 2

    # -- new connections and configurations -----------------------------------------------------------------------

    def returned(self, now: float) -> None:
        """Packets from here on come from a new connection; whoever sent the others is gone."""
        self.left(now)
        self._arrivals.clear()
        self._hinted = False
        self._clock.forget()

    def _can_begin(self, packet: Packet) -> bool:
        """Whether a new connection's media can start with this packet of the leading track."""
        return packet.keyframe or packet.track is Track.AUDIO

    def _greet(self, packet: Packet, now: float) -> bool:
        """Keep a packet of a new connection until it is known where the first one belongs; False: it was dropped."""
        leads = packet.track is self.leader
        if leads and self._arrivals.since is None and not self._can_begin(packet):
            return False
        self._arrivals.add(packet, now)
        if self._arrivals.since is not None and self._has_new_configuration and not self._hinted:
            # G2: a part, so that those who wait for one read the hint of the init section before it is listed.
            self._hinted = True
            self._add_gap_part(now)
        due_at = self._arrivals.due_at
        if self._arrivals.is_without_leader or (due_at is not None and now >= due_at):
            self._go_on()
        return True

    @property
    def _has_new_configuration(self) -> bool:
        return self._new_video is not None or (self._audio is not None and self._audio.pending is not None)

    def _go_on(self) -> None:
        """Place what waits of a new connection: the timeline goes on at the wall clock's pace."""
        if self._arrivals.since is None and not self._arrivals.is_without_leader:
            return
        begins = self._arrivals.since is not None
        arrivals = self._arrivals.take()
        self._gone = False
        if not begins:
            self._place_audio_alone(arrivals)
            return
        first, live_since = arrivals[0]
        target = self._wall_position(live_since)
        if self._is_hole(target - self.grid.position):
            self.grid.add_gap(target)
        self._drain()  # before there is any audio: what it sends ahead of the first picture is no part of the gap
        self._clock.set(first.dts, self.grid.position, live_since)
        for packet, at in arrivals:
            self._counts.dropped += not self._place(packet, at)

    def _place_audio_alone(self, arrivals: list[Arrival]) -> None:
        """Audio does not wait long for the first keyframe: there may be no video."""
        first, live_since = arrivals[0]
        self._clock.set(first.dts, self._wall_position(live_since), live_since)
        for packet, at in arrivals:
            if self._audio is not None:
                self._audio.offer(self._clock.map(Track.AUDIO, packet.dts, at), packet.data, at)

    def _wall_position(self, now: float) -> int:
        """Where the timeline would be at `now` if the encoder had not been away.

        Measured from the origin, so that errors of many connections do not add up; but an encoder that was slow before
        does not get all it lacks as one gap.
        """
        position, at = self._origin
        on_time = position + round((now - at) * CLOCK_HZ)
        return min(on_time, self._last_end + round((now - self._last_at + MAX_BURST_S) * CLOCK_HZ))

    def _switch(self, out: int, delay: int, now: float) -> None:
        """Changed configurations begin here."""
        self._video = self._new_video or self._video
        self._new_video = None
        if self._audio is not None:
            self._audio_config = self._audio.pending or self._audio_config
            self._audio.pending = None
        position, at = self._origin
        self._origin = (out, max(now, at + (out - position) / CLOCK_HZ))
        self._start_timeline(out, delay, discontinuity=True)

    def _start_timeline(self, out: int, delay: int, *, discontinuity: bool) -> None:
        position, at = self._origin
        anchor = Anchor(out + delay, at + (out - position) / CLOCK_HZ)
        self.grid.start_timeline(
            anchor, self._video, self._audio_config, delay=delay, discontinuity=discontinuity
        )


def presentation_delay(packet: Packet) -> int:
    """How much later than it is decoded a frame is shown, 90 kHz; nonsense of encoders counts as no delay."""
    delay = packet.pts - packet.dts
    return delay if 0 <= delay <= MAX_DELAY_TICKS else 0
