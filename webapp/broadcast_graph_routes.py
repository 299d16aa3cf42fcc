"""The route that gives graphs of a broadcast, live or over, with as many points as somebody wants to draw."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from common.db import Database
from common.queries import broadcast_samples, broadcasts, streams
from common.queries.broadcast_samples import Span
from common.queries.broadcasts import Broadcast
from common.rights import Right
from webapp.broadcast_graphs import GRAPHS, MAX_POINTS, Point, drawn, span_of
from webapp.broadcast_routes import ANALYTICS
from webapp.channel_access import ChannelAccess
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Login, Timestamp, rfc3339, rfc3339_or_none
from webapp.problems import ApiProblemError

CURRENT = "current"
_NAME = "|".join(GRAPHS)

BroadcastId = Annotated[
    str,
    Meta(
        pattern="^(current|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
        description="Of a broadcast, or `current`: what is live.",
    ),
]
Names = Annotated[
    str,
    Meta(
        pattern=f"^({_NAME})(,({_NAME})){{0,9}}$",
        description=f"One or more of {', '.join(GRAPHS)}, with commas between them.",
    ),
]


class Series(msgspec.Struct, frozen=True):
    """One graph."""

    name: str
    unit: str
    points: list[Point]
    """Oldest first: seconds since 1970, and the value; `null`: nothing is known from here to the next."""


class SeriesAnswer(msgspec.Struct, frozen=True):
    """Graphs of a broadcast."""

    data: list[Series]
    """In the order in which they were asked for."""
    stream_id: str
    started_at: Timestamp
    ended_at: Timestamp | None
    """`null` while it is live."""


class SeriesPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which broadcast of which channel."""

    login: Login
    id: BroadcastId


class SeriesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which graphs."""

    name: Names = "viewers"
    points: Annotated[int, Meta(ge=2, le=MAX_POINTS, description="How many at most in each graph.")] = 300


class BroadcastGraphRoutes:
    """Graphs of broadcasts."""

    def __init__(self, db: Database, access: ChannelAccess) -> None:
        self._db = db
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/broadcasts/{id}/series",
                tag="Streams",
                summary="Graphs of a broadcast; those of people for owner, editors and moderators, the others for owner and editors.",
                handle=self._series,
                answer=SeriesAnswer,
                access=Access(scope=ANALYTICS),
                path=SeriesPath,
                query=SeriesQuery,
            ),
        ]

    async def _series(self, call: Call[SeriesPath, SeriesQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        names = list(dict.fromkeys(call.query.name.split(",")))
        needs_health = any(GRAPHS[name].of_health for name in names)
        if needs_health or not visited.may(Right.MODERATE):
            visited.require(Right.EDIT)
        found = await self._find(visited.id, call.path.id)
        now = datetime.now(UTC)
        span = span_of(found.started_at, found.ended_at or now, points=call.query.points, now=now)
        return Answer(
            SeriesAnswer(
                await self._draw(found.id, names, span),
                str(found.id),
                rfc3339(found.started_at),
                rfc3339_or_none(found.ended_at),
            )
        )

    async def _find(self, channel_id: int, named: str) -> Broadcast:
        await trio.lowlevel.checkpoint()
        if named == CURRENT:
            live = await streams.select_open_stream(self._db, channel_id)
            if live is None:
                raise ApiProblemError(404, "Nothing is live.")
            named = str(live.id)
        found = await broadcasts.select_broadcast(self._db, uuid.UUID(named))
        if found is None or found.channel_id != channel_id:
            raise ApiProblemError(404, "There is no such broadcast.")
        return found

    async def _draw(self, stream_id: uuid.UUID, names: list[str], span: Span) -> list[Series]:
        await trio.lowlevel.checkpoint()
        wanted = [GRAPHS[name] for name in names]
        audience = health = None
        if any(graph.of_audience for graph in wanted):
            audience = await broadcast_samples.select_audience_series(self._db, stream_id, span)
        if any(graph.of_health for graph in wanted):
            health = await broadcast_samples.select_health_series(self._db, stream_id, span)
        found: list[Series] = []
        for name, graph in zip(names, wanted, strict=True):
            points: list[Point] = []
            if graph.of_audience and audience:
                points = drawn(audience, graph.of_audience, span, is_counter=graph.is_counter)
            elif graph.of_health and health:
                points = drawn(health, graph.of_health, span, is_counter=graph.is_counter)
            found.append(Series(name, graph.unit, points))
        return found
