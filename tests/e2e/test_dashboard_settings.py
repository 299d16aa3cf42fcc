"""A channel's settings in Chromium, against a real weir: rules that a chatter meets, terms, emotes, roles, two tabs, a session that is over."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import FRONTEND, PASSWORD, PHONE, REFUSED, check_axe, context_of
from tests.e2e.harness import Weir, poll, start_weir

pytestmark = pytest.mark.real

TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("main *:not(nav *)")].filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 200))"""
PICTURE = FRONTEND / "public" / "icon-192.png"


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("settings") / "data")
    yield started
    started.discard()


@contextmanager
def somebody(browser: Browser, weir: Weir, login: str, **options: Any) -> Iterator[BrowserContext]:
    """A browser of somebody with an account, whom the site refuses things now and then: part of the story."""
    expected = (REFUSED, "WebSocket connection to")
    with context_of(browser, weir.web, expected=expected, **options) as context:
        answer = context.request.post("/api/users", data={"login": login, "password": PASSWORD})
        assert answer.status == 201, answer.text()
        yield context


def open_page(context: BrowserContext, login: str, name: str, heading: str) -> Page:
    page = context.new_page()
    page.goto(f"/dashboard/{login}/{name}")
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
    return page


def fill(page: Page | Locator, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def save(page: Page, form: str) -> None:
    press(page.get_by_role("form", name=form, exact=True), "Save")


def settings_of(context: BrowserContext, login: str) -> dict[str, Any]:
    found: dict[str, Any] = context.request.get(f"/api/channels/{login}/chat/settings").json()["data"][0]
    return found


def chat_of(context: BrowserContext, login: str) -> Page:
    page = context.new_page()
    page.goto(f"/popout/{login}/chat")
    expect(page.get_by_test_id("chat")).to_have_attribute("data-state", "joined")
    return page


def say(page: Page, text: str) -> None:
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-send").click()


@own_thread
def test_a_streamer_sets_rules_and_terms_and_a_chatter_meets_them(weir: Weir, tmp_path: Path) -> None:
    with (
        chromium() as browser,
        somebody(browser, weir, "ruler") as owner,
        somebody(browser, weir, "chatter") as fan,
    ):
        page = open_page(owner, "ruler", "chat", "Chat rules")
        expect(page.get_by_label("Who may post links")).to_have_value("everyone")
        check_axe(page)
        page.get_by_label("Slow mode", exact=True).check()
        fill(page, "Seconds between two messages", "2")
        save(page, "Chat rules")
        expect(page.get_by_text("Write a whole number from 3 to 120.")).to_be_visible()
        expect(page.get_by_label("Seconds between two messages")).to_be_focused()
        check_axe(page)
        page.get_by_label("Slow mode", exact=True).uncheck()
        page.get_by_label("Who may post links").select_option("moderators")
        save(page, "Chat rules")
        expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
        chat = chat_of(fan, "ruler")
        say(chat, "look at https://example.org/")
        expect(chat.get_by_test_id("chat-refusal")).to_contain_text("You cannot send links here.")

        page = open_page(owner, "ruler", "terms", "Blocked terms")
        fill(page, "Term", "x*")
        press(page, "Block")
        expect(page.get_by_text("A term has at least two characters beside *.")).to_be_visible()
        fill(page, "Term", "(bad")
        page.get_by_label("It is a regular expression").check()
        press(page, "Block")
        expect(page.get_by_text("This is no regular expression")).to_be_visible()
        page.get_by_label("It is a regular expression").uncheck()
        fill(page, "Term", "pineapple*")
        press(page, "Block")
        terms = page.get_by_test_id("terms").get_by_role("listitem")
        expect(terms).to_have_count(1)
        check_axe(page)
        say(chat, "I like pineapples")
        expect(chat.get_by_test_id("chat-refusal")).to_contain_text(
            "something in it that this chat does not allow"
        )

        file = tmp_path / "terms.txt"
        file.write_text("\n".join([*(f"term {number}" for number in range(1200)), "y", "12345 **** *****"]))
        page.get_by_test_id("terms-file").set_input_files(file)
        press(page, "Block all of them")
        expect(page.get_by_test_id("refused").get_by_role("listitem")).to_have_count(2)
        expect(page.get_by_label("Terms, one a line")).to_have_value(re.compile("^y\n12345"))
        check_axe(page)
        fill(page, "Find in the list", "pineapple")
        expect(page.get_by_text("1,201 of at most 10,000")).to_be_visible(timeout=60_000)
        assert terms.count() < 60, "as many rows as are seen"
        with page.expect_download() as downloading:
            press(page, "Save the list as a file")
        downloading.value.save_as(file)
        assert len(file.read_text().split("\n")) == 1202
        press(page, "Unblock pineapple*")
        expect(page.get_by_text("No term of those read so far has this in it.")).to_be_visible()
        page.set_viewport_size(PHONE)
        assert page.evaluate(TOO_WIDE) == []


@own_thread
def test_an_emote_waits_for_review_and_a_role_is_given_and_taken(weir: Weir, tmp_path: Path) -> None:
    with (
        chromium() as browser,
        somebody(browser, weir, "artist") as owner,
        somebody(browser, weir, "helper") as helper,
    ):
        page = open_page(owner, "artist", "emotes", "Emotes")
        check_axe(page)
        broken = tmp_path / "Broken.png"
        broken.write_bytes(b"\x89PNG no picture")
        page.get_by_test_id("emote-files").set_input_files(
            [PICTURE, broken, FRONTEND / "public" / "favicon.svg"]
        )
        waiting = page.get_by_test_id("waiting").get_by_role("listitem")
        expect(waiting).to_have_count(3)
        expect(waiting.nth(2)).to_contain_text("This is no PNG, WebP, GIF or AVIF.")
        fill(waiting.nth(0), "Code", "love")
        press(page, "Upload all")
        expect(waiting.nth(0)).to_contain_text("begins with a capital letter")
        fill(waiting.nth(0), "Code", "Love")
        waiting.nth(0).get_by_label("For", exact=True).select_option("follower")
        check_axe(page)
        press(page, "Upload all")
        emotes = page.get_by_test_id("emotes").get_by_role("listitem")
        expect(emotes).to_have_count(1)
        expect(emotes).to_contain_text("artistLove")
        expect(emotes).to_contain_text("waits for review")
        expect(waiting).to_have_count(2)
        expect(waiting.nth(0).get_by_role("alert").first).not_to_be_empty()
        press(page, "Change artistLove")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Code", exact=True).fill("Like")
        check_axe(page)
        press(dialog, "Save")
        expect(emotes).to_contain_text("artistLike")
        press(page, "Delete artistLike")
        press(page.get_by_role("dialog"), "Delete")
        expect(emotes).to_have_count(0)

        page = open_page(owner, "artist", "badges", "Badges")
        page.get_by_label("From month").select_option("3")
        page.get_by_test_id("badge-file").set_input_files(PICTURE)
        press(page, "Upload")
        badges = page.get_by_test_id("badges").get_by_role("listitem")
        expect(badges).to_contain_text("from month 3 on")
        expect(badges).to_contain_text("waits for review")
        check_axe(page)

        page = open_page(owner, "artist", "roles", "Roles")
        fill(page, "Login of a new moderator", "nobody_there")
        press(page.get_by_role("region", name="Moderators"), "Add")
        expect(page.get_by_text("There is nobody called nobody_there.")).to_be_visible()
        fill(page, "Login of a new moderator", "@helper")
        press(page.get_by_role("region", name="Moderators"), "Add")
        expect(page.get_by_test_id("moderators")).to_contain_text("helper")
        check_axe(page)
        theirs = open_page(helper, "artist", "chat", "Chat rules")
        theirs.get_by_label("Emotes only", exact=True).check()
        press(page, "Remove helper")
        expect(page.get_by_text("There are no moderators.")).to_be_visible()
        save(theirs, "Chat rules")
        expect(
            theirs.get_by_text(re.compile("This dashboard is not yours|You may not do this any more")).first
        ).to_be_visible()
        assert not settings_of(owner, "artist")["emote_mode"]


@own_thread
def test_two_tabs_merge_and_a_session_that_is_over_takes_nothing_along(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir, "double") as owner:
        one, two = (open_page(owner, "double", "chat", "Chat rules") for _ in range(2))
        for page in (one, two):
            expect(page.get_by_label("Slow mode", exact=True)).not_to_be_checked()
        two.get_by_label("Who may post links").select_option("vips")
        two.get_by_label("Unique messages only").check()
        one.get_by_label("Emotes only", exact=True).check()
        one.get_by_label("Who may post links").select_option("subscribers")
        save(one, "Chat rules")
        expect(one.get_by_text("Saved.", exact=True)).to_be_visible()
        save(two, "Chat rules")
        expect(two.get_by_test_id("others")).to_contain_text("Who may post links: they chose")
        expect(two.get_by_label("Emotes only", exact=True)).to_be_checked()
        expect(two.get_by_label("Who may post links", exact=True)).to_have_value("vips")
        assert settings_of(owner, "double")["links_from"] == "subscribers", "nothing was overwritten unseen"
        check_axe(two)
        press(two, "Keep mine: Who may post links")
        save(two, "Chat rules")
        poll("the merged rules", lambda: settings_of(owner, "double")["links_from"] == "vips")
        found = settings_of(owner, "double")
        assert (found["emote_mode"], found["unique_chat_mode"]) == (True, True)

        two.close()
        one.get_by_label("Only subscribers may write", exact=True).check()
        one.get_by_label("Delay messages for everybody but moderators").check()
        one.reload()
        expect(one.get_by_text("What you had typed before is back.")).to_be_visible()
        owner.clear_cookies()
        save(one, "Chat rules")
        expect(one.get_by_role("heading", name="Log in to go on")).to_be_visible()
        check_axe(one)
        fill(one.get_by_role("dialog"), "Password", "wrong horse")
        press(one.get_by_role("dialog"), "Log in")
        expect(one.get_by_text("Login or password is wrong.")).to_be_visible()
        fill(one.get_by_role("dialog"), "Password", PASSWORD)
        press(one.get_by_role("dialog"), "Log in")
        expect(one.get_by_role("dialog")).to_have_count(0)
        expect(one.get_by_label("Only subscribers may write", exact=True)).to_be_checked()
        save(one, "Chat rules")
        poll("what was typed before", lambda: settings_of(owner, "double")["subscriber_mode"])

        page = open_page(owner, "double", "automod", "Automatic moderation")
        page.get_by_label("Shouting").select_option("high")
        save(page, "Automatic moderation")
        poll("the level", lambda: settings_of(owner, "double").get("automod_caps") == "high")
        page.get_by_label("Slow mode", exact=True).select_option("60")
        save(page, "What the shield sets")
        expect(page.get_by_text("Saved.", exact=True).first).to_be_visible()
        page.get_by_role("switch", name="Shield up").check()
        expect(page.get_by_text("The shield is up")).to_be_visible()
        poll("the shield", lambda: settings_of(owner, "double")["slow_mode_wait_time"] == 60)
        check_axe(page)
