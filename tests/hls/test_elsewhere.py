"""Channels that another node has, at the origin: who asks here is sent there, with all that they asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from bench.memory_stream import MemoryStream
from common.http_parser import Request
from common.http_response import Answer, Held, Response
from hls.admission import Closed
from tests.common.http_client import get, read_answer, read_to_end
from tests.hls.origin_site import serve_stream

OTHER = "https://media-2.example.org"


@dataclass
class Map:
    """Knows where `berta` is; of `carla` it hears later."""

    asked: list[str] = field(default_factory=list)
    waiting: list[tuple[Held, Callable[[str | None], Response]]] = field(default_factory=list)

    def locate(self, login: str, request: Request, reply: Callable[[str | None], Response]) -> Answer:
        self.asked.append(login)
        if login != "carla":
            return reply(OTHER if login == "berta" else None)
        held = Held(lambda _: None)
        self.waiting.append((held, reply))
        return held


def live() -> MemoryStream:
    stream = MemoryStream()
    for _ in range(8):
        stream.publish()
    return stream


@pytest.mark.parametrize(
    "path",
    [
        "/hls/berta/index.m3u8",
        "/hls/berta/index.m3u8?a=b&c=%20d",
        "/hls/berta/stream-9/video/index.m3u8?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES",
        "/hls/berta/stream-9/video/p7.m4s",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_another_node_has_is_told_to_be_there(path: str, method: str) -> None:
    async with serve_stream(live(), elsewhere=Map()) as s:
        answer = await s.get(path, "Range: bytes=0-1", method=method)
        assert (answer.status, answer.headers["location"]) == (307, OTHER + path)
        assert answer.headers["cache-control"] == "public, max-age=1"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert ("weir_hls_redirected_total", "Requests sent to another node", 1) in s.origin.samples()


async def test_what_is_here_is_never_looked_for() -> None:
    places = Map()
    async with serve_stream(live(), elsewhere=places) as s:
        assert (await s.get("/hls/anna/index.m3u8")).status == 200
        assert (await s.get("/hls/anna/stream-1/video/s1.m4s")).status == 200
        assert (await s.get("/hls/anna/old-stream/video/s1.m4s")).status == 404
        assert (await s.get("/hls/berta")).status == 404
        assert (await s.get("/hls/berta/stream-9/video/p7.m4s", method="OPTIONS")).status == 204
        assert places.asked == []


async def test_what_nobody_has_is_offline() -> None:
    async with serve_stream(live(), elsewhere=Map()) as s:
        answer = await s.get("/hls/doris/index.m3u8")
        assert (answer.status, answer.body) == (404, b"the channel is offline\n")
        assert (await s.get("/hls/doris/stream-9/video/p7.m4s")).body == b"this broadcast is over\n"


async def test_a_broadcast_that_ended_here_is_served_here_and_the_next_one_there() -> None:
    places = Map()
    async with serve_stream(live(), elsewhere=places) as s:
        s.directory.add("berta", MemoryStream("stream-2"))
        s.directory.end("berta", 0)
        assert (await s.get("/hls/berta/stream-2/video/init-1.mp4")).status == 200
        assert places.asked == []
        assert (await s.get("/hls/berta/index.m3u8")).status == 307


async def test_who_waits_to_hear_where_it_is_hears_it() -> None:
    places = Map()
    async with serve_stream(live(), elsewhere=places) as s:
        first = await s.ask("/hls/carla/index.m3u8")
        second = await s.ask("/hls/carla/index.m3u8?x=1")
        for (held, reply), base in zip(places.waiting, (OTHER, None), strict=True):
            held.answer(reply(base))
        assert (await read_answer(first)).headers["location"] == f"{OTHER}/hls/carla/index.m3u8"
        assert (await read_answer(second)).status == 404


async def test_a_ticket_holder_is_sent_on_in_a_way_that_the_page_may_read_and_nobody_keeps() -> None:
    async with serve_stream(live(), elsewhere=Map()) as s:
        answer = await s.get("/hls/berta/index.m3u8", "Cookie: weir_play=x")
        assert (answer.status, answer.headers["cache-control"]) == (307, "private, no-store")
        assert answer.headers["access-control-allow-origin"] == "http://weir:8080"
        assert answer.headers["access-control-allow-credentials"] == "true"


async def test_a_channel_that_was_closed_here_and_is_elsewhere_now_is_not_ours_to_close() -> None:
    async with serve_stream(live(), elsewhere=Map()) as s:
        s.directory.close("berta", Closed(8, "followers"))
        assert (await s.get("/hls/berta/index.m3u8")).status == 307
        s.directory.add("berta", MemoryStream("stream-2"))
        s.directory.close("berta", Closed(8, "followers"))
        assert (await s.get("/hls/berta/index.m3u8")).status == 403
        s.directory.end("berta", 0)
        assert (await s.get("/hls/berta/index.m3u8")).status == 403, "its last broadcast is still here"
        for now in (0, 1000, 2000):
            s.directory.expire(now)
        s.directory.close("berta", Closed(8, "subs"))
        assert (await s.get("/hls/berta/index.m3u8")).status == 307


@given(st.text(max_size=40))
async def test_nothing_that_is_asked_for_gets_out_of_the_header(text: str) -> None:
    async with serve_stream(live(), elsewhere=Map()) as s:
        for target in (f"/hls/berta/1/video/{text}", f"/hls/berta/index.m3u8?{text}"):
            client = s.web.connect()
            await client.send_all(get(target))
            await wait_all_tasks_blocked()
            await client.send_eof()
            head = (await read_to_end(client)).partition(b"\r\n\r\n")[0].split(b"\r\n")
            assert len({line.partition(b":")[0].lower() for line in head}) == len(head)
        assert s.web.server.stats.crashes == 0
