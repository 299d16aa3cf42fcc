"""Finding the node that has a channel: what a crowd costs, and that nobody is sent in circles."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from common.db import Database, DatabaseUnavailableError
from common.http_parser import Request
from common.http_response import Held, Response, respond_text
from weir.media_nodes import BATCH, MAX_ASKED, Heartbeat, NodeFinder

A_ROW = {"hls_url": None, "hls_port": 8081, "rtmp_url": None, "rtmp_port": 1935}


class FewTables(Database):
    """Answers the two questions of this module from memory."""

    def __init__(self) -> None:
        self._feeds = set()
        self.hosts: dict[str, dict[str, Any]] = {}
        self.nodes: list[dict[str, Any]] = []
        self.questions: list[list[str]] = []
        self.beats = 0
        self.away = False

    async def _call(self, method: str, query: str, args: tuple[Any, ...]) -> Any:
        await trio.sleep(0.01)
        if self.away:
            raise DatabaseUnavailableError("away")
        if method == "execute":
            self.beats += 1
            return "INSERT 0 1"
        if "from users" in query:
            self.questions.append(args[1])
            return [{"login": login} | self.hosts[login] for login in args[1] if login in self.hosts]
        return self.nodes


@dataclass
class Site:
    db: FewTables
    heart: Heartbeat
    finder: NodeFinder
    answered: list[str | None] = field(default_factory=list)

    def ask(self, login: str, host: str = "example.org:8082") -> Held | str:
        """The answer, if there is one at once."""
        request = Request(
            "GET", "/", "", {b"host": host.encode()}, keep_alive=True, is_http_1_0=False, head=b""
        )

        def reply(base: str | None) -> Response:
            self.answered.append(base)
            return respond_text(200, str(base))

        answer = self.finder.locate(login, request, reply)
        if isinstance(answer, Held):
            return answer
        assert isinstance(answer, Response)
        assert isinstance(answer.body, tuple)
        return answer.body[0].decode().strip()


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Node `b`, with another one, `a`, that has the channel `anna`."""
    db = FewTables()
    db.nodes = [{"node": "a", **A_ROW}, {"node": "b", **A_ROW, "hls_port": 8082}]
    db.hosts = {"anna": db.nodes[0]}
    heart = Heartbeat(db, "b")
    found = Site(db, heart, NodeFinder(db, heart))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(heart.run)
        nursery.start_soon(found.finder.run)
        heart.is_at(hls_url=None, hls_port=8082, rtmp_url=None, rtmp_port=1935)
        await trio.sleep(1)
        yield found
        nursery.cancel_scope.cancel()


async def test_the_node_that_has_it_is_named_as_the_viewer_knows_us(autojump_clock: MockClock) -> None:
    async with site() as s:
        s.ask("anna")
        s.db.hosts["berta"] = {"node": "a", **A_ROW, "hls_url": "https://media-1.example.org/"}
        s.ask("berta")
        s.ask("carla")
        await trio.sleep(0.1)
        assert s.answered == ["http://example.org:8081", "https://media-1.example.org", None]


async def test_a_crowd_costs_one_question_a_second_also_at_an_offline_channel(
    autojump_clock: MockClock,
) -> None:
    async with site() as s:
        for login in ("anna", "nobody_there"):
            s.db.questions.clear()
            for _ in range(20):
                for _ in range(500):
                    s.ask(login)
                await trio.sleep(0.1)
            assert len(s.db.questions) <= 3
            assert len(s.answered) == 10_000
            s.answered.clear()


async def test_an_answer_is_forgotten_after_a_second(autojump_clock: MockClock) -> None:
    async with site() as s:
        s.ask("anna")
        await trio.sleep(0.5)
        assert s.ask("anna") == "http://example.org:8081"
        del s.db.hosts["anna"]
        await trio.sleep(0.6)
        assert isinstance(s.ask("anna"), Held)
        await trio.sleep(0.1)
        assert s.answered[-1] is None


async def test_a_node_that_is_named_itself_sends_nobody_anywhere(autojump_clock: MockClock) -> None:
    async with site() as s:
        s.db.hosts["anna"] = s.db.nodes[1]
        s.ask("anna")
        await trio.sleep(0.1)
        assert s.answered == [None]


async def test_a_node_without_others_asks_nothing(autojump_clock: MockClock) -> None:
    async with site() as s:
        s.db.nodes = s.db.nodes[1:]
        await trio.sleep(15)
        assert s.ask("anna") == "None"
        assert s.db.questions == []


async def test_made_up_names_are_asked_for_in_bounded_batches(autojump_clock: MockClock) -> None:
    async with site() as s:
        for number in range(3 * MAX_ASKED):
            s.ask(f"name_{number}")
        for junk in ("", "ab", "x" * 26, "Anna", "a/b", "anna ", "ännä"):
            assert s.ask(junk) == "None"
        await trio.sleep(5)
        assert len(s.answered) == 3 * MAX_ASKED + 7
        assert set(s.answered) == {None}
        assert sum(map(len, s.db.questions)) == MAX_ASKED
        assert max(map(len, s.db.questions)) == BATCH


async def test_while_the_database_is_away_all_are_offline(autojump_clock: MockClock) -> None:
    async with site() as s:
        s.db.away = True
        s.ask("anna")
        await trio.sleep(0.1)
        assert s.answered == [None]
        s.db.away = False
        await trio.sleep(1)
        s.ask("anna")
        await trio.sleep(0.1)
        assert s.answered[-1] == "http://example.org:8081"


async def test_whoever_leaves_while_they_wait_is_forgotten(autojump_clock: MockClock) -> None:
    async with site() as s:
        held = s.ask("anna")
        assert isinstance(held, Held)
        s.ask("anna")
        held.abandon()
        await trio.sleep(0.1)
        assert len(s.answered) == 1


async def test_it_beats_every_ten_seconds_until_it_stops(autojump_clock: MockClock) -> None:
    async with site() as s:
        await trio.sleep(60)
        assert s.db.beats == 7
        s.db.away = True
        await trio.sleep(10)
        s.db.away = False
        s.heart.stop()
        await trio.sleep(60)
        assert s.db.beats == 7
        assert [node.node for node in s.heart.others] == ["a"]


async def test_nothing_is_said_of_a_node_that_is_not_bound_yet(autojump_clock: MockClock) -> None:
    db = FewTables()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Heartbeat(db, "b").run)
        await wait_all_tasks_blocked()
        await trio.sleep(100)
        assert db.beats == 0
        nursery.cancel_scope.cancel()
