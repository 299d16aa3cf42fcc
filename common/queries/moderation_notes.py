"""What moderators of a channel noted about people, and what they can count about them."""

from dataclasses import dataclass
from datetime import datetime

from common.db import Executor

MOST_COUNTED = 10_000
"""Messages, and deeds: beyond so many nobody counts."""


@dataclass(frozen=True, slots=True)
class Note:
    """What moderators noted about somebody, together."""

    text: str
    version: int
    """One more with each change."""
    updated_at: datetime
    updated_by: int | None
    """`None`, as the two below: their account is gone."""
    updated_by_login: str | None
    updated_by_name: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there was of somebody in a channel; of each at most `MOST_COUNTED`."""

    messages: int
    """As far as the history of the chat is kept."""
    deeds: dict[str, int]
    """What moderators did about them, by verb."""


async def select_note(db: Executor, *, channel_id: int, user_id: int) -> Note | None:
    """Give the note about somebody; `None`: there is none."""
    row = await db.fetchrow(
        """
        select text, version, updated_at, updated_by, login as updated_by_login, display_name as updated_by_name
        from moderation_notes left join users on users.id = updated_by
        where channel_id = $1 and user_id = $2
        """,
        channel_id,
        user_id,
    )
    return Note(**row) if row else None


async def upsert_note(
    db: Executor, *, channel_id: int, user_id: int, text: str, version: int, updated_by: int
) -> None:
    """Write the note about somebody, as this version; '' removes it."""
    if not text:
        await db.execute(
            "delete from moderation_notes where channel_id = $1 and user_id = $2", channel_id, user_id
        )
        return
    await db.execute(
        """
        insert into moderation_notes (channel_id, user_id, text, version, updated_by) values ($1, $2, $3, $4, $5)
        on conflict (channel_id, user_id) do update set
            text = excluded.text, version = excluded.version, updated_by = excluded.updated_by, updated_at = now()
        """,
        channel_id,
        user_id,
        text,
        version,
        updated_by,
    )


async def count_of(db: Executor, *, channel_id: int, user_id: int) -> Counts:
    """Count what somebody wrote in a channel, and what was done about them there."""
    messages: int = await db.fetchval(
        """
        select count(*) from (
            select from chat_messages where user_id = $2 and channel_id = $1 limit $3
        ) as some_messages
        """,
        channel_id,
        user_id,
        MOST_COUNTED,
    )
    rows = await db.fetch(
        """
        select action, count(*) as times from (
            select action from audit_log
            where channel_id = $1 and deed_about(target_type, target_id, details) = $2::bigint::text
            order by id desc limit $3
        ) as some_deeds group by action
        """,
        channel_id,
        user_id,
        MOST_COUNTED,
    )
    return Counts(messages, {row["action"]: row["times"] for row in rows})
