"""Encoded media as it travels from ingest to packaging: plain values, integer ticks, no I/O.

Video payloads are length-prefixed NAL units as in ISO 14496-15 (what RTMP carries); audio payloads are raw frames
without ADTS. One clock for all tracks: 90 kHz.
"""

import enum
from dataclasses import dataclass, field
from typing import Literal

CLOCK_HZ = 90_000
"""Ticks a second of every `dts` and `pts` in the project."""

TICKS_PER_MS = CLOCK_HZ // 1000


class Track(enum.Enum):
    """Which of a stream's two elementary streams a packet belongs to."""

    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """What a decoder needs before the first video packet. Equal configs continue one timeline."""

    codec: Literal["avc1"]
    """Sample entry fourcc."""
    extradata: bytes = field(repr=False)
    """Decoder configuration record, e.g. avcC for `avc1`."""
    rfc6381: str
    """CODECS string for playlists, e.g. `avc1.64001f`."""
    width: int
    height: int
    """Luma size in pixels after cropping."""


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """What a decoder needs before the first audio packet. Equal configs continue one timeline."""

    codec: Literal["mp4a"]
    extradata: bytes = field(repr=False)
    """AudioSpecificConfig for `mp4a`."""
    rfc6381: str
    """CODECS string for playlists, e.g. `mp4a.40.2`."""
    sample_rate: int
    """Hz; also the timescale of the track's fragments."""
    channels: int
    samples_per_frame: int = 1024
    """Samples of `sample_rate` that every packet decodes to."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded frame."""

    track: Track
    dts: int
    """Decode time in 90 kHz ticks: 32-bit wrap undone, never negative. Jumps are the timeline's business."""
    pts: int
    """Presentation time in 90 kHz ticks; `pts >= dts` is not promised."""
    keyframe: bool
    """True for an IDR picture; always True for audio."""
    data: bytes = field(repr=False)


MediaConfig = VideoConfig | AudioConfig
