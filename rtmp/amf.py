"""AMF0 values (AMF 0 specification, 2006), read with limits and written.

| AMF0                              | Python                                   |
|-----------------------------------|------------------------------------------|
| number                            | `float` (writing takes `int`, too)       |
| boolean, string, long string      | `bool`, `str`                            |
| object, typed object              | `dict`, the class name is dropped        |
| ECMA array                        | `EcmaArray`, a `dict`                    |
| strict array                      | `list`                                   |
| null, unsupported                 | `None`                                   |
| undefined                         | `UNDEFINED`                              |
| date                              | `float`, milliseconds since 1970         |
| XML document                      | `str`                                    |

References, movie clips, record sets and AMF3 values are not decodable.
"""

import enum
import struct
from collections.abc import Iterable
from typing import Final, TypeAlias

from rtmp.errors import UndecodableError

MAX_DEPTH = 32
"""Objects inside objects. Encoders use two; nesting without a limit has killed servers (ZLMediaKit issue 4787)."""

MAX_ITEMS = 1024
"""Values in one message, keys not counted."""


class Undefined(enum.Enum):
    """The type of `UNDEFINED`."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED
"""AMF0's undefined, which FMLE expects in the answer to FCPublish."""

AmfValue: TypeAlias = "float | int | bool | str | Undefined | dict[str, AmfValue] | list[AmfValue] | None"


class EcmaArray(dict[str, AmfValue]):
    """An associative array: the form in which encoders send onMetaData."""


class _Marker(enum.IntEnum):
    NUMBER = 0
    BOOLEAN = 1
    STRING = 2
    OBJECT = 3
    NULL = 5
    UNDEFINED = 6
    ECMA_ARRAY = 8
    OBJECT_END = 9
    STRICT_ARRAY = 10
    DATE = 11
    LONG_STRING = 12
    UNSUPPORTED = 13
    XML_DOCUMENT = 15
    TYPED_OBJECT = 16


_NUMBER = struct.Struct(">d")


def decode_values(data: bytes) -> list[AmfValue]:
    """Decode the values in `data`, as many as make sense.

    What follows the first undecodable value is ignored: OBS up to 30.1 puts an AMF3 byte array behind good values.

    Raises:
        UndecodableError: not even the first value can be decoded, or `data` is empty.
    """
    reader = _Reader(data)
    values: list[AmfValue] = []
    while reader.position < len(data):
        try:
            values.append(reader.value(depth=0))
        except UndecodableError:
            if not values:
                raise
            break
    if not values:
        raise UndecodableError("no AMF value in an empty message")
    return values


class _Reader:
    """A position in a message, and how many values it may still hold."""

    def __init__(self, data: bytes) -> None:
        self.position = 0
        self._data = data
        self._items_left = MAX_ITEMS

    def value(self, depth: int) -> AmfValue:
        self._items_left -= 1
        if self._items_left < 0:
            raise UndecodableError(f"more than {MAX_ITEMS} AMF values")
        if depth > MAX_DEPTH:
            raise UndecodableError(f"AMF values nested deeper than {MAX_DEPTH}")
        marker = self._take(1)[0]
        match marker:
            case _Marker.NUMBER:
                return self._number()
            case _Marker.BOOLEAN:
                return self._take(1) != b"\0"
            case _Marker.STRING:
                return self._string(2)
            case _Marker.LONG_STRING | _Marker.XML_DOCUMENT:
                return self._string(4)
            case _Marker.NULL | _Marker.UNSUPPORTED:
                return None
            case _Marker.UNDEFINED:
                return UNDEFINED
            case _Marker.DATE:
                milliseconds = self._number()
                self._take(2)  # time zone: reserved, must be ignored
                return milliseconds
            case _:
                return self._container(marker, depth + 1)

    def _container(self, marker: int, depth: int) -> AmfValue:
        match marker:
            case _Marker.OBJECT:
                return dict(self._members(depth))
            case _Marker.TYPED_OBJECT:
                self._string(2)
                return dict(self._members(depth))
            case _Marker.ECMA_ARRAY:
                self._take(4)  # a hint; encoders announce wrong counts, the end marker decides
                return EcmaArray(self._members(depth))
            case _Marker.STRICT_ARRAY:
                count = int.from_bytes(self._take(4), "big")
                # The item limit ends a count that lies, before anything of its size is made.
                return [self.value(depth) for _ in range(count)]
            case _:
                raise UndecodableError(f"AMF marker {marker:#04x} at byte {self.position - 1}")

    def _members(self, depth: int) -> Iterable[tuple[str, AmfValue]]:
        while True:
            key = self._string(2)
            if not key and self._data[self.position : self.position + 1] == bytes([_Marker.OBJECT_END]):
                self.position += 1
                return
            yield key, self.value(depth)

    def _number(self) -> float:
        number: float = _NUMBER.unpack(self._take(8))[0]
        return number

    def _string(self, length_bytes: int) -> str:
        return self._take(int.from_bytes(self._take(length_bytes), "big")).decode("utf-8", "replace")

    def _take(self, size: int) -> bytes:
        taken = self._data[self.position : self.position + size]
        if len(taken) < size:
            raise UndecodableError("AMF value cut short")
        self.position += size
        return taken


def encode_values(*values: AmfValue) -> bytes:
    """Encode values one after the other; dicts become objects, `EcmaArray` an ECMA array."""
    return b"".join(map(_encode, values))


def _encode(value: AmfValue) -> bytes:
    match value:
        case None:
            return bytes([_Marker.NULL])
        case Undefined.UNDEFINED:
            return bytes([_Marker.UNDEFINED])
        case bool():
            return bytes([_Marker.BOOLEAN, value])
        case int() | float():
            return bytes([_Marker.NUMBER]) + _NUMBER.pack(value)
        case str():
            return _encode_string(value)
        case EcmaArray():
            return bytes([_Marker.ECMA_ARRAY]) + len(value).to_bytes(4, "big") + _encode_members(value)
        case dict():
            return bytes([_Marker.OBJECT]) + _encode_members(value)
        case list():
            return bytes([_Marker.STRICT_ARRAY]) + len(value).to_bytes(4, "big") + encode_values(*value)


def _encode_string(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 0xFFFF:
        return bytes([_Marker.LONG_STRING]) + len(raw).to_bytes(4, "big") + raw
    return bytes([_Marker.STRING]) + len(raw).to_bytes(2, "big") + raw


def _encode_members(members: dict[str, AmfValue]) -> bytes:
    pieces = []
    for key, value in members.items():
        raw = key.encode()
        pieces += [len(raw).to_bytes(2, "big"), raw, _encode(value)]
    return b"".join([*pieces, bytes([0, 0, _Marker.OBJECT_END])])
