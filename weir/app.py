"""The composition root: opens the database, binds every listener, wires the roles, and takes it all down in order."""

import signal
from collections.abc import Collection
from contextlib import ExitStack
from functools import partial

import structlog
import trio

from common.config import Config
from common.db import Database, migrate, wait_for_version
from common.limits import raise_open_files_limit
from common.metrics import Metrics
from weir.data_dir import held
from weir.database import open_for
from weir.demo import run_demo
from weir.first_run import first_key
from weir.media import MediaRole
from weir.web import WebRole

log = structlog.get_logger(__name__)

DATABASE_WAIT_S = 30.0
JOURNAL_FLUSH_S = 2.0
DRAIN_SHARE = 0.7
"""Of `drain_s`, what open connections get; the rest is for writing down what ended and stopping the database."""
READY = "weir ready"


async def run_server(config: Config, *, roles: Collection[str], demo: bool = False) -> None:
    """Run `roles` (of `media` and `web`) until SIGTERM or SIGINT; a second signal drops everything at once.

    Prints the addresses and `weir ready` on stdout once every listener is bound. Returns when all of it has ended.

    Raises:
        WeirError: something a person must change, as one sentence; possibly inside a group.
    """
    raise_open_files_limit()
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_watch_signals, stop, nursery.cancel_scope)
        with ExitStack() as stack:
            if "media" in roles:
                stack.enter_context(held(config.data_path))
            async with open_for(config, wait_s=DATABASE_WAIT_S) as db:
                await _prepare_schema(db, roles)
                await _serve(config, db, roles, stop, demo=demo)
        nursery.cancel_scope.cancel("everything has ended")


async def _watch_signals(stop: trio.Event, everything: trio.CancelScope) -> None:
    """First signal: `stop`. Second: cancel all; the database is still stopped properly, that is shielded."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            log.info("signal", signal=signal.Signals(number).name)
            if stop.is_set():
                everything.cancel("second signal")
            stop.set()


async def _prepare_schema(db: Database, roles: Collection[str]) -> None:
    """All in one migrates; a single role waits for whoever does."""
    if len(roles) > 1:
        applied = await migrate(db)
        if applied:
            log.info("migrated", versions=applied)
    else:
        await wait_for_version(db)


async def _serve(
    config: Config, db: Database, roles: Collection[str], stop: trio.Event, *, demo: bool
) -> None:
    metrics = Metrics()
    metrics.add_source(lambda: _database_samples(db))
    drain_s = config.drain_s * DRAIN_SHARE
    async with trio.open_nursery() as background:  # outlives the servers: it writes down how they ended
        background.start_soon(metrics.watch_loop_lag)
        media = MediaRole(config, db, metrics) if "media" in roles else None
        web = WebRole(config, db, metrics) if "web" in roles else None
        async with trio.open_nursery() as servers:
            lines: list[str] = []
            if media is not None:
                await media.prepare()
                background.start_soon(media.run_background)
                lines += await servers.start(partial(media.serve, stop=stop, drain_s=drain_s))
            if web is not None:
                lines += await servers.start(partial(web.serve, media, stop=stop, drain_s=drain_s))
            if media is not None and web is not None:
                lines += await first_key(db)
            if media is not None and demo:
                login = await servers.start(run_demo, db, media.loopback_rtmp_url, stop)
                if web is not None:
                    lines.append(f"  Demo channel  {web.url}/{login}")
            _announce(lines)
            await stop.wait()
            if media is not None:
                media.stop()
        if media is not None:
            with trio.move_on_after(JOURNAL_FLUSH_S):
                await media.journal.wait_empty()
        background.cancel_scope.cancel("everything has been written")


def _announce(lines: list[str]) -> None:
    """Print to stdout, flushed: people read it, and tests and process managers wait for the last line."""
    for line in (*lines, READY):
        print(line, flush=True)  # noqa: T201


def _database_samples(db: Database) -> list[tuple[str, str, float]]:
    return [
        ("weir_database_available", "1 while the database answers", float(db.available)),
        ("weir_database_outages_total", "How often the database went away", db.outages),
        ("weir_database_stray_errors_total", "Errors of background asyncio tasks", db.stray_errors),
    ]
