"""`LiveStream`: packets of one broadcast in, answers for viewers out. The only object of this package others feed.

It never raises for what an encoder sends: what cannot be used is counted. Everything but waiting is synchronous, so a
decision and what viewers see of it cannot be torn apart. No I/O here; files are the business of `hls.spill`.
"""

from collections.abc import Callable
from functools import partial

import trio

from common.media import CLOCK_HZ, AudioConfig, MediaConfig, Packet, Track, VideoConfig
from hls.answers import Directives, MediaAnswer, PlaylistAnswer, PlaylistReady, Refused, Wait
from hls.cuts import Cut, PartCut, SegmentEnded, SegmentStarted, Started
from hls.date_ranges import DateRange, DateRangeError, DateRanges
from hls.dates import Dates
from hls.facts import HlsSettings, StreamInfo, StreamStats, frame_rate
from hls.fragments import FragmentError, Muxer
from hls.multivariant import multivariant
from hls.playlist import Report, compress
from hls.rendition import Rendition
from hls.retention import Retention
from hls.spill import Spill
from hls.timeline import Timeline
from hls.window import GONE, NOT_YET, SKIP_UNTIL_TARGETS, Control, Window

__all__ = ["AUDIO", "VIDEO", "HlsSettings", "LiveStream", "StreamInfo", "StreamStats"]

VIDEO, AUDIO = Track.VIDEO.value, Track.AUDIO.value
"""Names of the renditions, as in their URLs."""

MUXERS_KEPT = 8
"""Configurations that were checked and may come into use."""

QUIET_S = 1.0
"""Every stream is looked after this often."""

