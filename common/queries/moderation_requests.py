"""Requests of people who are banned from a channel to be let back in."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor

STATES = ("pending", "approved", "denied", "acknowledged", "canceled")
"""Helix's."""


@dataclass(frozen=True, slots=True)
class UnbanRequest:
    """One request, with the names of now."""

    id: uuid.UUID
    channel_id: int
    user_id: int
    user_login: str
    user_name: str
    text: str
    status: str
    """One of `STATES`."""
    created_at: datetime
    moderator_id: int | None
    """Who resolved it; `None`, as the two below: nobody yet, or their account is gone."""
    moderator_login: str | None
    moderator_name: str | None
    resolved_at: datetime | None
    resolution_text: str


_REQUEST: LiteralString = """
select unban_requests.id, channel_id, user_id, users.login as user_login, users.display_name as user_name, text, status,
       unban_requests.created_at, moderator_id, moderators.login as moderator_login,
       moderators.display_name as moderator_name, resolved_at, resolution_text
from unban_requests join users on users.id = user_id left join users as moderators on moderators.id = moderator_id
"""


async def insert_unban_request(
    db: Executor, request_id: uuid.UUID, *, channel_id: int, user_id: int, text: str
) -> str:
    """File a request for the ban that holds. Gives `filed`, `not banned` (for good), or `asked` when there is one already."""
    state: str = await db.fetchval(
        """
        with ban as (
            select created_at from chat_bans where channel_id = $2 and user_id = $3 and expires_at is null
        ), filed as (
            insert into unban_requests (id, channel_id, user_id, banned_at, text)
            select $1, $2, $3, created_at, $4 from ban
            on conflict (channel_id, user_id, banned_at) do nothing
            returning id
        )
        select case when exists (select from filed) then 'filed'
                    when exists (select from ban) then 'asked' else 'not banned' end
        """,
        request_id,
        channel_id,
        user_id,
        text,
    )
    return state


async def select_unban_request(db: Executor, channel_id: int, request_id: uuid.UUID) -> UnbanRequest | None:
    """Look one up."""
    row = await db.fetchrow(
        f"{_REQUEST} where unban_requests.id = $1 and channel_id = $2", request_id, channel_id
    )
    return UnbanRequest(**row) if row else None


async def select_unban_requests(
    db: Executor, channel_id: int, *, status: str, limit: int, after: uuid.UUID
) -> list[UnbanRequest]:
    """List the requests to a channel in one state, the oldest first, from behind `after` on."""
    rows = await db.fetch(
        f"""
        {_REQUEST} where channel_id = $1 and status = $2 and unban_requests.id > $3
        order by unban_requests.id limit $4
        """,
        channel_id,
        status,
        after,
        limit,
    )
    return [UnbanRequest(**row) for row in rows]


async def select_own_unban_request(db: Executor, *, channel_id: int, user_id: int) -> UnbanRequest | None:
    """Give the last request that somebody made to a channel."""
    row = await db.fetchrow(
        f"""
        {_REQUEST} where channel_id = $1 and user_id = $2 order by banned_at desc limit 1
        """,
        channel_id,
        user_id,
    )
    return UnbanRequest(**row) if row else None


async def resolve_unban_request(
    db: Executor, request_id: uuid.UUID, *, status: str, moderator_id: int, resolution_text: str
) -> bool:
    """Settle a request; `False` when it is settled already."""
    touched = await db.execute(
        """
        update unban_requests set status = $2, moderator_id = $3, resolution_text = $4, resolved_at = now()
        where id = $1 and status = 'pending'
        """,
        request_id,
        status,
        moderator_id,
        resolution_text,
    )
    return touched == 1


async def cancel_unban_requests(db: Executor, *, channel_id: int, user_id: int) -> None:
    """Settle the open requests of somebody who was unbanned without them."""
    await db.execute(
        """
        update unban_requests set status = 'canceled', resolved_at = now()
        where channel_id = $1 and user_id = $2 and status = 'pending'
        """,
        channel_id,
        user_id,
    )
