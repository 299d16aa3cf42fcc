"""Plain HLS players: libavformat and the real ffmpeg read what a stream shows, from files, without low latency."""

import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from shutil import which

import av
import imageio_ffmpeg
import pytest

from common.media import MediaConfig, Packet, Track
from hls.answers import PlaylistReady
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
