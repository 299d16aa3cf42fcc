"""The chat role: rooms of one node, the listeners for JSON, IRC over WebSocket and IRC over TCP, and what feeds them."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from functools import partial

import trio

from chatd.book import Book
from chatd.chat import Chat
from chatd.client import Services
from chatd.cutting import Cutter
from chatd.deeds import Deeds
from chatd.lane import Lane, People
from chatd.rooms import Rooms
from chatd.server import ChatServer, Identities
from chatd.stage_clock import StageClock
from chatd.tidings import Tidings
from common.auth import Authenticator
from common.background import running
from common.bus import Bus, Journal
from common.config import Config
from common.db import Change, ControlChange, Database, FullRecheck
from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.limits import ConnectionCaps
from common.metrics import Metrics, Sample
from common.operator_pages import OperatorPages
from common.proxies import TrustedProxies
from common.proxy_protocol import ProxyProtocolError
from common.public_url import PublicUrl
from common.serving import open_listeners, serve
from common.shared_pace import SharedPace
from common.tls import CertificateFiles
from weir.addresses import bound_port, reachable_host
from weir.certificate import open_certificate
from weir.chat_history import HistoryWriter
from weir.health import Health, check_irc
from weir.history_keeping import keep_history
from weir.retention import keep_clean, remove_old_bans, remove_old_holds, remove_old_polls, remove_old_terms

_Listeners = list[trio.SocketListener]


def unix_ms() -> int:
    """Give the time of now, Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


FLUSH_S = 2.0
"""For messages that moderators look at when the node stops: they are said rather than lost."""


