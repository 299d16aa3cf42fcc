"""Fixtures of the end-to-end tests."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import (
    FFMPEG_NEW,
    Encoder,
    Weir,
    make_clip,
    start_encoder,
    start_weir,
    start_weir_alone,
)


@pytest.fixture
def weir_factory(tmp_path: Path) -> Iterator[Callable[..., Weir]]:
    started: list[Weir] = []

    def start(
        *, command: str = "serve", data_dir: Path | None = None, first: bool = False, **settings: str
    ) -> Weir:
        weir = (start_weir_alone if first else start_weir)(data_dir or tmp_path / "data", command, **settings)
        started.append(weir)
        return weir

    yield start
    for weir in started:
        weir.discard()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as somebody has it."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


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
