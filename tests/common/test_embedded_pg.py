"""The embedded cluster: started, shared, killed, moved, found again. Real PostgreSQL, real processes."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import trio

from common.db import open_database
from common.embedded_pg import EmbeddedPostgresError, cluster_status, embedded_postgres
from common.pg_binaries import Account, installed, may
from common.pg_home import ELSEWHERE, Home, find_home
from common.pg_process import read_postmaster
from tests.common.database_site import copy_data_dir, remove_cluster, searchable_directory

pytestmark = pytest.mark.real

PATIENCE_S = 90
AS_ROOT = os.geteuid() == 0

USER = """
import sys, trio
from functools import partial
from pathlib import Path
from common.embedded_pg import embedded_postgres
async def main():
    async with embedded_postgres(Path(sys.argv[1])) as dsn:
        print(dsn, flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)
trio.run(main)
"""


class User:
    """Another process that uses the cluster until it is told to leave."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def joined(self) -> str:
        """Wait until it has the cluster; give the URL."""
        assert self.process.stdout
        return self.process.stdout.readline().decode().strip()

    def tell_to_leave(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    def leave(self) -> int:
        self.tell_to_leave()
        return self.process.wait(timeout=PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE_S)


@pytest.fixture
def new_data_dir() -> Iterator[Path]:
    """A data directory that has yet to be made."""
    with searchable_directory() as path:
        yield path / "data"
        for pid in processes_in(path):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def data_dir(made_data_dir: Path, new_data_dir: Path) -> Path:
    """A data directory with a cluster in it, stopped."""
    copy_data_dir(made_data_dir, new_data_dir)
    return new_data_dir


@pytest.fixture
def user() -> Iterator[Callable[[Path], User]]:
    users: list[User] = []

    def start(data_dir: Path) -> User:
        users.append(User(data_dir))
        return users[-1]

    yield start
    for one in users:
        if one.process.poll() is None:
            one.kill()
        for pipe in (one.process.stdin, one.process.stdout):
            if pipe:
                pipe.close()


def processes_in(path: Path) -> list[int]:
    """Ids of processes that work in a directory: PostgreSQL's work in the cluster."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(path):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def executable_of(pid: int | None) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()


def home_of(data_dir: Path) -> Home:
    home = find_home(data_dir)
    assert home is not None
    return home


def postmaster_pid(data_dir: Path) -> int | None:
    found = read_postmaster(home_of(data_dir))
    return found.pid if found else None


async def ask(dsn: str, statement: str) -> object:
    async with open_database(dsn, wait_s=10) as db:
        found: object = await db.fetchval(statement)
        return found


async def use(data_dir: Path, statement: str) -> object:
    async with embedded_postgres(data_dir) as dsn:
        return await ask(dsn, statement)


async def test_the_first_start_makes_a_cluster_and_the_end_leaves_no_process(new_data_dir: Path) -> None:
    async with embedded_postgres(new_data_dir) as dsn:
        assert await ask(dsn, "select current_database() || ' ' || current_user") == "weir weir"
        assert await ask(
            dsn, "select not rolsuper and not rolcreaterole from pg_roles where rolname = current_user"
        )
        assert await ask(dsn, "show server_encoding") == "UTF8"
        status = cluster_status(new_data_dir)
        assert status is not None
        assert status.dsn == dsn
        assert processes_in(status.cluster)
    assert cluster_status(new_data_dir) is not None
    assert not processes_in(new_data_dir)
    assert postmaster_pid(new_data_dir) is None


async def test_the_server_is_reached_only_through_a_private_socket_as_a_known_user(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as dsn:
        assert await ask(dsn, "show listen_addresses") == ""
        assert await ask(dsn, "show fsync") == "on"
        home = home_of(data_dir)
        for directory in (home.path, home.cluster, home.socket_directory):
            found = directory.stat()
            assert stat.S_IMODE(found.st_mode) == 0o700
            assert found.st_uid == home.owner.uid
        rules = (home.cluster / "pg_hba.conf").read_text()
        assert rules == "local weir weir peer map=weir\n"
        assert home.owner.uid != 0


async def test_data_survives_a_clean_restart(data_dir: Path) -> None:
    async with embedded_postgres(data_dir) as dsn:
        await ask(dsn, "create table kept as select 42 as answer")
    async with embedded_postgres(data_dir) as dsn:
        assert await ask(dsn, "select answer from kept") == 42


def test_the_last_user_stops_the_server(data_dir: Path, user: Callable[[Path], User]) -> None:
    first = user(data_dir)
    dsn = first.joined()
    second = user(data_dir)
    assert second.joined() == dsn
    pid = postmaster_pid(data_dir)
    assert first.leave() == 0
    assert postmaster_pid(data_dir) == pid
    assert trio.run(ask, dsn, "select 1") == 1
    assert second.leave() == 0
    assert not processes_in(data_dir)


def test_many_users_at_once_make_one_cluster_and_one_server(
    new_data_dir: Path, user: Callable[[Path], User]
) -> None:
    users = [user(new_data_dir) for _ in range(4)]
    assert len({one.joined() for one in users}) == 1
    for one in users:
        one.tell_to_leave()
    assert [one.leave() for one in users] == [0] * 4
    assert not processes_in(new_data_dir)


async def test_a_server_whose_users_were_all_killed_is_adopted(
    data_dir: Path, user: Callable[[Path], User]
) -> None:
    killed = user(data_dir)
    killed.joined()
    killed.kill()
    pid = postmaster_pid(data_dir)
    assert pid
    async with embedded_postgres(data_dir) as dsn:
        assert postmaster_pid(data_dir) == pid
        assert await ask(dsn, "select 1") == 1
    assert not processes_in(data_dir)


async def test_when_everything_was_killed_the_next_start_recovers(
    data_dir: Path, user: Callable[[Path], User]
) -> None:
    killed = user(data_dir)
    await ask(killed.joined(), "create table kept as select 42 as answer")
    killed.kill()
    for pid in processes_in(data_dir):
        os.kill(pid, signal.SIGKILL)
    async with embedded_postgres(data_dir) as dsn:
        assert await ask(dsn, "select answer from kept") == 42
    assert not processes_in(data_dir)


async def test_a_stale_pid_file_that_names_a_living_process_is_no_obstacle(data_dir: Path) -> None:
    async with embedded_postgres(data_dir):
        home = home_of(data_dir)
        left = (home.cluster / "postmaster.pid").read_text()
    as_user = home.owner.uid if AS_ROOT else None
    async with trio.open_nursery() as nursery:
        innocent = await nursery.start(partial(trio.run_process, ["sleep", "60"], user=as_user, check=False))
        pid_file = home.cluster / "postmaster.pid"
        pid_file.write_text("\n".join([str(innocent.pid), *left.splitlines()[1:], ""]))
        os.chown(pid_file, home.owner.uid, home.owner.gid)
        async with embedded_postgres(data_dir) as dsn:
            assert await ask(dsn, "select 1") == 1
        nursery.cancel_scope.cancel()


async def test_killed_while_it_made_the_cluster_the_next_start_begins_anew(
    new_data_dir: Path, user: Callable[[Path], User]
) -> None:
    killed = user(new_data_dir)
    with trio.fail_after(PATIENCE_S):
        while not list((new_data_dir / "postgres").glob("cluster.new-*/PG_VERSION")):
            await trio.sleep(0.005)
    killed.kill()
    assert not home_of(new_data_dir).cluster.exists()
    async with embedded_postgres(new_data_dir) as dsn:
        assert await ask(dsn, "select 1") == 1


async def test_cancelling_the_first_start_leaves_no_process(new_data_dir: Path) -> None:
    async def use() -> None:
        async with embedded_postgres(new_data_dir):
            pytest.fail("was to be cancelled before")

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(use)
            while not list((new_data_dir / "postgres").glob("cluster.new-*")):
                await trio.sleep(0.005)
            nursery.cancel_scope.cancel()
    assert not processes_in(new_data_dir)


async def test_an_error_of_the_block_comes_out_as_it_is_and_the_server_stops(data_dir: Path) -> None:
    with pytest.raises(KeyError):
        async with embedded_postgres(data_dir):
            raise KeyError
    assert not processes_in(data_dir)


@pytest.mark.parametrize("name", ["x" * 100, "with space, comma & 100%", "ümläut"])
async def test_a_path_of_any_kind_will_do(data_dir: Path, name: str) -> None:
    directory = data_dir / name
    async with embedded_postgres(directory) as dsn:
        assert await ask(dsn, "select 1") == 1
        sockets = home_of(directory).socket_directory
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    if not sockets.is_relative_to(directory):
        sockets.rmdir()


async def test_a_path_that_confuses_pg_ctl_is_refused_with_a_sentence(data_dir: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="quotes, backslashes or"):
        async with embedded_postgres(data_dir / 'a"b$(c)'):
            pass


async def test_a_data_directory_that_cannot_be_made_is_named() -> None:
    with pytest.raises(EmbeddedPostgresError, match="/dev/null/data"):
        async with embedded_postgres(Path("/dev/null/data")):
            pass


async def test_a_cluster_that_does_not_start_says_what_postgres_said(data_dir: Path) -> None:
    await use(data_dir, "select 1")
    (home_of(data_dir).cluster / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedPostgresError, match=r"(?s)pg_ctl failed.*incompatible"):
        async with embedded_postgres(data_dir):
            pass


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A data directory under a directory that only we can enter."""
    parent = tmp_path / "private"
    parent.mkdir(mode=0o700)
    yield parent / "data"
    for found in parent.iterdir():
        remove_cluster(found)


async def test_under_a_private_directory_it_works_and_changes_no_directory(private: Path) -> None:
    parents = [private.parent, *private.parent.parents]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in parents]
    async with embedded_postgres(private) as dsn:
        await ask(dsn, "create table kept as select 42 as answer")
        home = home_of(private)
        status = cluster_status(private)
        assert status is not None
        assert status.home == home.path
    async with embedded_postgres(private) as dsn:
        assert await ask(dsn, "select answer from kept") == 42
    assert [(path.stat().st_mode, path.stat().st_uid) for path in parents] == before
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    assert home.path.stat().st_uid == home.owner.uid != 0
    assert home.path.parent == (ELSEWHERE if AS_ROOT else private)
    assert (private / "postgres.location").exists() == AS_ROOT
    assert not processes_in(home.path)


