"""Accounts as the staff of the site see and change them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString

from common.db import Executor

Only = Literal["", "suspended", "staff"]


@dataclass(frozen=True, slots=True)
class Member:
    """One account."""

    id: int
    login: str
    display_name: str
    email: str | None
    email_verified_at: datetime | None
    is_admin: bool
    is_staff: bool
    suspended_at: datetime | None
    suspension_reason: str | None
    created_at: datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class Rank:
    """What decides who may do what to whom."""

    id: int
    login: str
    is_admin: bool
    is_staff: bool
    suspended_at: datetime | None
    can_log_in: bool
    """Whether it has a password."""


_MEMBER: LiteralString = """
select id, login, display_name, email, email_verified_at, is_admin, is_staff, suspended_at, suspension_reason, created_at,
       exists (select from streams where channel_id = users.id and ended_at is null) as is_live
from users
"""
_ONLY: dict[Only, LiteralString] = {
    "": "true",
    "suspended": "suspended_at is not null",
    "staff": "(is_admin or is_staff)",
}
_AFTER_LAST_LETTER = "{"
"""Follows `z`, the last that logins are made of, in ASCII."""


async def select_members(
    db: Executor, *, limit: int, prefix: str = "", after_login: str = "", only: Only = ""
) -> list[Member]:
    """List accounts by login, from behind `after_login` on, whose login begins with `prefix` (lower case)."""
    rows = await db.fetch(
        f"""
        {_MEMBER} where {_ONLY[only]} and lower(login) collate "C" > $1
            and lower(login) collate "C" >= $2 and lower(login) collate "C" < $3
        order by lower(login) collate "C" limit $4
        """,  # constants
        after_login,
        prefix,
        prefix + _AFTER_LAST_LETTER,
        limit,
    )
    return [Member(**row) for row in rows]


async def select_members_by_email(db: Executor, email: str, *, limit: int) -> list[Member]:
    """Find the accounts with an address, proven or not, in any case of letters."""
    rows = await db.fetch(f"{_MEMBER} where lower(email) = lower($1) order by id limit $2", email, limit)
    return [Member(**row) for row in rows]


async def select_member(db: Executor, login: str) -> Member | None:
    """Find an account, suspended or not, whatever case `login` is written in."""
    row = await db.fetchrow(f"{_MEMBER} where lower(login) = lower($1)", login)
    return Member(**row) if row else None


async def lock_ranks(db: Executor, user_ids: Sequence[int]) -> dict[int, Rank]:
    """Give the ranks of these accounts and of all administrators, by id, and keep them as they are until the transaction ends.

    In one order, so that two administrators who act at once do not wait for each other.
    """
    rows = await db.fetch(
        """
        select id, login, is_admin, is_staff, suspended_at, password_hash is not null as can_log_in
        from users where id = any($1::bigint[]) or is_admin order by id for no key update
        """,
        user_ids,
    )
    return {row["id"]: Rank(**row) for row in rows}


async def update_suspension(db: Executor, user_id: int, reason: str | None) -> None:
    """Suspend an account (again: only the reason changes), or no longer (`None`). Every process hears of it at commit."""
    await db.execute(
        """
        update users set suspended_at = case when $2::text is not null then coalesce(suspended_at, now()) end,
            suspension_reason = $2
        where id = $1
        """,
        user_id,
        reason,
    )


async def update_site_role(db: Executor, user_id: int, *, is_admin: bool, is_staff: bool) -> None:
    """Give an account another role of the site. Every process hears of it at commit."""
    await db.execute(
        "update users set is_admin = $2, is_staff = $3 where id = $1", user_id, is_admin, is_staff
    )
