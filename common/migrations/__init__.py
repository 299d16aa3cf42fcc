"""The schema's history: numbered SQL files beside this module, applied in order, each in one transaction.

A file that has been released is never changed; what it got wrong, the next one mends.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import trio

from common.pg_errors import SchemaTooNewError, SchemaTooOldError

if TYPE_CHECKING:  # common.db offers these functions, so it imports us
    from common.db import Database, Executor, Transaction

MIGRATION_LOCK = 0x77656972
"""Key of the advisory lock ("weir") that lets one process at a time migrate."""

_MIGRATION_TIMEOUT_S = 3600.0
_POLL_S = 0.5
_FILE_NAME = re.compile(r"(\d{4})_(\w+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema."""

    version: int
    name: str
    sql: str


@cache
def known_migrations() -> tuple[Migration, ...]:
    """Give the steps this code comes with, in order; they are numbered from 1 without gaps."""
    steps = [
        Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in files(__name__).iterdir()
        if (match := _FILE_NAME.fullmatch(entry.name))
    ]
    return tuple(sorted(steps, key=lambda step: step.version))


def latest_version() -> int:
    """Give the schema version this code is written for."""
    return known_migrations()[-1].version


async def schema_version(db: "Executor") -> int:
    """Give the version the database has; 0 where it is empty."""
    # Not to_regclass: after waiting for the advisory lock it still remembers that there was no such table.
    made = await db.fetchval(
        "select exists (select from pg_catalog.pg_tables"
        " where tablename = 'schema_migrations' and schemaname = any(current_schemas(false)))"
    )
    if not made:
        return 0
    return int(await db.fetchval("select coalesce(max(version), 0) from schema_migrations"))


async def migrate(db: "Database") -> list[int]:
    """Bring the database to the version of this code; give the versions applied, [] where nothing was to do.

    Several processes may call it at once. Raises `SchemaTooNewError`, and `DatabaseError` where a step fails: that step
    leaves nothing behind.
    """
    applied: list[int] = []
    if await schema_version(db) == latest_version():
        return applied
    for step in known_migrations():
        async with db.transaction(statement_timeout_s=_MIGRATION_TIMEOUT_S) as transaction:
            if await _apply(transaction, step):
                applied.append(step.version)
    _refuse_newer(await schema_version(db))
    return applied


async def _apply(transaction: "Transaction", step: Migration) -> bool:
    await transaction.fetchval("select pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    version = await schema_version(transaction)
    _refuse_newer(version)
    if version >= step.version:
        return False
    if version == 0:
        await transaction.execute(
            "create table if not exists schema_migrations"
            " (version integer primary key, name text not null, applied_at timestamptz not null default now())"
        )
    await transaction.execute(step.sql)
    await transaction.execute(
        "insert into schema_migrations (version, name) values ($1, $2)", step.version, step.name
    )
    return True


async def wait_for_version(db: "Database", *, wait_s: float = 30.0) -> None:
    """Wait until somebody has migrated the database far enough for this code.

    Raises `SchemaTooOldError` after `wait_s` seconds (at once where it is 0), `SchemaTooNewError` at once.
    """
    version = await schema_version(db)
    deadline = trio.current_time() + wait_s
    while version < latest_version():
        if trio.current_time() >= deadline:
            raise SchemaTooOldError(
                f"the database has schema version {version}, this weir needs {latest_version()}; run `weir migrate`"
            )
        await trio.sleep(_POLL_S)
        version = await schema_version(db)
    _refuse_newer(version)


def _refuse_newer(version: int) -> None:
    if version > latest_version():
        raise SchemaTooNewError(
            f"the database has schema version {version}, this weir knows {latest_version()} at most: it was migrated by "
            "a newer weir; run that one, or restore a backup from before"
        )