def test_a_moved_data_directory_keeps_its_database_and_a_copied_one_is_refused(private: Path) -> None:
    trio.run(use, private, "create table kept as select 42 as answer")
    moved = private.with_name("moved")
    private.rename(moved)
    assert trio.run(use, moved, "select answer from kept") == 42
    if AS_ROOT:  # the database is elsewhere then, and both would mean the same one
        shutil.copytree(moved, private)
        with pytest.raises(EmbeddedPostgresError, match="is a copy of"):
            trio.run(use, private, "select 1")
        (private / "postgres.location").unlink()


def test_a_database_that_is_gone_is_not_replaced_by_an_empty_one(private: Path) -> None:
    private.mkdir()
    (private / "postgres.location").write_text("/var/lib/weir/no-such-place\n")
    with pytest.raises(EmbeddedPostgresError, match="which is gone"):
        trio.run(use, private, "select 1")
    (private / "postgres.location").unlink()


def test_a_deleted_data_directory_takes_its_database_along(private: Path) -> None:
    trio.run(use, private, "create table kept as select 42 as answer")
    deleted = home_of(private)
    shutil.rmtree(private)
    assert trio.run(use, private, "select to_regclass('kept')") is None
    if deleted.origin:  # root's is elsewhere: put aside, not thrown away
        assert deleted.cluster.exists()
        shutil.rmtree(deleted.path)
        deleted.origin.unlink()


