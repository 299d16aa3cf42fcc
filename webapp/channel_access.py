"""Who may do what to the channel in a path: looked up once, for every route below `/channels/{login}`.

A channel whose owner is suspended is not there for anybody but staff, and a route says so in the words for a channel that
never was: nobody learns from a refusal who was suspended.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from common.db import Executor
from common.principals import Principal
from common.queries import channels, roles
from common.queries.channels import Channel
from common.rights import Right, may
from webapp.endpoint import Call
from webapp.fields import Login
from webapp.problems import ApiProblemError

_FOR_WHOM = {
    Right.MODERATE: "That is for the owner of the channel and its moderators.",
    Right.EDIT: "That is for the owner of the channel and its editors.",
}


class ChannelPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which channel; in any case of letters."""

    login: Login


@dataclass(frozen=True, slots=True)
class VisitedChannel:
    """A channel, and what the caller is to it."""

    channel: Channel
    principal: Principal
    roles: frozenset[str]
    """Of the caller in this channel: `editor`, `moderator`, `vip`. The owner has none, and every right."""

    @property
    def id(self) -> int:
        """Of the channel and of its owner."""
        return self.channel.id

    @property
    def is_own(self) -> bool:
        """Whether the caller owns it."""
        return self.principal.user_id == self.channel.id

    def may(self, right: Right) -> bool:
        """Say whether the caller may do this to it."""
        return may(self.principal, right, self.channel.id, self.roles)

    def require(self, right: Right) -> None:
        """Refuse with 403 who may not do this."""
        if not self.may(right):
            raise ApiProblemError(403, _FOR_WHOM.get(right, "That is for the owner of the channel."))


class ChannelAccess:
    """Looks channels up for those who ask for them by login."""

    def __init__(self, db: Executor) -> None:
        self._db = db

    async def find(self, call: Call[Any, Any, Any], login: str) -> Channel:
        """Find a channel that anybody may see; one statement. Raises `ApiProblemError` (404): not there for this caller."""
        found = await channels.select_channel_by_login(self._db, login)
        if found is None or (found.suspended and not may(call.caller.principal, Right.SUSPEND)):
            raise no_channel(login)
        return found

    async def channel(
        self, call: Call[Any, Any, Any], login: str, right: Right | None = None
    ) -> VisitedChannel:
        """Find a channel with what the caller is to it, who must have `right` there (`None`: none is needed).

        Raises `ApiProblemError`: 404 when there is no such channel for this caller, 403 when the right is not theirs.
        """
        found = await self.find(call, login)
        principal = call.caller.principal
        held: list[str] = []
        if principal.user_id is not None and principal.user_id != found.id:
            held = await roles.select_roles(self._db, channel_id=found.id, user_id=principal.user_id)
        visited = VisitedChannel(found, principal, frozenset(held))
        if right is not None:
            visited.require(right)
        return visited


def no_channel(login: str) -> ApiProblemError:
    """Make the refusal for a channel that is not there, whatever the reason."""
    return ApiProblemError(404, f"There is no channel called {login.lower()}.")
