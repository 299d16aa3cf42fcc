"""Fixtures of the tests of weir."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.weir.rtmp_recorder import Recorder, recording


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with recording(tmp_path / "recorded.flv") as server:
        yield server
