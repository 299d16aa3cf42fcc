"""Rules A: what is inside init sections, parts and segments. Pure."""

import re
from collections.abc import Iterator

from bench.llhls_check.boxes import Init, Media, Track
from bench.llhls_check.observation import Load, Observation, Rendition
from bench.llhls_check.playlist import Segment
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule, tell

_ISO6_OR_LATER = re.compile(r"iso[6-9a-c]|cmf[c2sf]|cmfl")
_CMAF_BRANDS = {"cmfc", "cmf2"}
JOIN_S = 0.001
"""Timestamps that differ by less than this join; half of a sample's duration is tolerated where that is more."""


def _inits(seen: Observation) -> Iterator[tuple[str, Init]]:
    for rendition, load in _loads(seen):
        if isinstance(load.content, Init):
            yield f"{rendition.name}, {load.uri}", load.content


def _media(seen: Observation) -> Iterator[tuple[str, Media]]:
    for rendition, load in _loads(seen):
        if isinstance(load.content, Media) and load.content.runs:
            yield f"{rendition.name}, {load.uri}", load.content


def _loads(seen: Observation) -> Iterator[tuple[Rendition, Load]]:
    for rendition in seen.renditions:
        for load in rendition.loads.values():
            yield rendition, load


def _need_inits(seen: Observation) -> None:
    need(_inits(seen), "no MP4 init section was downloaded")


def _need_media(seen: Observation) -> None:
    need(_media(seen), "no MP4 part or segment was downloaded")


def track_of(rendition: Rendition, segment: Segment, number: int) -> Track | None:
    """The track with this number in a segment's init section."""
    init = rendition.init_of(segment)
    return next((track for track in init.tracks if track.number == number), None) if init else None


@rule("A1", "3", Level.MUST, "boxes")
def timestamps_continue(seen: Observation) -> Iterator[Finding]:
    """Media goes on from one part or segment to the next without a jump in time, unless a DISCONTINUITY says otherwise.

    For each pair of neighbours that were downloaded, the first decode time has to be the end of the one before: tfdt against
    tfdt plus all durations, to half a sample. Behind a gap B15 looks.
    """
    _need_media(seen)
    for rendition in seen.renditions:
        ends: dict[int, float] = {}
        for segment, part, media in rendition.chain():
            if segment.discontinuity and (part is None or part.index == 0):
                ends = {}
            if media is None:
                ends = {}
                continue
            name = f"{rendition.name}, {part.uri if part else segment.uri}"
            yield from tell(name, _joins(rendition, segment, media, ends))


def _joins(rendition: Rendition, segment: Segment, media: Media, ends: dict[int, float]) -> Iterator[str]:
    for run in media.runs:
        track = track_of(rendition, segment, run.track)
        if track is None or run.base is None or not run.samples or not track.timescale:
            continue
        start_s, before_s = run.base / track.timescale, ends.get(run.track)
        tolerance_s = max(JOIN_S, run.samples[0].duration / track.timescale / 2)
        if before_s is not None and abs(start_s - before_s) > tolerance_s:
            yield f"track {run.track} begins at {start_s:.4f} s, where {before_s:.4f} s was expected"
        ends[run.track] = run.end / track.timescale


@rule("A2", "3; B.1", Level.MUST, "boxes")
def segments_have_an_idr(seen: Observation) -> Iterator[Finding]:
    """Every video segment holds at least one frame at which decoding can begin.

    Looks for a sync sample in each complete video segment whose parts were all downloaded. A warning only where the playlist
    has no EXT-X-INDEPENDENT-SEGMENTS: some encoders send a keyframe every ten seconds whatever they are told.
    """
    checked = False
    for rendition in seen.renditions:
        for segment in rendition.segments().values():
            media = rendition.parts_of(segment) if segment.uri else None
            whole = rendition.media_of(segment.uri)
            media = media or ([whole] if whole else None)
            video = [
                run
                for one in media or ()
                for run in one.runs
                if (track := track_of(rendition, segment, run.track)) and track.handler == "vide"
            ]
            if not video:
                continue
            checked = True
            if not any(sample.sync for run in video for sample in run.samples):
                promised = rendition.last.independent_segments or (
                    seen.multivariant is not None and "#EXT-X-INDEPENDENT-SEGMENTS" in seen.multivariant.text
                )
                yield Finding(f"{rendition.name}, {segment.uri}", "has no sync sample", not promised)
    if not checked:
        raise NotApplicableError("no complete video segment was downloaded")


