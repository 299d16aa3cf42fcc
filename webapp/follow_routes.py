"""Routes about follows: following a channel, who follows it, and which channels somebody follows."""

import math

import msgspec
import trio

from common.db import Database, ForeignKeyViolationError
from common.queries import channels, follows
from common.queries.follows import (
    MAX_FOLLOWED,
    FollowedChannel,
    FollowedPlace,
    Follower,
    FollowOutcome,
    FollowPlace,
)
from common.rights import Right
from webapp.channel_access import ChannelAccess, no_channel
from webapp.cursors import Cursors, micros, moment
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    CountedPage,
    Data,
    IdText,
    Login,
    PageQuery,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.pace import Pacer
from webapp.problems import ApiProblemError

FOLLOWS_PER_MINUTE = 60
"""By one account, changes of mind included."""

SEE_FOLLOWERS = "moderator:read:followers"


class Following(msgspec.Struct, frozen=True):
    """A channel as somebody follows it."""

    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    followed_at: Timestamp
    notify: bool
    """Whether they want to be told when it goes live."""


class FollowedBroadcaster(msgspec.Struct, frozen=True):
    """A channel that somebody follows, and what is on there."""

    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    followed_at: Timestamp
    notify: bool
    title: str
    game_id: str
    """Of its category; '' without one."""
    game_name: str
    is_live: bool
    viewer_count: int | None
    """`null` while it is offline, as `started_at`."""
    started_at: Timestamp | None


class FollowerOfChannel(msgspec.Struct, frozen=True):
    """One who follows a channel."""

    user_id: IdText
    user_login: str
    user_name: str
    followed_at: Timestamp


class FollowPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which channel."""

    login: Login


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to follow."""

    notify: bool = True
    """Tell me when it goes live."""


class FollowsQuery(PageQuery, frozen=True):
    """Which of the followed channels."""

    live_only: bool = False
    broadcaster_login: Login | None = None
    """Only this one, if it is followed."""


