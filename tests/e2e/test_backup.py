"""`weir backup` and `weir restore` for real: what comes back is what was there, and whatever goes wrong changes nothing."""

import json
import resource
import signal
import subprocess
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from common.db import Database, latest_version, schema_version
from common.embedded_pg import cluster_status
from common.migrations import known_migrations
from common.queries import users
from tests.common.database_site import running_cluster
from tests.e2e.backup_site import Site, new_site
from tests.e2e.harness import Encoder, Weir, get, log_in, poll
from tests.e2e.postgres_site import own_postgres
from weir.backup_archive import DUMP, MANIFEST, ArchiveReader
from weir.pg_tools import find_tools, libpq_environment

pytestmark = pytest.mark.real

USERS = 3000


@pytest.fixture(scope="module")
def seeded() -> Iterator[Site]:
    """A site with users, follows and past broadcasts, and two accounts of which the tests know something."""
    with new_site() as site:
        site.done("seed", "--users", str(USERS), "--live", "0", "--no-password")
        site.done("user", "add", "anna", "--password-stdin", "--admin", stdin=b"correct horse\n")
        with running_cluster(site.data_path):
            yield site


@pytest.fixture(scope="module")
def archive(seeded: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "weir.tar"
    said = seeded.done("backup", str(path))
    assert f"{USERS + 1} users" in said
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    return path


@pytest.fixture
def empty() -> Iterator[Site]:
    with new_site() as site:
        yield site


def test_every_row_comes_back(seeded: Site, archive: Path, empty: Site) -> None:
    said = empty.done("restore", str(archive), "--keep-sessions")
    assert "restored" in said
    assert empty.contents() == seeded.contents()
    assert empty.schema() == seeded.schema()


def test_a_sysadmin_opens_it_with_tar_and_pg_restore(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    with archive.open("rb") as file:
        assert json.loads((tmp_path / MANIFEST).read_text())["rows"] == ArchiveReader(file).manifest.rows
    assert (tmp_path / DUMP).read_bytes().startswith(b"PGDMP")


def test_standard_output_and_input_do_as_well(seeded: Site, empty: Site) -> None:
    status, out, said = seeded.run("backup", "-")
    assert status == 0, said
    assert empty.run("restore", "-", "--keep-sessions", stdin=out)[0] == 0
    assert empty.contents() == seeded.contents()


def test_a_restored_site_lets_people_in_and_encoders_publish(
    archive: Path,
    weir_factory: Callable[..., Weir],
    publish: Callable[..., Encoder],
    empty: Site,
    tmp_path: Path,
) -> None:
    old = Site(tmp_path / "old")  # the archive's, and soon gone
    old.done("restore", str(archive))
    key = old.done("key", "create", "anna").strip()
    token = old.done("token", "create", "anna", "--scope", "channel:read:stream_key").strip()
    before = weir_factory(data_dir=old.data_path)
    cookie = log_in(before, "anna", "correct horse")
    assert me(before, cookie) == 200
    old.done("backup", str(tmp_path / "weir.tar"))  # while it runs
    assert before.stop() == 0
    empty.done("restore", str(tmp_path / "weir.tar"))
    after = weir_factory(data_dir=empty.data_path)
    assert me(after, cookie) == 401, "sessions end"
    assert me(after, log_in(after, "anna", "correct horse")) == 200
    assert bearer(after, token) == 200
    publish(f"{after.rtmp}/{key}")
    poll("live", lambda: get(f"{after.hls}/hls/anna/index.m3u8")[0] == 200, 30)


def me(weir: Weir, cookie: str) -> int:
    return status_of(f"{weir.web}/api/users/me", {"Cookie": cookie})


def bearer(weir: Weir, token: str) -> int:
    return status_of(f"{weir.web}/api/tokens/current", {"Authorization": f"Bearer {token}"})


def status_of(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=15) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_what_was_live_is_not_after_a_restore(empty: Site, tmp_path: Path) -> None:
    with new_site() as site:
        site.done("seed", "--users", "100", "--live", "3", "--no-password")
        site.done("backup", str(tmp_path / "weir.tar"))
        assert site.asked(lambda db: db.fetchval("select count(*) from streams where ended_at is null")) == 3
    empty.done("restore", str(tmp_path / "weir.tar"))

    async def look(db: Database) -> None:
        assert await db.fetchval("select count(*) from streams where ended_at is null") == 0
        assert await db.fetchval("select count(*) from streams where end_reason = 'restored'") == 3

    empty.asked(look)


def test_a_backup_under_writes_is_of_one_instant(empty: Site, tmp_path: Path) -> None:
    """Every transaction writes a user and a channel: a backup never has the one without the other."""
    with new_site() as site, running_cluster(site.data_path):
        site.migrated()
        stop, written = threading.Event(), threading.Event()

        async def write(db: Database) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                await users.insert_user_with_channel(db, login=f"user{number}", display_name="x")
                if number == 100:
                    written.set()
            await trio.lowlevel.checkpoint()

        thread = threading.Thread(target=site.asked, args=(write,))
        thread.start()
        try:
            assert written.wait(30)
            site.done("backup", str(tmp_path / "weir.tar"))
        finally:
            stop.set()
            thread.join()
        empty.done("restore", str(tmp_path / "weir.tar"))

        async def look(db: Database) -> int:
            made = await db.fetchval("select count(*) from users")
            assert made == await db.fetchval("select count(*) from channels")
            assert made == await db.fetchval("select count(*) from channel_search")
            return int(made)

        made = empty.asked(look)
        assert isinstance(made, int)
        assert 100 <= made < site.asked(lambda db: db.fetchval("select count(*) from users"))  # type: ignore[operator]


@pytest.mark.parametrize("version", [1, 4, latest_version() - 1])
def test_a_backup_of_an_older_weir_is_brought_up_to_date(
    version: int, empty: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_site() as old, running_cluster(old.data_path):
        with monkeypatch.context() as patched:
            steps = known_migrations()[:version]
            patched.setattr("common.migrations.known_migrations", lambda: steps)
            old.migrated()

        async def fill(db: Database) -> None:
            await db.execute(
                """
                with made as (insert into users (login, display_name) values ('old', 'Old') returning id)
                insert into channels (id, user_id, title, tags) select id, id, 'Hello', '{Retro}' from made
                """
            )

        old.asked(fill)
        old.done("backup", str(tmp_path / "weir.tar"))
        assert old.asked(schema_version) == version, "a backup migrates nothing"
        said = empty.done("restore", str(tmp_path / "weir.tar"))
        assert f"schema version {version} → {latest_version()}" in said

        async def look(db: Database) -> None:
            assert await schema_version(db) == latest_version()
            user = await users.select_user_by_login(db, "old")
            assert user is not None
            assert (
                await db.fetchval("select title from channel_search where channel_id = $1", user.id)
                == "Hello"
            )

        empty.asked(look)
        straight = old.migrated()
        assert empty.schema() == straight.schema(), "as if it had been migrated where it was"


def test_a_backup_of_a_newer_weir_is_refused(empty: Site, tmp_path: Path) -> None:
    with new_site() as site:
        site.migrated()
        site.asked(
            lambda db: db.execute("insert into schema_migrations (version, name) values (999, 'future')")
        )
        site.done("backup", str(tmp_path / "weir.tar"))
    said = empty.refusal("restore", str(tmp_path / "weir.tar"))
    assert "schema version 999" in said
    assert cluster_status(empty.data_path) is None, "not even a database was made"


def test_a_database_with_users_is_replaced_only_when_asked(seeded: Site, archive: Path, empty: Site) -> None:
    empty.done("user", "add", "somebody")
    before = empty.contents()
    assert "it has 1 users" in empty.refusal("restore", str(archive))
    assert "--yes" in empty.refusal("restore", str(archive), "--replace"), "nobody to ask"
    assert empty.contents() == before
    empty.asked(
        lambda db: db.execute("create table leftover (id integer); create type mood as enum ('good')")
    )
    said = empty.done("restore", str(archive), "--replace", "--yes", "--keep-sessions")
    assert "in place of what was there" in said
    assert empty.contents() == seeded.contents()
    assert empty.schema() == seeded.schema()


def test_somebody_elses_tables_are_never_replaced(archive: Path, empty: Site) -> None:
    empty.asked(lambda db: db.execute("create table precious (id integer)"))
    assert "not weir's" in empty.refusal("restore", str(archive), "--replace", "--yes")
    assert "precious" in empty.contents()  # type: ignore[operator]


def damaged(archive: Path, path: Path, change: Callable[[bytearray], None]) -> Path:
    content = bytearray(archive.read_bytes())
    change(content)
    path.write_bytes(content)
    return path


def flip(content: bytearray) -> None:
    content[len(content) // 2] ^= 1


def cut(content: bytearray) -> None:
    del content[len(content) // 2 :]


@pytest.mark.parametrize(("change", "said"), [(flip, "damaged"), (cut, "not whole")])
def test_a_damaged_file_is_refused_before_anything_is_touched(
    archive: Path, empty: Site, tmp_path: Path, change: Callable[[bytearray], None], said: str
) -> None:
    broken = damaged(archive, tmp_path / "broken.tar", change)
    assert said in empty.refusal("restore", str(broken), "--check")
    assert said in empty.refusal("restore", str(broken), "--replace", "--yes")
    assert cluster_status(empty.data_path) is None
    assert "whole" in empty.done("restore", str(archive), "--check")


def test_a_dump_that_fails_half_way_leaves_the_old_database(
    archive: Path, empty: Site, tmp_path: Path
) -> None:
    """The sums are right, but the rows are not those that were counted: forged, or a bug."""
    empty.done("user", "add", "somebody")
    before = empty.contents()

    def one_more(content: bytearray) -> None:
        at = content.index(b'"users": ')
        content[at + 9 : at + 13] = b"%d" % (USERS + 2)

    forged = damaged(archive, tmp_path / "forged.tar", one_more)
    said = empty.refusal("restore", str(forged), "--replace", "--yes")
    assert f"users has {USERS + 1} rows and the manifest says {USERS + 2}" in said
    assert "Nothing was changed" in said
    assert empty.contents() == before


def test_nothing_is_restored_under_a_running_server(
    archive: Path, weir_factory: Callable[..., Weir], tmp_path: Path
) -> None:
    weir = weir_factory()
    site = Site(tmp_path / "data")
    assert f"process {weir.process.pid}" in site.refusal("restore", str(archive), "--replace", "--yes")
    status = cluster_status(site.data_path)
    assert status is not None
    elsewhere = Site(tmp_path / "none", status.dsn)  # as from another machine
    assert "running on this database" in elsewhere.refusal("restore", str(archive), "--replace", "--yes")
    assert get(f"{weir.web}/healthz")[0] == 200
    assert weir.stop() == 0


def test_no_server_starts_during_a_restore(archive: Path, empty: Site) -> None:
    empty.migrated()
    with running_cluster(empty.data_path):
        with locked(empty, "users") as waiting:
            restore = empty.start("restore", str(archive))
            poll("the restore has begun", waiting)
            assert f"process {restore.pid}" in empty.refusal("serve")
        assert restore.communicate(timeout=60) is not None
        assert restore.returncode == 0


@contextmanager
def locked(site: Site, table: str) -> Iterator[Callable[[], bool]]:
    """Hold a table for the block as a `psql` does that was left open; gives what says whether anybody waits for it."""
    status = cluster_status(site.data_path)
    assert status is not None
    assert status.dsn is not None
    psql = [find_tools(18).program("psql"), "-XqAt"]
    environment = libpq_environment(status.dsn, "test")
    waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock')"

    def somebody_waits() -> bool:
        asked = subprocess.run(
            [*psql, "-c", waiting], env=environment, capture_output=True, text=True, check=True, timeout=30
        )
        return asked.stdout == "t\n"

    holder = subprocess.Popen(psql, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    with holder:
        holder.stdin.write(f"begin; lock table {table} in access exclusive mode;\n\\echo locked\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "locked\n"
        yield somebody_waits
        holder.stdin.close()


def test_a_file_is_not_overwritten_unless_told(seeded: Site, archive: Path) -> None:
    before = archive.read_bytes()
    assert "--force" in seeded.refusal("backup", str(archive))
    assert archive.read_bytes() == before
    seeded.done("backup", str(archive), "--force")
    assert archive.read_bytes() != before


def test_without_a_database_nothing_is_backed_up(empty: Site, tmp_path: Path) -> None:
    assert "there is no database" in empty.refusal("backup", str(tmp_path / "weir.tar"))
    assert cluster_status(empty.data_path) is None
    empty.asked(lambda db: db.fetchval("select 1"))
    assert "nothing to back up" in empty.refusal("backup", str(tmp_path / "weir.tar"))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_file(seeded: Site, tmp_path: Path) -> None:
    status, _, said = seeded.run("backup", str(tmp_path / "weir.tar"), limit="100")
    assert status == 1
    assert "cannot write" in said
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_under_the_database_leaves_the_old_one(empty: Site, tmp_path: Path) -> None:
    """A file of the database may not grow beyond 17 MB, just over a segment of its log: a table with more is refused."""
    with new_site() as site:
        site.migrated()
        site.asked(
            lambda db: db.execute(
                """
                insert into audit_log (id, actor_kind, action, details)
                select gen_random_uuid(), 'system', 'test', jsonb_build_object('text', string_agg(md5(random()::text), ''))
                from generate_series(1, 4000) as number, generate_series(1, 200) group by number
                """
            )
        )
        site.done("backup", str(tmp_path / "weir.tar"))
    empty.done("user", "add", "somebody")
    with short_files(17 << 20), running_cluster(empty.data_path):
        before = empty.contents()
        said = empty.refusal("restore", str(tmp_path / "weir.tar"), "--replace", "--yes")
        assert "nothing was changed" in said
        assert "File too large" in said
        assert empty.contents() == before


@contextmanager
def short_files(limit_bytes: int) -> Iterator[None]:
    """Whatever is started in the block cannot write longer files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_nothing(seeded: Site, tmp_path: Path, number: signal.Signals) -> None:
    """Held up by a lock on a table, as by a migration, so that the signal comes in the middle."""
    with locked(seeded, "viewer_samples") as waiting:
        backup = seeded.start("backup", str(tmp_path / "weir.tar"))
        poll("it waits", waiting)
        assert [path.name.partition("-")[0] for path in tmp_path.iterdir()] == ["weir.tar.partial"]
        assert interrupted(backup, number) == (130, "interrupted: no file was written\n")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_restore_changes_nothing(archive: Path, empty: Site) -> None:
    empty.done("user", "add", "somebody")
    with running_cluster(empty.data_path):
        before = empty.contents()
        with locked(empty, "viewer_samples") as waiting:
            restore = empty.start("restore", str(archive), "--replace", "--yes")
            poll("it waits", waiting)
            status, said = interrupted(restore, signal.SIGINT)
        assert status == 130
        assert said.endswith("interrupted: nothing was changed\n")
        assert empty.contents() == before


def interrupted(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, str]:
    """Send a signal; exit code and what was said."""
    process.send_signal(number)
    said = process.communicate(timeout=60)[1].decode()
    return process.returncode, said


def test_a_killed_restore_changes_nothing(archive: Path, empty: Site) -> None:
    empty.done("user", "add", "somebody")
    with running_cluster(empty.data_path):
        before = empty.contents()
        with locked(empty, "viewer_samples") as waiting:
            restore = empty.start("restore", str(archive), "--replace", "--yes")
            poll("it waits", waiting)
            restore.kill()
            restore.communicate(timeout=60)
        assert empty.contents() == before


def test_a_postgresql_of_ones_own_with_a_password(archive: Path, seeded: Site, tmp_path: Path) -> None:
    with own_postgres() as server:
        there = Site(tmp_path / "nothing", server.url)
        there.done("restore", str(archive), "--keep-sessions")
        assert there.contents() == seeded.contents()
        there.done("backup", str(tmp_path / "again.tar"))
    with new_site() as back:
        back.done("restore", str(tmp_path / "again.tar"), "--keep-sessions")
        assert back.contents() == seeded.contents()
    assert not (tmp_path / "nothing").exists(), "nothing was made where nothing belongs"
