"""Where to publish to: an RTMP URL and a stream key that may come from elsewhere, and how to show it without the key. Pure."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from common.errors import WeirError

_DEFAULT_PORTS = {"rtmp": 1935, "rtmps": 443}


class TargetError(WeirError):
    """The address is unusable; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address to publish to."""

    url: str = field(repr=False)
    """All of it, with the key."""
    shown: str
    """Without the key, for people."""
    host: str
    port: int


def parse_target(url: str, key: str | None) -> Target:
    """Understand `rtmp://HOST[:PORT]/APP[/KEY]`; `key` is used when the URL has none.

    Raises:
        TargetError: The URL is no RTMP address, or there is no key.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetError(f"{url!r} is no address: {error}.") from None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise TargetError(f"{url!r} is no RTMP address; it looks like rtmp://127.0.0.1:1935/live.")
    names = [name for name in parts.path.split("/") if name]
    if not names:
        raise TargetError(f"{url!r} names no application; weir's is `live`: rtmp://{parts.netloc}/live.")
    base = f"{parts.scheme}://{parts.netloc}"
    port = port or _DEFAULT_PORTS[parts.scheme]
    query = f"?{parts.query}" if parts.query else ""
    if len(names) > 1:
        return Target(f"{base}{parts.path}{query}", "/".join([base, *names[:-1]]), host, port)
    if not key or not key.strip():
        raise TargetError(
            "There is no stream key: put it behind the last slash of the URL, into WEIR_STREAM_KEY, or pipe it to --key-stdin."
        )
    return Target(f"{base}/{names[0]}/{key.strip()}{query}", f"{base}/{names[0]}", host, port)
