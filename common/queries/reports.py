"""Reports as those who wrote them and the staff see them. Making and closing one is `common.queries.administration`'s."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor
from common.queries.administration import MAX_ID


@dataclass(frozen=True, slots=True)
class SeenReport:
    """A report, with the names of now of those whose accounts are still there."""

    id: uuid.UUID
    reporter_id: int | None
    reporter_login: str | None
    channel_id: int | None
    channel_login: str | None
    target_type: str
    target_id: str
    reason: str
    description: str
    status: str
    handled_by: int | None
    handler_login: str | None
    handled_at: datetime | None
    note: str
    created_at: datetime


_SEEN: LiteralString = """
select reports.id, reporter_id, reporters.login as reporter_login, channel_id, owners.login as channel_login, target_type,
       target_id, reason, reports.description, status, handled_by, handlers.login as handler_login, handled_at, note,
       reports.created_at
from reports
left join users as reporters on reporters.id = reporter_id
left join users as owners on owners.id = channel_id
left join users as handlers on handlers.id = handled_by
"""


async def select_reports_seen(
    db: Executor, *, status: str, limit: int, before: uuid.UUID = MAX_ID
) -> list[SeenReport]:
    """List reports that are `open`, `resolved` or `rejected`, the newest first, from `before` on into the past."""
    rows = await db.fetch(
        f"{_SEEN} where status = $1 and reports.id < $2 order by reports.id desc limit $3",
        status,
        before,
        limit,
    )
    return [SeenReport(**row) for row in rows]


async def select_reports_of(
    db: Executor, reporter_id: int, *, limit: int, before: uuid.UUID = MAX_ID
) -> list[SeenReport]:
    """List what somebody reported, the newest first, from `before` on into the past."""
    rows = await db.fetch(
        f"{_SEEN} where reporter_id = $1 and reports.id < $2 order by reports.id desc limit $3",
        reporter_id,
        before,
        limit,
    )
    return [SeenReport(**row) for row in rows]


async def select_report(db: Executor, report_id: uuid.UUID) -> SeenReport | None:
    """Give one report; `None` when there is none with this id."""
    row = await db.fetchrow(f"{_SEEN} where reports.id = $1", report_id)
    return SeenReport(**row) if row else None


async def update_report_holder(
    db: Executor, report_id: uuid.UUID, *, holder_id: int | None, before_id: int | None
) -> bool:
    """Have somebody look into an open report (`None`: nobody); `False` when it is not open, or somebody else than `before_id` does.

    Who looks into it is noted where it will say who dealt with it.
    """
    touched = await db.execute(
        """
        update reports set handled_by = $2 where id = $1 and status = 'open' and handled_by is not distinct from $3
        """,
        report_id,
        holder_id,
        before_id,
    )
    return touched == 1


async def exists_open_report(db: Executor, reporter_id: int, *, target_type: str, target_id: str) -> bool:
    """Say whether somebody reported this, and nobody has dealt with it yet."""
    found: bool = await db.fetchval(
        """
        select exists (select from reports
            where reporter_id = $1 and status = 'open' and target_type = $2 and target_id = $3)
        """,
        reporter_id,
        target_type,
        target_id,
    )
    return found


async def select_channel_of_user(db: Executor, user_id: int) -> int | None:
    """Give the channel of an account, which has the same id; `None` when there is no such account."""
    found: int | None = await db.fetchval("select id from channels where id = $1", user_id)
    return found


async def select_channel_of_stream(db: Executor, stream_id: uuid.UUID) -> int | None:
    """Give the channel of a broadcast, live or over; `None` when there is no such broadcast."""
    found: int | None = await db.fetchval("select channel_id from streams where id = $1", stream_id)
    return found
