"""Caps on connections, and on what the operating system lets the process open."""

import ipaddress
import resource
from collections import Counter, OrderedDict
from functools import lru_cache

_IPV6_CUSTOMER_PREFIX = 64


@lru_cache(maxsize=4096)
def client_group(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one (anyone with IPv6 has 2^64 addresses)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return address
    return str(ipaddress.ip_network((ip, _IPV6_CUSTOMER_PREFIX), strict=False))


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """Tell whether the address is this machine's own; False for anything that is no IP address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class ConnectionCaps:
    """Counts open connections, in all and by client. Every `enter` that gave True is followed by one `leave`."""

    def __init__(self, *, total: int, per_client: int) -> None:
        self._total = total
        self._per_client = per_client
        self._by_client: Counter[str] = Counter()
        self.open = 0
        """Connections that are inside now."""

    def enter(self, address: str, *, exempt: bool = False) -> bool:
        """Let one connection in, or say False: too many. `exempt` ones count in the total only."""
        group = client_group(address)
        if self.open >= self._total or (not exempt and self._by_client[group] >= self._per_client):
            return False
        self.open += 1
        if not exempt:
            self._by_client[group] += 1
        return True

    def leave(self, address: str, *, exempt: bool = False) -> None:
        """Count out what `enter` let in, called with the same arguments."""
        self.open -= 1
        if exempt:
            return
        group = client_group(address)
        self._by_client[group] -= 1
        if not self._by_client[group]:
            del self._by_client[group]


class ConnectionRate:
    """How often clients connect: a burst, then a steady pace each. Bounded: who connected last is remembered."""

    def __init__(self, *, per_s: float, burst: int, max_clients: int = 10_000) -> None:
        self._interval_s = 1 / per_s
        self._tolerance_s = (burst - 1) / per_s
        self._max_clients = max_clients
        self._paced_until: OrderedDict[str, float] = OrderedDict()
        """When the connections so far would have been made at the steady pace (the generic cell rate algorithm)."""

    def allow(self, address: str, now: float) -> bool:
        """Count one connection of a client, or say False: too often, and not counted."""
        group = client_group(address)
        until = max(self._paced_until.pop(group, now), now)
        allowed = until - now <= self._tolerance_s
        self._paced_until[group] = until + self._interval_s if allowed else until
        if len(self._paced_until) > self._max_clients:
            self._paced_until.popitem(last=False)
        return allowed


def raise_open_files_limit() -> int:
    """Let this process open as many files as its hard limit allows, and return that number.

    Every viewer is an open file, and the usual soft limit of 1024 exists for programs that use select(2).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
