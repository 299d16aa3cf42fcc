"""The site as those see it who run it: all that is live with what it is published with, and figures at a glance."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor

COUNTED = 1000
"""Figures of what waits go up to here; more are as many as nobody can count."""
_AFTER_LAST_LETTER = "{"
"""Follows `z`, the last that logins are made of, in ASCII."""
_ISSUES = 5


@dataclass(frozen=True, slots=True)
class OnAir:
    """One live broadcast, listed or not. Title and the like are the channel's of now."""

    id: uuid.UUID
    channel_id: int
    login: str
    display_name: str
    title: str
    category_name: str | None
    visibility: str
    is_mature: bool
    viewer_count: int
    started_at: datetime
    node: str
    video_codec: str | None
    audio_codec: str | None
    width: int | None
    height: int | None
    encoder: str | None
    reconnects: int
    thumbnail: str | None
    """Name of an asset."""
    health: str | None
    """`good`, `ok`, `bad` or `noData`; `None` before the first reading, as what follows."""
    kbps: float | None
    fps: float | None
    keyframe_interval_s: float | None
    issues: list[str]
    """Up to five sentences that the streamer is told now, the worst first."""
    key_id: int | None
    """The key that it is published with; `None` where it is gone or revoked, as what follows."""
    key_label: str | None
    key_last4: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What an operator looks at first. What waits is counted up to `COUNTED` + 1; more than `COUNTED` accounts are about as many as there are."""

    live: int
    viewers: int
    ailing: int
    """Live broadcasts whose last reading was `bad`."""
    accounts: int
    new_accounts: int
    """Made within a day."""
    suspended: int
    open_reports: int
    pending_emotes: int
    pending_badges: int
    dead_letters: int


async def select_on_air(
    db: Executor, *, limit: int, prefix: str = "", behind: tuple[int, uuid.UUID] | None = None
) -> list[OnAir]:
    """List what is live, the most watched first; `prefix` (lower case): of channels whose login begins so.

    `behind`: the viewers and the id of the last one of the page before.
    """
    viewers, last = behind or (2**31 - 1, uuid.UUID(int=2**128 - 1))
    rows = await db.fetch(
        """
        with page as materialized (
            select streams.*, login, display_name from streams join users on users.id = channel_id
            where ended_at is null and (viewer_count, streams.id) < ($1, $2)
              and lower(login) collate "C" >= $3 and lower(login) collate "C" < $4
            order by viewer_count desc, streams.id desc limit $5
        )
        select page.id, page.channel_id, login, display_name, channels.title, categories.name as category_name, visibility,
            channels.is_mature, viewer_count, page.started_at, node, video_codec, audio_codec, width, height, encoder,
            page.reconnects, thumbnail, newest.status as health, newest.kbps, newest.fps, newest.keyframe_interval_s,
            array(
                select description from stream_issues where stream_id = page.id and ended_at is null
                order by array_position(array['error', 'warning', 'info'], severity), started_at limit $6
            ) as issues,
            stream_keys.id as key_id, stream_keys.label as key_label, stream_keys.last4 as key_last4
        from page
        join channels on channels.id = page.channel_id
        left join categories on categories.id = channels.category_id
        left join lateral (
            select status, kbps, fps, keyframe_interval_s from stream_health where stream_id = page.id order by at desc limit 1
        ) as newest on true
        left join lateral (
            select key_id from stream_sessions where stream_id = page.id order by started_at desc limit 1
        ) as connection on true
        left join stream_keys on stream_keys.id = connection.key_id and revoked_at is null
        order by viewer_count desc, page.id desc
        """,
        viewers,
        last,
        prefix,
        prefix + _AFTER_LAST_LETTER,
        limit,
        _ISSUES,
    )
    return [OnAir(**row) for row in rows]


async def select_key_on_air(db: Executor, stream_id: uuid.UUID) -> tuple[int, int | None] | None:
    """Give the channel of a broadcast and the key that it is published with (`None`: it is gone, or revoked).

    `None` altogether when no broadcast that is live has this id.
    """
    row = await db.fetchrow(
        """
        select channel_id, (
            select stream_keys.id from stream_sessions join stream_keys on stream_keys.id = key_id
            where stream_id = streams.id and revoked_at is null order by stream_sessions.started_at desc limit 1
        ) as key_id
        from streams where id = $1 and ended_at is null
        """,
        stream_id,
    )
    return None if row is None else (row["channel_id"], row["key_id"])


async def select_figures(db: Executor) -> Figures:
    """Count what is live and what waits for the staff."""
    row = await db.fetchrow(
        """
        with live as materialized (
            select viewer_count, (
                select status from stream_health where stream_id = streams.id order by at desc limit 1
            ) as status
            from streams where ended_at is null
        )
        select
            (select count(*) from live) as live,
            (select coalesce(sum(viewer_count), 0) from live) as viewers,
            (select count(*) from live where status = 'bad') as ailing,
            greatest(
                (select count(*) from (select id from users order by id limit $1) as counted),
                (select reltuples::bigint from pg_class where oid = 'users'::regclass and reltuples >= $1)
            ) as accounts,
            (select count(*) from (select created_at from users order by id desc limit $1) as newest
             where created_at > now() - interval '1 day') as new_accounts,
            (select count(*) from (
                select lower(login) collate "C" from users where suspended_at is not null
                order by lower(login) collate "C" limit $1) as counted) as suspended,
            (select count(*) from (
                select id from reports where status = 'open' order by id desc limit $1) as counted) as open_reports,
            (select count(*) from (
                select id from emotes where status = 'pending' and deleted_at is null order by id limit $1) as counted
            ) as pending_emotes,
            (select count(*) from (
                select created_at from channel_badges where status = 'pending'
                order by created_at, channel_id, months limit $1) as counted) as pending_badges,
            (select count(*) from (
                select id from deliveries where outcome = 'dead' order by id desc limit $1) as counted) as dead_letters
        """,
        COUNTED + 1,
    )
    assert row is not None  # a select without a table
    return Figures(**row)
