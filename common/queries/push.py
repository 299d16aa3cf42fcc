"""Push subscriptions: browsers that are to be told things while no page of ours is open. Each belongs to a session."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.db import Executor

MAX_SUBSCRIPTIONS = 20
"""Of one account; beyond it the oldest end."""


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """One browser, as its owner sees it."""

    id: int
    session_id: int
    endpoint: str = field(repr=False)
    """A secret between the browser, its push service and us."""
    user_agent: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PushTarget:
    """One browser, as messages are sent to it."""

    id: int
    user_id: int
    endpoint: str = field(repr=False)
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)


async def upsert_push_subscription(
    db: Executor, *, user_id: int, session_id: int, endpoint: str, p256dh: bytes, auth: bytes
) -> PushSubscription | None:
    """Note that a browser wants to be told, in place of what it wanted before, and end those that are too many.

    A browser in which somebody else logs in has the same endpoint and keys, and goes to them. `None`: the endpoint is
    somebody else's, and whoever asks does not know their keys. Raises `ForeignKeyViolationError` when the session is over.
    """
    row = await db.fetchrow(
        """
        with surplus as (
            delete from push_subscriptions where user_id = $1 and endpoint_hash <> $4 and id in (
                select id from push_subscriptions where user_id = $1 order by id desc offset $7)
        ), written as (
            insert into push_subscriptions as known (user_id, session_id, endpoint, endpoint_hash, p256dh, auth)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (endpoint_hash) do update set user_id = excluded.user_id, session_id = excluded.session_id,
                p256dh = excluded.p256dh, auth = excluded.auth
            where known.user_id = excluded.user_id or known.auth = excluded.auth
            returning id, session_id, endpoint, created_at
        )
        select written.id, session_id, endpoint, user_agent, written.created_at
        from written join sessions on sessions.id = session_id
        """,
        user_id,
        session_id,
        endpoint,
        hashlib.sha256(endpoint.encode()).digest(),
        p256dh,
        auth,
        MAX_SUBSCRIPTIONS - 1,
    )
    return PushSubscription(**row) if row else None


async def select_push_subscriptions(db: Executor, user_id: int) -> list[PushSubscription]:
    """List the browsers of an account that are told things, the newest first."""
    rows = await db.fetch(
        """
        select subscriptions.id, session_id, endpoint, user_agent, subscriptions.created_at
        from push_subscriptions as subscriptions join sessions on sessions.id = session_id
        where subscriptions.user_id = $1 order by subscriptions.id desc
        """,
        user_id,
    )
    return [PushSubscription(**row) for row in rows]


async def delete_push_subscription(db: Executor, *, user_id: int, subscription_id: int) -> bool:
    """Tell a browser nothing any more; `False`: the user has none with this number."""
    return bool(
        await db.execute(
            "delete from push_subscriptions where id = $1 and user_id = $2", subscription_id, user_id
        )
    )


async def select_push_targets(db: Executor, ids: Sequence[int]) -> list[PushTarget]:
    """Give those of the subscriptions that are still there and whose session is not over."""
    rows = await db.fetch(
        """
        select subscriptions.id, subscriptions.user_id, endpoint, p256dh, auth
        from push_subscriptions as subscriptions join sessions on sessions.id = session_id
        where subscriptions.id = any($1::bigint[]) and expires_at > now()
        """,
        ids,
    )
    return [PushTarget(**row) for row in rows]


async def delete_gone_subscriptions(db: Executor, ids: Sequence[int]) -> None:
    """Remove subscriptions of which a push service says that there is nobody there any more."""
    await db.execute("delete from push_subscriptions where id = any($1::bigint[])", ids)
