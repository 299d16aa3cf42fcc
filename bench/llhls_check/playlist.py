"""Media playlists as a player understands them: segments, parts, hints, reports. Reads what can be read. Pure.

What is missing or malformed becomes `None`; the rules say so.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from bench.llhls_check.lines import Attributes, Line, integer_of, number_of, read_attributes, split_lines

EMPTY = Attributes({}, frozenset(), ())


@dataclass(frozen=True, slots=True)
class Part:
    """An EXT-X-PART tag."""

    line: int
    index: int
    """In its segment, counted from 0 among those that are listed."""
    uri: str | None
    duration_s: float | None
    independent: bool
    gap: bool
    byterange: str | None

    @property
    def identity(self) -> tuple[str | None, float | None, bool, bool, str | None]:
        """Everything that must not change from one reload to the next."""
        return (self.uri, self.duration_s, self.independent, self.gap, self.byterange)


@dataclass(slots=True)
class Segment:
    """A media segment, complete when it has a URI, or the parent of the newest parts."""

    msn: int
    line: int = 0
    """Of its first tag."""
    last_line: int = 0
    uri: str | None = None
    duration_s: float | None = None
    duration_text: str = ""
    parts: list[Part] = field(default_factory=list)
    discontinuity: bool = False
    gap: bool = False
    init: tuple[str | None, str | None] | None = None
    """URI and byte range of the EXT-X-MAP that applies."""
    init_here: bool = False
    """The MAP tag stands at this segment."""
    date_text: str | None = None
    byterange: str | None = None
    bitrate_kbps: int | None = None
    keys: tuple[str, ...] = ()
    discontinuity_sequence: int = 0
    start_s: float = 0.0
    """Seconds from the first listed segment's start."""
    begun: bool = False
    """Any tag of it was there."""

    @property
    def date_s(self) -> float | None:
        """PROGRAM-DATE-TIME in seconds since 1970."""
        return read_date(self.date_text)

    @property
    def length_s(self) -> float:
        """EXTINF, or for a growing segment what its parts amount to."""
        if self.duration_s is not None:
            return self.duration_s
        return sum(part.duration_s or 0.0 for part in self.parts)

    @property
    def identity(self) -> tuple[object, ...]:
        """Everything of a complete segment that must not change while it is listed."""
        return (
            self.uri,
            self.duration_s,
            self.discontinuity,
            self.gap,
            self.init,
            self.date_text,
            self.byterange,
        )


def read_date(text: str | None) -> float | None:
    """ISO 8601 with a zone; `None` when it cannot be read."""
    try:
        date = datetime.fromisoformat(text) if text is not None else None
    except ValueError:
        return None
    return date.timestamp() if date is not None and date.tzinfo is not None else None


