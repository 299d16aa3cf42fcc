"""The HTTP server on memory streams: answers, deadlines, waiting, stopping (one server, so one file)."""

import re
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, lockstep_stream_pair, wait_all_tasks_blocked

from common.http_parser import Request
from common.http_response import (
    Answer,
    FileSlice,
    Held,
    Response,
    TakeOver,
    render_head,
    respond,
    respond_text,
)
from common.http_shared import HttpLimits
from common.proxies import TrustedProxies
from tests.common.http_client import get, parse_answers, read_answer, read_to_end, serving


def say_path(request: Request) -> Response:
    return respond_text(200, f"{request.method} {request.path}")


class Desk:
    """A handler that keeps every request to `/held` until a test answers it."""

    def __init__(self) -> None:
        self.waiting: dict[Held, Request] = {}

    def __call__(self, request: Request) -> Answer:
        if request.path != "/held":
            return say_path(request)
        held = Held(self.forget)
        self.waiting[held] = request
        return held

    def forget(self, held: Held) -> None:
        del self.waiting[held]

    def answer(self, text: str) -> None:
        for held in tuple(self.waiting):
            del self.waiting[held]
            held.answer(respond_text(200, text))


# Answers


async def test_requests_on_one_connection_are_answered_in_order() -> None:
    async with serving(say_path) as web:
        answers = await web.exchange(get("/a") + get("/b") + get("/c", "Connection: close") + get("/never"))
    assert [answer.body for answer in answers] == [b"GET /a\n", b"GET /b\n", b"GET /c\n"]
    assert [answer.headers.get("connection") for answer in answers] == [None, None, "close"]
    assert all(answer.headers["date"].endswith(" GMT") for answer in answers)


async def test_head_gets_the_head_of_get_and_no_body() -> None:
    async with serving(lambda _: respond(200, b"12345")) as web:
        (answer,) = await web.exchange(get("/", method="HEAD"), method="HEAD")
    assert answer.headers["content-length"] == "5"


async def test_http_1_0_connection_is_kept_only_when_asked_for_and_says_so() -> None:
    async with serving(say_path) as web:
        kept = await web.exchange(
            get("/a", "Connection: keep-alive", version="1.0") + get("/b", version="1.0")
        )
    assert [answer.headers["connection"] for answer in kept] == ["keep-alive", "close"]


async def test_refused_request_is_answered_and_ends_the_connection() -> None:
    async with serving(say_path) as web:
        answers = await web.exchange(get("/a") + get("/b", method="DELETE") + get("/c"))
    assert [(answer.status, answer.headers.get("allow")) for answer in answers] == [
        (200, None),
        (405, "GET, HEAD, OPTIONS"),
    ]


async def test_crash_of_the_handler_is_a_500_in_the_log() -> None:
    def crash(_: Request) -> Response:
        raise ValueError("planted")

    async with serving(crash) as web:
        with capture_logs() as logs:
            answers = await web.exchange(get("/a") + get("/b"))
    assert [answer.status for answer in answers] == [500]
    assert [line["event"] for line in logs] == ["http_handler_crashed"]
    assert web.server.stats.crashes == 1


async def test_client_address_comes_from_the_proxy_only_if_it_is_trusted() -> None:
    seen = []

    def note(request: Request) -> Response:
        seen.append(request.address)
        return respond(204)

    async with serving(note, proxies=TrustedProxies(["10.0.0.0/8"])) as web:
        for peer in ("10.0.0.1", "192.0.2.1"):
            await web.exchange(get("/", "X-Forwarded-For: 203.0.113.5"), peer=peer)
    assert seen == ["203.0.113.5", "192.0.2.1"]


REQUESTS = st.lists(
    st.sampled_from(
        [
            get("/a"),
            get("/b", method="HEAD"),
            get("/held"),
            get("/c", version="1.0"),
            get("*", method="OPTIONS"),
            get("/d", method="PUT"),
            b"GET / HTTP/1.1\r\n\r\n",
        ]
    ),
    min_size=1,
    max_size=5,
)


