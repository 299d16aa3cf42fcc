"""What arrives from outside, in Chromium on a real weir: links in letters, and apps that want to act for somebody."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import trio
from playwright.sync_api import Page, expect

from bench.slow_line import unused_port
from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    PASSWORD,
    PHONE,
    REFUSED,
    check_axe,
    context_of,
    fill,
    is_logged_in,
    press,
    sign_up,
)
from tests.e2e.harness import Weir, poll, start_weir
from tests.e2e.test_notices import mail_server
from tests.webapp.oauth_site import CHALLENGE, VERIFIER

pytestmark = pytest.mark.real

CALLBACK = "https://app.example/cb"


@contextmanager
def letters_arrive() -> Iterator[tuple[int, list[EmailMessage]]]:
    """Take letters in a thread: the port to send them to, and what came."""
    arrived: list[EmailMessage] = []
    port: list[int] = []
    listens, done = threading.Event(), trio.Event()
    tokens: list[trio.lowlevel.TrioToken] = []

    async def main() -> None:
        tokens.append(trio.lowlevel.current_trio_token())
        async with mail_server() as (postbox, found), trio.open_nursery() as nursery:
            port.append(found)
            listens.set()

            async def keep() -> None:
                while True:
                    arrived.append(await postbox.letters.receive())

            nursery.start_soon(keep)
            await done.wait()
            nursery.cancel_scope.cancel("over")

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    assert listens.wait(30)
    try:
        yield port[0], arrived
    finally:
        tokens[0].run_sync_soon(done.set)
        thread.join()


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Weir, list[EmailMessage]]]:
    port = unused_port()
    with letters_arrive() as (smtp_port, letters):
        weir = start_weir(
            tmp_path_factory.mktemp("links") / "data",
            WEIR_WEB_PORT=str(port),
            WEIR_PUBLIC_WEB_URL=f"http://127.0.0.1:{port}",
            WEIR_SMTP_HOST="127.0.0.1",
            WEIR_SMTP_PORT=str(smtp_port),
            WEIR_SMTP_SECURITY="none",
            WEIR_SMTP_FROM="weir@live.example",
        )
        try:
            yield weir, letters
        finally:
            weir.discard()


def link_in(letters: list[EmailMessage], purpose: str) -> str:
    """Wait for a letter with such a link; give it as it is written there."""

    def find() -> str | None:
        texts = [letter.get_content() for letter in letters]
        found = [hit for text in texts for hit in re.findall(rf"http://\S+/{purpose}\?token=\w+", text)]
        return found[-1] if found else None

    return str(poll(f"a letter with a link to {purpose}", find))


def log_in_by_hand(page: Page, login: str, password: str) -> None:
    fill(page, "Login", login)
    fill(page, "Password", password)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()


@own_thread
def test_links_in_letters_prove_an_address_and_set_another_password(
    post: tuple[Weir, list[EmailMessage]],
) -> None:
    weir, letters = post
    with chromium() as browser, context_of(browser, weir.web, expected=(REFUSED,), viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/signup?next=/settings/profile")
        fill(page, "Login", "forgetful")
        fill(page, "Password", PASSWORD)
        fill(page, "E-mail (optional)", "forgetful@example.org")
        press(page, "Sign up")
        expect(page.get_by_text("not confirmed yet")).to_be_visible()
        proof = context.new_page()
        link = link_in(letters, "verify")
        proof.goto(link)
        check_axe(proof)
        proof.get_by_role("button", name="Confirm").dblclick()
        expect(proof.get_by_text("The address is confirmed.")).to_be_visible()
        check_axe(proof)
        expect(page.get_by_text("not confirmed yet")).to_be_hidden()  # the other tab hears of it
        proof.goto(link)
        press(proof, "Confirm")
        expect(proof.get_by_role("heading", name="This link does not work")).to_be_visible()
        proof.goto("/verify-email")
        expect(proof.get_by_text("The address is not complete.")).to_be_visible()
        check_axe(proof)

        context.clear_cookies()
        page.goto("/login")
        page.get_by_role("link", name="Forgot the password?").click()
        check_axe(page)
        fill(page, "Login", "forgetful")
        press(page, "Send the link")
        expect(
            page.get_by_text("If the account has a confirmed address, a link is on its way")
        ).to_be_visible()
        link = link_in(letters, "reset")
        page.goto(link)
        check_axe(page)
        fill(page, "New password", "short")
        press(page, "Set password")
        expect(page.get_by_text("A password has 8 to 200 characters.")).to_be_visible()
        fill(page, "New password", "battery staple")
        page.get_by_role("button", name="Set password").dblclick()
        expect(page.get_by_text("The password is set. Log in with it.")).to_be_visible()
        check_axe(page)
        page.get_by_role("main").get_by_role("link", name="Log in").click()
        log_in_by_hand(page, "forgetful", PASSWORD)
        expect(page.get_by_text("Login or password is wrong.")).to_be_visible()
        log_in_by_hand(page, "forgetful", "battery staple")
        is_logged_in(page)
        page.goto(link)
        fill(page, "New password", "battery staple")
        press(page, "Set password")
        expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
        check_axe(page)


@own_thread
def test_an_app_is_allowed_to_act_listed_and_disconnected(post: tuple[Weir, list[EmailMessage]]) -> None:
    weir, _ = post
    with (
        chromium() as browser,
        context_of(browser, weir.web) as makers,
        context_of(browser, weir.web, expected=(REFUSED,)) as context,
        httpx.Client(base_url=weir.web, timeout=30) as app,
    ):
        sign_up(makers, "maker")
        wanted = {"name": "Overlay <b>1</b>", "redirect_uris": [CALLBACK]}
        made = makers.request.post("/api/apps", data=wanted).json()["data"][0]
        asks = urlencode(
            {
                "response_type": "code",
                "client_id": made["client_id"],
                "redirect_uri": CALLBACK,
                "scope": "chat:read chat:edit",
                "state": "xyz",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            }
        )
        sign_up(context, "allower")
        context.clear_cookies()
        context.route(f"{CALLBACK}*", lambda route: route.fulfill(body="<title>Back at the app</title>"))
        page = context.new_page()
        page.goto(f"/oauth2/authorize?{asks}")
        check_axe(page)
        page.get_by_label("Login").fill("allower")
        page.get_by_label("Password").fill(PASSWORD)
        press(page, "Log in")
        expect(page.get_by_role("heading", name="Overlay <b>1</b> wants to act for you")).to_be_visible()
        check_axe(page)
        press(page, "Allow")
        page.wait_for_url(f"{CALLBACK}*")
        told = parse_qs(urlsplit(page.url).query)
        assert (told["state"], told["iss"]) == (["xyz"], [weir.web])
        token = app.post(
            "/oauth2/token",
            data={
                "grant_type": "authorization_code",
                "client_id": made["client_id"],
                "client_secret": made["client_secret"],
                "code": told["code"][0],
                "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            },
        ).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert app.get("/oauth2/validate", headers=headers).json()["login"] == "allower"

        page.goto("/settings/security")
        listed = page.get_by_test_id("connections").get_by_role("listitem")
        expect(listed).to_have_count(1)
        expect(listed).to_contain_text("Overlay <b>1</b>")
        expect(listed).to_contain_text("maker")
        check_axe(page)
        listed.get_by_role("button").dblclick()
        expect(listed).to_have_count(0)
        poll("the token ends", lambda: app.get("/oauth2/validate", headers=headers).status_code == 401)
        page.goto(f"/oauth2/authorize?{asks}")
        press(page, "Do not allow")
        page.wait_for_url(f"{CALLBACK}*")
        assert parse_qs(urlsplit(page.url).query)["error"] == ["access_denied"]
