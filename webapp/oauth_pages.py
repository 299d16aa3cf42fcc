"""`/oauth2/authorize`: a person logs in, reads what an app wants, and says yes or no. Pages without a script.

What they are careful about:

- The answer to a form may be a redirect to the app, and Chromium holds `form-action` against every redirect that follows a
  form, the app's own ones included. So the consent page allows the app's scheme, not only its host. The log-in page, where
  passwords are typed, allows nothing but this site: its answer is a page that goes on by itself.
- The referrer policy is `same-origin`: nothing tells the app's site, or any other, what stood in the address; with
  `no-referrer` browsers send `Origin: null` with our own forms, and the check of Origin would refuse them.
- No opener policy: apps open this page as a popup and wait for it to come back to them.
- An answer counts once, for what was asked, in the session that was asked (a token in the form), and from our own page (Origin).
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Annotated, Literal

import msgspec
import trio
from msgspec import Meta
from quart import Blueprint, Response, request

from common.credentials import HashingBusyError, new_secret, secret_sha256
from common.db import Database, ForeignKeyViolationError
from common.queries import oauth_connections, oauth_grants, sessions
from common.queries.oauth_apps import Client
from webapp.endpoint import ANYBODY, Answer, Caller
from webapp.fields import GivenPassword, Secret
from webapp.gateway import Gateway
from webapp.oauth_clients import find_client
from webapp.oauth_html import (
    AUTHORIZE,
    LOG_IN,
    apology,
    consent_page,
    log_in_page,
    logged_in_page,
    loose,
)
from webapp.oauth_parameters import (
    MAX_BYTES,
    Parameters,
    UnreadableParametersError,
    read_parameters,
)
from webapp.oauth_requests import (
    AuthorizationRequest,
    RefusedRequestError,
    UnprovenRequestError,
    answerable_state,
    check_target,
    read_request,
)
from webapp.parsing import parse_query
from webapp.people import People
from webapp.problems import ApiProblemError
from webapp.public_urls import PublicUrl
from webapp.redirect_uris import is_loopback_uri, with_parameters

CODE_PREFIX = "weirx_"
FORM_LIFETIME = timedelta(minutes=30)

Asked = Annotated[str, Meta(min_length=1, max_length=MAX_BYTES)]
"""The request, as `AuthorizationRequest.query` writes it."""


class LogInForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who says to be here."""

    asked: Asked
    login: Annotated[str, Meta(max_length=100)]
    password: GivenPassword
    code: Annotated[str, Meta(max_length=50)] = ""


class ConsentForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody says to an app's wish."""

    asked: Asked
    form: Secret
    decision: Literal["allow", "deny", "switch"]
    """`switch`: it is somebody else who wants to answer."""


View = Callable[["OAuthPages"], Awaitable[Response]]


def _page(view: View) -> View:
    """Make a view whose refusals are pages."""

    @wraps(view)
    async def answer(pages: "OAuthPages") -> Response:
        await trio.lowlevel.checkpoint()
        try:
            return await view(pages)
        except (UnprovenRequestError, UnreadableParametersError) as error:
            return apology(f"The app that sent you here made a mistake: {error}.", 400)
        except ApiProblemError as error:
            response = apology(error.message, error.status)
            if error.retry_after_s is not None:
                response.headers["Retry-After"] = str(error.retry_after_s)
            return response

    return answer


