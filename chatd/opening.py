"""What a client asks for that opens a WebSocket: refused, or the few facts that the connection needs from then on. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from chatd.wires import Framing
from common.auth import SESSION_COOKIE
from common.http_parser import Request
from common.http_response import Response, respond_text

NOT_KEPT = (("Cache-Control", "no-store"),)
_NOT_FOUND = respond_text(404, "chat is at /ws (JSON) and / (IRC), over WebSocket", NOT_KEPT)
_UPGRADE = respond_text(
    426,
    "this is chat: connect with a WebSocket",
    (("Upgrade", "websocket"), ("Connection", "Upgrade"), *NOT_KEPT),
)
_OLD = respond_text(
    400, "only version 13 of WebSocket is spoken here", (("Sec-WebSocket-Version", "13"), *NOT_KEPT)
)
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")
_NO_KEY = respond_text(400, "Sec-WebSocket-Key must be 16 bytes in base64", NOT_KEPT)

_FRAMINGS: dict[str, Framing] = {
    "irc": "frame",
    "text.ircv3.net": "frame per line",
    "binary.ircv3.net": "frame per line",
}
"""By subprotocol. What a client offers must be answered, and what it does not offer must not (RFC 6455 4.1)."""


@dataclass(slots=True, eq=False)
class Opening:
    """A client that may have its WebSocket. It outlives the request, which is ten times as big."""

    address: str
    is_json: bool
    """JSON; else Twitch's IRC."""
    subprotocol: str | None
    """Of those that the client offered, the one we speak."""
    token: str | None = field(repr=False)
    """What it shows of itself; `None`: no token."""
    session: str | None = field(repr=False)
    """Likewise the session of a browser on one of our pages."""
    head: bytes = field(repr=False)

    @property
    def framing(self) -> Framing:
        """How lines are sent."""
        return _FRAMINGS.get(self.subprotocol or "", "frame")

    def take_head(self) -> bytes:
        """Give the request as it was sent, once."""
        head, self.head = self.head, b""
        return head


def read_opening(request: Request, is_ours: Callable[[str, str], bool]) -> Opening | Response:
    """Read what a client asks for, or say why not.

    `is_ours` says of the `Origin` and the `Host` of a browser's request whether they are of our pages: a page of another
    site may read, but is never taken for the person whose cookie came along.
    """
    if request.path not in {"/", "/ws"}:
        return _NOT_FOUND
    headers = request.headers
    if request.method != "GET" or not _asks_for_websocket(request):
        return _UPGRADE
    if headers.get(b"sec-websocket-version") != b"13":
        return _OLD
    if not _KEY.fullmatch(headers.get(b"sec-websocket-key", b"")):
        return _NO_KEY
    is_json = request.path == "/ws"
    token, session = _credential(request, is_ours) if is_json else (None, None)
    subprotocol = None if is_json else _offered(request)
    return Opening(request.address, is_json, subprotocol, token, session, request.head)


def _asks_for_websocket(request: Request) -> bool:
    """Whether it is the opening of RFC 6455 4.1. The library would say nothing of one that is not, and hang up late."""
    headers = request.headers
    tokens = map(bytes.strip, headers.get(b"connection", b"").lower().split(b","))
    has_body = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
    asks = headers.get(b"upgrade", b"").lower() == b"websocket" and b"upgrade" in tokens
    return asks and not has_body and not request.is_http_1_0


def _offered(request: Request) -> str | None:
    """The first subprotocol a client offers that we speak."""
    offered = request.headers.get(b"sec-websocket-protocol", b"").decode("latin-1")
    return next((name for name in map(str.strip, offered.split(",")) if name in _FRAMINGS), None)


def _credential(request: Request, is_ours: Callable[[str, str], bool]) -> tuple[str | None, str | None]:
    """A bearer token, or the session of the cookie if the page is ours."""
    headers = request.headers
    scheme, _, text = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() in {"bearer", "oauth"} and text:
        return text.strip(), None
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not is_ours(origin, headers.get(b"host", b"").decode("latin-1")):
        return None, None
    return None, _cookie(headers.get(b"cookie", b""))


def _cookie(header: bytes) -> str | None:
    try:
        found = SimpleCookie(header.decode("latin-1")).get(SESSION_COOKIE)
    except CookieError:
        return None
    return found.value if found and 0 < len(found.value) <= 200 else None