@dataclass(slots=True)
class MediaPlaylist:
    """A media playlist, or a delta update of one."""

    text: str
    lines: list[Line]
    segments: list[Segment] = field(default_factory=list)
    """Complete ones."""
    growing: Segment | None = None
    skipped: int = 0

    def tags(self, name: str) -> list[Line]:
        """All tags of this name."""
        return [line for line in self.lines if line.name == name]

    def attributes(self, name: str) -> Attributes:
        """Attributes of the first tag of this name; empty without one."""
        tags = self.tags(name)
        return read_attributes(tags[0].value) if tags else EMPTY

    def value(self, name: str) -> str | None:
        """What stands behind the first tag of this name."""
        tags = self.tags(name)
        return tags[0].value if tags else None

    @property
    def target_duration_s(self) -> int | None:
        return integer_of(self.value("EXT-X-TARGETDURATION"))

    @property
    def part_target_s(self) -> float | None:
        return number_of(self.attributes("EXT-X-PART-INF").values.get("PART-TARGET"))

    def control(self, name: str) -> float | None:
        """A number of EXT-X-SERVER-CONTROL."""
        return number_of(self.attributes("EXT-X-SERVER-CONTROL").values.get(name))

    @property
    def can_block(self) -> bool:
        return self.attributes("EXT-X-SERVER-CONTROL").values.get("CAN-BLOCK-RELOAD") == "YES"

    @property
    def media_sequence(self) -> int:
        return integer_of(self.value("EXT-X-MEDIA-SEQUENCE")) or 0

    @property
    def discontinuity_sequence(self) -> int:
        return integer_of(self.value("EXT-X-DISCONTINUITY-SEQUENCE")) or 0

    @property
    def ended(self) -> bool:
        return bool(self.tags("EXT-X-ENDLIST"))

    @property
    def i_frames_only(self) -> bool:
        return bool(self.tags("EXT-X-I-FRAMES-ONLY"))

    @property
    def independent_segments(self) -> bool:
        return bool(self.tags("EXT-X-INDEPENDENT-SEGMENTS"))

    @property
    def all_segments(self) -> list[Segment]:
        return [*self.segments, *([self.growing] if self.growing else [])]

    @property
    def parts(self) -> list[tuple[Segment, Part]]:
        return [(segment, part) for segment in self.all_segments for part in segment.parts]

    @property
    def duration_s(self) -> float:
        """Of the complete segments listed."""
        return sum(segment.length_s for segment in self.segments)

    @property
    def hints(self) -> list[Attributes]:
        return [read_attributes(line.value) for line in self.tags("EXT-X-PRELOAD-HINT")]

    def hint(self, kind: str) -> str | None:
        """URI of the hint of this type."""
        return next((one.values.get("URI") for one in self.hints if one.values.get("TYPE") == kind), None)

    @property
    def next_msn(self) -> int:
        """Number of the segment that is not complete yet."""
        return self.media_sequence + self.skipped + len(self.segments)

    @property
    def next_part(self) -> tuple[int, int]:
        """What a blocking reload asks for next."""
        return (self.next_msn, len(self.growing.parts) if self.growing else 0)

    @property
    def edge_date_s(self) -> float | None:
        """Date at which the newest media ends."""
        for segment in reversed(self.all_segments):
            if segment.date_s is not None and segment.length_s:
                return segment.date_s + segment.length_s
        return None

    def holds(self, msn: int, part: int | None) -> bool:
        """Whether a blocking reload for this may be answered with this playlist (F5-F7)."""
        if msn < self.next_msn:
            segment = next((one for one in self.segments if one.msn == msn), None)
            if part is None or segment is None or not segment.parts or part < len(segment.parts):
                return True
            return self.holds(msn + 1, 0)
        if part is None or msn > self.next_msn:
            return False
        return self.growing is not None and part < len(self.growing.parts)


def read_playlist(text: str) -> MediaPlaylist:
    """Read a media playlist."""
    playlist = MediaPlaylist(text, list(split_lines(text)))
    reader = _Reader(playlist)
    for line in playlist.lines:
        reader.take(line)
    reader.finish()
    return playlist


_TEXTS = {"EXT-X-PROGRAM-DATE-TIME": "date_text", "EXT-X-BYTERANGE": "byterange"}


