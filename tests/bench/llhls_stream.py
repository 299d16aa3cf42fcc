"""A stream that keeps every rule, seen for a while, as an `Observation` into which violations can be planted.

Segments of four parts of one second; TARGETDURATION 4, PART-TARGET 1, ten frames a second. Part n is made at second n.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from bench.llhls_check.boxes import Init, Media, read_init, read_media
from bench.llhls_check.observation import Exchange, HintLoad, Load, Observation, Probe, Reload, Rendition
from bench.llhls_check.playlist import MediaPlaylist, read_multivariant, read_playlist
from tests.bench import llhls_boxes as mp4

BASE = "http://origin.example/live/"
PARTS = 4
LISTED = 10
"""Segments in the window."""
FIRST, LAST = 33, 46
"""Parts that exist at the first and at the last reload."""
SCALES = {"video": 90_000, "audio": 48_000}

MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=8000,CODECS="avc1.64000a,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=10.000,AUDIO="a"
video/index.m3u8
"""

HEADERS = {
    "content-type": "application/vnd.apple.mpegurl",
    "content-encoding": "gzip",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Age, Date",
    "cache-control": "public, max-age=2",
}
MEDIA_HEADERS = {
    **HEADERS,
    "content-type": "video/mp4",
    "cache-control": "public, max-age=86400",
    "etag": '"1"',
}


def date(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"2026-01-01T12:{int(minutes):02}:{rest:06.3f}Z"


def playlist_text(name: str, made: int, *, skip: int = 0) -> str:
    """The media playlist when so many parts exist; segments are numbered from 1."""
    complete = made // PARTS
    first = max(1, complete - LISTED + 1)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{9 if skip else 6}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,HOLD-BACK=12.0,CAN-SKIP-UNTIL=24.0",
        "#EXT-X-PART-INF:PART-TARGET=1.0",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
    ]
    if skip:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skip}")
    for msn in range(first + skip, complete + 2):
        lines += segment_lines(name, msn, made, with_map=msn == first + skip)
    other = "audio" if name == "video" else "video"
    msn, part = divmod(made - 1, PARTS)
    lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p{made}.m4s"')
    lines.append(f'#EXT-X-RENDITION-REPORT:URI="../{other}/index.m3u8",LAST-MSN={msn + 1},LAST-PART={part}')
    return "\n".join(lines) + "\n"


def segment_lines(name: str, msn: int, made: int, *, with_map: bool) -> list[str]:
    begin = (msn - 1) * PARTS
    if begin >= made:
        return []
    lines = ['#EXT-X-MAP:URI="init.mp4"'] if with_map else []
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date(begin)}")
    if made - (begin + PARTS) <= 12:
        for number in range(begin, min(begin + PARTS, made)):
            mark = ",INDEPENDENT=YES" if name == "audio" or number == begin else ""
            lines.append(f'#EXT-X-PART:DURATION=1.00000,URI="p{number}.m4s"{mark}')
    if begin + PARTS <= made:
        lines += ["#EXTINF:4.00000,", f"s{msn}.m4s"]
    return lines


def samples(name: str, number: int) -> list[mp4.S]:
    """Ten frames; the first of a segment is a keyframe, and every audio frame is one."""
    ticks = SCALES[name] // 10
    return [
        mp4.S(
            ticks,
            f"{name} {number} {index}".encode(),
            name == "audio" or (number % PARTS == 0 and index == 0),
        )
        for index in range(10)
    ]


def part_bytes(name: str, number: int) -> bytes:
    return mp4.fragment(number * SCALES[name], samples(name, number))


def segment_bytes(name: str, msn: int) -> bytes:
    return b"".join(part_bytes(name, number) for number in range((msn - 1) * PARTS, msn * PARTS))


def init_bytes(name: str) -> bytes:
    return mp4.init(b"vide" if name == "video" else b"soun", timescale=SCALES[name])


def exchange(url: str, text: str = "", *, status: int = 200, at: float = 0.0, took: float = 0.01) -> Exchange:
    headers = dict(HEADERS)
    if "_HLS_msn" in url:
        headers["cache-control"] = "public, max-age=24"
    return Exchange(url, status, headers, text.encode(), at, at + took, at + took)


def load(uri: str, url: str, data: bytes, *, status: int = 200, at: float = 0.0) -> Load:
    content: Init | Media | None = None
    if status == 200:
        content = read_init(data) if b"moov" in data[:400] else read_media(data)
    answer = Exchange(url, status, dict(MEDIA_HEADERS), b"", at, at + 0.01, at + 0.01)
    return Load(uri, answer, len(data), content)


@cache
def parsed(text: str) -> MediaPlaylist:
    return read_playlist(text)


