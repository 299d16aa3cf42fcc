"""Rules D: the multivariant playlist, also held against the media. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urljoin

from bench.llhls_check.boxes import Init, Track
from bench.llhls_check.lines import integer_of, number_of, read_attributes
from bench.llhls_check.observation import Observation, Rendition
from bench.llhls_check.playlist import Multivariant, Variant
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule, tell

_WHERE = "multivariant playlist"


def _multivariant(seen: Observation) -> Multivariant:
    if seen.multivariant is None:
        raise NotApplicableError("no multivariant playlist")
    return seen.multivariant


def _line(number: int) -> str:
    return f"{_WHERE}, line {number}"


@rule("D1", "4.4.6.1", Level.MUST, "text")
def renditions_are_named(seen: Observation) -> Iterator[Finding]:
    """An EXT-X-MEDIA has TYPE, GROUP-ID and NAME; in a group names differ and one is DEFAULT at most; closed captions have no URI.

    Reads all EXT-X-MEDIA, and the groups that variants refer to, which have to exist.
    """
    playlist = _multivariant(seen)
    names: set[tuple[str | None, ...]] = set()
    defaults: dict[tuple[str | None, str | None], int] = defaultdict(int)
    for tag, attributes in playlist.media:
        values = attributes.values
        group = (values.get("TYPE"), values.get("GROUP-ID"))
        missing = [name for name in ("TYPE", "GROUP-ID", "NAME") if not values.get(name)]
        yield from tell(_line(tag.number), (f"EXT-X-MEDIA without {name}" for name in missing))
        if (*group, values.get("NAME")) in names:
            yield Finding(_line(tag.number), f"NAME {values.get('NAME')} for the second time in its group")
        names.add((*group, values.get("NAME")))
        defaults[group] += values.get("DEFAULT") == "YES"
        if defaults[group] > 1 and values.get("DEFAULT") == "YES":
            yield Finding(_line(tag.number), "a second DEFAULT=YES in its group")
        if group[0] == "CLOSED-CAPTIONS" and "URI" in values:
            yield Finding(_line(tag.number), "closed captions with a URI")
    for variant in playlist.variants:
        for kind in ("AUDIO", "VIDEO", "SUBTITLES"):
            wanted = variant.values.values.get(kind)
            if wanted is not None and (kind, wanted) not in defaults:
                yield Finding(_line(variant.line), f"{kind} group {wanted} does not exist")


@rule("D2", "4.4.6.2", Level.MUST, "boxes")
def bandwidth_is_not_exceeded(seen: Observation) -> Iterator[Finding]:
    """Every variant has BANDWIDTH and a URI, and none of its combinations of renditions ever needs more.

    The peak is the highest rate of any run of neighbouring segments that lasts 0.5 to 1.5 target durations, from the sizes
    of what was downloaded, audio added to video. Where a live stream has raised its BANDWIDTH by the end of the watching, so
    that it is enough, there is a warning only: players that came early may still choose wrongly.
    """
    playlist = _multivariant(seen)
    need(playlist.variants, "no variant")
    for variant in playlist.variants:
        bandwidth = integer_of(variant.values.values.get("BANDWIDTH"))
        if not bandwidth:
            yield Finding(_line(variant.line), "no BANDWIDTH")
            continue
        if variant.uri is None:
            yield Finding(_line(variant.line), "no URI behind it")
            continue
        peak = sum(_peak_bps(one) for one in _heaviest(seen, variant))
        if peak > bandwidth:
            what = f"BANDWIDTH {bandwidth}, measured {peak:.0f} bit/s"
            yield Finding(_line(variant.line), what, _later_bandwidth(seen, variant) >= peak)


def _later_bandwidth(seen: Observation, variant: Variant) -> int:
    """What the multivariant playlist says of the same variant now; 0 when it says nothing."""
    variants = seen.later.variants if seen.later else []
    found = [one.values.values.get("BANDWIDTH") for one in variants if one.uri == variant.uri]
    return integer_of(found[0]) or 0 if found else 0


def _heaviest(seen: Observation, variant: Variant) -> list[Rendition]:
    """The variant's own rendition and the heaviest of its audio group, unless they are one."""
    members = renditions_of(seen, variant)
    own, others = members[:1], members[1:]
    return [*own, *sorted(others, key=_peak_bps)[-1:]]


