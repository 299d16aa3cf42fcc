"""Routes about one's own apps: programs that people may let act for them."""

import secrets
import string
import unicodedata
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common.auth import Authenticator
from common.credentials import NewSecret, new_secret
from common.db import Database, FullRecheck
from common.queries import oauth_apps
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Page, PageQuery, Timestamp, rfc3339
from webapp.problems import ApiProblemError
from webapp.redirect_uris import MAX_LENGTH, InvalidRedirectUriError, check_redirect_uri
from webapp.texts import check_text

SECRET_PREFIX = "weirc_"  # noqa: S105 # how client secrets begin
MAX_REDIRECT_URIS = 10
MAX_NAME_LENGTH = 60

_CLIENT_ID_LETTERS = string.ascii_lowercase + string.digits
_CLIENT_ID_LENGTH = 30
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Letters that change how the rest of a consent page reads, or cannot be seen."""

AppName = Annotated[
    str, Meta(min_length=1, max_length=MAX_NAME_LENGTH, description="As people are asked about it.")
]
RedirectUri = Annotated[str, Meta(min_length=1, max_length=MAX_LENGTH)]
RedirectUris = Annotated[
    list[RedirectUri],
    Meta(
        max_length=MAX_REDIRECT_URIS,
        description="Where people come back to: https, or http on the user's own machine (then with any port).",
    ),
]
ClientId = Annotated[str, Meta(pattern="^[a-z0-9]{30}$")]


class NewApp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The app that is wanted."""

    name: AppName
    redirect_uris: RedirectUris = []
    type: Literal["confidential", "public"] = "confidential"
    """`public`: it runs where its users could read a secret (in a browser, on their machine), so it gets none."""


class AppChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    name: AppName | None = None
    redirect_uris: RedirectUris | None = None


class App(msgspec.Struct, frozen=True, omit_defaults=True):
    """An app as its owner sees it."""

    client_id: str
    name: str
    redirect_uris: list[str]
    type: Literal["confidential", "public"]
    created_at: Timestamp
    client_secret: str | msgspec.UnsetType = msgspec.UNSET
    """Only in the answer to making it, or its secret, anew."""


class AppPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which app."""

    client_id: ClientId


class AppRoutes:
    """One's own apps."""

    def __init__(self, db: Database, cursors: Cursors, auth: Authenticator) -> None:
        self._db = db
        self._cursors = cursors
        self._auth = auth

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/apps",
                tag="Apps",
                summary="Your apps, the newest first.",
                handle=self._list,
                answer=Page[App],
                access=SESSION_ONLY,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route="/apps",
                tag="Apps",
                summary="Register an app. Its secret is shown in this answer, and never again.",
                handle=self._create,
                answer=Data[App],
                status=201,
                access=SESSION_ONLY,
                body=NewApp,
                problems=(409,),
            ),
            Endpoint(
                method="PATCH",
                route="/apps/{client_id}",
                tag="Apps",
                summary="Change the name or the redirect URIs of an app.",
                handle=self._change,
                answer=Data[App],
                access=SESSION_ONLY,
                path=AppPath,
                body=AppChange,
            ),
            Endpoint(
                method="POST",
                route="/apps/{client_id}/secret",
                tag="Apps",
                summary="Give an app another secret. The one before stops working; tokens go on.",
                handle=self._rotate,
                answer=Data[App],
                access=SESSION_ONLY,
                path=AppPath,
            ),
            Endpoint(
                method="DELETE",
                route="/apps/{client_id}",
                tag="Apps",
                summary="Remove an app. All its tokens end within a second.",
                handle=self._remove,
                status=204,
                access=SESSION_ONLY,
                path=AppPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = f"apps of {call.user_id}", call.query
        found = await oauth_apps.select_apps(
            self._db, call.user_id, limit=query.first + 1, before_id=await self._cursors.last_id(name, query)
        )
        return Answer(await self._cursors.page(name, query, found, _app))

    async def _create(self, call: Call[Nothing, Nothing, NewApp]) -> Answer:
        body = call.body
        secret = new_secret(SECRET_PREFIX) if body.type == "confidential" else None
        made = await oauth_apps.insert_app(
            self._db,
            user_id=call.user_id,
            client_id=_new_client_id(),
            secret_hash=None if secret is None else secret.sha256,
            name=_checked_name(body.name),
            redirect_uris=_checked_uris(body.redirect_uris),
        )
        if made is None:
            raise ApiProblemError(
                409, f"An account has at most {oauth_apps.MAX_APPS} apps; remove one first."
            )
        return Answer(Data([_app(made, secret)]))

    async def _change(self, call: Call[AppPath, Nothing, AppChange]) -> Answer:
        body = call.body
        changed = await oauth_apps.update_app(
            self._db,
            user_id=call.user_id,
            client_id=call.path.client_id,
            name=None if body.name is None else _checked_name(body.name),
            redirect_uris=None if body.redirect_uris is None else _checked_uris(body.redirect_uris),
        )
        return Answer(Data([_app(_found(changed))]))

    async def _rotate(self, call: Call[AppPath, Nothing, Nothing]) -> Answer:
        secret = new_secret(SECRET_PREFIX)
        changed = await oauth_apps.rotate_app_secret(
            self._db, user_id=call.user_id, client_id=call.path.client_id, secret_hash=secret.sha256
        )
        return Answer(Data([_app(_found(changed), secret)]))

    async def _remove(self, call: Call[AppPath, Nothing, Nothing]) -> Answer:
        if not await oauth_apps.delete_app(self._db, user_id=call.user_id, client_id=call.path.client_id):
            raise ApiProblemError(404, "You have no such app.")
        self._auth.forget(FullRecheck())  # it may have had any number of tokens
        return Answer()


def _new_client_id() -> str:
    return "".join(secrets.choice(_CLIENT_ID_LETTERS) for _ in range(_CLIENT_ID_LENGTH))


def _found(app: oauth_apps.App | None) -> oauth_apps.App:
    if app is None:
        raise ApiProblemError(404, "You have no such app.")
    return app


def _checked_name(name: str) -> str:
    name = " ".join(check_text("name", unicodedata.normalize("NFC", name)).split())
    invisible = any(unicodedata.category(letter) in _INVISIBLE for letter in name)
    if not name or len(name) > MAX_NAME_LENGTH or invisible:
        raise ApiProblemError(400, "The name must be made of letters that can be seen.")
    return name


def _checked_uris(uris: list[str]) -> list[str]:
    try:
        return list(dict.fromkeys(check_redirect_uri(uri) for uri in uris))
    except InvalidRedirectUriError as error:
        raise ApiProblemError(400, f"{error}.") from None


def _app(app: oauth_apps.App, secret: NewSecret | None = None) -> App:
    return App(
        client_id=app.client_id,
        name=app.name,
        redirect_uris=app.redirect_uris,
        type="confidential" if app.is_confidential else "public",
        created_at=rfc3339(app.created_at),
        client_secret=msgspec.UNSET if secret is None else secret.text,
    )
