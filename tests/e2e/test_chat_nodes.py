"""Two chat processes on one PostgreSQL and one Valkey: nothing is lost or doubled when a node dies, goes, or is alone."""

import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import trio
import trio_websocket

from common.auth import new_token_secret
from common.db import open_database
from common.queries import access_tokens, roles
from tests.common.test_queries import add_user
from tests.e2e.backup_site import Site
from tests.e2e.harness import Weir, start_weir
from tests.e2e.postgres_site import own_postgres
from tests.valkey_site import Valkey, running_valkey

pytestmark = pytest.mark.real

MEMBERS = 200
"""The scale of a test; the figures of `bench.chat` are made with more."""
CROWD = 500
WRITERS = 8
DRAIN_S = 6.0
PATIENCE_S = 30.0
EACH = 30
"""Messages of one writer."""
BACK_S = 10.0
AT_ONCE_S = 5.0
"""Generous, as the machine is busy; without the notification it would be up to 30."""
GRACE_S = 4.0
"""For a busy machine to end a process."""


@dataclass
class Nodes:
    """The site: two nodes of chat, some of which may be dead."""

    valkey: Valkey
    site: Site
    tokens: dict[str, str]
    _make: Callable[[int], Weir]
    running: list[Weir] = field(default_factory=list)

    def start(self) -> None:
        """Have two nodes that run."""
        for number in (0, 1):
            if number == len(self.running):
                self.running.append(self._make(number))
            elif self.running[number].process.poll() is not None:
                self.running[number] = self._make(number)

    def port(self, number: int) -> int:
        """Of JSON."""
        return int(self.running[number].find(r"Chat\s+ws://[\w.]+:(\d+)/"))

    def irc_port(self, number: int) -> int:
        return int(self.running[number].find(r"IRC at [\w.]+:(\d+)"))

    def health(self, number: int) -> str:
        answer = httpx.get(f"http://127.0.0.1:{self.port(number)}/healthz", timeout=20)
        return f"{answer.status_code} {answer.text}"


LOGINS = ["anna", "modbot", "troll", *(f"writer_{number}" for number in range(WRITERS))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    path = tmp_path_factory.mktemp("nodes")
    with own_postgres() as postgres, running_valkey() as valkey:
        site = Site(path / "shell", postgres.url)
        site.done("migrate")
        tokens = trio.run(_people, postgres.url)
        shared = {
            "WEIR_REDIS_URL": valkey.url,
            "WEIR_DATABASE_URL": postgres.url,
            "WEIR_DRAIN_S": str(DRAIN_S),
        }

        def make(number: int) -> Weir:
            return start_weir(path / f"chat-{number}", "serve chat", WEIR_NODE=f"chat-{number}", **shared)

        made = Nodes(valkey, site, tokens, make)
        try:
            yield made
        finally:
            for weir in made.running:
                weir.stop()


@pytest.fixture
def nodes(site: Nodes) -> Nodes:
    """Both of them up."""
    site.start()
    return site


async def _people(url: str) -> dict[str, str]:
    """Anna, whose room it is, and others; all but the troll moderate there, so that no limit of pace holds them back."""
    tokens: dict[str, str] = {}
    async with open_database(url, wait_s=10) as db:
        found = {login: await add_user(db, login) for login in LOGINS}
        for login, user in found.items():
            if login not in {"anna", "troll"}:
                await roles.insert_role(
                    db,
                    channel_id=found["anna"].id,
                    user_id=user.id,
                    role="moderator",
                    granted_by=found["anna"].id,
                )
            secret = new_token_secret()
            await access_tokens.insert_token(
                db,
                user_id=user.id,
                label="test",
                token_hash=secret.sha256,
                last4=secret.last4,
                scopes=["chat:read", "chat:edit"],
                expires_at=None,
            )
            tokens[login] = secret.text
    return tokens


@dataclass
class Heard:
    """A message as a member heard it."""

    id: str
    text: str
    epoch: str
    offset: int


_nonces = itertools.count(1)


class Member:
    """A client as it should be: comes back at the other node, resumes, and sends again what was not answered."""

    def __init__(self, nodes: Nodes, at: int, token: str | None = None) -> None:
        self._nodes = nodes
        self.at = at
        self._headers = [(b"Authorization", f"Bearer {token}".encode())] if token else []
        self._connection: trio_websocket.WebSocketConnection | None = None
        self._since: dict[str, object] | None = None
        self._unanswered: dict[str, tuple[str, trio.Event]] = {}
        self._answers: dict[str, str] = {}
        self._changed = trio.Event()
        self.joins = 0
        self.gaps = 0
        self.was_asked_to_go = False
        self.messages: list[Heard] = []
        self.kinds: list[str] = []
        """Of events."""

    async def run(self) -> None:
        while True:
            try:
                await self._converse()
            except* (OSError, trio_websocket.ConnectionClosed, trio_websocket.HandshakeError):
                self.at = 1 - self.at
            self._connection = None
            await trio.lowlevel.checkpoint()

    async def until(self, condition: Callable[[], bool]) -> None:
        await trio.lowlevel.checkpoint()
        while not condition():
            await self._changed.wait()

    async def say(self, text: str) -> str:
        """Say it once, however often it must be sent; the id of the message."""
        nonce, answered = f"n{next(_nonces)}", trio.Event()
        self._unanswered[nonce] = text, answered
        await self._send(nonce)
        await answered.wait()
        return self._answers[nonce]

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.messages]

    async def _converse(self) -> None:
        stream = await trio.open_tcp_stream("127.0.0.1", self._nodes.port(self.at))
        async with stream, trio.open_nursery() as nursery:
            connection = await trio_websocket.wrap_client_stream(
                nursery, stream, "x", "/ws", extra_headers=self._headers
            )
            join = {"type": "join", "id": "join", "channel": "anna"}
            await connection.send_message(json.dumps(join | ({"since": self._since} if self._since else {})))
            while True:
                self._take(json.loads(await connection.get_message()), connection)
                if self._connection is connection and self._again:
                    again, self._again = self._again, []
                    for nonce in again:
                        await self._send(nonce)

    _again: list[str] = []  # noqa: RUF012  # replaced, never changed

    async def _send(self, nonce: str) -> None:
        await trio.lowlevel.checkpoint()
        text, _ = self._unanswered[nonce]
        request = {"type": "send", "id": nonce, "nonce": nonce, "channel": "anna", "text": text}
        if self._connection is not None:
            with suppress(trio_websocket.ConnectionClosed):
                await self._connection.send_message(json.dumps(request))

    def _take(self, frame: dict[str, Any], connection: trio_websocket.WebSocketConnection) -> None:
        payload = frame["payload"]
        match frame["metadata"]["message_type"]:
            case "session_reconnect":
                self.was_asked_to_go = True
            case "notification":
                self._hear(frame["metadata"]["subscription_type"], payload)
            case "response" if payload["request_id"] == "join":
                assert payload["ok"], payload
                self.joins += 1
                self._connection = connection
                self._again = list(self._unanswered)
                if self._since is None or not payload["recovered"]:
                    self.gaps += self._since is not None
                    self._since = {"epoch": payload["epoch"], "offset": payload["offset"]}
            case "response" if payload["ok"]:
                _, answered = self._unanswered.pop(payload["request_id"])
                self._answers[payload["request_id"]] = payload["message_id"]
                answered.set()
            case "response":
                assert payload["drop_reason"]["code"] == "msg_unavailable", payload
                self._again = [*self._again, payload["request_id"]]
        self._changed.set()
        self._changed = trio.Event()

    def _hear(self, kind: str, payload: dict[str, Any]) -> None:
        self.kinds.append(kind)
        self._since = {"epoch": payload["epoch"], "offset": payload["offset"]}
        if kind == "channel.chat.message":
            event = payload["event"]
            text = event["message"]["text"]
            self.messages.append(Heard(event["message_id"], text, payload["epoch"], payload["offset"]))


