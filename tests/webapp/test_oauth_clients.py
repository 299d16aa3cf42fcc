"""Clients nobody here wrote (Authlib, requests-oauthlib), a real Chromium for the log-in and the consent, real sockets."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import trio
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import OAuth2Error
from playwright.sync_api import Page, expect
from quart_trio import QuartTrio
from requests_oauthlib import OAuth2Session

from common.auth import Authenticator, new_token_secret
from common.credentials import hash_password, new_secret
from common.db import Database, migrate, open_database
from common.queries import access_tokens, oauth_apps, users
from common.serving import open_listeners
from tests.browser import chromium, own_thread
from tests.webapp.oauth_site import PASSWORD
from webapp.public_urls import PublicUrl, PublicUrls
from webapp.server import serve_web

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

CERTIFICATES = Path(__file__).parents[1] / "common" / "certificates"
CONFIDENTIAL, PUBLIC, ELSEWHERE = "a" * 30, "b" * 30, "c" * 30
SECRET = new_secret("weirc_")


class Landing(BaseHTTPRequestHandler):
    """An app's site: `/cb` sends on to another origin, as apps with a host of their own for logging in do."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, LandingServer)
        server.heard.append(f"{server.url}{self.path}")
        server.referrers.append(self.headers.get("Referer", ""))
        body = b"<!doctype html><title>Back</title><h1>Back at the app</h1>"
        away = self.path.startswith("/cb")
        self.send_response(302 if away else 200)
        if away:
            self.send_header("Location", server.next_url)
            body = b""
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


class LandingServer(ThreadingHTTPServer):
    """Remembers what it is asked."""

    def __init__(self, host: str, scheme: str) -> None:
        super().__init__(("127.0.0.1", 0), Landing)
        self.url = f"{scheme}://{host}:{self.server_port}"
        self.next_url = self.url + "/done"
        self.heard: list[str] = []
        self.referrers: list[str] = []

    @property
    def callbacks(self) -> list[str]:
        return [address for address in self.heard if "/cb?" in address]


@contextmanager
def landing(host: str = "127.0.0.1", *, tls: bool = False) -> Iterator[LandingServer]:
    server = LandingServer(host, "https" if tls else "http")
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "localhost.pem", CERTIFICATES / "localhost.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Served:
    """A site that answers."""

    url: str = ""
    personal: str = ""
    """A personal token of anna's."""
    started: threading.Event = field(default_factory=threading.Event)
    control: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = field(default_factory=list)


async def fill(db: Database) -> str:
    """Make anna, maker and their apps; give a personal token of anna's."""
    ids = [
        (
            await users.insert_user_with_channel(
                db, login=login, display_name=login.title(), password_hash=await hash_password(PASSWORD)
            )
        ).id
        for login in ("anna", "maker")
    ]
    for client_id, name, secret_hash, uris in (
        (CONFIDENTIAL, "Stream Overlay", SECRET.sha256, ["http://127.0.0.1/cb"]),
        (PUBLIC, "Chat on the desktop", None, ["http://127.0.0.1/cb", "http://localhost/cb"]),
    ):
        await oauth_apps.insert_app(
            db, user_id=ids[1], client_id=client_id, secret_hash=secret_hash, name=name, redirect_uris=uris
        )
    token = new_token_secret()
    await access_tokens.insert_token(
        db, user_id=ids[0], token_hash=token.sha256, last4=token.last4, label="", scopes=["chat:read"]
    )
    return token.text


async def serve(build: Callable[..., QuartTrio], dsn: str, site: Served) -> None:
    stop = trio.Event()
    site.control.append((trio.lowlevel.current_trio_token(), stop))
    async with open_database(dsn, wait_s=10) as db, trio.open_nursery() as nursery:
        await migrate(db)
        site.personal = await fill(db)
        listeners = await open_listeners("127.0.0.1", 0)
        port = listeners[0].socket.getsockname()[1]
        urls = PublicUrls(
            web=PublicUrl(None, "http", port),
            hls=PublicUrl(None, "http", 8081),
            rtmp=PublicUrl(None, "rtmp", 1935),
        )
        auth = Authenticator(db)
        nursery.start_soon(auth.keep_fresh)
        await nursery.start(
            partial(serve_web, build(database=db, urls=urls), listeners, stop=stop, drain_s=1)
        )
        site.url = f"http://127.0.0.1:{port}"
        site.started.set()
        await stop.wait()
        nursery.cancel_scope.cancel()


