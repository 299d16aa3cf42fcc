"""The route that tells who followed, subscribed, gave subscriptions and raided: the feed beside a stream."""

from typing import Annotated

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import activity
from common.queries.activity import ActivityPlace, Happening
from common.rights import Right
from webapp.broadcast_routes import ANALYTICS
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors, micros, moment
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import IdText, Page, PageQuery, Timestamp, rfc3339

ActivityType = Annotated[
    str, Meta(extra_json_schema={"enum": ["follow", "subscription", "resubscription", "gift", "raid"]})
]


class Activity(msgspec.Struct, frozen=True):
    """One thing that happened. What does not belong to its type is `null`."""

    id: str
    """Unique in the channel."""
    type: ActivityType
    at: Timestamp
    user_id: IdText | None
    """Who did it; `null` of a gift: they did not say who they are, or their account is gone."""
    user_login: str | None
    user_name: str | None
    tier: str | None
    """`1000`, `2000` or `3000`."""
    months: int | None
    """That they subscribed, in all."""
    count: int | None
    """Of gifts."""
    recipient_id: IdText | None
    """Of a single gift."""
    recipient_login: str | None
    recipient_name: str | None
    viewers: int | None
    """Of a raid: who came along."""


class ActivityRoutes:
    """What happened."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/activity",
                tag="Channels",
                summary="Who followed, subscribed, gave and raided, the newest first; for owner, editors and moderators.",
                handle=self._list,
                answer=Page[Activity],
                access=Access(scope=ANALYTICS),
                path=ChannelPath,
                query=PageQuery,
            ),
        ]

    async def _list(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        if not visited.may(Right.MODERATE):
            visited.require(Right.EDIT)
        name, query = f"activity of {visited.id}", call.query
        place = await self._cursors.place(name, query.after, tuple[int, str])
        found = await activity.select_activity(
            self._db,
            visited.id,
            limit=query.first + 1,
            after=ActivityPlace(moment(place[0]), place[1]) if place else None,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [micros(row.at), row.ref])
        return Answer(Page([_shown(row) for row in found[: query.first]], more))


def _shown(row: Happening) -> Activity:
    return Activity(
        id=row.ref,
        type=row.type,
        at=rfc3339(row.at),
        user_id=_text(row.user_id),
        user_login=row.user_login,
        user_name=row.user_name,
        tier=_text(row.tier),
        months=row.months,
        count=row.count,
        recipient_id=_text(row.recipient_id),
        recipient_login=row.recipient_login,
        recipient_name=row.recipient_name,
        viewers=row.viewers,
    )


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
