"""What happens to a viewer: the encoder reconnects, the network stops, the tab sleeps, the server starts anew.

Each time the page must be back at its target latency within ten seconds, without being loaded again. The seconds are
those of the page: it counts the turns that its 50 ms timer got. On a machine that is busy with other things the page gets
fewer turns and the server and the encoder fewer of theirs, so the count does not grow with the load as the clock does,
and only a deadline that is no part of the claim looks at the clock. Nothing here sleeps: how long something lasts is
read off the stream, which goes on at the server.
"""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Page

from bench.slow_line import RunningLine, slow_line, unused_port
from tests.browser import chromium_page, own_thread
from tests.e2e.harness import FFMPEG_NEW, Encoder, Weir, get, poll, start_encoder

pytestmark = pytest.mark.real

BACK_S = 10
DEADLINE_S = 60

RECORDER = """() => {
  const TICK_S = 0.05, HELD = 20;
  let count = 0, held = 0, base = null;
  const atTarget = (now) => now.state === 'playing' && now.following && now.margin_s !== null &&
    Math.abs(now.margin_s - now.target_s) < 0.3 &&
    (base === null || now.latency_s < base.latency_s + (now.target_s - base.target_s) + 0.6);
  window.__recorder = {
    back_s: null,
    begin: () => { count = 0; held = 0; window.__recorder.back_s = null; },
    keep: () => { base = {...window.__weir}; },
  };
  setInterval(() => {
    count += 1;
    held = window.__weir && atTarget(window.__weir) ? held + 1 : 0;
    if (held === HELD) window.__recorder.back_s ??= (count - HELD) * TICK_S;
  }, TICK_S * 1000);
}"""


@dataclass
class Watching:
    """A page that plays a channel, and all that can go wrong for it."""

    page: Page
    weir: Weir
    line: RunningLine
    origin: str
    """The media port without the line."""

    def state(self) -> dict[str, Any]:
        """What the player says of itself."""
        return dict(self.page.evaluate("() => ({...JSON.parse(JSON.stringify(window.__weir))})"))

    def show(self, *, hidden: bool) -> None:
        """Another tab is in front, or this one again: headless browsers have no such thing, so the page is told."""
        self.page.evaluate(
            """(hidden) => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
            document.dispatchEvent(new Event('visibilitychange')); }""",
            hidden,
        )

    def stall_for(self, parts: int) -> None:
        """The network of the viewer is away while the stream goes on for so many parts."""
        self.line.stall()
        self.let_the_stream_go_on(parts)
        self.line.resume()

    def begin(self) -> None:
        """Count from here on."""
        self.page.evaluate("() => window.__recorder.begin()")

    def back_at_target(self, after: str) -> float:
        """Wait until the player has held its target for a second; page seconds until that second began."""
        read = "() => window.__recorder.back_s === null ? null : [window.__recorder.back_s]"
        try:
            answer = poll(f"at target after {after}", lambda: self.page.evaluate(read), DEADLINE_S)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.state()}") from None
        assert isinstance(answer, list)
        back_s = float(answer[0])
        print(f"{after}: back at target after {back_s:.1f} s of the page")
        assert back_s <= BACK_S, after
        return back_s

    def media_playlist(self) -> str:
        """The playlist of the live video, as it is at the server."""
        status, text = get(f"{self.origin}/hls/streamer/index.m3u8")
        names = [line for line in text.splitlines() if "/video/" in line and not line.startswith("#")]
        return get(f"{self.origin}/hls/streamer/{names[0]}")[1] if status == 200 and names else ""

    def let_the_stream_go_on(self, parts: int) -> None:
        """Wait until the server has so many more parts, a third of a second each."""
        first = newest_part(self.media_playlist())
        poll("the stream goes on", lambda: newest_part(self.media_playlist()) >= first + parts, DEADLINE_S)


def newest_part(playlist: str) -> int:
    """Number of the newest part; -1 if there is none."""
    return max(map(int, re.findall(r'PART:.*?URI="p(\d+)\.m4s"', playlist)), default=-1)


def oldest_part(playlist: str) -> int:
    """Number that the first part of the oldest segment listed had, at six parts a segment."""
    found = re.search(r"^s(\d+)\.m4s$", playlist, re.MULTILINE)
    return 6 * int(found[1]) if found else -1


def ends_with_media(playlist: str) -> bool:
    """The newest part is no gap."""
    parts = re.findall(r"#EXT-X-PART:.*", playlist)
    return bool(parts) and "GAP" not in parts[-1]


