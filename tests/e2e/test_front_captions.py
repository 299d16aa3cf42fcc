"""Captions that come inside the picture, as viewers see them: a real encoder's H.264 with CEA-608, the real server, Chromium."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Locator, Page, expect

from tests.browser import chromium, own_thread
from tests.e2e.captions import Caption, caption_file
from tests.e2e.front_show import START_S, Show, go_back, live_show, plays, watch
from tests.e2e.front_site import DESKTOP, HANDHELD, check_axe, context_of
from tests.e2e.harness import poll, start_encoder

pytestmark = pytest.mark.real

CLIP_S = 60
EVERY_S = 4
MARKUP = "<b>1 & 2</b>"
SHOWN = """() => [...document.querySelector('video').textTracks].filter(track => track.mode === 'showing')
    .flatMap(track => [...track.activeCues]).map(cue => ({text: cue.getCueAsHTML().textContent, since: cue.startTime}))"""
SAYS_ANOTHER = f"before => ({SHOWN})().some(cue => /^Second \\d+\\n/.test(cue.text) && cue.text !== before)"

PAUSE_WHILE_SHOWN = f"""() => new Promise(done => {{
    const look = () => ({SHOWN})().length ? (document.querySelector('video').pause(), done()) : setTimeout(look, 20);
    look();
}})"""


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> Iterator[Show]:
    """Every other caption comes as broadcasters send them, every other one as OBS does."""
    captions = [
        Caption(at, at + EVERY_S - 1, (f"Second {at}", MARKUP), at_once=as_obs, behind=as_obs)
        for at in range(EVERY_S, CLIP_S - EVERY_S, EVERY_S)
        for as_obs in [at % (2 * EVERY_S) == 0]
    ]
    directory = tmp_path_factory.mktemp("captions")
    with live_show(directory, caption_file(clip, directory / "captions.mp4", captions, fps=30)) as found:
        yield found


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Captions", exact=True)


def caption(page: Page, after: str = "") -> dict[str, Any]:
    """Wait for a caption that is shown, and is another one than that."""
    page.wait_for_function(SAYS_ANOTHER, arg=after, timeout=START_S * 1000)
    shown: list[dict[str, Any]] = page.evaluate(SHOWN)
    return shown[0] if shown else caption(page, after)


def picture(page: Page) -> Image.Image:
    """The player as it is seen above its buttons and bar, once nothing moves there any more."""
    stage = page.get_by_test_id("player").bounding_box()
    buttons = button(page).bounding_box()
    assert stage is not None
    assert buttons is not None
    clip = {
        "x": stage["x"],
        "y": stage["y"],
        "width": stage["width"],
        "height": buttons["y"] - 28 - stage["y"],
    }
    seen = [b""]

    def stands_still() -> bool:
        seen.append(page.screenshot(clip=clip))  # type: ignore[arg-type]  # a FloatRect
        return seen[-1] == seen[-2]

    poll("the picture stands still", stands_still)
    return Image.open(io.BytesIO(seen[-1])).convert("RGB")


@own_thread
def test_captions_are_offered_shown_in_step_and_remembered(show: Show) -> None:
    with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
        page = context.new_page()
        watch(page, show.page)
        expect(button(page)).to_have_attribute("aria-pressed", "false", timeout=START_S * 1000)
        assert page.evaluate(SHOWN) == []
        check_axe(page)
        page.keyboard.press("c")
        expect(button(page)).to_have_attribute("aria-pressed", "true")

        offsets, text = [], ""
        for _ in range(3):
            found = caption(page, text)
            text = found["text"]
            second, _, below = text.partition("\n")
            assert below == MARKUP, "text, whatever is in it"
            offsets.append(found["since"] - int(second.removeprefix("Second ")))
        for offset in offsets[1:]:  # the file begins anew after a minute
            behind = (offset - offsets[0]) % CLIP_S
            assert min(behind, CLIP_S - behind) < 0.3, offsets

        page.reload()
        plays(page)
        caption(page)
        expect(button(page)).to_have_attribute("aria-pressed", "true")
        go_back(page)
        caption(page)
        button(page).click()
        expect(button(page)).to_have_attribute("aria-pressed", "false")
        assert page.evaluate(SHOWN) == []
        page.reload()
        plays(page)
        expect(button(page)).to_have_attribute("aria-pressed", "false", timeout=START_S * 1000)


@pytest.mark.parametrize("device", [{"viewport": DESKTOP}, HANDHELD], ids=["desk", "phone"])
@own_thread
def test_captions_are_drawn_above_the_buttons_and_large_enough(show: Show, device: dict[str, Any]) -> None:
    with chromium() as browser, context_of(browser, show.weir.web, **device) as context:
        page = context.new_page()
        watch(page, show.page)
        expect(button(page)).to_be_visible(timeout=START_S * 1000)
        page.keyboard.press("c")
        caption(page)
        page.evaluate(PAUSE_WHILE_SHOWN)
        page.get_by_role("button", name="Play", exact=True).wait_for()
        with_text = picture(page)
        page.keyboard.press("c")
        expect(button(page)).to_have_attribute("aria-pressed", "false")
        without = picture(page)
        drawn = ImageChops.difference(with_text, without).getbbox()
        assert drawn is not None
        left, top, right, bottom = drawn
        assert left > 0.05 * without.width
        assert 0.1 * without.width < right - left < 0.5 * without.width
        assert bottom - top > 28, "two lines of 14 pixels"
        assert top > 0.4 * without.height
        assert bottom < without.height


@own_thread
def test_where_no_captions_are_there_is_no_button(show: Show, clip: Path) -> None:
    ben = show.person("ben")
    key = ben.post("/api/channels/ben/keys", json={}).json()["data"][0]["stream_key"]
    encoder = start_encoder(f"{show.weir.rtmp}/{key}", clip)
    try:
        with chromium() as browser, context_of(browser, show.weir.web, viewport=DESKTOP) as context:
            page = context.new_page()
            watch(page, f"{show.weir.web}/ben")
            page.wait_for_function("() => document.querySelector('video').currentTime > 5")
            page.get_by_test_id("player").hover()
            expect(page.get_by_role("button", name="Full screen")).to_be_visible()
            assert button(page).count() == 0
            page.keyboard.press("c")
            assert page.evaluate("() => document.querySelector('video').textTracks.length") == 0
    finally:
        encoder.kill()
