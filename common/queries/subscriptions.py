"""Subscriptions to channels: who has one, what they were bought or given, and the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from common.db import Executor, Row
from common.subscription_terms import Subscription

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscription that runs, with the names of all who are in it."""

    channel_id: int
    channel_login: str
    channel_name: str
    user_id: int
    user_login: str
    user_name: str
    gifter_id: int | None
    """`None`: no gift, an anonymous one, or one of an account that is gone."""
    gifter_login: str
    gifter_name: str
    subscription: Subscription
    now: datetime
    """The database's clock, by which months count."""


@dataclass(frozen=True, slots=True)
class SubscriptionPlace:
    """A place in a list of subscriptions, newest first: behind this entry. The default is the beginning."""

    since: datetime = _END_OF_TIME
    id: int = _MAX_ID


_SUBSCRIPTION: LiteralString = """
subscriptions.tier, subscriptions.is_gift, subscriptions.gifter_id, since, ends_at, lapses_at, renews, ended_at,
months_before, streak_before, shared_month
"""
_SUBSCRIBER: LiteralString = f"""
select {_SUBSCRIPTION}, channel_id, channel.login as channel_login, channel.display_name as channel_name,
       subscriptions.user_id, person.login as user_login, person.display_name as user_name,
       gifter.login as gifter_login, gifter.display_name as gifter_name, now() as now
from subscriptions
join users as channel on channel.id = channel_id
join users as person on person.id = subscriptions.user_id
left join users as gifter on gifter.id = subscriptions.gifter_id
"""  # noqa: S608 # constants
_RUNS: LiteralString = "ended_at is null and (lapses_at is null or lapses_at > now())"


def _subscription(row: Row) -> Subscription:
    return Subscription(
        tier=row["tier"],
        is_gift=row["is_gift"],
        gifter_id=row["gifter_id"],
        since=row["since"],
        ends_at=row["ends_at"],
        lapses_at=row["lapses_at"],
        renews=row["renews"],
        ended_at=row["ended_at"],
        months_before=row["months_before"],
        streak_before=row["streak_before"],
        shared_month=row["shared_month"],
    )


def _subscriber(row: Row) -> Subscriber:
    return Subscriber(
        channel_id=row["channel_id"],
        channel_login=row["channel_login"],
        channel_name=row["channel_name"],
        user_id=row["user_id"],
        user_login=row["user_login"],
        user_name=row["user_name"],
        gifter_id=row["gifter_id"],
        gifter_login=row["gifter_login"] or "",
        gifter_name=row["gifter_name"] or "",
        subscription=_subscription(row),
        now=row["now"],
    )


# Looking up ------------------------------------------------------------------------------------------------------------------


async def select_subscriber(db: Executor, *, channel_id: int, user_id: int) -> Subscriber | None:
    """Find somebody's subscription that runs; `None` if there is none."""
    row = await db.fetchrow(
        f"{_SUBSCRIBER} where channel_id = $1 and subscriptions.user_id = $2 and {_RUNS}", channel_id, user_id
    )
    return _subscriber(row) if row else None


async def select_subscribers(
    db: Executor, channel_id: int, *, limit: int, after: SubscriptionPlace
) -> list[Subscriber]:
    """List who subscribes to a channel, the newest first."""
    rows = await db.fetch(
        f"{_SUBSCRIBER} where channel_id = $1 and {_RUNS} and (since, subscriptions.user_id) < ($2, $3)"
        " order by since desc, subscriptions.user_id desc limit $4",
        channel_id,
        after.since,
        after.id,
        limit,
    )
    return [_subscriber(row) for row in rows]


async def select_subscribed(
    db: Executor, user_id: int, *, limit: int, after: SubscriptionPlace
) -> list[Subscriber]:
    """List whom somebody subscribes to, the newest first."""
    rows = await db.fetch(
        f"{_SUBSCRIBER} where subscriptions.user_id = $1 and {_RUNS} and (since, channel_id) < ($2, $3)"
        " order by since desc, channel_id desc limit $4",
        user_id,
        after.since,
        after.id,
        limit,
    )
    return [_subscriber(row) for row in rows]


async def count_subscribers(db: Executor, channel_id: int) -> dict[int, int]:
    """Give how many subscribe to a channel, by tier."""
    rows = await db.fetch(
        f"select tier, count(*) as people from subscriptions where channel_id = $1 and {_RUNS} group by tier",  # noqa: S608 # a constant
        channel_id,
    )
    return {row["tier"]: row["people"] for row in rows}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who might be given a subscription."""

    id: int
    login: str
    display_name: str
    tier: int | None
    """Of the subscription that they have."""
    is_unwelcome: bool
    """Banned for good, blocked by the owner of the channel, or has blocked who gives."""


_RECIPIENT: LiteralString = """
select users.id, login, display_name,
       (select tier from subscriptions where channel_id = $1 and subscriptions.user_id = users.id
            and ended_at is null and (lapses_at is null or lapses_at > now())) as tier,
       exists (select from chat_bans
               where chat_bans.channel_id = $1 and chat_bans.user_id = users.id and expires_at is null)
       or exists (select from blocks where blocks.user_id = $1 and blocked_id = users.id)
       or exists (select from blocks where blocks.user_id = users.id and blocked_id = $2) as is_unwelcome
