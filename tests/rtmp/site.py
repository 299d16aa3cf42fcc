"""A running server on a real socket."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial

import trio

from common.serving import open_listeners
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.server import serve_rtmp
from tests.rtmp.client import greeting, message, video_config, video_frame
from tests.rtmp.recorder import RecordingGate

MEDIA = message(video_config()) + message(video_frame(), time=40)
"""What makes a publisher count: a configuration and a frame."""


class Site:
    """A running server."""

    def __init__(self, limits: RtmpLimits) -> None:
        self.gate = RecordingGate()
        self.stats = RtmpStats()
        self.stop = trio.Event()
        self.limits = limits
        self.port = 0
        self.url = ""
        self.stopped = trio.Event()
        self.sockets = ExitStack()
        """Our ends of all connections."""

    async def serve(self, task_status: trio.TaskStatus[None]) -> None:
        listeners = await open_listeners("127.0.0.1", 0)
        self.port = listeners[0].socket.getsockname()[1]
        self.url = f"rtmp://127.0.0.1:{self.port}"
        async with trio.open_nursery() as nursery:
            await nursery.start(
                partial(
                    serve_rtmp,
                    listeners,
                    gate=self.gate,
                    limits=self.limits,
                    stats=self.stats,
                    stop=self.stop,
                    drain_s=5,
                )
            )
            task_status.started()
        self.stopped.set()

    async def connect(self) -> trio.SocketStream:
        stream = await trio.open_tcp_stream("127.0.0.1", self.port)
        self.sockets.callback(stream.socket.close)
        return stream

    async def publish(self) -> trio.SocketStream:
        before = len(self.gate.publications)
        encoder = await self.connect()
        await encoder.send_all(greeting() + MEDIA)
        await self.gate.wait_publication(before + 1)
        return encoder


@asynccontextmanager
async def running(**limits: int) -> AsyncIterator[Site]:
    site = Site(RtmpLimits(**limits))
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            await nursery.start(site.serve)
            with site.sockets:
                yield site
            nursery.cancel_scope.cancel()
