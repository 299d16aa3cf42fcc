"""HTTP requests at a fixed rate, whether or not earlier ones have been answered, over connections that are kept open.

Times are counted from when a request was due: a server that falls behind is not asked less, and its queue is part of the
answer time. `bench.http_load` asks as fast as it can instead.
"""

import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import trio

MAX_CONNECTIONS = 200
"""Beyond these, requests wait: a server that far behind has missed its goal anyway."""

GIVE_UP_S = 30.0


class HungUpError(Exception):
    """The server closed the connection before its answer was complete."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    name: str
    """Of its row in the report."""
    path: str
    cookie: str = ""

    def encode(self) -> bytes:
        """Give the bytes that are sent."""
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n".encode()


@dataclass
class Answers:
    """What came back."""

    taken_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from when each request was due to its last byte, by name."""
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Answers other than 200, by name and status."""
    largest_queue: int = 0
    """Requests that were under way at once."""


class RateLoad:
    """A client that keeps its pace.

    Args:
        port: of loopback.
        next_ask: gives what to ask next.
        heard: is told each right answer, by name, as JSON.

    """

    def __init__(
        self, port: int, next_ask: Callable[[], Ask], heard: Callable[[str, object], None] = lambda *_: None
    ) -> None:
        self._port = port
        self._next_ask = next_ask
        self._heard = heard
        self._idle: list[trio.SocketStream] = []
        self._room = trio.Semaphore(MAX_CONNECTIONS)
        self._under_way = 0

    async def run(self, *, rate: float, seconds: float) -> Answers:
        """Ask for so long; give what came back. What takes `GIVE_UP_S` longer counts as that late, and as refused."""
        answers = Answers()
        async with trio.open_nursery() as nursery:
            start = time.perf_counter()
            for number in range(round(rate * seconds)):
                due = start + number / rate
                await trio.sleep(max(0.0, due - time.perf_counter()))
                nursery.start_soon(self._one, self._next_ask(), due, answers)
            nursery.cancel_scope.deadline = trio.current_time() + GIVE_UP_S
        return answers

    async def close(self) -> None:
        """Close the connections."""
        await trio.lowlevel.checkpoint()
        for stream in self._idle:
            await stream.aclose()
        self._idle.clear()

    async def _one(self, ask: Ask, due: float, answers: Answers) -> None:
        self._under_way += 1
        answers.largest_queue = max(answers.largest_queue, self._under_way)
        outcome = "no answer"
        try:
            async with self._room:
                status, body = await self._exchange(ask)
            outcome = str(status)
            if status == HTTPStatus.OK:
                self._heard(ask.name, json.loads(body))
        finally:
            answers.taken_s[ask.name].append(time.perf_counter() - due)
            self._under_way -= 1
            if outcome != "200":
                answers.refused[f"{ask.name}: {outcome}"] += 1

    async def _exchange(self, ask: Ask) -> tuple[int, bytes]:
        """Ask over a connection that is open, if there is one; the server may have closed it meanwhile."""
        while self._idle:
            stream = self._idle.pop()
            with contextlib.suppress(trio.BrokenResourceError, HungUpError):
                return await self._over(stream, ask)
            await stream.aclose()
        return await self._over(await trio.open_tcp_stream("127.0.0.1", self._port), ask)

    async def _over(self, stream: trio.SocketStream, ask: Ask) -> tuple[int, bytes]:
        await stream.send_all(ask.encode())
        answer = await _read_answer(stream)
        self._idle.append(stream)
        return answer


async def _read_answer(stream: trio.SocketStream) -> tuple[int, bytes]:
    """Read one answer that tells its length. Raises `HungUpError`."""
    data = bytearray(await _some(stream))
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += await _some(stream)
    head = bytes(data[:end]).lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(data) < end + 4 + length:
        data += await _some(stream)
    return int(head.split(b" ", 2)[1]), bytes(data[end + 4 :])


async def _some(stream: trio.SocketStream) -> bytes:
    chunk = await stream.receive_some()
    if not chunk:
        raise HungUpError
    return bytes(chunk)
