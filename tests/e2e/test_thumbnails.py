"""An encoder publishes, and some seconds later the home page shows what it shows; garbage and a killed child change nothing."""

import io
import json
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.browser import chromium_page, own_thread
from tests.e2e.harness import FFMPEG_NEW, Encoder, Weir, fetch_status, get, poll

pytestmark = pytest.mark.real

RED_THEN_BLUE = "color=red:size=640x360:rate=25:duration=10[a];color=blue:size=640x360:rate=25:duration=190[b];[a][b]concat"


@pytest.fixture
def paint() -> Iterator[Callable[[str, str], subprocess.Popen[bytes]]]:
    """Publish one colour with a keyframe a second."""
    started: list[subprocess.Popen[bytes]] = []

    def start(url: str, picture: str) -> subprocess.Popen[bytes]:
        options = "-t 200 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -f flv"
        command = [FFMPEG_NEW, "-v", "error", "-re", "-f", "lavfi", "-i", picture, *options.split(), url]
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def streams(weir: Weir) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(get(f"{weir.web}/api/streams")[1])["data"]
    return found


def thumbnail(weir: Weir, *, other_than: str | None = None) -> str | None:
    """Address of the picture of what is live, once there is another one."""
    found = next((stream.get("thumbnail_url") for stream in streams(weir)), None)
    return None if found == other_than else found


def colour(url: str) -> tuple[int, int, int]:
    """Mean of a picture, which must be a thumbnail."""
    with urllib.request.urlopen(url, timeout=15) as answer:
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert "immutable" in answer.headers["Cache-Control"]
        picture = Image.open(io.BytesIO(answer.read()))
    assert picture.size == (440, 248)
    red, green, blue = np.asarray(picture.convert("RGB")).reshape(-1, 3).mean(axis=0)
    return int(red), int(green), int(blue)


def metric(weir: Weir, name: str) -> float:
    (line,) = [line for line in get(f"{weir.hls}/metrics")[1].splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


def child(weir: Weir) -> psutil.Process | None:
    children = psutil.Process(weir.process.pid).children()
    return next((one for one in children if "weir.thumbnail_child" in one.cmdline()), None)


def test_a_live_stream_has_a_new_picture_every_twenty_seconds_though_its_maker_was_killed(
    weir_factory: Callable[..., Weir], paint: Callable[[str, str], subprocess.Popen[bytes]]
) -> None:
    weir = weir_factory()
    paint(f"{weir.rtmp}/{weir.key}", RED_THEN_BLUE)
    first = poll("a picture", lambda: thumbnail(weir), 30)
    assert isinstance(first, str)
    red, green, blue = colour(first)
    assert red > 200
    assert max(green, blue) < 60

    maker = child(weir)
    assert maker is not None
    assert maker.nice() >= 10
    maker.send_signal(signal.SIGKILL)
    second = poll("another one", lambda: thumbnail(weir, other_than=first), 90)
    assert isinstance(second, str)
    red, green, blue = colour(second)
    assert blue > 200
    assert max(red, green) < 60
    assert metric(weir, "weir_thumbnails_child_deaths_total") == 1


def test_without_video_there_is_no_picture_and_at_the_end_the_last_one_stays(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory(WEIR_RECONNECT_GRACE_S="1")
    encoder = publish(f"{weir.rtmp}/{weir.key}")
    picture = poll("a picture", lambda: thumbnail(weir), 30)
    encoder.quit()
    poll("offline", lambda: not streams(weir), 20)
    assert fetch_status(str(picture)) == 200


@own_thread
def test_the_home_page_shows_the_picture(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory(command="demo")
    with chromium_page() as page:
        page.goto(weir.web)
        card = page.get_by_test_id("live").get_by_role("listitem").filter(has_text="Demo")
        card.wait_for(timeout=30_000)
        image = card.locator("img")
        image.wait_for(timeout=60_000)
        page.wait_for_function(
            "() => document.querySelector('.thumb img').naturalWidth === 440", timeout=30_000
        )
        assert image.get_attribute("alt") == "Demo, live"
        assert image.get_attribute("loading") == "lazy"
        shown = Image.open(io.BytesIO(image.screenshot())).convert("RGB")
    middle = np.asarray(shown)[: shown.height // 2, shown.width // 3 : shown.width // 2].mean(axis=(0, 1))
    assert middle[0] > 60, "an evening sky, not the dark of the page"
