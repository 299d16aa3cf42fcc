"""Broadcasts that are ended from outside, and the while in which their channel takes none of its stream keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor

HOLD: LiteralString = """
(select reason || ' It can begin again in ' || ceil(extract(epoch from until - now())) || ' s.'
 from stream_holds where stream_holds.channel_id = channels.id and until > now())
"""
"""Why the keys of the channel in a row of `channels` are not taken now, for the encoder; null when they are."""


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """Whether a channel may be live now."""

    suspended_at: datetime | None
    """When its user was suspended, or `None`."""
    hold: str | None
    """Why its keys are not taken now, for the encoder; `None` when they are."""


async def upsert_hold(db: Executor, channel_id: int, *, for_s: int, reason: str) -> None:
    """Take none of a channel's keys for `for_s` seconds; `reason` is a sentence that encoders show.

    Every process hears of it at commit.
    """
    await db.execute(
        """
        insert into stream_holds (channel_id, until, reason) values ($1, now() + make_interval(secs => $2), $3)
        on conflict (channel_id) do update set until = excluded.until, reason = excluded.reason
        """,
        channel_id,
        for_s,
        reason,
    )


async def select_standing(db: Executor, channel_id: int) -> ChannelStanding | None:
    """Say whether a channel may be live now; `None` when there is no such channel."""
    row = await db.fetchrow(
        f"""
        select suspended_at, {HOLD} as hold from channels join users on users.id = channels.user_id
        where channels.id = $1
        """,  # noqa: S608 # a constant
        channel_id,
    )
    return ChannelStanding(**row) if row else None


async def end_open_streams(db: Executor, channel_id: int, *, reason: str) -> int:
    """End what a channel broadcasts now; give how many there were. The media node notices by what else the caller writes."""
    return await db.execute(
        """
        update streams set ended_at = greatest(now(), started_at), end_reason = $2
        where channel_id = $1 and ended_at is null
        """,
        channel_id,
        reason,
    )
