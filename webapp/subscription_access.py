"""What routes about subscriptions share: refusals in the API's words, and who is not welcome in a channel."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.db import CheckViolationError, Executor, ForeignKeyViolationError
from common.queries import subscriptions as queries
from common.queries.subscriptions import Subscriber
from common.subscription_telling import Place
from common.subscription_terms import TIERS, Tier
from common.subscriptions import SubscriptionRefusedError
from webapp.channel_access import VisitedChannel
from webapp.problems import ApiProblemError
from webapp.subscription_answers import TierText

_STATUS = {"nobody": 404, "not_subscribed": 404, "unwelcome": 403, "subscribed": 409, "shared": 409}


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell the caller why something about a subscription is not done."""
    try:
        yield
    except SubscriptionRefusedError as error:
        raise ApiProblemError(_STATUS.get(error.reason, 422), str(error), reason=error.reason) from None
    except (ForeignKeyViolationError, CheckViolationError):
        raise ApiProblemError(404, "That account has just left.") from None


def tier_of(text: TierText) -> Tier:
    """Give the tier that a request names."""
    return next(tier for tier in TIERS if str(tier) == text)


def place_of(visited: VisitedChannel) -> Place:
    """Give the channel as subscriptions know it."""
    return Place(visited.id, visited.channel.display_name)


async def require_welcome(db: Executor, visited: VisitedChannel, user_id: int) -> None:
    """Refuse with 403 who is banned from a channel, or blocked by its owner."""
    found = await queries.select_recipient_by_id(db, user_id, channel_id=visited.id, gifter_id=None)
    if found is None or found.is_unwelcome:
        raise ApiProblemError(403, "You are banned from this channel.", reason="unwelcome")


async def find_subscriber(db: Executor, visited: VisitedChannel, user_id: int) -> Subscriber:
    """Find somebody's subscription, or refuse with 404."""
    found = await queries.select_subscriber(db, channel_id=visited.id, user_id=user_id)
    if found is None:
        raise ApiProblemError(404, "There is no such subscription.", reason="not_subscribed")
    return found