@rule("A3", "3.1", Level.MUST, "boxes")
def init_has_no_samples(seen: Observation) -> Iterator[Finding]:
    """An init section holds no samples.

    No mdat and no moof box in the resource of an EXT-X-MAP.
    """
    _need_inits(seen)
    for where, init in _inits(seen):
        yield from tell(where, (f"holds a {kind} box" for kind in init.kinds if kind in {"mdat", "moof"}))


@rule("A4", "3.1.2", Level.MUST, "boxes")
def init_is_fragmented_mp4(seen: Observation) -> Iterator[Finding]:
    """An init section is `ftyp` with a brand of iso6 or later, then `moov` with empty tables, no duration, and `mvex`.

    Reads the boxes of each EXT-X-MAP resource, and the track numbers in the fragments that use it. That mvex stands behind
    the last trak is only recommended.
    """
    _need_inits(seen)
    for where, init in _inits(seen):
        yield from tell(where, _init_problems(init))
        if init.has_mvex and not init.mvex_last:
            yield Finding(where, "mvex stands before the last trak", warning=True)
    for rendition in seen.renditions:
        for segment, part, media in rendition.chain():
            init_here = rendition.init_of(segment)
            if media is None or init_here is None:
                continue
            known = {track.number for track in init_here.tracks}
            for run in media.runs:
                if run.track not in known:
                    yield Finding(
                        f"{rendition.name}, {part.uri if part else segment.uri}",
                        f"track {run.track}, where the init section has {sorted(known)}",
                    )


def _init_problems(init: Init) -> Iterator[str]:
    if not init.kinds or init.kinds[0] != "ftyp":
        yield f"begins with {init.kinds[0] if init.kinds else 'nothing'}, not with ftyp"
    elif not any(_ISO6_OR_LATER.fullmatch(brand) for brand in init.brands):
        yield f"brands {', '.join(init.brands)}: none is iso6 or later"
    if not init.has_mvex:
        yield "has no mvex"
    if init.movie_duration:
        yield f"mvhd has a duration of {init.movie_duration}"
    if not init.tracks:
        yield "has no track"
    for track in init.tracks:
        if track.table_entries:
            yield f"sample tables of track {track.number} are not empty"
        if track.tkhd_duration:
            yield f"tkhd of track {track.number} has a duration of {track.tkhd_duration}"


@rule("A5", "3.1.2", Level.MUST, "boxes")
def fragments_have_decode_times(seen: Observation) -> Iterator[Finding]:
    """Every track fragment says its decode time.

    A tfdt box in each traf of each downloaded part and segment.
    """
    _need_media(seen)
    for where, media in _media(seen):
        yield from tell(where, (f"no tfdt in track {run.track}" for run in media.runs if run.base is None))


@rule("A6", "3.1.2", Level.MUST, "boxes")
def addressing_is_relative(seen: Observation) -> Iterator[Finding]:
    """Samples are addressed relative to their movie fragment, and lie in the same file.

    default-base-is-moof set and base-data-offset absent in every tfhd; every data reference marked as self-contained.
    """
    _need_media(seen)
    for where, media in _media(seen):
        if any(run.absolute for run in media.runs):
            yield Finding(where, "tfhd has a base-data-offset")
        if not all(run.default_base for run in media.runs):
            yield Finding(where, "tfhd without default-base-is-moof")
    for where, init in _inits(seen):
        yield from tell(
            where, (f"track {one.number} refers to another file" for one in init.tracks if one.external)
        )


