"""Rules C: the tags of Low-Latency HLS. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from bench.llhls_check.lines import integer_of, number_of, read_attributes
from bench.llhls_check.observation import Observation, Rendition
from bench.llhls_check.playlist import MediaPlaylist, Part, Segment, read_date
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule, tell

_LITTLE = 1e-6


def _with(seen: Observation, tag: str) -> list[tuple[str, MediaPlaylist]]:
    """The playlists that have this tag; not applicable when none has."""
    found = [(where, one) for where, one in seen.playlists() if one.tags(tag)]
    need(found, f"no {tag}")
    return found


@rule("C1", "4.4.3.7", Level.MUST, "text")
def part_target_is_given(seen: Observation) -> Iterator[Finding]:
    """Where there is an EXT-X-PART, there is EXT-X-PART-INF with PART-TARGET.

    Reads every playlist with parts.
    """
    for where, playlist in _with(seen, "EXT-X-PART"):
        if not playlist.part_target_s:
            yield Finding(where, "parts, but no EXT-X-PART-INF with a PART-TARGET")


@rule("C2", "4.4.3.8", Level.MUST, "text")
def skip_boundary_is_far_enough(seen: Observation) -> Iterator[Finding]:
    """CAN-SKIP-UNTIL is at least six target durations, and CAN-SKIP-DATERANGES stands only together with it.

    Reads EXT-X-SERVER-CONTROL.
    """
    for where, playlist in _with(seen, "EXT-X-SERVER-CONTROL"):
        until_s, target_s = playlist.control("CAN-SKIP-UNTIL"), playlist.target_duration_s or 0
        if until_s is not None and until_s < 6 * target_s - _LITTLE:
            yield Finding(where, f"CAN-SKIP-UNTIL {until_s:g} is less than 6 x {target_s}")
        names = playlist.attributes("EXT-X-SERVER-CONTROL").values
        if "CAN-SKIP-DATERANGES" in names and "CAN-SKIP-UNTIL" not in names:
            yield Finding(where, "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL")


@rule("C3", "4.4.3.8", Level.MUST, "text")
def hold_back_is_long_enough(seen: Observation) -> Iterator[Finding]:
    """HOLD-BACK, where it is given, is at least three target durations.

    Reads EXT-X-SERVER-CONTROL.
    """
    found = [(where, one) for where, one in seen.playlists() if one.control("HOLD-BACK") is not None]
    need(found, "no HOLD-BACK")
    for where, playlist in found:
        hold_s, target_s = playlist.control("HOLD-BACK") or 0.0, playlist.target_duration_s or 0
        if hold_s < 3 * target_s - _LITTLE:
            yield Finding(where, f"HOLD-BACK {hold_s:g} is less than 3 x {target_s}")


@rule("C4", "4.4.3.8; Apple 14.3", Level.MUST, "text")
def part_hold_back_is_long_enough(seen: Observation) -> Iterator[Finding]:
    """PART-HOLD-BACK stands beside PART-INF, and is at least three times the largest PART-TARGET of all renditions.

    The draft demands twice and recommends three times; Apple's authoring specification demands three times.
    """
    targets = [one.part_target_s for _, one in seen.playlists() if one.part_target_s]
    need(targets, "no PART-TARGET")
    largest_s = max(targets)
    for where, playlist in seen.playlists():
        if not playlist.part_target_s:
            continue
        hold_s = playlist.control("PART-HOLD-BACK")
        if hold_s is None:
            yield Finding(where, "EXT-X-PART-INF, but no PART-HOLD-BACK")
        elif hold_s < 3 * playlist.part_target_s - _LITTLE:
            yield Finding(where, f"PART-HOLD-BACK {hold_s:g} is less than 3 x {playlist.part_target_s:g}")
        elif hold_s < 3 * largest_s - _LITTLE:
            what = f"PART-HOLD-BACK {hold_s:g} is less than 3 x {largest_s:g} of another rendition"
            yield Finding(where, what, warning=True)


@rule("C5", "4.4.4.9", Level.MUST, "text")
def parts_fit_the_part_target(seen: Observation) -> Iterator[Finding]:
    """Every part has URI and DURATION, and is no longer than PART-TARGET.

    Reads every EXT-X-PART.
    """
    for where, playlist in _with(seen, "EXT-X-PART"):
        target_s = playlist.part_target_s or float("inf")
        for _, part in playlist.parts:
            place = f"{where}, line {part.line}"
            if not part.uri:
                yield Finding(place, "a part without URI")
            if part.duration_s is None:
                yield Finding(place, "a part without DURATION")
            elif part.duration_s > target_s + _LITTLE:
                yield Finding(place, f"DURATION {part.duration_s:g} is more than PART-TARGET {target_s:g}")


@rule("C6", "4.4.4.9", Level.MUST, "text")
def parts_are_not_too_short(seen: Observation) -> Iterator[Finding]:
    """A part lasts at least 85 % of PART-TARGET, unless it is independent, a gap, before a gap, or the last of its segment.

    The newest part of a playlist is judged by a later reload, when it is known whether it was the last of its segment.
    """
    for where, playlist in _with(seen, "EXT-X-PART"):
        shortest_s = 0.85 * (playlist.part_target_s or 0.0) - _LITTLE
        for segment in playlist.all_segments:
            for part, after in zip(segment.parts, segment.parts[1:], strict=False):
                exempt = part.independent or part.gap or after.gap
                if not exempt and part.duration_s is not None and part.duration_s < shortest_s:
                    target = f"{playlist.part_target_s:g}"
                    yield Finding(
                        f"{where}, line {part.line}", f"{part.duration_s:g} is under 85 % of {target}"
                    )


@rule("C7", "4.4.4.9", Level.MUST, "boxes")
def independent_parts_are_marked(seen: Observation) -> Iterator[Finding]:
    """A part with INDEPENDENT=YES holds an independent frame, and a part that holds one says so.

    Looks for sync samples in downloaded parts. A missing mark is a warning, a wrong one a failure.
    """
    checked = False
    for rendition in seen.renditions:
        for segment, part, media in rendition.chain():
            if part is None or media is None or not media.runs:
                continue
            checked = True
            has_sync = any(sample.sync for sample in media.samples())
            where = f"{rendition.name}, {part.uri}"
            if part.independent and not has_sync:
                yield Finding(where, f"INDEPENDENT=YES in segment {segment.msn}, but no sync sample")
            elif has_sync and not part.independent:
                yield Finding(where, "holds a sync sample, but has no INDEPENDENT=YES", warning=True)
    if not checked:
        raise NotApplicableError("no MP4 part was downloaded")


@rule("C8", "4.4.4.9", Level.MUST, "requests")
def missing_parts_are_gaps(seen: Observation) -> Iterator[Finding]:
    """A part that is not there has GAP=YES.

    Every listed part that is no gap is asked for.
    """
    checked = False
    for rendition, segment, part in _listed(seen):
        load = rendition.loads.get(part.uri or "")
        if load is None or part.gap:
            continue
        checked = True
        if load.exchange.status in {404, 410}:
            what = f"answers {load.exchange.status}, and has no GAP=YES (segment {segment.msn})"
            yield Finding(f"{rendition.name}, {part.uri}", what)
    if not checked:
        raise NotApplicableError("no part was asked for")


def _listed(seen: Observation) -> Iterator[tuple[Rendition, Segment, Part]]:
    for rendition in seen.renditions:
        for segment in rendition.segments().values():
            for part in segment.parts:
                yield rendition, segment, part


_BEFORE_PARTS = {"EXT-X-DISCONTINUITY", "EXT-X-KEY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME"}


@rule("C9", "4.4.4.9", Level.MUST, "text")
def segment_tags_precede_parts(seen: Observation) -> Iterator[Finding]:
    """DISCONTINUITY, KEY, MAP and PROGRAM-DATE-TIME of a segment stand before its first part.

    Reads the lines of each segment in order.
    """
    for where, playlist in _with(seen, "EXT-X-PART"):
        in_parts = 0
        for line in playlist.lines:
            if not line.name:
                in_parts = 0
            elif line.name == "EXT-X-PART":
                in_parts = in_parts or line.number
            elif line.name in _BEFORE_PARTS and in_parts:
                yield Finding(
                    f"{where}, line {line.number}", f"{line.name} behind the part in line {in_parts}"
                )


@rule("C10", "4.4.4.9", Level.SHOULD, "text")
def no_parts_among_i_frames(seen: Observation) -> Iterator[Finding]:
    """Playlists of I-frames have no parts.

    Looks for both tags in one text.
    """
    for where, playlist in _with(seen, "EXT-X-I-FRAMES-ONLY"):
        if playlist.parts:
            yield Finding(where, "parts in a playlist of I-frames")


@rule("C11", "4.4.5.2", Level.MUST, "text")
def skip_tag_is_complete(seen: Observation) -> Iterator[Finding]:
    """A delta update has one EXT-X-SKIP with SKIPPED-SEGMENTS; one asked for with v2 names recently removed date ranges.

    Reads the answers to _HLS_skip, where EXT-X-SKIP was among them. Zero skipped segments make hls.js fetch everything again,
    and are no update.
    """
    need((1 for one in seen.renditions for _ in one.deltas()), "no delta update was seen")
    for rendition in seen.renditions:
        for where, probe in rendition.deltas():
            playlist = probe.playlist
            assert playlist is not None
            values = playlist.attributes("EXT-X-SKIP").values
            if len(playlist.tags("EXT-X-SKIP")) > 1:
                yield Finding(where, "EXT-X-SKIP twice")
            if not integer_of(values.get("SKIPPED-SEGMENTS")):
                yield Finding(where, f"SKIPPED-SEGMENTS is {values.get('SKIPPED-SEGMENTS', 'missing')}")
            offered = playlist.attributes("EXT-X-SERVER-CONTROL").values.get("CAN-SKIP-DATERANGES") == "YES"
            if (
                "_HLS_skip=v2" in probe.exchange.url
                and offered
                and "RECENTLY-REMOVED-DATERANGES" not in values
            ):
                yield Finding(where, "asked for with v2, without RECENTLY-REMOVED-DATERANGES")


@rule("C12", "4.4.5.3; 6.2.6", Level.MUST, "reloads")
def hints_come_true(seen: Observation) -> Iterator[Finding]:
    """A PRELOAD-HINT has TYPE and URI, is the only one of its type, and names the part that is listed next.

    The hint of each reload is held against the part that later stands at that place, gaps and discontinuities excepted: there
    the plan may have changed. None stands beside ENDLIST.
    """
    for where, playlist in _with(seen, "EXT-X-PRELOAD-HINT"):
        yield from tell(where, _hint_problems(playlist))
    for rendition in seen.renditions:
        listed = {
            (segment.msn, part.index): (segment, part)
            for segment in rendition.segments().values()
            for part in segment.parts
        }
        for reload in rendition.reloads:
            hint, place = reload.playlist.hint("PART"), reload.playlist.next_part
            come = listed.get(place) or listed.get((place[0] + 1, 0))
            if hint is None or come is None or come[1].gap or come[0].discontinuity:
                continue
            following = listed.get((place[0] + 1, 0))
            uris = {come[1].uri, following[1].uri if following else None}
            if hint not in uris:
                yield Finding(rendition.where(reload), f"hinted {hint}, but {come[1].uri} came")


def _hint_problems(playlist: MediaPlaylist) -> Iterator[str]:
    kinds: list[str] = []
    for values in (hint.values for hint in playlist.hints):
        kinds.append(values.get("TYPE", ""))
        if kinds[-1] not in {"PART", "MAP"}:
            yield f"PRELOAD-HINT with TYPE {kinds[-1] or 'missing'}"
        if not values.get("URI"):
            yield "PRELOAD-HINT without URI"
    if len(kinds) != len(set(kinds)):
        yield "two PRELOAD-HINTs of the same type"
    if kinds and playlist.ended:
        yield "PRELOAD-HINT beside EXT-X-ENDLIST"


@rule("C13", "4.4.5.4", Level.MUST, "renditions")
def reports_are_complete(seen: Observation) -> Iterator[Finding]:
    """A RENDITION-REPORT has a URI relative to its playlist, LAST-MSN, and LAST-PART where that rendition has parts.

    Reads every report, and looks up the rendition it is about; values may lag by a part or two, never lead.
    """
    for rendition in seen.renditions:
        for reload in rendition.reloads:
            for tag in reload.playlist.tags("EXT-X-RENDITION-REPORT"):
                where = rendition.where(reload, tag.number)
                yield from tell(where, _report_problems(seen, rendition, reload.exchange.done_at, tag.value))
    _with(seen, "EXT-X-RENDITION-REPORT")


def _report_problems(seen: Observation, rendition: Rendition, at: float, value: str) -> Iterator[str]:
    values = read_attributes(value).values
    uri, last_msn = values.get("URI"), integer_of(values.get("LAST-MSN"))
    if not uri:
        yield "no URI"
        return
    if urlsplit(uri).scheme:
        yield f"URI {uri} is not relative"
    if last_msn is None:
        yield "no LAST-MSN"
    target = next((one for one in seen.renditions if one.url == rendition.resolve(uri)), None)
    if target is None or not target.reloads or last_msn is None:
        return
    if target.last.parts and "LAST-PART" not in values:
        yield f"no LAST-PART, where {target.name} has parts"
    later = next((one for one in target.reloads if one.exchange.asked_at > at), None)
    if later is not None and last_msn > later.playlist.next_msn:
        yield f"LAST-MSN {last_msn}, where {target.name} had no more than {later.playlist.next_msn} after it"


@rule("C14", "4.4.5.1", Level.MUST, "text")
def date_ranges_are_valid(seen: Observation) -> Iterator[Finding]:
    """A DATERANGE has ID and START-DATE; its other times fit together, and the playlist has a PROGRAM-DATE-TIME.

    END-DATE is not before START-DATE, DURATION not negative; END-ON-NEXT needs CLASS and neither of the two; tags with the
    same ID have the same values.
    """
    for where, playlist in _with(seen, "EXT-X-DATERANGE"):
        if not playlist.tags("EXT-X-PROGRAM-DATE-TIME"):
            yield Finding(where, "EXT-X-DATERANGE without any EXT-X-PROGRAM-DATE-TIME")
        known: dict[str, str] = {}
        for tag in playlist.tags("EXT-X-DATERANGE"):
            values = dict(read_attributes(tag.value).values)
            yield from tell(f"{where}, line {tag.number}", _range_problems(values, known))


def _range_problems(values: dict[str, str], known: dict[str, str]) -> Iterator[str]:
    start, end = read_date(values.get("START-DATE")), read_date(values.get("END-DATE"))
    if "ID" not in values:
        yield "no ID"
    if start is None:
        yield f"START-DATE is {values.get('START-DATE', 'missing')}"
    if start is not None and end is not None and end < start:
        yield "END-DATE is before START-DATE"
    if "DURATION" in values and number_of(values["DURATION"]) is None:
        yield f"DURATION is {values['DURATION']}"
    if values.get("END-ON-NEXT") == "YES" and (
        "CLASS" not in values or {"DURATION", "END-DATE"} & values.keys()
    ):
        yield "END-ON-NEXT needs CLASS, and neither DURATION nor END-DATE"
    for name, value in values.items():
        before = known.setdefault(f"{values.get('ID')}/{name}", value)
        if before != value:
            yield f"{name} of {values.get('ID')} is {value}, and was {before}"
