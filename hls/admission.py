"""Channels that are not for everybody: whom the origin lets in, and what its answers say about who may read and keep them.

A ticket is checked here with nothing but the keys of the site: no question, no database. Pure: time is an argument.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from common.http_response import Headers, Response, render_head, respond, respond_text
from common.media import Track
from common.play_ticket import PlayTicket, read_ticket, tickets_in

MEDIA_MAX_AGE_S = 86_400
_KEPT_TICKETS = 20_000
"""Tickets that were found to be right and are not looked at again: a viewer sends the same one a few thousand times."""

_EXPOSED = ("Access-Control-Expose-Headers", "Age, Date, Content-Length, Content-Range, ETag")
"""hls.js tunes in by Age, and players measure with the others."""
_METHODS = ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
_NOT_KEPT = "private, no-store"

FORBIDDEN = "this channel is for some viewers only: its page asks for what lets you in, and gets a ticket for five minutes"


@dataclass(frozen=True, slots=True)
class Closed:
    """What a channel asks of its viewers that is not for everybody."""

    channel_id: int
    needed_grant: str
    """What a ticket must have been granted for (`common.play_ticket`)."""


class Terms:
    """Whom answers are for, everybody or holders of a ticket, and which headers follow from that; compared by identity.

    What is for ticket holders is kept by no cache, not even the browser's: what somebody was let see stays seen, but nobody
    who uses the browser after them sees it.
    """

    __slots__ = (
        "_audio_head",
        "_video_head",
        "closed",
        "cors",
        "forbidden",
        "lasting",
        "not_kept",
        "playlist",
        "preflight",
    )

    def __init__(self, closed: Closed | None = None, web_origin: str = "*") -> None:
        """`closed`: `None` for everybody. `web_origin`: whose pages may read answers to requests with cookies."""
        allow: Headers = [("Access-Control-Allow-Origin", web_origin)]
        if closed is not None:
            allow = [*allow, ("Access-Control-Allow-Credentials", "true")]
        self.closed = closed
        self.playlist = (
            ("Vary", "Accept-Encoding" if closed is None else "Accept-Encoding, Origin"),
            *allow,
            _EXPOSED,
        )
        self.cors = (*(() if closed is None else (("Vary", "Origin"),)), *allow, _EXPOSED)
        self.not_kept: Headers = () if closed is None else (("Cache-Control", _NOT_KEPT),)
        self.lasting = (
            ("Cache-Control", self.cache_control(f"public, max-age={MEDIA_MAX_AGE_S}, immutable")),
            ("ETag", '"1"'),  # a URL never gets other bytes, so one tag does for all of them
            ("Accept-Ranges", "bytes"),
            *self.cors,
        )
        self._audio_head, self._video_head = (self._media_head(kind) for kind in ("audio/mp4", "video/mp4"))
        # `*` means no header to a browser that asks with cookies (Fetch 3.2.5), so those that players may send are named.
        headers = "*" if closed is None else "Range, If-None-Match, If-Range, Content-Type, Cache-Control"
        self.preflight = respond(
            204,
            headers=(
                *self.cors,
                _METHODS,
                ("Access-Control-Allow-Headers", headers),
                ("Access-Control-Max-Age", "86400" if closed is None else "60"),
                *self.not_kept,
            ),
        )
        self.forbidden = respond_text(403, FORBIDDEN, (("Cache-Control", _NOT_KEPT), *self.cors))

    def cache_control(self, public: str) -> str:
        """Give Cache-Control of an answer for which it is `public` where everybody may have it."""
        return public if self.closed is None else _NOT_KEPT

    def media_head(self, rendition: str) -> bytes:
        """Give the head of whole media: all but the values of Expires and Content-Length."""
        return self._audio_head if rendition.startswith(_AUDIO) else self._video_head

    def expires(self, public: bytes) -> bytes:
        """Give the value of Expires where everybody would be told this date."""
        return public if self.closed is None else b"0"

    def refuse(self, status: int, reason: str, max_age_s: int) -> Response:
        """Refuse with a sentence; 0: no cache may keep it."""
        keep = self.cache_control(f"public, max-age={max_age_s}" if max_age_s else "no-store")
        retry = (("Retry-After", "1"),) if status == 503 else ()
        return respond_text(status, reason, (("Cache-Control", keep), *retry, *self.cors))

    def redirect(self, url: str, max_age_s: int) -> Response:
        """Send a request elsewhere, method and all."""
        keep = self.cache_control(f"public, max-age={max_age_s}")
        headers = (("Location", url), ("Cache-Control", keep), *self.cors)
        return respond_text(307, f"the channel is at {url}", headers)

    def _media_head(self, content_type: str) -> bytes:
        head = render_head(200, (("Content-Type", content_type), *self.lasting, ("Expires", "")), 0)
        return head.removesuffix(b"\r\nContent-Length: 0\r\n")


_AUDIO = Track.AUDIO.value
EVERYBODY = Terms()


class Admission:
    """Checks tickets. Without keys nobody is let in."""

    def __init__(self) -> None:
        self._keys: Mapping[str, bytes] = {}
        self._read: dict[str, PlayTicket] = {}
        self.refused = 0
        """Requests without a ticket that opens the channel; a metric."""

    def use_keys(self, keys: Mapping[str, bytes]) -> None:
        """Read tickets with these keys from now on (`common.play_ticket.keyring`)."""
        self._keys = dict(keys)
        self._read.clear()

    def admits(self, login: str, closed: Closed, cookies: bytes | None, now_s: float) -> bool:
        """Say whether a Cookie header opens the media of this channel at a Unix time."""
        for text in tickets_in(cookies):
            ticket = self._read.get(text) or self._look(text)
            if ticket is not None and ticket.opens(closed.channel_id, login, closed.needed_grant, now_s):
                return True
        self.refused += 1
        return False

    def _look(self, text: str) -> PlayTicket | None:
        ticket = read_ticket(self._keys, text)
        if ticket is not None:  # only what we signed ourselves takes up room
            if len(self._read) >= _KEPT_TICKETS:
                del self._read[next(iter(self._read))]
            self._read[text] = ticket
        return ticket
