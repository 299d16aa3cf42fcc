"""Two media nodes on one database: who asks the wrong one is sent to the right one, by players and by the pages."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from common.embedded_pg import cluster_status
from tests.browser import chromium, own_thread
from tests.e2e.harness import FFMPEG_DEBIAN, FFMPEG_NEW, Encoder, Weir, get, poll

pytestmark = pytest.mark.real

REDIS_URL = "redis://127.0.0.1:6379/0"
HLS_JS = Path(__file__).parents[2] / "webapp/frontend/node_modules/hls.js/dist/hls.min.js"
PLAYER = """url => {
    window.seen = {fatal: [], asked: []};
    window.hls = new Hls({lowLatencyMode: true});
    hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) seen.fatal.push(data.details); });
    hls.on(Hls.Events.FRAG_LOADED, (_, data) => { seen.asked.push((data.part ?? data.frag).url); });
    hls.loadSource(url);
    hls.attachMedia(document.querySelector("video"));
}"""


@dataclass
class Nodes:
    """Media nodes A and B, the pages, and the channel `streamer`, live on A."""

    a: Weir
    b: Weir
    web: Weir
    key: str

    @property
    def wrong(self) -> str:
        return f"{self.b.hls}/hls/streamer/index.m3u8"

    @property
    def right(self) -> str:
        return f"{self.a.hls}/hls/streamer/index.m3u8"


@pytest.fixture
def nodes(weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], tmp_path: Path) -> Nodes:
    together = weir_factory(data_dir=tmp_path / "all", WEIR_NODE="all-in-one")
    status = cluster_status(tmp_path / "all")
    assert status is not None
    assert status.dsn is not None
    shared = {"WEIR_DATABASE_URL": status.dsn, "WEIR_REDIS_URL": REDIS_URL}
    web = weir_factory(
        command="serve web", data_dir=tmp_path / "web", WEIR_NODE="web", WEIR_PLAY_TICKET_S="5", **shared
    )
    a, b = (
        weir_factory(
            command="serve media",
            data_dir=tmp_path / name,
            WEIR_NODE=name,
            WEIR_PUBLIC_WEB_URL=web.web,
            **shared,
        )
        for name in ("a", "b")
    )
    publish(f"{a.rtmp}/{together.key}")
    found = Nodes(a, b, web, together.key)
    poll("live", lambda: get(found.right)[0] == 200)
    poll("known to the other node", lambda: httpx.get(found.wrong).status_code == 307)
    poll("in the policy", lambda: a.hls in httpx.get(web.web).headers["Content-Security-Policy"], 20)
    return found


def test_the_wrong_node_sends_everybody_to_the_right_one(nodes: Nodes) -> None:
    answer = httpx.get(nodes.wrong)
    assert answer.headers["Location"] == nodes.right
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    below = "/hls/streamer/some-stream/video/index.m3u8?_HLS_msn=7&_HLS_part=1"
    assert httpx.get(nodes.b.hls + below).headers["Location"] == nodes.a.hls + below
    assert httpx.get(nodes.a.hls + below).status_code == 404, "the one that is named sends nobody anywhere"
    for nobody in ("nobody", "no-login", "%2e%2e", "x" * 300):
        assert httpx.get(f"{nodes.b.hls}/hls/{nobody}/index.m3u8").status_code in {400, 404}
    crowd = [httpx.get(f"{nodes.b.hls}/hls/nobody/index.m3u8").status_code for _ in range(50)]
    assert crowd == [404] * 50
    assert "weir_media_nodes 3" in get(f"{nodes.b.hls}/metrics")[1]
    for ffmpeg in (FFMPEG_NEW, FFMPEG_DEBIAN):
        command = [ffmpeg, "-v", "error", "-i", nodes.wrong, "-t", "2", "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_pages_name_the_right_node_and_a_node_that_stops_is_named_no_more(nodes: Nodes) -> None:
    with httpx.Client(base_url=nodes.web.web) as web:

        def named() -> str | None:
            channel = web.get("/api/channels/streamer").json()["data"][0]
            found: str | None = channel.get("hls_url")
            return found

        assert named() == nodes.right
        poll("in the policy", lambda: nodes.a.hls in web.get("/").headers["Content-Security-Policy"], 20)
        assert nodes.a.stop() == 0
        poll("offline", lambda: httpx.get(nodes.wrong).status_code == 404, 5)
        assert named() is None


@own_thread
def test_players_in_a_browser_follow(nodes: Nodes) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{nodes.web.web}/streamer")
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 1", timeout=30_000)
        assert page.evaluate("window.__weir.restarts") == 0
        page.close()
        page = browser.new_page()
        page.set_content("<video muted autoplay></video>")
        page.add_script_tag(path=str(HLS_JS))
        page.evaluate(PLAYER, nodes.wrong)
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 3", timeout=60_000)
        assert page.evaluate("seen.fatal") == []
        asked = page.evaluate("seen.asked.filter(url => url !== '')")
        assert {url.split("/hls/")[0] for url in asked} == {nodes.a.hls}


@own_thread
def test_a_closed_channel_plays_from_the_right_node_with_a_ticket_of_the_pages(
    nodes: Nodes, publish: Callable[..., Encoder]
) -> None:
    sent = {"login": "anna", "password": "correct horse battery"}
    with httpx.Client(base_url=nodes.web.web, timeout=30) as owner:
        assert owner.post("/api/users", json=sent).status_code == 201
        key = owner.post("/api/channels/anna/keys", json={}).json()["data"][0]["stream_key"]
        assert owner.patch("/api/channels/anna", json={"visibility": "subs"}).status_code == 200
        publish(f"{nodes.a.rtmp}/{key}")
        right, wrong = (f"{node.hls}/hls/anna/index.m3u8" for node in (nodes.a, nodes.b))
        poll("live, and closed from the start", lambda: httpx.get(right).status_code == 403)
        poll("known", lambda: owner.get("/api/channels/anna").json()["data"][0].get("hls_url") == right)
        assert owner.post("/api/channels/anna/play-ticket", json={}).json()["hls_url"] == right
        ticket = {"Cookie": f"weir_play={owner.cookies.get('weir_play', path='/hls/anna')}"}
        poll("the other node knows", lambda: httpx.get(wrong, headers=ticket).status_code == 307)
        sent_on = httpx.get(wrong, headers=ticket)
        assert sent_on.headers["Location"] == right
        assert sent_on.headers["Access-Control-Allow-Origin"] == nodes.web.web
        assert sent_on.headers["Cache-Control"] == "private, no-store"
        assert httpx.get(right, headers=ticket).status_code == 200
        assert httpx.get(wrong, follow_redirects=True).status_code == 403
    with chromium() as browser:
        page = browser.new_page()
        assert page.request.post(f"{nodes.web.web}/api/sessions", data=sent).status == 201
        page.goto(f"{nodes.web.web}/anna")
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 7", timeout=60_000)
        assert page.evaluate("window.__weir.restarts") == 0
