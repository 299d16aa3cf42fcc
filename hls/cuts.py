"""What a timeline decided: past-tense facts about segments and parts. Values only."""

from dataclasses import dataclass, field

import msgspec

from common.compact import brief_repr
from common.media import AudioConfig, MediaConfig, Track, VideoConfig
from hls.cadence import Cadence


class Sample(msgspec.Struct, gc=False):
    """One frame on the stream's own timeline, in ticks of its track: 90 kHz for video, the sample rate for audio."""

    dts: int
    cts: int
    """Presentation minus decode time; the timeline makes none negative."""
    duration: int
    """Until the next sample of the track; 0 while unknown."""
    keyframe: bool
    data: bytes

    __repr__ = brief_repr


@dataclass(frozen=True, slots=True)
class Started:
    """The set of tracks and the rhythm are known and frozen; segments follow."""

    video: VideoConfig | None
    audio: AudioConfig | None
    cadence: Cadence


@dataclass(frozen=True, slots=True)
class Anchor:
    """Ties media time to the clock for PROGRAM-DATE-TIME; one per timeline, changed only at a DISCONTINUITY."""

    media_ticks: int
    """Presentation time of the first frame, 90 kHz."""
    arrived_at: float
    """When that frame was live, on the caller's clock: its arrival, as far as a burst at the start allows to tell."""


@dataclass(frozen=True, slots=True)
class SegmentStarted:
    """A track's next segment begins; its first part follows at once."""

    track: Track
    media_ticks: int
    """Presentation time of its start, 90 kHz."""
    anchor: Anchor
    discontinuity: bool
    config: MediaConfig
    """Decoder configuration of the track from here on."""


@dataclass(frozen=True, slots=True)
class PartCut:
    """One part of one track is complete."""

    track: Track
    start: int
    """Decode time of its first sample, ticks of the track."""
    duration: int
    """Ticks of the track; the next part starts at `start + duration`."""
    timescale: int
    """Ticks a second."""
    independent: bool
    samples: tuple[Sample, ...] = field(repr=False)
    """Empty for a GAP part: media that the encoder never sent."""


@dataclass(frozen=True, slots=True)
class SegmentEnded:
    """A track's current segment is complete: its duration is that of its parts."""

    track: Track


Cut = Started | SegmentStarted | PartCut | SegmentEnded
