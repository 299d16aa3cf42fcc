"""Tickets to the media of channels that are not for everybody: what the cookie `weir_play` holds. Pure.

The web role writes one for whoever may watch, a media node reads it without asking anybody. A ticket is good for one channel,
for what it was granted for, and for five minutes at most: whoever may no longer watch stops getting new ones.

`1.<key id>.<expiry>.<channel id>.<login>.<viewer>.<grant>.<tag>`: plain text, so that an operator can read it, with
HMAC-SHA256 over all that stands before the tag.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

COOKIE = "weir_play"
MAX_TICKET_S = 300
"""Longest life of a ticket; one that claims more is not ours."""
MEMBER = "member"
"""Grant of those who are let in whatever the channel asks of others: its owner, who has a role there, staff."""

KEY_BYTES = 32
_VERSION = "1"
_MAX_LENGTH = 300
_MAX_COOKIES = 4
"""Tickets that one request may bring: a browser keeps one a path, and one more for each domain."""
_FIELDS = re.compile(
    r"1\.(?P<key>[0-9a-f]{8})\.(?P<expires>[1-9][0-9]{0,11})\.(?P<channel>[1-9][0-9]{0,18})\."
    r"(?P<login>[a-z0-9_]{3,25})\.(?P<viewer>[ua][0-9a-f]{1,32})\.(?P<grant>[a-z]{1,12}(?::[0-9a-f]{1,64})?)",
    re.ASCII,
)
_TAG = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlayTicket:
    """What a ticket says."""

    channel_id: int
    login: str
    """As in the paths of the channel's media: lower case."""
    viewer: str
    """`u` and the user's id, or `a` and a random number, which stays the same over renewals, in hexadecimal digits."""
    grant: str
    """Why it was given: what the channel asks for (`common.queries.viewing.NEEDED_GRANT`), or `member`."""
    expires_at_s: int
    """Unix time from which on it is good for nothing."""

    def opens(self, channel_id: int, login: str, needed: str, now_s: float) -> bool:
        """Say whether it lets its holder watch this channel, which asks for the grant `needed`, at this Unix time."""
        return (
            (self.channel_id, self.login) == (channel_id, login)
            and self.grant in {needed, MEMBER}
            and now_s < self.expires_at_s <= now_s + MAX_TICKET_S + 1
        )


def key_id(key: bytes) -> str:
    """Name a key without telling it: what its tickets say they were made with."""
    return hashlib.sha256(b"weir play ticket\0" + key).hexdigest()[:8]


def write_ticket(key: bytes, ticket: PlayTicket) -> str:
    """Make the cookie's value: letters, digits, `.`, `:` and `_` only. Raises `ValueError` for a ticket that could not be read."""
    fields = ".".join(
        (
            _VERSION,
            key_id(key),
            str(ticket.expires_at_s),
            str(ticket.channel_id),
            ticket.login,
            ticket.viewer,
            ticket.grant,
        )
    )
    if _FIELDS.fullmatch(fields) is None:
        raise ValueError(f"no such ticket can be: {ticket}")
    return f"{fields}.{_tag(key, fields)}"


def read_ticket(keys: Mapping[str, bytes], text: str) -> PlayTicket | None:
    """Read a cookie's value; `None` when none of these keys (by `key_id`) made it. Its time may be over: see `opens`."""
    fields, _, tag = text.rpartition(".")
    if len(text) > _MAX_LENGTH or _TAG.fullmatch(tag) is None:
        return None
    found = _FIELDS.fullmatch(fields)
    key = keys.get(found["key"]) if found else None
    if found is None or key is None or not hmac.compare_digest(tag, _tag(key, fields)):
        return None
    return PlayTicket(
        channel_id=int(found["channel"]),
        login=found["login"],
        viewer=found["viewer"],
        grant=found["grant"],
        expires_at_s=int(found["expires"]),
    )


def tickets_in(cookies: bytes | None) -> list[str]:
    """Give the tickets in a Cookie header, as they are; at most a few."""
    if cookies is None or b"weir_play=" not in cookies:
        return []
    found: list[str] = []
    for pair in cookies.decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE and len(found) < _MAX_COOKIES:
            found.append(value.strip('"'))
    return found


def keyring(keys: Iterable[bytes]) -> dict[str, bytes]:
    """Name keys, for `read_ticket`."""
    return {key_id(key): key for key in keys}


def paths_of(login: str) -> Iterator[str]:
    """Give the paths that the cookie is set for: the media, and the route that renews it.

    Browsers send it to no other path, so it is in no request for a page.
    """
    yield f"/hls/{login}"
    yield f"/api/channels/{login}/play-ticket"


def _tag(key: bytes, fields: str) -> str:
    return hmac.digest(key, fields.encode(), hashlib.sha256).hex()
