"""The chunk stream layer (RTMP 1.0 §5.3), one layer and so one file: messages cut into interleaved chunks, and back.

The reader handles Set Chunk Size and Abort itself, because both change how the very next byte is read. Tolerances name the
client that needs them; everything else that breaks the framing is a `RemoteProtocolError`.
"""

import struct

from common.compact import Compact
from rtmp.errors import RemoteProtocolError
from rtmp.feed import Feed

DEFAULT_CHUNK_BYTES = 128
MAX_CHUNK_BYTES = 16 * 1024 * 1024
"""nginx-rtmp and MediaMTX stop at 10 MB; no client is known to go beyond 64 KiB."""

MAX_CHUNK_STREAMS = 64
"""Distinct chunk stream ids on one connection, whatever their values. Encoders use two to five."""

_FRAMING_MESSAGES = 64
"""Set Chunk Size and Abort messages in one read. Encoders send one or two on the whole connection."""

EXTENDED = 0xFFFFFF
"""Timestamp field that announces an extended timestamp."""

SET_CHUNK_SIZE = 1
ABORT = 2

_U32 = 0xFFFFFFFF
_HEADER_BYTES = (11, 7, 3, 0)
"""Length of the message header of fmt 0 to 3, without basic header and extended timestamp."""

_SHORT_CSIDS = 64
"""Chunk stream ids below this one have a one-byte basic header."""

_NO_LIMIT = 1 << 62

_FIELDS = struct.Struct(">II")
"""One-byte basic header and timestamp, length and type: the whole header of fmt 1."""
_FIELDS_BYTES = 8
_FMT_1 = 1
_FIRST_MEDIA_TYPE = 8
"""Types below are about the connection."""

_FIRST_LOOK = 4
"""A quarter of the continuation chunks that are looked for at first."""

_JOINED_CHUNK_BYTES = 1024
"""Smaller chunks are too many to be joined one by one; `_read_run` takes them out of a copy."""


class RawMessage(Compact, frozen=True):
    """One whole message, its payload not looked at."""

    type_id: int
    stream_id: int
    """Message stream id: 0 for the connection itself, else what createStream returned."""
    timestamp: int
    """Milliseconds modulo 2^32."""
    payload: bytes


class _ChunkStream:
    """What one chunk stream id remembers: the last header, and the message that is arriving."""

    __slots__ = (
        "delta",
        "extended",
        "length",
        "mark",
        "missing",
        "partial",
        "stream_id",
        "timestamp",
        "type_id",
    )

    def __init__(self, csid: int) -> None:
        self.timestamp = 0
        self.delta = 0
        """What a new message that starts with fmt 3 adds to `timestamp`."""
        self.length = 0
        self.type_id = 0
        self.stream_id = 0
        self.extended = b""
        """Raw extended timestamp of the last fmt 0, 1 or 2 header, b'' when it had none."""
        self.missing = 0
        """Payload bytes of the message in progress that have not arrived; 0 between messages."""
        self.partial = bytearray()
        self.mark = bytes([0xC0 | csid]) if csid < _SHORT_CSIDS else b""
        """The one-byte basic header of this stream's continuation chunks."""


