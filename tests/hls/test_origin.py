"""The origin behind the HTTP server, on memory streams: URLs, headers, waiting (one handler, so one file)."""

import gzip
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from bench.memory_stream import MemoryStream
from common.metrics import CONTENT_TYPE
from hls.answers import MediaOnDisk, Refused
from tests.common.http_client import get, read_answer, read_to_end
from tests.hls.origin_site import Site, serve_stream

MASTER = "/hls/anna/index.m3u8"
VIDEO = "/hls/anna/stream-1/video"


def site(
    stream: MemoryStream | None = None, token: str | None = None
) -> AbstractAsyncContextManager[Site[MemoryStream]]:
    return serve_stream(stream or MemoryStream(), token)


def live(parts: int = 8) -> MemoryStream:
    stream = MemoryStream()
    for _ in range(parts):
        stream.publish()
    return stream


# Playlists


async def test_playlists_carry_type_freshness_tag_and_cors() -> None:
    async with site(live()) as s:
        for path in (MASTER, f"{VIDEO}/index.m3u8"):
            answer = await s.get(path)
            assert answer.status == 200
            assert answer.body.startswith(b"#EXTM3U\n")
            assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
            assert answer.headers["cache-control"] == "public, max-age=2"  # G8: TD/2
            assert answer.headers["vary"] == "Accept-Encoding"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "Age" in answer.headers["access-control-expose-headers"]
            assert "content-encoding" not in answer.headers


async def test_blocking_and_ended_playlists_are_cached_for_longer() -> None:
    async with site(live()) as s:
        answer = await s.get(f"{VIDEO}/index.m3u8?_HLS_msn=2")
        assert answer.headers["cache-control"] == "public, max-age=24"  # G8: 6 x TD
        s.stream.finish()
        answer = await s.get(f"{VIDEO}/index.m3u8")
        assert answer.headers["cache-control"] == "public, max-age=24"
        assert answer.body.endswith(b"#EXT-X-ENDLIST\n")


async def test_gzip_is_a_variant_with_a_tag_of_its_own() -> None:
    async with site(live()) as s:
        plain = await s.get(MASTER)
        packed = await s.get(MASTER, "Accept-Encoding: gzip, br")
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["etag"] != plain.headers["etag"]


async def test_playlist_the_client_has_is_a_304_until_it_changes() -> None:
    async with site(live()) as s:
        etag = (await s.get(f"{VIDEO}/index.m3u8")).headers["etag"]
        for _ in range(2):
            answer = await s.get(f"{VIDEO}/index.m3u8", f"If-None-Match: {etag}")
            assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        assert (
            await s.get(f"{VIDEO}/index.m3u8", f"If-None-Match: {etag}", "Accept-Encoding: gzip")
        ).status == 200
        s.stream.publish()
        assert (await s.get(f"{VIDEO}/index.m3u8", f"If-None-Match: {etag}")).status == 200


async def test_playlist_is_rendered_once_for_all_viewers_of_a_version() -> None:
    async with site(live()) as s:
        bodies = {(await s.get(f"{VIDEO}/index.m3u8")).body for _ in range(3)}
        assert len(bodies) == 1
        s.stream.publish()
        assert (await s.get(f"{VIDEO}/index.m3u8")).body not in bodies


