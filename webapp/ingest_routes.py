"""The route that tells a streamer what arrives from the encoder now, what to change, and why one was sent away."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from common.db import Database
from common.queries import ingest, stream_health
from common.queries.ingest import Ingest
from common.rights import Right
from webapp.broadcast_routes import (
    ANALYTICS,
    MAX_ISSUES,
    HealthIssue,
    HealthReading,
    Status,
    shown_issue,
    shown_reading,
)
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Timestamp, rfc3339, rfc3339_or_none

State = Annotated[str, Meta(extra_json_schema={"enum": ["offline", "connecting", "live", "refused"]})]

CONNECTING_FOR = timedelta(seconds=30)
"""An encoder that was let in and sends nothing is hung up on before that."""
REFUSED_FOR = timedelta(minutes=10)
"""Encoders do not come back by themselves after a refusal; so long it is what their owner wants to know."""


class Refusal(msgspec.Struct, frozen=True):
    """An encoder that was sent away."""

    at: Timestamp
    description: str
    """The sentence that it was told: what is wrong, and what to do."""
    encoder: str
    """What it calls itself; '' where it does not say."""


class ChannelIngest(msgspec.Struct, frozen=True):
    """What arrives from the encoder of a channel."""

    state: State
    """`connecting`: an encoder was let in, and nothing has come from it yet. `refused`: the last one was sent away."""
    since: Timestamp | None
    """When that began; `null` while offline."""
    stream_id: str | None
    """Of the broadcast; `null`, as what follows down to `reading`, while it is not live."""
    is_connected: bool
    """`false` in a broadcast: its encoder is gone, and the broadcast waits a while for it to come back."""
    status: Status
    encoder: str | None
    video_codec: str | None
    """RFC 6381, as `audio_codec`; `null` until the first frame, and where there is none."""
    audio_codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    """As the encoder means it to be; `reading` has what arrives."""
    reading: HealthReading | None
    """The newest, some seconds old."""
    issues: list[HealthIssue]
    """What to change now, newest first."""
    last_refusal: Refusal | None


class IngestRoutes:
    """What arrives."""

    def __init__(self, db: Database, access: ChannelAccess) -> None:
        self._db = db
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/ingest",
                tag="Streams",
                summary="What arrives from the encoder of a channel now; for its owner and editors.",
                handle=self._ingest,
                answer=Data[ChannelIngest],
                access=Access(scope=ANALYTICS),
                path=ChannelPath,
            ),
        ]

    async def _ingest(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        found = await ingest.select_ingest(self._db, visited.id)
        reading, issues = await self._health(found)
        state, since = state_of(found, datetime.now(UTC))
        shown = ChannelIngest(
            state=state,
            since=rfc3339_or_none(since),
            stream_id=None if found.stream_id is None else str(found.stream_id),
            is_connected=found.is_connected,
            status=reading.status if reading else "noData",
            encoder=found.encoder,
            video_codec=found.video_codec,
            audio_codec=found.audio_codec,
            width=found.width,
            height=found.height,
            fps=None if found.fps is None else round(found.fps, 3),
            reading=reading,
            issues=issues,
            last_refusal=_refusal(found),
        )
        return Answer(Data([shown]))

    async def _health(self, found: Ingest) -> tuple[HealthReading | None, list[HealthIssue]]:
        await trio.lowlevel.checkpoint()
        if found.stream_id is None:
            return None, []
        newest = await stream_health.select_latest_health(self._db, found.stream_id)
        issues = await stream_health.select_issues(self._db, found.stream_id, limit=MAX_ISSUES)
        return (
            None if newest is None else shown_reading(newest),
            [shown_issue(issue) for issue in issues if issue.ended_at is None],
        )


def state_of(found: Ingest, now: datetime) -> tuple[str, datetime | None]:
    """Say how a channel's encoder is doing, and since when (`None`: nobody knows). Pure."""
    if found.started_at is not None:
        return "live", found.started_at
    claimed, refused = found.claimed_at, found.refused_at
    if refused is not None and now - refused < REFUSED_FOR and (claimed is None or refused >= claimed):
        return "refused", refused
    if claimed is not None and not found.is_claim_used and now - claimed < CONNECTING_FOR:
        return "connecting", claimed
    return "offline", None


def _refusal(found: Ingest) -> Refusal | None:
    if found.refused_at is None:
        return None
    return Refusal(rfc3339(found.refused_at), found.refusal or "", found.refused_encoder or "")
