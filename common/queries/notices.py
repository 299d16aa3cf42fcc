"""What people are told: who is, when a channel goes live; their lists of notices; what they want to be told and how.

A notice bears the number of its event, so one event is told to nobody twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from common.db import Executor
from common.queries.push import MAX_SUBSCRIPTIONS

PERSONAL = "user.notice"
"""Type of events that concern one person; `tell_user` writes them. They are of no interest to the channel's followers."""
LIVE_LATE = timedelta(minutes=30)
"""Later than that nobody is told any more that a channel went live."""
PERSONAL_LATE = timedelta(days=2)
REPEAT = timedelta(minutes=10)
"""A broadcast that begins so soon after another is the same to its followers: the encoder crashed, or something was set."""
MAX_KEPT = 500
"""Notices of one person, about: the oldest go now and then."""
MAX_COUNTED = 1000
_TRIM_EVERY = 64


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody was told."""

    id: int
    type: str
    """`stream.online`, or what `tell_user` was given."""
    channel_id: int
    login: str
    display_name: str
    """Of the channel, as the login."""
    details: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """What to tell one person now, and what speaks against it."""

    delivery_id: int
    user_id: int
    type: str
    event: dict[str, Any]
    login: str
    display_name: str
    title: str
    """Of the channel, now."""
    created_at: datetime
    email: str | None
    """A proven one, where e-mail is wanted."""
    objection: str | None
    """`None`: tell them."""


async def tell_user(
    db: Executor, *, user_id: int, channel_id: int, kind: str, title: str, text: str = ""
) -> None:
    """Tell one person something that concerns them and a channel, in the ways they want; in a transaction with its cause.

    Args:
        db: the transaction.
        user_id: who is told.
        channel_id: what it is about; the notice leads there.
        kind: such as `subscription.gift`: stands in the notice as its type.
        title: one line, up to 100 characters.
        text: more, up to 300 characters; '' if the title says it all.

    """
    event = {"user_id": str(user_id), "kind": kind, "title": title[:100], "text": text[:300]}
    await db.execute(
        "insert into outbox (channel_id, type, event) values ($1, $2, $3::text::jsonb)",
        channel_id,
        PERSONAL,
        msgspec.json.encode(event).decode(),
    )


async def enqueue_live(
    db: Executor,
    event_id: int,
    channel_id: int,
    details: dict[str, Any],
    *,
    after: int,
    limit: int,
    mail: bool,
) -> tuple[int, int | None]:
    """Tell the next `limit` followers that a channel went live: those with ids greater than `after`, in their order.

    Writes notices, and deliveries of kind `push` (to push subscriptions) and, where `mail`, `mail` (to users). Gives how
    many of all, and the last follower seen to; `None` for it: there are no more.
    """
    row = await db.fetchrow(
        """
        with asked as materialized (
            select user_id from follows where channel_id = $2 and notify and user_id > $4 order by user_id limit $5
        ), told as materialized (
            select asked.user_id, coalesce(live_site, true) as site, coalesce(live_push, true) as push,
                $6 and coalesce(live_mail, false) and email_verified_at is not null as mail
            from asked join users on users.id = asked.user_id
                left join notification_settings as settings on settings.user_id = asked.user_id
            where suspended_at is null
                and not exists (select from blocks where blocks.user_id = asked.user_id and blocked_id = $2)
        ), noted as (
            insert into notices (user_id, id, type, channel_id, details)
            select user_id, $1, 'stream.online', $2, $3::text::jsonb from told where site
            on conflict (user_id, id) do nothing returning 1
        ), enqueued as (
            insert into deliveries (event_id, kind, target)
            select $1, 'push', browsers.id::text
                from told cross join lateral (
                    select id from push_subscriptions where push_subscriptions.user_id = told.user_id limit $7
                ) as browsers where push
            union all select $1, 'mail', user_id::text from told where mail
            on conflict (event_id, kind, target) do nothing returning 1
        )
        select (select count(*) from asked) as asked, (select max(user_id) from asked) as last,
            (select count(*) from noted) + (select count(*) from enqueued) as written
        """,
        event_id,
        channel_id,
        msgspec.json.encode(details).decode(),
        after,
        limit,
        mail,
        MAX_SUBSCRIPTIONS,  # of each: with a limit the planner looks each person up, whatever it thinks of their number
    )
    assert row is not None
    if row["asked"]:
        await _trim(db, event_id, channel_id, after=after, last=row["last"])
    return row["written"], row["last"] if row["asked"] == limit else None


async def _trim(db: Executor, event_id: int, channel_id: int, *, after: int, last: int) -> None:
    """Remove the oldest notices of some of those who were just told: of each about once in `_TRIM_EVERY` times."""
    await db.execute(
        """
        delete from notices using (
            select user_id, (
                select id from notices as theirs where theirs.user_id = follows.user_id order by id desc offset $5 limit 1
            ) as oldest
            from follows where channel_id = $2 and notify and user_id > $3 and user_id <= $4 and (user_id + $1) % $6 = 0
        ) as surplus
        where notices.user_id = surplus.user_id and notices.id <= surplus.oldest
        """,
        event_id,
        channel_id,
        after,
        last,
        MAX_KEPT,
        _TRIM_EVERY,
    )


async def enqueue_personal(
    db: Executor,
    event_id: int,
    channel_id: int,
    user_id: int,
    *,
    kind: str,
    details: dict[str, Any],
    mail: bool,
) -> int:
    """Tell one person; as `enqueue_live`."""
    written: int = await db.fetchval(
        """
        with told as materialized (
            select users.id as user_id, coalesce(personal_site, true) as site, coalesce(personal_push, true) as push,
                $5 and coalesce(personal_mail, false) and email_verified_at is not null as mail
            from users left join notification_settings as settings on settings.user_id = users.id
            where users.id = $6 and suspended_at is null
        ), noted as (
            insert into notices (user_id, id, type, channel_id, details)
            select user_id, $1, $4, $2, $3::text::jsonb from told where site
            on conflict (user_id, id) do nothing returning 1
        ), enqueued as (
            insert into deliveries (event_id, kind, target)
            select $1, 'push', browsers.id::text
                from told cross join lateral (
                    select id from push_subscriptions where push_subscriptions.user_id = told.user_id limit $7
                ) as browsers where push
            union all select $1, 'mail', user_id::text from told where mail
            on conflict (event_id, kind, target) do nothing returning 1
        )
        select (select count(*) from noted) + (select count(*) from enqueued)
        """,
        event_id,
        channel_id,
        msgspec.json.encode(details).decode(),
        kind,
        mail,
        user_id,
        MAX_SUBSCRIPTIONS,
    )
    return written


async def select_live_title(db: Executor, channel_id: int, stream_id: str) -> str | None:
    """Give the title of a channel that its followers are to be told of.

    `None`: the broadcast is over, or not for followers, or goes on with one that they were told of `REPEAT` ago or less.
    """
    title: str | None = await db.fetchval(
        """
        select channels.title from streams join channels on channels.id = channel_id join users on users.id = channel_id
        where streams.id = $2::text::uuid and channel_id = $1 and ended_at is null and suspended_at is null
            and visibility in ('public', 'followers', 'subs')
            and not exists (
                select from streams as earlier
                where earlier.channel_id = $1 and earlier.id <> streams.id and earlier.told_at is not null
                    and earlier.started_at <= streams.started_at and earlier.ended_at > streams.started_at - $3::interval
            )
        """,
        channel_id,
        stream_id,
        REPEAT,
    )
    return title


async def mark_told(db: Executor, stream_id: str) -> None:
    """Note that followers are told of a broadcast."""
    await db.execute(
        "update streams set told_at = now() where id = $1::text::uuid and told_at is null", stream_id
    )


async def select_told(
    db: Executor, delivery_ids: Sequence[int], user_ids: Sequence[int], event_ids: Sequence[int], *, way: str
) -> list[Told]:
    """Say what to tell people now, and whether it is still right to.

    The three lists belong together, entry by entry. `way` is `push` or `mail`. Those whose event or channel is gone are
    left out.
    """
    rows = await db.fetch(
        """
        select asked.delivery_id, asked.user_id, outbox.type, outbox.event::text as event, broadcaster.login,
            broadcaster.display_name, channels.title, outbox.created_at,
            case when recipient.email_verified_at is not null then recipient.email end as email,
            case
                when recipient.suspended_at is not null then 'Their account is suspended.'
                when broadcaster.suspended_at is not null then 'The channel is suspended.'
                when exists (
                    select from blocks where (blocks.user_id = asked.user_id and blocked_id = outbox.channel_id)
                        or (blocks.user_id = outbox.channel_id and blocked_id = asked.user_id)
                ) then 'One has blocked the other.'
                when outbox.created_at < now() - case when live.is_so then $5::interval else $6::interval end
                    then 'It is late.'
                when live.is_so and not coalesce(follows.notify, false) then 'They do not want to know any more.'
                when live.is_so and streams.ended_at is not null then 'The broadcast is over.'
                when $4 = 'mail' and recipient.email_verified_at is null then 'They have no proven address.'
                when not case
                    when live.is_so and $4 = 'mail' then coalesce(live_mail, false)
                    when live.is_so then coalesce(live_push, true)
                    when $4 = 'mail' then coalesce(personal_mail, false)
                    else coalesce(personal_push, true)
                end then 'They do not want to be told this way any more.'
            end as objection
        from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as asked (delivery_id, user_id, event_id)
            join outbox on outbox.id = asked.event_id
            cross join lateral (select outbox.type = 'stream.online' as is_so) as live
            join channels on channels.id = outbox.channel_id
            join users as broadcaster on broadcaster.id = outbox.channel_id
            join users as recipient on recipient.id = asked.user_id
            left join follows on follows.user_id = asked.user_id and follows.channel_id = outbox.channel_id
            left join notification_settings as settings on settings.user_id = asked.user_id
            left join streams on live.is_so and streams.id = (outbox.event ->> 'id')::uuid
        """,
        delivery_ids,
        user_ids,
        event_ids,
        way,
        LIVE_LATE,
        PERSONAL_LATE,
    )
    return [Told(**{**dict(row), "event": msgspec.json.decode(row["event"])}) for row in rows]


async def select_notices(
    db: Executor, user_id: int, *, limit: int, before_id: int | None = None, unread: bool = False
) -> list[Notice]:
    """List what somebody was told, the newest first, from `before_id` on into the past."""
    rows = await db.fetch(
        """
        select notices.id, type, channel_id, login, display_name, details::text as details, notices.created_at, read_at
        from notices join users on users.id = channel_id
        where user_id = $1 and ($2::bigint is null or notices.id < $2) and (read_at is null or not $3)
        order by notices.id desc limit $4
        """,
        user_id,
        before_id,
        unread,
        limit,
    )
    return [Notice(**{**dict(row), "details": msgspec.json.decode(row["details"])}) for row in rows]


async def count_unread(db: Executor, user_id: int) -> int:
    """Count what somebody has not read, up to `MAX_COUNTED`."""
    count: int = await db.fetchval(
        "select count(*) from (select from notices where user_id = $1 and read_at is null limit $2) as unread",
        user_id,
        MAX_COUNTED,
    )
    return count


async def mark_read(db: Executor, user_id: int, notice_id: int) -> bool:
    """Note that somebody has read a notice; `False`: they have none with this number."""
    return bool(
        await db.execute(
            "update notices set read_at = coalesce(read_at, now()) where user_id = $1 and id = $2",
            user_id,
            notice_id,
        )
    )


async def mark_all_read(db: Executor, user_id: int, *, up_to: int) -> None:
    """Note that somebody has read all notices with numbers up to this one."""
    await db.execute(
        "update notices set read_at = now() where user_id = $1 and read_at is null and id <= $2",
        user_id,
        up_to,
    )


async def delete_old_notices(db: Executor, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` notices from before a time, read or not; give how many."""
    return await db.execute(
        """
        delete from notices where (user_id, id) in (
            select user_id, id from notices where created_at < $1 order by created_at limit $2 for update skip locked)
        """,
        before,
        limit,
    )
