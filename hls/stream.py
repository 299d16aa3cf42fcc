"""`LiveStream`: packets of one broadcast in, answers for viewers out. The only object of this package others feed.

It never raises for what an encoder sends: what cannot be used is counted. Everything but waiting is synchronous, so a
decision and what viewers see of it cannot be torn apart. Rule: no I/O here; files are the business of `hls.spill`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from common.media import CLOCK_HZ, AudioConfig, MediaConfig, Packet, Track, VideoConfig
from hls.answers import Directives, MediaAnswer, MediaReady, PlaylistAnswer, PlaylistReady, Refused, Wait
from hls.cuts import Anchor, Cut, PartCut, SegmentEnded, SegmentStarted, Started
from hls.fragments import FragmentError, Muxer
from hls.playlist import MediaPlaylist, Report, compress, multivariant, segment_name
from hls.spill import Spill, StreamFiles
from hls.timeline import Timeline
from hls.window import GONE, Control, Segment, Window

VIDEO, AUDIO = Track.VIDEO.value, Track.AUDIO.value
"""Names of the renditions, as in their URLs."""

MEDIA_NAME = re.compile(
    r"(?:(p)(0|[1-9][0-9]{0,11})\.m4s|(s)([1-9][0-9]{0,11})\.m4s|(init)-([1-9][0-9]{0,5})\.mp4)"
)

FPS_TICKS = 4 * CLOCK_HZ
"""Video to see before its mean frame rate is better than the first second's: 29.97 is told from 30 by it."""

MUXERS_KEPT = 8
"""Configurations that were checked and may come into use."""

NOT_RENDITION = Refused(404, "no such rendition")

