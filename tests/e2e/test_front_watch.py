"""The watch page of the front end as viewers use it: the real server, a real encoder, Chromium."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser import chromium, own_thread
from tests.e2e.front_show import Show, follows_live, go_back, live_show, plays, watch
from tests.e2e.front_site import DESKTOP, HANDHELD, REFUSED, check_axe, check_width, context_of, log_in
from tests.e2e.harness import poll

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Show]:
    with live_show(tmp_path_factory.mktemp("watch"), clip) as found:
        yield found


@contextmanager
def other_site(web: str) -> Iterator[str]:
    """A site with a page for each path that shows the page at the same path here in a frame."""

    class Framing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f'<!doctype html><title>Elsewhere</title><iframe src="{web}{self.path}" width="800" height="450">'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Framing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@own_thread
def test_somebody_watches_live_follows_goes_back_and_returns(show: Show) -> None:
    mia = show.person("mia")
    with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
        page = context.new_page()
        log_in(context, "mia")
        watch(page, show.page)
        follows_live(page)
        assert page.get_by_test_id("title").inner_text() == "Building a dam"
        assert page.get_by_test_id("badge").is_visible()
        poll("counted", lambda: page.get_by_test_id("viewers").inner_text() == "1 watching")
        assert re.fullmatch(
            r"Live for \d+:\d\d", page.get_by_test_id("uptime").inner_text().replace("\n", " ")
        )
        check_axe(page)

        page.get_by_role("button", name="Follow", exact=True).click()
        page.get_by_role("button", name="Unfollow anna").wait_for()
        page.get_by_role("button", name="Do not tell me when it goes live").click()
        page.get_by_role("button", name="Tell me when it goes live").wait_for()
        follow = mia.get("/api/users/me/follows/anna").json()["data"][0]
        assert follow["notify"] is False
        page.get_by_role("button", name="Unfollow anna").click()
        page.get_by_role("button", name="Follow", exact=True).wait_for()
        assert mia.get("/api/users/me/follows/anna").status_code == 404

        go_back(page)
        page.get_by_role("button", name="Go live").click()
        follows_live(page)


@own_thread
def test_keys_do_what_the_help_says_and_nothing_while_somebody_types(show: Show) -> None:
    with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
        page = context.new_page()
        watch(page, show.page)
        video = page.locator("video")
        page.keyboard.press("k")
        page.wait_for_function("() => document.querySelector('video').paused")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        page.keyboard.press("k")
        page.wait_for_function("() => !document.querySelector('video').paused")
        page.keyboard.press("m")
        page.get_by_role("button", name="Unmute", exact=True).wait_for()
        page.keyboard.press("m")
        page.get_by_role("button", name="Mute", exact=True).wait_for()
        for _ in range(4):
            page.keyboard.press("ArrowDown")
        assert video.evaluate("video => video.volume") == pytest.approx(0.8)
        page.keyboard.press("i")
        page.get_by_test_id("stats").get_by_text("Latency", exact=True).wait_for()
        page.keyboard.press("i")
        page.get_by_test_id("stats").wait_for(state="detached")
        page.keyboard.press("t")
        page.wait_for_function("() => document.documentElement.hasAttribute('data-theatre')")
        check_axe(page)
        page.keyboard.press("t")
        page.keyboard.press("f")
        page.wait_for_function("() => document.fullscreenElement?.dataset.testid === 'player'")
        page.keyboard.press("f")
        page.wait_for_function("() => document.fullscreenElement === null")
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        dialog.wait_for()
        check_axe(page)
        dialog.get_by_role("switch").click()
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        page.keyboard.press("m")
        assert video.evaluate("video => video.muted") is False
        page.reload()
        plays(page)
        assert video.evaluate("video => video.volume") == pytest.approx(0.8)
        page.get_by_role("button", name="Settings").click()
        page.get_by_role("menuitem", name="Keyboard shortcuts").click()
        dialog.get_by_role("switch").click()
        page.keyboard.press("Escape")
        page.get_by_role("searchbox").click()
        page.keyboard.type("mkt?")
        assert video.evaluate("video => [video.muted, video.paused]") == [False, False]
        page.get_by_role("heading", name="Building a dam").click()
        page.keyboard.press("m")
        assert video.evaluate("video => video.muted") is True


@own_thread
def test_on_a_phone_the_chat_is_below_the_picture_and_nothing_sticks_out(show: Show) -> None:
    with chromium() as browser, context_of(browser, show.weir.web, **HANDHELD) as context:
        page = context.new_page()
        watch(page, show.page)
        picture = page.get_by_test_id("player").bounding_box()
        chat = page.get_by_role("complementary", name="Chat").bounding_box()
        assert picture is not None
        assert chat is not None
        assert chat["y"] >= picture["y"] + picture["height"]
        assert chat["height"] > 300
        check_width(page)
        page.get_by_test_id("player").tap()
        assert page.evaluate("() => document.querySelector('video').paused") is False, (
            "a tap shows the buttons"
        )
        check_axe(page)


@own_thread
def test_a_channel_for_adults_asks_once_a_visit_and_loads_nothing_before(show: Show) -> None:
    show.set(is_mature=True, content_classification_labels=["Gambling"])
    try:
        with (
            chromium() as browser,
            context_of(browser, show.weir.web, locale="de-DE", viewport=DESKTOP) as context,
        ):
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(show.page)
            gate = page.get_by_test_id("mature")
            gate.get_by_text("Glücksspiel").wait_for()
            check_axe(page)
            assert [url for url in asked if "/hls/" in url] == []
            gate.get_by_role("button", name="Trotzdem ansehen").click()
            plays(page)
            watch(page, show.page)
            assert gate.count() == 0
            other = context.new_page()
            other.goto(show.page)
            other.get_by_test_id("mature").wait_for()
    finally:
        show.set(is_mature=False, content_classification_labels=[])


@own_thread
def test_other_sites_may_show_the_player_and_no_other_page(show: Show) -> None:
    with other_site(show.weir.web) as elsewhere, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{elsewhere}/embed/anna")
        frame = page.frame_locator("iframe")
        frame.get_by_role("link", name="anna").wait_for()
        poll("plays in a frame", lambda: frame.locator("video").evaluate("video => video.currentTime") > 1)
        watch(page, f"{show.weir.web}/embed/anna")
        check_axe(page)
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text) as refused:
            page.goto(f"{elsewhere}/anna")
        assert refused.value.type == "error"


@own_thread
def test_reports_and_shared_links_and_a_channel_that_is_not_there(show: Show) -> None:
    client = show.person("noah")
    with (
        chromium() as browser,
        context_of(browser, show.weir.web, expected=(REFUSED,), viewport=DESKTOP) as context,
    ):
        page = context.new_page()
        log_in(context, "noah")
        watch(page, show.page)
        page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog", name="Share this channel")
        assert dialog.get_by_role("textbox", name="Link").input_value() == show.page
        assert (
            f'src="{show.weir.web}/embed/anna"'
            in dialog.get_by_role("textbox", name="To embed").input_value()
        )
        page.keyboard.press("Escape")
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="Report").click()
        page.get_by_label("What is wrong").select_option("privacy")
        page.get_by_label("What happened").fill("My address is shown.")
        page.get_by_role("button", name="Send to the staff of the site").dblclick()
        page.get_by_text("The staff of the site will look at it.").wait_for()
        reports = client.get("/api/reports").json()["data"]
        assert [(one["reason"], one["target_type"]) for one in reports] == [("privacy", "stream")]
        page.goto(f"{show.weir.web}/nobody_at_all")
        page.get_by_test_id("not-found").get_by_role("link").wait_for()
        check_axe(page)


@own_thread
def test_words_of_people_are_words_however_they_look(show: Show) -> None:
    nasty = "<b>x</b> Z" + "\u0300\u0301" * 4 + "W" * 100
    panel = {
        "title": "<i>me</i>",
        "text": "**bold** <script>alert(1)</script> [x](javascript:alert(1))",
        "link": None,
    }
    show.set(title=nasty, panels=[panel])
    try:
        with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
            page = context.new_page()
            watch(page, show.page)
            assert page.get_by_test_id("title").inner_text() == nasty
            assert page.get_by_role("heading", name="<i>me</i>").is_visible()
            assert page.locator("article strong").inner_text() == "bold"
            assert page.locator("article a, article script").count() == 0
            check_width(page)
    finally:
        show.set(title="Building a dam", panels=[])