async def test_head_tells_the_size() -> None:
    async with site(live()) as s:
        whole = await s.get(MASTER)
        head = await s.get(MASTER, method="HEAD")
        assert head.headers["content-length"] == str(len(whole.body))
        assert head.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    "query",
    ["_HLS_msn=x", "_HLS_msn=1&_HLS_msn=2", "_HLS_skip=maybe", "_HLS_msn=-3"],
)
async def test_wrong_directives_are_a_400_with_a_sentence(query: str) -> None:
    async with site(live()) as s:
        answer = await s.get(f"{VIDEO}/index.m3u8?{query}")
        assert answer.status == 400
        assert len(answer.body.split()) > 3
        assert answer.headers["cache-control"] == "public, max-age=16"  # G8: 4 x TD
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/hls/anna/stream-1/subtitles/index.m3u8",
        "/hls/anna/stream-1/video/x.m4v",
        "/hls/anna/stream-2/video/index.m3u8",
        "/hls/berta/stream-1/video/index.m3u8",
        "/hls/anna",
        "/hls/anna/",
        "/hls/anna/stream-1/index.m3u8",
        "/hls/",
        "/hls//index.m3u8",
        "/",
        "/favicon.ico",
    ],
)
async def test_unknown_path_is_a_404_that_browsers_may_read(path: str) -> None:
    async with site(live()) as s:
        answer = await s.get(path)
        assert answer.status == 404
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_offline_channel_says_so_and_its_ended_stream_stays_for_a_while() -> None:
    async with site(live()) as s:
        s.stream.finish()
        s.directory.end("anna", trio.current_time())
        answer = await s.get(MASTER)
        assert (answer.status, answer.body) == (404, b"the channel is offline\n")
        assert answer.headers["cache-control"] == "public, max-age=1", "it may begin at any moment"
        assert (await s.get(f"{VIDEO}/index.m3u8")).body.endswith(b"#EXT-X-ENDLIST\n")
        assert (await s.get(f"{VIDEO}/s1.m4s")).status == 200


async def test_lingering_stream_is_let_go_by_the_origin(autojump_clock: MockClock) -> None:
    async with site(live()) as s:
        s.directory.end("anna", trio.current_time())
        await trio.sleep(130)
        assert (await s.get(f"{VIDEO}/index.m3u8")).status == 404, "E8"
        assert (await s.get(f"{VIDEO}/s1.m4s")).status == 200, "E14"
        await trio.sleep(660)
        assert s.stream.closed
        assert (await s.get(f"{VIDEO}/s1.m4s")).status == 404


async def test_stream_that_cannot_be_closed_ends_nothing_else(autojump_clock: MockClock) -> None:
    class Stuck(MemoryStream):
        def close(self) -> None:
            raise OSError("planted")

    async with site(Stuck()) as s:
        s.directory.end("anna", trio.current_time())
        s.directory.add("anna", live())
        with capture_logs() as logs:
            await trio.sleep(800)
        assert [line["event"] for line in logs] == ["closing_a_stream_failed"]
        assert (await s.get(MASTER)).status == 200


async def test_preflight_allows_what_players_send() -> None:
    async with site() as s:
        answer = await s.get(f"{VIDEO}/s1.m4s", "Origin: https://a.example", method="OPTIONS")
        assert answer.status == 204
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        assert (await s.get("*", method="OPTIONS")).headers["allow"] == "GET, HEAD, OPTIONS"


# Media


async def test_media_is_cached_for_long_and_sent_in_order() -> None:
    async with site(live()) as s:
        for name in ("init-1.mp4", "s1.m4s", "p7.m4s"):
            answer = await s.get(f"{VIDEO}/{name}")
            assert (answer.status, answer.body) == (200, b"abcdefg")
            assert answer.headers["content-type"] == "video/mp4"
            assert answer.headers["cache-control"] == "public, max-age=86400, immutable"
            assert "vary" not in answer.headers
        audio = await s.get("/hls/anna/stream-1/audio/s1.m4s")
        assert audio.headers["content-type"] == "audio/mp4"


