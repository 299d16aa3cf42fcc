"""The origin behind the HTTP server, on memory streams, with one stream of any kind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import trio
from trio.testing import wait_all_tasks_blocked

from common.http_shared import HttpLimits
from common.proxies import TrustedProxies
from hls.admission import Admission
from hls.directory import Directory, Stream
from hls.elsewhere import Elsewhere
from hls.origin import Origin
from tests.common.http_client import Answer, Web, get, parse_answers, read_to_end, serving
from tests.common.http_client import Stream as Client

S = TypeVar("S", bound=Stream)


@dataclass
class Site(Generic[S]):
    web: Web
    stream: S
    directory: Directory
    problems: list[str]
    origin: Origin

    async def get(self, path: str, *headers: str, method: str = "GET", peer: str = "192.0.2.1") -> Answer:
        sent = get(path, *headers, method=method)
        client = self.web.connect(peer)
        await client.send_all(sent)
        await wait_all_tasks_blocked()  # or it would look as if the client had left while it waits
        await client.send_eof()
        (answer,) = parse_answers(await read_to_end(client), method=method)
        return answer

    async def ask(self, path: str, *headers: str) -> Client:
        """Send a request and return the connection, with no answer yet."""
        client = self.web.connect()
        await client.send_all(get(path, *headers))
        await wait_all_tasks_blocked()
        return client


@asynccontextmanager
async def serve_stream(
    stream: S,
    token: str | None = None,
    limits: HttpLimits | None = None,
    *,
    admission: Admission | None = None,
    elsewhere: Elsewhere | None = None,
) -> AsyncIterator[Site[S]]:
    """`stream` as what the channel `anna` shows."""
    directory = Directory()
    directory.add("anna", stream)
    problems: list[str] = []

    async def health() -> list[str]:
        await trio.lowlevel.checkpoint()
        return problems

    origin = Origin(
        directory,
        health=health,
        metrics=lambda: b"weir_up 1\n",
        metrics_token=token,
        admission=admission,
        web_origin=lambda host: f"http://{host}:8080",
        elsewhere=elsewhere,
    )
    async with serving(origin, limits, proxies=TrustedProxies(["10.0.0.1"])) as web:
        web.nursery.start_soon(origin.run)
        await wait_all_tasks_blocked()
        yield Site(web, stream, directory, problems, origin)
