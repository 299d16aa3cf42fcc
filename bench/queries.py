"""How long the statements behind lists and pages take on a seeded site: 100 000 users, 10 000 channels, 1 000 live.

`python -m bench.queries [--data-dir DIR]` sends a mix of statements through `common/db.py`, so many a second whether or not
earlier ones have been answered, with `select 1` between them: what that takes is the machine's and the driver's part.
Without a directory one is made, seeded (a minute or two) and removed.
"""

import argparse
import contextlib
import random
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import trio

from bench.report import Cell, print_report
from bench.servers import data_directory
from common.config import Config
from common.db import Database
from common.queries import categories, channels, directory, follows, search
from common.queries.directory import DirectoryFilter, DirectoryPlace
from weir.database import open_ready_for
from weir.seed import category_ids, write_seed
from weir.seed_plan import SeedPlan, SeedSize

SIZE = SeedSize(users=100_000, channels=10_000, live=1_000, follows_per_user=5)
CONTROL = "select 1"
VIEWERS_EVERY_S = 3.0
"""How often the viewer counts of all live broadcasts are written meanwhile, as media nodes do."""

Statement = Callable[[Database], Awaitable[object]]


class Mix:
    """Statements with values that change, as visitors send them."""

    def __init__(self, logins: list[str], ids: list[int], category_ids: list[int], *, searches: bool) -> None:
        self._logins, self._ids, self._categories = logins, ids, category_ids
        self._pick = random.Random(1)
        self.statements: dict[str, Callable[[], Statement]] = {
            "directory": lambda: lambda db: directory.select_directory(db, limit=20),
            "directory, further page": self._further,
            "directory of a category": self._of_category,
            "directory by tag and language": lambda: (
                lambda db: directory.select_directory(
                    db, limit=20, only=DirectoryFilter(languages=["de"], tags=["Retro"])
                )
            ),
            "categories": lambda: lambda db: categories.select_live_categories(db, limit=20),
            "channel": self._channel,
            "followed channels": self._followed,
            "followers": self._followers,
            "following": self._following,
            "search, a login": self._search_login,
            "search, a common word": lambda: lambda db: search.find_channels(db, "boss", limit=20),
            "search, with a slip": self._search_slip,
            "search, two letters": lambda: lambda db: search.find_channels(db, "qu", limit=20),
        }
        if not searches:
            self.statements = {
                name: make for name, make in self.statements.items() if not name.startswith("search")
            }

    def _user(self) -> int:
        return self._pick.choice(self._ids)

    def _further(self) -> Statement:
        after = DirectoryPlace(self._pick.randrange(1, 30))
        return lambda db: directory.select_directory(db, limit=20, after=after)

    def _of_category(self) -> Statement:
        only = DirectoryFilter(category_ids=[self._pick.choice(self._categories)])
        return lambda db: directory.select_directory(db, limit=20, only=only)

    def _channel(self) -> Statement:
        login = self._pick.choice(self._logins)
        return lambda db: channels.select_channel_by_login(db, login)

    def _followed(self) -> Statement:
        user = self._user()
        return lambda db: follows.select_followed(db, user, limit=20)

    def _followers(self) -> Statement:
        user = self._ids[int(len(self._ids) * self._pick.random() ** 6)]
        return lambda db: follows.select_followers(db, user, limit=20)

    def _following(self) -> Statement:
        user = self._user()
        return lambda db: follows.select_following(db, user, limit=20)

    def _search_login(self) -> Statement:
        login = self._pick.choice(self._logins)
        return lambda db: search.find_channels(db, login, limit=20)

    def _search_slip(self) -> Statement:
        login = self._pick.choice(self._logins)
        at = self._pick.randrange(len(login) - 1)
        typed = login[:at] + login[at + 1] + login[at] + login[at + 2 :]
        return lambda db: search.find_channels(db, typed, limit=20)


@contextlib.asynccontextmanager
async def seeded(data_dir: Path | None) -> AsyncIterator[Database]:
    """Open the database in a data directory, or a new one that is seeded first."""
    with contextlib.ExitStack() as stack:
        directory_path = data_dir or Path(stack.enter_context(data_directory()))
        async with open_ready_for(Config(data_dir=str(directory_path))) as db:
            if not await db.fetchval("select exists (select from users)"):
                found = await category_ids(db)
                plan = SeedPlan(SIZE, seed=1, now=datetime.now(UTC), categories=len(found))
                await write_seed(db, plan, password_hash=None, force=False, progress=lambda *_: None)
            yield db


async def write_viewers(db: Database, *, every_s: float) -> None:
    """Give all live broadcasts new viewer counts, again and again."""
    pick = random.Random(2)
    rows = await db.fetch("select id, viewer_count from streams where ended_at is null")
    while True:
        counts = {row["id"]: max(0, row["viewer_count"] + pick.randrange(-3, 4)) for row in rows}
        await directory.update_viewer_counts(db, counts)
        await trio.sleep(every_s)


async def measure(db: Database, mix: Mix, *, rate: float, seconds: float) -> dict[str, list[float]]:
    """Send statements at `rate` a second; give the seconds each took, from when it was due, by name."""
    taken: dict[str, list[float]] = defaultdict(list)
    names = list(mix.statements)

    async def one(name: str, statement: Statement, due: float) -> None:
        await statement(db)
        taken[name].append(time.perf_counter() - due)

    async with trio.open_nursery() as nursery:
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await trio.sleep(max(0.0, due - time.perf_counter()))
            name = CONTROL if number % 4 == 0 else names[number % len(names)]
            statement = mix.statements[name]() if name != CONTROL else _select_1
            nursery.start_soon(one, name, statement, due)
    return taken


async def _select_1(db: Database) -> object:
    return await db.fetchval("select 1")


async def run(data_dir: Path | None, *, rate: float, seconds: float, searches: bool) -> None:
    """Measure and print."""
    async with seeded(data_dir) as db:
        rows = await db.fetch("select id, login from users order by id")
        logins, ids = [row["login"] for row in rows], [row["id"] for row in rows]
        mix = Mix(logins, ids, await category_ids(db), searches=searches)
        await measure(db, mix, rate=rate, seconds=2)  # connections and plans
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: write_viewers(db, every_s=VIEWERS_EVERY_S))
            taken = await measure(db, mix, rate=rate, seconds=seconds)
            nursery.cancel_scope.cancel()
    control = statistics.quantiles(taken[CONTROL], n=100)
    print_report(
        f"Statements at {rate:g} a second in all, through common/db.py, on {len(rows)} users",
        ["statement", "count", "p50 ms", "p99 ms", "p50 / select 1", "p99 / select 1"],
        [_line(name, taken[name], control) for name in (CONTROL, *mix.statements)],
        [f"Meanwhile the viewers of all live broadcasts were written every {VIEWERS_EVERY_S:g} s."],
    )


def _line(name: str, taken: list[float], control: list[float]) -> list[Cell]:
    cuts = statistics.quantiles(taken, n=100)
    p50, p99 = cuts[49], cuts[98]
    return [name, len(taken), p50 * 1000, p99 * 1000, p50 / control[49], p99 / control[98]]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="a data directory; seeded if its database is empty")
    parser.add_argument("--rate", type=float, default=200.0, help="statements a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--no-search", action="store_true", help="lists and pages only")
    given = parser.parse_args()
    work = partial(run, given.data_dir, rate=given.rate, seconds=given.seconds, searches=not given.no_search)
    trio.run(work)


if __name__ == "__main__":
    main()
