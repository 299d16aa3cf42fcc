"""The whole story of viewers in Chromium: a real weir, a real encoder, and everything going away and coming back under them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_show import (
    BACK_S,
    START_S,
    Show,
    follows_live,
    go_back,
    goes_on,
    live_show,
    make_channel,
    plays,
    separate_roles,
    watch,
)
from tests.e2e.front_site import (
    AWAY,
    DESKTOP,
    HANDHELD,
    PASSWORD,
    REFUSED,
    check_axe,
    check_width,
    context_of,
    fill,
    is_in_chat,
    is_logged_in,
    message,
    press,
    say,
    sign_up,
)
from tests.e2e.harness import get, poll, start_encoder

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Show]:
    with live_show(tmp_path_factory.mktemp("story"), clip) as found:
        yield found


def sign_up_by_hand(page: Page, login: str) -> None:
    """From the home page on, as people do."""
    page.goto("/")
    check_axe(page)
    page.get_by_role("banner").get_by_role("link", name="Sign up").click()
    page.wait_for_url("**/signup*")
    check_axe(page)
    fill(page, "Login", login)
    fill(page, "Password", PASSWORD)
    press(page, "Sign up")
    is_logged_in(page)


def is_watching(page: Page) -> None:
    page.wait_for_url("**/anna")
    plays(page)
    follows_live(page)
    is_in_chat(page)
    check_axe(page)


@own_thread
def test_people_sign_up_find_a_channel_watch_follow_talk_go_back_and_return(show: Show) -> None:
    with (
        chromium() as browser,
        context_of(browser, show.weir.web, viewport=DESKTOP) as hers,
        context_of(browser, show.weir.web, viewport=DESKTOP) as his,
        context_of(browser, show.weir.web, **HANDHELD) as phones,
    ):
        mia, noah, phone = hers.new_page(), his.new_page(), phones.new_page()
        sign_up_by_hand(mia, "mia")
        mia.get_by_test_id("live").get_by_role("link", name="Building a dam").first.click()
        is_watching(mia)

        sign_up_by_hand(noah, "noah")
        noah.get_by_role("searchbox", name="Search").fill("ann")
        noah.keyboard.press("Enter")
        noah.get_by_test_id("channels").get_by_role("link").first.wait_for()
        check_axe(noah)
        noah.get_by_test_id("channels").get_by_role("link").first.click()
        is_watching(noah)

        phone.goto("/")
        press(phone, "Menu")
        phone.get_by_role("dialog", name="Menu").get_by_role("link", name="Browse").click()
        phone.wait_for_url("**/directory")
        check_axe(phone)
        phone.goto("/directory/live")
        phone.get_by_test_id("live").get_by_role("link", name="Building a dam").first.click()
        is_watching(phone)
        check_width(phone)

        press(mia, "Follow")
        mia.get_by_role("button", name="Do not tell me when it goes live").wait_for()
        assert hers.request.get("/api/users/me/follows/anna").json()["data"][0]["notify"] is True
        say(mia, "hello from mia")
        say(noah, "hello from noah")
        for page in (mia, noah, phone):
            for text in ("hello from mia", "hello from noah"):
                expect(message(page, text)).to_have_count(1)
        expect(phone.get_by_test_id("chat").get_by_role("link", name="Log in to chat")).to_be_visible()

        go_back(mia)
        check_axe(mia)
        mia.get_by_test_id("player").hover()  # the buttons go when nobody moves
        mia.get_by_role("button", name="Go live").click()
        for page in (mia, noah, phone):
            follows_live(page)
        mia.get_by_role("link", name="Following").first.click()
        mia.wait_for_url("**/directory/following")
        expect(mia.get_by_test_id("live").get_by_role("link", name="Building a dam").first).to_be_visible()
        check_axe(mia)


@contextmanager
def two_who_watch(web: str, *logins: str) -> Iterator[tuple[Page, Page]]:
    """One at a desk and one with a phone, both logged in and watching; neither page is loaded again while this lasts."""
    with chromium() as browser, ExitStack() as stack:
        pages = []
        for login, options in zip(logins, ({"viewport": DESKTOP}, HANDHELD), strict=True):
            context = stack.enter_context(context_of(browser, web, expected=(REFUSED, *AWAY), **options))
            sign_up(context, login)
            page = context.new_page()
            watch(page, "/anna")
            is_in_chat(page)
            page.evaluate("() => { window.notLoadedAgain = true }")
            pages.append(page)
        yield pages[0], pages[1]
        for page in pages:
            assert page.evaluate("() => window.notLoadedAgain")
            check_axe(page)


def check_lines(pages: tuple[Page, Page], *texts: str) -> None:
    """Each line is there once, and nothing is said to be missing."""
    for page in pages:
        for text in texts:
            expect(message(page, text)).to_have_count(1)
        expect(page.locator("[data-code=gap]")).to_have_count(0)


@own_thread
def test_pages_go_on_when_the_encoder_and_the_whole_server_come_back(show: Show) -> None:
    with two_who_watch(show.weir.web, "olga", "pete") as pages:
        desk, phone = pages
        say(desk, "line 1")
        show.encoder.kill()
        for page in pages:
            page.get_by_text("connection dropped. Back soon.").wait_for(timeout=START_S * 1000)
        say(phone, "line 2")
        show.publish()
        for page in pages:
            follows_live(page)
            goes_on(page)

        show.encoder.kill()
        show.restart()
        show.publish()
        for page in pages:
            is_in_chat(page)
        say(desk, "line 3")
        for page in pages:
            follows_live(page, BACK_S)
            goes_on(page)
            page.get_by_test_id("badge").wait_for()
        say(phone, "line 4")
        check_lines(pages, "line 1", "line 2", "line 3", "line 4")


@own_thread
def test_pages_go_on_when_only_chat_and_only_the_origin_come_back(
    tmp_path_factory: pytest.TempPathFactory, clip: Path
) -> None:
    with (
        separate_roles(tmp_path_factory.mktemp("roles"), "web", "chat", "media") as site,
        httpx.Client(base_url=site.web, timeout=30) as owner,
        ExitStack() as stack,
    ):
        key = make_channel(owner)

        def publish() -> None:
            stack.callback(start_encoder(f"{site.running['media'].rtmp}/{key}", clip).kill)

        publish()
        poll("live", lambda: get(f"{site.running['media'].hls}/hls/anna/index.m3u8")[0] == 200)
        with two_who_watch(site.web, "mia", "noah") as pages:
            desk, phone = pages
            say(desk, "line 1")
            site.stop("chat")
            for page in pages:
                expect(page.get_by_test_id("chat-status")).to_contain_text(
                    "The connection to the chat is lost."
                )
                goes_on(page)
            field = phone.get_by_test_id("chat-input")
            field.fill("line 2")
            field.press("Enter")
            site.start("chat")
            for page in pages:
                is_in_chat(page)
            say(desk, "line 3")

            site.stop("media")
            say(desk, "line 4")
            site.start("media")
            publish()
            for page in pages:
                follows_live(page, BACK_S)
                goes_on(page)
            check_lines(pages, "line 1", "line 2", "line 3", "line 4")
