"""Orders of subscriptions: what somebody wants to pay, has paid, and what we owe the provider a word about."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from common.db import DatabaseUnavailableError, Executor, Row
from common.subscription_terms import Tier

Kind = Literal["subscription", "gift"]
Status = Literal["open", "paid", "ended", "refunded", "expired"]
Owed = Literal["cancel", "stop", "refund"]
"""To tell the provider: end it now, do not renew it, pay it back."""

_OPEN_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to buy."""

    kind: Kind
    channel_id: int
    buyer_id: int
    tier: Tier
    recipient_id: int | None = None
    """Of a gift to one person."""
    count: int = 1
    chosen: bool = False
    """Recipients are chosen when it is paid."""
    is_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One order."""

    id: uuid.UUID
    kind: Kind
    channel_id: int | None
    """`None`: the channel is gone."""
    buyer_id: int | None
    recipient_id: int | None
    tier: Tier
    count: int
    chosen: bool
    is_anonymous: bool
    status: Status
    created_at: datetime
    expires_at: datetime
    amount: int | None
    currency: str | None
    session_id: str | None
    session_url: str | None
    customer_id: str | None
    subscription_id: str | None
    payment_id: str | None
    heard_at: datetime | None
    owed: Owed | None
    owed_amount: int | None
    owed_tries: int


_ORDER: LiteralString = """
id, kind, channel_id, buyer_id, recipient_id, tier, count, chosen, is_anonymous, status, created_at, expires_at, amount, currency,
session_id, session_url, customer_id, subscription_id, payment_id, heard_at, owed, owed_amount, owed_tries
"""


def _order(row: Row) -> Order:
    return Order(**{name: row[name] for name in row.keys()})  # noqa: SIM118 # a record iterates over its values


# Opening -----------------------------------------------------------------------------------------------------------------------


async def expire_orders(db: Executor, buyer_id: int, *, margin: timedelta) -> None:
    """Give up somebody's orders whose page ends within `margin`, or that got none for long: a page must have time left."""
    await db.execute(
        """
        update subscription_orders set status = 'expired'
        where buyer_id = $1 and status = 'open'
          and (expires_at <= now() + $2::interval or session_url is null and created_at < now() - interval '10 minutes')
        """,
        buyer_id,
        margin,
    )


async def open_order(db: Executor, wish: Wish, *, order_id: uuid.UUID, lasts: timedelta) -> Order:
    """Open an order, or give the one that is open for the very same: who presses a button twice buys once."""
    values = (
        wish.kind,
        wish.channel_id,
        wish.buyer_id,
        wish.recipient_id,
        wish.tier,
        wish.count,
        wish.chosen,
        wish.is_anonymous,
    )
    for _ in range(_OPEN_TRIES):
        row = await db.fetchrow(
            f"""
            with made as (
                insert into subscription_orders
                    (id, kind, channel_id, buyer_id, recipient_id, tier, count, chosen, is_anonymous, provider, expires_at)
                values ($1, $3, $4, $5, $6, $7, $8, $9, $10, 'stripe', now() + $2::interval)
                on conflict do nothing returning {_ORDER}
            )
            select {_ORDER} from made
            union all
            select {_ORDER} from subscription_orders
            where status = 'open' and kind = $3 and channel_id = $4 and buyer_id = $5
              and recipient_id is not distinct from $6::bigint and tier = $7 and count = $8 and chosen = $9 and is_anonymous = $10
            limit 1
            """,  # noqa: S608 # constants
            order_id,
            lasts,
            *values,
        )
        if row is not None:
            return _order(row)
        # Another request made it while this statement ran, which cannot see it; the next can.
    raise DatabaseUnavailableError("an order is being opened by somebody else")


async def set_session(db: Executor, order_id: uuid.UUID, *, session_id: str, url: str) -> None:
    """Keep on which page an order is paid."""
    await db.execute(
        "update subscription_orders set session_id = $2, session_url = $3 where id = $1",
        order_id,
        session_id,
        url,
    )


async def count_orders(db: Executor, buyer_id: int, *, within: timedelta) -> int:
    """Give how many orders somebody opened of late."""
    number: int = await db.fetchval(
        "select count(*) from subscription_orders where buyer_id = $1 and created_at > now() - $2::interval",
        buyer_id,
        within,
    )
    return number


# Finding -----------------------------------------------------------------------------------------------------------------------


async def select_customer(db: Executor, buyer_id: int) -> str | None:
    """Give what the provider calls somebody who has paid before; `None`: it does not know them."""
    customer_id: str | None = await db.fetchval(
        """
        select customer_id from subscription_orders where buyer_id = $1 and customer_id is not null
        order by created_at desc limit 1
        """,
        buyer_id,
    )
    return customer_id


async def select_renewing_order(db: Executor, *, channel_id: int, buyer_id: int) -> Order | None:
    """Find the order of somebody's own subscription to a channel that is paid again and again."""
    row = await db.fetchrow(
        f"""
        select {_ORDER} from subscription_orders
        where buyer_id = $2 and channel_id = $1 and status = 'paid' and kind = 'subscription'
          and exists (select from subscription_terms where order_id = subscription_orders.id and ended_at is null and renews)
        order by created_at desc limit 1
        """,  # noqa: S608 # constants
        channel_id,
        buyer_id,
    )
    return _order(row) if row else None


