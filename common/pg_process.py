"""Runs PostgreSQL's own programs for one cluster: initdb, start, stop, and who is running.

Everything runs as the cluster's owner with a clean environment (a stray PGDATA or PGOPTIONS must not matter) and in `/`
(the current directory may be one the owner cannot enter).
"""

import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import trio

from common.pg_binaries import Binaries, EmbeddedPostgresError
from common.pg_home import SOCKET_NAME, Home

DATABASE = "weir"
"""Name of the database and of the role that owns it; the role is no superuser."""

START_S = 60
"""Patience with a start, which may have to replay the log of a crash."""

STOP_S = 10
"""Patience with a fast stop, before the server is told to stop at once and recover later."""

# A small neighbour of a media server, not a database server: little memory, few helper processes. fsync stays on.
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "huge_pages": "off",
    "io_method": "sync",  # no I/O worker processes
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "client_connection_check_interval": "5s",  # a statement of a killed process does not run on
    "cluster_name": "weir",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # statements may hold secrets
    "logging_collector": "on",
    "log_filename": "%a.log",  # one file a weekday, begun anew each week: a week of log, then no growth
    "log_truncate_on_rotation": "on",
    "log_rotation_size": "0",
}

_BOOTSTRAP = f"""create role {DATABASE} login;
create database {DATABASE} owner {DATABASE};
"""


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server, as its pid file describes it."""

    pid: int
    socket_directory: Path
    status: str
    """`starting`, `ready`, `stopping` …"""

    @property
    def dsn(self) -> str:
        """The URL to connect with."""
        return f"postgresql://{DATABASE}@/{DATABASE}?host={quote(str(self.socket_directory))}"


def read_postmaster(home: Home) -> Postmaster | None:
    """Give the running server, or `None`: no pid file, or one left by a server that was killed.

    After a reboot, or in a container, the number in a stale file may well be another process by now; the server is the
    one whose working directory is the cluster.
    """
    try:
        lines = (home.cluster / "postmaster.pid").read_text().splitlines()
        pid, socket_directory = int(lines[0]), Path(lines[4])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    status = lines[7].strip() if len(lines) > 7 else "starting"
    return Postmaster(pid, socket_directory, status) if _works_in(pid, home.cluster) else None


def _works_in(pid: int, directory: Path) -> bool:
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cwd").readlink() == directory.resolve()
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


async def initialize(home: Home, binaries: Binaries) -> None:
    """Make the cluster, all of it or nothing: killed half-way, the next call begins anew."""
    for leftover in home.path.glob("cluster.new-*"):
        await trio.to_thread.run_sync(shutil.rmtree, leftover, True)
    # A new name each time: the initdb of a weir that was killed may still be at work on its own.
    unfinished = home.path / f"cluster.new-{os.getpid()}"
    await _run(home, binaries, "initdb", *_initdb_arguments(unfinished))
    await _write(home, unfinished / "pg_hba.conf", f"local {DATABASE} {DATABASE} peer map=weir\n")
    users = dict.fromkeys(("root", home.owner.name))
    await _write(home, unfinished / "pg_ident.conf", "".join(f'weir "{user}" {DATABASE}\n' for user in users))
    await _run(
        home, binaries, "postgres", "--single", "-D", str(unfinished), "postgres", stdin=_BOOTSTRAP.encode()
    )
    unfinished.rename(home.cluster)


def _initdb_arguments(cluster: Path) -> list[str]:
    # A locale of PostgreSQL's own: sorting must not change under the indexes when the machine's C library does.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["-D", str(cluster), "-U", "postgres", "-E", "UTF8", *locale, "--auth=reject", "--no-instructions"]


async def start(home: Home, binaries: Binaries) -> None:
    """Start the server and wait until it takes connections. Raises `EmbeddedPostgresError` with what it said."""
    settings = _SETTINGS | {
        "unix_socket_directories": str(home.socket_directory),
        "log_directory": str(home.path / "log"),
    }
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    arguments = ("-D", str(home.cluster), "-l", str(home.log), "-o", options, "-w", "-t", str(START_S))
    with trio.move_on_after(START_S):
        while True:
            if await _started(home, binaries, arguments):
                return
            await trio.sleep(0.2)
    raise EmbeddedPostgresError(f"a killed PostgreSQL in {home.path} does not end its last statements")


async def _started(home: Home, binaries: Binaries, arguments: tuple[str, ...]) -> bool:
    """Start the server; `False` where processes of a killed one are still busy."""
    if read_postmaster(home) is None:
        _remove_stale_locks(home)
    home.log.unlink(missing_ok=True)
    logged = _log_sizes(home)
    try:
        await _run(home, binaries, "pg_ctl", "start", *arguments)
    except EmbeddedPostgresError as exc:
        said = _logged_since(home, logged)
        # After a kill -9 of the postmaster its backends finish their statement before they notice.
        if "shared memory block" not in said:
            raise EmbeddedPostgresError(f"{exc}\n{said}".rstrip()) from exc
        await trio.lowlevel.checkpoint()
        return False
    return True


def _remove_stale_locks(home: Home) -> None:
    """Remove the lock files of a server that was killed.

    PostgreSQL does so itself unless the number in them is a process of its user: another one by now, or the dead server,
    unburied because process 1 of the container is not one that buries.
    """
    (home.cluster / "postmaster.pid").unlink(missing_ok=True)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (home.socket_directory / name).unlink(missing_ok=True)


def _log_sizes(home: Home) -> dict[Path, int]:
    """Give the length of each log file, in bytes."""
    files = [home.log, *(home.path / "log").glob("*.log")]
    return {file: file.stat().st_size if file.exists() else 0 for file in files}


def _logged_since(home: Home, before: dict[Path, int]) -> str:
    """Give what the server has logged since, its last lines."""
    said = ""
    for file, size in _log_sizes(home).items():
        if size:
            start = before.get(file, 0)
            said += file.read_bytes()[start if size >= start else 0 :].decode(errors="replace")
    return said[-2000:].strip()


async def stop(home: Home, binaries: Binaries) -> None:
    """Stop the server: open connections are cut, and it is told to skip the good-bye where it takes too long."""
    arguments = ("-D", str(home.cluster), "-w", "-t", str(STOP_S))
    try:
        await _run(home, binaries, "pg_ctl", "stop", "-m", "fast", *arguments)
    except EmbeddedPostgresError:
        await trio.lowlevel.checkpoint()
        if read_postmaster(home):
            await _run(home, binaries, "pg_ctl", "stop", "-m", "immediate", *arguments)


async def wait_gone(home: Home, postmaster: Postmaster) -> None:
    """Wait until this server process has ended, however it did."""
    await trio.lowlevel.checkpoint()
    try:
        descriptor = os.pidfd_open(postmaster.pid)
    except (AttributeError, OSError):  # not on this system, or gone already
        while True:
            if not _works_in(postmaster.pid, home.cluster):
                return
            await trio.sleep(1)
    try:
        # Looked at again: the number could have gone to another process before the descriptor was open.
        if _works_in(postmaster.pid, home.cluster):
            await trio.lowlevel.wait_readable(descriptor)
    finally:
        os.close(descriptor)


async def _write(home: Home, path: Path, text: str) -> None:
    """Write a file in the owner's directory as the owner: root writing there by path could be led astray by a symlink."""
    await trio.run_process(["tee", str(path)], stdin=text.encode(), capture_stdout=True, **_as_owner(home))


async def _run(home: Home, binaries: Binaries, program: str, *arguments: str, stdin: bytes = b"") -> None:
    command = [binaries.program(program), *arguments]
    try:
        # Files, not pipes, would do too; pipes are safe here because pg_ctl gives the server its own log file.
        result = await trio.run_process(
            command, stdin=stdin, capture_stdout=True, capture_stderr=True, check=False, **_as_owner(home)
        )
    except OSError as exc:
        raise EmbeddedPostgresError(f"cannot run {command[0]} as {home.owner.name}: {exc}") from exc
    if result.returncode:
        said = (result.stdout + result.stderr).decode(errors="replace").strip()
        raise EmbeddedPostgresError(f"PostgreSQL's {program} failed:\n{said}")


def _as_owner(home: Home) -> dict[str, Any]:
    options: dict[str, Any] = {"cwd": "/", "umask": 0o077, "env": {"PATH": os.defpath, "LC_ALL": "C"}}
    if os.geteuid() == 0:
        options |= {"user": home.owner.uid, "group": home.owner.gid, "extra_groups": []}
    return options
