"""Rules E15-E18, G3 and G6: renditions of one presentation against each other. Pure."""

import re
from collections.abc import Iterator
from itertools import combinations

from bench.llhls_check.lines import read_attributes
from bench.llhls_check.observation import Observation, Rendition
from bench.llhls_check.rules_changes import need_several
from bench.llhls_check.verdicts import Finding, Level, need, rule, tell


@rule("E15", "6.2.3", Level.MUST, "text")
def keys_are_complete(seen: Observation) -> Iterator[Finding]:
    """An EXT-X-KEY has METHOD, has URI unless METHOD is NONE, and an IV of 128 bits if any.

    Reads each tag. C9 looks where it stands.
    """
    need((1 for _, one in seen.playlists() if one.tags("EXT-X-KEY")), "nothing is encrypted")
    for where, playlist in seen.playlists():
        for tag in playlist.tags("EXT-X-KEY"):
            yield from tell(
                f"{where}, line {tag.number}", _key_problems(dict(read_attributes(tag.value).values))
            )


def _key_problems(values: dict[str, str]) -> Iterator[str]:
    method = values.get("METHOD")
    if method is None:
        yield "no METHOD"
    elif method == "NONE" and len(values) > 1:
        yield "METHOD=NONE with other attributes"
    elif method != "NONE" and not values.get("URI"):
        yield "no URI"
    if "IV" in values and not re.fullmatch(r"0[xX][0-9a-fA-F]{32}", values["IV"]):
        yield f"IV {values['IV']} has not 128 bits"


def _couples(seen: Observation) -> Iterator[tuple[Rendition, Rendition]]:
    need_several(seen)
    return combinations([one for one in seen.renditions if one.reloads], 2)


def _names(one: Rendition, two: Rendition) -> str:
    return f"{one.name} and {two.name}"


@rule("E16", "6.2.4", Level.MUST, "renditions")
def renditions_share_their_time(seen: Observation) -> Iterator[Finding]:
    """Renditions have the same TARGETDURATION and PLAYLIST-TYPE, and for the same content the same timestamps and discontinuity number.

    Dates tie renditions together: at the same date the media time may differ by one part target. The number is compared for
    segments with the same sequence number that begin at the same date.
    """
    for one, two in _couples(seen):
        for name in ("EXT-X-TARGETDURATION", "EXT-X-PLAYLIST-TYPE"):
            if one.last.value(name) != two.last.value(name):
                what = f"{name} is {one.last.value(name)} and {two.last.value(name)}"
                yield Finding(_names(one, two), what)
        yield from tell(_names(one, two), _apart(one, two))
        yield from tell(_names(one, two), _offsets_apart(one, two))


def _apart(one: Rendition, two: Rendition) -> Iterator[str]:
    tolerance_s = one.last.part_target_s or 0.5
    others = two.segments()
    for msn, segment in one.segments().items():
        twin = others.get(msn)
        if twin is None or segment.date_s is None or twin.date_s is None:
            continue
        same_moment = abs(segment.date_s - twin.date_s) <= tolerance_s
        if same_moment and segment.discontinuity_sequence != twin.discontinuity_sequence:
            numbers = f"{segment.discontinuity_sequence} and {twin.discontinuity_sequence}"
            yield f"segment {msn} has the discontinuity numbers {numbers}"


def _offsets_apart(one: Rendition, two: Rendition) -> Iterator[str]:
    """Date minus media time, by discontinuity number."""
    tolerance_s = one.last.part_target_s or 0.5
    first, second = _offsets(one), _offsets(two)
    for number in first.keys() & second.keys():
        if abs(first[number] - second[number]) > tolerance_s:
            apart_s = second[number] - first[number]
            yield f"the same date is {apart_s:.3f} s apart in media time (discontinuity number {number})"


def _offsets(rendition: Rendition) -> dict[int, float]:
    found: dict[int, float] = {}
    for segment, part, media in rendition.chain():
        init = rendition.init_of(segment)
        if media is None or not media.runs or segment.date_s is None or init is None or (part and part.index):
            continue
        run = media.runs[0]
        scale = next((track.timescale for track in init.tracks if track.number == run.track), 0)
        if run.base is not None and scale:
            found.setdefault(segment.discontinuity_sequence, segment.date_s - run.base / scale)
    return found


@rule("E17", "6.2.4", Level.MUST, "renditions")
def dates_are_in_all_or_none(seen: Observation) -> Iterator[Finding]:
    """All renditions have PROGRAM-DATE-TIME or none has; those with date ranges have the same ones.

    Compares the last playlists. That dates map to the same media times is held by E16.
    """
    for one, two in _couples(seen):
        name = "EXT-X-PROGRAM-DATE-TIME"
        if bool(one.last.tags(name)) != bool(two.last.tags(name)):
            yield Finding(_names(one, two), "only one of them has PROGRAM-DATE-TIME")
        ranges, others = _range_ids(one), _range_ids(two)
        if ranges and others and ranges != others:
            yield Finding(_names(one, two), f"different date ranges: {sorted(ranges ^ others)[:3]}")


def _range_ids(rendition: Rendition) -> set[str]:
    tags = rendition.last.tags("EXT-X-DATERANGE")
    return {read_attributes(tag.value).values.get("ID", "") for tag in tags}


@rule("E18", "6.2.4", Level.MUST, "renditions")
def server_control_is_the_same(seen: Observation) -> Iterator[Finding]:
    """EXT-X-SERVER-CONTROL stands in all media playlists with the same attributes and values.

    Compares the last playlists.
    """
    for one, two in _couples(seen):
        first, second = (rendition.last.attributes("EXT-X-SERVER-CONTROL").values for rendition in (one, two))
        for name in sorted({*first, *second}):
            if first.get(name) != second.get(name):
                yield Finding(_names(one, two), f"{name} is {first.get(name)} and {second.get(name)}")


@rule("G3", "B.1", Level.MUST, "renditions")
def every_rendition_is_reported(seen: Observation) -> Iterator[Finding]:
    """A live playlist with parts has one RENDITION-REPORT for every other media playlist, of whatever type.

    Resolves the URIs of the reports against the playlist's own.
    """
    need_several(seen)
    need(seen.low_latency(), "no live playlist with parts")
    for rendition in seen.low_latency():
        for reload in rendition.reloads:
            if reload.playlist.ended:
                continue
            tags = reload.playlist.tags("EXT-X-RENDITION-REPORT")
            reported = [rendition.resolve(read_attributes(tag.value).values.get("URI", "")) for tag in tags]
            for other in seen.low_latency():
                count = reported.count(other.url)
                if other is not rendition and count != 1:
                    yield Finding(rendition.where(reload), f"{count} reports about {other.name}")


@rule("G6", "B.1", Level.MUST, "renditions")
def renditions_keep_step(seen: Observation) -> Iterator[Finding]:
    """Renditions are in step within one PART-TARGET.

    Segments with the same number have to begin at the same date, to one part target.
    """
    need(seen.low_latency(), "no live playlist with parts")
    for one, two in _couples(seen):
        others = two.segments()
        target_s = max(one.last.part_target_s or 0.0, two.last.part_target_s or 0.0)
        for msn, segment in one.segments().items():
            twin = others.get(msn)
            if twin is None or segment.date_s is None or twin.date_s is None or not target_s:
                continue
            if abs(segment.date_s - twin.date_s) > target_s + 0.001:
                apart_s = twin.date_s - segment.date_s
                yield Finding(_names(one, two), f"segment {msn} begins {apart_s:.3f} s apart")