from users
"""


async def select_recipient(
    db: Executor, login: str, *, channel_id: int, gifter_id: int | None
) -> Recipient | None:
    """Find somebody to give a subscription to; `None` when there is no such account, or it is suspended."""
    row = await db.fetchrow(
        f"{_RECIPIENT} where lower(login) = lower($3) and suspended_at is null", channel_id, gifter_id, login
    )
    return Recipient(**row) if row else None


async def select_recipient_by_id(
    db: Executor, user_id: int, *, channel_id: int, gifter_id: int | None
) -> Recipient | None:
    """Do the same by id."""
    row = await db.fetchrow(
        f"{_RECIPIENT} where users.id = $3 and suspended_at is null", channel_id, gifter_id, user_id
    )
    return Recipient(**row) if row else None


async def select_candidates(db: Executor, *, channel_id: int, gifter_id: int | None, pool: int) -> list[int]:
    """List who may be chosen for a gift: of the newest `pool` followers those without a subscription, the newest first."""
    rows = await db.fetch(
        """
        select recent.user_id
        from (select user_id, created_at from follows where channel_id = $1
              order by created_at desc, user_id desc limit $3) as recent
        cross join lateral (select suspended_at, is_bot from users where users.id = recent.user_id offset 0) as person
        where suspended_at is null and not is_bot and recent.user_id is distinct from $2
          and not exists (select from subscriptions where subscriptions.channel_id = $1
              and subscriptions.user_id = recent.user_id
              and ended_at is null and (lapses_at is null or lapses_at > now()))
          and not exists (select from chat_bans
              where chat_bans.channel_id = $1 and chat_bans.user_id = recent.user_id and expires_at is null)
          and not exists (select from blocks where blocks.user_id = $1 and blocked_id = recent.user_id)
          and not exists (select from blocks where blocks.user_id = recent.user_id and blocked_id = $2)
        order by recent.created_at desc, recent.user_id desc
        """,
        channel_id,
        gifter_id,
        pool,
    )
    return [row["user_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class Supporter:
    """Somebody as a notice in chat shows them."""

    id: int
    login: str
    display_name: str
    color: str
    site_role: str
    """`admin`, `staff` or ''."""
    roles: frozenset[str]
    """In the channel."""


async def select_supporter(db: Executor, *, channel_id: int, user_id: int) -> Supporter | None:
    """Look up how somebody looks in a channel; `None` when the account is gone."""
    row = await db.fetchrow(
        """
        select id, login, display_name, chat_color as color,
               case when is_admin then 'admin' when is_staff then 'staff' else '' end as site_role,
               array(select role from channel_roles
                     where channel_roles.channel_id = $1 and channel_roles.user_id = users.id) as roles
        from users where id = $2
        """,
        channel_id,
        user_id,
    )
    return None if row is None else Supporter(**{**dict(row), "roles": frozenset(row["roles"])})


# Changing: in one transaction, behind `lock_subscription` ----------------------------------------------------------------


async def lock_subscription(db: Executor, *, channel_id: int, user_id: int) -> datetime:
    """Let nobody else change somebody's subscription until the end of the transaction; give the database's time of now.

    Who locks several does so by rising ids of the people.
    """
    await db.fetchval(
        "select pg_advisory_xact_lock(hashtextextended('subscription ' || $1::text || ' ' || $2::text, 0))",
        str(channel_id),
        str(user_id),
    )
    now: datetime = await db.fetchval("select clock_timestamp()")
    return now


async def select_subscription(db: Executor, *, channel_id: int, user_id: int) -> Subscription | None:
    """Give what is written down of somebody's subscription, over or not."""
    row = await db.fetchrow(
        f"select {_SUBSCRIPTION} from subscriptions where channel_id = $1 and user_id = $2",  # noqa: S608 # a constant
        channel_id,
        user_id,
    )
    return _subscription(row) if row else None


async def upsert_subscription(
    db: Executor, subscription: Subscription, *, channel_id: int, user_id: int
) -> None:
    """Write down what somebody's subscription is. Every process hears of it at commit."""
    await db.execute(
        """
        insert into subscriptions (channel_id, user_id, tier, is_gift, gifter_id, since, ends_at, lapses_at, renews,
            ended_at, months_before, streak_before, shared_month)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (channel_id, user_id) do update set tier = excluded.tier, is_gift = excluded.is_gift,
            gifter_id = excluded.gifter_id, since = excluded.since, ends_at = excluded.ends_at,
            lapses_at = excluded.lapses_at, renews = excluded.renews, ended_at = excluded.ended_at,
            months_before = excluded.months_before, streak_before = excluded.streak_before,
            shared_month = excluded.shared_month
        """,
        channel_id,
        user_id,
        subscription.tier,
        subscription.is_gift,
        subscription.gifter_id,
        subscription.since,
        subscription.ends_at,
        subscription.lapses_at,
        subscription.renews,
        subscription.ended_at,
        subscription.months_before,
        subscription.streak_before,
        subscription.shared_month,
    )


async def select_now(db: Executor) -> datetime:
    """Give the database's time."""
    now: datetime = await db.fetchval("select clock_timestamp()")
    return now


async def select_people(db: Executor, user_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Give login and display name by id."""
    rows = await db.fetch("select id, login, display_name from users where id = any($1::bigint[])", user_ids)
    return {row["id"]: (row["login"], row["display_name"]) for row in rows}
