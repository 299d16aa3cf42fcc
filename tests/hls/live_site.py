"""A live stream on a real port, for real players: packets come in real time, and it has been on for a while already."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import trio

from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.media import MediaConfig, Packet
from common.serving import open_listeners
from hls.directory import Directory
from hls.origin import Origin
from hls.stream import HlsSettings, LiveStream

LOGIN, STREAM = "anna", "stream"
WALL_S = 1_790_000_000.0
"""Seconds since 1970 when Trio's clock stood at 0."""


@dataclass
class LiveSite:
    port: int
    server: HttpServer
    stream: LiveStream
    origin: Origin

    @property
    def url(self) -> str:
        """The multivariant playlist."""
        return f"http://127.0.0.1:{self.port}/hls/{LOGIN}/index.m3u8"

    def media_path(self, rendition: str, name: str = "index.m3u8") -> str:
        return f"/hls/{LOGIN}/{STREAM}/{rendition}/{name}"

    def media_url(self, rendition: str, name: str = "index.m3u8") -> str:
        return f"http://127.0.0.1:{self.port}{self.media_path(rendition, name)}"


def for_ever(packets: list[Packet], cycle_ticks: int) -> Iterator[Packet]:
    """The same media again and again, with stamps that go on."""
    base = 0
    while True:
        for one in packets:
            yield Packet(one.track, one.dts + base, one.pts + base, one.keyframe, one.data)
        base += cycle_ticks


def _catch_up(stream: LiveStream, packets: Iterator[Packet], began: float) -> None:
    """Push what was due before now, as if it were then."""
    for packet in packets:
        due = began + packet.dts / 90_000
        stream.push(packet, due)
        if due > trio.current_time():
            return


Publisher = Callable[[LiveStream, Iterator[Packet], float], Awaitable[object]]


class _Calendar:
    """The wall clock, which stands at the stream's beginning until all that came before now was pushed."""

    def __init__(self, began: float) -> None:
        self.began: float | None = began

    def __call__(self) -> float:
        return WALL_S + (trio.current_time() if self.began is None else self.began)


async def publish(stream: LiveStream, packets: Iterator[Packet], began: float) -> NoReturn:
    """Go on in real time, until cancelled; the first stamp 0 was at `began`."""
    while True:
        packet = next(packets)
        due = began + packet.dts / 90_000
        await trio.sleep_until(due)
        stream.push(packet, due)


@asynccontextmanager
async def live(
    configs: list[MediaConfig],
    packets: list[Packet],
    cycle_ticks: int,
    *,
    history_s: float = 16.0,
    limits: HttpLimits | None = None,
    publisher: Publisher = publish,
) -> AsyncIterator[LiveSite]:
    """Serve a stream that began `history_s` seconds ago, and that goes on as `publisher` wants."""

    async def health() -> list[str]:
        await trio.lowlevel.checkpoint()
        return []

    began = trio.current_time() - history_s
    calendar = _Calendar(began)
    stream = LiveStream(
        STREAM, settings=HlsSettings(window_s=60, memory_s=60), spill=None, wall_clock_s=calendar
    )
    directory = Directory()
    directory.add(LOGIN, stream)
    origin = Origin(directory, health=health, metrics=lambda: b"")
    server, stop = HttpServer(origin, limits=limits), trio.Event()
    listeners = await open_listeners("127.0.0.1", 0)
    for config in configs:
        stream.configure(config, began)
    coming = for_ever(packets, cycle_ticks)
    _catch_up(stream, coming, began)
    calendar.began = None
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(server.serve, listeners, stop=stop, drain_s=1))
        nursery.start_soon(origin.run)
        nursery.start_soon(publisher, stream, coming, began)
        yield LiveSite(listeners[0].socket.getsockname()[1], server, stream, origin)
        nursery.cancel_scope.cancel()
