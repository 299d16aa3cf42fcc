"""Real PostgreSQL for tests: one embedded cluster a session, one empty schema a test."""

import contextlib
import shutil
import subprocess
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trio

from common.db import Database, migrate, open_database
from common.embedded_pg import cluster_status, embedded_postgres
from common.pg_home import find_home


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


@pytest.fixture(scope="session")
def cluster_dsn(made_data_dir: Path) -> Iterator[str]:
    """URL of a running cluster's database, for the whole session."""
    with searchable_directory() as path:
        copy_data_dir(made_data_dir, path / "data")
        with running_cluster(path / "data") as dsn:
            yield dsn


@pytest.fixture
def database_dsn(cluster_dsn: str) -> Iterator[str]:
    """URL of an empty database: a schema of its own in the session's cluster, dropped after the test."""
    schema = f"test_{uuid.uuid4().hex}"

    async def run(statement: str) -> None:
        async with open_database(cluster_dsn, wait_s=10) as db:
            await db.execute(statement)

    trio.run(run, f"create schema {schema}")
    yield f"{cluster_dsn}&search_path={schema}"
    trio.run(run, f"drop schema {schema} cascade")


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """An open database with our tables, empty."""
    async with open_database(database_dsn, wait_s=10) as db:
        await migrate(db)
        yield db