@contextmanager
def suspended(*kinds: str) -> Iterator[None]:
    """Stop the processes of the browser whose command line holds one of these; all of them without any."""
    browsers = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.name().startswith("chrom")
        and (not kinds or any(kind in " ".join(process.cmdline()) for kind in kinds))
    ]
    assert browsers
    for process in browsers:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in browsers:
            process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same minute of video as different encoders send it."""
    directory = tmp_path_factory.mktemp("clips")
    h264 = ("-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0")
    kinds = {
        "large": ("640x360", *h264, "-g", "60", "-c:a", "aac"),
        "small": ("320x180", *h264, "-g", "60", "-c:a", "aac"),
        "av1": ("320x180", "-c:v", "libsvtav1", "-preset", "12", "-g", "60", "-c:a", "libopus"),
        "gop of 250": ("320x180", *h264, "-g", "250", "-c:a", "aac"),
    }
    made = {}
    for name, (size, *encode) in kinds.items():
        made[name] = directory / f"{name}.mp4"
        source = (
            "-f",
            "lavfi",
            "-i",
            f"testsrc2=size={size}:rate=30",
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440",
        )
        output = ("-t", "50", "-pix_fmt", "yuv420p", "-ar", "48000", "-ac", "2", *encode, str(made[name]))
        subprocess.run(
            [FFMPEG_NEW, "-v", "error", *source, *output], check=True, capture_output=True, timeout=120
        )
    return made


class OneEncoder:
    """The streamer's only encoder: another one takes the place of the last."""

    def __init__(self) -> None:
        self._running: Encoder | None = None

    def stop(self) -> None:
        """It vanishes without good-bye."""
        if self._running is not None:
            self._running.kill()
        self._running = None

    def publish(self, weir: Weir, key: str, clip: Path) -> None:
        self.stop()
        self._running = start_encoder(f"{weir.rtmp}/{key}", clip)


@pytest.fixture
def encoder() -> Iterator[OneEncoder]:
    one = OneEncoder()
    yield one
    one.stop()


@contextmanager
def watching(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clip: Path, **settings: str
) -> Iterator[Watching]:
    """A page at its target latency, its media over a line that can be stopped."""
    hls_port = unused_port()
    with slow_line("127.0.0.1", hls_port) as line:
        public = f"http://127.0.0.1:{line.port}"
        weir = weir_factory(WEIR_HLS_PORT=str(hls_port), WEIR_PUBLIC_HLS_URL=public, **settings)
        encoder.publish(weir, weir.key, clip)
        with chromium_page() as page:
            loads: list[str] = []
            page.goto(f"{weir.web}/streamer")
            page.on("framenavigated", lambda frame: loads.append(frame.url))
            page.evaluate(RECORDER)
            scene = Watching(page, weir, line, f"http://127.0.0.1:{hls_port}")
            scene.back_at_target("the start")
            page.evaluate("() => window.__recorder.keep()")
            yield scene
            assert loads == [], "nobody loaded the page again"


def encoder_returns(scene: Watching, encoder: OneEncoder, clip: Path) -> None:
    """The encoder vanishes for a few parts and another one comes back with the same key."""
    encoder.stop()
    poll("GAP parts", lambda: not ends_with_media(scene.media_playlist()), DEADLINE_S)
    scene.let_the_stream_go_on(3)
    encoder.publish(scene.weir, scene.weir.key, clip)
    poll("the encoder is back", lambda: ends_with_media(scene.media_playlist()), DEADLINE_S)
    scene.begin()


def origin_restarts(
    scene: Watching, weir_factory: Callable[..., Weir], encoder: OneEncoder, clip: Path
) -> None:
    """The server is killed and started again on its ports and data; the encoder connects anew: another broadcast."""
    weir, old = scene.weir, scene.media_playlist()
    key, data_dir = weir.key, Path(weir.environment["WEIR_DATA_DIR"])
    ports = {
        name: value.rpartition(":")[2].split("/")[0]
        for name, value in (("WEB", weir.web), ("RTMP", weir.rtmp))
    }
    settings = {f"WEIR_{name}_PORT": port for name, port in ports.items()}
    for name in ("WEIR_HLS_PORT", "WEIR_PUBLIC_HLS_URL"):
        settings[name] = weir.environment[name]
    weir.process.kill()
    weir.process.wait()
    scene.weir = weir_factory(data_dir=data_dir, **settings)
    encoder.publish(scene.weir, key, clip)
    poll("the new broadcast", lambda: newest_part(scene.media_playlist()) >= 0, DEADLINE_S)
    assert scene.media_playlist() != old
    scene.begin()


