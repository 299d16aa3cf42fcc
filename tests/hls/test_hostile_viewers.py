"""Viewers that stop reading, drip, pipeline or hold on to everything: they cost a bounded amount, and nobody else notices."""

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from common.http_shared import HttpLimits
from hls.origin import Origin
from tests.common.http_client import Web, get, read_answer
from tests.hls import encoder
from tests.hls.encoder import AUDIO, VIDEO, interleave
from tests.hls.live_site import LiveSite, live
from tests.hls.origin_site import serve_stream
from tests.hls.player import Show

CYCLE_S = 8
FRAME_BYTES = 40_000
"""10 Mbit/s: a segment is more than sockets take at once."""
STRICT = HttpLimits(send_grace_s=1.0, min_send_bytes_per_s=2_000_000)
NEXT = "/hls/anna/stream/video/index.m3u8?_HLS_msn={}&_HLS_part={}"


@asynccontextmanager
async def busy(limits: HttpLimits = STRICT) -> AsyncIterator[LiveSite]:
    """A live stream with a high bit rate, and a viewer who must never be disturbed while the test runs."""
    packets = interleave(encoder.video(CYCLE_S, size=FRAME_BYTES), encoder.audio(CYCLE_S))
    with trio.fail_after(60):
        async with (
            live([VIDEO, AUDIO], packets, CYCLE_S * 90_000, limits=limits) as site,
            trio.open_nursery() as nursery,
        ):
            got = await nursery.start(_watch, site)
            yield site
            before = got[0]
            while got[0] < before + 3:
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()


async def _watch(site: LiveSite, task_status: trio.TaskStatus[list[int]] = trio.TASK_STATUS_IGNORED) -> None:
    """Load each part as it is hinted; counts them."""
    got = [0]
    task_status.started(got)
    name = _hint(site)
    async with await trio.open_tcp_stream("127.0.0.1", site.port) as stream:
        while True:
            await stream.send_all(get(site.media_path("video", f"p{name}.m4s")))
            answer = await read_answer(stream)
            assert answer.status == 200, (name, answer)
            got[0] += 1
            name += 1


def _hint(site: LiveSite) -> int:
    return site.stream.stats.parts // 2


async def connect(site: LiveSite, *, receive_bytes: int = 4096) -> trio.SocketStream:
    """A connection with a small window, so that little of what is sent is out of the server's hands."""
    client = trio.socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    await client.connect(("127.0.0.1", site.port))
    return trio.SocketStream(client)


async def wait_open(site: LiveSite, count: int) -> None:
    while site.server.open_connections > count:
        await trio.sleep(0.02)


@pytest.mark.real
async def test_viewers_who_stop_reading_in_the_middle_of_a_segment_are_cut() -> None:
    async with busy() as site:
        clients = [await connect(site) for _ in range(20)]
        for client in clients:
            await client.send_all(get(site.media_path("video", "s1.m4s")))
            assert (await client.receive_some(20)).startswith(b"HTTP/1.1 200")
        held = site.stream.stats.memory_bytes
        await wait_open(site, 1)
        assert site.server.stats.overdue >= 20
        # They held no copy: what is sent are the very bytes of the window.
        assert site.stream.stats.memory_bytes < 2 * held
        for client in clients:
            await client.aclose()


@pytest.mark.real
async def test_a_viewer_who_drips_is_cut_although_something_moves() -> None:
    async with busy() as site:
        client = await connect(site)
        await client.send_all(get(site.media_path("video", "s1.m4s")))
        taken = 0
        with suppress(trio.BrokenResourceError):
            while data := await client.receive_some(1):
                taken += len(data)
                await trio.sleep(0.01)
                if site.server.open_connections == 1:
                    break
        assert taken < 30_000
        await wait_open(site, 1)
        await client.aclose()


@pytest.mark.real
async def test_a_viewer_who_pipelines_and_never_reads_gets_no_more_than_sockets_hold() -> None:
    async with busy() as site:
        client = await connect(site)
        sent = get(site.media_path("video")) * 200
        with trio.move_on_after(20), suppress(trio.BrokenResourceError):
            for _ in range(100):
                await client.send_all(sent)
        answered = site.server.stats.statuses[200]
        assert answered < 10_000
        await wait_open(site, 1)
        await client.aclose()


@pytest.mark.real
async def test_a_crowd_that_waits_and_is_reset_at_once_leaves_nothing_behind() -> None:
    async with busy() as site:
        clients = [await connect(site) for _ in range(300)]
        path = NEXT.format(10_000, 0)
        for client in clients:
            await client.send_all(get(path))
            assert (await read_answer(client)).status == 400, "nobody waits for what is far away"
        name = _hint(site) + 1
        for client in clients:
            await client.send_all(get(site.media_path("video", f"p{name}.m4s")))
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
        await wait_open(site, 1)
        while waiting(site.origin) > 1:
            await trio.sleep(0.01)


@asynccontextmanager
async def quiet(limits: HttpLimits | None = None) -> AsyncIterator[tuple[Show, Origin, Web, int]]:
    """A stream on memory streams, which stands still, and the number of its newest segment."""
    show = Show()
    show.play(interleave(encoder.video(10), encoder.audio(10)))
    async with serve_stream(show.stream, limits=limits) as site:
        yield show, site.origin, site.web, show.playlists["video"].all_segments[-1].msn


async def test_blocked_reloads_of_one_address_are_bounded_by_its_connections() -> None:
    """A connection waits for one answer at a time, however much it pipelines."""
    async with quiet(HttpLimits(max_per_address=10)) as (_, origin, web, newest):
        asked = get(NEXT.format(newest + 1, 0))
        greedy = [web.connect("192.0.2.66") for _ in range(10)]
        await wait_all_tasks_blocked()
        for client in greedy:
            await client.send_all(asked * 20)
        for _ in range(20):
            assert await web.connect("192.0.2.66").receive_some() == b""
        await wait_all_tasks_blocked()
        assert waiting(origin) == 10
        other = web.connect("192.0.2.7")
        await other.send_all(get("/hls/anna/index.m3u8"))
        assert (await read_answer(other)).status == 200
        for client in greedy:
            await client.aclose()
        await wait_all_tasks_blocked()
        assert waiting(origin) == 0


async def test_headers_that_all_differ_are_all_answered_and_none_is_kept() -> None:
    """What makes answers differ comes from the client: If-None-Match, Range. Each wait is a question of its own."""
    async with quiet() as (show, origin, web, newest):
        path = NEXT.format(newest + 1, 0)
        clients = [web.connect() for _ in range(400)]
        for index, client in enumerate(clients):
            await client.send_all(get(path, f'If-None-Match: "{index}"', f"Range: bytes={index}-"))
        await wait_all_tasks_blocked()
        assert waiting(origin) == 400
        show.play(interleave(encoder.video(3, start_s=10), encoder.audio(3, start_s=10)))
        for client in clients:
            assert (await read_answer(client)).status == 200
        assert waiting(origin) == 0


def waiting(origin: Origin) -> float:
    """Blocked reloads and hinted parts that are held now."""
    (_, _, value), *_ = origin.samples()
    return value
