"""Terms of subscriptions: each is one thing that was bought or given. Who changes somebody's holds the lock of the subscription."""

import uuid
from datetime import datetime, timedelta

from common.db import Executor
from common.subscription_terms import Term


async def select_terms(db: Executor, *, channel_id: int, user_id: int) -> list[Term]:
    """List somebody's terms that nobody has ended."""
    rows = await db.fetch(
        """
        select tier, is_gift, gifter_id, ends_at, lapses_at, renews from subscription_terms
        where channel_id = $1 and user_id = $2 and ended_at is null order by id
        """,
        channel_id,
        user_id,
    )
    return [Term(**row) for row in rows]


async def insert_term(
    db: Executor,
    term: Term,
    *,
    channel_id: int,
    user_id: int,
    starts_at: datetime,
    order_id: uuid.UUID | None = None,
) -> None:
    """Add a term: of an order, or (`None`) a grant.

    Raises `CheckViolationError` for the owner, `ForeignKeyViolationError` when there is no such user or channel.
    """
    await db.execute(
        """
        insert into subscription_terms (channel_id, user_id, tier, source, is_gift, gifter_id, order_id, starts_at,
            ends_at, lapses_at, renews)
        values ($1, $2, $3, case when $6::uuid is null then 'grant' else 'stripe' end, $4, $5, $6, $7, $8, $9, $10)
        """,
        channel_id,
        user_id,
        term.tier,
        term.is_gift,
        term.gifter_id,
        order_id,
        starts_at,
        term.ends_at,
        term.lapses_at,
        term.renews,
    )


async def end_grants(db: Executor, *, channel_id: int, user_id: int, now: datetime) -> int:
    """End what somebody was granted, and not what was paid for; give how many terms that were."""
    return await db.execute(
        """
        update subscription_terms set ended_at = $3, end_reason = 'taken_back', renews = false
        where channel_id = $1 and user_id = $2 and source = 'grant' and ended_at is null
        """,
        channel_id,
        user_id,
        now,
    )


async def end_lapsed_terms(db: Executor, *, channel_id: int, user_id: int, now: datetime) -> int:
    """Write down that terms of somebody are over; give how many."""
    return await db.execute(
        """
        update subscription_terms set ended_at = lapses_at, end_reason = 'over', renews = false
        where channel_id = $1 and user_id = $2 and ended_at is null and lapses_at <= $3
        """,
        channel_id,
        user_id,
        now,
    )


async def select_lapsed(db: Executor, *, limit: int) -> list[tuple[int, int]]:
    """List channels and people of terms that are over without anybody having written that down, the oldest first."""
    rows = await db.fetch(
        """
        select channel_id, user_id from subscription_terms where ended_at is null and lapses_at <= clock_timestamp()
        order by lapses_at limit $1
        """,
        limit,
    )
    return [(row["channel_id"], row["user_id"]) for row in rows]


async def select_term_people(db: Executor, order_id: uuid.UUID) -> list[tuple[int, int]]:
    """List channel and person of each term of an order that nobody has ended, by rising ids of the people."""
    rows = await db.fetch(
        """
        select distinct channel_id, user_id from subscription_terms where order_id = $1 and ended_at is null
        order by user_id
        """,
        order_id,
    )
    return [(row["channel_id"], row["user_id"]) for row in rows]


async def prolong_term(db: Executor, order_id: uuid.UUID, *, ends_at: datetime, lapses_at: datetime) -> bool:
    """Have the term of an order last until a later time; `False` when it does so already, or was ended."""
    touched = await db.execute(
        """
        update subscription_terms set ends_at = $2, lapses_at = $3
        where order_id = $1 and ended_at is null and ends_at < $2
        """,
        order_id,
        ends_at,
        lapses_at,
    )
    return touched > 0


async def set_term_renewal(
    db: Executor, order_id: uuid.UUID, *, renews: bool, lapses_after: timedelta
) -> bool:
    """Say whether the term of an order renews, and how long it goes on after its end; `False`: no change."""
    touched = await db.execute(
        """
        update subscription_terms set renews = $2, lapses_at = ends_at + $3::interval
        where order_id = $1 and ended_at is null and renews <> $2
        """,
        order_id,
        renews,
        lapses_after,
    )
    return touched > 0


async def end_order_terms(db: Executor, order_id: uuid.UUID, *, reason: str, now: datetime) -> int:
    """End the terms of an order (`cancelled`, `refunded`); give how many."""
    return await db.execute(
        """
        update subscription_terms set ended_at = $2, end_reason = $3, renews = false
        where order_id = $1 and ended_at is null
        """,
        order_id,
        now,
        reason,
    )
