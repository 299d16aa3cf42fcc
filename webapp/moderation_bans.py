"""Routes about bans and about messages that moderators take away; names are those of Helix `moderation/bans` and `chat`."""

from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from common import moderation, moderation_messages
from common.bus import Bus, BusUnavailableError
from common.chat_log import find_message
from common.db import Database
from common.moderation_messages import NO_MESSAGE, SaidMessage
from common.queries import moderation as bans
from common.queries.moderation import ListedBan
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    Data,
    Id,
    IdText,
    Page,
    PageSize,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.problems import ApiProblemError
from webapp.room_acts import done, moderator_of, place_of

Duration = Annotated[int, Meta(ge=1, le=moderation.MAX_TIMEOUT_S, description="Seconds; null: for ever.")]
Reason = Annotated[str, Meta(max_length=moderation.MAX_REASON, description="For moderators.")]


class Ban(msgspec.Struct, frozen=True):
    """A ban, or a timeout, that holds."""

    user_id: IdText
    user_login: str
    user_name: str
    created_at: Timestamp
    expires_at: Timestamp | None
    """Null: never."""
    reason: str
    moderator_id: IdText | None
    """Null, as the two below: their account is gone."""
    moderator_login: str | None
    moderator_name: str | None


class BansQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which bans."""

    user_id: Id | None = None
    """That person's alone."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class NewBan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ban."""

    user_id: IdText
    duration: Duration | None = None
    reason: Reason = ""


class BanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As Helix wraps it."""

    data: NewBan


class WhoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is meant."""

    user_id: Id


class WhichMessages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes: one message, all of a person, or (without either) all there is."""

    message_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    user_id: Id | None = None


class BanRoutes:
    """Bans, and messages that go."""

    def __init__(
        self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors, bus: Bus | None
    ) -> None:
        """`bus`: where messages are found by id; `None`: nowhere."""
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors
        self._bus = bus

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        route, manage = "/channels/{login}/moderation/bans", Access(scope="moderator:manage:banned_users")
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Moderation",
                summary="Who is banned or timed out in a channel that you moderate.",
                handle=self._list,
                answer=Page[Ban],
                access=Access(scope="moderation:read"),
                path=ChannelPath,
                query=BansQuery,
            ),
            Endpoint(
                method="POST",
                route=route,
                tag="Moderation",
                summary="Ban somebody or time them out, in a channel that you moderate.",
                handle=self._ban,
                answer=Data[Ban],
                access=manage,
                path=ChannelPath,
                body=BanBody,
                problems=(409, 422),
            ),
            Endpoint(
                method="DELETE",
                route=route,
                tag="Moderation",
                summary="Let somebody write again.",
                handle=self._unban,
                status=204,
                access=manage,
                path=ChannelPath,
                query=WhoQuery,
                problems=(409,),
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/moderation/chat",
                tag="Moderation",
                summary="Take one message away, all of a person, or all there are.",
                handle=self._delete,
                status=204,
                access=Access(scope="moderator:manage:chat_messages"),
                path=ChannelPath,
                query=WhichMessages,
                problems=(422, 503),
            ),
        ]

    async def _list(self, call: Call[ChannelPath, BansQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        name, query = f"bans of {visited.id}", call.query
        place = await self._cursors.place(name, query.after, tuple[int])
        found = await bans.select_bans(
            self._db,
            visited.id,
            limit=query.first + 1,
            after_id=place[0] if place else 0,
            user_id=query.user_id,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.user_id])
        return Answer(Page([shown_ban(row) for row in found[: query.first]], more))

    async def _ban(self, call: Call[ChannelPath, Nothing, BanBody]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        wanted = call.body.data
        user_id = id_of(wanted.user_id)
        moderator, place = await moderator_of(self._actors, call), place_of(visited)
        done(
            await moderation.ban(
                self._db, moderator, place, user_id, duration_s=wanted.duration, reason=wanted.reason
            )
        )
        found = await bans.select_bans(self._db, visited.id, limit=1, user_id=user_id)
        return Answer(Data([shown_ban(row) for row in found]))

    async def _unban(self, call: Call[ChannelPath, WhoQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(await moderation.unban(self._db, moderator, place_of(visited), call.query.user_id))
        return Answer()

    async def _delete(self, call: Call[ChannelPath, WhichMessages, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, place, query = await moderator_of(self._actors, call), place_of(visited), call.query
        if query.message_id is not None:
            if query.user_id is not None:
                raise ApiProblemError(422, "Name a message or a person, not both.")
            found = await self._message(visited.id, query.message_id)
            done(await moderation_messages.delete_message(self._db, moderator, place, found))
        elif query.user_id is not None:
            done(await moderation_messages.clear_user(self._db, moderator, place, query.user_id))
        else:
            done(await moderation_messages.clear(self._db, moderator, place))
        return Answer()

    async def _message(self, channel_id: int, message_id: str) -> SaidMessage:
        await trio.lowlevel.checkpoint()
        try:
            found = None if self._bus is None else await find_message(self._bus, channel_id, message_id)
        except BusUnavailableError:
            raise ApiProblemError(503, "Chat is away for a moment.", retry_after_s=5) from None
        return done(found or NO_MESSAGE)


def id_of(text: str) -> int:
    """Read the id of an account. Raises `ApiProblemError` (404) for what no account can have."""
    found = int(text)
    if not 0 < found < 2**63:
        raise ApiProblemError(404, f"There is nobody with the id {text}.")
    return found


def shown_ban(row: ListedBan) -> Ban:
    """Give a ban as it is shown."""
    return Ban(
        user_id=str(row.user_id),
        user_login=row.user_login,
        user_name=row.user_name,
        created_at=rfc3339(row.created_at),
        expires_at=rfc3339_or_none(row.expires_at),
        reason=row.reason,
        moderator_id=None if row.moderator_id is None else str(row.moderator_id),
        moderator_login=row.moderator_login,
        moderator_name=row.moderator_name,
    )
