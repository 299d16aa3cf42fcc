"""Who may watch what is not for everybody. Pure: it decides, and says what would let somebody in."""

from dataclasses import dataclass

from common.play_ticket import MEMBER
from common.principals import Principal
from common.queries.viewing import Viewing

OPEN = frozenset({"public", "unlisted"})


@dataclass(frozen=True, slots=True)
class Refused:
    """Not this viewer, not now."""

    status: int
    message: str
    """One sentence for the viewer."""
    reason: str
    """For pages: `log_in`, `follow`, `subscribe`, `blocked`, `banned`, `closed`."""


@dataclass(frozen=True, slots=True)
class Granted:
    """May watch, and why."""

    grant: str


@dataclass(frozen=True, slots=True)
class AskPassword:
    """May watch with the channel's password, or with a ticket that it has bought."""


def decide(viewing: Viewing, viewer: Principal) -> Granted | AskPassword | Refused:
    """Say whether somebody may watch a channel that is not open to all.

    Tokens are for programs, and none has a scope for watching: who comes with one is somebody we do not know.
    """
    user_id = viewer.user_id if viewer.kind == "session" else None
    if user_id == viewing.channel_id or (user_id is not None and viewer.site_role):
        return Granted(MEMBER)
    if viewing.blocked and user_id is not None:
        return Refused(403, "The owner of this channel has blocked you.", "blocked")
    if viewing.banned and user_id is not None:
        return Refused(403, "You are banned from this channel.", "banned")
    if viewing.roles and user_id is not None:
        return Granted(MEMBER)
    match viewing.visibility:
        case "followers":
            return _follower(viewing, user_id)
        case "password":
            return AskPassword()
        case "subs":
            return _subscriber(viewing, user_id)
        case _:  # a kind that this process is too old to know
            return Refused(403, "This channel is for some viewers only.", "closed")


def _follower(viewing: Viewing, user_id: int | None) -> Granted | Refused:
    if user_id is None:
        return Refused(401, "This channel is for its followers: log in, and follow it.", "log_in")
    if not viewing.follows:
        return Refused(403, "This channel is for its followers: follow it to watch.", "follow")
    return Granted(viewing.needed_grant)


def _subscriber(viewing: Viewing, user_id: int | None) -> Granted | Refused:
    if user_id is None:
        return Refused(
            401, "This channel is for its subscribers: log in with an account that is one.", "log_in"
        )
    if not viewing.subscribes:
        return Refused(403, "This channel is for its subscribers: subscribe to watch.", "subscribe")
    return Granted(viewing.needed_grant)