def renditions_of(seen: Observation, variant: Variant) -> list[Rendition]:
    """The variant's media playlist first, then those of its groups, without repeats."""
    playlist = _multivariant(seen)
    uris = [variant.uri]
    for _, attributes in playlist.media:
        kind = attributes.values.get("TYPE", "")
        if attributes.values.get("GROUP-ID") == variant.values.values.get(kind, ""):
            uris.append(attributes.values.get("URI"))
    found: list[Rendition] = []
    for url in (urljoin(seen.exchange.url, uri) for uri in uris if uri):
        found += [one for one in seen.renditions if one.url == url and one not in found]
    return found


def _peak_bps(rendition: Rendition) -> float:
    runs: list[list[tuple[float, int]]] = [[]]
    for _, segment in sorted(rendition.segments().items()):
        load = rendition.loads.get(segment.uri or "")
        parts = [rendition.loads.get(part.uri or "") for part in segment.parts]
        if segment.uri is None or not segment.duration_s:
            continue
        if load is not None and load.content is not None:
            runs[-1].append((segment.duration_s, load.size_bytes))
        elif parts and all(part is not None and part.content is not None for part in parts):
            runs[-1].append((segment.duration_s, sum(part.size_bytes for part in parts if part)))
        elif runs[-1]:
            runs.append([])
    target_s = rendition.last.target_duration_s or 1
    return max((rate for run in runs for rate in _rates(run, target_s)), default=0.0)


def _rates(segments: list[tuple[float, int]], target_s: int) -> Iterator[float]:
    for start in range(len(segments)):
        length_s, size = 0.0, 0
        for seconds, count in segments[start:]:
            length_s, size = length_s + seconds, size + count
            if length_s > 1.5 * target_s:
                break
            if length_s >= 0.5 * target_s:
                yield size * 8 / length_s


@rule("D3", "4.4.6.2", Level.SHOULD, "boxes")
def variants_are_described(seen: Observation) -> Iterator[Finding]:
    """CODECS names every format of a variant and its groups, FRAME-RATE is given above 30 fps, RESOLUTION for video.

    Compares them with the init sections and the durations of samples in what was downloaded.
    """
    playlist = _multivariant(seen)
    need(playlist.variants, "no variant")
    for variant in playlist.variants:
        yield from tell(_line(variant.line), _description_problems(seen, variant))


def _description_problems(seen: Observation, variant: Variant) -> Iterator[str]:
    values = variant.values.values
    codecs = [one.strip() for one in values.get("CODECS", "").split(",") if one.strip()]
    if not codecs:
        yield "no CODECS"
    for rendition in renditions_of(seen, variant):
        segments = [segment for _, segment in sorted(rendition.segments().items())]
        init = rendition.init_of(segments[-1]) if segments else None
        for track in init.tracks if init else ():
            if codecs and not any(_names(codec, track.codec) for codec in codecs):
                yield f"CODECS {','.join(codecs)} does not name {track.codec} of {rendition.name}"
            if track.handler == "vide":
                yield from _picture_problems(dict(values), track, _frame_rate(rendition, init, track))


def _names(listed: str, real: str) -> bool:
    """Whether a CODECS entry stands for what the boxes say, as far as they say it."""
    one, two = listed.lower(), real.lower()
    return one == two or ("." not in two and one.partition(".")[0] == two)


def _picture_problems(values: dict[str, str], track: Track, fps: float | None) -> Iterator[str]:
    size = f"{track.width}x{track.height}"
    if "RESOLUTION" not in values:
        yield "no RESOLUTION"
    elif values["RESOLUTION"] != size:
        yield f"RESOLUTION {values['RESOLUTION']}, the pictures are {size}"
    listed = number_of(values.get("FRAME-RATE"))
    if fps is not None and fps > 30.5 and listed is None:
        yield f"no FRAME-RATE, where there are {fps:.2f} fps"
    elif fps is not None and listed is not None and listed < 0.95 * fps:
        yield f"FRAME-RATE {listed:g}, where there are {fps:.2f} fps"


