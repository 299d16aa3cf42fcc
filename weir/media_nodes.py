"""Several media nodes on one database: each says that it lives, and knows to whom a viewer of another's channel must go.

A crowd at a channel that is not here costs one question to the database a second, whether it is elsewhere or offline; all
that is asked meanwhile goes into the next question. Loops cannot be: a node never sends anybody to itself, and answers are
so short-lived that two nodes which name each other do so for a second at most.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from common.db import Database, DatabaseError
from common.http_parser import Request
from common.http_response import Answer, Held, Response
from common.metrics import Sample
from common.queries import media_nodes
from common.queries.media_nodes import BEAT_S, MediaNode

log = structlog.get_logger(__name__)

FRESH_S = 1.0
"""How long an answer of the database is believed."""
MAX_KNOWN = 10_000
BATCH = 100
"""Channels in one question."""
MAX_ASKED = 2_000
"""Channels that may wait for a question; beyond it a channel is said to be offline, for somebody makes names up."""
ANSWERS_IN_A_ROW = 512
_LOGIN = re.compile(r"[a-z0-9_]{3,25}", re.ASCII)

Reply = Callable[[str | None], Response]


class Heartbeat:
    """Says of this node that it lives, and knows whether others do."""

    def __init__(self, db: Database, name: str) -> None:
        self._db = db
        self.name = name
        self.others: list[MediaNode] = []
        self._me: MediaNode | None = None
        self._known = trio.Event()

    def is_at(self, *, hls_url: str | None, hls_port: int, rtmp_url: str | None, rtmp_port: int) -> None:
        """Say where this node is reached, once it is bound."""
        self._me = MediaNode(self.name, hls_url, hls_port, rtmp_url, rtmp_port)
        self._known.set()

    def stop(self) -> None:
        """Say nothing any more."""
        self._me = None

    async def run(self) -> None:
        """Beat, for ever, from when `is_at` was called; a beat that the database missed is made up for by the next."""
        await self._known.wait()
        while True:
            await self._beat()
            await trio.sleep(BEAT_S)

    async def _beat(self) -> None:
        await trio.lowlevel.checkpoint()
        if self._me is None:
            return
        try:
            await media_nodes.upsert_node(self._db, self._me)
            found = await media_nodes.select_nodes(self._db)
        except DatabaseError:
            log.info("heartbeat_missed")
            return
        self.others = [node for node in found if node.node != self.name]


@dataclass(frozen=True, slots=True)
class _Known:
    node: MediaNode | None
    until: float


class NodeFinder:
    """Finds the node that has a channel (`hls.elsewhere.Elsewhere`). `run` must run beside it."""

    def __init__(self, db: Database, heart: Heartbeat) -> None:
        self._db = db
        self._heart = heart
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._waiting: dict[str, dict[Held, tuple[str, Reply]]] = {}
        """By login; with the Host header of who asks, and what makes their answer."""
        self._asked = trio.Event()
        self.questions = 0

    def locate(self, login: str, request: Request, reply: Reply) -> Answer:
        """Answer a request for a channel that is not here; see `Elsewhere`."""
        host = request.headers.get(b"host", b"").decode("latin-1")
        if not self._heart.others or _LOGIN.fullmatch(login) is None:
            return reply(None)
        known = self._known.get(login)
        if known is not None and trio.current_time() < known.until:
            return reply(_base(known.node, host))
        waiting = self._waiting.get(login)
        if waiting is None:
            if len(self._waiting) >= MAX_ASKED:
                return reply(None)
            waiting = self._waiting[login] = {}
            self._asked.set()
        held = Held(partial(_forget, waiting))
        waiting[held] = (host, reply)
        return held

    async def run(self) -> None:
        """Ask, for ever, one question at a time."""
        while True:
            await self._asked.wait()
            while self._waiting:
                await self._ask(list(self._waiting)[:BATCH])
            self._asked = trio.Event()

    async def _ask(self, logins: list[str]) -> None:
        self.questions += 1
        try:
            hosts = await media_nodes.select_hosts(self._db, logins)
        except DatabaseError:
            hosts = {}  # then it is as if all were offline, for a second
        until = trio.current_time() + FRESH_S
        answered = 0
        for login in logins:
            node = hosts.get(login)
            if node is not None and node.node == self._heart.name:
                node = None  # it says that we have it, and we know better
            self._keep(login, _Known(node, until))
            for held, (host, reply) in tuple(self._waiting.pop(login).items()):
                held.answer(reply(_base(node, host)))
                answered += 1
                if answered % ANSWERS_IN_A_ROW == 0:
                    await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()

    def _keep(self, login: str, known: _Known) -> None:
        self._known[login] = known
        self._known.move_to_end(login)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def samples(self) -> list[Sample]:
        """Counters for /metrics."""
        return [
            ("weir_media_nodes", "Media nodes that live, this one included", 1 + len(self._heart.others)),
            (
                "weir_media_node_questions_total",
                "Questions to the database about where channels are",
                self.questions,
            ),
        ]


def _forget(waiting: dict[Held, tuple[str, Reply]], gone: Held) -> None:
    waiting.pop(gone, None)


def _base(node: MediaNode | None, host: str) -> str | None:
    return None if node is None else node.hls.for_host(host)
