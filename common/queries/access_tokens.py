"""Personal tokens, and what any token says. Stored as SHA-256 only; a token that was revoked is deleted.

Tokens that people gave an app lie in the same table; `oauth_grants` makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor
from common.queries.sessions import Identity

MAX_TOKENS = 100
"""Of one account."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """One token as its owner sees it."""

    id: int
    label: str
    last4: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    """To about five minutes; `None`: never."""
    expires_at: datetime | None
    """`None`: it lives until it is revoked."""


async def insert_token(
    db: Executor,
    *,
    user_id: int,
    token_hash: bytes,
    last4: str,
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> AccessToken | None:
    """Store a token; `None` when the account has `MAX_TOKENS` already.

    Raises `ForeignKeyViolationError` when there is no such account.
    """
    row = await db.fetchrow(
        """
        insert into access_tokens (user_id, token_hash, last4, label, scopes, expires_at)
        select $1, $2, $3, $4, $5, $6
        where (select count(*) from access_tokens where user_id = $1 and app_id is null) < $7
        returning id, label, last4, scopes, created_at, last_used_at, expires_at
        """,
        user_id,
        token_hash,
        last4,
        label,
        scopes,
        expires_at,
        MAX_TOKENS,
    )
    return AccessToken(**row) if row else None


async def select_token_identity(db: Executor, token_hash: bytes) -> Identity | None:
    """Say in whose name a token speaks, and note that it was used; `None` when it is no token, or over.

    Nor does one speak whose user is suspended, or of an app whose owner is.
    """
    row = await db.fetchrow(
        """
        with used as (
            update access_tokens set last_used_at = now()
            where token_hash = $1 and (last_used_at is null or last_used_at < now() - interval '5 minutes')
        )
        select access_tokens.id as credential_id, access_tokens.user_id, coalesce(users.login, '') as login,
               coalesce(users.display_name, '') as display_name, coalesce(users.is_admin, false) as is_admin,
               coalesce(users.is_staff, false) as is_staff, scopes, expires_at,
               coalesce(client_id, '') as client_id, owners.id as app_owner_id
        from access_tokens
        left join users on users.id = access_tokens.user_id
        left join oauth_apps on oauth_apps.id = app_id
        left join users as owners on owners.id = oauth_apps.user_id
        where token_hash = $1 and (expires_at is null or expires_at > now())
              and users.suspended_at is null and owners.suspended_at is null
        """,
        token_hash,
    )
    return Identity(**row) if row else None


async def select_tokens(
    db: Executor, user_id: int, *, limit: int, before_id: int | None = None
) -> list[AccessToken]:
    """List the personal tokens of an account, the newest first; those made before the one with `before_id`."""
    rows = await db.fetch(
        """
        select id, label, last4, scopes, created_at, last_used_at, expires_at
        from access_tokens where user_id = $1 and app_id is null and ($3::bigint is null or id < $3)
        order by id desc limit $2
        """,
        user_id,
        limit,
        before_id,
    )
    return [AccessToken(**row) for row in rows]


async def delete_token(db: Executor, *, user_id: int, token_id: int) -> bool:
    """Revoke a token; `False` when the account has no such one. Every process hears of it at commit."""
    return (
        await db.execute("delete from access_tokens where id = $1 and user_id = $2", token_id, user_id) == 1
    )
