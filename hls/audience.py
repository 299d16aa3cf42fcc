"""Who watches, as the origin sees it: distinct (address, User-Agent) that keep loading a stream's media playlists. Pure.

Our own page says by itself that it plays (design: viewer counts), so its requests are recognised and left out. Nobody's
address is kept: a viewer is a hash with a key that this process makes up and never tells.

The origin calls `note` for every playlist it serves, thousands of times a second, so what was seen since the last look
costs one look-up in a set.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping

from common.http_parser import Request
from common.limits import client_group
from common.public_url import origin_of
from common.sightings import SightingLimits, Sightings

MAX_MARKS = 100_000
"""Requests remembered as already looked at; beyond it all are looked at anew."""
ONCE_SHARE = 1 / 3
"""Of `ttl_s`: players load a playlist again within eight seconds, most probes of monitors only after more than this."""


class OwnPages:
    """Recognises requests of our own pages by what browsers say of where a request comes from."""

    def __init__(self, web_origin: Callable[[str], str]) -> None:
        """`web_origin`: gives the origin of our pages, for the Host header of a request for media."""
        self._web_origin = web_origin

    def sent(self, headers: Mapping[bytes, bytes]) -> bool:
        """Say whether a request comes from one of our pages.

        Browsers name the page's origin in `Origin` where media has an origin of its own. Behind one host they do not: there
        `Sec-Fetch-Site` says it, and without TLS, where browsers leave that out, `Referer`. Programs can lie; what they
        gain is not to be counted.
        """
        origin = headers.get(b"origin")
        if origin is None:
            if headers.get(b"sec-fetch-site") == b"same-origin":
                return True
            origin = headers.get(b"referer")
        return origin is not None and self._is_ours(origin, headers.get(b"host", b""))

    def _is_ours(self, address: bytes, host: bytes) -> bool:
        try:
            origin = origin_of(address.decode("latin-1"))
        except ValueError:
            return False
        known_as = host.decode("latin-1")
        return origin in {self._web_origin(known_as), f"http://{known_as}", f"https://{known_as}"}


class SeenViewers:
    """Viewers whose players are not our page.

    One counts from the second look (`counts`, every few seconds) during which they asked for a playlist: a crawler or a
    health check that loads a playlist once is no viewer.
    """

    def __init__(
        self,
        own_pages: OwnPages,
        *,
        ttl_s: float = 45.0,
        limits: SightingLimits | None = None,
        key: bytes | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            own_pages: recognises requests that do not count.
            ttl_s: who asked for no playlist for so long is gone.
            limits: how many are remembered.
            key: of the hashes; made up when left out.
        """
        self._own_pages = own_pages
        self._key = key or secrets.token_bytes(16)
        self._now = 0.0
        self._marks: set[int] = set()
        self._once = Sightings(ttl_s=ttl_s * ONCE_SHARE, limits=limits)
        self._watching = Sightings(ttl_s=ttl_s, limits=limits)

    @property
    def refused(self) -> int:
        """Times that somebody was not counted because too many are."""
        return self._once.refused + self._watching.refused

    def note(self, request: Request, stream_id: str) -> None:
        """Somebody gets a media playlist of a stream that is live."""
        headers = request.headers
        comes_from: object = headers.get(b"origin")
        if comes_from is None:
            comes_from = (headers.get(b"sec-fetch-site"), headers.get(b"referer"))
        mark = hash((stream_id, request.address, headers.get(b"user-agent"), comes_from))
        if mark not in self._marks:
            self._look_at(request, stream_id, mark)

    def _look_at(self, request: Request, stream_id: str, mark: int) -> None:
        if len(self._marks) >= MAX_MARKS:
            self._marks.clear()
        self._marks.add(mark)
        if self._own_pages.sent(request.headers):
            return
        address = request.address
        who = hashlib.blake2b(
            address.encode() + b" " + request.headers.get(b"user-agent", b""), digest_size=16, key=self._key
        ).digest()
        client, before = client_group(address), self._once.seen_at(stream_id, who)
        if self._watching.seen_at(stream_id, who) is not None or (before is not None and before < self._now):
            self._once.forget(stream_id, who)
            self._watching.see(stream_id, who, client, self._now)
        elif before is None:
            self._once.see(stream_id, who, client, self._now)

    def counts(self, now: float, live: Collection[str]) -> dict[str, int]:
        """Give how many watch each stream of `live`, and begin the next look. To be called every few seconds."""
        self._now = now
        self._marks.clear()
        self._once.expire(now)
        self._watching.expire(now)
        return {stream_id: count for stream_id, count in self._watching.counts().items() if stream_id in live}
