"""Broadcasts, the publisher connections of each, and the claims that say who publishes to a channel."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor
from common.queries.stream_holds import HOLD
from common.queries.stream_keys import KeyVerdict
from common.queries.viewing import NEEDED_GRANT


@dataclass(frozen=True, slots=True)
class Claim:
    """Who publishes to a channel."""

    channel_id: int
    fence: int
    """Rises with every new claim: of two publishers the one with the higher number is right."""
    node: str
    session_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """What a stream key led to."""

    key: KeyVerdict
    fence: int | None
    """Of the claim that was made; `None` when the key must not publish."""


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A broadcast that has not ended."""

    id: uuid.UUID
    channel_id: int
    node: str
    title: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """One entry in the list of what is live."""

    stream_id: uuid.UUID
    channel_id: int
    login: str
    display_name: str
    title: str
    started_at: datetime
    width: int | None
    height: int | None
    """Luma size in pixels; `None` until the first picture, and for audio only."""


_RELAXED: LiteralString = "relaxed as materialized (select set_config('synchronous_commit', 'off', true))"
_CLAIM: LiteralString = """
insert into channel_claims as held (channel_id, fence, node, session_id, claimed_at)
select channel_id, 1, $2, $3, $4 from wanted, relaxed
on conflict (channel_id) do update set
    fence = held.fence + (held.session_id <> excluded.session_id)::integer,
    node = excluded.node, session_id = excluded.session_id, claimed_at = excluded.claimed_at
returning fence
"""


async def claim_channel(
    db: Executor, *, channel_id: int, node: str, session_id: uuid.UUID, claimed_at: datetime
) -> int:
    """Make a session the publisher of a channel; give the fence, higher than all before it for this channel.

    The same session again gets the same fence, as long as it holds the claim. Every process hears of it at commit.
    The commit does not wait for the disk, because an encoder waits for it: a crash of the database in that instant can
    hand a fence out twice, so whoever compares fences compares sessions too.
    """
    fence: int = await db.fetchval(
        f"with {_RELAXED}, wanted as (select $1::bigint as channel_id) {_CLAIM}",
        channel_id,
        node,
        session_id,
        claimed_at,
    )
    return fence


async def claim_with_key(
    db: Executor, *, key_hash: bytes, node: str, session_id: uuid.UUID, claimed_at: datetime
) -> KeyClaim | None:
    """Find a stream key by its SHA-256 and, if it may publish, claim its channel as `claim_channel` does.

    `None` when nobody ever had the key. One statement, because an encoder waits for it.
    """
    row = await db.fetchrow(
        f"""
        with {_RELAXED}, key as (
            select stream_keys.id, revoked_at, channel_id, login, title, suspended_at, {NEEDED_GRANT} as needed_grant,
                   {HOLD} as hold
            from stream_keys
            join channels on channels.id = stream_keys.channel_id
            join users on users.id = channels.user_id
            where key_hash = $1
        ), wanted as (
            select channel_id from key where revoked_at is null and suspended_at is null and hold is null
        ), claimed as ({_CLAIM})
        select key.*, fence from key left join claimed on true
        """,  # noqa: S608 - made of constants
        key_hash,
        node,
        session_id,
        claimed_at,
    )
    if row is None:
        return None
    columns = dict(row)
    fence = columns.pop("fence")
    return KeyClaim(KeyVerdict(**columns), fence)


async def select_claim(db: Executor, channel_id: int) -> Claim | None:
    """Give the claim on a channel; `None` when nobody ever published to it."""
    row = await db.fetchrow(
        "select channel_id, fence, node, session_id from channel_claims where channel_id = $1", channel_id
    )
    return Claim(**row) if row else None


async def select_claims(db: Executor, channel_ids: Sequence[int]) -> list[Claim]:
    """Give the claims on several channels; those never published to are missing."""
    rows = await db.fetch(
        """
        select channel_id, fence, node, session_id from channel_claims where channel_id = any($1::bigint[])
        """,
        channel_ids,
    )
    return [Claim(**row) for row in rows]


async def open_stream(
    db: Executor, *, stream_id: uuid.UUID, channel_id: int, node: str, title: str, started_at: datetime
) -> None:
    """Begin a broadcast. Earlier ones of the channel that were left open end with it, as `superseded`."""
    await db.execute(
        """
        with superseded as (
            update streams set ended_at = $5, end_reason = 'superseded'
            where channel_id = $2 and ended_at is null and id <> $1 and started_at <= $5
            returning id
        )
        insert into streams (id, channel_id, node, title, started_at)
        select $1, $2, $3, $4, $5 from (select count(*) from superseded) as told_first -- their end, before this beginning
        on conflict (id) do nothing
        """,
        stream_id,
        channel_id,
        node,
        title,
        started_at,
    )


