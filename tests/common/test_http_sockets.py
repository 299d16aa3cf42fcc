"""The HTTP server on real sockets: what memory streams cannot show."""

import http.client
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from common.http_parser import Request
from common.http_response import Answer, Handler, Held, Response, TakeOver, respond, respond_text
from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.limits import raise_open_files_limit
from common.serving import open_listeners
from tests.common.http_client import get, parse_answers, read_answer, read_to_end

BIG = bytes(range(256)) * 20_000  # 5 MB: more than any socket buffer takes at once


class Desk:
    """Keeps requests to `/held` until a test answers them; serves `/big` and everything else at once."""

    def __init__(self) -> None:
        self.waiting: set[Held] = set()

    def __call__(self, request: Request) -> Answer:
        if request.path == "/held":
            held = Held(self.waiting.discard)
            self.waiting.add(held)
            return held
        return respond(200, BIG) if request.path == "/big" else respond_text(200, request.path)

    def answer(self, response: Response) -> None:
        waiting, self.waiting = self.waiting, set()
        for held in waiting:
            held.answer(response)

    async def wait_for(self, count: int) -> None:
        while len(self.waiting) != count:
            await trio.sleep(0.005)


class Running:
    def __init__(self, server: HttpServer, port: int, stop: trio.Event) -> None:
        self.server = server
        self.port = port
        self.stop = stop
        self.clients: list[trio.SocketStream] = []

    async def connect(self) -> trio.SocketStream:
        client = await trio.open_tcp_stream("127.0.0.1", self.port)
        self.clients.append(client)
        return client

    def close_clients(self) -> None:
        for client in self.clients:
            client.socket.close()

    async def wait_open(self, count: int) -> None:
        while self.server.open_connections != count:
            await trio.sleep(0.005)


@asynccontextmanager
async def running(handler: Handler, limits: HttpLimits | None = None) -> AsyncIterator[Running]:
    listeners = await open_listeners("127.0.0.1", 0)
    server, stop = HttpServer(handler, limits=limits), trio.Event()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(server.serve, listeners, stop=stop, drain_s=5))
            site = Running(server, listeners[0].socket.getsockname()[1], stop)
            try:
                yield site
            finally:
                site.close_clients()
            nursery.cancel_scope.cancel()


async def test_standard_client_gets_its_answers_on_one_connection() -> None:
    def talk(port: int) -> list[tuple[int, bytes]]:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        answers = []
        for path in ("/a", "/big", "/b"):
            client.request("GET", path)
            response = client.getresponse()
            answers.append((response.status, response.read()))
        client.close()
        return answers

    async with running(Desk()) as site:
        assert await trio.to_thread.run_sync(talk, site.port) == [(200, b"/a\n"), (200, BIG), (200, b"/b\n")]
        await site.wait_open(0)
        assert site.server.stats.accepted == 1


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with running(Desk()) as site:
        client = await site.connect()
        paths = [f"/{i}" for i in range(500)]
        async with trio.open_nursery() as nursery:
            sent = b"".join(get(path) for path in paths) + get("/last", "Connection: close")
            nursery.start_soon(client.send_all, sent)
            answers = parse_answers(await read_to_end(client))
        assert [answer.body.decode().strip() for answer in answers] == [*paths, "/last"]


async def test_byte_by_byte_gets_the_same_answers() -> None:
    sent = get("/a") + get("/b", method="HEAD") + get("/c", "Connection: close")
    async with running(Desk()) as site:
        client = await site.connect()
        for byte in sent:
            await client.send_all(bytes([byte]))
            await trio.lowlevel.checkpoint()
        dripped = await read_to_end(client)
        client = await site.connect()
        await client.send_all(sent)
        at_once = await read_to_end(client)
        assert dripped.count(b"HTTP/1.1 200 OK") == 3
        assert len(dripped) == len(at_once)


