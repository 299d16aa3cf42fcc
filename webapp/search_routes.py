"""The route that finds channels by login, name and title."""

import msgspec

from common.db import Database
from common.queries import search
from common.queries.search import FoundChannel, FoundPlace
from webapp.category_routes import SearchQuery
from webapp.cursors import Cursors
from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import IdText, Page, Timestamp, rfc3339_or_none


class FoundBroadcaster(msgspec.Struct, frozen=True):
    """A channel that a search found."""

    id: IdText
    broadcaster_login: str
    display_name: str
    broadcaster_language: str
    game_id: str
    """Of its category; '' without one."""
    game_name: str
    title: str
    tags: list[str]
    follower_count: int
    is_live: bool
    viewer_count: int | None
    """`null` while it is offline, as `started_at`."""
    started_at: Timestamp | None


class SearchChannelsQuery(SearchQuery, frozen=True):
    """What is looked for, and whether it must be live."""

    live_only: bool = False


class SearchRoutes:
    """Search over channels."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/search/channels",
                tag="Search",
                summary="Find channels: the login itself, then live ones, then others, then what is meant with a slip.",
                handle=self._search,
                answer=Page[FoundBroadcaster],
                query=SearchChannelsQuery,
            ),
        ]

    async def _search(self, call: Call[Nothing, SearchChannelsQuery, Nothing]) -> Answer:
        query = call.query
        name = f"channels found for {query.live_only} {query.query}"
        place = await self._cursors.place(name, query.after, tuple[int, int])
        found = await search.find_channels(
            self._db,
            query.query,
            limit=query.first + 1,
            live_only=query.live_only,
            after=FoundPlace(*place) if place else None,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.score, row.channel_id])
        return Answer(Page([_found(row) for row in found[: query.first]], more))


def _found(row: FoundChannel) -> FoundBroadcaster:
    return FoundBroadcaster(
        id=str(row.channel_id),
        broadcaster_login=row.login,
        display_name=row.display_name,
        broadcaster_language=row.language,
        game_id="" if row.category_id is None else str(row.category_id),
        game_name=row.category_name or "",
        title=row.title,
        tags=row.tags,
        follower_count=row.followers,
        is_live=row.viewers is not None,
        viewer_count=row.viewers,
        started_at=rfc3339_or_none(row.started_at),
    )