NOT_RENDITION = Refused(404, "no such rendition")
NEVER_BEGAN = Refused(404, "this broadcast ended before it began", soon=True)


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
        self._dates = Dates()
        self._ranges = DateRanges(skip_until_s=SKIP_UNTIL_TARGETS * settings.target_duration_s)
        self._timeline = Timeline(
            target_duration_s=settings.target_duration_s, gap_after_s=settings.gap_after_s
        )
        self._started: Started | None = None
        self._renditions: dict[str, Rendition] = {}
        """Empty until the stream has started, and after `close`."""
        self._windows: dict[str, Window] = {}
        files = spill.open(stream_id) if spill else None
        self._retention = Retention(self._windows, files, settings.memory_s)
        self._muxers: dict[MediaConfig, Muxer] = {}
        self._bytes_in = 0
        self._bad_configurations = 0
        self.quiet_until = 0.0
        """Until when `tick` has nothing to do, as long as nothing but packets comes: of many streams most are quiet."""
        self._ended = self._closed = False
        self._playable = False
        """Every rendition has a whole segment: players can start."""
        self._multivariant: tuple[int, PlaylistReady] | None = None
        self._changed = {VIDEO: trio.Event(), AUDIO: trio.Event()}
        self._announced = {VIDEO: 0, AUDIO: 0}
        """Versions that waiters were last woken for."""

    # -- the publisher's side -------------------------------------------------------------------------------------

    def configure(self, config: MediaConfig, now: float) -> None:
        """A track's decoder configuration; packets of the track follow it. An unusable one is counted and ignored."""
        try:
            muxer = self._muxer(config)
        except FragmentError:
            self._bad_configurations += 1
            return
        self.quiet_until = 0.0
        self._timeline.configure(config)
        rendition = self._renditions.get(VIDEO if isinstance(config, VideoConfig) else AUDIO)
        if rendition is not None:
            rendition.announce(config, muxer)
        self._apply(now)

    def push(self, packet: Packet, now: float) -> None:
        """The next packet, in the order received."""
        self._bytes_in += len(packet.data)
        self._timeline.push(packet, now)
        self._apply(now)

    def encoder_left(self, now: float) -> None:
        """The publisher's connection ended without good-bye: GAP parts follow what it sent."""
        self.quiet_until = 0.0
        self._timeline.left(now)
        self._apply(now)

    def encoder_returned(self, now: float) -> None:
        """Configurations and packets from here on come from a new publisher connection of the same broadcast."""
        self.quiet_until = 0.0
        self._timeline.returned(now)
        self._apply(now)

    def add_date_range(self, one: DateRange, now: float) -> None:
        """Tell players what a stretch of the broadcast is; the same ID again can only bring its END-DATE or DURATION.

        Dates are those of PROGRAM-DATE-TIME: seconds since 1970 when the media arrived here.

        Raises:
            DateRangeError: it contradicts what was said under its ID, is too old, or there is no room for it.

        """
        if self._ended:
            raise DateRangeError("the stream is over")
        if self._ranges.put(one, now):
            self._date_ranges_changed()

    def tick(self, now: float) -> float | None:
        """Do what is due; returns when to call again if nothing arrives, `None` for not at all."""
        self._timeline.tick(now)
        self._apply(now)
        self._retention.tidy_if_due(now)
        self.quiet_until = min(self._timeline.quiet_until(now), now + QUIET_S)
        return self._timeline.deadline()

    def finish(self, now: float) -> None:
        """The broadcast is over: what is buffered is cut and the playlists get ENDLIST. Idempotent."""
        if self._ended:
            return
        self._ended = True
        self._timeline.finish()
        self._apply(now)
        for window in self._windows.values():
            window.end(now)
        self._retention.tidy(now)
        self._wake()

    def close(self) -> None:
        """Nobody is served any more: everybody waiting is woken, the files go. Idempotent."""
        self._ended = self._closed = True
        self._renditions.clear()
        self._windows.clear()
        self._retention.close()
        self._wake()

    # -- the viewers' side ----------------------------------------------------------------------------------------

    @property
    def renditions(self) -> tuple[str, ...]:
        """Names of the media playlists; empty until the stream has started."""
        return tuple(self._renditions)

    @property
    def ended(self) -> bool:
        """True once `finish` or `close` was called."""
        return self._ended

    def multivariant(self) -> PlaylistAnswer:
        """The multivariant playlist, once every rendition has a whole segment (hls.js needs one to start)."""
        if not self._playable or self._closed:
            return NEVER_BEGAN if self._ended else Wait()
        key = sum(window.next_msn for window in self._windows.values()) + self._ended
        if self._multivariant is None or self._multivariant[0] != key:
            plain = self._render_multivariant().encode()
            self._multivariant = (key, PlaylistReady(plain, compress(plain), f"m{key}", ended=False))
        return self._multivariant[1]

    def playlist(self, rendition: str, directives: Directives) -> PlaylistAnswer:
        """A media playlist, or `Wait` until what the directives ask for is there."""
        found = self._renditions.get(rendition)
        if found is None:
            may_come = self._started is None and not self._ended and rendition in self._changed
            return Wait() if may_come else NOT_RENDITION
        verdict = found.check(directives)
        if isinstance(verdict, Refused):
            return verdict
        if verdict is not None or not self._playable:
            return GONE if self._ended else Wait()
        return found.playlist(directives)

    def media(self, rendition: str, name: str) -> MediaAnswer:
        """An init section, a segment or a part by its file name; `Wait` for the part that is hinted."""
        found = self._renditions.get(rendition)
        if found is not None:
            return found.media(name)
        return NOT_YET if self._started is None and not self._ended else GONE

    def version(self, rendition: str) -> int:
        """Another number whenever an answer of this rendition, or the multivariant playlist's first, may be another."""
        if self._closed:
            return -1
        window = self._windows.get(rendition)
        return (window.version if window else 0) + self._playable + self._ended

    async def wait_change(self, rendition: str, version: int) -> None:
        """Return once the rendition's version is no longer `version`. Cancelling is safe."""
        await trio.lowlevel.checkpoint()
        while self.version(rendition) == version:
            await self._changed[rendition].wait()

    # -- facts ----------------------------------------------------------------------------------------------------

    @property
    def info(self) -> StreamInfo | None:
        """What the stream is; `None` until it has started."""
        if self._started is None:
            return None
        video, audio = self._config(VIDEO), self._config(AUDIO)
        return StreamInfo(
            video_codec=video.rfc6381 if video else None,
            audio_codec=audio.rfc6381 if audio else None,
            width=video.width if isinstance(video, VideoConfig) else None,
            height=video.height if isinstance(video, VideoConfig) else None,
            fps=self._fps(),
        )

    @property
    def stats(self) -> StreamStats:
        """Counters since the start."""
        counts, grid, windows = self._timeline.counts, self._timeline.grid, self._windows.values()
        unmuxed = sum(one.undecodable for one in self._renditions.values())
        return StreamStats(
            bytes_in=self._bytes_in,
            frames=counts.frames,
            parts=sum(window.parts_made for window in windows),
            gap_parts=counts.gap_parts,
            dropped=counts.dropped,
            undecodable=self._bad_configurations + unmuxed,
            fps=self._fps(),
            keyframe_interval_s=grid.gop_ticks / CLOCK_HZ if grid and grid.gop_ticks else None,
            memory_bytes=sum(window.memory_bytes for window in windows),
            window_s=max((window.listed_s for window in windows), default=0.0),
            jumps=self._timeline.clock.jumps,
            late_track=counts.late_track,
            cut_without_keyframe=grid.cut_without_keyframe if grid else 0,
            waits_for_keyframe=counts.waits_for_keyframe,
        )

    def _fps(self) -> float | None:
        video = self._renditions.get(VIDEO)
        if self._started is None or video is None:
            return None
        return frame_rate(video.frame_ticks or self._started.cadence.frame_ticks, video.frames, video.ticks)

    def _config(self, name: str) -> MediaConfig | None:
        rendition = self._renditions.get(name)
        return rendition.config if rendition else None

    def _render_multivariant(self) -> str:
        video, audio = self._config(VIDEO), self._config(AUDIO)
        return multivariant(
            self.stream_id,
            (video, self._windows[VIDEO], self._fps() or 0.0) if isinstance(video, VideoConfig) else None,
            (audio, self._windows[AUDIO]) if isinstance(audio, AudioConfig) else None,
        )

    # -- from decisions to windows --------------------------------------------------------------------------------

    def _apply(self, now: float) -> None:
        cuts = self._timeline.take()
        if not cuts or self._closed:
            return
        for cut in cuts:
            self._apply_one(cut, now)
        self._retention.tidy_if_due(now)
        oldest_s = min(
            (one.segments[0].date_s for one in self._windows.values() if one.segments), default=None
        )
        if oldest_s is not None and self._ranges.slide(oldest_s, now):
            self._date_ranges_changed()
        self._wake()

    def _date_ranges_changed(self) -> None:
        """In all renditions at once (E17)."""
        for window in self._windows.values():
            window.version += 1
        self._wake()

    def _apply_one(self, cut: Cut, now: float) -> None:
        match cut:
            case Started():
                self._start(cut)
            case SegmentStarted():
                date_s = self._dates.of(cut.anchor, cut.media_ticks, wall_s=self._wall_clock_s(), now=now)
                self._renditions[cut.track.value].start_segment(
                    cut.config, self._muxer(cut.config), date_s=date_s, discontinuity=cut.discontinuity
                )
            case PartCut():
                self._renditions[cut.track.value].add_part(cut)
            case SegmentEnded():
                self._windows[cut.track.value].end_segment(now)

    def _start(self, started: Started) -> None:
        self._started = started
        settings, on_disk = self._settings, self._retention.has_disk
        for track, config in ((Track.VIDEO, started.video), (Track.AUDIO, started.audio)):
            if config is None:
                continue
            rendition = Rendition(
                track,
                config,
                Control(settings.target_duration_s, started.cadence.part_target_ms),
                window_s=settings.window_s if on_disk else min(settings.window_s, settings.memory_s),
                ranges=self._ranges,
                reports=partial(self._reports, track.value),
            )
            self._renditions[track.value] = rendition
            self._windows[track.value] = rendition.window

    def _reports(self, own: str) -> list[Report]:
        return [one.report() for name, one in self._renditions.items() if name != own]

    def _muxer(self, config: MediaConfig) -> Muxer:
        muxer = self._muxers.get(config)
        if muxer is None:
            muxer = self._muxers[config] = Muxer(config)
            if len(self._muxers) > MUXERS_KEPT:
                del self._muxers[next(iter(self._muxers))]
        return muxer

    def _wake(self) -> None:
        """Tell everybody who waits for a rendition that changed, with one event each."""
        windows = self._windows.values()
        self._playable = self._playable or (bool(windows) and all(window.segments for window in windows))
        for name, event in self._changed.items():
            version = self.version(name)
            if version != self._announced[name]:
                self._announced[name] = version
                self._changed[name] = trio.Event()
                event.set()
