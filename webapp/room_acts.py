"""What routes need to do what moderators do (`common.moderation`): who asks, where, and the status of a refusal."""

from typing import Any, TypeVar

from common.moderation import Moderator, Place, Refused, Why
from webapp.actors import Actors
from webapp.channel_access import VisitedChannel
from webapp.endpoint import Call
from webapp.problems import ApiProblemError

T = TypeVar("T")

_STATUS: dict[Why, int] = {"forbidden": 403, "absent": 404, "invalid": 422, "conflict": 409, "too_often": 429}


async def moderator_of(actors: Actors, call: Call[Any, Any, Any]) -> Moderator:
    """Name who asks. Raises `DatabaseUnavailableError`."""
    return Moderator(call.caller.principal, await actors.of(call.caller), "api")


def place_of(visited: VisitedChannel) -> Place:
    """Name the room of a channel."""
    return Place(visited.id, visited.channel.login)


def done(outcome: T | Refused) -> T:
    """Give what an act came to. Raises `ApiProblemError` when it was refused."""
    if isinstance(outcome, Refused):
        raise ApiProblemError(_STATUS[outcome.why], outcome.message, reason=outcome.code)
    return outcome