def _frame_rate(rendition: Rendition, init: Init | None, track: Track) -> float | None:
    """From the most frequent sample duration."""
    if init is None:
        return None
    counts: dict[int, int] = defaultdict(int)
    for segment, _, media in rendition.chain():
        if media is None or rendition.init_of(segment) is not init:
            continue
        for run in media.runs:
            for sample in run.samples if run.track == track.number else ():
                counts[sample.duration] += 1
    counts.pop(0, None)
    total, ticks = sum(counts.values()), sum(length * count for length, count in counts.items())
    return track.timescale * total / ticks if total >= 10 else None


@rule("D4", "4.4.6.2", Level.MUST, "text")
def scores_are_all_or_none(seen: Observation) -> Iterator[Finding]:
    """CLOSED-CAPTIONS=NONE and SCORE stand at all variants or at none.

    Counts them; an incomplete SCORE is only a warning.
    """
    variants = _multivariant(seen).variants
    need(variants, "no variant")
    scored = [one for one in variants if "SCORE" in one.values.values]
    if scored and len(scored) < len(variants):
        yield Finding(_WHERE, f"SCORE at {len(scored)} of {len(variants)} variants", warning=True)
    without = [one for one in variants if one.values.values.get("CLOSED-CAPTIONS") == "NONE"]
    if without and len(without) < len(variants):
        yield Finding(_WHERE, f"CLOSED-CAPTIONS=NONE at {len(without)} of {len(variants)} variants")


@rule("D5", "4.4.6.3; 4.4.3.6", Level.MUST, "text")
def i_frame_variants_are_complete(seen: Observation) -> Iterator[Finding]:
    """EXT-X-I-FRAME-STREAM-INF has BANDWIDTH and URI; a playlist of I-frames has an EXT-X-MAP where its media is MP4.

    Reads the tags. That EXTINF is the time to the next I-frame is not checked.
    """
    tags = [
        line
        for line in (seen.multivariant.lines if seen.multivariant else [])
        if line.name == "EXT-X-I-FRAME-STREAM-INF"
    ]
    lists = [(where, one) for where, one in seen.playlists() if one.i_frames_only]
    need([*tags, *lists], "no I-frame playlists")
    for tag in tags:
        values = read_attributes(tag.value).values
        missing = [name for name in ("BANDWIDTH", "URI") if not values.get(name)]
        yield from tell(_line(tag.number), (f"EXT-X-I-FRAME-STREAM-INF without {name}" for name in missing))
    for where, playlist in lists:
        if any(segment.init is None and ".ts" not in (segment.uri or "") for segment in playlist.segments):
            yield Finding(where, "an I-frame playlist without EXT-X-MAP")


@rule("D6", "4.4.6.6", Level.MUST, "text")
def steering_is_complete(seen: Observation) -> Iterator[Finding]:
    """EXT-X-CONTENT-STEERING has SERVER-URI, and its PATHWAY-ID is one that variants have.

    Reads the tag and the PATHWAY-IDs of all variants.
    """
    playlist = _multivariant(seen)
    tags = [line for line in playlist.lines if line.name == "EXT-X-CONTENT-STEERING"]
    need(tags, "no EXT-X-CONTENT-STEERING")
    pathways = {variant.values.values.get("PATHWAY-ID", ".") for variant in playlist.variants}
    for tag in tags:
        values = read_attributes(tag.value).values
        if not values.get("SERVER-URI"):
            yield Finding(_line(tag.number), "no SERVER-URI")
        if values.get("PATHWAY-ID", ".") not in pathways and "PATHWAY-ID" in values:
            yield Finding(_line(tag.number), f"PATHWAY-ID {values['PATHWAY-ID']} is at no variant")
