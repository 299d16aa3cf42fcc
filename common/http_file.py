"""Bodies on disk: read in worker threads, one bounded piece at a time, so that a slow disk never stops the loop."""

import os

import trio

from common.http_pipe import Pipe
from common.http_response import FileSlice

PIECE_BYTES = 256 * 1024


class ShortFileError(Exception):
    """The file ended before the slice did: it was cut while it was served, or the slice was wrong."""


async def send_file(pipe: Pipe, head: bytes, body: FileSlice, disk: trio.CapacityLimiter) -> bool:
    """Send the head and the slice. False, and nothing sent, when the file is gone. After a cancel only closing is left.

    Raises:
        ShortFileError: less was sent than the head announced, so the connection must be closed.
    """
    # Threads are not abandoned when their task is cancelled, so the descriptor is never lost.
    opened = await trio.to_thread.run_sync(_open_and_read, body, limiter=disk)
    if opened is None:
        return False
    fd, piece = opened
    try:
        await pipe.send([head, piece])
        sent = len(piece)
        while sent < body.size_bytes:
            size = min(PIECE_BYTES, body.size_bytes - sent)
            piece = await trio.to_thread.run_sync(os.pread, fd, size, body.offset + sent, limiter=disk)
            if not piece:
                raise ShortFileError(f"{body.path} lacks {body.size_bytes - sent} bytes")
            await pipe.send([piece])
            sent += len(piece)
    finally:
        os.close(fd)
    return True


def _open_and_read(body: FileSlice) -> tuple[int, bytes] | None:
    """Open the file and read the first piece, in one trip to a thread."""
    try:
        fd = os.open(body.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return fd, os.pread(fd, min(PIECE_BYTES, body.size_bytes), body.offset)
    except BaseException:
        os.close(fd)
        raise