@rule("A7", "3.1.2", Level.SHOULD, "boxes")
def cmaf_is_kept(seen: Observation) -> Iterator[Finding]:
    """Who claims a CMAF brand keeps to CMAF.

    Where the brand cmfc or cmf2 is claimed: one track in a file, one traf in a moof.
    """
    claimed = [(where, init) for where, init in _inits(seen) if _CMAF_BRANDS & set(init.brands)]
    need(claimed, "no init section claims a CMAF brand")
    for where, init in claimed:
        if len(init.tracks) != 1:
            yield Finding(where, f"{len(init.tracks)} tracks in a CMAF file")
    for where, media in _media(seen):
        if any(count != 1 for count in media.runs_in_fragments):
            yield Finding(where, "a moof with several tracks")


@rule("A8", "3.1.2; 4.4.4.5", Level.MUST, "text")
def segments_have_a_map(seen: Observation) -> Iterator[Finding]:
    """Every fragmented MP4 segment has an EXT-X-MAP applied to it, and its byte range names an offset.

    Segments are taken for MP4 when their name ends like one or when what was downloaded is one.
    """
    need(seen.playlists(), "no media playlist")
    for rendition in seen.renditions:
        for where, playlist in rendition.playlists():
            for segment in playlist.all_segments:
                is_mp4 = re.search(
                    r"\.(m4s|m4a|m4v|mp4|cmfa|cmfv)(\?|$)", segment.uri or ""
                ) or rendition.media_of(segment.uri)
                inherited = playlist.skipped and segment.init is None
                if is_mp4 and segment.init is None and not inherited:
                    yield Finding(
                        f"{where}, line {segment.last_line}", f"no EXT-X-MAP applies to {segment.uri}"
                    )
                if segment.init and segment.init[0] is None:
                    yield Finding(f"{where}, line {segment.line}", "EXT-X-MAP without URI")
                if segment.init and segment.init[1] and "@" not in segment.init[1]:
                    yield Finding(
                        f"{where}, line {segment.line}", f"byte range {segment.init[1]} has no offset"
                    )


@rule("A9", "3.2", Level.MUST, "boxes")
def parts_are_the_segment(seen: Observation) -> Iterator[Finding]:
    """A segment and its parts carry the same samples with the same times.

    Some complete segments are downloaded besides their parts, and the samples (times, sizes, bytes) compared.
    """
    checked = False
    for rendition in seen.renditions:
        for segment in rendition.segments().values():
            whole, parts = rendition.media_of(segment.uri), rendition.parts_of(segment)
            if whole is None or parts is None or any(part.gap for part in segment.parts):
                continue
            checked = True
            joined = sorted(
                (run.track, *_key(sample)) for one in parts for run in one.runs for sample in run.samples
            )
            own = sorted((run.track, *_key(sample)) for run in whole.runs for sample in run.samples)
            if joined != own:
                yield Finding(
                    f"{rendition.name}, {segment.uri}",
                    f"{len(own)} samples, its parts {len(joined)}, and they are not the same",
                )
    if not checked:
        raise NotApplicableError("no segment was downloaded together with all its parts")


def _key(sample: object) -> tuple[object, ...]:
    fields = ("dts", "cts", "duration", "sync", "size", "digest")
    return tuple(getattr(sample, name) for name in fields)


@rule("A10", "3.2", Level.MUST, "reloads")
def parts_keep_their_place(seen: Observation) -> Iterator[Finding]:
    """Parts are counted from 0 in their segment and share its sequence number.

    Over all reloads a part's URI stays at the same segment and the same index.
    """
    need((one for one in seen.renditions if any(reload.playlist.parts for reload in one.reloads)), "no parts")
    for rendition in seen.renditions:
        places: dict[tuple[str | None, str | None], tuple[int, int]] = {}
        for reload in rendition.reloads:
            for segment, part in reload.playlist.parts:
                place = (segment.msn, part.index)
                before = places.setdefault((part.uri, part.byterange), place)
                if before != place:
                    places[part.uri, part.byterange] = place
                    was = f"part {before[1]} of segment {before[0]}"
                    where = rendition.where(reload, part.line)
                    yield Finding(where, f"{part.uri} was {was}, is part {place[1]} of {place[0]}")
