"""Routes about what happened on a channel: its activity feed, with the names and payloads of EventSub."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import outbox
from common.queries.outbox import EVENT_TYPES, ChannelEvent
from common.rights import Right
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, IdText, Page, PageSize, Timestamp, rfc3339

EventType = Literal["stream.online", "stream.offline", "channel.update"]


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events."""

    type: Annotated[list[EventType], Meta(max_length=len(EVENT_TYPES))] = []
    """Repeatable; without it all of them."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class Event(msgspec.Struct, frozen=True):
    """One thing that happened; kept for a week."""

    id: IdText
    type: str
    created_at: Timestamp
    event: dict[str, Any]
    """EventSub's payload of this type, and a little more."""


class EventRoutes:
    """What happened on channels."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/channels/{login}/events",
                tag="Channels",
                summary="For owner and editors: what happened on the channel in the last week, the newest first.",
                handle=self._list,
                answer=Page[Event],
                access=Access(scope="channel:manage:broadcast"),
                path=ChannelPath,
                query=EventsQuery,
            ),
        ]

    async def _list(self, call: Call[ChannelPath, EventsQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.EDIT)
        query = call.query
        types: list[str] = sorted(query.type) or list(EVENT_TYPES)
        name = f"events of {visited.id} {types}"
        place = await self._cursors.place(name, query.after, tuple[int])
        found = await outbox.select_channel_events(
            self._db,
            visited.id,
            limit=query.first + 1,
            types=types,
            before_id=None if place is None else place[0],
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.id])
        return Answer(Page([_event(row) for row in found[: query.first]], more))


def _event(row: ChannelEvent) -> Event:
    return Event(id=str(row.id), type=row.type, created_at=rfc3339(row.created_at), event=row.event)
