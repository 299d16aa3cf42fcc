"""Routes about what waits for moderators: messages that are held, and requests to be unbanned; names are Helix's."""

import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common import moderation_holds, moderation_requests
from common.db import Database
from common.moderation_holds import FIRST
from common.queries import moderation_holds as holds
from common.queries import moderation_requests as requests
from common.queries.moderation_holds import Hold
from common.queries.moderation_requests import UnbanRequest
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    Data,
    IdText,
    Login,
    Page,
    PageQuery,
    PageSize,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.problems import ApiProblemError
from webapp.room_acts import done, moderator_of, place_of

ResolutionText = Annotated[str, Meta(max_length=500, description="What the person is told.")]


class HeldMessage(msgspec.Struct, frozen=True):
    """A message that waits for a moderator."""

    message_id: uuid.UUID
    user_id: IdText
    user_login: str
    user_name: str
    message: str
    held_for: str
    """`suspicious_user` and the like."""
    category: str
    held_at: Timestamp
    expires_at: Timestamp


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of it."""

    action: Literal["ALLOW", "DENY"]


class Request(msgspec.Struct, frozen=True):
    """A request to be unbanned."""

    id: uuid.UUID
    broadcaster_id: IdText
    user_id: IdText
    user_login: str
    user_name: str
    text: str
    status: str
    """`pending`, `approved`, `denied`, `acknowledged` or `canceled` (unbanned without it)."""
    created_at: Timestamp
    moderator_id: IdText | None
    """Who resolved it; null, as those below: nobody yet, or their account is gone."""
    moderator_login: str | None
    moderator_name: str | None
    resolved_at: Timestamp | None
    resolution_text: str


class RequestsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests."""

    status: Literal["pending", "approved", "denied", "acknowledged", "canceled"] = "pending"
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class NewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why you should be unbanned."""

    text: Annotated[str, Meta(min_length=1, max_length=moderation_requests.MAX_TEXT)]


class ResolutionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer."""

    status: Literal["approved", "denied"]
    """Approved: they are unbanned."""
    resolution_text: ResolutionText = ""


class EntryPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that waits in a channel."""

    login: Login
    id: uuid.UUID


class QueueRoutes:
    """What waits for moderators."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [*self._of_holds(), *self._of_requests()]

    def _of_holds(self) -> list[AnyEndpoint]:
        route, access = "/channels/{login}/moderation/holds", Access(scope="moderator:manage:automod")
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Moderation",
                summary="The messages that wait for you in a channel that you moderate, the oldest first.",
                handle=self._holds,
                answer=Page[HeldMessage],
                access=access,
                path=ChannelPath,
                query=PageQuery,
            ),
            Endpoint(
                method="PATCH",
                route=f"{route}/{{id}}",
                tag="Moderation",
                summary="Let a message be said, or drop it.",
                handle=self._decide,
                status=204,
                access=access,
                path=EntryPath,
                body=Decision,
                problems=(409,),
            ),
        ]

    def _of_requests(self) -> list[AnyEndpoint]:
        route = "/channels/{login}/moderation/unban-requests"
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Moderation",
                summary="Who asks to be unbanned from a channel that you moderate, the oldest first.",
                handle=self._requests,
                answer=Page[Request],
                access=Access(scope="moderator:read:unban_requests"),
                path=ChannelPath,
                query=RequestsQuery,
            ),
            Endpoint(
                method="POST",
                route=route,
                tag="Moderation",
                summary="Ask to be unbanned, once a ban.",
                handle=self._ask,
                status=201,
                answer=Data[Request],
                access=Access(scope="user:write:chat"),
                path=ChannelPath,
                body=NewRequest,
                problems=(409, 422),
            ),
            Endpoint(
                method="GET",
                route=f"{route}/me",
                tag="Moderation",
                summary="What became of your last request to a channel.",
                handle=self._own,
                answer=Data[Request],
                access=Access(scope="user:read:chat"),
                path=ChannelPath,
            ),
            Endpoint(
                method="PATCH",
                route=f"{route}/{{id}}",
                tag="Moderation",
                summary="Approve a request to be unbanned, or deny it.",
                handle=self._resolve,
                answer=Data[Request],
                access=Access(scope="moderator:manage:unban_requests"),
                path=EntryPath,
                body=ResolutionBody,
                problems=(409,),
            ),
        ]

    async def _holds(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        name, query = f"holds of {visited.id}", call.query
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        found = await holds.select_holds(
            self._db, visited.id, limit=query.first + 1, after=place[0] if place else FIRST
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [str(row.id)])
        return Answer(Page([_held(row) for row in found[: query.first]], more))

    async def _decide(self, call: Call[EntryPath, Nothing, Decision]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, is_allowed = await moderator_of(self._actors, call), call.body.action == "ALLOW"
        done(
            await moderation_holds.decide(
                self._db, moderator, place_of(visited), call.path.id, is_allowed=is_allowed
            )
        )
        return Answer()

    async def _requests(self, call: Call[ChannelPath, RequestsQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        query = call.query
        name = f"{query.status} unban requests of {visited.id}"
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        found = await requests.select_unban_requests(
            self._db,
            visited.id,
            status=query.status,
            limit=query.first + 1,
            after=place[0] if place else FIRST,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [str(row.id)])
        return Answer(Page([_request(row) for row in found[: query.first]], more))

    async def _ask(self, call: Call[ChannelPath, Nothing, NewRequest]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        person = await moderator_of(self._actors, call)
        asked = done(await moderation_requests.ask(self._db, person, place_of(visited), call.body.text))
        return Answer(Data([_request(asked)]))

    async def _own(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        found = await requests.select_own_unban_request(self._db, channel_id=visited.id, user_id=call.user_id)
        if found is None:
            raise ApiProblemError(404, "You have asked for nothing here.")
        return Answer(Data([_request(found)]))

    async def _resolve(self, call: Call[EntryPath, Nothing, ResolutionBody]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        resolved = done(
            await moderation_requests.resolve(
                self._db,
                await moderator_of(self._actors, call),
                place_of(visited),
                call.path.id,
                is_approved=call.body.status == "approved",
                text=call.body.resolution_text,
            )
        )
        return Answer(Data([_request(resolved)]))


def _held(row: Hold) -> HeldMessage:
    return HeldMessage(
        message_id=row.id,
        user_id=str(row.user_id),
        user_login=row.user_login,
        user_name=row.user_name,
        message=row.text,
        held_for=row.held_for,
        category=row.category,
        held_at=rfc3339(row.created_at),
        expires_at=rfc3339(row.expires_at),
    )


def _request(row: UnbanRequest) -> Request:
    return Request(
        id=row.id,
        broadcaster_id=str(row.channel_id),
        user_id=str(row.user_id),
        user_login=row.user_login,
        user_name=row.user_name,
        text=row.text,
        status=row.status,
        created_at=rfc3339(row.created_at),
        moderator_id=None if row.moderator_id is None else str(row.moderator_id),
        moderator_login=row.moderator_login,
        moderator_name=row.moderator_name,
        resolved_at=rfc3339_or_none(row.resolved_at),
        resolution_text=row.resolution_text,
    )
