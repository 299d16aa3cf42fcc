"""Viewers are counted: a browser on our page and a player of its own are two, and nobody once they have left."""

import json
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.embedded_pg import cluster_status
from tests.browser import chromium_page, own_thread
from tests.e2e.harness import FFMPEG_DEBIAN, Encoder, Weir, get, poll
from tests.valkey_site import Valkey, valkey

__all__ = ["valkey"]

pytestmark = pytest.mark.real

TTL_S = 9
"""A fifth of what is usual: pages say each 3 s that they play, counts are written each 2 s."""


def live(weir: Weir) -> dict[str, Any]:
    data = json.loads(get(f"{weir.web}/api/streams")[1])["data"]
    return data[0] if data else {}


def viewers(weir: Weir) -> int | None:
    """As the directory has it."""
    count: int | None = live(weir).get("viewer_count")
    return count


def metric(url: str, name: str) -> float:
    (line,) = (line for line in get(f"{url}/metrics")[1].splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


@contextmanager
def ffmpeg_watching(weir: Weir) -> Iterator[None]:
    """A player that is not our page, in real time."""
    url = f"{weir.hls}/hls/streamer/index.m3u8"
    command = [FFMPEG_DEBIAN, "-v", "error", "-re", "-i", url, "-f", "null", "-"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, "it plays to the end"
    finally:
        process.kill()
        process.wait()


@contextmanager
def repeatedly(seconds: float, do: Callable[[], object]) -> Iterator[None]:
    """Do something again and again beside the block."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            do()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@own_thread
def test_a_page_and_a_player_are_two_viewers_and_nobody_is_left_when_they_have_gone(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory(WEIR_VIEWER_TTL_S=str(TTL_S))
    publish(f"{weir.rtmp}/{weir.key}")
    poll("playable", lambda: get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 200, 20)
    assert viewers(weir) == 0
    seen: list[int | None] = []
    with repeatedly(0.3, lambda: seen.append(viewers(weir))), chromium_page() as page, ffmpeg_watching(weir):
        page.goto(f"{weir.web}/streamer")
        poll("both are counted", lambda: viewers(weir) == 2, 20)
        poll("the page shows it", lambda: page.get_by_test_id("viewers").inner_text() == "2 watching", 10)
        until = time.monotonic() + TTL_S  # nobody goes lost, or is found twice
        while time.monotonic() < until:
            page.wait_for_timeout(250)
            assert viewers(weir) == 2
        assert metric(weir.hls, "weir_viewers") == 2
        page.goto(weir.web)
        poll(
            "the card shows the other",
            lambda: page.get_by_test_id("viewers").inner_text() == "1 watching",
            20,
        )
    poll("nobody is left", lambda: viewers(weir) == 0, 60)
    assert max(count or 0 for count in seen) == 2, "never more"


def say(
    web: str, stream: object, page_id: str = "page-0123456789ab", **more: object
) -> tuple[int, dict[str, Any]]:
    """Say that a page plays, as it would itself."""
    body = json.dumps({"id": page_id, **more}).encode()
    request = urllib.request.Request(f"{web}/api/streams/{stream}/presence", body)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_curl_is_a_viewer_by_what_it_says_and_none_for_what_is_not_live(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory(WEIR_VIEWER_TTL_S=str(TTL_S))
    encoder = publish(f"{weir.rtmp}/{weir.key}")
    poll("live", lambda: live(weir), 20)
    stream_id = live(weir)["id"]

    assert say(weir.web, stream_id) == (200, {"viewer_count": 1, "interval_s": TTL_S / 3})
    assert say(weir.web, stream_id, "page-of-somebody-else")[1]["viewer_count"] == 2
    assert say(weir.web, uuid.uuid4())[0] == 404
    poll("counted", lambda: viewers(weir) == 2, 20)
    assert say(weir.web, stream_id, leaving=True)[0] == 200
    poll("one left, by word and by silence", lambda: viewers(weir) == 0, 30)
    encoder.quit()
    poll("over", lambda: not live(weir), 20)
    poll("known to be over", lambda: say(weir.web, stream_id)[0] == 404, 10)


def page_playing(web: str, stream_id: str) -> AbstractContextManager[None]:
    page_id = uuid.uuid4().hex
    return repeatedly(1, lambda: say(web, stream_id, page_id))


def test_viewers_of_two_processes_add_up_and_redis_may_come_and_go(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder], tmp_path: Path, valkey: Valkey
) -> None:
    shared = {"WEIR_REDIS_URL": valkey.url, "WEIR_VIEWER_TTL_S": str(TTL_S)}
    weir = weir_factory(data_dir=tmp_path / "all", **shared)
    status = cluster_status(tmp_path / "all")
    assert status is not None
    assert status.dsn is not None
    second = weir_factory(
        command="serve web",
        data_dir=tmp_path / "web",
        WEIR_DATABASE_URL=status.dsn,
        WEIR_NODE="web-2",
        **shared,
    )
    publish(f"{weir.rtmp}/{weir.key}")
    poll("live", lambda: live(weir), 20)
    stream_id = live(weir)["id"]
    with page_playing(weir.web, stream_id):
        with page_playing(second.web, stream_id):
            poll("both count", lambda: viewers(weir) == 2, 20)
            told = [
                say(web, stream_id, "asks-without-playing", leaving=True) for web in (weir.web, second.web)
            ]
            assert [answer["viewer_count"] for _, answer in told] == [2, 2], "on both"
            assert [metric(one, "weir_viewers") for one in (weir.hls, second.web)] == [1, 1]

            valkey.stop()
            poll("that is told", lambda: "redis is away" in get(f"{second.web}/healthz")[1], 10)
            healthy = [get(f"{url}/healthz") for url in (weir.web, weir.hls, second.web)]
            assert [code for code, _ in healthy] == [200] * 3, "and ends nothing"
            poll("the node counts its own", lambda: viewers(weir) == 1, 30)
            assert metric(weir.hls, "weir_presence_alone") == 1

            valkey.start()
            poll("both count again", lambda: viewers(weir) == 2, 30)
            assert metric(weir.hls, "weir_presence_alone") == 0
            assert metric(second.web, "weir_redis_outages_total") == 1
        assert second.stop() == 0
    poll("nobody is left", lambda: viewers(weir) == 0, 30)
