"""What happens on channels, under EventSub's names. Rows are written by triggers, in the transaction of what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from common.db import Executor, Row

EVENT_TYPES = ("stream.online", "stream.offline", "channel.update")


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """One thing that happened."""

    id: int
    """Rises, within one channel in the order of what happened."""
    channel_id: int
    type: str
    """One of `EVENT_TYPES`."""
    event: dict[str, Any]
    """EventSub's `event`."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """One that has still to be passed on, and how far that has come."""

    event: ChannelEvent
    progress: dict[str, int | None]
    """By the name of what passes it on: the last key it has seen to, or `None` when it has seen to all."""


async def select_channel_events(
    db: Executor,
    channel_id: int,
    *,
    limit: int,
    types: Sequence[str] = EVENT_TYPES,
    before_id: int | None = None,
) -> list[ChannelEvent]:
    """List what happened on a channel, the newest first, from `before_id` on into the past."""
    rows = await db.fetch(
        """
        select id, channel_id, type, event::text as event, created_at from outbox
        where channel_id = $1 and type = any($2::text[]) and ($3::bigint is null or id < $3) order by id desc limit $4
        """,
        channel_id,
        types,
        before_id,
        limit,
    )
    return [_event(row) for row in rows]


async def take_events(db: Executor, *, limit: int, after_id: int = 0) -> list[PendingEvent]:
    """Take what has still to be passed on, the oldest first, and lock it until the end of the transaction.

    What another worker has taken is left out, so any number may work at once. A worker that dies, or undoes its
    transaction, leaves the events to the next as they were.
    """
    rows = await db.fetch(
        """
        select id, channel_id, type, event::text as event, created_at, progress::text as progress from outbox
        where delivered_at is null and id > $2 order by id limit $1 for update skip locked
        """,
        limit,
        after_id,
    )
    return [_pending(row) for row in rows]


async def update_progress(db: Executor, event_id: int, progress: dict[str, int | None]) -> None:
    """Note how far passing an event on has come. In the transaction that took it, with what was done."""
    await db.execute(
        "update outbox set progress = $2::text::jsonb where id = $1",
        event_id,
        msgspec.json.encode(progress).decode(),
    )


async def mark_delivered(db: Executor, event_ids: Sequence[int]) -> None:
    """Note that events were passed on. In the transaction that took them."""
    await db.execute("update outbox set delivered_at = now() where id = any($1::bigint[])", event_ids)


async def select_pending_age_s(db: Executor) -> float:
    """Give how long, in seconds, the oldest event waits to be passed on; 0.0 when none does."""
    age_s: float | None = await db.fetchval(
        """
        select extract(epoch from now() - created_at)::float8 from outbox where delivered_at is null order by id limit 1
        """
    )
    return max(0.0, age_s or 0.0)


async def delete_old_events(db: Executor, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` events from before a time, passed on or not; give how many."""
    return await db.execute(
        """
        delete from outbox where id = any(array(
            select id from outbox where created_at < $1 order by created_at limit $2 for update skip locked))
        """,
        before,
        limit,
    )


def _event(row: Row) -> ChannelEvent:
    return ChannelEvent(**{**dict(row), "event": msgspec.json.decode(row["event"])})


def _pending(row: Row) -> PendingEvent:
    columns = dict(row)
    progress = msgspec.json.decode(columns.pop("progress"), type=dict[str, int | None])
    return PendingEvent(ChannelEvent(**{**columns, "event": msgspec.json.decode(row["event"])}), progress)
