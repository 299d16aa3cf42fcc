"""The web role's application: pages, the API that they use, health and metrics. Quart on Trio; control plane, never media.

Everything it needs is handed to `create_app`; it opens nothing and starts nothing by itself.
"""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from common.limits import is_loopback
from common.metrics import CONTENT_TYPE as METRICS_CONTENT_TYPE
from common.proxies import TrustedProxies
from webapp import problems
from webapp.api import LOGIN, api_routes
from webapp.directory import DirectoryUnavailableError, LiveDirectory
from webapp.inline import inline
from webapp.problems import ApiProblemError
from webapp.public_urls import PAGE_HEADERS, PublicUrls, content_security_policy
from webapp.static_files import FrontEnd, StaticFile

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 64 * 1024
RESPONSE_S = 60
RETRY_AFTER_S = 5


async def _always_healthy() -> str | None:
    await trio.lowlevel.checkpoint()
    return None


def create_app(
    *,
    directory: LiveDirectory,
    urls: PublicUrls,
    front_end: FrontEnd,
    metrics: Callable[[], bytes],
    metrics_token: str | None = None,
    health: Callable[[], Awaitable[str | None]] = _always_healthy,
    proxies: TrustedProxies | None = None,
    version: str = "",
) -> QuartTrio:
    """Build the application.

    Args:
        directory: who is live.
        urls: addresses that browsers are told; the content security policy is built from them.
        front_end: the built pages.
        metrics: gives the body of `/metrics`.
        metrics_token: bearer token that opens `/metrics` to others than this machine; `None`: to nobody.
        health: says in a sentence why the role cannot do its job, or `None` if it can; asked by `/healthz`.
        proxies: whose X-Forwarded-For is believed.
        version: told by `/api/site`.
    """
    app = QuartTrio(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, BODY_TIMEOUT=10, RESPONSE_TIMEOUT=RESPONSE_S)
    app.register_blueprint(api_routes(directory, urls, version))
    _add_pages(app, directory, front_end)
    _add_operations(app, metrics, metrics_token, health, proxies or TrustedProxies())
    _add_errors(app, front_end)

    @app.after_request
    @inline
    def secure(response: Response) -> Response:
        for name, value in PAGE_HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            hls = urls.hls.for_host(request.host)
            response.headers["Content-Security-Policy"] = content_security_policy(hls)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app


def _add_pages(app: QuartTrio, directory: LiveDirectory, front_end: FrontEnd) -> None:
    @app.get("/")
    @inline
    def home() -> Response:
        return send_static(front_end.page)

    @app.get("/<login>")
    async def watch(login: str) -> Response:
        return send_static(front_end.page, status=await _watch_status(directory, login))

    @app.get("/static/<path:name>")
    @inline
    def static_file(name: str) -> Response:
        file = front_end.files.get(name)
        if file is None:
            raise ApiProblemError(404, "There is no such file.")
        return send_static(file)


async def _watch_status(directory: LiveDirectory, login: str) -> int:
    """404 for a channel that does not exist; while the database is away the page loads, and says so by itself."""
    await trio.lowlevel.checkpoint()
    if LOGIN.fullmatch(login.lower()) is None:
        return 404
    try:
        return 200 if await directory.channel(login.lower()) else 404
    except DirectoryUnavailableError:
        return 200


def send_static(file: StaticFile, status: int = 200) -> Response:
    """Answer with a file of the front end: compressed if the client takes that, 304 if it has it already."""
    packed = file.gzipped if request.accept_encodings["gzip"] > 0 else None
    response = Response(packed or file.body, status=status)
    response.content_type = file.content_type
    response.headers["Cache-Control"] = file.cache_control
    response.headers["Vary"] = "Accept-Encoding"
    if packed is not None:
        response.headers["Content-Encoding"] = "gzip"
    if status == HTTPStatus.OK:
        # Compressed and plain are different representations, so their tags differ (RFC 9110 8.8.3.3).
        response.set_etag(f"{file.etag}-gzip" if packed is not None else file.etag)
        if request.if_none_match.contains(response.get_etag()[0] or ""):
            response.status_code = 304
            response.set_data(b"")
    return response


def _add_operations(
    app: QuartTrio,
    metrics: Callable[[], bytes],
    token: str | None,
    health: Callable[[], Awaitable[str | None]],
    proxies: TrustedProxies,
) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        problem = await health()
        if problem is not None:
            raise ApiProblemError(503, problem, retry_after_s=RETRY_AFTER_S)
        return Response(b"ok\n", content_type="text/plain; charset=utf-8")

    @app.get("/metrics")
    @inline
    def scrape() -> Response:
        if not _may_scrape(token, proxies):
            raise ApiProblemError(
                403, "Metrics are for this machine, or for a bearer token that is configured."
            )
        return Response(metrics(), content_type=METRICS_CONTENT_TYPE)


def _may_scrape(token: str | None, proxies: TrustedProxies) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token is not None and hmac.compare_digest(given.encode(), token.encode()):
        return True
    forwarded = request.headers.get("X-Forwarded-For", "")
    peer = request.remote_addr or ""
    client = proxies.client_address(peer, {b"x-forwarded-for": forwarded.encode("latin-1", "replace")})
    # A proxy on this machine that nobody told us to trust makes every client look like this machine.
    hidden = client == peer and bool({"Forwarded", "X-Forwarded-For", "Via"} & set(request.headers.keys()))
    return is_loopback(client) and not hidden


def _add_errors(app: QuartTrio, front_end: FrontEnd) -> None:
    def problem(status: int, message: str, retry_after_s: int | None = None) -> Response:
        response = Response(problems.problem_body(status, message), status=status)
        response.content_type = problems.CONTENT_TYPE
        if retry_after_s is not None:
            response.headers["Retry-After"] = str(retry_after_s)
        return response

    @app.errorhandler(ApiProblemError)
    @inline
    def refused(error: ApiProblemError) -> Response:
        return problem(error.status, error.message, error.retry_after_s)

    @app.errorhandler(DirectoryUnavailableError)
    @inline
    def away(error: DirectoryUnavailableError) -> Response:
        return problem(503, str(error), RETRY_AFTER_S)

    @app.errorhandler(HTTPException)
    @inline
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if status == HTTPStatus.NOT_FOUND and not request.path.startswith("/api/"):
            return send_static(front_end.page, status=404)
        response = problem(status, error.description or HTTPStatus(status).phrase)
        for name, value in error.get_headers():
            if name.lower() == "allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    @inline
    def crashed(error: Exception) -> Response:
        log.error("request_crashed", method=request.method, path=request.path, exc_info=error)
        return problem(500, "Something went wrong on our side.")
