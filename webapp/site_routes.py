"""The route that tells what a front end needs to know of this site."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec
import trio
from quart import request

from common.site_settings import CurrentSettings, Registration
from common.subscription_terms import TIERS
from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import MAX_PAGE, Timestamp, rfc3339
from webapp.public_urls import PublicUrls
from webapp.subscription_shop import Shop


class SubscriptionsSold(msgspec.Struct, frozen=True):
    """How subscriptions are paid for."""

    provider: Literal["grant", "stripe"]
    """`grant`: not at all; the owner of a channel gives them."""
    currency: str
    """ISO 4217, in lower case; '' where nothing is sold."""
    prices: dict[str, int]
    """Of a month by tier, in the smallest unit of the currency."""


class Site(msgspec.Struct, frozen=True):
    """What a front end needs to know of this site."""

    name: str
    description: str
    announcement: str
    """To be shown on every page; '' for none."""
    version: str
    server_time: Timestamp
    urls: dict[str, str]
    """`web`, `hls`, `rtmp` and `chat`, without a trailing slash."""
    registration: Registration
    features: dict[str, bool]
    limits: dict[str, int]
    subscriptions: SubscriptionsSold


class SiteRoutes:
    """What this site is, and what it can."""

    def __init__(
        self,
        urls: PublicUrls,
        version: str,
        settings: CurrentSettings,
        *,
        features: Mapping[str, bool],
        limits: Mapping[str, int],
        shop: Shop,
    ) -> None:
        self._urls = urls
        self._version = version
        self._settings = settings
        self._features = {"chat": urls.chat is not None, **features}
        self._limits = {"page": MAX_PAGE, **limits}
        self._subscriptions = _sold(shop)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/site",
                tag="Site",
                summary="Addresses, features and limits of this site.",
                handle=self._site,
                answer=Site,
            ),
        ]

    async def _site(self, _call: Call[Nothing, Nothing, Nothing]) -> Answer:
        await trio.lowlevel.checkpoint()
        settings = self._settings.now
        return Answer(
            Site(
                name=settings.name,
                description=settings.description,
                announcement=settings.announcement,
                version=self._version,
                server_time=rfc3339(datetime.now(UTC)),
                urls=self._urls.for_host(request.host),
                registration=settings.registration,
                features=self._features,
                limits=self._limits,
                subscriptions=self._subscriptions,
            )
        )


def _sold(shop: Shop) -> SubscriptionsSold:
    prices = shop.prices
    if prices is None:
        return SubscriptionsSold(shop.name, "", {})
    return SubscriptionsSold(shop.name, prices.currency, {str(tier): prices.of(tier) for tier in TIERS})
