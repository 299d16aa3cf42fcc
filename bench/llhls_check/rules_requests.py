"""Rules F: delivery directives and hinted parts, from the answers to questions of `gather`. Pure."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from bench.llhls_check.observation import Observation, Probe, Rendition
from bench.llhls_check.playlist import MediaPlaylist
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule

AT_ONCE_S = 2.0
"""An answer that the draft wants at once may take this long, and the network's time."""
_LITTLE = 1e-3
_OK, _BAD_REQUEST, _NOT_FOUND, _UNAVAILABLE = 200, 400, 404, 503


def _probes(seen: Observation, *names: str) -> Iterator[tuple[str, Rendition, Probe]]:
    for rendition in seen.renditions:
        for name in names:
            if name in rendition.probes:
                yield f"{rendition.name}, {name}", rendition, rendition.probes[name]


def _need_probes(seen: Observation, why_not: str, *names: str) -> None:
    need(_probes(seen, *names), why_not)


def _need_blocking(seen: Observation) -> None:
    need((1 for one in seen.live() if one.last.can_block), "no live playlist offers blocking reloads")


def _ended(probe: Probe) -> bool:
    """Directives are ignored once the stream has ended, and that may have been between question and answer."""
    return probe.before.ended or (probe.playlist is not None and probe.playlist.ended)


def distance_to_edge_s(playlist: MediaPlaylist, msn: int) -> float:
    """From the end of a listed segment to the end of the newest media, its parts included."""
    return sum(segment.length_s for segment in playlist.all_segments if segment.msn > msn)


def skippable(playlist: MediaPlaylist, until_s: float) -> int:
    """Segments that are beyond the Skip Boundary, counted from the end of the last complete segment."""
    growing_s = playlist.growing.length_s if playlist.growing else 0.0
    behind = [distance_to_edge_s(playlist, segment.msn) - growing_s for segment in playlist.segments]
    return sum(distance_s > until_s for distance_s in behind)


@rule("F1", "6.2.5.1", Level.MUST, "requests")
def skip_gives_a_delta(seen: Observation) -> Iterator[Finding]:
    """Where CAN-SKIP-UNTIL is offered and the stream is live, _HLS_skip gives a delta update.

    Asks with YES, and with v2 where that is offered; applies once a segment is old enough to be skipped. A full playlist while
    a DISCONTINUITY is listed is only a warning: players differ in how they merge those.
    """
    asked = [
        (where, probe)
        for where, rendition, probe in _probes(seen, "skip", "skip-v2", "late-skip")
        if rendition.live and skippable(probe.before, probe.before.control("CAN-SKIP-UNTIL") or 1e9)
    ]
    need(asked, "nothing was old enough to be skipped, or skipping is not offered")
    for where, probe in asked:
        if probe.playlist is None:
            yield Finding(where, probe.exchange.describe())
        elif not probe.playlist.tags("EXT-X-SKIP") and not probe.playlist.ended:
            has_mark = bool(probe.playlist.tags("EXT-X-DISCONTINUITY"))
            yield Finding(where, "answered with a full playlist", has_mark)


@rule("F2", "6.2.5.1", Level.MUST, "requests")
def delta_keeps_what_is_near(seen: Observation) -> Iterator[Finding]:
    """A delta update skips exactly the segments beyond the Skip Boundary, and keeps all tags of the others.

    Held against the full playlist that was loaded just before. Distances are counted from the end of the last complete segment.
    Who counts from the newest media, as the draft can be read too, keeps less by the growing segment: a warning.
    """
    need((1 for one in seen.renditions for _ in one.deltas()), "no delta update was seen")
    for rendition in seen.renditions:
        for where, probe in rendition.deltas():
            assert probe.playlist is not None
            yield from _wrongly_skipped(where, probe.before, probe.playlist)
            yield from _lost_tags(where, probe.before, probe.playlist)


