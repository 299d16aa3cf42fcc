"""Raids: channels that lead their viewers to another one."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor, Row


@dataclass(frozen=True, slots=True)
class Raid:
    """A raid, with the names of now."""

    id: uuid.UUID
    from_id: int
    from_login: str
    from_name: str
    to_id: int
    to_login: str
    to_name: str
    created_by: int | None
    created_at: datetime
    goes_at: datetime
    status: str
    """`pending`, `gone` or `canceled`."""
    ended_at: datetime | None
    viewer_count: int
    is_fresh: bool
    """Whether it was called up, or ended, within the last 45 s, by the clock of the database."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """How a channel stands to being raided by another."""

    raids_from: str
    """`everyone`, `followed` or `nobody`."""
    min_viewers: int
    is_followed: bool
    """Its owner follows the channel that comes."""
    is_apart: bool
    """One has blocked the other, or banned them from the chat."""
    is_there: bool
    """Neither account is suspended."""
    viewers: int
    """Of the channel that comes."""


_RAID: LiteralString = """
select raids.id, from_channel_id as from_id, origins.login as from_login, origins.display_name as from_name,
       to_channel_id as to_id, targets.login as to_login, targets.display_name as to_name, created_by, raids.created_at,
       goes_at, status, ended_at, viewer_count,
       coalesce(ended_at, raids.created_at) > now() - interval '45 seconds' as is_fresh
from raids join users as origins on origins.id = from_channel_id join users as targets on targets.id = to_channel_id
"""


def _raid(row: Row) -> Raid:
    columns = {name: row[name] for name in row.keys()}  # noqa: SIM118 # a record iterates over its values
    return Raid(**columns)


async def select_raids(db: Executor, channel_id: int) -> list[Raid]:
    """List the raids from and to a channel that wait, or ended just now; the oldest first."""
    rows = await db.fetch(
        f"""
        {_RAID} where (from_channel_id = $1 or to_channel_id = $1) and raids.created_at > now() - interval '10 minutes'
            and (status = 'pending' or ended_at > now() - interval '45 seconds')
        order by raids.created_at limit 50
        """,
        channel_id,
    )
    return [_raid(row) for row in rows]


async def select_pending_raid(db: Executor, from_id: int) -> Raid | None:
    """Give the raid that a channel has called up; `None`: none."""
    row = await db.fetchrow(f"{_RAID} where from_channel_id = $1 and status = 'pending'", from_id)
    return _raid(row) if row else None


async def select_welcome(db: Executor, *, from_id: int, to_id: int) -> Welcome:
    """Say how one channel stands to being raided by another."""
    row = await db.fetchrow(
        """
        select coalesce((select raids_from from chat_settings where channel_id = $2), 'everyone') as raids_from,
               coalesce((select raids_min_viewers from chat_settings where channel_id = $2), 0) as min_viewers,
               exists (select from follows where user_id = $2 and channel_id = $1) as is_followed,
               exists (select from blocks where user_id = $2 and blocked_id = $1)
               or exists (select from blocks where user_id = $1 and blocked_id = $2)
               or exists (select from chat_bans where channel_id = $2 and user_id = $1
                          and (expires_at is null or expires_at > now())) as is_apart,
               not exists (select from users where id in ($1, $2) and suspended_at is not null) as is_there,
               coalesce((select viewer_count from streams where channel_id = $1 and ended_at is null
                         order by started_at desc limit 1), 0) as viewers
        """,
        from_id,
        to_id,
    )
    assert row is not None  # a row of values
    return Welcome(**row)


async def count_recent_raids(db: Executor, from_id: int, *, within_s: int, limit: int) -> int:
    """Count the raids that a channel called up within some seconds, up to `limit`."""
    found: int = await db.fetchval(
        """
        select count(*) from (
            select from raids where from_channel_id = $1 and created_at > now() - make_interval(secs => $2) limit $3
        ) as recent
        """,
        from_id,
        within_s,
        limit,
    )
    return found


async def insert_raid(
    db: Executor, raid_id: uuid.UUID, *, from_id: int, to_id: int, created_by: int, viewers: int, wait_s: int
) -> None:
    """Call a raid up. Every process hears of it at commit. Raises `UniqueViolationError` while another one waits."""
    await db.execute(
        """
        insert into raids (id, from_channel_id, to_channel_id, created_by, viewer_count, goes_at)
        values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
        """,
        raid_id,
        from_id,
        to_id,
        created_by,
        viewers,
        wait_s,
    )


async def hurry_raid(db: Executor, from_id: int) -> bool:
    """Have a raid that waits go now; `False`: none waits. Every process hears of it at commit."""
    touched = await db.execute(
        "update raids set goes_at = least(goes_at, now()) where from_channel_id = $1 and status = 'pending'",
        from_id,
    )
    return touched == 1


async def take_due_raids(db: Executor, *, limit: int) -> list[Raid]:
    """Take raids whose time has come, in a transaction; other processes leave them out meanwhile."""
    rows = await db.fetch(
        f"""
        {_RAID} where status = 'pending' and goes_at <= now() order by goes_at limit $1
        for no key update of raids skip locked
        """,
        limit,
    )
    return [_raid(row) for row in rows]


async def end_raid(db: Executor, raid_id: uuid.UUID, status: str, *, viewers: int | None = None) -> bool:
    """Settle a raid that waits, `gone` (with so many viewers) or `canceled`; `False`: it is settled already."""
    touched = await db.execute(
        """
        update raids set status = $2, ended_at = now(), viewer_count = coalesce($3, viewer_count)
        where id = $1 and status = 'pending'
        """,
        raid_id,
        status,
        viewers,
    )
    return touched == 1


async def delete_old_raids(db: Executor, *, before: datetime, limit: int) -> int:
    """Remove raids that ended before a time; give how many."""
    return await db.execute(
        """
        delete from raids where id = any(array(
            select id from raids where ended_at < $1 order by ended_at limit $2 for update skip locked))
        """,
        before,
        limit,
    )


async def select_raid_settings(db: Executor, channel_id: int) -> tuple[str, int]:
    """Give from whom a channel takes raids, and with how many viewers at least."""
    row = await db.fetchrow(
        "select raids_from, raids_min_viewers from chat_settings where channel_id = $1", channel_id
    )
    return (row["raids_from"], row["raids_min_viewers"]) if row else ("everyone", 0)


async def upsert_raid_settings(db: Executor, channel_id: int, *, raids_from: str, min_viewers: int) -> None:
    """Set them. Raises `CheckViolationError` for what they cannot be."""
    await db.execute(
        """
        insert into chat_settings (channel_id, raids_from, raids_min_viewers) values ($1, $2, $3)
        on conflict (channel_id) do update set
            raids_from = excluded.raids_from, raids_min_viewers = excluded.raids_min_viewers, updated_at = now()
        """,
        channel_id,
        raids_from,
        min_viewers,
    )
