"""Real PostgreSQL for tests: one embedded cluster a session, one database a test.

The cluster forgets what it was told when the machine stops, and a test's database is a copy of one that was migrated once:
what a test costs beside what it does is a tenth of a second, however many migrations there are.
"""

import atexit
import contextlib
import functools
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trio

from common.asyncio_bridge import open_bridge
from common.db import Database, migrate, open_database
from common.embedded_pg import cluster_status, embedded_postgres
from common.pg_home import find_home, make_home
from common.pg_pool import Connector
from common.pg_process import DATABASE


def remove_cluster(data_dir: Path) -> None:
    """Remove a data directory with the cluster that belongs to it, wherever that is."""
    home = find_home(data_dir)
    if home and home.origin:
        shutil.rmtree(home.path, ignore_errors=True)
        home.origin.unlink(missing_ok=True)
    shutil.rmtree(data_dir, ignore_errors=True)


@contextlib.contextmanager
def searchable_directory() -> Iterator[Path]:
    """A directory that PostgreSQL can get to also where the tests run as root: pytest's own are 0700."""
    path = Path(tempfile.mkdtemp(prefix="weir-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        remove_cluster(path)


@contextlib.contextmanager
def running_cluster(data_dir: Path) -> Iterator[str]:
    """The embedded cluster, held by a Trio run in a thread; gives its URL."""
    started = threading.Event()
    found: list[str] = []
    done: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def hold() -> None:
        stop = trio.Event()
        done.append((trio.lowlevel.current_trio_token(), stop))
        async with embedded_postgres(data_dir) as dsn:
            found.append(dsn)
            started.set()
            await stop.wait()

    def run() -> None:
        try:
            trio.run(hold)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="embedded cluster")
    thread.start()
    assert started.wait(120)
    try:
        assert found, "the cluster did not start"
        yield found[0]
    finally:
        token, stop = done[0]
        with contextlib.suppress(trio.RunFinishedError):
            token.run_sync_soon(stop.set)
        thread.join(60)
        assert not thread.is_alive()
        assert (status := cluster_status(data_dir)) is None or status.dsn is None


@pytest.fixture(scope="session")
def made_data_dir() -> Iterator[Path]:
    """A data directory whose cluster has been made, and is stopped; to be copied: initdb takes seconds on a busy disk."""
    with searchable_directory() as data_dir:
        with running_cluster(data_dir):
            pass
        yield data_dir


def copy_data_dir(made: Path, destination: Path) -> None:
    """Copy a stopped data directory with its cluster, owners and modes included."""
    subprocess.run(["cp", "-a", str(made), str(destination)], check=True, timeout=60)


_until_exit = contextlib.ExitStack()
atexit.register(_until_exit.close)


@functools.cache
def _migrated_cluster() -> Path:
    """Make a stopped cluster with our tables in it, once; kept until the process ends."""
    data_dir = _until_exit.enter_context(searchable_directory())
    with running_cluster(data_dir) as dsn, ThreadPoolExecutor(1) as thread:  # the caller may be in a Trio run
        thread.submit(trio.run, _fill, dsn, _nothing).result()
    home = find_home(data_dir)
    assert home is not None
    return home.cluster


def begin_data_dir(data_dir: Path) -> None:
    """Make a data directory with our tables, empty, as a first start would: that takes initdb and all migrations seconds."""
    data_dir.mkdir(parents=True)
    subprocess.run(
        ["cp", "-a", str(_migrated_cluster()), str(make_home(data_dir).cluster)], check=True, timeout=60
    )


def loosen(data_dir: Path) -> None:
    """Let a stopped cluster's tests make databases, as a superuser that no weir has, and not wait for the disk."""
    home = find_home(data_dir)
    assert home is not None
    who = pwd.getpwuid(os.geteuid()).pw_name
    added = {
        "pg_hba.conf": f"local all {DATABASE} peer map=weir\nlocal all postgres peer map=tests\n",
        "pg_ident.conf": f'tests "{who}" postgres\n',
        "postgresql.conf": "fsync = off\nfull_page_writes = off\n",
    }
    for name, lines in added.items():
        with (home.cluster / name).open("a") as file:
            file.write(lines)


@pytest.fixture(scope="session")
def cluster_dsn(made_data_dir: Path) -> Iterator[str]:
    """URL of a running cluster's database, for the whole session."""
    with searchable_directory() as path:
        copy_data_dir(made_data_dir, path / "data")
        loosen(path / "data")
        with running_cluster(path / "data") as dsn:
            yield dsn


def as_superuser(cluster_dsn: str, statement: str) -> None:
    """Run a statement outside of all databases of tests."""
    dsn = cluster_dsn.replace(f"{DATABASE}@/{DATABASE}?", "postgres@/postgres?")

    async def run() -> None:
        async with open_bridge() as bridge:
            connector = Connector(bridge, dsn, statement_timeout_s=100)
            connection = await connector.connect()
            await bridge.run(connection.execute, statement)
            await connector.close(connection)

    trio.run(run)


def dsn_of(cluster_dsn: str, name: str) -> str:
    """URL of another database of the cluster."""
    return cluster_dsn.replace(f"@/{DATABASE}?", f"@/{name}?")


@contextlib.contextmanager
def made_database(cluster_dsn: str, *, template: str = "template1") -> Iterator[str]:
    """URL of a database of its own, a copy of `template`, dropped afterwards whoever is connected to it."""
    name = f"test_{uuid.uuid4().hex}"
    as_superuser(
        cluster_dsn, f"create database {name} owner {DATABASE} template {template} strategy file_copy"
    )
    yield dsn_of(cluster_dsn, name)
    as_superuser(cluster_dsn, f"drop database {name} with (force)")


async def _fill(dsn: str, fill: Callable[[Database], Awaitable[object]]) -> None:
    async with open_database(dsn, wait_s=10, statement_timeout_s=100) as db:
        await migrate(db)
        await fill(db)


@contextlib.contextmanager
def filled_schema(cluster_dsn: str, fill: Callable[[Database], Awaitable[object]]) -> Iterator[str]:
    """URL of a database with our tables, filled once, for the tests of a module that change little of it."""
    with made_database(cluster_dsn) as dsn:
        trio.run(_fill, dsn, fill)
        yield dsn


async def _nothing(_db: Database) -> None: ...


@functools.cache
def migrated(cluster_dsn: str) -> str:
    """Make a database with our tables in a cluster, once, and give its name: to be copied."""
    as_superuser(cluster_dsn, f"create database migrated owner {DATABASE}")
    trio.run(_fill, dsn_of(cluster_dsn, "migrated"), _nothing)
    return "migrated"


@pytest.fixture
def database_dsn(cluster_dsn: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a database of the test's own: an empty one, but for a test that asks for `database`, too, with our tables."""
    template = migrated(cluster_dsn) if "database" in request.fixturenames else "template1"
    with made_database(cluster_dsn, template=template) as dsn:
        yield dsn


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """An open database with our tables, empty."""
    async with open_database(database_dsn, wait_s=10) as db:
        await migrate(db)
        yield db
