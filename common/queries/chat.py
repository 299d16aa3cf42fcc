"""What chat asks of the database: how somebody stands in a room, bans, and what moderators did."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import msgspec

from common.db import Executor, Row
from common.subscription_months import months_begun


@dataclass(frozen=True, slots=True)
class ChatStanding:
    """What one person is to one room."""

    roles: frozenset[str]
    """`moderator`, `vip`, `editor`."""
    is_banned: bool
    ban_expires_at: datetime | None
    """`None` of a ban: never."""
    chat_color: str
    """`#RRGGBB` or ''."""
    following_since: datetime | None
    is_bot: bool = False
    tier: int | None = None
    """Of their subscription; `None`: they have none."""
    months: int = 0
    """That they subscribed, of all time, with the one of now."""
    has_verified_email: bool = False
    joined_at: datetime | None = None
    """When the account was made."""
    warning: str | None = None
    """Why they were warned, while they have not acknowledged it; `None`: they were not."""
    suspicion: str = ""
    """`ACTIVE_MONITORING` or `RESTRICTED`, by moderators; ''."""


async def select_standing(db: Executor, *, channel_id: int, user_id: int) -> ChatStanding | None:
    """Look somebody up in a room; `None` when the account is gone or suspended. A ban that is over is none."""
    row = await db.fetchrow(
        """
        select chat_color, is_bot, chat_bans.user_id is not null as is_banned, expires_at,
               (select coalesce(array_agg(role), '{}') from channel_roles
                where channel_id = $1 and channel_roles.user_id = $2) as roles,
               (select follows.created_at from follows where channel_id = $1 and follows.user_id = $2) as following_since,
               tier, since, subscriptions.ends_at as paid_until, months_before, now() as now,
               email_verified_at is not null as has_verified_email, users.created_at as joined_at,
               (select reason from chat_warnings where channel_id = $1 and chat_warnings.user_id = $2) as warning,
               (select status from suspicious_users where channel_id = $1 and suspicious_users.user_id = $2) as suspicion
        from users left join chat_bans
            on chat_bans.channel_id = $1 and chat_bans.user_id = users.id and (expires_at is null or expires_at > now())
        left join subscriptions
            on subscriptions.channel_id = $1 and subscriptions.user_id = users.id
            and ended_at is null and (lapses_at is null or lapses_at > now())
        where users.id = $2 and suspended_at is null
        """,
        channel_id,
        user_id,
    )
    if row is None:
        return None
    return ChatStanding(
        roles=frozenset(row["roles"]),
        is_banned=row["is_banned"],
        ban_expires_at=row["expires_at"],
        chat_color=row["chat_color"],
        following_since=row["following_since"],
        is_bot=row["is_bot"],
        tier=row["tier"],
        months=0
        if row["tier"] is None
        else row["months_before"] + months_begun(row["since"], row["paid_until"], row["now"]),
        has_verified_email=row["has_verified_email"],
        joined_at=row["joined_at"],
        warning=row["warning"],
        suspicion=row["suspicion"] or "",
    )


async def upsert_ban(
    db: Executor,
    *,
    channel_id: int,
    user_id: int,
    moderator_id: int,
    reason: str,
    expires_at: datetime | None,
) -> None:
    """Ban somebody from a room, until `expires_at` or (`None`) for ever; replaces the ban there was."""
    await db.execute(
        """
        insert into chat_bans (channel_id, user_id, moderator_id, reason, expires_at) values ($1, $2, $3, $4, $5)
        on conflict (channel_id, user_id) do update set
            moderator_id = excluded.moderator_id, reason = excluded.reason, expires_at = excluded.expires_at,
            created_at = now()
        """,
        channel_id,
        user_id,
        moderator_id,
        reason,
        expires_at,
    )


async def delete_ban(db: Executor, *, channel_id: int, user_id: int) -> datetime | bool | None:
    """Lift a ban. Gives `False` when there was none that holds; else when it would have ended, `None`: never."""
    row = await db.fetchrow(
        "delete from chat_bans where channel_id = $1 and user_id = $2 returning expires_at, expires_at <= now() as over",
        channel_id,
        user_id,
    )
    if row is None or row["over"]:
        return False
    expires_at: datetime | None = row["expires_at"]
    return expires_at


async def delete_old_bans(db: Executor, *, limit: int) -> int:
    """Remove timeouts that were over a day ago; give how many."""
    return await db.execute(
        """
        delete from chat_bans where (channel_id, user_id) in (
            select channel_id, user_id from chat_bans where expires_at < now() - interval '1 day' limit $1
        )
        """,
        limit,
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a moderator did in a channel."""

    id: uuid.UUID
    at: datetime
    actor_id: int | None
    action: str
    """A verb of EventSub's `channel.moderate`."""
    target_type: str | None
    target_id: str | None
    details: dict[str, Any]


async def select_deeds(db: Executor, *, channel_id: int, after: uuid.UUID, limit: int) -> list[Deed]:
    """List what was done in a channel, the oldest first, from behind one deed on."""
    rows = await db.fetch(
        """
        select id, at, actor_id, action, target_type, target_id, details::text as details from audit_log
        where channel_id = $1 and id > $2 order by id limit $3
        """,
        channel_id,
        after,
        limit,
    )
    return [
        Deed(
            id=row["id"],
            at=row["at"],
            actor_id=row["actor_id"],
            action=row["action"],
            target_type=row["target_type"],
            target_id=row["target_id"],
            details=msgspec.json.decode(row["details"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Tiding:
    """An event of a channel, as the outbox has it."""

    id: int
    channel_id: int
    type: str
    event: dict[str, Any]
    """EventSub's."""
    created_at: datetime


_TIDING: LiteralString = "select id, channel_id, type, event::text as event, created_at from outbox"


def _tiding(row: Row) -> Tiding:
    return Tiding(
        id=row["id"],
        channel_id=row["channel_id"],
        type=row["type"],
        event=msgspec.json.decode(row["event"]),
        created_at=row["created_at"],
    )


async def select_tiding(db: Executor, event_id: int) -> Tiding | None:
    """Look an event of the outbox up."""
    row = await db.fetchrow(f"{_TIDING} where id = $1", event_id)
    return _tiding(row) if row else None


async def select_tidings(db: Executor, channel_ids: Sequence[int], *, look_back_s: int) -> list[Tiding]:
    """List the events of some channels of late, in order."""
    rows = await db.fetch(
        f"{_TIDING} where channel_id = any($1) and created_at > now() - make_interval(secs => $2) order by id",
        list(channel_ids),
        look_back_s,
    )
    return [_tiding(row) for row in rows]


async def update_color(db: Executor, user_id: int, color: str) -> None:
    """Have somebody's name be shown in a colour, `#RRGGBB`. Every process hears of it at commit."""
    await db.execute("update users set chat_color = $2 where id = $1", user_id, color)
