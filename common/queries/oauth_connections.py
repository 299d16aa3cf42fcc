"""Which app may act for whom: the consent that is remembered, and the pages that ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.db import Executor

MAX_FORMS = 20
"""Consent pages of one session that may be open at once; beyond it the oldest cannot be answered."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One app that may act for somebody, as that person sees it."""

    id: int
    client_id: str
    name: str
    owner_login: str
    """Who made the app."""
    scopes: list[str]
    created_at: datetime
    allowed_at: datetime
    """When the person last said yes."""
    last_used_at: datetime | None
    """To about five minutes; `None`: not with a token that still works."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody allowed an app."""

    connection_id: int
    scopes: list[str]


async def upsert_connection(db: Executor, *, user_id: int, app_id: int, scopes: Sequence[str]) -> int:
    """Remember that somebody allowed an app these scopes, beside those before; give the connection's id.

    Raises `ForeignKeyViolationError` when the app or the account was deleted meanwhile.
    """
    found: int = await db.fetchval(
        """
        insert into oauth_connections as known (user_id, app_id, scopes) values ($1, $2, $3)
        on conflict (user_id, app_id) do update set allowed_at = now(),
            scopes = array(select distinct unnest(known.scopes || excluded.scopes) order by 1)
        returning id
        """,
        user_id,
        app_id,
        scopes,
    )
    return found


async def select_consent(db: Executor, *, user_id: int, app_id: int) -> Consent | None:
    """Say what somebody allowed an app; `None`: nothing."""
    row = await db.fetchrow(
        "select id as connection_id, scopes from oauth_connections where user_id = $1 and app_id = $2",
        user_id,
        app_id,
    )
    return Consent(**row) if row else None


async def select_connections(
    db: Executor, user_id: int, *, limit: int, before_id: int | None = None
) -> list[Connection]:
    """List the apps that may act for somebody, the newest first; those connected before the one with `before_id`."""
    rows = await db.fetch(
        """
        select oauth_connections.id, client_id, name, login as owner_login, scopes,
               oauth_connections.created_at, allowed_at,
               (select max(access_tokens.last_used_at)
                from oauth_grants join access_tokens on access_tokens.grant_id = oauth_grants.id
                where connection_id = oauth_connections.id) as last_used_at
        from oauth_connections
        join oauth_apps on oauth_apps.id = app_id
        join users on users.id = oauth_apps.user_id
        where oauth_connections.user_id = $1 and ($3::bigint is null or oauth_connections.id < $3)
        order by oauth_connections.id desc limit $2
        """,
        user_id,
        limit,
        before_id,
    )
    return [Connection(**row) for row in rows]


async def delete_connection(db: Executor, *, user_id: int, client_id: str) -> list[int] | None:
    """End what an app may do for somebody; give the ids of the tokens that end with it, `None`: it could do nothing.

    Every process hears of each token at commit.
    """
    row = await db.fetchrow(
        """
        with gone as (
            delete from oauth_connections using oauth_apps
            where oauth_apps.id = app_id and oauth_connections.user_id = $1 and client_id = $2
            returning oauth_connections.id
        )
        select id, array(
            select access_tokens.id from oauth_grants join access_tokens on grant_id = oauth_grants.id
            where connection_id = gone.id
        ) as token_ids from gone
        """,
        user_id,
        client_id,
    )
    return row["token_ids"] if row else None


async def insert_form(
    db: Executor, *, session_id: int, token_hash: bytes, request_hash: bytes, lifetime: timedelta
) -> bool:
    """Note that a session was shown a consent page; `False`: it ended meanwhile."""
    return (
        await db.execute(
            """
            with mine as (select id from sessions where id = $1 for key share), -- the order of oauth_grants.py
            surplus as (
                delete from oauth_forms where token_hash in (
                    select token_hash from oauth_forms where session_id = (select id from mine)
                    order by expires_at desc offset $5
                )
            )
            insert into oauth_forms (session_id, token_hash, request_hash, expires_at)
            select id, $2, $3, now() + $4::interval from mine
            """,
            session_id,
            token_hash,
            request_hash,
            lifetime,
            MAX_FORMS - 1,
        )
        == 1
    )


async def use_form(db: Executor, *, session_id: int, token_hash: bytes, request_hash: bytes) -> bool:
    """Use the answer of a consent page up; `False`: this session was asked something else, or nothing, or long ago."""
    return (
        await db.execute(
            """
            delete from oauth_forms
            where token_hash = $2 and session_id = $1 and request_hash = $3 and expires_at > now()
            """,
            session_id,
            token_hash,
            request_hash,
        )
        == 1
    )
