"""What apps talk to without a person: tokens, what a token says, its end, and where all this is (`/oauth2/...`).

The shapes are those of Twitch's id service, so that libraries for it work with another host; errors carry RFC 6749's fields
beside Twitch's. Nothing here looks at cookies, so pages of other sites may call it (CORS).
"""

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
import trio
from quart import Blueprint, Response, request

from common.auth import Authenticator
from common.db import Database
from common.limits import client_group, is_loopback
from common.principals import SCOPES, Principal
from common.queries.oauth_apps import Client
from webapp.gateway import Gateway
from webapp.inline import inline
from webapp.oauth_clients import OAuthRefusalError, authenticate, read_credentials
from webapp.oauth_parameters import Parameters, UnreadableParametersError, read_parameters
from webapp.oauth_tokens import TokenIssuer, Tokens
from webapp.pace import Pacer
from webapp.pkce import METHOD
from webapp.public_urls import PublicUrl

SITE_CLIENT_ID = "weirpersonalaccesstoken0000000"
"""What `validate` tells of personal tokens, which belong to no app. No app can have it."""
ENDLESS_S = 60 * 24 * 3600
"""What `validate` tells of a token that does not end: it lives at least as long. Libraries take 0 for ended."""

STANDARD_TOKEN = "/oauth2/standard/token"  # noqa: S105 # a path
"""Where `scope` is one text, as RFC 6749 has it, and not a list, as Twitch has it. Clients that look for a token endpoint where
RFC 8414 says find this one, and many of them refuse a list; libraries for Twitch know `/oauth2/token` by heart."""

PER_ADDRESS = 600
PER_CLIENT = 1200
PER_PUBLIC_CLIENT = 60
"""Requests a minute: of an address in all, of an app with a secret, of an app without one at one address."""

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Client-Id, Content-Type",
    "Access-Control-Max-Age": "86400",
}
_FORM = "application/x-www-form-urlencoded"
_MAX_TOKEN_LENGTH = 200

View = Callable[[], Awaitable[Response]]


class TokenFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `validate` tells of a token."""

    client_id: str
    scopes: list[str]
    expires_in: int
    """Seconds."""
    login: str | msgspec.UnsetType = msgspec.UNSET
    """Left out of an app's own token, as `user_id`."""
    user_id: str | msgspec.UnsetType = msgspec.UNSET


class OAuthRoutes:
    """The routes that answer in JSON.

    Args:
        db: apps.
        auth: says what a token is worth.
        issuer: makes tokens.
        gateway: tells addresses.
        web_url: what this site is called.

    """

    def __init__(
        self, db: Database, auth: Authenticator, issuer: TokenIssuer, gateway: Gateway, web_url: PublicUrl
    ) -> None:
        self._db = db
        self._auth = auth
        self._issuer = issuer
        self._gateway = gateway
        self._web_url = web_url
        self._addresses = Pacer(per_minute=PER_ADDRESS)
        self._clients = Pacer(per_minute=PER_CLIENT)
        self._public_clients = Pacer(per_minute=PER_PUBLIC_CLIENT)

    def blueprint(self) -> Blueprint:
        """Make the routes; those below `/auth` are what @twurple asks where it is told of a local server."""
        oauth = Blueprint("oauth", __name__)
        views: list[tuple[str, str, View]] = [
            ("POST", "/token", self._token),
            ("POST", "/revoke", self._revoke),
            ("GET", "/validate", self._validate),
        ]
        for prefix in ("/oauth2", "/auth"):
            for method, path, view in views:
                self._add(oauth, method, prefix + path, view)
        self._add(oauth, "POST", STANDARD_TOKEN, self._standard_token)
        self._add(oauth, "GET", "/.well-known/oauth-authorization-server", inline(self._metadata))
        oauth.after_request(inline(_open_to_pages))
        return oauth

    def _add(self, oauth: Blueprint, method: str, path: str, view: View) -> None:
        """Add a route; Quart answers OPTIONS by itself."""
        name = path.strip("/").replace("/", "_").replace(".", "_")
        oauth.add_url_rule(path, endpoint=name, view_func=_answering(view), methods=[method])

    async def _token(self) -> Response:
        return _json(msgspec.json.encode(await self._give()))

    async def _standard_token(self) -> Response:
        return _json(msgspec.json.encode((await self._give()).standard()))

    async def _give(self) -> Tokens:
        address = self._begin()
        parameters = await _parameters()
        client = await self._authenticate(parameters, address)
        match parameters.get("grant_type"):
            case "authorization_code":
                return await self._issuer.exchange_code(
                    client,
                    _required(parameters, "code"),
                    _required(parameters, "redirect_uri"),
                    parameters.get("code_verifier"),
                )
            case "refresh_token":
                token = _required(parameters, "refresh_token")
                return await self._issuer.refresh(client, token, parameters.get("scope"))
            case "client_credentials":
                return await self._issuer.app_token(client)
            case None:
                raise OAuthRefusalError("invalid_request", "missing grant type")
            case _:
                raise OAuthRefusalError("unsupported_grant_type", "there is no such grant type")

    async def _revoke(self) -> Response:
        address = self._begin()
        parameters = await _parameters()
        token = _required(parameters, "token")
        client = await self._authenticate(parameters, address, named_is_enough=True)
        await self._issuer.revoke(client, token)
        return Response(b"", status=200)  # also where there is no such token (RFC 7009 2.2)

    async def _validate(self) -> Response:
        await trio.lowlevel.checkpoint()
        self._begin()
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        text = text.strip()
        if scheme.lower() not in {"oauth", "bearer"} or not text:
            raise OAuthRefusalError("invalid_token", "missing authorization token", status=401)
        principal = await self._auth.token(text) if len(text) <= _MAX_TOKEN_LENGTH else None
        if principal is None:
            raise OAuthRefusalError("invalid_token", "invalid access token", status=401)
        return _json(msgspec.json.encode(_facts(principal)))

    def _metadata(self) -> Response:
        issuer = self._web_url.for_host(request.host)
        methods = ["client_secret_basic", "client_secret_post", "none"]
        return _json(
            msgspec.json.encode(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/oauth2/authorize",
                    "token_endpoint": issuer + STANDARD_TOKEN,
                    "revocation_endpoint": f"{issuer}/oauth2/revoke",
                    "scopes_supported": sorted(SCOPES),
                    "response_types_supported": ["code"],
                    "response_modes_supported": ["query"],
                    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
                    "token_endpoint_auth_methods_supported": methods,
                    "revocation_endpoint_auth_methods_supported": methods,
                    "code_challenge_methods_supported": [METHOD],
                    "authorization_response_iss_parameter_supported": True,
                    "service_documentation": f"{issuer}/api/docs",
                }
            )
        )

    async def _authenticate(
        self, parameters: Parameters, address: str, *, named_is_enough: bool = False
    ) -> Client:
        """Say which app asks, or refuse. `named_is_enough`: whoever has the token proves enough, as on Twitch."""
        if parameters.repeated:
            raise OAuthRefusalError(
                "invalid_request", f"{min(parameters.repeated)[:50]} is there more than once"
            )
        credentials = read_credentials(request.headers.get("Authorization"), parameters)
        client = await authenticate(self._db, credentials, named_is_enough=named_is_enough)
        if credentials.secret is None:
            self._spend(self._public_clients, f"{client.client_id} {client_group(address)}", address)
        else:
            self._spend(self._clients, client.client_id, address)
        return client

    def _begin(self) -> str:
        address = self._gateway.client_address()
        self._spend(self._addresses, client_group(address), address)
        return address

    def _spend(self, pacer: Pacer, payer: str, address: str) -> None:
        """Take a point. This machine is exempt, as from all limits by address: everybody may be behind a proxy on it."""
        if is_loopback(address):
            return
        pace = pacer.spend(payer, trio.current_time())
        if not pace.allowed:
            raise OAuthRefusalError(
                "temporarily_unavailable",
                "too many requests; wait a little",
                status=429,
                retry_after_s=max(1, math.ceil(pace.retry_in_s)),
            )


