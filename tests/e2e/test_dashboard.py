"""The streamer's dashboard in Chromium, against a real weir and real encoders."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser import chromium, own_thread
from tests.e2e.front_site import PASSWORD, PHONE, REFUSED, check_axe, check_width, context_of, press, sign_up
from tests.e2e.harness import FFMPEG_NEW, Weir, poll, start_weir

pytestmark = pytest.mark.real

PICTURE = "testsrc2=size=640x360:rate=30"
SOUND = "sine=frequency=440:sample_rate=48000"
KEYFRAME_EACH_8_S = (
    "-c:v libx264 -preset ultrafast -g 240 -keyint_min 240 -b:v 900k -c:a aac -b:a 128k -ac 2 -f flv"
)


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("dashboard") / "data", WEIR_RECONNECT_GRACE_S="3")
    yield started
    started.discard()


@pytest.fixture
def encode() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """An encoder in real time whose keyframes are 8 seconds apart."""
    started: list[subprocess.Popen[bytes]] = []

    def start(url: str) -> subprocess.Popen[bytes]:
        command = [
            FFMPEG_NEW, "-v", "error", "-re", "-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", SOUND, "-t", "200",
            *KEYFRAME_EACH_8_S.split(), url,
        ]  # fmt: skip
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def data_of(context: BrowserContext, path: str) -> list[dict[str, Any]]:
    answer = context.request.get(f"/api{path}")
    assert answer.ok, answer.text()
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def open_page(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Dashboard").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()


@own_thread
def test_a_new_streamer_goes_live_is_advised_and_rotates_the_key(
    weir: Weir, encode: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    with chromium() as browser, context_of(browser, weir.web) as context:
        page = context.new_page()
        page.goto("/signup?next=/dashboard")
        page.get_by_label("Login", exact=True).fill("nora")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(page, "Sign up")
        expect(page.get_by_role("heading", name="You are not live")).to_be_visible()
        check_axe(page)
        for name in ("Past streams", "Activity", "Go live"):
            open_page(page, name)
            check_axe(page)

        waiting = page.get_by_test_id("ingest-state")
        expect(waiting).to_have_attribute("data-state", "waiting")
        page.get_by_role("button", name="Make a stream key", exact=True).dblclick()
        key_field = page.get_by_role("textbox", name="Stream key", exact=True)
        press(page, "Show: Stream key")
        key = key_field.input_value()
        server = page.get_by_label("Server", exact=True).input_value()
        assert [one["last4"] for one in data_of(context, "/channels/nora/keys")] == [key[-4:]]

        encoder = encode(f"{server}/{key}")
        expect(waiting).to_have_attribute("data-state", "live", timeout=60_000)
        expect(page.get_by_role("heading", name="You are live")).to_be_visible()
        # A keyframe each 8 s: told with what to do about it.
        long = page.get_by_test_id("issues").locator("[data-type=gopSizeLong]")
        expect(long).to_contain_text("Keyframes too far apart", timeout=60_000)
        expect(long).to_contain_text("Keyframe Interval = 2")
        check_axe(page)

        open_page(page, "Stream manager")
        expect(page.get_by_test_id("live-state")).to_have_text(re.compile("live", re.IGNORECASE))
        for graph in ("bitrate", "keyframe_interval", "viewers"):
            expect(page.get_by_test_id(f"graph-{graph}").locator("path").last).to_have_attribute(
                "d", re.compile("^M"), timeout=60_000
            )
        expect(page.get_by_test_id("player")).to_have_attribute("data-state", "playing", timeout=60_000)
        check_axe(page)

        open_page(page, "Go live")
        expect(page.get_by_label("Stream key", exact=True)).to_have_count(0)  # it was shown once
        press(page, "Rotate the key")
        dialog = page.get_by_role("dialog", name="Rotate the stream key?")
        expect(dialog).to_contain_text("cut off within a second")
        check_axe(page)
        page.get_by_role("button", name="Rotate now", exact=True).dblclick()
        press(page, "Show: Stream key")
        assert key_field.input_value() not in {"", key}
        poll("the publisher to be cut", lambda: encoder.poll() is not None, 30)
        expect(waiting).not_to_have_attribute("data-state", "live")
        listed = data_of(context, "/channels/nora/keys")
        assert [one["revoked_at"] is None for one in listed] == [True, False]


@own_thread
def test_a_stream_that_is_over_has_graphs_and_a_revoked_key_is_told(
    weir: Weir, encode: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    with chromium() as browser, context_of(browser, weir.web) as context:
        sign_up(context, "rita")
        made = context.request.post("/api/channels/rita/keys", data={"label": "mine"}).json()["data"][0]
        page = context.new_page()
        page.goto("/dashboard/rita/live")
        waiting = page.get_by_test_id("ingest-state")
        encoder = encode(f"{weir.rtmp}/{made['stream_key']}")
        long = page.get_by_test_id("issues").locator("[data-type=gopSizeLong]")
        expect(long).to_be_visible(timeout=60_000)
        assert context.request.delete(f"/api/channels/rita/keys/{made['id']}").ok
        poll("the publisher to be cut", lambda: encoder.poll() is not None, 30)
        expect(waiting).not_to_have_attribute("data-state", re.compile("live|away"))
        encode(f"{weir.rtmp}/{made['stream_key']}")  # as encoders do by themselves
        expect(waiting).to_have_attribute("data-state", "refused")
        check_axe(page)

        open_page(page, "Past streams")
        page.get_by_test_id("past-streams").get_by_role("link").click()
        line = page.get_by_test_id("graph-bitrate").locator("path").last
        expect(line).to_have_attribute("d", re.compile("^M"))
        expect(long).to_be_visible()
        check_axe(page)


@own_thread
def test_what_was_typed_survives_another_editor_and_the_end_of_the_session(weir: Weir) -> None:
    with (
        chromium() as browser,
        context_of(browser, weir.web, expected=(REFUSED,)) as owner,
        context_of(browser, weir.web, expected=(REFUSED,)) as editor,
    ):
        sign_up(owner, "olga")
        sign_up(editor, "edda")
        assert owner.request.put("/api/channels/olga/editors/edda").status == 204
        page = editor.new_page()
        page.goto("/dashboard/olga/stream")
        title = page.get_by_label("Title", exact=True)
        title.fill("Mine")
        page.get_by_label("Tags", exact=True).fill("cosy, retro ")
        assert owner.request.patch("/api/channels/olga", data={"title": "Theirs", "tags": []}).ok
        page.get_by_role("button", name="Save", exact=True).dblclick()  # as if nobody looked
        others = page.get_by_test_id("others")
        expect(others).to_contain_text("“Theirs”")
        check_axe(page)
        assert data_of(owner, "/channels/olga")[0]["title"] == "Theirs"
        press(page, "Keep mine: Title")

        assert editor.request.delete("/api/sessions/current").status == 204
        press(page, "Save")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Password", exact=True).fill(PASSWORD)
        dialog.get_by_role("button", name="Log in", exact=True).click()
        expect(dialog).to_have_count(0)
        expect(title).to_have_value("Mine")
        press(page, "Save")
        expect(page.get_by_text("Saved. Viewers see it now.")).to_be_visible()
        [channel] = data_of(owner, "/channels/olga")
        assert (channel["title"], channel["tags"]) == ("Mine", ["cosy", "retro"])

        # And a role that is taken while the page is open.
        title.fill("Not any more")
        assert owner.request.delete("/api/channels/olga/editors/edda").status == 204
        press(page, "Save")
        expect(page.get_by_role("heading", name="You may not do this any more")).to_be_visible()
        check_axe(page)
        page.get_by_role("link", name="To your own dashboard").click()
        expect(page).to_have_url(re.compile("/dashboard/edda/stream$"))


HOURS_8 = 8 * 3600
BEGAN = 1_790_000_000
NAMES = ("viewers", "chatters", "messages", "bitrate", "fps", "keyframe_interval", "dropped")


def eight_hours(route: Route) -> None:
    """Answer as the server does for a broadcast of eight hours, with as many points as it gives at most."""
    points = [[BEGAN + HOURS_8 * index // 1000, (index * 7919) % 500] for index in range(1000)]
    series = [{"name": name, "unit": "", "points": points} for name in NAMES]
    times = {"started_at": "2026-09-21T13:33:20Z", "ended_at": "2026-09-21T21:33:20Z"}
    whole = {"data": series, "stream_id": "", **times}
    route.fulfill(status=200, content_type="application/json", body=json.dumps(whole))


STOPWATCH = """() => {
  const look = () => {
    const [answer] = performance.getEntriesByType("resource").filter((one) => one.name.includes("/series"));
    if (answer && document.querySelectorAll("figure svg path[d^=M]").length >= 14) {
      requestAnimationFrame(() => setTimeout(() => {
        document.documentElement.dataset.drawnMs = performance.now() - answer.responseEnd;
      }));
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
}"""
"""From the last byte of the answer until everything is painted: reading it, thinning, drawing."""


@own_thread
def test_docks_and_the_graphs_of_a_long_stream(weir: Weir) -> None:
    stream = "01990000-0000-7000-8000-000000000001"
    with chromium() as browser, context_of(browser, weir.web, expected=(REFUSED,), viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/popout/petra/health")
        expect(page.get_by_role("link", name="Log in")).to_be_visible()
        sign_up(context, "petra")
        page.goto("/popout/petra/health")
        expect(page.get_by_role("heading", name="Offline")).to_be_visible()
        check_axe(page)
        with context_of(browser, weir.web) as other:
            sign_up(other, "paul")
            assert other.request.put("/api/channels/petra/followers/me", data={"notify": False}).ok
        page.goto("/popout/petra/activity")
        expect(page.get_by_test_id("activity")).to_contain_text("paul follows")
        check_axe(page)
        for path in ("stream", "live", "streams", "activity"):
            page.goto(f"/dashboard/petra/{path}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            check_width(page)

        page.route("**/series?*", eight_hours)
        page.add_init_script(f"({STOPWATCH})()")
        page.goto(f"/dashboard/petra/streams?stream={stream}")
        drawn = page.locator("html[data-drawn-ms]")
        drawn.wait_for(state="attached")
        print(f"graphs of eight hours drawn in {float(drawn.get_attribute('data-drawn-ms') or 0):.0f} ms")
        page.get_by_test_id("graph-viewers").get_by_text("As a table").click()
        expect(page.get_by_test_id("graph-viewers").get_by_role("row")).to_have_count(13)
        check_axe(page)
