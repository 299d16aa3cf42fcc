"""The one way in which weir makes HTTP requests to servers that are not its own: webhooks, push services, payment.

Somebody else names most of these servers, so nothing here trusts them. A name is resolved once a connection, and the address that
was judged (`common.egress_policy`) is the one connected to. Redirects are answers, not orders; proxies, cookies, environment and
compressed bodies do not exist. Time, size and number of everything are bounded.
"""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, Self

import trio

from common.egress_answer import AnswerError, AnswerReader, EgressAnswer, HeadTooBigError
from common.egress_errors import (
    EgressBusyError,
    EgressRefusedError,
    EgressTooBigError,
    EgressTooSlowError,
    EgressUnreachableError,
)
from common.egress_network import Network, SystemNetwork, dial
from common.egress_policy import EgressPolicy, Target, UnusableUrlError, parse_target
from common.egress_pool import IdleConnections

KEPT_BYTES = 8192
_READ_BYTES = 16 * 1024
_OURS = frozenset({"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "expect"})


@dataclass(frozen=True, slots=True)
class EgressLimits:
    """How long and how much."""

    connect_s: float = 5.0
    """For the name, TCP and TLS together."""
    silence_s: float = 10.0
    """Without a byte of the answer."""
    total_s: float = 15.0
    """For everything, a wait for a free place excepted."""
    wait_s: float = 5.0
    """For a free place."""
    total: int = 100
    """Requests at once."""
    per_host: int = 20
    """Requests at once to one host."""
    idle: int = 64
    """Connections that are kept for the next request."""
    idle_s: float = 10.0
    """How long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRequest:
    """What to send, and where."""

    url: str = field(repr=False)
    """May hold a secret."""
    method: Literal["GET", "POST", "PUT", "DELETE"] = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Beside those that follow from the rest: Host, Content-Length, Connection, Accept-Encoding; User-Agent if there is none."""
    body: bytes = field(default=b"", repr=False)
    keep_bytes: int = KEPT_BYTES
    """How much of the answer's body is kept."""
    whole: bool = False
    """Whether a longer one is an error rather than cut."""


class EgressClient:
    """Makes requests. Used as `with EgressClient(policy) as client`; any number of tasks may share it.

    Args:
        policy: what may be connected to.
        limits: on time and number.
        network: names and connections; for tests.
        tls: how certificates are judged; `None`: by those that the operating system trusts.
        user_agent: what it calls itself.

    """

    def __init__(
        self,
        policy: EgressPolicy,
        limits: EgressLimits | None = None,
        *,
        network: Network | None = None,
        tls: ssl.SSLContext | None = None,
        user_agent: str = "weir",
    ) -> None:
        self._policy = policy
        self._limits = limits or EgressLimits()
        self._network = network or SystemNetwork()
        self._tls = tls or ssl.create_default_context()
        self._user_agent = user_agent
        self._places = trio.Semaphore(self._limits.total)
        self._hosts: dict[str, _Host] = {}
        self._idle = IdleConnections(most=self._limits.idle, keep_s=self._limits.idle_s)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is kept. Requests must be over."""
        self._idle.close()

    async def send(self, request: EgressRequest) -> EgressAnswer:
        """Make one request and give the answer, whatever its status. Cancelling is safe and closes the connection.

        Nothing is ever sent twice. After `EgressUnreachableError` and `EgressTooSlowError` the server may have acted on it or not,
        unless the error says `before_sending`.

        Raises:
            EgressRefusedError: the URL, or where it leads, is not allowed; it would be useless to try again soon.
            EgressUnreachableError: no such host, no connection, no valid certificate, or no HTTP.
            EgressTooSlowError: a deadline passed.
            EgressTooBigError: the answer is larger than the request puts up with.
            EgressBusyError: too many other requests are under way; nothing was sent.
            ValueError: a header that cannot be sent; our mistake.

        """
        try:
            target = parse_target(request.url)
        except UnusableUrlError as error:
            raise EgressRefusedError(str(error)) from None
        message = _encode(request, target, self._user_agent)
        async with self._place(target.host):
            return await self._exchange(target, message, request)

    @asynccontextmanager
    async def _place(self, name: str) -> AsyncIterator[None]:
        """Take a place at the host first: who waits for a slow one holds no place of others."""
        host = self._hosts.setdefault(name, _Host(trio.Semaphore(self._limits.per_host)))
        host.users += 1
        try:
            held: list[trio.Semaphore] = []
            try:
                with trio.move_on_after(self._limits.wait_s):
                    for semaphore in (host.places, self._places):
                        await semaphore.acquire()
                        held.append(semaphore)
                if len(held) < 2:
                    raise EgressBusyError("Too many requests are under way.")
                yield
            finally:
                for semaphore in held:
                    semaphore.release()
        finally:
            host.users -= 1
            if not host.users:
                del self._hosts[name]

    async def _exchange(self, target: Target, message: bytes, request: EgressRequest) -> EgressAnswer:
        progress = _Progress()
        with trio.move_on_after(self._limits.total_s):
            stream = await self._connect(target)
            progress.sent = True
            reader = AnswerReader(max_bytes=request.keep_bytes)
            try:
                answer = await self._talk(stream, message, reader)
                _check_size(answer, request)
            except BaseException:
                await trio.aclose_forcefully(stream)
                raise
            if reader.keep_alive and not answer.is_cut:
                self._idle.keep(target, stream, trio.current_time())
            else:
                await trio.aclose_forcefully(stream)
            return answer
        raise EgressTooSlowError(
            f"The server took more than {self._limits.total_s:g} seconds.", before_sending=not progress.sent
        )

    async def _connect(self, target: Target) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        stream = self._idle.take(target, trio.current_time())
        if stream is not None:
            return stream
        with trio.move_on_after(self._limits.connect_s):
            return await dial(self._network, self._policy, target, self._tls)
        raise EgressTooSlowError("The server did not take the connection in time.", before_sending=True)

    async def _talk(self, stream: trio.abc.Stream, message: bytes, reader: AnswerReader) -> EgressAnswer:
        try:
            with trio.fail_after(self._limits.silence_s):
                await stream.send_all(message)
            while reader.answer is None:
                with trio.fail_after(self._limits.silence_s):
                    data = await stream.receive_some(_READ_BYTES)
                if data:
                    reader.push(bytes(data))
                else:
                    reader.end()
        except trio.TooSlowError:
            raise EgressTooSlowError("The server did not answer in time.") from None
        except (trio.BrokenResourceError, OSError) as error:
            raise EgressUnreachableError("The connection broke.") from error
        except HeadTooBigError:
            raise EgressTooBigError("The head of the answer is too large.") from None
        except AnswerError as error:
            raise EgressUnreachableError(f"The answer is not HTTP: {error}.") from None
        return reader.answer


@dataclass(slots=True)
class _Host:
    places: trio.Semaphore
    users: int = 0
    """Who holds a place or waits for one; with the last of them the host is forgotten."""


@dataclass(slots=True)
class _Progress:
    sent: bool = False


def _check_size(answer: EgressAnswer, request: EgressRequest) -> None:
    if answer.is_cut and request.whole:
        raise EgressTooBigError(f"The answer is larger than {request.keep_bytes} bytes.")


def _encode(request: EgressRequest, target: Target, user_agent: str) -> bytes:
    headers = {"User-Agent": user_agent, "Accept": "*/*"}
    headers |= {name: value for name, value in request.headers.items() if name.lower() not in _OURS}
    lines = [f"{request.method} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if request.body or request.method in {"POST", "PUT"}:
        lines.append(f"Content-Length: {len(request.body)}")
    lines += ["Accept-Encoding: identity"]
    if any(not line.isprintable() for line in lines):
        raise ValueError("a header holds a line break or another control character")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + request.body
