"""What the routes about accounts share: beginning and ending sessions, checking a password, and how an account looks."""

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Literal

import msgspec

from common.auth import Authenticator, new_session_secret
from common.credentials import secret_sha256, verify_password
from common.db import ControlChange, Database, Executor
from common.queries import sessions, totp, users
from common.queries.users import LoginRecord
from common.totp_codes import matching_step, plain_recovery_code
from webapp.assets import asset_url_or_empty
from webapp.endpoint import Call, Caller
from webapp.fields import IdText, Timestamp, rfc3339
from webapp.gateway import COOKIE_AGE_S
from webapp.login_guard import LoginGuard
from webapp.password_tries import counted_try
from webapp.problems import ApiProblemError

_IPV4_PREFIX, _IPV6_PREFIX = 24, 48


class User(msgspec.Struct, frozen=True):
    """An account as everybody sees it."""

    id: IdText
    login: str
    display_name: str
    type: Literal["", "staff", "admin"]
    description: str
    profile_image_url: str
    """'' without one."""
    created_at: Timestamp
    is_bot: bool
    """Whether a program says what it writes, as it says of itself."""


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account as its owner sees it."""

    id: IdText
    login: str
    display_name: str
    type: Literal["", "staff", "admin"]
    description: str
    profile_image_url: str
    created_at: Timestamp
    is_bot: bool
    chat_color: str
    """Of the name in chat, `#RRGGBB`; '': none was chosen."""
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    """Left out where a token lacks the scope `user:read:email`."""
    email_verified: bool | msgspec.UnsetType = msgspec.UNSET


class People:
    """Sessions and passwords of accounts."""

    def __init__(self, db: Database, auth: Authenticator) -> None:
        self._db = db
        self._auth = auth
        self._guard = LoginGuard()

    async def begin_session(self, db: Executor, caller: Caller, user_id: int) -> str:
        """Log somebody in; give what the cookie becomes: always a new secret, whatever the browser came with."""
        secret = new_session_secret()
        await sessions.insert_session(
            db,
            user_id=user_id,
            token_hash=secret.sha256,
            address=network_of(caller.address),
            user_agent="".join(letter for letter in caller.user_agent if letter.isprintable()),
            expires_at=datetime.now(UTC) + timedelta(seconds=COOKIE_AGE_S),
        )
        before = caller.principal
        if before.kind == "session" and before.user_id is not None and before.credential_id is not None:
            await sessions.delete_session(db, user_id=before.user_id, session_id=before.credential_id)
            self.forget("sessions", before.credential_id)
        return secret.text

    def forget(self, table: str, row_id: int) -> None:
        """Stop believing, at once in this process, what was just deleted; the others hear of it."""
        self._auth.forget(ControlChange(table, row_id))

    async def check_login(self, caller: Caller, login: str, password: str, code: str | None) -> LoginRecord:
        """Say whose login and password these are, or refuse; a wrong login takes as long as a wrong password."""
        with counted_try(self._guard, caller.address, login):
            record = await users.select_login_record(self._db, login)
            right = await verify_password(password, record.password_hash if record else None)
        if record is None or not right:
            raise ApiProblemError(401, "Login or password is wrong.")
        if record.suspended_at is not None:
            raise ApiProblemError(403, "This account is suspended.")
        if record.has_totp:
            await self._check_code(record.id, code)
        self._guard.was_right(caller.address, login)
        return record

    async def check_password(self, call: Call[Any, Any, Any], password: str) -> None:
        """Refuse unless this is the password of who is logged in: for what a stolen session must not do."""
        caller = call.caller
        with counted_try(self._guard, caller.address, caller.principal.login):
            right = await verify_password(password, await users.select_password_hash(self._db, call.user_id))
        if not right:
            raise ApiProblemError(403, "The password is wrong.", reason="wrong_password")
        self._guard.was_right(caller.address, caller.principal.login)

    async def _check_code(self, user_id: int, code: str | None) -> None:
        if code is None:
            raise ApiProblemError(
                401,
                "Send the code of your authenticator app, too, or a recovery code.",
                reason="totp_required",
            )
        found = await totp.select_totp(self._db, user_id)
        step = matching_step(found.secret, code, time.time()) if found else None
        if step is not None and await totp.use_totp_step(self._db, user_id, step):
            return
        if not await totp.use_recovery_code(self._db, user_id, recovery_hash(code)):
            raise ApiProblemError(401, "This code is wrong, or was used before.", reason="totp_required")


def recovery_hash(code: str) -> bytes:
    """Give what is stored of a recovery code, however it is typed."""
    return secret_sha256(plain_recovery_code(code))


def user_type(user: users.User) -> Literal["", "staff", "admin"]:
    """Give Helix's `type`."""
    return "admin" if user.is_admin else "staff" if user.is_staff else ""


def public_user(user: users.User) -> User:
    """Show an account to everybody."""
    return User(
        id=str(user.id),
        login=user.login,
        display_name=user.display_name,
        type=user_type(user),
        description=user.description,
        profile_image_url=asset_url_or_empty(user.profile_image),
        created_at=rfc3339(user.created_at),
        is_bot=user.is_bot,
    )


def own_account(user: users.User, *, with_email: bool = True) -> Account:
    """Show an account to its owner."""
    return Account(
        id=str(user.id),
        login=user.login,
        display_name=user.display_name,
        type=user_type(user),
        description=user.description,
        profile_image_url=asset_url_or_empty(user.profile_image),
        created_at=rfc3339(user.created_at),
        is_bot=user.is_bot,
        chat_color=user.chat_color,
        email=user.email if with_email else msgspec.UNSET,
        email_verified=user.email_verified_at is not None if with_email else msgspec.UNSET,
    )


def network_of(address: str) -> str:
    """Give the network of an address, to be kept: enough for somebody to recognise their own, and no more."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(ip_network((ip, _IPV4_PREFIX if ip.version == 4 else _IPV6_PREFIX), strict=False))
