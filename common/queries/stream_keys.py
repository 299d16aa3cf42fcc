"""Stream keys: what an encoder publishes with. Stored as SHA-256 only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor
from common.queries.stream_holds import HOLD
from common.queries.viewing import NEEDED_GRANT


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
    needed_grant: str = ""
    """What the channel asks of its viewers (`NEEDED_GRANT`)."""
    hold: str | None = None
    """Why the channel takes no key now, for the encoder; `None` when it does."""


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


async def insert_key_among(
    db: Executor, *, channel_id: int, label: str, key_hash: bytes, last4: str, most: int
) -> StreamKey | None:
    """Store a key of a channel that has fewer than `most` which are not revoked; `None`: it has as many.

    Two at once may both find room: `most` is a limit against waste, not a promise.
    """
    row = await db.fetchrow(
        """
        insert into stream_keys (channel_id, label, key_hash, last4)
        select $1, $2, $3, $4
        where (select count(*) from stream_keys where channel_id = $1 and revoked_at is null) < $5
        returning id, label, last4, created_at, last_used_at, revoked_at
        """,
        channel_id,
        label,
        key_hash,
        last4,
        most,
    )
    return StreamKey(**row) if row else None


async def select_newest_keys(
    db: Executor, channel_id: int, *, limit: int, before_id: int | None = None
) -> list[StreamKey]:
    """List the keys of a channel, newest first, revoked ones included; those made before the one with `before_id`."""
    rows = await db.fetch(
        """
        select id, label, last4, created_at, last_used_at, revoked_at
        from stream_keys where channel_id = $1 and ($3::bigint is null or id < $3) order by id desc limit $2
        """,
        channel_id,
        limit,
        before_id,
    )
    return [StreamKey(**row) for row in rows]


async def select_key(db: Executor, *, channel_id: int, key_id: int) -> StreamKey | None:
    """Give a key of a channel; `None` when it has no such key."""
    row = await db.fetchrow(
        """
        select id, label, last4, created_at, last_used_at, revoked_at
        from stream_keys where id = $1 and channel_id = $2
        """,
        key_id,
        channel_id,
    )
    return StreamKey(**row) if row else None


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
        f"""
        select stream_keys.id, revoked_at, channel_id, login, title, suspended_at, {NEEDED_GRANT} as needed_grant,
               {HOLD} as hold
        from stream_keys
        join channels on channels.id = stream_keys.channel_id
        join users on users.id = channels.user_id
        where key_hash = $1
        """,  # noqa: S608 # a constant
        key_hash,
    )
    return KeyVerdict(**row) if row else None


async def select_keys_by_id(db: Executor, key_ids: Sequence[int]) -> list[KeyVerdict]:
    """Look again at keys in use. One that is missing from the answer was deleted."""
    rows = await db.fetch(
        f"""
        select stream_keys.id, revoked_at, channel_id, login, title, suspended_at, {NEEDED_GRANT} as needed_grant,
               {HOLD} as hold
        from stream_keys
        join channels on channels.id = stream_keys.channel_id
        join users on users.id = channels.user_id
        where stream_keys.id = any($1::bigint[])
        """,  # noqa: S608 # a constant
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


async def rotate_key(
    db: Executor, *, channel_id: int, key_id: int, key_hash: bytes, last4: str
) -> int | None:
    """Put a new key, with the same label, in the place of one that is revoked with it; give the new one's id.

    `None` when the channel has no such key, or it was revoked before. Every process hears of it at commit.
    """
    found: int | None = await db.fetchval(
        """
        with old as (
            select id, label from stream_keys where id = $1 and channel_id = $2
              and (revoked_at is null or exists (select from stream_keys where key_hash = $3)) -- sent again
            for update -- who rotates it at the same time waits, and finds it revoked
        ), gone as (
            update stream_keys set revoked_at = coalesce(revoked_at, now()) where id = (select id from old)
        )
        insert into stream_keys (channel_id, label, key_hash, last4) select $2, label, $3, $4 from old
        on conflict (key_hash) do update set label = excluded.label
        returning id
        """,
        key_id,
        channel_id,
        key_hash,
        last4,
    )
    return found


async def touch_key(db: Executor, key_id: int, used_at: datetime) -> None:
    """Note when a key was used to publish; an older time never replaces a newer one."""
    await db.execute(
        "update stream_keys set last_used_at = greatest(last_used_at, $2) where id = $1", key_id, used_at
    )
