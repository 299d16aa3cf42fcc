"""What graphs of a broadcast are made of: samples become points, counters become rates, and holes are told. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from common.queries.broadcast_samples import AudiencePoint, HealthPoint, Span

MAX_POINTS = 1000
FINE_S = 10
COARSE_S = 60
"""What is kept of samples that are older than `FINE_FOR`."""
FINE_FOR = timedelta(days=2)
HOLE = 3
"""Without a sample for so many times as long as usual there was none: a hole in the graph."""

Point = tuple[int, float | None]
"""Seconds since 1970, and a value; `None`: from here to the next point nothing is known."""
P = TypeVar("P", AudiencePoint, HealthPoint)


@dataclass(frozen=True, slots=True)
class Graph:
    """One thing that can be drawn."""

    unit: str
    of_audience: Callable[[AudiencePoint], float | None] | None = None
    of_health: Callable[[HealthPoint], float | None] | None = None
    is_counter: bool = False
    """What stands in the points only grows; shown is how fast, each minute."""


GRAPHS = {
    "viewers": Graph("people", of_audience=lambda point: point.viewers),
    "chatters": Graph("people", of_audience=lambda point: point.chatters),
    "messages": Graph("per minute", of_audience=lambda point: point.messages, is_counter=True),
    "bitrate": Graph("kbit/s", of_health=lambda point: point.kbps),
    "fps": Graph("frames/s", of_health=lambda point: point.fps),
    "keyframe_interval": Graph("s", of_health=lambda point: point.keyframe_interval_s),
    "dropped": Graph("frames per minute", of_health=lambda point: point.lost, is_counter=True),
}
"""By the names that the API has for them."""


def span_of(start: datetime, end: datetime, *, points: int, now: datetime) -> Span:
    """Cut the time of a broadcast into at most `points` (2 at least) pieces, none finer than its samples."""
    usual_s = FINE_S if start > now - FINE_FOR else COARSE_S
    # One piece less: the last may be cut off by rounding.
    return Span(start, end, max(float(usual_s), (end - start).total_seconds() / (points - 1)))


def drawn(
    points: Sequence[P], read: Callable[[P], float | None], span: Span, *, is_counter: bool
) -> list[Point]:
    """Make what is drawn of points, oldest first."""
    found = rates(points, read, span.start) if is_counter else [(point, read(point)) for point in points]
    return with_holes(((_unix(point.at), _rounded(value)) for point, value in found), span.width_s)


def rates(
    points: Sequence[P], read: Callable[[P], float | None], start: datetime
) -> list[tuple[P, float | None]]:
    """Say how fast a counter grew up to each point, each minute. It began with 0 at `start`; `None`: not known."""
    found: list[tuple[P, float | None]] = []
    before_at, before = start, 0.0
    for point in points:
        value, seconds = read(point), (point.at - before_at).total_seconds()
        if value is None:
            found.append((point, None))
            continue
        if seconds > 0:
            found.append((point, max(0.0, value - before) * 60 / seconds))
        before_at, before = point.at, value
    return found


def with_holes(points: Iterable[Point], width_s: float) -> list[Point]:
    """Put a point without a value where there was no sample for long."""
    found: list[Point] = []
    for at, value in points:
        if found and at - found[-1][0] > HOLE * width_s:
            found.append((found[-1][0] + round(width_s), None))
        found.append((at, value))
    return found


def _unix(at: datetime) -> int:
    return int(at.timestamp())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
