"""The built pages in a real browser, over the real server, with live data from memory and plain HLS from a file."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import imageio_ffmpeg
import pytest
import trio
from quart_trio import QuartTrio

from common.serving import open_listeners
from tests.browser import chromium, chromium_page, own_thread
from tests.webapp.conftest import MemoryDirectory, local_urls
from webapp.app import create_app
from webapp.server import serve_web
from webapp.static_files import load_front_end

pytestmark = pytest.mark.real

BLOCK_SOUND = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  return this.muted ? play.call(this) : Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
};
"""
BUILT = Path(__file__).parents[2] / "webapp" / "static"


@contextmanager
def in_thread(app: QuartTrio) -> Iterator[str]:
    """Serve in a thread of its own: playwright's API blocks this one."""
    started = threading.Event()
    address: list[str] = []
    handle: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def serve() -> None:
        stop = trio.Event()
        listeners = await open_listeners("127.0.0.1", 0)
        address.append(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}")
        handle.append((trio.lowlevel.current_trio_token(), stop))
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=1))
            started.set()

    thread = threading.Thread(target=trio.run, args=(serve,))
    thread.start()
    assert started.wait(30)
    try:
        yield address[0]
    finally:
        token, stop = handle[0]
        token.run_sync_soon(stop.set)
        thread.join(30)
        assert not thread.is_alive()


class MediaHandler(SimpleHTTPRequestHandler):
    """Files with the headers that players on other origins need."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A channel `anna` that ends after six seconds, as HLS files on another origin."""
    root = tmp_path_factory.mktemp("media")
    out = root / "hls" / "anna"
    out.mkdir(parents=True)
    source = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x180:rate=25",
        "-f",
        "lavfi",
        "-i",
        "sine=sample_rate=48000",
    ]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    hls = ["-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *source, "-t", "6", *coding, *hls]
    subprocess.run(
        [*command, "-master_pl_name", "index.m3u8", "media.m3u8"], cwd=out, check=True, timeout=120
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(MediaHandler, directory=root))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(directory: MemoryDirectory, media: str) -> Iterator[str]:
    app = create_app(
        directory=directory,
        urls=local_urls(hls=media),
        front_end=load_front_end(BUILT),
        metrics=lambda: b"",
    )
    with in_thread(app) as address:
        yield address


@own_thread
def test_live_channels_are_listed_and_lead_to_their_pages(site: str, directory: MemoryDirectory) -> None:
    with chromium_page() as page:
        directory.add(
            "anna", title="<b>Speed</b>run", started=datetime.now(UTC) - timedelta(hours=1, minutes=2)
        )
        directory.add("berta", live=False)
        page.goto(site)
        card = page.get_by_role("link", name="Anna")
        card.wait_for()
        assert "<b>Speed</b>run" in card.inner_text(), "titles are text, never markup"
        assert "1:02:" in card.inner_text()
        assert page.get_by_text("Berta").count() == 0
        card.click()
        page.wait_for_url(f"{site}/anna")


@own_thread
def test_an_empty_site_tells_how_to_go_live(site: str) -> None:
    with chromium_page() as page:
        page.goto(site)
        page.get_by_text("Nobody is live right now").wait_for()
        assert "rtmp://127.0.0.1:1935/live" in page.get_by_test_id("empty").inner_text()


@own_thread
def test_the_page_plays_and_says_when_it_is_over(site: str, directory: MemoryDirectory) -> None:
    with chromium_page() as page:
        directory.add("anna", title="Hello")
        page.goto(f"{site}/anna")
        page.wait_for_function("() => document.querySelector('video').currentTime > 1")
        assert page.get_by_test_id("title").inner_text() == "Hello"
        assert page.get_by_test_id("badge").is_visible()
        state = page.evaluate(
            "() => ({...window.__weir, state: window.__weir.state, mode: window.__weir.mode})"
        )
        assert (state["state"], state["mode"]) == ("playing", "low-latency")
        directory.add("anna", live=False)
        page.get_by_text("The stream has ended").wait_for(timeout=30_000)


@own_thread
def test_keys_pause_and_mute(site: str, directory: MemoryDirectory) -> None:
    with chromium_page() as page:
        directory.add("anna")
        page.goto(f"{site}/anna")
        page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
        page.keyboard.press("k")
        page.wait_for_function("() => document.querySelector('video').paused")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        page.keyboard.press("k")
        page.wait_for_function("() => !document.querySelector('video').paused")
        page.keyboard.press("m")
        page.get_by_role("button", name="Unmute", exact=True).wait_for()


@own_thread
def test_a_browser_that_blocks_sound_plays_muted_and_offers_to_unmute(
    site: str, directory: MemoryDirectory
) -> None:
    directory.add("anna")
    with chromium_page() as page:
        page.add_init_script(BLOCK_SOUND)  # headless Chromium does not block it by itself
        page.goto(f"{site}/anna")
        page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
        assert page.evaluate("() => document.querySelector('video').muted")
        page.get_by_text("Tap to unmute").click()
        assert not page.evaluate("() => document.querySelector('video').muted")


@own_thread
def test_only_one_player_of_a_browser_is_low_latency_and_the_next_takes_over(
    site: str, directory: MemoryDirectory
) -> None:
    directory.add("anna")
    with chromium() as browser:
        context = browser.new_context()
        first, second = context.new_page(), context.new_page()
        for page, mode in ((first, "low-latency"), (second, "normal")):
            page.goto(f"{site}/anna")
            page.wait_for_function("mode => window.__weir?.mode === mode", arg=mode)
        first.close()
        second.wait_for_function("() => window.__weir.mode === 'low-latency'")


@own_thread
def test_an_offline_channel_starts_by_itself(site: str, directory: MemoryDirectory) -> None:
    with chromium_page() as page:
        directory.add("anna", live=False)
        page.goto(f"{site}/anna")
        page.get_by_text("Anna is offline").wait_for()
        directory.add("anna")
        page.wait_for_function("() => document.querySelector('video').currentTime > 0.5", timeout=30_000)


@own_thread
def test_an_unknown_channel_is_said_to_be_unknown(site: str) -> None:
    with chromium_page() as page:
        response = page.goto(f"{site}/nobody")
        assert response is not None
        assert response.status == 404
        page.get_by_text("There is no channel called nobody").wait_for()


@own_thread
def test_the_stream_plays_while_the_database_is_away(site: str, directory: MemoryDirectory) -> None:
    with chromium_page() as page:
        directory.away = True
        page.goto(f"{site}/anna")
        page.get_by_text("The database is away").wait_for()
        page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")
        directory.away = False
        directory.add("anna", title="Back")
        page.get_by_role("heading", name="Back").wait_for(timeout=30_000)
        assert not page.get_by_text("The database is away").is_visible()


@own_thread
def test_both_pages_fit_a_phone(site: str, directory: MemoryDirectory) -> None:
    with chromium_page() as page:
        directory.add("anna", title="A title that is much longer than a phone is wide, as titles are")
        page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/", "/anna"):
            page.goto(site + path)
            page.get_by_text("A title").wait_for()
            assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
