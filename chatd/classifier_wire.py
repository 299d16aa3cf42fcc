"""What goes between chat and its child that classifies: MessagePack, with its length before it. Pure."""

import struct

import msgspec

from common.errors import WeirError

HEAD = struct.Struct(">I")
MAX_TEXTS = 64
"""Of one question."""
MAX_CHARACTERS = 1_000
"""Of a text; the rest is not looked at. Few messages are that long once they are folded (`common.sameness`)."""
MAX_BYTES = 524_288
"""Of a message, either way: that many texts of so many characters, and more."""

_encode = msgspec.msgpack.encode
_texts = msgspec.msgpack.Decoder(list[str])
_chances = msgspec.msgpack.Decoder(list[float])


class WireError(WeirError):
    """The other side does not keep to this; nothing it says can be used any more."""


def encode_message(items: list[str] | list[float]) -> bytes:
    """Give the whole message, of texts or of what they are: the chance that each is an insult, 0 to 1."""
    body = _encode(items)
    return HEAD.pack(len(body)) + body


def read_head(head: bytes) -> int:
    """Give how many bytes follow. Raises `WireError`."""
    [size] = HEAD.unpack(head)
    if size > MAX_BYTES:
        raise WireError("a message that is too long")
    return int(size)


def decode_texts(body: bytes) -> list[str]:
    """Read a question. Raises `WireError`."""
    try:
        return _texts.decode(body)
    except msgspec.DecodeError as error:
        raise WireError(str(error)) from None


def decode_chances(body: bytes, *, count: int) -> list[float]:
    """Read the answer to a question of `count` texts. Raises `WireError`."""
    try:
        found = _chances.decode(body)
    except msgspec.DecodeError as error:
        raise WireError(str(error)) from None
    if len(found) != count or not all(0 <= one <= 1 for one in found):
        raise WireError("an answer to another question")
    return found
