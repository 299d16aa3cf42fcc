"""EventSub: webhooks. What they are to be told, what else is due to them, and how often nothing arrived."""

from datetime import timedelta

from common.db import Executor
from common.queries.eventsub import COLUMNS, Subscription, read_subscription
from common.queries.outbox import ChannelEvent


async def insert_webhook_deliveries(
    db: Executor, event: ChannelEvent, *, kind: str, after: int, limit: int
) -> tuple[int, int | None]:
    """Enqueue an event for up to `limit` webhooks behind number `after`; give how many, and the last (`None`: there were fewer)."""
    to_id = event.event.get("to_broadcaster_user_id")
    row = await db.fetchrow(
        """
        with told as (
            select id, number from eventsub_subscriptions
            where is_active and status = 'enabled' and method = 'webhook' and type = $2 and number > $5
                and (channel_id = $3 and side <> 'to' or channel_id = $4 and side = 'to')
            order by number limit $6
        ), enqueued as (
            insert into deliveries (event_id, kind, target) select $1, $7, id::text from told
            on conflict (event_id, kind, target) do nothing
        )
        select count(*) as found, max(number) as last from told
        """,
        event.id,
        event.type,
        event.channel_id,
        int(to_id) if isinstance(to_id, str) and to_id.isdecimal() else None,
        after,
        limit,
        kind,
    )
    assert row is not None
    return row["found"], row["last"] if row["found"] == limit else None


async def select_webhook_chats(db: Executor) -> set[tuple[int, str]]:
    """List of which chats (by channel) webhooks are told what (by type)."""
    rows = await db.fetch(
        """
        select distinct channel_id, type from eventsub_subscriptions
        where is_active and status = 'enabled' and method = 'webhook' and type like 'channel.chat.%'
        """
    )
    return {(row["channel_id"], row["type"]) for row in rows}


async def take_due(db: Executor, *, limit: int, lease_s: float) -> list[Subscription]:
    """Take webhooks that are to be challenged, or to be told that it is over. Nobody else takes them for a while."""
    rows = await db.fetch(
        f"""
        update eventsub_subscriptions set due_at = now() + make_interval(secs => $2), tries = tries + 1
        where number = any(array(
            select number from eventsub_subscriptions where due_at <= now() order by due_at limit $1 for update skip locked))
        returning {COLUMNS}
        """,  # noqa: S608 # a constant
        limit,
        lease_s,
    )
    return [read_subscription(row) for row in rows]


async def select_next_due_s(db: Executor) -> float | None:
    """Give in how many seconds (negative: is overdue) the next webhook is due; `None`: none is."""
    due_s: float | None = await db.fetchval(
        "select extract(epoch from min(due_at) - now())::float8 from eventsub_subscriptions where due_at is not null"
    )
    return due_s


async def settle_due(db: Executor, number: int, *, retry_s: float | None) -> None:
    """Note that nothing is due any more, or (`retry_s`) when it is again."""
    await db.execute(
        "update eventsub_subscriptions set due_at = now() + make_interval(secs => $2) where number = $1",
        number,
        retry_s,
    )


async def set_status(db: Executor, number: int, status: str, *, only_if: str, tell: bool = False) -> bool:
    """Change the status of a subscription, if it is `only_if` now. `tell`: the webhook is to hear of it."""
    changed = await db.execute(
        """
        update eventsub_subscriptions set status = $2, status_at = now(), tries = 0, failures = 0, failing_since = null,
            due_at = case when $4 then now() end
        where number = $1 and status = $3
        """,
        number,
        status,
        only_if,
        tell,
    )
    return changed == 1


async def note_success(db: Executor, number: int) -> None:
    """Note that something arrived again."""
    await db.execute(
        "update eventsub_subscriptions set failures = 0, failing_since = null where number = $1 and failures > 0",
        number,
    )


async def note_failure(db: Executor, number: int, *, most: int, patience: timedelta) -> bool:
    """Note that something did not arrive. After `most` times, over `patience` at least, that is the end; say whether it is."""
    status: str | None = await db.fetchval(
        """
        update eventsub_subscriptions set failures = failures + 1, failing_since = coalesce(failing_since, now()),
            status = case when failures + 1 >= $2 and failing_since < now() - $3::interval
                then 'notification_failures_exceeded' else status end,
            due_at = case when failures + 1 >= $2 and failing_since < now() - $3::interval then now() end,
            status_at = case when failures + 1 >= $2 and failing_since < now() - $3::interval then now() else status_at end,
            tries = 0
        where number = $1 and status = 'enabled' returning status
        """,
        number,
        most,
        patience,
    )
    return status == "notification_failures_exceeded"
