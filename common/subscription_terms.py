"""What follows for somebody's subscription from all that was bought for them and given to them. Pure.

A term is one purchase or grant, and terms may overlap. The subscription is what they are together: it has the highest tier
of those that run, lasts as long as the longest, and its months go on counting while one follows the other without a gap.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from common.subscription_months import STREAK_GAP, months_begun

Tier = Literal[1000, 2000, 3000]
TIERS: tuple[Tier, ...] = (1000, 2000, 3000)
POINTS = {1000: 1, 2000: 2, 3000: 6}
"""What a subscription counts in Helix' `points`."""

PAYMENT_GRACE = timedelta(days=3)
"""How long one that renews goes on after its end: Stripe takes money about an hour after it, and tries again if it cannot."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that was bought or given, and that nobody has ended."""

    tier: Tier
    is_gift: bool
    gifter_id: int | None
    """`None` of a gift: anonymous, or nobody knows any more."""
    ends_at: datetime | None
    """`None`: until it is taken back."""
    lapses_at: datetime | None
    """When it is over if nothing comes."""
    renews: bool

    def runs(self, now: datetime) -> bool:
        """Say whether it is not over."""
        return self.lapses_at is None or self.lapses_at > now


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody is to a channel, or was."""

    tier: Tier
    is_gift: bool
    gifter_id: int | None
    since: datetime
    """Without a gap."""
    ends_at: datetime | None
    lapses_at: datetime | None
    renews: bool
    ended_at: datetime | None = None
    months_before: int = 0
    """Of earlier times, which ended."""
    streak_before: int = 0
    shared_month: int = 0
    """The month, of all, that chat was last told of."""

    def runs(self, now: datetime) -> bool:
        """Say whether it is not over, also where nobody has written down yet that it is."""
        return self.ended_at is None and (self.lapses_at is None or self.lapses_at > now)

    def months(self, now: datetime) -> int:
        """Count the months of all time, with the one that runs."""
        return self.months_before + self._begun(now)

    def streak(self, now: datetime) -> int:
        """Count the months without a long gap."""
        return self.streak_before + self._begun(now)

    def _begun(self, now: datetime) -> int:
        return months_begun(self.since, self.ends_at, now if self.ended_at is None else self.ended_at)


Turn = Literal["begun", "raised", "ended"]
"""What happened to a subscription: it began, got a higher tier, or is over."""


def settle(
    before: Subscription | None, terms: Iterable[Term], now: datetime
) -> tuple[Subscription | None, Turn | None]:
    """Say what the subscription is now, and what happened to it. `before`: as it was written down; `None`: there was none."""
    running = [term for term in terms if term.runs(now)]
    if not running:
        if before is None or before.ended_at is not None:
            return before, None
        over = now if before.lapses_at is None else min(now, before.lapses_at)
        return replace(before, ended_at=max(over, before.since), renews=False), "ended"
    best = max(running, key=lambda term: (term.tier, term.ends_at is None, term.ends_at or now))
    after = Subscription(
        tier=best.tier,
        is_gift=best.is_gift,
        gifter_id=best.gifter_id,
        since=now,
        ends_at=_latest(term.ends_at for term in running),
        lapses_at=_latest(term.lapses_at for term in running),
        renews=any(term.renews for term in running),
    )
    if before is None:
        return after, "begun"
    if before.ended_at is None:
        after = replace(
            after,
            since=before.since,
            months_before=before.months_before,
            streak_before=before.streak_before,
            shared_month=before.shared_month,
        )
        return after, "raised" if after.tier > before.tier else None
    goes_on = now - before.ended_at <= STREAK_GAP
    return replace(
        after,
        months_before=before.months(now),
        streak_before=before.streak(now) if goes_on else 0,
        shared_month=before.shared_month,
    ), "begun"


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    latest: datetime | None = None
    for moment in moments:
        if moment is None:
            return None
        latest = moment if latest is None else max(latest, moment)
    return latest
