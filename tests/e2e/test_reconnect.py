"""An encoder that dies: within the grace the same broadcast goes on, after it the stream is over."""

import re
from collections.abc import Callable

import pytest

from tests.browser import chromium_page, own_thread
from tests.e2e.harness import Encoder, Weir, fetch_status, get, poll
from tests.e2e.test_live import PROGRESS, playing

pytestmark = pytest.mark.real


def media_playlist(weir: Weir) -> str:
    """Address of the video rendition's playlist, from the multivariant one."""
    status, text = get(f"{weir.hls}/hls/streamer/index.m3u8")
    assert status == 200, text
    name = next(line for line in text.splitlines() if line and not line.startswith("#") and "video" in line)
    return f"{weir.hls}/hls/streamer/{name}"


@own_thread
def test_the_watching_player_goes_on_when_the_encoder_returns_in_time(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory()
    url = f"{weir.rtmp}/{weir.key}"
    encoder = publish(url)
    with chromium_page() as page:
        page.goto(f"{weir.web}/streamer")
        poll("the picture moves", lambda: playing(page), 30)
        playlist = media_playlist(weir)
        loads: list[str] = []
        page.on("framenavigated", lambda frame: loads.append(frame.url))

        encoder.kill()
        poll("GAP parts", lambda: "GAP" in get(playlist)[1], 10)
        before = page.evaluate(PROGRESS)[0]
        publish(url)
        poll("the picture moves again", lambda: playing(page) and page.evaluate(PROGRESS)[0] > before + 1, 30)
        assert loads == []
        assert media_playlist(weir) == playlist, "the same broadcast"
        assert "#EXT-X-GAP" in get(playlist)[1]
        assert "#EXT-X-ENDLIST" not in get(playlist)[1]


def test_after_the_grace_the_stream_has_ended(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    weir = weir_factory(WEIR_RECONNECT_GRACE_S="2")
    encoder = publish(f"{weir.rtmp}/{weir.key}")
    poll("live", lambda: get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 200, 30)
    playlist = media_playlist(weir)
    encoder.kill()
    poll("ENDLIST", lambda: "#EXT-X-ENDLIST" in get(playlist)[1], 15)
    assert get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 404
    poll("offline", lambda: '"data":[]' in get(f"{weir.web}/api/streams")[1].replace(" ", ""), 20)
    first = re.findall(r"^s\d+\.m4s$", get(playlist)[1], re.MULTILINE)[0]
    assert fetch_status(f"{playlist.rpartition('/')[0]}/{first}") == 200, (
        "what viewers have begun to watch stays"
    )
