"""What encoders send to a channel now, as its owner asks: whether one is there, and the last that was sent away."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from common.db import Executor

MAX_DESCRIPTION = 500
MAX_ENCODER = 100


@dataclass(frozen=True, slots=True)
class Ingest:
    """One channel's, at one moment."""

    stream_id: uuid.UUID | None
    """Of the broadcast that is live; `None`, as what follows about it: the channel is offline."""
    started_at: datetime | None
    video_codec: str | None
    """RFC 6381, as `audio_codec`; `None` until the first frame, and where there is no such track."""
    audio_codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    """As the encoder means it to be."""
    encoder: str | None
    is_connected: bool
    """Whether an encoder is connected to the broadcast; while it is not, the broadcast waits for it for a while."""
    claimed_at: datetime | None
    """When an encoder was last let in; `None`: never."""
    is_claim_used: bool
    """Whether that one sent anything."""
    refused_at: datetime | None
    """When an encoder was last sent away; `None`: never."""
    refusal: str | None
    """The sentence that it was told."""
    refused_encoder: str | None


async def upsert_refusal(
    db: Executor, *, channel_id: int, at: datetime, description: str, encoder: str
) -> None:
    """Note that an encoder was sent away, in place of the one before; nothing where the channel is gone."""
    await db.execute(
        """
        insert into ingest_refusals (channel_id, at, description, encoder)
        select id, $2, $3, $4 from channels where id = $1
        on conflict (channel_id) do update
            set at = excluded.at, description = excluded.description, encoder = excluded.encoder
            where ingest_refusals.at <= excluded.at
        """,
        channel_id,
        at,
        description.replace("\0", "")[:MAX_DESCRIPTION],
        encoder.replace("\0", "")[:MAX_ENCODER],
    )


async def select_ingest(db: Executor, channel_id: int) -> Ingest:
    """Give what is known of a channel's encoders."""
    row = await db.fetchrow(
        """
        select live.id as stream_id, live.started_at, video_codec, audio_codec, width, height, fps, live.encoder,
               exists (
                   select from stream_sessions where stream_id = live.id and stream_sessions.ended_at is null
               ) as is_connected,
               claimed_at,
               exists (select from stream_sessions where stream_sessions.id = session_id) as is_claim_used,
               ingest_refusals.at as refused_at, description as refusal, ingest_refusals.encoder as refused_encoder
        from (select $1::bigint as id) as channel
        left join lateral (
            select * from streams where channel_id = channel.id and ended_at is null order by started_at desc limit 1
        ) as live on true
        left join channel_claims on channel_claims.channel_id = channel.id
        left join ingest_refusals on ingest_refusals.channel_id = channel.id
        """,
        channel_id,
    )
    assert row is not None  # one row, whatever there is
    return Ingest(**row)
