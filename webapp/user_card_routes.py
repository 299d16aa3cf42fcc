"""Routes about one person as moderators of a channel see them: the card with what is known, and the notes about them."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from common import moderation_notes
from common.db import Database
from common.moderation_notes import MAX_NOTE, VERB
from common.queries import audit_log, chat, moderation, users
from common.queries import moderation_notes as stored
from common.queries.audit_log import DeedFilter
from common.queries.chat import ChatStanding
from common.queries.moderation_notes import Note
from common.queries.users import User
from common.rights import Right
from webapp.actors import Actors
from webapp.assets import asset_url_or_empty
from webapp.audit_routes import Deed, shown_deed
from webapp.channel_access import ChannelAccess
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Id, IdText, Login, Timestamp, rfc3339, rfc3339_or_none
from webapp.moderation_bans import Ban, shown_ban
from webapp.problems import ApiProblemError
from webapp.room_acts import done, moderator_of, place_of
from webapp.texts import check_text

DEEDS = 50
"""That a card tells of."""
NOBODY = ChatStanding(frozenset(), is_banned=False, ban_expires_at=None, chat_color="", following_since=None)
"""What somebody is to a room whose account is suspended."""


class CardCounts(msgspec.Struct, frozen=True):
    """How much there was of somebody in the channel; of each at most 10 000."""

    messages: int
    """As far as the history of the chat is kept."""
    deleted: int
    """Of their messages, by moderators."""
    warnings: int
    timeouts: int
    bans: int


class UserCard(msgspec.Struct, frozen=True):
    """Somebody, as the moderators of a channel see them."""

    user_id: IdText
    user_login: str
    user_name: str
    profile_image_url: str
    description: str
    created_at: Timestamp
    """Since when they have the account."""
    is_suspended: bool
    """On the whole site."""
    followed_at: Timestamp | None
    """Since when they follow the channel; `null`: they do not."""
    roles: list[str]
    """Here: `broadcaster`, `moderator`, `editor`, `vip`."""
    tier: str | None
    """Of their subscription; `null`: they have none."""
    months: int
    """That they subscribed."""
    ban: Ban | None
    """Or timeout, that holds."""
    warning: str | None
    """That they have not acknowledged."""
    suspicion: str
    """`ACTIVE_MONITORING`, `RESTRICTED` or ''."""
    counts: CardCounts
    has_notes: bool
    acts: list[Deed]
    """What was done about them here, newest first; the last 50."""


class Notes(msgspec.Struct, frozen=True):
    """What the moderators of a channel noted about somebody, together."""

    text: str
    """'': nothing."""
    version: int
    """One more with each change; 0: there are none."""
    updated_at: Timestamp | None
    moderator_id: IdText | None
    """Who changed them last; `null`, as the two below: nobody did, or their account is gone."""
    moderator_login: str | None
    moderator_name: str | None


class NewNotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What they are to be."""

    multi_line: ClassVar[frozenset[str]] = frozenset({"text"})

    text: Annotated[str, Meta(max_length=MAX_NOTE, description="'' removes them.")]
    version: Annotated[int, Meta(ge=0, le=2**53)]
    """Of those that were read; if they are others by now, the answer is 409 with the reason `stale`."""


class PersonPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody, in a channel."""

    login: Login
    id: Id


class UserCardRoutes:
    """People as moderators see them."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        route = "/channels/{login}/moderation/users/{id}"
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Moderation",
                summary="What moderators of a channel know of somebody; for them.",
                handle=self._card,
                answer=Data[UserCard],
                access=Access(scope="moderation:read"),
                path=PersonPath,
            ),
            Endpoint(
                method="GET",
                route=f"{route}/notes",
                tag="Moderation",
                summary="What moderators of a channel noted about somebody; for them.",
                handle=self._notes,
                answer=Data[Notes],
                access=Access(scope="moderator:read:suspicious_users"),
                path=PersonPath,
            ),
            Endpoint(
                method="PUT",
                route=f"{route}/notes",
                tag="Moderation",
                summary="Change what moderators of a channel noted about somebody.",
                handle=self._write,
                answer=Data[Notes],
                access=Access(scope="moderator:manage:suspicious_users"),
                path=PersonPath,
                body=NewNotes,
                problems=(409,),
            ),
        ]

    async def _card(self, call: Call[PersonPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        user = await self._user(call.path.id)
        standing = await chat.select_standing(self._db, channel_id=visited.id, user_id=user.id)
        bans = await moderation.select_bans(self._db, visited.id, limit=1, user_id=user.id)
        counts = await stored.count_of(self._db, channel_id=visited.id, user_id=user.id)
        note = await stored.select_note(self._db, channel_id=visited.id, user_id=user.id)
        deeds = await audit_log.select_deeds(
            self._db, limit=DEEDS, only=DeedFilter(channel_id=visited.id, about=str(user.id))
        )
        standing = standing or NOBODY
        roles = sorted(standing.roles)
        shown = UserCard(
            user_id=str(user.id),
            user_login=user.login,
            user_name=user.display_name,
            profile_image_url=asset_url_or_empty(user.profile_image),
            description=user.description,
            created_at=rfc3339(user.created_at),
            is_suspended=user.suspended_at is not None,
            followed_at=rfc3339_or_none(standing.following_since),
            roles=["broadcaster", *roles] if user.id == visited.id else roles,
            tier=None if standing.tier is None else str(standing.tier),
            months=standing.months,
            ban=shown_ban(bans[0]) if bans else None,
            warning=standing.warning,
            suspicion=standing.suspicion,
            counts=_counts(counts),
            has_notes=note is not None,
            acts=[shown_deed(deed) for deed in deeds if deed.action != VERB],
        )
        return Answer(Data([shown]))

    async def _notes(self, call: Call[PersonPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        user = await self._user(call.path.id)
        note = await stored.select_note(self._db, channel_id=visited.id, user_id=user.id)
        return Answer(Data([_shown(note)]))

    async def _write(self, call: Call[PersonPath, Nothing, NewNotes]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, wanted = await moderator_of(self._actors, call), call.body
        note = done(
            await moderation_notes.write_note(
                self._db,
                moderator,
                place_of(visited),
                call.path.id,
                text=check_text("text", wanted.text, lines=True),
                version=wanted.version,
            )
        )
        return Answer(Data([_shown(note)]))

    async def _user(self, user_id: int) -> User:
        found = await users.select_user(self._db, user_id)
        if found is None:
            raise ApiProblemError(404, "There is no such user.")
        return found


def _counts(counts: stored.Counts) -> CardCounts:
    times = counts.deeds.get
    return CardCounts(
        messages=counts.messages,
        deleted=times("delete", 0),
        warnings=times("warn", 0),
        timeouts=times("timeout", 0),
        bans=times("ban", 0),
    )


def _shown(note: Note | None) -> Notes:
    if note is None:
        return Notes("", 0, None, None, None, None)
    return Notes(
        text=note.text,
        version=note.version,
        updated_at=rfc3339(note.updated_at),
        moderator_id=None if note.updated_by is None else str(note.updated_by),
        moderator_login=note.updated_by_login,
        moderator_name=note.updated_by_name,
    )
