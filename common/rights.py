"""What somebody may do to a channel, and to the site. Pure: one table, read by every role.

A right needs a standing: being the owner, holding a role of the channel, or of the site. What a token may do is less still:
its scopes are asked for beside this, where a route says which.
"""

from enum import Enum
from typing import assert_never

from common.principals import Principal


class Standing(Enum):
    """What somebody is to one channel; the strongest that applies."""

    ANONYMOUS = "anonymous"
    USER = "user"
    VIP = "vip"
    MODERATOR = "moderator"
    EDITOR = "editor"
    OWNER = "owner"
    STAFF = "staff"
    ADMIN = "admin"


class Right(Enum):
    """What can be done to a channel, or to the site."""

    FOLLOW = "follow the channel"
    CHAT = "write in its chat"
    CHAT_FREELY = "write without slow mode and the like"
    MODERATE = "delete messages, ban, and change chat settings"
    EDIT = "change title, category, tags, and the test stream"
    SEE_KEYS = "see which stream keys there are"
    MANAGE_KEYS = "make stream keys"
    REVOKE_KEYS = "revoke stream keys"
    SEE_EDITORS = "see who edits it"
    MANAGE_ROLES = "make moderators, editors and VIPs"
    GRANT_SUBSCRIPTIONS = "give subscriptions without money"
    END_STREAM = "end the broadcast"
    SUSPEND = "suspend the account"
    SEE_REPORTS = "see reports and the audit log"
    REVIEW = "review emotes and badges, and keep those of the site"
    MANAGE_SITE = "change settings and roles of the site"


_USER = frozenset({Right.FOLLOW, Right.CHAT})
_VIP = _USER | {Right.CHAT_FREELY}
_MODERATOR = _VIP | {Right.MODERATE}
_EDITOR = _USER | {Right.EDIT}
_OWNER = (
    _MODERATOR
    | _EDITOR
    | {Right.SEE_KEYS, Right.MANAGE_KEYS, Right.REVOKE_KEYS, Right.END_STREAM}
    | {Right.SEE_EDITORS, Right.MANAGE_ROLES, Right.GRANT_SUBSCRIPTIONS}
) - {Right.FOLLOW}
_STAFF = _MODERATOR | {Right.SEE_EDITORS, Right.END_STREAM, Right.SUSPEND, Right.SEE_REPORTS, Right.REVIEW}
# Nobody but the owner makes keys or reads their list: a key is the channel. An administrator can take one away.
_ADMIN = _STAFF | _EDITOR | {Right.REVOKE_KEYS, Right.MANAGE_SITE, Right.GRANT_SUBSCRIPTIONS}

RIGHTS: dict[Standing, frozenset[Right]] = {
    Standing.ANONYMOUS: frozenset(),
    Standing.USER: _USER,
    Standing.VIP: _VIP,
    Standing.MODERATOR: _MODERATOR,
    Standing.EDITOR: _EDITOR,
    Standing.OWNER: _OWNER,
    Standing.STAFF: _STAFF,
    Standing.ADMIN: _ADMIN,
}

_CHANNEL_ROLES = {"vip": Standing.VIP, "moderator": Standing.MODERATOR, "editor": Standing.EDITOR}


def standings(
    principal: Principal, channel_id: int | None, roles: frozenset[str] = frozenset()
) -> set[Standing]:
    """Say what somebody is to a channel (`None`: to the site) who holds `roles` there (`vip`, `moderator`, `editor`).

    Several at once: the owner of a channel may be staff, a moderator also an editor. A role that is not known gives nothing.
    """
    if principal.user_id is None:
        return {Standing.ANONYMOUS}
    found = {Standing.USER}
    found |= {_CHANNEL_ROLES[role] for role in roles & _CHANNEL_ROLES.keys()}
    if principal.user_id == channel_id:  # a channel has its user's id
        found.add(Standing.OWNER)
    match principal.site_role:
        case "":
            pass
        case "staff":
            found.add(Standing.STAFF)
        case "admin":
            found |= {Standing.STAFF, Standing.ADMIN}
        case _:
            assert_never(principal.site_role)
    return found


def may(
    principal: Principal, right: Right, channel_id: int | None = None, roles: frozenset[str] = frozenset()
) -> bool:
    """Say whether somebody may do this to a channel (`None`: to the site), holding `roles` there."""
    held = standings(principal, channel_id, roles)
    if right is Right.FOLLOW and Standing.OWNER in held:
        return False  # nobody follows themselves
    return any(right in RIGHTS[standing] for standing in held)
