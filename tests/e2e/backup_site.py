"""Data directories with databases in them, and what is in those, for the tests of backup and restore."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import trio

from common.db import Database, migrate, open_database
from common.embedded_pg import embedded_postgres
from tests.common.database_site import searchable_directory
from tests.e2e.harness import WEIR
from weir.pg_tools import find_tools, libpq_environment


class Site:
    """A data directory with a database in it, or not yet, and a shell in front of it."""

    def __init__(self, data_path: Path, database_url: str | None = None) -> None:
        self.data_path = data_path
        self.database_url = database_url

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
        url = {"WEIR_DATABASE_URL": self.database_url} if self.database_url else {}
        return kept | {"WEIR_DATA_DIR": str(self.data_path)} | url

    def start(self, *arguments: str, limit: str = "unlimited") -> subprocess.Popen[bytes]:
        """A command at work; `limit`: how long its files may become, in blocks of 512 bytes."""
        return subprocess.Popen(
            ["/bin/sh", "-c", f'ulimit -f {limit}; exec "$0" "$@"', WEIR, *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, stdin: bytes = b"", limit: str = "unlimited") -> tuple[int, bytes, str]:
        """Exit code, standard output, and what was said."""
        process = self.start(*arguments, limit=limit)
        out, said = process.communicate(stdin, timeout=120)
        assert b"Traceback" not in said, said.decode()
        return process.returncode, out, said.decode()

    def done(self, *arguments: str, stdin: bytes = b"") -> str:
        """What was said by a command that succeeds."""
        status, out, said = self.run(*arguments, stdin=stdin)
        assert status == 0, said
        return out.decode() + said

    def refusal(self, *arguments: str, stdin: bytes = b"") -> str:
        """What was said by a command that does not."""
        status, out, said = self.run(*arguments, stdin=stdin)
        assert (status, out) == (1, b""), said
        return said

    def asked(self, question: Callable[[Database], object]) -> object:
        """What an async function of the database answers."""

        async def ask() -> object:
            if self.database_url:
                async with open_database(self.database_url, wait_s=10) as db:
                    return await question(db)  # type: ignore[misc]
            async with embedded_postgres(self.data_path) as dsn, open_database(dsn, wait_s=10) as db:
                return await question(db)  # type: ignore[misc]

        return trio.run(ask)

    def migrated(self) -> "Site":
        """The same, with our tables."""
        self.asked(migrate)
        return self

    def schema(self) -> str:
        """Every definition in the database, as `pg_dump` writes them; no parentheses, as `a AND (b AND c)` loses some."""

        async def dump() -> str:
            async with embedded_postgres(self.data_path) as dsn:
                tools = find_tools(18)
                result = await trio.run_process(
                    [tools.program("pg_dump"), "--schema-only", "--no-owner"],
                    env=libpq_environment(dsn, "test"),
                    capture_stdout=True,
                )
                return result.stdout.decode()

        return re.sub(r"^\\(un)?restrict .*$|[()]", "", trio.run(dump), flags=re.MULTILINE)

    def contents(self) -> object:
        """Every row of every table and the state of every sequence, each table as one sum."""
        return self.asked(contents)


async def contents(db: Database) -> dict[str, tuple[int, str]]:
    """Rows and a sum over them in a fixed order, for each table; sequences as tables of one row."""
    found = {}
    for table in await db.fetch(
        "select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'S')"
    ):
        columns = "last_value, is_called" if table["name"].endswith("_seq") else "*"
        rows = await db.fetch(
            f"""
            select line from (select row_to_json(t)::text as line from (select {columns} from "{table["name"]}") as t) as lines
            order by line collate "C"
            """
        )
        lines = "\n".join(row["line"] for row in rows)
        found[table["name"]] = (len(rows), hashlib.sha256(lines.encode()).hexdigest())
    return found


@contextmanager
def new_site() -> Iterator[Site]:
    """A data directory without a database; what comes into it goes with it."""
    with searchable_directory() as path:
        yield Site(path)
