"""Encoded media as it travels from ingest to packaging: plain values, integer ticks, no I/O.

Payloads are what an MP4 sample holds (and RTMP carries): length-prefixed NAL units of H.264 and HEVC (ISO 14496-15), an
AV1 temporal unit without its delimiter, a VP9 frame or superframe, a raw AAC frame without ADTS, an Opus packet, a FLAC
frame, an AC-3 or E-AC-3 syncframe. One clock for all tracks: 90 kHz.
"""

import enum
from dataclasses import dataclass, field
from typing import Literal

from common.compact import Compact

CLOCK_HZ = 90_000
"""Ticks a second of every `dts` and `pts` in the project."""

TICKS_PER_MS = CLOCK_HZ // 1000


VideoCodec = Literal["avc1", "hvc1", "av01", "vp09"]
"""Sample entry fourccs of the video that weir packages."""

AudioCodec = Literal["mp4a", "Opus", "fLaC", "ac-3", "ec-3"]
"""Sample entry fourccs of the audio that weir packages."""


class Track(enum.Enum):
    """Which of a stream's two elementary streams a packet belongs to."""

    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """What a decoder needs before the first video packet. Equal configs continue one timeline."""

    codec: VideoCodec
    extradata: bytes = field(repr=False)
    """Decoder configuration record, as in the sample entry's box: avcC, hvcC, av1C, or vpcC without its version and flags."""
    rfc6381: str
    """CODECS string for playlists, e.g. `avc1.64001f`."""
    width: int
    height: int
    """Luma size in pixels after cropping."""
    transfer: int = 2
    """TransferCharacteristics of ITU-T H.273: 2 not known, 16 PQ, 18 HLG."""


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """What a decoder needs before the first audio packet. Equal configs continue one timeline."""

    codec: AudioCodec
    extradata: bytes = field(repr=False)
    """AudioSpecificConfig of `mp4a`; OpusHead with its magic (RFC 7845); 34 bytes of STREAMINFO of `fLaC`; the content of
    the dac3 or dec3 box (ETSI TS 102 366 annex F) of `ac-3` and `ec-3`."""
    rfc6381: str
    """CODECS string for playlists, e.g. `mp4a.40.2`."""
    sample_rate: int
    """Hz; also the timescale of the track's fragments."""
    channels: int
    samples_per_frame: int = 1024
    """Samples of `sample_rate` that every packet decodes to."""


class Packet(Compact, frozen=True):
    """One encoded frame."""

    track: Track
    dts: int
    """Decode time in 90 kHz ticks: 32-bit wrap undone, never negative. Jumps are the timeline's business."""
    pts: int
    """Presentation time in 90 kHz ticks; `pts >= dts` is not promised."""
    keyframe: bool
    """True where decoding can start (IDR, AV1 or VP9 key frame); always True for audio."""
    data: bytes


MediaConfig = VideoConfig | AudioConfig
