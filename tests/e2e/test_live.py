"""The main job on real input: ffmpeg publishes with a key, a browser plays it, SIGTERM ends all of it."""

import os
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page, own_thread
from tests.e2e.harness import FFMPEG_DEBIAN, FFMPEG_NEW, Encoder, Weir, get, left_over, poll

pytestmark = pytest.mark.real

PROGRESS = """() => { const video = document.querySelector('video');
  return video && video.videoWidth ? [video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames] : null }"""


def playing(page: Page) -> bool:
    """True when the picture moves: time and decoded frames both grow within half a second."""
    before = page.evaluate(PROGRESS)
    page.wait_for_timeout(500)
    after = page.evaluate(PROGRESS)
    return bool(before and after and after[0] > before[0] and after[1] > before[1])


@pytest.mark.parametrize("ffmpeg", [FFMPEG_NEW, FFMPEG_DEBIAN], ids=["ffmpeg 9.0", "Debian's ffmpeg"])
@own_thread
def test_ffmpeg_to_chromium_and_a_clean_end(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], ffmpeg: str
) -> None:
    weir = weir_factory(first=True)
    encoder = publish(f"{weir.rtmp}/{weir.key}", ffmpeg=ffmpeg)
    with chromium_page() as page:
        watch_to_the_end(page, weir, encoder)
    processes = weir.processes()
    assert len(processes) > 2, "the server and the database with its workers"
    assert weir.stop() == 0
    assert left_over(processes) == []


def watch_to_the_end(page: Page, weir: Weir, encoder: Encoder) -> None:
    page.goto(f"{weir.web}/streamer")
    poll("the picture moves", lambda: playing(page), 30)
    latency = float(page.evaluate("() => window.__weir.latency_s"))
    assert 0 < latency < 5

    encoder.quit()
    poll(
        "the page says that the stream is over",
        lambda: page.get_by_text("ended").is_visible() or page.get_by_text("offline").is_visible(),
        15,
    )


def test_a_plain_player_plays_the_same_url(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory()
    publish(f"{weir.rtmp}/{weir.key}")
    url = f"{weir.hls}/hls/streamer/index.m3u8"
    poll("the multivariant playlist", lambda: get(url)[0] == 200, 30)
    decoded = subprocess.run(
        [FFMPEG_DEBIAN, "-v", "error", "-i", url, "-t", "4", "-f", "null", "-"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (decoded.returncode, decoded.stderr) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the database as another user")
def test_root_with_everything_below_a_private_directory(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], private_dir: Path
) -> None:
    weir = weir_factory(data_dir=private_dir / "data", first=True)
    publish(f"{weir.rtmp}/{weir.key}")
    poll("live", lambda: get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 200, 30)
    assert private_dir.stat().st_mode & 0o777 == 0o700
    assert weir.stop() == 0


def test_a_wrong_key_is_refused_in_words_that_ffmpeg_prints(
    weir_factory: Callable[..., Weir], clip: Path
) -> None:
    weir = weir_factory()
    for ffmpeg in (FFMPEG_NEW, FFMPEG_DEBIAN):
        refused = subprocess.run(
            [
                ffmpeg,
                "-re",
                "-i",
                str(clip),
                "-c",
                "copy",
                "-f",
                "flv",
                f"{weir.rtmp}/live_wrong_key_of_somebody",
            ],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert refused.returncode != 0
        assert "stream key is not known" in refused.stderr


def test_a_revoked_key_ends_its_publisher_within_a_second(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory()
    assert weir.cli("user", "add", "berta").returncode == 0
    key = weir.cli("key", "create", "berta").stdout.strip()
    encoder = publish(f"{weir.rtmp}/{key}")
    live = f"{weir.web}/api/streams"
    poll("berta is live", lambda: '"user_login":"berta"' in get(live)[1].replace(" ", ""), 20)
    listing = weir.cli("key", "list", "berta").stdout
    key_id = next(word for word in listing.replace("│", " ").split() if word.isdigit())
    assert weir.cli("key", "revoke", "berta", key_id).returncode == 0
    poll("the publisher is gone", lambda: encoder.process.poll() is not None, 20)
    poll("berta is offline", lambda: "berta" not in get(live)[1], 20)


def test_a_second_server_on_the_same_data_is_refused_in_words(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory()
    second = weir.cli("serve")
    assert second.returncode == 1
    assert "already" in second.stderr
    assert "Traceback" not in second.stderr
    assert get(f"{weir.web}/healthz")[0] == 200


@own_thread
def test_the_demo_is_live_at_once_and_leaves_nothing(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory(command="demo")
    with chromium_page() as page:
        page.goto(weir.find(r"(http://\S+/demo)"))
        poll("the demo moves", lambda: playing(page), 30)
    processes = weir.processes()
    assert weir.stop() == 0
    assert left_over(processes) == []


def test_both_listeners_tell_their_health_and_numbers(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory()
    for base in (weir.web, weir.hls):
        assert get(f"{base}/healthz")[0] == 200
        status, page = get(f"{base}/metrics")
        assert status == 200
        assert "weir_loop_lag_seconds" in page
    assert urllib.parse.urlsplit(weir.hls).hostname == "127.0.0.1"
    assert shutil.which(FFMPEG_DEBIAN)
