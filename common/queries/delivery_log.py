"""What was sent to webhooks, for those who asked for it; and sending once more what was given up."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor
from common.queries.eventsub import COLUMNS, Subscription, read_subscription


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription that is told to a webhook, as whoever answers for it sees it."""

    subscription: Subscription
    client_id: str | None
    """Of the app whose it is; `None`, as its name: the person's own."""
    app_name: str | None


@dataclass(frozen=True, slots=True)
class LoggedDelivery:
    """One thing that was, or is to be, sent to a webhook."""

    id: int
    message_id: uuid.UUID
    """As the receiver is told it."""
    event_type: str | None
    """`None`, as `event`: it is gone, with its channel."""
    event: str | None
    """EventSub's `event`, as JSON."""
    created_at: datetime
    attempts: int
    outcome: str | None
    """`sent`, `skipped`, `gone`, `dead`; `None`: not yet."""
    finished_at: datetime | None
    next_at: datetime | None
    """When it is tried next; `None`: it is not."""
    last_error: str | None
    resent_at: datetime | None
    """When somebody had it sent once more."""


async def select_webhooks(
    db: Executor,
    user_id: int,
    *,
    limit: int,
    before: int | None = None,
    id: uuid.UUID | None = None,  # noqa: A002 # of a subscription
) -> list[Webhook]:
    """List the webhooks that a person answers for, their own and those of their apps, the newest first."""
    rows = await db.fetch(
        f"""
        with mine as (
            (select * from eventsub_subscriptions where app_id is null and owner_id = $1)
            union all
            (select * from eventsub_subscriptions
             where app_id = any(array(select oauth_apps.id from oauth_apps where user_id = $1)))
        ), page as (
            select * from mine
            where method = 'webhook' and ($2::bigint is null or number < $2) and ($3::uuid is null or id = $3)
            order by number desc limit $4
        )
        select {COLUMNS}, client_id, app_name
        from page left join (select oauth_apps.id as known_app_id, client_id, name as app_name from oauth_apps) as apps
            on known_app_id = app_id
        order by number desc
        """,  # noqa: S608 # a constant
        user_id,
        before,
        id,
        limit,
    )
    return [Webhook(read_subscription(row), row["client_id"], row["app_name"]) for row in rows]


async def select_webhook_log(
    db: Executor, subscription_id: uuid.UUID, *, limit: int, before_id: int | None = None
) -> list[LoggedDelivery]:
    """List what was sent to a webhook of late, and what waits to be, the newest first."""
    rows = await db.fetch(
        """
        select deliveries.id, message_id, outbox.type as event_type, outbox.event::text as event, deliveries.created_at,
            attempts, outcome, finished_at, case when finished_at is null then due_at end as next_at, last_error, resent_at
        from deliveries left join outbox on outbox.id = event_id
        where kind = 'webhook' and target = $1 and ($2::bigint is null or deliveries.id < $2)
        order by deliveries.id desc limit $3
        """,
        str(subscription_id),
        before_id,
        limit,
    )
    return [LoggedDelivery(**row) for row in rows]


async def resend_delivery(db: Executor, delivery_id: int, *, target: str | None = None) -> bool:
    """Have something sent once more that was not delivered, as if it were new; `False`: there is no such thing.

    `target`: only if it is for that webhook. Workers hear of it at commit.
    """
    resent: int = await db.fetchval(
        """
        with resent as (
            update deliveries set outcome = null, finished_at = null, attempts = 0, due_at = now(), resent_at = now()
            where id = $1 and ($2::text is null or kind = 'webhook' and target = $2)
                and kind <> 'expansion' and outcome in ('dead', 'gone', 'skipped')
                and exists (select from outbox where outbox.id = event_id)
            returning pg_notify('weir_control', '{"table": "deliveries", "id": 0}')::text as told
        )
        select count(told) from resent
        """,
        delivery_id,
        target,
    )
    return resent == 1


async def expand_again(db: Executor, delivery_id: int) -> bool:
    """Have an event made into deliveries by what had given it up; `False`: there is no such thing.

    Those that it made before it gave up are not made again.
    """
    again: int = await db.fetchval(
        """
        with given_up as (
            delete from deliveries where id = $1 and kind = 'expansion' and outcome = 'dead'
                and exists (select from outbox where outbox.id = event_id)
            returning event_id, target
        ), again as (
            update outbox set progress = progress - target, delivered_at = null from given_up where outbox.id = event_id
            returning pg_notify('weir_control', '{"table": "outbox", "id": 0}')::text as told
        )
        select count(told) from again
        """,
        delivery_id,
    )
    return again == 1
