"""The web role on real sockets: HTTP/1.1 only, limits, and a stop that no client can delay."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing
from quart import Response
from quart import request as quart_request
from quart_trio import QuartTrio

from common.serving import open_listeners
from webapp.server import serve_web

PATIENCE_S = 10


@asynccontextmanager
async def serving(app: QuartTrio, *, drain_s: float = 5) -> AsyncIterator[tuple[int, trio.Event]]:
    """Serve on a free port; on leaving, stop, and fail unless that ends in time."""
    stop = trio.Event()
    listeners = await open_listeners("127.0.0.1", 0)
    port = listeners[0].socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=drain_s))
        yield port, stop
        stop.set()
        nursery.cancel_scope.deadline = trio.current_time() + PATIENCE_S
    assert not nursery.cancel_scope.cancelled_caught, "the server did not stop"


async def ask(port: int, request: bytes) -> bytes:
    """Send and read until the server closes."""
    with trio.fail_after(PATIENCE_S):
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(request)
            return b"".join([bytes(chunk) async for chunk in stream])


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()


async def test_pages_and_api_over_a_socket(app: QuartTrio) -> None:
    async with serving(app) as (port, _):
        answer = await ask(port, get("/api/site"))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"name":"weir"' in answer
        assert b"\r\nserver:" not in answer.lower()


async def test_an_answer_leaves_in_one_piece(app: QuartTrio) -> None:
    async with serving(app) as (port, _):
        for path in ("/api/site", "/api/nothing", "/static/favicon.svg"):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await stream.send_all(get(path))
                with trio.fail_after(PATIENCE_S):
                    first = bytes(await stream.receive_some())
            head, _, body = first.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            assert 0 < length == len(body)


async def test_head_answers_like_get_without_a_body(app: QuartTrio) -> None:
    async with serving(app) as (port, _):
        for path in ("/api/site", "/", "/static/favicon.svg", "/healthz"):
            head, _, body = (await ask(port, get(path, method="HEAD"))).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert b"content-length: 0" not in head.lower()
            assert body == b""


async def test_many_at_once(app: QuartTrio) -> None:
    async with serving(app) as (port, _), trio.open_nursery() as nursery:
        answers: list[bytes] = []

        async def one() -> None:
            answers.append(await ask(port, get("/")))

        for _ in range(50):
            nursery.start_soon(one)
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 200"] * 50


async def test_pipelined_requests_are_answered_in_order(app: QuartTrio) -> None:
    async with serving(app) as (port, _):
        paths = ("/healthz", "/api/nothing", "/api/site")
        first = [get(path).replace(b"Connection: close\r\n", b"") for path in paths]
        answers = await ask(port, b"".join(first) + get("/healthz"))
        assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200", b"200"]


async def test_http_1_0_is_answered_and_closed(app: QuartTrio) -> None:
    async with serving(app) as (port, _):
        assert (await ask(port, b"GET /healthz HTTP/1.0\r\n\r\n")).endswith(b"ok\n")


async def test_a_client_that_leaves_ends_its_request(app_factory: Callable[..., QuartTrio]) -> None:
    asked, ended = trio.Event(), trio.Event()

    async def health() -> str | None:
        asked.set()
        try:
            await trio.sleep_forever()
        finally:
            ended.set()

    async with serving(app_factory(health=health)) as (port, _):
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(get("/healthz"))
            await asked.wait()
        with trio.fail_after(PATIENCE_S):
            await ended.wait()
        assert (await ask(port, get("/api/site"))).startswith(b"HTTP/1.1 200")


async def test_an_answer_that_is_no_http_becomes_500(app: QuartTrio) -> None:
    @app.get("/api/broken")
    async def broken() -> Response:
        return Response("", headers={"X-Broken": "\0"})

    async with serving(app) as (port, _):
        assert (await ask(port, get("/api/broken"))).startswith(b"HTTP/1.1 500")
        assert (await ask(port, get("/healthz"))).endswith(b"ok\n")


async def test_http2_is_not_spoken(app: QuartTrio) -> None:
    async with serving(app) as (port, _):
        preface = await ask(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert preface == b"" or preface.startswith(b"HTTP/1.1 4")
        upgrade = await ask(port, get("/healthz", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"))
        assert upgrade.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000, b"431"),
        (b"POST /api/streams HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"405"),
    ],
)
async def test_nonsense_is_refused_and_others_do_not_notice(
    app: QuartTrio, request_bytes: bytes, status: bytes
) -> None:
    async with serving(app) as (port, _):
        answer = await ask(port, request_bytes)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert (await ask(port, get("/healthz"))).endswith(b"ok\n")


async def test_a_request_that_is_never_finished_is_dropped(
    app: QuartTrio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.server.HEAD_S", 0.05)
    async with serving(app) as (port, _):
        assert await ask(port, b"GET / HTTP/1.1\r\nHost") == b""


async def test_a_body_that_stops_coming_ends_its_connection(
    app: QuartTrio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.server.BODY_SILENCE_S", 0.05)

    @app.post("/swallow")
    async def swallow() -> str:
        return str(len(await quart_request.get_data()))

    async with serving(app) as (port, _):
        assert await ask(port, get("/swallow", "Content-Length: 9", method="POST") + b"x") == b""


async def test_idle_connections_close_at_once_on_stop(app: QuartTrio) -> None:
    async with serving(app, drain_s=1000) as (port, stop):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            received = b""
            with trio.fail_after(PATIENCE_S):
                while not received.endswith(b"ok\n"):
                    received += await stream.receive_some()
                stop.set()
                assert await stream.receive_some() == b""


async def test_an_answer_under_way_is_finished_after_stop(
    app_factory: Callable[..., QuartTrio],
) -> None:
    asked, go = trio.Event(), trio.Event()

    async def health() -> str | None:
        asked.set()
        await go.wait()
        return None

    async with serving(app_factory(health=health)) as (port, stop), trio.open_nursery() as nursery:
        answers: list[bytes] = []

        async def client() -> None:
            answers.append(await ask(port, get("/healthz")))

        nursery.start_soon(client)
        await asked.wait()
        stop.set()
        await trio.testing.wait_all_tasks_blocked()
        go.set()
    assert answers[0].endswith(b"ok\n")


async def test_a_client_that_stops_reading_cannot_keep_the_server_from_stopping(
    app_factory: Callable[..., QuartTrio], static_dir: Path
) -> None:
    # More than the kernel buffers of both ends hold, so that the server's send waits for the client.
    (static_dir / "assets" / "huge-abc123.webp").write_bytes(bytes(32_000_000))
    async with serving(app_factory(), drain_s=0.1) as (port, _):
        deaf = await trio.open_tcp_stream("127.0.0.1", port)
        await deaf.send_all(get("/static/assets/huge-abc123.webp"))
        assert (await deaf.receive_some(12)) == b"HTTP/1.1 200"
    await trio.aclose_forcefully(deaf)


async def test_a_request_that_hangs_cannot_either(app_factory: Callable[..., QuartTrio]) -> None:
    asked = trio.Event()

    async def health() -> str | None:
        asked.set()
        await trio.sleep_forever()

    async with serving(app_factory(health=health), drain_s=0.1) as (port, _):
        waiting = await trio.open_tcp_stream("127.0.0.1", port)
        await waiting.send_all(get("/healthz"))
        await asked.wait()
    await trio.aclose_forcefully(waiting)


async def test_a_body_that_is_too_large_is_refused(app: QuartTrio) -> None:
    @app.post("/swallow")
    async def swallow() -> str:
        return str(len(await quart_request.get_data()))

    async with serving(app) as (port, _):
        body = b"x" * 100_000
        answer = await ask(port, get("/swallow", f"Content-Length: {len(body)}", method="POST") + body)
        assert answer.startswith(b"HTTP/1.1 413")
