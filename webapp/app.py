"""The web role's application: pages, the API that they use, health and metrics. Quart on Trio; control plane, never media.

Everything it needs is handed to `create_app`; it opens nothing and starts nothing by itself.
"""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
import structlog
import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from common.auth import Authenticator
from common.bus import Bus
from common.credentials import HashingBusyError
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.limits import is_loopback
from common.metrics import CONTENT_TYPE as METRICS_CONTENT_TYPE
from common.play_keys import PlayKeys
from common.proxies import TrustedProxies
from common.queries.follows import MAX_FOLLOWED
from common.site_settings import CurrentSettings, Registration, SiteSettings
from webapp import problems
from webapp.actors import Actors
from webapp.administration import administration_endpoints
from webapp.app_routes import AppRoutes
from webapp.asset_routes import AssetRoutes
from webapp.assets import add_assets
from webapp.block_routes import BlockRoutes
from webapp.blocked_term_routes import BlockedTermRoutes
from webapp.broadcast_routes import BroadcastRoutes
from webapp.category_routes import CategoryRoutes
from webapp.channel_access import ChannelAccess
from webapp.channel_routes import ChannelRoutes
from webapp.chat_history_routes import ChatHistoryRoutes
from webapp.chat_settings_routes import ChatSettingsRoutes
from webapp.connection_routes import ConnectionRoutes
from webapp.cursors import Cursors
from webapp.dashboard_endpoints import dashboard_endpoints
from webapp.email_routes import EmailRoutes
from webapp.emote_pictures import add_emote_pictures
from webapp.emotes import emote_endpoints
from webapp.endpoint import AnyEndpoint
from webapp.eventsub import EventSub
from webapp.eventsub_routes import EventSubRoutes
from webapp.eventsub_test_server import add_eventsub
from webapp.follow_routes import FOLLOWS_PER_MINUTE, FollowRoutes
from webapp.gateway import POINTS_PER_MINUTE, Gateway
from webapp.image_press import ImagePress
from webapp.inline import inline
from webapp.key_routes import KeyRoutes
from webapp.large_bodies import request_class
from webapp.mail import Post
from webapp.media_places import MediaPlaces
from webapp.moderation_bans import BanRoutes
from webapp.moderation_people import PeopleRoutes
from webapp.moderation_queues import QueueRoutes
from webapp.notice_parts import NoticeParts, notice_endpoints
from webapp.oauth_pages import OAuthPages
from webapp.oauth_routes import OAuthRoutes
from webapp.oauth_tokens import TokenIssuer
from webapp.openapi import openapi_document
from webapp.page_routes import add_pages, may_be_framed, send_static
from webapp.page_viewers import PageViewers
from webapp.password_routes import PasswordRoutes
from webapp.people import People
from webapp.plain_pages import documentation, plain_page
from webapp.play_routes import PlayRoutes
from webapp.presence_routes import PresenceRoutes
from webapp.problems import ApiProblemError
from webapp.public_urls import PAGE_HEADERS, PublicUrls, content_security_policy
from webapp.role_routes import RoleRoutes
from webapp.search_routes import SearchRoutes
from webapp.session_routes import SessionRoutes
from webapp.setup_routes import SetUpRoutes
from webapp.shield_routes import ShieldRoutes
from webapp.site_routes import SiteRoutes
from webapp.stage_endpoints import stage_endpoints
from webapp.static_files import FrontEnd
from webapp.stream_routes import StreamRoutes
from webapp.subscription_endpoints import subscription_endpoints
from webapp.subscription_shop import GrantShop, Shop
from webapp.test_stream_routes import NoTestPictures, TestPictures
from webapp.token_routes import TokenRoutes
from webapp.unsubscribe import UnsubscribePage
from webapp.user_routes import UserRoutes
from webapp.watchable import WatchableStreams

log = structlog.get_logger(__name__)

OPENAPI = "OPENAPI"
"""Key of the application's configuration under which its OpenAPI document is, as JSON."""

MAX_BODY_BYTES = 64 * 1024
RESPONSE_S = 60
RETRY_AFTER_S = 5
_ALWAYS = [*PAGE_HEADERS.items(), ("Cache-Control", "no-store")]
AWAY = "The database is away for a moment; it comes back by itself."


async def _always_healthy() -> str | None:
    await trio.lowlevel.checkpoint()
    return None


