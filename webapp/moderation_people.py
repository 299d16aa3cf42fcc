"""Routes about people whom moderators warn or watch; names are those of Helix `warnings` and `suspicious_users`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common import moderation_people
from common.db import Database
from common.queries import moderation as people
from common.queries.moderation import Suspicion
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import IdText, Page, PageQuery, Timestamp, rfc3339
from webapp.moderation_bans import WhoQuery, id_of
from webapp.room_acts import done, moderator_of, place_of


class NewWarning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to warn, and why."""

    user_id: IdText
    reason: Annotated[str, Meta(min_length=1, max_length=500, description="The person is told.")]


class WarningBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As Helix wraps it."""

    data: NewWarning


class SuspiciousUser(msgspec.Struct, frozen=True):
    """Somebody whom moderators watch."""

    user_id: IdText
    user_login: str
    user_name: str
    moderator_id: IdText | None
    """Who said so last; null: their account is gone."""
    status: str
    """`ACTIVE_MONITORING`, or `RESTRICTED`: what they write waits for a moderator."""
    updated_at: Timestamp


class NewSuspicion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to watch, and how."""

    user_id: IdText
    status: Literal["ACTIVE_MONITORING", "RESTRICTED"]


class PeopleRoutes:
    """Warnings and suspicious people."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        warnings = "/channels/{login}/moderation/warnings"
        watched = "/channels/{login}/moderation/suspicious-users"
        manage = Access(scope="moderator:manage:suspicious_users")
        return [
            Endpoint(
                method="POST",
                route=warnings,
                tag="Moderation",
                summary="Warn somebody, who writes again only after acknowledging it.",
                handle=self._warn,
                status=204,
                access=Access(scope="moderator:manage:warnings"),
                path=ChannelPath,
                body=WarningBody,
                problems=(422,),
            ),
            Endpoint(
                method="DELETE",
                route=f"{warnings}/me",
                tag="Moderation",
                summary="Acknowledge the warning that you got in a channel.",
                handle=self._acknowledge,
                status=204,
                access=Access(scope="user:write:chat"),
                path=ChannelPath,
            ),
            Endpoint(
                method="GET",
                route=watched,
                tag="Moderation",
                summary="Whom the moderators of a channel watch; for them.",
                handle=self._list,
                answer=Page[SuspiciousUser],
                access=Access(scope="moderator:read:suspicious_users"),
                path=ChannelPath,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route=watched,
                tag="Moderation",
                summary="Watch somebody, or have their messages wait for a moderator.",
                handle=self._watch,
                status=204,
                access=manage,
                path=ChannelPath,
                body=NewSuspicion,
                problems=(422,),
            ),
            Endpoint(
                method="DELETE",
                route=watched,
                tag="Moderation",
                summary="Watch somebody no longer.",
                handle=self._release,
                status=204,
                access=manage,
                path=ChannelPath,
                query=WhoQuery,
                problems=(409,),
            ),
        ]

    async def _warn(self, call: Call[ChannelPath, Nothing, WarningBody]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, wanted = await moderator_of(self._actors, call), call.body.data
        user_id = id_of(wanted.user_id)
        done(
            await moderation_people.warn(
                self._db, moderator, place_of(visited), user_id, reason=wanted.reason
            )
        )
        return Answer()

    async def _acknowledge(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        person = await moderator_of(self._actors, call)
        done(await moderation_people.acknowledge_warning(self._db, person, place_of(visited)))
        return Answer()

    async def _list(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        name, query = f"suspicious of {visited.id}", call.query
        found = await people.select_suspicions(
            self._db,
            visited.id,
            limit=query.first + 1,
            after_id=await self._cursors.last_id(name, query) or 0,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.user_id])
        return Answer(Page([_watched(row) for row in found[: query.first]], more))

    async def _watch(self, call: Call[ChannelPath, Nothing, NewSuspicion]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        user_id = id_of(call.body.user_id)
        done(
            await moderation_people.watch(
                self._db, moderator, place_of(visited), user_id, status=call.body.status
            )
        )
        return Answer()

    async def _release(self, call: Call[ChannelPath, WhoQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(
            await moderation_people.watch(
                self._db, moderator, place_of(visited), call.query.user_id, status=None
            )
        )
        return Answer()


def _watched(row: Suspicion) -> SuspiciousUser:
    return SuspiciousUser(
        user_id=str(row.user_id),
        user_login=row.user_login,
        user_name=row.user_name,
        moderator_id=None if row.moderator_id is None else str(row.moderator_id),
        status=row.status,
        updated_at=rfc3339(row.updated_at),
    )
