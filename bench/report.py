"""What a bench prints: figures as a table, under a line that says on which machine and when they were taken."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

Cell = str | int | float | None
"""`None` is printed as a dash: not measured."""


def describe_machine() -> str:
    """CPU model, cores, system, Python and date, on one line."""
    cores = len(os.sched_getaffinity(1)) if os.geteuid() == 0 else os.cpu_count()
    return (
        f"{_cpu_model()}, {cores} cores, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def render_table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Render a Markdown table, padded so that it can be read as it is; numbers stand to the right.

    Raises:
        ValueError: a row has not as many cells as there are columns.
    """
    texts = [[_text(cell) for cell in row] for row in rows]
    if any(len(row) != len(columns) for row in texts):
        raise ValueError("every row needs a cell for each column")
    widths = [max(3, *(len(row[i]) for row in [list(columns), *texts])) for i in range(len(columns))]
    numeric = [
        bool(rows) and all(cell is None or isinstance(cell, int | float) for cell in column)
        for column in zip(*rows, strict=True)
    ] or [False] * len(columns)

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = "|".join(
        "-" * (width + 1) + (":" if right else "-") for width, right in zip(widths, numeric, strict=True)
    )
    return "\n".join([line(columns), f"|{rule}|", *map(line, texts)])


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return "-"
        case str():
            return cell
        case int():
            return f"{cell:,}".replace(",", " ")
        case float():
            digits = 0 if abs(cell) >= 1000 else 1 if abs(cell) >= 100 else 2
            return f"{cell:,.{digits}f}".replace(",", " ")


def print_report(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], notes: Sequence[str] = ()
) -> None:
    """Print title, machine, table and notes on stdout."""
    sys.stdout.write(f"\n{title}\n{describe_machine()}\n\n{render_table(columns, rows)}\n")
    sys.stdout.writelines(f"{note}\n" for note in ("", *notes) if notes)
    sys.stdout.flush()
