"""nginx with the configuration of `deploy/nginx`, in front of servers that tell what they were asked, and of weir itself."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
import trio

from bench.edge import Edge, has_lua, nginx_edge
from bench.llhls_check.gather import observe
from bench.llhls_check.report import render_text
from bench.llhls_check.verdicts import Outcome, judge
from bench.viewers.crowd import Crowd
from tests.browser import chromium, own_thread
from tests.e2e.edge_site import Told, asked_at_origin, read_log, telling
from tests.e2e.harness import Weir, get, make_clip, poll, start_encoder, start_weir

pytestmark = pytest.mark.real

KINDS = ["plain", "lua"] if has_lua() else ["plain"]
HLS_JS = Path(__file__).parents[2] / "webapp/frontend/node_modules/hls.js/dist/hls.min.js"
PLAYLIST, PART = "/hls/ada/1/video/index.m3u8", "/hls/ada/1/video/p{}.m4s"
PLAYER = """url => {
    window.seen = {fatal: []};
    window.hls = new Hls({lowLatencyMode: true});
    hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) seen.fatal.push(data.details); });
    hls.loadSource(url);
    hls.attachMedia(document.querySelector("video"));
}"""


@dataclass
class Site:
    edge: Edge
    hls: Told
    client: httpx.Client

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def ask(self, path: str, **headers: str) -> dict[str, Any]:
        """What the server behind the edge says that it was asked."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json()
        return told


