"""Playlist text: pure functions from windows to lines, and the cache that renders each variant once per version."""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from common.media import AudioConfig, VideoConfig
from hls.answers import PlaylistReady
from hls.window import PARTS_LISTED_TARGETS, Control, Part, Segment, Window

GZIP_LEVEL = 4

BANDWIDTH_RESERVE = 1.25
"""BANDWIDTH is a promise about segments not made yet (D2): the peak so far and a quarter."""


def part_name(number: int) -> str:
    """URI of a part, relative to its playlist."""
    return f"p{number}.m4s"


def segment_name(msn: int) -> str:
    """URI of a segment, relative to its playlist."""
    return f"s{msn}.m4s"


def init_name(number: int) -> str:
    """URI of an init section, relative to its playlist."""
    return f"init-{number}.mp4"


@dataclass(frozen=True, slots=True)
class Report:
    """Where another rendition's playlist stands (EXT-X-RENDITION-REPORT)."""

    uri: str
    """Relative to the playlist that carries the report."""
    last_msn: int
    last_part: int | None


class MediaPlaylist:
    """Renders one rendition's playlist: each variant at most once per version, and only when asked for."""

    def __init__(self, window: Window, etag_prefix: str, reports: Callable[[], list[Report]]) -> None:
        self._window = window
        self._etag_prefix = etag_prefix
        self._reports = reports
        self._version = -1
        self._ready: dict[int, PlaylistReady] = {}

    def get(self, *, delta: bool) -> PlaylistReady:
        """The current playlist; with `delta`, the old segments skipped if that is possible."""
        window = self._window
        if self._version != window.version:
            self._version = window.version
            self._ready.clear()
        skipped = skippable(window) if delta else 0
        ready = self._ready.get(skipped)
        if ready is None:
            plain = "".join(render(window, self._reports(), skipped)).encode()
            variant = f"{self._etag_prefix}{window.version}" + (f"-{skipped}" if skipped else "")
            ready = PlaylistReady(plain, compress(plain), variant, window.ended)
            self._ready[skipped] = ready
        return ready


def compress(plain: bytes) -> bytes:
    """Gzip with a fixed header, so that equal text gives equal bytes."""
    return gzip.compress(plain, GZIP_LEVEL, mtime=0)


def skippable(window: Window) -> int:
    """How many segments a delta update leaves out: those beyond CAN-SKIP-UNTIL, counted from the end (F2).

    0, so the full playlist, while a DISCONTINUITY is listed: players differ in how they merge it (hls.js #6949, #7554).
    """
    if window.ended or window.discontinuities_listed:
        return 0
    until = window.control.skip_until_s
    edge_s = window.current.duration_s if window.current else 0.0
    kept = 0
    for segment in reversed(window.segments):
        if edge_s > until:
            break
        edge_s += segment.duration_s
        kept += 1
    return len(window.segments) - kept


def render(window: Window, reports: Iterable[Report], skipped: int) -> Iterable[str]:
    """Lines of a media playlist; `skipped`: number of the oldest segments to leave out (a delta update)."""
    yield _head(window, skipped)
    init: int | None = None
    parts_from = _first_with_parts(window)
    for index, segment in enumerate(window.segments):
        if index < skipped:
            continue
        if segment.init != init:
            init = segment.init
            yield _map_first(_text(segment, with_parts=index >= parts_from), segment)
        else:
            yield _text(segment, with_parts=index >= parts_from)
    current = window.current
    if current is not None and current.parts:
        yield (
            _map_first(_lines(current, with_parts=True), current)
            if current.init != init
            else _lines(current, with_parts=True)
        )
    if window.ended:
        yield "#EXT-X-ENDLIST\n"
    else:
        yield f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_name(window.parts_made)}"\n'
    for report in reports:
        last_part = "" if report.last_part is None else f",LAST-PART={report.last_part}"
        yield f'#EXT-X-RENDITION-REPORT:URI="{report.uri}",LAST-MSN={report.last_msn}{last_part}\n'


def _head(window: Window, skipped: int) -> str:
    control = window.control
    lines = [
        "#EXTM3U",
        # 9 for EXT-X-SKIP, 6 for EXT-X-MAP; parts need none (G11).
        f"#EXT-X-VERSION:{9 if skipped else 6}",
        f"#EXT-X-TARGETDURATION:{control.target_duration_s}",
        _server_control(control),
        f"#EXT-X-PART-INF:PART-TARGET={control.part_target_s:.3f}",
        f"#EXT-X-MEDIA-SEQUENCE:{window.segments[0].msn if window.segments else window.next_msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}",
    ]
    if window.all_independent:
        lines.insert(2, "#EXT-X-INDEPENDENT-SEGMENTS")
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    return "\n".join(lines) + "\n"


