"""Rules E1-E14: what may change from one reload to the next, and when. Pure."""

from collections.abc import Iterator
from itertools import pairwise

from bench.llhls_check.lines import read_attributes
from bench.llhls_check.observation import Exchange, Observation, Reload, Rendition
from bench.llhls_check.playlist import MediaPlaylist, Segment, read_date
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule, tell

_FROZEN = ("EXT-X-TARGETDURATION", "EXT-X-PART-INF")
_LITTLE = 1e-6
_ON_TIME_S = 0.05
"""A part may come this much later than the rule says before there is even a warning: clocks and networks jitter."""
_GONE = {404, 410}


def _need_reloads(seen: Observation) -> None:
    need((1 for one in seen.live() for _ in one.pairs()), "the stream has ended, or was loaded only once")


def _pairs(seen: Observation) -> Iterator[tuple[Rendition, MediaPlaylist, Reload]]:
    """Each live rendition's playlists with what came after them."""
    _need_reloads(seen)
    for rendition in seen.live():
        for before, after in rendition.pairs():
            yield rendition, before.playlist, after


@rule("E1", "6.2.1", Level.MUST, "reloads")
def targets_never_change(seen: Observation) -> Iterator[Finding]:
    """TARGETDURATION, PART-TARGET and PART-HOLD-BACK never change.

    Compares them over all reloads. The draft says so of the first; Apple's player pauses for ever when one of the others changes.
    """
    for rendition, before, after in _pairs(seen):
        for name in _FROZEN:
            if before.value(name) != after.playlist.value(name):
                what = f"{name} {before.value(name)} became {after.playlist.value(name)}"
                yield Finding(rendition.where(after), what)
        held, holds = before.control("PART-HOLD-BACK"), after.playlist.control("PART-HOLD-BACK")
        if held != holds:
            yield Finding(rendition.where(after), f"PART-HOLD-BACK {held} became {holds}")


@rule("E2", "6.2.1", Level.MUST, "reloads")
def only_allowed_changes(seen: Observation) -> Iterator[Finding]:
    """A playlist only grows at its end and loses old segments and old parts; nothing else in it changes.

    Every segment and part is compared with the same one in the reload before. ENDLIST never goes away.
    """
    for rendition, before, after in _pairs(seen):
        yield from tell(rendition.where(after), _forbidden_changes(before, after.playlist))


def _forbidden_changes(before: MediaPlaylist, after: MediaPlaylist) -> Iterator[str]:
    if before.ended and not after.ended:
        yield "EXT-X-ENDLIST is gone"
    if after.next_msn < before.next_msn:
        yield f"segment {before.next_msn - 1} is gone from the end"
    now = {segment.msn: segment for segment in after.all_segments}
    for old in before.all_segments:
        new = now.get(old.msn)
        if new is None:
            if old.msn >= after.media_sequence and (old.uri is not None or old.parts):
                yield f"segment {old.msn} is gone, while older ones stay"
            continue
        if old.uri is not None and old.identity != new.identity:
            yield f"segment {old.msn} was {_changed(old, new)}"
        elif old.uri is None and old.init != new.init:
            yield f"EXT-X-MAP of segment {old.msn} was {old.init}, is {new.init}"
        yield from _changed_parts(old, new)


def _changed(old: Segment, new: Segment) -> str:
    names = ("URI", "EXTINF", "DISCONTINUITY", "GAP", "MAP", "PROGRAM-DATE-TIME", "BYTERANGE")
    changes = zip(names, old.identity, new.identity, strict=True)
    return ", ".join(f"{name} {one}, is {two}" for name, one, two in changes if one != two)


def _changed_parts(old: Segment, new: Segment) -> Iterator[str]:
    if not new.parts:
        return
    if len(new.parts) < len(old.parts):
        yield f"segment {old.msn} had {len(old.parts)} parts, has {len(new.parts)}"
    for one, two in zip(old.parts, new.parts, strict=False):
        if one.identity != two.identity:
            yield f"part {one.index} of segment {old.msn} was {one.identity}, is {two.identity}"
    if old.uri is not None and old.parts and len(new.parts) > len(old.parts):
        yield f"complete segment {old.msn} got more parts"


