"""How broadcasts are doing: readings every few seconds, and the issues that streamers were told about."""

import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One reading of one broadcast; field by field the columns of `stream_health`, in their order."""

    stream_id: uuid.UUID
    at: datetime
    detail: bool
    """False for about one reading a minute, which is kept longer."""
    status: str
    """`good`, `ok`, `bad` or `noData`."""
    kbps: float
    video_kbps: float
    audio_kbps: float
    fps: float | None
    keyframe_interval_s: float | None
    gop_frames: int | None
    missing_frames: int
    """Since the broadcast began, as `dropped` and `undecodable`."""
    dropped: int
    undecodable: int
    jitter_s: float
    behind_s: float
    round_trip_ms: float | None
    reconnects: int


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One issue of a broadcast, in words."""

    type: str
    severity: str
    reason: str
    description: str
    started_at: datetime
    ended_at: datetime | None
    """`None` while it lasts."""


@dataclass(frozen=True, slots=True)
class LiveHealth:
    """The newest reading of a broadcast that is live."""

    stream_id: uuid.UUID
    login: str
    status: str
    kbps: float
    fps: float | None
    keyframe_interval_s: float | None
    at: datetime


async def insert_health(db: Executor, rows: Sequence[HealthRow]) -> None:
    """Note readings of one or more broadcasts in one statement; of those that are gone by now nothing is noted."""
    columns = zip(*(astuple(row) for row in rows), strict=True)
    await db.execute(
        """
        insert into stream_health
        select added.* from unnest(
            $1::uuid[], $2::timestamptz[], $3::boolean[], $4::text[], $5::real[], $6::real[], $7::real[], $8::real[],
            $9::real[], $10::integer[], $11::bigint[], $12::bigint[], $13::bigint[], $14::real[], $15::real[],
            $16::real[], $17::integer[]
        ) as added (stream_id)
        where exists (select from streams where streams.id = added.stream_id)
        on conflict do nothing
        """,
        *columns,
    )


async def insert_issue(
    db: Executor,
    *,
    stream_id: uuid.UUID,
    type: str,  # noqa: A002  # the column's name, and YouTube's
    severity: str,
    reason: str,
    description: str,
    started_at: datetime,
) -> None:
    """Note that the streamer is told about something from `started_at` on; nothing where the broadcast is gone by now."""
    await db.execute(
        """
        insert into stream_issues (stream_id, type, severity, reason, description, started_at)
        select $1, $2, $3, $4, $5, $6 where exists (select from streams where id = $1)
        on conflict do nothing
        """,
        stream_id,
        type,
        severity,
        reason,
        description,
        started_at,
    )


async def end_issue(db: Executor, *, stream_id: uuid.UUID, type: str, ended_at: datetime) -> None:  # noqa: A002
    """Note that it is over: all open ones of this type."""
    await db.execute(
        """
        update stream_issues set ended_at = greatest($3, started_at)
        where stream_id = $1 and type = $2 and ended_at is null
        """,
        stream_id,
        type,
        ended_at,
    )


async def select_health(
    db: Executor, stream_id: uuid.UUID, *, since: datetime, limit: int
) -> list[HealthRow]:
    """Give the readings of a broadcast from `since` on, oldest first: what a graph shows."""
    rows = await db.fetch(
        "select * from stream_health where stream_id = $1 and at >= $2 order by at limit $3",
        stream_id,
        since,
        limit,
    )
    return [HealthRow(**row) for row in rows]


async def select_newest_health(
    db: Executor, stream_id: uuid.UUID, *, since: datetime, detail: bool, limit: int
) -> list[HealthRow]:
    """Give the newest readings of a broadcast that are not older than `since`, oldest first.

    `detail`: all of them; else about one a minute.
    """
    rows = await db.fetch(
        """
        select * from (
            select * from stream_health where stream_id = $1 and at >= $2 and ($3 or not detail)
            order by at desc limit $4
        ) as newest order by at
        """,
        stream_id,
        since,
        detail,
        limit,
    )
    return [HealthRow(**row) for row in rows]


async def select_latest_health(db: Executor, stream_id: uuid.UUID) -> HealthRow | None:
    """Give the newest reading of a broadcast; `None` before the first."""
    row = await db.fetchrow(
        "select * from stream_health where stream_id = $1 order by at desc limit 1", stream_id
    )
    return HealthRow(**row) if row else None


async def select_live_health(db: Executor, *, limit: int) -> list[LiveHealth]:
    """Give the newest reading of every broadcast that is live, the latest begun first; those without one are missing."""
    rows = await db.fetch(
        """
        select streams.id as stream_id, login, newest.status, newest.kbps, newest.fps, newest.keyframe_interval_s, newest.at
        from streams
        join users on users.id = streams.channel_id
        cross join lateral (
            select status, kbps, fps, keyframe_interval_s, at from stream_health
            where stream_health.stream_id = streams.id order by at desc limit 1
        ) as newest
        where streams.ended_at is null order by streams.started_at desc limit $1
        """,
        limit,
    )
    return [LiveHealth(**row) for row in rows]


async def select_issues(db: Executor, stream_id: uuid.UUID, *, limit: int) -> list[IssueRow]:
    """Give what the streamer was told about a broadcast, newest first; with the broadcast everything has ended."""
    rows = await db.fetch(
        """
        select type, severity, reason, description, stream_issues.started_at,
            coalesce(
                stream_issues.ended_at,
                case when streams.ended_at is not null then greatest(streams.ended_at, stream_issues.started_at) end
            ) as ended_at
        from stream_issues join streams on streams.id = stream_id
        where stream_id = $1 order by stream_issues.started_at desc, type limit $2
        """,
        stream_id,
        limit,
    )
    return [IssueRow(**row) for row in rows]


async def delete_old_health(
    db: Executor, *, detail_before: datetime, all_before: datetime, limit: int
) -> int:
    """Remove at most `limit` readings: detail from before one time, anything from before another; give how many."""
    return int(
        await db.fetchval(
            """
            with old as (
                (select ctid from stream_health where detail and at < $1 limit $3)
                union
                (select ctid from stream_health where at < $2 limit $3)
            ), deleted as (
                delete from stream_health where ctid = any(array(select ctid from old limit $3)) returning 1
            )
            select count(*) from deleted
            """,
            detail_before,
            all_before,
            limit,
        )
    )


async def delete_old_issues(db: Executor, *, before: datetime, limit: int) -> int:
    """Remove at most `limit` issues that were told before this; give how many."""
    return int(
        await db.fetchval(
            """
            with deleted as (
                delete from stream_issues where ctid = any(
                    array(select ctid from stream_issues where started_at < $1 limit $2)
                ) returning 1
            )
            select count(*) from deleted
            """,
            before,
            limit,
        )
    )
