"""The child of `bench.origin`: the real origin on one core, with streams that exist in memory only.

`python -m bench.origin_server SEGMENT_BYTES PLAYLIST_BYTES` prints its port; each line on stdin publishes one part of
channel `wake`, whose playlists name the moment. It ends when stdin does.
"""

import os
import sys
import time

import trio

from bench.memory_stream import PARTS_PER_SEGMENT, MemoryStream
from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.limits import raise_open_files_limit
from common.serving import open_listeners
from hls.directory import Directory
from hls.origin import Origin


async def run(segment_bytes: int, playlist_bytes: int) -> None:
    """Serve until stdin ends."""
    piece = os.urandom(segment_bytes // 4)
    load = MemoryStream("load", segment=(piece,) * 4, playlist_bytes=playlist_bytes)
    wake = MemoryStream("wake", playlist_bytes=2000)
    for _ in range(2 * PARTS_PER_SEGMENT):
        load.publish()
        wake.publish()
    directory = Directory()
    directory.add("load", load)
    directory.add("wake", wake)
    origin = Origin(directory, health=_healthy, metrics=lambda: _waiting(origin))
    server = HttpServer(origin, limits=HttpLimits(max_connections=15_000))
    listeners = await open_listeners("127.0.0.1", 0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(origin.run)
        nursery.start_soon(_serve, server, listeners)
        print(listeners[0].socket.getsockname()[1], flush=True)
        async with trio.lowlevel.FdStream(os.dup(0)) as orders:
            async for lines in orders:
                for _ in range(lines.count(b"\n")):
                    wake.publish(f"{time.monotonic_ns()}")
        nursery.cancel_scope.cancel()


def _waiting(origin: Origin) -> bytes:
    """The page at /metrics: how many requests wait."""
    (_, _, count), *_ = origin.samples()
    return f"{count}".encode()


async def _healthy() -> list[str]:
    await trio.lowlevel.checkpoint()
    return []


async def _serve(server: HttpServer, listeners: list[trio.SocketListener]) -> None:
    await server.serve(listeners, stop=trio.Event(), drain_s=0)


if __name__ == "__main__":
    raise_open_files_limit()
    trio.run(run, int(sys.argv[1]), int(sys.argv[2]))
