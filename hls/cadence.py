"""How often frames come, and which part length follows from it. Pure arithmetic, done once per stream.

PART-TARGET is frozen when a stream starts (E1: AVPlayer stops for good when it changes), so it must leave room for what
the encoder does later: one dropped frame, whole-millisecond stamps, an audio frame that straddles the cut.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from common.media import CLOCK_HZ, TICKS_PER_MS, AudioConfig

MIN_PART_SHARE = 0.85
"""C6: a part lasts at least this share of PART-TARGET, unless it is one of the exempt kinds."""

DEFAULT_FRAME_TICKS = CLOCK_HZ // 30
RESERVE_TICKS = 2 * TICKS_PER_MS
"""For whole-millisecond stamps."""

SLOW_FPS = 3.99

SHORT_PART_TICKS = CLOCK_HZ // 4
"""Players have trouble with parts shorter than this, also with the last of a segment, which the draft lets be as short as
it likes: hls.js 1.7.4 may never load it (below 0.2 s), and skips it by its default `maxFragLookUpTolerance` (0.25 s)."""

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

    def frames_of_next_part(self, left: int) -> int:
        """Frames of the next part when its segment is expected to last `left` more.

        The usual number, unless that would leave a short last part: then the frames are spread over parts that are
        about equal and all legal (50 frames at 25 fps: 8, 8, 8, 9, 8, 9 rather than six times 8 and 2). Should the
        segment end elsewhere, nothing is lost: whatever this returns makes a legal part.
        """
        usual = self.frames_per_part
        rest = left % usual
        if rest == 0 or rest * self.frame_ticks >= SHORT_PART_TICKS:
            return usual
        least = math.ceil(self.min_part_ticks / self.frame_ticks)
        most = self.part_target_ticks // self.frame_ticks
        for parts in (left // usual + 1, left // usual):
            if least * parts <= left <= most * parts:
                return round(left / parts)
        return usual


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
    audio_frame = audio_frame_ticks(audio) if audio else 0
    slow = CLOCK_HZ / frame < SLOW_FPS
    spare = 0 if slow else frame
    count = 1 if slow else max(7, round(CLOCK_HZ / frame / 3))
    while True:
        for reserve in _reserves(count * frame, spare, audio_frame):
            if _is_long_enough(count * frame, reserve):
                return Cadence(frame, count, _ceil_ms(count * frame + reserve))
        count += 1


def _reserves(part: int, spare: int, audio_frame: int) -> Iterator[int]:
    """What PART-TARGET may have beyond an ordinary part of `part` ticks, best first.

    Room for the `spare` video frame or one more audio frame. Where audio frames are long (a FLAC block of 105 ms, AAC at
    8 kHz) that is more than C6 allows; then a whole number of them that lasts as long as the part with the spare frame.
    """
    yield max(spare, audio_frame) + RESERVE_TICKS
    if audio_frame:
        whole = -(-(part + max(spare, RESERVE_TICKS)) // audio_frame) * audio_frame
        yield whole - part + RESERVE_TICKS


def _is_long_enough(part: int, reserve: int) -> bool:
    """C6, with a millisecond of jitter on either side."""
    return part - TICKS_PER_MS >= MIN_PART_SHARE * (part + reserve + TICKS_PER_MS)


def audio_cadence(audio: AudioConfig) -> Cadence:
    """Rhythm for a stream without video; its parts are all INDEPENDENT, so C6 does not bind."""
    frame = audio.samples_per_frame * CLOCK_HZ / audio.sample_rate
    count = max(1, round(CLOCK_HZ / 3 / frame))
    return Cadence(audio_frame_ticks(audio), count, _ceil_ms((count + 1) * frame + RESERVE_TICKS))


def _ceil_ms(ticks: float) -> int:
    return math.ceil(round(ticks / TICKS_PER_MS, 6))
