"""HTTP/1.1 for the checker: one request, one `Exchange`, bounded in bytes and time; failures are answers, not exceptions.

Written on h11, so that the moment of each byte is known and nothing is retried, unpacked or cached behind our back.
"""

import ssl
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import h11
import trio

from bench.llhls_check.observation import Exchange

PLAYLIST_BYTES = 8 * 1024 * 1024
MEDIA_BYTES = 64 * 1024 * 1024
_HEADERS = {
    "User-Agent": "llhls_check",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Origin": "http://llhls-check.invalid",
}
_READ_BYTES = 65_536
_HEAD_BYTES = 65_536
_HANDSHAKE_S = 5.0
_IDLE_KEPT = 16
_MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_PORTS = {"http": 80, "https": 443}

_Address = tuple[str, str, int]


class FailedError(Exception):
    """There is no answer; the message says why, in a few words."""


@dataclass(slots=True)
class _Connection:
    stream: trio.abc.Stream
    state: h11.Connection
    fresh: bool = True
    """Nothing was sent on it before."""


@dataclass(slots=True)
class _Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    first_byte_at: float = 0.0


@asynccontextmanager
async def open_client(*, verify: bool = True) -> AsyncIterator["Client"]:
    """Be a client for as long as the block lasts; `verify=False` takes any TLS certificate."""
    client = Client(verify=verify)
    try:
        yield client
    finally:
        with trio.move_on_after(1, shield=True):
            await client.aclose()


