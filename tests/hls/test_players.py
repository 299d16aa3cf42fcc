"""Plain HLS players: libavformat, the real ffmpeg and streamlink read what a stream shows, without low latency."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from shutil import which

import av
import imageio_ffmpeg
import pytest
import trio

from common.media import MediaConfig, Packet, Track
from hls.answers import PlaylistReady
from tests.hls.live_site import live
from tests.hls.player import Show

Encoded = Callable[[int], tuple[list[MediaConfig], list[Packet]]]

pytestmark = pytest.mark.real


def ffmpegs() -> list[str]:
    return [path for path in (which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe()) if path]


@pytest.fixture(params=[0, 2], ids=["no B-frames", "B-frames"])
def on_disk(request: pytest.FixtureRequest, encoded: Encoded, tmp_path: Path) -> tuple[Path, list[Packet]]:
    """An ended stream as files, in the layout of its URLs."""
    configs, packets = encoded(request.param)
    show = Show(configs)
    show.play(packets)
    show.finish()
    answer = show.stream.multivariant()
    assert isinstance(answer, PlaylistReady)
    (tmp_path / "index.m3u8").write_bytes(answer.plain)
    for name in ("video", "audio"):
        directory = tmp_path / "stream" / name
        directory.mkdir(parents=True)
        (directory / "index.m3u8").write_text(show.playlists[name].text)
        for segment in show.playlists[name].segments:
            (directory / (segment.uri or "")).write_bytes(show.load(name, segment.uri or ""))
            (directory / (segment.init or "")).write_bytes(show.load(name, segment.init or ""))
    return tmp_path / "index.m3u8", packets


def test_libavformat_finds_both_tracks_whole_and_in_sync(on_disk: tuple[Path, list[Packet]]) -> None:
    playlist, packets = on_disk
    read: dict[str, list[float]] = {"video": [], "audio": []}
    for name, times in read.items():
        with av.open(str(playlist), "r") as container:
            stream = next(stream for stream in container.streams if stream.type == name)
            for packet in container.demux(stream):
                if packet.dts is not None and packet.time_base is not None:
                    times.append(float(packet.dts * packet.time_base))
        assert all(a < b for a, b in pairwise(times))
    assert len(read["video"]) == sum(packet.track is Track.VIDEO for packet in packets)
    first = {packet.track: packet for packet in reversed(packets)}
    expected = (first[Track.AUDIO].dts - first[Track.VIDEO].dts) / 90_000
    assert read["audio"][0] - read["video"][0] == pytest.approx(expected, abs=0.025)


@pytest.mark.parametrize("binary", ffmpegs(), ids=lambda path: Path(path).name[:20])
def test_ffmpeg_decodes_everything_without_a_word(binary: str, on_disk: tuple[Path, list[Packet]]) -> None:
    playlist, packets = on_disk
    command = [binary, "-v", "warning", "-xerror", "-i", str(playlist)]
    command += ["-map", "0:v:0", "-map", "0:a:0", "-f", "null", "-stats", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    frames = [int(count) for count in re.findall(r"frame=\s*(\d+)", done.stderr)]
    assert done.returncode == 0, done.stderr
    assert frames[-1] == sum(packet.track is Track.VIDEO for packet in packets)
    assert not [line for line in re.split(r"[\r\n]", done.stderr) if line.strip() and "frame=" not in line]


CYCLE_TICKS = 9 * 90_000
"""Length of `encoded`."""


async def run(*command: str) -> str:
    """Standard error of a player that ends well within a minute."""
    with trio.fail_after(60):
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode()


@pytest.mark.parametrize("start", ["0", "-3"], ids=["from the start", "from the live edge"])
@pytest.mark.parametrize("binary", ffmpegs(), ids=lambda path: Path(path).name[:20])
async def test_ffmpeg_plays_a_live_stream(binary: str, start: str, encoded: Encoded) -> None:
    async with live(*encoded(0), CYCLE_TICKS) as site:
        said = await run(
            *(binary, "-v", "error", "-xerror", "-live_start_index", start, "-i", site.url, "-t", "5"),
            *("-map", "0:v:0", "-map", "0:a:0", "-f", "null", "-stats", "-"),
        )
    frames = [int(count) for count in re.findall(r"frame=\s*(\d+)", said)]
    assert frames[-1] == pytest.approx(5 * 30, abs=2)


@pytest.mark.parametrize("from_start", [True, False])
async def test_libavformat_reads_on_while_the_stream_goes_on(encoded: Encoded, *, from_start: bool) -> None:
    def read(url: str) -> list[float]:
        times: list[float] = []
        with av.open(url, "r", options={"live_start_index": "0" if from_start else "-1"}) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is not None and packet.time_base is not None:
                    times.append(float(packet.dts * packet.time_base) if packet.dts is not None else 0.0)
                if len(times) == 200:
                    break
        return times

    async with live(*encoded(2), CYCLE_TICKS) as site:
        edge_s = 16.0
        with trio.fail_after(60):
            times = await trio.to_thread.run_sync(read, site.url)
    assert all(0.025 < b - a < 0.042 for a, b in pairwise(times))
    if not from_start:
        assert times[-1] - times[0] > 6
        assert edge_s - 5 < times[-1] - 6.6 < edge_s + 5


async def streamlink(*options: str) -> bytes:
    command = [sys.executable, "-m", "streamlink", "--no-config", *options]
    with trio.fail_after(60):
        done = await trio.run_process(command, capture_stdout=True, capture_stderr=True, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


async def test_streamlink_finds_the_stream(encoded: Encoded) -> None:
    async with live(*encoded(0), CYCLE_TICKS) as site:
        url = site.media_url("video")
        assert (await streamlink("--stream-url", url, "best")).decode().strip() == url
        listed = json.loads(await streamlink("--json", site.url))
    assert "48p" in listed["streams"]


async def test_streamlink_records_picture_and_sound(encoded: Encoded, tmp_path: Path) -> None:
    """Audio is a rendition of its own, so streamlink joins two playlists with ffmpeg."""
    ffmpeg = ffmpegs()[0]
    async with live(*encoded(0), CYCLE_TICKS) as site:
        options = ("--stdout", "--stream-segmented-duration", "6", "--ffmpeg-ffmpeg", ffmpeg)
        # Not `best`: 48 lines count for less than the audio that can be had alone.
        recorded = await streamlink(*options, site.url, "48p")
    (tmp_path / "recorded.ts").write_bytes(recorded)
    for kind, rate in (("video", 30), ("audio", 48000 / 1024)):
        with av.open(str(tmp_path / "recorded.ts")) as container:
            stream = next(one for one in container.streams if one.type == kind)
            count = sum(1 for packet in container.demux(stream) if packet.size)
        assert count > 5 * rate
