"""A tiny HTTP client for tests, and a server on memory streams."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from common.http_response import Handler
from common.http_shared import HttpLimits
from common.httpd import HttpServer
from common.proxies import TrustedProxies

Stream = trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def parse_answers(data: bytes, *, method: str = "GET") -> list[Answer]:
    """Cut a connection's bytes into answers; anything that is no complete answer fails."""
    answers = []
    while data:
        head, separator, data = data.partition(b"\r\n\r\n")
        assert separator, f"incomplete head {head!r}"
        status_line, *lines = head.decode().split("\r\n")
        version, status, _ = status_line.split(" ", 2)
        assert version == "HTTP/1.1"
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            assert name.lower() not in headers, f"two {name}"
            headers[name.lower()] = value
        has_body = method != "HEAD" and int(status) not in {204, 304}
        size = int(headers["content-length"]) if has_body else 0
        assert len(data) >= size, f"{size - len(data)} bytes are missing"
        answers.append(Answer(int(status), headers, data[:size]))
        data = data[size:]
    return answers


async def read_to_end(stream: trio.abc.ReceiveStream) -> bytes:
    return b"".join([bytes(chunk) async for chunk in stream])


async def read_answer(stream: trio.abc.ReceiveStream) -> Answer:
    """Read one answer with a body from a connection that stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = bytes(await stream.receive_some())
        assert chunk, f"connection ended after {data!r}"
        data += chunk
    head = data.partition(b"\r\n\r\n")[0]
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(data) < len(head) + 4 + size:
        chunk = bytes(await stream.receive_some())
        assert chunk
        data += chunk
    (answer,) = parse_answers(data)
    return answer


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: weir", *headers, "", ""]
    return "\r\n".join(lines).encode()


@dataclass
class Web:
    """A server without a socket."""

    server: HttpServer
    nursery: trio.Nursery
    stop: trio.Event = field(default_factory=trio.Event)

    def connect(self, peer: str = "192.0.2.1") -> Stream:
        client, ours = memory_stream_pair()
        self.serve(ours, peer)
        return client

    def serve(self, stream: trio.abc.Stream, peer: str = "192.0.2.1") -> None:
        async def run() -> None:
            async with stream:
                await self.server.handle(stream, peer)

        self.nursery.start_soon(run)

    async def exchange(self, sent: bytes, *, method: str = "GET", peer: str = "192.0.2.1") -> list[Answer]:
        """Send everything, then read to the end."""
        client = self.connect(peer)
        await client.send_all(sent)
        await client.send_eof()
        return parse_answers(await read_to_end(client), method=method)


@asynccontextmanager
async def serving(
    handler: Handler, limits: HttpLimits | None = None, proxies: TrustedProxies | None = None
) -> AsyncIterator[Web]:
    async with trio.open_nursery() as nursery:
        web = Web(HttpServer(handler, limits=limits, proxies=proxies), nursery)
        nursery.start_soon(web.server.look_after, web.stop)
        await wait_all_tasks_blocked()
        yield web
        nursery.cancel_scope.cancel()
