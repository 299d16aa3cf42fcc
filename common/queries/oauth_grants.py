"""Authorizations of apps: codes, the refresh tokens that follow from them, and access tokens.

Whoever exchanges a code or a refresh token locks its grant first, so that of two who come with the same one the second sees
what the first did. Before that, as everywhere here, what the grant hangs on is locked against deletion: whoever deletes an app
or a user locks from there downwards, and two who lock in opposite orders wait for each other until one is shot. How long everything lives stands here, because the statements compare with the clock of the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from common.db import Executor

CODE_LIFETIME = timedelta(seconds=60)
CODE_KEPT = timedelta(minutes=10)
"""After which a grant whose code nobody came for is deleted."""
REFRESH_GRACE = timedelta(seconds=60)
"""How long the refresh token before the one of now still works: for a client that asks twice at once, or lost the answer."""
IDLE_LIFETIME = timedelta(days=60)
"""After which a grant that nobody refreshed is over."""
MAX_GRANTS = 50
"""Of one app for one person; beyond it the oldest end, those first whose code nobody came for."""
MAX_GRANT_TOKENS = 20
"""Access tokens of one grant that work at once; beyond it the oldest end."""
MAX_APP_TOKENS = 50
"""An app's own; beyond it the oldest end."""


@dataclass(frozen=True, slots=True)
class CodeGrant:
    """What a code stands for."""

    id: int
    app_id: int
    user_id: int
    scopes: list[str]
    redirect_uri: str
    challenge: str | None
    """Of PKCE; `None`: the client sent none, which only one with a secret may."""
    is_used: bool
    is_over: bool
    """It is too old, or its user is suspended."""


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a refresh token stands for."""

    id: int
    app_id: int
    user_id: int
    scopes: list[str]
    turn: int
    """Which token of the chain is the one of now."""
    in_grace: bool
    """Whether the one before still works."""
    is_over: bool
    """Nobody refreshed it for too long, or its user is suspended."""


async def insert_grant(
    db: Executor,
    *,
    connection_id: int,
    scopes: Sequence[str],
    code_hash: bytes,
    redirect_uri: str,
    challenge: str | None,
) -> int | None:
    """Store a code; give the grant's id, `None`: the connection was removed meanwhile."""
    found: int | None = await db.fetchval(
        """
        with mine as (select id from oauth_connections where id = $1 for key share),
        surplus as (
            delete from oauth_grants where id in (
                select id from oauth_grants where connection_id = (select id from mine)
                order by (code_used_at is not null) desc, id desc offset $6
            )
        )
        insert into oauth_grants (connection_id, scopes, code_hash, redirect_uri, challenge)
        select id, $2, $3, $4, $5 from mine returning id
        """,
        connection_id,
        scopes,
        code_hash,
        redirect_uri,
        challenge,
        MAX_GRANTS - 1,
    )
    return found


async def select_code_for_update(db: Executor, code_hash: bytes) -> CodeGrant | None:
    """Find what a code stands for, and lock it until the transaction ends; `None`: it is no code."""
    row = await db.fetchrow(
        """
        select oauth_grants.id, app_id, users.id as user_id, oauth_grants.scopes, redirect_uri, challenge,
               code_used_at is not null as is_used,
               oauth_grants.created_at < now() - $2::interval or suspended_at is not null as is_over
        from oauth_grants
        join oauth_connections on oauth_connections.id = connection_id
        join oauth_apps on oauth_apps.id = app_id
        join users on users.id = oauth_connections.user_id
        where code_hash = $1
        for key share of oauth_apps, users for update of oauth_grants
        """,
        code_hash,
        CODE_LIFETIME,
    )
    return CodeGrant(**row) if row else None


async def use_code(db: Executor, grant_id: int, *, chain_hash: bytes) -> None:
    """Note that a code was exchanged, and for which chain of refresh tokens."""
    await db.execute(
        "update oauth_grants set code_used_at = now(), refreshed_at = now(), chain_hash = $2 where id = $1",
        grant_id,
        chain_hash,
    )


