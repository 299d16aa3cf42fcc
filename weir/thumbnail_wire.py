"""What goes between a media process and its child that makes thumbnails: each message with its length before it. Pure."""

import struct
from dataclasses import dataclass, field
from typing import get_args

from common.errors import WeirError
from common.media import VideoCodec

WIDTH, HEIGHT = 440, 248
"""Of every thumbnail, in pixels: Twitch's preview in lists."""

MAX_KEYFRAME_BYTES = 8_388_608
MAX_CONFIG_BYTES = 65_536
MAX_JPEG_BYTES = 60_000
MAX_REASON_BYTES = 500

QUESTION_HEAD = struct.Struct(">4sII")
"""Codec, bytes of its configuration, bytes of the keyframe; both follow."""
ANSWER_HEAD = struct.Struct(">?I")
"""Whether a JPEG follows or a reason, and its bytes."""


class WireError(WeirError):
    """The other side does not keep to this; nothing it says can be used any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """A keyframe to make a picture of."""

    codec: VideoCodec
    extradata: bytes = field(repr=False)
    """As in `common.media.VideoConfig`."""
    keyframe: bytes = field(repr=False)
    """As in `common.media.Packet`."""

    def encode(self) -> bytes:
        """Give the whole message."""
        head = QUESTION_HEAD.pack(self.codec.encode(), len(self.extradata), len(self.keyframe))
        return head + self.extradata + self.keyframe

    @property
    def fits(self) -> bool:
        """Whether it may be sent at all."""
        return len(self.keyframe) <= MAX_KEYFRAME_BYTES and len(self.extradata) <= MAX_CONFIG_BYTES


def read_question_head(head: bytes) -> tuple[VideoCodec, int, int]:
    """Give the codec and the two lengths. Raises `WireError`."""
    name, config_bytes, keyframe_bytes = QUESTION_HEAD.unpack(head)
    for codec in get_args(VideoCodec):
        if (
            codec.encode() == name
            and config_bytes <= MAX_CONFIG_BYTES
            and keyframe_bytes <= MAX_KEYFRAME_BYTES
        ):
            return codec, config_bytes, keyframe_bytes
    raise WireError("a question that makes no sense")


def encode_answer(picture: bytes | None, reason: str = "") -> bytes:
    """Give the whole message: a JPEG, or why there is none."""
    body = reason.encode()[:MAX_REASON_BYTES] if picture is None else picture
    return ANSWER_HEAD.pack(picture is not None, len(body)) + body


def read_answer_head(head: bytes) -> tuple[bool, int]:
    """Give whether a JPEG follows, and how many bytes do. Raises `WireError`."""
    is_picture, size = ANSWER_HEAD.unpack(head)
    if size > (MAX_JPEG_BYTES if is_picture else MAX_REASON_BYTES):
        raise WireError("an answer that is too long")
    return is_picture, size
