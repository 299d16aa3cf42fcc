"""What is told about a live stream, and what may be chosen about it: plain values."""

from dataclasses import dataclass

from common.media import CLOCK_HZ

COMMON_RATES = (24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 90, 100, 120)
"""Frames a second that encoders mean; stamps in whole milliseconds only come near them."""

FPS_TICKS = 4 * CLOCK_HZ
"""Video to see before its mean frame rate is better than the first second's: 29.97 is told from 30 by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HlsSettings:
    """What an operator may choose about packaging."""

    target_duration_s: int = 4
    window_s: float = 600.0
    """DVR: how far back viewers can go. Without a place to spill to, no more than `memory_s`."""
    memory_s: float = 24.0
    """Media this new stays in memory."""
    gap_after_s: float = 1.5
    """Silence of an encoder after which GAP parts stand in for its media."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream is, for people and the database."""

    video_codec: str | None
    """CODECS string, e.g. `avc1.64001f`; `None` without video."""
    audio_codec: str | None
    width: int | None
    height: int | None
    fps: float | None


@dataclass(frozen=True, slots=True)
class StreamStats:
    """How a stream is doing."""

    bytes_in: int
    frames: int
    parts: int
    """Parts of all renditions, GAP parts included."""
    gap_parts: int
    dropped: int
    """Packets that had no place on the timeline."""
    undecodable: int
    """Configurations and parts that could not be packaged."""
    fps: float | None
    keyframe_interval_s: float | None
    memory_bytes: int
    window_s: float
    jumps: int
    """Stamps that no media of the moment can have; the timeline went on without them."""
    late_track: int
    """Packets of a track that appeared after the start and is not played."""
    cut_without_keyframe: int
    """Segments that had to end before a keyframe came: they are more than TARGETDURATION apart."""
    waits_for_keyframe: bool
    """Video comes, but no picture that a decoder could start with."""


def frame_rate(frame_ticks: float, frames: int, ticks: int) -> float:
    """Frames a second: as measured over `frames`, if that still is the rate of the start, and the usual rate it means.

    `frame_ticks`: duration of a frame at the start of this configuration, 90 kHz ticks.
    """
    measured = CLOCK_HZ / frame_ticks
    if ticks > FPS_TICKS:
        so_far = frames * CLOCK_HZ / ticks
        measured = so_far if abs(so_far - measured) < 0.005 * measured else measured
    close = [rate for rate in COMMON_RATES if abs(rate - measured) < 0.003 * rate]
    return float(min(close, key=lambda rate: abs(rate - measured), default=round(measured, 3)))
