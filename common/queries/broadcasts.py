"""Broadcasts of a channel, over or live: what they were, how long, and who watched."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString

from common.db import Executor

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_FIRST_ID = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One broadcast. It survives dropped connections of its publisher."""

    id: uuid.UUID
    channel_id: int
    title: str
    """The channel's, when it began."""
    category_id: int | None
    category_name: str | None
    started_at: datetime
    ended_at: datetime | None
    """`None` while it is live."""
    end_reason: str | None
    """As the media node wrote it: `unpublished`, `timeout`, `crashed` …"""
    peak_viewers: int
    average_viewers: float | None
    """`None` until it has ended, and where nobody ever counted."""
    reconnects: int
    """Connections of its publisher after the first."""
    video_codec: str | None
    """RFC 6381, as `audio_codec`; `None` until the first frame, and where there is no such track."""
    audio_codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    encoder: str | None
    message_count: int | None
    """Written in its chat; `None` until it has ended, and where chat is not kept."""
    new_followers: int | None
    """Who began to follow meanwhile, and did so still at the end; `None` until then."""


@dataclass(frozen=True, slots=True)
class BroadcastPlace:
    """A place in the list of past broadcasts: behind this one. The default is the beginning."""

    started_at: datetime = _END_OF_TIME
    id: uuid.UUID = _FIRST_ID


_COLUMNS: LiteralString = """
streams.id, channel_id, title, category_id, categories.name as category_name, started_at, ended_at, end_reason,
peak_viewers, average_viewers, reconnects, video_codec, audio_codec, width, height, fps, encoder,
message_count, new_followers
"""


async def select_broadcast(db: Executor, stream_id: uuid.UUID) -> Broadcast | None:
    """Give one broadcast; `None` when there is none with this id."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from streams left join categories on categories.id = category_id where streams.id = $1",  # noqa: S608 # constants
        stream_id,
    )
    return Broadcast(**row) if row else None


async def select_past_broadcasts(
    db: Executor, channel_id: int, *, limit: int, after: BroadcastPlace | None = None
) -> list[Broadcast]:
    """List the broadcasts of a channel that have ended, the latest first."""
    after = after or BroadcastPlace()
    rows = await db.fetch(
        f"""
        select {_COLUMNS} from streams left join categories on categories.id = category_id
        where channel_id = $1 and ended_at is not null and started_at <= $2 and (started_at, streams.id) < ($2, $3::uuid)
        order by started_at desc, streams.id desc limit $4
        """,  # noqa: S608 # constants
        channel_id,
        after.started_at,
        after.id,
        limit,
    )
    return [Broadcast(**row) for row in rows]