@pytest.mark.parametrize("on_disk", [False, True])
async def test_ranges_of_media_in_memory_and_on_disk(*, on_disk: bool, tmp_path: Path) -> None:
    stream = live()
    if on_disk:
        (tmp_path / "stream").write_bytes(b"before" + b"abcdefg" + b"after")
        stream.on_disk["s1.m4s"] = MediaOnDisk(tmp_path / "stream", 6, 7)
    async with site(stream) as s:
        whole = await s.get(f"{VIDEO}/s1.m4s")
        assert (whole.status, whole.body, whole.headers["accept-ranges"]) == (200, b"abcdefg", "bytes")
        part = await s.get(f"{VIDEO}/s1.m4s", "Range: bytes=2-4")
        assert (part.status, part.body) == (206, b"cde")
        assert part.headers["content-range"] == "bytes 2-4/7"
        assert part.headers["cache-control"] == whole.headers["cache-control"]
        resumed = await s.get(f"{VIDEO}/s1.m4s", "Range: bytes=5-", f"If-Range: {whole.headers['etag']}")
        assert resumed.body == b"fg"
        stale = await s.get(f"{VIDEO}/s1.m4s", "Range: bytes=5-", 'If-Range: "other"')
        assert (stale.status, stale.body) == (200, b"abcdefg")
        beyond = await s.get(f"{VIDEO}/s1.m4s", "Range: bytes=7-")
        assert (beyond.status, beyond.headers["content-range"]) == (416, "bytes */7")
        kept = await s.get(f"{VIDEO}/s1.m4s", f"If-None-Match: {whole.headers['etag']}")
        assert (kept.status, kept.body) == (304, b"")


async def test_media_whose_file_was_deleted_is_a_404(tmp_path: Path) -> None:
    stream = live()
    stream.on_disk["s1.m4s"] = MediaOnDisk(tmp_path / "gone", 0, 7)
    async with site(stream) as s:
        assert (await s.get(f"{VIDEO}/s1.m4s")).status == 404


# Waiting


async def test_first_playlist_is_held_until_a_whole_segment_exists() -> None:
    async with site() as s:
        client = await s.ask(MASTER)
        for _ in range(3):
            s.stream.publish()
            await wait_all_tasks_blocked()
        assert s.web.server.stats.statuses == {}
        s.stream.publish()
        assert (await read_answer(client)).status == 200


async def test_blocked_reload_is_answered_with_the_part_it_asked_for() -> None:
    async with site(live(8)) as s:
        client = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=1")
        s.stream.publish()
        await wait_all_tasks_blocked()
        assert s.web.server.stats.statuses == {}
        s.stream.publish()
        answer = await read_answer(client)
        assert b"#parts=10\n" in answer.body
        assert answer.headers["cache-control"] == "public, max-age=24"


async def test_many_viewers_who_wait_for_the_same_cost_one_question() -> None:
    async with site(live(8)) as s:
        path = f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=0"
        clients = [await s.ask(path) for _ in range(300)]
        asked = s.stream.asked
        s.stream.publish()
        for client in clients:
            assert b"#parts=9\n" in (await read_answer(client)).body
        assert s.stream.asked - asked == 1


async def test_hinted_part_is_held_until_it_is_there() -> None:
    async with site(live(8)) as s:
        client = await s.ask(f"{VIDEO}/p8.m4s")
        ranged = await s.ask(f"{VIDEO}/p8.m4s", "Range: bytes=0-1")
        s.stream.publish()
        assert (await read_answer(client)).body == b"abcdefg"
        assert (await read_answer(ranged)).body == b"ab"
        assert (await s.get(f"{VIDEO}/p20.m4s")).status == 404  # never hinted


async def test_end_of_the_stream_answers_everybody_who_waits() -> None:
    async with site(live(8)) as s:
        playlist = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3")
        part = await s.ask(f"{VIDEO}/p8.m4s")
        s.stream.finish()
        assert (await read_answer(playlist)).body.endswith(b"#EXT-X-ENDLIST\n")
        assert (await read_answer(part)).status == 404


async def test_request_blocked_for_three_target_durations_is_a_503(autojump_clock: MockClock) -> None:
    async with site(live(8)) as s:
        first = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3")
        await trio.sleep(5)
        second = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3")
        answer = await read_answer(first)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert trio.current_time() == pytest.approx(12)
        assert (await read_answer(second)).status == 503
        assert trio.current_time() == pytest.approx(17)