@given(REQUESTS, st.lists(st.integers(1, 200), max_size=8))
async def test_packet_boundaries_never_change_the_answers(requests: list[bytes], cuts: list[int]) -> None:
    def answer_later(request: Request) -> Answer:
        if request.path != "/held":
            return say_path(request)
        held = Held(lambda _: None)
        web.nursery.start_soon(settle, held)
        return held

    async def settle(held: Held) -> None:
        await trio.lowlevel.checkpoint()
        held.answer(respond_text(200, "held"))

    async def talk(chunks: list[bytes]) -> bytes:
        client = web.connect()
        with suppress(trio.BrokenResourceError):  # it has answered the last one it will answer
            for chunk in chunks:
                await client.send_all(chunk)
                await wait_all_tasks_blocked()
            await client.send_eof()
        return re.sub(rb"Date: .*\r\n", b"", await read_to_end(client))

    data = b"".join(requests)
    edges = [0, *sorted({cut for cut in cuts if cut < len(data)}), len(data)]
    async with serving(answer_later) as web:
        cut = await talk([data[a:b] for a, b in pairwise(edges)])
        assert cut == await talk([data])


@given(st.binary(max_size=200))
async def test_garbage_gets_a_client_error_or_nothing(garbage: bytes) -> None:
    async with serving(say_path) as web:
        client = web.connect()
        await client.send_all(garbage + b"\r\n\r\n")
        await client.send_eof()
        answers = parse_answers(await read_to_end(client))
    assert all(400 <= answer.status <= 505 for answer in answers)
    assert web.server.stats.crashes == 0


# Files


