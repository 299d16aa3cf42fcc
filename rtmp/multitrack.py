"""Multitrack tags of Enhanced RTMP v2: taken apart into tracks, and the tracks that are not published counted.

Track 0 is the default one and goes the way of any other stream. OBS sends it as a plain tag and only the others like this;
ffmpeg does the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from common.media import Track
from rtmp.errors import UndecodableError
from rtmp.tags import Kind, Tag, extended_audio, extended_video, read_fourcc

_ONE_TRACK, _MANY_TRACKS, _MANY_CODECS = 0, 1, 2
_MAX_TRACKS_A_TAG = 32
"""Enhanced Broadcasting asks for six; numbers go up to 255."""

_MAX_COUNTED = 32
"""Tracks that are counted on one connection."""

_NESTED = {Track.VIDEO: frozenset({6, 7}), Track.AUDIO: frozenset({5, 7})}
"""Packet types that make no sense inside: Multitrack and ModEx."""


class TrackTag(NamedTuple):
    """The part of a multitrack tag that belongs to one track."""

    track_id: int
    tag: Tag
    """Its `start` counts from the beginning of the whole tag."""
    end: int
    """Where in the tag its data ends."""


def split_tracks(track: Track, tag: Tag, body: bytes) -> list[TrackTag]:
    """Take a tag of kind `MULTITRACK` apart, in the order of the wire.

    Raises:
        UndecodableError: it is cut short, of an unknown kind, or has more tracks than anybody sends.
    """
    if len(body) <= tag.start:
        raise UndecodableError("multitrack tag cut short")
    arrangement, packet_type = body[tag.start] >> 4, body[tag.start] & 15
    if arrangement > _MANY_CODECS or packet_type in _NESTED[track]:
        raise UndecodableError(f"multitrack tag of type {arrangement} around packets of type {packet_type}")
    parts = []
    for track_id, codec, start, end in _parts(arrangement, body, tag.start + 1):
        if track is Track.VIDEO:
            inner = extended_video(body, start, end, packet_type, codec, keyframe=tag.keyframe)
        else:
            inner = extended_audio(start, end, packet_type, codec)
        parts.append(TrackTag(track_id, inner, end))
    return parts


def _parts(arrangement: int, body: bytes, position: int) -> Iterator[tuple[int, str, int, int]]:
    """Number, fourcc, start and end of each track."""
    codec = ""
    if arrangement != _MANY_CODECS:
        codec, position = read_fourcc(body, position)
    for _ in range(_MAX_TRACKS_A_TAG):
        if arrangement == _MANY_CODECS:
            codec, position = read_fourcc(body, position)
        head = body[position : position + 4]
        if arrangement == _ONE_TRACK and head:
            yield head[0], codec, position + 1, len(body)
            return
        if len(head) < 4:
            raise UndecodableError("multitrack tag cut short")
        position += 4
        end = position + int.from_bytes(head[1:], "big")
        if end > len(body):
            raise UndecodableError("multitrack tag cut short")
        yield head[0], codec, position, end
        if end == len(body):
            return
        position = end
    raise UndecodableError(f"multitrack tag of more than {_MAX_TRACKS_A_TAG} tracks")


@dataclass(frozen=True, slots=True)
class ExtraTrack:
    """What has arrived of a track that is not published."""

    track: Track
    track_id: int
    """1 to 255."""
    codec: str
    """Fourcc of its last tag."""
    packets: int
    """Frames."""
    bytes: int
    """Of frames, without the heads of tags."""


class ExtraTracks:
    """Counts the tracks that are not published."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[Track, int], ExtraTrack] = {}

    def __iter__(self) -> Iterator[ExtraTrack]:
        """In the order in which they were first seen; each a snapshot."""
        return iter(self._tracks.values())

    def count(self, track: Track, part: TrackTag) -> ExtraTrack | None:
        """Count a part of a tag in. Return the track when it is seen for the first time."""
        key = track, part.track_id
        known = self._tracks.get(key)
        if known is None and len(self._tracks) == _MAX_COUNTED:
            return None
        frames = part.tag.kind is Kind.FRAME
        self._tracks[key] = counted = ExtraTrack(
            track,
            part.track_id,
            part.tag.codec,
            (known.packets if known else 0) + frames,
            (known.bytes if known else 0) + frames * (part.end - part.tag.start),
        )
        return None if known else counted
