"""What a crowd watches when it is given no URL: a server on its own core, with one publisher of 6 Mbit/s."""

import multiprocessing
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.latency import publish_all
from bench.rtmp_load import Target
from bench.servers import Server, weir_server

_MAX_S = 3600.0
_LIVE_S = 60.0


@dataclass(frozen=True, slots=True)
class Site:
    """A live stream."""

    url: str
    """Of its multivariant playlist."""
    server: Server


@contextmanager
def live_site() -> Iterator[Site]:
    """Start weir and a publisher; both end with the block. Raises RuntimeError when the stream does not begin."""
    with weir_server(1, WEIR_HLS_MAX_CONNECTIONS="60000") as server:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        targets = [Target(server.host, server.rtmp_port, server.app, server.keys[0])]
        publisher = context.Process(target=publish_all, args=(targets, _MAX_S, theirs), daemon=True)
        publisher.start()
        try:
            message = ours.recv() if ours.poll(_LIVE_S) else "not live after a minute"
            if isinstance(message, str):
                raise RuntimeError(f"the publisher: {message}")  # noqa: TRY004  # it is what the publisher says
            url = f"http://{server.host}:{server.hls_port}/hls/bench0/index.m3u8"
            wait_for_playlist(url)
            yield Site(url, server)
        finally:
            publisher.kill()
            publisher.join()


def wait_for_playlist(url: str) -> None:
    """Return once it answers. Raises RuntimeError after a minute."""
    give_up = time.monotonic() + _LIVE_S
    while time.monotonic() < give_up:
        try:
            urllib.request.urlopen(url, timeout=15).close()
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"{url} does not answer")
