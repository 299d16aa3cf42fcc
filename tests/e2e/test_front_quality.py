"""What the menu of the player offers, in Chromium: what a stream has, and nothing else; what was chosen stays chosen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_show import START_S, Show, goes_on, live_show, plays, watch
from tests.e2e.front_site import DESKTOP, check_axe, context_of

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Show]:
    with live_show(tmp_path_factory.mktemp("quality"), clip) as found:
        yield found


def check_offered(page: Page, *names: str, chosen: str) -> None:
    """The qualities in the menu, in this order, one of which is marked."""
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("menuitemradio")).to_have_text(names)
    expect(page.get_by_role("menuitemradio", checked=True)).to_have_text([chosen])
    check_axe(page)
    page.keyboard.press("Escape")


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("menuitemradio", name=name, exact=True).click()


@own_thread
def test_a_stream_that_is_sent_in_one_quality_offers_no_choice(show: Show) -> None:
    with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
        page = context.new_page()
        watch(page, show.page)
        expect(page.get_by_role("button", name="Settings, Quality: 360p")).to_be_visible()
        check_offered(page, "360p, as it is sent", chosen="360p, as it is sent")
        page.evaluate("() => localStorage.setItem('weir-quality', '1080')")  # of another channel
        page.reload()
        plays(page)
        check_offered(page, "360p, as it is sent", chosen="360p, as it is sent")
        choose(page, "360p, as it is sent")
        goes_on(page)
        assert page.evaluate("() => localStorage.getItem('weir-quality')") == "1080"


def offer_a_second(context: BrowserContext) -> list[str]:
    """Let the list of variants name the picture once more, as one with fewer lines; give which of both is asked for.

    The server makes no renditions, so this is the way to have two: the media is real, and the same.
    """

    def answer(route: Route) -> None:
        response = route.fetch()
        text = response.text()
        lines = text.splitlines()
        at = next(number for number, line in enumerate(lines) if "RESOLUTION=640x360" in line)
        smaller = re.sub(r"BANDWIDTH=\d+", "BANDWIDTH=100000", lines[at]).replace("640x360", "320x180")
        route.fulfill(response=response, body="\n".join([text, smaller, f"{lines[at + 1]}?smaller=1", ""]))

    asked: list[str] = []
    context.route("**/hls/anna/index.m3u8", answer)
    context.on(
        "request", lambda request: asked.append(request.url) if "/video/index.m3u8" in request.url else None
    )
    return asked


@own_thread
def test_of_several_qualities_the_one_that_was_chosen_is_played_and_stays_chosen(show: Show) -> None:
    with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
        asked = offer_a_second(context)
        page = context.new_page()

        def only_asks_for(*, smaller: bool) -> None:
            """Wait until nothing but this one has been asked for for a while."""
            name = "180p" if smaller else "360p"
            expect(page.get_by_role("button", name=f"Settings, Quality: {name}")).to_be_visible(
                timeout=START_S * 1000
            )
            goes_on(page)
            asked.clear()
            goes_on(page)
            goes_on(page)
            assert {"smaller=1" in url for url in asked} == {smaller}

        watch(page, show.page)
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("menuitemradio")).to_have_text([re.compile(r"^Automatic"), "360p", "180p"])
        page.keyboard.press("Escape")
        for name, smaller in (("180p", True), ("360p", False), ("180p", True)):
            choose(page, name)
            only_asks_for(smaller=smaller)
            check_offered(page, "Automatic", "360p", "180p", chosen=name)
        page.reload()
        plays(page)
        only_asks_for(smaller=True)
        check_offered(page, "Automatic", "360p", "180p", chosen="180p")
        choose(page, "Automatic")
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("menuitemradio", checked=True)).to_have_text([re.compile(r"^Automatic \(")])
        assert page.evaluate("() => localStorage.getItem('weir-quality')") is None
