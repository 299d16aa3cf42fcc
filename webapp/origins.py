"""Whether a request that changes something comes from our own pages. Pure.

Browsers say where a request comes from, and pages cannot make them lie; programs say nothing, and have no cookies that
another site could ride on. So: what a browser says must be right, and silence is allowed.
"""

from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def comes_from_elsewhere(
    *, host: str, origin: str | None, fetch_site: str | None, web_url: str | None
) -> bool:
    """Say whether a browser sent this from a page of another site.

    Args:
        host: the Host header.
        origin: the Origin header, or `None`; `null`, of pages without an origin, is elsewhere.
        fetch_site: the Sec-Fetch-Site header, or `None`.
        web_url: `WEIR_PUBLIC_WEB_URL`, which a proxy may hide behind another Host.
    """
    if origin is None:
        return fetch_site not in {None, "same-origin", "none"}
    if web_url is not None and _origin(web_url) == origin.lower():
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    return parts.scheme not in {"http", "https"} or parts.netloc.lower() != host.lower() or not host


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
