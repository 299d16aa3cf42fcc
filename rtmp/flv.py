"""FLV tags become media: configs, then packets, on the 90 kHz clock.

One `TagReader` a publisher. It remembers the last config of each track, drops repetitions and what comes before a config,
and names a codec that the server cannot use once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from common.media import TICKS_PER_MS, AudioConfig, Packet, Track, VideoConfig
from rtmp.errors import UndecodableError
from rtmp.formats import AUDIO_FORMATS, VIDEO_FORMATS, Format
from rtmp.multitrack import ExtraTrack, ExtraTracks, TrackTag, split_tracks
from rtmp.tags import Kind, Tag, parse_audio_tag, parse_video_tag

_NAMES = {
    "avc1": "H.264",
    "hvc1": "HEVC",
    "av01": "AV1",
    "vp08": "VP8",
    "vp09": "VP9",
    "vvc1": "VVC",
    "mp4a": "AAC",
    "Opus": "Opus",
    "fLaC": "FLAC",
    "ac-3": "AC-3",
    "ec-3": "E-AC-3",
    ".mp3": "MP3",
}
"""What people call the codecs."""

_FRAME = Kind.FRAME
_NOTHING = object()

_MAX_REPORTS = 8
"""Codecs that are named on one connection: a drone that sends random ids does not fill the log."""

_MAX_RECORD_BYTES = 65_536
"""Of a decoder configuration; x265 introduces itself in theirs with 2 KB."""


@dataclass(frozen=True, slots=True)
class UnsupportedCodec:
    """The first tag of a codec that the server cannot use; all of its tags are dropped."""

    track: Track
    codec: str
    """Its usual name, such as `VP8`."""


@dataclass(frozen=True, slots=True)
class ExtraTrackFound:
    """The first tag of a track other than track 0: such tracks are counted, not published."""

    track: Track
    track_id: int
    codec: str
    """Its usual name."""


MediaItem: TypeAlias = VideoConfig | AudioConfig | Packet | UnsupportedCodec | ExtraTrackFound


class TagReader:
    """Turns one publisher's tag bodies into media."""

    def __init__(self) -> None:
        self._extra_tracks = ExtraTracks()
        unpublished = _Unpublished(self._extra_tracks)
        # Bound methods instead of methods that pass the call on: this runs for every frame of every publisher.
        self.read_video = _Lane(Track.VIDEO, parse_video_tag, VIDEO_FORMATS, unpublished).read
        """(dts_ms, body) -> what a video tag means for the stream: a config, a packet, one after the other, or nothing.

        Raises:
            UndecodableError: the tag makes no sense, or is a frame without a config before it.
        """
        self.read_audio = _Lane(Track.AUDIO, parse_audio_tag, AUDIO_FORMATS, unpublished).read
        """As `read_video`."""

    @property
    def extra_tracks(self) -> tuple[ExtraTrack, ...]:
        """The tracks besides track 0, with what was counted of them so far."""
        return tuple(self._extra_tracks)


class _Unpublished:
    """What has been told about media that goes nowhere: each codec and each track once."""

    def __init__(self, extra_tracks: ExtraTracks) -> None:
        self._extra_tracks = extra_tracks
        self._reported: set[tuple[Track, str]] = set()

    def codec(self, track: Track, codec: str) -> tuple[MediaItem, ...]:
        """Note a tag of a codec that cannot be used."""
        name = _NAMES.get(codec, codec)
        if not name or (track, name) in self._reported or len(self._reported) == _MAX_REPORTS:
            return ()
        self._reported.add((track, name))
        return (UnsupportedCodec(track, name),)

    def track(self, track: Track, part: TrackTag) -> tuple[MediaItem, ...]:
        """Count a part of a tag that does not belong to track 0."""
        found = self._extra_tracks.count(track, part)
        if found is None:
            return ()
        return (ExtraTrackFound(track, found.track_id, _NAMES.get(found.codec, found.codec)),)


