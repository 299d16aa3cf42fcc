"""A timeline of audio alone: a part is a fixed number of frames. Pure."""

from common.media import CLOCK_HZ, Packet, Track
from hls.follower import AudioFollower
from hls.lane import AudioLane
from hls.running import Running


class AudioLed(Running):
    """The audio that fills the slots also sets them."""

    leader = Track.AUDIO

    @property
    def _follower(self) -> AudioFollower:
        assert self._audio is not None
        return self._audio

    def _place(self, packet: Packet, now: float) -> bool:
        out = self._clock.map(Track.AUDIO, packet.dts, now)
        if self._in_gap:
            out = self._resume(out, now)
        if self._follower.pending is not None:
            self._flush()
            self._switch(self.grid.position, 0, now)
        if not self._follower.offer(out, packet.data, now):
            return False
        self._counts.frames += 1
        self._heard(now, self._follower.known_ticks)
        self._cut()
        return True

    def _resume(self, out: int, now: float) -> int:
        """Delayed audio continues at the end of the GAP parts; the hole that lost audio leaves is filled with them."""
        if out < self.grid.position:
            self._clock.shift(self.grid.position - out)
        elif self._is_hole(out - self.grid.position):
            self.grid.add_gap(out)
        self._end_gap(now)
        return self.grid.position

    def _cut(self) -> None:
        lane = self._follower.receiving
        part = self._part_samples(lane)
        known = lane.to_samples(self._follower.known_ticks)
        while known - lane.to_samples(self.grid.position) >= part:
            end = lane.to_samples(self.grid.position) + part
            self.grid.add_slot(round(end * CLOCK_HZ / lane.config.sample_rate))

    def _part_samples(self, lane: AudioLane) -> int:
        """Whole frames that last as long as a part did at the start, and no longer than PART-TARGET."""
        frame = lane.samples_per_frame
        usual = self._cadence.frames_per_part * self._cadence.frame_ticks
        longest = lane.to_samples(self._cadence.part_target_ticks) // frame
        return max(1, min(round(usual * lane.config.sample_rate / CLOCK_HZ / frame), longest)) * frame

    def _flush(self) -> None:
        if self._follower.known_ticks > self.grid.position:
            self.grid.add_slot(self._follower.known_ticks)
        self.grid.end_segment()

    def _emit_leader(self) -> None:
        """Audio's decisions are emitted where it fills the slots."""
