"""Routes about passwords and the second factor."""

import time
from typing import Annotated

import msgspec
from msgspec import Meta

from common.credentials import hash_password, secret_sha256
from common.db import Database
from common.queries import one_time_tokens, sessions, totp, users
from common.totp_codes import (
    RECOVERY_CODES,
    matching_step,
    new_recovery_code,
    new_totp_secret,
    provisioning_uri,
    secret_text,
)
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, GivenPassword, Password, Secret
from webapp.people import People, recovery_hash
from webapp.problems import ApiProblemError


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which password to which."""

    current: GivenPassword
    password: Password


class PasswordReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new password for the account that a link was made for."""

    token: Secret
    password: Password


class GivenCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shows that an app has the secret."""

    code: Annotated[str, Meta(max_length=20)]


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password, again."""

    password: GivenPassword


class TotpState(msgspec.Struct, frozen=True):
    """Whether logging in needs a code."""

    enabled: bool
    recovery_codes: int
    """How many are left; each works once."""


class TotpOffer(msgspec.Struct, frozen=True):
    """What an authenticator app needs; it counts once a code of it was sent."""

    secret: str
    uri: str
    """What the QR code holds."""


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes for the day the phone is gone, shown this once; each works once."""

    recovery_codes: list[str]


class PasswordRoutes:
    """Passwords and the second factor."""

    def __init__(self, db: Database, people: People) -> None:
        self._db = db
        self._people = people

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="PUT",
                route="/users/me/password",
                tag="Passwords",
                summary="Change your password. All other sessions end.",
                handle=self._change,
                status=204,
                access=SESSION_ONLY,
                body=PasswordChange,
            ),
            Endpoint(
                method="POST",
                route="/password-resets",
                tag="Passwords",
                summary="Set a new password with the token of a reset link. All sessions end.",
                handle=self._reset,
                status=204,
                body=PasswordReset,
            ),
            Endpoint(
                method="GET",
                route="/users/me/totp",
                tag="Passwords",
                summary="Whether logging in needs a code, and how many recovery codes are left.",
                handle=self._show_totp,
                answer=Data[TotpState],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="POST",
                route="/users/me/totp",
                tag="Passwords",
                summary="Get a secret for an authenticator app; nothing changes until a code of it was sent.",
                handle=self._offer_totp,
                answer=Data[TotpOffer],
                access=SESSION_ONLY,
                body=Confirmation,
                problems=(409,),
            ),
            Endpoint(
                method="PUT",
                route="/users/me/totp",
                tag="Passwords",
                summary="Send a code of the app: from now on logging in needs one. Gives the recovery codes.",
                handle=self._confirm_totp,
                answer=Data[RecoveryCodes],
                access=SESSION_ONLY,
                body=GivenCode,
                problems=(409,),
            ),
            Endpoint(
                method="POST",
                route="/users/me/totp/removal",
                tag="Passwords",
                summary="Log in without codes again.",
                handle=self._remove_totp,
                status=204,
                access=SESSION_ONLY,
                body=Confirmation,
                problems=(409,),
            ),
        ]

    async def _change(self, call: Call[Nothing, Nothing, PasswordChange]) -> Answer:
        await self._people.check_password(call, call.body.current)
        password_hash = await hash_password(call.body.password)
        async with self._db.transaction() as transaction:
            await users.update_password_hash(transaction, call.user_id, password_hash)
            await sessions.delete_sessions(
                transaction, call.user_id, except_id=call.caller.principal.credential_id
            )
        self._people.forget("users", call.user_id)
        return Answer()

    async def _reset(self, call: Call[Nothing, Nothing, PasswordReset]) -> Answer:
        await self.reset(call.body)
        return Answer()

    async def reset(self, reset: PasswordReset) -> None:
        """Set a password with the token of a link, or refuse."""
        token_hash = secret_sha256(reset.token)
        refusal = ApiProblemError(403, "This link was used, or is over; ask for another one.")
        # Before the costly hash: a made-up token must cost us nothing.
        if not await one_time_tokens.exists_one_time_token(self._db, purpose="reset", token_hash=token_hash):
            raise refusal
        password_hash = await hash_password(reset.password)
        async with self._db.transaction() as transaction:
            token = await one_time_tokens.use_one_time_token(
                transaction, purpose="reset", token_hash=token_hash
            )
            if token is None or token.user_id is None:
                raise refusal
            await users.update_password_hash(transaction, token.user_id, password_hash)
            await sessions.delete_sessions(transaction, token.user_id)
        self._people.forget("users", token.user_id)

    async def _show_totp(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        left = await totp.count_recovery_codes(self._db, call.user_id)
        return Answer(Data([TotpState(enabled=left is not None, recovery_codes=left or 0)]))

    async def _offer_totp(self, call: Call[Nothing, Nothing, Confirmation]) -> Answer:
        await self._people.check_password(call, call.body.password)
        secret = new_totp_secret()
        if not await totp.offer_totp(self._db, call.user_id, secret):
            raise ApiProblemError(409, "Codes are asked for already; remove that first.")
        uri = provisioning_uri(secret, login=call.caller.principal.login, site="weir")
        return Answer(Data([TotpOffer(secret_text(secret), uri)]))

    async def _confirm_totp(self, call: Call[Nothing, Nothing, GivenCode]) -> Answer:
        offered = await totp.select_totp(self._db, call.user_id)
        if offered is None or offered.confirmed_at is not None:
            raise ApiProblemError(409, "There is no secret to confirm.")
        step = matching_step(offered.secret, call.body.code, time.time())
        if step is None:
            raise ApiProblemError(403, "This is not the code of now; check the clock of the phone.")
        codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        async with self._db.transaction() as transaction:
            hashes = [recovery_hash(code) for code in codes]
            if not await totp.confirm_totp(transaction, call.user_id, offered.secret, hashes):
                raise ApiProblemError(409, "There is no secret to confirm.")
            await totp.use_totp_step(transaction, call.user_id, step)
        return Answer(Data([RecoveryCodes(codes)]))

    async def _remove_totp(self, call: Call[Nothing, Nothing, Confirmation]) -> Answer:
        await self._people.check_password(call, call.body.password)
        if not await totp.delete_totp(self._db, call.user_id):
            raise ApiProblemError(409, "Codes are not asked for.")
        return Answer()
