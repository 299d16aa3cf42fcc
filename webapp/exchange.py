"""One request and its answer: Hypercorn's connection on one side, Quart's application on the other.

In place of ASGI between them, which takes three tasks, two queues and a dozen messages a request: a third of all that a
small answer costs. Only for HTTP; WebSockets come to Quart as Hypercorn brings them.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import structlog
import trio
from hypercorn.protocol.events import Body, EndBody, Event, Request, Response, StreamClosed
from hypercorn.typing import HTTPScope
from hypercorn.utils import suppress_body
from quart.wrappers import Request as QuartRequest
from quart.wrappers import Response as QuartResponse
from quart_trio import QuartTrio
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

log = structlog.get_logger(__name__)

STREAM_ID = 1
"""HTTP/1.1 has one at a time."""
NOTHING_TO_SAY = [(b"content-length", b"0"), (b"connection", b"close")]

Address = tuple[str, int] | None


class Exchange:
    """What Hypercorn calls a stream: it is told what comes of a request, and tells what goes out.

    Args:
        app: answers.
        spawn: starts a task of the connection.
        send: takes what goes out, in order; `StreamClosed` when that was all, unless one came in before.
        client: where the request comes from.
        server: our own address.

    """

    idle = False
    """Hypercorn asks; there is one of these for each request, so it never is."""

    def __init__(
        self,
        app: QuartTrio,
        spawn: Callable[[Callable[[], Awaitable[None]]], None],
        send: Callable[[Event], Awaitable[None]],
        *,
        client: Address,
        server: Address,
    ) -> None:
        self._app = app
        self._spawn = spawn
        self._send = send
        self._client = client
        self._server = server
        self._scope = trio.CancelScope()
        self._request: QuartRequest | None = None
        self._began = self._closed = False

    async def handle(self, event: Event) -> None:
        """Take what came. Never waits: how much of a body is kept is Quart's to bound, and it does so at once."""
        await trio.lowlevel.checkpoint_if_cancelled()
        match event:
            case Request():
                self._request = self._make_request(event)
                self._spawn(partial(self._answer, self._request))
            case Body() if self._request is not None:
                self._request.body.append(event.data)
            case EndBody() if self._request is not None:
                self._request.body.set_complete()
            case StreamClosed() if not self._closed:
                self._closed = True
                self._scope.cancel("the client is gone, or says nothing any more")

    def _make_request(self, event: Request) -> QuartRequest:
        """As Quart's own ASGI connection does."""
        raw_path, _, query = event.raw_path.partition(b"?")
        path = unquote(raw_path.decode("ascii"))
        headers = Headers([("Remote-Addr", self._client[0] if self._client else "<local>")])
        for name, value in event.headers:
            headers.add(name.decode("latin-1").title(), value.decode("latin-1"))
        if event.http_version < "1.1":
            headers.setdefault("Host", self._app.config["SERVER_NAME"] or "")
        scope: HTTPScope = {
            "type": "http",
            "http_version": event.http_version,
            "asgi": {"spec_version": "2.1", "version": "3.0"},
            "method": event.method,
            "scheme": "http",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": event.headers,
            "client": self._client,
            "server": self._server,
            "state": event.state.copy(),  # type: ignore[typeddict-item]  # Hypercorn's two names for a dictionary
            "extensions": {},
        }
        return self._app.request_class(
            event.method,
            "http",
            path if path.startswith("/") else urlsplit(path).path,
            query,
            headers,
            "",
            event.http_version,
            scope,
            max_content_length=self._app.config["MAX_CONTENT_LENGTH"],
            body_timeout=self._app.config["BODY_TIMEOUT"],
            send_push_promise=_no_push,
        )

    async def _answer(self, request: QuartRequest) -> None:
        with self._scope:
            try:
                response = await self._app.handle_request(request)
                self._scope.deadline = trio.current_time() + self._app.config["RESPONSE_TIMEOUT"]
                await self._send_response(request, response)
            except* (
                Exception
            ):  # Quart turns those of routes into answers, so this is one of making or sending them
                log.exception("answer_failed", method=request.method, path=request.path)
                await self._give_up()
        if not self._closed:
            self._closed = True
            await self._send(StreamClosed(STREAM_ID))

    async def _send_response(self, request: QuartRequest, response: QuartResponse | WerkzeugResponse) -> None:
        head = [(name.lower().encode(), value.strip().encode()) for name, value in response.headers]
        await self._send(Response(STREAM_ID, head, response.status_code))
        self._began = True
        if not suppress_body(request.method, response.status_code):
            if isinstance(response, WerkzeugResponse):  # what Werkzeug's own errors and redirects are
                await self._send(Body(STREAM_ID, response.get_data()))
            else:
                async with response.response as pieces:
                    async for piece in pieces:
                        await self._send(Body(STREAM_ID, piece.encode() if isinstance(piece, str) else piece))
        await self._send(EndBody(STREAM_ID))

    async def _give_up(self) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        if not self._began:
            await self._send(Response(STREAM_ID, NOTHING_TO_SAY, 500))
            await self._send(EndBody(STREAM_ID))


async def _no_push(_path: str, _headers: Headers) -> NoReturn:
    await trio.lowlevel.checkpoint()
    raise AssertionError("HTTP/1.1 pushes nothing")
