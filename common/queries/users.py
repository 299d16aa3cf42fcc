"""Accounts."""

from dataclasses import dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True)
class User:
    """One account. Its channel has the same id."""

    id: int
    login: str
    display_name: str
    is_admin: bool
    suspended_at: datetime | None
    created_at: datetime


async def insert_user_with_channel(
    db: Executor, *, login: str, display_name: str, password_hash: str | None = None, is_admin: bool = False
) -> User:
    """Make an account and its channel. Raises `UniqueViolationError` when the login is taken."""
    row = await db.fetchrow(
        """
        with made as (
            insert into users (login, display_name, password_hash, is_admin)
            values ($1, $2, $3, $4)
            returning id, login, display_name, is_admin, suspended_at, created_at
        ), its_channel as (
            insert into channels (id, user_id) select id, id from made
        )
        select * from made
        """,
        login,
        display_name,
        password_hash,
        is_admin,
    )
    assert row is not None  # it was inserted, or an error was raised
    return User(**row)


async def select_user_by_login(db: Executor, login: str) -> User | None:
    """Find an account, whatever case `login` is written in."""
    row = await db.fetchrow(
        """
        select id, login, display_name, is_admin, suspended_at, created_at
        from users where lower(login) = lower($1)
        """,
        login,
    )
    return User(**row) if row else None


async def select_password_hash(db: Executor, user_id: int) -> str | None:
    """Give the argon2id hash of an account; `None` without a password, and without such an account."""
    found: str | None = await db.fetchval("select password_hash from users where id = $1", user_id)
    return found


async def select_users(db: Executor, *, limit: int, after_login: str = "") -> list[User]:
    """List accounts by login, from behind `after_login` on."""
    rows = await db.fetch(
        """
        select id, login, display_name, is_admin, suspended_at, created_at
        from users where lower(login) > lower($1) order by lower(login) limit $2
        """,
        after_login,
        limit,
    )
    return [User(**row) for row in rows]


async def exists_user(db: Executor) -> bool:
    """Say whether there is any account: a site without one is new."""
    found: bool = await db.fetchval("select exists (select from users)")
    return found
