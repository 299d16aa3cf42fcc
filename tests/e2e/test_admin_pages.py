"""Running a site from its pages in Chromium, against a real weir: what is live, reports, emotes, accounts, settings, the log."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    HANDHELD,
    PASSWORD,
    REFUSED,
    check_axe,
    check_width,
    context_of,
    fill,
    log_in,
    press,
    sign_up,
)
from tests.e2e.harness import Encoder, Weir, poll, start_weir
from tests.webapp.pictures import png

pytestmark = pytest.mark.real

TABS = (
    "overview",
    "live",
    "channels",
    "users",
    "reports",
    "emotes",
    "audit",
    "settings",
    "invitations",
    "nodes",
    "letters",
)

LONG = "looks_at_everything_there"
"""As long as a login can be."""


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("admin") / "data")
    yield started
    started.discard()


def somebody(browser: Browser, weir: Weir, **options: Any) -> AbstractContextManager[BrowserContext]:
    """A browser of somebody who is refused something, which is part of the story."""
    return context_of(browser, weir.web, expected=(REFUSED,), **options)


def become(weir: Weir, context: BrowserContext, login: str, role: str = "admin") -> Page:
    """Be somebody of the staff."""
    sign_up(context, login)
    assert weir.cli("user", "role", login, role).returncode == 0
    return context.new_page()


def choose(page: Page | Locator, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).select_option(label=option)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def act(page: Page, row: Locator, name: str) -> None:
    """Choose something in the menu of a row."""
    row.get_by_role("button", name="What to do about").click()
    page.get_by_role("menuitem", name=name).click()


@own_thread
def test_every_tab_is_accessible_and_fits_a_phone(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        page = become(weir, context, LONG)
        for tab in TABS:
            page.goto(f"/admin/{tab}")
            expect(page.get_by_test_id(f"admin-{tab}").locator("> *").first).to_be_visible()
            check_axe(page)
        with somebody(browser, weir, locale="de-DE", **HANDHELD) as phone:
            log_in(phone, LONG)
            page = phone.new_page()
            for tab in TABS:
                page.goto(f"/admin/{tab}")
                expect(page.get_by_role("heading", name="Verwaltung")).to_be_visible()
                expect(page.get_by_test_id(f"admin-{tab}").locator("> *").first).to_be_visible()
                check_width(page)
            check_axe(page)


@own_thread
def test_an_administrator_ends_a_stream_and_finds_it_in_the_log(
    weir: Weir, publish: Callable[..., Encoder]
) -> None:
    with chromium() as browser, somebody(browser, weir) as admin, somebody(browser, weir) as streamer:
        sign_up(streamer, "anna")
        page = become(weir, admin, "ender")
        encoder = publish(f"{weir.rtmp}/{weir.cli('key', 'create', 'anna').stdout.strip()}")
        page.goto("/")
        press(page, "Account")
        page.get_by_role("menuitem", name="Administration").click()
        page.get_by_role("link", name="Live", exact=True).click()
        row = page.get_by_test_id("on-air").filter(has_text="anna")
        expect(row).to_contain_text("Mbit/s")
        check_axe(page)
        page.goto("/admin/channels?status=live")
        expect(page.get_by_test_id("channel")).to_contain_text("0 watching")
        page.go_back()
        row.get_by_role("button", name="End the broadcast of anna?").click()
        check_axe(page)
        fill(dialog(page), "Reason", "No adverts.")
        press(dialog(page), "End broadcast")
        expect(row).to_have_count(0)
        poll("the encoder has left", lambda: encoder.process.poll() is not None)

        page.goto("/admin/audit?channel=anna")
        deed = page.get_by_test_id("deed").filter(has_text="ended a broadcast")
        expect(deed).to_contain_text("ender")
        expect(deed).to_contain_text("No adverts.")
        fill(page, "In the channel", "looker_2")
        press(page, "Filter")
        expect(page.get_by_role("heading", name="No entries")).to_be_visible()


@own_thread
def test_staff_deal_with_a_report_emotes_and_an_account(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as staff, somebody(browser, weir) as person:
        sign_up(person, "berta")
        page = become(weir, staff, "keeper", "staff")
        me = person.request.get("/api/users/me").json()["data"][0]["id"]
        channel = {
            "target_type": "channel",
            "target_id": me,
            "reason": "hate",
            "description": "At 3:00.\n\nLater, too.",
        }
        assert staff.request.post("/api/reports", data=channel).status == 201
        page.goto("/admin/reports")
        report = page.get_by_test_id("report").filter(has_text="berta")
        expect(report).to_contain_text("Later, too.")
        press(report, "Take")
        expect(report).to_contain_text("You look into it")
        press(report, "Decide…")
        check_axe(page)
        fill(dialog(page), "Note", "Suspended.")
        press(dialog(page), "Close report")
        expect(report).to_have_count(0)
        choose(page, "Which", "Resolved")
        expect(report).to_contain_text("Suspended.")

        for code in ("bertaHi", "bertaNo"):
            upload = person.request.post(
                f"/api/channels/berta/emotes?code={code}",
                headers={"Content-Type": "image/png"},
                data=png(112, 112),
            )
            assert upload.status == 201, upload.text()
        page.goto("/admin/emotes")
        first, second = [
            page.get_by_test_id("review").filter(has_text=code) for code in ("bertaHi", "bertaNo")
        ]
        check_axe(page)
        first.focus()
        page.keyboard.press("a")
        expect(second).to_be_focused()
        expect(first).to_have_count(0)
        page.keyboard.press("r")
        press(dialog(page), "Reject")
        expect(dialog(page)).to_contain_text("Say why.")
        fill(dialog(page), "Reason", "Not yours.")
        press(dialog(page), "Reject")
        expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
        emotes = person.request.get("/api/channels/berta/emotes/all").json()["data"]
        assert {(emote["name"], emote["status"]) for emote in emotes} == {
            ("bertaHi", "approved"),
            ("bertaNo", "rejected"),
        }

        theirs = person.new_page()
        theirs.goto("/settings/security")
        expect(theirs.get_by_role("button", name="Account", exact=True)).to_be_visible()
        page.goto("/admin/users?login=berta")
        member = page.get_by_test_id("member").filter(has_text="berta")
        member.get_by_role("button", name="Suspend berta?").click()
        fill(dialog(page), "Reason", "Hate")
        press(dialog(page), "Suspend account")
        expect(member).to_contain_text("Suspended")
        theirs.reload()
        expect(theirs.get_by_role("link", name="Log in", exact=True).first).to_be_visible()
        assert theirs.goto("/berta").status == 404  # type: ignore[union-attr]  # it is another page than before
        press(member, "Let in again: berta")
        press(dialog(page), "Let in again")
        expect(member.get_by_role("button", name="Suspend berta?")).to_be_visible()
        page.goto("/admin/settings")
        expect(page.get_by_text("This part is for administrators.")).to_be_visible()


@own_thread
def test_a_channel_is_found_corrected_and_goes_with_its_owner(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as admin, somebody(browser, weir) as person:
        for login in ("carla", "carlo"):
            sign_up(person, login)
        change = {"visibility": "unlisted", "title": "Bad words"}
        assert person.request.patch("/api/channels/carlo", data=change).status == 200
        page = become(weir, admin, "looker")
        page.goto("/admin/channels")
        page.get_by_label("Login begins with").press_sequentially("CARL")
        rows = page.get_by_test_id("channel")
        expect(rows).to_have_count(2)
        carlo = rows.filter(has_text="carlo")
        for part in ("Unlisted", "Bad words", "0 followers", "Never live"):
            expect(carlo).to_contain_text(part)
        act(page, carlo, "Title…")
        fill(dialog(page), "Title", "Good words")
        check_axe(page)
        press(dialog(page), "Save")
        expect(carlo).to_contain_text("Good words")

        act(page, carlo, "Suspend the owner…")
        fill(dialog(page), "Reason", "Spam")
        press(dialog(page), "Suspend account")
        expect(carlo).to_contain_text("Suspended")
        choose(page, "Which", "Of suspended accounts")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Spam")
        page.reload()
        expect(page.get_by_label("Login begins with")).to_have_value("CARL")
        expect(rows).to_have_count(1)
        act(page, carlo, "Let the owner in again…")
        press(dialog(page), "Let in again")
        expect(page.get_by_role("heading", name="No such channel")).to_be_visible()
        choose(page, "Which", "All channels")
        fill(page, "Login begins with", "?")
        expect(page.get_by_role("heading", name="No such channel")).to_be_visible()
        fill(page, "Login begins with", "carlo")
        act(page, carlo, "Its dashboard")
        expect(page).to_have_url(re.compile("/dashboard/carlo/"))
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@own_thread
def test_two_change_settings_at_once_and_nothing_typed_is_lost(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as one, somebody(browser, weir) as two:
        first, second = become(weir, one, "one"), become(weir, two, "two")
        for page in (first, second):
            page.goto("/admin/settings")
            expect(page.get_by_label("Name", exact=True)).to_have_value("weir")
        fill(first, "Name", "First")
        press(first, "Save")
        expect(first.get_by_text("Saved.")).to_be_visible()
        fill(second, "Name", "Second")
        fill(second, "Announcement", "Soon.")
        press(second, "Save")
        told = second.get_by_test_id("others")
        expect(told).to_contain_text("they chose “First”, you “Second”")
        check_axe(second)
        assert second.request.get("/api/site").json()["announcement"] == ""
        press(second, "Keep mine: Name")
        press(second, "Save")
        expect(second.get_by_text("Saved.")).to_be_visible()
        site = second.request.get("/api/site").json()
        assert (site["name"], site["announcement"]) == ("Second", "Soon.")

        fill(second, "Rules", "Be kind.\nOr leave.")
        two.clear_cookies()
        press(second, "Save")
        second.get_by_role("main").get_by_role("link", name="Log in", exact=True).click()
        fill(second, "Login", "two")
        fill(second, "Password", PASSWORD)
        second.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
        second.wait_for_url("**/admin/settings")
        expect(second.get_by_label("Rules", exact=True)).to_have_value("Be kind.\nOr leave.")
        press(second, "Save")
        expect(second.get_by_text("Saved.")).to_be_visible()

        choose(second, "New accounts", "People with an invitation")
        press(second, "Save")
        expect(second.get_by_text("Not saved yet")).to_have_count(0)
        second.goto("/admin/invitations")
        press(second, "Make an invitation")
        link = second.get_by_label("Link", exact=True).input_value()
        expect(second.get_by_test_id("invitation")).to_have_count(1)
        second.get_by_test_id("invitation").get_by_role("button").click()
        expect(second.get_by_text("No invitation waits to be used.")).to_be_visible()
        with somebody(browser, weir) as late:
            wish = {"login": "late", "password": PASSWORD, "invitation": link.partition("=")[2]}
            assert late.request.post("/api/users", data=wish).status == 403
        assert second.request.patch("/api/admin/settings", data={"registration": "open"}).status == 200
        second.goto("/admin/nodes")
        expect(second.get_by_test_id("node")).to_contain_text("Does its job")


@own_thread
def test_who_loses_the_role_is_told_so(weir: Weir) -> None:
    with chromium() as browser, somebody(browser, weir) as context:
        page = context.new_page()
        page.goto("/admin/reports?status=resolved")
        page.get_by_role("main").get_by_role("link", name="Log in", exact=True).click()
        assert "next=%2Fadmin%2Freports%3Fstatus%3Dresolved" in page.url
        check_axe(page)
        page = become(weir, context, "passing", "staff")
        page.goto("/admin")
        expect(page.get_by_test_id("admin-overview")).to_contain_text("reports to deal with")
        expect(page.get_by_role("link", name="Nodes", exact=True)).to_have_count(0)
        assert weir.cli("user", "role", "passing", "none").returncode == 0
        expect(page.get_by_role("heading", name="This page is for the staff of the site")).to_be_visible()
        check_axe(page)
        page.get_by_role("main").get_by_role("link", name="To the home page").click()
        expect(page).to_have_url(f"{weir.web}/")
