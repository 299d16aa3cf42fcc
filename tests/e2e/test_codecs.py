"""Enhanced RTMP to LL-HLS on real input: ffmpeg publishes each codec, ffprobe reads it, Chromium plays what it can."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page, own_thread
from tests.e2e.harness import FFMPEG_DEBIAN, FFMPEG_NEW, Encoder, Weir, get, poll, start_encoder, start_weir

pytestmark = pytest.mark.real

FFPROBE = "/usr/bin/ffprobe"
WIDTH, HEIGHT, CLIP_S = 320, 180, 40

ENCODERS = {
    "h264": ["libx264", "-preset", "ultrafast"],
    "hevc": ["libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=2"],
    "av1": ["libsvtav1", "-preset", "12"],
    "vp9": ["libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k"],
    "aac": ["aac"],
    "opus": ["libopus", "-b:a", "96k"],
    "flac": ["flac"],
    "ac3": ["ac3"],
    "eac3": ["eac3"],
}
CODECS = {
    "h264": r"avc1\.[0-9a-f]{6}",
    "hevc": r"hvc1\.1\.6\.L\d+\.90",
    "av1": r"av01\.0\.\d\dM\.08",
    "vp9": r"vp09\.00\.\d\d\.08",
    "aac": r"mp4a\.40\.2",
    "opus": "Opus",
    "flac": "fLaC",
    "ac3": "ac-3",
    "eac3": "ec-3",
}
"""What RFC 6381 strings look like; ffprobe's names are the keys."""

PAIRS = [
    ("hevc", "aac"),
    ("av1", "opus"),
    ("vp9", "opus"),
    ("h264", "flac"),
    ("h264", "ac3"),
    ("hevc", "eac3"),
]
IN_CHROMIUM = [("av1", "opus"), ("vp9", "opus"), ("h264", "flac")]


@dataclass
class Channel:
    """One that is live with two codecs."""

    weir: Weir
    login: str

    @property
    def playlist(self) -> str:
        return f"{self.weir.hls}/hls/{self.login}/index.m3u8"

    @property
    def page(self) -> str:
        return f"{self.weir.web}/{self.login}"


@pytest.fixture(scope="module")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weir]:
    started = start_weir(tmp_path_factory.mktemp("codecs") / "data")
    yield started
    started.discard()


