"""What follows from what was bought and given."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.subscription_months import months_after
from common.subscription_terms import Subscription, Term, Tier, settle

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def term(
    tier: Tier = 1000, *, start: datetime = NOW, months: int | None = 1, gifter_id: int | None = None
) -> Term:
    ends_at = None if months is None else months_after(start, months)
    return Term(tier, gifter_id is not None, gifter_id, ends_at, ends_at, renews=False)


def begun(*terms: Term, now: datetime = NOW, before: Subscription | None = None) -> Subscription:
    after, turn = settle(before, terms, now)
    assert turn == "begun"
    assert after is not None
    return after


def ended(subscription: Subscription, now: datetime, *terms: Term) -> Subscription:
    after, turn = settle(subscription, terms, now)
    assert turn == "ended"
    assert after is not None
    return after


def test_first_term_begins_a_subscription_of_one_month() -> None:
    first = begun(term())
    assert (first.months(NOW), first.streak(NOW), first.runs(NOW)) == (1, 1, True)
    assert first.ends_at == datetime(2027, 2, 28, 12, tzinfo=UTC)


def test_nothing_from_nothing() -> None:
    assert settle(None, [], NOW) == (None, None)


def test_it_is_over_with_its_last_term_and_keeps_its_months() -> None:
    first = begun(term(months=3))
    over = first.ends_at
    assert over is not None
    late = ended(first, over + DAY, term(months=3))
    assert late.ended_at == over
    assert late.months(over + 900 * DAY) == 3
    assert settle(late, [], over + 2 * DAY) == (late, None)


def test_what_is_taken_back_ends_at_once_and_counts_what_had_begun() -> None:
    first = begun(term(months=None))
    later = months_after(NOW, 4) + DAY
    taken = ended(first, later)
    assert (taken.ended_at, taken.months(later)) == (later, 5)


def test_terms_in_a_row_count_on_and_so_does_the_streak() -> None:
    first = begun(term(months=1))
    next_day = months_after(NOW, 1)
    second, turn = settle(first, [term(months=1), term(start=next_day)], next_day)
    assert turn is None
    assert second is not None
    assert (second.since, second.months(next_day), second.streak(next_day)) == (NOW, 2, 2)


@pytest.mark.parametrize(("gap_days", "streak"), [(0, 2), (30, 2), (31, 1)])
def test_streak_outlives_a_gap_of_thirty_days_and_months_outlive_any(gap_days: int, streak: int) -> None:
    first = begun(term())
    assert first.ends_at is not None
    gone = ended(first, first.ends_at)
    back_at = first.ends_at + gap_days * DAY
    back = begun(term(start=back_at), now=back_at, before=gone)
    assert (back.months(back_at), back.streak(back_at)) == (2, streak)


def test_higher_gift_raises_the_tier_while_it_lasts_and_no_longer() -> None:
    own, gift = term(1000, months=6), term(3000, months=1, gifter_id=8)
    first = begun(own)
    raised, turn = settle(first, [own, gift], NOW + DAY)
    assert turn == "raised"
    assert raised is not None
    assert (raised.tier, raised.is_gift, raised.gifter_id, raised.ends_at) == (3000, True, 8, own.ends_at)
    lowered, turn = settle(raised, [own, gift], months_after(NOW, 1))
    assert turn is None
    assert lowered is not None
    assert (lowered.tier, lowered.is_gift, lowered.gifter_id) == (1000, False, None)


def test_days_of_grace_count_no_month() -> None:
    renewing = replace(term(), lapses_at=months_after(NOW, 1) + 3 * DAY, renews=True)
    first = begun(renewing)
    waiting = months_after(NOW, 1) + DAY
    assert first.runs(waiting)
    assert first.months(waiting) == 1
    assert ended(first, waiting + 5 * DAY, renewing).months(waiting + 50 * DAY) == 1


@given(
    st.lists(st.tuples(st.sampled_from([1000, 2000, 3000]), st.integers(1, 14)), max_size=6),
    st.integers(0, 500),
)
def test_it_runs_exactly_while_a_term_does(bought: list[tuple[Tier, int]], days: int) -> None:
    terms = [term(tier, months=months) for tier, months in bought]
    first, _ = settle(None, terms, NOW)
    now = NOW + days * DAY
    after, turn = settle(first, terms, now)
    running = [one for one in terms if one.runs(now)]
    if not bought:
        assert after is None
    elif running:
        assert after is not None
        assert after.runs(now)
        assert (after.tier, turn) == (max(one.tier for one in running), None)
    else:
        assert turn == "ended"
