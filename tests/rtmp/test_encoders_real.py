"""Real encoders publish to a real socket: ffmpeg 5 from Debian, ffmpeg 9, and FFmpeg's library inside PyAV."""

import subprocess
import sys
from functools import partial
from itertools import pairwise

import pytest
import trio

from common.ingest import StreamMetadata
from common.media import AudioConfig, Packet, Track, VideoConfig
from tests.rtmp.encoders import FFMPEGS, check_two_seconds, encode, ffmpeg, publish
from tests.rtmp.recorder import UNKNOWN_KEY
from tests.rtmp.site import running

pytestmark = pytest.mark.real


@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_publishes_and_says_good_bye(which: str) -> None:
    async with running() as site:
        publication = await publish(site, encode(ffmpeg(which), f"{site.url}/live/KEY"))
    assert publication.ended == [True]
    check_two_seconds(publication)
    (request,) = site.gate.requests
    assert (request.app, request.key, request.address) == ("live", "KEY", "127.0.0.1")
    assert "Lavf" in request.encoder
    assert (site.stats.undecodable_total, site.stats.protocol_errors_total) == (0, 0)


@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_shows_why_it_was_rejected(which: str) -> None:
    async with running() as site:
        result = await trio.run_process(
            encode(ffmpeg(which), f"{site.url}/live/WRONG"), check=False, capture_stderr=True
        )
    assert result.returncode != 0
    assert UNKNOWN_KEY in result.stderr.decode()
    assert site.stats.rejected_total == 1