async def lock_order(
    db: Executor,
    *,
    order_id: uuid.UUID | None = None,
    subscription_id: str | None = None,
    payment_id: str | None = None,
    references: tuple[str, ...] = (),
) -> Order | None:
    """Find an order and lock it, and those whom it names against deletion; `None`: it is none of ours.

    What is given is tried in turn: its id, what the provider calls its subscription or payment, a payment in the books.
    """
    found = await db.fetchrow(
        """
        select id, array[buyer_id, channel_id, recipient_id] as people from subscription_orders
        where id = coalesce(
            (select id from subscription_orders where id = $1),
            (select id from subscription_orders where subscription_id = $2),
            (select id from subscription_orders where payment_id = $3),
            (select order_id from subscription_events where reference = any($4::text[]) and order_id is not null
             order by id limit 1))
        """,
        order_id,
        subscription_id,
        payment_id,
        list(references),
    )
    if found is None:
        return None
    # People before the order, as when an account is deleted, so that neither waits for the other in a circle.
    await db.execute(
        "select from users where id = any($1::bigint[]) order by id for key share", found["people"]
    )
    row = await db.fetchrow(
        f"select {_ORDER} from subscription_orders where id = $1 for update",  # noqa: S608 # a constant
        found["id"],
    )
    return _order(row) if row else None


async def select_paid_until(
    db: Executor, order_id: uuid.UUID, references: tuple[str, ...]
) -> datetime | None:
    """Give until when a payment of an order paid; `None`: the books do not say."""
    until: datetime | None = await db.fetchval(
        """
        select max(paid_until) from subscription_events
        where order_id = $1 and kind = 'paid' and reference = any($2::text[])
        """,
        order_id,
        list(references),
    )
    return until


# Changing: in a transaction that has locked the order ------------------------------------------------------------------------


async def set_paid(
    db: Executor,
    order_id: uuid.UUID,
    *,
    customer_id: str | None,
    subscription_id: str | None,
    payment_id: str | None,
    amount: int | None,
    currency: str | None,
) -> None:
    """Write down that an order was paid, and what the provider calls it. What is known already stays."""
    await db.execute(
        """
        update subscription_orders set
            status = case when status in ('open', 'expired') then 'paid' else status end,
            paid_at = coalesce(paid_at, now()), customer_id = coalesce(customer_id, $2),
            subscription_id = coalesce(subscription_id, $3), payment_id = coalesce(payment_id, $4),
            amount = coalesce(amount, $5), currency = coalesce(currency, $6)
        where id = $1
        """,
        order_id,
        customer_id,
        subscription_id,
        payment_id,
        amount,
        currency,
    )


async def set_status(db: Executor, order_id: uuid.UUID, status: Status) -> None:
    """Say what became of an order."""
    await db.execute("update subscription_orders set status = $2 where id = $1", order_id, status)


async def set_heard(db: Executor, order_id: uuid.UUID, said_at: datetime) -> None:
    """Keep when the provider's newest word about an order was said."""
    await db.execute("update subscription_orders set heard_at = $2 where id = $1", order_id, said_at)


# What we owe the provider a word about -----------------------------------------------------------------------------------------


async def owe(db: Executor, order_id: uuid.UUID, owed: Owed, amount: int | None = None) -> None:
    """Have the provider told something: at once, and again until it has heard."""
    await db.execute(
        """
        update subscription_orders set owed = $2, owed_amount = $3, owed_at = now(), owed_tries = 0
        where id = $1 and (owed is null or owed = 'stop')
        """,
        order_id,
        owed,
        amount,
    )


async def owe_stop_of_others(db: Executor, order: Order) -> None:
    """Have all other subscriptions of the same person to the same channel not renew."""
    await db.execute(
        """
        update subscription_orders set owed = 'stop', owed_at = now(), owed_tries = 0
        where buyer_id = $2 and channel_id = $3 and id <> $1 and status = 'paid' and kind = 'subscription'
          and subscription_id is not null and owed is null
          and exists (select from subscription_terms where order_id = subscription_orders.id and ended_at is null and renews)
        """,
        order.id,
        order.buyer_id,
        order.channel_id,
    )


async def take_owed(db: Executor, *, limit: int, again_in: timedelta) -> list[Order]:
    """Take what is to be told now, so that no other process does for `again_in`."""
    rows = await db.fetch(
        f"""
        update subscription_orders set owed_at = now() + $2::interval, owed_tries = owed_tries + 1
        where id = any(array(select id from subscription_orders where owed is not null and owed_at <= now()
            order by owed_at limit $1 for update skip locked))
        returning {_ORDER}
        """,  # noqa: S608 # constants
        limit,
        again_in,
    )
    return [_order(row) for row in rows]


async def set_told(db: Executor, order: Order) -> None:
    """Owe nothing any more of what was told; something else that came meanwhile stays."""
    await db.execute(
        "update subscription_orders set owed = null, owed_at = null, owed_amount = null where id = $1 and owed = $2",
        order.id,
        order.owed,
    )


async def put_off(db: Executor, order_id: uuid.UUID, *, again_in: timedelta) -> None:
    """Tell it later."""
    await db.execute(
        "update subscription_orders set owed_at = now() + $2::interval where id = $1 and owed is not null",
        order_id,
        again_in,
    )


# What Stripe told us -------------------------------------------------------------------------------------------------------------


async def insert_stripe_event(db: Executor, event_id: str, event_type: str) -> bool:
    """Take note of an event; `False` when it was known already. In the transaction of what it brings about."""
    touched = await db.execute(
        "insert into stripe_events (id, type) values ($1, $2) on conflict do nothing", event_id, event_type
    )
    return touched == 1


async def delete_old_stripe_events(db: Executor, *, before: datetime, limit: int) -> int:
    """Forget what Stripe told us long ago; give how many."""
    return await db.execute(
        """
        delete from stripe_events where id = any(array(
            select id from stripe_events where received_at < $1 order by received_at limit $2 for update skip locked))
        """,
        before,
        limit,
    )