async def test_request_that_arrives_together_with_the_end_is_answered() -> None:
    async with running(Desk()) as site:
        for _ in range(20):
            client = await site.connect()
            await client.send_all(get("/a"))
            await client.send_eof()
            (answer,) = parse_answers(await read_to_end(client))
            assert answer.body == b"/a\n"


async def test_answer_that_comes_before_the_connection_has_begun_to_wait_is_not_lost() -> None:
    desk = Desk()

    async def answer_at_once() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            desk.answer(respond(200, b"now"))

    async with running(desk) as site, trio.open_nursery() as nursery:
        nursery.start_soon(answer_at_once)
        client = await site.connect()
        for _ in range(50):
            await client.send_all(get("/held"))
            assert (await read_answer(client)).body == b"now"
        nursery.cancel_scope.cancel()


async def test_crash_of_a_handler_or_of_the_server_itself_ends_one_connection_only() -> None:
    def crash(request: Request) -> Response:
        if request.path == "/crash":
            raise ValueError("planted")
        if request.path == "/wrong":
            return Response(200, b"", ("no bytes",), 8)  # type: ignore[arg-type]  # that is the planted mistake
        return respond_text(200, request.path)

    async with running(crash) as site:
        other = await site.connect()
        with capture_logs() as logs:
            for path, answered in (("/crash", True), ("/wrong", False)):
                client = await site.connect()
                await client.send_all(get(path))
                assert (b" 500 " in await read_to_end(client)) is answered
                await other.send_all(get("/fine"))
                assert (await read_answer(other)).body == b"/fine\n"
        assert [line["event"] for line in logs] == ["http_handler_crashed", "connection_handler_crashed"]


async def test_client_that_floods_us_stops_nobody() -> None:
    async with running(Desk()) as site:
        flooder, other = await site.connect(), await site.connect()

        async def flood() -> None:
            with suppress(trio.BrokenResourceError):
                await flooder.send_all(get("/", "Content-Length: 9") + bytes(50_000_000))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(flood)
            for _ in range(20):
                await other.send_all(get("/fine"))
                assert (await read_answer(other)).body == b"/fine\n"
            nursery.cancel_scope.cancel()


async def test_held_requests_are_answered_also_when_the_answer_fills_the_socket() -> None:
    desk = Desk()
    async with running(desk) as site:
        clients = [await site.connect() for _ in range(6)]
        for body in (b"small", BIG, b"small again"):
            for client in clients:
                await client.send_all(get("/held"))
            await desk.wait_for(6)
            desk.answer(respond(200, body))
            for client in clients:
                assert (await read_answer(client)).body == body


async def test_a_connection_goes_on_with_any_mix_of_answers_after_a_held_one() -> None:
    """As a player does: a blocked reload, the part it named, the other playlist, and again; on one connection."""
    desk = Desk()
    async with running(desk) as site:
        client = await site.connect()
        for path in ("/held", "/part", "/part", "/held", "/part", "/held", "/held", "/big", "/part", "/part"):
            await client.send_all(get(path))
            if path == "/held":
                await desk.wait_for(1)
                desk.answer(respond_text(200, "/held"))
            expected = BIG if path == "/big" else f"{path}\n".encode()
            assert (await read_answer(client)).body == expected


@pytest.mark.parametrize("reset", [False, True])
async def test_viewer_who_leaves_while_waiting_is_forgotten(*, reset: bool) -> None:
    desk = Desk()
    async with running(desk) as site:
        client = await site.connect()
        await client.send_all(get("/held"))
        await desk.wait_for(1)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await client.aclose()
        await site.wait_open(0)
        assert not desk.waiting


async def test_answering_a_viewer_who_has_just_left_harms_nobody() -> None:
    desk = Desk()
    async with running(desk) as site:
        gone, here = await site.connect(), await site.connect()
        for client in (gone, here):
            await client.send_all(get("/held"))
        await desk.wait_for(2)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.socket.close()
        desk.answer(respond(200, b"now"))  # no checkpoint since the reset: the server cannot have seen it
        assert (await read_answer(here)).body == b"now"
        await site.wait_open(1)


