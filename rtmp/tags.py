"""Heads of FLV and Enhanced RTMP tags: which codec, what kind of packet, where its data starts.

FLV 10.1 annex E.4 for the plain form, Enhanced RTMP v2 for the extended one. Stateless; says nothing about what the
server can use.
"""

import enum
from dataclasses import dataclass
from functools import lru_cache

from rtmp.errors import UndecodableError

_LEGACY_VIDEO = {
    2: "H.263",
    3: "Screen Video",
    4: "VP6",
    5: "VP6",
    6: "Screen Video 2",
    7: "avc1",
    12: "hvc1",
}
_LEGACY_AUDIO = {
    0: "PCM",
    1: "ADPCM",
    2: ".mp3",
    3: "PCM",
    4: "Nellymoser",
    5: "Nellymoser",
    6: "Nellymoser",
    7: "G.711",
    8: "G.711",
    10: "mp4a",
    11: "Speex",
    14: ".mp3",
}

_COMMAND_FRAME = 5
_KEY_FRAMES = frozenset({1, 4})
_AVC, _HEVC, _AAC, _EX_AUDIO = 7, 12, 10, 9
_SIGN_24 = 0x800000


class Kind(enum.Enum):
    """What a tag carries."""

    CONFIG = "config"
    """A decoder configuration."""
    FRAME = "frame"
    OTHER = "other"
    """End of sequence, seek commands, HDR metadata: nothing for the timeline."""
    MULTITRACK = "multitrack"
    """One or more tracks with numbers: `rtmp.multitrack` reads on from `start`."""


@dataclass(frozen=True, slots=True)
class Tag:
    """The head of an audio or video tag."""

    codec: str
    """The fourcc of codecs that have one in Enhanced RTMP, else a name for people; '' when the tag tells none."""
    kind: Kind
    keyframe: bool
    cts_ms: int
    """Composition offset, signed."""
    start: int
    """Where in the tag body the data starts."""


_NO_CODEC = Tag("", Kind.OTHER, keyframe=False, cts_ms=0, start=0)


def parse_video_tag(body: bytes) -> Tag:
    """Read the head of a video tag body.

    Raises:
        UndecodableError: it is cut short.
    """
    if not body:
        return _NO_CODEC
    return _parse_extended_video(body) if body[0] & 0x80 else _parse_video_head(body[:5])


def parse_audio_tag(body: bytes) -> Tag:
    """Read the head of an audio tag body.

    Raises:
        UndecodableError: it is cut short.
    """
    if not body:
        return _NO_CODEC
    return _parse_extended_audio(body) if body[0] >> 4 == _EX_AUDIO else _parse_audio_head(body[:2])


# A stream repeats a handful of heads for ever: one for every composition offset in its pattern of B-frames.
@lru_cache(maxsize=512)
def _parse_video_head(head: bytes) -> Tag:
    codec, frame = head[0] & 15, head[0] >> 4
    if frame == _COMMAND_FRAME:
        return _NO_CODEC
    if codec not in {_AVC, _HEVC}:
        name = _LEGACY_VIDEO.get(codec, f"codec {codec}")
        return Tag(name, Kind.FRAME, frame in _KEY_FRAMES, cts_ms=0, start=1)
    if len(head) < 5:
        raise UndecodableError("video tag cut short")
    kind = (Kind.CONFIG, Kind.FRAME)[head[1]] if head[1] < 2 else Kind.OTHER
    return Tag(_LEGACY_VIDEO[codec], kind, frame in _KEY_FRAMES, _si24(head, 2), 5)


@lru_cache(maxsize=512)
def _parse_audio_head(head: bytes) -> Tag:
    sound_format = head[0] >> 4
    if sound_format != _AAC:
        codec = _LEGACY_AUDIO.get(sound_format, f"codec {sound_format}")
        return Tag(codec, Kind.FRAME, keyframe=True, cts_ms=0, start=1)
    if len(head) < 2:
        raise UndecodableError("audio tag cut short")
    kind = (Kind.CONFIG, Kind.FRAME)[head[1]] if head[1] < 2 else Kind.OTHER
    return Tag("mp4a", kind, keyframe=True, cts_ms=0, start=2)


