"""Who may write in a room at all, by what they are to it: followers, subscribers, proved and old accounts. Pure."""

from chatd.refusals import UNVERIFIED, Dropped, account_too_young, followers_only, subscribers_only
from chatd.standing import RoomRules, Standing


def refuse_entry(standing: Standing, room: RoomRules, login: str) -> Dropped | None:
    """Say why somebody may write nothing in the room of `login`; `None`: they may.

    Moderators and VIPs pass the modes, and subscribers that for followers, as on Twitch.
    """
    if standing.is_moderator:
        return None
    if not standing.is_vip and not standing.is_subscriber:
        if room.subscribers_only:
            return subscribers_only(login)
        minutes, followed_s = room.followed_minutes, standing.followed_s
        if minutes is not None and (followed_s is None or followed_s < minutes * 60):
            return followers_only(login, minutes, followed_s)
    if standing.rank >= room.verification_spares:
        return None
    if room.verified_email and not standing.has_verified_email:
        return UNVERIFIED
    if standing.account_age_s < room.account_age_minutes * 60:
        return account_too_young(room.account_age_minutes, standing.account_age_s)
    return None