@cache
def loads_of(name: str) -> dict[str, Load]:
    url = f"{BASE}{name}/"
    found = {"init.mp4": load("init.mp4", f"{url}init.mp4", init_bytes(name))}
    for number in range(LAST):
        if number >= FIRST - 4 * PARTS - 1:
            found[f"p{number}.m4s"] = load(f"p{number}.m4s", f"{url}p{number}.m4s", part_bytes(name, number))
    for msn in (9, 10):
        found[f"s{msn}.m4s"] = load(f"s{msn}.m4s", f"{url}s{msn}.m4s", segment_bytes(name, msn))
    return found


def watch(name: str) -> Rendition:
    one = Rendition(name, f"{BASE}{name}/index.m3u8", name)
    for made in range(FIRST, LAST + 1):
        msn, part = divmod(made - 1, PARTS)
        wanted = (msn + 1, part) if made > FIRST else None
        url = one.url + (f"?_HLS_msn={msn + 1}&_HLS_part={part}" if wanted else "")
        text = playlist_text(name, made)
        answer = exchange(url, text, at=made - 0.9 if wanted else made, took=0.9 if wanted else 0.01)
        one.reloads.append(Reload(made - FIRST, answer, parsed(text), wanted))
    one.loads = dict(loads_of(name))
    for number in range(FIRST, FIRST + 3):
        hint = Exchange(one.resolve(f"p{number}.m4s"), 200, {}, b"", number, number + 0.9, number + 0.91)
        one.hints.append(HintLoad(f"p{number}.m4s", hint, len(part_bytes(name, number))))
    one.probes = probes(one)
    one.late = {uri: exchange(one.resolve(uri), at=LAST + 1) for uri in ("p16.m4s", "s1.m4s")}
    return one


def probes(one: Rendition) -> dict[str, Probe]:
    """Every question, answered rightly."""
    last = one.last

    def probe(query: str, text: str = "", *, status: int = 200, took: float = 0.02) -> Probe:
        answer = exchange(one.url + query, text, status=status, at=float(LAST), took=took)
        return Probe(answer, last, parsed(text) if text else None)

    full, msn = last.text, last.next_msn
    found = {
        "again": probe("", full),
        "skip": probe("?_HLS_skip=YES", playlist_text(one.name, LAST, skip=4)),
        "part-alone": probe("?_HLS_part=0", status=400),
        "far-segment": probe(f"?_HLS_msn={msn + 10}", status=400),
        "far-part": probe(f"?_HLS_msn={msn}&_HLS_part=30", status=400),
        "removed-segment": probe(f"?_HLS_msn={last.media_sequence - 1}", full),
        "unknown-part": probe("", status=404),
        "past-the-last-part": probe(f"?_HLS_msn={msn - 1}&_HLS_part={PARTS}", full),
        "whole-segment": probe(f"?_HLS_msn={msn}", playlist_text(one.name, LAST + 2), took=2.0),
    }
    part = Exchange(one.resolve("p40.m4s"), 206, dict(MEDIA_HEADERS), bytes(100), LAST, LAST, LAST)
    size = str(len(part_bytes(one.name, 40)))
    found["range"] = Probe(part, last)
    found["head"] = Probe(replace(part, status=200, body=b"", headers={"content-length": size}), last)
    found["etag"] = Probe(replace(part, status=304, body=b""), last)
    return found


def clean() -> Observation:
    """The stream, without a fault."""
    first = exchange(f"{BASE}index.m3u8", MULTIVARIANT)
    return Observation(first.url, first, [watch("video"), watch("audio")], read_multivariant(MULTIVARIANT))


# -- planting ---------------------------------------------------------------------------------------------------------

Edit = Callable[[str], str]


def edited(playlist: MediaPlaylist, edit: Edit) -> MediaPlaylist:
    text = edit(playlist.text)
    assert text != playlist.text, "nothing was planted"
    return read_playlist(text)


def edit_reload(one: Rendition, number: int, edit: Edit) -> None:
    reload = one.reloads[number]
    playlist = edited(reload.playlist, edit)
    answer = replace(reload.exchange, body=playlist.text.encode())
    one.reloads[number] = replace(reload, playlist=playlist, exchange=answer)


def edit_all(one: Rendition, edit: Edit) -> None:
    for number in range(len(one.reloads)):
        edit_reload(one, number, edit)


def put(one: Rendition, uri: str, data: bytes, *, status: int = 200) -> None:
    one.loads[uri] = load(uri, one.resolve(uri), data, status=status)


def answer_with(one: Rendition, name: str, text: str = "", *, status: int = 200, took: float = 0.02) -> None:
    """Another answer to a question."""
    before = one.probes[name]
    answer = replace(before.exchange, status=status, done_at=before.exchange.asked_at + took)
    one.probes[name] = replace(before, exchange=answer, playlist=read_playlist(text) if text else None)


def edit_multivariant(seen: Observation, edit: Edit) -> None:
    assert seen.multivariant is not None
    text = edit(seen.multivariant.text)
    assert text != seen.multivariant.text, "nothing was planted"
    seen.multivariant = read_multivariant(text)
