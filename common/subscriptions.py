"""Subscriptions change here and nowhere else: what is granted, given, bought, taken back, shared, or over.

Each change is one transaction: the term, what follows from it for the subscription, the line in the books, the event in the
outbox and the notice for chat. All of it happens, or nothing. Times are the database's.
"""

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import trio

from common.audit import Actor, Target, write_down
from common.db import Database, Transaction
from common.errors import WeirError
from common.queries import subscription_terms as terms_of
from common.queries import subscriptions as queries
from common.queries.subscriptions import Recipient
from common.subscription_months import months_after
from common.subscription_telling import (
    Giver,
    Place,
    tell_first_month,
    tell_gifts,
    tell_resub,
    tell_turn,
    write_entry,
)
from common.subscription_terms import Term, Tier, Turn, settle

MAX_GIFTS = 100
"""Given at once."""
MAX_GRANT_MONTHS = 36
CANDIDATES = 2_000
"""Newest followers among whom recipients of gifts are chosen."""


class SubscriptionRefusedError(WeirError):
    """It is not done; the text is a sentence for who wanted it."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
        """For programs: `own_channel`, `yourself`, `nobody`, `unwelcome`, `subscribed`, `not_subscribed`, `too_few`, `shared`."""


Choose = Callable[[Sequence[int], int], list[int]]
"""Picks so many of some."""


def choose_by_chance(candidates: Sequence[int], count: int) -> list[int]:
    """Pick `count` of `candidates`, or all if there are fewer; nobody can foresee whom."""
    return secrets.SystemRandom().sample(candidates, min(count, len(candidates)))


def check_recipient(
    recipient: Recipient | None, *, channel_id: int, giver_id: int | None, tier: Tier
) -> Recipient:
    """Give who may be given a subscription at this tier. Raises `SubscriptionRefusedError` for everybody else."""
    if recipient is None:
        raise SubscriptionRefusedError("There is nobody of that name.", "nobody")
    if recipient.id == giver_id:
        raise SubscriptionRefusedError("You cannot give yourself a subscription.", "yourself")
    if recipient.id == channel_id:
        raise SubscriptionRefusedError("Nobody subscribes to their own channel.", "own_channel")
    if recipient.is_unwelcome:
        raise SubscriptionRefusedError(f"{recipient.display_name} can be given none here.", "unwelcome")
    if recipient.tier is not None and recipient.tier >= tier:
        raise SubscriptionRefusedError(
            f"{recipient.display_name} is subscribed at this tier, or a higher one, already.", "subscribed"
        )
    return recipient


# By owners and operators, without money ------------------------------------------------------------------------------------


async def grant(db: Database, actor: Actor, place: Place, login: str, tier: Tier, months: int | None) -> int:
    """Have somebody subscribe without paying, for some months or (`None`) until it is taken back; give their id.

    Raises `SubscriptionRefusedError`.
    """
    async with db.transaction() as transaction:
        found = await queries.select_recipient(transaction, login, channel_id=place.id, gifter_id=None)
        user = check_recipient(found, channel_id=place.id, giver_id=None, tier=tier)
        now = await queries.lock_subscription(transaction, channel_id=place.id, user_id=user.id)
        found = await queries.select_recipient_by_id(
            transaction, user.id, channel_id=place.id, gifter_id=None
        )
        check_recipient(
            found, channel_id=place.id, giver_id=None, tier=tier
        )  # again: nobody else changes it now
        term = make_term(tier, now, months)
        await add_term(transaction, place, user.id, term, now=now)
        await tell_first_month(transaction, place, user.id, now=now, duration_months=months or 1)
        await write_down(
            transaction,
            actor,
            "grant_subscription",
            target=Target("user", str(user.id)),
            channel_id=place.id,
            details={"user_login": user.login, "tier": str(tier), "months": months},
        )
    return user.id


async def take_back(db: Database, actor: Actor, place: Place, user_id: int, login: str) -> bool:
    """End what somebody was granted or given without money; `False` when there is no such thing. What was paid for stays."""
    async with db.transaction() as transaction:
        now = await queries.lock_subscription(transaction, channel_id=place.id, user_id=user_id)
        if not await terms_of.end_grants(transaction, channel_id=place.id, user_id=user_id, now=now):
            return False
        await settle_written(transaction, place.id, user_id, now=now)
        await write_down(
            transaction,
            actor,
            "take_back_subscription",
            target=Target("user", str(user_id)),
            channel_id=place.id,
            details={"user_login": login},
        )
    return True


async def give_freely(
    db: Database,
    actor: Actor,
    place: Place,
    giver: Giver,
    recipients: Sequence[int],
    tier: Tier,
    *,
    mass: bool,
) -> list[int]:
    """Give people a month without money; give who got it: whoever subscribed meanwhile does not."""
    async with db.transaction() as transaction:
        given = await give(transaction, place, giver, recipients, tier, mass=mass)
        for user_id in given:
            await write_down(
                transaction,
                actor,
                "gift_subscription",
                target=Target("user", str(user_id)),
                channel_id=place.id,
                details={"tier": str(tier)},
            )
    return given


async def end_lapsed(db: Database, *, limit: int) -> int:
    """End what is over; give how many people that concerned. Any number of processes may do so at once."""
    lapsed = await terms_of.select_lapsed(db, limit=limit)
    for channel_id, user_id in lapsed:
        async with db.transaction() as transaction:
            now = await queries.lock_subscription(transaction, channel_id=channel_id, user_id=user_id)
            await settle_written(transaction, channel_id, user_id, now=now)
    return len(lapsed)


async def share(db: Database, place: Place, user_id: int, text: str, *, show_streak: bool) -> None:
    """Tell chat that somebody's subscription goes on, with what they say about it: once a month.

    Raises `SubscriptionRefusedError`.
    """
    async with db.transaction() as transaction:
        now = await queries.lock_subscription(transaction, channel_id=place.id, user_id=user_id)
        held = await queries.select_subscription(transaction, channel_id=place.id, user_id=user_id)
        if held is None or not held.runs(now):
            raise SubscriptionRefusedError("You are not subscribed to this channel.", "not_subscribed")
        months = held.months(now)
        if held.shared_month >= months:
            raise SubscriptionRefusedError("Chat knows of this month already.", "shared")
        told = replace(held, shared_month=months)
        await queries.upsert_subscription(transaction, told, channel_id=place.id, user_id=user_id)
        streak = held.streak(now) if show_streak else None
        await tell_resub(transaction, place, user_id, held, text, now=now, streak=streak)
        await write_entry(transaction, "shared", place.id, user_id, told, now)


# What the above and the providers are made of: inside a transaction --------------------------------------------------


def make_term(tier: Tier, now: datetime, months: int | None, giver: Giver | None = None) -> Term:
    """Make a term that begins now and does not renew."""
    ends_at = None if months is None else months_after(now, months)
    return Term(
        tier,
        is_gift=giver is not None,
        gifter_id=None if giver is None else giver.shown_id,
        ends_at=ends_at,
        lapses_at=ends_at,
        renews=False,
    )


async def add_term(
    db: Transaction,
    place: Place,
    user_id: int,
    term: Term,
    *,
    now: datetime,
    order_id: uuid.UUID | None = None,
) -> Turn | None:
    """Add a term of somebody whose subscription is locked; give what happened to the subscription."""
    await terms_of.insert_term(
        db, term, channel_id=place.id, user_id=user_id, starts_at=now, order_id=order_id
    )
    return await settle_written(db, place.id, user_id, now=now)


async def give(
    db: Transaction,
    place: Place,
    giver: Giver,
    recipients: Sequence[int],
    tier: Tier,
    *,
    mass: bool,
    order_id: uuid.UUID | None = None,
) -> list[int]:
    """Give a month to each of some people, in whose place nobody else comes; give who got it. `mass`: they were chosen."""
    given: list[tuple[int, datetime]] = []
    await trio.lowlevel.checkpoint()
    for user_id in sorted(set(recipients)):  # in one order, so that no two wait for each other
        now = await queries.lock_subscription(db, channel_id=place.id, user_id=user_id)
        found = await queries.select_recipient_by_id(
            db, user_id, channel_id=place.id, gifter_id=giver.user_id
        )
        try:
            check_recipient(found, channel_id=place.id, giver_id=giver.user_id, tier=tier)
        except SubscriptionRefusedError:
            continue
        await add_term(db, place, user_id, make_term(tier, now, 1, giver), now=now, order_id=order_id)
        given.append((user_id, now))
    if given:
        await tell_gifts(db, place, giver, given, tier, mass=mass, order_id=order_id)
    return [user_id for user_id, _ in given]


async def settle_written(db: Transaction, channel_id: int, user_id: int, *, now: datetime) -> Turn | None:
    """Write down what follows from somebody's terms, and tell the channel; give what happened. They must be locked."""
    before = await queries.select_subscription(db, channel_id=channel_id, user_id=user_id)
    await terms_of.end_lapsed_terms(db, channel_id=channel_id, user_id=user_id, now=now)
    terms = await terms_of.select_terms(db, channel_id=channel_id, user_id=user_id)
    after, turn = settle(before, terms, now)
    if after is None or after == before:
        return turn
    await queries.upsert_subscription(db, after, channel_id=channel_id, user_id=user_id)
    if turn is not None:
        kind = "channel.subscription.end" if turn == "ended" else "channel.subscribe"
        await tell_turn(db, kind, channel_id, user_id, after)
        await write_entry(db, "changed" if turn == "raised" else turn, channel_id, user_id, after, now)
    return turn
