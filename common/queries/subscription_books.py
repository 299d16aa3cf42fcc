"""The books of subscriptions, which only grow, and the events that channels are told."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the books."""

    kind: str
    """`begun`, `renewed`, `changed`, `given`, `shared`, `ended`; of money: `paid`, `payment_failed`, `refunded`, `not_given`."""
    channel_id: int | None
    user_id: int | None = None
    actor_id: int | None = None
    """Who gave it."""
    order_id: uuid.UUID | None = None
    tier: int | None = None
    count: int | None = None
    months: int | None = None
    amount: int | None = None
    """In the smallest unit of the currency."""
    currency: str | None = None
    reference: str | None = None
    """The provider's name of the payment or invoice."""
    paid_until: datetime | None = None


async def insert_entry(db: Executor, entry: Entry) -> None:
    """Add a line to the books."""
    await db.execute(
        """
        insert into subscription_events (kind, channel_id, user_id, actor_id, order_id, tier, count, months, amount,
            currency, reference, paid_until)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        entry.kind,
        entry.channel_id,
        entry.user_id,
        entry.actor_id,
        entry.order_id,
        entry.tier,
        entry.count,
        entry.months,
        entry.amount,
        entry.currency,
        entry.reference,
        entry.paid_until,
    )


async def count_given(db: Executor, *, channel_id: int, gifter_id: int) -> int:
    """Give how many subscriptions somebody gave in a channel under their name."""
    given: int = await db.fetchval(
        """
        select coalesce(sum(count), 0) from subscription_events
        where actor_id = $2 and channel_id = $1 and kind = 'given'
        """,
        channel_id,
        gifter_id,
    )
    return given


async def tell_event(db: Executor, channel_id: int, kind: str, more: str) -> None:
    """Add an event of a channel to the outbox: `more` is its JSON, beside the names of the channel."""
    await db.execute("select tell_event($1, $2, $3::jsonb)", channel_id, kind, more)
