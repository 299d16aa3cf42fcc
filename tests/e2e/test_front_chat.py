"""Chat in the page: two people in Chromium, a real weir in two processes, and a chat server that goes and comes back."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_show import Roles, separate_roles
from tests.e2e.front_site import (
    AWAY,
    PASSWORD,
    REFUSED,
    check_axe,
    context_of,
    enter,
    message,
    messages,
    say,
)

pytestmark = pytest.mark.real

PANEL = {"width": 400, "height": 720}
NASTY = (
    "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "\u202eright to left \u202d and \u2067isolated",
    "Z" + "\u0301\u0316\u0334" * 100 + "algo",
    "W" * 499,
    "javascript:alert(1) https://example.org/<b>?a=1",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    with separate_roles(tmp_path_factory.mktemp("talk"), "web", "chat") as roles:
        for login in ("anna", "ben"):
            account = {"login": login, "password": PASSWORD}
            httpx.post(f"{roles.web}/api/users", json=account).raise_for_status()
        yield roles


@pytest.fixture(autouse=True)
def room(site: Roles) -> Iterator[None]:
    """Leave the room as it was, also after a test that failed in the middle: open, with everybody in it, and a server that runs."""
    yield
    if "chat" not in site.running:
        site.start("chat")
    with httpx.Client(base_url=site.web, timeout=30) as anna:
        anna.post("/api/sessions", json={"login": "anna", "password": PASSWORD}).raise_for_status()
        calm = {"slow_mode": False, "emote_mode": False}
        anna.patch("/api/channels/anna/chat/settings", json=calm).raise_for_status()
        bans = "/api/channels/anna/moderation/bans"
        for ban in anna.get(bans).raise_for_status().json()["data"]:
            anna.delete(bans, params={"user_id": ban["user_id"]}).raise_for_status()


def somebody(
    browser: Browser, web: str, login: str | None = None, **options: Any
) -> AbstractContextManager[BrowserContext]:
    """A window of the chat alone; refusals, and a chat server that is not there, are part of the story."""
    return context_of(browser, web, login, expected=(REFUSED, *AWAY), viewport=PANEL, **options)


@contextmanager
def two_people(web: str) -> Iterator[tuple[Page, Page]]:
    """Anna, whose chat it is, and Ben, both in it."""
    with chromium() as browser, ExitStack() as stack:
        pages = [stack.enter_context(somebody(browser, web, login)).new_page() for login in ("anna", "ben")]
        for page in pages:
            enter(page)
        yield pages[0], pages[1]


@own_thread
def test_two_people_talk_and_one_moderates(site: Roles) -> None:
    with two_people(site.web) as (anna, ben):
        say(ben, "good evening @anna")
        expect(message(anna, "good evening @anna")).to_have_count(1)
        expect(message(ben, "good evening @anna")).to_have_count(1)

        message(anna, "good evening").hover()
        anna.get_by_role("button", name="Reply").click()
        say(anna, "welcome")
        answer = message(ben, "welcome")
        expect(answer).to_contain_text("good evening @anna")
        answer.get_by_role("button", name="good evening").click()
        expect(ben.get_by_test_id("chat-thread")).to_contain_text("welcome")
        ben.keyboard.press("Escape")

        message(anna, "good evening").first.hover()
        anna.get_by_role("button", name="Delete", exact=True).click()
        expect(messages(ben).first).to_have_text("ben: Message deleted")
        expect(messages(anna).first.locator("del")).to_contain_text("good evening")

        say(ben, "something unkind")
        message(anna, "something unkind").hover()
        anna.get_by_role("button", name="Ban", exact=True).click()
        expect(ben.get_by_text("You are banned from this chat.")).to_be_visible()
        expect(ben.get_by_role("button", name="Ask to be unbanned")).to_be_visible()
        anna.get_by_role("button", name="Undo").last.click()
        expect(ben.get_by_text("You are banned from this chat.")).to_be_hidden()
        say(ben, "sorry")
        expect(message(anna, "sorry")).to_have_count(1)
        for page in (anna, ben):
            check_axe(page)


@own_thread
def test_rules_are_shown_and_refusals_explained(site: Roles) -> None:
    with two_people(site.web) as (anna, ben):
        say(anna, "/slow 30")
        for page in (anna, ben):
            expect(page.get_by_test_id("chat-rules")).to_contain_text("Slow mode 30 s")
        say(ben, "first")
        expect(ben.get_by_test_id("chat-send")).to_contain_text("You can send in")
        say(anna, "/slowoff")
        expect(ben.get_by_test_id("chat-rules")).to_be_hidden()

        say(anna, "/emoteonly")
        expect(ben.get_by_test_id("chat-rules")).to_contain_text("Emotes only")
        enter(ben)  # without the countdown of before
        field = ben.get_by_test_id("chat-input")
        field.fill("words, not emotes")
        refusal = ben.get_by_test_id("chat-refusal")
        field.press("Enter")
        expect(refusal).to_be_visible()
        if "too fast" in (
            refusal.text_content() or ""
        ):  # less than a second behind "first", on a quick machine
            expect(refusal).to_be_hidden()
            field.press("Enter")
        expect(refusal).to_contain_text("Only emotes can be sent here.")
        expect(field).to_have_value("words, not emotes")
        say(anna, "/emoteonlyoff")

        field.fill("x" * 501)
        expect(ben.get_by_test_id("chat-counter")).to_contain_text("-1")
        field.press("Enter")
        expect(field).to_have_value("x" * 501)

        field = anna.get_by_test_id("chat-input")
        field.fill("/tim")
        expect(anna.get_by_test_id("chat-offers")).to_contain_text("/timeout NAME")
        field.press("Tab")
        field.press_sequentially("be")
        expect(anna.get_by_role("option")).to_have_text(["ben"])
        field.press("Tab")
        expect(field).to_have_value("/timeout ben ")
        field.fill("")
        field.press("ArrowUp")
        expect(field).to_have_value("/emoteonlyoff")


@own_thread
def test_nothing_that_somebody_writes_is_more_than_text(site: Roles) -> None:
    with two_people(site.web) as (anna, ben):
        for text in NASTY:
            say(anna, text)
        expect(message(ben, "<img src=x onerror=alert(1)>")).to_have_count(1)
        expect(message(ben, "W" * 499)).to_have_count(1)
        expect(ben.locator("a[href^=javascript]")).to_have_count(0)
        link = ben.get_by_role("link", name="https://example.org/").last
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow ugc")
        log = ben.get_by_test_id("chat-log")
        assert log.evaluate("log => log.scrollWidth <= log.clientWidth")
        assert message(ben, "algo").bounding_box()["height"] < 80  # type: ignore[index]  # it is seen
        check_axe(ben)


@own_thread
def test_the_list_stays_small_and_waits_for_who_reads_further_up(site: Roles) -> None:
    with two_people(site.web) as (anna, ben):
        for number in range(60):
            say(anna, f"line {number}.")
        expect(message(ben, "line 59.")).to_be_visible()
        assert messages(ben).count() < 50
        ben.get_by_test_id("chat-log").hover()
        ben.mouse.wheel(0, -600)
        bar = ben.get_by_test_id("chat-newer")
        expect(bar).to_be_visible()
        say(anna, "one more.")
        expect(bar).to_contain_text("1 new message")
        expect(message(ben, "one more.")).to_have_count(0)
        check_axe(ben)
        bar.click()
        expect(message(ben, "one more.")).to_be_visible()
        ben.get_by_test_id("chat-log").focus()
        ben.keyboard.press("ArrowUp")
        expect(ben.get_by_role("button", name="anna", exact=True).last).to_be_focused()
        ben.keyboard.press("Enter")
        expect(ben.get_by_test_id("user-card")).to_contain_text("one more.")
        check_axe(ben)


@own_thread
def test_nothing_is_lost_or_doubled_when_a_page_or_the_server_was_away(site: Roles) -> None:
    with two_people(site.web) as (anna, ben):
        say(ben, "before")
        ben.context.set_offline(True)
        expect(ben.get_by_test_id("chat-status")).to_contain_text("You are offline.")
        for number in range(3):
            say(anna, f"missed {number}")
        ben.context.set_offline(False)
        for number in range(3):
            expect(message(ben, f"missed {number}")).to_have_count(1)

        site.stop("chat")
        expect(ben.get_by_test_id("chat-status")).to_contain_text("The connection to the chat is lost.")
        field = ben.get_by_test_id("chat-input")
        field.fill("said while nobody listened")
        field.press("Enter")
        site.start("chat")
        for page in (anna, ben):
            expect(page.get_by_test_id("chat")).to_have_attribute("data-state", "joined")
        expect(message(anna, "said while nobody listened")).to_have_count(1)
        say(anna, "after")
        for page in (anna, ben):
            expect(message(page, "after")).to_have_count(1)
            for text in ("missed 0", "missed 2", "said while nobody listened"):
                expect(message(page, text)).to_have_count(1)
            expect(page.locator("[data-code=gap]")).to_have_count(0)


@own_thread
def test_who_is_not_logged_in_reads_and_is_asked_to_log_in(site: Roles) -> None:
    with (
        chromium() as browser,
        somebody(browser, site.web, "anna") as hers,
        somebody(browser, site.web, locale="de-DE") as nobodys,
    ):
        anna, nobody = hers.new_page(), nobodys.new_page()
        enter(anna)
        enter(nobody, "/embed/anna/chat")
        say(anna, "for everybody")
        expect(message(nobody, "for everybody")).to_have_count(1)
        link = nobody.get_by_role("link", name="Melde dich an, um zu schreiben")
        expect(link).to_have_attribute("href", "/login?next=%2Fembed%2Fanna%2Fchat")
        nobody.get_by_role("button", name="Chat-Optionen").click()
        nobody.get_by_role("menuitem", name="Einstellungen").click()
        nobody.get_by_label("Zeiten neben Nachrichten").click()
        expect(nobody.locator("time").first).to_be_visible()
        check_axe(nobody)
        nobody.goto("/popout/nobody_here/chat")
        expect(nobody.get_by_text("Diesen Kanal gibt es nicht")).to_be_visible()
        check_axe(nobody)
