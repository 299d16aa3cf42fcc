"""The addresses that browsers and encoders are told, and the security headers that follow from them. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_HOST = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)


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


@dataclass(frozen=True, slots=True)
class PublicUrls:
    """All of them."""

    web: PublicUrl
    hls: PublicUrl
    rtmp: PublicUrl

    def for_host(self, host: str) -> dict[str, str]:
        """Give what `GET /api/site` tells."""
        return {name: getattr(self, name).for_host(host) for name in ("web", "hls", "rtmp")}


def host_name(host: str) -> str:
    """The name in a Host header without its port; `localhost` if it is not a name: it goes into headers and addresses."""
    match = _HOST.fullmatch(host)
    return match["name"].lower() if match else "localhost"


def content_security_policy(hls_url: str) -> str:
    """The policy of every page: our own files, and the media origin for what the player loads."""
    parts = urlsplit(hls_url)
    media = f"{parts.scheme}://{parts.netloc}"
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": f"'self' {media}",
        "media-src": f"blob: {media}",  # blob: is how Media Source Extensions are attached
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


PAGE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Sent with every answer of the web role."""
