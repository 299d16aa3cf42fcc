"""The route by which our page says that somebody watches. It needs no account, and learns nothing about anybody."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from common.principals import Principal
from common.queries.presence import WatchableStream
from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.page_viewers import PageViewers
from webapp.problems import ApiProblemError
from webapp.watchable import WatchableStreams

OPEN_TO_ALL = frozenset({"public", "unlisted"})

MayWatch = Callable[[Principal, WatchableStream], Awaitable[bool]]


async def nobody(_principal: Principal, _stream: WatchableStream) -> bool:
    """Let nobody watch what is not open to all."""
    await trio.lowlevel.checkpoint()
    return False


class StreamPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which broadcast."""

    id: uuid.UUID


class Sign(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page that plays says."""

    id: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9_-]{16,64}$", description="Made up at random by the player, anew each time."
        ),
    ]
    leaving: Annotated[bool, Meta(description="It plays no more.")] = False


class Presence(msgspec.Struct, frozen=True):
    """What it hears."""

    viewer_count: int
    interval_s: Annotated[
        float,
        Meta(
            description="Say it again after so many seconds; who is silent for three times as long is gone."
        ),
    ]


class PresenceRoutes:
    """Counts pages that play.

    Args:
        viewers: where they are counted.
        streams: what can be watched.
        may_watch: says who may watch what is not public or unlisted; others' pings for it are refused.

    """

    def __init__(self, viewers: PageViewers, streams: WatchableStreams, may_watch: MayWatch = nobody) -> None:
        self._viewers = viewers
        self._streams = streams
        self._may_watch = may_watch

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="POST",
                route="/streams/{id}/presence",
                tag="Streams",
                summary="Say that somebody watches, every few seconds while a player of yours plays.",
                handle=self._sign,
                answer=Presence,
                path=StreamPath,
                body=Sign,
            )
        ]

    async def _sign(self, call: Call[StreamPath, Nothing, Sign]) -> Answer:
        stream = await self._streams.find(call.path.id)
        if stream is None:
            raise ApiProblemError(404, "This broadcast is not live.")
        if stream.visibility not in OPEN_TO_ALL and not await self._may_watch(call.caller.principal, stream):
            raise ApiProblemError(403, "This broadcast is not open to you.")
        stream_id, page_id = str(stream.id), call.body.id
        if call.body.leaving:
            self._viewers.left(stream_id, page_id)
        else:
            self._viewers.playing(stream_id, page_id, call.caller.address, trio.current_time())
        return Answer(Presence(self._viewers.viewer_count(stream_id), self._viewers.ping_every_s))
