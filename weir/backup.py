"""Makes backups: everything that the database holds, as it was at one instant, in one file.

While `weir serve` runs and without it: `pg_dump` reads from a snapshot that a transaction of ours holds, and the manifest
counts rows in the same one. The database's own programs are used because their dumps can be read when we are gone.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import BinaryIO

import trio

from common.db import Executor, Transaction, open_database, schema_version
from common.embedded_pg import cluster_status, embedded_postgres
from common.errors import WeirError
from weir.backup_archive import CHUNK_BYTES, DUMP, ArchiveWriter, Manifest, MemberWriter
from weir.database import COMMAND_WAIT_S, DatabaseConfig
from weir.pg_tools import PgToolError, PgTools, find_tools, libpq_environment, running_tool

_STATEMENT_S = 6 * 3600.0
"""Patience with one statement: counting a large table takes minutes, and six times this is how long the snapshot may idle."""

_LOCK_WAIT_MS = 60_000
"""Patience of `pg_dump` with a migration that holds a table."""

Progress = Callable[[int], None]
"""Told how many bytes have been written or read so far."""


class BackupError(WeirError):
    """The backup cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The database as it was at one instant."""

    id: str
    """For other connections; good while the transaction that made it lasts."""
    taken_at: datetime
    server: str
    server_major: int
    schema: str
    schema_version: int
    rows: dict[str, int]


async def back_up(config: DatabaseConfig, file: BinaryIO, *, progress: Progress) -> Manifest:
    """Write a backup of the configured database into a file that can seek and is empty; give its manifest.

    Raises `BackupError`, `PgToolError`, `EmbeddedPostgresError` or a `DatabaseError`, possibly in a group. The file is
    then no backup. Cancelling is safe.
    """
    async with (
        _dsn_of(config) as dsn,
        open_database(dsn, wait_s=COMMAND_WAIT_S, statement_timeout_s=_STATEMENT_S) as db,
        db.transaction() as transaction,
    ):
        snapshot = await take_snapshot(transaction)
        tools = await trio.to_thread.run_sync(find_tools, snapshot.server_major)
        archive = ArchiveWriter(file)
        member = archive.member(DUMP)
        await _dump(tools, libpq_environment(dsn, "weir backup"), snapshot, member, progress)
        member.close()
        manifest = Manifest(
            weir_version=version("weir"),
            schema_version=snapshot.schema_version,
            created_at=snapshot.taken_at,
            postgresql=snapshot.server,
            pg_dump=tools.major,
            schema=snapshot.schema,
            rows=snapshot.rows,
            members=archive.sums,
        )
        archive.finish(manifest)
        return manifest


@contextlib.asynccontextmanager
async def _dsn_of(config: DatabaseConfig) -> AsyncIterator[str]:
    """Give the URL of the database; an embedded one that does not exist is not made."""
    if config.database_url is not None:
        yield config.database_url
    elif cluster_status(config.data_path) is None:
        raise BackupError(
            f"there is no database in {config.data_path}; set WEIR_DATA_DIR to the folder that has one"
        )
    else:
        async with embedded_postgres(config.data_path) as dsn:
            yield dsn


async def take_snapshot(transaction: Transaction) -> Snapshot:
    """Make the transaction, which must not have done anything yet, see one instant, and say what it sees."""
    await transaction.execute("set transaction isolation level repeatable read, read only")
    row = await transaction.fetchrow(
        """
        select pg_export_snapshot() as id, clock_timestamp() as taken_at, current_setting('server_version') as server,
               current_setting('server_version_num')::integer / 10000 as server_major, current_schema() as schema
        """
    )
    assert row is not None
    found = await schema_version(transaction)
    if found == 0:
        raise BackupError("the database is empty: there is nothing to back up")
    return Snapshot(**dict(row), schema_version=found, rows=await count_rows(transaction))


async def count_rows(db: Executor) -> dict[str, int]:
    """Count the rows of every table of the current schema, partitions with the table they belong to."""
    tables = await db.fetch(
        """
        select relname as name from pg_catalog.pg_class
        where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
        order by relname
        """
    )
    # The names are those of our own migrations, and PostgreSQL's to begin with.
    return {
        row["name"]: await db.fetchval(f'select count(*) from "{row["name"]}"')  # noqa: S608
        for row in tables
    }


async def _dump(
    tools: PgTools, environment: dict[str, str], snapshot: Snapshot, member: MemberWriter, progress: Progress
) -> None:
    command = [
        "pg_dump",
        "--format=custom",
        f"--schema={snapshot.schema}",
        f"--snapshot={snapshot.id}",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        f"--lock-wait-timeout={_LOCK_WAIT_MS}",
    ]
    async with running_tool(tools, *command, environment=environment) as pg_dump:
        await pg_dump.stdin.aclose()
        while data := await pg_dump.stdout.receive_some(CHUNK_BYTES):
            try:
                member.write(bytes(data))
            except OSError as error:
                raise BackupError(f"cannot write the backup: {error.strerror}") from error
            progress(member.size)
        if (failure := await pg_dump.failure()) is not None:
            raise PgToolError(f"the database cannot be dumped: {failure}")