class _Lane:
    """Track 0 of one kind: its codec, its format, and the config that was announced last."""

    def __init__(
        self,
        track: Track,
        parse: Callable[[bytes], Tag],
        formats: Mapping[str, Callable[[], Format]],
        unpublished: _Unpublished,
    ) -> None:
        self._track = track
        self._parse = parse
        self._formats = formats
        self._unpublished = unpublished
        self._codec = ""
        """Fourcc of the codec in use; '' before there is one."""
        self._format: Format | None = None
        self._record = b""
        self._announced: object = _NOTHING

    def read(self, dts_ms: int, body: bytes) -> tuple[MediaItem, ...]:
        """As `TagReader.read_video`."""
        tag = self._parse(body)
        if tag.codec == self._codec and tag.kind is _FRAME:
            return self._frame(dts_ms, tag, body[tag.start :])
        return self._rare(dts_ms, tag, body, len(body))

    def _frame(self, dts_ms: int, tag: Tag, data: bytes) -> tuple[MediaItem, ...]:
        """Take a frame of the codec in use."""
        codec_format = self._format
        assert codec_format is not None  # as `_codec` is not ''
        data = codec_format.take(data)
        dts = dts_ms * TICKS_PER_MS
        packet = Packet(self._track, dts, dts + tag.cts_ms * TICKS_PER_MS, tag.keyframe, data)
        config = codec_format.config
        if config is self._announced:
            return (packet,)
        if config is None:
            raise UndecodableError(f"{self._track.value} frame before a configuration")
        self._announced = config
        return (config, packet)

    def _rare(self, dts_ms: int, tag: Tag, body: bytes, end: int) -> tuple[MediaItem, ...]:
        """Take anything: first frames, sequence starts, many tracks, what cannot be used."""
        if tag.kind is Kind.MULTITRACK:
            return self._tracks(dts_ms, tag, body)
        if tag.codec not in self._formats:
            return self._unpublished.codec(self._track, tag.codec)
        match tag.kind:
            case Kind.FRAME if tag.codec == self._codec:
                return self._frame(dts_ms, tag, body[tag.start : end])
            case Kind.FRAME:
                return self._first_frame(dts_ms, tag, body[tag.start : end])
            case Kind.CONFIG:
                return self._start(tag.codec, body[tag.start : end])
            case _:
                return ()

    def _tracks(self, dts_ms: int, tag: Tag, body: bytes) -> tuple[MediaItem, ...]:
        parts = split_tracks(self._track, tag, body)
        items: tuple[MediaItem, ...] = ()
        for part in parts:
            if part.track_id:
                items += self._unpublished.track(self._track, part)
        for part in parts:
            if not part.track_id:
                items += self._rare(dts_ms, part.tag, body, part.end)
        return items

    def _first_frame(self, dts_ms: int, tag: Tag, data: bytes) -> tuple[MediaItem, ...]:
        """Take a frame of another codec, which is in use from now on if the frame is all that it needs."""
        before = self._codec, self._format, self._record
        self._codec, self._format, self._record = tag.codec, self._formats[tag.codec](), b""
        try:
            return self._frame(dts_ms, tag, data)
        except UndecodableError:
            self._codec, self._format, self._record = before
            raise

    def _start(self, codec: str, record: bytes) -> tuple[MediaItem, ...]:
        """Take a sequence start, of whichever codec."""
        if not record:
            # AC-3 has none, ffmpeg with libaom sends the real one second, and `af 00` with nothing behind it is an encoder
            # whose audio is not ready (MediaMTX issue 3414).
            return ()
        if codec == self._codec and record == self._record:
            return ()  # XSplit and others repeat it at every key frame
        if len(record) > _MAX_RECORD_BYTES:
            raise UndecodableError(f"decoder configuration of {len(record)} bytes")
        codec_format = self._format
        if codec_format is None or codec != self._codec:
            codec_format = self._formats[codec]()
        codec_format.configure(record)
        self._codec, self._format, self._record = codec, codec_format, record
        config = codec_format.config
        if config is None or config is self._announced:
            return ()
        self._announced = config
        return (config,)