@rule("E3", "6.2.1; 6.2.2", Level.MUST, "reloads")
def playlist_type_is_kept(seen: Observation) -> Iterator[Finding]:
    """An EVENT playlist never loses a segment, a VOD playlist never changes, and a sliding one has no PLAYLIST-TYPE.

    Reads EXT-X-PLAYLIST-TYPE over all reloads.
    """
    for rendition, before, after in _pairs(seen):
        kind = after.playlist.value("EXT-X-PLAYLIST-TYPE")
        if before.value("EXT-X-PLAYLIST-TYPE") != kind:
            yield Finding(rendition.where(after), f"PLAYLIST-TYPE became {kind}")
        if kind is not None and after.playlist.media_sequence > before.media_sequence:
            yield Finding(rendition.where(after), f"a playlist of type {kind} lost segments")
        if kind == "VOD" and before.text != after.playlist.text:
            yield Finding(rendition.where(after), "a playlist of type VOD changed")


@rule("E4", "6.2.1", Level.MUST, "requests")
def listed_media_is_there(seen: Observation) -> Iterator[Finding]:
    """Every listed segment and part can be downloaded at once.

    Parts are asked for when they are first seen, segments some at a time. Anything but 200 fails; a download that takes longer
    than it plays, and more than 2 s, is a warning, because the way may be slow and not the server.
    """
    loads = [(rendition, load) for rendition in seen.renditions for load in rendition.loads.values()]
    need(loads, "nothing was downloaded")
    for rendition, load in loads:
        where = f"{rendition.name}, {load.uri}"
        if load.exchange.status not in {200, 206}:
            yield Finding(where, load.exchange.describe())
        elif load.problem:
            yield Finding(where, load.problem)
        elif load.exchange.took_s > max(2.0, rendition.last.part_target_s or 2.0):
            yield Finding(where, f"took {load.exchange.took_s:.2f} s", warning=True)


@rule("E5", "6.2.1", Level.MUST, "time")
def media_comes_in_time(seen: Observation) -> Iterator[Finding]:
    """The next part comes within one PART-TARGET, the next segment within 1.5 target durations.

    From the moments at which blocked reloads answer. A part that is up to one PART-TARGET late is a warning: encoder, network
    and this process jitter (its own measured lateness is taken off). One that is later than that fails.
    """
    _need_reloads(seen)
    for rendition in seen.live():
        if rendition.last.parts:
            yield from _late_parts(seen, rendition)
        yield from _late_segments(rendition)


def _arrivals(rendition: Rendition, *, parts: bool) -> Iterator[tuple[tuple[int, int], Reload]]:
    """Each new part's or segment's place, with the reload that showed it first; those of one reload only once."""
    newest: tuple[int, int] | None = None
    for reload in rendition.reloads:
        playlist = reload.playlist
        place = playlist.next_part if parts else (playlist.next_msn, 0)
        if newest is None or place > newest:
            newest = place
            yield place, reload


def _late_parts(seen: Observation, rendition: Rendition) -> Iterator[Finding]:
    for (_, before), (place, after) in pairwise(_arrivals(rendition, parts=True)):
        if not (after.playlist.part_target_s and _was_blocked(after)) or after.playlist.ended:
            continue
        start, end = before.exchange.done_at, after.exchange.done_at
        late_s = end - start - after.playlist.part_target_s - seen.lag_between(start, end)
        if late_s > _ON_TIME_S:
            what = f"the part before {place} came {end - start:.3f} s after the one before it, PART-TARGET is"
            slight = late_s < after.playlist.part_target_s
            yield Finding(rendition.where(after), f"{what} {after.playlist.part_target_s:g}", slight)


def _was_blocked(reload: Reload) -> bool:
    return reload.wanted is not None


def _late_segments(rendition: Rendition) -> Iterator[Finding]:
    for (_, before), (place, after) in pairwise(_arrivals(rendition, parts=False)):
        waited_s, target_s = (
            after.exchange.done_at - before.exchange.done_at,
            after.playlist.target_duration_s or 0,
        )
        if waited_s > 1.5 * target_s + 0.5 and not after.playlist.ended:
            what = f"segment {place[0] - 1} came {waited_s:.2f} s after the one before, TARGETDURATION is {target_s}"
            yield Finding(rendition.where(after), what)


@rule("E6", "6.2.1", Level.SHOULD, "text")
def dates_do_not_overlap(seen: Observation) -> Iterator[Finding]:
    """Every segment behind a DISCONTINUITY has a PROGRAM-DATE-TIME, and no date stands for two moments.

    A segment may begin at most a second before the end of the one before it.
    """
    for where, playlist in seen.playlists():
        for segment in playlist.all_segments:
            if segment.discontinuity and segment.date_s is None:
                yield Finding(f"{where}, line {segment.line}", "a DISCONTINUITY without PROGRAM-DATE-TIME")
        for one, two in pairwise(playlist.all_segments):
            if one.date_s is not None and two.date_s is not None:
                overlap_s = one.date_s + one.length_s - two.date_s
                if overlap_s > 1.0:
                    yield Finding(
                        f"{where}, line {two.line}", f"begins {overlap_s:.3f} s before segment {one.msn} ends"
                    )