def create_app(
    *,
    database: Database,
    auth: Authenticator,
    urls: PublicUrls,
    front_end: FrontEnd,
    metrics: Callable[[], bytes],
    metrics_token: str | None = None,
    health: Callable[[], Awaitable[str | None]] = _always_healthy,
    proxies: TrustedProxies | None = None,
    version: str = "",
    registration: Registration = "open",
    points_per_minute: int = POINTS_PER_MINUTE,
    post: Post | None = None,
    viewers: PageViewers | None = None,
    remarks: Callable[[], list[str]] = list,
    settings: CurrentSettings | None = None,
    test_pictures: TestPictures | None = None,
    places: MediaPlaces | None = None,
    play: PlayRoutes | None = None,
    notices: NoticeParts | None = None,
    eventsub: EventSub | None = None,
    shop: Shop | None = None,
    bus: Bus | None = None,
) -> QuartTrio:
    """Build the application.

    Args:
        database: accounts and what belongs to them.
        auth: who is asking; its `keep_fresh` runs elsewhere.
        urls: addresses that browsers are told; the content security policy is built from them.
        front_end: the built pages.
        metrics: gives the body of `/metrics`.
        metrics_token: bearer token that opens `/metrics` to others than this machine; `None`: to nobody.
        health: says in a sentence why the role cannot do its job, or `None` if it can; asked by `/healthz`.
        proxies: whose X-Forwarded-For is believed.
        version: told by `/api/site`.
        registration: who may make an account, where no `settings` are given.
        points_per_minute: requests to the API that one caller may make a minute.
        post: takes e-mail; needs a configured address of the pages. `None`: none is sent.
        viewers: counts who watches on our pages.
        remarks: one sentence for each thing that is not as it should be, but no reason for `/healthz` to fail.
        settings: of the site; their `keep_fresh` runs elsewhere.
        test_pictures: shows test pictures; `None`: none are shown.
        places: know where media is; their `keep_fresh` runs elsewhere.
        play: give tickets to media that is not for everybody; the `keep_fresh` of their keys runs elsewhere.
        notices: what is known of how notices are sent.
        eventsub: tells programs of events; its `serve` runs elsewhere.
        shop: takes money for subscriptions; `None`: nobody does.
        bus: that of the chat; `None`: there is none, and moderators cannot point at messages.

    """
    app = QuartTrio(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, BODY_TIMEOUT=10, RESPONSE_TIMEOUT=RESPONSE_S)
    proxies = proxies or TrustedProxies()
    gateway = Gateway(auth, proxies, urls.web, per_minute=points_per_minute)
    cursors, people = Cursors(database), People(database, auth)
    access, actors = ChannelAccess(database), Actors(database)
    settings = settings or CurrentSettings(database, SiteSettings(registration=registration))
    places = places or MediaPlaces(database, urls.hls)
    play = play or PlayRoutes(database, PlayKeys(database), places)
    press = ImagePress()
    shop = shop or GrantShop()
    passwords = PasswordRoutes(database, people)
    letters = EmailRoutes(database, people, post, urls.web.configured)
    endpoints = [
        *SiteRoutes(
            urls,
            version,
            settings,
            features={"mail": post is not None},
            limits={"follows": MAX_FOLLOWED, "follows_per_minute": FOLLOWS_PER_MINUTE},
            shop=shop,
        ).endpoints(),
        *StreamRoutes(database, cursors).endpoints(),
        *BroadcastRoutes(database, cursors, access).endpoints(),
        *dashboard_endpoints(database, cursors, access, actors),
        *CategoryRoutes(database, cursors).endpoints(),
        *SearchRoutes(database, cursors).endpoints(),
        *FollowRoutes(database, cursors, access).endpoints(),
        *UserRoutes(database, people, letters, settings).endpoints(),
        *SessionRoutes(database, people).endpoints(),
        *SetUpRoutes(database, people).endpoints(),
        *passwords.endpoints(),
        *letters.endpoints(),
        *TokenRoutes(database, cursors, people).endpoints(),
        *PresenceRoutes(viewers or PageViewers(), WatchableStreams(database), play.may_watch).endpoints(),
        *AppRoutes(database, cursors, auth).endpoints(),
        *ConnectionRoutes(database, cursors, people).endpoints(),
        *KeyRoutes(database, cursors, access).endpoints(),
        *ChannelRoutes(database, access, actors, places).endpoints(),
        *play.endpoints(),
        *ChatSettingsRoutes(database, access, actors).endpoints(),
        *ChatHistoryRoutes(database, cursors, access).endpoints(),
        *ShieldRoutes(database, access, actors).endpoints(),
        *BlockedTermRoutes(database, cursors, access, actors).endpoints(),
        *BanRoutes(database, cursors, access, actors, bus).endpoints(),
        *PeopleRoutes(database, cursors, access, actors).endpoints(),
        *QueueRoutes(database, cursors, access, actors).endpoints(),
        *stage_endpoints(database, cursors, access, actors, bus),
        *RoleRoutes(database, cursors, access, actors).endpoints(),
        *BlockRoutes(database, cursors).endpoints(),
        *AssetRoutes(database, access, actors, press).endpoints(),
        *emote_endpoints(database, cursors, access, actors, settings, press),
        *subscription_endpoints(database, cursors, access, actors, shop),
        *notice_endpoints(database, cursors, notices or NoticeParts()),
        *EventSubRoutes(database, cursors, (notices or NoticeParts()).policy).endpoints(),
        *administration_endpoints(
            database, cursors, people, access, actors, settings, test_pictures or NoTestPictures()
        ),
    ]
    app.request_class = request_class(endpoints)
    app.register_blueprint(gateway.blueprint(endpoints))
    _add_documentation(app, endpoints, version)
    UnsubscribePage(database, gateway).add_to(app)
    issuer = TokenIssuer(database, people)
    app.register_blueprint(OAuthRoutes(database, auth, issuer, gateway, urls.web).blueprint())
    app.register_blueprint(OAuthPages(database, gateway, people, urls.web).blueprint())
    add_assets(app, database, urls.web)
    add_eventsub(app, (eventsub or EventSub(database)).sockets, proxies, urls.web)
    add_emote_pictures(app, database)
    _add_pages(app, database, front_end)
    _add_operations(app, metrics, metrics_token, health, remarks, proxies)
    _add_errors(app, front_end)

    @app.after_request
    @inline
    def secure(response: Response) -> Response:
        # `setdefault` would go through the whole list for each.
        there = {name.lower() for name, _ in response.headers}
        response.headers.extend((name, value) for name, value in _ALWAYS if name.lower() not in there)
        if response.mimetype == "text/html":
            chat = urls.chat.for_host(request.host) if urls.chat else None
            policy = content_security_policy(
                *places.base_urls(request.host), chat_url=chat, framed=may_be_framed(request.path)
            )
            response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return app


