"""Boxes of ISO 14496-12, written. Pure.

A box is its size, its type and its content; a full box begins with a version and 24 bits of flags.
"""

import struct

_HEAD = struct.Struct(">I4s")
_FULL_HEAD = struct.Struct(">I4sI")


class FragmentError(ValueError):
    """The configuration or the samples cannot be written as MP4: the encoder's fault."""


def box(kind: bytes, *content: bytes) -> bytes:
    """One box around its content.

    Raises:
        struct.error: it is larger than 32 bits can say.

    """
    body = b"".join(content)
    return _HEAD.pack(8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """One box with a version and flags; raises as `box`."""
    body = b"".join(content)
    return _FULL_HEAD.pack(12 + len(body), kind, version << 24 | flags) + body
