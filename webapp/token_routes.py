"""Routes about personal access tokens: what programs use in a person's name."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from common.auth import new_token_secret
from common.db import Database
from common.principals import SCOPES
from common.queries import access_tokens
from webapp.cursors import Cursors
from webapp.endpoint import LOGGED_IN, SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    Data,
    Id,
    IdText,
    Label,
    Page,
    PageQuery,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.people import People
from webapp.problems import ApiProblemError

Scope = Annotated[str, Meta(extra_json_schema={"enum": sorted(SCOPES)})]


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token that is wanted."""

    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(SCOPES))]
    label: Label = ""
    expires_in_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    """Without it the token lives until it is revoked."""


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """A token as its owner sees it."""

    id: IdText
    label: str
    last4: str
    scopes: list[str]
    created_at: Timestamp
    last_used_at: Timestamp | None
    expires_at: Timestamp | None
    access_token: str | msgspec.UnsetType = msgspec.UNSET
    """The token itself; only in the answer to making it."""


class TokenInfo(msgspec.Struct, frozen=True):
    """What a program may want to know of the token it uses."""

    user_id: IdText
    login: str
    scopes: list[str]
    expires_at: Timestamp | None


class TokenPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which token."""

    id: Id


class TokenRoutes:
    """Personal access tokens."""

    def __init__(self, db: Database, cursors: Cursors, people: People) -> None:
        self._db = db
        self._cursors = cursors
        self._people = people

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/tokens",
                tag="Tokens",
                summary="Your tokens, the newest first.",
                handle=self._list,
                answer=Page[Token],
                access=SESSION_ONLY,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route="/tokens",
                tag="Tokens",
                summary="Make a token for a program. It is shown in this answer, and never again.",
                handle=self._create,
                answer=Data[Token],
                status=201,
                access=SESSION_ONLY,
                body=NewToken,
                problems=(409,),
            ),
            Endpoint(
                method="GET",
                route="/tokens/current",
                tag="Tokens",
                summary="For a program: whose token it uses, and what it may do.",
                handle=self._current,
                answer=Data[TokenInfo],
                access=LOGGED_IN,
                problems=(404,),
            ),
            Endpoint(
                method="DELETE",
                route="/tokens/current",
                tag="Tokens",
                summary="For a program: revoke the token it uses.",
                handle=self._revoke_current,
                status=204,
                access=LOGGED_IN,
                problems=(404,),
            ),
            Endpoint(
                method="DELETE",
                route="/tokens/{id}",
                tag="Tokens",
                summary="Revoke a token.",
                handle=self._revoke,
                status=204,
                access=SESSION_ONLY,
                path=TokenPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = f"tokens of {call.user_id}", call.query
        found = await access_tokens.select_tokens(
            self._db, call.user_id, limit=query.first + 1, before_id=await self._cursors.last_id(name, query)
        )
        return Answer(await self._cursors.page(name, query, found, _token))

    async def _create(self, call: Call[Nothing, Nothing, NewToken]) -> Answer:
        body, secret = call.body, new_token_secret()
        if unknown := set(body.scopes) - SCOPES.keys():
            raise ApiProblemError(400, f"There is no scope {min(unknown)[:50]!r}.")
        days = body.expires_in_days
        made = await access_tokens.insert_token(
            self._db,
            user_id=call.user_id,
            token_hash=secret.sha256,
            last4=secret.last4,
            label=body.label,
            scopes=sorted(set(body.scopes)),
            expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
        )
        if made is None:
            raise ApiProblemError(
                409, f"An account has at most {access_tokens.MAX_TOKENS} tokens; revoke one first."
            )
        return Answer(Data([_token(made, secret.text)]))

    async def _current(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        principal = call.caller.principal
        await _only_token(call)
        info = TokenInfo(
            user_id=str(call.user_id),
            login=principal.login,
            scopes=sorted(principal.scopes),
            expires_at=rfc3339_or_none(principal.expires_at),
        )
        return Answer(Data([info]))

    async def _revoke_current(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        await self._delete(call.user_id, await _only_token(call))
        return Answer()

    async def _revoke(self, call: Call[TokenPath, Nothing, Nothing]) -> Answer:
        await self._delete(call.user_id, call.path.id)
        return Answer()

    async def _delete(self, user_id: int, token_id: int) -> None:
        if not await access_tokens.delete_token(self._db, user_id=user_id, token_id=token_id):
            raise ApiProblemError(404, "You have no such token.")
        self._people.forget("access_tokens", token_id)


async def _only_token(call: Call[Nothing, Nothing, Nothing]) -> int:
    """Give the id of the token that asks; a session is told that there is none."""
    principal = call.caller.principal
    await trio.lowlevel.checkpoint()
    if principal.kind != "token" or principal.credential_id is None:
        raise ApiProblemError(404, "No token was sent.")
    return principal.credential_id


def _token(token: access_tokens.AccessToken, text: str | None = None) -> Token:
    return Token(
        id=str(token.id),
        label=token.label,
        last4=token.last4,
        scopes=token.scopes,
        created_at=rfc3339(token.created_at),
        last_used_at=rfc3339_or_none(token.last_used_at),
        expires_at=rfc3339_or_none(token.expires_at),
        access_token=msgspec.UNSET if text is None else text,
    )