def _answering(view: View) -> View:
    """Make a view whose refusals are JSON."""

    async def answer() -> Response:
        await trio.lowlevel.checkpoint()
        try:
            return await view()
        except OAuthRefusalError as error:
            return _refusal(error)

    return answer


def _refusal(error: OAuthRefusalError) -> Response:
    fields = {
        "error": error.error,
        "error_description": error.description,
        "status": error.status,
        "message": error.description,
    }
    response = _json(msgspec.json.encode(fields), error.status)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        scheme = "Bearer" if error.error == "invalid_token" else "Basic"
        response.headers["WWW-Authenticate"] = f'{scheme} realm="weir"'
    return response


def _json(body: bytes, status: int = 200) -> Response:
    response = Response(body, status=status, content_type="application/json")
    response.headers["Pragma"] = "no-cache"  # RFC 6749 5.1; Cache-Control is on every answer
    return response


def _open_to_pages(response: Response) -> Response:
    response.headers.update(_CORS)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


async def _parameters() -> Parameters:
    """Read the form. The query and JSON count, too: libraries for Twitch send them, secrets and all."""
    body = await request.get_data(as_text=False)
    assert isinstance(body, bytes)  # that is what as_text=False is for
    if body and request.mimetype == "application/json":
        body = _form_of(body)
    elif body and request.mimetype != _FORM:
        raise OAuthRefusalError("invalid_request", f"send the parameters as {_FORM}")
    try:
        return read_parameters(request.query_string, body)
    except UnreadableParametersError as error:
        raise OAuthRefusalError("invalid_request", str(error)) from None


def _form_of(body: bytes) -> bytes:
    try:
        return urlencode(msgspec.json.decode(body, type=dict[str, str])).encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise OAuthRefusalError("invalid_request", "the JSON is not an object of texts") from None


def _required(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    if value is None:
        raise OAuthRefusalError("invalid_request", f"missing {name.replace('_', ' ')}")
    return value


def _facts(principal: Principal) -> TokenFacts:
    ends = principal.expires_at
    expires_in = ENDLESS_S if ends is None else max(1, int((ends - datetime.now(UTC)).total_seconds()))
    return TokenFacts(
        client_id=principal.client_id or SITE_CLIENT_ID,
        scopes=sorted(principal.scopes),
        expires_in=expires_in,
        login=principal.login or msgspec.UNSET,
        user_id=msgspec.UNSET if principal.user_id is None else str(principal.user_id),
    )
