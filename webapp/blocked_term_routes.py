"""Routes about the terms that a channel blocks in its chat; names are those of Helix `blocked_terms`, with ours for more."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from common.blocked_terms import MAX_LETTERS, MIN_LETTERS
from common.chat_terms import MAX_AT_ONCE, block_terms, unblock_term
from common.db import Database
from common.queries import chat_rules
from common.rights import Right
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Id, IdText, Login, Page, PageQuery, Timestamp, rfc3339, rfc3339_or_none
from webapp.problems import ApiProblemError
from webapp.room_acts import done, moderator_of, place_of

TermText = Annotated[
    str,
    Meta(
        min_length=MIN_LETTERS,
        max_length=MAX_LETTERS,
        pattern="^[^\u0000-\u001f]*$",
        description="A phrase; * stands for any letters of a word.",
    ),
]


class BlockedTerm(msgspec.Struct, frozen=True):
    """What nobody but moderators may write."""

    id: IdText
    text: str
    is_regex: bool
    moderator_id: str
    """Who blocked it last; '': an account that is gone."""
    created_at: Timestamp
    expires_at: Timestamp | None
    """Null: never."""


class NewTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One term, or several."""

    text: TermText | UnsetType = UNSET
    texts: Annotated[list[TermText], Meta(max_length=MAX_AT_ONCE)] = []
    is_regex: bool = False
    """Whether they are regular expressions (RE2)."""
    duration_seconds: Annotated[int, Meta(ge=60, le=31_536_000)] | UnsetType | None = UNSET
    """How long; left out: for good."""


class TermPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which term of which channel."""

    login: Login
    id: Id


class BlockedTermRoutes:
    """Blocked terms."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        route = "/channels/{login}/blocked-terms"
        change = Access(scope="moderator:manage:blocked_terms")
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Chat",
                summary="Which terms are blocked in a chat that you moderate, the newest first.",
                handle=self._list,
                answer=Page[BlockedTerm],
                access=Access(scope="moderator:read:blocked_terms"),
                path=ChannelPath,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route=route,
                tag="Chat",
                summary="Block terms in a chat that you moderate.",
                handle=self._block,
                answer=Data[BlockedTerm],
                status=201,
                access=change,
                path=ChannelPath,
                body=NewTerms,
                problems=(422,),
            ),
            Endpoint(
                method="DELETE",
                route=f"{route}/{{id}}",
                tag="Chat",
                summary="Block a term no more.",
                handle=self._unblock,
                status=204,
                access=change,
                path=TermPath,
            ),
        ]

    async def _list(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        name, query = f"blocked terms of {visited.id}", call.query
        before_id = await self._cursors.last_id(name, query)
        found = await chat_rules.select_blocked_terms(
            self._db, visited.id, limit=query.first + 1, before_id=before_id
        )
        return Answer(await self._cursors.page(name, query, found, _shown))

    async def _block(self, call: Call[ChannelPath, Nothing, NewTerms]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        body = call.body
        texts = [*([body.text] if isinstance(body.text, str) else []), *body.texts]
        if not texts:
            raise ApiProblemError(422, "Say which term is to be blocked.")
        blocked = done(
            await block_terms(
                self._db,
                await moderator_of(self._actors, call),
                place_of(visited),
                texts,
                is_regex=body.is_regex,
                duration_s=body.duration_seconds if isinstance(body.duration_seconds, int) else None,
            )
        )
        return Answer(Data([_shown(term) for term in blocked]))

    async def _unblock(self, call: Call[TermPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator = await moderator_of(self._actors, call)
        done(await unblock_term(self._db, moderator, place_of(visited), call.path.id))
        return Answer()


def _shown(term: chat_rules.BlockedTerm) -> BlockedTerm:
    return BlockedTerm(
        id=str(term.id),
        text=term.text,
        is_regex=term.is_regex,
        moderator_id="" if term.moderator_id is None else str(term.moderator_id),
        created_at=rfc3339(term.created_at),
        expires_at=rfc3339_or_none(term.expires_at),
    )
