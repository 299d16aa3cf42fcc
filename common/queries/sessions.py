"""Browsers that are logged in. Stored as SHA-256 only; a session that ended is deleted."""

from dataclasses import dataclass
from datetime import datetime

from common.db import Executor

MAX_SESSIONS = 50
"""Of one account; beyond it the ones seen longest ago end."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session as its owner sees it."""

    id: int
    address: str
    """The network it was begun from."""
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    """To about five minutes."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a session or a token stands for."""

    credential_id: int
    user_id: int | None
    """`None`: nobody; the app itself."""
    login: str
    display_name: str
    is_admin: bool
    is_staff: bool
    scopes: list[str] | None
    """`None`: a session, which may do all that its user may."""
    expires_at: datetime | None
    client_id: str = ""
    """Of the app that acts; '': none."""
    app_owner_id: int | None = None
    """Who answers for that app."""


async def insert_session(
    db: Executor, *, user_id: int, token_hash: bytes, address: str, user_agent: str, expires_at: datetime
) -> Session:
    """Begin a session, and end those of the account that are over or too many.

    Raises `ForeignKeyViolationError` when the account was deleted meanwhile.
    """
    row = await db.fetchrow(
        """
        with surplus as (
            delete from sessions where user_id = $1 and (
                expires_at <= now()
                or id in (select id from sessions where user_id = $1 order by last_seen_at desc, id desc offset $6)
            )
        )
        insert into sessions (user_id, token_hash, address, user_agent, expires_at) values ($1, $2, $3, $4, $5)
        returning id, address, user_agent, created_at, last_seen_at, expires_at
        """,
        user_id,
        token_hash,
        address,
        user_agent,
        expires_at,
        MAX_SESSIONS - 1,
    )
    assert row is not None  # it was inserted, or an error was raised
    return Session(**row)


async def select_session_identity(db: Executor, token_hash: bytes) -> Identity | None:
    """Say whose session this is, and note that it was used; `None` when it is nobody's, over, or its user suspended."""
    row = await db.fetchrow(
        """
        with seen as (
            update sessions set last_seen_at = now()
            where token_hash = $1 and last_seen_at < now() - interval '5 minutes'
        )
        select sessions.id as credential_id, user_id, login, display_name, is_admin, is_staff,
               null::text[] as scopes, expires_at
        from sessions join users on users.id = user_id
        where token_hash = $1 and expires_at > now() and suspended_at is null
        """,
        token_hash,
    )
    return Identity(**row) if row else None


async def select_sessions(db: Executor, user_id: int) -> list[Session]:
    """List the sessions of an account, the newest first."""
    rows = await db.fetch(
        """
        select id, address, user_agent, created_at, last_seen_at, expires_at
        from sessions where user_id = $1 and expires_at > now() order by id desc limit $2
        """,
        user_id,
        MAX_SESSIONS,
    )
    return [Session(**row) for row in rows]


async def delete_session(db: Executor, *, user_id: int, session_id: int) -> bool:
    """End a session; `False` when the account has no such one. Every process hears of it at commit."""
    return await db.execute("delete from sessions where id = $1 and user_id = $2", session_id, user_id) == 1


async def delete_sessions(db: Executor, user_id: int, *, except_id: int | None = None) -> int:
    """End all sessions of an account, but for one; give how many."""
    return await db.execute(
        "delete from sessions where user_id = $1 and id is distinct from $2", user_id, except_id
    )