def trusting(edge: Edge) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(edge.directory / "cert.pem"))


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with ExitStack() as stack:
        (hls, hls_port), (_, web_port), (_, chat_port) = (
            stack.enter_context(telling(name)) for name in ("hls", "web", "chat")
        )
        edge = stack.enter_context(
            nginx_edge(hls_port, web_port=web_port, chat_port=chat_port, collapse=request.param, log=True)
        )
        base = f"https://127.0.0.1:{edge.tls_port}"
        client = stack.enter_context(
            httpx.Client(http2=True, verify=trusting(edge), base_url=base, timeout=30)
        )
        yield Site(edge, hls, client)
        assert (edge.directory / "error.log").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(("option", "works"), [("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)])
def test_it_speaks_http_2_over_tls_1_3_and_1_2_but_no_older(site: Site, option: str, works: bool) -> None:  # noqa: FBT001  # pytest gives it
    assert site.get(PLAYLIST).http_version == "HTTP/2"
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{site.edge.tls_port}", option]
    offer = ["-cipher", "ALL:@SECLEVEL=0", "-alpn", "h2"]
    done = subprocess.run(
        [*command, *offer], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
    )
    assert (b"ALPN protocol: h2" in done.stdout) == works


def test_only_the_directives_reach_the_origin_and_make_a_copy(site: Site) -> None:
    wanted = f"{PLAYLIST}?_HLS_msn=7&_HLS_part=2&_HLS_skip=v2"
    assert site.ask(f"{PLAYLIST}?_HLS_msn=7&_HLS_part=2&_HLS_skip=v2")["path"] == wanted
    assert site.ask(f"{PLAYLIST}?x=1&_HLS_skip=v2&_HLS_msn=7&_HLS_part=2&y=2")["path"] == wanted
    assert site.ask(f"{PLAYLIST}?_HLS_msn=7&_HLS_part=3&_HLS_skip=v2")["path"] != wanted
    assert "_HLS_part=2" in site.ask(f"{PLAYLIST}?_HLS_part=2")["path"], "the origin has to say 400"
    assert site.hls.asked[wanted] == 1


def test_a_playlist_has_two_codings_whatever_browsers_send(site: Site) -> None:
    for coding in ("gzip", "gzip, deflate, br", "br;q=1, gzip;q=0.8"):
        assert site.ask(PLAYLIST, Accept_Encoding=coding)["accept-encoding"] == "gzip"
    for coding in ("identity", "gzip;q=0, br"):
        assert "accept-encoding" not in site.ask(PLAYLIST, Accept_Encoding=coding)
    assert site.hls.asked.total() == 2


def test_age_is_the_time_since_the_origin_answered(site: Site) -> None:
    for number, age_s in enumerate((0, 9, 59, 100, 12_345, 80_199)):
        site.hls.age_s = age_s
        site.get(PART.format(number))
        age = int(site.get(PART.format(number)).headers["Age"])
        assert age_s <= age <= age_s + 10
    site.hls.age_s = -3
    site.get(PART.format(99))
    answer = site.get(PART.format(99))
    assert int(answer.headers["Age"]) == 0, "the origin's clock is ahead"
    assert "X-Unix-Time" not in answer.headers


def test_ranges_and_heads_are_answered_from_the_whole(site: Site) -> None:
    whole = site.get(PART.format(1)).content
    part = site.get(PART.format(1), Range="bytes=3-9")
    assert (part.status_code, part.content) == (206, whole[3:10])
    head = site.client.head(PART.format(1))
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(whole)))
    assert site.get(PART.format(2), Range="bytes=0-4").content == site.get(PART.format(2)).content[:5]
    assert site.hls.asked == {PART.format(1): 1, PART.format(2): 1}


def test_who_holds_a_ticket_is_asked_for_at_the_origin_every_time(site: Site) -> None:
    for _ in range(2):
        assert site.ask(PLAYLIST, Cookie="a=1; weir_play=secret; b=2")["cookie"] == "weir_play=secret"
    assert site.hls.asked[PLAYLIST] == 2
    assert "cookie" not in site.ask(PLAYLIST, Cookie="session=1"), "nothing of the private one was kept"


def test_the_origin_hears_the_real_address_and_no_claims(site: Site) -> None:
    told = site.ask("/somewhere", X_Forwarded_For="203.0.113.9", Cookie="session=1")
    assert (told["server"], told["x-forwarded-for"], told["x-forwarded-proto"]) == (
        "web",
        "127.0.0.1",
        "https",
    )
    assert told["cookie"] == "session=1"


def test_a_websocket_at_the_root_is_the_chats_and_everything_else_the_pages(site: Site) -> None:
    assert site.ask("/")["server"] == "web"
    with httpx.Client(verify=trusting(site.edge), base_url=site.client.base_url) as http_1:
        for path, server in (("/", "chat"), ("/ws", "chat"), ("/eventsub", "web"), ("/other", "web")):
            told = http_1.get(path, headers={"Upgrade": "websocket", "Connection": "Upgrade"}).json()
            assert told["server"] == server
            assert ("upgrade" in told) == (path != "/other")


def test_what_is_no_stream_never_gets_to_the_origin(site: Site) -> None:
    for path in ("/hls/ada/x.exe", "/hls/", "/metrics", "/healthz", "/hls/ada/%0d%0aX: 1/index.m3u8"):
        assert site.get(path).status_code in {400, 404}
    assert site.client.post(PLAYLIST).status_code == 405
    assert site.hls.asked.total() == 0


def test_a_crowd_is_one_request_although_the_first_viewer_hangs_up(site: Site) -> None:
    path = "/hls/ada/1/video/held.m4s"
    with socket.create_connection(("127.0.0.1", site.edge.http_port), timeout=10) as first:
        first.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert site.hls.held.acquire(timeout=10)
    with ExitStack() as stack:
        crowd = crowd_asking_for(path, 20, site.edge, stack)
        site.hls.release.set()
        answers = answers_of(crowd)
    assert [answer.startswith(b"HTTP/1.1 200") for answer in answers] == [True] * 20
    # Plain nginx throws away what came for a viewer who is gone, and asks once more.
    assert site.hls.asked[path] <= (1 if site.edge.collapse == "lua" else 2)


@pytest.mark.parametrize("collapse", [kind for kind in KINDS if kind == "lua"])
def test_a_refusal_is_for_all_who_waited(collapse: str) -> None:
    """proxy_cache_lock would let them ask in turn."""
    path, viewers = "/hls/ada/1/video/held-refused.m4s", 10
    with telling("hls") as (hls, port), nginx_edge(port, collapse=collapse) as edge, ExitStack() as stack:
        crowd = crowd_asking_for(path, viewers, edge, stack)
        worker = edge.master.children()[0]
        both_ways = viewers + 1
        poll("all are there", lambda: established(worker) >= both_ways, 10)
        assert hls.held.acquire(timeout=10)
        hls.release.set()
        answers = answers_of(crowd)
    assert [answer.startswith(b"HTTP/1.1 503") and b"no-store" in answer for answer in answers] == [
        True
    ] * viewers
    assert hls.asked[path] == 1


def crowd_asking_for(path: str, viewers: int, edge: Edge, stack: ExitStack) -> list[socket.socket]:
    """Connections that have each asked the edge for the same path, for as long as `stack` is open."""
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    crowd = []
    for _ in range(viewers):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", edge.http_port), timeout=30))
        one.sendall(request)
        crowd.append(one)
    return crowd


def answers_of(crowd: list[socket.socket]) -> list[bytes]:
    return [one.makefile("rb").read() for one in crowd]


def established(process: psutil.Process) -> int:
    """TCP connections of a process, listeners left out."""
    return sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections("tcp"))


