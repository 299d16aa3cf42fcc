"""Routes about categories, which Helix calls games: looked up, listed by what is live in them, searched."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import categories, search
from common.queries.categories import CategoryPlace, LiveCategory
from webapp.assets import asset_url_or_empty
from webapp.cursors import Cursors
from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import MAX_PAGE, Data, Id, IdText, Page, PageQuery
from webapp.problems import ApiProblemError

CategoryName = Annotated[str, Meta(min_length=1, max_length=60, description="In any case of letters.")]
SearchText = Annotated[str, Meta(min_length=1, max_length=100, description="Words, or how they begin.")]

MAX_FOUND = 1000
"""Categories that one search gives, all pages together."""


class Category(msgspec.Struct, frozen=True):
    """What streams are about."""

    id: IdText
    name: str
    slug: str
    """Its name in the address of its page."""
    box_art_url: str
    """'' where the page draws one from the name."""


class LiveGame(msgspec.Struct, frozen=True):
    """A category, and what is live in it, of listed streams."""

    id: IdText
    name: str
    slug: str
    box_art_url: str
    live_channels: int
    viewer_count: int


class GamesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which categories."""

    id: Annotated[list[Id], Meta(max_length=MAX_PAGE)] = []
    name: Annotated[list[CategoryName], Meta(max_length=MAX_PAGE)] = []


class SearchQuery(PageQuery, frozen=True, kw_only=True):
    """What is looked for."""

    query: SearchText


class CategoryRoutes:
    """Categories."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/games",
                tag="Categories",
                summary="Look categories up by id or name; those that are not found are left out.",
                handle=self._look_up,
                answer=Data[Category],
                query=GamesQuery,
            ),
            Endpoint(
                method="GET",
                route="/games/top",
                tag="Categories",
                summary="All categories with what is live in them, the most watched first.",
                handle=self._top,
                answer=Page[LiveGame],
                query=PageQuery,
            ),
            Endpoint(
                method="GET",
                route="/search/categories",
                tag="Search",
                summary="Find categories by name, also while it is typed, and with a slip.",
                handle=self._search,
                answer=Page[Category],
                query=SearchQuery,
            ),
        ]

    async def _look_up(self, call: Call[Nothing, GamesQuery, Nothing]) -> Answer:
        query = call.query
        if not query.id and not query.name:
            raise ApiProblemError(400, "Say which categories: id=… or name=…")
        found = await categories.select_categories(self._db, ids=query.id, names=query.name)
        return Answer(Data([_category(category) for category in found]))

    async def _top(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = "top categories", call.query
        place = await self._cursors.place(name, query.after, tuple[int, int])
        found = await categories.select_live_categories(
            self._db, limit=query.first + 1, after=CategoryPlace(*place) if place else None
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.viewers, row.id])
        return Answer(Page([_live(row) for row in found[: query.first]], more))

    async def _search(self, call: Call[Nothing, SearchQuery, Nothing]) -> Answer:
        query = call.query
        name = f"categories found for {query.query}"
        # A count, not a sort key: what fits best is no column, and categories hardly ever change.
        place = await self._cursors.place(name, query.after, tuple[int])
        begin = place[0] if place else 0
        limit = min(begin + query.first + 1, MAX_FOUND)
        found = (await search.find_categories(self._db, query.query, limit=limit))[begin:]
        more = await self._cursors.more(name, query.first, found, lambda _: [begin + query.first])
        return Answer(Page([_category(row) for row in found[: query.first]], more))


def _category(category: categories.Category) -> Category:
    return Category(**_shared(category))


def _live(category: LiveCategory) -> LiveGame:
    return LiveGame(**_shared(category), live_channels=category.live, viewer_count=category.viewers)


def _shared(category: categories.Category | LiveCategory) -> dict[str, Any]:
    return {
        "id": str(category.id),
        "name": category.name,
        "slug": category.slug,
        "box_art_url": asset_url_or_empty(category.box_art),
    }
