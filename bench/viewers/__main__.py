"""How many viewers a server holds: `python -m bench.viewers [--url URL] [--viewers 200] [--seconds 10] [--find] [--edge nginx]`.

Each simulated viewer does what hls.js does: the multivariant playlist once, then for audio and video each a blocking
reload, and beside it every new part. Nothing is decoded. Without `--url` weir is started on the first core, with one
publisher of 6 Mbit/s; the crowd and the publisher have the other cores. `--edge nginx` puts nginx in front, with
`deploy/nginx/edge.conf`, one worker, beside weir on the first core.

A wake-up is the time from the first answer that anyone got with a version of a playlist to each answer to those who had
asked before. The crowd is one process that reads one answer after the other, so its own work is part of the figure.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlsplit

import psutil

from bench.edge import Edge, nginx_edge, responses_of
from bench.report import Cell, describe_machine, print_report
from bench.servers import pin_generator
from bench.viewers.crowd import Crowd
from bench.viewers.stage import live_site
from bench.viewers.tally import TIGHT_S, WAKE_LIMIT_MS, Result, Tally, milliseconds
from common.limits import raise_open_files_limit

_SETTLE_S = 3.0
_RAMP_PLAYERS_PER_S = 150
_MOST = 20_000
_FAILURES = 2
"""A search ends after so many steps in a row that were not good: one may be the machine's fault."""

_COLUMNS = (
    "viewers",
    "wake p50 ms",
    "p99",
    "part p50 ms",
    "p99",
    "req/s",
    "MB/s",
    "origin CPU %",
    "origin req/s",
    "edge CPU %",
    "crowd CPU %",
    f">{TIGHT_S:g} s",
    "late",
    "errors",
)
_NOTES = (
    "wake: from the first answer with a version of a playlist to each answer to those who waited for it.",
    f">{TIGHT_S:g} s: parts in hand later than that after they were first listed (the margin of weir's player);",
    "late: later than PART-HOLD-BACK allows, so that a stock player stalls. CPU: 100 is one core.",
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What the crowd watches, and whose CPU is counted."""

    url: str
    origin_cpu_s: Callable[[], float] | None = None
    origin_responses: Callable[[], int] | None = None
    edge: Edge | None = None


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when nobody could be served."""
    options = _parser().parse_args(arguments)
    raise_open_files_limit()
    pin_generator()
    with _watched(options) as watched:
        crowd = Crowd(watched.url)
        try:
            results = list(
                _search(crowd, watched, options) if options.find else _once(crowd, watched, options)
            )
        finally:
            crowd.close()
    if options.json:
        print(json.dumps({"machine": describe_machine(), "results": [asdict(one) for one in results]}))
    else:
        print_report(
            "bench.viewers", _COLUMNS, [_row(one) for one in results], [*_NOTES, *_verdict(results, options)]
        )
    return 0 if any(one.parts for one in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.viewers", description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="a multivariant playlist, http; weir is started without")
    parser.add_argument(
        "--viewers", type=int, default=200, help="or, with --find, the first step (default 200)"
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (default 10)")
    parser.add_argument("--edge", choices=["nginx"], help="measure through this cache")
    parser.add_argument(
        "--find", action="store_true", help="raise the number until wake-up p99 passes 100 ms"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    return parser


@contextmanager
def _watched(options: argparse.Namespace) -> Iterator[Watched]:
    if options.url:
        yield Watched(options.url)
        return
    with live_site() as site:
        server = site.server
        responses = responses_of(f"http://{server.host}:{server.hls_port}/metrics")
        watched = Watched(site.url, lambda: server.usage().cpu_s, responses)
        if options.edge is None:
            yield watched
            return
        with nginx_edge(server.hls_port or 0) as edge:
            url = f"http://127.0.0.1:{edge.http_port}{urlsplit(site.url).path}"
            yield replace(watched, url=url, edge=edge)


def _once(crowd: Crowd, watched: Watched, options: argparse.Namespace) -> Iterator[Result]:
    _grow(crowd, options.viewers)
    yield _measure(crowd, watched, options.seconds)


def _search(crowd: Crowd, watched: Watched, options: argparse.Namespace) -> Iterator[Result]:
    failures = 0
    step = options.viewers
    while failures < _FAILURES and crowd.players < _MOST:
        _grow(crowd, step)
        result = _measure(crowd, watched, options.seconds)
        print(f"{result.viewers} viewers: p99 {result.wake_p99_ms or 0:.1f} ms", file=sys.stderr, flush=True)
        failures = 0 if result.is_good else failures + 1
        step = max(options.viewers // 2, crowd.players // 5)
        yield result


def _grow(crowd: Crowd, players: int) -> None:
    ramp_s = players / _RAMP_PLAYERS_PER_S
    crowd.grow(players, ramp_s)
    crowd.run(ramp_s + _SETTLE_S)


def _measure(crowd: Crowd, watched: Watched, seconds: float) -> Result:
    tally = crowd.tally = Tally()
    edge = watched.edge
    meters = [watched.origin_cpu_s, edge.cpu_s if edge else None, _own_cpu_s]
    before, began = [meter() if meter else None for meter in meters], time.monotonic()
    answered = watched.origin_responses() if watched.origin_responses else 0
    crowd.run(seconds)
    took = time.monotonic() - began
    after = [meter() if meter else None for meter in meters]
    cpu = [
        None if a is None or b is None else 100 * (b - a) / took for a, b in zip(before, after, strict=True)
    ]
    answers = watched.origin_responses() - answered if watched.origin_responses else None
    return Result(
        viewers=crowd.players,
        seconds=took,
        wake_p50_ms=milliseconds(tally.wakes, 0.5),
        wake_p99_ms=milliseconds(tally.wakes, 0.99),
        part_p50_ms=milliseconds(tally.downloads, 0.5),
        part_p99_ms=milliseconds(tally.downloads, 0.99),
        requests_per_s=tally.requests / took,
        megabytes_per_s=tally.received_bytes / took / 1e6,
        server_cpu=cpu[0],
        edge_cpu=cpu[1],
        generator_cpu=cpu[2] or 0.0,
        behind=tally.behind,
        tight=tally.tight,
        late=tally.late,
        parts=len(tally.downloads),
        errors=dict(tally.errors),
        origin_requests_per_s=None if answers is None else answers / took,
    )


def _own_cpu_s() -> float:
    times = psutil.Process(os.getpid()).cpu_times()
    return float(times.user + times.system)


def _row(one: Result) -> list[Cell]:
    return [
        *(one.viewers, one.wake_p50_ms, one.wake_p99_ms, one.part_p50_ms, one.part_p99_ms),
        *(one.requests_per_s, one.megabytes_per_s, one.server_cpu, one.origin_requests_per_s),
        *(one.edge_cpu, one.generator_cpu, one.tight, one.late, sum(one.errors.values())),
    ]


def _verdict(results: list[Result], options: argparse.Namespace) -> Iterator[str]:
    for one in results:
        if one.errors:
            yield f"errors with {one.viewers}: {one.errors}"
    if options.find:
        good = [one.viewers for one in results if one.is_good]
        bad = [one.viewers for one in results if not one.is_good and one.viewers > max(good, default=0)]
        yield f"held with wake-up p99 up to {WAKE_LIMIT_MS:g} ms: {max(good, default=0)} viewers"
        if bad:
            yield f"passed {WAKE_LIMIT_MS:g} ms with {min(bad)} viewers"


if __name__ == "__main__":
    sys.exit(main())
