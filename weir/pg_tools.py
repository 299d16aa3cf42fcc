"""PostgreSQL's own client programs: which ones fit a server, how they are told where it is, and running them.

Passwords go into the environment of the program, never on its command line, which every user of the machine can read.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import trio

from common.embedded_pg import EmbeddedPostgresError
from common.errors import WeirError
from common.pg_binaries import installed

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
"""Where Debian, Red Hat and Homebrew put each major version's programs."""

_SAID_BYTES = 8192
_VERSION_S = 10

# What asyncpg takes from a URL, as libpq's environment calls it. What it does not know is a server setting to both.
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "database": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "servicefile": "PGSERVICEFILE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
}
_IGNORED = ("PGOPTIONS", "PGDATA", "PGAPPNAME", "PGDATESTYLE", "PGTZ", "PGGEQO", "PGCLIENTENCODING")
"""Variables that asyncpg does not heed either, and that would change what the programs do."""


class PgToolError(WeirError):
    """One of PostgreSQL's programs is missing or failed; the text is what it said."""


@dataclass(frozen=True, slots=True)
class PgTools:
    """One version's programs."""

    directory: Path
    major: int

    def program(self, name: str) -> str:
        """Give the path of a program, e.g. `pg_dump`."""
        return str(self.directory / name)


def find_tools(server_major: int, *, at_least: int = 0) -> PgTools:
    """Find programs that can talk to a server of this major version: ours, or the newest the machine has.

    `at_least`: no older than this either, because they must read what that version wrote.
    """
    needed = max(server_major, at_least)
    found = sorted(_machine_tools(), key=lambda tools: tools.major, reverse=True)
    for tools in [*_own_tools(), *found]:
        if tools.major >= needed:
            return tools
    raise PgToolError(
        f"this needs pg_dump, pg_restore and psql of PostgreSQL {needed} or newer, and neither weir nor this machine has "
        f"them: install your system's postgresql-client package of version {needed}"
    )


def _own_tools() -> list[PgTools]:
    with contextlib.suppress(EmbeddedPostgresError):
        return _tools_in([installed().tree / "bin"])
    return []


def _machine_tools() -> list[PgTools]:
    on_path = [Path(part) for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part]
    known = [place for pattern in _PLACES for place in Path("/").glob(pattern.lstrip("/"))]
    return _tools_in([*known, *on_path])


def _tools_in(places: Sequence[Path]) -> list[PgTools]:
    return [
        PgTools(place, major)
        for place in places
        if all(os.access(place / name, os.X_OK) for name in ("pg_dump", "pg_restore", "psql"))
        and (major := _major(place / "pg_dump")) is not None
    ]


def _major(program: Path) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603  # a program of PostgreSQL's
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(match[1]) if match else None


def libpq_environment(dsn: str, application: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the environment in which libpq connects to where asyncpg would with this URL, as `application`."""
    kept = os.environ if environ is None else environ
    found = {name: value for name, value in kept.items() if name not in _IGNORED}
    parts = urlsplit(dsn)
    user, _, hosts = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    for variable, value in (
        ("PGUSER", name),
        ("PGPASSWORD", password),
        ("PGDATABASE", parts.path.lstrip("/")),
    ):
        if value:
            found[variable] = unquote(value)
    if hosts:
        found |= _host_variables(hosts)
    settings = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key in _VARIABLES:
            found[_VARIABLES[key]] = value
        else:
            settings[key] = value
    options = [f"-c {key}={_escaped(value)}" for key, value in settings.items()]
    return found | {"PGOPTIONS": " ".join(options), "PGAPPNAME": application, "LC_ALL": "C"}


def _host_variables(hosts: str) -> dict[str, str]:
    split = [re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?", host) for host in hosts.split(",")]
    names = [unquote(match[1]).strip("[]") if match else "" for match in split]
    ports = [match[2] or "5432" if match else "5432" for match in split]
    return {"PGHOST": ",".join(names), "PGPORT": ",".join(ports)}


def _escaped(value: str) -> str:
    return re.sub(r"([\\\s])", r"\\\1", value)


class Tool:
    """A program at work; made by `running_tool()`."""

    def __init__(self, name: str, process: trio.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin: trio.abc.SendStream = process.stdin
        self.stdout: trio.abc.ReceiveStream = process.stdout
        self._name = name
        self._process = process
        self._said = b""
        self._silent = trio.Event()

    async def listen(self) -> None:
        """Keep the end of what it says on stderr. For `running_tool()`."""
        assert self._process.stderr is not None
        async with self._process.stderr as stderr:
            async for data in stderr:
                self._said = (self._said + data)[-_SAID_BYTES:]
        self._silent.set()

    async def failure(self) -> str | None:
        """Wait for its end; give what it said if it failed, else `None`."""
        status = await self._process.wait()
        await self._silent.wait()
        if status == 0:
            return None
        said = self._said.decode(errors="replace").strip()
        return f"{self._name}: {said or f'ended with status {status}'}"


@contextlib.asynccontextmanager
async def running_tool(tools: PgTools, *command: str, environment: dict[str, str]) -> AsyncIterator[Tool]:
    """Run a program during the block, with pipes to and from it; at the end of the block it is stopped if it still runs.

    Raises `PgToolError` where it cannot be started. Errors of the block come in groups.
    """
    name, *arguments = command
    async with trio.open_nursery() as nursery:
        start = partial(
            trio.run_process,
            [tools.program(name), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            env=environment,
            process_group=0,  # Ctrl-C is for us: we decide how it ends
        )
        try:
            process: trio.Process = await nursery.start(start)
        except OSError as error:
            raise PgToolError(f"cannot run {tools.program(name)}: {error.strerror}") from error
        tool = Tool(name, process)
        nursery.start_soon(tool.listen)
        try:
            yield tool
        finally:
            nursery.cancel_scope.cancel("its user is done")
            for stream in (process.stdin, process.stdout):
                if isinstance(stream, trio.lowlevel.FdStream):
                    stream.close()
