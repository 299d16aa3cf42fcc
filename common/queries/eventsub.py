"""EventSub: subscriptions, and the events that they are told.

Whether a subscription may be, and go on, is judged in one place, the function `eventsub_objection` of the database.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from common.db import Executor, Row
from common.queries.outbox import ChannelEvent

Method = Literal["webhook", "websocket"]
ENABLED = "enabled"
PENDING = "webhook_callback_verification_pending"
MAX_WEBSOCKETS = 3
"""Sessions of one owner, as on Twitch."""
MAX_PER_SESSION = 300
"""Subscriptions of one session, as on Twitch."""
MAX_OWNED = 1000
"""Subscriptions of one owner."""
MAX_TOTAL_COST = 1000
"""Of one owner; those that somebody allowed cost nothing."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose subscriptions: an app's own, a person's, or a person's who uses an app."""

    app_id: int | None
    user_id: int | None
    token_id: int | None = None
    """The personal token."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription."""

    number: int
    id: uuid.UUID
    type: str
    version: str
    condition: dict[str, str]
    channel_id: int
    side: str
    app_id: int | None
    owner_id: int | None
    method: Method
    callback: str | None
    secret: str | None = field(repr=False)
    session_id: str | None
    connected_at: datetime | None
    disconnected_at: datetime | None
    status: str
    cost: int
    created_at: datetime
    tries: int
    failures: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """What somebody asks for, checked as far as it can be without a look at the database."""

    type: str
    version: str
    condition: dict[str, str]
    channel_id: int
    side: str = ""
    acting_id: int | None = None
    standing: str = ""
    scopes: Sequence[str] = ()
    owner: Owner
    method: Method
    callback: str | None = None
    secret: str | None = field(default=None, repr=False)
    session_id: str | None = None
    connected_at: datetime | None = None
    cost: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What an owner has."""

    total: int
    total_cost: int
    """Of the active ones."""


COLUMNS = """
    number, id, type, version, condition::text as condition, channel_id, side, app_id, owner_id, method, callback, secret,
    session_id, connected_at, disconnected_at, status, cost, created_at, tries, failures, failing_since
"""
"""Of a `Subscription`."""


async def lock_owner(db: Executor, owner: Owner) -> None:
    """Have one at a time make subscriptions for an owner, until the end of the transaction."""
    await db.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 20))", f"eventsub {owner.app_id} {owner.user_id}"
    )


async def insert_subscription(db: Executor, new: NewSubscription) -> Subscription:
    """Add a subscription. Raises `UniqueViolationError`: the owner has it."""
    status = PENDING if new.method == "webhook" else ENABLED
    row = await db.fetchrow(
        f"""
        insert into eventsub_subscriptions (type, version, condition, channel_id, side, acting_id, standing, scopes, app_id,
            owner_id, token_id, method, callback, secret, session_id, connected_at, status, cost, due_at)
        values ($1, $2, $3::text::jsonb, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            case when $12 = 'webhook' then now() end)
        returning {COLUMNS}
        """,  # noqa: S608 # a constant
        new.type,
        new.version,
        msgspec.json.encode(new.condition, order="sorted").decode(),
        new.channel_id,
        new.side,
        new.acting_id,
        new.standing,
        new.scopes,
        new.owner.app_id,
        new.owner.user_id,
        new.owner.token_id,
        new.method,
        new.callback,
        new.secret,
        new.session_id,
        new.connected_at,
        status,
        new.cost,
    )
    assert row is not None
    return read_subscription(row)


async def select_objection(db: Executor, number: int) -> str | None:
    """Say why a subscription must not be, in EventSub's words; `None`: it may."""
    objection: str | None = await db.fetchval(
        "select eventsub_objection(eventsub_subscriptions) from eventsub_subscriptions where number = $1",
        number,
    )
    return objection


async def select_totals(db: Executor, owner: Owner) -> Totals:
    """Count what an owner has."""
    row = await db.fetchrow(
        """
        select count(*) as total, coalesce(sum(cost) filter (where is_active), 0) as total_cost
        from eventsub_subscriptions
        where app_id is not distinct from $1 and owner_id is not distinct from $2
            and (app_id = $1 or owner_id = $2)
        """,
        owner.app_id,
        owner.user_id,
    )
    assert row is not None
    return Totals(row["total"], row["total_cost"])


async def select_owned(
    db: Executor,
    owner: Owner,
    *,
    limit: int,
    before: int | None = None,
    status: str | None = None,
    type: str | None = None,  # noqa: A002 # Helix calls it so
    user_id: int | None = None,
    id: uuid.UUID | None = None,  # noqa: A002 # as above
) -> list[Subscription]:
    """List the subscriptions of an owner, the newest first, from `before` on into the past."""
    rows = await db.fetch(
        f"""
        select {COLUMNS} from eventsub_subscriptions
        where app_id is not distinct from $1 and owner_id is not distinct from $2 and (app_id = $1 or owner_id = $2)
            and ($4::bigint is null or number < $4) and ($5::text is null or status = $5)
            and ($6::text is null or type = $6)
            and ($7::bigint is null or channel_id = $7 or acting_id = $7)
            and ($8::uuid is null or id = $8)
        order by number desc limit $3
        """,  # noqa: S608 # a constant
        owner.app_id,
        owner.user_id,
        limit,
        before,
        status,
        type,
        user_id,
        id,
    )
    return [read_subscription(row) for row in rows]