def _server_control(control: Control) -> str:
    return (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"
        f",PART-HOLD-BACK={3 * control.part_target_ms / 1000:.3f}"
        f",HOLD-BACK={3.0 * control.target_duration_s:.3f}"
        f",CAN-SKIP-UNTIL={control.skip_until_s:.3f}"
    )


def _first_with_parts(window: Window) -> int:
    """Index of the oldest listed segment that keeps its PART tags (E12)."""
    limit = PARTS_LISTED_TARGETS * window.control.target_duration_s
    edge_s = window.current.duration_s if window.current else 0.0
    index = len(window.segments)
    for segment in reversed(window.segments):
        if edge_s > limit:
            break
        edge_s += segment.duration_s
        index -= 1
    return index


def _text(segment: Segment, *, with_parts: bool) -> str:
    """A complete segment's lines, kept for the next rendering."""
    if with_parts:
        segment.text_with_parts = segment.text_with_parts or _lines(segment, with_parts=True)
        return segment.text_with_parts
    segment.text_with_parts = None
    segment.text = segment.text or _lines(segment, with_parts=False)
    return segment.text


def _map_first(text: str, segment: Segment) -> str:
    """Put the MAP before the segment's lines, behind a DISCONTINUITY (C9; hls.js starts a new fragment at MAP)."""
    tag = "#EXT-X-DISCONTINUITY\n"
    head, rest = (tag, text.removeprefix(tag)) if segment.discontinuity else ("", text)
    return f'{head}#EXT-X-MAP:URI="{init_name(segment.init)}"\n{rest}'


def _lines(segment: Segment, *, with_parts: bool) -> str:
    lines = ["#EXT-X-DISCONTINUITY"] if segment.discontinuity else []
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_text(segment.date_s)}")
    if with_parts:
        lines += map(_part_line, segment.parts)
    if segment.complete:
        if segment.gap:
            lines.append("#EXT-X-GAP")
        lines += [f"#EXTINF:{segment.duration_s:.5f},", segment_name(segment.msn)]
    return "\n".join(lines) + "\n"


def _part_line(part: Part) -> str:
    flags = ",GAP=YES" if part.gap else ",INDEPENDENT=YES" if part.independent else ""
    return f'#EXT-X-PART:DURATION={part.duration_s:.5f},URI="{part_name(part.number)}"{flags}'


def date_text(date_s: float) -> str:
    """ISO 8601 with milliseconds and zone (B14)."""
    return (
        datetime.fromtimestamp(round(date_s, 3), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def multivariant(
    stream_path: str,
    video: tuple[VideoConfig, Window, float] | None,
    audio: tuple[AudioConfig, Window] | None,
) -> str:
    """The multivariant playlist; `stream_path` leads from it to the stream, `video` has its frames a second.

    Audio is a rendition of its own, and a variant of its own too: audio only costs nothing.
    """
    lines = ["#EXTM3U", "#EXT-X-VERSION:4"]
    audio_rates = _rates(audio[1]) if audio else (0, 0)
    group = ',AUDIO="audio"' if audio and video else ""
    if audio and group:
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES'
            f',CHANNELS="{audio[0].channels}",URI="{stream_path}/audio/index.m3u8"'
        )
    if video:
        config, window, fps = video
        video_rates = _rates(window)
        rates = (video_rates[0] + audio_rates[0], video_rates[1] + audio_rates[1])
        codecs = [config.rfc6381, audio[0].rfc6381] if audio else [config.rfc6381]
        picture = f",RESOLUTION={config.width}x{config.height},FRAME-RATE={fps:.3f}"
        lines += [_variant(rates, codecs, picture + group), f"{stream_path}/video/index.m3u8"]
    if audio:
        lines += [_variant(audio_rates, [audio[0].rfc6381], group), f"{stream_path}/audio/index.m3u8"]
    return "\n".join(lines) + "\n"


def _variant(rates: tuple[int, int], codecs: list[str], more: str) -> str:
    peak, mean = rates
    return f'#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={mean},CODECS="{",".join(codecs)}"{more}'


def _rates(window: Window) -> tuple[int, int]:
    mean = window.total_bytes * 8 / window.total_s if window.total_s else 0.0
    peak = max(window.peak_bps * BANDWIDTH_RESERVE, mean, 1.0)
    return round(peak), max(1, round(mean))
