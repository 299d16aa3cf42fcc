"""Servers under test, as child processes pinned to one core, and what they cost in CPU and memory."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import trio

from common.config import Config
from common.credentials import new_stream_key
from common.db import migrate
from common.embedded_pg import cluster_status
from common.pg_home import find_home
from common.queries import stream_keys, users
from weir.database import open_for

_READY_S = 60.0
_STOP_S = 20.0
APP = "live"


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU and memory of a group of processes at one moment."""

    at: float
    """`time.monotonic()`."""
    cpu_s: float
    """User and system time so far."""
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is up."""

    name: str
    host: str
    rtmp_port: int
    hls_port: int | None
    app: str
    keys: tuple[str, ...]
    """One a channel, logins `bench0`, `bench1` and so on."""
    processes: tuple[psutil.Process, ...]
    """Those whose CPU counts."""
    database: tuple[psutil.Process, ...] = ()
    """PostgreSQL's, counted on their own."""
    web_port: int | None = None

    def usage(self) -> Usage:
        """What the server's own processes took so far."""
        return usage_of(self.processes)

    def database_usage(self) -> Usage:
        """What PostgreSQL took so far."""
        parents = self.database
        return usage_of([*parents, *(child for parent in parents for child in parent.children())])


def move_database(server: Server) -> None:
    """Have its PostgreSQL share the generator's core instead of the server's; what it starts from now on is there, too."""
    for parent in server.database:
        for process in (parent, *parent.children()):
            process.cpu_affinity(cores()[1:] or cores())


def usage_of(processes: Iterable[psutil.Process]) -> Usage:
    """What processes took so far, together."""
    cpu_s, rss_bytes = 0.0, 0
    for process in processes:
        times = process.cpu_times()
        cpu_s += times.user + times.system
        rss_bytes += process.memory_info().rss
    return Usage(time.monotonic(), cpu_s, rss_bytes)


def pin_generator() -> None:
    """Leave the first core to the server."""
    os.sched_setaffinity(0, cores()[1:] or cores())


def cores() -> list[int]:
    """Those of the machine, whatever this process is pinned to."""
    return sorted(psutil.Process(1).cpu_affinity() or os.sched_getaffinity(0))


@contextmanager
def _pinned_to_server_core() -> Iterator[None]:
    """Children started inside inherit the server's core; threads started inside would, too."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores()[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """A TCP port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def weir_server(channels: int, **settings: str) -> Iterator[Server]:
    """`weir serve` on a data directory of its own, with as many channels that have a key."""
    with data_directory() as directory:
        keys = trio.run(_make_channels, Config(data_dir=directory), channels)
        with weir_on(directory, keys, **settings) as server:
            yield server


@contextmanager
def weir_on(directory: str, keys: tuple[str, ...] = (), **settings: str) -> Iterator[Server]:
    """`weir serve` on a data directory that is there; its PostgreSQL shares the core."""
    ports = {name: free_port() for name in ("rtmp", "hls", "web")}
    environment = clean_environment() | {
        "WEIR_DATA_DIR": directory,
        "WEIR_LOG_LEVEL": "warning",
        **{f"WEIR_{name.upper()}_PORT": str(port) for name, port in ports.items()},
        **settings,
    }
    command = [str(Path(sys.executable).with_name("weir")), "serve"]
    with running(command, environment, ready="weir ready") as process:
        status = cluster_status(Path(directory))
        assert status is not None
        postmaster = int((status.cluster / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])
        yield Server(
            "weir",
            "127.0.0.1",
            ports["rtmp"],
            ports["hls"],
            APP,
            keys,
            (psutil.Process(process.pid),),
            (psutil.Process(postmaster),),
            ports["web"],
        )


@contextmanager
def data_directory() -> Iterator[str]:
    """A fresh one, removed afterwards with the database that root keeps elsewhere."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as directory:
        try:
            yield directory
        finally:
            home = find_home(Path(directory))
            if home is not None and home.origin is not None:
                shutil.rmtree(home.path)
                home.origin.unlink(missing_ok=True)


def clean_environment() -> dict[str, str]:
    """Our environment without what configures weir."""
    return {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}


async def _make_channels(config: Config, channels: int) -> tuple[str, ...]:
    keys = []
    async with open_for(config) as db:
        await migrate(db)
        for number in range(channels):
            user = await users.insert_user_with_channel(
                db, login=f"bench{number}", display_name=f"bench{number}"
            )
            key = new_stream_key()
            await stream_keys.insert_key(
                db, channel_id=user.id, label="bench", key_hash=key.sha256, last4=key.last4
            )
            keys.append(key.text)
    return tuple(keys)


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], *, ready: str | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run a server on the server's core until the block ends; wait for the line `ready` on its stdout."""
    with _pinned_to_server_core():
        stdout = subprocess.PIPE if ready is not None else subprocess.DEVNULL
        process = subprocess.Popen(command, env=environment, stdout=stdout, text=True)
    try:
        if ready is not None:
            _wait_line(process, ready)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_line(process: subprocess.Popen[str], wanted: str) -> None:
    """Read stdout in a thread for good, so that the pipe never fills."""
    seen = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                if line.strip() == wanted:
                    seen.set()

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + _READY_S
    while not seen.wait(0.1):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not say {wanted!r}; exit code {process.poll()}")


def wait_port(port: int) -> None:
    """Return once something listens there. Raises RuntimeError after a minute."""
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens on port {port}")
