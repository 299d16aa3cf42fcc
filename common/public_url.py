"""Where a service is reached from outside, as a request shows or the operator says. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_HOST = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """Where a service is reached from outside."""

    configured: str | None
    """A `WEIR_PUBLIC_*_URL`; `None`: the name the browser used for this page, with `scheme` and `port`."""
    scheme: str
    port: int

    def for_host(self, host: str) -> str:
        """Give the address without a trailing slash, for a request with this Host header."""
        if self.configured is not None:
            return self.configured.rstrip("/")
        return f"{self.scheme}://{host_name(host)}:{self.port}"

    def origin_for_host(self, host: str) -> str:
        """Give the same as browsers write origins: no path, no port that goes without saying (RFC 6454 6.2)."""
        return origin_of(self.for_host(host))


def origin_of(url: str) -> str:
    """Give the origin of an address that somebody configured."""
    parts = urlsplit(url)
    scheme, port = parts.scheme.lower(), parts.port
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    suffix = "" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}"
    return f"{scheme}://{name}{suffix}"


def host_name(host: str) -> str:
    """The name in a Host header without its port; `localhost` if it is not a name: it goes into headers and addresses."""
    match = _HOST.fullmatch(host)
    return match["name"].lower() if match else "localhost"