@rule("E7", "6.2.1", Level.MUST, "reloads")
def date_ranges_stay(seen: Observation) -> Iterator[Finding]:
    """A DATERANGE stays as long as a listed segment lies in its time, and its ID never means something else.

    Compares the tags of neighbouring reloads by ID.
    """
    need((1 for _, one in seen.playlists() if one.tags("EXT-X-DATERANGE")), "no EXT-X-DATERANGE")
    for rendition, before, after in _pairs(seen):
        old, new = _ranges(before), _ranges(after.playlist)
        first = next(
            (segment.date_s for segment in after.playlist.all_segments if segment.date_s is not None), None
        )
        for identity, values in old.items():
            if identity not in new:
                start = read_date(values.get("START-DATE"))
                if first is not None and start is not None and start >= first:
                    yield Finding(
                        rendition.where(after), f"DATERANGE {identity} is gone, its segments are not"
                    )
            elif values.get("START-DATE") != new[identity].get("START-DATE"):
                yield Finding(
                    rendition.where(after), f"DATERANGE {identity} begins at another date than before"
                )


def _ranges(playlist: MediaPlaylist) -> dict[str, dict[str, str]]:
    tags = [dict(read_attributes(tag.value).values) for tag in playlist.tags("EXT-X-DATERANGE")]
    return {values.get("ID", ""): values for values in tags}


@rule("E8", "6.2.1", Level.MUST, "reloads")
def end_is_announced(seen: Observation) -> Iterator[Finding]:
    """A presentation ends with ENDLIST; only later may its playlist answer 404 or 410, and its segments stay even then.

    Applies when the stream ended while it was watched.
    """
    ends = [one for one in seen.live() if one.last.ended or one.failed_reload is not None]
    need(ends, "the stream did not end while it was watched")
    for rendition in ends:
        failed = rendition.failed_reload
        if failed is not None and not rendition.last.ended:
            yield Finding(
                rendition.name, f"the playlist answered {failed.describe()}, without EXT-X-ENDLIST before"
            )


@rule("E9", "6.2.1; B.1", Level.SHOULD, "requests")
def playlists_are_compressed(seen: Observation) -> Iterator[Finding]:
    """Playlists are sent with gzip to whoever takes it.

    Asks with Accept-Encoding: gzip.
    """
    exchanges = [one.reloads[-1].exchange for one in seen.renditions if one.reloads]
    need(exchanges, "no media playlist")
    for exchange in exchanges:
        if exchange.headers.get("content-encoding", "") not in {"gzip", "br", "zstd", "deflate"}:
            yield Finding(exchange.url, f"came as {len(exchange.body)} bytes without Content-Encoding")


@rule("E10", "6.2.2", Level.MUST, "reloads")
def media_sequence_counts_removals(seen: Observation) -> Iterator[Finding]:
    """MEDIA-SEQUENCE grows by one with each removed segment, and never falls; segments go in order.

    Each segment URI keeps its number over all reloads.
    """
    for rendition, before, after in _pairs(seen):
        if after.playlist.media_sequence < before.media_sequence:
            what = f"MEDIA-SEQUENCE fell from {before.media_sequence} to {after.playlist.media_sequence}"
            yield Finding(rendition.where(after), what)
        numbers = {(segment.uri, segment.byterange): segment.msn for segment in before.segments}
        for segment in after.playlist.segments:
            known = numbers.get((segment.uri, segment.byterange))
            if known is not None and known != segment.msn:
                yield Finding(rendition.where(after), f"{segment.uri} was segment {known}, is {segment.msn}")


@rule("E11", "6.2.2", Level.MUST, "reloads")
def discontinuity_sequence_counts_removals(seen: Observation) -> Iterator[Finding]:
    """DISCONTINUITY-SEQUENCE grows by one with each DISCONTINUITY that is removed, and stands wherever one was removed.

    Counts the marks of the segments that went between two reloads.
    """
    for rendition, before, after in _pairs(seen):
        start = after.playlist.media_sequence
        if start > before.next_msn or before.skipped or after.playlist.skipped:
            continue
        removed = sum(segment.discontinuity for segment in before.segments if segment.msn < start)
        grown = after.playlist.discontinuity_sequence - before.discontinuity_sequence
        if grown != removed:
            yield Finding(
                rendition.where(after), f"grew by {grown}, where {removed} DISCONTINUITY tags were removed"
            )


