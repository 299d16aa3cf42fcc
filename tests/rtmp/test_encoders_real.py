"""Real encoders publish to a real socket: ffmpeg 5 from Debian, ffmpeg 9, and FFmpeg's library inside PyAV."""

import shutil
import subprocess
import sys
from functools import partial
from itertools import pairwise

import av
import imageio_ffmpeg
import pytest
import trio

from common.ingest import StreamMetadata
from common.media import AudioConfig, Packet, Track, VideoConfig
from tests.rtmp.recorder import UNKNOWN_KEY, RecordingPublication
from tests.rtmp.site import running

pytestmark = pytest.mark.real

FFMPEGS = [imageio_ffmpeg.get_ffmpeg_exe(), *filter(None, [shutil.which("ffmpeg")])]
"""The one of the test environment, and Debian's where it is installed."""


def encode(exe: str, url: str, *options: str, live: bool = False) -> list[str]:
    """A command that publishes two seconds as fast as it can, or a minute in real time."""
    pace = ["-re"] if live else []
    return [
        exe, "-hide_banner", "-loglevel", "error", "-nostdin",
        *pace, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30",
        *pace, "-f", "lavfi", "-i", "sine=440:r=48000",
        "-t", "60" if live else "2",
        "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "30", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-ac", "2",
        *options, "-f", "flv", url,
    ]  # fmt: skip


def check_two_seconds(publication: RecordingPublication) -> None:
    (video,) = publication.of(VideoConfig)
    (audio,) = publication.of(AudioConfig)
    assert (video.width, video.height) == (320, 180)
    assert (audio.sample_rate, audio.channels, audio.rfc6381) == (48000, 2, "mp4a.40.2")
    assert publication.of(StreamMetadata)[0].values["width"] == 320
    packets = publication.of(Packet)
    pictures = [packet for packet in packets if packet.track is Track.VIDEO]
    sounds = [packet for packet in packets if packet.track is Track.AUDIO]
    assert len(pictures) == 60
    assert 92 <= len(sounds) <= 96
    assert [index for index, packet in enumerate(pictures) if packet.keyframe] == [0, 30]
    steps = {after.dts - before.dts for before, after in pairwise(pictures)}
    assert steps <= {33 * 90, 34 * 90}
    assert any(packet.pts > packet.dts for packet in pictures)
    assert_decodable(video, audio, pictures, sounds)


def assert_decodable(
    video: VideoConfig, audio: AudioConfig, pictures: list[Packet], sounds: list[Packet]
) -> None:
    """Give every byte to a decoder: nothing was lost or moved on the way."""
    h264 = av.VideoCodecContext.create("h264", "r")
    h264.extradata = video.extradata
    shown = [frame for packet in pictures for frame in h264.decode(av.Packet(packet.data))] + h264.decode(
        None
    )
    assert len(shown) == len(pictures)
    aac = av.AudioCodecContext.create("aac", "r")
    aac.extradata = audio.extradata
    heard = [frame for packet in sounds for frame in aac.decode(av.Packet(packet.data))] + aac.decode(None)
    assert len(heard) >= len(sounds) - 1


@pytest.mark.parametrize("exe", FFMPEGS, ids=["bundled", "installed"][: len(FFMPEGS)])
async def test_ffmpeg_publishes_and_says_good_bye(exe: str) -> None:
    async with running() as site:
        await trio.run_process(encode(exe, f"{site.url}/live/KEY"))
        (publication,) = site.gate.publications
        await publication.over.wait()
    assert publication.ended == [True]
    check_two_seconds(publication)
    (request,) = site.gate.requests
    assert (request.app, request.key, request.address) == ("live", "KEY", "127.0.0.1")
    assert "Lavf" in request.encoder
    assert (site.stats.undecodable_total, site.stats.protocol_errors_total) == (0, 0)


@pytest.mark.parametrize("exe", FFMPEGS, ids=["bundled", "installed"][: len(FFMPEGS)])
async def test_ffmpeg_shows_why_it_was_rejected(exe: str) -> None:
    async with running() as site:
        result = await trio.run_process(
            encode(exe, f"{site.url}/live/WRONG"), check=False, capture_stderr=True
        )
    assert result.returncode != 0
    assert UNKNOWN_KEY in result.stderr.decode()
    assert site.stats.rejected_total == 1


@pytest.mark.parametrize("exe", FFMPEGS, ids=["bundled", "installed"][: len(FFMPEGS)])
async def test_ffmpeg_shows_why_it_was_ended(exe: str) -> None:
    async with running() as site, trio.open_nursery() as nursery:
        run = partial(
            trio.run_process,
            encode(exe, f"{site.url}/live/KEY", live=True),
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


@pytest.mark.parametrize("exe", FFMPEGS, ids=["bundled", "installed"][: len(FFMPEGS)])
async def test_ffmpeg_as_a_player_checks_our_digests_and_learns_that_there_is_nothing_to_play(
    exe: str,
) -> None:
    command = [exe, "-hide_banner", "-loglevel", "error", "-nostdin", "-i"]
    async with running() as site:
        result = await trio.run_process([*command, f"{site.url}/live/KEY"], check=False, capture_stderr=True)
    # It would say "Server response validating failed" first.
    assert b"Server error: This server only takes streams in" in result.stderr
    assert b"validating" not in result.stderr


async def test_killed_ffmpeg_leaves_uncleanly() -> None:
    async with running() as site, trio.open_nursery() as nursery:
        command = encode(imageio_ffmpeg.get_ffmpeg_exe(), f"{site.url}/live/KEY", live=True)
        process = await nursery.start(partial(trio.run_process, command, check=False))
        publication = await site.gate.wait_publication()
        process.kill()
        await publication.over.wait()
    assert publication.ended == [False]


async def test_ffmpeg_with_a_codec_that_cannot_be_used_still_publishes_its_sound() -> None:
    options = ("-c:v", "libx265", "-x265-params", "log-level=none")
    async with running() as site:
        await trio.run_process(encode(imageio_ffmpeg.get_ffmpeg_exe(), f"{site.url}/live/KEY", *options))
        (publication,) = site.gate.publications
        await publication.over.wait()
    assert publication.of(VideoConfig) == []
    assert len(publication.of(AudioConfig)) == 1
    assert {packet.track for packet in publication.of(Packet)} == {Track.AUDIO}
    assert site.stats.undecodable_total == 0


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
