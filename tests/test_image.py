"""The image holds all that the installed program needs."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_tracked_file_of_every_package_is_copied() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]["packages"]
    copied = re.findall(r"^COPY (\S+) \S+$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
    listed = subprocess.run(
        ["git", "ls-files", "--", *packages], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(name) for name in listed.stdout.splitlines() if not name.startswith("webapp/frontend/")]
    assert len(files) > 100
    left_out = [file for file in files if not any(_covers(source, file) for source in copied)]
    assert left_out == []


def _covers(source: str, file: Path) -> bool:
    return file.is_relative_to(source) or (source.endswith("/*.py") and file.match(source))