async def select_chain_for_update(db: Executor, chain_hash: bytes) -> RefreshGrant | None:
    """Find what a refresh token stands for, and lock it until the transaction ends; `None`: there is no such chain."""
    row = await db.fetchrow(
        """
        select oauth_grants.id, app_id, users.id as user_id, oauth_grants.scopes, turn,
               refreshed_at > now() - $2::interval as in_grace,
               refreshed_at < now() - $3::interval or suspended_at is not null as is_over
        from oauth_grants
        join oauth_connections on oauth_connections.id = connection_id
        join oauth_apps on oauth_apps.id = app_id
        join users on users.id = oauth_connections.user_id
        where chain_hash = $1
        for key share of oauth_apps, users for update of oauth_grants
        """,
        chain_hash,
        REFRESH_GRACE,
        IDLE_LIFETIME,
    )
    return RefreshGrant(**row) if row else None


async def turn_chain(db: Executor, grant_id: int) -> None:
    """Make the next refresh token of a chain the one of now."""
    await db.execute("update oauth_grants set turn = turn + 1, refreshed_at = now() where id = $1", grant_id)


async def delete_grant(db: Executor, grant_id: int) -> list[int]:
    """End an authorization; give the ids of the tokens that end with it. Every process hears of each at commit."""
    found: list[int] | None = await db.fetchval(
        """
        with gone as (delete from oauth_grants where id = $1 returning id)
        select array(select access_tokens.id from access_tokens where grant_id = gone.id) from gone
        """,
        grant_id,
    )
    return found or []


async def insert_user_token(
    db: Executor,
    *,
    user_id: int,
    app_id: int,
    grant_id: int,
    token_hash: bytes,
    last4: str,
    scopes: Sequence[str],
    lifetime: timedelta,
) -> None:
    """Store an access token with which an app acts for somebody. In the transaction that locked the grant."""
    await db.execute(
        """
        with surplus as (
            delete from access_tokens where id in (
                select id from access_tokens where grant_id = $3 order by id desc offset $8
            )
        )
        insert into access_tokens (user_id, app_id, grant_id, token_hash, last4, label, scopes, expires_at)
        values ($1, $2, $3, $4, $5, '', $6, now() + $7::interval)
        """,
        user_id,
        app_id,
        grant_id,
        token_hash,
        last4,
        scopes,
        lifetime,
        MAX_GRANT_TOKENS - 1,
    )


async def insert_app_token(
    db: Executor, *, app_id: int, token_hash: bytes, last4: str, lifetime: timedelta
) -> bool:
    """Store an app's own access token; `False`: the app was removed meanwhile."""
    return (
        await db.execute(
            """
            with mine as (select id from oauth_apps where id = $1 for key share),
            surplus as (
                delete from access_tokens where id in (
                    select id from access_tokens where app_id = (select id from mine) and user_id is null
                    order by id desc offset $5
                )
            )
            insert into access_tokens (app_id, token_hash, last4, label, scopes, expires_at)
            select id, $2, $3, '', '{}', now() + $4::interval from mine
            """,
            app_id,
            token_hash,
            last4,
            lifetime,
            MAX_APP_TOKENS - 1,
        )
        == 1
    )


async def delete_token_of_app(db: Executor, *, app_id: int, token_hash: bytes) -> int | None:
    """Revoke an access token of an app; give its id, `None`: the app has no such one. Every process hears of it."""
    found: int | None = await db.fetchval(
        "delete from access_tokens where token_hash = $1 and app_id = $2 returning id", token_hash, app_id
    )
    return found


async def delete_stale_grants(db: Executor, *, limit: int) -> int:
    """Delete grants whose code nobody came for, and those that nobody refreshed for long; give how many, `limit` at most."""
    return await db.execute(
        """
        delete from oauth_grants where id in (
            (select id from oauth_grants where code_used_at is null and created_at < now() - $1::interval limit $3)
            union all
            (select id from oauth_grants where refreshed_at < now() - $2::interval limit $3)
            limit $3
        )
        """,
        CODE_KEPT,
        IDLE_LIFETIME,
        limit,
    )


async def delete_stale_tokens(db: Executor, *, limit: int) -> int:
    """Delete tokens of apps that are over; give how many, `limit` at most. People's own stay: their owners see them."""
    return await db.execute(
        """
        delete from access_tokens where id in (
            select id from access_tokens where app_id is not null and expires_at < now() limit $1
        )
        """,
        limit,
    )


async def delete_stale_forms(db: Executor, *, limit: int) -> int:
    """Delete consent pages that nobody answered; give how many, `limit` at most."""
    return await db.execute(
        """
        delete from oauth_forms where token_hash in (
            select token_hash from oauth_forms where expires_at < now() limit $1
        )
        """,
        limit,
    )
