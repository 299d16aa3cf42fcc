"""Months of subscriptions: when they end, how many were begun, and which badge they earn. Pure; times are given, in UTC.

A month from the 31st ends on the last day of a month that has no 31st, and the one after it on the 31st again: every end is
counted from the beginning, never from the end before, so no day is lost over the years. Stripe counts the same way.
"""

import calendar
from datetime import MAXYEAR, UTC, datetime, timedelta

STREAK_GAP = timedelta(days=30)
"""A longer time without ends a streak. As on Twitch."""

BADGE_MONTHS = (1, 2, 3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 72, 84, 96, 108, 120)
"""From which month on there is another badge."""

_TIER_BADGES = {1000: 0, 2000: 2000, 3000: 3000}


def months_after(moment: datetime, months: int) -> datetime:
    """Give the same day and time so many months later, or the last day of that month. Raises `ValueError` after year 9999."""
    moment = moment.astimezone(UTC)
    count = moment.month - 1 + months
    year, month = moment.year + count // 12, count % 12 + 1
    if year > MAXYEAR:
        raise ValueError("no calendar goes so far")
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def months_begun(since: datetime, until: datetime | None, now: datetime) -> int:
    """Count the months that have begun between `since` and now, or `until` if that is sooner; at least 1.

    The moment at which a month ends belongs to the next, so what is paid up to it has not begun another.
    """
    if until is not None and until <= now:
        now = until - timedelta(microseconds=1)
    since, now = since.astimezone(UTC), now.astimezone(UTC)
    whole = (now.year - since.year) * 12 + now.month - since.month
    if whole > 0 and months_after(since, whole) > now:
        whole -= 1
    return max(whole, 0) + 1


def badge_version(tier: int, months: int) -> str:
    """Name the badge of the set `subscriber` for so many months: the last of `BADGE_MONTHS` that was reached, `0` for the first.

    Tier 2 adds 2000 to it and tier 3 adds 3000, as on Twitch.
    """
    reached = max((known for known in BADGE_MONTHS if 1 < known <= months), default=0)
    return str(_TIER_BADGES.get(tier, 0) + reached)
