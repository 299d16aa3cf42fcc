"""Tick reads alone: socket pairs, a clock that jumps, and takers that misbehave."""

import contextvars
import itertools
import math
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from rtmp.tick import RECEIVE_BYTES, TICK_S, TickReader

MockClock = trio.testing.MockClock


class Taker:
    """A publisher's socket and task, waiting to be read to."""

    def __init__(self, ours: socket.socket, encoder: socket.socket) -> None:
        self.ours, self.encoder = ours, encoder
        self.taken: list[tuple[float, int]] = []
        """When, and how many bytes."""
        self.on_take: Callable[[bytes], bool] = lambda _: False
        self.result: bool | None = None
        self.error: Exception | None = None
        self.scope = trio.CancelScope()
        self.done = trio.Event()

    def take(self, data: bytes) -> bool:
        self.taken.append((trio.current_time(), len(data)))
        return self.on_take(data)

    async def wait(self, ticks: TickReader) -> None:
        with self.scope:
            try:
                self.result = await ticks.read(self.ours.fileno(), self.take)
            except (OSError, ValueError, trio.BrokenResourceError) as error:
                self.error = error
        self.done.set()


class Hall:
    def __init__(self, nursery: trio.Nursery, sockets: ExitStack) -> None:
        self.ticks = TickReader(publishers=1)
        self._nursery, self._sockets = nursery, sockets

    async def join(self) -> Taker:
        pair = socket.socketpair()
        for end in pair:
            end.setblocking(False)
            self._sockets.callback(end.close)
        taker = Taker(*pair)
        self._nursery.start_soon(taker.wait, self.ticks)
        await trio.testing.wait_all_tasks_blocked()
        return taker


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    with ExitStack() as sockets:
        async with trio.open_nursery() as nursery:
            here = Hall(nursery, sockets)
            nursery.start_soon(here.ticks.run)
            yield here
            nursery.cancel_scope.cancel()


async def test_everybody_is_read_once_a_tick(autojump_clock: MockClock) -> None:
    async with hall() as here:
        takers = [await here.join() for _ in range(50)]
        await trio.sleep(TICK_S / 2)
        for taker in takers:
            taker.encoder.send(b"ab")
            taker.encoder.send(b"c")
        await trio.sleep(TICK_S / 4)
        assert not any(taker.taken for taker in takers)
        await trio.sleep(TICK_S)
    for taker in takers:
        ((at, size),) = taker.taken
        assert at == pytest.approx(TICK_S)
        assert size == 3


async def test_only_sockets_that_have_bytes_are_read(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = os.read

    def count(descriptor: int, size: int) -> bytes:
        if size == RECEIVE_BYTES:
            reads.append(descriptor)
        return read(descriptor, size)

    async with hall() as here:
        takers = [await here.join() for _ in range(300)]
        quiet, busy = takers[:-10], takers[-10:]
        with monkeypatch.context() as patch:
            patch.setattr("rtmp.tick.os.read", count)
            await trio.sleep(TICK_S / 2)
            for _ in range(5):
                for taker in busy:
                    taker.encoder.send(b"a")
                await trio.sleep(TICK_S)
            await trio.sleep(TICK_S)
    assert not any(taker.taken for taker in quiet)
    assert {len(taker.taken) for taker in busy} == {5}
    assert len(reads) == 5 * len(busy)


async def test_reader_sleeps_while_nobody_waits(autojump_clock: MockClock) -> None:
    async with hall() as here:
        taker = await here.join()
        taker.encoder.close()
        await taker.done.wait()
        await trio.sleep(2 * TICK_S)
        await trio.testing.wait_all_tasks_blocked()
        assert trio.lowlevel.current_statistics().seconds_to_next_deadline == math.inf
        again = await here.join()
        again.encoder.send(b"a")
        await trio.sleep(2 * TICK_S)
        assert len(again.taken) == 1


async def test_task_goes_on_when_it_is_needed_and_when_the_peer_hangs_up(autojump_clock: MockClock) -> None:
    async with hall() as here:
        busy, leaving = await here.join(), await here.join()
        busy.on_take = lambda data: data == b"!"
        busy.encoder.send(b"a")
        await trio.sleep(2 * TICK_S)
        assert not busy.done.is_set()
        busy.encoder.send(b"!")
        leaving.encoder.shutdown(socket.SHUT_WR)
        await busy.done.wait()
        await leaving.done.wait()
    assert (busy.result, leaving.result) == (True, False)
    assert leaving.taken == []


def fail(data: bytes) -> bool:
    raise ValueError(data)


async def test_error_goes_to_the_publisher_that_made_it(autojump_clock: MockClock) -> None:
    async with hall() as here:
        good, bad, broken, last = [await here.join() for _ in range(4)]
        bad.on_take = fail
        broken.ours.send(b"unread, so that closing resets")
        broken.encoder.close()
        for taker in (good, bad, last):
            taker.encoder.send(b"a")
        await trio.sleep(2 * TICK_S)
        good.encoder.send(b"b")
        await trio.sleep(TICK_S)
    assert repr(bad.error) == "ValueError(b'a')"
    assert isinstance(broken.error, trio.BrokenResourceError)
    assert isinstance(broken.error.__cause__, ConnectionResetError)
    assert (len(good.taken), len(last.taken)) == (2, 1)
    assert good.error is None


async def test_nothing_is_read_for_a_task_that_was_cancelled(autojump_clock: MockClock) -> None:
    async with hall() as here:
        first, second, itself = [await here.join() for _ in range(3)]

        def cancel_second(_: bytes) -> bool:
            second.scope.cancel()
            return False

        def cancel_itself(_: bytes) -> bool:
            itself.scope.cancel()
            return True

        first.on_take, itself.on_take = cancel_second, cancel_itself
        for taker in (first, second, itself):
            taker.encoder.send(b"a")
        await second.done.wait()
        await itself.done.wait()
        assert second.ours.recv(10) == b"a"
    assert second.taken == []
    assert (second.result, itself.result) == (None, None)


async def test_flood_gets_a_share_of_the_tick_after_everybody_else(autojump_clock: MockClock) -> None:
    async with hall() as here:
        flood, small = await here.join(), await here.join()
        order: list[str] = []

        def take_flood(data: bytes) -> bool:
            order.append("flood")
            # AF_UNIX holds less than a tick may read: what is taken is filled up again.
            flood.encoder.send(bytes(len(data)))
            return False

        def take_small(_: bytes) -> bool:
            order.append("small")
            return False

        flood.on_take = take_flood
        small.on_take = take_small
        for end in (flood.ours, flood.encoder):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * RECEIVE_BYTES)
        flood.encoder.send(bytes(RECEIVE_BYTES))
        small.encoder.send(b"a")
        await trio.sleep(1.5 * TICK_S)
    assert order == ["flood", "small", "flood", "flood", "flood"]
    assert {size for _, size in flood.taken} == {RECEIVE_BYTES}


