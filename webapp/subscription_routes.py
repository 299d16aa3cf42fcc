"""Routes about subscriptions: who has one, what owners and operators give without money, and telling chat."""

from common.db import Database
from common.queries import subscriptions as queries
from common.queries import users
from common.queries.subscriptions import Subscriber, SubscriptionPlace
from common.rights import Right
from common.subscription_terms import POINTS
from common.subscriptions import grant, share, take_back
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors, micros, moment
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Page, PageQuery
from webapp.problems import ApiProblemError
from webapp.role_routes import HolderPath
from webapp.subscription_access import find_subscriber, place_of, refusals_told, require_welcome, tier_of
from webapp.subscription_answers import (
    GrantWish,
    OwnSubscription,
    ShareWish,
    SubscriptionPage,
    SubscriptionsQuery,
    SubscriptionTold,
    told,
    told_to_owner,
)
from webapp.texts import check_text

_READ_OWN = Access(scope="user:read:subscriptions")
_MANAGE = Access(scope="channel:manage:subscriptions")


class SubscriptionRoutes:
    """Subscriptions, but for what is paid."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/subscriptions",
                tag="Subscriptions",
                summary="Who subscribes to a channel, newest first; for its owner and editors.",
                handle=self._list,
                answer=SubscriptionPage,
                access=Access(scope="channel:read:subscriptions"),
                path=ChannelPath,
                query=SubscriptionsQuery,
            ),
            Endpoint(
                method="GET",
                route="/channels/{login}/subscriptions/me",
                tag="Subscriptions",
                summary="Your own subscription to a channel.",
                handle=self._own,
                answer=Data[OwnSubscription],
                access=_READ_OWN,
                path=ChannelPath,
            ),
            Endpoint(
                method="GET",
                route="/users/me/subscriptions",
                tag="Subscriptions",
                summary="Whom you subscribe to, newest first.",
                handle=self._subscribed,
                answer=Page[OwnSubscription],
                access=_READ_OWN,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/subscriptions/grants",
                tag="Subscriptions",
                summary="Have somebody subscribe to your channel without paying.",
                handle=self._grant,
                answer=Data[SubscriptionTold],
                status=201,
                access=_MANAGE,
                path=ChannelPath,
                body=GrantWish,
                problems=(409, 422),
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/subscriptions/grants/{user_login}",
                tag="Subscriptions",
                summary="Take back what somebody was granted or given without money; what was paid for stays.",
                handle=self._take_back,
                status=204,
                access=_MANAGE,
                path=HolderPath,
            ),
            Endpoint(
                method="POST",
                route="/channels/{login}/subscriptions/share",
                tag="Subscriptions",
                summary="Tell chat that your subscription goes on, once a month.",
                handle=self._share,
                answer=Data[OwnSubscription],
                access=Access(scope="user:write:chat"),
                path=ChannelPath,
                body=ShareWish,
                problems=(409,),
            ),
        ]

    async def _list(self, call: Call[ChannelPath, SubscriptionsQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        query, name = call.query, f"subscribers of {visited.id}"
        counted = await queries.count_subscribers(self._db, visited.id)
        total, points = sum(counted.values()), sum(POINTS[tier] * many for tier, many in counted.items())
        if query.user_id is not None:
            found = await queries.select_subscriber(
                self._db, channel_id=visited.id, user_id=_as_id(query.user_id)
            )
            return Answer(SubscriptionPage([] if found is None else [told(found)], total, points))
        after = await self._cursors.place(name, query.after, tuple[int, int])
        page = await queries.select_subscribers(
            self._db, visited.id, limit=query.first + 1, after=_place(after)
        )
        more = await self._cursors.more(
            name, query.first, page, lambda row: [micros(row.subscription.since), row.user_id]
        )
        return Answer(SubscriptionPage([told(row) for row in page[: query.first]], total, points, more))

    async def _own(self, call: Call[ChannelPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        return Answer(Data([told_to_owner(await find_subscriber(self._db, visited, call.user_id))]))

    async def _subscribed(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        query, name = call.query, f"subscriptions of {call.user_id}"
        after = await self._cursors.place(name, query.after, tuple[int, int])
        page = await queries.select_subscribed(
            self._db, call.user_id, limit=query.first + 1, after=_place(after)
        )
        more = await self._cursors.more(name, query.first, page, _key_of_subscribed)
        return Answer(Page([told_to_owner(row) for row in page[: query.first]], more))

    async def _grant(self, call: Call[ChannelPath, Nothing, GrantWish]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.GRANT_SUBSCRIPTIONS)
        actor = await self._actors.of(call.caller)
        wish = call.body
        with refusals_told():
            user_id = await grant(
                self._db, actor, place_of(visited), wish.user_login, tier_of(wish.tier), wish.months
            )
        return Answer(Data([told(await find_subscriber(self._db, visited, user_id))]))

    async def _take_back(self, call: Call[HolderPath, Nothing, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.GRANT_SUBSCRIPTIONS)
        actor = await self._actors.of(call.caller)
        user = await users.select_user_by_login(self._db, call.path.user_login)
        if user is None or not await take_back(self._db, actor, place_of(visited), user.id, user.login):
            raise ApiProblemError(404, f"{call.path.user_login} was granted no subscription to this channel.")
        return Answer()

    async def _share(self, call: Call[ChannelPath, Nothing, ShareWish]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        text = check_text("text", " ".join(call.body.text.split()))
        await require_welcome(self._db, visited, call.user_id)
        with refusals_told():
            await share(self._db, place_of(visited), call.user_id, text, show_streak=call.body.show_streak)
        return Answer(Data([told_to_owner(await find_subscriber(self._db, visited, call.user_id))]))


def _as_id(text: str) -> int:
    return min(int(text), 2**63 - 1)


def _place(after: tuple[int, int] | None) -> SubscriptionPlace:
    return SubscriptionPlace() if after is None else SubscriptionPlace(moment(after[0]), after[1])


def _key_of_subscribed(row: Subscriber) -> list[int | str]:
    return [micros(row.subscription.since), row.channel_id]
