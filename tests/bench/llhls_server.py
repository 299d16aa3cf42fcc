"""A small LL-HLS origin for the stream of `llhls_stream`, four times as fast, that keeps the rules or breaks one on purpose."""

import gzip
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import parse_qs, urlsplit

import h11
import trio

from tests.bench.llhls_stream import (
    FIRST,
    HEADERS,
    LISTED,
    MEDIA_HEADERS,
    MULTIVARIANT,
    PARTS,
    init_bytes,
    part_bytes,
    playlist_text,
    segment_bytes,
)

EVERY_S = 0.25
Answer = tuple[int, bytes]


class Origin:
    """Serves until cancelled. Faults: see the tests that plant them."""

    def __init__(self, *faults: str) -> None:
        self.faults = set(faults)
        self.made = FIRST
        self._changed = trio.Event()

    async def make_parts(self) -> None:
        while True:
            await trio.sleep(EVERY_S)
            self.made += 1
            self._changed.set()
            self._changed = trio.Event()

    async def wait_made(self, number: int) -> None:
        """Until there are so many parts."""
        await trio.lowlevel.checkpoint()
        while self.made < number:
            await self._changed.wait()

    async def serve(self, stream: trio.abc.Stream) -> None:
        try:
            async with stream:
                await self._talk(stream)
        except (h11.ProtocolError, trio.BrokenResourceError, ssl.SSLError):
            pass  # the checker hung up

    async def _talk(self, stream: trio.abc.Stream) -> None:
        state = h11.Connection(h11.SERVER)
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                state.receive_data(bytes(await stream.receive_some(65536)))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.EndOfMessage):
                await self._respond(stream, state, request)
                state.start_next_cycle()
            else:
                return

    async def _respond(self, stream: trio.abc.Stream, state: h11.Connection, request: h11.Request) -> None:
        url = urlsplit(request.target.decode())
        status, body, headers = await self._answer(url.path, url.query, dict(request.headers))
        head = h11.Response(
            status_code=status, headers=[*headers.items(), ("content-length", str(len(body)))]
        )
        await stream.send_all(state.send(head) or b"")
        slow = "trickle" in self.faults and url.path.endswith(f"p{self.made - 1}.m4s")
        for piece in (body[:10], body[10:]) if request.method != b"HEAD" else ():
            await stream.send_all(state.send(h11.Data(data=piece)) or b"")
            await trio.sleep(0.8 if slow else 0)
        await stream.send_all(state.send(h11.EndOfMessage()) or b"")

    async def _answer(
        self, path: str, query: str, asked: dict[bytes, bytes]
    ) -> tuple[int, bytes, dict[str, str]]:
        if path == "/live/index.m3u8":
            return self._playlist(200, MULTIVARIANT.encode(), query)
        match = re.fullmatch(r"/live/(video|audio)/(.+)", path)
        if match is None:
            return 404, b"", {}
        name, file = match[1], match[2]
        if file == "index.m3u8":
            return self._playlist(*await self._media_playlist(name, query), query)
        status, body = await self._media(name, file)
        if b"if-none-match" in asked:
            return 304, b"", MEDIA_HEADERS
        if asked.get(b"range") == b"bytes=0-99":
            return 206, body[:100], self._plain(MEDIA_HEADERS)
        return status, body, self._plain(MEDIA_HEADERS)

    def _plain(self, headers: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in headers.items() if name != "content-encoding"}

    def _playlist(self, status: int, body: bytes, query: str) -> tuple[int, bytes, dict[str, str]]:
        headers = dict(HEADERS)
        if "_HLS_msn" in query:
            headers["cache-control"] = "public, max-age=24"
        return status, gzip.compress(body), headers

    async def _media_playlist(self, name: str, query: str) -> Answer:
        values = {key: value[0] for key, value in parse_qs(query).items()}
        if "gone" in self.faults and self.made > FIRST + 6:
            return 404, b""
        if "_HLS_part" in values and "_HLS_msn" not in values and "takes a part alone" not in self.faults:
            return 400, b""
        if "_HLS_msn" in values and "does not block" not in self.faults:
            msn, complete = int(values["_HLS_msn"]), self.made // PARTS
            part = min(int(values.get("_HLS_part", PARTS - 1)), PARTS)
            if msn > complete + 3 or (msn == complete + 1 and int(values.get("_HLS_part", 0)) > 8):
                return 400, b""
            await self.wait_made((msn - 1) * PARTS + part + 1)
        oldest = max(0, self.made // PARTS - LISTED)
        skip = max(0, self.made // PARTS - 6 - oldest) if "_HLS_skip" in values else 0
        text = playlist_text(name, self.made, skip=0 if "no delta" in self.faults else skip)
        if "wrong hint" in self.faults:
            text = text.replace('TYPE=PART,URI="p', 'TYPE=PART,URI="q')
        if "wandering target" in self.faults:
            text = text.replace("PART-TARGET=1.0", f"PART-TARGET=1.{self.made % 10}")
        return 200, text.encode()

    async def _media(self, name: str, file: str) -> Answer:
        if file == "init.mp4":
            return 200, init_bytes(name)
        match = re.fullmatch(r"([ps])(\d+)\.m4s", file)
        if match is None:
            return 404, b""
        number = int(match[2])
        if match[1] == "s":
            return (200, segment_bytes(name, number)) if number * PARTS <= self.made else (404, b"")
        if number > self.made or ("refuses hints" in self.faults and number == self.made):
            return 404, b""
        await self.wait_made(number + 1)
        return 200, part_bytes(name, number)


def _port(listener: trio.SocketListener | trio.SSLListener[trio.SocketStream]) -> int:
    plain = listener if isinstance(listener, trio.SocketListener) else listener.transport_listener
    assert isinstance(plain, trio.SocketListener)
    port: int = plain.socket.getsockname()[1]
    return port


@asynccontextmanager
async def serving(*faults: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """An origin on a free port; gives the address of its multivariant playlist."""
    origin = Origin(*faults)
    async with trio.open_nursery() as nursery:
        serve: Callable[..., Awaitable[object]] = partial(trio.serve_tcp, origin.serve, 0, host="127.0.0.1")
        if tls is not None:
            serve = partial(
                trio.serve_ssl_over_tcp, origin.serve, 0, tls, host="127.0.0.1", https_compatible=True
            )
        listeners = await nursery.start(serve)
        nursery.start_soon(origin.make_parts)
        port = _port(listeners[0])
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}/live/index.m3u8"
        nursery.cancel_scope.cancel("the test is over")


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that says the same to everybody."""

    async def say(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(65536)
            await stream.send_all(answer)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, say, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/x.m3u8"
        nursery.cancel_scope.cancel("the test is over")
