"""The WebSocket at `/eventsub`: connections come and go here; what they are told is `webapp.eventsub_sockets`'s.

Clients only listen: whoever says something is cut off, as on Twitch. A connection says nothing of who it is; that is said by the
token with which something is subscribed for it.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
import trio
from quart import websocket
from quart_trio import QuartTrio

from common.db import DatabaseError
from common.limits import ConnectionCaps, is_loopback
from common.proxies import TrustedProxies
from webapp import eventsub_messages as messages
from webapp.eventsub_session import CloseCode, Session, chosen_keepalive_s
from webapp.eventsub_sockets import Sockets
from webapp.public_urls import PublicUrl

log = structlog.get_logger(__name__)

PATHS = ("/eventsub", "/ws")
"""The second is where Twitch's own test server has it, and libraries look for that."""
MAX_SESSIONS = 1000
MAX_PER_ADDRESS = 50
OPEN_S = 5.0
CLOSE_S = 2.0


class SocketPage:
    """Serves the sessions of one node."""

    def __init__(
        self,
        sockets: Sockets,
        proxies: TrustedProxies,
        web_url: PublicUrl,
        *,
        utc_now: Callable[[], datetime] = messages.utc_now,
    ) -> None:
        self._sockets = sockets
        self._proxies = proxies
        self._web_url = web_url
        self._utc_now = utc_now
        self._caps = ConnectionCaps(total=MAX_SESSIONS, per_client=MAX_PER_ADDRESS)

    def add_to(self, app: QuartTrio) -> None:
        """Add the routes."""
        for path in PATHS:
            app.add_websocket(path, f"eventsub {path}", self._serve)

    async def _serve(self) -> None:
        address = self._client_address()
        exempt = is_loopback(address)
        if self._sockets.is_leaving or not self._caps.enter(address, exempt=exempt):
            await websocket.close(CloseCode.TOO_MANY)  # before it is accepted: 403
            return
        try:
            await websocket.accept()
            session = await self._begin()
            if session is not None:
                await self._run(session)
        finally:
            self._caps.leave(address, exempt=exempt)

    def _client_address(self) -> str:
        forwarded = websocket.headers.get("X-Forwarded-For", "").encode("latin-1", "replace")
        return self._proxies.client_address(websocket.remote_addr or "", {b"x-forwarded-for": forwarded})

    async def _begin(self) -> Session | None:
        keepalive_s = chosen_keepalive_s(websocket.args.get("keepalive_timeout_seconds"))
        # Each client comes back to where it came from, if no address is configured: what others call us is not believed.
        address = f"ws{self._web_url.for_host(websocket.host).removeprefix('http')}{PATHS[0]}"
        secret = websocket.args.get("reconnect")
        session: Session | None = None
        try:
            with trio.fail_after(OPEN_S):
                if secret is None:
                    session = await self._sockets.open(keepalive_s, address)
                else:
                    session = await self._sockets.resume(secret[:100], keepalive_s, address)
        except (DatabaseError, trio.TooSlowError) as error:
            log.info("session_not_opened", error=str(error))
            await websocket.close(CloseCode.SERVER_ERROR, "try again in a moment")
            return None
        if session is None:
            await websocket.close(CloseCode.INVALID_RECONNECT, "invalid reconnect")
        return session

    async def _run(self, session: Session) -> None:
        try:
            await websocket.send(
                messages.welcome(
                    session.id,
                    connected_at=session.connected_at,
                    now=self._utc_now(),
                    keepalive_s=session.keepalive_s,
                )
            )
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, session, nursery.cancel_scope)
                await self._tell(session)
                nursery.cancel_scope.cancel("the session is over")
            await self._say_good_bye(session)
        finally:
            with trio.move_on_after(CLOSE_S, shield=True):
                await self._sockets.close(session)

    async def _listen(self, session: Session, scope: trio.CancelScope) -> None:
        await websocket.receive()
        session.close(CloseCode.INBOUND_TRAFFIC)
        scope.cancel("the client said something")

    async def _tell(self, session: Session) -> None:
        await trio.lowlevel.checkpoint()
        while session.closing is None or session.is_leaving:
            now = trio.current_time()
            frame = session.take(now)
            if frame is None and session.check(now):
                frame = messages.keepalive(self._utc_now())
                session.note_keepalive(now)
            if frame is not None:
                await websocket.send(frame)
            elif session.closing is not None:
                return
            else:
                await self._sockets.wait(session, session.next_check())

    async def _say_good_bye(self, session: Session) -> None:
        with trio.move_on_after(CLOSE_S):
            await websocket.close(
                session.closing or CloseCode.SERVER_ERROR, _REASONS.get(session.closing, "")
            )


_REASONS: dict[CloseCode | None, str] = {
    CloseCode.SERVER_ERROR: "internal server error",
    CloseCode.INBOUND_TRAFFIC: "client sent inbound traffic",
    CloseCode.UNUSED: "connection unused",
    CloseCode.RECONNECT_OVER: "reconnect grace time expired",
    CloseCode.TOO_SLOW: "network timeout",
}
