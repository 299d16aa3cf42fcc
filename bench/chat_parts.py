"""Whether a talking crowd holds up the video: LL-HLS parts of live streams, with and without it, in one all-in-one process.

A part is late by as much as it comes later than the most punctual one of its stream in the same while. Who is late by
less than 50 ms comes at most PART-TARGET + 50 ms after the part before.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from bench.chat_crowd import LoadProcess, delay_ms, fill
from bench.chat_load import Measured, waited_s
from bench.flvfile import Recipe, load_clip
from bench.punctuality import Sightings, Watchers
from bench.rtmp_load import Load, Publisher, Target
from bench.rtmp_wire import cut
from bench.servers import Server

STREAM = Recipe("360p30-800k", 640, 360, 30, 800_000, 96_000)
"""Bits cost little beside the number of frames and parts."""
TOLERANCE_S = 0.05
_SETTLE_S = 4.0
_CHUNK_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Punctuality:
    """How late the parts of all streams were in a while."""

    late_s: tuple[float, ...]
    part_target_s: float
    server_waited: float
    """Share of the time that the server could have run, but others had its core."""
    deliveries_per_s: float
    delivery_p99_ms: float | None

    def late_at(self, share: float) -> float:
        """The lateness that `share` of the parts do not exceed; seconds."""
        return sorted(self.late_s)[min(len(self.late_s) - 1, int(share * len(self.late_s)))]


class TalkingCrowd:
    """Live streams and a room full of people on one server; measures as often as it is asked. A context manager."""

    def __init__(
        self,
        server: Server,
        chat_port: int,
        tokens: list[str],
        logins: list[str],
        *,
        members: int,
        rate: float,
    ) -> None:
        """`server.keys` are of the channels `logins`; `tokens` of those who talk, `rate` messages a second in all."""
        self._server = server
        self._tokens = tokens
        self._logins = logins
        self._members = members
        self._rate = rate
        self._crowd = LoadProcess(chat_port)
        self._load = Load()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Begin to publish, and let everybody in."""
        with ExitStack() as undo:
            undo.callback(self._crowd.close)
            undo.callback(self._load.close)
            replay = cut(load_clip(STREAM), _CHUNK_BYTES)
            server = self._server
            for key in server.keys:
                publisher = Publisher(
                    Target(server.host, server.rtmp_port, server.app, key), replay, _CHUNK_BYTES
                )
                self._load.add(publisher)
                self._load.wait_live(publisher)
            self._load.run(time.monotonic() + _SETTLE_S)
            self._publish_while(lambda: fill(self._crowd, self._members, self._tokens))
            self._stack = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End all of it."""
        self._stack.close()

    def measure(self, seconds: float, *, talking: bool) -> Punctuality:
        """Watch the streams for a while."""
        pid = self._server.processes[0].pid
        with Watchers(self._server.host, self._server.hls_port or 0, self._logins) as watchers:
            self._load.run(time.monotonic() + _SETTLE_S)  # until they have begun
            waited, began = waited_s(pid), time.monotonic()
            rate = self._rate if talking else 0
            self._crowd.order("run", seconds=seconds, rate=rate, in_flight=0, text_bytes=200)
            self._load.run(began + seconds)
            heard = self._publish_while(self._crowd.answer)
            share = (waited_s(pid) - waited) / (time.monotonic() - began)
            seen: list[Sightings] = watchers.stop()
        late_s = tuple(late for one in seen for late in one.late_s())
        if not late_s:
            raise RuntimeError("the viewers saw no part")
        target_s = max(one.part_target_s for one in seen)
        delays = delay_ms(heard.delays, 0.99)
        return Punctuality(late_s, target_s, share, heard.deliveries / heard.seconds, delays)

    def _publish_while(self, work: Callable[[], Measured]) -> Measured:
        """Do something that takes its time in a thread: the streams go on."""
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(work)
            while not future.done():
                self._load.run(time.monotonic() + 0.05)
            return future.result()
