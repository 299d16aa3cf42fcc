"""What taking in streams costs: many paced publishers, beside the peers in the same run.

`python -m bench.ingest [--publishers 30] [--profile obs|low|radio] [--chunk-bytes 4096] [--seconds 20] [--peer NAME]...`
`python -m bench.ingest --table`: the loads of README, one after the other; some ten minutes with all peers

Two profiles are quiet, and both have 96 kbit/s: `low` is a camera that sends 25 messages a second (2 fps, mono audio at
24 kHz), `radio` has 49 (audio at 48 kHz). What a quiet publisher costs is its messages, not its bits.

The server has one core, the publishers another. Prints CPU-seconds per stream-minute, memory a stream, how long a
publisher waits from TCP connect to `Publish.Start`, alone and while all others publish, and how punctual weir's parts are.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

import psutil

from bench.flvfile import CAMERA, OBS, RADIO, Recipe, load_clip
from bench.peers import (
    HOW_TO_GET,
    nginx_installed,
    nginx_server,
    node_media_server,
    node_media_server_installed,
)
from bench.punctuality import Sightings, Watchers
from bench.report import Cell, print_report
from bench.rtmp_load import Load, LoadError, Publisher, Target
from bench.rtmp_wire import Replay, cut
from bench.servers import Server, pin_generator, weir_server

_SPREAD_S = 2.0
"""Publishers start within this time, a GOP, or as fast as the next line allows."""
_STARTS_PER_S = 50
"""Going live is dearer than being live, and is not what is measured."""
_SETTLE_S = 5.0
_ALONE, _LOADED = 20, 40
"""Accepts that are timed while nobody else publishes, and under load."""
_WATCHED = 4
"""Channels of weir that have a viewer: enough to see a late part, too few to be a load."""
_SPARE_KEYS = 8
_NO_TICKS = {"WEIR_RTMP_TICK_PUBLISHERS": "1000000"}
_COLUMNS = (
    "ingest, one core",
    "CPU-s/stream-min",
    "weir is x",
    "% of the core",
    "MB/stream",
    "accept alone ms p50",
    "p99",
    "under load p50",
    "p99",
    "frame late ms",
    "part late ms p99",
    "GAP parts",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load."""

    publishers: int
    recipe: Recipe
    chunk_bytes: int

    def __str__(self) -> str:
        return f"{self.publishers} x {self.recipe}, chunks of {self.chunk_bytes} bytes"


PROFILES = {"obs": OBS, "low": CAMERA, "radio": RADIO}
TABLE = (
    Scenario(30, OBS, 4096),
    Scenario(30, OBS, 128),
    Scenario(500, CAMERA, 4096),
    Scenario(300, RADIO, 4096),
)
"""OBS and ffmpeg with a server like ours; GStreamer's default; many who hardly send anything, in few messages and in more."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one server did."""

    name: str
    cpu_s_per_stream_minute: float
    database_cpu_s_per_stream_minute: float
    """PostgreSQL's; 0 for peers."""
    cores: float
    """CPU-seconds a second."""
    rss_bytes_per_stream: float
    accept_alone_s: list[float]
    accept_loaded_s: list[float]
    late_s: float
    """The worst delay of a frame at the publisher: the generator's own fault, or the server's push-back."""
    sightings: list[Sightings]
    """What viewers saw; empty for peers."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A server that did not carry the load: the others' figures are still worth a table."""

    name: str
    reason: str


def measure(server: Server, replay: Replay, scenario: Scenario, seconds: float) -> Result:
    """Load a server that is up."""
    load, bench = Load(), partial(_accept, server=server, replay=replay, chunk_bytes=scenario.chunk_bytes)
    spare = server.keys[scenario.publishers :]
    with ExitStack() as stack:
        stack.callback(load.close)
        alone = _probe_accepts(load, bench, spare, _ALONE)
        idle = server.usage()
        _ramp_up(load, bench, server.keys[: scenario.publishers])
        watchers = _watch(stack, server)
        load.run(time.monotonic() + _SETTLE_S)
        for publisher in load.publishers:
            publisher.sent.late_s = 0.0
        before, database_before = server.usage(), server.database_usage()
        load.run(time.monotonic() + seconds)
        after, database_after = server.usage(), server.database_usage()
        late_s = max(publisher.sent.late_s for publisher in load.publishers)
        loaded = _probe_accepts(load, bench, spare, _LOADED)
        sightings = watchers.stop() if watchers else []
    stream_minutes = scenario.publishers * (after.at - before.at) / 60
    return Result(
        server.name,
        (after.cpu_s - before.cpu_s) / stream_minutes,
        (database_after.cpu_s - database_before.cpu_s) / stream_minutes,
        (after.cpu_s - before.cpu_s) / (after.at - before.at),
        (after.rss_bytes - idle.rss_bytes) / scenario.publishers,
        alone,
        loaded,
        late_s,
        sightings,
    )


def _watch(stack: ExitStack, server: Server) -> Watchers | None:
    if server.hls_port is None:
        return None
    logins = [f"bench{number}" for number in range(_WATCHED)]
    return stack.enter_context(Watchers(server.host, server.hls_port, logins))


def _ramp_up(load: Load, accept: Callable[[Load, str], float], keys: tuple[str, ...]) -> None:
    began, spread_s = time.monotonic(), max(_SPREAD_S, len(keys) / _STARTS_PER_S)
    for number, key in enumerate(keys):
        load.run(began + spread_s * number / len(keys))
        accept(load, key)


