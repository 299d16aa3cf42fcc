"""Graphs of broadcasts: who watched and wrote, each ten seconds, and the readings of health, thinned to so many points."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.db import Executor
from common.queries.chat_history import first_id_at

LONGEST_LOOK = timedelta(hours=1)
"""How far back messages are counted, after a time without samples."""
WRITING = timedelta(minutes=1)
"""Who wrote within so long counts as one who chats."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a graph shows, cut into equal pieces of time."""

    start: datetime
    end: datetime
    width_s: float
    """Of a piece, in seconds; more than 0."""


@dataclass(frozen=True, slots=True)
class AudiencePoint:
    """Who watched and wrote during one piece."""

    piece: int
    """Counted from 0."""
    at: datetime
    """Of the last sample in it."""
    viewers: float
    """Mean, as `chatters`."""
    chatters: float | None
    """Who wrote within a minute; `None`: chat is not kept."""
    messages: int | None
    """Since the broadcast began, at the last sample; `None` as above."""


@dataclass(frozen=True, slots=True)
class HealthPoint:
    """What came from the encoder during one piece."""

    piece: int
    at: datetime
    """Of the last reading in it."""
    kbps: float
    """Mean, as `fps`."""
    fps: float | None
    keyframe_interval_s: float | None
    """The longest."""
    lost: int
    """Frames that the encoder left out and packets without a place, since the broadcast began, at the last reading."""


async def insert_samples(
    db: Executor, stream_ids: Collection[uuid.UUID], *, at: datetime, detail: bool, with_chat: bool
) -> None:
    """Note how many watch some broadcasts now, and (`with_chat`) what was written in their chats up to `at`.

    For about each ten seconds, some seconds behind the clock, because messages are written down with a small delay.
    `detail`: not one of those that are kept for long. Written twice counts once; what has ended is left out.
    """
    await db.execute(
        """
        insert into broadcast_samples (stream_id, at, detail, viewers, chatters, messages)
        select live.id, $2, $3, viewer_count, chat.chatters, coalesce(last.messages, 0) + chat.messages
        from streams as live
        left join lateral (
            select at, messages from broadcast_samples where stream_id = live.id and at < $2 order by at desc limit 1
        ) as last on true
        left join lateral (
            select count(distinct user_id) filter (where id >= $5::uuid) as chatters,
                   count(*) filter (where id >= uuid7_floor(coalesce(last.at, started_at))) as messages
            from chat_messages
            where channel_id = live.channel_id and id >= $6::uuid and id < $7::uuid
              and id >= least($5::uuid, uuid7_floor(coalesce(last.at, started_at)))
        ) as chat on $4
        where live.id = any($1::uuid[]) and ended_at is null and started_at <= $2
        on conflict do nothing
        """,
        sorted(stream_ids),
        at,
        detail,
        with_chat,
        first_id_at(at - WRITING),
        first_id_at(at - LONGEST_LOOK),
        first_id_at(at),
    )


async def select_audience_series(db: Executor, stream_id: uuid.UUID, span: Span) -> list[AudiencePoint]:
    """Give who watched and wrote, a point for each piece of which anything is known, oldest first."""
    rows = await db.fetch(
        """
        select floor(extract(epoch from at - $2) / $4::float8)::integer as piece, max(at) as at,
               avg(viewers)::float8 as viewers, avg(chatters)::float8 as chatters, max(messages) as messages
        from broadcast_samples where stream_id = $1 and at >= $2 and at < $3 group by piece order by piece
        """,
        stream_id,
        span.start,
        span.end,
        span.width_s,
    )
    return [AudiencePoint(**row) for row in rows]


async def select_health_series(db: Executor, stream_id: uuid.UUID, span: Span) -> list[HealthPoint]:
    """Give what came from the encoder, a point for each piece of which anything is known, oldest first.

    Readings while the encoder was away are left out: that is a hole in the graph, and no rate of 0.
    """
    rows = await db.fetch(
        """
        select floor(extract(epoch from at - $2) / $4::float8)::integer as piece, max(at) as at,
               avg(kbps)::float8 as kbps, avg(fps)::float8 as fps, max(keyframe_interval_s)::float8 as keyframe_interval_s,
               max(missing_frames + dropped) as lost
        from stream_health where stream_id = $1 and at >= $2 and at < $3 and status <> 'noData'
        group by piece order by piece
        """,
        stream_id,
        span.start,
        span.end,
        span.width_s,
    )
    return [HealthPoint(**row) for row in rows]


async def delete_old_samples(
    db: Executor, *, detail_before: datetime, all_before: datetime, limit: int
) -> int:
    """Remove at most `limit` samples: detail from before one time, anything from before another; give how many."""
    return await db.execute(
        """
        with old as (
            (select ctid from broadcast_samples where detail and at < $1 limit $3)
            union
            (select ctid from broadcast_samples where at < $2 limit $3)
        )
        delete from broadcast_samples where ctid = any(array(select ctid from old limit $3))
        """,
        detail_before,
        all_before,
        limit,
    )