@asynccontextmanager
async def gathered(*members: Member) -> AsyncIterator[None]:
    """All of them in the room, for the block."""
    async with trio.open_nursery() as nursery:
        for member in members:
            nursery.start_soon(member.run)
        with trio.fail_after(PATIENCE_S):
            for member in members:
                await member.until(lambda member=member: member.joins == 1)  # type: ignore[misc]
        yield
        nursery.cancel_scope.cancel()


def kill(nodes: Nodes, number: int) -> None:
    process = nodes.running[number].process
    process.kill()
    process.wait()


async def test_a_node_is_killed_and_nobody_loses_or_doubles_a_message(nodes: Nodes) -> None:
    readers = [Member(nodes, number % 2) for number in range(MEMBERS)]
    writers = [Member(nodes, number % 2, nodes.tokens[f"writer_{number}"]) for number in range(WRITERS)]
    accepted: list[str] = []

    async def write(number: int) -> None:
        await trio.lowlevel.checkpoint()
        for count in range(EACH):
            said = await writers[number].say(f"{number} says {count}")
            accepted.append(said)
            if len(accepted) == WRITERS * EACH // 3:
                kill(nodes, 0)
            await writers[number].until(lambda: said in writers[number].ids)  # noqa: B023  # called at once

    async with gathered(*readers, *writers):
        with trio.fail_after(2 * PATIENCE_S):
            async with trio.open_nursery() as nursery:
                for number in range(WRITERS):
                    nursery.start_soon(write, number)
            for member in (*readers, *writers):
                await member.until(lambda member=member: len(member.ids) >= WRITERS * EACH)  # type: ignore[misc]
        assert len(set(accepted)) == WRITERS * EACH
        assert set(readers[0].ids) == set(accepted)
        for member in (*readers, *writers):
            assert member.at == 1
            assert member.gaps == 0
            assert member.ids == readers[0].ids


