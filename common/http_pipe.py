"""The bytes under a connection: a socket, as directly as Trio allows, or any other Trio stream.

A socket is read and written by system calls on its descriptor, and a task waits only when the kernel would block.
"""

import os
from collections.abc import Callable, Sequence
from typing import Protocol

import trio

from common.http_hub import HANG_UPS, ReadyHub

Buffers = list[bytes | memoryview]

Digest = Callable[[bytes], bool]
"""Takes received bytes, `b""` for the end, and says True when the connection's own task must go on.

It may be called from another task than the connection's, and must not wait.
"""

READ_BYTES = 16 * 1024
"""Read at once."""
_READS_IN_A_ROW = 4
"""Of one socket, before others get their turn: a client that floods us stops nobody."""
UNSENT_BYTES = 256 * 1024
"""What the kernel may keep for a connection beyond what is on the wire; most segments and all parts fit in."""
_MAX_BUFFERS = 512
"""Below IOV_MAX, 1024 on Linux."""


class Pipe(Protocol):
    """What a connection needs of its transport. Everything raises `trio.BrokenResourceError` when the peer is gone."""

    async def receive(self, digest: Digest) -> None:
        """Give `digest` what arrives until it says True. Cancelling loses nothing."""

    def send_nowait(self, buffers: Sequence[bytes], size_bytes: int) -> Buffers:
        """Send what goes out without waiting, and return the rest. `size_bytes`: of all buffers together."""

    async def send(self, buffers: Buffers) -> None:
        """Send all of it, something at least. After a cancel nobody knows how much went out: only closing is left."""

    def detach(self) -> None:
        """Leave the stream to somebody else, or to be closed."""


class SocketPipe:
    """A TCP socket that a hub watches. It stays the property of the stream, which closes it."""

    __slots__ = ("_digest", "_error", "_fd", "_has_more", "_hub", "_is_done", "_lot")

    def __init__(self, stream: trio.SocketStream, hub: ReadyHub) -> None:
        """Begin to watch it."""
        self._fd = stream.socket.fileno()
        self._hub = hub
        self._lot = trio.lowlevel.ParkingLot()
        self._digest: Digest | None = None  # set while the task waits in `receive`
        self._has_more = False  # the hub has told of bytes that were not read yet
        self._is_done = False  # the digest has said True, or reading has failed
        self._error: Exception | None = None
        # Trio's own bound is 16 KiB, so a segment would need ten wake-ups; without one, each slow viewer could fill
        # megabytes of kernel memory.
        stream.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        hub.watch(self._fd, self._on_ready)

    async def receive(self, digest: Digest) -> None:
        """Wait until `digest`, called by the hub, has said True."""
        self._is_done = False
        while True:
            if self._has_more:
                await trio.lowlevel.checkpoint()
                self._is_done = self._read_into(digest)
            else:
                await self._wait_for_hub(digest)
            if self._is_done:
                break
        error, self._error = self._error, None
        if error is not None:
            raise error

    async def _wait_for_hub(self, digest: Digest) -> None:
        self._digest = digest
        try:
            await self._lot.park()
        finally:
            self._digest = None

    def _on_ready(self, flags: int) -> None:
        self._has_more = True
        if self._digest is None:
            return
        self._is_done = self._read_into(self._digest, flags)
        if self._is_done or self._has_more:
            self._digest = None
            self._lot.unpark()

    def _read_into(self, digest: Digest, flags: int = HANG_UPS) -> bool:
        """Read what is there, within bounds; True when the task must go on. Raises nothing: the hub serves others."""
        try:
            for _ in range(_READS_IN_A_ROW):
                try:
                    data = os.read(self._fd, READ_BYTES)
                except BlockingIOError:
                    self._has_more = False
                    return False
                # A short read has taken everything, unless an end was announced behind it. The kernel will tell of
                # later bytes, as this is edge-triggered.
                self._has_more = len(data) == READ_BYTES or bool(flags & HANG_UPS and data)
                if digest(data):
                    return True
                if not self._has_more:
                    break
        except OSError as error:
            self._error = _broken(error)
            return True
        except Exception as error:  # noqa: BLE001  # raised again in the connection's task
            self._error = error
            return True
        return False

    def send_nowait(self, buffers: Sequence[bytes], size_bytes: int) -> Buffers:
        """Hand the kernel as much as it takes."""
        try:
            sent = os.writev(self._fd, buffers if len(buffers) <= _MAX_BUFFERS else buffers[:_MAX_BUFFERS])
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise _broken(error) from error
        return [] if sent == size_bytes else _unsent(buffers, sent)

    async def send(self, buffers: Buffers) -> None:
        """Send as the peer makes room."""
        while True:
            await trio.lowlevel.wait_writable(self._fd)
            try:
                sent = os.writev(self._fd, buffers[:_MAX_BUFFERS])
            except BlockingIOError:
                continue
            except OSError as error:
                raise _broken(error) from error
            buffers = _unsent(buffers, sent)
            if not buffers:
                return

    def detach(self) -> None:
        """Stop watching; the stream may be read by others then."""
        self._hub.forget(self._fd)


def _broken(error: OSError) -> trio.BrokenResourceError:
    return trio.BrokenResourceError(f"connection broken: {error}")


def _unsent(buffers: Sequence[bytes | memoryview], sent: int) -> Buffers:
    for i, buffer in enumerate(buffers):
        if sent < len(buffer):
            return [memoryview(buffer)[sent:], *buffers[i + 1 :]]
        sent -= len(buffer)
    return []


class StreamPipe:
    """Any Trio stream: TLS, memory streams. It cannot send without waiting."""

    __slots__ = ("_stream",)

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream

    async def receive(self, digest: Digest) -> None:
        """Wait for bytes in the task itself."""
        while True:
            data = bytes(await self._stream.receive_some(READ_BYTES))
            if digest(data):
                return

    def send_nowait(self, buffers: Sequence[bytes], size_bytes: int) -> Buffers:  # noqa: ARG002  # of the protocol
        """Leave all of it."""
        return list(buffers)

    async def send(self, buffers: Buffers) -> None:
        """Send them as one."""
        await self._stream.send_all(b"".join(buffers))

    def detach(self) -> None:
        """Nothing to do."""


def open_pipe(stream: trio.abc.Stream, hub: ReadyHub | None) -> Pipe:
    """Take the direct way where there is one: a socket, and a hub to watch it."""
    if hub is not None and isinstance(stream, trio.SocketStream):
        return SocketPipe(stream, hub)
    return StreamPipe(stream)
