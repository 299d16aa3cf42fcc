"""Routes that tell which emotes there are, and who may use which."""

from typing import Annotated

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import emotes
from common.queries.emotes import SITE, parse_set_id
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.emote_views import EmoteList, EmotePage, show, template
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, Login, PageSize

MAX_SETS = 25
"""Of one request, as on Helix."""


class SetsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which sets."""

    emote_set_id: Annotated[
        list[Annotated[str, Meta(pattern="^[0-9]{1,20}$")]], Meta(min_length=1, max_length=MAX_SETS)
    ]


class UsableQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where, and which page."""

    channel: Login | None = None
    """With those that can be used in its chat only."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class EmoteRoutes:
    """Emotes, for everybody."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/chat/emotes/global",
                tag="Emotes",
                summary="The emotes of the site, which everybody may use everywhere.",
                handle=self._global,
                answer=EmoteList,
            ),
            Endpoint(
                method="GET",
                route="/chat/emotes/set",
                tag="Emotes",
                summary="The emotes of some sets, as IRC names them in `emote-sets`.",
                handle=self._sets,
                answer=EmoteList,
                query=SetsQuery,
            ),
            Endpoint(
                method="GET",
                route="/channels/{login}/emotes",
                tag="Emotes",
                summary="The emotes of a channel.",
                handle=self._channel,
                answer=EmoteList,
                path=ChannelPath,
            ),
            Endpoint(
                method="GET",
                route="/users/me/emotes",
                tag="Emotes",
                summary="The emotes that you may use: everywhere, and in one channel if you name it.",
                handle=self._usable,
                answer=EmotePage,
                access=Access(scope="user:read:emotes"),
                query=UsableQuery,
            ),
        ]

    async def _global(self, _call: Call[Nothing, Nothing, Nothing]) -> Answer:
        return _list(await emotes.select_emotes(self._db, [SITE]))

    async def _sets(self, call: Call[Nothing, SetsQuery, Nothing]) -> Answer:
        wanted = {parse_set_id(text) for text in call.query.emote_set_id} - {None}
        found = await emotes.select_emotes(self._db, sorted({place[0] for place in wanted if place}))
        return _list([emote for emote in found if (emote.channel_id or SITE, emote.tier) in wanted])

    async def _channel(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        channel = await self._access.find(call, call.path.login)
        return _list(await emotes.select_emotes(self._db, [channel.id]))

    async def _usable(self, call: Call[Nothing, UsableQuery, Nothing]) -> Answer:
        query, user_id = call.query, call.user_id
        usable = {emote.id: emote for emote in await emotes.select_emotes(self._db, [SITE])}
        usable |= {emote.id: emote for emote in await emotes.select_emotes_elsewhere(self._db, user_id)}
        if query.channel is not None:
            usable |= await self._usable_in(call, query.channel)
        name = f"emotes of {user_id} in {(query.channel or '').lower()}"
        place = await self._cursors.place(name, query.after, tuple[int])
        rows = sorted(
            (emote for emote in usable.values() if place is None or emote.id > place[0]),
            key=lambda emote: emote.id,
        )
        more = await self._cursors.more(name, query.first, rows, lambda emote: [emote.id])
        return Answer(EmotePage([show(emote) for emote in rows[: query.first]], template(), more))

    async def _usable_in(
        self, call: Call[Nothing, UsableQuery, Nothing], login: str
    ) -> dict[int, emotes.Emote]:
        visited = await self._access.channel(call, login)
        claims = await emotes.select_claims(self._db, user_id=call.user_id, channel_id=visited.id)
        has_all = visited.is_own or "moderator" in visited.roles or bool(call.caller.principal.site_role)
        found = await emotes.select_emotes(self._db, [visited.id])
        return {emote.id: emote for emote in found if has_all or claims.give(emote.tier)}


def _list(found: list[emotes.Emote]) -> Answer:
    return Answer(EmoteList([show(emote) for emote in found], template()))
