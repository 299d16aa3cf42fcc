"""What taking in streams costs: N paced publishers of 6 Mbit/s 1080p30, beside nginx-rtmp in the same run.

`python -m bench.ingest [--publishers 30] [--seconds 60] [--peer nginx] [--chunk-size 4096] [--compare-reads]`

The server has one core, the publishers another. Prints CPU-seconds per stream-minute, memory a stream, and how long a
publisher waits from TCP connect to `Publish.Start`, alone and while all others publish.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from bench.flvfile import load_clip
from bench.report import Cell, print_report
from bench.rtmp_load import Load, Publisher, Target
from bench.rtmp_wire import Replay, cut
from bench.servers import Server, nginx_installed, nginx_server, pin_generator, weir_server

_SPREAD_S = 2.0
"""Publishers start within this time: a GOP."""
_SETTLE_S = 5.0
_PROBES = 40
"""Accepts that are timed under load."""
_NO_TICKS = {"WEIR_RTMP_TICK_PUBLISHERS": "1000000"}
_COLUMNS = (
    "ingest, one core",
    "CPU-s/stream-min",
    "weir is x",
    "MB/stream",
    "accept ms p50",
    "p99",
    "under load p50",
    "p99",
    "late ms",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What one server did."""

    name: str
    cpu_s_per_stream_minute: float
    database_cpu_s_per_stream_minute: float
    """PostgreSQL's; 0 for peers."""
    rss_bytes_per_stream: float
    accept_alone_ms: list[float]
    """The first publishers of all, one after the other."""
    accept_loaded_ms: list[float]
    late_ms: float
    """The worst delay of a frame at the publisher: the generator's own fault, or the server's push-back."""
    mbit_per_s: float


def measure(server: Server, replay: Replay, *, publishers: int, seconds: float, chunk_size: int) -> Result:
    """Load a server that is up."""
    load = Load()
    idle = server.usage()
    try:
        alone = _ramp_up(load, server, replay, publishers, chunk_size)
        load.run(time.monotonic() + _SETTLE_S)
        for publisher in load.publishers:
            publisher.sent.late_s = 0.0
        sent = sum(publisher.sent.sent_bytes for publisher in load.publishers)
        before, database_before = server.usage(), server.database_usage()
        load.run(time.monotonic() + seconds)
        after, database_after = server.usage(), server.database_usage()
        sent = sum(publisher.sent.sent_bytes for publisher in load.publishers) - sent
        late_s = max(publisher.sent.late_s for publisher in load.publishers)
        loaded = _probe_accepts(load, server, replay, publishers, chunk_size)
    finally:
        load.close()
    stream_minutes = publishers * (after.at - before.at) / 60
    return Result(
        server.name,
        (after.cpu_s - before.cpu_s) / stream_minutes,
        (database_after.cpu_s - database_before.cpu_s) / stream_minutes,
        (after.rss_bytes - idle.rss_bytes) / publishers,
        alone,
        loaded,
        late_s * 1000,
        sent * 8 / (after.at - before.at) / 1e6,
    )


def _ramp_up(load: Load, server: Server, replay: Replay, publishers: int, chunk_size: int) -> list[float]:
    accepts = []
    began = time.monotonic()
    for number in range(publishers):
        load.run(began + _SPREAD_S * number / publishers)
        accepts.append(_accept(load, server, replay, server.keys[number], chunk_size))
    return accepts


def _probe_accepts(
    load: Load, server: Server, replay: Replay, publishers: int, chunk_size: int
) -> list[float]:
    """Publish with the spare keys in turn, and leave at once."""
    spare = server.keys[publishers:]
    accepts = []
    for number in range(_PROBES):
        accepts.append(_accept(load, server, replay, spare[number % len(spare)], chunk_size))
        load.leave(load.publishers[-1])
        load.run(time.monotonic() + 0.15)
    return accepts


def _accept(load: Load, server: Server, replay: Replay, key: str, chunk_size: int) -> float:
    """Add one publisher; return what its accept took, in milliseconds."""
    publisher = Publisher(Target(server.host, server.rtmp_port, server.app, key), replay, chunk_size)
    load.add(publisher)
    load.wait_live(publisher)
    assert publisher.sent.accept_s is not None
    return publisher.sent.accept_s * 1000


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-round(share * 1000) * len(ranked) // 1000) - 1)]


def main() -> None:
    arguments = _arguments()
    pin_generator()
    replay = cut(load_clip(), arguments.chunk_size)
    count = arguments.publishers
    servers: list[Callable[[], AbstractContextManager[Server]]] = [partial(weir_server, count + 8)]
    if arguments.compare_reads:
        servers.append(partial(_weir_without_ticks, count + 8))
    if arguments.peer == "nginx" or (arguments.peer == "auto" and nginx_installed()):
        servers += [partial(nginx_server, count + 8, hls=hls) for hls in (False, True)]
    results = []
    for start in servers:
        with start() as server:
            print(f"{server.name}: {count} publishers for {arguments.seconds:.0f} s ...", flush=True)
            results.append(
                measure(
                    server,
                    replay,
                    publishers=count,
                    seconds=arguments.seconds,
                    chunk_size=arguments.chunk_size,
                )
            )
    print_report(
        "bench.ingest",
        _COLUMNS,
        [_row(result, results[0]) for result in results],
        _notes(results[0], arguments),
    )


@contextmanager
def _weir_without_ticks(channels: int) -> Iterator[Server]:
    with weir_server(channels, **_NO_TICKS) as server:
        yield replace(server, name="weir, a wake-up a frame")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--publishers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--chunk-size", type=int, default=4096, help="that publishers write; OBS: 4096")
    parser.add_argument("--compare-reads", action="store_true", help="weir without tick reads, too")
    parser.add_argument("--peer", choices=("auto", "nginx", "none"), default="auto")
    return parser.parse_args()


def _row(result: Result, weir: Result) -> list[Cell]:
    alone, loaded = result.accept_alone_ms, result.accept_loaded_ms
    return [
        result.name,
        result.cpu_s_per_stream_minute,
        weir.cpu_s_per_stream_minute / result.cpu_s_per_stream_minute,
        result.rss_bytes_per_stream / 1e6,
        statistics.median(alone),
        quantile(alone, 0.99),
        statistics.median(loaded),
        quantile(loaded, 0.99),
        result.late_ms,
    ]


def _notes(weir: Result, arguments: argparse.Namespace) -> list[str]:
    return [
        (
            f"{arguments.publishers} publishers, 6 Mbit/s 1080p30 H.264 + AAC, chunks of {arguments.chunk_size} bytes, "
            f"{arguments.seconds:.0f} s; the server has one core, the publishers another."
        ),
        (
            f"weir: RTMP to LL-HLS with the database's verdict on every key; PostgreSQL besides: "
            f"{weir.database_cpu_s_per_stream_minute:.3f} CPU-s/stream-min."
        ),
        "accept: TCP connect to Publish.Start. late: the worst delay of a frame at the publisher.",
    ]


if __name__ == "__main__":
    main()
