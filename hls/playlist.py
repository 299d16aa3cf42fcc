"""Media playlists: pure functions from windows to lines, and the cache that renders each variant once per version."""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hls.answers import PlaylistReady
from hls.date_ranges import DateRanges
from hls.dates import date_text
from hls.window import PARTS_LISTED_TARGETS, Control, Part, Segment, Window

GZIP_LEVEL = 4


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


@dataclass(frozen=True, slots=True)
class Delta:
    """What a playlist leaves out because the client has it already; nothing, in a full one."""

    segments: int = 0
    """How many of the oldest."""
    date_ranges: bool = False
    """The old ones too (`_HLS_skip=v2`)."""

    @property
    def suffix(self) -> str:
        """Tells variants of one version apart, in entity tags."""
        return f"-{self.segments}{'d' if self.date_ranges else ''}" if self.segments else ""


class MediaPlaylist:
    """Renders one rendition's playlist: each variant at most once per version, and only when asked for."""

    def __init__(
        self, window: Window, ranges: DateRanges, etag_prefix: str, reports: Callable[[], list[Report]]
    ) -> None:
        self._window = window
        self._ranges = ranges
        self._etag_prefix = etag_prefix
        self._reports = reports
        self._version = -1
        self._ready: dict[str | None, PlaylistReady] = {}
        """By what may be skipped."""

    def get(self, skip: str | None) -> PlaylistReady:
        """The current playlist; `skip` is `YES` or `v2` when what is old may be left out (F1, F3)."""
        window = self._window
        if self._version != window.version:
            self._version = window.version
            self._ready.clear()
        ready = self._ready.get(skip)
        if ready is None:
            segments = skippable(window) if skip else 0
            if skip and not segments:
                ready = self.get(None)
            else:
                ready = self._render(Delta(segments, date_ranges=skip == "v2"))
            self._ready[skip] = ready
        return ready

    def _render(self, delta: Delta) -> PlaylistReady:
        window = self._window
        plain = "".join(render(window, self._ranges, self._reports(), delta)).encode()
        etag = f"{self._etag_prefix}{window.version}{delta.suffix}"
        return PlaylistReady(plain, compress(plain), etag, window.ended)


def compress(plain: bytes) -> bytes:
    """Gzip with a fixed header, so that equal text gives equal bytes."""
    return gzip.compress(plain, GZIP_LEVEL, mtime=0)


def skippable(window: Window) -> int:
    """How many segments a delta update leaves out: those beyond CAN-SKIP-UNTIL.

    Counted from the end of the last complete segment, a parent of parts; those of the growing one do not count (F2).
    """
    if window.ended:
        return 0
    until = window.control.skip_until_s
    edge_s = 0.0
    kept = 0
    for segment in reversed(window.segments):
        if edge_s > until:
            break
        edge_s += segment.duration_s
        kept += 1
    return len(window.segments) - kept


def render(window: Window, ranges: DateRanges, reports: Iterable[Report], delta: Delta) -> Iterable[str]:
    """Lines of a media playlist."""
    yield _head(window, ranges, delta)
    yield ranges.recent_tags() if delta.date_ranges else ranges.tags()
    init: int | None = None
    parts_from = _first_with_parts(window)
    for index, segment in enumerate(window.segments):
        if index < delta.segments:
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
        yield from _hints(window)
    for report in reports:
        last_part = "" if report.last_part is None else f",LAST-PART={report.last_part}"
        yield f'#EXT-X-RENDITION-REPORT:URI="{report.uri}",LAST-MSN={report.last_msn}{last_part}\n'


def _hints(window: Window) -> Iterable[str]:
    """What comes next. The part is last: hls.js keeps the last hint of any type."""
    if window.next_init is not None:
        yield f'#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="{init_name(window.next_init)}"\n'
    yield f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_name(window.parts_made)}"\n'


def _head(window: Window, ranges: DateRanges, delta: Delta) -> str:
    control = window.control
    # 6 for EXT-X-MAP, 9 for EXT-X-SKIP, 10 where it stands for date ranges; parts need none (G11).
    version = 10 if delta.date_ranges else 9 if delta.segments else 6
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{version}",
        f"#EXT-X-TARGETDURATION:{control.target_duration_s}",
        _server_control(control),
        f"#EXT-X-PART-INF:PART-TARGET={control.part_target_s:.3f}",
        f"#EXT-X-MEDIA-SEQUENCE:{window.segments[0].msn if window.segments else window.next_msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}",
    ]
    if window.all_independent:
        lines.insert(2, "#EXT-X-INDEPENDENT-SEGMENTS")
    if delta.segments:
        lines.append(_skip_tag(ranges, delta))
    return "\n".join(lines) + "\n"


def _skip_tag(ranges: DateRanges, delta: Delta) -> str:
    removed = ""
    if delta.date_ranges:  # C11: given even if empty
        names = "\t".join(ranges.recently_removed())
        removed = f',RECENTLY-REMOVED-DATERANGES="{names}"'
    return f"#EXT-X-SKIP:SKIPPED-SEGMENTS={delta.segments}{removed}"


def _server_control(control: Control) -> str:
    return (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"
        f",PART-HOLD-BACK={3 * control.part_target_ms / 1000:.3f}"
        f",HOLD-BACK={3.0 * control.target_duration_s:.3f}"
        # Always: date ranges may come at any time, and this tag never changes (E18).
        f",CAN-SKIP-UNTIL={control.skip_until_s:.3f},CAN-SKIP-DATERANGES=YES"
    )


def _first_with_parts(window: Window) -> int:
    """Index of the oldest listed segment that keeps its PART tags (E12)."""
    # A millisecond less, for those who add printed durations up.
    limit = PARTS_LISTED_TARGETS * window.control.target_duration_s - 0.001
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
