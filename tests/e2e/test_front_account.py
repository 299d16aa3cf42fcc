"""People and their accounts in Chromium, against a real weir: setting up, signing up, two steps, settings, notices, push."""

import json
import re
import time
from base64 import b32decode
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from common.totp_codes import STEP_S, totp_code
from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    FRONTEND,
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
from tests.webapp.push_site import PushBrowser

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("front") / "data")
    yield started
    started.discard()


INCOGNITO = "Chrome currently does not support the Push API in incognito mode"
"""Which every profile of a test is."""


def somebody(browser: Browser, weir: Weir, **options: Any) -> AbstractContextManager[BrowserContext]:
    """A browser of somebody who will type wrong passwords and the like, which is part of the story."""
    return context_of(browser, weir.web, expected=(REFUSED, INCOGNITO), **options)


def section(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def log_out(page: Page) -> None:
    press(page, "Account")
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("link", name="Log in", exact=True).first).to_be_visible()


def submit_log_in(page: Page, login: str, password: str = PASSWORD) -> None:
    fill(page, "Login", login)
    fill(page, "Password", password)
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()


@own_thread
def test_a_site_is_set_up_and_people_sign_up_and_log_in(weir: Weir) -> None:
    link = weir.find(r"(http://\S+/setup\?token=\w+)")
    with chromium() as browser:
        with somebody(browser, weir) as context:
            page = context.new_page()
            page.goto(link)
            check_axe(page)
            fill(page, "Login", "admin")
            fill(page, "Password", "short")
            press(page, "Set up")
            expect(page.get_by_text("A password has 8 to 200 characters.")).to_be_visible()
            fill(page, "Password", PASSWORD)
            press(page, "Set up")
            expect(page.get_by_text("This login is kept for the site itself.")).to_be_visible()
            expect(page.get_by_label("Login", exact=True)).to_be_focused()
            expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
            fill(page, "Login", "Boss")
            page.get_by_role("button", name="Set up", exact=True).dblclick()
            is_logged_in(page)
            assert context.request.get("/api/users/me").json()["data"][0]["type"] == "admin"
            page.goto(link)
            fill(page, "Login", "second")
            fill(page, "Password", PASSWORD)
            press(page, "Set up")
            expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
            check_axe(page)

        with somebody(browser, weir, viewport=PHONE) as context:
            page, other = context.new_page(), context.new_page()
            other.goto("/login")
            check_axe(other)
            page.goto("/signup?next=/settings/appearance")
            check_axe(page)
            press(page, "Sign up")
            expect(page.get_by_label("Login", exact=True)).to_be_focused()
            fill(page, "Login", "BOSS")
            fill(page, "Password", PASSWORD)
            fill(page, "E-mail (optional)", "anna@nowhere")
            press(page, "Sign up")
            expect(page.get_by_text("This is no e-mail address.")).to_be_visible()
            fill(page, "E-mail (optional)", "anna@example.org")
            press(page, "Sign up")
            expect(page.get_by_text("Somebody has this login already.")).to_be_visible()
            fill(page, "Login", "Anna")
            press(page, "Sign up")
            page.wait_for_url("**/settings/appearance")
            expect(other.get_by_text("You are logged in as Anna.")).to_be_visible()
            page.get_by_label("Deutsch").check()
            expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
            assert page.evaluate("document.documentElement.lang") == "de"
            expect(other.get_by_text("Du bist als Anna angemeldet.")).to_be_visible()
            check_axe(page)
            page.get_by_label("English").check()
            page.goto("/")
            log_out(page)
            expect(other.get_by_label("Login", exact=True)).to_be_visible()

            other.goto("/login?next=//evil.example/")
            submit_log_in(other, "anna", "wrong horse")
            expect(other.get_by_text("Login or password is wrong.")).to_be_visible()
            expect(other.get_by_label("Login", exact=True)).to_have_value("anna")
            submit_log_in(other, "anna")
            is_logged_in(other)
            expect(other).to_have_url(f"{weir.web}/")
            is_logged_in(page)


