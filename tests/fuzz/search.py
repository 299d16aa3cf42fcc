"""Searches for inputs that break a parser, guided by coverage (atheris, libFuzzer): `python -m tests.fuzz.search`.

Needs the `fuzz` extra, which `make fuzz` installs; it exists for Linux on x86-64. A finding is written to
`tests/fuzz/findings/TARGET/`, where the replay in `make test` picks it up: give it a name that says what was wrong. Inputs
that reach new code are kept between searches in `.fuzz/`; `--merge` moves what they add into the corpora.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.fuzz.targets import MAX_INPUT_BYTES, TARGETS

HERE = Path(__file__).parent
REACHED = HERE.parent.parent / ".fuzz"

INPUT_S = 5
"""An input that takes longer is a finding; the slowest that are known take 0.1 s."""

MEMORY_MB = 1024
"""Of the whole process, the interpreter and what it keeps about coverage included."""


def search(target: str, options: list[str], folders: list[Path]) -> int:
    """Run libFuzzer in a process of its own, as it never returns; return its exit code."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    findings = HERE / "findings" / target
    findings.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, "-m", "tests.fuzz.instrumented", target,
        f"-artifact_prefix={findings}/", f"-timeout={INPUT_S}", f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={MAX_INPUT_BYTES}", "-print_final_stats=1", "-verbosity=0", *options, *map(str, folders),
    ]  # fmt: skip
    code = subprocess.run(command, check=False).returncode
    if not any(findings.iterdir()):
        findings.rmdir()
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description="Search for inputs that break a parser.")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all when left out")
    parser.add_argument("--seconds", type=int, default=120, help="a target (default: %(default)s)")
    parser.add_argument(
        "--merge", action="store_true", help="add what reaches new code to the corpora instead"
    )
    options = parser.parse_args()
    failed = []
    for target in options.targets or TARGETS:
        print(f"-- {target}", flush=True)
        corpus, reached = HERE / "corpus" / target, REACHED / target
        if options.merge:
            code = search(target, ["-merge=1"], [corpus, reached])
        else:
            code = search(target, [f"-max_total_time={options.seconds}"], [reached, corpus])
        if code:
            failed.append(target)
    if failed:
        print(f"findings in {', '.join(failed)}: see tests/fuzz/findings")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
