"""nginx with the configuration of `deploy/nginx` before a channel that is not for everybody: it keeps and leaks nothing."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bench.edge import Edge, has_lua, nginx_edge
from tests.e2e.edge_site import read_log
from tests.e2e.harness import Weir, poll, start_encoder, start_weir
from tests.e2e.test_edge import trusting

pytestmark = pytest.mark.real

KINDS = ["plain", "lua"] if has_lua() else ["plain"]
PASSWORD = "correct horse battery"


@dataclass
class Site:
    edge: Edge
    owner: httpx.Client
    anybody: httpx.Client

    def close(self, visibility: str) -> None:
        assert self.owner.patch("/api/channels/anna", json={"visibility": visibility}).status_code == 200

    def ticket(self) -> None:
        assert self.owner.post("/api/channels/anna/play-ticket", json={}).status_code == 200

    def newest(self, client: httpx.Client) -> tuple[str, str]:
        """Paths of a media playlist, and of its newest part."""
        playlist = f"/hls/anna/{client.get('/hls/anna/index.m3u8').text.split()[-1]}"
        part = re.findall(r'DURATION=[\d.]+,URI="(p\d+\.m4s)"', client.get(playlist).text)[-1]
        return playlist, playlist.replace("index.m3u8", part)

    def upstream(self, path: str) -> list[bool]:
        """For each answer with this path's bytes so far, whether it came from the origin."""
        return [one.upstream != "-" for one in read_log(self.edge) if path in one.key and one.status == "200"]


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[tuple[Weir, str]]:
    with ExitStack() as stack:
        weir = start_weir(tmp_path_factory.mktemp("edge") / "data", WEIR_TRUSTED_PROXIES="127.0.0.1")
        stack.callback(weir.discard)
        owner = stack.enter_context(httpx.Client(base_url=weir.web, timeout=30))
        assert owner.post("/api/users", json={"login": "anna", "password": PASSWORD}).status_code == 201
        key = owner.post("/api/channels/anna/keys", json={}).json()["data"][0]["stream_key"]
        stack.callback(start_encoder(f"{weir.rtmp}/{key}", clip).kill)
        poll("live", lambda: httpx.get(f"{weir.hls}/hls/anna/index.m3u8").status_code == 200)
        yield weir, key


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest, weir: tuple[Weir, str]) -> Iterator[Site]:
    hls_port, web_port = (urlsplit(url).port or 0 for url in (weir[0].hls, weir[0].web))
    with ExitStack() as stack:
        edge = stack.enter_context(nginx_edge(hls_port, web_port=web_port, collapse=request.param, log=True))
        base = f"https://127.0.0.1:{edge.tls_port}"
        owner, anybody = (
            stack.enter_context(httpx.Client(verify=trusting(edge), base_url=base, timeout=30))
            for _ in range(2)
        )
        sent = {"login": "anna", "password": PASSWORD}
        assert owner.post("/api/sessions", json=sent).status_code == 201
        yield Site(edge, owner, anybody)


def test_what_ticket_holders_get_is_kept_for_nobody(site: Site) -> None:
    site.close("subs")
    poll("closed", lambda: site.anybody.get("/hls/anna/index.m3u8").status_code == 403, 5)
    site.ticket()
    playlist, part = site.newest(site.owner)
    for path in (playlist, part):
        for _ in range(2):
            answer = site.owner.get(path)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
            refused = site.anybody.get(path)
            assert (refused.status_code, refused.headers["Cache-Control"]) == (403, "private, no-store")
        assert set(site.upstream(path)) == {True}
    # Somebody who makes a cookie up gets past the cache, and no further.
    forged = site.anybody.get(part, headers={"Cookie": "weir_play=1.2.3"})
    assert forged.status_code == 403


def test_after_a_channel_was_closed_the_cache_has_only_what_was_public(site: Site) -> None:
    site.close("public")
    poll("open", lambda: site.anybody.get("/hls/anna/index.m3u8").status_code == 200, 5)
    playlist, part = site.newest(site.anybody)
    assert site.anybody.get(part).status_code == 200
    site.close("subs")
    poll("playlists are old after two seconds", lambda: site.anybody.get(playlist).status_code == 403, 10)
    assert site.anybody.get("/hls/anna/index.m3u8").status_code == 403
    kept = site.anybody.get(part)
    assert (kept.status_code, kept.headers["Cache-Control"]) == (200, "public, max-age=86400, immutable")
    site.ticket()
    _, new_part = site.newest(site.owner)
    assert new_part != part
    assert site.owner.get(new_part).status_code == 200
    assert site.anybody.get(new_part).status_code == 403


def test_the_cookie_is_for_tls_only_and_for_the_paths_of_this_channel(site: Site) -> None:
    site.close("subs")
    site.ticket()
    cookies = [cookie for cookie in site.owner.cookies.jar if cookie.name == "weir_play"]
    assert {cookie.path for cookie in cookies} == {"/hls/anna", "/api/channels/anna/play-ticket"}
    assert all(cookie.secure for cookie in cookies)
