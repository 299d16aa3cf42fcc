"""How quickly the API answers on one core: 200 requests a second on a site with 100 000 users, 10 000 channels, 1 000 live.

`python -m bench.api [--data-dir DIR]` seeds a data directory (a minute or two; a kept one is seeded once), serves it with
`weir serve` on one core, and asks from another, where PostgreSQL is, too (`--one-core`: it shares the server's), at a fixed
rate: lists and channels first, then with searches among them. Meanwhile publishers are authorised and viewer counts are
written, as on a site that is used. Times are from when a request was due to its last byte, so that what waits is counted.
"""

import argparse
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from bench.api_load import Answers, RateLoad
from bench.api_site import Site, Visitors, claim_keys, forget, prepare
from bench.queries import VIEWERS_EVERY_S, write_viewers
from bench.report import Cell, print_report
from bench.servers import Server, Usage, data_directory, move_database, pin_generator, weir_on
from common.config import Config
from common.db import Database
from weir.database import open_ready_for
from weir.seed_plan import SeedSize

GOAL_MS = 50.0
CLAIM_GOAL_MS = 5.0
CLAIMS_PER_S = 5.0
WARM_UP_S = 3.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a server took for a round."""

    cores: float
    """Share of one core."""
    ms_per_request: float
    """CPU time; a busy machine disturbs it less than it does answer times."""


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of load, and what came of it."""

    name: str
    answers: Answers
    claims_s: list[float]
    select_1_s: list[float]
    web: Cost
    database: Cost


def percentile(taken_s: list[float], share: float) -> float:
    """Give the value in milliseconds below which this share of the times is."""
    ordered = sorted(taken_s)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def measure_round(
    name: str, server: Server, db: Database, visitors: Visitors, *, rate: float, seconds: float
) -> Round:
    """Ask for a while."""
    assert server.web_port is not None
    load = RateLoad(server.web_port, visitors.ask, visitors.heard)
    await load.run(rate=rate, seconds=WARM_UP_S)
    claims_s: list[float] = []
    select_1_s: list[float] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(write_viewers, db, every_s=VIEWERS_EVERY_S))
        nursery.start_soon(partial(claim_keys, db, visitors.site, claims_s, per_s=CLAIMS_PER_S))
        nursery.start_soon(partial(select_1, db, select_1_s, per_s=CLAIMS_PER_S))
        before, database_before = server.usage(), server.database_usage()
        answers = await load.run(rate=rate, seconds=seconds)
        after, database_after = server.usage(), server.database_usage()
        nursery.cancel_scope.cancel()
    await load.close()
    requests = sum(map(len, answers.taken_s.values()))
    return Round(
        name,
        answers,
        claims_s,
        select_1_s,
        _cost(before, after, requests),
        _cost(database_before, database_after, requests),
    )


def _cost(before: Usage, after: Usage, requests: int) -> Cost:
    cpu_s = after.cpu_s - before.cpu_s
    return Cost(cpu_s / (after.at - before.at), 1000 * cpu_s / requests)


async def select_1(db: Database, taken_s: list[float], *, per_s: float) -> None:
    """Ask the database nothing, for ever: what that takes is the driver's part, and that of the queue for the core."""
    while True:
        begin = time.perf_counter()
        await db.fetchval("select 1")
        taken_s.append(time.perf_counter() - begin)
        await trio.sleep(1 / per_s)


async def measure(
    data_dir: Path, server: Server, site: Site, *, rate: float, seconds: float, search_share: float
) -> list[Round]:
    """Ask without searches, then with."""
    async with open_ready_for(Config(data_dir=str(data_dir))) as db:
        rounds = [
            await measure_round(
                name, server, db, Visitors(site, search_share=share), rate=rate, seconds=seconds
            )
            for name, share in (("lists and channels", 0.0), ("with searches", search_share))
        ]
        await forget(db)
    return rounds