# Extended packet types: 0 SequenceStart, 1 CodedFrames, 2 SequenceEnd, 3 CodedFramesX, 4 Metadata or
# MultichannelConfig, 5 MPEG2TSSequenceStart (audio: Multitrack), 6 Multitrack, 7 ModEx.
_VIDEO_KINDS = {0: Kind.CONFIG, 1: Kind.FRAME, 3: Kind.FRAME}
_AUDIO_KINDS = {0: Kind.CONFIG, 1: Kind.FRAME}
_CODED_FRAMES = 1
_METADATA = 4
_MULTITRACK = 6
_AUDIO_MULTITRACK = 5
_MOD_EX = 7
_MAX_MODIFIERS = 17
"""ModEx blocks of one tag, and one: there is a single kind so far."""
_WITH_CTS = frozenset({"avc1", "hvc1", "vvc1"})


def _parse_extended_video(body: bytes) -> Tag:
    frame = body[0] >> 4 & 7
    packet_type, position = _skip_modifiers(body, body[0] & 15)
    if frame == _COMMAND_FRAME and packet_type != _METADATA:
        return _NO_CODEC  # a byte of VideoCommand follows, and no fourcc
    keyframe = frame in _KEY_FRAMES
    if packet_type == _MULTITRACK:
        return Tag("", Kind.MULTITRACK, keyframe, cts_ms=0, start=position)
    codec, position = read_fourcc(body, position)
    return extended_video(body, position, len(body), packet_type, codec, keyframe=keyframe)


def _parse_extended_audio(body: bytes) -> Tag:
    packet_type, position = _skip_modifiers(body, body[0] & 15)
    if packet_type == _AUDIO_MULTITRACK:
        return Tag("", Kind.MULTITRACK, keyframe=True, cts_ms=0, start=position)
    codec, position = read_fourcc(body, position)
    return extended_audio(position, len(body), packet_type, codec)


def extended_video(
    body: bytes, position: int, end: int, packet_type: int, codec: str, *, keyframe: bool
) -> Tag:
    """The tag of a video track whose own part of `body` starts at `position`, behind the fourcc and the track's number.

    Raises:
        UndecodableError: it is cut short.
    """
    kind = _VIDEO_KINDS.get(packet_type, Kind.OTHER)
    cts_ms = 0
    if packet_type == _CODED_FRAMES and codec in _WITH_CTS:
        if end < position + 3:
            raise UndecodableError("video tag cut short")
        cts_ms, position = _si24(body, position), position + 3
    return Tag(codec, kind, keyframe, cts_ms, position)


def extended_audio(position: int, end: int, packet_type: int, codec: str) -> Tag:
    """As `extended_video`."""
    kind = _AUDIO_KINDS.get(packet_type, Kind.OTHER)
    if kind is Kind.FRAME and position == end:
        kind = Kind.OTHER  # ffmpeg ends FLAC with one, after a header that tells what it has counted
    return Tag(codec, kind, keyframe=True, cts_ms=0, start=position)


def _skip_modifiers(body: bytes, packet_type: int) -> tuple[int, int]:
    """Step over ModEx blocks; return the packet type behind them and the position after its byte.

    A block: size - 1 in one byte, or in two more when that gives 256; data; a nibble of ModEx type and one of the next
    packet type. What we could use of them, nanosecond offsets, is no part of the decode time.
    """
    position = 1
    for _ in range(_MAX_MODIFIERS):
        if packet_type != _MOD_EX:
            return packet_type, position
        if len(body) < position + 3:
            raise UndecodableError("ModEx cut short")
        size = body[position] + 1
        position += 1
        if size == 256:
            size = int.from_bytes(body[position : position + 2], "big") + 1
            position += 2
        position += size
        if len(body) <= position:
            raise UndecodableError("ModEx cut short")
        packet_type = body[position] & 15
        position += 1
    raise UndecodableError(f"more than {_MAX_MODIFIERS - 1} ModEx blocks")


def read_fourcc(body: bytes, position: int) -> tuple[str, int]:
    """Read a fourcc; return it and the position behind it.

    Raises:
        UndecodableError: the tag ends before it.
    """
    code = body[position : position + 4]
    if len(code) < 4:
        raise UndecodableError("tag without a fourcc")
    return code.decode("ascii", "replace"), position + 4


def _si24(body: bytes, position: int) -> int:
    value = int.from_bytes(body[position : position + 3], "big")
    return (value ^ _SIGN_24) - _SIGN_24