def _wrongly_skipped(where: str, full: MediaPlaylist, delta: MediaPlaylist) -> Iterator[Finding]:
    until_s = delta.control("CAN-SKIP-UNTIL") or 0.0
    first_kept = delta.media_sequence + delta.skipped
    known = {segment.msn: segment for segment in full.segments}
    if first_kept - 1 not in known or first_kept not in known:
        if delta.skipped > len(full.segments):
            yield Finding(where, f"skips {delta.skipped} of {len(full.segments)} segments")
        return
    kept_s = sum(segment.length_s for segment in delta.all_segments)
    growing_s = delta.growing.length_s if delta.growing else 0.0
    if kept_s <= until_s - _LITTLE:
        yield Finding(where, f"keeps only {kept_s:.2f} s, the Skip Boundary is {until_s:g} s")
    elif kept_s - growing_s <= until_s - _LITTLE:
        what = f"keeps {kept_s - growing_s:.2f} s of complete segments, the Skip Boundary is {until_s:g} s"
        yield Finding(where, what, warning=True)
    spare_s = kept_s - growing_s - known[first_kept].length_s
    if spare_s > until_s + _LITTLE:
        yield Finding(where, f"segment {first_kept} ends {spare_s:.2f} s before the end, and is not skipped")


def _lost_tags(where: str, full: MediaPlaylist, delta: MediaPlaylist) -> Iterator[Finding]:
    known = {segment.msn: segment for segment in full.segments}
    for segment in delta.segments:
        before = known.get(segment.msn)
        if before is None:
            continue
        if segment.init is not None and segment.identity != before.identity:
            yield Finding(where, f"segment {segment.msn} is not the same as in the full playlist")
        elif (segment.uri, segment.duration_s, segment.date_text) != (
            before.uri,
            before.duration_s,
            before.date_text,
        ):
            yield Finding(where, f"tags of segment {segment.msn} are not those of the full playlist")


@rule("F3", "6.2.5.1", Level.MUST, "requests")
def v2_skips_date_ranges(seen: Observation) -> Iterator[Finding]:
    """A delta update asked for with v2 leaves out date ranges that are older than CAN-SKIP-UNTIL.

    Compares the DATERANGE tags of the delta with those that were already listed that long ago.
    """
    asked = [item for item in _probes(seen, "skip-v2", "late-skip") if "_HLS_skip=v2" in item[2].exchange.url]
    need(asked, "no CAN-SKIP-DATERANGES")
    for where, rendition, probe in asked:
        if probe.playlist is None or not probe.playlist.tags("EXT-X-SKIP"):
            continue
        until_s = probe.playlist.control("CAN-SKIP-UNTIL") or 0.0
        old = [
            one for one in rendition.reloads if one.exchange.done_at < probe.exchange.asked_at - until_s - 1
        ]
        known = {tag.value for reload in old[-1:] for tag in reload.playlist.tags("EXT-X-DATERANGE")}
        kept = [tag for tag in probe.playlist.tags("EXT-X-DATERANGE") if tag.value in known]
        if kept:
            yield Finding(where, f"keeps {len(kept)} date ranges older than {until_s:g} s")


@rule("F4", "6.2.5.1; 6.2.5.2", Level.MUST, "requests")
def unoffered_directives_are_ignored(seen: Observation) -> Iterator[Finding]:
    """Directives that are not offered, or that come after ENDLIST, are ignored.

    Asks an ended playlist, or one that does not offer the directive, and expects the whole playlist at once.
    """
    asked = []
    for where, _, probe in _probes(seen, "skip", "whole-segment", "ended-skip", "ended-reload"):
        names = probe.before.attributes("EXT-X-SERVER-CONTROL").values
        offered = "CAN-SKIP-UNTIL" in names if "skip" in where else probe.before.can_block
        if probe.before.ended or not offered:
            asked.append((where, probe))
    need(asked, "everything is offered, and the stream is live")
    for where, probe in asked:
        if probe.playlist is None:
            yield Finding(where, probe.exchange.describe())
        elif probe.playlist.tags("EXT-X-SKIP"):
            yield Finding(where, "answered with a delta update")
        elif probe.exchange.took_s > AT_ONCE_S:
            yield Finding(where, f"answered only after {probe.exchange.took_s:.2f} s")


def wanted_of(url: str) -> tuple[int, int | None] | None:
    """_HLS_msn and _HLS_part of a URL."""
    query = parse_qs(urlsplit(url).query)
    if "_HLS_msn" not in query:
        return None
    part = query.get("_HLS_part")
    return int(query["_HLS_msn"][0]), int(part[0]) if part else None


