"""Deliveries: what is to be sent to whom because of an event, how often that was tried, and what came of it.

A row is written once for an event, a kind and a target, whatever happens. Whoever sends takes it on lease; a worker that
dies loses none, since its leases run out.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from common.db import Executor

Outcome = Literal["sent", "skipped", "gone", "dead"]
MAX_ERROR = 300


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to send, on lease."""

    id: int
    event_id: int
    """Of an event that may be gone by now, with its channel."""
    kind: str
    target: str
    """A key in the table of that kind."""
    message_id: uuid.UUID
    """The same at every try."""
    attempts: int
    """How often it was taken, this time included."""
    created_at: datetime
    resent_at: datetime | None = None
    """When somebody had it sent once more; `None`: nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What came of one try."""

    id: int
    attempts: int
    """As of the lease: whoever took it since is not spoken for."""
    outcome: Outcome | None
    """`None`: to be tried again."""
    retry_s: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What was given up."""

    id: int
    event_id: int
    event_type: str
    channel_id: int
    kind: str
    target: str
    message_id: uuid.UUID
    attempts: int
    created_at: datetime
    finished_at: datetime
    last_error: str | None


async def insert_deliveries(db: Executor, event_id: int, kind: str, targets: Sequence[str]) -> int:
    """Enqueue one delivery for each target that has none of this event and kind yet; give how many."""
    return await db.execute(
        """
        insert into deliveries (event_id, kind, target) select $1, $2, target from unnest($3::text[]) as target
        on conflict (event_id, kind, target) do nothing
        """,
        event_id,
        kind,
        targets,
    )


async def insert_dead_letter(db: Executor, event_id: int, kind: str, target: str, error: str) -> None:
    """Note what could not even be enqueued, for operators to see."""
    await db.execute(
        """
        insert into deliveries (event_id, kind, target, finished_at, outcome, last_error)
        values ($1, $2, $3, now(), 'dead', $4) on conflict (event_id, kind, target) do nothing
        """,
        event_id,
        kind,
        target,
        error[:MAX_ERROR],
    )


async def lease_deliveries(db: Executor, kind: str, *, limit: int, lease_s: float) -> list[Delivery]:
    """Take what is due, the longest due first. Nobody else takes it before the lease is over."""
    rows = await db.fetch(
        """
        update deliveries set due_at = now() + make_interval(secs => $3), attempts = attempts + 1
        where id = any(array(
            select id from deliveries where kind = $1 and finished_at is null and due_at <= now()
            order by due_at limit $2 for update skip locked))
        returning id, event_id, kind, target, message_id, attempts, created_at, resent_at
        """,
        kind,
        limit,
        lease_s,
    )
    return [Delivery(**row) for row in rows]


async def settle_deliveries(db: Executor, settlements: Sequence[Settlement]) -> None:
    """Write down what came of deliveries. Twice is as good as once.

    That something was sent holds in any case; anything else only as long as nobody else has taken it since.
    """
    await db.execute(
        """
        update deliveries set
            outcome = settled.outcome,
            finished_at = case when settled.outcome is not null then now() end,
            due_at = case when settled.outcome is null then now() + make_interval(secs => settled.retry_s) else due_at end,
            last_error = coalesce(settled.error, last_error)
        from unnest($1::bigint[], $2::integer[], $3::text[], $4::float8[], $5::text[])
            as settled (id, attempts, outcome, retry_s, error)
        where deliveries.id = settled.id and finished_at is null
            and (settled.outcome = 'sent' or deliveries.attempts = settled.attempts)
        """,
        [settled.id for settled in settlements],
        [settled.attempts for settled in settlements],
        [settled.outcome for settled in settlements],
        [settled.retry_s for settled in settlements],
        [None if settled.error is None else settled.error[:MAX_ERROR] for settled in settlements],
    )


async def select_next_due_s(db: Executor, kind: str) -> float | None:
    """Give in how many seconds the next delivery of a kind is due (negative: is overdue); `None`: none waits."""
    due_s: float | None = await db.fetchval(
        """
        select extract(epoch from min(due_at) - now())::float8 from deliveries where kind = $1 and finished_at is null
        """,
        kind,
    )
    return due_s


async def select_dead_letters(
    db: Executor, *, limit: int, kind: str | None = None, before_id: int | None = None
) -> list[DeadLetter]:
    """List what was given up, the newest first, from `before_id` on into the past."""
    rows = await db.fetch(
        """
        select deliveries.id, event_id, outbox.type as event_type, channel_id, kind, target, message_id, attempts,
            deliveries.created_at, finished_at, last_error
        from deliveries join outbox on outbox.id = event_id
        where outcome = 'dead' and ($1::text is null or kind = $1) and ($2::bigint is null or deliveries.id < $2)
        order by deliveries.id desc limit $3
        """,
        kind,
        before_id,
        limit,
    )
    return [DeadLetter(**row) for row in rows]


async def delete_old_deliveries(db: Executor, *, sent_for: timedelta, dead_for: timedelta, limit: int) -> int:
    """Remove up to `limit` finished deliveries: what was given up later than the others. Give how many."""
    return await db.execute(
        """
        delete from deliveries where id = any(array(
            select id from deliveries
            where finished_at < now() - $1::interval and (outcome <> 'dead' or finished_at < now() - $2::interval)
            order by finished_at limit $3 for update skip locked))
        """,
        sent_for,
        dead_for,
        limit,
    )