class ChunkReader:
    """Reads messages out of a feed, as far as its bytes go."""

    def __init__(self, feed: Feed, *, max_message_bytes: int, max_streams: int = MAX_CHUNK_STREAMS) -> None:
        self.max_message_bytes = max_message_bytes
        """Longest message that may be announced. Partial messages together may hold twice as much."""
        self.chunk_bytes = DEFAULT_CHUNK_BYTES
        """The peer's chunk size."""
        self._chunks_left = _NO_LIMIT
        self._framing_messages_left = _FRAMING_MESSAGES
        self._feed = feed
        self._streams: dict[int, _ChunkStream] = {}
        self._max_streams = max_streams
        self._current: _ChunkStream | None = None
        self._chunk_left = 0
        self._buffered = 0

    @property
    def buffered_bytes(self) -> int:
        """Payload bytes of messages that are not whole yet."""
        return self._buffered

    def expect(self, chunks: int) -> None:
        """Set how many chunks the bytes that were just read may hold, beside runs on one chunk stream, which cost little."""
        self._chunks_left = chunks
        self._framing_messages_left = _FRAMING_MESSAGES

    def next_message(self) -> RawMessage | None:
        """Return the next whole message, or `None` when the feed has no more; call again after more was pushed.

        Raises:
            RemoteProtocolError: the framing is broken; the reader must not be used again.
        """
        while True:
            stream = self._current
            if stream is None:
                whole = self._read_plain_message()
                if whole is not None:
                    return whole
                stream = self._read_header()
                if stream is None:
                    return None
                self._chunks_left -= 1
                if self._chunks_left < 0:
                    raise RemoteProtocolError("too many chunks for their size")
            message = self._read_payload(stream)
            if message is None:
                if self._current is not None:
                    return None
            elif message.type_id in {SET_CHUNK_SIZE, ABORT}:
                self._reframe(message)
            else:
                return message

    def _read_plain_message(self) -> RawMessage | None:
        """Read a message in one chunk under a plain header of fmt 1; `None`, with nothing changed, for any other.

        Nearly all audio is such. Nothing here that the other methods do not do, in four calls.
        """
        feed = self._feed
        data, position = feed.data, feed.position
        start = position + _FIELDS_BYTES
        if start > len(data):
            return None
        first, second = _FIELDS.unpack_from(data, position)
        stream = self._streams.get(first >> 24 & 0x3F)
        delta, length, type_id = first & EXTENDED, second >> 8, second & 0xFF
        end = start + length
        plain = first >> 30 == _FMT_1 and delta != EXTENDED and type_id >= _FIRST_MEDIA_TYPE
        if not plain or stream is None or stream.missing or not self._chunks_left:
            return None
        if end > len(data) or length > self.chunk_bytes or length > self.max_message_bytes:
            return None
        self._chunks_left -= 1
        stream.timestamp = timestamp = (stream.timestamp + delta) & _U32
        stream.delta, stream.length, stream.type_id, stream.extended = delta, length, type_id, b""
        feed.position = end
        return RawMessage(type_id, stream.stream_id, timestamp, data[start:end])

    # -- headers -------------------------------------------------------------------------------------------------

    def _read_header(self) -> _ChunkStream | None:
        """Read one chunk header and make its stream current; `None`, with nothing changed, when bytes are missing."""
        data, position = self._feed.data, self._feed.position
        if position == len(data):
            return None
        first = data[position]
        fmt, csid = first >> 6, first & 0x3F
        position += 1
        if csid < 2:
            # The 2- and 3-byte forms are little-endian: csid = b1 + 256 * b2 + 64 (§5.3.1.1).
            if len(data) < position + csid + 1:
                return None
            raw_csid = data[position : position + csid + 1]
            csid, position = _SHORT_CSIDS + int.from_bytes(raw_csid, "little"), position + len(raw_csid)
        if len(data) < position + _HEADER_BYTES[fmt]:
            return None
        if fmt == 3:
            return self._continue_or_repeat(csid, position)
        return self._read_full_header(fmt, csid, position)

    def _read_full_header(self, fmt: int, csid: int, position: int) -> _ChunkStream | None:
        """Read a header of fmt 0, 1 or 2, which starts behind the basic header at `position`."""
        data = self._feed.data
        end = position + _HEADER_BYTES[fmt]
        time = int.from_bytes(data[position : position + 3], "big")
        extended = b""
        if time == EXTENDED:
            extended = data[end : end + 4]
            end += 4
            if len(data) < end:
                return None
            time = int.from_bytes(extended, "big")
        stream = self._streams.get(csid) or self._new_stream(csid, fmt)
        length, type_id = stream.length, stream.type_id
        if fmt < 2:
            length = int.from_bytes(data[position + 3 : position + 6], "big")
            type_id = data[position + 6]
        self._feed.position = end
        if stream.missing:
            self._check_continuation(stream, fmt, csid, length, type_id)
            return self._continue_message(stream)
        stream.extended, stream.length, stream.type_id = extended, length, type_id
        if fmt == 0:
            stream.timestamp = time
            stream.stream_id = int.from_bytes(data[position + 7 : position + 11], "little")
            # A message that follows as fmt 3 has this header's timestamp field as its delta (§5.3.1.2.4); FMLE,
            # ffmpeg, GStreamer and OBS since 30.2 write with this rule. An extended one would jump by 4.7 hours or
            # more at once, which no writer means.
            stream.delta = 0 if extended else time
        else:
            # An extended timestamp is a delta here, too (SRS pull request 4356).
            stream.timestamp = (stream.timestamp + time) & _U32
            stream.delta = time
        return self._start_message(stream)

    def _new_stream(self, csid: int, fmt: int) -> _ChunkStream:
        # librtmp starts a stream with fmt 1 (a ping on csid 2): a delta from 0.
        if fmt > 1:
            raise RemoteProtocolError(f"chunk stream {csid} starts with a header of type {fmt}")
        if len(self._streams) == self._max_streams:
            raise RemoteProtocolError(f"more than {self._max_streams} chunk streams")
        stream = self._streams[csid] = _ChunkStream(csid)
        return stream

    @staticmethod
    def _check_continuation(stream: _ChunkStream, fmt: int, csid: int, length: int, type_id: int) -> None:
        """Allow fmt 1 or 2 inside a message when it says the same as the message's start, as FFmpeg and SRS do.

        A length that changes there has been a heap overflow elsewhere (CVE-2016-10191).
        """
        if fmt == 0 or length != stream.length or type_id != stream.type_id:
            raise RemoteProtocolError(
                f"chunk stream {csid}: a header of type {fmt} ({length} bytes of type {type_id}) inside a message of"
                f" {stream.length} bytes of type {stream.type_id}"
            )

    def _continue_or_repeat(self, csid: int, position: int) -> _ChunkStream | None:
        """Read a header of fmt 3: the next chunk of a message, or a new message like the last one."""
        stream = self._streams.get(csid) or self._new_stream(csid, 3)
        if stream.extended:
            # Present by the specification of 2012, forbidden by that of 2009; OBS up to 30.0 leaves it out, ffmpeg and
            # GStreamer write it. So: it is there if the next bytes are the ones that started the message.
            peek = self._feed.data[position : position + 4]
            if peek == stream.extended:
                position += 4
            elif len(peek) < 4 and stream.extended.startswith(peek):
                return None
        self._feed.position = position
        if stream.missing:
            return self._continue_message(stream)
        stream.timestamp = (stream.timestamp + stream.delta) & _U32
        return self._start_message(stream)

    def _start_message(self, stream: _ChunkStream) -> _ChunkStream:
        if stream.length > self.max_message_bytes:
            raise RemoteProtocolError(
                f"message of {stream.length} bytes (type {stream.type_id}), limit {self.max_message_bytes}"
            )
        stream.missing = self._chunk_left = stream.length
        if stream.length > self.chunk_bytes:
            self._chunk_left = self.chunk_bytes
        self._current = stream
        return stream

    def _continue_message(self, stream: _ChunkStream) -> _ChunkStream:
        self._current = stream
        self._chunk_left = min(self.chunk_bytes, stream.missing)
        return stream

    # -- payloads ------------------------------------------------------------------------------------------------

    def _read_payload(self, stream: _ChunkStream) -> RawMessage | None:
        """Take what the feed has of the current chunk; return the message when that completes it.

        Without a message, `_current` tells the cases apart: `None` when the chunk is whole and a header follows.
        """
        feed = self._feed
        start = feed.position
        size = min(self._chunk_left, len(feed.data) - start)
        feed.position = start + size
        if size == stream.length:  # the whole message lies in one piece: the usual case, one copy
            stream.missing = 0
            self._current = None
            return RawMessage(
                stream.type_id, stream.stream_id, stream.timestamp, feed.data[start : start + size]
            )
        if stream.missing == stream.length and (whole := self._join_chunks(stream, start)) is not None:
            return whole
        self._append(stream, memoryview(feed.data)[start : start + size])
        self._chunk_left -= size
        if self._chunk_left:
            return None
        self._current = None
        if stream.missing:
            self._read_run(stream)
        return None if stream.missing else self._finish(stream)

    def _join_chunks(self, stream: _ChunkStream, start: int) -> RawMessage | None:
        """Take a message whose chunks have all arrived, with nothing between them, in one copy; `None` for any other.

        What a tick reads is mostly such messages: encoders write a frame in one go.
        """
        size = self.chunk_bytes
        end = start + stream.length + (stream.length - 1) // size
        data = self._feed.data
        if end > len(data) or size < _JOINED_CHUNK_BYTES or not stream.mark or stream.extended:
            return None
        if data[start + size : end : size + 1].strip(stream.mark):
            return None
        message = memoryview(data)[start:end]
        payload = b"".join([message[at : at + size] for at in range(0, len(message), size + 1)])
        self._feed.position = end
        self._current = None
        stream.missing = 0
        return RawMessage(stream.type_id, stream.stream_id, stream.timestamp, payload)

    def _read_run(self, stream: _ChunkStream) -> None:
        """Take all whole continuation chunks that follow one another, in a few C calls instead of one loop a chunk.

        GStreamer keeps chunks of 128 bytes by default: 5 900 a second at 6 Mbit/s.
        """
        if not stream.mark or stream.extended:
            return
        data, start = self._feed.data, self._feed.position
        stride = self.chunk_bytes + 1
        whole = min((len(data) - start) // stride, stream.missing // self.chunk_bytes)
        if not whole:
            return
        ours, look = 0, _FIRST_LOOK
        while ours < whole:
            # In growing steps: who alternates chunks of a byte must not have all the rest of the buffer searched each time.
            look = min(look * 4, whole)
            headers = data[start : start + look * stride : stride]
            ours = look - len(headers.lstrip(stream.mark))
            if ours < look:
                break
        if ours:
            end = start + ours * stride
            run = bytearray(data[start:end])
            del run[::stride]
            self._feed.position = end
            self._append(stream, run)

    def _append(self, stream: _ChunkStream, piece: memoryview | bytearray) -> None:
        stream.partial += piece
        stream.missing -= len(piece)
        self._buffered += len(piece)
        if self._buffered > 2 * self.max_message_bytes:
            raise RemoteProtocolError(f"{self._buffered} bytes of unfinished messages")

    def _finish(self, stream: _ChunkStream) -> RawMessage:
        payload = bytes(stream.partial)
        self._drop_partial(stream)
        return RawMessage(stream.type_id, stream.stream_id, stream.timestamp, payload)

    def _drop_partial(self, stream: _ChunkStream) -> None:
        self._buffered -= len(stream.partial)
        stream.partial = bytearray()
        stream.missing = 0

    # -- the two messages that are ours -----------------------------------------------------------------------------

    def _reframe(self, message: RawMessage) -> None:
        self._framing_messages_left -= 1
        if self._framing_messages_left < 0:
            raise RemoteProtocolError("too many messages that only change the framing")
        if message.type_id == SET_CHUNK_SIZE:
            self._set_chunk_size(message.payload)
        else:
            self._abort(message.payload)

    def _set_chunk_size(self, payload: bytes) -> None:
        size = int.from_bytes(payload[:4], "big")
        if len(payload) < 4 or not 1 <= size <= MAX_CHUNK_BYTES:
            raise RemoteProtocolError(f"chunk size {size}, allowed 1 to {MAX_CHUNK_BYTES}")
        self.chunk_bytes = size

    def _abort(self, payload: bytes) -> None:
        """Drop the message in progress on the chunk stream that the payload names (§5.4.2)."""
        if len(payload) < 4:
            raise RemoteProtocolError(f"abort message of {len(payload)} bytes")
        stream = self._streams.get(int.from_bytes(payload[:4], "big"))
        if stream is not None:
            self._drop_partial(stream)


class ChunkWriter:
    """Cuts messages into chunks: always a full header, which every client reads, as a server sends little."""

    def __init__(self) -> None:
        self.chunk_bytes = DEFAULT_CHUNK_BYTES
        """Our chunk size; change it right after writing the Set Chunk Size message that announces it."""

    def write(self, message: RawMessage, csid: int) -> bytes:
        """Return the message's chunks on chunk stream `csid` (2 to 63)."""
        extended = message.timestamp.to_bytes(4, "big") if message.timestamp >= EXTENDED else b""
        head = (
            bytes([csid])
            + min(message.timestamp, EXTENDED).to_bytes(3, "big")
            + len(message.payload).to_bytes(3, "big")
            + bytes([message.type_id])
            + message.stream_id.to_bytes(4, "little")
            + extended
        )
        payload, size = message.payload, self.chunk_bytes
        pieces = [head, payload[:size]]
        for start in range(size, len(payload), size):
            pieces += [bytes([0xC0 | csid]), extended, payload[start : start + size]]
        return b"".join(pieces)
