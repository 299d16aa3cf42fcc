"""What a session has learned from its peer, oldest first: past-tense facts without behaviour."""

from dataclasses import dataclass, field
from typing import TypeAlias

from common.compact import Compact


@dataclass(frozen=True, slots=True)
class PublishRequested:
    """An encoder wants to publish. Nothing more is read until the session is told `accept` or `reject`."""

    app: str
    key: str = field(repr=False)
    """The stream key as the client's way of spelling the URL gives it, '' when there is none. A secret."""
    encoder: str
    """`flashVer` of connect, such as `FMLE/3.0 (compatible; Lavf61.7.100)`, or ''."""


class VideoReceived(Compact, frozen=True):
    """One video message: an FLV tag body."""

    dts_ms: int
    """Stream clock in milliseconds, 32-bit wrap undone, never negative. May jump either way."""
    body: bytes


class AudioReceived(Compact, frozen=True):
    """One audio message: an FLV tag body."""

    dts_ms: int
    """As for video; both run on one clock."""
    body: bytes


@dataclass(frozen=True, slots=True)
class MetadataReceived:
    """onMetaData: numbers, texts and switches of its top level. Hints, often wrong."""

    values: dict[str, float | str | bool]


@dataclass(frozen=True, slots=True)
class MessageDropped:
    """A message could not be decoded and was skipped."""

    reason: str


@dataclass(frozen=True, slots=True)
class PublishFinished:
    """The encoder said good-bye (FCUnpublish, deleteStream or closeStream). Nothing follows."""


Event: TypeAlias = (
    PublishRequested | VideoReceived | AudioReceived | MetadataReceived | MessageDropped | PublishFinished
)
