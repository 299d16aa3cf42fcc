"""The writer of one connection, over a sink that takes as much as the test says, and over real sockets."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chatd.outbox import Outbox, SocketSink, StreamSink


class Pipe:
    """A sink with room for a number of bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.got = b""
        self.error: Exception | None = None
        self._more = trio.Event()

    def make_room(self, room: int) -> None:
        self.room += room
        self._more.set()
        self._more = trio.Event()

    def write_nowait(self, data: bytes | memoryview) -> int:
        if self.error is not None:
            raise self.error
        taken = min(len(data), self.room)
        self.got += bytes(data[:taken])
        self.room -= taken
        return taken

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        rest = memoryview(data)
        while rest:
            rest = rest[self.write_nowait(rest) :]
            if rest:
                await self._more.wait()


@asynccontextmanager
async def outbox_on(pipe: Pipe, max_bytes: int = 100) -> AsyncIterator[tuple[Outbox, list[str]]]:
    ends: list[str] = []
    async with trio.open_nursery() as nursery:
        yield Outbox(pipe, nursery, on_end=ends.append, max_bytes=max_bytes), ends
        nursery.cancel_scope.cancel()


async def test_what_the_kernel_takes_is_sent_at_once() -> None:
    pipe = Pipe(room=10)
    async with outbox_on(pipe) as (outbox, _):
        outbox.offer(b"hello")
        assert pipe.got == b"hello"
        assert outbox.pending_bytes == 0


async def test_the_rest_follows_in_order_when_there_is_room() -> None:
    pipe = Pipe(room=3)
    async with outbox_on(pipe) as (outbox, ends):
        outbox.offer(b"hello")
        outbox.offer(b" world")
        assert outbox.pending_bytes == 8
        await wait_all_tasks_blocked()
        outbox.offer(b"!")
        pipe.make_room(4)
        await wait_all_tasks_blocked()
        pipe.make_room(100)
        await wait_all_tasks_blocked()
        assert pipe.got == b"hello world!"
        assert (outbox.pending_bytes, ends) == (0, [])
        outbox.offer(b"?")
        assert pipe.got == b"hello world!?"


async def test_who_falls_behind_is_cut_once_and_hears_no_more() -> None:
    pipe = Pipe(room=0)
    async with outbox_on(pipe) as (outbox, ends):
        outbox.offer(b"x" * 100)
        assert ends == []
        outbox.offer(b"x")
        outbox.offer(b"x")
        assert ends == ["too slow"]
        assert outbox.pending_bytes == 0
        pipe.make_room(1000)
        await wait_all_tasks_blocked()
        outbox.offer(b"x")
        assert len(pipe.got) <= 100


@pytest.mark.parametrize("error", [BrokenPipeError(), ConnectionResetError()])
async def test_a_peer_that_is_gone_ends_it(error: OSError) -> None:
    pipe = Pipe(room=100)
    pipe.error = error
    async with outbox_on(pipe) as (outbox, ends):
        outbox.offer(b"x")
        outbox.offer(b"x")
        assert ends == ["gone"]


async def test_a_peer_that_goes_while_something_is_pending_ends_it() -> None:
    pipe = Pipe(room=1)
    async with outbox_on(pipe) as (outbox, ends):
        outbox.offer(b"xx")
        await wait_all_tasks_blocked()
        pipe.error = BrokenPipeError()
        pipe.make_room(1)
        await wait_all_tasks_blocked()
        assert ends == ["gone"]


async def test_a_closed_outbox_sends_nothing() -> None:
    pipe = Pipe(room=100)
    async with outbox_on(pipe) as (outbox, ends):
        outbox.close()
        outbox.offer(b"x")
        assert (pipe.got, ends) == (b"", [])


@contextmanager
def socket_pair() -> Iterator[tuple[trio.SocketStream, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield trio.SocketStream(trio.socket.from_stdlib_socket(ours)), theirs


async def test_a_megabyte_goes_through_a_real_socket_in_order() -> None:
    ends: list[str] = []
    with socket_pair() as (stream, peer):
        async with trio.open_nursery() as nursery:
            outbox = Outbox(SocketSink(stream), nursery, on_end=ends.append, max_bytes=2_000_000)
            for number in range(1000):
                outbox.offer(bytes([number % 256]) * 1000)
            assert outbox.pending_bytes > 0
            got = await trio.to_thread.run_sync(read_exactly, peer, 1_000_000)
    assert got == b"".join(bytes([number % 256]) * 1000 for number in range(1000))
    assert ends == []


def read_exactly(peer: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size and (data := peer.recv(65536)):
        got += data
    return got


async def test_a_stream_that_must_be_waited_for_is_written_by_the_task() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        outbox = Outbox(StreamSink(ours), nursery, on_end=pytest.fail)
        outbox.offer(b"one ")
        outbox.offer(b"two")
        assert outbox.pending_bytes == 7
        await wait_all_tasks_blocked()
        assert await theirs.receive_some() == b"one two"
