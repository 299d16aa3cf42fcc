"""What happens to every request of the API before and after its route: pace, origin, identity, types, cookies, headers."""

import math
import time
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
import trio
from quart import Blueprint, Response, g, request

from common.auth import SESSION_COOKIE, Authenticator
from common.limits import client_group, is_loopback
from common.principals import ANONYMOUS, Kind, Principal
from common.proxies import TrustedProxies
from webapp.endpoint import NOTHING, Access, Answer, AnyEndpoint, Call, Caller, Nothing, Upload
from webapp.inline import inline
from webapp.origins import SAFE_METHODS, comes_from_elsewhere
from webapp.pace import Pace, Pacer
from webapp.parsing import parse_body, parse_path, parse_query
from webapp.problems import ApiProblemError
from webapp.public_urls import PublicUrl

POINTS_PER_MINUTE = 800
"""As on Twitch."""
COOKIE_AGE_S = 60 * 24 * 3600
ADMIT_S, HANDLE_S = 3.0, 6.0
"""For an answer, beside the body's time to come: less than the 10 s of silence after which a connection is cut. A database
that is frozen rather than away is found out only after that."""
RETRY_AFTER_S = 5
_MAX_SECRET_LENGTH = 200


class Gateway:
    """Stands before the routes.

    Args:
        auth: turns secrets into principals.
        proxies: whose X-Forwarded-For and X-Forwarded-Proto are believed.
        web_url: the address of the pages.
        per_minute: requests a minute of one caller.

    """

    def __init__(
        self,
        auth: Authenticator,
        proxies: TrustedProxies,
        web_url: PublicUrl,
        *,
        per_minute: int = POINTS_PER_MINUTE,
    ) -> None:
        self._auth = auth
        self._proxies = proxies
        self._web_url = web_url
        self._pacer = Pacer(per_minute=per_minute)

    def blueprint(self, endpoints: list[AnyEndpoint]) -> Blueprint:
        """Make the routes below `/api`."""
        api = Blueprint("api", __name__, url_prefix="/api")
        for endpoint in endpoints:
            api.add_url_rule(
                endpoint.route.replace("{", "<").replace("}", ">"),
                endpoint=f"{endpoint.method} {endpoint.route}".replace(".", "_"),
                view_func=self._view(endpoint),
                methods=[endpoint.method],
            )
        api.after_request(inline(_tell_pace))
        return api

    def _view(self, endpoint: AnyEndpoint) -> Callable[..., Awaitable[Response]]:
        async def view(**path: str) -> Response:
            with trio.CancelScope(deadline=trio.current_time() + ADMIT_S) as patience:
                caller = await self.admit(endpoint.access)
                patience.deadline = math.inf  # a body has a time of its own, and so has an upload
                call = Call(
                    caller=caller,
                    path=parse_path(endpoint.path, path),
                    query=parse_query(endpoint.query, request.args.to_dict(flat=False)),
                    body=await _body(endpoint),
                    read_upload=partial(_upload, endpoint),
                )
                if endpoint.upload is None:
                    patience.deadline = trio.current_time() + HANDLE_S
                return self.respond(await endpoint.handle(call), endpoint.status)
            raise ApiProblemError(
                503, "This takes too long now; the database may be away.", retry_after_s=RETRY_AFTER_S
            )

        return view

    async def admit(self, access: Access) -> Caller:
        """Say who is asking, or refuse: too often, from a page of another site, not logged in, without the scope."""
        address = self.client_address()
        if request.method not in SAFE_METHODS:
            self._check_origin()
        principal = await self._identify(address)
        _check_access(principal, access)
        return Caller(
            principal=principal,
            address=address,
            user_agent=request.headers.get("User-Agent", "")[:200],
        )

    def respond(self, answer: Answer, status: int) -> Response:
        """Send an answer."""
        if answer.body is None:
            response = Response(b"", status=204 if status == 200 else status)
            for name in ("Content-Type", "Content-Length"):  # of a body there is not (RFC 9110 8.6)
                response.headers.pop(name, None)
        else:
            response = Response(
                msgspec.json.encode(answer.body), status=status, content_type="application/json"
            )
        return self.with_session(response, answer)

    def with_session(self, response: Response, answer: Answer) -> Response:
        """Set or remove the session cookie as an answer says, and set the others."""
        for cookie in answer.cookies:
            response.set_cookie(
                cookie.name,
                cookie.value,
                max_age=cookie.max_age_s,
                path=cookie.path,
                domain=cookie.domain,
                httponly=True,
                samesite="Lax",
                secure=self._is_secure(),
            )
        if answer.session is not None:
            response.set_cookie(
                SESSION_COOKIE,
                answer.session,
                max_age=COOKIE_AGE_S if answer.session else 0,
                path="/",
                httponly=True,
                samesite="Lax",
                secure=self._is_secure(),
            )
        return response

    def _check_origin(self) -> None:
        if comes_from_elsewhere(
            host=request.host,
            origin=request.headers.get("Origin"),
            fetch_site=request.headers.get("Sec-Fetch-Site"),
            web_url=self._web_url.configured,
        ):
            raise ApiProblemError(403, "This comes from a page of another site.")

    async def _identify(self, address: str) -> Principal:
        """Look the caller up. Looking up costs the address a point, being somebody only costs oneself."""
        kind, text = _credential()
        if kind == "anonymous":
            self._spend(client_group(address), address)
            await trio.lowlevel.checkpoint_if_cancelled()
            return ANONYMOUS
        if not self._auth.known(kind, text):
            self._spend(client_group(address), address)
        found = await (self._auth.token(text) if kind == "token" else self._auth.session(text))
        if found is not None:
            self._spend(_payer(found), address)
            return found
        if kind == "token":
            raise ApiProblemError(401, "This token is not valid, or not any more.")
        return ANONYMOUS  # a browser whose session is over

    def _spend(self, caller: str, address: str) -> None:
        """Take a point. This machine is exempt, as from all limits by address: everybody may be behind a proxy on it."""
        if is_loopback(address):
            return
        pace = self._pacer.spend(caller, trio.current_time())
        g.pace = pace
        if not pace.allowed:
            raise ApiProblemError(
                429, "Too many requests; wait a little.", retry_after_s=max(1, math.ceil(pace.retry_in_s))
            )

    def client_address(self) -> str:
        """Give the address of whoever sent this request, as far as our proxies tell."""
        forwarded = request.headers.get("X-Forwarded-For", "")
        headers = {b"x-forwarded-for": forwarded.encode("latin-1", "replace")}
        return self._proxies.client_address(request.remote_addr or "", headers)

    def _is_secure(self) -> bool:
        """Whether the browser speaks TLS, as far as we know: what was configured, or a proxy of ours says."""
        if (self._web_url.configured or "").startswith("https://"):
            return True
        trusted = self._proxies.trusts(request.remote_addr or "")
        return trusted and request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"


