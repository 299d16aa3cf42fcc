"""Bans as a list, warnings, and people whom moderators watch."""

from dataclasses import dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True)
class ListedBan:
    """A ban or timeout that holds."""

    user_id: int
    user_login: str
    user_name: str
    moderator_id: int | None
    """`None`, as the two below: their account is gone."""
    moderator_login: str | None
    moderator_name: str | None
    reason: str
    created_at: datetime
    expires_at: datetime | None
    """`None`: never."""


async def select_bans(
    db: Executor, channel_id: int, *, limit: int, after_id: int = 0, user_id: int | None = None
) -> list[ListedBan]:
    """List who may not write in a channel, by user id from behind `after_id` on; `user_id`: that person alone."""
    rows = await db.fetch(
        """
        select chat_bans.user_id, users.login as user_login, users.display_name as user_name,
               moderator_id, moderators.login as moderator_login, moderators.display_name as moderator_name,
               reason, chat_bans.created_at, expires_at
        from chat_bans join users on users.id = chat_bans.user_id
        left join users as moderators on moderators.id = moderator_id
        where channel_id = $1 and chat_bans.user_id > $2 and ($3::bigint is null or chat_bans.user_id = $3)
          and (expires_at is null or expires_at > now())
        order by chat_bans.user_id limit $4
        """,
        channel_id,
        after_id,
        user_id,
        limit,
    )
    return [ListedBan(**row) for row in rows]


async def upsert_warning(
    db: Executor, *, channel_id: int, user_id: int, moderator_id: int, reason: str
) -> None:
    """Warn somebody; replaces the warning that was not acknowledged yet. Every process hears of it at commit."""
    await db.execute(
        """
        insert into chat_warnings (channel_id, user_id, moderator_id, reason) values ($1, $2, $3, $4)
        on conflict (channel_id, user_id) do update set
            moderator_id = excluded.moderator_id, reason = excluded.reason, created_at = now()
        """,
        channel_id,
        user_id,
        moderator_id,
        reason,
    )


async def delete_warning(db: Executor, *, channel_id: int, user_id: int) -> bool:
    """Take a warning as acknowledged; `False` when there was none."""
    touched = await db.execute(
        "delete from chat_warnings where channel_id = $1 and user_id = $2", channel_id, user_id
    )
    return touched == 1


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Somebody whom moderators watch."""

    user_id: int
    user_login: str
    user_name: str
    moderator_id: int | None
    status: str
    """`ACTIVE_MONITORING` or `RESTRICTED`."""
    updated_at: datetime


async def upsert_suspicion(
    db: Executor, *, channel_id: int, user_id: int, moderator_id: int, status: str
) -> datetime:
    """Watch somebody, or restrict them; give when. Every process hears of it at commit."""
    updated_at: datetime = await db.fetchval(
        """
        insert into suspicious_users (channel_id, user_id, moderator_id, status) values ($1, $2, $3, $4)
        on conflict (channel_id, user_id) do update set
            moderator_id = excluded.moderator_id, status = excluded.status, updated_at = now()
        returning updated_at
        """,
        channel_id,
        user_id,
        moderator_id,
        status,
    )
    return updated_at


async def delete_suspicion(db: Executor, *, channel_id: int, user_id: int) -> bool:
    """Watch somebody no longer; `False` when nobody did."""
    touched = await db.execute(
        "delete from suspicious_users where channel_id = $1 and user_id = $2", channel_id, user_id
    )
    return touched == 1


async def select_suspicions(
    db: Executor, channel_id: int, *, limit: int, after_id: int = 0
) -> list[Suspicion]:
    """List whom moderators of a channel watch, by user id from behind `after_id` on."""
    rows = await db.fetch(
        """
        select user_id, login as user_login, display_name as user_name, moderator_id, status, updated_at
        from suspicious_users join users on users.id = user_id
        where channel_id = $1 and user_id > $2 order by user_id limit $3
        """,
        channel_id,
        after_id,
        limit,
    )
    return [Suspicion(**row) for row in rows]
