"""The only writer of one client's connection: gives bytes to the kernel at once, keeps a bounded rest, never blocks.

A room offers the same bytes to thousands of these in one loop, so `offer` is a system call and little else. Who cannot
keep up is cut; nobody waits for the slowest.
"""

import os
from collections.abc import Callable
from typing import Protocol

import trio

MAX_PENDING_BYTES = 256 * 1024
"""What one client may be behind: minutes of a busy room, on top of what the kernel holds."""


class Sink(Protocol):
    """Where bytes go. Everything raises `OSError` or `trio.BrokenResourceError` when the peer is gone."""

    def write_nowait(self, data: bytes | memoryview) -> int:
        """Take what goes without waiting; say how many bytes."""

    async def write(self, data: bytes) -> None:
        """Take all of it. After a cancel nobody knows how much went out: only closing is left."""


class SocketSink:
    """A TCP socket, written to by its descriptor. It stays the property of its stream."""

    __slots__ = ("_fd",)

    def __init__(self, stream: trio.SocketStream) -> None:
        self._fd = stream.socket.fileno()

    def write_nowait(self, data: bytes | memoryview) -> int:
        """One system call."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    async def write(self, data: bytes) -> None:
        """Write as the peer makes room."""
        await trio.lowlevel.checkpoint()
        rest = memoryview(data)
        while rest:
            await trio.lowlevel.wait_writable(self._fd)
            rest = rest[self.write_nowait(rest) :]


class StreamSink:
    """Any other stream, such as TLS: it cannot be written to without waiting."""

    __slots__ = ("_stream",)

    def __init__(self, stream: trio.abc.SendStream) -> None:
        self._stream = stream

    def write_nowait(self, data: bytes | memoryview) -> int:  # noqa: ARG002  # of the protocol
        """Take nothing."""
        return 0

    async def write(self, data: bytes) -> None:
        """Send it."""
        await self._stream.send_all(data)


class Outbox:
    """What is on its way to one client, in the order it was offered."""

    __slots__ = ("_emptied", "_is_open", "_max_bytes", "_nursery", "_on_end", "_pending", "_sink")

    def __init__(
        self,
        sink: Sink,
        nursery: trio.Nursery,
        *,
        on_end: Callable[[str], object],
        max_bytes: int = MAX_PENDING_BYTES,
    ) -> None:
        """Write to `sink`; what it does not take at once, a task in `nursery` does.

        `on_end` is called at most once, with the reason, when the client is too slow or gone; it must not block. The
        connection ends then.
        """
        self._sink = sink
        self._nursery = nursery
        self._on_end = on_end
        self._max_bytes = max_bytes
        self._pending = bytearray()
        self._emptied = trio.lowlevel.ParkingLot()
        self._is_open = True

    @property
    def pending_bytes(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._pending)

    def offer(self, data: bytes) -> None:
        """Send bytes, or queue what does not go out now. Does nothing once the outbox is closed. Never raises."""
        if not self._is_open:
            return
        if self._pending:
            self._pending += data
            if len(self._pending) > self._max_bytes:
                self._end("too slow")
            return
        try:
            sent = self._sink.write_nowait(data)
        except OSError:
            self._end("gone")
            return
        if sent != len(data):
            self._pending += memoryview(data)[sent:]
            self._nursery.start_soon(self._drain)

    def close(self) -> None:
        """Write nothing any more: to be called before the stream is closed, as its descriptor then belongs to others."""
        self._is_open = False
        self._pending.clear()
        self._emptied.unpark_all()

    async def wait_empty(self) -> None:
        """Wait until the kernel has taken everything, or the outbox is closed."""
        await trio.lowlevel.checkpoint()
        while self._pending and self._is_open:
            await self._emptied.park()

    async def _drain(self) -> None:
        """Write what is pending; ends when nothing is."""
        await trio.lowlevel.checkpoint()
        while self._is_open and self._pending:
            batch = bytes(self._pending)
            try:
                await self._sink.write(batch)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                self._end("gone")
                return
            del self._pending[: len(batch)]
        self._emptied.unpark_all()

    def _end(self, reason: str) -> None:
        if self._is_open:
            self.close()
            self._on_end(reason)
