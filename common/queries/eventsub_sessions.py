"""EventSub: the sessions of its WebSocket. Each is held by one node, which says now and then that it still does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.db import Executor
from common.queries.eventsub import Owner


@dataclass(frozen=True, slots=True)
class Session:
    """A connection of the WebSocket."""

    id: str
    node: str
    connected_at: datetime


async def insert_session(db: Executor, session_id: str, node: str) -> Session:
    """Note that somebody connected."""
    row = await db.fetchrow(
        "insert into eventsub_sessions (id, node) values ($1, $2) returning id, node, connected_at",
        session_id,
        node,
    )
    assert row is not None
    return Session(**row)


async def select_session(db: Executor, session_id: str) -> Session | None:
    """Find a session, and keep it from ending until the end of the transaction."""
    row = await db.fetchrow(
        "select id, node, connected_at from eventsub_sessions where id = $1 for share", session_id
    )
    return Session(**row) if row else None


async def select_session_owners(db: Executor, session_id: str) -> list[Owner]:
    """List whose subscriptions a session has."""
    rows = await db.fetch(
        """
        select distinct app_id, owner_id from eventsub_subscriptions where session_id = $1 and status = 'enabled'
        """,
        session_id,
    )
    return [Owner(row["app_id"], row["owner_id"]) for row in rows]


async def select_owner_sessions(db: Executor, owner: Owner) -> dict[str, int]:
    """Count the subscriptions of an owner by session."""
    rows = await db.fetch(
        """
        select session_id, count(*) as subscriptions from eventsub_subscriptions
        where owner_id = $2 and app_id is not distinct from $1 and session_id is not null and status = 'enabled'
        group by session_id
        """,
        owner.app_id,
        owner.user_id,
    )
    return {row["session_id"]: row["subscriptions"] for row in rows}


async def offer_reconnect(db: Executor, session_id: str, node: str, reconnect_hash: bytes) -> None:
    """Let the client of a session come back with a secret, to whichever node."""
    await db.execute(
        "update eventsub_sessions set reconnect_hash = $3, seen_at = now() where id = $1 and node = $2",
        session_id,
        node,
        reconnect_hash,
    )


async def take_over_session(db: Executor, reconnect_hash: bytes, node: str) -> Session | None:
    """Have a node hold the session that a secret is for, once; `None`: it is for none, or not any more."""
    row = await db.fetchrow(
        """
        update eventsub_sessions set node = $2, reconnect_hash = null, seen_at = now() where reconnect_hash = $1
        returning id, node, connected_at
        """,
        reconnect_hash,
        node,
    )
    return Session(**row) if row else None


async def touch_sessions(db: Executor, node: str, session_ids: Sequence[str]) -> set[str]:
    """Note that a node holds these sessions still; give those that are its own."""
    rows = await db.fetch(
        "update eventsub_sessions set seen_at = now() where id = any($2::text[]) and node = $1 returning id",
        node,
        session_ids,
    )
    return {row["id"] for row in rows}


async def end_session(db: Executor, session_id: str, node: str, status: str) -> None:
    """End a session that a node holds, and its subscriptions, with a reason in EventSub's words."""
    await db.execute(
        """
        with gone as (delete from eventsub_sessions where id = $1 and node = $2 returning id)
        update eventsub_subscriptions set status = $3, status_at = now(), disconnected_at = now()
        from gone where session_id = gone.id and status = 'enabled'
        """,
        session_id,
        node,
        status,
    )


async def end_lost_sessions(db: Executor, *, unseen: timedelta, limit: int) -> int:
    """End up to `limit` sessions whose node has not been heard of, or whose client did not come back; give how many."""
    count: int = await db.fetchval(
        """
        with gone as (
            delete from eventsub_sessions where id = any(array(
                select id from eventsub_sessions where seen_at < now() - $1::interval
                order by seen_at limit $2 for update skip locked))
            returning id
        ), ended as (
            update eventsub_subscriptions set status = 'websocket_network_error', status_at = now(), disconnected_at = now()
            from gone where session_id = gone.id and status = 'enabled'
        )
        select count(*) from gone
        """,
        unseen,
        limit,
    )
    return count
