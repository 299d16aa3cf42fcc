"""FLV tags become media: configs, then packets, on the 90 kHz clock.

One `TagReader` a publisher. It remembers the last config of each track, drops repetitions and what comes before a config,
and names a codec that the server cannot use once.
"""

from dataclasses import dataclass
from typing import TypeAlias

from common.media import TICKS_PER_MS, AudioConfig, Packet, Track, VideoConfig
from rtmp.aac import parse_aac_config
from rtmp.avc import check_nal_units, nal_length_bytes, parse_avc_config
from rtmp.errors import UndecodableError
from rtmp.tags import Kind, Tag, parse_audio_tag, parse_video_tag

_NAMES = {
    "hvc1": "HEVC",
    "av01": "AV1",
    "vp08": "VP8",
    "vp09": "VP9",
    "vvc1": "VVC",
    "Opus": "Opus",
    "fLaC": "FLAC",
    "ac-3": "AC-3",
    "ec-3": "E-AC-3",
    ".mp3": "MP3",
}
"""What people call the codecs."""

_MAX_REPORTS = 8
"""Codecs that are named on one connection: a drone that sends random ids does not fill the log."""


@dataclass(frozen=True, slots=True)
class UnsupportedCodec:
    """The first tag of a codec that the server cannot use; all of its tags are dropped."""

    track: Track
    codec: str
    """Its usual name, such as `HEVC`."""


MediaItem: TypeAlias = VideoConfig | AudioConfig | Packet | UnsupportedCodec


class TagReader:
    """Turns one publisher's tag bodies into media."""

    def __init__(self) -> None:
        self._video: VideoConfig | None = None
        self._nal_length_bytes = 4
        self._audio: AudioConfig | None = None
        self._reported: set[tuple[Track, str]] = set()

    def read_video(self, dts_ms: int, body: bytes) -> tuple[MediaItem, ...]:
        """Return what a video tag means for the stream: a new config, a packet, or nothing.

        Raises:
            UndecodableError: the tag makes no sense, or is a frame without a config before it.
        """
        tag = parse_video_tag(body)
        if tag.codec != "avc1":
            return self._unusable(Track.VIDEO, tag)
        match tag.kind:
            case Kind.FRAME:
                return self._video_frame(dts_ms, tag, body[tag.start :])
            case Kind.CONFIG:
                return self._video_config(body[tag.start :])
            case _:
                return ()

    def read_audio(self, dts_ms: int, body: bytes) -> tuple[MediaItem, ...]:
        """As `read_video`."""
        tag = parse_audio_tag(body)
        if tag.codec != "mp4a":
            return self._unusable(Track.AUDIO, tag)
        match tag.kind:
            case Kind.FRAME:
                return self._audio_frame(dts_ms, body[tag.start :])
            case Kind.CONFIG:
                return self._audio_config(body[tag.start :])
            case _:
                return ()

    def _video_frame(self, dts_ms: int, tag: Tag, data: bytes) -> tuple[MediaItem, ...]:
        if self._video is None:
            raise UndecodableError("video frame before a configuration")
        check_nal_units(data, self._nal_length_bytes)
        dts = dts_ms * TICKS_PER_MS
        return (Packet(Track.VIDEO, dts, dts + tag.cts_ms * TICKS_PER_MS, tag.keyframe, data),)

    def _video_config(self, record: bytes) -> tuple[MediaItem, ...]:
        if self._video is not None and self._video.extradata == record:
            return ()  # XSplit and others repeat it at every key frame
        self._video = parse_avc_config(record)
        self._nal_length_bytes = nal_length_bytes(self._video)
        return (self._video,)

    def _audio_frame(self, dts_ms: int, data: bytes) -> tuple[MediaItem, ...]:
        if self._audio is None:
            raise UndecodableError("audio frame before a configuration")
        if not data:
            raise UndecodableError("empty audio frame")
        dts = dts_ms * TICKS_PER_MS
        return (Packet(Track.AUDIO, dts, dts, keyframe=True, data=data),)

    def _audio_config(self, config: bytes) -> tuple[MediaItem, ...]:
        if not config:
            return ()  # `af 00` and nothing else: an encoder whose audio is not ready (MediaMTX issue 3414)
        if self._audio is not None and self._audio.extradata == config:
            return ()
        self._audio = parse_aac_config(config)
        return (self._audio,)

    def _unusable(self, track: Track, tag: Tag) -> tuple[MediaItem, ...]:
        name = (
            f"multitrack {track.value}" if tag.kind is Kind.MULTITRACK else _NAMES.get(tag.codec, tag.codec)
        )
        if not name or (track, name) in self._reported or len(self._reported) == _MAX_REPORTS:
            return ()
        self._reported.add((track, name))
        return (UnsupportedCodec(track, name),)
