"""A network that is not as good as loopback: a TCP relay that delays answers at random, and stalls when told to.

    python -m bench.slow_line --to 127.0.0.1:8081 --delay-ms 150

Every answer of the server waits a time of its own, uniform between nothing and `--delay-ms`, before its first byte goes
on; what follows keeps its order and comes no faster. An answer begins with the first bytes from the server after bytes
from the client, which is exact for HTTP/1.1 as browsers speak it: one request at a time on a connection. So a part of
low-latency HLS pays twice, once for the playlist that tells of it and once for itself, and on the average the whole
`--delay-ms`. Nothing is lost and nothing reordered: that is TCP's business, and what it looks like from above is delay.
"""

import argparse
import random
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import trio

CHUNK_BYTES = 65_536


@dataclass(slots=True, eq=False)
class Line:
    """What the relay does to bytes. Belongs to one Trio run."""

    host: str
    """Where the server is."""
    port: int
    delay_s: float = 0.0
    """The longest that an answer waits."""
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    _moving: trio.Event = field(default_factory=trio.Event)

    def __post_init__(self) -> None:
        self._moving.set()

    def stall(self) -> None:
        """From now on no byte goes either way; connections stay open and new ones are accepted. Idempotent."""
        if self._moving.is_set():
            self._moving = trio.Event()

    def resume(self) -> None:
        """What was held goes on. Idempotent."""
        self._moving.set()

    async def relay(self, client: trio.SocketStream) -> None:
        """Carry one connection until either side ends it. Never raises for what either side does."""
        async with client:
            await self._moving.wait()
            try:
                async with await trio.open_tcp_stream(self.host, self.port) as server:
                    connection = _Connection(self, client, server)
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(connection.upward, nursery.cancel_scope)
                        nursery.start_soon(connection.downward, nursery.cancel_scope)
            except* (OSError, trio.BrokenResourceError):
                pass  # one side is away: so is the connection

    async def wait_moving(self) -> None:
        """Return when the line does not stall."""
        await self._moving.wait()


@dataclass(slots=True, eq=False)
class _Connection:
    line: Line
    client: trio.SocketStream
    server: trio.SocketStream
    asked: bool = False
    """The server has not begun to answer what the client sent last."""

    async def upward(self, scope: trio.CancelScope) -> None:
        while data := await self.client.receive_some(CHUNK_BYTES):
            await self.line.wait_moving()
            self.asked = True
            await self.server.send_all(data)
        scope.cancel("the client left")

    async def downward(self, scope: trio.CancelScope) -> None:
        while data := await self.server.receive_some(CHUNK_BYTES):
            if self.asked:
                self.asked = False
                await trio.sleep(self.line.dice.uniform(0, self.line.delay_s))
            await self.line.wait_moving()
            await self.client.send_all(data)
        scope.cancel("the server closed")


async def serve(
    line: Line, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED, port: int = 0
) -> None:
    """Relay on a loopback port until cancelled; `started` tells the port."""
    listeners = await trio.open_tcp_listeners(port, host="127.0.0.1")
    task_status.started(listeners[0].socket.getsockname()[1])
    await trio.serve_listeners(line.relay, listeners)


def unused_port() -> int:
    """A loopback port that nobody has now, for a server that must know its line's address before it starts.

    `bench.servers` has the same, but brings trio-asyncio with it, beside which Playwright does not run.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class RunningLine:
    """A line in a thread of its own, for code that is not Trio's."""

    def __init__(self, host: str, port: int, delay_s: float) -> None:
        self._to = (host, port, delay_s)
        self._ready = threading.Event()
        self._stop: trio.CancelScope | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._line: Line | None = None
        self.port = 0
        self._thread = threading.Thread(target=trio.run, args=(self._run,), daemon=True)

    def start(self) -> None:
        """Return when the port is open."""
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the relay did not start")

    async def _run(self) -> None:
        host, port, delay_s = self._to
        self._line = Line(host, port, delay_s)
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            self._stop = nursery.cancel_scope
            self.port = await nursery.start(partial(serve, self._line))
            self._ready.set()

    def stall(self) -> None:
        """See `Line.stall`."""
        assert self._token is not None
        assert self._line is not None
        self._token.run_sync_soon(self._line.stall)

    def resume(self) -> None:
        """See `Line.resume`."""
        assert self._token is not None
        assert self._line is not None
        self._token.run_sync_soon(self._line.resume)

    def delay(self, seconds: float) -> None:
        """From now on answers wait up to so long."""
        assert self._line is not None
        self._line.delay_s = seconds

    def stop(self) -> None:
        """End it and its connections."""
        assert self._token is not None
        assert self._stop is not None
        self._token.run_sync_soon(self._stop.cancel)
        self._thread.join(10)


@contextmanager
def slow_line(host: str, port: int, delay_s: float = 0.0) -> Iterator[RunningLine]:
    """A line to this server for as long as the block runs."""
    line = RunningLine(host, port, delay_s)
    line.start()
    try:
        yield line
    finally:
        line.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Relay until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m bench.slow_line", description=__doc__.splitlines()[0])
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1; 0 chooses")
    parser.add_argument("--delay-ms", type=float, default=0)
    options = parser.parse_args(arguments)
    host, _, port = options.to.rpartition(":")
    line = Line(host, int(port), options.delay_ms / 1000)

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            listening = await nursery.start(partial(serve, line, port=options.port))
            print(f"relaying 127.0.0.1:{listening} to {options.to}", flush=True)

    try:
        trio.run(run)
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
