"""The other end of the wire for tests: builds what encoders send, byte by byte, without the code under test."""

import struct
from collections.abc import Sequence
from typing import Any

from rtmp.chunks import ChunkReader
from rtmp.feed import Feed
from rtmp.messages import Command, Message, decode_message

AVC_CONFIG = bytes.fromhex(
    "01640028ffe1001b67640028acd940780227e5c044000003000400000300c83c60c65801000668ebe3cb22c0fdf8f800"
)
"""avcC of 1920 x 1080, High profile, level 4.0."""
AAC_CONFIG = bytes.fromhex("1190")
"""AAC-LC, 48 kHz, stereo."""

C0C1 = b"\x03" + bytes(1536)
C2 = bytes(1536)
HANDSHAKE = C0C1 + C2


def number(value: float) -> bytes:
    return b"\x00" + struct.pack(">d", value)


def text(value: str) -> bytes:
    raw = value.encode()
    return b"\x02" + len(raw).to_bytes(2, "big") + raw


def members(values: dict[str, Any]) -> bytes:
    pairs = [text(key)[1:] + amf(value) for key, value in values.items()]
    return b"".join(pairs) + b"\x00\x00\x09"


def amf(value: Any) -> bytes:
    match value:
        case None:
            return b"\x05"
        case bool():
            return bytes([1, value])
        case int() | float():
            return number(value)
        case str():
            return text(value)
        case dict():
            return b"\x03" + members(value)
        case list():
            return b"\x0a" + len(value).to_bytes(4, "big") + b"".join(map(amf, value))
        case bytes():
            return value
    raise AssertionError(value)


def ecma_array(values: dict[str, Any]) -> bytes:
    return b"\x08" + len(values).to_bytes(4, "big") + members(values)


def basic_header(fmt: int, csid: int) -> bytes:
    if csid < 64:
        return bytes([fmt << 6 | csid])
    if csid < 320:
        return bytes([fmt << 6, csid - 64])
    return bytes([fmt << 6 | 1]) + (csid - 64).to_bytes(2, "little")


def chunks(
    payload: bytes,
    *,
    type_id: int = 9,
    fmt: int = 0,
    csid: int = 4,
    time: int = 0,
    stream_id: int = 1,
    size: int = 128,
    extended_in_continuations: bool = True,
) -> list[bytes]:
    """One message as chunks. `time` is what the header says: a timestamp for fmt 0, a delta for 1 and 2."""
    extended = time.to_bytes(4, "big") if time >= 0xFFFFFF else b""
    head = basic_header(fmt, csid)
    if fmt < 3:
        head += min(time, 0xFFFFFF).to_bytes(3, "big")
    if fmt < 2:
        head += len(payload).to_bytes(3, "big") + bytes([type_id])
    if fmt == 0:
        head += stream_id.to_bytes(4, "little")
    result = [head + extended + payload[:size]]
    for start in range(size, len(payload), size):
        repeated = extended if extended_in_continuations else b""
        result.append(basic_header(3, csid) + repeated + payload[start : start + size])
    return result


def message(payload: bytes, **options: Any) -> bytes:
    return b"".join(chunks(payload, **options))


def control(type_id: int, payload: bytes, *, size: int = 128) -> bytes:
    return message(payload, type_id=type_id, csid=2, stream_id=0, size=size)


def set_chunk_size(new: int, *, size: int = 128) -> bytes:
    return control(1, new.to_bytes(4, "big"), size=size)


def command(name: str, transaction: float, *values: Any, stream_id: int = 0, **options: Any) -> bytes:
    payload = amf(name) + amf(transaction) + b"".join(map(amf, values))
    return message(payload, **{"type_id": 20, "csid": 3, "stream_id": stream_id, **options})


def connect(app: str = "live", **extra: Any) -> bytes:
    return command("connect", 1, {"app": app, "flashVer": "Test/1.0", "tcUrl": f"rtmp://host/{app}", **extra})


def publish(key: str = "KEY", **options: Any) -> bytes:
    return command("publish", 5, None, key, "live", stream_id=1, **options)


def greeting(key: str = "KEY") -> bytes:
    """Everything that an encoder sends until it waits for Publish.Start."""
    return HANDSHAKE + connect() + command("createStream", 4, None) + publish(key)


def video_config(config: bytes = AVC_CONFIG) -> bytes:
    return b"\x17\x00\x00\x00\x00" + config


def nal(size: int = 8, kind: int = 5) -> bytes:
    return size.to_bytes(4, "big") + bytes([kind]) + b"\x80" * (size - 1)


def video_frame(data: bytes | None = None, *, keyframe: bool = True, cts_ms: int = 0) -> bytes:
    first = 0x17 if keyframe else 0x27
    return bytes([first, 1]) + (cts_ms & 0xFFFFFF).to_bytes(3, "big") + (nal() if data is None else data)


def audio_config(config: bytes = AAC_CONFIG) -> bytes:
    return b"\xaf\x00" + config


def audio_frame(data: bytes = b"\x21\x10\x04") -> bytes:
    return b"\xaf\x01" + data


def metadata(values: dict[str, Any]) -> bytes:
    return text("@setDataFrame") + text("onMetaData") + ecma_array(values)


def read_replies(sent: bytes, *, handshake: bool = True) -> list[Message]:
    """Decode what the server sent. Set Chunk Size takes effect and does not show."""
    feed = Feed()
    feed.push(sent[3073:] if handshake else sent)
    reader = ChunkReader(feed, max_message_bytes=1 << 20)
    replies = []
    while (raw := reader.next_message()) is not None:
        replies.append(decode_message(raw))
    assert not len(feed)
    return replies


def statuses(replies: Sequence[Message]) -> list[dict[str, Any]]:
    """The information objects of onStatus, each with the message stream id it came on."""
    found = []
    for reply in replies:
        if isinstance(reply, Command) and reply.name == "onStatus":
            information = reply.arguments[1]
            assert isinstance(information, dict)
            found.append({**information, "stream_id": reply.stream_id})
    return found


def results(replies: Sequence[Message]) -> dict[float, list[Any]]:
    """Arguments of `_result` by transaction id."""
    return {
        reply.transaction_id: reply.arguments
        for reply in replies
        if isinstance(reply, Command) and reply.name == "_result"
    }
