"""Names into addresses, addresses into connections, for `common.egress`: the address that was judged is the one connected to."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import trio

from common.egress_errors import EgressRefusedError, EgressUnreachableError
from common.egress_policy import EgressPolicy, Target

MAX_TRIES = 3
"""Addresses of one host that are tried in turn."""
LOOK_UPS = 16
"""Names that are looked up at once. A thread that hangs keeps its place until the system's resolver gives up."""
TRY_S = 2.0
"""For one address, if there is another one left to try."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a name stands for."""

    family: int
    ip: str
    """In digits; an IPv6 address may have a scope (`fe80::1%2`)."""


class Network(Protocol):
    """What is needed of the operating system."""

    async def look_up(self, host: str) -> Sequence[Address]:
        """Give the addresses of a name, the best first. Raises `OSError`: it has none."""

    async def connect(self, address: Address, port: int) -> trio.abc.Stream:
        """Connect to exactly this address. Raises `OSError`."""


class SystemNetwork:
    """The real one. Cancelling is safe."""

    def __init__(self) -> None:
        self._threads = trio.CapacityLimiter(LOOK_UPS)

    async def look_up(self, host: str) -> Sequence[Address]:
        """See `Network`. The resolver decides what a host in digits means: `0x7f.1` is 127.0.0.1 to it, and so to us."""
        found = await trio.to_thread.run_sync(_look_up, host, limiter=self._threads, abandon_on_cancel=True)
        return list(dict.fromkeys(found))

    async def connect(self, address: Address, port: int) -> trio.abc.Stream:
        """See `Network`."""
        sock = trio.socket.socket(address.family, socket.SOCK_STREAM)
        try:
            await sock.connect((address.ip, port))  # digits: nothing is looked up again
        except BaseException:
            sock.close()
            raise
        return trio.SocketStream(sock)


def _look_up(host: str) -> list[Address]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [Address(family, str(sockaddr[0])) for family, _, _, _, sockaddr in found]


async def dial(
    network: Network, policy: EgressPolicy, target: Target, tls: ssl.SSLContext
) -> trio.abc.Stream:
    """Connect to where a request goes, with TLS where the URL says so.

    The caller sets the deadline. Cancelling is safe.

    Raises:
        EgressRefusedError: the host has no address that may be connected to.
        EgressUnreachableError: there is no such host, or it cannot be reached.

    """
    try:
        addresses = await network.look_up(target.host)
    except (OSError, UnicodeError) as error:
        raise EgressUnreachableError("There is no such host.", before_sending=True) from error
    objections = {address: policy.objection(address.ip, target) for address in addresses}
    allowed = [address for address, objection in objections.items() if objection is None]
    if not allowed:
        raise EgressRefusedError(
            next((text for text in objections.values() if text), "There is no such host.")
        )
    stream = await _connect_any(network, allowed[:MAX_TRIES], target.port)
    return await _secure(stream, target.host, tls) if target.tls else stream


async def _connect_any(network: Network, addresses: Sequence[Address], port: int) -> trio.abc.Stream:
    errors: list[OSError] = []
    for number, address in enumerate(addresses, 1):
        with trio.move_on_after(TRY_S if number < len(addresses) else float("inf")):
            try:
                return await network.connect(address, port)
            except OSError as error:
                errors.append(error)
    cause = errors[-1] if errors else None
    raise EgressUnreachableError("The host takes no connection.", before_sending=True) from cause


async def _secure(stream: trio.abc.Stream, host: str, context: ssl.SSLContext) -> trio.abc.Stream:
    secured = trio.SSLStream(stream, context, server_hostname=host, https_compatible=True)
    try:
        await secured.do_handshake()
    except trio.BrokenResourceError as error:
        await trio.aclose_forcefully(stream)
        cause = error.__cause__
        reason = (
            f"The certificate is not valid: {cause.verify_message}."
            if isinstance(cause, ssl.SSLCertVerificationError)
            else "The host does not speak TLS as it should."
        )
        raise EgressUnreachableError(reason, before_sending=True) from error
    except BaseException:
        await trio.aclose_forcefully(stream)
        raise
    return secured