# With weir behind it.


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    directory = tmp_path_factory.mktemp("edge")
    weir = start_weir(directory / "data", WEIR_TRUSTED_PROXIES="127.0.0.1")
    encoder = start_encoder(f"{weir.rtmp}/{weir.key}", make_clip(directory / "clip.mp4", seconds=30))
    try:
        poll("the stream is live", lambda: get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 200, 30)
        yield weir
    finally:
        encoder.kill()
        weir.discard()


@pytest.fixture(params=KINDS)
def edge(request: pytest.FixtureRequest, weir: Weir) -> Iterator[Edge]:
    ports = [urlsplit(url).port or 0 for url in (weir.hls, weir.web)]
    with nginx_edge(ports[0], web_port=ports[1], collapse=request.param, log=True) as edge:
        yield edge


async def test_fifty_players_are_one_for_the_origin(edge: Edge) -> None:
    players = 50
    crowd = Crowd(f"http://127.0.0.1:{edge.http_port}/hls/streamer/index.m3u8")
    crowd.grow(players, ramp_s=1.0)
    try:
        await trio.to_thread.run_sync(crowd.run, 8.0)
    finally:
        crowd.close()
    assert crowd.tally.errors == {}
    assert len(crowd.tally.downloads) > players * 2 * 8
    counts = asked_at_origin(edge)
    assert len(counts) > 40
    repeated = {key: count for key, count in counts.items() if count > 1}
    assert counts.total() <= 1.1 * len(counts), repeated


async def test_the_stream_keeps_the_rules_behind_the_edge(edge: Edge) -> None:
    url = f"https://127.0.0.1:{edge.tls_port}/hls/streamer/index.m3u8"
    seen = await observe(url, seconds=6, edge=True, verify=False)
    verdicts = judge(seen)
    failed = [one.rule.id for one in verdicts if one.outcome is Outcome.FAIL and one.rule.layer != "time"]
    assert failed == [], render_text(seen, verdicts)
    passed = {one.rule.id for one in verdicts if one.outcome is Outcome.PASS}
    assert {"G4", "G5", "G7", "G8", "G9"} <= passed


def test_a_playlist_is_the_same_through_the_edge(edge: Edge, weir: Weir) -> None:
    multivariant = get(f"{weir.hls}/hls/streamer/index.m3u8")[1]
    path = "/hls/streamer/" + multivariant.split()[-1]
    blocked = f"{path}?_HLS_msn={int(get(weir.hls + path)[1].partition('LAST-MSN=')[2].split(',')[0]) + 1}"
    with httpx.Client(http2=True, verify=trusting(edge), timeout=30) as client:
        through = client.get(f"https://127.0.0.1:{edge.tls_port}{blocked}").text
    lines = set(get(weir.hls + blocked)[1].splitlines())
    assert [line for line in through.splitlines() if line.startswith("#EXTINF")]
    assert {line for line in through.splitlines() if line.startswith("#EXT-X-PART:")} & lines


@own_thread
def test_hls_js_plays_with_low_latency_through_http_2(edge: Edge) -> None:
    with chromium() as browser:
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.set_content("<video muted autoplay></video>")
        page.add_script_tag(path=str(HLS_JS))
        page.evaluate(PLAYER, f"https://127.0.0.1:{edge.tls_port}/hls/streamer/index.m3u8")
        page.wait_for_function(
            "document.querySelector('video').currentTime > 0 && hls.latency > 0", timeout=30_000
        )
        start_s = page.evaluate("document.querySelector('video').currentTime")
        page.wait_for_function(
            "start => document.querySelector('video').currentTime > start + 5", arg=start_s, timeout=60_000
        )
        assert page.evaluate("seen.fatal") == []
        assert page.evaluate("hls.latency") < 4, "not three target durations, 12 s, as without parts"
    log = read_log(edge)
    assert {one.protocol for one in log if one.protocol != "HTTP/1.0"} == {"HTTP/2.0"}
    assert any("_HLS_msn" in one.key for one in log)
    assert any("/p" in one.key and ".m4s" in one.key for one in log), "parts, not whole segments"


def test_plain_http_is_sent_to_tls(edge: Edge) -> None:
    answer = httpx.get(f"http://127.0.0.1:{edge.redirect_port}/streamer?a=1")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://127.0.0.1/streamer?a=1"
