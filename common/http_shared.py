"""What all connections of one HTTP server share: limits, counters, the clock and whether it is stopping."""

import email.utils
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import trio

from common.http_response import Handler, Response
from common.metrics import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Bounds of one server. Deadlines are kept to about a second: one task looks after all of them."""

    max_connections: int = 15_000
    max_per_address: int = 5_000
    """From one IP address (one /64 for IPv6); loopback and trusted proxies are exempt."""
    head_s: float = 10.0
    """From a connection's start, or from a request's first byte, to the end of the request's head."""
    idle_s: float = 75.0
    """Between two requests."""
    crowded_idle_s: float = 10.0
    """The same, while more than four fifths of `max_connections` are open."""
    send_grace_s: float = 10.0
    min_send_bytes_per_s: int = 16 * 1024
    """A client that does not take an answer within the grace plus its size at this rate is cut."""
    stop_grace_s: float = 0.5
    """After stop, how long requests that wait may still get their real answer, such as the end of a playlist."""
    linger_s: float = 2.0
    """How long a client that was refused may go on sending until it has read why."""


@dataclass(slots=True)
class HttpStats:
    """Plain counters, cheap on the hot path; a scrape reads them."""

    accepted: int = 0
    turned_away: int = 0
    """Connections over a cap."""
    hang_ups: int = 0
    """Connections that broke in the middle of something."""
    overdue: int = 0
    """Connections cut because a deadline passed."""
    crashes: int = 0
    body_bytes: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def samples(self, listener: str, open_connections: int) -> Iterable[Sample]:
        """Give what `common.metrics` scrapes; `listener` becomes part of the names, e.g. `hls`."""
        prefix = f"weir_{listener}_http"
        yield f"{prefix}_connections", "Open connections", open_connections
        yield f"{prefix}_accepted_total", "Connections accepted", self.accepted
        yield f"{prefix}_turned_away_total", "Connections refused because of a cap", self.turned_away
        yield f"{prefix}_hang_ups_total", "Connections that broke", self.hang_ups
        yield f"{prefix}_overdue_total", "Connections cut because a deadline passed", self.overdue
        yield f"{prefix}_handler_crashes_total", "Requests whose handler failed", self.crashes
        yield f"{prefix}_sent_body_bytes_total", "Bytes of bodies sent", self.body_bytes
        for hundred in (1, 2, 3, 4, 5):
            count = sum(n for status, n in self.statuses.items() if status // 100 == hundred)
            yield f"{prefix}_responses_{hundred}xx_total", f"Answers with a {hundred}xx status", count


class Shared:
    """State of one server that its connections read on every request."""

    __slots__ = (
        "disk",
        "handler",
        "idle_due",
        "keep_tail",
        "keep_tail_1_0",
        "last_tail",
        "limits",
        "stats",
        "stopping",
    )

    def __init__(self, handler: Handler, limits: HttpLimits) -> None:
        self.handler = handler
        self.limits = limits
        self.stats = HttpStats()
        self.stopping = False
        """No further request is wanted: answers say so and connections end."""
        self.disk = trio.CapacityLimiter(8)
        """Threads that read files at the same time."""
        self.idle_due = 0.0
        """When a connection that goes idle now is closed, on Trio's clock at the last tick: good enough, and free."""
        self.keep_tail = self.keep_tail_1_0 = self.last_tail = b""
        """What ends a head, by what becomes of the connection."""

    def tick(self, now: float, unix_s: float) -> None:
        """Take the time over, once a second: the Date header has whole ones.

        X-Unix-Time says the same as a number, for caches that can subtract but not read dates (`deploy/nginx/age.conf`).
        """
        self.idle_due = now + self.limits.idle_s
        clock = f"Date: {email.utils.formatdate(unix_s, usegmt=True)}\r\nX-Unix-Time: {int(unix_s)}\r\n\r\n"
        date = clock.encode()
        self.keep_tail = date
        self.keep_tail_1_0 = b"Connection: keep-alive\r\n" + date
        self.last_tail = b"Connection: close\r\n" + date

    def send_deadline(self, response: Response) -> float:
        """When a client that takes this answer must have taken all of it, on Trio's clock."""
        limits = self.limits
        return trio.current_time() + limits.send_grace_s + response.size_bytes / limits.min_send_bytes_per_s