@rule("E12", "6.2.2", Level.MUST, "requests")
def old_parts_go_but_stay_available(seen: Observation) -> Iterator[Finding]:
    """Parts older than three target durations are no longer listed, but can still be loaded for three target durations.

    That they are still listed is a warning. Parts that left the list during the watching are asked for again at the end.
    """
    need(seen.low_latency(), "no parts")
    for rendition in seen.low_latency():
        yield from _listed_too_long(rendition)
        limit_s = 3 * (rendition.last.target_duration_s or 0)
        for uri, exchange in rendition.late.items():
            gone_at = _left_at(rendition, uri)
            if (
                gone_at is not None
                and exchange.asked_at - gone_at < limit_s
                and exchange.status not in {200, 206}
            ):
                waited = exchange.asked_at - gone_at
                where = f"{rendition.name}, {uri}"
                yield Finding(where, f"{exchange.describe()}, {waited:.1f} s after it left the list")


def _listed_too_long(rendition: Rendition) -> Iterator[Finding]:
    for where, playlist in rendition.playlists():
        limit_s = 3 * (playlist.target_duration_s or 0)
        behind_s = 0.0
        for segment in reversed(playlist.all_segments):
            if segment.parts and behind_s > limit_s + _LITTLE:
                what = f"parts of segment {segment.msn} end {behind_s:.2f} s before the edge"
                yield Finding(f"{where}, line {segment.line}", what, warning=True)
                break
            behind_s += segment.length_s


def _left_at(rendition: Rendition, uri: str) -> float | None:
    """When a part was first missing from the list; `None` when it never left it."""
    listed_before = False
    for reload in rendition.reloads:
        listed = any(part.uri == uri for _, part in reload.playlist.parts)
        if listed_before and not listed:
            return reload.exchange.done_at
        listed_before = listed
    return None


@rule("E13", "6.2.2", Level.MUST, "reloads")
def window_is_long_enough(seen: Observation) -> Iterator[Finding]:
    """No segment is removed if less than three target durations remain.

    Adds up the segments of every playlist from which something was removed.
    """
    removed = [
        (rendition, after)
        for rendition, before, after in _pairs(seen)
        if after.playlist.media_sequence > before.media_sequence
    ]
    need(removed, "no segment was removed while the stream was watched")
    for rendition, after in removed:
        playlist = after.playlist
        if playlist.duration_s < 3 * (playlist.target_duration_s or 0) - _LITTLE:
            yield Finding(rendition.where(after), f"{playlist.duration_s:.2f} s remained after a removal")


@rule("E14", "6.2.2", Level.MUST, "requests")
def segments_stay_available(seen: Observation) -> Iterator[Finding]:
    """A segment can be loaded for its own duration and that of the longest playlist that listed it, after it was removed.

    Segments removed while the stream was watched are asked for again at the end. Media should say how long it can be kept
    (Expires, or max-age in Cache-Control): without it there is a warning.
    """
    removed = list(_removed_segments(seen))
    loads = [load for one in seen.live() for load in one.loads.values() if load.exchange.status == 200]
    need([*removed, *loads], "no segment was removed while the stream was watched")
    for rendition, segment, exchange in removed:
        if exchange.status in _GONE or not exchange.status:
            yield Finding(
                f"{rendition.name}, {segment.uri}", f"{exchange.describe()}, soon after it was removed"
            )
    for rendition in seen.live():
        media = next((one for one in rendition.loads.values() if one.exchange.status == 200), None)
        if (
            media
            and "expires" not in media.exchange.headers
            and "max-age" not in media.exchange.headers.get("cache-control", "")
        ):
            yield Finding(f"{rendition.name}, {media.uri}", "neither Expires nor max-age", warning=True)


def _removed_segments(seen: Observation) -> Iterator[tuple[Rendition, Segment, Exchange]]:
    for rendition in seen.live():
        for segment in rendition.segments().values():
            exchange = rendition.late.get(segment.uri or "")
            if exchange is not None and segment.msn < rendition.last.media_sequence and not segment.gap:
                yield rendition, segment, exchange


def need_several(seen: Observation) -> None:
    """Raise NotApplicableError unless there are renditions to compare."""
    if len(seen.renditions) < 2:
        raise NotApplicableError("there is only one media playlist")