@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_shows_why_it_was_ended(which: str) -> None:
    async with running() as site, trio.open_nursery() as nursery:
        run = partial(
            trio.run_process,
            encode(ffmpeg(which), f"{site.url}/live/KEY", live=True),
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        process = await nursery.start(run)
        publication = await site.gate.wait_publication()
        publication.revoke("Your stream key was revoked.")
        shown = b""
        async with process.stderr:
            async for piece in process.stderr:
                shown += piece
        await process.wait()
    assert process.returncode != 0
    assert b"Your stream key was revoked." in shown
    assert publication.ended == [False]


@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_as_a_player_checks_our_digests_and_learns_that_there_is_nothing_to_play(
    which: str,
) -> None:
    command = [ffmpeg(which), "-hide_banner", "-loglevel", "error", "-nostdin", "-i"]
    async with running() as site:
        result = await trio.run_process([*command, f"{site.url}/live/KEY"], check=False, capture_stderr=True)
    # It would say "Server response validating failed" first.
    assert b"Server error: This server only takes streams in" in result.stderr
    assert b"validating" not in result.stderr


async def test_killed_ffmpeg_leaves_uncleanly() -> None:
    async with running() as site, trio.open_nursery() as nursery:
        command = encode(ffmpeg("bundled"), f"{site.url}/live/KEY", live=True)
        process = await nursery.start(partial(trio.run_process, command, check=False))
        publication = await site.gate.wait_publication()
        process.kill()
        await publication.over.wait()
    assert publication.ended == [False]


async def test_ffmpeg_with_a_codec_that_cannot_be_used_still_publishes_its_sound() -> None:
    options = ("-c:v", "flv1", "-bf", "0")
    async with running() as site:
        publication = await publish(site, encode(ffmpeg("bundled"), f"{site.url}/live/KEY", *options))
    assert publication.of(VideoConfig) == []
    assert len(publication.of(AudioConfig)) == 1
    assert {packet.track for packet in publication.of(Packet)} == {Track.AUDIO}
    assert site.stats.undecodable_total == 0


SPELLINGS = {
    "key as the last component": ("/live/KEY", "live"),
    "two components of app": ("/live/eu/KEY", "live/eu"),
    "query behind the app": ("/live?user=u&pass=p/KEY", "live"),
    "query behind the key": ("/live/KEY?user=u&pass=p", "live"),
    "slash behind the key": ("/live/KEY/", "live"),
    "FLV file name": ("/live/KEY.flv", "live"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_s_way_to_take_a_url_apart_leads_to_the_key(which: str, spelling: str) -> None:
    path, app = SPELLINGS[spelling]
    async with running() as site:
        publication = await publish(site, encode(ffmpeg(which), site.url + path, "-frames:v", "3"))
    assert publication.ended == [True]
    (request,) = site.gate.requests
    assert (request.app, request.key) == (app, "KEY")


@pytest.mark.parametrize(
    ("path", "told"),
    [("/KEY", ("KEY", "")), ("/live/mp4:KEY", ("live", "mp4:KEY")), ("/live/KEY%41", ("live", "KEY%41"))],
    ids=["only an app", "prefix of a file format", "escaped letter"],
)
async def test_spellings_that_name_no_key_are_told_to_the_platform_as_they_are(
    path: str, told: tuple[str, str]
) -> None:
    async with running() as site:
        await trio.run_process(encode(ffmpeg("bundled"), site.url + path), check=False, capture_stderr=True)
    (request,) = site.gate.requests
    assert (request.app, request.key) == told
    assert site.stats.rejected_total == 1


async def test_ffmpeg_that_announces_enhanced_codecs_publishes_as_ever() -> None:
    async with running() as site:
        options = ("-rtmp_enhanced_codecs", "hvc1,av01,vp09")
        publication = await publish(site, encode(ffmpeg("bundled"), f"{site.url}/live/KEY", *options))
    assert publication.ended == [True]
    check_two_seconds(publication)


@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_without_metadata_and_without_an_end_of_sequence(which: str) -> None:
    async with running() as site:
        options = ("-flvflags", "no_metadata+no_duration_filesize+no_sequence_end")
        publication = await publish(site, encode(ffmpeg(which), f"{site.url}/live/KEY", *options))
    assert publication.ended == [True]
    assert publication.of(StreamMetadata) == []
    assert len(publication.of(Packet)) > 150


@pytest.mark.parametrize(
    ("offset_s", "wraps"),
    [(16_776, 1 << 24), (2_147_471, 1 << 31), (4_294_954, 1 << 31)],
    ids=["after 4.7 hours", "after 24.9 days", "after 49.7 days"],
)
@pytest.mark.parametrize("which", FFMPEGS)
async def test_ffmpeg_s_clock_goes_on_after(which: str, offset_s: int, wraps: int) -> None:
    """Extended timestamps begin at 2^24 ms, and ffmpeg's clock starts over at 2^31 ms, so twice in 49.7 days."""
    async with running() as site:
        options = ("-t", "15", "-output_ts_offset", str(offset_s))
        publication = await publish(site, encode(ffmpeg(which), f"{site.url}/live/KEY", *options))
    assert (publication.ended, site.stats.undecodable_total) == ([True], 0)
    for track, step_ms in [(Track.VIDEO, 34), (Track.AUDIO, 22)]:
        times = [packet.dts // 90 for packet in publication.of(Packet) if packet.track is track]
        assert times[0] < wraps < times[-1]
        assert {after - before for before, after in pairwise(times)} == {step_ms, step_ms - 1}


PYAV = """
import sys
import av
import numpy as np

with av.open(sys.argv[1], "w", format="flv") as container:
    video = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "g": "30", "bf": "2"})
    video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
    audio = container.add_stream("aac", rate=48000, layout="stereo")
    picture = np.zeros((180, 320, 3), dtype=np.uint8)
    for index in range(60):
        picture[:, index * 5 : index * 5 + 20] = 255
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = index
        container.mux(video.encode(frame))
    for index in range(94):
        sound = av.AudioFrame.from_ndarray(np.zeros((2, 1024), dtype=np.float32), format="fltp", layout="stereo")
        sound.sample_rate, sound.pts = 48000, index * 1024
        container.mux(audio.encode(sound))
    container.mux(video.encode(None))
    container.mux(audio.encode(None))
"""
"""A program of its own: PyAV keeps the interpreter lock while it connects, and the server is in this process."""


async def publish_with_pyav(url: str) -> subprocess.CompletedProcess[bytes]:
    return await trio.run_process([sys.executable, "-c", PYAV, url], check=False, capture_stderr=True)


async def test_pyav_publishes_and_says_good_bye() -> None:
    async with running() as site:
        assert (await publish_with_pyav(f"{site.url}/live/KEY")).returncode == 0
        (publication,) = site.gate.publications
        await publication.over.wait()
    assert publication.ended == [True]
    check_two_seconds(publication)


async def test_pyav_learns_that_it_was_rejected() -> None:
    async with running() as site:
        result = await publish_with_pyav(f"{site.url}/live/WRONG")
    assert b"PermissionError" in result.stderr
    assert site.stats.rejected_total == 1
