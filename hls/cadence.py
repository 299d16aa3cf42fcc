"""How often frames come, and which part length follows from it. Pure arithmetic, done once per stream.

PART-TARGET is frozen when a stream starts (E1: AVPlayer stops for good when it changes), so it must leave room for what
the encoder does later: one dropped frame, whole-millisecond stamps, an AAC frame that straddles the cut.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from common.media import CLOCK_HZ, TICKS_PER_MS, AudioConfig

MIN_PART_SHARE = 0.85
"""C6: a part lasts at least this share of PART-TARGET, unless it is one of the exempt kinds."""

DEFAULT_FRAME_TICKS = CLOCK_HZ // 30
MAX_FRAME_TICKS = 2 * CLOCK_HZ
"""Slower video is treated as a series of encoder gaps: TARGETDURATION leaves no room for longer frames."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """The frozen rhythm of one stream."""

    frame_ticks: int
    """Usual duration of a frame of the leading track, 90 kHz ticks."""
    frames_per_part: int
    part_target_ms: int
    """PART-TARGET; whole milliseconds, so that playlists print it exactly."""

    @property
    def part_target_ticks(self) -> int:
        """PART-TARGET in 90 kHz ticks: no part of any rendition is longer."""
        return self.part_target_ms * TICKS_PER_MS

    @property
    def min_part_ticks(self) -> int:
        """Shortest legal ordinary part, a millisecond on the safe side of C6."""
        return math.ceil(self.part_target_ticks * MIN_PART_SHARE) + TICKS_PER_MS


def frame_ticks(dts: Sequence[int]) -> int:
    """Usual step between these decode times, 90 kHz ticks.

    The median, refined by averaging the steps within 1 ms of it: RTMP stamps are whole milliseconds, so that 30 fps
    arrives as 33, 33, 34. Fewer than two stamps, or stamps that do not advance, count as 30 fps.
    """
    steps = [b - a for a, b in pairwise(dts) if b > a]
    if not steps:
        return DEFAULT_FRAME_TICKS
    middle = median_low(steps)
    close = [step for step in steps if abs(step - middle) <= TICKS_PER_MS]
    return min(round(sum(close) / len(close)), MAX_FRAME_TICKS)


def audio_frame_ticks(config: AudioConfig) -> int:
    """Duration of one audio packet, 90 kHz ticks, rounded up."""
    return math.ceil(config.samples_per_frame * CLOCK_HZ / config.sample_rate)


def video_cadence(frame: int, audio: AudioConfig | None) -> Cadence:
    """Rhythm for video of `frame` ticks a frame: a third of a second, at least seven frames, and one frame of reserve.

    Below four frames a second every frame is a part, and the reserve only holds an audio frame.
    """
    fps = CLOCK_HZ / frame
    audio_frame = audio_frame_ticks(audio) if audio else 0
    slow = fps < 3.99
    reserve = (audio_frame if slow else max(frame, audio_frame)) + 2 * TICKS_PER_MS
    count = 1 if slow else max(7, round(fps / 3))
    # Long audio frames (8 kHz AAC: 128 ms) inflate the reserve beyond what 15 % of a third of a second can hold.
    while count * frame - TICKS_PER_MS < MIN_PART_SHARE * (count * frame + reserve + TICKS_PER_MS):
        count += 1
    return Cadence(frame, count, _ceil_ms(count * frame + reserve))


def audio_cadence(audio: AudioConfig) -> Cadence:
    """Rhythm for a stream without video; its parts are all INDEPENDENT, so C6 does not bind."""
    frame = audio.samples_per_frame * CLOCK_HZ / audio.sample_rate
    count = max(1, round(CLOCK_HZ / 3 / frame))
    return Cadence(audio_frame_ticks(audio), count, _ceil_ms((count + 1) * frame + 2 * TICKS_PER_MS))


def _ceil_ms(ticks: float) -> int:
    return math.ceil(round(ticks / TICKS_PER_MS, 6))