@pytest.fixture(scope="module")
def clip_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    directory = tmp_path_factory.mktemp("clips")

    @cache
    def encode(video: str, audio: str) -> Path:
        path = directory / f"{video}_{audio}.mp4"
        picture = f"testsrc2=size={WIDTH}x{HEIGHT}:rate=30"
        subprocess.run(
            [
                *(FFMPEG_NEW, "-v", "error", "-f", "lavfi", "-i", picture),
                *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", str(CLIP_S)),
                *("-pix_fmt", "yuv420p", "-g", "60", "-ac", "2"),
                *("-c:v", *ENCODERS[video], "-c:a", *ENCODERS[audio], str(path)),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return path

    return encode


@pytest.fixture
def live(weir: Weir, clip_of: Callable[[str, str], Path]) -> Iterator[Callable[[str, str], Channel]]:
    """Publishes two codecs to a channel of their own, until the test ends."""
    encoders: list[Encoder] = []

    def publish(video: str, audio: str) -> Channel:
        login = f"{video}_{audio}"
        weir.cli("user", "add", login)  # another test may have added it
        key = weir.cli("key", "create", login).stdout.strip()
        encoders.append(start_encoder(f"{weir.rtmp}/{key}", clip_of(video, audio)))
        channel = Channel(weir, login)
        poll(f"{login} is live", lambda: get(channel.playlist)[0] == 200, 30)
        return channel

    yield publish
    for encoder in encoders:
        encoder.kill()


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_ffprobe_names_the_codecs_and_ffmpeg_decodes_them(
    pair: tuple[str, str], live: Callable[[str, str], Channel]
) -> None:
    channel = live(*pair)
    text = get(channel.playlist)[1]
    with_video, alone = re.findall(r'CODECS="([^"]+)"', text)
    video, audio = (CODECS[name] for name in pair)
    assert re.fullmatch(f"{video},{audio}", with_video), with_video
    assert re.fullmatch(audio, alone), alone
    assert f"RESOLUTION={WIDTH}x{HEIGHT},FRAME-RATE=30.000" in text

    fields = "stream=codec_name,codec_tag_string,width,height,sample_rate,channels"
    command = [FFPROBE, "-v", "error", "-show_entries", fields, "-of", "json", channel.playlist]
    probed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = {stream["codec_name"]: stream for stream in json.loads(probed.stdout)["streams"]}
    assert set(found) == set(pair)
    assert found[pair[0]]["codec_tag_string"] == with_video.split(",")[0].split(".")[0], "hvc1, never hev1"
    assert (found[pair[0]]["width"], found[pair[0]]["height"]) == (WIDTH, HEIGHT)
    assert (found[pair[1]]["sample_rate"], found[pair[1]]["channels"]) == ("48000", 2)

    for ffmpeg in (FFMPEG_NEW, FFMPEG_DEBIAN):
        command = [ffmpeg, "-v", "error", "-i", channel.playlist, "-t", "3", "-f", "null", "-"]
        decoded = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (decoded.returncode, decoded.stderr) == (0, "")


PLAYED = """() => { const video = document.querySelector('video');
  return video === null ? [0, 0, 0, 0, 0, null] : [video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames, video.webkitAudioDecodedByteCount,
    video.videoWidth, video.videoHeight, video.error && video.error.message] }"""


def see_and_hear(page: Page) -> None:
    """Picture and sound both go on, at the right size."""
    poll("the picture has its size", lambda: page.evaluate(PLAYED)[3:] == [WIDTH, HEIGHT, None], 40)
    before = page.evaluate(PLAYED)

    def goes_on() -> bool:
        page.wait_for_timeout(250)
        return all(
            now > was + more
            for now, was, more in zip(page.evaluate(PLAYED), before, (3, 60, 0), strict=False)
        )

    poll("three seconds of picture and sound", goes_on, 30)
    assert page.evaluate(PLAYED)[5] is None


@pytest.mark.parametrize("pair", IN_CHROMIUM, ids="+".join)
@own_thread
def test_the_watch_page_plays_it(pair: tuple[str, str], live: Callable[[str, str], Channel]) -> None:
    channel = live(*pair)
    with chromium_page() as page:
        page.goto(channel.page)
        see_and_hear(page)
        assert page.locator(".overlay:visible").count() == 0
        assert page.evaluate("() => window.__weir.restarts") == 0


@own_thread
def test_the_watch_page_says_that_the_browser_cannot_play_hevc(live: Callable[[str, str], Channel]) -> None:
    channel = live("hevc", "aac")
    with chromium_page() as page:
        page.goto(channel.page)
        page.get_by_text("This browser cannot play HEVC video").wait_for(timeout=30_000)
        poll("the sound plays", lambda: page.evaluate(PLAYED)[0] > 1, 30)
        assert page.get_by_text("You hear the sound only").is_visible()
        assert page.locator(".spinner").is_hidden()


@own_thread
def test_the_watch_page_names_sound_that_keeps_it_from_playing_anything(
    live: Callable[[str, str], Channel],
) -> None:
    channel = live("h264", "ac3")
    with chromium_page() as page:
        page.goto(channel.page)
        page.get_by_text("This browser cannot play AC-3 sound").wait_for(timeout=30_000)
        assert page.locator(".spinner").is_hidden()


@own_thread
def test_the_picture_comes_when_the_streamer_comes_back_with_a_codec_that_the_browser_knows(
    weir: Weir, clip_of: Callable[[str, str], Path]
) -> None:
    """HEVC, then AV1, in one broadcast, in front of one page."""
    weir.cli("user", "add", "changes")
    key = weir.cli("key", "create", "changes").stdout.strip()
    channel = Channel(weir, "changes")
    clips = clip_of("hevc", "aac"), clip_of("av1", "opus")
    encoder = start_encoder(f"{weir.rtmp}/{key}", clips[0])
    try:
        poll("live", lambda: get(channel.playlist)[0] == 200, 30)
        with chromium_page() as page:
            page.goto(channel.page)
            page.get_by_text("This browser cannot play HEVC video").wait_for(timeout=30_000)
            encoder.kill()
            encoder = start_encoder(f"{weir.rtmp}/{key}", clips[1])
            see_and_hear(page)
            assert page.locator(".overlay:visible").count() == 0
    finally:
        encoder.kill()
