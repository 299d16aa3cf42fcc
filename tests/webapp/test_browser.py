"""The built pages in a real browser, over the real server and PostgreSQL, with plain HLS from a file."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import imageio_ffmpeg
import pytest
import trio

from common.auth import Authenticator
from common.db import migrate, open_database
from common.serving import open_listeners
from tests.browser import chromium, chromium_page, own_thread
from tests.webapp.conftest import FlakyDatabase, local_urls, put_channel
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


class LiveSite:
    """A site in a Trio run of its own, which a test asks from outside: playwright's API blocks its thread."""

    def __init__(self, address: str, database: FlakyDatabase) -> None:
        self.address = address
        self.database = database
        self._token = trio.lowlevel.current_trio_token()

    def put(self, login: str, *, live: bool = True, title: str = "", started: datetime | None = None) -> None:
        """Make a channel, or change it."""
        put = partial(put_channel, self.database, login, live=live, title=title, started=started)
        trio.from_thread.run(put, trio_token=self._token)


@contextmanager
def in_thread(dsn: str, hls: str) -> Iterator[LiveSite]:
    """Serve in a thread."""
    started = threading.Event()
    found: list[LiveSite] = []
    control: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def serve() -> None:
        stop = trio.Event()
        control.append((trio.lowlevel.current_trio_token(), stop))
        async with open_database(dsn, wait_s=10) as real, trio.open_nursery() as nursery:
            await migrate(real)
            database = FlakyDatabase(real)
            listeners = await open_listeners("127.0.0.1", 0)
            app = create_app(
                database=database,
                auth=Authenticator(database),
                urls=local_urls(hls=hls),
                front_end=load_front_end(BUILT),
                metrics=lambda: b"",
            )
            await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=1))
            port = listeners[0].socket.getsockname()[1]
            found.append(LiveSite(f"http://127.0.0.1:{port}", database))
            started.set()

    def target() -> None:
        try:
            trio.run(serve)
        finally:
            started.set()

    thread = threading.Thread(target=target)
    thread.start()
    assert started.wait(30)
    try:
        assert found, "the server did not start"
        yield found[0]
    finally:
        token, stop = control[0]
        with suppress(trio.RunFinishedError):
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
def site(database_dsn: str, media: str) -> Iterator[LiveSite]:
    with in_thread(database_dsn, media) as found:
        yield found


@own_thread
def test_live_channels_are_listed_and_lead_to_their_pages(site: LiveSite) -> None:
    with chromium_page() as page:
        site.put("anna", title="<b>Speed</b>run", started=datetime.now(UTC) - timedelta(hours=1, minutes=2))
        site.put("berta", live=False)
        page.goto(site.address)
        card = page.get_by_test_id("live").get_by_role("listitem")
        card.wait_for()
        assert "<b>Speed</b>run" in card.inner_text(), "titles are text, never markup"
        assert "1:02:" in card.inner_text()
        assert page.get_by_text("Berta").count() == 0
        card.get_by_role("link", name="Anna").click()
        page.wait_for_url(f"{site.address}/anna")


@own_thread
def test_an_empty_site_tells_how_to_go_live(site: LiveSite) -> None:
    with chromium_page() as page:
        page.goto(site.address)
        page.get_by_text("Nobody is live right now").wait_for()
        assert "rtmp://127.0.0.1:1935/live" in page.get_by_test_id("empty").inner_text()


@own_thread
def test_the_page_plays_and_says_when_it_is_over(site: LiveSite) -> None:
    with chromium_page() as page:
        site.put("anna", title="Hello")
        page.goto(f"{site.address}/anna")
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 1")
        assert page.get_by_test_id("title").inner_text() == "Hello"
        assert page.get_by_test_id("badge").is_visible()
        state = page.evaluate(
            "() => ({...window.__weir, state: window.__weir.state, mode: window.__weir.mode})"
        )
        assert (state["state"], state["mode"]) == ("playing", "low-latency")
        site.put("anna", live=False)
        page.get_by_text("The stream has ended").wait_for(timeout=30_000)


@own_thread
def test_keys_pause_and_mute(site: LiveSite) -> None:
    with chromium_page() as page:
        site.put("anna")
        page.goto(f"{site.address}/anna")
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")
        page.keyboard.press("k")
        page.wait_for_function("() => document.querySelector('video')?.paused")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        page.keyboard.press("k")
        page.wait_for_function("() => !document.querySelector('video').paused")
        page.keyboard.press("m")
        page.get_by_role("button", name="Unmute", exact=True).wait_for()


@own_thread
def test_a_browser_that_blocks_sound_plays_muted_and_offers_to_unmute(site: LiveSite) -> None:
    site.put("anna")
    with chromium_page() as page:
        page.add_init_script(BLOCK_SOUND)  # headless Chromium does not block it by itself
        page.goto(f"{site.address}/anna")
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.2")
        assert page.evaluate("() => document.querySelector('video')?.muted")
        page.get_by_text("Tap to unmute").click()
        assert not page.evaluate("() => document.querySelector('video')?.muted")


@own_thread
def test_only_one_player_of_a_browser_is_low_latency_and_the_next_takes_over(site: LiveSite) -> None:
    site.put("anna")
    with chromium() as browser:
        context = browser.new_context()
        first, second = context.new_page(), context.new_page()
        for page, mode in ((first, "low-latency"), (second, "normal")):
            page.goto(f"{site.address}/anna")
            page.wait_for_function("mode => window.__weir?.mode === mode", arg=mode)
        first.close()
        second.wait_for_function("() => window.__weir.mode === 'low-latency'")


@own_thread
def test_an_offline_channel_starts_by_itself(site: LiveSite) -> None:
    with chromium_page() as page:
        site.put("anna", live=False)
        page.goto(f"{site.address}/anna")
        page.get_by_text("Anna is offline").wait_for()
        site.put("anna")
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.5", timeout=30_000)


@own_thread
def test_an_unknown_channel_is_said_to_be_unknown(site: LiveSite) -> None:
    with chromium_page() as page:
        response = page.goto(f"{site.address}/nobody")
        assert response is not None
        assert response.status == 404
        page.get_by_text("There is no channel called nobody").wait_for()


@own_thread
def test_the_stream_plays_while_the_database_is_away(site: LiveSite) -> None:
    with chromium_page() as page:
        site.database.away = True
        page.goto(f"{site.address}/anna")
        page.get_by_text("The server does not answer").wait_for()
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 0.5")
        site.database.away = False
        site.put("anna", title="Back")
        page.get_by_role("heading", name="Back").wait_for(timeout=30_000)
        assert not page.get_by_text("The server does not answer").is_visible()


@own_thread
def test_both_pages_fit_a_phone(site: LiveSite) -> None:
    with chromium_page() as page:
        site.put("anna", title="A title that is much longer than a phone is wide, as titles are")
        page.set_viewport_size({"width": 360, "height": 740})
        for path in ("/", "/anna"):
            page.goto(site.address + path)
            page.get_by_text("A title").wait_for()
            assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
