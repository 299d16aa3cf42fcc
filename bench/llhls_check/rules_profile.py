"""Rules G: the low-latency profile of the draft's appendix B.1, and Apple's authoring specification. Pure."""

import re
from collections.abc import Iterator
from statistics import median

from bench.llhls_check.lines import integer_of
from bench.llhls_check.observation import Exchange, Observation
from bench.llhls_check.rules_text import texts
from bench.llhls_check.verdicts import Finding, Level, NotApplicableError, need, rule
from bench.llhls_check.versions import needed_versions

_LONG_WINDOW_S = 120.0


def _need_low_latency(seen: Observation) -> None:
    need(seen.low_latency(), "no live playlist with parts")


def _need_edge(seen: Observation) -> None:
    if not seen.edge:
        raise NotApplicableError("this is no edge of a CDN or proxy (say --edge if it is)")


@rule("G1", "B.1", Level.MUST, "text")
def every_playlist_has_dates(seen: Observation) -> Iterator[Finding]:
    """Every live media playlist has PROGRAM-DATE-TIME.

    Looks for one in each reload.
    """
    _need_low_latency(seen)
    for rendition in seen.low_latency():
        for reload in rendition.reloads:
            if not reload.playlist.tags("EXT-X-PROGRAM-DATE-TIME"):
                yield Finding(rendition.where(reload), "no EXT-X-PROGRAM-DATE-TIME")


@rule("G2", "B.1", Level.MUST, "reloads")
def the_next_part_is_hinted(seen: Observation) -> Iterator[Finding]:
    """The next part is always hinted; an init section that will change is hinted too, with TYPE=MAP.

    Looks for the hint in each reload, and where EXT-X-MAP changed for its hint in the reloads before. Behind a DISCONTINUITY
    a missing one is a warning: when an encoder comes back with another codec, nobody knew it a part earlier.
    """
    _need_low_latency(seen)
    for rendition in seen.low_latency():
        for reload in rendition.reloads:
            if reload.playlist.hint("PART") is None and not reload.playlist.ended:
                yield Finding(rendition.where(reload), "no PRELOAD-HINT for a part")
        hinted = {rendition.first.hint("MAP")}
        known = {segment.init for segment in rendition.first.all_segments}
        for _, after in rendition.pairs():
            for segment in after.playlist.all_segments:
                if segment.init not in known and segment.init and segment.init[0] not in hinted:
                    what = f"EXT-X-MAP {segment.init[0]} came without a hint"
                    yield Finding(rendition.where(after), what, segment.discontinuity)
                known.add(segment.init)
            hinted.add(after.playlist.hint("MAP"))


@rule("G4", "B.1", Level.MUST, "requests")
def edge_speaks_http2(seen: Observation) -> Iterator[Finding]:
    """Players are served over HTTP/2 or HTTP/3.

    Asks for HTTP/2 in the TLS handshake. Only an edge is asked. Priorities of RFC 9218 cannot be seen from here.
    """
    _need_edge(seen)
    if seen.alpn != "h2":
        yield Finding(seen.url, f"agrees on {seen.alpn or 'no protocol'}, not on h2")


@rule("G5", "B.1", Level.MUST, "requests")
def ranges_and_repeats_work(seen: Observation) -> Iterator[Finding]:
    """Byte ranges are served where playlists use them, and asking twice for a playlist changes nothing.

    Asks for the first 100 bytes of a part, and for the same playlist a second time. Where no byte range is used, a missing
    support is a warning.
    """
    need((1 for one in seen.renditions if one.probes), "nothing was asked")
    for rendition in seen.renditions:
        probe = rendition.probes.get("range")
        if probe is not None and (probe.exchange.status != 206 or len(probe.exchange.body) != 100):
            used = "BYTERANGE" in rendition.last.text
            what = f"{probe.exchange.describe()} with {len(probe.exchange.body)} bytes for a range of 100"
            yield Finding(f"{rendition.name}, range", what, not used)
        again = rendition.probes.get("again")
        if again is not None and (again.playlist is None or again.playlist.next_msn < again.before.next_msn):
            yield Finding(
                f"{rendition.name}, again", "the same playlist asked for again is older or an error"
            )


@rule("G7", "B.1; C", Level.MUST, "requests")
def edge_says_age(seen: Observation) -> Iterator[Finding]:
    """A cache joins equal requests and says the Age of what it gives.

    Asks an edge twice for the same segment and looks for Age. That requests are joined can only be seen at the origin.
    """
    _need_edge(seen)
    if seen.edge_repeat is None:
        raise NotApplicableError("no segment to ask for twice")
    if "age" not in seen.edge_repeat.headers:
        yield Finding(seen.edge_repeat.url, "the second, equal request got no Age")


