"""Finding something to watch in Chromium, against a real weir with made-up channels: home, browse, search, following, nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import (
    AWAY,
    HANDHELD,
    PHONE,
    REFUSED,
    check_axe,
    check_width,
    context_of,
    sign_up,
)
from tests.e2e.harness import Weir, poll, start_weir

pytestmark = pytest.mark.real

LIVE = 26
"""More than a page of the list, and than fit a window."""
HOSTILE = "<img src=x onerror=alert(1)> \u05e9\u05dc\u05d5\u05dd " + "w" * 100


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("discovery") / "data")
    seeded = started.cli("seed", "--users", "60", "--channels", "40", "--live", str(LIVE), "--no-password")
    assert seeded.returncode == 0, seeded.stderr
    yield started
    started.discard()


@contextmanager
def page_of(weir: Weir, **options: Any) -> Iterator[Page]:
    with chromium() as browser, context_of(browser, weir.web, expected=(REFUSED,), **options) as context:
        yield context.new_page()


def cards(page: Page) -> Locator:
    return page.get_by_test_id("live").get_by_role("listitem").filter(has=page.get_by_role("heading"))


def live_streams(page: Page) -> list[dict[str, Any]]:
    answer = page.request.get("/api/streams?first=100")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@own_thread
def test_the_home_page_lists_what_is_live_as_far_as_one_scrolls(weir: Weir) -> None:
    with page_of(weir) as page:
        page.goto("/")
        expect(cards(page).nth(19)).to_be_attached()
        streams = live_streams(page)
        assert len(streams) == LIVE
        first = cards(page).first
        assert str(streams[0]["user_name"]) in first.inner_text()
        check_axe(page)
        page.get_by_test_id("live").get_by_role("listitem").last.scroll_into_view_if_needed()
        expect(cards(page)).to_have_count(LIVE)
        page.evaluate("() => window.scrollTo(0, 600)")
        card = cards(page).nth(8)
        card.get_by_role("heading").get_by_role("link").click()
        page.wait_for_url(f"**/{streams[8]['user_login']}")
        page.wait_for_function("() => document.activeElement.tagName === 'MAIN' && window.scrollY === 0")
        page.go_back()
        expect(cards(page)).to_have_count(LIVE)
        poll("it is where it was", lambda: abs(page.evaluate("() => window.scrollY") - 600) < 5)


@own_thread
def test_categories_lead_to_their_streams_and_filters_stand_in_the_address(weir: Weir) -> None:
    with page_of(weir) as page:
        stream = next(row for row in live_streams(page) if row["game_id"] and row["tags"])
        page.goto("/")
        page.get_by_role("link", name="Browse").click()
        page.wait_for_url("**/directory")
        check_axe(page)
        page.get_by_test_id("categories").get_by_role("link", name=stream["game_name"], exact=True).click()
        page.wait_for_url(f"**/directory/category/{stream['game_id']}")
        expect(page.get_by_role("heading", level=1, name=stream["game_name"])).to_be_visible()
        same = [row for row in live_streams(page) if row["game_id"] == stream["game_id"]]
        expect(cards(page)).to_have_count(len(same))
        check_axe(page)
        page.goto("/directory/live")
        page.get_by_label("Language", exact=True).select_option("ja")
        page.wait_for_url("**/directory/live?language=ja")
        japanese = [row for row in live_streams(page) if row["language"] == "ja"]
        if japanese:
            expect(cards(page)).to_have_count(len(japanese))
        else:
            expect(page.get_by_role("heading", name="Nobody is live here")).to_be_visible()
        page.goto("/directory/live")
        tag = stream["tags"][0]
        page.get_by_role("list", name="Tags").get_by_role("link", name=tag, exact=True).first.click()
        tagged = [row for row in live_streams(page) if tag.lower() in {t.lower() for t in row["tags"]}]
        expect(cards(page)).to_have_count(len(tagged))
        check_axe(page)
        page.get_by_role("button", name="Remove the tag").click()
        expect(cards(page).nth(len(tagged))).to_be_attached()


@own_thread
def test_search_finds_channels_and_categories_and_leads_on_where_it_finds_nothing(weir: Weir) -> None:
    with page_of(weir) as page:
        stream = live_streams(page)[0]
        page.goto("/")
        box = page.get_by_role("searchbox", name="Search")
        box.fill(stream["user_login"])
        box.press("Enter")
        page.wait_for_url("**/search?q=*")
        found = page.get_by_test_id("channels").get_by_role("link").first
        expect(found).to_contain_text(stream["user_name"])
        check_axe(page)
        box.fill("Chess")
        box.press("Enter")
        expect(page.get_by_test_id("categories").get_by_role("link", name="Chess")).to_be_visible()
        box.fill("<b>qqqqxxxxzzzz</b>")
        box.press("Enter")
        expect(
            page.get_by_role("heading", name="Nothing was found for “<b>qqqqxxxxzzzz</b>”")
        ).to_be_visible()
        check_axe(page)
        page.get_by_role("link", name="Live channels").click()
        page.wait_for_url("**/directory/live")
        page.goto("/search")
        expect(page.get_by_role("heading", name="What are you looking for?")).to_be_visible()
        check_axe(page)


@own_thread
def test_followed_channels_are_beside_every_page_and_on_their_own(weir: Weir) -> None:
    with page_of(weir) as page:
        page.goto("/directory/following")
        main = page.get_by_role("main")
        expect(main.get_by_role("link", name="Log in")).to_have_attribute(
            "href", "/login?next=/directory/following"
        )
        check_axe(page)
        sign_up(page.context, "fan_of_all")
        page.reload()
        expect(page.get_by_role("heading", name="You follow nobody yet")).to_be_visible()
        check_axe(page)
        live = live_streams(page)[3]
        for login in (live["user_login"], "streamer"):
            assert page.request.put(f"/api/channels/{login}/followers/me", data={}).status == 200
        page.reload()
        expect(cards(page)).to_have_count(1)
        expect(cards(page).first).to_contain_text(live["user_name"])
        expect(page.get_by_test_id("offline").get_by_role("listitem")).to_have_count(1)
        beside = page.get_by_role("navigation", name="Channels").get_by_role("listitem")
        expect(beside.first).to_contain_text(live["user_name"])
        expect(beside.nth(1)).to_contain_text("Offline")
        check_axe(page)


@own_thread
def test_two_tabs_agree_on_who_is_logged_in(weir: Weir) -> None:
    with chromium() as browser, context_of(browser, weir.web) as context:
        one, other = context.new_page(), context.new_page()
        sign_up(one.context, "in_two_tabs")
        for page in (one, other):
            page.goto("/")
            expect(page.get_by_role("button", name="Account", exact=True)).to_be_visible()
        one.get_by_role("button", name="Account", exact=True).click()
        check_axe(one)
        one.get_by_role("menuitem", name="Log out").click()
        for page in (one, other):
            expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()


@own_thread
def test_where_nothing_is_the_page_says_so_and_leads_home(weir: Weir) -> None:
    with page_of(weir) as page:
        for path, said in {
            "/no/such/page": "There is no such page",
            "/directory/category/999999": "There is no such category",
            "/directory/category/none": "There is no such category",
        }.items():
            response = page.goto(path)
            assert response is not None
            assert response.status == 404
            expect(page.get_by_role("heading", name=said)).to_be_visible()
            check_axe(page)
        page.goto("/no/such/page")
        page.get_by_role("main").get_by_role("link", name="To the home page").click()
        expect(cards(page).first).to_be_visible()


@own_thread
def test_language_and_theme_are_kept(weir: Weir) -> None:
    with page_of(weir, locale="de-AT") as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="Live-Kanäle").first).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "de")
        for theme, name in (("light", "Hell"), ("contrast", "Hoher Kontrast"), ("dark", "Dunkel")):
            page.get_by_role("button", name="Darstellung und Sprache").click()
            page.get_by_role("menuitemradio", name=name).click()
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            check_axe(page)
        page.get_by_role("button", name="Darstellung und Sprache").click()
        page.get_by_role("menuitemradio", name="English").click()
        page.get_by_role("button", name="Appearance and language").click()
        page.get_by_role("menuitemradio", name="Light").click()
        page.reload()
        expect(page.get_by_role("heading", name="Live channels").first).to_be_visible()
        expect(page.locator("html")).to_have_attribute("data-theme", "light")


@own_thread
def test_on_a_phone_nothing_is_wider_than_it_and_the_menu_is_a_drawer(weir: Weir) -> None:
    with page_of(weir, **HANDHELD) as page:
        sign_up(page.context, "on_the_phone")
        for path in ("/", "/directory", "/directory/live", "/directory/following", "/search?q=a", "/no/such"):
            page.goto(path)
            expect(page.get_by_role("main").get_by_role("heading").first).to_be_attached()
            check_width(page)
            check_axe(page)
        page.get_by_role("button", name="Menu", exact=True).click()
        drawer = page.get_by_role("dialog", name="Menu")
        expect(drawer.get_by_role("link", name="Browse")).to_be_visible()
        check_axe(page)
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
        page.get_by_role("button", name="Menu", exact=True).click()
        drawer.get_by_role("link", name="Browse").click()
        page.wait_for_url("**/directory")
        expect(drawer).to_be_hidden()


@own_thread
def test_titles_full_of_mischief_stay_text_and_in_their_place(weir: Weir) -> None:
    with page_of(weir, viewport=PHONE) as page:
        sign_up(page.context, "mischief")
        assert page.request.patch("/api/channels/mischief", data={"title": HOSTILE}).status == 200
        page.goto("/search?q=mischief")
        expect(page.get_by_test_id("channels").get_by_role("link").first).to_contain_text("<img src=x")
        assert page.locator("img[src=x]").count() == 0
        check_width(page)


@own_thread
def test_without_a_network_the_page_says_so_and_comes_back(weir: Weir) -> None:
    with chromium() as browser, context_of(browser, weir.web, expected=AWAY) as context:
        page = context.new_page()
        page.goto("/")
        expect(cards(page).first).to_be_visible()
        context.set_offline(True)
        expect(page.get_by_text("You are offline.")).to_be_visible()
        page.get_by_role("searchbox", name="Search").fill("chess")
        page.get_by_role("searchbox", name="Search").press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        context.set_offline(False)
        expect(page.get_by_text("You are offline.")).to_be_hidden()
        expect(page.get_by_test_id("categories").get_by_role("link", name="Chess")).to_be_visible()
