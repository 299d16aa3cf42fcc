"""One look at a live publisher: what `weir.ingest_meter` measures and advice, metrics and rows are made of. Values only."""

from dataclasses import dataclass
from typing import Literal

from common.media import AudioConfig, Track, VideoConfig

SILENT_S = 5.0
"""Silence after which a track has stopped."""

MISSING_TRACK_S = 8.0
"""How long a track that was promised, or that most streams have, may take to come."""

Severity = Literal["info", "warning", "error"]

Status = Literal["good", "ok", "bad", "noData"]
"""As YouTube's healthStatus: `bad` with an error, `ok` with a warning, `noData` while nothing comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The encoder's connection."""

    seconds: float | None
    """How long it has lasted; `None` while no encoder is connected."""
    encoder: str
    """What the encoder calls itself, or ''."""
    kbps: float
    """All that came, with the protocol's framing, kbit/s."""
    round_trip_ms: float | None
    out_of_order: int | None
    """TCP segments that came out of order since it began."""
    reconnects: int
    """Since the broadcast began."""
    recent_reconnects: int
    """In the last ten minutes."""
    promised: frozenset[Track] = frozenset()
    """Tracks that onMetaData announced."""
    promised_fps: float | None = None
    promised_video_kbps: float = 0.0
    """As onMetaData has it, 0 where it does not; the picture may need less."""
    promised_audio_kbps: float = 0.0
    unsupported: tuple[str, ...] = ()
    """Media dropped because of its codec, such as `VP8 video`."""
    extra_tracks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReading:
    """The video of this connection."""

    config: VideoConfig
    kbps: float
    fps: float | None
    """Frames a second as they arrived; `None` in the first moments."""
    nominal_fps: float | None
    """Frames a second by the usual distance of the stamps."""
    silent_s: float
    """Since the last packet."""
    keyframe_interval_s: float | None
    """Between the last two keyframes; `None` before the second."""
    shortest_interval_s: float | None
    """Of the last eight intervals."""
    longest_interval_s: float | None
    intervals: int
    """How many of them there were."""
    since_keyframe_s: float
    """Media time since the last keyframe, or since the start."""
    keyframes: int
    gop_frames: int | None
    """Frames of the last complete group of pictures."""
    b_frames: int
    """B-frames in a row, at most."""
    reorder_s: float
    """How much later than it is decoded a frame is shown at most: viewers wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioReading:
    """The audio of this connection."""

    config: AudioConfig
    kbps: float
    silent_s: float
    """Since the last packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How evenly media comes; of the video, or of the audio where there is no video."""

    pace: float | None
    """Seconds of media that came in a second: less than 1 is slower than real time; `None` in the first seconds."""
    jitter_s: float
    """Mean deviation of arrival from the rhythm of the stamps."""
    behind_s: float
    """How much later than at best the newest packet came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What was lost lately."""

    missing_frames: int
    """Frames that the stamps have room for and that never came: dropped by the encoder."""
    missing_share: float
    """Of all frames there should have been."""
    refused: int
    """Packets that had no place on the timeline."""
    undecodable: int
    """Messages, tags, configurations and parts that made no sense."""
    jumps: int
    """Stamps that jumped, in the last minute."""
    size_changes: int
    """Changes of the picture's size, in the last minute."""
    late_track: int
    """Packets of a track that appeared after the start and is not played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A live publisher at one moment. Rates are means of a few seconds."""

    connection: Connection
    video: VideoReading | None
    """`None` when this connection has sent none."""
    audio: AudioReading | None
    delivery: Delivery
    losses: Losses
    total_missing_frames: int = 0
    """Of all connections of the broadcast, as the next two."""
    total_refused: int = 0
    total_undecodable: int = 0

    @property
    def has_data(self) -> bool:
        """Media comes."""
        return any(one is not None and one.silent_s < SILENT_S for one in (self.video, self.audio))
