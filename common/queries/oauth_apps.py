"""Programs that people may let act for them. Their secrets are stored as SHA-256 only; an app that was removed is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.db import Executor

MAX_APPS = 20
"""Of one account."""


@dataclass(frozen=True, slots=True)
class App:
    """One app as its owner sees it."""

    id: int
    client_id: str
    name: str
    redirect_uris: list[str]
    is_confidential: bool
    """Whether it has a secret."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """One app as the protocol sees it."""

    id: int
    client_id: str
    name: str
    redirect_uris: list[str]
    secret_hash: bytes | None = field(repr=False)
    """`None`: a public client, which cannot keep a secret."""
    owner_login: str


async def insert_app(
    db: Executor,
    *,
    user_id: int,
    client_id: str,
    secret_hash: bytes | None,
    name: str,
    redirect_uris: Sequence[str],
) -> App | None:
    """Store an app; `None` when the account has `MAX_APPS` already (two at once may both find room).

    Raises `ForeignKeyViolationError` when the account was deleted meanwhile.
    """
    row = await db.fetchrow(
        """
        insert into oauth_apps (user_id, client_id, secret_hash, name, redirect_uris)
        select $1, $2, $3, $4, $5
        where (select count(*) from oauth_apps where user_id = $1) < $6
        returning id, client_id, name, redirect_uris, secret_hash is not null as is_confidential, created_at
        """,
        user_id,
        client_id,
        secret_hash,
        name,
        redirect_uris,
        MAX_APPS,
    )
    return App(**row) if row else None


async def select_apps(db: Executor, user_id: int, *, limit: int, before_id: int | None = None) -> list[App]:
    """List the apps of an account, the newest first; those made before the one with `before_id`."""
    rows = await db.fetch(
        """
        select id, client_id, name, redirect_uris, secret_hash is not null as is_confidential, created_at
        from oauth_apps where user_id = $1 and ($3::bigint is null or id < $3) order by id desc limit $2
        """,
        user_id,
        limit,
        before_id,
    )
    return [App(**row) for row in rows]


async def select_client(db: Executor, client_id: str) -> Client | None:
    """Find an app; `None` when there is none, or whoever answers for it is suspended."""
    row = await db.fetchrow(
        """
        select oauth_apps.id, client_id, name, redirect_uris, secret_hash, login as owner_login
        from oauth_apps join users on users.id = user_id
        where client_id = $1 and suspended_at is null
        """,
        client_id,
    )
    return Client(**row) if row else None


async def update_app(
    db: Executor,
    *,
    user_id: int,
    client_id: str,
    name: str | None = None,
    redirect_uris: Sequence[str] | None = None,
) -> App | None:
    """Change what is not `None`; `None` when the account has no such app."""
    row = await db.fetchrow(
        """
        update oauth_apps set name = coalesce($3, name), redirect_uris = coalesce($4, redirect_uris)
        where user_id = $1 and client_id = $2
        returning id, client_id, name, redirect_uris, secret_hash is not null as is_confidential, created_at
        """,
        user_id,
        client_id,
        name,
        redirect_uris,
    )
    return App(**row) if row else None


async def rotate_app_secret(db: Executor, *, user_id: int, client_id: str, secret_hash: bytes) -> App | None:
    """Give an app another secret; the one before stops working. `None`: the account has no such app with a secret."""
    row = await db.fetchrow(
        """
        update oauth_apps set secret_hash = $3
        where user_id = $1 and client_id = $2 and secret_hash is not null
        returning id, client_id, name, redirect_uris, secret_hash is not null as is_confidential, created_at
        """,
        user_id,
        client_id,
        secret_hash,
    )
    return App(**row) if row else None


async def delete_app(db: Executor, *, user_id: int, client_id: str) -> bool:
    """Remove an app with all its tokens; `False` when the account has no such one. Every process hears of each token."""
    return (
        await db.execute("delete from oauth_apps where user_id = $1 and client_id = $2", user_id, client_id)
        == 1
    )