async def test_others_get_a_turn_while_a_long_tick_is_worked_off(mock_clock: MockClock) -> None:
    taken = 0
    seen_by_other: list[int] = []

    async def other() -> None:
        while True:
            seen_by_other.append(taken)
            await trio.lowlevel.checkpoint()

    def take_a_millisecond(_: bytes) -> bool:
        nonlocal taken
        taken += 1
        mock_clock.jump(0.0011)
        return False

    async with hall() as here, trio.open_nursery() as nursery:
        for taker in [await here.join() for _ in range(12)]:
            taker.on_take = take_a_millisecond
            taker.encoder.send(b"a")
        nursery.start_soon(other)
        mock_clock.jump(TICK_S)
        while not seen_by_other or seen_by_other[-1] < 12:
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    steps = [after - before for before, after in itertools.pairwise([0, *seen_by_other])]
    # Two in a slice; Trio shuffles who is ready, so two slices may come between two turns.
    assert max(steps) <= 4


@pytest.mark.parametrize(
    ("takes_s", "interval_s"), [(0.001, TICK_S), (0.025, 0.05), (0.2, 0.2)], ids=["short", "long", "too long"]
)
async def test_ticks_come_less_often_when_they_take_long(
    autojump_clock: MockClock, takes_s: float, interval_s: float
) -> None:
    async with hall() as here:
        taker = await here.join()

        def take(_: bytes) -> bool:
            autojump_clock.jump(takes_s)
            taker.encoder.send(b"a")
            return False

        taker.on_take = take
        taker.encoder.send(b"a")
        await trio.sleep(0.9)
    # Noted before the clock jumped: from the beginning of one tick to that of the next.
    times = [at for at, _ in taker.taken]
    assert [after - before for before, after in itertools.pairwise(times)] == pytest.approx(
        [interval_s] * (len(times) - 1)
    )
    assert len(times) > 3


async def test_data_is_taken_in_the_context_of_its_own_task(autojump_clock: MockClock) -> None:
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")
    seen: list[str] = []

    def note(_: bytes) -> bool:
        seen.append(name.get())
        return False

    async with hall() as here:
        for who in ("first", "second"):
            token = name.set(who)
            taker = await here.join()
            name.reset(token)
            taker.on_take = note
            taker.encoder.send(b"a")
        await trio.sleep(2 * TICK_S)
    assert seen == ["first", "second"]


def in_force(ticks: TickReader, publishers: int) -> bool:
    with ExitStack() as counted:
        for _ in range(publishers):
            counted.enter_context(ticks.publishing())
        return ticks.in_force


@pytest.mark.parametrize(
    ("threshold", "publishers", "expected"), [(8, 7, False), (8, 8, True), (1, 1, True), (1, 0, False)]
)
def test_tick_reads_are_for_many_publishers(threshold: int, publishers: int, expected: Any) -> None:
    assert in_force(TickReader(threshold), publishers) is expected


def test_publishers_that_come_and_go_at_the_threshold_do_not_switch() -> None:
    ticks = TickReader(8)
    with ExitStack() as six:
        for _ in range(6):
            six.enter_context(ticks.publishing())
        assert not in_force(ticks, 1)
        assert in_force(ticks, 2)
        assert ticks.in_force
        assert in_force(ticks, 1)
        assert ticks.in_force
    assert not ticks.in_force


async def test_everybody_is_sent_home_when_few_are_left(autojump_clock: MockClock) -> None:
    async with hall() as here:
        with here.ticks.publishing():
            takers = [await here.join() for _ in range(3)]
        for taker in takers:
            await taker.done.wait()
    assert [taker.result for taker in takers] == [True] * 3
