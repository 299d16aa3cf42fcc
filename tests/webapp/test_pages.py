"""Pages, files, security headers, health and metrics."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quart_trio import QuartTrio

from common.proxies import TrustedProxies
from webapp.public_urls import PublicUrl, content_security_policy, host_name
from webapp.static_files import FrontEndMissingError, load_front_end


def policy(text: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in text.split(";"))}


async def test_the_page_carries_a_strict_policy(app: QuartTrio) -> None:
    response = await app.test_client().get("/", headers={"Host": "live.example:8080"})
    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    assert policy(response.headers["Content-Security-Policy"]) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", "http://live.example:8081"],
        "media-src": ["blob:", "http://live.example:8081"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


async def test_the_policy_names_only_the_origin_of_a_configured_address(
    app_factory: Callable[..., QuartTrio],
) -> None:
    app = app_factory(hls="https://media.example/live/")
    response = await app.test_client().get("/", headers={"Host": "evil.example"})
    assert policy(response.headers["Content-Security-Policy"])["connect-src"] == [
        "'self'",
        "https://media.example",
    ]
    body = await (await app.test_client().get("/api/site")).get_json()
    assert body["urls"]["hls"] == "https://media.example/live"


@given(st.text())
def test_no_host_header_writes_into_the_policy(host: str) -> None:
    address = PublicUrl(None, "http", 8081).for_host(host)
    assert len(content_security_policy(address).split(";")) == 12
    assert len(policy(content_security_policy(address))["connect-src"]) == 2


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Live.example", "live.example"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", "[::1]"),
        ("a;b", "localhost"),
        ("a b", "localhost"),
        ("", "localhost"),
        ("x:", "localhost"),
        ("-x", "localhost"),
    ],
)
def test_host_names(host: str, name: str) -> None:
    assert host_name(host) == name


async def test_the_page_loads_while_the_database_is_away(app: QuartTrio) -> None:
    assert (await app.test_client().get("/anna")).status_code == 200


async def test_only_a_page_with_a_player_asks_for_its_scripts_ahead(app: QuartTrio) -> None:
    client = app.test_client()
    asked_ahead = {}
    for path in ("/", "/anna", "/popout/anna/chat", "/settings"):
        asked_ahead[path] = b"<title>watch</title>" in await (await client.get(path)).get_data()
    assert asked_ahead == {"/": False, "/anna": True, "/popout/anna/chat": False, "/settings": False}


async def test_hashed_files_are_kept_for_ever_and_others_are_not(app: QuartTrio) -> None:
    client = app.test_client()
    script = await client.get("/static/assets/index-abc123.js")
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert script.content_type == "text/javascript; charset=utf-8"
    icon = await client.get("/static/favicon.svg")
    assert icon.headers["Cache-Control"] == "public, max-age=3600"
    assert (await client.get("/")).headers["Cache-Control"] == "no-cache"


async def test_the_service_worker_is_at_the_root_and_asked_for_anew(
    app_factory: Callable[..., QuartTrio], static_dir: Path
) -> None:
    assert (await app_factory().test_client().get("/sw.js")).status_code == 404
    (static_dir / "sw.js").write_text("self.addEventListener('push', () => {});")
    (static_dir / "manifest.webmanifest").write_text("{}")
    client = app_factory().test_client()
    worker = await client.get("/sw.js")
    assert (worker.status_code, worker.content_type) == (200, "text/javascript; charset=utf-8")
    assert worker.headers["Cache-Control"] == "no-cache"
    manifest = await client.get("/static/manifest.webmanifest")
    assert manifest.content_type == "application/manifest+json"


async def test_files_are_compressed_only_for_those_who_take_it(app: QuartTrio) -> None:
    client = app.test_client()
    path = "/static/assets/index-abc123.js"
    plain = await client.get(path)
    packed = await client.get(path, headers={"Accept-Encoding": "br, gzip"})
    refused = await client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(await packed.get_data()) < len(await plain.get_data())
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    tiny = await client.get("/static/assets/tiny-abc123.js", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in tiny.headers


async def test_a_known_version_is_not_sent_again(app: QuartTrio) -> None:
    client = app.test_client()
    first = await client.get("/")
    again = await client.get("/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert await again.get_data() == b""
    assert (await client.get("/", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        ".vite/manifest.json",
        ".built",
        "../app.py",
        "%2e%2e/app.py",
        "index.html",
        "watch.html",
        "assets/",
    ],
)
async def test_nothing_but_the_build_is_served(app: QuartTrio, name: str) -> None:
    response = await app.test_client().get(f"/static/{name}")
    assert response.status_code == 404


def test_a_missing_build_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FrontEndMissingError, match="run `make setup`"):
        load_front_end(tmp_path)


async def test_health_is_a_probe(app_factory: Callable[..., QuartTrio]) -> None:
    state: list[str | None] = [None]

    async def health() -> str | None:
        return state[0]

    client = app_factory(health=health).test_client()
    assert (await client.get("/healthz")).status_code == 200
    state[0] = "The database is away."
    sick = await client.get("/healthz")
    assert sick.status_code == 503
    assert json.loads(await sick.get_data())["message"] == "The database is away."


async def scrape(app: QuartTrio, peer: str, **headers: str) -> int:
    client = app.test_client()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await client.get("/metrics", headers=fields, scope_base={"client": (peer, 1)})
    assert response.status_code in {200, 403}
    return response.status_code


async def test_metrics_are_for_this_machine_or_a_token(app_factory: Callable[..., QuartTrio]) -> None:
    app = app_factory(metrics_token="secret")
    assert await scrape(app, "127.0.0.1") == 200
    assert await scrape(app, "::1") == 200
    assert await scrape(app, "10.0.0.7") == 403
    assert await scrape(app, "10.0.0.7", Authorization="Bearer secret") == 200
    assert await scrape(app, "10.0.0.7", Authorization="Bearer wrong") == 403
    assert await scrape(app, "10.0.0.7", Authorization="Bearer sécret") == 403
    assert await scrape(app_factory(), "10.0.0.7", Authorization="Bearer ") == 403


async def test_metrics_are_not_shown_through_a_proxy(app_factory: Callable[..., QuartTrio]) -> None:
    assert await scrape(app_factory(), "127.0.0.1", X_Forwarded_For="10.0.0.7") == 403
    trusting = app_factory(proxies=TrustedProxies(["127.0.0.1"]))
    assert await scrape(trusting, "127.0.0.1", X_Forwarded_For="10.0.0.7") == 403
    assert await scrape(trusting, "127.0.0.1", X_Forwarded_For="10.0.0.7, ::1") == 200