@pytest.fixture
def site(app_factory: Callable[..., QuartTrio], database_dsn: str) -> Iterator[Served]:
    served = Served()

    def target() -> None:
        try:
            trio.run(serve, app_factory, database_dsn, served)
        finally:
            served.started.set()

    thread = threading.Thread(target=target, name="site")
    thread.start()
    assert served.started.wait(60)
    assert served.url, "the site did not start"
    yield served
    token, stop = served.control[0]
    token.run_sync_soon(stop.set)
    thread.join(30)


@contextmanager
def browsing(**options: Any) -> Iterator[Page]:
    """A page that fails the test when it throws, or its policy forbids something."""
    with chromium() as browser:
        page = browser.new_context(**options).new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
        yield page
        assert faults == []


def log_in(page: Page) -> None:
    page.get_by_label("Login").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def metadata(site: Served) -> dict[str, Any]:
    address = f"{site.url}/.well-known/oauth-authorization-server"
    found: dict[str, Any] = requests.get(address, timeout=30).json()
    return found


@own_thread
def test_authlib_gets_refreshes_and_revokes_tokens(site: Served) -> None:
    known = metadata(site)
    assert known["issuer"] == site.url
    with landing() as app, landing("localhost") as next_app, browsing() as page:
        app.next_url = f"{next_app.url}/home"
        client = AuthlibSession(
            CONFIDENTIAL,
            SECRET.text,
            scope="chat:read user:read:email",
            redirect_uri=f"{app.url}/cb",
            code_challenge_method="S256",
        )
        verifier = "v" * 64
        address, state = client.create_authorization_url(
            known["authorization_endpoint"], code_verifier=verifier
        )
        page.goto(address)
        expect(page.get_by_role("heading")).to_have_text("Log in to continue to Stream Overlay")
        page.get_by_label("Login").fill("anna")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("Login or password is wrong.")
        log_in(page)
        expect(page.get_by_role("heading")).to_have_text("Stream Overlay wants to act for you")
        expect(page.get_by_role("listitem")).to_have_count(3)
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(f"{next_app.url}/home")  # form-action is held against the app's own redirect, too
        answer = app.heard[0]
        assert f"state={state}" in answer
        assert not [referrer for referrer in app.referrers + next_app.referrers if site.url in referrer]
        tokens = client.fetch_token(
            known["token_endpoint"], authorization_response=answer, code_verifier=verifier
        )
        assert tokens["scope"] == "chat:read user:read:email"
        me = client.get(f"{site.url}/api/users/me").json()["data"][0]
        assert (me["login"], me["email"]) == ("anna", None)
        again = client.refresh_token(known["token_endpoint"])
        assert again["access_token"] != tokens["access_token"]
        assert client.get(f"{site.url}/api/users/me").status_code == 200
        assert client.revoke_token(known["revocation_endpoint"], again["refresh_token"]).status_code == 200
        assert client.get(f"{site.url}/api/users/me").status_code == 401
        page.goto(address)  # what was allowed is remembered: straight back
        page.wait_for_url(f"{next_app.url}/home")
        assert len(app.callbacks) == 2
        client.close()


@own_thread
def test_authlib_gets_a_token_of_its_own(site: Served) -> None:
    for method in ("client_secret_basic", "client_secret_post"):
        with AuthlibSession(CONFIDENTIAL, SECRET.text, token_endpoint_auth_method=method) as client:
            token = client.fetch_token(f"{site.url}/oauth2/token", grant_type="client_credentials")
            assert token["token_type"] == "bearer"
            assert client.get(f"{site.url}/api/streams").status_code == 200
            assert client.get(f"{site.url}/api/users/me").status_code == 401


