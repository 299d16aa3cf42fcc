"""One accept loop for every TCP server of the project: bind, isolate each connection, drain on stop.

It knows no protocol, and one connection's failure must never end the server.
"""

import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

import structlog
import trio

from common.errors import WeirError, leaves
from common.proxies import TrustedProxies
from common.proxy_protocol import ProxyProtocolError, may_be_proxy_header, parse_proxy_header

log = structlog.get_logger(__name__)

Stream = TypeVar("Stream", bound=trio.abc.AsyncResource)

BACKLOG = 4096
"""Connections the kernel may hold for us; it lowers this to `net.core.somaxconn` by itself."""

_PEEK_BYTES = 1024

ENOUGH_OF_A_HEADER = 6
"""Bytes that tell `PROXY ` from `PASS`; a proxy sends its header in one piece."""

_HANG_UPS = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)


class ListenError(WeirError):
    """A listener could not be bound. The message is a sentence for the operator that names the setting to change."""


async def open_listeners(
    host: str, port: int, *, share: bool = False, setting: str = "the port"
) -> list[trio.SocketListener]:
    """Bind and listen on every address of `host`.

    Args:
        host: an address or a name; a name with several addresses gives several listeners.
        port: 0 picks a free port, another one for each listener.
        share: let other processes bind the same port and split its connections (SO_REUSEPORT). Off by default, because
            with it two servers bind one port silently and each gets half of the connections.
        setting: what the operator would change to move this listener, such as `WEIR_RTMP_PORT`; named in the error.

    Raises:
        ListenError: the port is taken, the address is not this machine's, or binding it needs a privilege.
    """
    with ExitStack() as undo:
        try:
            addresses = await trio.socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            listeners = []
            for family, _, proto, _, address in addresses:
                sock = trio.socket.socket(family, socket.SOCK_STREAM, proto)
                undo.callback(sock.close)
                await _bind(sock, address, share=share)
                listeners.append(trio.SocketListener(sock))
        except OSError as error:
            raise ListenError(_why_not(error, host, port, setting)) from error
        undo.pop_all()
    return listeners


async def _bind(sock: trio.socket.SocketType, address: tuple[object, ...], *, share: bool) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    await sock.bind(address)
    sock.listen(BACKLOG)


def _why_not(error: OSError, host: str, port: int, setting: str) -> str:
    """Say what is wrong and what to do about it."""
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is taken: stop the program that uses it or set {setting} to a free port"
        case errno.EACCES:
            return f"port {port} on {host} needs a privilege this user does not have: set {setting} to a port above 1023"
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine: set WEIR_HOST to one of its own, or to 0.0.0.0 for all"
        case _:
            return f"cannot listen on {host} port {port} ({setting}): {error.strerror or error}"


def peer_address(stream: trio.SocketStream) -> str:
    """Textual IP address of the other end, IPv4 also when it arrived on an IPv6 socket; '' when it is gone already."""
    try:
        address = stream.socket.getpeername()
    except OSError:
        return ""
    # A UNIX socket's peer name is a path (a str or bytes), which is nobody's address.
    return str(address[0]).removeprefix("::ffff:") if isinstance(address, tuple) else ""


async def read_client_address(stream: trio.SocketStream, proxies: TrustedProxies) -> str:
    """Give the address of the client behind a connection: the peer's, or what a trusted proxy's PROXY header says.

    Takes the header and nothing else out of the stream. A trusted peer need not send one: then it is the client itself.
    Waits for the first byte. The caller sets the deadline; after cancelling it, close the stream.

    Raises:
        ProxyProtocolError: the header is malformed, or the peer is no trusted proxy.
        trio.BrokenResourceError: the connection broke.
    """
    peer, sock = peer_address(stream), stream.socket
    header = b""
    try:
        while True:
            # Looked at before it is taken, as what follows the header belongs to somebody else.
            seen = await sock.recv(_PEEK_BYTES, socket.MSG_PEEK)
            if not seen or not (header or may_be_proxy_header(seen)):
                return peer
            if not proxies.trusts(peer):
                if len(seen) < ENOUGH_OF_A_HEADER:
                    return peer
                raise ProxyProtocolError(f"a PROXY header, but WEIR_TRUSTED_PROXIES does not name {peer}")
            parsed = parse_proxy_header(header + seen)
            if parsed is not None:
                await sock.recv(parsed.size - len(header))
                return parsed.address or peer
            header += await sock.recv(len(seen))
    except OSError as error:
        raise trio.BrokenResourceError(f"connection broken: {error}") from error


def isolate(
    handler: Callable[[Stream], Awaitable[object]], *, remote_errors: tuple[type[Exception], ...] = ()
) -> Callable[[Stream], Awaitable[None]]:
    """Wrap a connection handler so that nothing it raises leaves it, and its stream is closed in every case.

    A hang-up, a deadline that passed (`TooSlowError`) and `remote_errors`, the faults of the peer, are one info line;
    anything else is our bug: logged with its traceback. Cancelling passes through.
    """
    peers_fault: tuple[type[Exception], ...] = (*_HANG_UPS, *remote_errors)

    # `except*`, because the handler may own a nursery: a crash that coincides with a cancel arrives as a
    # BaseExceptionGroup, which `except Exception` does not catch.
    async def run(stream: Stream) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()  # its caller closes the stream in that case
        # Reported before the stream is closed: closing is a checkpoint, and under a cancel it would put Cancelled in
        # the place of the error. Closing can fail by itself (TLS says good-bye).
        try:
            async with stream:
                try:
                    await handler(stream)
                except* Exception as group:  # noqa: BLE001  # it is logged
                    _report(group, peers_fault)
        except* Exception as group:  # noqa: BLE001  # it is logged
            _report(group, peers_fault)

    return run


def _report(group: ExceptionGroup[Exception], peers_fault: tuple[type[Exception], ...]) -> None:
    """Log how a connection ended."""
    theirs, ours = group.split(lambda error: isinstance(error, peers_fault))
    if theirs:
        log.info("connection_ended", errors=[repr(error) for error in leaves(theirs)])
    if ours:
        log.error("connection_handler_crashed", exc_info=ours)


async def serve(
    handler: Callable[[Stream], Awaitable[object]],
    listeners: Sequence[trio.abc.Listener[Stream]],
    *,
    stop: trio.Event,
    drain_s: float,
    remote_errors: tuple[type[Exception], ...] = (),
    task_status: trio.TaskStatus[list[trio.abc.Listener[Stream]]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve connections until `stop`, then close the listeners and give what is open `drain_s` seconds.

    Handlers watch `stop` too and leave at their next message boundary; who has not left at the deadline is cancelled.
    Takes the listeners over and closes them. Running out of file descriptors pauses accepting (Trio does that).
    Cancelling is safe and drops everything at once.
    """
    async with trio.open_nursery() as connections:  # outlives the accept loop
        async with trio.open_nursery() as accepting:
            await accepting.start(
                partial(
                    trio.serve_listeners,
                    isolate(handler, remote_errors=remote_errors),
                    list(listeners),
                    handler_nursery=connections,
                )
            )
            task_status.started(list(listeners))
            await stop.wait()
            accepting.cancel_scope.cancel("shutting down")
        connections.cancel_scope.deadline = trio.current_time() + drain_s
