"""Puts a backup back: all of it or nothing, into an empty database or in place of one that may be thrown away.

Everything happens in one transaction of one `psql`, which is told to commit only when the dump's sum, the number of rows in
every table and the schema's version were all found right. `pg_restore` makes the script that `psql` runs; nothing here
reads SQL. A backup is a program that the database runs as its owner, so sums guard against damage, not against forgers.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import trio

from common.db import latest_version, migrate, open_database, schema_version
from common.embedded_pg import embedded_postgres
from common.errors import WeirError
from weir.backup import Progress
from weir.backup_archive import ArchiveReader, Manifest
from weir.data_dir import held
from weir.database import COMMAND_WAIT_S, DatabaseConfig
from weir.pg_tools import PgTools, Tool, find_tools, libpq_environment, running_tool
from weir.restore_sql import script_after, script_before

_ANALYZE_S = 3600.0
_COMMIT_S = 600.0
"""Patience with what follows the last row: the checks, and the commit, which may not be cancelled half-way."""

_NEW_SETTING = b"SET transaction_timeout = 0;\n"
"""`pg_restore` writes it into every script; servers before version 17 do not know it."""

Ask = Callable[[str], bool]
"""Asked whether what a sentence describes may be thrown away."""


class RestoreError(WeirError):
    """The backup was not restored and nothing was changed; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """The database that shall receive a backup, as it is now."""

    server_major: int
    schema: str | None
    has_tables: bool
    schema_version: int
    """0: no tables of ours."""
    users: int


async def restore(
    config: DatabaseConfig,
    archive: ArchiveReader,
    *,
    ask: Ask | None,
    keep_sessions: bool,
    progress: Progress,
) -> bool:
    """Restore into the configured database; the embedded one is made where there is none. Gives whether it had users.

    `ask` is asked before a database that has users is replaced; `None`: it is not replaced. `progress` is told how much of
    the dump has been read. Cancelling is safe: nothing has happened then, or all.

    Raises `RestoreError`, `ArchiveError`, `DataDirError`, `PgToolError`, `EmbeddedPostgresError` or a `DatabaseError`,
    possibly in a group.
    """
    manifest = archive.manifest
    check_version(manifest)
    async with _target_of(config) as dsn:
        target = await _examine(dsn)
        check_target(target, manifest)
        if target.users:
            await _ask(ask, target)
        tools = await trio.to_thread.run_sync(
            partial(find_tools, target.server_major, at_least=manifest.pg_dump)
        )
        before = script_before(manifest.schema, replace=target.users > 0)
        after = script_after(manifest, keep_sessions=keep_sessions)
        await _pour(archive, tools, dsn, target.server_major, (before, after), progress)
        return target.users > 0


async def bring_up_to_date(config: DatabaseConfig) -> list[int]:
    """Do what may be done after a restore: a backup of an older weir is migrated; gives the versions that were applied.

    Nothing is lost when it is cancelled: `weir migrate` goes on where it ended.
    """
    async with (
        _target_of(config) as dsn,
        open_database(dsn, wait_s=COMMAND_WAIT_S, statement_timeout_s=_ANALYZE_S) as db,
    ):
        applied = await migrate(db)
        await db.execute("analyze")  # PostgreSQL would do so by itself, after a slow minute
        return applied


def check_version(manifest: Manifest) -> None:
    """Refuse a backup whose tables this weir does not know."""
    if manifest.schema_version > latest_version():
        raise RestoreError(
            f"the backup has schema version {manifest.schema_version}, this weir knows {latest_version()} at most: it was "
            f"made by weir {manifest.weir_version}; restore it with that one or a newer one"
        )


def check_target(target: Target, manifest: Manifest) -> None:
    """Refuse a database that is not ours, or where the tables would go to another schema."""
    if target.has_tables and not target.schema_version:
        raise RestoreError(
            "the database holds tables that are not weir's; name an empty one in WEIR_DATABASE_URL"
        )
    if target.schema != manifest.schema:
        raise RestoreError(
            f"the backup's tables are in schema {manifest.schema}, and this database's would be in {target.schema}; give "
            f"WEIR_DATABASE_URL the parameter search_path={manifest.schema}, and make that schema where it is missing"
        )


async def _ask(ask: Ask | None, target: Target) -> None:
    if ask is None:
        raise RestoreError(
            f"the database is not empty: it has {target.users} users. Add --replace to throw all of it away first, or set "
            "WEIR_DATA_DIR or WEIR_DATABASE_URL to another one"
        )
    question = f"This throws away the database as it is, with {target.users} users and all they have."
    # In a thread: who is asked may still be thinking when a signal comes.
    if not await trio.to_thread.run_sync(ask, question, abandon_on_cancel=True):
        raise RestoreError("not restored: the database was left as it is")


