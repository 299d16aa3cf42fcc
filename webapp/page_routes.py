"""The paths at which the front end's pages are. All are one page: what it shows, its script reads from the address.

A path that no page is at answers with the same file, which says so, and status 404; so does that of a channel or a category
that does not exist, as far as the database can tell right now.
"""

import re
from collections.abc import Awaitable
from http import HTTPStatus

import trio
from quart import Response, request
from quart_trio import QuartTrio

from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.queries.categories import select_categories
from common.queries.channels import exists_channel
from webapp.fields import MAX_ID
from webapp.inline import inline
from webapp.static_files import FrontEnd, StaticFile

PAGES = (
    "/",
    "/directory",
    "/directory/live",
    "/directory/following",
    "/search",
    "/login",
    "/signup",
    "/settings",
    "/settings/<tab>",
    "/setup",
    "/reset",
    "/reset-password",
    "/verify",
    "/verify-email",
    "/dashboard",
    "/admin",
    "/admin/<tab>",
)
"""Of nobody in particular. What is one segment here is a reserved login (`common.ids`): no channel can be hidden by it."""
WATCH_PAGE = "/<login>"
CHANNEL_PAGES = (
    WATCH_PAGE,
    "/popout/<login>/chat",
    "/popout/<login>/moderation",
    "/moderator/<login>",
    "/popout/<login>/activity",
    "/popout/<login>/health",
    "/embed/<login>",
    "/embed/<login>/chat",
    "/dashboard/<login>",
    "/dashboard/<login>/<page>",
)

_LOGIN = re.compile(r"[A-Za-z0-9_]{3,25}")
_ID = re.compile(r"[0-9]{1,19}")


def may_be_framed(path: str) -> bool:
    """Say whether other sites may show the page at this path within theirs."""
    return path.startswith("/embed/")


def add_pages(app: QuartTrio, database: Database, front_end: FrontEnd) -> None:
    """Add the routes."""

    @inline
    def page(**_parts: str) -> Response:
        return send_static(front_end.page)

    async def of_channel(login: str, **_parts: str) -> Response:
        return send_static(front_end.page, status=await _status(_channel(database, login)))

    async def with_player(login: str) -> Response:
        return send_static(front_end.watch, status=await _status(_channel(database, login)))

    async def of_category(category_id: str) -> Response:
        return send_static(front_end.page, status=await _status(_category(database, category_id)))

    for path in PAGES:
        app.add_url_rule(path, endpoint=f"page {path}", view_func=page, methods=["GET"])
    for path in CHANNEL_PAGES:
        show = with_player if path == WATCH_PAGE else of_channel
        app.add_url_rule(path, endpoint=f"page {path}", view_func=show, methods=["GET"])
    app.add_url_rule("/directory/category/<category_id>", view_func=of_category, methods=["GET"])


async def _channel(database: Database, login: str) -> bool:
    if _LOGIN.fullmatch(login) is None:
        await trio.lowlevel.checkpoint_if_cancelled()
        return False
    return await exists_channel(database, login)


async def _category(database: Database, category_id: str) -> bool:
    if _ID.fullmatch(category_id) is None or int(category_id) > MAX_ID:
        await trio.lowlevel.checkpoint_if_cancelled()
        return False
    return bool(await select_categories(database, ids=[int(category_id)]))


async def _status(exists: Awaitable[bool]) -> HTTPStatus:
    """404 for what does not exist; while the database is away the page loads, and says so by itself."""
    await trio.lowlevel.checkpoint_if_cancelled()
    try:
        return HTTPStatus.OK if await exists else HTTPStatus.NOT_FOUND
    except (DatabaseUnavailableError, StatementTimeoutError):
        return HTTPStatus.OK


def send_static(file: StaticFile, status: int = HTTPStatus.OK) -> Response:
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
