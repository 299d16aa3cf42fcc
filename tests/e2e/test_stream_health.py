"""A real ffmpeg with bad settings: its streamer is told, in /metrics, in the log, and by `weir doctor`."""

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.harness import FFMPEG_NEW, Weir, get, poll

pytestmark = pytest.mark.real

PICTURE = "testsrc2=size=640x360:rate=30"


@pytest.fixture
def badly_set_up() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """ffmpeg with a keyframe each ten seconds, four B-frames, and no sound."""
    started: list[subprocess.Popen[bytes]] = []

    def start(url: str) -> subprocess.Popen[bytes]:
        options = (
            "-t 60 -c:v libx264 -preset ultrafast -g 240 -bf 4 -b:v 900k -maxrate 900k -bufsize 900k -f flv"
        )
        command = [FFMPEG_NEW, "-v", "error", "-re", "-f", "lavfi", "-i", PICTURE, *options.split(), url]
        started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def metrics(weir: Weir) -> dict[str, float]:
    """Samples of live streams by name and labels."""
    _, page = get(f"{weir.hls}/metrics")
    lines = [line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("weir_stream")]
    return {name: float(value) for name, value in lines}


def test_a_badly_set_up_encoder_is_told_so_and_its_numbers_are_shown(
    weir_factory: Callable[..., Weir], badly_set_up: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    weir = weir_factory()
    badly_set_up(f"{weir.rtmp}/{weir.key}")
    told = 'weir_stream_issues{channel="streamer",severity="warning"}'
    poll("two warnings", lambda: metrics(weir).get(told) == 2, 40)
    found = metrics(weir)
    channel = '{channel="streamer"}'
    assert found[f"weir_stream_health{channel}"] == 2
    assert 20 < found[f"weir_stream_fps{channel}"] < 40
    assert 0 < found[f"weir_stream_round_trip_seconds{channel}"] < 1
    assert 100_000 < found['weir_stream_bits_per_second{channel="streamer",track="video"}'] < 5_000_000
    assert found['weir_stream_bits_per_second{channel="streamer",track="audio"}'] == 0
    assert found[f"weir_stream_reorder_seconds{channel}"] > 0.05
    (info,) = [name for name in found if name.startswith("weir_stream_info")]
    assert 'size="640x360"' in info
    assert 'encoder="Lavf' in info
    assert any("gopSizeLong" in line and "Keyframe Interval" in line for line in weir.errors), weir.errors
    assert any("noAudioStream" in line for line in weir.errors)

    def finding() -> dict[str, str] | None:
        findings = json.loads(weir.cli("doctor", "--json").stdout)
        return next((one for one in findings if one["check"] == "live streamer"), None)

    (live,) = [poll("a row", finding, 20)]
    assert isinstance(live, dict)
    assert live["level"] == "warning"
    assert "Keyframe Interval" in live["advice"]


def test_numbers_of_a_stream_that_is_over_are_gone(
    weir_factory: Callable[..., Weir], badly_set_up: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    weir = weir_factory(WEIR_RECONNECT_GRACE_S="1")
    encoder = badly_set_up(f"{weir.rtmp}/{weir.key}")
    poll("a reading", lambda: metrics(weir), 30)
    encoder.kill()
    poll("no reading", lambda: not metrics(weir), 15)
