"""Access and refresh tokens for apps: for a code, for a refresh token, or in an app's own name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec
import trio

from common.auth import new_token_secret
from common.credentials import secret_sha256
from common.db import Database, Transaction
from common.queries import oauth_grants
from common.queries.oauth_apps import Client
from common.queries.oauth_grants import CodeGrant, RefreshGrant
from common.queries.site_secrets import obtain_site_secret
from webapp.oauth_clients import OAuthRefusalError
from webapp.oauth_requests import RefusedRequestError, read_scopes
from webapp.people import People
from webapp.pkce import proves
from webapp.refresh_chains import Age, age_of, new_chain, refresh_token, split_refresh_token

USER_TOKEN_LIFETIME = timedelta(hours=4)
"""Of an app's token for somebody, about as on Twitch; the refresh token gives the next."""
APP_TOKEN_LIFETIME = timedelta(days=1)


class Tokens(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an app gets, as Twitch writes it: `scope` is a list."""

    access_token: str
    expires_in: int
    """Seconds."""
    token_type: Literal["bearer"] | msgspec.UnsetType = msgspec.UNSET
    refresh_token: str | msgspec.UnsetType = msgspec.UNSET
    scope: list[str] | str | msgspec.UnsetType = msgspec.UNSET

    def standard(self) -> "Tokens":
        """Give the same with `scope` as RFC 6749 5.1 writes it: one text."""
        if not isinstance(self.scope, list):
            return self
        return msgspec.structs.replace(self, scope=" ".join(self.scope))


class TokenIssuer:
    """Gives tokens out, and ends authorizations whose secrets got into other hands."""

    def __init__(self, db: Database, people: People) -> None:
        self._db = db
        self._people = people
        self._key: bytes | None = None

    async def exchange_code(
        self, client: Client, code: str, redirect_uri: str, verifier: str | None
    ) -> Tokens:
        """Give tokens for a code, once. A second use ends what the first gave: one of both was a thief's (RFC 6749 4.1.2).

        Raises `OAuthRefusalError`.
        """
        key, chain = await self._shared_key(), new_chain()
        async with self._db.transaction() as transaction:
            grant = await oauth_grants.select_code_for_update(transaction, secret_sha256(code))
            if grant is None or grant.app_id != client.id:
                raise _invalid("Invalid authorization code")
            if not grant.is_used:
                if grant.is_over or grant.redirect_uri != redirect_uri:
                    raise _invalid("Invalid authorization code")
                if not proves(verifier, grant.challenge):
                    raise _invalid("Invalid code verifier")
                await oauth_grants.use_code(transaction, grant.id, chain_hash=chain.sha256)
                refresh = refresh_token(key, chain.text, 0)
                return await _issue(transaction, grant, grant.scopes, refresh)
            ended = await oauth_grants.delete_grant(transaction, grant.id)
        self.forget(ended)
        raise _invalid("Invalid authorization code")

    async def refresh(self, client: Client, token: str, scope: str | None) -> Tokens:
        """Give the next tokens for a refresh token; `scope` may ask for less than was allowed, for the access token.

        One that was followed by another ends the authorization, unless that was a moment ago. Raises `OAuthRefusalError`.
        """
        key, parts = await self._shared_key(), split_refresh_token(token)
        if parts is None:
            raise _invalid("Invalid refresh token")
        chain, tail = parts
        async with self._db.transaction() as transaction:
            grant = await oauth_grants.select_chain_for_update(transaction, secret_sha256(chain))
            if grant is None or grant.app_id != client.id:
                raise _invalid("Invalid refresh token")
            age, turn = age_of(key, chain, tail, grant.turn), grant.turn
            if age is Age.CURRENT or (age is Age.PREVIOUS and grant.in_grace):
                if grant.is_over:
                    raise _invalid("Invalid refresh token")
                scopes = _narrowed(grant.scopes, scope)
                if age is Age.CURRENT:
                    await oauth_grants.turn_chain(transaction, grant.id)
                    turn += 1
                return await _issue(transaction, grant, scopes, refresh_token(key, chain, turn))
            ended = await oauth_grants.delete_grant(transaction, grant.id)
        self.forget(ended)
        raise _invalid("Invalid refresh token")

    async def app_token(self, client: Client) -> Tokens:
        """Give an app a token in its own name: it may read what everybody may. Raises `OAuthRefusalError`."""
        if client.secret_hash is None:
            raise OAuthRefusalError(
                "unauthorized_client", "only an app with a secret gets a token of its own"
            )
        secret = new_token_secret()
        if not await oauth_grants.insert_app_token(
            self._db,
            app_id=client.id,
            token_hash=secret.sha256,
            last4=secret.last4,
            lifetime=APP_TOKEN_LIFETIME,
        ):
            raise OAuthRefusalError("invalid_client", "invalid client", status=401)
        return Tokens(secret.text, int(APP_TOKEN_LIFETIME.total_seconds()), "bearer")

    async def revoke(self, client: Client, token: str) -> bool:
        """End an access token of an app, or with a refresh token all that follows from its authorization.

        `False`: the app has no such token.
        """
        token_id = await oauth_grants.delete_token_of_app(
            self._db, app_id=client.id, token_hash=secret_sha256(token)
        )
        if token_id is not None:
            self.forget([token_id])
            return True
        parts = split_refresh_token(token)
        if parts is None:
            return False
        async with self._db.transaction() as transaction:
            grant = await oauth_grants.select_chain_for_update(transaction, secret_sha256(parts[0]))
            if grant is None or grant.app_id != client.id:
                return False
            ended = await oauth_grants.delete_grant(transaction, grant.id)
        self.forget(ended)
        return True

    def forget(self, token_ids: Sequence[int]) -> None:
        """Stop believing these tokens at once in this process; the others hear of it."""
        for token_id in token_ids:
            self._people.forget("access_tokens", token_id)

    async def _shared_key(self) -> bytes:
        if self._key is not None:
            await trio.lowlevel.checkpoint()
        else:
            self._key = await obtain_site_secret(self._db, "refresh_tokens")
        return self._key


async def _issue(
    transaction: Transaction, grant: CodeGrant | RefreshGrant, scopes: Sequence[str], refresh: str
) -> Tokens:
    secret = new_token_secret()
    await oauth_grants.insert_user_token(
        transaction,
        user_id=grant.user_id,
        app_id=grant.app_id,
        grant_id=grant.id,
        token_hash=secret.sha256,
        last4=secret.last4,
        scopes=scopes,
        lifetime=USER_TOKEN_LIFETIME,
    )
    lifetime_s = int(USER_TOKEN_LIFETIME.total_seconds())
    return Tokens(secret.text, lifetime_s, "bearer", refresh, list(scopes))


def _narrowed(allowed: Sequence[str], scope: str | None) -> Sequence[str]:
    if scope is None:
        return allowed
    try:
        wanted = read_scopes(scope)
    except RefusedRequestError as error:
        raise OAuthRefusalError("invalid_scope", error.description) from None
    if more := set(wanted) - set(allowed):
        raise OAuthRefusalError("invalid_scope", f"the scope {min(more)} was not allowed")
    return wanted


def _invalid(description: str) -> OAuthRefusalError:
    return OAuthRefusalError("invalid_grant", description)
