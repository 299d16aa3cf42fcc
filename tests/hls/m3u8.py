"""Reads playlists and holds them against the rules, by rule id: an implementation of its own, made from the draft."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import pairwise

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^,]*)(?:,|$)')


@dataclass(frozen=True)
class ReadPart:
    uri: str
    duration: float
    independent: bool
    gap: bool


@dataclass
class ReadSegment:
    msn: int
    parts: list[ReadPart] = field(default_factory=list)
    duration: float | None = None
    uri: str | None = None
    discontinuity: bool = False
    gap: bool = False
    init: str | None = None
    date_s: float | None = None


@dataclass
class ReadPlaylist:
    text: str
    head: dict[str, str] = field(default_factory=dict)
    segments: list[ReadSegment] = field(default_factory=list)
    growing: ReadSegment | None = None
    skipped: int = 0
    removed_ranges: list[str] | None = None
    ranges: dict[str, dict[str, str]] = field(default_factory=dict)
    hints: list[dict[str, str]] = field(default_factory=list)
    reports: list[dict[str, str]] = field(default_factory=list)
    ended: bool = False

    @property
    def media_sequence(self) -> int:
        return int(self.head["MEDIA-SEQUENCE"])

    @property
    def part_target(self) -> float:
        return float(attributes(self.head["PART-INF"])["PART-TARGET"])

    @property
    def all_segments(self) -> list[ReadSegment]:
        return [*self.segments, *([self.growing] if self.growing else [])]

    @property
    def duration(self) -> float:
        return sum(segment.duration or 0 for segment in self.segments)

    @property
    def parts(self) -> list[ReadPart]:
        return [part for segment in self.all_segments for part in segment.parts]


ONCE = {
    "VERSION",
    "TARGETDURATION",
    "MEDIA-SEQUENCE",
    "DISCONTINUITY-SEQUENCE",
    "SERVER-CONTROL",
    "PART-INF",
    "INDEPENDENT-SEGMENTS",
}


@cache
def attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = ATTRIBUTE.match(text, at)
        assert match, f"attribute list {text!r} at {at}"
        assert match[1] not in found, f"B3: {match[1]} twice"
        found[match[1]] = match[2].strip('"')
        at = match.end()
    return found


@cache
def part(value: str) -> ReadPart:
    values = attributes(value)
    assert set(values) <= {"URI", "DURATION", "INDEPENDENT", "GAP"}, "C5"
    independent, gap = values.get("INDEPENDENT") == "YES", values.get("GAP") == "YES"
    return ReadPart(values["URI"], float(values["DURATION"]), independent, gap)


@cache
def date(value: str) -> float:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value), "B14"
    return datetime.fromisoformat(value).timestamp()


def read(text: str) -> ReadPlaylist:
    """Parse a media playlist; anything unknown or out of place fails."""
    lines = text.split("\n")
    assert lines[0] == "#EXTM3U", "B4"
    assert lines[-1] == "", "every line ends"
    assert not re.search(r"^\s|[ \t]$|\n\n|\r", text, re.MULTILINE), "B2"
    reader = _Reader(text)
    for line in lines[1:-1]:
        reader.line(line)
    playlist = reader.finish()
    check_syntax(playlist)
    return playlist


class _Reader:
    def __init__(self, text: str) -> None:
        self.playlist = ReadPlaylist(text)
        self.segment = ReadSegment(-1)
        self.init: str | None = None
        self.in_body = False

    def line(self, line: str) -> None:
        if not line.startswith("#"):
            self.uri(line)
        elif line.startswith("#EXTINF:"):
            assert line.endswith(",")
            self.segment.duration = float(line.removeprefix("#EXTINF:").rstrip(","))
        else:
            tag, _, value = line.removeprefix("#EXT-X-").partition(":")
            if tag in ONCE:
                assert tag not in self.playlist.head, f"B8: {tag} twice"
                assert not self.in_body, f"B10, B11: {tag} too late"
                self.playlist.head[tag] = value
            else:
                getattr(self, tag.lower().replace("-", "_"))(value)

    def uri(self, line: str) -> None:
        assert self.segment.duration is not None, "B12"
        self.segment.uri = line
        self.segment.init = self.init
        self.playlist.segments.append(self.segment)
        self.segment = ReadSegment(-1)

    def skip(self, value: str) -> None:
        assert not self.playlist.skipped, "C11"
        assert not self.in_body
        values = attributes(value)
        self.playlist.skipped = int(values["SKIPPED-SEGMENTS"])
        if (removed := values.get("RECENTLY-REMOVED-DATERANGES")) is not None:
            self.playlist.removed_ranges = removed.split("\t") if removed else []
        assert self.playlist.skipped > 0
        self.in_body = True

    def daterange(self, value: str) -> None:
        values = attributes(value)
        assert values["ID"] not in self.playlist.ranges, "C14: one tag an ID"
        self.playlist.ranges[values["ID"]] = values

    def _before_parts(self) -> None:
        self.in_body = True
        assert not self.segment.parts, "C9"

    def discontinuity(self, value: str) -> None:
        self._before_parts()
        assert not value
        self.segment.discontinuity = True

    def map(self, value: str) -> None:
        self._before_parts()
        self.init = attributes(value)["URI"]

    def program_date_time(self, value: str) -> None:
        self._before_parts()
        self.segment.date_s = date(value)

    def part(self, value: str) -> None:
        self.in_body = True
        assert self.segment.duration is None, "a part behind its parent's EXTINF"
        self.segment.parts.append(part(value))

    def gap(self, value: str) -> None:
        assert not value
        self.segment.gap = True

    def preload_hint(self, value: str) -> None:
        self.playlist.hints.append(attributes(value))

    def rendition_report(self, value: str) -> None:
        report = attributes(value)
        assert int(report["LAST-MSN"]) >= 0, "C13"
        assert int(report["LAST-PART"]) >= 0, "C13"
        self.playlist.reports.append(report)

    def endlist(self, value: str) -> None:
        assert not value
        self.playlist.ended = True

    def finish(self) -> ReadPlaylist:
        playlist, segment = self.playlist, self.segment
        if segment.parts:
            segment.init = self.init
            playlist.growing = segment
        else:
            assert segment == ReadSegment(-1), "tags that belong to no segment"
        first = playlist.media_sequence + playlist.skipped
        for index, one in enumerate(playlist.all_segments):
            one.msn = first + index
        return playlist


def check_syntax(playlist: ReadPlaylist) -> None:
    target = int(playlist.head["TARGETDURATION"])
    assert target >= 1
    for segment in playlist.segments:
        assert segment.duration is not None
        assert int(segment.duration + 0.5) <= target, f"B9: {segment}"
        assert segment.init is not None, "A8"
        assert segment.date_s is not None, "G1"
    version = int(playlist.head["VERSION"])
    v2 = playlist.removed_ranges is not None
    assert version == (10 if v2 else 9 if playlist.skipped else 6), "B5, G11"
    control = attributes(playlist.head["SERVER-CONTROL"])
    assert control["CAN-BLOCK-RELOAD"] == "YES"
    part_target = playlist.part_target
    assert float(control["PART-HOLD-BACK"]) >= 3 * part_target - 1e-9, "C4"
    assert float(control["HOLD-BACK"]) >= 3 * target, "C3"
    assert float(control["CAN-SKIP-UNTIL"]) >= 6 * target, "C2"
    check_parts(playlist, part_target)
    check_dates(playlist)
    hinted = [hint["URI"] for hint in playlist.hints if hint["TYPE"] == "PART"]
    assert len(hinted) == (0 if playlist.ended else 1), "C12, G2"
    maps = [hint["URI"] for hint in playlist.hints if hint["TYPE"] == "MAP"]
    assert len(maps) <= (0 if playlist.ended else 1), "C12"
    assert all(segment.init not in maps for segment in playlist.all_segments), "G2"
    check_ranges(playlist)


def check_ranges(playlist: ReadPlaylist) -> None:
    for values in playlist.ranges.values():
        start = date(values["START-DATE"])
        assert "END-DATE" not in values or date(values["END-DATE"]) >= start, "C14"
        assert float(values.get("DURATION", 0)) >= 0, "C14"
        if values.get("END-ON-NEXT") == "YES":
            assert "CLASS" in values, "C14"
            assert not {"DURATION", "END-DATE"} & set(values), "C14"


def check_parts(playlist: ReadPlaylist, part_target: float) -> None:
    for segment in playlist.all_segments:
        if segment.parts and segment.duration is not None:
            assert abs(sum(part.duration for part in segment.parts) - segment.duration) < 0.001, segment
            assert segment.gap == all(part.gap for part in segment.parts)
        for index, part in enumerate(segment.parts):
            assert part.duration <= part_target + 1e-9, f"C5: {part}"
            is_last = segment.uri is not None and index == len(segment.parts) - 1
            before_gap = index + 1 < len(segment.parts) and segment.parts[index + 1].gap
            newest = segment is playlist.growing and index == len(segment.parts) - 1
            exempt = part.independent or part.gap or is_last or before_gap or newest
            assert exempt or part.duration >= 0.85 * part_target, f"C6: {part} in {segment.msn}"


def check_dates(playlist: ReadPlaylist) -> None:
    for one, two in pairwise(playlist.all_segments):
        assert one.date_s is not None
        assert two.date_s is not None
        if not two.discontinuity:
            assert abs(one.date_s + (one.duration or 0) - two.date_s) < 0.002, f"E6: {one} {two}"
        else:
            assert two.date_s > one.date_s + (one.duration or 0) - 1.0


def check_reload(old: ReadPlaylist, new: ReadPlaylist) -> None:
    """What may differ between one answer and a later one of the same playlist."""
    for tag in ("TARGETDURATION", "PART-INF", "SERVER-CONTROL"):
        assert old.head[tag] == new.head[tag], f"E1: {tag}"
    assert new.media_sequence >= old.media_sequence, "E10"
    assert not old.ended or new.text == old.text
    known = {segment.msn: segment for segment in new.all_segments}
    removed_discontinuities = 0
    for segment in old.all_segments:
        if segment.msn < new.media_sequence:
            removed_discontinuities += segment.discontinuity
            continue
        again = known[segment.msn]
        check_segment_kept(segment, again)
    raised = int(new.head["DISCONTINUITY-SEQUENCE"]) - int(old.head["DISCONTINUITY-SEQUENCE"])
    if new.media_sequence <= old.media_sequence + len(old.segments) and not (old.skipped or new.skipped):
        assert raised == removed_discontinuities, "E11"
    check_ranges_kept(old, new)
    for hint in old.hints:
        if hint["TYPE"] == "PART" and not new.ended:
            uris = {part.uri for part in new.parts}
            assert hint["URI"] in uris or hint in new.hints, "C12"


def check_ranges_kept(old: ReadPlaylist, new: ReadPlaylist) -> None:
    oldest = new.all_segments[0].date_s if new.all_segments else None
    for name, values in old.ranges.items():
        if name in new.ranges:
            assert values.items() <= new.ranges[name].items(), "C14: attributes of an ID never change"
        elif not new.skipped:
            assert oldest is None or date(values["START-DATE"]) < oldest, "E7"


def check_segment_kept(old: ReadSegment, new: ReadSegment) -> None:
    assert (old.discontinuity, old.date_s, old.init) == (new.discontinuity, new.date_s, new.init), "E2"
    if old.uri is not None:
        assert (old.uri, old.duration, old.gap) == (new.uri, new.duration, new.gap), "E2"
    if new.parts:
        assert new.parts[: len(old.parts)] == old.parts, "E2"
    if old.uri is not None and old.parts and new.parts:
        assert new.parts == old.parts, "E2"


def check_renditions(one: ReadPlaylist, two: ReadPlaylist) -> None:
    """Playlists of two renditions of the same presentation, read at about the same time."""
    for tag in ("TARGETDURATION", "SERVER-CONTROL", "PART-INF"):
        assert one.head[tag] == two.head[tag], f"E16, E18: {tag}"
    assert one.ranges == two.ranges, "E17"
    both = {segment.msn: segment for segment in one.all_segments}
    for segment in two.all_segments:
        twin = both.get(segment.msn)
        if twin is None:
            continue
        assert twin.discontinuity == segment.discontinuity, "E16"
        assert twin.date_s is not None
        assert segment.date_s is not None
        assert abs(twin.date_s - segment.date_s) <= one.part_target, "E17, G6"


def merge(old: ReadPlaylist, delta: ReadPlaylist) -> list[ReadSegment]:
    """What a player reconstructs from a delta update (6.2.5.1): its segments, the growing one included."""
    if not delta.skipped:
        return delta.all_segments
    known = {segment.msn: segment for segment in old.segments}
    skipped = [known[delta.media_sequence + index] for index in range(delta.skipped)]
    return [*skipped, *delta.all_segments]
