"""What stands behind an edge in tests: servers that say what they were asked, and a log of what went through."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from bench.edge import Edge

HELD_S = 20.0


@dataclass
class Told:
    """One of three servers; it answers with what it was asked, as JSON."""

    name: str
    age_s: int = 0
    """How long ago it claims to have answered."""
    release: threading.Event = field(default_factory=threading.Event)
    """Until it is set, what has `held` in its path waits."""
    held: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released by each request that begins to wait."""
    asked: Counter[str] = field(default_factory=Counter)


@contextmanager
def telling(name: str) -> Iterator[tuple[Told, int]]:
    """Run such a server in threads; gives its port, too."""
    told = Told(name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        cache: ClassVar[dict[bool, str]] = {True: "no-store", False: "public, max-age=60"}

        def do_GET(self) -> None:
            told.asked[self.path] += 1
            if "held" in self.path:
                told.held.release()
                told.release.wait(HELD_S)
            refused = "refused" in self.path
            body = json.dumps(
                {"server": name, "path": self.path, **{k.lower(): v for k, v in self.headers.items()}}
            )
            self.send_response(503 if refused else 200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", self.cache[refused])
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Vary", "Accept-Encoding")
            self.send_header("X-Unix-Time", str(int(time.time()) - told.age_s))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told, server.server_address[1]
    finally:
        told.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Logged:
    """One line of the edge's log."""

    upstream: str
    """`-` for what came out of the cache."""
    status: str
    cache: str
    protocol: str
    key: str


def read_log(edge: Edge) -> list[Logged]:
    lines = (edge.directory / "access.log").read_text(encoding="utf-8").splitlines()
    fields = [line.split(" ", 5) for line in lines]
    return [Logged(one[0], one[1], one[2], one[4], one[5]) for one in fields]


def asked_at_origin(edge: Edge) -> Counter[str]:
    """How often each new thing (a version of a playlist, a part) was asked for at the origin."""
    new = (one for one in read_log(edge) if "_HLS_msn" in one.key or ".m4s" in one.key)
    return Counter(one.key for one in new if one.upstream != "-")
