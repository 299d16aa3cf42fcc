"""Routes by which people buy subscriptions and gifts, stop paying, and by which owners give some away for nothing."""

import secrets
import time
from dataclasses import replace
from datetime import timedelta

from common.db import Database
from common.ids import RANDOM_BITS, uuid7
from common.queries import subscription_orders as orders
from common.queries import subscriptions as queries
from common.queries.subscription_orders import Wish
from common.rights import Right
from common.subscription_telling import Giver
from common.subscriptions import CANDIDATES, Choose, check_recipient, choose_by_chance, give_freely
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath, VisitedChannel
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, rfc3339
from webapp.problems import ApiProblemError
from webapp.stripe_shop import CHECKOUT_LASTS
from webapp.subscription_access import place_of, refusals_told, require_welcome, tier_of
from webapp.subscription_answers import (
    Address,
    Checkout,
    Gifts,
    GiftWish,
    PurchaseWish,
    SubscriptionTold,
    told,
)
from webapp.subscription_shop import ForSale, Shop, nothing_sold

ORDERS_PER_HOUR = 30
"""Of one buyer, paid or not."""
_LEFT = timedelta(minutes=5)
"""A page that can be paid on for no longer is not handed out any more."""


class SubscriptionSales:
    """Buying and giving.

    Args:
        db: orders and subscriptions.
        access: channels.
        actors: names callers for the audit log.
        shop: takes the money, or none.
        choose: recipients of gifts to a channel's community.

    """

    def __init__(
        self,
        db: Database,
        access: ChannelAccess,
        actors: Actors,
        shop: Shop,
        *,
        choose: Choose = choose_by_chance,
    ) -> None:
        self._db = db
        self._access = access
        self._actors = actors
        self._shop = shop
        self._choose = choose

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="POST",
                route="/channels/{login}/subscriptions",
                tag="Subscriptions",
                summary="Subscribe: gives the address of a page on which to pay.",
                handle=self._buy,
                answer=Data[Checkout],
                status=201,
                access=SESSION_ONLY,
                path=ChannelPath,
                body=PurchaseWish,
                problems=(409, 422),
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/subscriptions/gifts",
                tag="Subscriptions",
                summary="Give one person, or several chosen among recent followers, a month.",
                handle=self._give,
                answer=Gifts,
                status=201,
                access=SESSION_ONLY,
                path=ChannelPath,
                body=GiftWish,
                problems=(409, 422),
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/subscriptions/cancel",
                tag="Subscriptions",
                summary="Stop paying: the subscription lasts until the end of what is paid.",
                handle=self._cancel,
                status=204,
                access=SESSION_ONLY,
                path=ChannelPath,
                problems=(409,),
            ),
            Endpoint(
                method="POST",
                route="/users/me/billing-portal",
                tag="Subscriptions",
                summary="The address where you see invoices, change your card, and cancel.",
                handle=self._portal,
                answer=Data[Address],
                access=SESSION_ONLY,
                problems=(404, 409),
            ),
        ]

    async def _buy(self, call: Call[ChannelPath, Nothing, PurchaseWish]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        if visited.is_own:
            raise ApiProblemError(422, "Nobody subscribes to their own channel.", reason="own_channel")
        self._require_shop()
        await require_welcome(self._db, visited, call.user_id)
        held = await queries.select_subscriber(self._db, channel_id=visited.id, user_id=call.user_id)
        if held is not None and held.subscription.renews:
            raise ApiProblemError(
                409, "You pay for this channel already; cancel that to change the tier.", reason="subscribed"
            )
        wish = Wish(
            kind="subscription", channel_id=visited.id, buyer_id=call.user_id, tier=tier_of(call.body.tier)
        )
        return Answer(Data([await self._checkout(visited, wish)]))

    async def _give(self, call: Call[ChannelPath, Nothing, GiftWish]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        if (call.body.user_login is None) == (call.body.count is None):
            raise ApiProblemError(422, "Say either who is to get it, or how many.")
        wish = await self._gift(visited, call.user_id, call.body)
        if self._shop.prices is not None:
            return Answer(Gifts([], await self._checkout(visited, wish)))
        if not visited.may(Right.GRANT_SUBSCRIPTIONS):
            raise nothing_sold()
        return Answer(Gifts(await self._give_freely(call, visited, wish), None))

    async def _gift(self, visited: VisitedChannel, giver_id: int, body: GiftWish) -> Wish:
        """Check whom a gift is for."""
        tier = tier_of(body.tier)
        wish = Wish(
            kind="gift", channel_id=visited.id, buyer_id=giver_id, tier=tier, is_anonymous=body.is_anonymous
        )
        if not visited.is_own:
            await require_welcome(self._db, visited, giver_id)
        with refusals_told():
            if body.user_login is not None:
                found = await queries.select_recipient(
                    self._db, body.user_login, channel_id=visited.id, gifter_id=giver_id
                )
                recipient = check_recipient(found, channel_id=visited.id, giver_id=giver_id, tier=tier)
                return replace(wish, recipient_id=recipient.id)
        count = body.count or 1
        pool = await self._candidates(visited.id, giver_id)
        if len(pool) < count:
            raise ApiProblemError(
                422, f"There are only {len(pool)} recent followers without a subscription.", reason="too_few"
            )
        return replace(wish, count=count, chosen=True)

    async def _give_freely(
        self, call: Call[ChannelPath, Nothing, GiftWish], visited: VisitedChannel, wish: Wish
    ) -> list[SubscriptionTold]:
        recipients = [wish.recipient_id] if wish.recipient_id is not None else []
        if wish.chosen:
            recipients = self._choose(await self._candidates(visited.id, wish.buyer_id), wish.count)
        given = await give_freely(
            self._db,
            await self._actors.of(call.caller),
            place_of(visited),
            Giver(wish.buyer_id, wish.is_anonymous),
            recipients,
            wish.tier,
            mass=wish.chosen,
        )
        if not given:
            raise ApiProblemError(409, "They are subscribed already.", reason="subscribed")
        found = [
            await queries.select_subscriber(self._db, channel_id=visited.id, user_id=user_id)
            for user_id in given
        ]
        return [told(subscriber) for subscriber in found if subscriber is not None]

    async def _candidates(self, channel_id: int, giver_id: int) -> list[int]:
        return await queries.select_candidates(
            self._db, channel_id=channel_id, gifter_id=giver_id, pool=CANDIDATES
        )

    async def _checkout(self, visited: VisitedChannel, wish: Wish) -> Checkout:
        """Open an order, or find the same one that is open, and give the page on which it is paid."""
        if await orders.count_orders(self._db, wish.buyer_id, within=timedelta(hours=1)) >= ORDERS_PER_HOUR:
            raise ApiProblemError(
                429, "You have begun too many orders; try again in an hour.", retry_after_s=3600
            )
        await orders.expire_orders(self._db, wish.buyer_id, margin=_LEFT)
        order_id = uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))
        order = await orders.open_order(self._db, wish, order_id=order_id, lasts=CHECKOUT_LASTS)
        what = ForSale(visited.channel.login, visited.channel.display_name)
        url = await self._shop.checkout(order, what)
        return Checkout(str(order.id), url, rfc3339(order.expires_at))

    async def _cancel(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        order = await orders.select_renewing_order(self._db, channel_id=visited.id, buyer_id=call.user_id)
        if order is None:
            raise ApiProblemError(404, "You have no subscription here that renews.", reason="not_subscribed")
        await self._shop.set_renewal(order, renews=False)
        return Answer()

    async def _portal(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        self._require_shop()
        customer_id = await orders.select_customer(self._db, call.user_id)
        if customer_id is None:
            raise ApiProblemError(404, "You have not paid for anything here.")
        return Answer(Data([Address(await self._shop.portal(customer_id))]))

    def _require_shop(self) -> None:
        if self._shop.prices is None:
            raise nothing_sold()
