"""What a live publisher sends, measured over sliding windows of a few seconds: one `Reading` each time it is asked. Pure.

An encoder that reconnects gets new track meters and windows, because its stamps begin anew; what is counted over the
whole broadcast stays.
"""

from collections import deque
from typing import NamedTuple

from common.ingest import LinkStats, StreamMetadata
from common.media import CLOCK_HZ, AudioConfig, MediaConfig, Packet, Track, VideoConfig
from hls.facts import StreamStats
from weir.ingest_reading import AudioReading, Connection, Delivery, Losses, Reading, VideoReading
from weir.track_meter import TrackMeter, VideoMeter

RATE_WINDOW_S = 5.0
"""Bitrates and frame rates are means of so long: two groups of pictures of two seconds."""

LOSS_WINDOW_S = 10.0
"""What was lost, and whether media keeps pace, is judged over so long."""

HISTORY_S = 60.0
"""What happens seldom, such as a jump of the stamps, is remembered for so long."""

RECONNECT_WINDOW_S = 600.0

_HISTORY = 64
_SHORTEST_WINDOW_S = 0.9
_SHORTEST_PACE_S = 4.0
_MAX_NAME = 100


class _Totals(NamedTuple):
    """Counters at one moment; a window is the difference of two."""

    at: float = 0.0
    received_bytes: int = 0
    """Of this connection, as all down to the jumps."""
    video_bytes: int = 0
    audio_bytes: int = 0
    frames: int = 0
    media_ticks: int = 0
    jumps: int = 0
    missing_frames: int = 0
    """Of the broadcast, as the rest."""
    refused: int = 0
    undecodable: int = 0
    size_changes: int = 0
    late_track: int = 0

    def new_connection(self, now: float) -> "_Totals":
        """Give the totals with which another connection of the broadcast begins."""
        return _Totals(now, 0, 0, 0, 0, 0, 0, *self[7:])


