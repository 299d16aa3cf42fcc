"""What is drawn: counters as rates, holes as holes, and never more points than were asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.queries.broadcast_samples import AudiencePoint
from webapp.broadcast_graphs import COARSE_S, FINE_S, GRAPHS, drawn, span_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
UNIX = int(BEGIN.timestamp())


def point(seconds: float, *, viewers: float = 1, messages: int | None = None) -> AudiencePoint:
    return AudiencePoint(0, BEGIN + timedelta(seconds=seconds), viewers, None, messages)


def graph(name: str, *points: AudiencePoint, width_s: float = 10) -> list[tuple[int, float | None]]:
    span = span_of(BEGIN, BEGIN + timedelta(seconds=width_s * 10), points=11, now=BEGIN)
    assert span.width_s == width_s
    read = GRAPHS[name].of_audience
    assert read
    found = drawn(points, read, span, is_counter=GRAPHS[name].is_counter)
    return [(at - UNIX, value) for at, value in found]


def test_a_counter_is_drawn_as_how_fast_it_grew_each_minute() -> None:
    points = point(30, messages=10), point(60, messages=10), point(80, messages=30), point(90, messages=0)
    assert graph("messages", *points) == [(30, 20.0), (60, 0.0), (80, 60.0), (90, 0.0)]


def test_where_chat_was_not_kept_for_a_while_the_rate_goes_over_all_of_that_time() -> None:
    points = point(30, messages=10), point(60), point(90, messages=20)
    assert graph("messages", *points) == [(30, 20.0), (60, None), (90, 10.0)]


def test_time_without_samples_is_a_hole_and_one_that_is_late_is_none() -> None:
    points = point(10, viewers=1.234), point(30), point(60), point(91)
    assert graph("viewers", *points) == [(10, 1.23), (30, 1.0), (60, 1.0), (70, None), (91, 1.0)]


@pytest.mark.parametrize(
    ("hours", "points", "age_days", "width_s"),
    [(0.001, 300, 0, FINE_S), (0.001, 2, 0, FINE_S), (8, 1000, 0, 8 * 3600 / 999), (1, 300, 3, COARSE_S)],
)
def test_pieces_are_no_finer_than_what_is_kept(
    hours: float, points: int, age_days: int, width_s: float
) -> None:
    begin = BEGIN - timedelta(days=age_days)
    assert span_of(begin, begin + timedelta(hours=hours), points=points, now=BEGIN).width_s == width_s


@given(
    st.integers(2, 1000),
    st.integers(1, 10**6),
    st.lists(st.floats(0, 1, exclude_max=True), max_size=300),
)
def test_there_are_never_more_points_than_pieces(points: int, span_s: int, places: list[float]) -> None:
    span = span_of(BEGIN, BEGIN + timedelta(seconds=span_s), points=points, now=BEGIN)
    newest: dict[int, AudiencePoint] = {}
    for place in sorted(places):  # as the statement does it
        newest[int(place * span_s // span.width_s)] = point(place * span_s)
    found = drawn([*newest.values()], lambda one: one.viewers, span, is_counter=False)
    assert len(found) <= points
