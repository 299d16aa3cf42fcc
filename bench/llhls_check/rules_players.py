"""Rules H: what players need beyond the draft; ids and levels are ours, and nothing here fails. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from bench.llhls_check.lines import read_attributes
from bench.llhls_check.observation import Observation
from bench.llhls_check.rules_text import media_duration_s
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule


@rule("H1", "hls.js", Level.RECOMMENDED, "requests")
def pages_may_read(seen: Observation) -> Iterator[Finding]:
    """Pages of other origins may read playlists and media (CORS), and the Age header.

    Sends an Origin, and looks for Access-Control-Allow-Origin and Access-Control-Expose-Headers.
    """
    exchanges = [seen.exchange]
    for rendition in seen.renditions:
        exchanges += [reload.exchange for reload in rendition.reloads[:1]]
        exchanges += [load.exchange for load in rendition.loads.values() if load.exchange.status == 200][:1]
    for exchange in exchanges:
        if "access-control-allow-origin" not in exchange.headers:
            yield Finding(exchange.url, "no Access-Control-Allow-Origin")
        elif "age" not in exchange.headers.get("access-control-expose-headers", "").lower().replace(
            " ", ""
        ).split(","):
            yield Finding(exchange.url, "Age is not exposed")


@rule("H2", "HTTP", Level.RECOMMENDED, "requests")
def etags_work(seen: Observation) -> Iterator[Finding]:
    """Media has an ETag, and If-None-Match with it gets 304.

    Asks for a part that was loaded before.
    """
    asked = [(one, one.probes["etag"]) for one in seen.renditions if "etag" in one.probes]
    need(asked, "no part was loaded")
    for rendition, probe in asked:
        if probe.exchange.status != 304:
            yield Finding(f"{rendition.name}, etag", probe.exchange.describe())


@rule("H3", "HTTP", Level.RECOMMENDED, "requests")
def head_works(seen: Observation) -> Iterator[Finding]:
    """HEAD gives the headers of GET without a body.

    Asks for a part with both.
    """
    asked = [(one, one.probes["head"]) for one in seen.renditions if "head" in one.probes]
    need(asked, "no part was loaded")
    for rendition, probe in asked:
        load = rendition.loads.get(probe.exchange.url) or next(
            (one for one in rendition.loads.values() if one.exchange.url == probe.exchange.url), None
        )
        length = probe.exchange.headers.get("content-length")
        if probe.exchange.status != 200 or (load is not None and length != str(load.size_bytes)):
            yield Finding(f"{rendition.name}, head", f"{probe.exchange.describe()}, Content-Length {length}")


@rule("H4", "hls.js", Level.SHOULD, "text")
def first_playlist_is_not_empty(seen: Observation) -> Iterator[Finding]:
    """The first answer has a complete segment with a number of at least 1.

    hls.js takes a playlist of parts only for an empty one, and a last number of 0 for none: it then reloads without blocking.
    """
    need(seen.low_latency(), "no live playlist with parts")
    for rendition in seen.low_latency():
        if not rendition.first.segments:
            yield Finding(rendition.where(rendition.reloads[0]), "no complete segment yet")
        elif rendition.first.segments[-1].msn < 1:
            yield Finding(rendition.where(rendition.reloads[0]), "the newest complete segment has number 0")


@rule("H5", "hls.js", Level.SHOULD, "boxes")
def part_durations_are_real(seen: Observation) -> Iterator[Finding]:
    """The DURATION of a part is that of its samples.

    Compares them to 5 ms. Players skip or repeat media where they differ.
    """
    checked = False
    for rendition in seen.renditions:
        for segment, part, media in rendition.chain():
            length_s = media_duration_s(rendition, segment, media) if media and media.runs else None
            if part is None or length_s is None or part.duration_s is None:
                continue
            checked = True
            if abs(length_s - part.duration_s) > 0.005:
                what = f"DURATION {part.duration_s:g}, its samples last {length_s:.5f} s"
                yield Finding(f"{rendition.name}, {part.uri}", what)
    if not checked:
        raise NotApplicableError("no MP4 part was downloaded")


@rule("H6", "hls.js", Level.RECOMMENDED, "text")
def uris_are_plain(seen: Observation) -> Iterator[Finding]:
    """URIs of parts and reports carry no delivery directives and no query of a viewer.

    hls.js finds a report by its URI, and a cache keeps one copy for each query.
    """
    need(seen.low_latency(), "no live playlist with parts")
    for rendition in seen.low_latency():
        tags = [
            *rendition.last.tags("EXT-X-PART"),
            *rendition.last.tags("EXT-X-RENDITION-REPORT"),
            *rendition.last.tags("EXT-X-PRELOAD-HINT"),
        ]
        for tag in tags:
            uri = read_attributes(tag.value).values.get("URI", "")
            if urlsplit(uri).query:
                yield Finding(rendition.where(rendition.reloads[-1], tag.number), f"{tag.name} with {uri}")