def max_age_s(exchange: Exchange) -> int | None:
    """Cache lifetime in seconds; `None` when nothing is said, 0 when caching is forbidden."""
    control = exchange.headers.get("cache-control", "")
    if "no-store" in control or "no-cache" in control:
        return 0
    found = re.search(r"s-maxage=(\d+)", control) or re.search(r"max-age=(\d+)", control)
    return integer_of(found[1]) if found else None


@rule("G8", "B.1", Level.RECOMMENDED, "requests")
def caching_fits(seen: Observation) -> Iterator[Finding]:
    """Answers say how long they may be cached: blocked ones six target durations, plain playlists half of one, media six.

    Warns where caches could serve old playlists, or where they could keep nothing.
    """
    _need_low_latency(seen)
    for rendition in seen.low_latency():
        target_s = rendition.last.target_duration_s or 1
        plain, blocked = rendition.reloads[0], next((one for one in rendition.reloads if one.wanted), None)
        age = max_age_s(plain.exchange)
        if age is None or age > target_s:
            yield Finding(
                rendition.where(plain), f"plain playlist with max-age {age}, {target_s / 2:g} is right"
            )
        if blocked is not None and (max_age_s(blocked.exchange) or 0) < target_s:
            what = f"blocked playlist with max-age {max_age_s(blocked.exchange)}, {6 * target_s} is right"
            yield Finding(rendition.where(blocked), what)
        load = next((one for one in rendition.loads.values() if one.exchange.status == 200), None)
        if load is not None and (max_age_s(load.exchange) or 0) < 6 * target_s:
            what = f"media with max-age {max_age_s(load.exchange)}, {6 * target_s} or more is right"
            yield Finding(f"{rendition.name}, {load.uri}", what)


@rule("G9", "B.1; Apple 12.1", Level.RECOMMENDED, "requests")
def edge_is_modern(seen: Observation) -> Iterator[Finding]:
    """Players are served with TLS 1.3; ECN and RACK are in use.

    Looks at the TLS version an edge agrees on. ECN and RACK cannot be seen from here.
    """
    _need_edge(seen)
    if seen.tls != "TLSv1.3":
        yield Finding(seen.url, f"agrees on {seen.tls or 'no TLS'}")


@rule("G10", "Apple 14.2, 14.4, 14.5", Level.MUST, "time")
def parts_fit_the_network(seen: Observation) -> Iterator[Finding]:
    """PART-TARGET is no shorter than the round trip; long windows offer delta updates, date ranges that they can be skipped.

    The round trip is the median of the answers that needed no wait. Under three round trips, and the two offers, are warnings.
    """
    _need_low_latency(seen)
    for rendition in seen.low_latency():
        names, target_s = ("part-alone", "unknown-part", "again", "head"), rendition.last.part_target_s or 0.0
        trips = [rendition.probes[name].exchange.took_s for name in names if name in rendition.probes]
        trip_s = median(trips) if trips else 0.0
        if trip_s > target_s / 3:
            what = f"a round trip took {trip_s:.3f} s, PART-TARGET is {target_s:g}"
            yield Finding(rendition.name, what, warning=trip_s <= target_s)
        control = rendition.last.attributes("EXT-X-SERVER-CONTROL").values
        if rendition.last.duration_s > _LONG_WINDOW_S and "CAN-SKIP-UNTIL" not in control:
            yield Finding(
                rendition.name, f"{rendition.last.duration_s:.0f} s without delta updates", warning=True
            )
        if rendition.last.tags("EXT-X-DATERANGE") and control.get("CAN-SKIP-DATERANGES") != "YES":
            yield Finding(rendition.name, "date ranges without CAN-SKIP-DATERANGES=YES", warning=True)


@rule("G11", "8", Level.MUST, "text")
def version_is_high_enough(seen: Observation) -> Iterator[Finding]:
    """EXT-X-VERSION is as high as the features in use need.

    Knows what needs versions 2 to 13; parts, hints, reports and SERVER-CONTROL need none.
    """
    for where, text in texts(seen):
        found = re.search(r"^#EXT-X-VERSION:(\d+)", text, re.MULTILINE)
        needed, why = max(needed_versions(text), default=(1, ""))
        if found is not None and int(found[1]) < needed:
            yield Finding(where, f"version {found[1]}, where {why} needs {needed}")
