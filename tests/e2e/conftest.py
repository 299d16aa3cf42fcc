"""Fixtures of the end-to-end tests."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import FFMPEG_NEW, Encoder, Weir, start_encoder, start_weir


@pytest.fixture
def weir_factory(tmp_path: Path) -> Iterator[Callable[..., Weir]]:
    started: list[Weir] = []

    def start(*, command: str = "serve", data_dir: Path | None = None, **settings: str) -> Weir:
        weir = start_weir(data_dir or tmp_path / "data", command, **settings)
        started.append(weir)
        return weir

    yield start
    for weir in started:
        weir.discard()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty seconds of H.264 (B-frames, 30 fps, 2 s GOP) and AAC in an MP4: a file as somebody has it."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    subprocess.run(
        [
            *(FFMPEG_NEW, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"),
            *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "60"),
            *(
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-bf",
                "2",
                "-g",
                "60",
                "-b:v",
                "800k",
                "-pix_fmt",
                "yuv420p",
            ),
            *("-c:a", "aac", "-b:a", "96k", str(path)),
        ],
        check=True,
        timeout=120,
    )
    return path


@pytest.fixture
def publish(clip: Path) -> Iterator[Callable[..., Encoder]]:
    encoders: list[Encoder] = []

    def start(url: str, *, ffmpeg: str = FFMPEG_NEW) -> Encoder:
        encoders.append(start_encoder(url, clip, ffmpeg=ffmpeg))
        return encoders[-1]

    yield start
    for encoder in encoders:
        encoder.kill()


@pytest.fixture
def private_dir(tmp_path: Path) -> Iterator[Path]:
    """A 0700 directory of this user's that nobody else can search."""
    path = tmp_path / "private"
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path, ignore_errors=True)
