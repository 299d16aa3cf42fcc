"""The route by which a page gets a ticket to media that is not for everybody (`common.play_ticket`), and renews it."""

import math
import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import trio
from quart import request

from common.credentials import verify_password
from common.db import Database
from common.play_keys import PlayKeys
from common.play_ticket import COOKIE, PlayTicket, keyring, paths_of, read_ticket, write_ticket
from common.principals import Principal
from common.queries.viewing import Viewing, select_viewing, select_viewing_of
from webapp.channel_access import no_channel
from webapp.endpoint import Answer, AnyEndpoint, Call, Caller, Cookie, Endpoint, Nothing
from webapp.fields import GivenPassword, Login, Timestamp, rfc3339
from webapp.login_guard import LoginGuard
from webapp.media_places import MediaPlaces
from webapp.password_tries import counted_try
from webapp.play_access import OPEN, AskPassword, Granted, Refused, decide
from webapp.problems import ApiProblemError


class WatchedPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which channel; in any case of letters."""

    login: Login


class TicketWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What opens the channel, beside who asks."""

    password: GivenPassword | None = None
    """Of a channel with the visibility `password`; not needed again while the ticket that it bought is good."""


class PlayTicketTold(msgspec.Struct, frozen=True):
    """A ticket was given, in a cookie; what it says is for the media nodes."""

    expires_at: Timestamp
    """Ask again before then."""
    expires_in: int
    """The same in seconds from now, for clocks that are wrong."""
    hls_url: str
    """Address of the playlist, on the node that has the broadcast now."""


class Broadcast(Protocol):
    """What somebody wants to watch."""

    @property
    def channel_id(self) -> int:
        """Whose it is."""


class PlayRoutes:
    """Tickets.

    Args:
        db: channels, and what viewers are to them.
        keys: sign tickets.
        places: know where media is.
        ticket_s: how long a ticket lasts, in seconds.
        cookie_domain: domain of the cookie; `None`: the host of the pages only.

    """

    def __init__(
        self,
        db: Database,
        keys: PlayKeys,
        places: MediaPlaces,
        *,
        ticket_s: float = 300.0,
        cookie_domain: str | None = None,
    ) -> None:
        self._db = db
        self._keys = keys
        self._places = places
        self._ticket_s = ticket_s
        self._cookie_domain = cookie_domain
        self._guard = LoginGuard()

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="POST",
                route="/channels/{login}/play-ticket",
                tag="Channels",
                summary="Get, or renew, a ticket to the media of a channel that is not for everybody.",
                handle=self._give,
                answer=PlayTicketTold,
                or_nothing="Its media needs no ticket.",
                path=WatchedPath,
                body=TicketWish,
            )
        ]

    async def may_watch(self, principal: Principal, stream: Broadcast) -> bool:
        """Say whether somebody may watch, as far as that is known without a password: with one, everybody may."""
        viewing = await select_viewing_of(self._db, stream.channel_id, principal.user_id)
        if viewing is None or viewing.suspended:
            return False
        return viewing.visibility in OPEN or not isinstance(decide(viewing, principal), Refused)

    async def _give(self, call: Call[WatchedPath, Nothing, TicketWish]) -> Answer:
        viewer = call.caller.principal
        viewing = await select_viewing(self._db, call.path.login, viewer.user_id)
        if viewing is None or viewing.suspended:
            raise no_channel(call.path.login)
        if viewing.visibility in OPEN:
            return Answer()
        key = await self._keys.signing_key()
        held = _ticket_held(key, viewing)
        verdict = decide(viewing, viewer)
        match verdict:
            case Refused():
                raise ApiProblemError(verdict.status, verdict.message, reason=verdict.reason)
            case AskPassword():
                await self._check_password(call.caller, viewing, call.body.password, held)
                grant = viewing.needed_grant
            case Granted():
                grant = verdict.grant
        ticket = PlayTicket(
            channel_id=viewing.channel_id,
            login=viewing.login,
            viewer=_viewer_of(viewer, held),
            grant=grant,
            expires_at_s=math.ceil(time.time() + self._ticket_s),
        )
        url = await self._places.hls_url(viewing.channel_id, viewing.login, request.host)
        return Answer(self._told(ticket, url), cookies=self._cookies(key, ticket))

    async def _check_password(
        self, caller: Caller, viewing: Viewing, password: str | None, held: PlayTicket | None
    ) -> None:
        """Refuse unless the password is right, or has bought the ticket that is shown: a renewal costs no hash."""
        if password is None:
            if held is not None and held.grant == viewing.needed_grant:
                await trio.lowlevel.checkpoint()
                return
            raise ApiProblemError(
                403, "This channel is for those who have its password.", reason="password_required"
            )
        account = f"channel {viewing.channel_id}"  # no login has a space in it
        with counted_try(self._guard, caller.address, account):
            right = await verify_password(password, viewing.password_hash)
        if not right:
            raise ApiProblemError(403, "The password is wrong.", reason="wrong_password")
        self._guard.was_right(caller.address, account)

    def _told(self, ticket: PlayTicket, url: str) -> PlayTicketTold:
        expires_at = datetime.fromtimestamp(ticket.expires_at_s, UTC)
        return PlayTicketTold(
            expires_at=rfc3339(expires_at),
            expires_in=max(1, math.floor(ticket.expires_at_s - time.time())),
            hls_url=url,
        )

    def _cookies(self, key: bytes, ticket: PlayTicket) -> tuple[Cookie, ...]:
        text, age_s = write_ticket(key, ticket), math.ceil(self._ticket_s)
        media, renewal = paths_of(ticket.login)
        return (
            Cookie(COOKIE, text, path=media, max_age_s=age_s, domain=self._cookie_domain),
            Cookie(COOKIE, text, path=renewal, max_age_s=age_s),
        )


def _ticket_held(key: bytes, viewing: Viewing) -> PlayTicket | None:
    """Give the ticket that the request shows, if it is for this channel and still good; whatever it was granted for."""
    ticket = read_ticket(keyring([key]), request.cookies.get(COOKIE, ""))
    if ticket is None:
        return None
    good = ticket.opens(viewing.channel_id, viewing.login, ticket.grant, time.time())
    return ticket if good else None


def _viewer_of(viewer: Principal, held: PlayTicket | None) -> str:
    """Name the viewer: by account, or by a random number that stays the same while they watch."""
    if viewer.kind == "session" and viewer.user_id is not None:
        return f"u{viewer.user_id:x}"
    if held is not None and held.viewer.startswith("a"):
        return held.viewer
    return f"a{secrets.token_hex(16)}"
