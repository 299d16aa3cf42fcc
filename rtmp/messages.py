"""RTMP messages as values: one dataclass a type, decoded from and encoded to `RawMessage` (RTMP 1.0 §5.4, §7.1).

Set Chunk Size and Abort end in the chunk layer when they are received; here they are only encoded.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from rtmp.amf import AmfValue, decode_values, encode_values
from rtmp.chunks import ABORT, SET_CHUNK_SIZE, RawMessage
from rtmp.errors import UndecodableError


class MessageType(enum.IntEnum):
    """Message type ids."""

    SET_CHUNK_SIZE = SET_CHUNK_SIZE
    ABORT = ABORT
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_ACKNOWLEDGEMENT_SIZE = 5
    SET_PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    DATA_AMF3 = 15
    COMMAND_AMF3 = 17
    DATA = 18
    COMMAND = 20
    AGGREGATE = 22


MEDIA_TYPES = frozenset({MessageType.AUDIO, MessageType.VIDEO, MessageType.AGGREGATE})

STREAM_BEGIN = 0
PING_REQUEST = 6
PING_RESPONSE = 7

_U32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class SetChunkSize:
    """Chunks of the sender have up to `chunk_bytes` of payload from the next one on."""

    chunk_bytes: int


@dataclass(frozen=True, slots=True)
class Abort:
    """The message in progress on chunk stream `csid` will not be finished."""

    csid: int


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The sender has received `total_bytes` in all, modulo 2^32."""

    total_bytes: int


@dataclass(frozen=True, slots=True)
class UserControl:
    """Stream Begin, pings and others that only matter to players."""

    event: int
    value: int
    """The first four bytes behind the event: a message stream id, or a ping's timestamp."""


@dataclass(frozen=True, slots=True)
class WindowAcknowledgementSize:
    """The sender wants an acknowledgement for every `window_bytes`."""

    window_bytes: int


@dataclass(frozen=True, slots=True)
class SetPeerBandwidth:
    """The receiver should not have more than `window_bytes` unacknowledged; `limit` 0 hard, 1 soft, 2 dynamic."""

    window_bytes: int
    limit: int


