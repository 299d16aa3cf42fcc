"""A PostgreSQL as somebody else runs it: over TCP, with a password, and stopped, frozen and started by whoever they are."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psutil

from common.embedded_pg import _binaries
from common.pg_binaries import Binaries
from common.pg_home import Home, make_home
from common.pg_process import _as_owner
from tests.common.database_site import searchable_directory
from tests.valkey_site import free_port

PASSWORD = "p@ss w:rd/%'"
"""It wants quoting."""


@dataclass
class OwnPostgres:
    """A server, and its power switch."""

    home: Home
    binaries: Binaries
    port: int

    @property
    def url(self) -> str:
        """With a setting of the server's in it, too."""
        return f"postgresql://postgres:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/postgres?lock_timeout=60000"

    @property
    def _owner(self) -> dict[str, Any]:
        return _as_owner(self.home) | {"check": True, "timeout": 60, "stdout": subprocess.DEVNULL}

    def make(self) -> None:
        initdb = [
            self.binaries.program("initdb"),
            "-D",
            str(self.home.cluster),
            "-U",
            "postgres",
            "-E",
            "UTF8",
        ]
        secret = self.home.path.parent / "password"
        secret.write_text(PASSWORD)
        command = [*initdb, "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}"]
        subprocess.run(command, **self._owner)  # noqa: PLW1510 # in the options

    def start(self) -> None:
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off"
        )
        self._control("start", "-l", str(self.home.log), "-o", options)

    def stop(self) -> None:
        """Stop it at once; harmless when it does not run."""
        if (self.home.cluster / "postmaster.pid").exists():
            self._control("stop", "-m", "fast")

    def _control(self, *arguments: str) -> None:
        program = self.binaries.program("pg_ctl")
        subprocess.run([program, "-D", str(self.home.cluster), "-w", "-s", *arguments], **self._owner)  # noqa: PLW1510 # as above

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop it for the block: connections are cut, new ones refused."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Have none of its processes run for the block: connections stay, and nothing is answered."""
        postmaster = psutil.Process(int((self.home.cluster / "postmaster.pid").read_text().split()[0]))
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A running server with nothing in it."""
    with searchable_directory() as path:
        home = make_home(path)
        server = OwnPostgres(home, _binaries(home), free_port())
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
