"""The relay that makes a network worse: answers wait, everything can stall, and nothing is lost."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import trio
import trio.testing

from bench.slow_line import Line, serve


async def answer_lines(stream: trio.SocketStream) -> None:
    """A server that says everything twice."""
    async with stream:
        while data := await stream.receive_some(1000):
            await stream.send_all(data * 2)


async def through(line: Line, talk: Callable[[trio.SocketStream], Awaitable[None]]) -> None:
    """Run `talk` on a connection through the line to such a server."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, answer_lines, 0, host="127.0.0.1"))
        line.port = listeners[0].socket.getsockname()[1]
        port = await nursery.start(serve, line)
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await talk(stream)
        nursery.cancel_scope.cancel()


async def read(stream: trio.SocketStream, size: int) -> bytes:
    got = bytes(await stream.receive_some(size))
    while len(got) < size:
        data = await stream.receive_some(size - len(got))
        assert data, f"ended after {got!r}"
        got += data
    return got


class Dice:
    """Throws what it was told."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.thrown: list[float] = []

    def uniform(self, low: float, high: float) -> float:
        self.thrown.append(low + (high - low) * self.share)
        return self.thrown[-1]


@pytest.mark.parametrize("delay_s", [0.0, 0.02])
async def test_everything_comes_in_order(delay_s: float) -> None:
    async def talk(stream: trio.SocketStream) -> None:
        for size in (1, 10, 900):
            await stream.send_all(b"x" * size)
            assert await read(stream, 2 * size) == b"x" * (2 * size)

    await through(Line("127.0.0.1", 0, delay_s), talk)


async def test_each_answer_waits_once() -> None:
    dice = Dice(0.5)
    line = Line("127.0.0.1", 0, 0.01, dice)  # type: ignore[arg-type]  # has the one method that is used

    async def talk(stream: trio.SocketStream) -> None:
        for _ in range(3):
            await stream.send_all(b"ask")
            await read(stream, 6)

    await through(line, talk)
    assert dice.thrown == [0.005] * 3


async def test_nothing_moves_while_it_stalls_and_nothing_is_lost() -> None:
    line = Line("127.0.0.1", 0)

    async def talk(stream: trio.SocketStream) -> None:
        await stream.send_all(b"a")
        assert await read(stream, 2) == b"aa"
        line.stall()
        await stream.send_all(b"b")
        with trio.move_on_after(0.05) as waiting:
            await read(stream, 1)
        assert waiting.cancelled_caught
        line.resume()
        assert await read(stream, 2) == b"bb"

    await through(line, talk)


async def test_a_connection_ends_where_there_is_no_server() -> None:
    line = Line("127.0.0.1", 1)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(serve, line)
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            assert await stream.receive_some(1) == b""
        nursery.cancel_scope.cancel()
