"""Routes about e-mail: proving an address, and resetting a forgotten password through it."""

from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import msgspec
import trio

from common.credentials import new_secret, secret_sha256
from common.db import Database
from common.limits import ConnectionRate, is_loopback
from common.queries import one_time_tokens, users
from common.queries.one_time_tokens import Purpose
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Email, GivenPassword, Login, Secret
from webapp.mail import Letter, Post
from webapp.people import People
from webapp.problems import ApiProblemError

VERIFY_LIFETIME = timedelta(days=3)
RESET_LIFETIME = timedelta(hours=1)
LETTERS_PER_HOUR = 5
"""That one address may have written, and that one account gets."""


class EmailChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another address."""

    password: GivenPassword
    email: Email | None
    """`null`: none any more."""


class Verification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came by e-mail."""

    token: Secret


class ResetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who forgot the password."""

    login: Login


class EmailRoutes:
    """Addresses and the letters to them.

    Args:
        db: accounts.
        people: passwords.
        post: where letters are handed in; `None`: this site sends none.
        web_url: what links begin with. Never what a request says of itself: whoever asks for a reset of somebody else's
            password would choose where the link leads.

    """

    def __init__(self, db: Database, people: People, post: Post | None, web_url: str | None) -> None:
        self._db = db
        self._people = people
        self._post = post if web_url else None
        self._web_url = (web_url or "").rstrip("/")
        self._by_address = ConnectionRate(per_s=LETTERS_PER_HOUR / 3600, burst=LETTERS_PER_HOUR)
        self._by_account = ConnectionRate(per_s=LETTERS_PER_HOUR / 3600, burst=LETTERS_PER_HOUR)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="PUT",
                route="/users/me/email",
                tag="E-mail",
                summary="Change your e-mail address; a link to prove it is sent there, if this site sends e-mail.",
                handle=self._change,
                status=204,
                access=SESSION_ONLY,
                body=EmailChange,
            ),
            Endpoint(
                method="POST",
                route="/email-verifications",
                tag="E-mail",
                summary="Prove an address with the token of the link that was sent there.",
                handle=self._verify,
                status=204,
                body=Verification,
            ),
            Endpoint(
                method="POST",
                route="/password-resets/requests",
                tag="E-mail",
                summary="Have a link sent to the proven address of an account; the answer does not tell whether it has one.",
                handle=self._request_reset,
                status=204,
                body=ResetRequest,
                problems=(409,),
            ),
        ]

    async def _change(self, call: Call[Nothing, Nothing, EmailChange]) -> Answer:
        await self._people.check_password(call, call.body.password)
        await users.update_email(self._db, call.user_id, call.body.email, verified=False)
        if call.body.email is not None:
            self.ask_to_verify(call.user_id, call.body.email)
        return Answer()

    def ask_to_verify(self, user_id: int, email: str) -> None:
        """Send the link that proves an address, if this site sends e-mail and the account did not get too many."""
        if self._post is not None and self._by_account.allow(f"account {user_id}", trio.current_time()):
            self._post.offer(partial(self._write_verification, user_id, email))

    async def _verify(self, call: Call[Nothing, Nothing, Verification]) -> Answer:
        await self.verify(call.body.token)
        return Answer()

    async def verify(self, token: str) -> None:
        """Note that an address is proven, or refuse: the token was used, or the account has another address by now."""
        async with self._db.transaction() as transaction:
            found = await one_time_tokens.use_one_time_token(
                transaction, purpose="verify", token_hash=secret_sha256(token)
            )
            verified = (
                found is not None
                and found.user_id is not None
                and found.email is not None
                and await users.verify_email(transaction, found.user_id, found.email)
            )
        if not verified:
            raise ApiProblemError(403, "This link was used, or is over; ask for another one.")

    async def _request_reset(self, call: Call[Nothing, Nothing, ResetRequest]) -> Answer:
        await trio.lowlevel.checkpoint()
        if self._post is None:
            raise ApiProblemError(409, "This site sends no e-mail; ask whoever runs it for a link.")
        address, now = call.caller.address, trio.current_time()
        if not is_loopback(address) and not self._by_address.allow(address, now):
            raise ApiProblemError(429, "Too many requests for links; come back later.", retry_after_s=720)
        if not self._post.offer(partial(self._write_reset, call.body.login)):
            raise ApiProblemError(503, "Too many letters wait to be sent; try again soon.", retry_after_s=60)
        return Answer()

    async def _write_verification(self, user_id: int, email: str) -> Letter:
        link = await self._link("verify", VERIFY_LIFETIME, user_id, email)
        return Letter(
            email,
            "Confirm your e-mail address",
            f"To confirm that this is your address, open\n\n{link}\n\nwithin three days. "
            "If you did not ask for this, ignore it: nothing happens without you.\n",
        )

    async def _write_reset(self, login: str) -> Letter | None:
        user = await users.select_user_by_login(self._db, login)
        if user is None or user.email is None or user.email_verified_at is None or user.suspended_at:
            return None
        if not self._by_account.allow(f"account {user.id}", trio.current_time()):
            return None
        link = await self._link("reset", RESET_LIFETIME, user.id, None)
        return Letter(
            user.email,
            "A new password",
            f"To set a new password for {user.login}, open\n\n{link}\n\nwithin an hour. "
            "If you did not ask for this, ignore it: the password stays as it is.\n",
        )

    async def _link(self, purpose: Purpose, lifetime: timedelta, user_id: int, email: str | None) -> str:
        secret = new_secret(f"weir{purpose}_")
        await one_time_tokens.insert_one_time_token(
            self._db,
            purpose=purpose,
            token_hash=secret.sha256,
            lifetime=lifetime,
            user_id=user_id,
            email=email,
        )
        return f"{self._web_url}/{purpose}?{urlencode({'token': secret.text})}"