def test_who_may_enter_is_judged_by_every_parent(tmp_path: Path) -> None:
    stranger = Account("stranger", 54321, 54321)
    with searchable_directory() as path:
        assert may(stranger, path, 0o1)
        assert not may(stranger, path / "missing", 0o1)
        closed = path / "closed"
        (closed / "inner").mkdir(parents=True)
        closed.chmod(0o700)
        assert not may(stranger, closed / "inner", 0o1)
        closed.chmod(0o711)
        assert may(stranger, closed / "inner", 0o1)
        assert not may(stranger, closed, 0o4)
    assert installed().program("postgres").endswith("/bin/postgres")


@pytest.mark.skipif(not AS_ROOT, reason="only root runs PostgreSQL as another user")
async def test_binaries_the_user_cannot_reach_are_copied_once(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.pg_binaries.Binaries.usable_by", lambda *_: False)
    async with embedded_postgres(private) as dsn:
        copies = list(home_of(private).path.glob("binaries-*"))
        assert len(copies) == 1
        made = copies[0].stat().st_mtime_ns
        assert executable_of(postmaster_pid(private)).is_relative_to(copies[0])
        assert await ask(dsn, "select 1") == 1
    async with embedded_postgres(private) as dsn:
        assert await ask(dsn, "do $$ begin perform 1; end $$") is None  # plpgsql is a library of the copy
        assert copies[0].stat().st_mtime_ns == made
