"""Listens for chat: JSON at `/ws`, Twitch's IRC at `/` over WebSocket, and over TCP. Bounds what anybody can cost us.

A plain GET never reaches the WebSocket library: `common.httpd` reads the head under its deadline and hands over what asks for
an upgrade.
"""

import random
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from chatd.client import Client, Services
from chatd.irc_client import IrcClient
from chatd.irc_lines import MAX_LINE_BYTES
from chatd.json_client import JsonClient
from chatd.json_requests import MAX_REQUEST_BYTES
from chatd.link import CLOSE_RESTART, Link, run_tcp, run_websocket
from chatd.opening import NOT_KEPT, Opening, read_opening
from chatd.silence import Silence
from chatd.turnstile import A_TURN
from common.db import DatabaseUnavailableError, StatementTimeoutError
from common.http_parser import Request
from common.http_response import Answer, Response, TakeOver, respond_text
from common.limits import ConnectionCaps, is_loopback
from common.metrics import Sample
from common.operator_pages import OperatorPages
from common.principals import ANONYMOUS, Principal
from common.proxies import TrustedProxies
from common.serving import peer_address, read_client_address

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
PROXY_HEADER_S = 5.0
TLS_S = 10.0
"""From the first byte to the end of the handshake, as a bot on a bad line needs."""
SPREAD = 0.5
"""Of the drain time: over it the clients are sent away one after the other, so that they do not come back at one moment."""
FAREWELL_S = 0.5
"""Between asking a client to reconnect and closing, as most do not close by themselves."""
_TOO_MANY = respond_text(503, "too many connections, try again later", (("Retry-After", "5"), *NOT_KEPT))
_STOPPING = respond_text(503, "the server is stopping", (("Retry-After", "1"), *NOT_KEPT))


class _Counted:
    """Counts a connection for as long as it is served; False: there are too many."""

    __slots__ = ("_address", "_caps", "_is_let_in")

    def __init__(self, caps: ConnectionCaps, address: str) -> None:
        self._caps = caps
        self._address = address
        self._is_let_in = False

    def __enter__(self) -> bool:
        self._is_let_in = self._caps.enter(self._address, exempt=is_loopback(self._address))
        return self._is_let_in

    def __exit__(self, *_: object) -> None:
        if self._is_let_in:
            self._caps.leave(self._address, exempt=is_loopback(self._address))


@dataclass(frozen=True, slots=True)
class Identities:
    """Turns what connections show into people. Both raise `DatabaseUnavailableError`."""

    token: Callable[[str], Awaitable[Principal | None]]
    session: Callable[[str], Awaitable[Principal | None]]


