"""Who watches with a player that is not our page."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.memory_stream import PARTS_PER_SEGMENT, MemoryStream
from common.http_parser import Request
from common.public_url import PublicUrl
from common.sightings import SightingLimits
from hls.audience import MAX_MARKS, OwnPages, SeenViewers
from tests.hls.origin_site import serve_stream

STREAM = "0199a6f0-0000-7000-8000-000000000001"
VLC = {"user-agent": "VLC/3.0.21 LibVLC/3.0.21"}
FFMPEG = {"user-agent": "Lavf/61.7.100"}
HOST = {"host": "media.example.org:8081"}


def asked(address: str = "192.0.2.1", headers: dict[str, str] = VLC) -> Request:
    encoded = {name.encode(): value.encode() for name, value in (HOST | headers).items()}
    return Request("GET", "/", "", encoded, keep_alive=True, is_http_1_0=False, head=b"", address=address)


def viewers(configured: str | None = None, limits: SightingLimits | None = None) -> SeenViewers:
    web = PublicUrl(configured, "http", 8080)
    return SeenViewers(OwnPages(web.origin_for_host), ttl_s=45, limits=limits)


class Watched:
    """One stream, and the seconds that pass between looks."""

    def __init__(self, seen: SeenViewers) -> None:
        self.seen = seen
        self.now = 0.0

    def look(self, *requests: Request, live: Collection[str] = (STREAM,)) -> int:
        for request in requests:
            self.seen.note(request, STREAM)
        self.now += 5
        return self.seen.counts(self.now, live).get(STREAM, 0)


def test_players_count_from_the_second_look_on_and_until_45_s_after_their_last_playlist() -> None:
    watched = Watched(viewers())
    both = (asked(headers=VLC), asked(headers=FFMPEG))
    assert [watched.look(*both, *both) for _ in range(3)] == [0, 2, 2]
    assert watched.look(both[0]) == 2
    assert [watched.look(both[0]) for _ in range(8)] == [2] * 6 + [1, 1]
    assert [watched.look() for _ in range(10)] == [1] * 7 + [0, 0, 0]


def test_who_loads_a_playlist_now_and_then_is_no_viewer() -> None:
    watched = Watched(viewers())
    for _ in range(5):  # a crawler or a health check, each 20 s, that asks several times in a row
        assert watched.look(asked(), asked()) == 0
        assert [watched.look() for _ in range(3)] == [0, 0, 0]


def test_the_same_address_with_another_player_is_another_viewer() -> None:
    watched = Watched(viewers())
    crowd = [
        asked(),
        asked("192.0.2.2"),
        asked(headers=FFMPEG),
        asked(headers={}),
        asked("::1"),
        asked("127.0.0.1"),
    ]
    watched.look(*crowd)
    assert watched.look(*crowd) == len(crowd)


def test_streams_that_are_over_have_no_viewers() -> None:
    watched = Watched(viewers())
    watched.look(asked())
    assert watched.look(asked(), live=()) == 0
    assert watched.look(asked()) == 1


OURS = [
    {"origin": "http://media.example.org:8080"},
    {"sec-fetch-site": "same-origin"},
    {"referer": "http://media.example.org:8080/anna"},
    {"referer": "http://media.example.org:8081/anna"},
    {"referer": "https://media.example.org:8081/anna"},
]
OTHERS = [
    {"origin": "https://blog.example.net", "sec-fetch-site": "cross-site"},
    {"origin": "http://media.example.org:9999", "sec-fetch-site": "same-site"},
    {"origin": "null"},
    {"origin": "http://[::1"},
    {"origin": "http://media.example.org:x"},
    {"referer": "http://blog.example.net/anna"},
    {"sec-fetch-site": "none"},
    {},
]


@pytest.mark.parametrize("headers", OURS)
def test_requests_of_our_page_do_not_count(headers: dict[str, str]) -> None:
    watched = Watched(viewers())
    assert [watched.look(asked(headers=headers)) for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("headers", OTHERS)
def test_players_on_other_pages_do(headers: dict[str, str]) -> None:
    watched = Watched(viewers())
    assert [watched.look(asked(headers=headers)) for _ in range(3)] == [0, 1, 1]


def test_a_configured_address_of_the_pages_is_the_one_that_counts() -> None:
    watched = Watched(viewers("https://live.example.org/"))
    ours, other = (
        asked(headers={"origin": name})
        for name in ("https://live.example.org", "http://media.example.org:8080")
    )
    assert [watched.look(ours) for _ in range(3)] == [0, 0, 0]
    assert [watched.look(other) for _ in range(2)] == [0, 1]


def test_our_page_and_another_player_of_the_same_browser_are_told_apart() -> None:
    watched = Watched(viewers())
    ours = asked(headers=VLC | {"origin": "http://media.example.org:8080"})
    other = asked(headers=VLC | {"origin": "https://blog.example.net"})
    watched.look(ours, other)
    assert watched.look(ours, other) == 1


def test_made_up_players_of_one_address_count_as_fifty_at_most() -> None:
    seen = viewers()
    watched = Watched(seen)
    flood = [asked(headers={"user-agent": f"{number}"}) for number in range(1000)]
    watched.look(*flood)
    assert watched.look(*flood, asked("198.51.100.1")) == 50
    assert seen.refused >= 950
    assert watched.look(asked("198.51.100.1")) == 51


def test_neighbours_in_one_ipv6_network_share_what_one_client_may_have() -> None:
    watched = Watched(viewers(limits=SightingLimits(per_client=2)))
    crowd = [asked(f"2001:db8::{number:x}") for number in range(1, 9)]
    watched.look(*crowd)
    assert watched.look(*crowd) == 2


def test_what_is_remembered_of_requests_has_a_bound_and_no_address_in_it() -> None:
    seen = viewers()
    for number in range(MAX_MARKS + 10):
        seen.note(asked(headers={"user-agent": "x", "referer": f"http://a/{number}"}), STREAM)
    seen.note(asked(), STREAM)
    seen.counts(5, [STREAM])
    seen.note(asked(), STREAM)
    assert len(seen._marks) <= MAX_MARKS
    assert len(seen._watching) == 1
    assert "192.0.2.1" not in repr([vars(seen._once), vars(seen._watching)])


async def test_the_origin_counts_who_is_given_a_media_playlist() -> None:
    stream = MemoryStream()
    for _ in range(8):
        stream.publish()
    async with serve_stream(stream) as site:
        video = "/hls/anna/stream-1/video"
        assert 8 % PARTS_PER_SEGMENT == 0
        following = f"_HLS_msn={8 // PARTS_PER_SEGMENT + 1}&_HLS_part=0"

        async def load(path: str, user_agent: str, *headers: str, method: str = "GET") -> int:
            return (await site.get(path, f"User-Agent: {user_agent}", *headers, method=method)).status

        seen = site.origin._viewers
        for now in (5.0, 10.0):
            etag = (await site.get(f"{video}/index.m3u8", "User-Agent: plain")).headers["etag"]
            assert await load(f"{video}/index.m3u8", "again", f"If-None-Match: {etag}") == 304
            assert await load("/hls/anna/index.m3u8", "master") == 200
            assert await load(f"{video}/index.m3u8", "head", method="HEAD") == 200
            assert await load(f"{video}/index.m3u8?_HLS_msn=x", "wrong") == 400
            assert await load(f"{video}/index.m3u8?_HLS_msn=4711", "future") == 400
            assert await load("/hls/anna/stream-1/none/index.m3u8", "nothing") == 404
            assert await load(f"{video}/s1.m4s", "media") == 200
            waiting = await site.ask(f"{video}/index.m3u8?{following}", "User-Agent: blocked")
            await waiting.aclose()
            counts = seen.counts(now, site.directory.live_ids())
        assert counts == {"stream-1": 3}
        site.directory.end("anna", now=11)
        assert await load(f"{video}/index.m3u8", "plain") == 200
        assert seen.counts(15, site.directory.live_ids()) == {}


VALUE = st.one_of(
    st.none(), st.binary(max_size=40), st.text(max_size=40).map(lambda text: f"http://{text}".encode())
)


@given(
    st.fixed_dictionaries(
        dict.fromkeys((b"host", b"origin", b"referer", b"sec-fetch-site", b"user-agent"), VALUE)
    )
)
def test_no_header_can_make_it_fail(headers: dict[bytes, bytes | None]) -> None:
    seen = viewers()
    request = asked()
    request.headers = {name: value for name, value in headers.items() if value is not None}
    for now in (5.0, 10.0):
        seen.note(request, STREAM)
        assert set(seen.counts(now, [STREAM])) <= {STREAM}
