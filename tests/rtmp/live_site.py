"""A `weir serve` with a stream that is watched closely, for those who try to disturb it."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import trio

from tests.e2e.harness import Weir, get, make_clip, part_numbers, poll, start_encoder, start_weir
from tests.e2e.test_reconnect import media_playlist
from tests.rtmp.client import greeting
from tests.rtmp.site import CERTIFICATES

HANDSHAKE_S = 3.0
STALL_S = 5.0
PER_ADDRESS = 20
STRANGERS = 150
SLACK_S = 5.0
"""How much later than due a busy machine may close something."""

_LOOK_EVERY_S = 0.05


class Watcher(threading.Thread):
    """A viewer that notes when parts appear, and how late it was itself: a busy machine delays watching, too."""

    def __init__(self, playlist: str) -> None:
        super().__init__(daemon=True)
        self.playlist = playlist
        self.worst_gap_s = 0.0
        """Longest time between two parts since this was set to 0, less what this thread overslept."""
        self._done = threading.Event()

    def part_target_s(self) -> float:
        match = re.search(r"PART-TARGET=([\d.]+)", get(self.playlist)[1])
        assert match
        return float(match[1])

    def run(self) -> None:
        newest, seen_at, overslept_s = -1, time.monotonic(), 0.0
        while True:
            before = time.monotonic()
            if self._done.wait(_LOOK_EVERY_S):
                return
            overslept_s += time.monotonic() - before - _LOOK_EVERY_S
            number = part_numbers(get(self.playlist)[1])[-1]
            now = time.monotonic()
            gap_s = now - seen_at - overslept_s
            self.worst_gap_s = max(self.worst_gap_s, gap_s)
            if number != newest:
                newest, seen_at, overslept_s = number, now, 0.0

    def stop(self) -> None:
        self._done.set()
        self.join()


@dataclass
class Live:
    """The server, the viewer of its stream, and what an attacker knows."""

    weir: Weir
    watcher: Watcher
    key: str
    """Of a channel of the attacker's own."""
    allowed_gap_s: float
    rss_bytes: int
    """Before any attack."""

    @property
    def port(self) -> int:
        return urlsplit(self.weir.rtmp).port or 0

    @property
    def secure_port(self) -> int:
        return urlsplit(self.weir.find(r"(rtmps://\S+)")).port or 0

    def grown_bytes(self) -> int:
        """Memory of the server beyond what it had at first."""
        return int(psutil.Process(self.weir.process.pid).memory_info().rss) - self.rss_bytes

    def metric(self, name: str) -> float:
        match = re.search(rf"^{name} (\S+)$", get(f"{self.weir.hls}/metrics")[1], re.MULTILINE)
        assert match, name
        return float(match[1])

    async def dial(self, header: bytes = b"", port: int = 0) -> trio.SocketStream:
        stream = await trio.open_tcp_stream("127.0.0.1", port or self.port)
        if header:
            await stream.send_all(header)
        return stream

    async def publish(self, header: bytes = b"") -> trio.SocketStream:
        """Publish to the attacker's channel."""
        stream = await self.dial(header)
        await stream.send_all(greeting(self.key))
        said = b""
        with trio.fail_after(HANDSHAKE_S + SLACK_S):
            while b"NetStream.Publish.Start" not in said:
                piece = await stream.receive_some()
                assert piece, f"not admitted: {said[3073:]!r}"
                said += piece
        return stream


@contextmanager
def live_site(directory: Path) -> Iterator[Live]:
    weir = start_weir(
        directory / "data",
        WEIR_RTMPS_PORT="0",
        WEIR_TLS_CERT=str(CERTIFICATES / "localhost.pem"),
        WEIR_TLS_KEY=str(CERTIFICATES / "localhost.key"),
        WEIR_TRUSTED_PROXIES="127.0.0.1",
        WEIR_RTMP_HANDSHAKE_S=str(HANDSHAKE_S),
        WEIR_RTMP_STALL_S=str(STALL_S),
        WEIR_RTMP_MAX_PER_ADDRESS=str(PER_ADDRESS),
        WEIR_RTMP_MAX_UNAUTHENTICATED=str(STRANGERS),
    )
    encoder = start_encoder(f"{weir.rtmp}/{weir.key}", make_clip(directory / "clip.mp4", seconds=30))
    watcher = None
    try:
        assert weir.cli("user", "add", "mallory").returncode == 0
        key = weir.cli("key", "create", "mallory").stdout.strip()
        poll("live", lambda: get(f"{weir.hls}/hls/streamer/index.m3u8")[0] == 200, 30)
        watcher = Watcher(media_playlist(weir))
        watcher.start()
        first = part_numbers(get(watcher.playlist)[1])[-1]
        poll("parts", lambda: part_numbers(get(watcher.playlist)[1])[-1] > first + 5, 20)
        # Relative to what this machine manages undisturbed, and generous: not the machine is on trial.
        allowed_gap_s = 2 * watcher.part_target_s() + watcher.worst_gap_s + 2.0
        yield Live(weir, watcher, key, allowed_gap_s, psutil.Process(weir.process.pid).memory_info().rss)
    finally:
        if watcher is not None:
            watcher.stop()
        encoder.kill()
        weir.discard()
