"""Migrations against a real PostgreSQL."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from common.db import (
    Database,
    DatabaseError,
    SchemaTooNewError,
    SchemaTooOldError,
    latest_version,
    migrate,
    open_database,
    schema_version,
    wait_for_version,
)
from common.migrations import Migration, known_migrations

pytestmark = pytest.mark.real

PATIENCE_S = 30
ALL = list(range(1, latest_version() + 1))


async def test_an_empty_database_is_migrated_once(database_dsn: str) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S) as db:
        assert await schema_version(db) == 0
        assert await migrate(db) == ALL
        assert await schema_version(db) == latest_version()
        assert await migrate(db) == []
        names = [row["name"] for row in await db.fetch("select name from schema_migrations order by version")]
        assert names == [step.name for step in known_migrations()]


async def test_processes_that_migrate_at_once_share_the_work(database_dsn: str) -> None:
    applied: list[int] = []
    async with open_database(database_dsn, wait_s=PATIENCE_S) as db:

        async def one() -> None:
            applied.extend(await migrate(db))

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(one)
    assert sorted(applied) == ALL


async def test_a_step_that_fails_leaves_nothing_and_can_be_done_again(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration(latest_version() + 1, "broken", "create table half (a int); select nonsense;")
    steps = (*known_migrations(), broken)
    async with open_database(database_dsn, wait_s=PATIENCE_S) as db:
        with monkeypatch.context() as patched:
            patched.setattr("common.migrations.known_migrations", lambda: steps)
            with pytest.raises(DatabaseError, match="nonsense"):
                await migrate(db)
        assert await schema_version(db) == broken.version - 1
        assert await db.fetchval("select to_regclass('half')") is None
        assert await migrate(db) == []


async def test_a_database_of_a_newer_weir_is_refused_with_a_sentence(database: Database) -> None:
    await database.execute("insert into schema_migrations (version, name) values (9999, 'tomorrow')")
    with pytest.raises(SchemaTooNewError, match=r"version 9999.*newer weir"):
        await migrate(database)
    with pytest.raises(SchemaTooNewError):
        await wait_for_version(database)


async def test_a_role_waits_for_whoever_migrates(database_dsn: str) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S) as db:
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait_for_version, db)
                await wait_all_tasks_blocked()
                await migrate(db)


async def test_a_role_gives_up_waiting_with_a_sentence(database_dsn: str) -> None:
    async with open_database(database_dsn, wait_s=PATIENCE_S) as db:
        with pytest.raises(SchemaTooOldError, match=r"version 0, this weir needs \d+; run `weir migrate`"):
            await wait_for_version(db, wait_s=0)