@own_thread
def test_a_viewer_is_back_at_live_after_whatever_happens(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clips: dict[str, Path]
) -> None:
    with watching(weir_factory, encoder, clips["large"]) as scene:
        encoder_returns(scene, encoder, clips["small"])
        scene.back_at_target("an encoder that came back with another size")
        assert scene.page.evaluate("() => document.querySelector('video').videoWidth") == 320

        scene.stall_for(9)
        scene.begin()
        scene.back_at_target("three seconds without network")

        with suspended("--type=renderer"):
            scene.let_the_stream_go_on(24)
        scene.begin()
        scene.back_at_target("a suspended tab")

        origin_restarts(scene, weir_factory, encoder, clips["large"])
        scene.back_at_target("a restart of the server")
        assert scene.page.evaluate("() => document.querySelector('video').videoWidth") == 640


@own_thread
def test_viewers_follow_an_encoder_that_changes_its_codecs(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clips: dict[str, Path]
) -> None:
    with watching(weir_factory, encoder, clips["large"]) as scene:
        encoder_returns(scene, encoder, clips["av1"])
        scene.back_at_target("H.264 and AAC became AV1 and Opus")
        encoder_returns(scene, encoder, clips["large"])
        scene.back_at_target("and again H.264 and AAC")
        encoder_returns(scene, encoder, clips["large"])
        scene.back_at_target("an encoder that came back as it was")


@own_thread
def test_a_viewer_is_left_where_they_paused_until_they_ask_for_live(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clips: dict[str, Path]
) -> None:
    with watching(weir_factory, encoder, clips["small"]) as scene:
        scene.page.keyboard.press("k")
        poll("paused", lambda: scene.state()["state"] == "paused", DEADLINE_S)
        paused = scene.state()
        scene.let_the_stream_go_on(24)
        assert scene.state()["position_s"] == paused["position_s"]
        scene.page.keyboard.press("k")
        poll("it goes on", lambda: scene.state()["position_s"] > paused["position_s"] + 1, DEADLINE_S)
        after = scene.state()
        assert after["seeks"] == paused["seeks"]
        assert not after["following"]
        assert after["latency_s"] > 5
        scene.begin()
        scene.page.get_by_text("behind live").click()
        scene.back_at_target("a click on `behind live`")


@own_thread
def test_a_tab_in_the_background_is_back_at_live_when_it_is_looked_at(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clips: dict[str, Path]
) -> None:
    with watching(weir_factory, encoder, clips["small"]) as scene:
        scene.show(hidden=True)
        scene.stall_for(6)
        scene.let_the_stream_go_on(6)
        assert scene.state()["rate"] == 1
        scene.show(hidden=False)
        scene.begin()
        scene.back_at_target("the background")

        browser = scene.page.context.new_cdp_session(scene.page)
        browser.send("Emulation.setCPUThrottlingRate", {"rate": 8})
        scene.let_the_stream_go_on(12)
        browser.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        scene.begin()
        scene.back_at_target("a slow CPU")


@own_thread
def test_a_computer_that_slept_longer_than_the_stream_is_kept(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clips: dict[str, Path]
) -> None:
    with watching(weir_factory, encoder, clips["small"], WEIR_HLS_WINDOW_S="24") as scene:
        asleep_at = newest_part(scene.media_playlist())
        with suspended():
            poll(
                "what the player knew has left the playlist",
                lambda: oldest_part(scene.media_playlist()) > asleep_at + 20,
                DEADLINE_S,
            )
        scene.begin()
        scene.back_at_target("a sleep")


def gone_back(scene: Watching) -> bool:
    """Go back; a player that just then came back to live by itself does not stay there, and is told again."""
    scene.page.evaluate("() => { document.querySelector('video').currentTime -= 6 }")
    try:
        poll("left alone", lambda: not scene.state()["following"], 5)
    except AssertionError:
        return False
    return True


@own_thread
def test_obs_automatic_gop_of_250_frames_holds_through_joins_seeks_and_dips(
    weir_factory: Callable[..., Weir], encoder: OneEncoder, clips: dict[str, Path]
) -> None:
    with watching(weir_factory, encoder, clips["gop of 250"]) as scene:
        for count in range(1, 4):
            poll("left alone", lambda: gone_back(scene), DEADLINE_S)
            scene.let_the_stream_go_on(5)
            scene.begin()
            scene.page.get_by_title("Jump to live").click()
            scene.back_at_target(f"going back {count} times")
            scene.stall_for(3 * count)
            scene.begin()
            scene.back_at_target(f"{count} s without network")
        encoder_returns(scene, encoder, clips["gop of 250"])
        scene.back_at_target("an encoder that came back")
