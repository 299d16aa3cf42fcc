"""What the API says of subscriptions, and takes; names after Helix' `subscriptions`. Pure."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from common.queries.subscriptions import Subscriber
from common.subscription_months import badge_version
from common.subscription_notices import tier_name
from common.subscriptions import MAX_GIFTS, MAX_GRANT_MONTHS
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    IdText,
    Login,
    PageSize,
    Pagination,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)

TierText = Literal["1000", "2000", "3000"]
ShareText = Annotated[str, Meta(max_length=500)]


class SubscriptionTold(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's subscription to a channel."""

    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    user_id: IdText
    user_login: str
    user_name: str
    tier: TierText
    plan_name: str
    is_gift: bool
    gifter_id: str
    """'' if it is no gift, or an anonymous one."""
    gifter_login: str
    gifter_name: str
    cumulative_months: int
    """Of all time, with the one that runs."""
    streak_months: int
    """Without a gap of more than 30 days."""
    badge: str
    """Version of the badge `subscriber`."""
    created_at: Timestamp
    """Since when, without a gap."""
    ends_at: Timestamp | None
    """`null`: until it is taken back."""
    renews: bool
    """Whether it is paid again at its end."""


class OwnSubscription(SubscriptionTold, frozen=True, kw_only=True):
    """As its subscriber sees it."""

    can_share: bool
    """Whether chat has not been told of this month yet."""


class SubscriptionPage(msgspec.Struct, frozen=True):
    """One page of those who subscribe."""

    data: list[SubscriptionTold]
    total: int
    points: int
    """Tier 1 counts one, tier 2 two, tier 3 six."""
    pagination: Pagination = Pagination()


class SubscriptionsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page, or who."""

    user_id: IdText | None = None
    """Only this person, if they subscribe."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class PurchaseWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to subscribe at."""

    tier: TierText = "1000"


class GiftWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to give a month: one person, or so many who are chosen among recent followers."""

    user_login: Login | None = None
    count: Annotated[int, Meta(ge=1, le=MAX_GIFTS)] | None = None
    tier: TierText = "1000"
    is_anonymous: bool = False


class GrantWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to have as a subscriber without money."""

    user_login: Login
    tier: TierText = "1000"
    months: Annotated[int, Meta(ge=1, le=MAX_GRANT_MONTHS)] | None = 1
    """`null`: until it is taken back."""


class ShareWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to say in chat."""

    text: ShareText = ""
    show_streak: bool = False


class Checkout(msgspec.Struct, frozen=True):
    """Where to pay."""

    order_id: str
    url: str
    expires_at: Timestamp


class Gifts(msgspec.Struct, frozen=True):
    """What became of a wish to give."""

    data: list[SubscriptionTold]
    """What was given at once."""
    checkout: Checkout | None
    """Where to pay for what is given then."""


class Address(msgspec.Struct, frozen=True):
    """Where to go on."""

    url: str


def told(found: Subscriber) -> SubscriptionTold:
    """Tell a subscription."""
    return SubscriptionTold(**_fields(found))


def told_to_owner(found: Subscriber) -> OwnSubscription:
    """Tell somebody their own."""
    subscription = found.subscription
    can_share = subscription.shared_month < subscription.months(found.now)
    return OwnSubscription(**_fields(found), can_share=can_share)


def _fields(found: Subscriber) -> dict[str, Any]:
    subscription = found.subscription
    months = subscription.months(found.now)
    return {
        "broadcaster_id": str(found.channel_id),
        "broadcaster_login": found.channel_login,
        "broadcaster_name": found.channel_name,
        "user_id": str(found.user_id),
        "user_login": found.user_login,
        "user_name": found.user_name,
        "tier": str(subscription.tier),
        "plan_name": tier_name(subscription.tier),
        "is_gift": subscription.is_gift,
        "gifter_id": "" if found.gifter_id is None else str(found.gifter_id),
        "gifter_login": found.gifter_login,
        "gifter_name": found.gifter_name,
        "cumulative_months": months,
        "streak_months": subscription.streak(found.now),
        "badge": badge_version(subscription.tier, months),
        "created_at": rfc3339(subscription.since),
        "ends_at": rfc3339_or_none(subscription.ends_at),
        "renews": subscription.renews,
    }
