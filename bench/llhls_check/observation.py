"""What was seen of a stream: exchanges, reloads, media, and the answers to odd questions. Plain facts, no verdicts. Pure.

All times are seconds of one monotonic clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urljoin

from bench.llhls_check.boxes import Init, Media
from bench.llhls_check.playlist import MediaPlaylist, Multivariant, Part, Segment


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer."""

    url: str
    status: int
    """0 when there was no answer: `error` says why."""
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes = field(repr=False)
    asked_at: float = 0.0
    first_byte_at: float = 0.0
    """Of the body."""
    done_at: float = 0.0
    error: str = ""
    sent: dict[str, str] = field(default_factory=dict)
    """Headers of the request that matter."""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def took_s(self) -> float:
        return self.done_at - self.asked_at

    def describe(self) -> str:
        """The outcome in a few words."""
        return f"{self.status} after {self.took_s:.2f} s" if self.status else f"no answer ({self.error})"


@dataclass(frozen=True, slots=True)
class Reload:
    """A media playlist at one moment."""

    number: int
    """Counted from 0 in its rendition."""
    exchange: Exchange
    playlist: MediaPlaylist
    wanted: tuple[int, int | None] | None = None
    """_HLS_msn and _HLS_part of the request."""


@dataclass(frozen=True, slots=True)
class Load:
    """A downloaded part, segment or init section. The bytes are not kept."""

    uri: str
    exchange: Exchange
    size_bytes: int
    content: Media | Init | None
    """`None` when it is no MP4, or was not there."""
    problem: str = ""
    """Why it could not be read."""


@dataclass(frozen=True, slots=True)
class HintLoad:
    """A request for a hinted part, made as soon as the hint was seen."""

    uri: str
    exchange: Exchange
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Probe:
    """A question with a known right answer."""

    exchange: Exchange
    before: MediaPlaylist
    """The newest playlist when it was asked."""
    playlist: MediaPlaylist | None = None
    """The answer, when it is a playlist."""


@dataclass(slots=True)
class Rendition:
    """One media playlist and all that hangs on it."""

    name: str
    url: str
    kind: str
    """`video`, `audio`, `subtitles`, or `media` when unknown."""
    reloads: list[Reload] = field(default_factory=list)
    loads: dict[str, Load] = field(default_factory=dict)
    """By the URI in the playlist."""
    hints: list[HintLoad] = field(default_factory=list)
    probes: dict[str, Probe] = field(default_factory=dict)
    """By what was asked; see `gather`."""
    late: dict[str, Exchange] = field(default_factory=dict)
    """Parts and segments asked for again after they left the playlist, by URI."""
    failed_reload: Exchange | None = None
    """The answer that ended the watching."""
    unloaded: int = 0
    """Parts that were not downloaded, because too many came at once."""

    def where(self, reload: Reload, line: int = 0) -> str:
        place = f"{self.name}, reload {reload.number}"
        return f"{place}, line {line}" if line else place

    def resolve(self, uri: str) -> str:
        return urljoin(self.url, uri)

    def playlists(self) -> Iterator[tuple[str, MediaPlaylist]]:
        """Every different text that was seen, delta updates included, with where."""
        seen: set[str] = set()
        for reload in self.reloads:
            if reload.playlist.text not in seen:
                seen.add(reload.playlist.text)
                yield self.where(reload), reload.playlist
        for name, probe in self.probes.items():
            if probe.playlist is not None and probe.playlist.text not in seen:
                seen.add(probe.playlist.text)
                yield f"{self.name}, answer to {name}", probe.playlist

    def pairs(self) -> Iterator[tuple[Reload, Reload]]:
        """Neighbouring reloads."""
        return pairwise(self.reloads)

    def deltas(self) -> Iterator[tuple[str, Probe]]:
        """Answers that are delta updates."""
        for name, probe in self.probes.items():
            if probe.playlist is not None and probe.playlist.tags("EXT-X-SKIP"):
                yield f"{self.name}, answer to {name}", probe

    @property
    def first(self) -> MediaPlaylist:
        return self.reloads[0].playlist

    @property
    def last(self) -> MediaPlaylist:
        return self.reloads[-1].playlist

    @property
    def live(self) -> bool:
        """It was being appended to when the watching began."""
        return not self.first.ended

    def segments(self) -> dict[int, Segment]:
        """All segments by number, each as it was seen with most of its parts."""
        found: dict[int, Segment] = {}
        for reload in self.reloads:
            for segment in reload.playlist.all_segments:
                known = found.get(segment.msn)
                if known is None or segment.parts or not known.parts:
                    found[segment.msn] = segment
        return found

    def init_of(self, segment: Segment) -> Init | None:
        """The init section of a segment, if it could be read."""
        load = self.loads.get(segment.init[0] or "") if segment.init else None
        return load.content if load is not None and isinstance(load.content, Init) else None

    def media_of(self, uri: str | None) -> Media | None:
        """A downloaded part or segment, if it could be read."""
        load = self.loads.get(uri or "")
        return load.content if load is not None and isinstance(load.content, Media) else None

    def chain(self) -> Iterator[tuple[Segment, Part | None, Media | None]]:
        """All media in order: parts where they are known, else whole segments. `None`: not downloaded, or a gap."""
        for _, segment in sorted(self.segments().items()):
            if segment.parts and (
                segment.uri is None or any(self.media_of(part.uri) for part in segment.parts)
            ):
                for part in segment.parts:
                    yield segment, part, self.media_of(part.uri)
            else:
                yield segment, None, self.media_of(segment.uri)

    def parts_of(self, segment: Segment) -> list[Media] | None:
        """The media of all a complete segment's parts; `None` unless every one was downloaded."""
        found = [self.media_of(part.uri) for part in segment.parts]
        complete = [one for one in found if one is not None]
        return complete if complete and len(complete) == len(found) else None


@dataclass(slots=True)
class Observation:
    """Everything that was seen of one URL."""

    url: str
    exchange: Exchange
    renditions: list[Rendition]
    multivariant: Multivariant | None = None
    later: Multivariant | None = None
    """The multivariant playlist when the watching was over."""
    edge: str = ""
    """Why it is taken for the edge of a CDN or proxy; empty when it is not."""
    alpn: str = ""
    """Protocol that TLS agreed on when HTTP/2 was offered."""
    tls: str = ""
    """TLS version; empty without TLS."""
    edge_repeat: Exchange | None = None
    """A second, equal request for a segment, through an edge."""
    lags: list[tuple[float, float]] = field(default_factory=list)
    """When this process itself was late, and by how many seconds."""
    left_out: list[str] = field(default_factory=list)
    """Renditions that were not watched."""

    def playlists(self) -> Iterator[tuple[str, MediaPlaylist]]:
        """Every different media playlist text of all renditions."""
        for rendition in self.renditions:
            yield from rendition.playlists()

    def live(self) -> list[Rendition]:
        """Renditions that were being appended to."""
        return [rendition for rendition in self.renditions if rendition.live]

    def low_latency(self) -> list[Rendition]:
        """Those of them with parts."""
        return [one for one in self.live() if any(reload.playlist.parts for reload in one.reloads)]

    def lag_between(self, start: float, end: float) -> float:
        """The worst lateness of this process in a stretch of time, in seconds."""
        return max((lag for at, lag in self.lags if start <= at <= end + 0.2), default=0.0)