async def select_open_stream(db: Executor, channel_id: int) -> OpenStream | None:
    """Give the channel's broadcast that has not ended: the one a reconnecting publisher resumes."""
    row = await db.fetchrow(
        """
        select id, channel_id, node, title, started_at from streams
        where channel_id = $1 and ended_at is null order by started_at desc limit 1
        """,
        channel_id,
    )
    return OpenStream(**row) if row else None


async def update_stream_media(
    db: Executor,
    *,
    stream_id: uuid.UUID,
    video_codec: str | None,
    audio_codec: str | None,
    width: int | None,
    height: int | None,
    fps: float | None,
    encoder: str | None,
) -> None:
    """Note what a broadcast consists of; codecs as RFC 6381 writes them, size in luma pixels."""
    await db.execute(
        """
        update streams set video_codec = $2, audio_codec = $3, width = $4, height = $5, fps = $6, encoder = $7
        where id = $1
        """,
        stream_id,
        video_codec,
        audio_codec,
        width,
        height,
        fps,
        encoder,
    )


async def end_stream(db: Executor, *, stream_id: uuid.UUID, ended_at: datetime, reason: str) -> None:
    """End a broadcast; one that has ended keeps its time and reason."""
    await db.execute(
        "update streams set ended_at = $2, end_reason = $3 where id = $1 and ended_at is null",
        stream_id,
        ended_at,
        reason,
    )


async def insert_session(
    db: Executor,
    *,
    session_id: uuid.UUID,
    stream_id: uuid.UUID,
    key_id: int | None,
    address: str,
    encoder: str,
    started_at: datetime,
) -> None:
    """Note a publisher's connection; any but the first of a broadcast counts as a reconnect."""
    await db.execute(
        """
        with added as (
            insert into stream_sessions (id, stream_id, key_id, address, encoder, started_at)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (id) do nothing
            returning stream_id
        )
        update streams set reconnects = reconnects + 1 from added
        where streams.id = added.stream_id
          and exists (select from stream_sessions as earlier where earlier.stream_id = streams.id)
        """,
        session_id,
        stream_id,
        key_id,
        address,
        encoder,
        started_at,
    )


async def end_session(db: Executor, *, session_id: uuid.UUID, ended_at: datetime, clean: bool) -> None:
    """Note the end of a publisher's connection, once; `clean`: the encoder said good-bye."""
    await db.execute(
        "update stream_sessions set ended_at = $2, clean = $3 where id = $1 and ended_at is null",
        session_id,
        ended_at,
        clean,
    )


async def end_orphans(db: Executor, *, node: str, ended_at: datetime) -> list[uuid.UUID]:
    """End what a dead process of this node left open, broadcasts and connections; give the ids of the broadcasts.

    To be called before the node publishes anything, and never while another process has the same node name.
    """
    rows = await db.fetch(
        """
        with orphans as (
            update streams set ended_at = $2, end_reason = 'crashed'
            where node = $1 and ended_at is null and started_at <= $2
            returning id
        ), their_sessions as (
            update stream_sessions set ended_at = $2
            where ended_at is null and stream_id in (select id from streams where node = $1 and started_at <= $2)
        )
        select id from orphans
        """,
        node,
        ended_at,
    )
    return [row["id"] for row in rows]


async def select_live(db: Executor, *, limit: int) -> list[LiveChannel]:
    """List public channels that are live, the latest first."""
    rows = await db.fetch(
        """
        select streams.id as stream_id, channel_id, login, display_name, streams.title, started_at, width, height
        from streams
        join channels on channels.id = streams.channel_id
        join users on users.id = channels.user_id
        where ended_at is null and visibility = 'public' and suspended_at is null
          and not exists (
            select from streams as newer
            where newer.channel_id = streams.channel_id and newer.ended_at is null and newer.started_at > streams.started_at
          )
        order by started_at desc limit $1
        """,
        limit,
    )
    return [LiveChannel(**row) for row in rows]


async def select_live_channel(db: Executor, login: str) -> LiveChannel | None:
    """Give what a channel broadcasts now, listed or not; `None` while it is offline, suspended or unknown."""
    row = await db.fetchrow(
        """
        select streams.id as stream_id, channel_id, login, display_name, streams.title, started_at, width, height
        from streams
        join channels on channels.id = streams.channel_id
        join users on users.id = channels.user_id
        where ended_at is null and lower(login) = lower($1) and suspended_at is null
        order by started_at desc limit 1
        """,
        login,
    )
    return LiveChannel(**row) if row else None
