"""Where weir may connect to on somebody else's say: which addresses, ports and URLs. Pure.

A URL that a user gave us must not become a way into the network that the server stands in (SSRF). So names are judged by what
they resolve to, and addresses by what they are, never by how they are written.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from common.errors import WeirError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = (443, 8443)
MAX_URL_LENGTH = 2048

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that was ever handed out of IPv6 (RFC 4291 2.4, IANA's registry); the rest is local, reserved, or a disguise."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""An IPv4 address as hosts without IPv4 reach it (RFC 6052); judged by the address in it."""
_CLOSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host, RFC 1122
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT, RFC 6598
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_URL = re.compile(r"[!-~]+")
_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]+)\](:[0-9]*)?")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}")


class UnusableUrlError(WeirError):
    """A URL that is none, or of a kind that is never used. The text is one sentence for who gave it."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. Everything that is connected to and sent is made from these fields, so nothing reads a URL twice."""

    tls: bool
    host: str
    """In lower case: a name, or an address without brackets."""
    port: int
    path: str
    """With the query, as it stands in the request line."""

    @property
    def authority(self) -> str:
        """What Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Read an `https` or `http` URL.

    Raises:
        UnusableUrlError: it is neither, or is written in a way that others might read differently.

    """
    if len(url) > MAX_URL_LENGTH or not _URL.fullmatch(url) or "\\" in url:
        raise UnusableUrlError("The URL is too long, or holds other characters than visible ASCII ones.")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise UnusableUrlError("The URL is not valid.") from None
    if parts.scheme not in {"https", "http"}:
        raise UnusableUrlError("The URL must begin with https://.")
    if "@" in parts.netloc:
        raise UnusableUrlError("The URL must not hold a name or password.")
    if port == 0 or not (_is_bracketed(parts.netloc) or _HOST.fullmatch(host)):
        raise UnusableUrlError("The URL names no host, or no port that exists.")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host.rstrip("."), (443 if tls else 80) if port is None else port, path)


def _is_bracketed(netloc: str) -> bool:
    match = _BRACKETS.fullmatch(netloc)  # no scope: it would name an interface of ours
    try:
        return match is not None and bool(ipaddress.IPv6Address(match[1]))
    except ValueError:
        return False


class EgressPolicy:
    """What may be connected to.

    Args:
        allow: networks of one's own that may be reached all the same, on every port and without TLS.
        ports: of everybody else.

    Raises:
        WeirError: something in `allow` is no network.

    """

    def __init__(self, allow: Iterable[str] = (), ports: Iterable[int] = PORTS) -> None:
        self._allow = tuple(_parse_network(network) for network in allow)
        self._ports = frozenset(ports)

    def early_objection(self, target: Target) -> str | None:
        """Say in a sentence why a target will be refused, as far as that can be told before its name is looked up; `None`: it may not be."""
        try:
            ipaddress.ip_address(target.host)
        except ValueError:
            return None if self._allow else self._odds(target)
        return self.objection(target.host, target)

    def objection(self, address: str, target: Target) -> str | None:
        """Say in a sentence why a target must not be reached at an address it resolved to; `None`: it may be."""
        try:
            ip = ipaddress.ip_address(address)  # also of an address with a scope
        except ValueError:
            return "The host has an address of an unknown kind."
        if any(ip in network for network in self._allow):
            return None
        return self._odds(target) if _is_public(ip) else "The host is not on the public internet."

    def _odds(self, target: Target) -> str | None:
        if not target.tls:
            return "The URL must begin with https://."
        if target.port not in self._ports:
            return f"Port {target.port} is not one that may be used."
        return None


def _is_public(ip: Address) -> bool:
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return _is_public(ipaddress.IPv4Address(ip.packed[-4:]))
        if ip not in _GLOBAL_UNICAST:
            return False
    return not any(ip in network for network in _CLOSED)


def _parse_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise WeirError(
            f"WEIR_EGRESS_ALLOW: {text!r} is neither an address nor a network such as 10.0.0.0/8"
        ) from None
