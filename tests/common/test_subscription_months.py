"""Months of subscriptions."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.subscription_months import badge_version, months_after, months_begun

JANUARY_31 = datetime(2027, 1, 31, 12, 30, tzinfo=UTC)
MOMENTS = st.integers(946_684_800, 13_569_465_600).map(lambda unix_s: datetime.fromtimestamp(unix_s, UTC))


def test_month_from_the_31st_ends_on_the_last_day_of_a_shorter_one_and_no_day_is_lost_later() -> None:
    ends = [months_after(JANUARY_31, count) for count in range(1, 5)]
    assert [(end.month, end.day) for end in ends] == [(2, 28), (3, 31), (4, 30), (5, 31)]
    assert {(end.hour, end.minute) for end in ends} == {(12, 30)}


def test_month_from_the_end_of_january_ends_on_leap_day_in_a_leap_year() -> None:
    assert months_after(datetime(2028, 1, 30, tzinfo=UTC), 1) == datetime(2028, 2, 29, tzinfo=UTC)
    assert months_after(datetime(2028, 2, 29, tzinfo=UTC), 12) == datetime(2029, 2, 28, tzinfo=UTC)


def test_days_are_those_of_utc_whatever_zone_a_time_came_in() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert months_after(datetime(2027, 2, 1, 3, tzinfo=tokyo), 1) == datetime(2027, 2, 28, 18, tzinfo=UTC)


def test_end_of_all_calendars_is_refused() -> None:
    with pytest.raises(ValueError, match="calendar"):
        months_after(datetime(9999, 12, 1, tzinfo=UTC), 1)


@given(MOMENTS, st.integers(0, 500))
def test_as_many_months_have_begun_as_were_added_and_one_fewer_a_moment_before(
    since: datetime, months: int
) -> None:
    end = months_after(since, months)
    assert months_begun(since, None, end) == months + 1
    assert months_begun(since, end, end + timedelta(days=400)) == max(months, 1)
    if months:
        assert months_begun(since, None, end - timedelta(microseconds=1)) == months


@given(MOMENTS, st.integers(0, 100), st.integers(0, 100))
def test_later_months_end_later(since: datetime, one: int, more: int) -> None:
    assert months_after(since, one) <= months_after(since, one + more)


def test_clock_that_is_behind_counts_one_month() -> None:
    assert months_begun(JANUARY_31, None, JANUARY_31 - timedelta(days=90)) == 1


@pytest.mark.parametrize(
    ("tier", "months", "badge"),
    [
        (1000, 1, "0"),
        (1000, 2, "2"),
        (1000, 5, "3"),
        (1000, 11, "9"),
        (1000, 22, "18"),
        (1000, 500, "120"),
        (2000, 1, "2000"),
        (3000, 12, "3012"),
    ],
)
def test_badge_is_the_last_one_that_was_reached(tier: int, months: int, badge: str) -> None:
    assert badge_version(tier, months) == badge