@own_thread
def test_a_site_says_who_may_sign_up(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as admin, somebody(browser, weir) as context:
        sign_up(admin, "rules_admin")
        assert weir.cli("user", "role", "rules_admin", "admin").returncode == 0
        page = context.new_page()
        invitation = weir.cli("user", "invite").stdout.strip()
        try:
            set_registration(admin, "invite")
            page.goto("/signup")
            expect(page.get_by_text("for people with an invitation")).to_be_visible()
            fill(page, "Login", "guest_1")
            fill(page, "Password", PASSWORD)
            fill(page, "Invitation", "x" * 30)
            press(page, "Sign up")
            expect(page.get_by_text("This invitation was used, or is over.")).to_be_visible()
            check_axe(page)
            fill(page, "Invitation", invitation)
            press(page, "Sign up")
            is_logged_in(page)
            context.clear_cookies()
            set_registration(admin, "closed")
            page.goto("/signup")
            expect(page.get_by_role("heading", name="This site makes no new accounts")).to_be_visible()
            check_axe(page)
            page.goto("/reset-password")
            expect(page.get_by_text("This site sends no e-mail.")).to_be_visible()
            check_axe(page)
        finally:
            set_registration(admin, "open")


def set_registration(admin: BrowserContext, wanted: str) -> None:
    """Say who may sign up, and wait until the site says so."""

    def is_set() -> bool:
        admin.request.patch("/api/admin/settings", data={"registration": wanted})
        return bool(admin.request.get("/api/site").json()["registration"] == wanted)

    poll(f"registration is {wanted}", is_set)


@own_thread
def test_logging_in_takes_two_steps_once_somebody_wants_that(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        sign_up(context, "two_steps")
        page = context.new_page()
        page.goto("/settings/security")
        totp = section(page, "Second step when logging in")
        fill(totp, "Your password", "wrong horse")
        press(totp, "Turn on")
        expect(totp.get_by_text("The password is wrong.")).to_be_visible()
        fill(totp, "Your password", PASSWORD)
        press(totp, "Turn on")
        expect(totp.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
        check_axe(page)
        secret = b32decode(totp.get_by_label("Or type this key into the app:").input_value())
        fill(totp, "Code", "000000")
        press(totp, "Turn on")
        expect(totp.get_by_text("This is not the code of now.")).to_be_visible()
        step = int(time.time()) // STEP_S
        fill(totp, "Code", totp_code(secret, step))
        press(totp, "Turn on")
        codes = page.get_by_test_id("recovery-codes").get_by_role("listitem")
        expect(codes).to_have_count(10)
        check_axe(page)
        recovery = codes.first.inner_text()
        press(page, "I have kept them")
        expect(page.get_by_text("10 recovery codes are left.")).to_be_visible()

        page.goto("/")
        log_out(page)
        page.goto("/login")
        submit_log_in(page, "two_steps")
        check_axe(page)
        fill(page, "Code", totp_code(secret, step))  # used when it was turned on
        press(page, "Log in")
        expect(page.get_by_text("This code is wrong, or was used before.")).to_be_visible()
        later = max(step + 1, int(time.time()) // STEP_S)  # much later, on a busy machine
        fill(page, "Code", totp_code(secret, later))
        press(page, "Log in")
        is_logged_in(page)
        log_out(page)
        page.goto("/login")
        submit_log_in(page, "two_steps")
        fill(page, "Code", recovery)
        press(page, "Log in")
        is_logged_in(page)

        page.goto("/settings/security")
        totp = section(page, "Second step when logging in")
        expect(totp.get_by_text("9 recovery codes are left.")).to_be_visible()
        fill(totp, "Your password", PASSWORD)
        press(totp, "Turn off")
        expect(totp.get_by_role("button", name="Turn on")).to_be_visible()


@own_thread
def test_sessions_and_tokens_are_ended_from_the_settings(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context, somebody(browser, weir) as elsewhere:
        sign_up(context, "keys")
        answer = elsewhere.request.post("/api/sessions", data={"login": "keys", "password": PASSWORD})
        assert answer.status == 201
        page = context.new_page()
        page.goto("/settings/security")
        sessions = page.get_by_test_id("sessions").get_by_role("listitem")
        expect(sessions).to_have_count(2)
        expect(sessions.first).to_contain_text("this browser")
        sessions.nth(1).get_by_role("button").dblclick()
        expect(sessions).to_have_count(1)
        assert elsewhere.request.get("/api/users/me").status == 401

        tokens = section(page, "Tokens for programs")
        press(tokens, "New token")
        press(tokens, "Make token")
        expect(tokens.get_by_text("Choose at least one thing.")).to_be_visible()
        fill(tokens, "What it is for", "panel <b>1</b>")
        tokens.get_by_label("Read chat", exact=True).check()
        check_axe(page)
        tokens.get_by_role("button", name="Make token").dblclick()
        token = tokens.get_by_label("Token", exact=True).input_value()
        check_axe(page)
        bearer = {"Authorization": f"Bearer {token}"}
        assert elsewhere.request.get("/api/tokens/current", headers=bearer).status == 200
        press(tokens, "Done")
        listed = page.get_by_test_id("tokens").get_by_role("listitem")
        expect(listed).to_have_count(1)
        expect(listed).to_contain_text("panel <b>1</b>")
        assert token not in page.content(), "it is shown once"
        press(listed, "Revoke panel <b>1</b>")
        expect(listed).to_have_count(0)
        assert elsewhere.request.get("/api/tokens/current", headers=bearer).status == 401

        password = section(page, "Password")
        fill(password, "Current password", "wrong horse")
        fill(password, "New password", "battery staple")
        press(password, "Change password")
        expect(password.get_by_text("The password is wrong.")).to_be_visible()
        fill(password, "Current password", PASSWORD)
        press(password, "Change password")
        expect(page.get_by_text("The password is changed.")).to_be_visible()
        wrong = elsewhere.request.post("/api/sessions", data={"login": "keys", "password": PASSWORD})
        assert wrong.status == 401


@own_thread
def test_a_profile_is_changed_people_are_blocked_and_an_account_is_taken_along_and_deleted(
    weir: Weir, tmp_path: Path
) -> None:
    with chromium() as browser, somebody(browser, weir) as troll, somebody(browser, weir) as context:
        sign_up(troll, "troll")
        sign_up(context, "leaver")
        page = context.new_page()
        page.goto("/settings/profile")
        check_axe(page)
        fill(page, "Shown name", "somebody else")
        press(section(page, "Profile"), "Save")
        expect(page.get_by_text("This must be leaver, in other cases")).to_be_visible()
        fill(page, "Shown name", "LeaVer")
        fill(page, "About you", "<b>hello</b>")
        press(section(page, "Profile"), "Save")
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.get_by_test_id("picture").first.set_input_files(FRONTEND / "public" / "favicon.svg")
        expect(page.get_by_text("This is no PNG, JPEG, WebP or GIF.")).to_be_visible()
        page.get_by_test_id("picture").first.set_input_files(FRONTEND / "public" / "icon-192.png")
        expect(page.get_by_text("Everybody sees your new picture.")).to_be_visible()

        press(page, "Add a panel")
        panels = section(page, "Panels")
        fill(panels, "Title", "Schedule")
        fill(panels, "Link", "javascript:alert(1)")
        press(panels, "Save")
        expect(panels.get_by_text("A link begins with https://.")).to_be_visible()
        fill(panels, "Link", "https://example.org/schedule")
        check_axe(page)
        press(panels, "Save")
        poll(
            "the panel",
            lambda: (
                context.request.get("/api/channels/leaver").json()["data"][0]["panels"]
                == [{"title": "Schedule", "text": "", "image": None, "link": "https://example.org/schedule"}]
            ),
        )

        page.goto("/settings/blocked")
        fill(page, "Login", "nobody_there")
        press(page, "Block")
        expect(page.get_by_text("There is nobody called nobody_there.")).to_be_visible()
        fill(page, "Login", "@troll")
        press(page, "Block")
        blocks = page.get_by_test_id("blocks").get_by_role("listitem")
        expect(blocks).to_have_count(1)
        check_axe(page)
        press(page, "Unblock troll")
        expect(blocks).to_have_count(0)

        page.goto("/settings/data")
        check_axe(page)
        with page.expect_download() as downloading:
            press(page, "Download your data")
        file = tmp_path / "data.json"
        downloading.value.save_as(file)
        assert json.loads(file.read_text())["users"][0]["description"] == "<b>hello</b>"
        press(page, "Delete the account …")
        dialog = page.get_by_role("dialog")
        fill(dialog, "Type leaver to show that you mean it", "troll")
        fill(dialog, "Your password", PASSWORD)
        press(dialog, "Delete for ever")
        expect(dialog.get_by_text("This is not leaver.")).to_be_visible()
        check_axe(page)
        fill(dialog, "Type leaver to show that you mean it", "leaver")
        press(dialog, "Delete for ever")
        expect(page.get_by_role("link", name="Log in", exact=True).first).to_be_visible()
        assert context.request.get("/api/users?login=leaver").json()["data"] == []


@own_thread
def test_the_bell_tells_that_a_channel_is_live_and_forgets_what_was_read(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as streamer, somebody(browser, weir) as context:
        sign_up(streamer, "star")
        sign_up(context, "fan")
        followed = context.request.put("/api/channels/star/followers/me", data={"notify": True})
        assert followed.ok
        page = context.new_page()
        page.goto("/settings/notifications")
        check_axe(page)
        with page.expect_response(lambda answer: answer.request.method in {"PUT", "PATCH"}):
            page.get_by_test_id("live-push").uncheck()
        page.reload()
        expect(page.get_by_test_id("live-push")).not_to_be_checked()
        expect(page.get_by_test_id("live-mail")).to_be_disabled()
        expect(page.get_by_text("This site sends no e-mail.")).to_be_visible()
        bell = page.get_by_test_id("notice-bell")
        bell.click()
        expect(page.get_by_role("dialog").get_by_text("Nothing yet")).to_be_visible()
        check_axe(page)
        page.keyboard.press("Escape")
        expect(bell).to_be_focused()

        assert streamer.request.post("/api/channels/star/test-stream").ok
        poll("the notice", lambda: context.request.get("/api/notices").json()["unread_count"], 60)
        page.goto("/settings/notifications")
        expect(bell).to_have_accessible_name("Notices, 1 unread notice")
        bell.click()
        check_axe(page)
        page.set_viewport_size(PHONE)
        check_axe(page)
        page.get_by_role("dialog").get_by_role("link", name=re.compile("star is live")).click()
        page.wait_for_url("**/star")
        expect(bell).to_have_accessible_name("Notices")
        assert streamer.request.delete("/api/channels/star/test-stream").ok


@own_thread
def test_the_service_worker_shows_what_is_pushed_and_tells_open_pages(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        context.grant_permissions(["notifications"])
        sign_up(context, "pushed")
        page = context.new_page()
        page.goto("/settings/notifications")
        expect(page.get_by_test_id("push")).to_have_attribute("data-state", "off")
        press(page, "Tell this browser")  # there is no push service here; the worker is in place all the same
        expect(page.get_by_text("The browser could not reach its push service.")).to_be_visible()
        check_axe(page)
        registered = "async () => (await navigator.serviceWorker.ready).scope"
        assert page.evaluate(registered) == f"{weir.web}/"

        page.evaluate(
            """() => {
              window.told = new Promise((tell) =>
                navigator.serviceWorker.addEventListener("message", (event) => tell(event.data)));
            }"""
        )
        deliver(
            context, page, weir, {"title": "Star is live", "body": "chess", "url": "/star", "tag": "weir-1"}
        )
        assert page.evaluate("() => window.told") == {"type": "weir-notice"}
        shown = """async () => {
          const registration = await navigator.serviceWorker.ready;
          return (await registration.getNotifications()).map(({title, body, tag, data}) => ({title, body, tag, data}));
        }"""
        assert poll("the notification", lambda: page.evaluate(shown)) == [
            {"title": "Star is live", "body": "chess", "tag": "weir-1", "data": {"url": "/star"}}
        ]
        manifest = context.request.get("/static/manifest.webmanifest")
        assert manifest.headers["content-type"] == "application/manifest+json"
        for icon in manifest.json()["icons"]:
            assert context.request.get(icon["src"]).ok


PUSH_SERVICE = """
(() => {
  const given = GIVEN;
  const made = {
    endpoint: given.endpoint,
    options: {applicationServerKey: null},
    toJSON: () => given,
    unsubscribe: async () => localStorage.removeItem("stand-in") ?? true,
  };
  PushManager.prototype.getSubscription = async () => localStorage.getItem("stand-in") === null ? null : made;
  PushManager.prototype.subscribe = async () => { localStorage.setItem("stand-in", "yes"); return made; };
})();
"""
"""Stands in for the push service of the browser's maker, which is not to be reached from tests."""


@own_thread
def test_a_browser_is_told_for_one_account_until_that_ends_it(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        context.grant_permissions(["notifications"])
        given = json.dumps(PushBrowser("pushed").subscription("https://push.example"))
        context.add_init_script(PUSH_SERVICE.replace("GIVEN", given))
        sign_up(context, "told_1")
        page = context.new_page()
        page.goto("/settings/notifications")
        page.get_by_role("button", name="Tell this browser").dblclick()
        push = page.get_by_test_id("push")
        expect(push).to_have_attribute("data-state", "on")
        check_axe(page)

        def browsers() -> int:
            return len(context.request.get("/api/push/subscriptions").json()["data"])

        assert browsers() == 1
        log_out(page)
        page.goto("/login")
        submit_log_in(page, "told_1")
        is_logged_in(page)
        poll("the browser is told again", lambda: browsers() == 1)
        log_out(page)
        sign_up(context, "told_2")
        page.goto("/settings/notifications")
        expect(push).to_have_attribute("data-state", "off")
        assert browsers() == 0, "another account was not asked"
        log_out(page)
        page.goto("/login?next=/settings/notifications")
        submit_log_in(page, "told_1")
        expect(push).to_have_attribute("data-state", "on")
        press(page, "Do not tell this browser")
        expect(push).to_have_attribute("data-state", "off")
        assert browsers() == 0


def deliver(context: BrowserContext, page: Page, weir: Weir, message: dict[str, str]) -> None:
    """Give the page's worker a message as a push service would, by the protocol of the browser's developer tools."""
    tools = context.new_cdp_session(page)
    found: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    for _ in range(100):
        if found:
            break
        page.wait_for_timeout(50)
    tools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": weir.web, "registrationId": found[-1], "data": json.dumps(message)},
    )