def _unheld(where: str, probe: Probe) -> Iterator[Finding]:
    wanted = wanted_of(probe.exchange.url)
    if probe.playlist is None:
        if probe.exchange.status != _UNAVAILABLE:
            yield Finding(where, probe.exchange.describe())
    elif wanted is not None and not probe.playlist.ended and not probe.playlist.holds(*wanted):
        newest = probe.playlist.next_part
        yield Finding(where, f"asked for {wanted}, answered while {newest} was still to come")


@rule("F5", "6.2.5.2", Level.MUST, "requests")
def msn_waits_for_the_segment(seen: Observation) -> Iterator[Finding]:
    """_HLS_msn alone waits until that whole segment is listed.

    Asks for the segment that is growing.
    """
    _need_blocking(seen)
    _need_probes(seen, "was not asked", "whole-segment")
    for where, rendition, probe in _probes(seen, "whole-segment"):
        if rendition.live and probe.before.can_block:
            yield from _unheld(where, probe)


@rule("F6", "6.2.5.2", Level.MUST, "requests")
def msn_and_part_wait_for_the_part(seen: Observation) -> Iterator[Finding]:
    """_HLS_msn with _HLS_part waits until that part, or a later one, is listed.

    Holds for every reload of the watching, each of which asked for the part after the newest.
    """
    _need_blocking(seen)
    checked = False
    for rendition in seen.live():
        for reload in rendition.reloads:
            if reload.wanted is None or reload.playlist.ended:
                continue
            checked = True
            if not reload.playlist.holds(*reload.wanted):
                what = (
                    f"asked for {reload.wanted}, answered while {reload.playlist.next_part} was still to come"
                )
                yield Finding(rendition.where(reload), what)
    if not checked:
        raise NotApplicableError("no blocking reload was made")


@rule("F7", "6.2.5.2", Level.MUST, "requests")
def part_past_the_last_rolls_over(seen: Observation) -> Iterator[Finding]:
    """A part past the last one of its segment stands for part 0 of the next segment.

    Asks for the part behind the last one of the newest complete segment: no error, and part 0 of the next has to be listed.
    """
    _need_blocking(seen)
    _need_probes(seen, "no complete segment with parts was seen", "past-the-last-part")
    for where, _, probe in _probes(seen, "past-the-last-part"):
        yield from _unheld(where, probe)


@rule("F8", "6.2.5.2", Level.MUST, "requests")
def removed_segment_gives_the_playlist(seen: Observation) -> Iterator[Finding]:
    """_HLS_msn of a segment that was removed gives the whole current playlist, and no error.

    Asks for the number before the first one listed.
    """
    _need_blocking(seen)
    _need_probes(seen, "the playlist begins with number 0", "removed-segment")
    for where, _, probe in _probes(seen, "removed-segment"):
        if probe.playlist is None:
            yield Finding(where, probe.exchange.describe())
        elif probe.exchange.took_s > AT_ONCE_S:
            yield Finding(where, f"answered only after {probe.exchange.took_s:.2f} s")
        elif probe.playlist.tags("EXT-X-SKIP"):
            yield Finding(where, "answered with a delta update")


@rule("F9", "6.2.5.2", Level.MUST, "requests")
def part_without_msn_is_refused(seen: Observation) -> Iterator[Finding]:
    """_HLS_part without _HLS_msn gets 400.

    Asks so.
    """
    _need_blocking(seen)
    _need_probes(seen, "was not asked", "part-alone")
    for where, _, probe in _probes(seen, "part-alone"):
        if probe.exchange.status != _BAD_REQUEST and not _ended(probe):
            yield Finding(where, probe.exchange.describe())


@rule("F10", "6.2.5.2", Level.SHOULD, "requests")
def far_future_is_refused(seen: Observation) -> Iterator[Finding]:
    """A segment or part too far ahead gets 400 at once: over two segments, or over the Advance Part Limit.

    Asks for the tenth segment to come, and for a part twenty beyond the limit.
    """
    _need_blocking(seen)
    _need_probes(seen, "was not asked", "far-segment", "far-part")
    for where, _, probe in _probes(seen, "far-segment", "far-part"):
        if (
            probe.exchange.status != _BAD_REQUEST or probe.exchange.took_s > AT_ONCE_S
        ) and not probe.before.ended:
            yield Finding(where, probe.exchange.describe())


