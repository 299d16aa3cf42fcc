"""Who follows whom, and who has blocked whom."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime

from common.db import Executor

MAX_FOLLOWED = 2000
"""Channels one account may follow: as many as on Twitch. Its list of what is live is read as a whole."""

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_MAX_ID = 2**63 - 1


class FollowOutcome(enum.Enum):
    """What became of a wish to follow."""

    MADE = "made"
    KEPT = "kept"
    """Followed already; `notify` is as wished now."""
    BLOCKED = "blocked"
    """The owner has blocked the user."""
    FULL = "full"
    """The user follows `MAX_FOLLOWED` channels."""


@dataclass(frozen=True, slots=True)
class Follower:
    """One who follows, or one who is followed."""

    id: int
    login: str
    display_name: str
    notify: bool
    """Whether the follower wants to be told when the channel goes live."""
    followed_at: datetime


@dataclass(frozen=True, slots=True)
class FollowPlace:
    """A place in a list of follows, newest first: behind this entry. The default is the beginning."""

    followed_at: datetime = _END_OF_TIME
    id: int = _MAX_ID


@dataclass(frozen=True, slots=True)
class FollowedChannel:
    """One followed channel with what is on there."""

    channel_id: int
    login: str
    display_name: str
    title: str
    category_id: int | None
    category_name: str | None
    notify: bool
    followed_at: datetime
    viewers: int
    """-1 while it is offline."""
    started_at: datetime | None
    """`None` while it is offline."""


@dataclass(frozen=True, slots=True)
class FollowedPlace:
    """A place in the list of followed channels, live first: behind this entry. The default is the beginning."""

    viewers: int = 2**31 - 1
    followed_at: datetime = _END_OF_TIME
    channel_id: int = _MAX_ID


@dataclass(frozen=True, slots=True)
class Block:
    """One whom a user has blocked."""

    id: int
    login: str
    display_name: str
    created_at: datetime


async def upsert_follow(db: Executor, *, user_id: int, channel_id: int, notify: bool) -> FollowOutcome:
    """Follow a channel, or change whether going live is told; the date of the first time stays.

    Raises `ForeignKeyViolationError` when there is no such channel or user, `CheckViolationError` for one's own.
    """
    found = await db.fetchval(
        """
        with verdict as (
            select case
                when exists (select from blocks where blocks.user_id = $2 and blocked_id = $1) then 'blocked'
                when exists (select from follows where follows.user_id = $1 and channel_id = $2) then 'kept'
                when (select count(*) from follows where follows.user_id = $1) >= $4 then 'full'
                else 'made'
            end as outcome
        ), written as (
            insert into follows (user_id, channel_id, notify)
            select $1::bigint, $2::bigint, $3 from verdict where outcome in ('made', 'kept')
            on conflict (user_id, channel_id) do update set notify = excluded.notify
            where follows.notify <> excluded.notify
        )
        select outcome from verdict
        """,
        user_id,
        channel_id,
        notify,
        MAX_FOLLOWED,
    )
    return FollowOutcome(found)


async def delete_follow(db: Executor, *, user_id: int, channel_id: int) -> bool:
    """Follow a channel no longer; `False` when it was not followed."""
    return (
        await db.execute("delete from follows where user_id = $1 and channel_id = $2", user_id, channel_id)
        == 1
    )


async def select_follow(db: Executor, *, user_id: int, channel_id: int) -> Follower | None:
    """Give the channel as somebody follows it; `None` when they do not."""
    row = await db.fetchrow(
        """
        select users.id, login, display_name, notify, follows.created_at as followed_at
        from follows join users on users.id = channel_id where user_id = $1 and channel_id = $2
        """,
        user_id,
        channel_id,
    )
    return Follower(**row) if row else None


async def select_followers(
    db: Executor, channel_id: int, *, limit: int, after: FollowPlace | None = None
) -> list[Follower]:
    """List who follows a channel, the newest first. How many there are, `Channel.followers` tells."""
    after = after or FollowPlace()
    rows = await db.fetch(
        """
        select users.id, login, display_name, notify, follows.created_at as followed_at
        from follows join users on users.id = user_id
        where channel_id = $1 and (follows.created_at, user_id) < ($2, $3::bigint)
        order by follows.created_at desc, user_id desc limit $4
        """,
        channel_id,
        after.followed_at,
        after.id,
        limit,
    )
    return [Follower(**row) for row in rows]


async def select_following(
    db: Executor, user_id: int, *, limit: int, after: FollowPlace | None = None
) -> list[Follower]:
    """List the channels that somebody follows, the newest first."""
    after = after or FollowPlace()
    rows = await db.fetch(
        """
        select users.id, login, display_name, notify, follows.created_at as followed_at
        from follows join users on users.id = channel_id
        where user_id = $1 and (follows.created_at, channel_id) < ($2, $3::bigint)
        order by follows.created_at desc, channel_id desc limit $4
        """,
        user_id,
        after.followed_at,
        after.id,
        limit,
    )
    return [Follower(**row) for row in rows]


async def count_following(db: Executor, user_id: int) -> int:
    """Count the channels that somebody follows."""
    found: int = await db.fetchval("select count(*) from follows where user_id = $1", user_id)
    return found


async def select_to_notify(db: Executor, channel_id: int, *, limit: int, after_id: int = 0) -> list[int]:
    """Give, by rising id from behind `after_id` on, who wants to be told when the channel goes live."""
    rows = await db.fetch(
        """
        select user_id from follows where channel_id = $1 and user_id > $2 and notify order by user_id limit $3
        """,
        channel_id,
        after_id,
        limit,
    )
    return [row["user_id"] for row in rows]


async def select_followed(
    db: Executor,
    user_id: int,
    *,
    limit: int,
    live_only: bool = False,
    login: str | None = None,
    after: FollowedPlace | None = None,
) -> list[FollowedChannel]:
    """List followed channels: live ones by viewers, then the others, the newest followed first. No suspended ones.

    Channels that are in no public list are in this one: who follows knows them. `login`: only this one.
    """
    after = after or FollowedPlace()
    rows = await db.fetch(
        """
        select followed.*, categories.name as category_name from (
            select follows.channel_id, login, display_name, channels.title, channels.category_id, notify,
                   follows.created_at as followed_at, coalesce(live.viewer_count, -1) as viewers, live.started_at
            from follows
            join users on users.id = follows.channel_id
            join channels on channels.id = follows.channel_id
            left join lateral (
                select viewer_count, started_at from streams
                where streams.channel_id = follows.channel_id and ended_at is null order by started_at desc limit 1
            ) as live on true
            where follows.user_id = $1 and suspended_at is null and (live.started_at is not null or not $2)
                and ($7::text is null or lower(login) = lower($7))
        ) as followed left join categories on categories.id = category_id
        where (viewers, followed_at, channel_id) < ($3::integer, $4, $5::bigint)
        order by viewers desc, followed_at desc, channel_id desc limit $6
        """,
        user_id,
        live_only,
        after.viewers,
        after.followed_at,
        after.channel_id,
        limit,
        login,
    )
    return [FollowedChannel(**row) for row in rows]


async def insert_block(db: Executor, *, user_id: int, blocked_id: int) -> None:
    """Block somebody, who no longer follows the user's channel then. Every process hears of it at commit.

    Raises `ForeignKeyViolationError` when there is no such user, `CheckViolationError` for oneself.
    """
    await db.execute(
        "insert into blocks (user_id, blocked_id) values ($1, $2) on conflict do nothing",
        user_id,
        blocked_id,
    )


async def delete_block(db: Executor, *, user_id: int, blocked_id: int) -> bool:
    """Block somebody no longer; `False` when they were not blocked."""
    return (
        await db.execute("delete from blocks where user_id = $1 and blocked_id = $2", user_id, blocked_id)
        == 1
    )


async def select_blocks(db: Executor, user_id: int, *, limit: int, after_id: int = 0) -> list[Block]:
    """List whom a user has blocked, by id from behind `after_id` on."""
    rows = await db.fetch(
        """
        select users.id, login, display_name, blocks.created_at from blocks join users on users.id = blocked_id
        where user_id = $1 and blocked_id > $2 order by blocked_id limit $3
        """,
        user_id,
        after_id,
        limit,
    )
    return [Block(**row) for row in rows]


async def exists_block(db: Executor, *, user_id: int, blocked_id: int) -> bool:
    """Say whether a user has blocked somebody."""
    found: bool = await db.fetchval(
        "select exists (select from blocks where user_id = $1 and blocked_id = $2)", user_id, blocked_id
    )
    return found