@dataclass(frozen=True, slots=True)
class Media:
    """One audio or video message: an FLV tag body."""

    type_id: int
    """`MessageType.AUDIO` or `VIDEO`."""
    stream_id: int
    timestamp: int
    """Milliseconds modulo 2^32."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Several messages in one (§7.1.6)."""

    parts: tuple[Media, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """A data message such as `@setDataFrame onMetaData {…}`."""

    stream_id: int
    values: list[AmfValue]


@dataclass(frozen=True, slots=True)
class Command:
    """A remote call, or the answer to one (`_result`, `_error`, `onStatus`)."""

    stream_id: int
    name: str
    transaction_id: float
    """0 when no answer is wanted."""
    arguments: list[AmfValue] = field(repr=False)
    """What follows the transaction id: the command object or null first. Not in reprs, as it holds stream keys."""


Message: TypeAlias = (
    Acknowledgement
    | UserControl
    | WindowAcknowledgementSize
    | SetPeerBandwidth
    | Media
    | Aggregate
    | Data
    | Command
)
"""What a session receives."""

Reply: TypeAlias = (
    SetChunkSize
    | Abort
    | Acknowledgement
    | UserControl
    | WindowAcknowledgementSize
    | SetPeerBandwidth
    | Data
    | Command
)
"""What a session sends."""


def decode_message(raw: RawMessage) -> Message:
    """Turn a whole message into a value.

    Raises:
        UndecodableError: the type is unknown, or the payload is not what the type says.
    """
    match raw.type_id:
        case MessageType.AUDIO | MessageType.VIDEO:
            return Media(raw.type_id, raw.stream_id, raw.timestamp, raw.payload)
        case MessageType.AGGREGATE:
            return Aggregate(tuple(_aggregate_parts(raw)))
        case MessageType.COMMAND:
            return _decode_command(raw.stream_id, raw.payload)
        case MessageType.COMMAND_AMF3:
            return _decode_command(raw.stream_id, _without_amf3_prefix(raw.payload))
        case MessageType.DATA:
            return Data(raw.stream_id, decode_values(raw.payload))
        case MessageType.DATA_AMF3:
            return Data(raw.stream_id, decode_values(_without_amf3_prefix(raw.payload)))
        case _:
            return _decode_control(raw)


def _decode_control(raw: RawMessage) -> Message:
    payload = raw.payload
    match raw.type_id:
        case MessageType.ACKNOWLEDGEMENT:
            return Acknowledgement(_u32(payload, 0))
        case MessageType.USER_CONTROL:
            # An event this server has no use for may be shorter; its value is 0 then.
            return UserControl(int.from_bytes(payload[:2], "big"), int.from_bytes(payload[2:6], "big"))
        case MessageType.WINDOW_ACKNOWLEDGEMENT_SIZE:
            return WindowAcknowledgementSize(_u32(payload, 0))
        case MessageType.SET_PEER_BANDWIDTH:
            return SetPeerBandwidth(_u32(payload, 0), payload[4] if len(payload) > 4 else 0)
        case _:
            raise UndecodableError(f"message type {raw.type_id}")


def _u32(payload: bytes, start: int) -> int:
    if len(payload) < start + 4:
        raise UndecodableError(f"control message of {len(payload)} bytes")
    return int.from_bytes(payload[start : start + 4], "big")


def _without_amf3_prefix(payload: bytes) -> bytes:
    """Drop the format byte of an AMF3 message: 0 says that AMF0 values follow, which is what encoders send."""
    if payload[:1] != b"\0":
        raise UndecodableError("values in AMF3")
    return payload[1:]


def _decode_command(stream_id: int, payload: bytes) -> Command:
    name, *rest = decode_values(payload)
    if not isinstance(name, str):
        raise UndecodableError("command without a name")
    transaction_id = rest[0] if rest and isinstance(rest[0], float) else 0.0
    return Command(stream_id, name, transaction_id, rest[1:])


def _aggregate_parts(raw: RawMessage) -> Iterator[Media]:
    """Split FLV tags: type 1, size 3, timestamp 3 + 1, stream id 3, body, back pointer 4.

    The first tag's timestamp means the message's own; the others keep their distance to it.
    """
    payload, position, offset = raw.payload, 0, None
    while len(payload) - position >= 11:
        head = payload[position : position + 11]
        size = int.from_bytes(head[1:4], "big")
        timestamp = int.from_bytes(head[7:8] + head[4:7], "big")
        body = payload[position + 11 : position + 11 + size]
        if len(body) < size:
            raise UndecodableError("aggregate message cut short")
        offset = raw.timestamp - timestamp if offset is None else offset
        if head[0] in {MessageType.AUDIO, MessageType.VIDEO}:
            yield Media(head[0], raw.stream_id, (timestamp + offset) & _U32, body)
        position += 11 + size + 4


def encode_message(message: Reply) -> RawMessage:
    """Turn a value into a whole message with timestamp 0."""
    match message:
        case Command():
            payload = encode_values(message.name, message.transaction_id, *message.arguments)
            return RawMessage(MessageType.COMMAND, message.stream_id, 0, payload)
        case Data():
            return RawMessage(MessageType.DATA, message.stream_id, 0, encode_values(*message.values))
        case UserControl():
            return RawMessage(
                MessageType.USER_CONTROL,
                0,
                0,
                message.event.to_bytes(2, "big") + message.value.to_bytes(4, "big"),
            )
        case SetPeerBandwidth():
            payload = message.window_bytes.to_bytes(4, "big") + bytes([message.limit])
            return RawMessage(MessageType.SET_PEER_BANDWIDTH, 0, 0, payload)
        case _:
            return _encode_number(message)


def _encode_number(message: SetChunkSize | Abort | Acknowledgement | WindowAcknowledgementSize) -> RawMessage:
    match message:
        case SetChunkSize(number):
            type_id = MessageType.SET_CHUNK_SIZE
        case Abort(number):
            type_id = MessageType.ABORT
        case Acknowledgement(number):
            type_id = MessageType.ACKNOWLEDGEMENT
        case WindowAcknowledgementSize(number):
            type_id = MessageType.WINDOW_ACKNOWLEDGEMENT_SIZE
        case _:
            assert_never(message)
    return RawMessage(type_id, 0, 0, number.to_bytes(4, "big"))
