"""Stream keys: what an encoder publishes with. Stored as SHA-256 only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor


@dataclass(frozen=True, slots=True)
class StreamKey:
    """One key as its owner sees it."""

    id: int
    label: str
    last4: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyVerdict:
    """A key with all that decides whether it may publish, and to where."""

    id: int
    revoked_at: datetime | None
    channel_id: int
    login: str
    title: str
    """The channel's, for the broadcast that may begin."""
    suspended_at: datetime | None
    """When its user was suspended, or `None`."""


async def insert_key(db: Executor, *, channel_id: int, label: str, key_hash: bytes, last4: str) -> int:
    """Store a key; give its id, the same one when it is stored again.

    Raises `ForeignKeyViolationError` when there is no such channel.
    """
    found: int = await db.fetchval(
        """
        insert into stream_keys (channel_id, label, key_hash, last4) values ($1, $2, $3, $4)
        on conflict (key_hash) do update set label = excluded.label
        returning id
        """,
        channel_id,
        label,
        key_hash,
        last4,
    )
    return found


async def select_keys(db: Executor, channel_id: int) -> list[StreamKey]:
    """List the keys of a channel, oldest first, revoked ones included."""
    rows = await db.fetch(
        """
        select id, label, last4, created_at, last_used_at, revoked_at
        from stream_keys where channel_id = $1 order by id
        """,
        channel_id,
    )
    return [StreamKey(**row) for row in rows]


async def select_key_by_hash(db: Executor, key_hash: bytes) -> KeyVerdict | None:
    """Find a key by its SHA-256; `None` when nobody ever had it. Revoked ones are found, and say so."""
    row = await db.fetchrow(
        """
        select stream_keys.id, revoked_at, channel_id, login, title, suspended_at
        from stream_keys
        join channels on channels.id = stream_keys.channel_id
        join users on users.id = channels.user_id
        where key_hash = $1
        """,
        key_hash,
    )
    return KeyVerdict(**row) if row else None


async def select_keys_by_id(db: Executor, key_ids: Sequence[int]) -> list[KeyVerdict]:
    """Look again at keys in use. One that is missing from the answer was deleted."""
    rows = await db.fetch(
        """
        select stream_keys.id, revoked_at, channel_id, login, title, suspended_at
        from stream_keys
        join channels on channels.id = stream_keys.channel_id
        join users on users.id = channels.user_id
        where stream_keys.id = any($1::bigint[])
        """,
        key_ids,
    )
    return [KeyVerdict(**row) for row in rows]


async def revoke_key(db: Executor, *, channel_id: int, key_id: int) -> bool:
    """Revoke a key of a channel; `False` when the channel has no such key. Every process hears of it at commit.

    Revoking again changes nothing: the time of the first stays.
    """
    touched = await db.execute(
        """
        update stream_keys set revoked_at = coalesce(revoked_at, now()) where id = $1 and channel_id = $2
        """,
        key_id,
        channel_id,
    )
    return touched == 1


async def touch_key(db: Executor, key_id: int, used_at: datetime) -> None:
    """Note when a key was used to publish; an older time never replaces a newer one."""
    await db.execute(
        "update stream_keys set last_used_at = greatest(last_used_at, $2) where id = $1", key_id, used_at
    )
