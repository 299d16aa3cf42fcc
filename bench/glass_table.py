"""Glass to glass for every player, with more and more random delay on the network, alone and three players at a time.

One `weir demo` serves all of it, on ports and data of its own; the page's media comes through `bench.slow_line`, whose
delay is changed between the measurements. Pages and API are not delayed.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import IO

from bench.glass import Summary, part_duration, summarize, watch
from bench.report import describe_machine, print_report, render_table
from bench.slow_line import RunningLine, slow_line, unused_port
from bench.svg_bars import Bar, draw_bars

PROFILES = ("default", "safe", "stock")
DELAYS_MS = (0, 50, 150)
PLAYERS = (1, 3)
READY_S = 60.0
STOP_S = 20.0
COLUMNS = (
    "player",
    "delay ms",
    "players",
    "median s",
    "p95 s",
    "worst s",
    "margin s",
    "stalls",
    "stalled s",
    "seeks",
)
MARKS = ("<!-- measured -->", "<!-- end of measured -->")
NAMES = {"default": "ours", "safe": "ours, safe", "stock": "stock hls.js"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement: all its players together."""

    profile: str
    delay_ms: int
    players: int
    median_s: float
    """Mean of the players' medians."""
    p95_s: float
    """Of the worst player, as are the next ones."""
    worst_s: float
    margin_s: float | None
    stalls: int
    stalled_s: float
    seeks: int

    @property
    def row(self) -> tuple[str | int | float | None, ...]:
        """In the order of `COLUMNS`."""
        numbers = (
            self.median_s,
            self.p95_s,
            self.worst_s,
            self.margin_s,
            self.stalls,
            self.stalled_s,
            self.seeks,
        )
        return (NAMES[self.profile], self.delay_ms, self.players, *numbers)


def combine(profile: str, delay_ms: int, summaries: Sequence[Summary]) -> Cell:
    """The players of one measurement as a cell."""
    margins = [one.player_buffer_s for one in summaries if one.player_buffer_s is not None]
    return Cell(
        profile=profile,
        delay_ms=delay_ms,
        players=len(summaries),
        median_s=fmean(one.median_s for one in summaries),
        p95_s=max(one.p95_s for one in summaries),
        worst_s=max(one.worst_s for one in summaries),
        margin_s=fmean(margins) if margins else None,
        stalls=max(one.stalls for one in summaries),
        stalled_s=max(one.stalled_s for one in summaries),
        seeks=max(one.seeks for one in summaries),
    )


def measure_table(*, seconds: float, warm_up_s: float, plot: Path | None, page: Path | None) -> int:
    """Measure, print a Markdown table, draw it and put it on a page of documentation; 1 if a cell showed nothing."""
    cells, failed = [], False
    with demo() as (url, line):
        part_s = part_duration(url)
        for players in PLAYERS:
            for delay_ms in DELAYS_MS:
                line.delay(delay_ms / 1000)
                for profile in PROFILES:
                    address = f"{url}?player={profile}"
                    viewings = watch(address, seconds=seconds, warm_up_s=warm_up_s, players=players)
                    try:
                        cells.append(combine(profile, delay_ms, [summarize(one, part_s) for one in viewings]))
                    except (ValueError, IndexError) as error:
                        print(f"{profile}, {delay_ms} ms, {players} players: {error}", file=sys.stderr)
                        failed = True
                        continue
                    print(f"{cells[-1]}", file=sys.stderr)
    notes = (
        f"{seconds:.0f} s each after {warm_up_s:.0f} s of playing; parts of {part_s or 0:.3f} s.",
        "Delay: each answer waits a random time between nothing and this, playlists and parts alike.",
        "Median: mean of the players'. The other columns: the worst player's.",
    )
    rows = [cell.row for cell in cells]
    print_report("Glass to glass", COLUMNS, rows, notes)
    if page is not None:
        table = "\n\n".join([f"{describe_machine()}.", render_table(COLUMNS, rows), "\n".join(notes)])
        page.write_text(between_marks(page.read_text(encoding="utf-8"), table), encoding="utf-8")
    if plot is not None:
        plot.write_text(draw(cells), encoding="utf-8")
    return int(failed)


def between_marks(text: str, table: str) -> str:
    """The page with this table in the place of the last one.

    Raises:
        ValueError: the page has no place for one.
    """
    before, mark, rest = text.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not mark or not end:
        raise ValueError(f"no {MARKS[0]} followed by {MARKS[1]}")
    return f"{before}{mark}\n\n{table}\n\n{end}{after}"


def draw(cells: Sequence[Cell]) -> str:
    """The cells as an SVG of bars: median filled, the 95th percentile as a line."""
    groups = {
        f"{delay} ms, {players} {'player' if players == 1 else 'players'}": [
            Bar(NAMES[cell.profile], cell.median_s, cell.p95_s)
            for cell in cells
            if (cell.delay_ms, cell.players) == (delay, players)
        ]
        for players in PLAYERS
        for delay in DELAYS_MS
    }
    return draw_bars("Glass-to-glass latency, seconds (bar: median, line: 95th percentile)", groups)


@contextmanager
def demo() -> Iterator[tuple[str, RunningLine]]:
    """A `weir demo` whose media comes over a line: its page and the line."""
    hls_port = unused_port()
    with (
        tempfile.TemporaryDirectory(prefix="weir-glass") as directory,
        slow_line("127.0.0.1", hls_port) as line,
    ):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")} | {
            "WEIR_DATA_DIR": directory,
            "WEIR_RTMP_PORT": "0",
            "WEIR_WEB_PORT": "0",
            "WEIR_CHAT_PORT": "0",
            "WEIR_IRC_PORT": "0",
            "WEIR_HLS_PORT": str(hls_port),
            "WEIR_PUBLIC_HLS_URL": f"http://127.0.0.1:{line.port}",
            "PYTHONUNBUFFERED": "1",
        }
        weir = Path(sys.executable).with_name("weir")
        process = subprocess.Popen(
            [weir, "demo"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            yield _page(process), line
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def _page(process: "subprocess.Popen[str]") -> str:
    """Address of the demo's page, once it is live."""
    assert process.stdout is not None
    lines: list[str] = []
    threading.Thread(target=_collect, args=(process.stdout, lines), daemon=True).start()
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"(http://\S+/demo)", "\n".join(lines))
        if found and "weir ready" in (line.strip() for line in lines):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError("`weir demo` did not become ready")


def _collect(pipe: IO[str], lines: list[str]) -> None:
    with pipe:
        lines.extend(pipe)
