"""Rules about requests, by their ids: a real stream behind the real HTTP server, on memory streams."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from common.media import Packet
from hls.stream import HlsSettings, LiveStream
from tests.common.http_client import Answer, get, parse_answers, read_answer, read_to_end
from tests.hls import encoder, m3u8
from tests.hls.encoder import AUDIO, OTHER_VIDEO, interleave
from tests.hls.origin_site import Site, serve_stream
from tests.hls.player import Show

MASTER = "/hls/anna/index.m3u8"
VIDEO = "/hls/anna/stream/video"
PLAYLIST = f"{VIDEO}/index.m3u8"
TD = 4


def media(seconds: float, start_s: float = 0.0) -> list[Packet]:
    return interleave(encoder.video(seconds, start_s=start_s), encoder.audio(seconds, start_s=start_s))


class Channel:
    """A stream that goes on when it is told to, and who asks for it."""

    def __init__(self, show: Show, site: Site[LiveStream]) -> None:
        self.show = show
        self.site = site
        self.sent_s = 0.0

    def go_on(self, seconds: float) -> None:
        self.show.play(media(seconds, self.sent_s))
        self.sent_s += seconds

    async def get(self, path: str, *headers: str, method: str = "GET") -> Answer:
        return await self.site.get(path, *headers, method=method)

    async def playlist(self, query: str = "") -> m3u8.ReadPlaylist:
        answer = await self.get(f"{PLAYLIST}{query}")
        assert answer.status == 200
        return m3u8.read(answer.body.decode())

    async def newest(self) -> tuple[int, int]:
        """Number of the growing segment, and of its newest part."""
        playlist = await self.playlist()
        assert playlist.growing is not None
        return playlist.growing.msn, len(playlist.growing.parts) - 1


@asynccontextmanager
async def channel(seconds: float = 31.0, **settings: Any) -> AsyncIterator[Channel]:
    show = Show(settings=HlsSettings(**{"window_s": 60, "memory_s": 60, **settings}), watch=False)
    async with serve_stream(show.stream) as site:
        made = Channel(show, site)
        made.go_on(seconds)
        yield made


def cached_s(answer: Answer) -> int:
    """How long a cache may keep it."""
    control = answer.headers["cache-control"]
    return 0 if control == "no-store" else int(control.removeprefix("public, max-age=").split(",")[0])


async def test_b1_playlists_say_what_they_are() -> None:
    async with channel() as c:
        for path in (MASTER, PLAYLIST):
            assert (await c.get(path)).headers["content-type"] == "application/vnd.apple.mpegurl"


async def test_e4_everything_listed_can_be_loaded() -> None:
    async with channel() as c:
        playlist = await c.playlist()
        names = {segment.uri for segment in playlist.segments} | {part.uri for part in playlist.parts}
        for name in [*names, playlist.segments[0].init]:
            answer = await c.get(f"{VIDEO}/{name}")
            assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")


async def test_e8_after_the_end_there_is_endlist_then_404_while_media_stays(
    autojump_clock: MockClock,
) -> None:
    async with channel() as c:
        c.show.finish()
        c.site.directory.end("anna", trio.current_time())
        assert (await c.playlist()).ended
        await trio.sleep(130)
        assert (await c.get(PLAYLIST)).status == 404
        assert (await c.get(f"{VIDEO}/s1.m4s")).status == 200
        await trio.sleep(600)
        assert (await c.get(f"{VIDEO}/s1.m4s")).status == 200


async def test_e9_playlists_are_gzipped_for_who_takes_it() -> None:
    async with channel() as c:
        for path in (MASTER, PLAYLIST, f"{PLAYLIST}?_HLS_skip=v2"):
            plain = await c.get(path, "Accept-Encoding: identity")
            packed = await c.get(path, "Accept-Encoding: gzip, deflate, br")
            assert gzip.decompress(packed.body) == plain.body
            assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


async def test_e14_media_says_how_long_it_may_be_kept() -> None:
    async with channel() as c:
        for headers in ((), ("Range: bytes=0-9",), ('If-None-Match: "1"',)):
            answer = await c.get(f"{VIDEO}/s1.m4s", *headers)
            assert answer.headers["expires"].endswith(" GMT")
            assert cached_s(answer) > 600


async def test_f1_f4_delta_updates_until_the_end() -> None:
    async with channel(50) as c:
        assert (await c.playlist("?_HLS_skip=YES")).head["VERSION"] == "9"
        assert (await c.playlist("?_HLS_skip=v2")).head["VERSION"] == "10"
        assert (await c.playlist()).skipped == 0
        c.show.finish()
        for query in ("?_HLS_skip=v2", "?_HLS_msn=999", "?_HLS_part=3", "?_HLS_msn=x&_HLS_skip=maybe"):
            playlist = await c.playlist(query)
            assert playlist.ended, "F4: directives are ignored after the end"
            assert not playlist.skipped


async def test_f5_msn_alone_waits_for_the_whole_segment() -> None:
    async with channel() as c:
        msn, _ = await c.newest()
        client = await c.site.ask(f"{PLAYLIST}?_HLS_msn={msn}")
        c.go_on(1.2)
        await wait_all_tasks_blocked()
        c.go_on(1.2)
        answer = m3u8.read((await read_answer(client)).body.decode())
        assert answer.segments[-1].msn == msn


async def test_f6_f7_a_part_is_waited_for_also_beyond_the_final_one() -> None:
    async with channel() as c:
        msn, part = await c.newest()
        exact = await c.site.ask(f"{PLAYLIST}?_HLS_msn={msn}&_HLS_part={part + 1}")
        beyond = await c.site.ask(f"{PLAYLIST}?_HLS_msn={msn - 1}&_HLS_part=30")
        assert (await read_answer(beyond)).status == 200, "part 0 of the next segment is there"
        c.go_on(0.4)
        assert (await read_answer(exact)).status == 200


async def test_f8_a_removed_segment_gives_the_current_playlist() -> None:
    async with channel(70, window_s=20) as c:
        assert (await c.playlist()).media_sequence > 20
        for query in ("?_HLS_msn=1", "?_HLS_msn=1&_HLS_part=2", "?_HLS_msn=0"):
            assert (await c.playlist(query)).text == (await c.playlist()).text


@pytest.mark.parametrize(
    ("query", "keeps_s"),
    [
        ("_HLS_part=0", 4 * TD),  # F9
        ("_HLS_msn={far}", 0),  # F10; right in a few seconds
        ("_HLS_msn={msn}&_HLS_part={part_far}", 0),
        ("_HLS_msn=-1", 4 * TD),
        ("_HLS_msn=1e3", 4 * TD),
        ("_HLS_msn=", 4 * TD),
        ("_HLS_msn=9999999999999999", 4 * TD),
        ("_HLS_skip=NO", 4 * TD),
    ],
)
async def test_f9_f10_what_is_wrong_gets_400_at_once(query: str, keeps_s: int) -> None:
    async with channel() as c:
        msn, part = await c.newest()
        query = query.format(msn=msn, far=msn + 3, part_far=part + 10)
        for method in ("GET", "HEAD"):
            answer = await c.get(f"{PLAYLIST}?{query}", method=method)
            assert answer.status == 400
            assert cached_s(answer) == keeps_s
            assert answer.headers["access-control-allow-origin"] == "*"


async def test_f11_who_waits_for_three_target_durations_gets_503(autojump_clock: MockClock) -> None:
    async with channel() as c:
        msn, _ = await c.newest()
        began = trio.current_time()
        answer = await read_answer(await c.site.ask(f"{PLAYLIST}?_HLS_msn={msn}"))
        assert (answer.status, answer.headers["retry-after"], cached_s(answer)) == (503, "1", 0)
        assert trio.current_time() - began == pytest.approx(3 * TD)


async def test_f13_f14_a_hinted_part_is_held_and_comes_whole() -> None:
    async with channel() as c:
        playlist = await c.playlist()
        name = playlist.hints[-1]["URI"]
        client = await c.site.ask(f"{VIDEO}/{name}")
        asked = await c.site.ask(f"{VIDEO}/{name}", "Range: bytes=0-3")
        c.go_on(0.4)
        whole = await read_answer(client)
        assert whole.status == 200
        assert int(whole.headers["content-length"]) == len(whole.body)
        part = await read_answer(asked)
        assert (part.status, part.body) == (206, whole.body[:4])
        assert name in [one.uri for one in (await c.playlist()).parts]


async def test_f13_a_hinted_init_section_is_there() -> None:
    async with channel() as c:
        c.show.stream.encoder_returned(c.show.now)
        c.show.configure(OTHER_VIDEO)
        c.show.configure(AUDIO)
        hints = (await c.playlist()).hints
        assert [hint["TYPE"] for hint in hints] == ["MAP", "PART"]
        assert (await c.get(f"{VIDEO}/{hints[0]['URI']}")).status == 200


async def test_f15_a_hinted_part_that_became_a_gap_is_404() -> None:
    async with channel() as c:
        name = (await c.playlist()).hints[-1]["URI"]
        client = await c.site.ask(f"{VIDEO}/{name}")
        c.show.stream.encoder_left(c.show.now)
        c.show.wait(2)
        answer = await read_answer(client)
        while answer.status == 200:  # media that was cut when the encoder left
            name = f"p{int(name[1:-4]) + 1}.m4s"
            answer = await c.get(f"{VIDEO}/{name}")
        assert (answer.status, cached_s(answer)) == (404, TD)
        gap = next(part for part in (await c.playlist()).parts if part.gap)
        assert gap.uri == name


async def test_f15_a_hint_that_the_end_made_vain_is_404() -> None:
    async with channel(30.99) as c:
        client = await c.site.ask(f"{VIDEO}/p9999.m4s")
        assert (await read_answer(client)).status == 404
        c.show.finish()
        last = (await c.playlist()).parts[-1].uri
        answer = await c.get(f"{VIDEO}/p{int(last[1:-4]) + 1}.m4s")
        assert (answer.status, cached_s(answer)) == (404, TD)


async def test_g5_playlists_and_media_are_the_same_each_time() -> None:
    async with channel() as c:
        for path in (MASTER, PLAYLIST, f"{VIDEO}/s1.m4s"):
            first, second = await c.get(path), await c.get(path)
            assert (first.body, first.headers["etag"]) == (second.body, second.headers["etag"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_g8_answers_may_be_kept_as_long_as_the_draft_recommends(method: str) -> None:
    async with channel() as c:
        msn, part = await c.newest()
        expected = {
            MASTER: TD // 2,
            PLAYLIST: TD // 2,
            f"{PLAYLIST}?_HLS_skip=v2": TD // 2,
            f"{PLAYLIST}?_HLS_msn={msn - 1}": 6 * TD,
            f"{PLAYLIST}?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES": 6 * TD,
            f"{PLAYLIST}?_HLS_part=1": 4 * TD,
            "/hls/anna/stream/subtitles/index.m3u8": TD,
            "/hls/anna/gone/video/index.m3u8": TD,
            f"{VIDEO}/nonsense": TD,
        }
        for path, seconds in expected.items():
            assert cached_s(await c.get(path, method=method)) == seconds, path
        for name in ("s1.m4s", "p1.m4s", "init-1.mp4"):
            assert cached_s(await c.get(f"{VIDEO}/{name}", method=method)) >= 6 * TD


async def test_no_cache_may_keep_that_something_is_not_there_yet() -> None:
    """Else one who asks early, in error or in malice, makes a CDN refuse all who ask in time."""
    async with channel() as c:
        msn, part = await c.newest()
        newest = int((await c.playlist()).parts[-1].uri[1:-4])
        early = [
            f"{VIDEO}/s{msn}.m4s",
            f"{VIDEO}/s{msn + 1}.m4s",
            f"{VIDEO}/p{newest + 3}.m4s",
            f"{VIDEO}/init-2.mp4",
            f"{PLAYLIST}?_HLS_msn={msn + 3}",
            f"{PLAYLIST}?_HLS_msn={msn + 1}&_HLS_part={part + 9}",
        ]
        for path in early:
            answer = await c.get(path)
            assert answer.status in {400, 404}
            assert cached_s(answer) == 0, path
        c.show.finish()
        c.site.directory.end("anna", trio.current_time())
        assert cached_s(await c.get(MASTER)) <= 1


async def test_a_stream_that_ended_before_it_began_does_not_stand_in_for_the_next() -> None:
    show = Show(watch=False)
    async with serve_stream(show.stream) as site:
        show.stream.finish(show.now)
        answer = await site.get(MASTER)
        assert (answer.status, cached_s(answer)) == (404, 0)


async def test_the_multivariant_playlist_of_an_ended_stream_is_not_kept_for_longer() -> None:
    """The next broadcast has the same URL."""
    async with channel() as c:
        c.show.finish()
        assert cached_s(await c.get(MASTER)) == TD // 2
        assert cached_s(await c.get(PLAYLIST)) == 6 * TD


# What every answer has


async def test_h1_every_answer_may_be_read_by_pages_of_other_origins() -> None:
    async with channel() as c:
        answers = [
            await c.get(path, *headers)
            for path, *headers in (
                (MASTER,),
                (PLAYLIST,),
                (f"{PLAYLIST}?_HLS_part=1",),
                (f"{VIDEO}/s1.m4s",),
                (f"{VIDEO}/s1.m4s", "Range: bytes=0-1"),
                (f"{VIDEO}/s1.m4s", "Range: bytes=99999999-"),
                (f"{VIDEO}/s1.m4s", "If-None-Match: *"),
                (f"{VIDEO}/nothing",),
                ("/hls/nobody/index.m3u8",),
                ("/elsewhere",),
            )
        ]
        answers.append(await c.get(PLAYLIST, method="OPTIONS"))
        for sent in (b"GET /x y HTTP/1.1\r\n\r\n", get("/" + "a" * 5000), get("/", method="POST")):
            client = c.site.web.connect()
            await client.send_all(sent)
            await wait_all_tasks_blocked()
            await client.send_eof()
            answers += parse_answers(await read_to_end(client))
        assert {answer.status for answer in answers} == {200, 204, 206, 304, 400, 404, 405, 414, 416}
        for answer in answers:
            assert answer.headers["access-control-allow-origin"] == "*", answer


async def test_h2_media_the_client_has_is_304() -> None:
    async with channel() as c:
        for path in (PLAYLIST, f"{VIDEO}/s1.m4s", f"{VIDEO}/init-1.mp4"):
            etag = (await c.get(path)).headers["etag"]
            for match in (etag, f'W/{etag}, "other"', "*"):
                answer = await c.get(path, f"If-None-Match: {match}")
                assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)


async def test_h3_head_gives_the_head_of_get() -> None:
    async with channel() as c:
        msn, part = await c.newest()
        for path in (MASTER, PLAYLIST, f"{PLAYLIST}?_HLS_msn={msn}&_HLS_part={part}", f"{VIDEO}/s1.m4s"):
            whole, head = await c.get(path), await c.get(path, method="HEAD")
            assert head.body == b""
            assert whole.headers == head.headers
        ranged = await c.get(f"{VIDEO}/s1.m4s", "Range: bytes=0-1", method="HEAD")
        assert ranged.status == 200, "RFC 9110 14.2: Range is for GET"