@own_thread
def test_requests_oauthlib_works_for_a_program_without_a_secret(
    site: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with landing("localhost") as app, browsing() as page:
        session = OAuth2Session(
            PUBLIC, redirect_uri=f"{app.url}/cb", scope=["chat:edit", "chat:read"], pkce="S256"
        )
        address, _ = session.authorization_url(f"{site.url}/oauth2/authorize")
        page.goto(address)
        log_in(page)
        page.get_by_role("button", name="Allow", exact=True).click()
        page.wait_for_url(f"{app.url}/done")
        token = session.fetch_token(
            f"{site.url}/oauth2/token", authorization_response=app.heard[0], include_client_id=True
        )
        assert sorted(token["scope"]) == ["chat:edit", "chat:read"]
        assert session.get(f"{site.url}/api/users/me").json()["data"][0]["login"] == "anna"
        session.refresh_token(f"{site.url}/oauth2/token", client_id=PUBLIC)
        assert session.get(f"{site.url}/api/users/me").status_code == 200
        facts = session.get(f"{site.url}/oauth2/validate").json()
        assert (facts["client_id"], facts["login"]) == (PUBLIC, "anna")
        page.goto(address)  # any program may listen on that port: asked again
        page.get_by_role("button", name="Do not allow").click()
        page.wait_for_url(f"{app.url}/done")
        with pytest.raises(OAuth2Error) as refused:
            session.fetch_token(f"{site.url}/oauth2/token", authorization_response=app.callbacks[1])
        assert refused.value.error == "access_denied"
        session.close()


@own_thread
def test_requests_oauthlib_gets_a_token_of_its_own(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with OAuth2Session(client=BackendApplicationClient(CONFIDENTIAL)) as session:
        session.fetch_token(f"{site.url}/oauth2/token", client_id=CONFIDENTIAL, client_secret=SECRET.text)
        assert session.get(f"{site.url}/api/streams").status_code == 200


@own_thread
def test_an_app_behind_tls_is_reached_from_the_form(site: Served) -> None:
    with landing("localhost", tls=True) as app, landing("127.0.0.1", tls=True) as next_app:
        app.next_url = f"{next_app.url}/home"
        token = register(site, f"{app.url}/cb")
        with browsing(ignore_https_errors=True) as page:
            page.goto(
                f"{site.url}/oauth2/authorize?response_type=code&client_id={token}&redirect_uri={app.url}/cb"
            )
            log_in(page)
            page.get_by_role("button", name="Allow", exact=True).click()
            page.wait_for_url(f"{next_app.url}/home")
            assert "code=weirx_" in app.heard[0]


def register(site: Served, uri: str) -> str:
    """Register an app as its maker does; gives its client id."""
    with requests.Session() as maker:
        maker.post(f"{site.url}/api/sessions", json={"login": "maker", "password": PASSWORD})
        made = maker.post(f"{site.url}/api/apps", json={"name": "Web app", "redirect_uris": [uri]})
    found: str = made.json()["data"][0]["client_id"]
    return found


@own_thread
def test_a_popup_finds_its_way_back_to_the_page_that_opened_it(site: Served) -> None:
    with landing() as app, browsing() as page:
        page.goto(f"{app.url}/start")
        address = f"{site.url}/oauth2/authorize?response_type=code&client_id={CONFIDENTIAL}&redirect_uri={app.url}/cb"
        with page.expect_popup() as opened:
            page.evaluate("address => { window.popup = open(address) }", address)
        popup = opened.value
        log_in(popup)
        popup.get_by_role("button", name="Allow", exact=True).click()
        popup.wait_for_url(f"{app.url}/done")
        assert popup.evaluate("window.opener !== null")
        assert page.evaluate("window.popup.location.pathname") == "/done"


@own_thread
def test_the_pages_cannot_be_framed_and_work_with_the_keyboard(site: Served) -> None:
    with landing() as app, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{app.url}/start")
        address = f"{site.url}/oauth2/authorize?response_type=code&client_id={CONFIDENTIAL}&redirect_uri={app.url}/cb"
        with page.expect_event("requestfailed"):
            page.evaluate(
                "address => { const f = document.createElement('iframe'); f.src = address; document.body.append(f) }",
                address,
            )
        assert all("Log in" not in frame.content() for frame in page.frames)
        page.goto(address)
        page.keyboard.type("anna")  # the first field has the focus
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading")).to_have_text("Stream Overlay wants to act for you")
        page.get_by_role("button", name="Use another account").click()
        expect(page.get_by_role("heading")).to_have_text("Log in to continue to Stream Overlay")
        assert page.context.cookies() == []