def _add_documentation(app: QuartTrio, endpoints: list[AnyEndpoint], version: str) -> None:
    document = msgspec.json.encode(openapi_document(endpoints, version))
    page = documentation(endpoints)
    app.config[OPENAPI] = document

    @app.get("/api/openapi.json")
    @inline
    def openapi() -> Response:
        return Response(document, content_type="application/json")

    @app.get("/api/docs")
    @inline
    def docs() -> Response:
        return plain_page("The API of this site", page)


def _add_pages(app: QuartTrio, database: Database, front_end: FrontEnd) -> None:
    add_pages(app, database, front_end)

    @app.get("/sw.js")
    @inline
    def service_worker() -> Response:
        worker = front_end.worker
        if worker is None:
            raise ApiProblemError(404, "There is no such file.")
        return send_static(worker)

    @app.get("/static/<path:name>")
    @inline
    def static_file(name: str) -> Response:
        file = front_end.files.get(name)
        if file is None:
            raise ApiProblemError(404, "There is no such file.")
        return send_static(file)


def _add_operations(
    app: QuartTrio,
    metrics: Callable[[], bytes],
    token: str | None,
    health: Callable[[], Awaitable[str | None]],
    remarks: Callable[[], list[str]],
    proxies: TrustedProxies,
) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        problem = await health()
        if problem is not None:
            raise ApiProblemError(503, problem, retry_after_s=RETRY_AFTER_S)
        text = "".join(f"{line}\n" for line in ("ok", *remarks()))
        return Response(text, content_type="text/plain; charset=utf-8")

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


def _problem(
    status: int, message: str, retry_after_s: int | None = None, reason: str | None = None
) -> Response:
    response = Response(problems.problem_body(status, message, reason), status=status)
    response.content_type = problems.CONTENT_TYPE
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _add_errors(app: QuartTrio, front_end: FrontEnd) -> None:
    @app.errorhandler(ApiProblemError)
    @inline
    def refused(error: ApiProblemError) -> Response:
        return _problem(error.status, error.message, error.retry_after_s, error.reason)

    @app.errorhandler(DatabaseUnavailableError)
    @app.errorhandler(StatementTimeoutError)
    @inline
    def away(_error: Exception) -> Response:
        return _problem(503, AWAY, RETRY_AFTER_S)

    @app.errorhandler(HashingBusyError)
    @inline
    def crowded(_error: HashingBusyError) -> Response:
        return _problem(503, "Too many people log in at once; try again in a moment.", RETRY_AFTER_S)

    @app.errorhandler(HTTPException)
    @inline
    def http_error(error: HTTPException) -> Response:
        status = error.code or 500
        if status == HTTPStatus.NOT_FOUND and not request.path.startswith("/api/"):
            return send_static(front_end.page, status=404)
        response = _problem(status, error.description or HTTPStatus(status).phrase)
        for name, value in error.get_headers():
            if name.lower() == "allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    @inline
    def crashed(error: Exception) -> Response:
        log.error("request_crashed", method=request.method, path=request.path, exc_info=error)
        return _problem(500, "Something went wrong on our side.")