async def test_slow_reader_is_cut_and_a_steady_one_is_not(autojump_clock: MockClock) -> None:
    autojump_clock.autojump_threshold = 0.02  # bytes in flight are no reason to jump
    limits = HttpLimits(send_grace_s=5, min_send_bytes_per_s=1_000_000)
    async with running(Desk(), limits) as site:
        sleeper, reader = await site.connect(), await site.connect()
        await sleeper.send_all(get("/big"))
        await reader.send_all(get("/big", "Connection: close"))
        (answer,) = parse_answers(await read_to_end(reader))
        assert answer.body == BIG
        await trio.sleep(8)
        assert site.server.open_connections == 1
        await trio.sleep(4)
        assert site.server.open_connections == 0
        assert site.server.stats.overdue == 1


async def test_refused_client_can_read_why_although_it_was_still_sending() -> None:
    async with running(Desk()) as site:
        client = await site.connect()
        await client.send_all(get("/", "Content-Length: 100000") + bytes(100_000))
        (answer,) = parse_answers(await read_to_end(client))
        assert answer.status == 413


async def test_half_a_head_is_told_that_it_was_too_slow(autojump_clock: MockClock) -> None:
    autojump_clock.autojump_threshold = 0.02
    async with running(Desk()) as site:
        client = await site.connect()
        await client.send_all(b"GET / HTTP/1.1\r\nHost: ")
        (answer,) = parse_answers(await read_to_end(client))
        assert answer.status == 408


async def test_connection_over_the_cap_is_told_so() -> None:
    async with running(Desk(), HttpLimits(max_connections=1)) as site:
        first = await site.connect()
        await site.wait_open(1)
        (answer,) = parse_answers(await read_to_end(await site.connect()))
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        await first.send_all(get("/"))
        assert (await read_answer(first)).status == 200


async def test_connection_can_be_taken_over() -> None:
    def upgrade(_: Request) -> TakeOver:
        async def echo(stream: trio.abc.Stream, leftover: bytes) -> None:
            await stream.send_all(leftover)
            async for data in stream:
                await stream.send_all(data)

        return TakeOver(echo)

    async with running(upgrade) as site:
        client = await site.connect()
        await client.send_all(get("/ws") + b"abc")
        assert await client.receive_some() == b"abc"
        await client.send_all(b"def")
        assert await client.receive_some() == b"def"


async def test_stop_lets_a_big_answer_finish_and_ends_everything_else() -> None:
    desk = Desk()
    async with running(desk) as site:
        idle, held, busy = [await site.connect() for _ in range(3)]
        await held.send_all(get("/held"))
        await busy.send_all(get("/big"))
        assert await busy.receive_some(10)
        await desk.wait_for(1)
        site.stop.set()
        assert await read_to_end(idle) == b""
        assert parse_answers(await read_to_end(held))[0].status == 503
        assert len(await read_to_end(busy)) > len(BIG)
        await site.wait_open(0)


@pytest.mark.real
async def test_thousand_viewers_leaving_at_once_are_gone_and_nobody_else_notices() -> None:
    raise_open_files_limit()
    desk = Desk()
    async with running(desk) as site:
        viewers = [await site.connect() for _ in range(1000)]
        for viewer in viewers:
            await viewer.send_all(get("/held"))
        await desk.wait_for(1000)
        stays = await site.connect()
        await stays.send_all(get("/held"))
        await desk.wait_for(1001)
        for number, viewer in enumerate(viewers):
            if number % 2:
                viewer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            viewer.socket.close()
        await stays.send_all(get("/next"))
        await site.wait_open(1)
        assert len(desk.waiting) == 1
        desk.answer(respond(200, b"now"))
        received = b""
        while b"/next\n" not in received:
            received += await stays.receive_some()
        assert received.index(b"now") < received.index(b"/next\n")
