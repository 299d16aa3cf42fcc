"""What the end-to-end tests start is stopped, also where it does not start."""

from pathlib import Path

import psutil
import pytest

from tests.common.database_site import remove_cluster
from tests.e2e import harness

pytestmark = pytest.mark.real


@pytest.mark.parametrize("after_s", [0.0, 2.0], ids=["at once", "while its database starts"])
def test_a_server_that_is_not_ready_in_time_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after_s: float
) -> None:
    """It is never ready here: the patience is for another process that holds its port, or a busy machine."""
    monkeypatch.setattr(harness, "READY_S", after_s)
    monkeypatch.setattr(harness, "READY", "weir never says this")
    data_dir = tmp_path / "data"
    before = {process.pid for process in psutil.process_iter()}
    with pytest.raises(AssertionError, match="never says this"):
        harness.start_weir(data_dir)
    left = [
        process
        for process in psutil.process_iter()
        if process.pid not in before and is_ours(process, data_dir)
    ]
    remove_cluster(data_dir)
    assert left == []


def is_ours(process: psutil.Process, data_dir: Path) -> bool:
    try:
        return str(data_dir) in [*process.environ().values(), *process.cmdline()]
    except psutil.Error:
        return False  # it has ended, or is somebody else's
