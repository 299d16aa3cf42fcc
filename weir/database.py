"""How a command or a server gets the database its configuration names: somebody's PostgreSQL, or the embedded one."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from common.db import Database, migrate, open_database, wait_for_version
from common.embedded_pg import embedded_postgres

COMMAND_WAIT_S = 5.0
"""How long a command waits for a database that does not answer, before it says so."""


class DatabaseConfig(Protocol):
    """The part of the configuration that decides."""

    @property
    def database_url(self) -> str | None:
        """PostgreSQL URL; `None` for the embedded database."""

    @property
    def data_path(self) -> Path:
        """Data directory, where the embedded database lives or is told of."""


@contextlib.asynccontextmanager
async def open_for(
    config: DatabaseConfig, *, wait_s: float | None = COMMAND_WAIT_S
) -> AsyncIterator[Database]:
    """Open the database of `config`, whatever schema it has; starts the embedded one where it does not run.

    `wait_s`: raise `DatabaseUnavailableError` when it does not answer in that time; `None`: go on without, it may come
    later. Raises `EmbeddedPostgresError`; both are sentences for people.
    """
    async with contextlib.AsyncExitStack() as stack:
        dsn = config.database_url
        if dsn is None:
            dsn = await stack.enter_async_context(embedded_postgres(config.data_path))
        yield await stack.enter_async_context(open_database(dsn, wait_s=wait_s))


@contextlib.asynccontextmanager
async def open_ready_for(config: DatabaseConfig) -> AsyncIterator[Database]:
    """Open the database for a command that needs its tables.

    The embedded one is ours alone and is brought up to date; a shared one must be there already, since whoever runs it
    decides when it is migrated. Raises also `SchemaError`.
    """
    async with open_for(config, wait_s=COMMAND_WAIT_S) as db:
        if config.database_url is None:
            await migrate(db)
        await wait_for_version(db, wait_s=0)
        yield db
