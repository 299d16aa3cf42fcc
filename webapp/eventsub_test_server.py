"""The API where libraries look for Twitch's own test server (`twitch mock-api`): the only way to point some of them at another host.

@twurple/api, told a port by TWURPLE_MOCK_API_PORT, asks `localhost` there for `/eventsub/subscriptions`, and for the rest below `/mock`.
"""

import math
import time

from quart import Blueprint, Response, g
from quart_trio import QuartTrio

from common.proxies import TrustedProxies
from webapp.eventsub_routes import PATH
from webapp.eventsub_socket_page import SocketPage
from webapp.eventsub_sockets import Sockets
from webapp.gateway import POINTS_PER_MINUTE
from webapp.inline import inline
from webapp.pace import Pace
from webapp.public_urls import PublicUrl


def add_eventsub(app: QuartTrio, sockets: Sockets, proxies: TrustedProxies, web_url: PublicUrl) -> None:
    """Add the WebSocket, and the routes where libraries look for them. The API must be there already."""
    SocketPage(sockets, proxies, web_url).add_to(app)
    twins = Blueprint("test_server", __name__)
    for method, route, place in (
        ("GET", PATH, PATH),
        ("POST", PATH, PATH),
        ("DELETE", PATH, PATH),
        ("GET", PATH, f"/mock{PATH}"),
        ("POST", PATH, f"/mock{PATH}"),
        ("DELETE", PATH, f"/mock{PATH}"),
        ("GET", "/users", "/mock/users"),
    ):
        view = app.view_functions[f"api.{method} {route}"]
        twins.add_url_rule(place, endpoint=f"{method} {place}", view_func=view, methods=[method])
    twins.after_request(inline(_tell_pace))
    app.register_blueprint(twins)


def _tell_pace(response: Response) -> Response:
    """Tell how much may still be asked, also whom nobody counts: twurple's queue stops at an answer that does not say it."""
    pace: Pace | None = g.get("pace")
    limit, remaining = (
        (POINTS_PER_MINUTE, POINTS_PER_MINUTE) if pace is None else (pace.limit, pace.remaining)
    )
    response.headers["Ratelimit-Limit"] = str(limit)
    response.headers["Ratelimit-Remaining"] = str(remaining)
    response.headers["Ratelimit-Reset"] = str(
        math.ceil(time.time() + (0 if pace is None else pace.full_in_s))
    )
    return response