class _Reader:
    """Walks down the lines; `segment` is the one whose tags come now."""

    def __init__(self, playlist: MediaPlaylist) -> None:
        self.playlist = playlist
        self.init: tuple[str | None, str | None] | None = None
        self.keys: tuple[str, ...] = ()
        self.bitrate: int | None = None
        self.start_s = 0.0
        self.discontinuities = playlist.discontinuity_sequence
        playlist.skipped = integer_of(playlist.attributes("EXT-X-SKIP").values.get("SKIPPED-SEGMENTS")) or 0
        self.segment = self._segment()

    def _segment(self) -> Segment:
        return Segment(
            self.playlist.next_msn,
            init=self.init,
            keys=self.keys,
            bitrate_kbps=self.bitrate,
            discontinuity_sequence=self.discontinuities,
            start_s=self.start_s,
        )

    def take(self, line: Line) -> None:
        segment = self.segment
        if not line.name:
            segment.uri, segment.last_line = line.value, line.number
            segment.line = segment.line or line.number
            self.playlist.segments.append(segment)
            self.start_s += segment.length_s
            self.segment = self._segment()
        elif self._of_segment(segment, line):
            segment.begun = True
            segment.line, segment.last_line = segment.line or line.number, line.number

    def _of_segment(self, segment: Segment, line: Line) -> bool:
        """Take a tag of the segment; false when it is none."""
        match line.name:
            case "EXTINF":
                segment.duration_text = line.value.partition(",")[0]
                segment.duration_s = number_of(segment.duration_text)
            case "EXT-X-PART":
                segment.parts.append(_part(line, len(segment.parts)))
            case "EXT-X-DISCONTINUITY":
                segment.discontinuity = True
                self.discontinuities += 1
                segment.discontinuity_sequence = self.discontinuities
            case "EXT-X-GAP":
                segment.gap = True
            case "EXT-X-MAP":
                values = read_attributes(line.value).values
                self.init = segment.init = (values.get("URI"), values.get("BYTERANGE"))
                segment.init_here = True
            case "EXT-X-KEY":
                none = "METHOD=NONE" in line.value
                self.keys = segment.keys = () if none else (*self.keys, line.value)
            case "EXT-X-BITRATE":
                self.bitrate = segment.bitrate_kbps = integer_of(line.value)
            case "EXT-X-PROGRAM-DATE-TIME" | "EXT-X-BYTERANGE":
                setattr(segment, _TEXTS[line.name], line.value)
            case _:
                return False
        return True

    def finish(self) -> None:
        if self.segment.begun:
            self.playlist.growing = self.segment


def _part(line: Line, index: int) -> Part:
    values = read_attributes(line.value).values
    return Part(
        line.number,
        index,
        values.get("URI"),
        number_of(values.get("DURATION")),
        values.get("INDEPENDENT") == "YES",
        values.get("GAP") == "YES",
        values.get("BYTERANGE"),
    )


@dataclass(frozen=True, slots=True)
class Variant:
    """An EXT-X-STREAM-INF tag with the URI behind it."""

    line: int
    values: Attributes
    uri: str | None


@dataclass(frozen=True, slots=True)
class Multivariant:
    """A multivariant playlist."""

    text: str
    lines: list[Line]
    variants: list[Variant]
    media: list[tuple[Line, Attributes]]
    """EXT-X-MEDIA tags."""


MULTIVARIANT_TAGS = frozenset(
    {
        "EXT-X-MEDIA",
        "EXT-X-STREAM-INF",
        "EXT-X-I-FRAME-STREAM-INF",
        "EXT-X-SESSION-DATA",
        "EXT-X-SESSION-KEY",
        "EXT-X-CONTENT-STEERING",
    }
)
MEDIA_ONCE = frozenset(
    {
        "EXT-X-TARGETDURATION",
        "EXT-X-MEDIA-SEQUENCE",
        "EXT-X-DISCONTINUITY-SEQUENCE",
        "EXT-X-ENDLIST",
        "EXT-X-PLAYLIST-TYPE",
        "EXT-X-I-FRAMES-ONLY",
        "EXT-X-PART-INF",
        "EXT-X-SERVER-CONTROL",
    }
)
MEDIA_TAGS = MEDIA_ONCE | {"EXTINF", "EXT-X-PART", "EXT-X-MAP", "EXT-X-GAP", "EXT-X-BYTERANGE", "EXT-X-SKIP"}


def is_playlist(text: str) -> bool:
    """Whether this is an HLS playlist at all."""
    return re.match(r"﻿?\s*#EXTM3U", text) is not None


def is_multivariant(text: str) -> bool:
    """Whether this is a multivariant playlist."""
    return any(line.name in {"EXT-X-STREAM-INF", "EXT-X-MEDIA"} for line in split_lines(text))


def read_multivariant(text: str) -> Multivariant:
    """Read a multivariant playlist."""
    lines = list(split_lines(text))
    variants = []
    for index, line in enumerate(lines):
        if line.name == "EXT-X-STREAM-INF":
            following = lines[index + 1] if index + 1 < len(lines) else None
            uri = following.value if following and not following.name else None
            variants.append(Variant(line.number, read_attributes(line.value), uri))
    media = [(line, read_attributes(line.value)) for line in lines if line.name == "EXT-X-MEDIA"]
    return Multivariant(text, lines, variants, media)
