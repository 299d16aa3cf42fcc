"""Rules B in one file, as they are one part of the draft: the text of media playlists, also held against the media. Pure."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from urllib.parse import urlsplit

from bench.llhls_check.boxes import Init, Media
from bench.llhls_check.lines import attribute_problems, integer_of, read_attributes
from bench.llhls_check.observation import Exchange, Observation, Rendition
from bench.llhls_check.playlist import MEDIA_ONCE, MEDIA_TAGS, MULTIVARIANT_TAGS, MediaPlaylist, Segment
from bench.llhls_check.rules_media import track_of
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule, tell
from bench.llhls_check.versions import allowed_version, needed_versions

_PLAYLIST_TYPES = {"application/vnd.apple.mpegurl", "audio/mpegurl", "application/x-mpegurl"}
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:?\d\d)")


def texts(seen: Observation) -> Iterator[tuple[str, str]]:
    """Every playlist text, the multivariant one first."""
    if seen.multivariant is not None:
        yield "multivariant playlist", seen.multivariant.text
    for where, playlist in seen.playlists():
        yield where, playlist.text


def _each(
    seen: Observation, problems: Callable[[MediaPlaylist], Iterator[tuple[int, str]]]
) -> Iterator[Finding]:
    """Findings of a check that gives line numbers and sentences, for every media playlist."""
    need(seen.playlists(), "no media playlist")
    for where, playlist in seen.playlists():
        for line, what in problems(playlist):
            yield Finding(f"{where}, line {line}" if line else where, what)


@rule("B1", "4", Level.MUST, "requests")
def playlists_are_recognizable(seen: Observation) -> Iterator[Finding]:
    """A playlist's path ends in .m3u8 or .m3u, or its Content-Type says that it is one.

    Looks at URL and Content-Type of every playlist answer.
    """
    exchanges = [seen.exchange, *(one.reloads[0].exchange for one in seen.renditions if one.reloads)]
    for exchange in exchanges:
        kind = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
        path = urlsplit(exchange.url).path
        if not path.endswith((".m3u8", ".m3u")) and kind not in _PLAYLIST_TYPES:
            yield Finding(exchange.url, f"neither the path nor Content-Type {kind or '(none)'} says playlist")


@rule("B2", "4.1", Level.MUST, "text")
def text_is_clean(seen: Observation) -> Iterator[Finding]:
    """Playlists are UTF-8 without a byte order mark, control characters or stray white space, and of one kind only.

    Searches every text; tags of multivariant and of media playlists may not meet in one.
    """
    for exchange in _playlist_exchanges(seen):
        try:
            exchange.body.decode()
        except UnicodeDecodeError as error:
            yield Finding(exchange.url, f"is not UTF-8 at byte {error.start}")
    for where, text in texts(seen):
        yield from tell(where, _unclean(text))


def _playlist_exchanges(seen: Observation) -> Iterator[Exchange]:
    yield seen.exchange
    for rendition in seen.renditions:
        yield from (reload.exchange for reload in rendition.reloads)


def _unclean(text: str) -> Iterator[str]:
    if text.startswith("﻿"):
        yield "begins with a byte order mark"
    if found := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text):
        yield f"control character {ord(found[0]):#04x} in line {text.count(chr(10), 0, found.start()) + 1}"
    if found := re.search(r"^[ \t]+\S|[ \t]\r?$", text, re.MULTILINE):
        yield f"stray white space in line {text.count(chr(10), 0, found.start()) + 1}"
    names = set(re.findall(r"^#(EXT[A-Z0-9-]+)", text, re.MULTILINE))
    if names & MULTIVARIANT_TAGS and names & MEDIA_TAGS:
        yield f"tags of both kinds: {min(names & MULTIVARIANT_TAGS)} and {min(names & MEDIA_TAGS)}"


@rule("B3", "4.2", Level.MUST, "text")
def attribute_lists_are_well_formed(seen: Observation) -> Iterator[Finding]:
    """Attribute lists are written as their tags want, and hold no attribute twice.

    Every known attribute is held against its type: quoted text, number without sign, word, YES or NO.
    """
    if seen.multivariant is not None:
        for line in seen.multivariant.lines:
            yield from tell(
                f"multivariant playlist, line {line.number}", _named(line.name, attribute_problems(line))
            )

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        for line in playlist.lines:
            for problem in attribute_problems(line):
                yield line.number, f"{line.name}: {problem}"

    if seen.renditions:
        yield from _each(seen, problems)


def _named(name: str, problems: Iterator[str]) -> Iterator[str]:
    return (f"{name}: {problem}" for problem in problems)


@rule("B4", "4.4.1.1", Level.MUST, "text")
def first_line_is_extm3u(seen: Observation) -> Iterator[Finding]:
    """EXTM3U is the first line of every playlist.

    Compares the first line of every text.
    """
    for where, text in texts(seen):
        if text.lstrip("﻿").split("\n", 1)[0].rstrip("\r") != "#EXTM3U":
            yield Finding(f"{where}, line 1", "is not #EXTM3U")


@rule("B5", "4.4.1.2", Level.MUST, "text")
def version_is_given(seen: Observation) -> Iterator[Finding]:
    """One EXT-X-VERSION at most, given wherever later features are used; no higher than they need.

    A version higher than any feature of the text asks for is only a warning. G11 looks whether it is high enough.
    """
    for where, text in texts(seen):
        versions = re.findall(r"^#EXT-X-VERSION:(.*)$", text, re.MULTILINE)
        needed, why = max(needed_versions(text), default=(1, ""))
        if len(versions) > 1:
            yield Finding(where, f"{len(versions)} EXT-X-VERSION tags")
        elif not versions and needed > 1:
            yield Finding(where, f"no EXT-X-VERSION, where {why} needs {needed}")
        elif versions and integer_of(versions[0].strip()) is None:
            yield Finding(where, f"EXT-X-VERSION:{versions[0]} is no number")
        elif versions and int(versions[0]) > allowed_version(text):
            yield Finding(
                where, f"version {versions[0]}, where {allowed_version(text)} is enough", warning=True
            )


@rule("B6", "4.4.2.1", Level.SHOULD, "text")
def independence_is_said_once(seen: Observation) -> Iterator[Finding]:
    """EXT-X-INDEPENDENT-SEGMENTS does not stand in both the multivariant and a media playlist.

    Compares them.
    """
    if seen.multivariant is None:
        raise NotApplicableError("no multivariant playlist")
    if "#EXT-X-INDEPENDENT-SEGMENTS" in seen.multivariant.text:
        for where, playlist in seen.playlists():
            if playlist.independent_segments:
                yield Finding(where, "stands here and in the multivariant playlist")


@rule("B7", "4.4.2.2", Level.SHOULD, "text")
def start_is_not_at_the_edge(seen: Observation) -> Iterator[Finding]:
    """EXT-X-START does not point into the last three target durations of a live playlist.

    Reads TIME-OFFSET.
    """
    need((1 for _, one in seen.playlists() if one.tags("EXT-X-START")), "no EXT-X-START")
    for where, playlist in seen.playlists():
        offset = playlist.attributes("EXT-X-START").values.get("TIME-OFFSET", "")
        target_s = playlist.target_duration_s or 0
        if playlist.ended or not re.fullmatch(r"-?\d+(\.\d+)?", offset):
            continue
        from_end_s = -float(offset) if offset.startswith("-") else playlist.duration_s - float(offset)
        if from_end_s < 3 * target_s:
            yield Finding(where, f"TIME-OFFSET {offset} is {from_end_s:.1f} s before the end")


@rule("B8", "4.4.3", Level.MUST, "text")
def media_playlist_tags_stand_once(seen: Observation) -> Iterator[Finding]:
    """Each tag about the whole media playlist stands there once at most.

    Counts them.
    """

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        for name in sorted(MEDIA_ONCE | {"EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START"}):
            tags = playlist.tags(name)
            if len(tags) > 1:
                yield tags[1].number, f"{name} for the second time"

    return _each(seen, problems)


@rule("B9", "4.4.3.1", Level.MUST, "text")
def segments_fit_the_target_duration(seen: Observation) -> Iterator[Finding]:
    """TARGETDURATION is an integer of at least 1, and no EXTINF, rounded, is greater.

    Reads both in every playlist.
    """

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        target_s = playlist.target_duration_s
        if not target_s:
            yield 0, f"EXT-X-TARGETDURATION is {playlist.value('EXT-X-TARGETDURATION') or 'missing'}"
            return
        for segment in playlist.segments:
            if segment.duration_s is not None and int(segment.duration_s + 0.5) > target_s:
                yield (
                    segment.last_line,
                    f"EXTINF {segment.duration_s:g} is more than TARGETDURATION {target_s}",
                )

    return _each(seen, problems)


@rule("B10", "4.4.3.2", Level.MUST, "text")
def media_sequence_comes_first(seen: Observation) -> Iterator[Finding]:
    """EXT-X-MEDIA-SEQUENCE stands before the first segment.

    Compares line numbers.
    """

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        first = _first_media_line(playlist)
        for tag in playlist.tags("EXT-X-MEDIA-SEQUENCE"):
            if integer_of(tag.value) is None:
                yield tag.number, f"{tag.value} is no number"
            elif tag.number > first:
                yield tag.number, f"stands behind the first segment (line {first})"

    return _each(seen, problems)


def _first_media_line(playlist: MediaPlaylist) -> int:
    names = {"EXTINF", "EXT-X-PART", ""}
    return next((line.number for line in playlist.lines if line.name in names), 1_000_000_000)


@rule("B11", "4.4.3.3", Level.MUST, "text")
def discontinuity_sequence_comes_first(seen: Observation) -> Iterator[Finding]:
    """EXT-X-DISCONTINUITY-SEQUENCE stands before the first segment and before any EXT-X-DISCONTINUITY.

    Compares line numbers.
    """

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        marks = [tag.number for tag in playlist.tags("EXT-X-DISCONTINUITY")]
        first = min(_first_media_line(playlist), *marks, 1_000_000_000)
        for tag in playlist.tags("EXT-X-DISCONTINUITY-SEQUENCE"):
            if integer_of(tag.value) is None:
                yield tag.number, f"{tag.value} is no number"
            elif tag.number > first:
                yield tag.number, f"stands behind line {first}"

    return _each(seen, problems)


@rule("B12", "4.4.4.1", Level.MUST, "text")
def segments_have_extinf(seen: Observation) -> Iterator[Finding]:
    """Every segment has its EXTINF, and it is exact.

    A segment URI without EXTINF fails. A warning where the parts of a segment, or the samples in it, amount to something else.
    """

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        for segment in playlist.segments:
            if segment.duration_s is None:
                yield (
                    segment.last_line,
                    f"{segment.uri} has no EXTINF with a number ({segment.duration_text!r})",
                )

    yield from _each(seen, problems)
    for rendition in seen.renditions:
        for segment in rendition.segments().values():
            if segment.uri is not None and segment.duration_s is not None:
                yield from tell(
                    f"{rendition.name}, {segment.uri}", _inexact(rendition, segment), warning=True
                )


def _inexact(rendition: Rendition, segment: Segment) -> Iterator[str]:
    listed_s = segment.duration_s or 0.0
    parts_s = sum(part.duration_s or 0.0 for part in segment.parts)
    if segment.parts and abs(parts_s - listed_s) > 0.001 * len(segment.parts):
        yield f"EXTINF {listed_s:g}, its parts {parts_s:.5f} s"
    media = rendition.media_of(segment.uri)
    media_s = media_duration_s(rendition, segment, media) if media else None
    if media_s is not None and abs(media_s - listed_s) > 0.02:
        yield f"EXTINF {listed_s:g}, its samples {media_s:.5f} s"


def media_duration_s(rendition: Rendition, segment: Segment, media: Media) -> float | None:
    """Longest of the tracks; `None` when the timescale is not known."""
    lengths: dict[int, float] = {}
    for run in media.runs:
        track = track_of(rendition, segment, run.track)
        if track is None or not track.timescale:
            return None
        length = sum(sample.duration for sample in run.samples) / track.timescale
        lengths[run.track] = lengths.get(run.track, 0.0) + length
    return max(lengths.values(), default=None)


@rule("B13", "4.4.4.3", Level.MUST, "boxes")
def changes_are_discontinuities(seen: Observation) -> Iterator[Finding]:
    """Where the file format or the number, type or numbering of the tracks changes, an EXT-X-DISCONTINUITY stands.

    Compares the init sections of neighbouring segments. Other encoding parameters (sample descriptions) only should have one.
    """
    need(
        (1 for one in seen.renditions if len({s.init for s in one.segments().values()}) > 1),
        "no init section changed",
    )
    for rendition in seen.renditions:
        segments = [segment for _, segment in sorted(rendition.segments().items())]
        for before, after in pairwise(segments):
            one, two = rendition.init_of(before), rendition.init_of(after)
            if one is None or two is None or after.discontinuity or before.init == after.init:
                continue
            where = f"{rendition.name}, segment {after.msn}"
            if _tracks(one) != _tracks(two):
                yield Finding(where, f"tracks change from {_tracks(one)} to {_tracks(two)}")
            elif [track.entry for track in one.tracks] != [track.entry for track in two.tracks]:
                yield Finding(where, "the encoding parameters change", warning=True)


def _tracks(init: Init) -> list[tuple[int, str, str]]:
    return [(track.number, track.handler, track.format) for track in init.tracks]


@rule("B14", "4.4.4.6", Level.SHOULD, "text")
def dates_have_milliseconds_and_zone(seen: Observation) -> Iterator[Finding]:
    """EXT-X-PROGRAM-DATE-TIME has milliseconds and a time zone.

    Reads each one.
    """
    need(
        (1 for _, one in seen.playlists() if one.tags("EXT-X-PROGRAM-DATE-TIME")),
        "no EXT-X-PROGRAM-DATE-TIME",
    )

    def problems(playlist: MediaPlaylist) -> Iterator[tuple[int, str]]:
        for tag in playlist.tags("EXT-X-PROGRAM-DATE-TIME"):
            if not _DATE.fullmatch(tag.value):
                yield tag.number, f"{tag.value} lacks milliseconds or zone"

    yield from _each(seen, problems)


@rule("B15", "4.4.4.7; 6.2.1", Level.MUST, "boxes")
def gaps_fill_the_hole(seen: Observation) -> Iterator[Finding]:
    """Absent media is marked as a gap, and the gaps' durations add up to the hole.

    The media times before and behind gaps have to lie as far apart as the gaps in between say, to one part target. A segment
    whose parts are all gaps is a gap itself. Segments that are missing without a mark count too.
    """
    marked = [1 for _, playlist in seen.playlists() if "GAP" in playlist.text]
    missing = list(_missing_segments(seen))
    if not marked and not missing:
        raise NotApplicableError("no gap was seen, and nothing was missing")
    yield from missing
    for rendition in seen.renditions:
        yield from _holes(rendition)
        for segment in rendition.segments().values():
            if segment.uri and segment.parts and all(part.gap for part in segment.parts) and not segment.gap:
                yield Finding(
                    f"{rendition.name}, {segment.uri}", "all its parts are gaps, and it has no EXT-X-GAP"
                )


def _missing_segments(seen: Observation) -> Iterator[Finding]:
    for rendition in seen.renditions:
        for segment in rendition.segments().values():
            load = rendition.loads.get(segment.uri or "")
            if load is not None and load.exchange.status in {404, 410} and not segment.gap:
                yield Finding(
                    f"{rendition.name}, {segment.uri}", f"answers {load.exchange.status} without EXT-X-GAP"
                )


def _holes(rendition: Rendition) -> Iterator[Finding]:
    tolerance_s = rendition.last.part_target_s or 0.5
    ends: dict[int, float] = {}
    gap_s = 0.0
    for segment, part, media in rendition.chain():
        if segment.discontinuity and (part is None or part.index == 0):
            ends, gap_s = {}, 0.0
        if part.gap if part else segment.gap:
            gap_s += (part.duration_s if part else segment.duration_s) or 0.0
            continue
        if media is None:
            ends, gap_s = {}, 0.0
            continue
        for run in media.runs:
            track = track_of(rendition, segment, run.track)
            if track is None or run.base is None or not track.timescale:
                continue
            start_s = run.base / track.timescale
            if gap_s and run.track in ends and abs(start_s - ends[run.track] - gap_s) > tolerance_s:
                hole = start_s - ends[run.track]
                where = f"{rendition.name}, {part.uri if part else segment.uri}"
                yield Finding(where, f"the gaps before it say {gap_s:.3f} s, the hole is {hole:.3f} s")
            ends[run.track] = run.end / track.timescale
        gap_s = 0.0


@rule("B16", "4.4.4.8", Level.MUST, "boxes")
def bitrate_tag_is_right(seen: Observation) -> Iterator[Finding]:
    """EXT-X-BITRATE is within 90 to 110 % of the segment's real rate.

    Compares it with the size of the segments that were downloaded.
    """
    need((1 for _, one in seen.playlists() if one.tags("EXT-X-BITRATE")), "no EXT-X-BITRATE")
    for rendition in seen.renditions:
        for segment in rendition.segments().values():
            load = rendition.loads.get(segment.uri or "")
            if load is None or not load.size_bytes or not segment.duration_s or segment.bitrate_kbps is None:
                continue
            real = load.size_bytes * 8 / segment.duration_s / 1000
            if not 0.9 * real <= segment.bitrate_kbps <= 1.1 * real:
                yield Finding(
                    f"{rendition.name}, {segment.uri}", f"says {segment.bitrate_kbps} kbit/s, is {real:.0f}"
                )


def first_values(text: str, tag: str) -> dict[str, str]:
    """Attributes of the first such tag in a text."""
    found = re.search(rf"^#{tag}:(.*)$", text, re.MULTILINE)
    return dict(read_attributes(found[1].rstrip("\r")).values) if found else {}