@contextlib.asynccontextmanager
async def _target_of(config: DatabaseConfig) -> AsyncIterator[str]:
    """Give the URL of the database; nobody can start a server on the embedded one meanwhile."""
    if config.database_url is not None:
        yield config.database_url
        return
    with held(config.data_path):
        async with embedded_postgres(config.data_path) as dsn:
            yield dsn


async def _examine(dsn: str) -> Target:
    async with open_database(dsn, wait_s=COMMAND_WAIT_S) as db:
        row = await db.fetchrow(
            """
            select current_setting('server_version_num')::integer / 10000 as server_major, current_schema() as schema,
                   exists (select from pg_catalog.pg_class where relnamespace = current_schema()::regnamespace
                           and relkind in ('r', 'p', 'v', 'm', 'f')) as has_tables
            """
        )
        assert row is not None
        version = await schema_version(db)
        users = await db.fetchval("select count(*) from users") if version else 0
        return Target(**dict(row), schema_version=version, users=users)


async def _pour(
    archive: ArchiveReader,
    tools: PgTools,
    dsn: str,
    server_major: int,
    around: tuple[str, str],
    progress: Progress,
) -> None:
    """Run the restored script between two of ours, the last of which commits."""
    environment = libpq_environment(dsn, "weir restore")
    psql_command = (
        *("psql", "--no-psqlrc", "--quiet", "--no-password", "--file=-", "--output=/dev/null"),
        *("--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"),
    )
    script_command = (
        *("pg_restore", "--format=custom", "--file=-", f"--schema={archive.manifest.schema}"),
        *("--no-owner", "--no-privileges"),
    )
    before, after = (text.encode() for text in around)
    async with (
        running_tool(tools, *psql_command, environment=environment) as psql,
        running_tool(tools, *script_command, environment=environment) as pg_restore,
    ):
        if await _sent(psql, before) and await _script_sent(
            archive, pg_restore, psql, server_major, progress
        ):
            if (failure := await pg_restore.failure()) is not None:
                raise RestoreError(
                    f"the dump in the backup cannot be read, and nothing was changed. {failure}"
                )
            with trio.CancelScope(shield=True, deadline=trio.current_time() + _COMMIT_S):
                await _finish(psql, after)
        else:
            await _finish(psql, b"")


async def _script_sent(
    archive: ArchiveReader, pg_restore: Tool, psql: Tool, server_major: int, progress: Progress
) -> bool:
    """Have `psql` run what `pg_restore` makes of the dump; `False` where it stopped listening."""
    listens = True
    unknown = _NEW_SETTING if server_major < 17 else None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_feed, archive, pg_restore.stdin, progress)
        async for data in pg_restore.stdout:
            script = bytes(data)
            if unknown is not None:  # it stands a few hundred bytes into the first write
                script, unknown = script.replace(unknown, b"", 1), None
            listens = await _sent(psql, script)
            if not listens:
                nursery.cancel_scope.cancel("psql has failed")
    return listens


async def _feed(archive: ArchiveReader, stream: trio.abc.SendStream, progress: Progress) -> None:
    """Send the dump. Where `pg_restore` stops listening it has failed, and says so itself."""
    done = 0
    async with stream:
        with contextlib.suppress(trio.BrokenResourceError):
            for chunk in archive.dump():
                await stream.send_all(chunk)
                done += len(chunk)
                progress(done)


async def _sent(tool: Tool, data: bytes) -> bool:
    await trio.lowlevel.checkpoint()
    try:
        await tool.stdin.send_all(data)
    except trio.BrokenResourceError:
        return False
    return True


async def _finish(psql: Tool, last_words: bytes) -> None:
    """Say the last words and see what became of it."""
    await _sent(psql, last_words)
    await psql.stdin.aclose()
    if (failure := await psql.failure()) is not None:
        raise RestoreError(_sentence(failure))
    if not last_words:
        raise RestoreError("psql ended before its time; nothing was changed")


def _sentence(said: str) -> str:
    """Make a sentence of what `psql` said: what a script of ours raised (`weir: …`) is one already."""
    if match := re.search(r"ERROR:\s+weir: (.*)", said):
        return f"{match[1]}. Nothing was changed"
    match = re.search(r"(?:ERROR|FATAL|PANIC):\s+(.*)", said)
    reason = match[1] if match else said
    return f"the database does not take the backup, and nothing was changed: {reason}"