async def test_a_crowd_comes_back_at_once(nodes: Nodes) -> None:
    crowd = [Member(nodes, 0) for _ in range(CROWD)]
    other, writer = Member(nodes, 1), Member(nodes, 1, nodes.tokens["anna"])
    async with gathered(*crowd, other, writer):
        first = await writer.say("before")
        with trio.fail_after(PATIENCE_S):
            for member in crowd:
                await member.until(lambda member=member: first in member.ids)  # type: ignore[misc]
        kill(nodes, 0)
        missed = await writer.say("while they are away")
        with trio.fail_after(BACK_S):
            for member in crowd:
                await member.until(lambda member=member: missed in member.ids)  # type: ignore[misc]
        assert {tuple(member.ids) for member in (*crowd, other)} == {(first, missed)}
        assert {(member.joins, member.gaps) for member in crowd} == {(2, 0)}


async def test_a_ban_on_one_node_is_told_on_the_other_at_once_and_once(nodes: Nodes) -> None:
    here, there = Member(nodes, 0), Member(nodes, 1)
    anna, troll = Member(nodes, 0, nodes.tokens["anna"]), Member(nodes, 0, nodes.tokens["troll"])
    told = "channel.chat.clear_user_messages"
    async with gathered(here, there, anna, troll):
        async with await trio.open_tcp_stream("127.0.0.1", nodes.irc_port(1)) as bot:
            with trio.fail_after(PATIENCE_S):
                await bot.send_all(f"PASS oauth:{nodes.tokens['modbot']}\r\nNICK modbot\r\n".encode())
                await bot.send_all(
                    b"CAP REQ :twitch.tv/commands\r\nJOIN #anna\r\nPRIVMSG #anna :/ban troll\r\n"
                )
            with trio.fail_after(AT_ONCE_S):
                for member in (here, there):
                    await member.until(lambda member=member: told in member.kinds)  # type: ignore[misc]
        with trio.fail_after(PATIENCE_S):
            last = await anna.say("that was that")
            for member in (here, there):
                await member.until(lambda member=member: last in member.ids)  # type: ignore[misc]
                assert member.kinds.count(told) == 1


async def health(nodes: Nodes, *, degraded: bool) -> None:
    """Wait until both say so."""
    await trio.lowlevel.checkpoint()
    for number in (0, 1):
        told = ""
        while not told or ("degraded" in told) is not degraded:
            told = await trio.to_thread.run_sync(nodes.health, number)
            assert told.startswith("200 ok"), told


@contextmanager
def stopped(valkey: Valkey) -> Iterator[None]:
    """Have it gone for the block, with all it knew."""
    valkey.stop()
    try:
        yield
    finally:
        valkey.start()


@pytest.mark.parametrize("away", [stopped, Valkey.frozen])
async def test_without_valkey_rooms_go_on_node_by_node_and_heal(
    nodes: Nodes, away: Callable[[Valkey], AbstractContextManager[None]]
) -> None:
    anna, writer = Member(nodes, 0, nodes.tokens["anna"]), Member(nodes, 1, nodes.tokens["writer_1"])
    here, there = Member(nodes, 0), Member(nodes, 1)
    async with gathered(anna, writer, here, there):
        with trio.fail_after(3 * PATIENCE_S):
            first = await anna.say("together")
            for member in (here, there):
                await member.until(lambda member=member: first in member.ids)  # type: ignore[misc]
            epoch = here.messages[-1].epoch
            with away(nodes.valkey):
                # Before anybody has noticed: it is refused and sent again, until the node is alone.
                alone, apart = await anna.say("alone"), await writer.say("apart")
                await health(nodes, degraded=True)
                await here.until(lambda: alone in here.ids)
                await there.until(lambda: apart in there.ids)
                epochs = {here.messages[-1].epoch, there.messages[-1].epoch}
                assert len(epochs | {epoch}) == 3
            await health(nodes, degraded=False)
            again = await anna.say("together again")
            await there.until(lambda: again in there.ids)
            for number in range(10):
                last = await (anna, writer)[number % 2].say(f"in order {number}")
            for member in (here, there):
                await member.until(lambda member=member: last in member.ids)  # type: ignore[misc]
        assert alone not in there.ids
        assert apart not in here.ids
        assert here.messages[-11:] == there.messages[-11:]
        assert here.messages[-1].epoch not in epochs
        assert len(here.ids) == len({one.text for one in here.messages}) == 13
        assert here.gaps == there.gaps == 0, "nobody had to reconnect"


async def test_a_node_that_is_stopped_asks_everybody_to_go_and_ends(nodes: Nodes) -> None:
    members = [Member(nodes, 0) for _ in range(50)]
    async with gathered(*members), await trio.open_tcp_stream("127.0.0.1", nodes.irc_port(0)) as bot:
        await bot.send_all(b"NICK justinfan1\r\n")
        began = trio.current_time()
        code = await trio.to_thread.run_sync(nodes.running[0].stop)
        took_s = trio.current_time() - began
        heard = b""
        with trio.fail_after(PATIENCE_S):
            async for data in bot:
                heard += data
            for member in members:
                await member.until(lambda member=member: member.joins == 2)  # type: ignore[misc]
        assert code == 0
        assert took_s < DRAIN_S + GRACE_S
        assert all(member.was_asked_to_go for member in members)
        assert b":tmi.twitch.tv RECONNECT\r\n" in heard
