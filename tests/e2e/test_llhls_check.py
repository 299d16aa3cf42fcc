"""weir keeps the rules of Low-Latency HLS whatever is published to it: the live checker against real encoders' streams.

All streams run at once in one server, and are watched at once. What depends on how busy the machine is (layer `time`) is
printed, not asserted.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import trio

from bench.llhls_check.gather import observe
from bench.llhls_check.observation import Observation
from bench.llhls_check.report import render_text
from bench.llhls_check.verdicts import Outcome, Verdict, judge
from bench.servers import _make_channels
from common.config import Config
from tests.e2e.harness import FFMPEG_NEW, Weir, get, poll, start_weir

pytestmark = pytest.mark.real

WATCH_S = 8.0
LONG_S = 34.0
"""Long enough that a delta update has something to skip."""
RECONNECT_AFTER_S = 3.0
START_S = 40.0
"""An encoder may publish this long before its stream is watched."""
AT_ONCE = 5
"""Streams watched at the same time: more of them would make this process late."""


@dataclass(frozen=True)
class Case:
    """What is published, as options of ffmpeg."""

    name: str
    video: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "60")
    rate: str = "30"
    size: str = "192x108"
    audio: tuple[str, ...] = ("-c:a", "aac", "-b:a", "64k")
    filters: tuple[str, ...] = ()
    then: str | None = None
    """Name of the case whose clip the encoder publishes after it was killed in the middle."""
    seconds: float = WATCH_S


def h264(gop: int, b_frames: int = 0) -> tuple[str, ...]:
    preset = "veryfast" if b_frames else "ultrafast"
    options = ("-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-bf", str(b_frames))
    return ("-c:v", "libx264", "-preset", preset, *options)


CASES = [
    Case("30 fps", h264(60), seconds=LONG_S),
    Case("B-frames", h264(60, 3)),
    Case("24 fps", h264(48), rate="24"),
    Case("25 fps", h264(50), rate="25"),
    Case("29.97 fps", h264(60), rate="30000/1001"),
    Case("50 fps", h264(100), rate="50"),
    Case("60 fps", h264(120), rate="60"),
    Case("audio only", ("-vn",)),
    Case("video only", h264(60), audio=("-an",)),
    Case("GOP of 250", h264(250)),
    Case(
        "a dropped frame a second",
        h264(60),
        filters=("-vf", "select='mod(n+7,30)'", "-fps_mode", "passthrough"),
    ),
    Case("reconnect, same size", h264(60), then="30 fps", seconds=14.0),
    Case("reconnect, other size", h264(60), then="small", seconds=14.0),
    Case(
        "HEVC",
        ("-c:v", "libx265", "-preset", "ultrafast", "-g", "60", "-x265-params", "log-level=none:bframes=0"),
    ),
    Case("AV1 and Opus", ("-c:v", "libsvtav1", "-preset", "12", "-g", "60"), audio=("-c:a", "libopus")),
]
CLIPS = [*CASES, Case("small", h264(60), size="160x90")]


def make_clip(case: Case, path: Path) -> None:
    length = str(START_S + case.seconds)
    command = [
        *(FFMPEG_NEW, "-v", "error", "-t", length, "-f", "lavfi"),
        *("-i", f"testsrc2=size={case.size}:rate={case.rate}"),
        *("-t", length, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
        *(*case.filters, *case.video, "-pix_fmt", "yuv420p", *case.audio, str(path)),
    ]
    subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)


@dataclass
class Checked:
    seen: Observation
    verdicts: list[Verdict]

    def broken(self) -> list[str]:
        failed = [one for one in self.verdicts if one.outcome is Outcome.FAIL and one.rule.layer != "time"]
        return [f"{one.rule.id} {found.where}: {found.what}" for one in failed for found in one.findings]

    def outcome(self, number: str) -> Outcome:
        return next(one.outcome for one in self.verdicts if one.rule.id == number)


@dataclass
class Studio:
    """Encoders that publish clips to one server."""

    weir: Weir
    keys: tuple[str, ...]
    clips: dict[str, Path]
    encoders: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    places: trio.CapacityLimiter = field(default_factory=partial(trio.CapacityLimiter, AT_ONCE))

    def publish(self, channel: int, clip: str) -> "subprocess.Popen[bytes]":
        url = f"{self.weir.rtmp}/{self.keys[channel]}"
        command = [
            FFMPEG_NEW,
            "-v",
            "error",
            "-re",
            "-i",
            str(self.clips[clip]),
            "-c",
            "copy",
            "-f",
            "flv",
            url,
        ]
        encoder = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.encoders.append(encoder)
        return encoder

    def url(self, channel: int) -> str:
        return f"{self.weir.hls}/hls/bench{channel}/index.m3u8"

    async def check(
        self, channel: int, case: Case, first: "subprocess.Popen[bytes]", found: dict[str, Observation]
    ) -> None:
        async with self.places, trio.open_nursery() as nursery:
            if case.then is not None:
                nursery.start_soon(self._reconnect, channel, case.then, first)
            found[case.name] = await observe(self.url(channel), seconds=case.seconds)

    async def _reconnect(self, channel: int, clip: str, first: "subprocess.Popen[bytes]") -> None:
        await trio.sleep(RECONNECT_AFTER_S)
        first.kill()
        await trio.sleep(1.0)
        self.publish(channel, clip)


async def check_all(studio: Studio) -> dict[str, Checked]:
    found: dict[str, Observation] = {}
    encoders = [studio.publish(channel, case.name) for channel, case in enumerate(CASES)]
    await trio.to_thread.run_sync(wait_live, studio)
    async with trio.open_nursery() as nursery:
        for channel, case in enumerate(CASES):
            nursery.start_soon(studio.check, channel, case, encoders[channel], found)
    return {name: Checked(seen, judge(seen)) for name, seen in found.items()}


def wait_live(studio: Studio) -> None:
    for channel, case in enumerate(CASES):
        poll(f"{case.name} is live", partial(is_live, studio.url(channel)), 40)


def is_live(url: str) -> bool:
    return get(url)[0] == 200


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Checked]]:
    folder = tmp_path_factory.mktemp("clips")
    clips = {case.name: folder / f"{number}.mkv" for number, case in enumerate(CLIPS)}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda case: make_clip(case, clips[case.name]), CLIPS))
    data = tmp_path_factory.mktemp("data")
    keys = trio.run(_make_channels, Config(data_dir=str(data)), len(CASES))
    weir = start_weir(data)
    studio = Studio(weir, keys, clips)
    try:
        yield trio.run(check_all, studio)
    finally:
        for encoder in studio.encoders:
            encoder.kill()
            encoder.wait()
        weir.discard()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_stream_keeps_the_rules(checked: dict[str, Checked], case: Case) -> None:
    found = checked[case.name]
    print(render_text(found.seen, found.verdicts))
    assert found.broken() == []
    assert found.outcome("A1") is Outcome.PASS
    if case.seconds == LONG_S:
        assert found.outcome("F1") is not Outcome.NOT_APPLICABLE


def test_a_reconnect_with_another_size_was_seen(checked: dict[str, Checked]) -> None:
    assert checked["reconnect, other size"].outcome("B13") is Outcome.PASS
    assert checked["reconnect, same size"].outcome("B15") is not Outcome.NOT_APPLICABLE


def test_the_demo_keeps_the_rules(weir_factory: Callable[..., Weir]) -> None:
    weir = weir_factory(command="demo")
    url = f"{weir.hls}/hls/demo/index.m3u8"
    poll("the demo is live", partial(is_live, url), 30)
    began = time.monotonic()
    seen = trio.run(partial(observe, url, seconds=WATCH_S))
    found = Checked(seen, judge(seen))
    print(f"watched for {time.monotonic() - began:.1f} s", render_text(seen, found.verdicts))
    assert found.broken() == []
