"""The composition root: opens the database, binds every listener, wires the roles, and takes it all down in order."""

import secrets
import signal
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial

import structlog
import trio

from common.bus import LocalBus
from common.config import Config
from common.db import Database, migrate, wait_for_version
from common.limits import raise_open_files_limit
from common.metrics import Metrics
from common.redis_bus import RedisBus
from common.redis_link import RedisLink
from common.shared_pace import RedisPace
from weir.chat import ChatRole
from weir.collector import spare_collector
from weir.data_dir import held
from weir.database import open_for
from weir.demo import run_demo
from weir.first_run import first_lines
from weir.media import MediaRole
from weir.presence import ViewerCounts, make_presence, open_redis_for
from weir.pulse import Heart
from weir.web import WebRole

log = structlog.get_logger(__name__)

DATABASE_WAIT_S = 30.0
JOURNAL_FLUSH_S = 2.0
DRAIN_SHARE = 0.7
"""Of `drain_s`, what open connections get; the rest is for writing down what ended and stopping the database."""
READY = "weir ready"


async def run_server(config: Config, *, roles: Collection[str], demo: bool = False) -> None:
    """Run `roles` (of `media`, `chat` and `web`) until SIGTERM or SIGINT; a second signal drops everything at once.

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
            async with (
                open_for(config, wait_s=DATABASE_WAIT_S) as db,
                open_redis_for(config.redis_url, db.bridge) as link,
            ):
                await _prepare_schema(db, roles)
                await _serve(config, db, link, roles, stop, demo=demo)
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
    config: Config,
    db: Database,
    link: RedisLink | None,
    roles: Collection[str],
    stop: trio.Event,
    *,
    demo: bool,
) -> None:
    metrics = Metrics()
    metrics.add_source(lambda: _database_samples(db))
    remarks: Callable[[], list[str]] = list
    if link is not None:
        metrics.add_source(link.samples)
        remarks = link.remarks
    counts = ViewerCounts(
        make_presence(link, node=config.node, ttl_s=config.viewer_ttl_s), ttl_s=config.viewer_ttl_s
    )
    metrics.add_source(counts.samples)
    drain_s = config.drain_s * DRAIN_SHARE
    async with trio.open_nursery() as background:  # outlives the servers: it writes down how they ended
        background.start_soon(metrics.watch_loop_lag)
        media = MediaRole(config, db, metrics, counts, remarks=remarks) if "media" in roles else None
        bus = _bus(link, config, background) if {"chat", "web"} & set(roles) else None
        web = WebRole(config, db, metrics, counts, remarks=remarks, bus=bus) if "web" in roles else None
        chat = _chat(config, db, bus, metrics, remarks, link) if "chat" in roles and bus is not None else None
        background.start_soon(counts.run)
        heart = Heart(
            db,
            node=config.node,
            roles=sorted(roles),
            data_path=config.data_path,
            checks=[role.problems for role in (media, chat, web) if role is not None],
            remarks=lambda: [*remarks(), *(bus.remarks() if isinstance(bus, RedisBus) else [])],
        )
        async with trio.open_nursery() as servers:
            lines: list[str] = []
            if media is not None:
                await media.prepare()
                background.start_soon(media.run_background)
                lines += await servers.start(partial(media.serve, stop=stop, drain_s=drain_s))
            if chat is not None:
                background.start_soon(chat.run_background)
                lines += await servers.start(partial(chat.serve, stop=stop, drain_s=drain_s))
            if web is not None:
                lines += await servers.start(partial(web.serve, media, chat, stop=stop, drain_s=drain_s))
            background.start_soon(heart.run, tuple(lines))
            if media is not None and web is not None:
                lines += await first_lines(db, web.url.rstrip("/"))
            if media is not None and demo:
                login = await servers.start(run_demo, db, media.loopback_rtmp_url, stop)
                if web is not None:
                    lines.append(f"  Demo channel  {web.url}/{login}")
            spare_collector()
            _announce(lines)
            await stop.wait()
            if media is not None:
                media.stop()
        await _write_down(media, chat)
        background.cancel_scope.cancel("everything has been written")


async def _write_down(media: MediaRole | None, chat: ChatRole | None) -> None:
    """Have what happened last in the database, if it is there."""
    await trio.lowlevel.checkpoint()
    with trio.move_on_after(JOURNAL_FLUSH_S):
        if chat is not None:
            await chat.history.flush()
    with trio.move_on_after(JOURNAL_FLUSH_S):
        if media is not None:
            await media.journal.wait_empty()


def _chat(
    config: Config,
    db: Database,
    bus: LocalBus | RedisBus,
    metrics: Metrics,
    remarks: Callable[[], list[str]],
    link: RedisLink | None,
) -> ChatRole:
    """Chat, whose health tells of its bus, too: Redis may answer, and a subscription hear nothing."""
    of_bus = bus.remarks if isinstance(bus, RedisBus) else list
    shared = None if link is None else RedisPace(link)
    return ChatRole(
        config,
        db,
        bus,
        metrics,
        remarks=lambda: [*remarks(), *of_bus()],
        shared=shared,
        journals=bus.journals,
    )


def _bus(link: RedisLink | None, config: Config, background: trio.Nursery) -> LocalBus | RedisBus:
    """The bus of this process alone, or that of all nodes."""
    if link is None:
        return LocalBus(new_epoch=_new_epoch, now=trio.current_time, journalled=config.chat_history_days > 0)
    name = f"{config.node}-{secrets.token_hex(4)}"  # two processes may be called the same
    bus = RedisBus(
        link,
        node=name,
        new_epoch=_new_epoch,
        now=trio.current_time,
        journalled=config.chat_history_days > 0,
    )
    background.start_soon(bus.run)
    return bus


def _new_epoch() -> str:
    return secrets.token_hex(8)


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
