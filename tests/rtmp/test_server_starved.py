"""A server that was starved of CPU: bytes that waited for it in a socket are no silence of their sender."""

import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing

from common.media import Packet
from rtmp.connection import handle_connection
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.tick import TickReader
from tests.rtmp.client import C0C1, HANDSHAKE, greeting, message, nal, video_frame
from tests.rtmp.recorder import RecordingGate
from tests.rtmp.site import MEDIA

MockClock = trio.testing.MockClock

by_tick_and_alone = pytest.mark.parametrize(
    "tick_publishers", [pytest.param(1, id="by the tick"), pytest.param(1000, id="alone")]
)


class Guest:
    """A connection to the server over a socket pair, seen from the encoder."""

    def __init__(self, wire: trio.SocketStream, clock: MockClock) -> None:
        self.wire = wire
        self.gate = RecordingGate()
        self.error: Exception | None = None
        self.done = trio.Event()
        self._clock = clock

    async def send(self, data: bytes) -> None:
        await self.wire.send_all(data)
        await trio.sleep(0.1)

    def send_while_stopped(self, data: bytes, seconds: float) -> None:
        """The server does not run for so long, and meanwhile this arrives."""
        assert os.write(self.wire.socket.fileno(), data) == len(data)
        self._clock.jump(seconds)

    @property
    def times(self) -> list[int]:
        return [packet.dts // 90 for packet in self.gate.publications[0].of(Packet)]

    async def talk(self, stream: trio.SocketStream, limits: RtmpLimits, ticks: TickReader) -> None:
        async with stream:
            try:
                await handle_connection(
                    stream,
                    gate=self.gate,
                    address="192.0.2.1",
                    limits=limits,
                    stats=RtmpStats(),
                    ticks=ticks,
                )
            except (trio.TooSlowError, trio.BrokenResourceError) as error:
                self.error = error
        self.done.set()


@asynccontextmanager
async def visit(clock: MockClock, **limits: Any) -> AsyncIterator[Guest]:
    chosen = RtmpLimits(**limits)
    ticks = TickReader(chosen.tick_publishers)
    ours, theirs = (trio.SocketStream(end) for end in trio.socket.socketpair())
    with ExitStack() as sockets:
        for stream in (ours, theirs):
            sockets.callback(stream.socket.close)
        async with trio.open_nursery() as nursery:
            guest = Guest(theirs, clock)
            nursery.start_soon(ticks.run)
            nursery.start_soon(guest.talk, ours, chosen, ticks)
            yield guest
            nursery.cancel_scope.cancel()


@by_tick_and_alone
async def test_bytes_that_waited_longer_than_15_s_keep_a_publisher(
    tick_publishers: int, autojump_clock: MockClock
) -> None:
    async with visit(autojump_clock, tick_publishers=tick_publishers) as guest:
        await guest.send(greeting() + MEDIA)
        guest.send_while_stopped(message(video_frame(), time=80), 20)
        await trio.sleep(0.1)
        await guest.send(message(video_frame(), time=120))
        assert guest.times == [40, 80, 120]
        silent_from = trio.current_time()
        await guest.done.wait()
    assert 15 <= trio.current_time() - silent_from <= 15.6
    assert isinstance(guest.error, trio.TooSlowError)


@by_tick_and_alone
async def test_key_frame_of_many_reads_that_waited_a_minute_is_no_stall(
    tick_publishers: int, autojump_clock: MockClock
) -> None:
    async with visit(autojump_clock, tick_publishers=tick_publishers) as guest:
        await guest.send(greeting() + MEDIA)
        guest.send_while_stopped(message(video_frame(nal(100_000)), time=80), 70)
        await guest.send(message(video_frame(), time=120))
        assert guest.times == [40, 80, 120]
        assert guest.error is None


@by_tick_and_alone
async def test_encoder_that_hung_up_while_nobody_looked_has_left_and_is_no_silent_one(
    tick_publishers: int, autojump_clock: MockClock
) -> None:
    async with visit(autojump_clock, tick_publishers=tick_publishers) as guest:
        await guest.send(greeting() + MEDIA)
        guest.wire.socket.shutdown(trio.socket.SHUT_WR)
        autojump_clock.jump(20)
        await guest.done.wait()
    assert guest.error is None
    assert guest.gate.publications[0].ended == [False]


async def test_publish_request_that_waited_longer_than_10_s_is_answered(autojump_clock: MockClock) -> None:
    async with visit(autojump_clock) as guest:
        await guest.send(C0C1)
        guest.send_while_stopped(greeting()[len(C0C1) : len(HANDSHAKE)], 11)
        await guest.send(greeting()[len(HANDSHAKE) :] + MEDIA)
        assert guest.times == [40]
        assert guest.error is None


async def test_server_that_is_always_late_waits_no_longer_than_20_s_for_a_request(
    autojump_clock: MockClock,
) -> None:
    async with visit(autojump_clock) as guest:
        await guest.send(C0C1[:1])
        began = trio.current_time()
        for byte in C0C1[1:40]:
            guest.send_while_stopped(bytes([byte]), 1.5)
            await trio.testing.wait_all_tasks_blocked(0.001)
            if guest.done.is_set():
                break
        assert 19 <= trio.current_time() - began <= 22
    assert isinstance(guest.error, trio.TooSlowError)