class ChatRole:
    """Chat of one process."""

    def __init__(
        self,
        config: Config,
        db: Database,
        bus: Bus,
        metrics: Metrics,
        *,
        remarks: Callable[[], list[str]] = list,
        shared: SharedPace | None = None,
        journals: Sequence[Journal] = (),
    ) -> None:
        """`remarks`: what `/healthz` says although all is well enough. `shared`: where nodes agree on people's pace.

        `journals`: of the bus; what is to be written down of it.
        """
        self.port = config.chat_port
        """Of the WebSocket listener; what 0 became, once bound."""
        self.irc_port = config.irc_port
        self.ircs_port = config.ircs_port
        """Of IRC with TLS; `None`: there is none."""
        self.web_port = config.web_port
        """Of our pages, if their address is not configured: a browser's cookie counts on a connection from them alone."""
        self._config = config
        self._db = db
        self._auth = Authenticator(db)
        self._book = Book(db, unix_s=time.time, site_sends_mail=config.smtp_host is not None)
        people = People()
        self._lane = Lane(db, people)
        self._rooms = Rooms(bus, self._lane.tell, lines=config.chat_history_lines)
        self.history = HistoryWriter(db, journals)
        self._deeds = Deeds(db, bus, unix_ms=unix_ms)
        self._dirty: dict[int, None] = {}
        """Channels whose moderators did something."""
        self._events: dict[int | None, None] = {}
        """Of the outbox; `None`: all of late."""
        self._is_dirty = trio.Event()
        checks: dict[str, Callable[[], Awaitable[None]]] = {"irc": self._probe}
        if config.ircs_port is not None:
            checks["ircs"] = self._probe_secure
        self._health = Health(checks)
        self._certificate: CertificateFiles | None = None
        proxies = TrustedProxies(config.trusted_proxies)
        chat = Chat(db, bus, self._book, self._rooms, unix_ms=unix_ms, shared=shared)
        self._chat = chat
        self._tidings = Tidings(db, bus, self._rooms, Cutter(self._book, chat.emotes), unix_ms=unix_ms)
        self._emotes = chat.emotes
        self._terms = chat.terms
        self._delays = chat.delays
        self._stage_clock = StageClock(db)
        self._rooms.on_event = chat.observe
        self._lane.choose = self._rooms.tell_early
        services = Services(
            chat=chat,
            book=self._book,
            rooms=self._rooms,
            unix_ms=unix_ms,
            identify=self._auth.token,
            node=secrets.token_hex(4),
            people=people,
        )
        self._server = ChatServer(
            services,
            Identities(token=self._auth.token, session=self._auth.session),
            OperatorPages(
                health=self._health.problems,
                metrics=metrics.render,
                metrics_token=config.metrics_token,
                remarks=remarks,
            ),
            is_ours=self._is_ours,
            proxies=proxies,
            caps=ConnectionCaps(total=config.chat_max_connections, per_client=config.chat_max_per_address),
        )
        self._http = HttpServer(
            self._server,
            limits=HttpLimits(
                max_connections=config.chat_max_connections, max_per_address=config.chat_max_per_address
            ),
            proxies=proxies,
        )
        metrics.add_source(self._server.samples)
        metrics.add_source(self.history.samples)
        metrics.add_source(self._certificate_samples)
        metrics.add_source(lambda: self._http.samples("chat"))

    async def run_background(self) -> None:
        """Follow what changes in the database, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._auth.keep_fresh)
            nursery.start_soon(self._book.follow_changes, self._on_change)
            nursery.start_soon(self._tell_news)
            nursery.start_soon(self._terms.run)
            nursery.start_soon(self._delays.run)
            nursery.start_soon(self._lane.run)
            nursery.start_soon(self._chat.holds.run)
            nursery.start_soon(self._chat.stage.run)
            nursery.start_soon(self._chat.votes.run)
            nursery.start_soon(self._stage_clock.run)
            nursery.start_soon(self._chat.automatic.run)
            nursery.start_soon(self._chat.automatic.classifier.run)
            nursery.start_soon(self._tidings.count_for_ever)
            nursery.start_soon(self.history.run)
            nursery.start_soon(keep_history, self._db, self._config.chat_history_days)
            nursery.start_soon(keep_clean, "bans", partial(remove_old_bans, self._db))
            nursery.start_soon(keep_clean, "blocked terms", partial(remove_old_terms, self._db))
            nursery.start_soon(keep_clean, "polls", partial(remove_old_polls, self._db))
            nursery.start_soon(keep_clean, "held messages", partial(remove_old_holds, self._db))

    async def serve(
        self,
        *,
        stop: trio.Event,
        drain_s: float,
        task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until `stop`; gives the lines that tell people the addresses."""
        tasks: list[Callable[[], Awaitable[object]]] = [
            self._rooms.serve,
            partial(self._server.run, stop, drain_s),
        ]
        certificate = await open_certificate(self._config, self._config.ircs_port)
        if certificate is not None:
            self._certificate = certificate
            tasks.append(certificate.watch)
        listeners, irc_listeners, secure_listeners = await self._open_listeners()
        serve_irc = partial(serve, stop=stop, drain_s=drain_s, remote_errors=(ProxyProtocolError,))
        async with running(*tasks), trio.open_nursery() as nursery:
            await nursery.start(partial(self._http.serve, listeners, stop=stop, drain_s=drain_s))
            await nursery.start(serve_irc, self._server.handle_irc, irc_listeners)
            if certificate is not None:
                handle = partial(self._server.handle_irc, context=certificate.context)
                await nursery.start(serve_irc, handle, secure_listeners)
            task_status.started([self._line()])
            await stop.wait()
            with trio.move_on_after(FLUSH_S):
                await self._delays.flush()

    async def _open_listeners(self) -> tuple[_Listeners, _Listeners, _Listeners]:
        """Those for HTTP, for IRC and for IRC with TLS; all or none."""
        config, found = self._config, list[_Listeners]()
        await trio.lowlevel.checkpoint()
        with ExitStack() as undo:
            for port, setting in (
                (config.chat_port, "WEIR_CHAT_PORT"),
                (config.irc_port, "WEIR_IRC_PORT"),
                (config.ircs_port, "WEIR_IRCS_PORT"),
            ):
                opened = [] if port is None else await open_listeners(config.host, port, setting=setting)
                for listener in opened:
                    undo.callback(listener.socket.close)
                found.append(opened)
            undo.pop_all()
        http, irc, secure = found
        self.port, self.irc_port = bound_port(http), bound_port(irc)
        self.ircs_port = bound_port(secure) if secure else None
        return http, irc, secure

    def _certificate_samples(self) -> list[Sample]:
        if self._certificate is None:
            return []
        expires_s = self._certificate.current.expires_at.timestamp()
        return [
            (
                "weir_irc_certificate_expires_timestamp_seconds",
                "When the certificate of IRC expires",
                expires_s,
            )
        ]

    def _line(self) -> str:
        host = reachable_host(self._config.host)
        chat = self._config.public_chat_url or f"ws://{host}:{self.port}"
        secure = "" if self.ircs_port is None else f", with TLS at {host}:{self.ircs_port}"
        return f"  Chat          {chat}/ws, IRC at {host}:{self.irc_port}{secure}"

    async def problems(self) -> list[str]:
        """One sentence for each thing that keeps chat from doing its job."""
        return await self._health.problems()

    async def _probe(self) -> None:
        await check_irc(self._config.host, self.irc_port)

    async def _probe_secure(self) -> None:
        assert self.ircs_port is not None
        await check_irc(self._config.host, self.ircs_port, with_tls=True)

    def _is_ours(self, origin: str, host: str) -> bool:
        return origin == PublicUrl(self._config.public_web_url, "http", self.web_port).origin_for_host(host)

    def _on_change(self, change: Change) -> None:
        """Note whose moderators did something, and cut who is not who they were."""
        self._emotes.heed(change)
        self._terms.heed(change)
        self._lane.forget(change)
        self._chat.stage.heed(change)
        self._stage_clock.heed(change)
        self._chat.automatic.heed(change)
        match change:
            case FullRecheck():
                self._dirty.update(dict.fromkeys(self._rooms.open_ids))
                self._events = {None: None}
                self._is_dirty.set()
            case ControlChange(table="chat_holds"):
                self._chat.holds.look()
            case ControlChange(table="audit_log"):
                self._dirty[int(change.id)] = None
                self._is_dirty.set()
            case ControlChange(table="outbox"):
                self._events[int(change.id)] = None
                self._is_dirty.set()
            case ControlChange(table="sessions" | "access_tokens"):
                kind = "session" if change.table == "sessions" else "token"
                self._server.forget(lambda who: who.kind == kind and who.credential_id == change.id)
            case ControlChange(table="users"):
                self._server.forget(lambda who: who.user_id == change.id)
            case ControlChange():
                pass

    async def _tell_news(self) -> None:
        while True:
            await self._is_dirty.wait()
            self._is_dirty = trio.Event()
            dirty, self._dirty = self._dirty, {}
            events, self._events = self._events, {}
            for event_id in events:
                await self._tidings.tell(event_id)
            for channel_id in dirty:
                name = self._rooms.name_of(channel_id) or self._delays.name_of(channel_id)
                if name is not None:
                    await self._deeds.tell(name)
