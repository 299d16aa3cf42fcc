"""`weir seed`: fills a database with a made-up site, to try things out and to measure."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import trio
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from common.config import load_config
from common.credentials import hash_password, new_secret
from weir.database import open_ready_for
from weir.seed import SeedError, category_ids, end_seeded, refuse_real_users, write_seed
from weir.seed_plan import MAX_USERS, SeedPlan, SeedSize


def seed(
    users: Annotated[int, typer.Option(min=1, max=MAX_USERS, help="Accounts to make.")] = 1000,
    channels: Annotated[
        int | None,
        typer.Option(
            min=0, help="How many of them stream: have a title, a category, tags and past broadcasts."
        ),
    ] = None,
    live: Annotated[
        int | None, typer.Option(min=0, help="How many of these look live; there is no picture behind them.")
    ] = None,
    follows_per_user: Annotated[
        int, typer.Option(min=0, max=100, help="Channels that each user follows.")
    ] = 5,
    seed: Annotated[int, typer.Option(help="The same number makes the same site.")] = 1,
    no_password: Annotated[bool, typer.Option("--no-password", help="Nobody can log in as them.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Add to a database that has users already. Nothing takes them away again."
        ),
    ] = False,
    end_live: Annotated[
        bool, typer.Option("--end-live", help="Only end the broadcasts that an earlier seed left live.")
    ] = False,
) -> None:
    """Fill an empty database with a made-up site: users, channels, follows, broadcasts.

    A tenth of the users stream, and a tenth of these are live, unless you say otherwise. All share one password, made up and
    printed at the end. Everything is one transaction: interrupted, it leaves nothing. 100 000 users take a minute or two.
    A database with users of its own is refused.
    """
    if end_live:
        print(f"ended {trio.run(_end_live)} broadcasts")
        return
    streaming = users // 10 if channels is None else channels
    size = SeedSize(users, streaming, streaming // 10 if live is None else live, follows_per_user)
    if not size.live <= size.channels <= size.users:
        raise SeedError("there cannot be more live than channels, nor more channels than users")
    password = None if no_password else new_secret("").text
    trio.run(_seed, size, seed, password, force)
    print(f"made {users} users, {size.channels} channels that stream, {size.live} live")
    print("nobody can log in as them" if password is None else f"password of all of them: {password}")


async def _end_live() -> int:
    async with open_ready_for(load_config()) as db:
        return await end_seeded(db)


async def _seed(size: SeedSize, number: int, password: str | None, force: bool) -> None:  # noqa: FBT001 # trio.run
    async with open_ready_for(load_config()) as db:
        if not force:
            await refuse_real_users(db)
        password_hash = None if password is None else await hash_password(password)
        plan = SeedPlan(size, seed=number, now=datetime.now(UTC), categories=len(await category_ids(db)))
        with _bars() as bars:
            shown: dict[str, TaskID] = {}

            def advance(stage: str, done: int, total: int) -> None:
                if stage not in shown:
                    shown[stage] = bars.add_task(stage)
                bars.update(shown[stage], completed=done, total=total)

            await write_seed(db, plan, password_hash=password_hash, force=force, progress=advance)


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
    )