@rule("F11", "6.2.5.2", Level.SHOULD, "time")
def long_waits_end_with_503(seen: Observation) -> Iterator[Finding]:
    """A request that was held for more than three target durations gets 503.

    Applies when any reload had to wait that long, as when the encoder is away.
    """
    waited = [
        (rendition, exchange)
        for rendition in seen.live()
        for exchange in [
            *(one.exchange for one in rendition.reloads),
            *(one.exchange for one in rendition.probes.values()),
            *([rendition.failed_reload] if rendition.failed_reload else []),
        ]
        if exchange.took_s > 3 * (rendition.last.target_duration_s or 0) + 1
    ]
    need(waited, "no request had to wait so long")
    for rendition, exchange in waited:
        if exchange.status != _UNAVAILABLE:
            yield Finding(f"{rendition.name}, {exchange.url}", exchange.describe())


@rule("F12", "6.2.5.2", Level.SHOULD, "requests")
def i_frame_playlists_block(seen: Observation) -> Iterator[Finding]:
    """Playlists of I-frames take _HLS_msn too.

    Asks for the next segment of such a playlist.
    """
    asked = [item for item in _probes(seen, "whole-segment") if item[2].before.i_frames_only]
    need(asked, "no I-frame playlist")
    for where, _, probe in asked:
        yield from _unheld(where, probe)


@rule("F13", "6.2.6", Level.MUST, "requests")
def hinted_parts_can_be_asked_for(seen: Observation) -> Iterator[Finding]:
    """A hinted part can be asked for from the moment of the hint, and comes when it exists.

    Asks for some hinted parts at once, and compares the size with that of the part as it was listed later. A part that never
    came, or came as a gap, may be refused.
    """
    need((1 for one in seen.renditions for _ in one.hints), "no hinted part was asked for")
    for rendition in seen.renditions:
        listed = {part.uri: part for one in rendition.segments().values() for part in one.parts}
        for hint in rendition.hints:
            part, where = listed.get(hint.uri), f"{rendition.name}, {hint.uri}"
            if part is None or part.gap:
                continue
            load = rendition.loads.get(hint.uri)
            if hint.exchange.status not in {200, 206}:
                yield Finding(where, f"asked for when it was hinted: {hint.exchange.describe()}")
            elif load and load.exchange.status == _OK and load.size_bytes != hint.size_bytes:
                yield Finding(where, f"{hint.size_bytes} bytes as a hint, {load.size_bytes} when listed")


@rule("F14", "6.2.6", Level.MUST, "time")
def parts_come_at_full_speed(seen: Observation) -> Iterator[Finding]:
    """Not one byte of a part is sent before the whole part can be sent at the speed of the line.

    For hinted parts: between first and last byte may pass a quarter of PART-TARGET, plus what the same part takes when it is
    loaded again, three times over, and this process' own lateness.
    """
    loaded = [(one, hint) for one in seen.renditions for hint in one.hints if hint.exchange.status == _OK]
    need(loaded, "no hinted part was loaded")
    for rendition, hint in loaded:
        exchange, again = hint.exchange, rendition.loads.get(hint.uri)
        allowed_s = 0.25 * (rendition.last.part_target_s or 1.0)
        allowed_s += 3 * again.exchange.took_s if again else 0.0
        allowed_s += seen.lag_between(exchange.asked_at, exchange.done_at)
        spread_s = exchange.done_at - exchange.first_byte_at
        if spread_s > allowed_s:
            yield Finding(
                f"{rendition.name}, {hint.uri}", f"{spread_s:.3f} s from its first byte to its last"
            )


@rule("F15", "6.2.6", Level.SHOULD, "requests")
def unknown_parts_are_not_found(seen: Observation) -> Iterator[Finding]:
    """What is unknown and not hinted gets 404; a byte range of unknown length has no BYTERANGE-LENGTH.

    Asks for a part with a made-up name beside the real ones.
    """
    _need_probes(seen, "no part to make a wrong name from", "unknown-part")
    for where, _, probe in _probes(seen, "unknown-part"):
        if probe.exchange.status not in {_NOT_FOUND, 410} or probe.exchange.took_s > AT_ONCE_S:
            yield Finding(where, probe.exchange.describe())
