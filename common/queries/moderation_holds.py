"""Messages that wait for a moderator: one queue a channel, shared by all nodes."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor


@dataclass(frozen=True, slots=True)
class Hold:
    """A message that was held, with the names of now."""

    id: uuid.UUID
    """The message's."""
    channel_id: int
    user_id: int
    user_login: str
    user_name: str
    text: str
    held_for: str
    """What held it: `suspicious_user` and the like."""
    category: str
    status: str
    """`pending`, `allowed`, `denied`, `expired` or `canceled`; one whose time is up is expired already."""
    created_at: datetime
    expires_at: datetime
    moderator_id: int | None
    """Who decided; `None`, as the two below: nobody, or their account is gone."""
    moderator_login: str | None
    moderator_name: str | None


@dataclass(frozen=True, slots=True)
class AllowedHold:
    """One that is to be put into its room."""

    id: uuid.UUID
    channel_id: int
    channel_login: str
    user_id: int
    user_login: str
    user_name: str
    is_void: bool
    """Its author was banned or suspended since, or nobody was there to say it for ten minutes: it is not said."""
    text: str
    message: bytes
    """As `insert_hold` was given it."""


_HOLD: LiteralString = """
select chat_holds.id, channel_id, user_id, users.login as user_login, users.display_name as user_name, text, held_for, category,
       case when status = 'pending' and expires_at <= now() then 'expired' else status end as status,
       chat_holds.created_at, expires_at,
       moderator_id, moderators.login as moderator_login, moderators.display_name as moderator_name
from chat_holds join users on users.id = user_id left join users as moderators on moderators.id = moderator_id
"""


async def insert_hold(
    db: Executor,
    hold_id: uuid.UUID,
    *,
    channel_id: int,
    user_id: int,
    text: str,
    held_for: str,
    category: str,
    message: bytes,
    holds_s: int,
    at_most: int,
    at_most_of_one: int,
) -> bool:
    """Hold a message for some seconds; `False` when `at_most` wait in the channel already, or `at_most_of_one` by its author.

    In a rush it may be a few more. Held again, as after an answer that was lost, it is the same.
    """
    is_held: bool = await db.fetchval(
        """
        with held as (
            insert into chat_holds (id, channel_id, user_id, text, held_for, category, message, expires_at)
            select $1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8)
            where (select count(*) from (
                select from chat_holds where channel_id = $2 and status = 'pending' limit $9
            ) as waiting) < $9
            and (select count(*) from chat_holds where channel_id = $2 and user_id = $3 and status = 'pending') < $10
            on conflict (id) do nothing
            returning id
        )
        select exists (select from held) or exists (select from chat_holds where id = $1)
        """,
        hold_id,
        channel_id,
        user_id,
        text,
        held_for,
        category,
        message,
        holds_s,
        at_most,
        at_most_of_one,
    )
    return is_held


async def select_hold(db: Executor, channel_id: int, hold_id: uuid.UUID) -> Hold | None:
    """Look a held message up, decided ones too; in a transaction of the channel's lock nobody decides meanwhile."""
    row = await db.fetchrow(f"{_HOLD} where chat_holds.id = $1 and channel_id = $2", hold_id, channel_id)
    return Hold(**row) if row else None


async def select_holds(db: Executor, channel_id: int, *, limit: int, after: uuid.UUID) -> list[Hold]:
    """List what waits in a channel, the oldest first, from behind `after` on."""
    rows = await db.fetch(
        f"""
        {_HOLD} where channel_id = $1 and status = 'pending' and expires_at > now() and chat_holds.id > $2
        order by chat_holds.id limit $3
        """,
        channel_id,
        after,
        limit,
    )
    return [Hold(**row) for row in rows]


async def decide_hold(db: Executor, hold_id: uuid.UUID, *, status: str, moderator_id: int) -> bool:
    """Settle a held message; `False` when it is settled, or its time is up. An allowed one reaches chat at commit."""
    touched = await db.execute(
        """
        update chat_holds set status = $2, moderator_id = $3, decided_at = now()
        where id = $1 and status = 'pending' and expires_at > now()
        """,
        hold_id,
        status,
        moderator_id,
    )
    return touched == 1


async def cancel_holds(db: Executor, *, channel_id: int, user_id: int) -> None:
    """Drop what somebody has waiting in a channel."""
    await db.execute(
        """
        update chat_holds set status = 'canceled', decided_at = now()
        where channel_id = $1 and user_id = $2 and (status = 'pending' or (status = 'allowed' and released_at is null))
        """,
        channel_id,
        user_id,
    )


async def expire_holds(db: Executor, *, limit: int) -> list[Hold]:
    """Settle what waited too long, once however many nodes do; give it."""
    rows = await db.fetch(
        f"""
        with over as (
            update chat_holds set status = 'expired', decided_at = now() where id in (
                select id from chat_holds where status = 'pending' and expires_at <= now() limit $1 for update skip locked
            ) returning id
        )
        {_HOLD} where chat_holds.id in (select id from over)
        """,  # noqa: S608 # constants
        limit,
    )
    return [Hold(**row) for row in rows]


async def take_allowed(db: Executor, *, limit: int) -> list[AllowedHold]:
    """Take allowed messages that are in no room yet, and lock them until the end of the transaction; others skip them."""
    rows = await db.fetch(
        """
        select chat_holds.id, chat_holds.channel_id, owners.login as channel_login,
               chat_holds.user_id, users.login as user_login, users.display_name as user_name,
               users.suspended_at is not null or exists (
                   select from chat_bans where chat_bans.channel_id = chat_holds.channel_id
                       and chat_bans.user_id = chat_holds.user_id and (chat_bans.expires_at is null or chat_bans.expires_at > now())
               ) or decided_at < now() - interval '10 minutes' as is_void, text, message
        from chat_holds join users on users.id = chat_holds.user_id join users as owners on owners.id = chat_holds.channel_id
        where status = 'allowed' and released_at is null order by chat_holds.id limit $1
        for update of chat_holds skip locked
        """,
        limit,
    )
    return [AllowedHold(**row) for row in rows]


async def settle_release(db: Executor, hold_id: uuid.UUID, *, is_said: bool) -> None:
    """Note that an allowed message is in its room, or (its author was banned meanwhile) will never be."""
    await db.execute(
        """
        update chat_holds set released_at = now(), status = case when $2 then status else 'canceled' end where id = $1
        """,
        hold_id,
        is_said,
    )


async def delete_old_holds(db: Executor, *, limit: int) -> int:
    """Remove what was settled a day ago; give how many."""
    return await db.execute(
        """
        delete from chat_holds where id = any(array(
            select id from chat_holds where decided_at < now() - interval '1 day'
            order by decided_at limit $1 for update skip locked
        ))
        """,
        limit,
    )
