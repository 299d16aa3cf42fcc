"""A running server on a real socket."""

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import trio

from common.proxies import TrustedProxies
from common.serving import open_listeners
from common.tls import read_certificate
from rtmp.limits import RtmpLimits, RtmpStats
from rtmp.server import SecureListeners, serve_rtmp
from tests.rtmp.client import greeting, message, video_config, video_frame
from tests.rtmp.recorder import RecordingGate

MEDIA = message(video_config()) + message(video_frame(), time=40)
"""What makes a publisher count: a configuration and a frame."""

CERTIFICATES = Path(__file__).parents[1] / "common" / "certificates"


def context(name: str = "localhost") -> ssl.SSLContext:
    """What the server shows: one of the certificates."""
    return read_certificate(CERTIFICATES / f"{name}.pem", CERTIFICATES / f"{name}.key").context


class Site:
    """A running server."""

    def __init__(self, limits: RtmpLimits, proxies: Sequence[str] = ()) -> None:
        self.gate = RecordingGate()
        self.stats = RtmpStats()
        self.stop = trio.Event()
        self.limits = limits
        self.proxies = proxies
        self.context = context()
        """Of the TLS listener, for the connections to come."""
        self.port = self.secure_port = 0
        self.url = self.secure_url = ""
        self.stopped = trio.Event()
        self.sockets = ExitStack()
        """Our ends of all connections."""

    async def serve(self, task_status: trio.TaskStatus[None]) -> None:
        listeners = await open_listeners("127.0.0.1", 0)
        self.port = listeners[0].socket.getsockname()[1]
        self.url = f"rtmp://127.0.0.1:{self.port}"
        secure = await open_listeners("127.0.0.1", 0)
        self.secure_port = secure[0].socket.getsockname()[1]
        self.secure_url = f"rtmps://localhost:{self.secure_port}"
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
                    secure=SecureListeners(secure, lambda: self.context),
                    proxies=TrustedProxies(self.proxies),
                )
            )
            task_status.started()
        self.stopped.set()

    async def connect(self, port: int = 0) -> trio.SocketStream:
        """Connect to the plain listener, or to another port."""
        stream = await trio.open_tcp_stream("127.0.0.1", port or self.port)
        self.sockets.callback(stream.socket.close)
        return stream

    async def connect_securely(self, header: bytes = b"") -> "trio.SSLStream[trio.SocketStream]":
        """Connect to the TLS listener, as a client that verifies; `header` goes before TLS begins."""
        client = ssl.create_default_context(cafile=CERTIFICATES / "localhost.pem")
        wire = await self.connect(self.secure_port)
        await wire.send_all(header)
        return trio.SSLStream(wire, client, server_hostname="localhost", https_compatible=True)

    async def publish(self, encoder: trio.abc.Stream | None = None) -> trio.abc.Stream:
        """Publish, on a connection of its own if none is given; the first frame has arrived."""
        before = len(self.gate.publications)
        encoder = encoder or await self.connect()
        await encoder.send_all(greeting() + MEDIA)
        await self.gate.wait_publication(before + 1)
        return encoder


@asynccontextmanager
async def running(*, proxies: Sequence[str] = (), **limits: int) -> AsyncIterator[Site]:
    site = Site(RtmpLimits(**limits), proxies)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            await nursery.start(site.serve)
            with site.sockets:
                yield site
            nursery.cancel_scope.cancel()
