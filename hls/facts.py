"""What is told about a live stream, and what may be chosen about it: plain values."""

from dataclasses import dataclass

from common.media import CLOCK_HZ
from hls.cadence import Cadence

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
    """Configurations and parts that could not be muxed."""
    fps: float | None
    keyframe_interval_s: float | None
    memory_bytes: int
    window_s: float
    issues: tuple[str, ...]
    """What the streamer should change: `keyframe_interval_too_long`, `no_keyframe`, `late_track`, `timestamps_jump`,
    `bad_configuration`."""


def frame_rate(cadence: Cadence, frames: int, ticks: int) -> float:
    """Frames a second: as measured over `frames`, if that still is the rate of the start, and the usual rate it means."""
    measured = CLOCK_HZ / cadence.frame_ticks
    if ticks > FPS_TICKS:
        so_far = frames * CLOCK_HZ / ticks
        measured = so_far if abs(so_far - measured) < 0.005 * measured else measured
    close = [rate for rate in COMMON_RATES if abs(rate - measured) < 0.003 * rate]
    return float(min(close, key=lambda rate: abs(rate - measured), default=round(measured, 3)))