async def test_viewer_who_leaves_while_waiting_is_forgotten() -> None:
    async with site(live(8)) as s:
        client = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=0")
        other = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3&_HLS_part=0")
        await client.aclose()
        await wait_all_tasks_blocked()
        assert s.web.server.open_connections == 1
        s.stream.publish()
        assert (await read_answer(other)).status == 200


async def test_stop_gives_waiting_viewers_the_end_of_the_stream_if_it_comes_soon(
    autojump_clock: MockClock,
) -> None:
    async with site(live(8)) as s:
        client = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3")
        s.web.stop.set()
        await wait_all_tasks_blocked()
        s.stream.finish()
        answer = await read_answer(client)
        assert answer.body.endswith(b"#EXT-X-ENDLIST\n")
        assert answer.headers["connection"] == "close"


async def test_crash_of_a_stream_is_a_500_for_who_waits_and_ends_nothing_else() -> None:
    class Broken(MemoryStream):
        broken = False

        def media(self, rendition: str, name: str) -> MediaOnDisk | Refused:
            raise ValueError("planted")

        def version(self, rendition: str) -> int:
            if self.broken:
                raise ValueError("planted")
            return super().version(rendition)

    stream = Broken()
    for _ in range(8):
        stream.publish()
    async with site(stream) as s:
        client = await s.ask(f"{VIDEO}/index.m3u8?_HLS_msn=3")
        with capture_logs() as logs:
            stream.broken = True
            stream.publish()
            assert (await read_answer(client)).status == 500
            assert (await s.get(f"{VIDEO}/s1.m4s")).status == 500
        assert [line["event"] for line in logs] == ["waiting_room_crashed", "http_handler_crashed"]
        stream.broken = False
        assert (await s.get(f"{VIDEO}/index.m3u8")).status == 200


# For the operator


async def test_healthz_tells_what_is_wrong() -> None:
    async with site() as s:
        assert (await s.get("/healthz")).status == 200
        s.problems.append("rtmp: no answer within 2 s")
        answer = await s.get("/healthz")
        assert (answer.status, answer.body) == (503, b"rtmp: no answer within 2 s\n")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", [], 200),
        ("::1", [], 200),
        ("192.0.2.1", [], 403),
        ("192.0.2.1", ["Authorization: Bearer secret"], 200),
        ("192.0.2.1", ["Authorization: bearer  secret"], 200),
        ("192.0.2.1", ["Authorization: Bearer wrong"], 403),
        ("192.0.2.1", ["Authorization: Basic secret"], 403),
        ("127.0.0.1", ["X-Forwarded-For: 192.0.2.1"], 403),  # through a proxy nobody told us of
        ("10.0.0.1", ["X-Forwarded-For: 127.0.0.1"], 403),
        ("192.0.2.1", ["X-Forwarded-For: 127.0.0.1"], 403),
    ],
)
async def test_metrics_are_for_this_machine_or_with_the_token(
    peer: str, headers: list[str], status: int
) -> None:
    async with site(token="secret") as s:
        answer = await s.get("/metrics", *headers, peer=peer)
        assert answer.status == status
        if status == 200:
            assert answer.body == b"weir_up 1\n"
            assert answer.headers["content-type"] == CONTENT_TYPE


async def test_without_a_token_no_token_opens_the_metrics() -> None:
    async with site() as s:
        for token in ("", "None"):
            assert (await s.get("/metrics", f"Authorization: Bearer {token}")).status == 403


@given(st.text(st.characters(codec="ascii", exclude_characters=" \r\n"), max_size=60))
async def test_no_path_or_query_crashes_the_origin(text: str) -> None:
    async with site(live()) as s:
        for path in (f"/hls/{text}", f"{VIDEO}/{text}", f"{VIDEO}/index.m3u8?_HLS_msn={text}"):
            client = s.web.connect()
            await client.send_all(get(path))
            await wait_all_tasks_blocked()
            await client.send_eof()
            await read_to_end(client)
        assert s.web.server.stats.crashes == 0