def _credential() -> tuple[Kind, str]:
    """What the request shows of itself. A token wins over a cookie, and a wrong one is never taken for none."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        text = text.strip()
        # `OAuth` is what Twitch's own validate route takes, and libraries send it everywhere.
        if scheme.lower() not in {"bearer", "oauth"} or not 0 < len(text) <= _MAX_SECRET_LENGTH:
            raise ApiProblemError(401, "Send `Authorization: Bearer TOKEN`.")
        return "token", text
    cookie = request.cookies.get(SESSION_COOKIE, "")
    return ("session", cookie) if 0 < len(cookie) <= _MAX_SECRET_LENGTH else ("anonymous", "")


def _payer(principal: Principal) -> str:
    """Who pays for a request. An app pays once for each of its users, however many tokens it has for them."""
    if principal.kind == "session":
        return f"user {principal.user_id}"
    if principal.client_id:
        return f"app {principal.client_id} {principal.user_id}"
    return f"token {principal.credential_id}"


def _check_access(principal: Principal, access: Access) -> None:
    if access.anonymous:
        return
    if principal.user_id is None:
        if access.apps and principal.client_id:
            return
        raise ApiProblemError(
            401, "An app needs a person's token for this." if principal.client_id else "Log in first."
        )
    if principal.kind == "session" or access.any_token:
        return
    if access.scope is None:
        raise ApiProblemError(403, "This is for people who are logged in; tokens cannot do it.")
    if not principal.has_scope(access.scope):
        raise ApiProblemError(403, f"The token lacks the scope {access.scope}.")


async def _body(endpoint: AnyEndpoint) -> msgspec.Struct:
    if endpoint.body is Nothing:
        await trio.lowlevel.checkpoint_if_cancelled()
        return NOTHING
    raw = await request.get_data(as_text=False)
    assert isinstance(raw, bytes)  # that is what as_text=False is for
    parsed: msgspec.Struct = parse_body(endpoint.body, request.headers.get("Content-Type", ""), raw)
    return parsed


async def _upload(endpoint: AnyEndpoint) -> Upload:
    kind = endpoint.upload
    assert kind is not None  # who reads it says that there is one
    await trio.lowlevel.checkpoint_if_cancelled()
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type not in kind.content_types:
        raise ApiProblemError(415, f"Set Content-Type to one of {', '.join(kind.content_types)}.")
    if (request.content_length or 0) > kind.max_bytes:
        raise ApiProblemError(413, f"At most {kind.max_bytes} bytes are taken.")
    data = await request.get_data(as_text=False)
    assert isinstance(data, bytes)  # as above
    return Upload(content_type, data)


def _tell_pace(response: Response) -> Response:
    pace: Pace | None = g.get("pace")
    if pace is not None:
        response.headers["Ratelimit-Limit"] = str(pace.limit)
        response.headers["Ratelimit-Remaining"] = str(pace.remaining)
        response.headers["Ratelimit-Reset"] = str(math.ceil(time.time() + pace.full_in_s))
    return response
