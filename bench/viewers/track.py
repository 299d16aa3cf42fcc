"""One rendition as one player follows it: playlists in, the next requests out. Pure.

What hls.js does at the live edge: the next playlist is asked for as soon as the last one came, blocking, and each new
part is fetched beside it. Whether media decodes is of no interest here.
"""

import gzip
from dataclasses import dataclass
from functools import lru_cache

from bench.hls_client import join_uri
from bench.hls_reader import read_playlist

_PARTS_AT_START = 3
"""A player begins PART-HOLD-BACK, three parts, behind the newest one."""


@dataclass(frozen=True, slots=True)
class PartToFetch:
    """A part that a playlist lists and that exists."""

    place: tuple[int, int]
    """(media sequence number, number in the segment)."""
    path: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class Edition:
    """What one version of a playlist tells a player."""

    next_query: str
    """Directives of the next blocking reload."""
    parts: tuple[PartToFetch, ...]
    hold_back_s: float
    ended: bool


@lru_cache(maxsize=512)
def read_edition(path: str, body: bytes, *, is_gzip: bool) -> Edition:
    """Read the playlist at `path`. Kept, because all viewers get the same bytes.

    Raises:
        ValueError: it is no playlist.
    """
    playlist = read_playlist((gzip.decompress(body) if is_gzip else body).decode())
    skip = f"&_HLS_skip={playlist.skip}" if playlist.skip else ""
    parts = tuple(
        PartToFetch((part.msn, part.index), join_uri(path, part.uri), part.duration_s)
        for part in playlist.parts
        if not part.is_gap
    )
    query = f"?_HLS_msn={playlist.next_msn}&_HLS_part={playlist.next_part}{skip}"
    return Edition(query, parts, playlist.hold_back_s, playlist.ended)


class Track:
    """Where one player stands in one rendition."""

    __slots__ = ("_next", "path")

    def __init__(self, path: str) -> None:
        """`path`: of the media playlist."""
        self.path = path
        self._next: tuple[int, int] | None = None

    def new_parts(self, edition: Edition) -> list[PartToFetch]:
        """The parts to fetch now that this playlist came, oldest first."""
        parts = edition.parts
        if self._next is None:
            new = list(parts[-_PARTS_AT_START:])
        else:
            new = [part for part in parts if part.place >= self._next]
        if parts:
            msn, index = parts[-1].place
            self._next = max(self._next or (0, 0), (msn, index + 1))
        return new
