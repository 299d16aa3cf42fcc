"""Badges of channels for their subscribers, by months: stored, reviewed, and given to pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor
from common.queries.emotes import Status


@dataclass(frozen=True, slots=True)
class ChannelBadge:
    """What a channel shows beside subscribers from some month on."""

    channel_id: int
    months: int
    status: Status
    images: tuple[str, ...]
    """Names of assets, the smallest first; none once it was rejected."""
    created_at: datetime
    reason: str
    """Why it was rejected; ''."""


@dataclass(frozen=True, slots=True)
class QueuedBadge(ChannelBadge):
    """A badge as those see it who review."""

    channel_login: str
    uploader_login: str | None


async def upsert_channel_badge(
    db: Executor, *, channel_id: int, months: int, status: Status, images: Sequence[str], created_by: int
) -> None:
    """Store a badge, in place of the one there was."""
    await db.execute(
        """
        insert into channel_badges (channel_id, months, status, images, created_by) values ($1, $2, $3, $4, $5)
        on conflict (channel_id, months) do update set
            status = excluded.status, images = excluded.images, created_by = excluded.created_by, created_at = now(),
            reviewed_by = null, reviewed_at = null, reason = ''
        """,
        channel_id,
        months,
        status,
        list(images),
        created_by,
    )


async def select_channel_badges(
    db: Executor, channel_id: int, *, every_status: bool = False
) -> list[ChannelBadge]:
    """List the badges of a channel by months: those that are shown, or all."""
    rows = await db.fetch(
        """
        select channel_id, months, status, images, created_at, reason from channel_badges
        where channel_id = $1 and ($2 or status = 'approved') order by months
        """,
        channel_id,
        every_status,
    )
    return [ChannelBadge(**{**row, "images": tuple(row["images"])}) for row in rows]


async def lock_channel_badge(db: Executor, channel_id: int, months: int) -> ChannelBadge | None:
    """Look a badge up and let nobody else change it until the transaction ends; `None` when there is none."""
    row = await db.fetchrow(
        """
        select channel_id, months, status, images, created_at, reason from channel_badges
        where channel_id = $1 and months = $2 for no key update
        """,
        channel_id,
        months,
    )
    return None if row is None else ChannelBadge(**{**row, "images": tuple(row["images"])})


async def select_badge_queue(
    db: Executor, *, status: Status, after: tuple[datetime, int, int], limit: int
) -> list[QueuedBadge]:
    """List badges of one status on the whole site, the oldest first; `after`: when one was made, its channel and months."""
    rows = await db.fetch(
        """
        select channel_id, months, status, images, channel_badges.created_at, reason,
               owners.login as channel_login, uploaders.login as uploader_login
        from channel_badges
        join users as owners on owners.id = channel_id left join users as uploaders on uploaders.id = created_by
        where status = $1 and (channel_badges.created_at, channel_id, months) > ($2, $3, $4)
        order by channel_badges.created_at, channel_id, months limit $5
        """,
        status,
        *after,
        limit,
    )
    return [QueuedBadge(**{**row, "images": tuple(row["images"])}) for row in rows]


async def review_channel_badge(
    db: Executor, channel_id: int, months: int, *, status: Status, reviewed_by: int, reason: str = ""
) -> None:
    """Approve a badge, or reject it, which takes its pictures away everywhere."""
    await db.execute(
        """
        update channel_badges set status = $3, reviewed_by = $4, reviewed_at = now(), reason = $5,
               images = case when $3 = 'rejected' then '{}' else images end
        where channel_id = $1 and months = $2
        """,
        channel_id,
        months,
        status,
        reviewed_by,
        reason,
    )


async def delete_channel_badge(db: Executor, channel_id: int, months: int) -> bool:
    """Remove a badge; say whether there was one."""
    return (
        await db.execute(
            "delete from channel_badges where channel_id = $1 and months = $2", channel_id, months
        )
        > 0
    )