class FollowRoutes:
    """Follows."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._pacer = Pacer(per_minute=FOLLOWS_PER_MINUTE)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="PUT",
                route="/channels/{login}/followers/me",
                tag="Follows",
                summary="Follow a channel, or change whether you are told when it goes live.",
                handle=self._follow,
                answer=Data[Following],
                access=Access(scope="user:manage:follows"),
                path=FollowPath,
                body=Wish,
                problems=(409,),
            ),
            Endpoint(
                method="DELETE",
                route="/channels/{login}/followers/me",
                tag="Follows",
                summary="Follow a channel no longer.",
                handle=self._unfollow,
                status=204,
                access=Access(scope="user:manage:follows"),
                path=FollowPath,
            ),
            Endpoint(
                method="GET",
                route="/channels/{login}/followers",
                tag="Follows",
                summary="How many follow a channel; for its owner and moderators also who, the newest first.",
                handle=self._followers,
                answer=CountedPage[FollowerOfChannel],
                path=FollowPath,
                query=PageQuery,
            ),
            Endpoint(
                method="GET",
                route="/users/me/follows",
                tag="Follows",
                summary="The channels you follow: live ones by viewers, then the newest followed.",
                handle=self._followed,
                answer=CountedPage[FollowedBroadcaster],
                access=Access(scope="user:read:follows"),
                query=FollowsQuery,
            ),
            Endpoint(
                method="GET",
                route="/users/me/follows/{login}",
                tag="Follows",
                summary="Whether you follow a channel, and since when; 404 if you do not.",
                handle=self._follows,
                answer=Data[Following],
                access=Access(scope="user:read:follows"),
                path=FollowPath,
            ),
        ]

    async def _follow(self, call: Call[FollowPath, Nothing, Wish]) -> Answer:
        channel = await self._access.find(call, call.path.login)
        if channel.id == call.user_id:
            raise ApiProblemError(403, "Nobody follows their own channel.")
        if channel.suspended:  # which staff hears of
            raise ApiProblemError(403, f"The channel {channel.login} is suspended.")
        self._spend(call.user_id)
        try:
            outcome = await follows.upsert_follow(
                self._db, user_id=call.user_id, channel_id=channel.id, notify=call.body.notify
            )
        except ForeignKeyViolationError:  # deleted meanwhile
            raise no_channel(call.path.login) from None
        match outcome:
            case FollowOutcome.BLOCKED:
                raise ApiProblemError(403, f"You cannot follow {channel.login}: its owner has blocked you.")
            case FollowOutcome.FULL:
                raise ApiProblemError(409, f"You follow {MAX_FOLLOWED} channels, which is the most.")
            case FollowOutcome.MADE | FollowOutcome.KEPT:
                return await self._following(call.user_id, channel.id, channel.login)

    async def _unfollow(self, call: Call[FollowPath, Nothing, Nothing]) -> Answer:
        channel_id, login = await self._known(call.path.login)
        self._spend(call.user_id)
        if not await follows.delete_follow(self._db, user_id=call.user_id, channel_id=channel_id):
            raise _not_followed(login)
        return Answer()

    async def _followers(self, call: Call[FollowPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login)
        total = visited.channel.followers
        if not (visited.may(Right.MODERATE) and visited.principal.has_scope(SEE_FOLLOWERS)):
            return Answer(CountedPage[FollowerOfChannel]([], total))
        name, query = f"followers of {visited.id}", call.query
        place = await self._cursors.place(name, query.after, tuple[int, int])
        found = await follows.select_followers(
            self._db,
            visited.id,
            limit=query.first + 1,
            after=FollowPlace(moment(place[0]), place[1]) if place else None,
        )
        more = await self._cursors.more(
            name, query.first, found, lambda row: [micros(row.followed_at), row.id]
        )
        return Answer(CountedPage([_follower(row) for row in found[: query.first]], total, more))

    async def _followed(self, call: Call[Nothing, FollowsQuery, Nothing]) -> Answer:
        query = call.query
        name = f"followed by {call.user_id} {query.live_only} {query.broadcaster_login}"
        place = await self._cursors.place(name, query.after, tuple[int, int, int])
        found = await follows.select_followed(
            self._db,
            call.user_id,
            limit=query.first + 1,
            live_only=query.live_only,
            login=query.broadcaster_login,
            after=FollowedPlace(place[0], moment(place[1]), place[2]) if place else None,
        )
        more = await self._cursors.more(
            name, query.first, found, lambda row: [row.viewers, micros(row.followed_at), row.channel_id]
        )
        if query.broadcaster_login is None:
            total = await follows.count_following(self._db, call.user_id)
        else:
            total = len(found)
        return Answer(CountedPage([_followed(row) for row in found[: query.first]], total, more))

    async def _follows(self, call: Call[FollowPath, Nothing, Nothing]) -> Answer:
        channel_id, login = await self._known(call.path.login)
        return await self._following(call.user_id, channel_id, login)

    async def _following(self, user_id: int, channel_id: int, login: str) -> Answer:
        found = await follows.select_follow(self._db, user_id=user_id, channel_id=channel_id)
        if found is None:
            raise _not_followed(login)
        return Answer(Data([_following(found)]))

    async def _known(self, login: str) -> tuple[int, str]:
        """Find a channel for somebody who may follow it: also a suspended one, to be left."""
        found = await channels.select_channel_by_login(self._db, login)
        if found is None:
            raise no_channel(login)
        return found.id, found.login

    def _spend(self, user_id: int) -> None:
        pace = self._pacer.spend(str(user_id), trio.current_time())
        if not pace.allowed:
            raise ApiProblemError(
                429,
                "You follow and unfollow too fast; wait a little.",
                retry_after_s=math.ceil(pace.retry_in_s),
            )


def _not_followed(login: str) -> ApiProblemError:
    return ApiProblemError(404, f"You do not follow {login}.")


def _following(row: Follower) -> Following:
    return Following(
        broadcaster_id=str(row.id),
        broadcaster_login=row.login,
        broadcaster_name=row.display_name,
        followed_at=rfc3339(row.followed_at),
        notify=row.notify,
    )


def _follower(row: Follower) -> FollowerOfChannel:
    return FollowerOfChannel(
        user_id=str(row.id),
        user_login=row.login,
        user_name=row.display_name,
        followed_at=rfc3339(row.followed_at),
    )


def _followed(row: FollowedChannel) -> FollowedBroadcaster:
    live = row.started_at is not None
    return FollowedBroadcaster(
        broadcaster_id=str(row.channel_id),
        broadcaster_login=row.login,
        broadcaster_name=row.display_name,
        followed_at=rfc3339(row.followed_at),
        notify=row.notify,
        title=row.title,
        game_id="" if row.category_id is None else str(row.category_id),
        game_name=row.category_name or "",
        is_live=live,
        viewer_count=row.viewers if live else None,
        started_at=rfc3339_or_none(row.started_at),
    )
