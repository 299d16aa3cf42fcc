"""What a publisher sends, as bytes made ahead: the commands, and the recording cut into chunks once for all publishers. Pure.

After the first message of each chunk stream every header carries a time difference (fmt 1), so the bytes of one pass over
the recording serve every further pass and every publisher, and time goes on by itself.
"""

import struct
from dataclasses import dataclass, field

from bench.flvfile import AUDIO_TAG, DATA_TAG, Clip, Tag, is_keyframe
from rtmp.amf import AmfValue, encode_values

HELLO = b"\x03" + bytes(1536)
"""C0 and C1."""

_CONTROL_CSID, _COMMAND_CSID, _AUDIO_CSID, _PUBLISH_CSID, _VIDEO_CSID = 2, 3, 4, 5, 6
_STREAM_ID = 1
_COMMAND_TYPE = 20
_SET_CHUNK_SIZE_TYPE = 1
_DEFAULT_CHUNK = 128


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one frame on the wire."""

    dts_ms: int
    """Within the pass."""
    data: bytes = field(repr=False)
    is_video: bool
    is_keyframe: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """A recording on the wire."""

    opening: bytes = field(repr=False)
    """Metadata and sequence headers; sent once."""
    first: tuple[Piece, ...]
    """The first pass."""
    again: tuple[Piece, ...]
    """Every further pass: only the first frame of each track differs."""
    period_ms: int


def connect(app: str, url: str) -> bytes:
    """What follows S0 to S2, without C2: the connect command, in the default chunk size."""
    command: dict[str, AmfValue] = {
        "app": app,
        "type": "nonprivate",
        "flashVer": "FMLE/3.0 (compatible; weir bench)",
        "tcUrl": url,
    }
    return _message(_COMMAND_CSID, 0, _COMMAND_TYPE, 0, encode_values("connect", 1, command), _DEFAULT_CHUNK)


def create_stream(key: str, chunk_size: int) -> bytes:
    """The chunk size, releaseStream, FCPublish and createStream, pipelined as OBS and FFmpeg do."""
    size = _message(_CONTROL_CSID, 0, _SET_CHUNK_SIZE_TYPE, 0, struct.pack(">I", chunk_size), _DEFAULT_CHUNK)
    commands = [("releaseStream", 2, None, key), ("FCPublish", 3, None, key), ("createStream", 4, None)]
    return size + b"".join(
        _message(_COMMAND_CSID, 0, _COMMAND_TYPE, 0, encode_values(*values), chunk_size)
        for values in commands
    )


def publish(key: str, chunk_size: int) -> bytes:
    """The publish command."""
    body = encode_values("publish", 5, None, key, "live")
    return _message(_PUBLISH_CSID, 0, _COMMAND_TYPE, _STREAM_ID, body, chunk_size)


def goodbye(key: str, chunk_size: int) -> bytes:
    """FCUnpublish and deleteStream."""
    bodies = [
        encode_values("FCUnpublish", 6, None, key),
        encode_values("deleteStream", 7, None, _STREAM_ID),
    ]
    return b"".join(_message(_COMMAND_CSID, 0, _COMMAND_TYPE, 0, body, chunk_size) for body in bodies)


def cut(clip: Clip, chunk_size: int) -> Replay:
    """Cut a recording into chunks."""
    metadata = encode_values("@setDataFrame") + clip.metadata
    opening = _message(_AUDIO_CSID, 0, DATA_TAG, _STREAM_ID, metadata, chunk_size)
    for tag in clip.headers:
        opening += _message(_csid(tag), 0, tag.kind, _STREAM_ID, tag.body, chunk_size)
    first, again = [], []
    last = dict.fromkeys((_AUDIO_CSID, _VIDEO_CSID), 0)
    end = {_csid(tag): tag.dts_ms for tag in clip.tags}
    seen: set[int] = set()
    for tag in clip.tags:
        csid = _csid(tag)
        piece = _piece(tag, csid, tag.dts_ms - last[csid], chunk_size)
        first.append(piece)
        again.append(
            piece if csid in seen else _piece(tag, csid, tag.dts_ms + clip.period_ms - end[csid], chunk_size)
        )
        seen.add(csid)
        last[csid] = tag.dts_ms
    return Replay(opening, tuple(first), tuple(again), clip.period_ms)


def _piece(tag: Tag, csid: int, delta_ms: int, chunk_size: int) -> Piece:
    header = struct.pack(">B3s3sB", 1 << 6 | csid, _u24(delta_ms), _u24(len(tag.body)), tag.kind)
    data = header + _chunks(csid, tag.body, chunk_size)
    return Piece(tag.dts_ms, data, tag.kind != AUDIO_TAG, is_keyframe(tag))


def _message(csid: int, time_ms: int, kind: int, stream_id: int, body: bytes, chunk_size: int) -> bytes:
    header = struct.pack(">B3s3sB", csid, _u24(time_ms), _u24(len(body)), kind)
    return header + struct.pack("<I", stream_id) + _chunks(csid, body, chunk_size)


def _chunks(csid: int, body: bytes, chunk_size: int) -> bytes:
    """The body with a fmt 3 header before every chunk but the first."""
    again = bytes([3 << 6 | csid])
    return again.join(body[start : start + chunk_size] for start in range(0, len(body), chunk_size))


def _csid(tag: Tag) -> int:
    return _AUDIO_CSID if tag.kind == AUDIO_TAG else _VIDEO_CSID


def _u24(value: int) -> bytes:
    return value.to_bytes(3, "big")
