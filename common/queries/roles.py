"""Roles in channels: editors, moderators and VIPs. The owner of a channel has no row, and every right."""

from dataclasses import dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """One who has a role in a channel."""

    id: int
    login: str
    display_name: str
    role: str
    """`editor`, `moderator` or `vip`."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """A channel in which somebody has a role."""

    channel_id: int
    login: str
    display_name: str
    role: str


async def insert_role(db: Executor, *, channel_id: int, user_id: int, role: str, granted_by: int) -> bool:
    """Give somebody a role; `False` when they have it already. Every process hears of it at commit.

    Raises `UniqueViolationError` when a moderator is to be VIP or the other way round, `CheckViolationError` for the owner,
    `ForeignKeyViolationError` when there is no such user or channel.
    """
    touched = await db.execute(
        """
        insert into channel_roles (channel_id, user_id, role, granted_by) values ($1, $2, $3, $4)
        on conflict (channel_id, user_id, role) do nothing
        """,
        channel_id,
        user_id,
        role,
        granted_by,
    )
    return touched == 1


async def delete_role(db: Executor, *, channel_id: int, user_id: int, role: str) -> bool:
    """Take a role away; `False` when they did not have it. Every process hears of it at commit."""
    touched = await db.execute(
        "delete from channel_roles where channel_id = $1 and user_id = $2 and role = $3",
        channel_id,
        user_id,
        role,
    )
    return touched == 1


async def select_roles(db: Executor, *, channel_id: int, user_id: int) -> list[str]:
    """Give the roles that somebody has in a channel, in the order of the alphabet."""
    rows = await db.fetch(
        "select role from channel_roles where channel_id = $1 and user_id = $2 order by role",
        channel_id,
        user_id,
    )
    return [row["role"] for row in rows]


async def select_role_holders(
    db: Executor, channel_id: int, role: str, *, limit: int, after_id: int = 0
) -> list[RoleHolder]:
    """List who has a role in a channel, by id from behind `after_id` on."""
    rows = await db.fetch(
        """
        select users.id, login, display_name, role, channel_roles.created_at
        from channel_roles join users on users.id = user_id
        where channel_id = $1 and role = $2 and user_id > $3 order by user_id limit $4
        """,
        channel_id,
        role,
        after_id,
        limit,
    )
    return [RoleHolder(**row) for row in rows]


async def select_roles_held(
    db: Executor, user_id: int, *, limit: int, role: str | None = None, after: tuple[str, int] = ("", 0)
) -> list[RoleHeld]:
    """List in which channels somebody has a role (`None`: any), by role and channel id from behind `after` on.

    Channels of suspended users are left out.
    """
    rows = await db.fetch(
        """
        select channel_id, login, display_name, role
        from channel_roles join users on users.id = channel_id
        where user_id = $1 and ($2::text is null or role = $2) and (role, channel_id) > ($3::text, $4::bigint)
          and suspended_at is null
        order by role, channel_id limit $5
        """,
        user_id,
        role,
        *after,
        limit,
    )
    return [RoleHeld(**row) for row in rows]
