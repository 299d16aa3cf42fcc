"""Pages and media under two names of one domain: the ticket gets there, and what is not of the domain gets nothing."""

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from bench.servers import free_port
from tests.browser import chromium, own_thread
from tests.e2e.harness import poll, start_encoder, start_weir

pytestmark = pytest.mark.real

PASSWORD = "correct horse battery"
TO_HERE = "--host-resolver-rules=MAP *.example.test 127.0.0.1"


@own_thread
@pytest.mark.parametrize(("domain", "plays"), [("example.test", True), (None, False)])
def test_media_with_a_host_name_of_its_own_needs_the_cookie_domain(
    domain: str | None, tmp_path: Path, clip: Path, *, plays: bool
) -> None:
    web_port, hls_port = free_port(), free_port()
    web, media = f"http://live.example.test:{web_port}", f"http://media.example.test:{hls_port}"
    more = {} if domain is None else {"WEIR_PLAY_COOKIE_DOMAIN": domain}
    with ExitStack() as stack:
        weir = start_weir(
            tmp_path / "data",
            WEIR_WEB_PORT=str(web_port),
            WEIR_HLS_PORT=str(hls_port),
            WEIR_PUBLIC_WEB_URL=web,
            WEIR_PUBLIC_HLS_URL=media,
            WEIR_PLAY_TICKET_S="5",
            **more,
        )
        stack.callback(weir.discard)
        owner = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{web_port}", timeout=30))
        assert owner.post("/api/users", json={"login": "anna", "password": PASSWORD}).status_code == 201
        key = owner.post("/api/channels/anna/keys", json={}).json()["data"][0]["stream_key"]
        stack.callback(start_encoder(f"{weir.rtmp}/{key}", clip).kill)
        here = f"http://127.0.0.1:{hls_port}/hls/anna/index.m3u8"
        poll("live", lambda: httpx.get(here).status_code == 200)
        assert owner.patch("/api/channels/anna", json={"visibility": "subs"}).status_code == 200
        poll("closed", lambda: httpx.get(here).status_code == 403, 5)
        page = stack.enter_context(chromium(TO_HERE)).new_page()
        page.goto(web)
        answer = page.request.post(
            f"http://127.0.0.1:{web_port}/api/sessions", data={"login": "anna", "password": PASSWORD}
        )
        session = answer.headers["set-cookie"].partition("weir_session=")[2].partition(";")[0]
        page.context.add_cookies([{"name": "weir_session", "value": session, "url": web}])
        with page.expect_response(lambda one: one.url.startswith(media), timeout=30_000) as first:
            page.goto(f"{web}/anna")
        assert first.value.status == (200 if plays else 403)
        if plays:
            page.wait_for_function("() => document.querySelector('video')?.currentTime > 8", timeout=60_000)
            assert page.evaluate("window.__weir.restarts") == 0
