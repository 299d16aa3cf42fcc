"""Publishers that are read by the tick: everything ends as it does when each reads its own socket."""

import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest
import structlog
import trio
import trio.testing

from common.media import Packet
from rtmp.connection import handle_connection
from rtmp.errors import RemoteProtocolError
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.tick import TICK_S, TickReader
from tests.rtmp.client import command, control, greeting, message, read_replies, statuses, video_frame
from tests.rtmp.recorder import RecordingGate, RecordingPublication
from tests.rtmp.site import MEDIA, running

GOOD_BYE = command("FCUnpublish", 6, None, "KEY") + command("deleteStream", 7, None, 1)
SEND_BYTES = 4608
"""The least that Linux gives a socket's send buffer."""

MockClock = trio.testing.MockClock


class Encoder:
    """A publisher on one end of a socket pair, with the server's task on the other."""

    def __init__(self, wire: trio.SocketStream, publication: RecordingPublication) -> None:
        self.wire = wire
        self.publication = publication
        self.error: Exception | None = None
        self.done = trio.Event()

    async def send(self, data: bytes) -> None:
        """Send, and give the server two ticks to take it."""
        await self.wire.send_all(data)
        await trio.sleep(2 * TICK_S)

    async def frame(self, time: int) -> None:
        await self.send(message(video_frame(), time=time))

    @property
    def times(self) -> list[int]:
        return [packet.dts // 90 for packet in self.publication.of(Packet)]

    async def read_to_the_end(self) -> bytes:
        data = b""
        while piece := await self.wire.receive_some():
            data += piece
        return data


class Studio:
    """The server's side of many socket pairs."""

    def __init__(self, nursery: trio.Nursery, sockets: ExitStack, limits: RtmpLimits) -> None:
        self.gate = RecordingGate()
        self.limits = limits
        self.stats = RtmpStats()
        self.ticks = TickReader(limits.tick_publishers)
        self._nursery, self._sockets = nursery, sockets

    async def publish(self) -> Encoder:
        ours, theirs = (trio.SocketStream(end) for end in trio.socket.socketpair())
        for stream in (ours, theirs):
            self._sockets.callback(stream.socket.close)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        encoder = Encoder(theirs, RecordingPublication())
        self._nursery.start_soon(self._serve, ours, encoder)
        await theirs.send_all(greeting() + MEDIA)
        encoder.publication = await self.gate.wait_publication(len(self.gate.publications) + 1)
        return encoder

    async def _serve(self, stream: trio.SocketStream, encoder: Encoder) -> None:
        async with stream:
            try:
                await handle_connection(
                    stream,
                    gate=self.gate,
                    address="192.0.2.1",
                    limits=self.limits,
                    stats=self.stats,
                    ticks=self.ticks,
                )
            except (
                RemoteProtocolError,
                trio.TooSlowError,
                trio.BrokenResourceError,
                ZeroDivisionError,
            ) as error:
                encoder.error = error
        encoder.done.set()


@asynccontextmanager
async def studio(**limits: Any) -> AsyncIterator[Studio]:
    with ExitStack() as sockets:
        async with trio.open_nursery() as nursery:
            here = Studio(nursery, sockets, RtmpLimits(**{"tick_publishers": 1, **limits}))
            nursery.start_soon(here.ticks.run)
            yield here
            nursery.cancel_scope.cancel()
    assert all(len(publication.ended) == 1 for publication in here.gate.publications)


async def leave(encoder: Encoder) -> None:
    await encoder.wire.send_all(GOOD_BYE)
    await encoder.wire.send_eof()
    await encoder.done.wait()


async def test_many_publishers_arrive_whole_and_in_order(autojump_clock: MockClock) -> None:
    times = range(80, 2000, 40)
    async with studio() as here:
        encoders = [await here.publish() for _ in range(20)]
        for time in times:
            for encoder in encoders:
                await encoder.wire.send_all(message(video_frame(), time=time))
            await trio.sleep(0.04)
        for encoder in encoders:
            await leave(encoder)
    assert all(encoder.times == [40, *times] for encoder in encoders)
    assert [encoder.publication.ended for encoder in encoders] == [[True]] * 20
    assert here.stats.publishers == 0


async def test_violation_ends_one_publisher_and_others_do_not_notice(autojump_clock: MockClock) -> None:
    async with studio() as here:
        good, bad, buggy = [await here.publish() for _ in range(3)]
        buggy.publication.handle = lambda _: 1 // 0  # type: ignore[assignment,method-assign]
        for encoder, data in ((bad, message(b"a", fmt=3, csid=50)), (buggy, message(video_frame(), time=80))):
            await encoder.wire.send_all(data)
        await bad.done.wait()
        await buggy.done.wait()
        await good.frame(80)
        assert good.times == [40, 80]
        assert (bad.publication.ended, buggy.publication.ended) == ([False], [False])
    assert isinstance(bad.error, RemoteProtocolError)
    assert isinstance(buggy.error, ZeroDivisionError)
    assert here.stats.protocol_errors_total == 1


async def test_idle_publisher_is_dropped_after_15_s_among_busy_ones(autojump_clock: MockClock) -> None:
    async with studio() as here:
        idle, busy = await here.publish(), await here.publish()
        started = trio.current_time()
        time = 40
        while not idle.done.is_set():
            time += 500
            await busy.frame(time)
            await trio.sleep(0.5 - 2 * TICK_S)
        assert 15 <= trio.current_time() - started <= 16.1
        assert busy.times[-1] == time
    assert isinstance(idle.error, trio.TooSlowError)
    assert idle.publication.ended == [False]


async def test_any_byte_keeps_a_publisher_alive(autojump_clock: MockClock) -> None:
    async with studio() as here:
        encoder = await here.publish()
        frame = message(video_frame(), time=80)
        for piece in (frame[:1], frame[1:2], frame[2:]):
            await trio.sleep(14.9)
            await encoder.send(piece)
        assert encoder.times == [40, 80]


async def test_revoked_publisher_is_told_why_and_its_bytes_go_nowhere(autojump_clock: MockClock) -> None:
    async with studio() as here:
        encoder, other = await here.publish(), await here.publish()
        await trio.sleep(TICK_S / 4)  # off the beat of the ticks
        await encoder.wire.send_all(message(video_frame(), time=80))
        encoder.publication.revoke("Your stream key was revoked.")
        _, end = statuses(read_replies(await encoder.read_to_the_end()))
        await other.frame(80)
    assert end["description"] == "Your stream key was revoked."
    assert encoder.times == [40]
    assert other.times == [40, 80]
    assert encoder.error is None


@pytest.mark.parametrize("how", ["eof", "reset"])
async def test_encoder_that_vanishes_leaves_uncleanly(how: str, autojump_clock: MockClock) -> None:
    async with studio() as here:
        encoder = await here.publish()
        if how == "eof":
            await encoder.wire.send_eof()
        else:
            await encoder.wire.aclose()  # with the server's answers unread
        await encoder.done.wait()
    assert encoder.publication.ended == [False]
    assert (encoder.error is None) is (how == "eof")


async def test_publisher_that_does_not_read_answers_is_dropped_alone(autojump_clock: MockClock) -> None:
    async with studio(send_s=5) as here:
        good, deaf = await here.publish(), await here.publish()
        await deaf.wire.send_all(
            control(5, (1).to_bytes(4, "big"))
        )  # wants an acknowledgement for every byte
        for time in range(80, 8000, 40):
            await good.frame(time)
            if here.stats.publishers == 1:
                break
            with trio.move_on_after(TICK_S):
                await deaf.wire.send_all(message(video_frame(), time=time))
        await good.frame(8000)
        assert good.times[-1] == 8000
        await deaf.done.wait()
    assert isinstance(deaf.error, trio.TooSlowError)
    assert "does not read" in str(deaf.error)


async def test_answers_are_sent_while_publishing(autojump_clock: MockClock) -> None:
    async with studio() as here:
        encoder = await here.publish()
        ping = control(4, b"\x00\x06" + b"\x00\x00\x12\x34")
        await encoder.send(ping)
        await encoder.frame(80)
        await encoder.wire.send_all(GOOD_BYE)
        replies = read_replies(await encoder.read_to_the_end())
    assert "4660" in repr(replies[-1])
    assert encoder.times == [40, 80]


async def is_read_at_once(encoder: Encoder, time: int) -> bool:
    """Send a frame; say whether it was taken when it came, and not at a tick."""
    await trio.sleep(TICK_S / 4)  # off the beat of the ticks
    await encoder.wire.send_all(message(video_frame(), time=time))
    await trio.testing.wait_all_tasks_blocked()
    at_once = encoder.times[-1] == time
    await trio.sleep(2 * TICK_S)
    assert encoder.times[-1] == time
    return at_once


async def test_reading_changes_over_with_the_number_of_publishers(autojump_clock: MockClock) -> None:
    async with studio(tick_publishers=4) as here:
        first, second, third = [await here.publish() for _ in range(3)]
        assert await is_read_at_once(first, 80)
        fourth = await here.publish()
        assert not await is_read_at_once(fourth, 80)
        assert await is_read_at_once(first, 120)  # it was waiting for its socket already
        assert not await is_read_at_once(first, 160)
        await leave(fourth)
        assert not await is_read_at_once(first, 200)
        await leave(second)
        assert await is_read_at_once(first, 240)
        assert await is_read_at_once(third, 80)
        assert first.times == [40, 80, 120, 160, 200, 240]


async def test_log_lines_say_which_connection_they_are_about() -> None:
    merge = structlog.contextvars.merge_contextvars
    with structlog.testing.capture_logs(processors=[merge]) as lines:
        async with running(tick_publishers=1) as site:
            encoder = await site.publish()
            await encoder.send_all(message(b"\x17\x01"))  # cut short
            while site.stats.undecodable_total == 0:
                await trio.sleep(0.01)
    (notice,) = [line for line in lines if line["event"] == "publisher_notice"]
    assert notice["address"] == "127.0.0.1"


async def test_stopping_server_hangs_up_on_publishers_that_are_read_by_the_tick() -> None:
    async with running(tick_publishers=2) as site:
        encoders = [await site.publish() for _ in range(4)]
        for encoder in encoders:
            await encoder.send_all(message(video_frame(), time=80))
        while any(len(publication.of(Packet)) < 2 for publication in site.gate.publications):
            await trio.sleep(0.01)
        site.stop.set()
        await site.stopped.wait()
    assert [publication.ended for publication in site.gate.publications] == [[False]] * 4
    assert (site.stats.connections, site.stats.publishers, site.stats.unauthenticated) == (0, 0, 0)
