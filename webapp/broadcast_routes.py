"""Routes about single broadcasts: those of a channel that are over, who watched one, and how it did."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from common.db import Database
from common.queries import broadcasts, directory, roles, stream_health
from common.queries.broadcasts import Broadcast, BroadcastPlace
from common.queries.stream_health import HealthRow, IssueRow
from common.rights import Right, may
from webapp.channel_access import ChannelAccess
from webapp.cursors import Cursors, micros, moment
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Login, Page, PageQuery, Timestamp, rfc3339, rfc3339_or_none
from webapp.problems import ApiProblemError

Status = Annotated[str, Meta(extra_json_schema={"enum": ["good", "ok", "bad", "noData"]})]
Severity = Annotated[str, Meta(extra_json_schema={"enum": ["info", "warning", "error"]})]

ANALYTICS = "channel:read:analytics"
MAX_SAMPLES = 1440
"""Of viewers: one a minute, so a day of them."""
MAX_READINGS = 1500
MAX_ISSUES = 100
DETAIL_MINUTES = 60
"""Up to this span health comes with every reading, beyond it with one a minute."""


class Viewers(msgspec.Struct, frozen=True):
    """How many watched at a time."""

    at: Timestamp
    viewer_count: int


class StreamViewers(msgspec.Struct, frozen=True):
    """Who watched a broadcast, in numbers."""

    stream_id: str
    viewer_count: int
    """The last count."""
    peak_viewers: int
    average_viewers: float | None
    """`null` until the first minute is over."""
    samples: list[Viewers]
    """One a minute, oldest first; at most the last day."""


class PastBroadcast(msgspec.Struct, frozen=True):
    """A broadcast that is over."""

    id: str
    title: str
    """The channel's, when it began."""
    game_id: str
    """Of its category; '' without one."""
    game_name: str
    started_at: Timestamp
    ended_at: Timestamp
    duration_s: int
    end_reason: str
    peak_viewers: int
    average_viewers: float | None
    reconnects: int
    video_codec: str | UnsetType | None = UNSET
    """From here on only for the owner and editors. Codecs are those of RFC 6381."""
    audio_codec: str | UnsetType | None = UNSET
    width: int | UnsetType | None = UNSET
    height: int | UnsetType | None = UNSET
    fps: float | UnsetType | None = UNSET
    encoder: str | UnsetType | None = UNSET
    message_count: int | UnsetType | None = UNSET
    """Written in chat meanwhile; `null` where chat is not kept."""
    new_followers: int | UnsetType | None = UNSET
    """Who began to follow meanwhile, and did so still at the end."""


class HealthReading(msgspec.Struct, frozen=True):
    """How a broadcast was doing at a time. Without video, what follows about it is `null`."""

    at: Timestamp
    status: Status
    kbps: float
    """kbit/s of all that came, and of video and audio alone."""
    video_kbps: float
    audio_kbps: float
    fps: float | None
    keyframe_interval_s: float | None
    missing_frames: int
    """Since the broadcast began, as `dropped` and `undecodable`."""
    dropped: int
    undecodable: int
    jitter_s: float
    behind_s: float
    round_trip_ms: float | None
    reconnects: int


class HealthIssue(msgspec.Struct, frozen=True):
    """What the streamer was told to change, in words."""

    type: str
    severity: Severity
    reason: str
    description: str
    started_at: Timestamp
    ended_at: Timestamp | None
    """`null` while it is so."""


class StreamHealth(msgspec.Struct, frozen=True):
    """How a broadcast does, or did."""

    stream_id: str
    status: Status
    """Of the newest reading."""
    readings: list[HealthReading]
    """Oldest first."""
    issues: list[HealthIssue]
    """Newest first."""


class BroadcastPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which broadcast."""

    id: uuid.UUID


class BroadcastsPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose broadcasts."""

    login: Login


class HealthQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of it."""

    minutes: Annotated[
        int, Meta(ge=1, le=1440, description="Up to now, or up to its end; beyond 60 one reading a minute.")
    ] = 10


class BroadcastRoutes:
    """Broadcasts."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/broadcasts",
                tag="Streams",
                summary="The broadcasts of a channel that are over, the latest first.",
                handle=self._past,
                answer=Page[PastBroadcast],
                path=BroadcastsPath,
                query=PageQuery,
            ),
            Endpoint(
                method="GET",
                route="/streams/{id}/viewers",
                tag="Streams",
                summary="How many watched a broadcast, over time; for its owner, editors and moderators.",
                handle=self._viewers,
                answer=Data[StreamViewers],
                access=Access(scope=ANALYTICS),
                path=BroadcastPath,
            ),
            Endpoint(
                method="GET",
                route="/streams/{id}/health",
                tag="Streams",
                summary="How a broadcast does and what to change; for its owner and editors.",
                handle=self._health,
                answer=Data[StreamHealth],
                access=Access(scope=ANALYTICS),
                path=BroadcastPath,
                query=HealthQuery,
            ),
        ]

    async def _past(self, call: Call[BroadcastsPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        whole = visited.may(Right.EDIT) and visited.principal.has_scope(ANALYTICS)
        name, query = f"broadcasts of {visited.id}", call.query
        place = await self._cursors.place(name, query.after, tuple[int, str])
        found = await broadcasts.select_past_broadcasts(
            self._db,
            visited.id,
            limit=query.first + 1,
            after=BroadcastPlace(moment(place[0]), uuid.UUID(place[1])) if place else None,
        )
        more = await self._cursors.more(
            name, query.first, found, lambda row: [micros(row.started_at), row.id.hex]
        )
        return Answer(Page([_past_broadcast(row, whole=whole) for row in found[: query.first]], more))

    async def _viewers(self, call: Call[BroadcastPath, Nothing, Nothing]) -> Answer:
        found = await self._broadcast(call, {Right.EDIT, Right.MODERATE})
        audience = await directory.select_audience(self._db, found.id)
        if audience is None:  # deleted meanwhile
            raise _no_broadcast()
        samples = await directory.select_viewer_samples(self._db, found.id, limit=MAX_SAMPLES)
        shown = StreamViewers(
            stream_id=str(found.id),
            viewer_count=audience.viewers,
            peak_viewers=audience.peak,
            average_viewers=_rounded(audience.average),
            samples=[Viewers(rfc3339(sample.at), sample.viewers) for sample in samples],
        )
        return Answer(Data([shown]))

    async def _health(self, call: Call[BroadcastPath, HealthQuery, Nothing]) -> Answer:
        found, minutes = await self._broadcast(call, {Right.EDIT}), call.query.minutes
        readings = await stream_health.select_newest_health(
            self._db,
            found.id,
            since=(found.ended_at or datetime.now(UTC)) - timedelta(minutes=minutes),
            detail=minutes <= DETAIL_MINUTES,
            limit=MAX_READINGS,
        )
        issues = await stream_health.select_issues(self._db, found.id, limit=MAX_ISSUES)
        shown = [shown_reading(row) for row in readings]
        status = shown[-1].status if shown else "noData"
        return Answer(
            Data([StreamHealth(str(found.id), status, shown, [shown_issue(row) for row in issues])])
        )

    async def _broadcast(self, call: Call[BroadcastPath, Any, Nothing], rights: set[Right]) -> Broadcast:
        """Find a broadcast for somebody who has one of these rights in its channel."""
        found = await broadcasts.select_broadcast(self._db, call.path.id)
        if found is None:
            raise _no_broadcast()
        held = await roles.select_roles(self._db, channel_id=found.channel_id, user_id=call.user_id)
        principal = call.caller.principal
        if not any(may(principal, right, found.channel_id, frozenset(held)) for right in rights):
            raise ApiProblemError(403, "That is for who runs the channel.")
        return found


def _no_broadcast() -> ApiProblemError:
    return ApiProblemError(404, "There is no such broadcast.")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _past_broadcast(row: Broadcast, *, whole: bool) -> PastBroadcast:
    assert row.ended_at is not None  # or it would not be listed
    shown = PastBroadcast(
        id=str(row.id),
        title=row.title,
        game_id="" if row.category_id is None else str(row.category_id),
        game_name=row.category_name or "",
        started_at=rfc3339(row.started_at),
        ended_at=rfc3339(row.ended_at),
        duration_s=int((row.ended_at - row.started_at).total_seconds()),
        end_reason=row.end_reason or "",
        peak_viewers=row.peak_viewers,
        average_viewers=_rounded(row.average_viewers),
        reconnects=row.reconnects,
    )
    if not whole:
        return shown
    return msgspec.structs.replace(
        shown,
        video_codec=row.video_codec,
        audio_codec=row.audio_codec,
        width=row.width,
        height=row.height,
        fps=_rounded(row.fps),
        encoder=row.encoder,
        message_count=row.message_count,
        new_followers=row.new_followers,
    )


def shown_reading(row: HealthRow) -> HealthReading:
    """Give a reading as it is shown."""
    return HealthReading(
        at=rfc3339(row.at),
        status=row.status,
        kbps=round(row.kbps, 3),
        video_kbps=round(row.video_kbps, 3),
        audio_kbps=round(row.audio_kbps, 3),
        fps=_rounded(row.fps),
        keyframe_interval_s=_rounded(row.keyframe_interval_s),
        missing_frames=row.missing_frames,
        dropped=row.dropped,
        undecodable=row.undecodable,
        jitter_s=round(row.jitter_s, 3),
        behind_s=round(row.behind_s, 3),
        round_trip_ms=_rounded(row.round_trip_ms),
        reconnects=row.reconnects,
    )


def shown_issue(row: IssueRow) -> HealthIssue:
    """Give an issue as it is shown."""
    return HealthIssue(
        type=row.type,
        severity=row.severity,
        reason=row.reason,
        description=row.description,
        started_at=rfc3339(row.started_at),
        ended_at=rfc3339_or_none(row.ended_at),
    )