async def test_file_is_sent_in_pieces_and_slices(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096  # 1 MiB
    (tmp_path / "segment").write_bytes(content)

    def serve_slice(request: Request) -> Response:
        size = int(request.query)
        body = FileSlice(tmp_path / "segment", 5, size)
        return Response(200, render_head(200, (), size), body, size)

    async with serving(serve_slice) as web:
        answers = await web.exchange(get("/?600000") + get("/?1") + get("/?0"))
        assert [answer.body for answer in answers] == [content[5:600005], content[5:6], b""]
        (head,) = await web.exchange(get("/?600000", method="HEAD"), method="HEAD")
    assert head.headers["content-length"] == "600000"
    assert web.server.stats.body_bytes == 600001


async def test_file_that_is_gone_is_a_404_and_the_connection_lives(tmp_path: Path) -> None:
    body = FileSlice(tmp_path / "nothing", 0, 5)
    async with serving(lambda _: Response(200, render_head(200, (), 5), body, 5)) as web:
        answers = await web.exchange(get("/") + get("/"))
    assert [answer.status for answer in answers] == [404, 404]


async def test_file_that_is_too_short_ends_the_connection_early(tmp_path: Path) -> None:
    (tmp_path / "segment").write_bytes(b"123")
    body = FileSlice(tmp_path / "segment", 0, 5)
    async with serving(lambda _: Response(200, render_head(200, (), 5), body, 5)) as web:
        client = web.connect()
        await client.send_all(get("/"))
        with capture_logs() as logs:
            assert (await read_to_end(client)).endswith(b"\r\n\r\n123")
    assert [line["event"] for line in logs] == ["file_is_shorter_than_announced"]


# Deadlines


@pytest.mark.parametrize("sent", [b"", b"GET / HTT"])
async def test_client_that_does_not_finish_a_head_is_cut_after_10_s(
    sent: bytes, autojump_clock: MockClock
) -> None:
    async with serving(say_path) as web:
        client = web.connect()
        await client.send_all(sent)
        assert await client.receive_some() == b""
        assert 10 <= trio.current_time() <= 11.5
    assert web.server.stats.overdue == 1


async def test_dripping_bytes_does_not_extend_the_deadline(autojump_clock: MockClock) -> None:
    async with serving(say_path) as web:
        client = web.connect()

        async def drip() -> None:
            for byte in get("/" + "a" * 1000):
                await client.send_all(bytes([byte]))
                await trio.sleep(0.5)

        with pytest.raises(trio.BrokenResourceError):
            await drip()
        assert 10 <= trio.current_time() <= 12


async def test_idle_connection_is_closed_after_75_s(autojump_clock: MockClock) -> None:
    async with serving(say_path) as web:
        client = web.connect()
        await client.send_all(get("/"))
        assert (await read_answer(client)).status == 200
        assert await client.receive_some() == b""
        assert 74 <= trio.current_time() <= 77


async def test_idle_connections_make_room_when_it_gets_crowded(autojump_clock: MockClock) -> None:
    async with serving(say_path, HttpLimits(max_connections=5)) as web:
        clients = [web.connect() for _ in range(5)]
        for client in clients:
            await client.send_all(get("/"))
            await read_answer(client)
        for client in clients:
            assert await client.receive_some() == b""
        assert 9 <= trio.current_time() <= 12


async def test_client_that_does_not_take_its_answer_is_cut(autojump_clock: MockClock) -> None:
    limits = HttpLimits(send_grace_s=10, min_send_bytes_per_s=1000)
    async with serving(lambda _: respond(200, bytes(30_000)), limits) as web:
        client, ours = lockstep_stream_pair()  # sending waits until somebody reads
        web.serve(ours)
        await client.send_all(get("/"))
        await trio.sleep(39)
        assert web.server.open_connections == 1
        await trio.sleep(3)
        assert web.server.open_connections == 0


async def test_client_over_the_cap_of_its_address_is_turned_away() -> None:
    async with serving(say_path, HttpLimits(max_per_address=1)) as web:
        first = web.connect("192.0.2.1")
        await wait_all_tasks_blocked()
        assert await web.connect("192.0.2.1").receive_some() == b""
        for other in ("192.0.2.2", "127.0.0.1", "127.0.0.1"):
            (answer,) = await web.exchange(get("/"), peer=other)
            assert answer.status == 200
        await first.send_eof()
        assert await read_to_end(first) == b""
        (answer,) = await web.exchange(get("/"), peer="192.0.2.1")
        assert answer.status == 200
    assert web.server.stats.turned_away == 1


# Answers that come later


async def test_held_request_is_answered_later_and_pipelined_bytes_are_kept() -> None:
    desk = Desk()
    async with serving(desk) as web:
        client = web.connect()
        await client.send_all(get("/held"))
        await wait_all_tasks_blocked()
        await client.send_all(get("/a") + get("/held")[:9])
        await wait_all_tasks_blocked()
        assert web.server.stats.statuses == {}
        desk.answer("now")
        await wait_all_tasks_blocked()
        assert web.server.stats.statuses == {200: 2}
        await client.send_all(get("/held")[9:])
        await wait_all_tasks_blocked()
        desk.answer("again")
        await wait_all_tasks_blocked()
        await client.send_eof()
        answers = parse_answers(await read_to_end(client))
    assert [answer.body for answer in answers] == [b"now\n", b"GET /a\n", b"again\n"]


async def test_held_request_of_a_client_that_left_is_forgotten() -> None:
    desk = Desk()
    async with serving(desk) as web:
        client = web.connect()
        await client.send_all(get("/held"))
        await wait_all_tasks_blocked()
        (held,) = desk.waiting
        await client.aclose()
        await wait_all_tasks_blocked()
        assert desk.waiting == {}
        assert web.server.open_connections == 0
        held.answer(respond(200))  # too late, and harmless


async def test_client_may_wait_longer_than_any_deadline(autojump_clock: MockClock) -> None:
    desk = Desk()
    async with serving(desk) as web:
        client = web.connect()
        await client.send_all(get("/held"))
        await trio.sleep(1000)
        desk.answer("at last")
        assert (await read_answer(client)).body == b"at last\n"


async def test_client_that_pipelines_behind_a_held_request_is_not_read_for_ever(
    autojump_clock: MockClock,
) -> None:
    async with serving(Desk()) as web:
        client, ours = lockstep_stream_pair()  # sending waits until somebody reads
        web.serve(ours)
        await client.send_all(get("/held"))
        sent = 0
        with trio.move_on_after(1) as gave_up:
            while sent < 1_000_000:
                await client.send_all(b"x" * 1000)
                sent += 1000
        assert gave_up.cancelled_caught
        assert sent < 40_000


async def test_answer_given_at_once_needs_no_waiting() -> None:
    def answer_at_once(_: Request) -> Held:
        held = Held(lambda _: None)
        held.answer(respond(200, b"now"))
        held.answer(respond(200, b"ignored"))
        return held

    async with serving(answer_at_once) as web:
        assert [answer.body for answer in await web.exchange(get("/") + get("/"))] == [b"now", b"now"]


async def test_handler_may_await_and_is_cancelled_when_the_client_leaves() -> None:
    ended = trio.Event()

    def handler(request: Request) -> Answer:
        return partial(answer, request)

    async def answer(request: Request) -> Response:
        if request.path == "/never":
            try:
                await trio.sleep_forever()
            finally:
                ended.set()
        await trio.lowlevel.checkpoint()
        return say_path(request)

    async with serving(handler) as web:
        client = web.connect()
        for path in ("/a", "/b"):
            await client.send_all(get(path))
            assert (await read_answer(client)).body == f"GET {path}\n".encode()
        await client.send_all(get("/never"))
        await wait_all_tasks_blocked()
        await client.aclose()
        await ended.wait()


async def test_crash_while_awaiting_is_a_500_in_the_log() -> None:
    async def crash() -> Response:
        await trio.lowlevel.checkpoint()
        raise ValueError("planted")

    async with serving(lambda _: crash) as web:
        client = web.connect()
        with capture_logs() as logs:
            await client.send_all(get("/"))
            assert (await read_answer(client)).status == 500
    assert [line["event"] for line in logs] == ["http_handler_crashed"]


async def test_connection_can_be_taken_over_with_the_bytes_that_came_behind_the_head() -> None:
    head = get("/ws", "Connection: Upgrade", "Upgrade: websocket")
    seen = []

    def upgrade(request: Request) -> TakeOver:
        async def echo(stream: trio.abc.Stream, leftover: bytes) -> None:
            seen.append(request.head)
            await stream.send_all(leftover)
            async for data in stream:
                await stream.send_all(data)

        return TakeOver(echo)

    async with serving(upgrade) as web:
        client = web.connect()
        await client.send_all(head + b"abc")
        assert await client.receive_some() == b"abc"
        web.stop.set()  # a taken over connection watches for this itself
        await wait_all_tasks_blocked()
        await client.send_all(b"def")
        assert await client.receive_some() == b"def"
        await client.send_eof()
        assert await client.receive_some() == b""
    assert seen == [head]


async def test_taken_over_connection_has_no_deadline(autojump_clock: MockClock) -> None:
    async def wait_long(stream: trio.abc.Stream, _: bytes) -> None:
        await trio.sleep(1000)
        await stream.send_all(b"done")

    async with serving(lambda _: TakeOver(wait_long)) as web:
        client = web.connect()
        await client.send_all(get("/ws"))
        assert await client.receive_some() == b"done"


# Stopping


async def test_stop_closes_idle_connections_and_answers_what_waits(autojump_clock: MockClock) -> None:
    desk = Desk()
    async with serving(desk) as web:
        fresh, idle, held, half = (web.connect() for _ in range(4))
        await idle.send_all(get("/"))
        assert (await read_answer(idle)).status == 200
        await held.send_all(get("/held"))
        await half.send_all(get("/late")[:10])
        await wait_all_tasks_blocked()
        web.stop.set()
        assert await fresh.receive_some() == b""
        assert await idle.receive_some() == b""
        (answer,) = parse_answers(await read_to_end(held))
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert desk.waiting == {}
        await half.send_all(get("/late")[10:])
        (answer,) = parse_answers(await read_to_end(half))
        assert (answer.body, answer.headers["connection"]) == (b"GET /late\n", "close")


async def test_counters_tell_what_happened() -> None:
    async with serving(say_path) as web:
        await web.exchange(get("/a") + get("/b", method="PATCH"))
        samples = {name: value for name, _, value in web.server.samples("hls")}
    assert samples["weir_hls_http_accepted_total"] == 1
    assert samples["weir_hls_http_responses_2xx_total"] == 1
    assert samples["weir_hls_http_responses_4xx_total"] == 1
    assert samples["weir_hls_http_connections"] == 0
