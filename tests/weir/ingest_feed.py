"""Feeds an `IngestMeter` with an encoder made of arithmetic, in real time of a clock that is only a number."""

from collections.abc import Callable
from typing import Any

from common.ingest import LinkStats, StreamMetadata
from common.media import AudioConfig, MediaConfig, Packet, Track, VideoConfig
from hls.facts import StreamStats
from hls.stream import HlsSettings, LiveStream
from tests.hls import encoder
from weir.ingest_meter import IngestMeter
from weir.ingest_reading import Reading

VIDEO = VideoConfig("avc1", b"\x01", "avc1.640028", 1280, 720)
AUDIO = AudioConfig("mp4a", b"\x11\x90", "mp4a.40.2", 48000, 2)
FRAME_BYTES, SOUND_BYTES = 10_000, 430
"""2.4 Mbit/s of video at 30 fps, 161 kbit/s of audio."""

NO_STATS: StreamStats = LiveStream("", settings=HlsSettings(), spill=None, wall_clock_s=lambda: 0.0).stats


class Feed:
    """One broadcast's encoder and meter; looks each second and keeps every reading."""

    def __init__(self, *configs: MediaConfig, metadata: dict[str, Any] | None = None) -> None:
        self.meter = IngestMeter()
        self.now = 1000.0
        self.link = LinkStats()
        self.stats = NO_STATS
        self.readings: list[Reading] = []
        self._look_at = self.now + 1
        self.connect(*(configs or (VIDEO, AUDIO)), metadata=metadata)

    def connect(self, *configs: MediaConfig, metadata: dict[str, Any] | None = None) -> None:
        self.link = LinkStats()
        self.meter.connected("FMLE/3.0", self.now)
        if metadata is not None:
            self.meter.describe(StreamMetadata(metadata))
        for config in configs or (VIDEO, AUDIO):
            self.meter.configure(config)

    @property
    def reading(self) -> Reading:
        return self.readings[-1]

    def play(
        self,
        packets: list[Packet],
        *,
        speed: float = 1.0,
        late: Callable[[float], float] = lambda media_s: 0.0,
    ) -> None:
        """Packets arrive at the pace of their stamps times `speed`, each `late(its time)` seconds later."""
        start = self.now
        for packet in packets:
            media_s = (packet.dts - packets[0].dts) / 90_000
            self.wait_until(max(self.now, start + media_s / speed + late(media_s)))
            self.meter.note(packet, self.now)

    def wait_until(self, when: float) -> None:
        while self._look_at <= when:
            self.readings.append(self.meter.sample(self._look_at, self.link, self.stats))
            self._look_at += 1
        self.now = when

    def wait(self, seconds: float) -> None:
        self.wait_until(self.now + seconds)


def both(seconds: float, **video: Any) -> list[Packet]:
    """A plain stream: 720p30, a keyframe each two seconds, AAC."""
    size = {"size": FRAME_BYTES} | video
    return encoder.interleave(encoder.video(seconds, **size), encoder.audio(seconds, size=SOUND_BYTES))


def moved(packets: list[Packet], seconds: float) -> list[Packet]:
    """The same packets with later stamps."""
    ticks = round(seconds * 1000) * 90
    return [Packet(p.track, p.dts + ticks, p.pts + ticks, p.keyframe, p.data) for p in packets]


def without(packets: list[Packet], track: Track) -> list[Packet]:
    """Only the other track."""
    return [packet for packet in packets if packet.track is not track]
