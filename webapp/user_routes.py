"""Routes about accounts: signing up, looking people up, taking one's data along, and leaving."""

from typing import Annotated, Any

import msgspec
import trio
from msgspec import UNSET, Meta, UnsetType

from common.credentials import hash_password, secret_sha256
from common.db import Database, UniqueViolationError
from common.ids import InvalidLoginError, check_login
from common.limits import ConnectionRate, is_loopback
from common.queries import account_export, one_time_tokens, users
from common.site_settings import CurrentSettings
from webapp.email_routes import EmailRoutes
from webapp.endpoint import LOGGED_IN, SESSION_ONLY, Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import MAX_ID, MAX_PAGE, Data, Email, GivenPassword, Login, Password, Secret
from webapp.people import Account, People, User, own_account, public_user
from webapp.problems import ApiProblemError
from webapp.texts import check_display_name, check_text

SIGN_UPS_PER_HOUR = 10
"""From one address."""


class SignUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new account."""

    login: Login
    """As it will be shown; capitals do not tell accounts apart."""
    password: Password
    email: Email | None = None
    invitation: Secret | None = None
    """Needed where `registration` of `/site` is `invite`."""


class UsersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which accounts."""

    id: Annotated[list[Annotated[int, Meta(ge=1, le=MAX_ID)]], Meta(max_length=MAX_PAGE)] = []
    login: Annotated[list[Login], Meta(max_length=MAX_PAGE)] = []


class ProfileChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; what is left out stays as it is."""

    display_name: Annotated[str, Meta(max_length=50)] | UnsetType = UNSET
    """Your login in other cases of letters, or with accents."""
    description: Annotated[str, Meta(max_length=300)] | UnsetType = UNSET
    is_bot: bool | UnsetType = UNSET
    """Whether a program writes with this account; chat shows a badge beside what it says."""
    chat_color: Annotated[str, Meta(pattern="^(#[0-9A-Fa-f]{6})?$")] | UnsetType = UNSET
    """Of your name in chat; empty: none of your own. `/color` in chat sets the same."""


class Deletion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shows that somebody means it."""

    login: Login
    password: GivenPassword


class Export(msgspec.Struct, frozen=True):
    """All that is stored about an account, by table; secrets are stored as hashes, and left out."""

    data: dict[str, list[dict[str, Any]]]


