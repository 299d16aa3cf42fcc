"""Packets in, parts and segments out: the one place that decides what a stream's timeline looks like. Pure.

A timeline never goes back and never stands still for long. While it gathers (`hls.gathering`) nothing is cut. Then the
leading track, video if there is any (`hls.video_led`, else `hls.audio_led`), is cut by `hls.grid`, and audio follows
(`hls.follower`). Time that the encoder leaves out becomes GAP parts: a hole in the stamps at once, silence after
`gap_after_s`, the end of a connection from then on, at the pace of parts, driven by `tick`. Media that comes after a gap
continues at its end; a new publisher connection (`hls.arrivals`) goes on behind it where the wall clock is, with a
DISCONTINUITY if a configuration changed.
"""

from common.media import MediaConfig, Packet
from hls.audio_led import AudioLed
from hls.clock import Clock
from hls.cuts import Cut, Started
from hls.gathering import Gathering, Start
from hls.grid import Grid
from hls.running import Counts, Running
from hls.video_led import VideoLed


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
        self._run: Running | None = None
        self._cuts: list[Cut] = []

    @property
    def grid(self) -> Grid | None:
        """The rhythm and its counters once the stream has started."""
        return self._run.grid if self._run else None

    def take(self) -> list[Cut]:
        """Return and forget what was decided since the last call, in order."""
        if not self._cuts:  # after nearly every packet
            return []
        cuts = self._cuts.copy()
        self._cuts.clear()
        return cuts

    def configure(self, config: MediaConfig) -> None:
        """A track's configuration; a changed one takes effect at the next keyframe, as a DISCONTINUITY."""
        if self._run is not None:
            self._run.configure(config)
        elif self._gathering is not None:
            self._gathering.configure(config)

    def push(self, packet: Packet, now: float) -> None:
        """The next packet, in the order received."""
        if not packet.data:
            self.counts.dropped += 1
        elif self._run is not None:
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

    def quiet_until(self, now: float) -> float:
        """Until when `tick` has nothing to do, whatever packets arrive; asked after `tick`."""
        return self._run.quiet_until(now) if self._run else now

    def finish(self) -> None:
        """No packet will come: cut what there is. Later calls do nothing."""
        if self._gathering is not None:
            self._start(self._gathering.start(final=True))
            self._gathering = None
        if self._run is not None:
            self._run.finish()

    def _start(self, start: Start | None) -> None:
        if start is None:
            return
        self._gathering = None
        grid = Grid(start.cadence, self._target_duration_s)
        self._cuts.append(Started(start.video, start.audio, start.cadence))
        led = VideoLed if start.video else AudioLed
        self._run = led(start, grid, self.clock, self.counts, self._gap_after_s, self._cuts.append)
        for packet, at in start.packets:
            self._run.push(packet, at)
