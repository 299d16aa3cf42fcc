import os
from pathlib import Path

import pytest

from weir.data_dir import LOCK_NAME, DataDirError, held


def test_the_directory_is_made_and_names_its_holder(tmp_path: Path) -> None:
    with held(tmp_path / "new" / "data"):
        assert (tmp_path / "new" / "data" / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_second_holder_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(DataDirError, match=f"process {os.getpid()}.*WEIR_DATA_DIR"),
        held(tmp_path),
    ):
        pass


def test_it_can_be_held_again_after_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path):
            pass


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataDirError, match=r"data: .*WEIR_DATA_DIR"), held(tmp_path / "data"):
        pass
