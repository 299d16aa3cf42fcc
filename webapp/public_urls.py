"""The addresses that browsers and encoders are told, and the security headers that follow from them. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from common.public_url import PublicUrl, host_name

__all__ = ["PAGE_HEADERS", "PublicUrl", "PublicUrls", "content_security_policy", "host_name"]


@dataclass(frozen=True, slots=True)
class PublicUrls:
    """All of them."""

    web: PublicUrl
    hls: PublicUrl
    rtmp: PublicUrl
    chat: PublicUrl | None = None
    """`None`: the site has none."""

    def for_host(self, host: str) -> dict[str, str]:
        """Give what `GET /api/site` tells."""
        known = {"web": self.web, "hls": self.hls, "rtmp": self.rtmp, "chat": self.chat}
        return {name: url.for_host(host) for name, url in known.items() if url is not None}


def content_security_policy(*hls_urls: str, chat_url: str | None = None, framed: bool = False) -> str:
    """The policy of every page: our own files, the media origins for what the player loads, and chat.

    `framed`: any site may show it within its pages. Nobody is logged in there: browsers keep our cookie (SameSite) to ourselves.
    """
    origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, hls_urls)]
    media = " ".join(dict.fromkeys(origins))
    chat = "" if chat_url is None else "{0.scheme}://{0.netloc}".format(urlsplit(chat_url))
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": f"'self' {media} {chat}".rstrip(),
        "media-src": f"blob: {media}",  # blob: is how Media Source Extensions are attached
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "*" if framed else "'none'",
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
