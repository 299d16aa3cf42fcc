"""Which address a person or a child process uses for a listener of ours."""

from collections.abc import Sequence

import trio


def bound_port(listeners: Sequence[trio.SocketListener]) -> int:
    """Port of the first listener; tells what 0 became."""
    port: int = listeners[0].socket.getsockname()[1]
    return port


def reachable_host(host: str) -> str:
    """`host` as it stands in a URL; for the wildcard addresses, loopback."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  # compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
