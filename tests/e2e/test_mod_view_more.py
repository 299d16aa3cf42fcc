"""More of moderation in the page: the longest names, German, light and a phone; a role that is lost while nobody does anything."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    DESKTOP,
    HANDHELD,
    PASSWORD,
    REFUSED,
    check_axe,
    check_width,
    context_of,
    is_in_chat,
    log_in,
)
from tests.e2e.harness import start_weir

pytestmark = pytest.mark.real

OWNER, MODERATOR, WRITER = "W" * 25, "M" * 25, "Q" * 25
"""As wide and as long as names can be."""
ROOM = f"/api/channels/{OWNER}"
LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 12
LIGHT = "if (location.protocol === 'http:' && window === top) localStorage.setItem('weir-theme', 'light')"
TABS = ("queue", "chat", "log", "requests", "people", "person", "shield", "stream")
STICKING_OUT = """() => [...document.querySelectorAll("[data-pane] *")].filter((one) => {
    const pane = one.closest("[data-pane]").getBoundingClientRect();
    const box = one.getBoundingClientRect();
    if (box.width === 0 || !one.checkVisibility() || one.closest("[class*=visually-hidden], [role=menu]")) return false;
    for (let up = one.parentElement; up && !up.matches("[data-pane]"); up = up.parentElement) {
        if (getComputedStyle(up).overflowX !== "visible") return false; // cut off, or scrolled, on purpose
    }
    return box.right > pane.right + 1 || box.left < pane.left - 1;
}).map((one) => one.outerHTML.slice(0, 160))"""


@dataclass
class Town:
    """The site, and what its people may do over the API."""

    web: str
    people: dict[str, httpx.Client]
    writer_id: str

    def moderates(self, *, still: bool) -> None:
        path = f"{ROOM}/moderators/{MODERATOR}"
        self.people[OWNER].request("PUT" if still else "DELETE", path).raise_for_status()

    def post(self, path: str, **body: Any) -> None:
        self.people[OWNER].post(f"{ROOM}/{path}", json=body).raise_for_status()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    weir = start_weir(tmp_path_factory.mktemp("town") / "data")
    with ExitStack() as stack:
        stack.callback(weir.discard)
        people = {}
        for login in (OWNER, MODERATOR, WRITER):
            people[login] = stack.enter_context(httpx.Client(base_url=weir.web, timeout=30))
            answer = people[login].post("/api/users", json={"login": login, "password": PASSWORD})
            answer.raise_for_status()
        writer = people[OWNER].get("/api/users", params={"login": WRITER}).json()["data"][0]["id"]
        found = Town(weir.web, people, writer)
        found.moderates(still=True)
        yield found


def somebody(stack: ExitStack, browser: Browser, town: Town, login: str, **options: Any) -> BrowserContext:
    """A browser of somebody's; refusals are part of the story."""
    context = stack.enter_context(context_of(browser, town.web, expected=(REFUSED,), **options))
    log_in(context, login)
    return context


def write(page: Page, text: str) -> None:
    page.get_by_test_id("chat-input").fill(text)
    expect(page.get_by_test_id("chat-send")).to_have_text("Send")  # not too soon after what was said before
    page.get_by_test_id("chat-input").press("Enter")


def hold(page: Page, text: str) -> None:
    """Write what waits for a moderator; again where it was too soon after what was said before."""
    refusal = page.get_by_test_id("chat-refusal")
    for _attempt in range(5):
        write(page, text)
        expect(refusal).to_be_visible()
        if "moderators look at your message" in refusal.inner_text():
            return
    raise AssertionError(refusal.inner_text())


def picture(page: Page, name: str, directory: Path) -> None:
    page.screenshot(path=directory / f"{name}.png")


@own_thread
def test_the_longest_names_fit_in_german_in_light_and_on_a_phone(town: Town, tmp_path: Path) -> None:
    with chromium() as browser, ExitStack() as stack:
        writing = somebody(stack, browser, town, WRITER).new_page()
        writing.goto(f"/popout/{OWNER}/chat")
        is_in_chat(writing)
        town.post("moderation/bans", data={"user_id": town.writer_id, "duration": 5, "reason": LONG_WORD})
        town.people[OWNER].delete(
            f"{ROOM}/moderation/bans", params={"user_id": town.writer_id}
        ).raise_for_status()
        write(writing, LONG_WORD)
        expect(writing.get_by_test_id("chat-message")).to_have_count(1)
        town.post("moderation/suspicious-users", user_id=town.writer_id, status="RESTRICTED")
        hold(writing, f"2 {LONG_WORD}")

        german: dict[str, Any] = {"locale": "de-DE"}
        context = somebody(stack, browser, town, MODERATOR, viewport=DESKTOP, **german)
        context.add_init_script(LIGHT)
        wide = context.new_page()
        wide.goto(f"/moderator/{OWNER}")
        is_in_chat(wide)
        chat = wide.locator("[data-pane=chat]")
        expect(chat.get_by_role("heading", name="Chat", exact=True)).to_have_count(1)
        expect(chat.get_by_role("button", name="Chat-Optionen")).to_be_visible()
        held = wide.get_by_test_id("mod-hold")
        expect(held).to_have_count(1)
        held.get_by_role("button", name=WRITER, exact=True).click()
        expect(wide.get_by_test_id("mod-facts")).to_be_visible()
        expect(wide.get_by_test_id("mod-deed").first).to_be_visible()
        picture(wide, "wide", tmp_path)
        check_width(wide)
        assert wide.evaluate(STICKING_OUT) == []
        check_axe(wide)

        context = somebody(stack, browser, town, MODERATOR, **HANDHELD, **german)
        context.add_init_script(LIGHT)
        phone = context.new_page()
        phone.goto(f"/moderator/{OWNER}")
        expect(phone.get_by_test_id("mod-hold")).to_have_count(1)
        for tab in TABS:
            phone.locator(f"#mod-tab-{tab}").click()
            expect(phone.get_by_test_id(f"mod-pane-{tab}")).to_be_visible()
            if tab == "chat":
                is_in_chat(phone)
                phone.get_by_test_id("chat-message").first.wait_for()
            if tab == "queue":
                phone.get_by_test_id("mod-hold").get_by_role("button", name=WRITER, exact=True).click()
                expect(phone.get_by_test_id("mod-facts")).to_be_visible()
                phone.locator("#mod-tab-queue").click()
            picture(phone, f"phone-{tab}", tmp_path)
            check_width(phone)
            assert phone.evaluate(STICKING_OUT) == [], tab
            check_axe(phone)


@own_thread
def test_who_loses_the_role_is_told_without_doing_anything(town: Town) -> None:
    with chromium() as browser, ExitStack() as stack:
        context = somebody(stack, browser, town, MODERATOR)
        dock, view = context.new_page(), context.new_page()
        for page, path in ((dock, f"/popout/{OWNER}/moderation"), (view, f"/moderator/{OWNER}")):
            page.goto(path)
            expect(page.get_by_test_id("mod-pane-queue")).to_be_visible()
        town.moderates(still=False)
        for page in (dock, view):
            page.bring_to_front()  # pages that nobody looks at do not ask
            expect(page.get_by_test_id("mod-barred")).to_contain_text("You no longer moderate")
            check_axe(page)
        town.moderates(still=True)
        for page in (dock, view):
            page.bring_to_front()
            page.get_by_role("button", name="Look again").click()
            expect(page.get_by_test_id("mod-pane-queue")).to_be_visible()