class ChatServer:
    """The handler of the chat listener (`common.httpd.HttpServer`) and of the IRC listeners. `run` must be running."""

    def __init__(
        self,
        services: Services,
        identities: Identities,
        pages: OperatorPages,
        *,
        is_ours: Callable[[str, str], bool],
        proxies: TrustedProxies,
        caps: ConnectionCaps,
    ) -> None:
        """Make it.

        Args:
            services: the node.
            identities: who is who.
            pages: `/healthz` and `/metrics`.
            is_ours: see `chatd.opening.read_opening`.
            proxies: whose PROXY headers are believed on the IRC ports.
            caps: bounds connections by the address of the client, also of those that come through a proxy of ours, whom
                the HTTP server lets in without counting.

        """
        self._services = services
        self._identities = identities
        self._pages = pages
        self._is_ours = is_ours
        self._proxies = proxies
        self._caps = caps
        self._clients: dict[Client, trio.CancelScope] = {}
        self._silence: Silence[Client] = Silence()
        self._ended: dict[str, int] = {}
        self._parting: deque[tuple[trio.CancelScope, str]] = deque()
        """Conversations that end in a moment: one entry or two of each."""
        self._is_parting = trio.Event()
        self._stopping = False

    def __call__(self, request: Request) -> Answer:
        """Answer a request; see `common.http_response.Handler`."""
        if (answer := self._pages.answer(request)) is not None:
            return answer
        opening = read_opening(request, self._is_ours)
        if isinstance(opening, Response):
            return opening
        if self._stopping:
            return _STOPPING
        with _Counted(self._caps, opening.address) as is_let_in:
            if not is_let_in:
                return _TOO_MANY
        return TakeOver(partial(self._serve_websocket, opening))

    async def run(self, stop: trio.Event, drain_s: float) -> None:
        """Look after the connections until cancelled; at `stop` ask all to come back elsewhere, over `drain_s` seconds."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._services.turns.run)
            nursery.start_soon(self._part)
            nursery.start_soon(self._look_after)
            await stop.wait()
            self._stopping = True
            clients = list(self._clients)
            random.shuffle(clients)  # who came first is not sent away first
            for number, client in enumerate(clients):
                nursery.start_soon(self._send_away, client, drain_s * SPREAD * number / len(clients))

    def samples(self) -> list[Sample]:
        """Give what `common.metrics` scrapes."""
        rooms = self._services.rooms
        return [
            ("weir_chat_connections", "Chat connections that are open", len(self._clients)),
            ("weir_chat_rooms", "Rooms that are open on this node", len(rooms)),
            ("weir_chat_members", "Members of all rooms of this node together", rooms.members),
            (
                "weir_chat_too_slow_total",
                "Connections cut because they fell behind",
                self._ended.get("too slow", 0),
            ),
            (
                "weir_chat_silent_total",
                "Connections cut because nothing came from them",
                self._ended.get("silent", 0),
            ),
        ]

    def forget(self, concerns: Callable[[Principal], bool]) -> None:
        """Cut the connections of people whose session or token is not valid any more."""
        for client, scope in list(self._clients.items()):
            if client.principal.user_id is not None and concerns(client.principal):
                self._end(scope, "revoked")

    async def handle_irc(
        self, stream: trio.SocketStream, *, context: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        """Serve a connection of a TCP listener; `context` gives what to agree on TLS with, `None` means none."""
        await trio.lowlevel.checkpoint()
        peer = peer_address(stream)
        if self._proxies.trusts(peer):
            address = await self._client_address(stream)
            with _Counted(self._caps, address) as is_let_in:
                if is_let_in:
                    await self._serve_irc(stream, address, context)
            return
        with _Counted(self._caps, peer) as is_let_in:  # before it has said anything: it may never
            if is_let_in and await self._client_address(stream):
                await self._serve_irc(stream, peer, context)

    async def _client_address(self, stream: trio.SocketStream) -> str:
        with trio.fail_after(PROXY_HEADER_S):
            return await read_client_address(stream, self._proxies)

    async def _serve_irc(
        self, stream: trio.SocketStream, address: str, context: Callable[[], ssl.SSLContext] | None
    ) -> None:
        if self._stopping:
            await trio.lowlevel.checkpoint()
            return
        if context is None:
            await self._speak_irc(stream, address)
            return
        await self._services.turns.wait()
        secured = await _agree_on_tls(stream, context())
        await self._speak_irc(secured, address)
        with trio.move_on_after(FAREWELL_S):
            await secured.aclose()  # TLS says good-bye, which a peer that does not read must not hold up

    async def _speak_irc(self, stream: trio.abc.Stream, address: str) -> None:
        talk = partial(self._talk_irc, address)
        await run_tcp(stream, turns=self._services.turns, on_end=self._end, talk=talk)

    async def _serve_websocket(self, opening: Opening, stream: trio.abc.Stream, early: bytes) -> None:
        with _Counted(self._caps, opening.address) as is_let_in:
            await self._services.turns.wait()
            if not is_let_in:
                return
            await run_websocket(
                stream,
                opening.take_head(),
                early,
                subprotocol=opening.subprotocol,
                framing=opening.framing,
                max_message_bytes=MAX_REQUEST_BYTES if opening.is_json else MAX_LINE_BYTES,
                turns=self._services.turns,
                on_end=self._end,
                talk=partial(self._talk_json, opening)
                if opening.is_json
                else partial(self._talk_irc, opening.address),
            )

    async def _talk_irc(self, address: str, link: Link, scope: trio.CancelScope) -> None:
        await self._converse(IrcClient(link, self._services, address), scope)

    async def _talk_json(self, opening: Opening, link: Link, scope: trio.CancelScope) -> None:
        principal = await self._identify(opening, link)
        if principal is not None:
            client = JsonClient(link, self._services, opening.address, principal, self._prover(opening))
            await self._converse(client, scope)

    async def _identify(self, opening: Opening, link: Link) -> Principal | None:
        """Find out who it is. A wrong token is refused; a session that is over makes a reader."""
        await trio.lowlevel.checkpoint_if_cancelled()
        principal: Principal | None = ANONYMOUS
        try:
            if opening.token is not None:
                principal = await self._identities.token(opening.token)
            elif opening.session is not None:
                principal = await self._identities.session(opening.session) or ANONYMOUS
        except (DatabaseUnavailableError, StatementTimeoutError):
            await link.close(CLOSE_RESTART, "the database is away; try again")
            return None
        if principal is None:
            await link.close(4001, "this token is not valid, or not any more")
        return principal

    def _prover(self, opening: Opening) -> Callable[[], Awaitable[Principal | None]] | None:
        if opening.token is not None:
            return partial(self._identities.token, opening.token)
        return None if opening.session is None else partial(self._identities.session, opening.session)

    async def _converse(self, client: IrcClient | JsonClient, scope: trio.CancelScope) -> None:
        self._clients[client] = scope
        try:
            await client.run()
        finally:
            del self._clients[client]
            self._silence.forget(client)

    def _end(self, scope: trio.CancelScope, reason: str) -> None:
        """End a conversation soon; idempotent enough, as a scope can be cancelled twice."""
        self._ended[reason] = self._ended.get(reason, 0) + 1
        self._parting.append((scope, reason))
        self._is_parting.set()

    async def _part(self) -> None:
        """End the conversations, a few each turn of the loop: a message may find out that thousands are gone."""
        while True:
            await self._is_parting.wait()
            self._is_parting = trio.Event()
            while self._parting:
                for _ in range(min(A_TURN, len(self._parting))):
                    scope, reason = self._parting.popleft()
                    scope.cancel(reason)
                await trio.lowlevel.checkpoint()

    async def _look_after(self) -> None:
        """Ask the silent whether they are there, and cut who does not answer."""
        while True:
            await trio.sleep(LOOK_EVERY_S)
            await trio.lowlevel.checkpoint()  # what came while we were too busy to read it is read first
            now = trio.current_time()
            for number, (client, scope) in enumerate(list(self._clients.items()), 1):
                match self._silence.judge(client, now):
                    case "gone":
                        self._end(scope, "silent")
                    case "ask":
                        client.ping()
                    case _:
                        pass
                if number % A_TURN == 0:
                    await trio.lowlevel.checkpoint()

    async def _send_away(self, client: Client, after_s: float) -> None:
        await trio.sleep(after_s)
        client.reconnect()
        await trio.sleep(FAREWELL_S)
        client.hang_up()
        await trio.sleep(FAREWELL_S)
        if (scope := self._clients.get(client)) is not None:
            self._end(scope, "stopping")


async def _agree_on_tls(
    stream: trio.SocketStream, context: ssl.SSLContext
) -> "trio.SSLStream[trio.SocketStream]":
    """Shake hands. Raises `trio.TooSlowError`, `trio.BrokenResourceError`."""
    # https_compatible: bots hang up without TLS's own good-bye. Who cuts a connection short gains nothing: the last line
    # counts only when its end has come.
    secured = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
    with trio.fail_after(TLS_S):
        await secured.do_handshake()
    return secured
