"""HTTP load from this process: as many requests as fit through some connections, and a crowd that waits.

wrk is used for throughput where it is installed; the client here is for machines without it, and saturates sooner.
"""

import re
import select
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

_GIVE_UP_S = 20.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one run did."""

    requests: int
    seconds: float
    client: str


def run_load(port: int, path: str, *, seconds: float, connections: int) -> Load:
    """Request `path` over and over on keep-alive connections."""
    if shutil.which("wrk"):
        return _run_wrk(port, path, seconds, connections)
    return _run_own(port, path, seconds, connections)


def _run_wrk(port: int, path: str, seconds: float, connections: int) -> Load:
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        f"http://127.0.0.1:{port}{path}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + _GIVE_UP_S)
    found = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout)
    if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"wrk says:\n{done.stdout}")
    return Load(int(found[1]), float(found[2]), "wrk")


def _run_own(port: int, path: str, seconds: float, connections: int) -> Load:
    poll = select.epoll()
    clients = {client.fileno(): client for client in connect(port, connections)}
    expected = dict.fromkeys(clients, 0)  # bytes of the answer that are missing; 0: its head is
    request = request_bytes(path)
    done, start = 0, time.monotonic()
    try:
        for fd, client in clients.items():
            poll.register(fd, select.EPOLLIN)
            client.sendall(request)
        while (now := time.monotonic()) < start + seconds:
            for fd, _ in poll.poll(0.1):
                data = clients[fd].recv(1 << 18)
                missing = expected[fd] or answer_bytes(data)
                expected[fd] = missing - len(data)
                if not expected[fd]:
                    done += 1
                    clients[fd].sendall(request)
    finally:
        poll.close()
        for client in clients.values():
            client.close()
    return Load(done, now - start, "own client")


def connect(port: int, count: int) -> list[socket.socket]:
    """Open connections to a server on loopback."""
    return [socket.create_connection(("127.0.0.1", port), timeout=_GIVE_UP_S) for _ in range(count)]


def request_bytes(path: str) -> bytes:
    """A request as a player sends it, in short."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def answer_bytes(data: bytes) -> int:
    """Size of the whole answer that begins with `data`, which holds its head."""
    head, separator, _ = data.partition(b"\r\n\r\n")
    if not separator or not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"unexpected answer {data[:100]!r}")
    return len(head) + 4 + int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])


class Crowd:
    """Viewers that block on the same reload, each on a connection of its own."""

    def __init__(self, port: int, count: int) -> None:
        self._clients = {client.fileno(): client for client in connect(port, count)}
        self._poll = select.epoll()
        for fd in self._clients:
            self._poll.register(fd, select.EPOLLIN)

    def ask(self, path: str) -> None:
        """Send the request on every connection."""
        request = request_bytes(path)
        for client in self._clients.values():
            client.sendall(request)

    def hear(self) -> tuple[list[int], bytes]:
        """Wait until all have a whole answer: when each had it (`time.monotonic_ns`), and one of the answers."""
        buffers = dict.fromkeys(self._clients, b"")
        heard_ns: list[int] = []
        answer = b""
        give_up = time.monotonic() + _GIVE_UP_S
        while len(heard_ns) < len(self._clients):
            if time.monotonic() > give_up:
                raise RuntimeError(f"only {len(heard_ns)} of {len(self._clients)} were answered")
            for fd, _ in self._poll.poll(1):
                answer = buffers[fd] = buffers[fd] + self._clients[fd].recv(1 << 16)
                if len(answer) >= answer_bytes(answer):
                    heard_ns.append(time.monotonic_ns())
        return heard_ns, answer

    def close(self) -> None:
        """Leave, all at once."""
        self._poll.close()
        for client in self._clients.values():
            client.close()
