"""Routes about what moderators put on a chat's wall: announcements, and the message that is pinned."""

from uuid import UUID

import msgspec
import trio

from common import pins
from common.announcements import announce
from common.bus import Bus, BusUnavailableError
from common.chat_log import find_message
from common.db import Database
from common.moderation_messages import NO_MESSAGE
from common.queries import pins as stored
from common.rights import Right
from common.stage_limits import AnnouncementColor, AnnouncementText, PinSeconds
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, IdText, Timestamp, rfc3339, rfc3339_or_none
from webapp.problems import ApiProblemError
from webapp.room_acts import done, moderator_of, place_of


class NewAnnouncement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to announce."""

    message: AnnouncementText
    color: AnnouncementColor = "primary"


class PinnedMessage(msgspec.Struct, frozen=True):
    """The message that is pinned, as it was said."""

    message_id: UUID
    user_id: IdText
    user_login: str
    user_name: str
    text: str
    pinned_by_id: IdText | None
    """Null, as the two below: their account is gone."""
    pinned_by_login: str | None
    pinned_by_name: str | None
    pinned_at: Timestamp
    ends_at: Timestamp | None
    """Null: when it is taken down."""


class NewPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to pin."""

    message_id: UUID
    duration: PinSeconds | None = None
    """Seconds; null: until it is taken down."""


class PinRoutes:
    """Announcements and pins."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors, bus: Bus | None) -> None:
        """`bus`: where chat is; `None`: nowhere, so there is nothing to pin."""
        self._db = db
        self._access = access
        self._actors = actors
        self._bus = bus

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        pin = "/channels/{login}/chat/pin"
        manage = Access(scope="moderator:manage:chat_messages")
        return [
            Endpoint(
                method="POST",
                route="/channels/{login}/chat/announcements",
                tag="Chat",
                summary="Say something in a chat that you moderate so that it stands out.",
                handle=self._announce,
                status=204,
                access=Access(scope="moderator:manage:announcements"),
                path=ChannelPath,
                body=NewAnnouncement,
                problems=(422,),
            ),
            Endpoint(
                method="GET",
                route=pin,
                tag="Chat",
                summary="The message that is pinned in a chat, if one is.",
                handle=self._show,
                answer=Data[PinnedMessage],
                path=ChannelPath,
            ),
            Endpoint(
                method="PUT",
                route=pin,
                tag="Chat",
                summary="Pin a message in a chat that you moderate.",
                handle=self._pin,
                status=204,
                access=manage,
                path=ChannelPath,
                body=NewPin,
                problems=(503,),
            ),
            Endpoint(
                method="DELETE",
                route=pin,
                tag="Chat",
                summary="Take the pinned message down.",
                handle=self._unpin,
                status=204,
                access=manage,
                path=ChannelPath,
            ),
        ]

    async def _announce(self, call: Call[ChannelPath, Nothing, NewAnnouncement]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(await announce(self._db, moderator, place_of(visited), call.body.message, call.body.color))
        return Answer()

    async def _show(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        found = await stored.select_pin(self._db, visited.id)
        return Answer(Data([] if found is None else [_shown(found)]))

    async def _pin(self, call: Call[ChannelPath, Nothing, NewPin]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        await trio.lowlevel.checkpoint()
        message_id = str(call.body.message_id)
        try:
            found = None if self._bus is None else await find_message(self._bus, visited.id, message_id)
        except BusUnavailableError:
            raise ApiProblemError(503, "Chat is away for a moment.", retry_after_s=5) from None
        message = done(found or NO_MESSAGE)
        done(await pins.pin(self._db, moderator, place_of(visited), message, holds_s=call.body.duration))
        return Answer()

    async def _unpin(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(await pins.unpin(self._db, moderator, place_of(visited)))
        return Answer()


def _shown(pin: stored.PinnedMessage) -> PinnedMessage:
    return PinnedMessage(
        message_id=pin.message_id,
        user_id=str(pin.user_id),
        user_login=pin.user_login,
        user_name=pin.user_name,
        text=pin.text,
        pinned_by_id=None if pin.pinned_by is None else str(pin.pinned_by),
        pinned_by_login=pin.pinned_by_login,
        pinned_by_name=pin.pinned_by_name,
        pinned_at=rfc3339(pin.pinned_at),
        ends_at=rfc3339_or_none(pin.ends_at),
    )