async def delete_owned(db: Executor, owner: Owner, subscription_id: uuid.UUID) -> bool:
    """Remove a subscription; `False`: the owner has no such one."""
    deleted = await db.execute(
        """
        delete from eventsub_subscriptions
        where id = $3 and app_id is not distinct from $1 and owner_id is not distinct from $2
        """,
        owner.app_id,
        owner.user_id,
        subscription_id,
    )
    return deleted == 1


async def select_subscriptions(db: Executor, ids: Sequence[uuid.UUID]) -> list[Subscription]:
    """Find subscriptions by their ids."""
    rows = await db.fetch(
        f"select {COLUMNS} from eventsub_subscriptions where id = any($1::uuid[])",  # noqa: S608 # a constant
        ids,
    )
    return [read_subscription(row) for row in rows]


async def select_of_sessions(db: Executor, session_ids: Sequence[str]) -> list[Subscription]:
    """List the subscriptions of sessions that are enabled."""
    rows = await db.fetch(
        f"""
        select {COLUMNS} from eventsub_subscriptions
        where session_id = any($1::text[]) and status = 'enabled' order by number
        """,  # noqa: S608 # a constant
        session_ids,
    )
    return [read_subscription(row) for row in rows]


async def select_reason_gone(db: Executor, app_id: int | None, owner_id: int | None) -> str | None:
    """Say in EventSub's words why a subscription of theirs may be gone; `None`: they removed it themselves."""
    reason: str | None = await db.fetchval(
        """
        select case
            when $2::bigint is not null and not exists (select from users where id = $2) then 'user_removed'
            when $1::bigint is not null and not exists (select from oauth_apps where id = $1) then 'authorization_revoked'
        end
        """,
        app_id,
        owner_id,
    )
    return reason


async def revoke_unfounded(db: Executor) -> int:
    """End the subscriptions that must not go on; give how many. Every node hears of each."""
    return await db.execute(
        """
        update eventsub_subscriptions set status = objection, status_at = now(), tries = 0,
            due_at = case when method = 'webhook' and status = 'enabled' then now() end
        from (
            select number as found, eventsub_objection(eventsub_subscriptions) as objection
            from eventsub_subscriptions where is_active
        ) as judged
        where number = found and objection is not null and is_active
        """
    )


async def delete_over(db: Executor, *, kept: timedelta, limit: int) -> int:
    """Remove up to `limit` subscriptions that have been over for long; give how many."""
    return await db.execute(
        """
        delete from eventsub_subscriptions where number = any(array(
            select number from eventsub_subscriptions where not is_active and status_at < now() - $1::interval
            order by status_at limit $2 for update skip locked))
        """,
        kept,
        limit,
    )


# Events --------------------------------------------------------------------------------------------------------------------------


async def insert_event(
    db: Executor,
    *,
    key: str,
    channel_id: int,
    type: str,  # noqa: A002 # as the column
    event: dict[str, Any],
) -> None:
    """Write an event down that no trigger writes, unless it is there already."""
    await db.execute(
        """
        insert into outbox (key, channel_id, type, event) values ($1, $2, $3, $4::text::jsonb)
        on conflict (key) where key is not null do nothing
        """,
        key,
        channel_id,
        type,
        msgspec.json.encode(event).decode(),
    )


async def select_events(db: Executor, ids: Sequence[int]) -> list[ChannelEvent]:
    """Find events, the oldest first."""
    rows = await db.fetch(
        """
        select id, channel_id, type, event::text as event, created_at from outbox
        where id = any($1::bigint[]) order by id
        """,
        ids,
    )
    return [_event(row) for row in rows]


async def select_late_events(
    db: Executor, channel_ids: Sequence[int], *, look_back: timedelta, limit: int
) -> list[ChannelEvent]:
    """List what happened on channels of late, the oldest first."""
    rows = await db.fetch(
        """
        select id, channel_id, type, event::text as event, created_at from outbox
        where created_at > now() - $2::interval
            and (channel_id = any($1::bigint[]) or event ->> 'to_broadcaster_user_id' = any($1::bigint[]::text[]))
        order by id desc limit $3
        """,
        channel_ids,
        look_back,
        limit,
    )
    return [_event(row) for row in reversed(rows)]


def _event(row: Row) -> ChannelEvent:
    return ChannelEvent(**{**dict(row), "event": msgspec.json.decode(row["event"])})


def read_subscription(row: Row) -> Subscription:
    """Make a subscription of a row with `COLUMNS`, and others that are not its."""
    condition = msgspec.json.decode(row["condition"], type=dict[str, str])
    columns = {one.name: row[one.name] for one in fields(Subscription)}
    return Subscription(**{**columns, "condition": condition})
