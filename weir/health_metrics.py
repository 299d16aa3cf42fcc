"""Readings of live broadcasts as Prometheus metrics, one label set a channel. Pure."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, get_args

from common.metrics import Family
from weir.codec_names import codec_name
from weir.ingest_reading import Reading, Severity, Status
from weir.issue_tracker import IssueTracker

_STATUS_RANK: dict[Status, int] = {"noData": 0, "bad": 1, "ok": 2, "good": 3}

_NUMBERS: tuple[tuple[str, str, Callable[[Reading], float | None]], ...] = (
    ("weir_stream_fps", "Video frames a second as they arrive", lambda r: r.video.fps if r.video else None),
    (
        "weir_stream_keyframe_interval_seconds",
        "Distance of the last two keyframes",
        lambda r: r.video.keyframe_interval_s if r.video else None,
    ),
    (
        "weir_stream_keyframe_interval_max_seconds",
        "Longest distance of the last nine keyframes",
        lambda r: r.video.longest_interval_s if r.video else None,
    ),
    (
        "weir_stream_reorder_seconds",
        "How much later than decoded a frame is shown",
        lambda r: r.video.reorder_s if r.video else None,
    ),
    (
        "weir_stream_missing_frames_total",
        "Frames that the encoder left out, by its stamps",
        lambda r: r.total_missing_frames,
    ),
    (
        "weir_stream_dropped_packets_total",
        "Packets without a place on the timeline",
        lambda r: r.total_refused,
    ),
    (
        "weir_stream_undecodable_total",
        "Messages and tags that made no sense",
        lambda r: r.total_undecodable,
    ),
    ("weir_stream_pace_ratio", "Seconds of media that come in a second", lambda r: r.delivery.pace),
    (
        "weir_stream_jitter_seconds",
        "Mean deviation of arrival from the stamps",
        lambda r: r.delivery.jitter_s,
    ),
    (
        "weir_stream_behind_seconds",
        "How much later than at best media comes",
        lambda r: r.delivery.behind_s,
    ),
    (
        "weir_stream_round_trip_seconds",
        "TCP round trip to the encoder",
        lambda r: None if r.connection.round_trip_ms is None else r.connection.round_trip_ms / 1000,
    ),
    (
        "weir_stream_out_of_order_segments",
        "TCP segments of this connection that came out of order",
        lambda r: r.connection.out_of_order,
    ),
    ("weir_stream_reconnects_total", "Connections after the first", lambda r: r.connection.reconnects),
)


class Measured(Protocol):
    """What is shown of one broadcast."""

    @property
    def login(self) -> str:
        """The channel."""

    @property
    def reading(self) -> Reading | None:
        """The newest."""

    @property
    def status(self) -> Status:
        """Its verdict."""

    @property
    def tracker(self) -> IssueTracker:
        """Its issues."""


def families(broadcasts: Iterable[Measured]) -> Iterator[Family]:
    """Give one family a number; a number that a broadcast does not have is left out."""
    measured = [(one, one.reading) for one in broadcasts if one.reading is not None]
    for name, about, number in _NUMBERS:
        family = Family(name, about, ("channel",))
        for one, reading in measured:
            value = number(reading)
            if value is not None:
                family.values.append(((one.login,), value))
        yield family
    yield _bitrates(measured)
    status = Family("weir_stream_health", "Verdict: 0 noData, 1 bad, 2 ok, 3 good", ("channel",))
    issues = Family("weir_stream_issues", "What the streamer is told to change", ("channel", "severity"))
    for one, _ in measured:
        status.values.append(((one.login,), _STATUS_RANK[one.status]))
        told = [issue.severity for issue in one.tracker.current]
        issues.values.extend(((one.login, severity), told.count(severity)) for severity in get_args(Severity))
    yield status
    yield issues
    yield _facts(measured)


def _bitrates(measured: list[tuple[Measured, Reading]]) -> Family:
    family = Family("weir_stream_bits_per_second", "What an encoder sends", ("channel", "track"))
    for one, reading in measured:
        tracks = {
            "all": reading.connection.kbps,
            "video": reading.video.kbps if reading.video else 0.0,
            "audio": reading.audio.kbps if reading.audio else 0.0,
        }
        family.values.extend(((one.login, track), kbps * 1000) for track, kbps in tracks.items())
    return family


def _facts(measured: list[tuple[Measured, Reading]]) -> Family:
    labels = ("channel", "video", "size", "audio", "sample_rate", "channels", "encoder")
    family = Family("weir_stream_info", "What a stream consists of; the value is 1", labels)
    for one, reading in measured:
        video = reading.video.config if reading.video else None
        audio = reading.audio.config if reading.audio else None
        values = (
            one.login,
            codec_name(video.rfc6381) if video else "",
            f"{video.width}x{video.height}" if video else "",
            codec_name(audio.rfc6381) if audio else "",
            str(audio.sample_rate) if audio else "",
            str(audio.channels) if audio else "",
            reading.connection.encoder,
        )
        family.values.append((values, 1.0))
    return family
