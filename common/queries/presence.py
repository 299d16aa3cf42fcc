"""Which broadcasts can have viewers now."""

import uuid
from dataclasses import dataclass

from common.db import Executor


@dataclass(frozen=True, slots=True)
class WatchableStream:
    """A broadcast that is live."""

    id: uuid.UUID
    channel_id: int
    visibility: str
    """The channel's: `public`, `unlisted`, `followers`, `subs` or `password`."""


async def select_watchable(db: Executor, *, limit: int) -> list[WatchableStream]:
    """List what is live, in lists or not."""
    rows = await db.fetch(
        """
        select streams.id, channel_id, visibility from streams
        join channels on channels.id = channel_id
        where ended_at is null limit $1
        """,
        limit,
    )
    return [WatchableStream(**row) for row in rows]
