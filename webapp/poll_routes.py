"""Routes about polls; names are those of Helix `polls`. Votes are cast in chat."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from common import polls
from common.db import Database
from common.queries import polls as stored
from common.queries.polls import Poll as StoredPoll
from common.rights import Right
from common.stage_limits import ChoiceTitle, PollSeconds, PollTitle
from webapp.actors import Actors
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, IdText, Page, PageQuery, Timestamp, rfc3339, rfc3339_or_none
from webapp.room_acts import done, moderator_of, place_of


class Choice(msgspec.Struct, frozen=True):
    """What can be voted for."""

    id: str
    title: str
    votes: int


class Poll(msgspec.Struct, frozen=True):
    """A poll as it stands."""

    id: UUID
    broadcaster_id: IdText
    title: str
    choices: list[Choice]
    status: str
    """`ACTIVE`, `COMPLETED` (its time was up), `TERMINATED` or `ARCHIVED` (and not shown)."""
    duration: int
    """Seconds that it was to take."""
    started_at: Timestamp
    ends_at: Timestamp
    ended_at: Timestamp | None


class NewChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A choice of a new poll."""

    title: ChoiceTitle


class NewPoll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A poll that is to begin."""

    title: PollTitle
    choices: Annotated[list[NewChoice], Meta(min_length=2, max_length=5)]
    duration: PollSeconds


class PollEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of a poll."""

    id: UUID
    status: Literal["TERMINATED", "ARCHIVED"]


class PollRoutes:
    """Polls."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        route = "/channels/{login}/polls"
        manage = Access(scope="channel:manage:polls")
        return [
            Endpoint(
                method="GET",
                route=route,
                tag="Chat",
                summary="Polls of a channel that you moderate, the newest first.",
                handle=self._list,
                answer=Page[Poll],
                access=Access(scope="channel:read:polls"),
                path=ChannelPath,
                query=PageQuery,
            ),
            Endpoint(
                method="POST",
                route=route,
                tag="Chat",
                summary="Begin a poll in a chat that you moderate.",
                handle=self._create,
                answer=Data[Poll],
                access=manage,
                path=ChannelPath,
                body=NewPoll,
                problems=(409, 422),
            ),
            Endpoint(
                method="PATCH",
                route=route,
                tag="Chat",
                summary="End a poll before its time.",
                handle=self._end,
                answer=Data[Poll],
                access=manage,
                path=ChannelPath,
                body=PollEnd,
                problems=(409,),
            ),
        ]

    async def _list(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        name, query = f"polls of {visited.id}", call.query
        place = await self._cursors.place(name, query.after, tuple[UUID])
        found = await stored.select_polls(
            self._db, visited.id, limit=query.first + 1, before=place[0] if place else None
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [str(row.id)])
        return Answer(Page([_shown(row) for row in found[: query.first]], more))

    async def _create(self, call: Call[ChannelPath, Nothing, NewPoll]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, wanted = await moderator_of(self._actors, call), call.body
        titles = [choice.title for choice in wanted.choices]
        made = await polls.create_poll(
            self._db, moderator, place_of(visited), wanted.title, titles, wanted.duration
        )
        return Answer(Data([_shown(done(made))]))

    async def _end(self, call: Call[ChannelPath, Nothing, PollEnd]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        moderator, wanted = await moderator_of(self._actors, call), call.body
        ended = await polls.end_poll(self._db, moderator, place_of(visited), wanted.id, wanted.status)
        return Answer(Data([_shown(done(ended))]))


def _shown(poll: StoredPoll) -> Poll:
    return Poll(
        id=poll.id,
        broadcaster_id=str(poll.channel_id),
        title=poll.title,
        choices=[Choice(str(one.choice), one.title, one.votes) for one in poll.choices],
        status=poll.status,
        duration=round((poll.ends_at - poll.started_at).total_seconds()),
        started_at=rfc3339(poll.started_at),
        ends_at=rfc3339(poll.ends_at),
        ended_at=rfc3339_or_none(poll.ended_at),
    )