COMMON_RATES = (
    24000 / 1001,
    24.0,
    25.0,
    30000 / 1001,
    30.0,
    48.0,
    50.0,
    60000 / 1001,
    60.0,
    90.0,
    100.0,
    120.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HlsSettings:
    """What an operator may choose about packaging."""

    target_duration_s: int = 4
    window_s: float = 600.0
    """DVR: how far back viewers can go. Without a place to spill to, no more than `memory_s`."""
    memory_s: float = 24.0
    """Media this new stays in memory."""
    gap_after_s: float = 1.5
    """Silence of an encoder after which GAP parts stand in for its media."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream is, for people and the database."""

    video_codec: str | None
    """CODECS string, e.g. `avc1.64001f`; `None` without video."""
    audio_codec: str | None
    width: int | None
    height: int | None
    fps: float | None


@dataclass(frozen=True, slots=True)
class StreamStats:
    """How a stream is doing."""

    bytes_in: int
    frames: int
    parts: int
    """Parts of all renditions, GAP parts included."""
    gap_parts: int
    dropped: int
    """Packets that had no place on the timeline."""
    undecodable: int
    """Configurations and parts that could not be muxed."""
    fps: float | None
    keyframe_interval_s: float | None
    memory_bytes: int
    window_s: float
    issues: tuple[str, ...]
    """What the streamer should change: `keyframe_interval_too_long`, `no_keyframe`, `late_track`, `timestamps_jump`,
    `bad_configuration`."""


class _Rendition:
    """One track's window, playlist and the event its waiters share."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.window: Window | None = None
        self.playlist: MediaPlaylist | None = None
        self.muxer: Muxer | None = None
        self.config: MediaConfig | None = None
        self.init = 0
        self.changed = trio.Event()
        self.seen = 0
        """Version its waiters were last woken for."""


class LiveStream:
    """One broadcast: fed by the publisher's driver, asked by the origin.

    Args:
        stream_id: UUIDv7, part of every URL, so that URLs are unique for ever.
        settings: see `HlsSettings`.
        spill: where segments go that are no longer new; `None` keeps the window to what is in memory.
        wall_clock_s: seconds since 1970, read when PROGRAM-DATE-TIME is anchored.

    All `now` are seconds of one monotonic clock (`trio.current_time`).

    """

    def __init__(
        self, stream_id: str, *, settings: HlsSettings, spill: Spill | None, wall_clock_s: Callable[[], float]
    ) -> None:
        self.stream_id = stream_id
        self._settings = settings
        self._wall_clock_s = wall_clock_s
        self._now = 0.0
        self._files: StreamFiles | None = spill.open(stream_id) if spill else None
        if self._files is not None:
            self._files.evict_oldest = self._evict_oldest
        self._timeline = Timeline(
            target_duration_s=settings.target_duration_s, gap_after_s=settings.gap_after_s
        )
        self._all = {VIDEO: _Rendition(Track.VIDEO), AUDIO: _Rendition(Track.AUDIO)}
        self._started: Started | None = None
        self._anchor: Anchor | None = None
        self._anchor_date_s = 0.0
        self._muxers: dict[MediaConfig, Muxer] = {}
        self._bytes_in = 0
        self._video_frames = self._video_ticks = 0
        self._undecodable = 0
        self._ended = self._closed = False
        self._playable = False
        """Every rendition has a whole segment: players can start."""
        self._multivariant: tuple[int, PlaylistReady] | None = None

    # -- the publisher's side -------------------------------------------------------------------------------------

    def configure(self, config: MediaConfig, now: float) -> None:
        """A track's decoder configuration; packets of the track follow it. An unusable one is counted and ignored."""
        try:
            self._muxer(config)
        except FragmentError:
            self._undecodable += 1
            return
        self._timeline.configure(config)
        self._apply(now)

    def push(self, packet: Packet, now: float) -> None:
        """The next packet, in the order received."""
        self._bytes_in += len(packet.data)
        self._timeline.push(packet, now)
        self._apply(now)

    def _muxer(self, config: MediaConfig) -> Muxer:
        muxer = self._muxers.get(config)
        if muxer is None:
            muxer = self._muxers[config] = Muxer(config)
            if len(self._muxers) > MUXERS_KEPT:
                del self._muxers[next(iter(self._muxers))]
        return muxer

    def encoder_left(self, now: float) -> None:
        """The publisher's connection ended without good-bye: GAP parts begin in about a second."""
        self._timeline.left(now)
        self._apply(now)

    def encoder_returned(self, now: float) -> None:
        """Configurations and packets from here on come from a new publisher connection of the same broadcast."""
        self._timeline.returned()
        self._apply(now)

    def tick(self, now: float) -> float | None:
        """Do what is due; returns when to call again if nothing arrives, `None` for not at all."""
        self._timeline.tick(now)
        self._apply(now)
        self._tidy(now)
        return self._timeline.deadline()

    def finish(self, now: float) -> None:
        """The broadcast is over: what is buffered is cut and the playlists get ENDLIST. Idempotent."""
        if self._ended:
            return
        self._ended = True
        self._timeline.finish()
        self._apply(now)
        for rendition in self._all.values():
            if rendition.window is not None:
                rendition.window.end(now)
        self._tidy(now)
        self._wake()

    def close(self) -> None:
        """Nobody is served any more: everybody waiting is woken, the files go."""
        self._ended = self._closed = True
        self._playable = False
        for rendition in self._all.values():
            rendition.window = rendition.playlist = None
        self._wake()
        if self._files is not None:
            self._files.delete_all()

    # -- the viewers' side ----------------------------------------------------------------------------------------

    @property
    def renditions(self) -> tuple[str, ...]:
        """Names of the media playlists; empty until the stream has started."""
        return tuple(name for name, one in self._all.items() if one.window is not None)

    @property
    def ended(self) -> bool:
        """True once `finish` was called."""
        return self._ended

    def multivariant(self) -> PlaylistAnswer:
        """The multivariant playlist, once every rendition has a whole segment (hls.js needs one to start)."""
        if not self._playable or self._started is None:
            return GONE if self._ended else Wait()
        key = sum(window.next_msn for window in self._windows()) + self._ended
        if self._multivariant is None or self._multivariant[0] != key:
            plain = self._render_multivariant().encode()
            self._multivariant = (key, PlaylistReady(plain, compress(plain), f"m{key}", self._ended))
        return self._multivariant[1]

    def playlist(self, rendition: str, directives: Directives) -> PlaylistAnswer:
        """A media playlist, or `Wait` until what the directives ask for is there."""
        found = self._all.get(rendition)
        if found is None:
            return NOT_RENDITION
        if found.window is None or found.playlist is None:
            return NOT_RENDITION if self._started or self._ended else Wait()
        verdict = found.window.check(directives)
        if isinstance(verdict, Refused):
            return verdict
        if verdict is not None or not self._playable:
            return GONE if self._ended else Wait()
        return found.playlist.get(delta=directives.skip is not None and not self._ended)

    def media(self, rendition: str, name: str) -> MediaAnswer:
        """An init section, a segment or a part by its file name; `Wait` for the part that is hinted."""
        found = self._all.get(rendition)
        match = MEDIA_NAME.fullmatch(name)
        if found is None or found.window is None or match is None:
            return GONE
        part, number, segment, msn, init, version = match.groups()
        if part:
            return found.window.part(int(number))
        if segment:
            return found.window.segment(int(msn))
        assert init
        data = found.window.inits.get(int(version))
        return GONE if data is None else MediaReady((data,), len(data))

    def version(self, rendition: str) -> int:
        """Another number whenever an answer of this rendition, or the multivariant playlist's first, may be another."""
        if self._closed:
            return -1
        window = self._all[rendition].window
        return (window.version if window else 0) + self._playable + self._ended

    async def wait_change(self, rendition: str, version: int) -> None:
        """Return once the rendition's version is no longer `version`. Cancelling is safe."""
        await trio.lowlevel.checkpoint()
        while self.version(rendition) == version:
            await self._all[rendition].changed.wait()

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def info(self) -> StreamInfo | None:
        """What the stream is; `None` until it has started."""
        if self._started is None:
            return None
        video, audio = self._all[VIDEO].config, self._all[AUDIO].config
        return StreamInfo(
            video_codec=video.rfc6381 if video else None,
            audio_codec=audio.rfc6381 if audio else None,
            width=video.width if isinstance(video, VideoConfig) else None,
            height=video.height if isinstance(video, VideoConfig) else None,
            fps=self._fps(),
        )

    @property
    def stats(self) -> StreamStats:
        """Counters since the start, and advice."""
        counts, windows = self._timeline.counts, self._windows()
        grid = self._timeline.grid
        interval = grid.gop_ticks / CLOCK_HZ if grid and grid.gop_ticks else None
        return StreamStats(
            bytes_in=self._bytes_in,
            frames=counts.frames,
            parts=sum(window.parts_made for window in windows),
            gap_parts=counts.gap_parts,
            dropped=counts.dropped,
            undecodable=self._undecodable,
            fps=self._fps(),
            keyframe_interval_s=interval,
            memory_bytes=sum(window.memory_bytes for window in windows),
            window_s=max((window.listed_s for window in windows), default=0.0),
            issues=self._issues(),
        )

    def _issues(self) -> tuple[str, ...]:
        counts, grid = self._timeline.counts, self._timeline.grid
        found = {
            "keyframe_interval_too_long": grid is not None and grid.cut_without_keyframe > 0,
            "no_keyframe": counts.waits_for_keyframe,
            "late_track": counts.late_track > 0,
            "timestamps_jump": self._timeline.clock.jumps > 0,
            "bad_configuration": self._undecodable > 0,
        }
        return tuple(name for name, is_so in found.items() if is_so)

    def _fps(self) -> float | None:
        """Frames a second: as measured so far, if that still is the rate of the start, and the usual rate it means."""
        if self._started is None or self._started.video is None:
            return None
        measured = CLOCK_HZ / self._started.cadence.frame_ticks
        if self._video_ticks > FPS_TICKS:
            so_far = self._video_frames * CLOCK_HZ / self._video_ticks
            measured = so_far if abs(so_far - measured) < 0.005 * measured else measured
        close = [rate for rate in COMMON_RATES if abs(rate - measured) < 0.003 * rate]
        return min(close, key=lambda rate: abs(rate - measured), default=round(measured, 3))

    def _windows(self) -> list[Window]:
        return [one.window for one in self._all.values() if one.window is not None]

    def _is_playable(self) -> bool:
        windows = self._windows()
        return bool(windows) and all(window.segments for window in windows)

    def _render_multivariant(self) -> str:
        video, audio = self._all[VIDEO], self._all[AUDIO]
        return multivariant(
            self.stream_id,
            (video.config, video.window, self._fps() or 0.0)
            if isinstance(video.config, VideoConfig) and video.window
            else None,
            (audio.config, audio.window) if isinstance(audio.config, AudioConfig) and audio.window else None,
        )

    # -- from decisions to windows --------------------------------------------------------------------------------

    def _apply(self, now: float) -> None:
        cuts = self._timeline.take()
        if not cuts:
            return
        for cut in cuts:
            self._apply_one(cut, now)
        self._tidy(now)
        self._wake()

    def _apply_one(self, cut: Cut, now: float) -> None:
        match cut:
            case Started():
                self._start(cut)
            case SegmentStarted():
                self._start_segment(cut, now)
            case PartCut():
                self._add_part(cut)
            case SegmentEnded():
                window = self._all[cut.track.value].window
                if window is not None:
                    window.end_segment(now)

    def _start(self, started: Started) -> None:
        self._started = started
        settings = self._settings
        control = Control(settings.target_duration_s, started.cadence.part_target_ms)
        window_s = settings.window_s if self._files else min(settings.window_s, settings.memory_s)
        for track, config in ((Track.VIDEO, started.video), (Track.AUDIO, started.audio)):
            rendition = self._all[track.value]
            if config is None:
                continue
            rendition.config = config
            rendition.window = Window(control, window_s=window_s, keep_removed=self._files is not None)
            rendition.playlist = MediaPlaylist(
                rendition.window, track.value[0], partial(self._reports, track.value)
            )

    def _reports(self, own: str) -> list[Report]:
        return [
            Report(f"../{name}/index.m3u8", one.window.last_msn, one.window.last_part)
            for name, one in self._all.items()
            if name != own and one.window is not None
        ]

    def _start_segment(self, cut: SegmentStarted, now: float) -> None:
        rendition = self._all[cut.track.value]
        window = rendition.window
        assert window is not None
        if rendition.muxer is None or rendition.config != cut.config:
            rendition.muxer, rendition.config = self._muxer(cut.config), cut.config
            rendition.init += 1
            window.inits[rendition.init] = rendition.muxer.init
        self._anchor_at(cut.anchor, now)
        date_s = self._date_s(cut.media_ticks)
        window.start_segment(date_s=date_s, discontinuity=cut.discontinuity, init=rendition.init)

    def _anchor_at(self, anchor: Anchor, now: float) -> None:
        """Tie dates to a new timeline; never before what was already promised for the same media time (E6)."""
        if anchor == self._anchor:
            return
        date_s = self._wall_clock_s() - (now - anchor.arrived_at)
        if self._anchor is not None:
            date_s = max(date_s, self._date_s(anchor.media_ticks))
        self._anchor, self._anchor_date_s = anchor, date_s

    def _date_s(self, media_ticks: int) -> float:
        assert self._anchor is not None
        return self._anchor_date_s + (media_ticks - self._anchor.media_ticks) / CLOCK_HZ

    def _add_part(self, cut: PartCut) -> None:
        rendition = self._all[cut.track.value]
        window = rendition.window
        assert window is not None
        data = None
        if cut.samples and rendition.muxer is not None:
            try:
                data = rendition.muxer.fragment(cut.samples, window.parts_made + 1)
            except FragmentError:
                self._undecodable += 1
        if cut.track is Track.VIDEO and data is not None:
            self._video_frames += len(cut.samples)
            self._video_ticks += cut.duration
        window.add_part(cut.duration / cut.timescale, data, independent=cut.independent)

    def _wake(self) -> None:
        """Tell everybody who waits for a rendition that changed, with one event each."""
        self._playable = self._playable or self._is_playable()
        for name, rendition in self._all.items():
            version = self.version(name)
            if version != rendition.seen:
                rendition.seen = version
                rendition.changed.set()
                rendition.changed = trio.Event()

    # -- memory and disk ------------------------------------------------------------------------------------------

    def _tidy(self, now: float) -> None:
        """Move old segments to disk, and let go of those nobody may ask for any more."""
        self._now = now
        for name, rendition in self._all.items():
            window = rendition.window
            if window is None:
                continue
            for segment in window.forget_removed(now):
                self._delete_file(name, segment)
            if self._files is not None:
                # What has ended is watched by few: all of it can leave memory.
                for segment in window.older_than(0.0 if self._ended else self._settings.memory_s):
                    self._spill(name, window, segment)

    def _spill(self, name: str, window: Window, segment: Segment) -> None:
        """Hand a segment to the disk. When that fails the window shrinks past it: live goes on."""
        assert self._files is not None

        def done(path: Path | None) -> None:
            if path is None:
                segment.spilling = False
                self._give_up(name, window, segment)
            else:
                window.spilled(segment, path)

        pieces = tuple(part.data for part in segment.parts if part.data is not None)
        segment.spilling = True
        if not self._files.write(f"{name}/{segment_name(segment.msn)}", pieces, segment.size_bytes, done):
            segment.spilling = False
            self._give_up(name, window, segment)

    def _give_up(self, name: str, window: Window, segment: Segment) -> None:
        for gone in window.shrink_past(segment, self._now):
            window.discard(gone)
            self._delete_file(name, gone)

    def _delete_file(self, name: str, segment: Segment) -> None:
        if self._files is not None and (segment.path is not None or segment.spilling):
            self._files.delete(f"{name}/{segment_name(segment.msn)}", segment.size_bytes)

    def _evict_oldest(self) -> None:
        """Give up the oldest segment on disk, in every rendition that has it."""
        oldest: list[tuple[str, Window, Segment]] = []
        for name, one in self._all.items():
            segment = one.window.oldest_on_disk() if one.window else None
            if segment is not None and one.window is not None:
                oldest.append((name, one.window, segment))
        first = min((segment.msn for _, _, segment in oldest), default=None)
        for name, window, segment in oldest:
            if segment.msn == first:
                self._give_up(name, window, segment)
