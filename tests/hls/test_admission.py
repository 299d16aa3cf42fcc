"""Channels that are not for everybody, at the origin: whoever lacks a ticket sees nothing of them, in no way."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from bench.memory_stream import MemoryStream
from common.play_ticket import MEMBER, PlayTicket, keyring, write_ticket
from hls.admission import Admission, Closed
from tests.common.http_client import Answer, read_answer
from tests.hls.origin_site import Site, serve_stream

KEY = b"k" * 32
MASTER = "/hls/anna/index.m3u8"
VIDEO = "/hls/anna/stream-1/video"
FOLLOWERS = Closed(7, "followers")
EVERYTHING = [
    MASTER,
    f"{VIDEO}/index.m3u8",
    f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=1",
    f"{VIDEO}/index.m3u8?_HLS_msn=nonsense",
    f"{VIDEO}/init-1.mp4",
    f"{VIDEO}/s1.m4s",
    f"{VIDEO}/p7.m4s",
    f"{VIDEO}/p8.m4s",
    "/hls/anna/stream-1/audio/s1.m4s",
    "/hls/anna/stream-1/audio/index.m3u8",
    "/hls/anna/another-stream/video/s1.m4s",
    "/hls/anna/another-stream/video/index.m3u8",
    "/hls/anna/anything",
    "/hls/anna",
]


def ticket(
    *,
    channel_id: int = 7,
    login: str = "anna",
    grant: str = "followers",
    lasts_s: float = 300,
    key: bytes = KEY,
) -> str:
    """A Cookie header."""
    made = PlayTicket(channel_id, login, "u2a", grant, int(time.time() + lasts_s))
    return f"Cookie: weir_session=x; weir_play={write_ticket(key, made)}"


@asynccontextmanager
async def site(closed: Closed | None = FOLLOWERS) -> AsyncIterator[Site[MemoryStream]]:
    """The channel `anna` with eight parts."""
    stream = MemoryStream()
    for _ in range(8):
        stream.publish()
    admission = Admission()
    admission.use_keys(keyring([b"o" * 32, KEY]))
    async with serve_stream(stream, admission=admission) as found:
        found.directory.close("anna", closed)
        yield found


def is_private(answer: Answer) -> None:
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["access-control-allow-origin"] == "http://weir:8080"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", EVERYTHING)
async def test_nothing_is_there_without_a_ticket(path: str, method: str) -> None:
    async with site() as s:
        for headers in ((), ("Range: bytes=0-1",), ('If-None-Match: "1"',), ("If-None-Match: *",)):
            answer = await s.get(path, *headers, method=method)
            assert answer.status == 403
            assert b"some viewers only" in answer.body or method == "HEAD"
            is_private(answer)


@pytest.mark.parametrize(
    "cookie",
    [
        ticket(channel_id=8),
        ticket(login="annb"),
        ticket(grant="subs"),
        ticket(grant="password:12"),
        ticket(lasts_s=-1),
        ticket(lasts_s=3600),
        ticket(key=b"x" * 32),
        ticket() + "0",
        "Cookie: weir_play=",
        "Cookie: weir_play=1.2.3",
        "Cookie: " + "weir_play=x; " * 50,
        ticket().replace("weir_play=", "not_weir_play="),
    ],
)
async def test_no_other_ticket_opens_it(cookie: str) -> None:
    async with site() as s:
        for path in (MASTER, f"{VIDEO}/index.m3u8", f"{VIDEO}/s1.m4s"):
            assert (await s.get(path, cookie)).status == 403


@pytest.mark.parametrize("grant", ["followers", MEMBER])
async def test_a_ticket_opens_all_of_it_and_nothing_is_kept(grant: str) -> None:
    async with site() as s:
        for path in (
            MASTER,
            f"{VIDEO}/index.m3u8",
            f"{VIDEO}/init-1.mp4",
            f"{VIDEO}/s1.m4s",
            f"{VIDEO}/p7.m4s",
        ):
            answer = await s.get(path, ticket(grant=grant))
            assert answer.status == 200
            is_private(answer)
        ranged = await s.get(f"{VIDEO}/s1.m4s", ticket(grant=grant), "Range: bytes=2-4")
        assert (ranged.status, ranged.body) == (206, b"cde")
        is_private(ranged)
        for path in (
            "/hls/anna/stream-2/video/s1.m4s",
            f"{VIDEO}/x.m4v",
            f"{VIDEO}/index.m3u8?_HLS_msn=x",
            "/hls/anna",
        ):
            refused = await s.get(path, ticket(grant=grant))
            assert refused.status in {400, 404}
            is_private(refused)
        beyond = await s.get(f"{VIDEO}/s1.m4s", ticket(grant=grant), "Range: bytes=7-")
        assert beyond.status == 416
        is_private(beyond)
        etag = (await s.get(MASTER, ticket(grant=grant))).headers["etag"]
        kept = await s.get(MASTER, ticket(grant=grant), f"If-None-Match: {etag}")
        assert kept.status == 304
        is_private(kept)


async def test_one_good_ticket_among_others_is_enough() -> None:
    """A browser sends the one of another domain, too, and an old one."""
    async with site() as s:
        both = f"{ticket(lasts_s=-5)}; {ticket()[8:]}"
        assert (await s.get(MASTER, both)).status == 200


async def test_other_channels_stay_as_they_are() -> None:
    async with site() as s:
        public = MemoryStream("stream-2")
        for _ in range(8):
            public.publish()
        s.directory.add("berta", public)
        for path, keep in (
            ("index.m3u8", "public, max-age=2"),
            ("stream-2/video/s1.m4s", "public, max-age=86400, immutable"),
        ):
            for headers in ((), (ticket(),)):
                answer = await s.get(f"/hls/berta/{path}", *headers)
                assert answer.status == 200
                assert answer.headers["cache-control"] == keep
                assert answer.headers["access-control-allow-origin"] == "*"
                assert "access-control-allow-credentials" not in answer.headers


async def test_its_stream_is_not_had_under_the_name_of_another_channel() -> None:
    async with site() as s:
        for login in ("berta", "Anna", "ANNA", "anna%00", "%61nna", "anna/", "./anna"):
            answer = await s.get(f"/hls/{login}/stream-1/video/s1.m4s")
            assert answer.status in {400, 403, 404}


async def test_a_preflight_is_answered_without_a_ticket_which_browsers_do_not_send_with_it() -> None:
    async with site() as s:
        answer = await s.get(f"{VIDEO}/s1.m4s", "Origin: http://weir:8080", method="OPTIONS")
        assert answer.status == 204
        is_private(answer)
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert "*" not in answer.headers["access-control-allow-headers"], "means no header with credentials"
        assert "Range" in answer.headers["access-control-allow-headers"]


async def test_the_door_closes_at_once_for_new_requests_and_at_the_next_part_for_those_that_wait() -> None:
    async with site(closed=None) as s:
        playlist = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=0")
        part = await s.ask(f"{VIDEO}/p8.m4s")
        s.directory.close("anna", FOLLOWERS)
        assert (await s.get(f"{VIDEO}/s1.m4s")).status == 403
        let_in = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=0", ticket())
        s.stream.publish()
        for client in (playlist, part):
            answer = await read_answer(client)
            assert (answer.status, answer.headers["cache-control"]) == (403, "private, no-store")
            assert answer.headers["access-control-allow-origin"] == "*", "or the page could not read why"
        assert (await read_answer(let_in)).status == 200


async def test_who_waits_with_a_ticket_for_what_is_asked_no_more_gets_nothing() -> None:
    async with site(Closed(7, "password:aa")) as s:
        old = await s.ask(f"{VIDEO}/p8.m4s", ticket(grant="password:aa"))
        s.directory.close("anna", Closed(7, "password:bb"))
        new = await s.ask(f"{VIDEO}/p8.m4s", ticket(grant="password:bb"))
        assert (await s.get(MASTER, ticket(grant="password:aa"))).status == 403
        s.stream.publish()
        assert (await read_answer(old)).status == 403
        assert (await read_answer(new)).status == 200


async def test_who_waits_when_the_door_opens_gets_their_answer() -> None:
    async with site() as s:
        client = await s.ask(f"{VIDEO}/p8.m4s", ticket())
        s.directory.close("anna", None)
        s.stream.publish()
        answer = await read_answer(client)
        assert answer.status == 200
        is_private(answer)
        assert (await s.get(MASTER)).headers["cache-control"] == "public, max-age=2"


async def test_the_door_stays_closed_when_the_broadcast_is_over_and_for_the_next_one() -> None:
    async with site() as s:
        s.stream.finish()
        s.directory.end("anna", 0)
        assert (await s.get(f"{VIDEO}/s1.m4s")).status == 403
        assert (await s.get(f"{VIDEO}/s1.m4s", ticket())).status == 200
        s.directory.add("anna", MemoryStream("stream-2"))
        for now in (0, 1000, 5000):
            s.directory.expire(now)
        assert not s.directory.find("anna", "stream-1")
        assert s.directory.closed == {"anna": FOLLOWERS}
        s.directory.end("anna", 5000)
        for now in (5000, 6000, 7000):
            s.directory.expire(now)
        assert s.directory.closed == {}, "nothing is left to be guarded"


async def test_an_answer_with_a_ticket_can_be_read_by_the_page_though_the_channel_is_gone() -> None:
    async with site() as s:
        answer = await s.get("/hls/gone/index.m3u8", ticket(login="gone"))
        assert (answer.status, answer.body) == (404, b"the channel is offline\n")
        is_private(answer)


def test_a_key_that_is_no_longer_used_opens_nothing() -> None:
    admission = Admission()
    now = time.time()
    header = ticket()[8:].encode()
    assert not admission.admits("anna", FOLLOWERS, header, now), "there is no key yet"
    admission.use_keys(keyring([KEY]))
    assert admission.admits("anna", FOLLOWERS, header, now)
    admission.use_keys(keyring([b"n" * 32]))
    assert not admission.admits("anna", FOLLOWERS, header, now)
    assert admission.refused == 2


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=80))
async def test_no_path_below_a_closed_channel_gives_anything_away(text: str) -> None:
    async with site() as s:
        client = s.web.connect()
        await client.send_all(f"GET {VIDEO}/{text} HTTP/1.1\r\nHost: weir\r\n\r\n".encode())
        await wait_all_tasks_blocked()
        answer = await read_answer(client)
        assert answer.status in {400, 403, 404, 414, 505}
        assert b"abcdefg" not in answer.body