class Client:
    """Asks, and never raises for what a server or a network does."""

    def __init__(self, *, verify: bool) -> None:
        self._idle: dict[_Address, list[_Connection]] = defaultdict(list)
        self._tls = ssl.create_default_context()
        if not verify:
            self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    async def aclose(self) -> None:
        """Close what is idle."""
        for connections in self._idle.values():
            for connection in connections:
                await trio.aclose_forcefully(connection.stream)
        await trio.lowlevel.checkpoint()

    async def ask(
        self,
        url: str,
        *,
        within_s: float,
        limit_bytes: int = PLAYLIST_BYTES,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one request, follow redirects and take the whole answer. Cancelling is safe: the connection is closed."""
        asked_at, error = trio.current_time(), f"nothing within {within_s:g} s"
        sent = dict(headers or {})
        with trio.move_on_after(within_s):
            try:
                final, answer = await self._follow(url, method, sent, limit_bytes)
                body = _plain(answer, limit_bytes)
                done_at = trio.current_time()
                first_at = answer.first_byte_at or done_at
                return Exchange(
                    final, answer.status, answer.headers, body, asked_at, first_at, done_at, sent=sent
                )
            except FailedError as problem:
                error = str(problem)
        await trio.lowlevel.checkpoint()
        now = trio.current_time()
        return Exchange(url, 0, {}, b"", asked_at, now, now, error)

    async def _follow(
        self, url: str, method: str, headers: dict[str, str], limit_bytes: int
    ) -> tuple[str, _Answer]:
        for _ in range(_MAX_REDIRECTS):
            answer = await self._send(url, method, headers, limit_bytes)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return url, answer
            url = urljoin(url, answer.headers["location"])
        raise FailedError(f"more than {_MAX_REDIRECTS} redirects")

    async def _send(self, url: str, method: str, headers: dict[str, str], limit_bytes: int) -> _Answer:
        address, target = _split(url)
        while True:
            connection = await self._connection(address)
            answer = _Answer()
            try:
                await _exchange(connection, address, target, method, headers, answer, limit_bytes)
            except (OSError, trio.BrokenResourceError, ssl.SSLError, h11.ProtocolError) as problem:
                await trio.aclose_forcefully(connection.stream)
                if connection.fresh or answer.status:
                    raise FailedError(_sentence(problem)) from None
                continue  # it had been closed while it was idle
            except BaseException:
                await trio.aclose_forcefully(connection.stream)
                raise
            if not self._keep(address, connection):
                await trio.aclose_forcefully(connection.stream)
            return answer

    async def _connection(self, address: _Address) -> _Connection:
        await trio.lowlevel.checkpoint()
        if self._idle[address]:  # no await between here and the pop
            connection = self._idle[address].pop()
            connection.fresh = False
            return connection
        scheme, host, port = address
        try:
            stream: trio.abc.Stream = await trio.open_tcp_stream(host, port)
            if scheme == "https":
                stream = await self._secure(stream, host)
        except (OSError, trio.BrokenResourceError, ssl.SSLError) as problem:
            raise FailedError(_sentence(problem)) from None
        return _Connection(stream, h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES))

    async def _secure(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        tls = trio.SSLStream(stream, self._tls, server_hostname=host, https_compatible=True)
        try:
            await tls.do_handshake()
        except BaseException:
            await trio.aclose_forcefully(tls)
            raise
        return tls

    def _keep(self, address: _Address, connection: _Connection) -> bool:
        """Keep a connection for the next request; false when it cannot be used again."""
        state, idle = connection.state, self._idle[address]
        if state.our_state is h11.DONE and state.their_state is h11.DONE and len(idle) < _IDLE_KEPT:
            state.start_next_cycle()
            idle.append(connection)
            return True
        return False

    async def handshake(self, url: str) -> tuple[str, str]:
        """TLS version and protocol that the server agrees on when HTTP/2 is offered; empty ones without TLS."""
        parts = urlsplit(url)
        found = ("", "")
        if parts.scheme == "https" and parts.hostname is not None:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2", "http/1.1"])
            with trio.move_on_after(_HANDSHAKE_S):
                try:
                    tcp = await trio.open_tcp_stream(parts.hostname, parts.port or 443)
                    tls = trio.SSLStream(tcp, context, server_hostname=parts.hostname, https_compatible=True)
                    async with tls:
                        await tls.do_handshake()
                        found = (tls.version() or "", tls.selected_alpn_protocol() or "")
                except (OSError, trio.BrokenResourceError, ssl.SSLError):
                    pass  # asked only after a connection had worked; without an answer there is nothing to tell
        await trio.lowlevel.checkpoint()
        return found


def _split(url: str) -> tuple[_Address, str]:
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise FailedError(f"{url} is no http or https address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        return (parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]), target
    except ValueError:
        raise FailedError(f"{url} has no valid port") from None


async def _exchange(
    connection: _Connection,
    address: _Address,
    target: str,
    method: str,
    headers: dict[str, str],
    answer: _Answer,
    limit_bytes: int,
) -> None:
    """Send the request and fill `answer`."""
    scheme, host, port = address
    shown = f"[{host}]" if ":" in host else host
    all_headers = {"Host": shown if port == _PORTS[scheme] else f"{shown}:{port}", **_HEADERS, **headers}
    request = h11.Request(method=method, target=target, headers=list(all_headers.items()))
    state, stream = connection.state, connection.stream
    await stream.send_all(state.send(request) + (state.send(h11.EndOfMessage()) or b""))
    while True:
        await trio.lowlevel.checkpoint()
        match event := state.next_event():
            case h11.NEED_DATA:
                state.receive_data(bytes(await stream.receive_some(_READ_BYTES)))
            case h11.Response():
                answer.status = event.status_code
                answer.headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            case h11.Data():
                answer.first_byte_at = answer.first_byte_at or trio.current_time()
                answer.body += event.data
                if len(answer.body) > limit_bytes:
                    raise FailedError(f"more than {limit_bytes} bytes")
            case h11.EndOfMessage():
                return


def _plain(answer: _Answer, limit_bytes: int) -> bytes:
    body = bytes(answer.body)
    if not body or "gzip" not in answer.headers.get("content-encoding", ""):
        return body
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(body, limit_bytes)
    except zlib.error:
        raise FailedError("Content-Encoding says gzip, and it is none") from None
    if inflater.unconsumed_tail:
        raise FailedError(f"more than {limit_bytes} bytes once unpacked")
    return plain


def _sentence(problem: Exception) -> str:
    """The cause in a few words; trio puts the real one behind its own."""
    cause: BaseException = problem.__cause__ or problem
    if isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    text = str(cause) or type(cause).__name__
    return "connection refused" if isinstance(cause, ConnectionRefusedError) else text