class IngestMeter:
    """One broadcast's publisher, over all of its connections."""

    def __init__(self) -> None:
        self._video, self._audio = VideoMeter(), TrackMeter()
        self._video_config: VideoConfig | None = None
        self._audio_config: AudioConfig | None = None
        self._history: deque[_Totals] = deque(maxlen=_HISTORY)
        self._metadata: dict[str, float | str | bool] = {}
        self._flash_version = ""
        self._connected_at: float | None = None
        self._reconnects = -1
        self._reconnected_at: deque[float] = deque(maxlen=_HISTORY)
        self._size_changes = 0
        self._earlier_missing = self._earlier_undecodable = self._link_undecodable = 0

    @property
    def encoder(self) -> str:
        """What the encoder calls itself: OBS says so in onMetaData, and pretends to be FMLE where others tell it."""
        told = self._metadata.get("encoder")
        name = told if isinstance(told, str) and told else self._flash_version
        return "".join(char for char in name[:_MAX_NAME] if char.isprintable())

    # -- what happens ---------------------------------------------------------------------------------------------

    def connected(self, flash_version: str, now: float) -> None:
        """A new connection begins."""
        self._reconnects += 1
        if self._reconnects:
            self._reconnected_at.append(now)
        self._connected_at = now
        self._flash_version = flash_version
        self._metadata = {}
        self._earlier_missing += self._video.missing_frames
        self._earlier_undecodable += self._link_undecodable
        self._link_undecodable = 0
        self._video, self._audio = VideoMeter(), TrackMeter()
        self._video_config = self._audio_config = None
        last = self._history[-1] if self._history else _Totals()
        self._history.clear()
        self._history.append(last.new_connection(now))

    def disconnected(self) -> None:
        """The encoder is away."""
        self._connected_at = None

    def note(self, packet: Packet, now: float) -> None:
        """The next packet."""
        meter = self._video if packet.track is Track.VIDEO else self._audio
        meter.jot((now, packet.dts, packet.pts, packet.keyframe, len(packet.data)))

    def configure(self, config: MediaConfig) -> None:
        """A track's configuration."""
        if isinstance(config, AudioConfig):
            self._audio_config = config
            return
        before, self._video_config = self._video_config, config
        if before is not None and (before.width, before.height) != (config.width, config.height):
            self._size_changes += 1

    def describe(self, metadata: StreamMetadata) -> None:
        """What the encoder says about its stream."""
        self._metadata = metadata.values

    # -- what it comes to -----------------------------------------------------------------------------------------

    def sample(self, now: float, link: LinkStats, stats: StreamStats) -> Reading:
        """Measure; to be called every other second or so.

        Args:
            now: seconds of the clock of all other calls.
            link: what the connection counted.
            stats: what the packager counted.

        """
        self._video.settle()
        self._audio.settle()
        self._link_undecodable = link.undecodable
        newest = self._totals(now, link, stats)
        self._history.append(newest)
        return Reading(
            connection=self._connection(newest, link),
            video=self._read_video(newest),
            audio=self._read_audio(newest),
            delivery=self._delivery(newest),
            losses=self._losses(newest),
            total_missing_frames=newest.missing_frames,
            total_refused=newest.refused,
            total_undecodable=newest.undecodable,
        )

    def _totals(self, now: float, link: LinkStats, stats: StreamStats) -> _Totals:
        video, audio = self._video, self._audio
        leader = video if video.frames else audio
        return _Totals(
            at=now,
            received_bytes=max(link.received_bytes, video.bytes + audio.bytes),
            video_bytes=video.bytes,
            audio_bytes=audio.bytes,
            frames=video.frames,
            media_ticks=leader.media_ticks,
            jumps=max(video.jumps, audio.jumps),  # they jump together
            missing_frames=self._earlier_missing + video.missing_frames,
            refused=stats.dropped,
            undecodable=self._earlier_undecodable + link.undecodable + stats.undecodable,
            size_changes=self._size_changes,
            late_track=stats.late_track,
        )

    def _since(self, when: float) -> _Totals:
        """The totals at about that time, or the oldest there are."""
        for totals in reversed(self._history):
            if totals.at <= when:
                return totals
        return self._history[0]

    def _connection(self, newest: _Totals, link: LinkStats) -> Connection:
        recent = self._since(newest.at - RATE_WINDOW_S)
        lately = newest.at - RECONNECT_WINDOW_S
        return Connection(
            seconds=None if self._connected_at is None else newest.at - self._connected_at,
            encoder=self.encoder,
            kbps=_kbps(newest, recent, newest.received_bytes - recent.received_bytes),
            round_trip_ms=link.round_trip_ms,
            out_of_order=link.out_of_order,
            reconnects=max(0, self._reconnects),
            recent_reconnects=sum(at >= lately for at in self._reconnected_at),
            promised=self._promised(),
            promised_fps=_number(self._metadata.get("framerate"), most=1000),
            promised_video_kbps=_number(self._metadata.get("videodatarate"), most=1e6) or 0.0,
            promised_audio_kbps=_number(self._metadata.get("audiodatarate"), most=1e4) or 0.0,
            unsupported=tuple(link.unsupported),
            extra_tracks=link.extra_tracks,
        )

    def _promised(self) -> frozenset[Track]:
        keys = {Track.VIDEO: "videocodecid", Track.AUDIO: "audiocodecid"}
        return frozenset(track for track, key in keys.items() if self._metadata.get(key) not in {None, 0, ""})

    def _read_video(self, newest: _Totals) -> VideoReading | None:
        meter, config = self._video, self._video_config
        if config is None or meter.last_at is None:
            return None
        recent = self._since(newest.at - RATE_WINDOW_S)
        seconds = newest.at - recent.at
        intervals = [ticks / CLOCK_HZ for ticks in meter.keyframe_intervals]
        return VideoReading(
            config=config,
            kbps=_kbps(newest, recent, newest.video_bytes - recent.video_bytes),
            fps=(newest.frames - recent.frames) / seconds if seconds > _SHORTEST_WINDOW_S else None,
            nominal_fps=CLOCK_HZ / meter.frame_ticks if meter.frame_ticks else None,
            silent_s=newest.at - meter.last_at,
            keyframe_interval_s=intervals[-1] if intervals else None,
            shortest_interval_s=min(intervals, default=None),
            longest_interval_s=max(intervals, default=None),
            intervals=len(intervals),
            since_keyframe_s=meter.open_gop_s,
            keyframes=meter.keyframes,
            gop_frames=meter.gop_frames,
            b_frames=meter.b_frames,
            reorder_s=meter.reorder_ticks / CLOCK_HZ,
        )

    def _read_audio(self, newest: _Totals) -> AudioReading | None:
        meter, config = self._audio, self._audio_config
        if config is None or meter.last_at is None:
            return None
        recent = self._since(newest.at - RATE_WINDOW_S)
        kbps = _kbps(newest, recent, newest.audio_bytes - recent.audio_bytes)
        return AudioReading(config=config, kbps=kbps, silent_s=newest.at - meter.last_at)

    def _delivery(self, newest: _Totals) -> Delivery:
        leader = self._video if self._video.frames else self._audio
        old = self._since(newest.at - LOSS_WINDOW_S)
        seconds = newest.at - old.at
        media_s = (newest.media_ticks - old.media_ticks) / CLOCK_HZ
        pace = media_s / seconds if seconds > _SHORTEST_PACE_S else None
        return Delivery(pace=pace, jitter_s=leader.jitter_s, behind_s=leader.behind_s)

    def _losses(self, newest: _Totals) -> Losses:
        recent, old = self._since(newest.at - LOSS_WINDOW_S), self._since(newest.at - HISTORY_S)
        missing, came = newest.missing_frames - recent.missing_frames, newest.frames - recent.frames
        return Losses(
            missing_frames=missing,
            missing_share=missing / (missing + came) if missing else 0.0,
            refused=newest.refused - recent.refused,
            undecodable=newest.undecodable - recent.undecodable,
            jumps=newest.jumps - old.jumps,
            size_changes=newest.size_changes - old.size_changes,
            late_track=newest.late_track - recent.late_track,
        )


def _kbps(newest: _Totals, before: _Totals, count: int) -> float:
    seconds = newest.at - before.at
    return count * 8 / 1000 / seconds if seconds > _SHORTEST_WINDOW_S else 0.0


def _number(value: object, *, most: float) -> float | None:
    """A positive number, or `None` for anything else an encoder may write there."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < most else None