class OAuthPages:
    """The pages, and what comes of them.

    Args:
        db: apps and what was allowed to them.
        gateway: says who is asking.
        people: logs people in.
        web_url: what this site is called.

    """

    def __init__(self, db: Database, gateway: Gateway, people: People, web_url: PublicUrl) -> None:
        self._db = db
        self._gateway = gateway
        self._people = people
        self._web_url = web_url

    def blueprint(self) -> Blueprint:
        """Make the routes."""
        pages = Blueprint("oauth_pages", __name__)
        pages.add_url_rule(AUTHORIZE, view_func=self.show, methods=["GET"])
        pages.add_url_rule(AUTHORIZE, view_func=self.decide, methods=["POST"])
        pages.add_url_rule(LOG_IN, view_func=self.log_in, methods=["POST"])
        return pages

    @_page
    async def show(self) -> Response:
        """Ask who somebody is, or what they say to the app; or answer the app if that is known."""
        caller = await self._gateway.admit(ANYBODY)
        return await self._begin(caller, read_parameters(request.query_string))

    @_page
    async def log_in(self) -> Response:
        """Log somebody in, and go on."""
        caller = await self._gateway.admit(ANYBODY)
        form = parse_query(LogInForm, (await request.form).to_dict(flat=False))
        client, wish = await self._asked(form.asked)
        try:
            record = await self._people.check_login(caller, form.login, form.password, form.code or None)
        except ApiProblemError as error:
            response = log_in_page(client, wish, error.message, error.status, login=form.login)
            if error.retry_after_s is not None:
                response.headers["Retry-After"] = str(error.retry_after_s)
            return response
        except HashingBusyError:
            busy = "Too many people log in at once; try again in a moment."
            return log_in_page(client, wish, busy, 503, login=form.login)
        session = await self._people.begin_session(self._db, caller, record.id)
        return self._gateway.with_session(logged_in_page(wish), Answer(session=session))

    @_page
    async def decide(self) -> Response:
        """Take the answer of a consent page."""
        caller = await self._gateway.admit(ANYBODY)
        form = parse_query(ConsentForm, (await request.form).to_dict(flat=False))
        client, wish = await self._asked(form.asked)
        session_id = _session_of(caller)
        if session_id is None:
            return log_in_page(client, wish)
        if not await oauth_connections.use_form(
            self._db,
            session_id=session_id,
            token_hash=secret_sha256(form.form),
            request_hash=wish.sha256(),
        ):
            # Shown too long ago, answered before, or to somebody else in this browser: ask again.
            return await self._ask(caller, client, wish)
        if form.decision == "switch":
            await sessions.delete_session(self._db, user_id=_user_of(caller), session_id=session_id)
            self._people.forget("sessions", session_id)
            return self._gateway.with_session(log_in_page(client, wish), Answer(session=""))
        if form.decision == "deny":
            return self._refuse(wish.redirect_uri, wish.state, "access_denied", "The user said no.")
        try:
            connection_id = await oauth_connections.upsert_connection(
                self._db, user_id=_user_of(caller), app_id=client.id, scopes=wish.scopes
            )
        except ForeignKeyViolationError:
            raise ApiProblemError(409, "The app was removed in this moment.") from None
        return await self._allow(connection_id, wish)

    async def _asked(self, query: str) -> tuple[Client, AuthorizationRequest]:
        """Read the request that a form carries; it was readable when the form was made, if we made it."""
        parameters = read_parameters(query.encode())
        client = await find_client(self._db, parameters.get("client_id"))
        check_target(parameters, client)
        assert client is not None  # or its target would not have passed
        try:
            return client, read_request(parameters, client)
        except RefusedRequestError as error:
            raise ApiProblemError(400, error.description) from None

    async def _begin(self, caller: Caller, parameters: Parameters) -> Response:
        client = await find_client(self._db, parameters.get("client_id"))
        redirect_uri = check_target(parameters, client)
        assert client is not None  # or its target would not have passed
        try:
            wish = read_request(parameters, client)
        except RefusedRequestError as error:
            state = answerable_state(parameters)
            return self._refuse(redirect_uri, state, error.error, error.description)
        if _session_of(caller) is None:
            return log_in_page(client, wish)
        if not wish.force_verify and not _may_be_another(client, wish):
            known = await oauth_connections.select_consent(
                self._db, user_id=_user_of(caller), app_id=client.id
            )
            if known is not None and set(wish.scopes) <= set(known.scopes):
                return await self._allow(known.connection_id, wish)
        return await self._ask(caller, client, wish)

    async def _ask(self, caller: Caller, client: Client, wish: AuthorizationRequest) -> Response:
        session_id, form = _session_of(caller), new_secret("weirf_")
        assert session_id is not None  # somebody with a session
        if not await oauth_connections.insert_form(
            self._db,
            session_id=session_id,
            token_hash=form.sha256,
            request_hash=wish.sha256(),
            lifetime=FORM_LIFETIME,
        ):  # logged out in this moment
            return log_in_page(client, wish)
        return consent_page(caller.principal, client, wish, form.text)

    async def _allow(self, connection_id: int, wish: AuthorizationRequest) -> Response:
        code = new_secret(CODE_PREFIX)
        if not await oauth_grants.insert_grant(
            self._db,
            connection_id=connection_id,
            scopes=wish.scopes,
            code_hash=code.sha256,
            redirect_uri=wish.redirect_uri,
            challenge=wish.challenge,
        ):
            raise ApiProblemError(409, "The app was disconnected in this moment; try again.")
        # `scope` as on Twitch; what counts is what the token endpoint says.
        return self._answer(
            wish.redirect_uri, {"code": code.text, "scope": " ".join(wish.scopes)}, wish.state
        )

    def _refuse(self, redirect_uri: str, state: str | None, error: str, description: str) -> Response:
        return self._answer(redirect_uri, {"error": error, "error_description": description}, state)

    def _answer(self, redirect_uri: str, parameters: dict[str, str], state: str | None) -> Response:
        """Send the browser to the app. 303: whatever the form held does not go with it (RFC 9700 4.12)."""
        if state is not None:
            parameters["state"] = state
        parameters["iss"] = self._web_url.for_host(request.host)  # who answers: RFC 9207
        response = Response(b"", status=303)
        response.headers["Location"] = with_parameters(redirect_uri, parameters)
        return loose(response)


def _session_of(caller: Caller) -> int | None:
    """Give the id of the session that a browser showed; a token is none, whoever's it is."""
    return caller.principal.credential_id if caller.principal.kind == "session" else None


def _user_of(caller: Caller) -> int:
    assert caller.principal.user_id is not None  # a session is somebody's
    return caller.principal.user_id


def _may_be_another(client: Client, wish: AuthorizationRequest) -> bool:
    """Whether somebody else's program could pose as this app: it has no secret, and any program may listen on the machine.

    Then the person is asked each time (RFC 8252 8.6).
    """
    return client.secret_hash is None and is_loopback_uri(wish.redirect_uri)
