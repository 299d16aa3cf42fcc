"""The route behind the set-up link of a new site: whoever has the link becomes the first administrator."""

import msgspec

from common.credentials import hash_password, secret_sha256
from common.db import Database, UniqueViolationError
from common.ids import InvalidLoginError, check_login
from common.queries import one_time_tokens, users
from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Login, Password, Secret
from webapp.people import Account, People, own_account
from webapp.problems import ApiProblemError


class SetUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first administrator."""

    token: Secret
    login: Login
    """As it will be shown; capitals do not tell accounts apart."""
    password: Password


class SetUpRoutes:
    """Setting a site up."""

    def __init__(self, db: Database, people: People) -> None:
        self._db = db
        self._people = people

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="POST",
                route="/setup",
                tag="Accounts",
                summary="Become administrator with the token of a set-up link, and log in.",
                handle=self._set_up,
                answer=Data[Account],
                status=201,
                body=SetUp,
                problems=(409,),
            ),
        ]

    async def _set_up(self, call: Call[Nothing, Nothing, SetUp]) -> Answer:
        """Make the administrator. The first channel of a new site has no password, and may be taken; nobody else's can."""
        body, token_hash = call.body, secret_sha256(call.body.token)
        try:
            login = check_login(body.login)
        except InvalidLoginError as error:
            raise ApiProblemError(400, f"{error}.") from None
        # Before the costly hash: a made-up token must cost us nothing.
        if not await one_time_tokens.exists_one_time_token(self._db, purpose="setup", token_hash=token_hash):
            raise _over()
        password_hash = await hash_password(body.password)
        try:
            async with self._db.transaction() as transaction:
                if not await one_time_tokens.use_one_time_token(
                    transaction, purpose="setup", token_hash=token_hash
                ):
                    raise _over()
                user_id = await users.claim_passwordless_user(transaction, login, password_hash)
                if user_id is None:
                    made = await users.insert_user_with_channel(
                        transaction,
                        login=login,
                        display_name=body.login,
                        password_hash=password_hash,
                        is_admin=True,
                    )
                    user_id = made.id
                session = await self._people.begin_session(transaction, call.caller, user_id)
        except UniqueViolationError:
            raise ApiProblemError(409, f"The login {login} is taken.") from None
        [user] = await users.select_users_among(self._db, ids=[user_id], logins=[])
        return Answer(Data([own_account(user)]), session=session)


def _over() -> ApiProblemError:
    return ApiProblemError(
        403,
        "This link was used, or is over. Whoever runs this site can make another one.",
        reason="link_over",
    )
