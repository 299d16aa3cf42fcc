"""Messages that are pinned, one a channel."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor


@dataclass(frozen=True, slots=True)
class PinnedMessage:
    """A message that is pinned, with the names of now."""

    version: uuid.UUID
    """Another one with each change."""
    message_id: uuid.UUID
    user_id: int
    user_login: str
    user_name: str
    user_color: str
    text: str
    pinned_by: int | None
    """`None`, as the two below: their account is gone."""
    pinned_by_login: str | None
    pinned_by_name: str | None
    pinned_at: datetime
    ends_at: datetime | None
    """`None`: when it is taken down."""
    is_fresh: bool
    """Whether it was pinned within the last 45 s, by the clock of the database."""


_PIN: LiteralString = """
select version, message_id, user_id, users.login as user_login, users.display_name as user_name, users.chat_color as user_color,
       text, pinned_by, pinners.login as pinned_by_login, pinners.display_name as pinned_by_name, pinned_at, ends_at,
       pinned_at > now() - interval '45 seconds' as is_fresh
from chat_pins join users on users.id = user_id left join users as pinners on pinners.id = pinned_by
"""


async def select_pin(db: Executor, channel_id: int) -> PinnedMessage | None:
    """Give what is pinned in a channel; `None`: nothing (any more)."""
    row = await db.fetchrow(
        f"{_PIN} where channel_id = $1 and (ends_at is null or ends_at > now())", channel_id
    )
    return PinnedMessage(**row) if row else None


async def upsert_pin(
    db: Executor,
    *,
    channel_id: int,
    message_id: uuid.UUID,
    user_id: int,
    text: str,
    pinned_by: int,
    holds_s: int | None,
) -> None:
    """Pin a message, for some seconds or (`None`) until it is taken down. Every process hears of it at commit."""
    await db.execute(
        """
        insert into chat_pins (channel_id, message_id, user_id, text, pinned_by, ends_at)
        values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
        on conflict (channel_id) do update set
            version = gen_random_uuid(), message_id = excluded.message_id, user_id = excluded.user_id, text = excluded.text,
            pinned_by = excluded.pinned_by, pinned_at = now(), ends_at = excluded.ends_at
        """,
        channel_id,
        message_id,
        user_id,
        text,
        pinned_by,
        holds_s,
    )


async def delete_pin(db: Executor, channel_id: int) -> None:
    """Take the pinned message down. Every process hears of it at commit."""
    await db.execute("delete from chat_pins where channel_id = $1", channel_id)
