"""Routes about roles in channels: editors, moderators and VIPs, whom the owner chooses."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import msgspec

from common.db import Database
from common.moderation_people import give_role, take_role
from common.queries import roles
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    IdText,
    Login,
    Page,
    PageQuery,
    PageSize,
    Timestamp,
    rfc3339,
)
from webapp.room_acts import done, moderator_of, place_of

RoleName = Literal["editor", "moderator", "vip"]


class RoleHolder(msgspec.Struct, frozen=True):
    """Somebody who has a role in a channel."""

    user_id: IdText
    user_login: str
    user_name: str
    created_at: Timestamp
    """When they got it."""


class RoleHeld(msgspec.Struct, frozen=True):
    """A role that the caller has in a channel."""

    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    role: str
    """`editor`, `moderator` or `vip`."""


class HolderPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose role in which channel."""

    login: Login
    user_login: Login


class RolesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which roles, and which page of them."""

    role: RoleName | None = None
    """Without it, all."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    """What is different from role to role."""

    name: RoleName
    called: str
    """In sentences."""
    seen_with: Right
    read: Access
    change: Access


_ROLES = (
    _Role(
        name="editor",
        called="an editor",
        seen_with=Right.SEE_EDITORS,
        read=Access(scope="channel:read:editors"),
        change=SESSION_ONLY,  # Helix lets no program choose them either
    ),
    _Role(
        name="moderator",
        called="a moderator",
        seen_with=Right.MODERATE,
        read=Access(scope="moderation:read"),
        change=Access(scope="channel:manage:moderators"),
    ),
    _Role(
        name="vip",
        called="a VIP",
        seen_with=Right.MODERATE,
        read=Access(scope="channel:read:vips"),
        change=Access(scope="channel:manage:vips"),
    ),
)


class RoleRoutes:
    """Roles in channels."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        held: AnyEndpoint = Endpoint(
            method="GET",
            route="/users/me/roles",
            tag="Roles",
            summary="The channels in which you are editor, moderator or VIP.",
            handle=self._held,
            answer=Page[RoleHeld],
            access=Access(scope="user:read:moderated_channels"),
            query=RolesQuery,
        )
        return [held, *(endpoint for role in _ROLES for endpoint in self._routes_of(role))]

    def _routes_of(self, role: _Role) -> list[AnyEndpoint]:
        route = f"/channels/{{login}}/{role.name}s"
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Roles",
                summary=f"Who is {role.called} of a channel; not for everybody.",
                handle=partial(self._list, role),
                answer=Page[RoleHolder],
                access=role.read,
                path=ChannelPath,
                query=PageQuery,
            ),
            Endpoint(
                method="PUT",
                route=f"{route}/{{user_login}}",
                tag="Roles",
                summary=f"Make somebody {role.called} of your channel.",
                handle=partial(self._give, role),
                status=204,
                access=role.change,
                path=HolderPath,
                problems=(422,),
            ),
            Endpoint(
                method="DELETE",
                route=f"{route}/{{user_login}}",
                tag="Roles",
                summary=f"Have somebody be {role.called} of your channel no longer.",
                handle=partial(self._take, role),
                status=204,
                access=role.change,
                path=HolderPath,
            ),
        ]

    async def _list(self, role: _Role, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, role.seen_with)
        name, query = f"{role.name}s of {visited.id}", call.query
        found = await roles.select_role_holders(
            self._db,
            visited.id,
            role.name,
            limit=query.first + 1,
            after_id=await self._cursors.last_id(name, query) or 0,
        )
        return Answer(await self._cursors.page(name, query, found, _holder))

    async def _give(self, role: _Role, call: Call[HolderPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MANAGE_ROLES)
        owner, who = await moderator_of(self._actors, call), call.path.user_login
        done(await give_role(self._db, owner, place_of(visited), who, role.name))
        return Answer()

    async def _take(self, role: _Role, call: Call[HolderPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MANAGE_ROLES)
        owner, who = await moderator_of(self._actors, call), call.path.user_login
        done(await take_role(self._db, owner, place_of(visited), who, role.name))
        return Answer()

    async def _held(self, call: Call[Nothing, RolesQuery, Nothing]) -> Answer:
        query = call.query
        name = f"{query.role or 'all'} roles of {call.user_id}"
        after = await self._cursors.place(name, query.after, tuple[str, int])
        found = await roles.select_roles_held(
            self._db, call.user_id, limit=query.first + 1, role=query.role, after=after or ("", 0)
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.role, row.channel_id])
        return Answer(Page([_held(row) for row in found[: query.first]], more))


def _holder(holder: roles.RoleHolder) -> RoleHolder:
    return RoleHolder(
        user_id=str(holder.id),
        user_login=holder.login,
        user_name=holder.display_name,
        created_at=rfc3339(holder.created_at),
    )


def _held(held: roles.RoleHeld) -> RoleHeld:
    return RoleHeld(
        broadcaster_id=str(held.channel_id),
        broadcaster_login=held.login,
        broadcaster_name=held.display_name,
        role=held.role,
    )