class UserRoutes:
    """Accounts."""

    def __init__(self, db: Database, people: People, letters: EmailRoutes, settings: CurrentSettings) -> None:
        self._db = db
        self._letters = letters
        self._people = people
        self._settings = settings
        self._pace = ConnectionRate(per_s=SIGN_UPS_PER_HOUR / 3600, burst=SIGN_UPS_PER_HOUR)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="POST",
                route="/users",
                tag="Accounts",
                summary="Make an account and its channel, and log in.",
                handle=self._sign_up,
                answer=Data[Account],
                status=201,
                body=SignUp,
                problems=(409,),
            ),
            Endpoint(
                method="GET",
                route="/users",
                tag="Accounts",
                summary="Look accounts up by id or login; those that are not found are left out.",
                handle=self._look_up,
                answer=Data[User],
                query=UsersQuery,
            ),
            Endpoint(
                method="GET",
                route="/users/me",
                tag="Accounts",
                summary="Your own account; the e-mail address for tokens with `user:read:email`.",
                handle=self._me,
                answer=Data[Account],
                access=LOGGED_IN,
            ),
            Endpoint(
                method="PATCH",
                route="/users/me",
                tag="Accounts",
                summary="Change how your name is written and shown, and what you say of yourself.",
                handle=self._change,
                answer=Data[Account],
                access=Access(scope="user:edit"),
                body=ProfileChange,
            ),
            Endpoint(
                method="GET",
                route="/users/me/export",
                tag="Accounts",
                summary="All that is stored about you.",
                handle=self._export,
                answer=Export,
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="POST",
                route="/users/me/deletion",
                tag="Accounts",
                summary="Delete your account, its channel and all that belongs to it, for ever.",
                handle=self._delete,
                status=204,
                access=SESSION_ONLY,
                body=Deletion,
                problems=(409,),
            ),
        ]

    async def _sign_up(self, call: Call[Nothing, Nothing, SignUp]) -> Answer:
        body, address = call.body, call.caller.address
        await trio.lowlevel.checkpoint()
        registration = self._settings.now.registration
        if registration == "closed":
            raise ApiProblemError(403, "This site makes no new accounts.")
        if registration == "invite" and body.invitation is None:
            raise ApiProblemError(403, "This site makes accounts for people with an invitation.")
        try:
            login = check_login(body.login)
        except InvalidLoginError as error:
            raise ApiProblemError(400, f"{error}.") from None
        if not is_loopback(address) and not self._pace.allow(address, trio.current_time()):
            raise ApiProblemError(429, "Too many new accounts; come back later.", retry_after_s=360)
        password_hash = await hash_password(body.password)
        try:
            user, session = await self._make(call, login, password_hash)
        except UniqueViolationError:
            raise ApiProblemError(409, f"The login {login} is taken.") from None
        if body.email is not None:
            self._letters.ask_to_verify(user.id, body.email)
        return Answer(Data([own_account(user)]), session=session)

    async def _make(
        self, call: Call[Nothing, Nothing, SignUp], login: str, password_hash: str
    ) -> tuple[users.User, str]:
        body = call.body
        async with self._db.transaction() as transaction:
            if self._settings.now.registration == "invite":
                invitation = await one_time_tokens.use_one_time_token(
                    transaction, purpose="invite", token_hash=secret_sha256(body.invitation or "")
                )
                if invitation is None:
                    raise ApiProblemError(403, "This invitation was used, or is over.")
            user = await users.insert_user_with_channel(
                transaction,
                login=login,
                display_name=body.login,
                password_hash=password_hash,
                email=body.email,
            )
            session = await self._people.begin_session(transaction, call.caller, user.id)
        return user, session

    async def _look_up(self, call: Call[Nothing, UsersQuery, Nothing]) -> Answer:
        query = call.query
        if len(query.id) + len(query.login) > MAX_PAGE:
            raise ApiProblemError(400, f"At most {MAX_PAGE} accounts at once.")
        if not query.id and not query.login:
            raise ApiProblemError(400, "Say which accounts: id or login, repeated as needed.")
        logins = [login.lower() for login in query.login]
        found = await users.select_users_among(self._db, ids=query.id, logins=logins)
        return Answer(Data([public_user(user) for user in found]))

    async def _me(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        found = await users.select_users_among(self._db, ids=[call.user_id], logins=[])
        if not found:
            raise ApiProblemError(401, "Log in first.")
        with_email = call.caller.principal.has_scope("user:read:email")
        return Answer(Data([own_account(found[0], with_email=with_email)]))

    async def _change(self, call: Call[Nothing, Nothing, ProfileChange]) -> Answer:
        name, description, principal = call.body.display_name, call.body.description, call.caller.principal
        changed = await users.update_profile(
            self._db,
            call.user_id,
            display_name=None if name is UNSET else check_display_name(name, principal.login),
            description=None if description is UNSET else check_text("description", description),
            is_bot=None if call.body.is_bot is UNSET else call.body.is_bot,
            chat_color=None if call.body.chat_color is UNSET else call.body.chat_color.upper(),
        )
        if changed is None:
            raise ApiProblemError(401, "Log in first.")
        self._people.forget("users", call.user_id)
        return Answer(Data([own_account(changed, with_email=principal.has_scope("user:read:email"))]))

    async def _export(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        return Answer(Export(await account_export.select_account_export(self._db, call.user_id)))

    async def _delete(self, call: Call[Nothing, Nothing, Deletion]) -> Answer:
        if call.body.login.lower() != call.caller.principal.login:
            raise ApiProblemError(400, "Type your own login to show that you mean it.")
        await self._people.check_password(call, call.body.password)
        if call.caller.principal.site_role == "admin" and not await users.exists_admin(
            self._db, except_id=call.user_id
        ):
            raise ApiProblemError(409, "You are the only administrator; make another one first.")
        await users.delete_user(self._db, call.user_id)
        self._people.forget("users", call.user_id)
        return Answer(session="")