def _probe_accepts(
    load: Load, accept: Callable[[Load, str], float], spare: tuple[str, ...], count: int
) -> list[float]:
    """Publish with the spare keys in turn, and leave at once; seconds."""
    accepts = []
    for number in range(count):
        accepts.append(accept(load, spare[number % len(spare)]))
        load.leave(load.publishers[-1])
        load.run(time.monotonic() + 0.15)
    return accepts


def _accept(load: Load, key: str, *, server: Server, replay: Replay, chunk_bytes: int) -> float:
    """Add one publisher; return what its accept took, in seconds."""
    publisher = Publisher(Target(server.host, server.rtmp_port, server.app, key), replay, chunk_bytes)
    load.add(publisher)
    load.wait_live(publisher)
    assert publisher.sent.accept_s is not None
    return publisher.sent.accept_s


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, -(-round(share * 1000) * len(ranked) // 1000) - 1)]


def main() -> None:
    arguments = _arguments()
    pin_generator()
    recipe = PROFILES[arguments.profile]
    scenarios = TABLE if arguments.table else (Scenario(arguments.publishers, recipe, arguments.chunk_bytes),)
    rows: list[list[Cell]] = []
    notes = [
        "The server has one core, the publishers another. accept: from TCP connect to Publish.Start.",
        "frame late: the worst delay of a frame at the publisher. part late: behind the most punctual part of its stream.",
    ]
    for scenario in scenarios:
        results = _compare(scenario, arguments)
        weir = results[0]
        rows += [_heading(scenario), *(_row(result, weir) for result in results)]
        if isinstance(weir, Result):
            database = f"{weir.database_cpu_s_per_stream_minute:.3f} CPU-s/stream-min"
            notes.append(f"{scenario}: PostgreSQL besides, {database}.")
    print_report("bench.ingest", _COLUMNS, rows, [*notes, *_missing(arguments.peer)])


def _compare(scenario: Scenario, arguments: argparse.Namespace) -> list[Result | Failure]:
    replay = cut(load_clip(scenario.recipe), scenario.chunk_bytes)
    starts = _servers(scenario.publishers + _SPARE_KEYS, arguments)
    return [try_to_measure(start, replay, scenario, arguments.seconds) for start in starts]


def try_to_measure(
    start: Callable[[], AbstractContextManager[Server]], replay: Replay, scenario: Scenario, seconds: float
) -> Result | Failure:
    """Start a server and load it. One that does not start, refuses publishers or dies is a row that says so."""
    name = "a server"
    try:
        with start() as server:
            name = server.name
            print(f"{name}: {scenario}, {seconds:.0f} s ...", flush=True)
            return measure(server, replay, scenario, seconds)
    except (LoadError, RuntimeError, OSError, psutil.Error) as error:
        return Failure(name, str(error) or type(error).__name__)


def _servers(
    channels: int, arguments: argparse.Namespace
) -> Iterator[Callable[[], AbstractContextManager[Server]]]:
    yield partial(weir_server, channels)
    if arguments.compare_reads:
        yield partial(_weir_without_ticks, channels)
    if "nginx-rtmp" in arguments.peer and nginx_installed():
        for hls in (False, True):
            yield partial(nginx_server, channels, hls=hls)
    if "node-media-server" in arguments.peer and node_media_server_installed():
        yield partial(node_media_server, channels)


def _missing(peers: list[str]) -> list[str]:
    here = {"nginx-rtmp": nginx_installed(), "node-media-server": node_media_server_installed()}
    return [f"{peer} is not installed here: {HOW_TO_GET[peer]}" for peer in peers if not here[peer]]


@contextmanager
def _weir_without_ticks(channels: int) -> Iterator[Server]:
    with weir_server(channels, **_NO_TICKS) as server:
        yield replace(server, name="weir, a wake-up a frame")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--publishers", type=int, default=30)
    profiles = "; ".join(f"{name}: {recipe}" for name, recipe in PROFILES.items())
    parser.add_argument("--profile", choices=PROFILES, default="obs", help=profiles)
    parser.add_argument("--chunk-bytes", type=int, default=4096, help="that publishers write; GStreamer: 128")
    parser.add_argument("--table", action="store_true", help="all loads of README instead")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--compare-reads", action="store_true", help="weir without tick reads, too")
    parser.add_argument(
        "--peer", action="append", choices=(*HOW_TO_GET, "none"), help="default: all that are installed"
    )
    arguments = parser.parse_args()
    arguments.peer = [peer for peer in arguments.peer or HOW_TO_GET if peer != "none"]
    return arguments


def _heading(scenario: Scenario) -> list[Cell]:
    return [f"**{scenario}**", *[None] * (len(_COLUMNS) - 1)]


def _row(result: Result | Failure, weir: Result | Failure) -> list[Cell]:
    if isinstance(result, Failure):
        return [f"{result.name}: FAILED, {result.reason}", *[None] * (len(_COLUMNS) - 1)]
    ours = weir.cpu_s_per_stream_minute if isinstance(weir, Result) else None
    alone, loaded = result.accept_alone_s, result.accept_loaded_s
    late_s = [late_s for seen in result.sightings for late_s in seen.late_s()]
    return [
        result.name,
        result.cpu_s_per_stream_minute,
        ours / result.cpu_s_per_stream_minute if ours is not None else None,
        result.cores * 100,
        result.rss_bytes_per_stream / 1e6,
        statistics.median(alone) * 1000,
        quantile(alone, 0.99) * 1000,
        statistics.median(loaded) * 1000,
        quantile(loaded, 0.99) * 1000,
        result.late_s * 1000,
        quantile(late_s, 0.99) * 1000 if late_s else None,
        sum(seen.gaps for seen in result.sightings) if late_s else None,
    ]


if __name__ == "__main__":
    main()
