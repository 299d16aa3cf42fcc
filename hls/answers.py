"""What a live stream can answer to a request of the origin. Pure values.

The origin asks, and when the answer is `Wait` it waits for the rendition's next change and asks again, under its own deadline.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Directives:
    """Delivery directives of a media playlist request (RFC 8216bis 6.2.5), already parsed as integers."""

    msn: int | None = None
    part: int | None = None
    skip: str | None = None
    """`YES`, `v2` or `None`."""


@dataclass(frozen=True, slots=True)
class PlaylistReady:
    """A playlist at one version; equal versions are the same bytes objects, so callers may cache by identity."""

    plain: bytes = field(repr=False)
    gzip: bytes = field(repr=False)
    etag: str
    """Unquoted; unique to the playlist's URL, variant and version."""
    ended: bool
    """True once the playlist carries ENDLIST and will not change again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: ask again after the next change of the rendition."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: the request is wrong or the thing does not exist."""

    status: int
    """400 or 404."""
    reason: str
    """One sentence for the client."""
    soon: bool = False
    """The same request may be right in a moment: no cache may keep this answer."""


@dataclass(frozen=True, slots=True)
class MediaReady:
    """The bytes of a part, a segment or an init section that is in memory, in pieces to be sent in order."""

    pieces: tuple[bytes, ...] = field(repr=False)
    size_bytes: int


@dataclass(frozen=True, slots=True)
class MediaOnDisk:
    """A segment that was spilled to disk, or a part inside it."""

    path: Path
    offset: int
    size_bytes: int


PlaylistAnswer = PlaylistReady | Wait | Refused
MediaAnswer = MediaReady | MediaOnDisk | Wait | Refused
