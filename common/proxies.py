"""Who the client is when a proxy stands before us: X-Forwarded-For is believed only from trusted peers.

Without this every limit by address would count all viewers as one client, the proxy. Pure.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from common.errors import WeirError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrustedProxies:
    """The addresses and networks of `WEIR_TRUSTED_PROXIES`."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Parse addresses (`10.0.0.1`) and networks (`10.0.0.0/8`).

        Raises:
            WeirError: one of them is neither.
        """
        self._networks = tuple(_parse_network(network) for network in networks)
        self.trusts = lru_cache(maxsize=1024)(self._trusts) if self._networks else _trust_nobody
        """Tell whether this textual address is one of the proxies."""

    def _trusts(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)

    def client_address(self, peer: str, headers: dict[bytes, bytes]) -> str:
        """Give the client's address for a request that arrived from `peer`.

        X-Forwarded-For is read from the right, the end our own proxies wrote: the first address that is no proxy of
        ours is the client. Everything left of it is the client's own claim.
        """
        client = peer
        entries = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        while entries and self.trusts(client):
            address = _parse_entry(entries.pop())
            if address is None:
                break
            client = address
        return client


def _trust_nobody(_address: str) -> bool:
    return False


def _parse_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise WeirError(
            f"WEIR_TRUSTED_PROXIES: {text!r} is neither an address nor a network such as 10.0.0.0/8"
        ) from None


def _parse_entry(entry: str) -> str | None:
    """One entry of X-Forwarded-For without the port that some proxies add; `None` if it is no address."""
    entry = entry.strip()
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        ip = ipaddress.ip_address(entry)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)