def report(site: Site, measured: list[Round], *, rate: float, one_core: bool = False) -> None:
    """Print, and say whether the goals are met. `one_core`: PostgreSQL shared the server's."""
    where = "the same core" if one_core else "the load's core"
    for one in measured:
        taken = one.answers.taken_s
        lists = {name: times for name, times in taken.items() if not name.startswith("search")}
        everything = [times for all_times in lists.values() for times in all_times]
        rows = [_row(name, taken[name], GOAL_MS) for name in sorted(taken)]
        rows.append(_row("all but search", everything, GOAL_MS))
        rows.append(_row("publisher authorised (database)", one.claims_s, CLAIM_GOAL_MS))
        rows.append(_row("select 1, from where that is asked", one.select_1_s, None))
        quick = percentile(everything, 0.99) <= GOAL_MS and not one.answers.refused
        authorised = percentile(one.claims_s, 0.5) <= CLAIM_GOAL_MS
        refused = ", ".join(f"{count} of {name}" for name, count in one.answers.refused.items()) or "none"
        print_report(
            f"API at {rate:g} requests a second, {one.name}; {site.users} users, {len(site.channels)} channels",
            ["route", "count", "p50 ms", "p99 ms", "max ms", "goal ms"],
            rows,
            [
                f"`weir serve` has one core: {_shown(one.web)}. PostgreSQL on {where}: {_shown(one.database)}.",
                f"At most {one.answers.largest_queue} requests under way at once. Answers other than 200: {refused}.",
                f"99 of 100 lists and channels within {GOAL_MS:g} ms: {_verdict(quick)}.",
                f"A publisher authorised within {CLAIM_GOAL_MS:g} ms, median: {_verdict(authorised)}.",
            ],
        )


def _verdict(met: bool) -> str:  # noqa: FBT001 # one value
    return "yes" if met else "NO"


def _shown(cost: Cost) -> str:
    return f"{cost.cores:.0%} ({cost.ms_per_request:.2f} ms a request)"


def _row(name: str, taken_s: list[float], goal_ms: float | None) -> list[Cell]:
    cuts = [percentile(taken_s, share) for share in (0.5, 0.99, 1.0)]
    return [name, len(taken_s), *cuts, goal_ms]


@contextlib.contextmanager
def directory_for(kept: Path | None) -> Iterator[Path]:
    """Give the directory that was asked for, or one that goes afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
    else:
        with data_directory() as made:
            yield Path(made)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.api",
        description="How quickly the API answers on one core at a fixed rate of requests.",
        epilog=f"Goals: 99 of 100 answers within {GOAL_MS:g} ms without searches; a publisher's key checked and its"
        f" channel claimed by the database within {CLAIM_GOAL_MS:g} ms (median).",
    )
    parser.add_argument("--data-dir", type=Path, help="kept between runs; seeded if its database is empty")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second (default 200)")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each of the two rounds (default 20)")
    parser.add_argument(
        "--searches", type=float, default=0.1, help="their share in the second round (default 0.1)"
    )
    parser.add_argument(
        "--users", type=int, default=100_000, help="a tenth stream, a hundredth is live (default 100000)"
    )
    parser.add_argument("--one-core", action="store_true", help="PostgreSQL shares the server's core")
    given = parser.parse_args()
    size = SeedSize(given.users, given.users // 10, given.users // 100, follows_per_user=5)
    pin_generator()
    with directory_for(given.data_dir) as data_dir:
        site = trio.run(prepare, data_dir, size)
        with weir_on(str(data_dir)) as server:
            if not given.one_core:
                move_database(server)
            work = partial(
                measure,
                data_dir,
                server,
                site,
                rate=given.rate,
                seconds=given.seconds,
                search_share=given.searches,
            )
            measured = trio.run(work)
    report(site, measured, rate=given.rate, one_core=given.one_core)


if __name__ == "__main__":
    main()
