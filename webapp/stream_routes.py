"""Routes about what is live: the directory, most watched first, in pages that nobody's coming and going puts out of order.

Who begins to read gets the order of that moment, noted in the database for all web nodes; the cursor says which one, and how
far. So whatever was listed then and still is comes exactly once. An order is kept for minutes: who turns a page later than
that goes on by viewers, and may meet what has moved meanwhile twice, or miss it.
"""

import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
import trio
from msgspec import UNSET, Meta, UnsetType

from common.db import Database
from common.queries import directory
from common.queries.directory import DirectoryEntry, DirectoryFilter, DirectoryPlace
from webapp.assets import asset_url
from webapp.cursors import Cursors
from webapp.endpoint import Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    MAX_PAGE,
    CursorText,
    Id,
    IdText,
    Login,
    Page,
    PageSize,
    Timestamp,
    rfc3339,
)

FilterLanguage = Annotated[str, Meta(max_length=35, description="As channels have it: en, pt-BR.")]
FilterTag = Annotated[str, Meta(min_length=1, max_length=25, description="Of several, all.")]

ORDER_TRUSTED_S = 1.0
"""How long one process begins lists with an order without asking for a newer one; it may have been `ORDER_FRESH_S` old."""

Ranked = tuple[int, DirectoryEntry]
"""An entry, and its rank in the order that is read; 0 where there is none."""


class Stream(msgspec.Struct, frozen=True):
    """One live stream."""

    id: str
    user_id: IdText
    user_login: str
    user_name: str
    game_id: str
    """Of its category; '' without one."""
    game_name: str
    type: Literal["live"]
    title: str
    """The channel's of now, as category, tags and language."""
    tags: list[str]
    viewer_count: int
    started_at: Timestamp
    language: str
    """'' where the streamer did not say."""
    is_mature: bool
    thumbnail_url: str | UnsetType = UNSET
    """Address of a JPEG of 440 by 248 pixels, a new one every 20 s or so; left out while there is no picture.

    No template as on Helix: there is one size.
    """


class StreamsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which streams. Of values of one parameter any, of several parameters all must fit."""

    user_id: Annotated[list[Id], Meta(max_length=MAX_PAGE)] = []
    user_login: Annotated[list[Login], Meta(max_length=MAX_PAGE)] = []
    """Or one of these."""
    game_id: Annotated[list[Id], Meta(max_length=MAX_PAGE)] = []
    language: Annotated[list[FilterLanguage], Meta(max_length=MAX_PAGE)] = []
    tag: Annotated[list[FilterTag], Meta(max_length=MAX_PAGE)] = []
    type: Annotated[list[Literal["all", "live"]], Meta(max_length=MAX_PAGE)] = []
    """All that is listed is live."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None

    @property
    def names_people(self) -> bool:
        """Whether it asks for somebody rather than for what there is."""
        return bool(self.user_id or self.user_login)

    @property
    def list_name(self) -> str:
        """Name of the list it reads, for cursors: the same filters, in any order, make the same list."""
        filters = (self.user_id, self.user_login, self.game_id, self.language, self.tag)
        return f"streams {[sorted({str(value).lower() for value in values}) for values in filters]}"


class StreamRoutes:
    """The directory."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors
        self._known: tuple[uuid.UUID, float] | None = None
        """The order of the directory that was asked for last, and until when it is good enough to begin with."""

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/streams",
                tag="Streams",
                summary="What is live, the most watched first; unlisted streams only for who names them.",
                handle=self._list,
                answer=Page[Stream],
                query=StreamsQuery,
            ),
        ]

    async def _list(self, call: Call[Nothing, StreamsQuery, Nothing]) -> Answer:
        query = call.query
        place = await self._cursors.place(query.list_name, query.after, tuple[str, int, int, str])
        order = uuid.UUID(place[0]) if place and place[0] else None
        behind = DirectoryPlace(place[2], uuid.UUID(place[3])) if place else DirectoryPlace()
        only = DirectoryFilter(query.game_id, query.language, query.tag)
        if query.names_people:
            order, found = None, await self._named(query, only, behind)
        elif place is None:
            order, found = await self._begin(query, only)
        else:
            order, found = await self._go_on(query, only, order, place[1], behind)

        def position(ranked: Ranked) -> list[int | str]:
            rank, entry = ranked
            return [order.hex if order else "", rank, entry.viewer_count, entry.stream_id.hex]

        return Answer(
            Page(
                [_stream(entry) for _, entry in found[: query.first]],
                await self._cursors.more(query.list_name, query.first, found, position),
            )
        )

    async def _named(
        self, query: StreamsQuery, only: DirectoryFilter, behind: DirectoryPlace
    ) -> list[Ranked]:
        logins = [login.lower() for login in query.user_login]
        found = await directory.select_reachable(
            self._db, channel_ids=query.user_id, logins=logins, only=only
        )
        place = (behind.viewers, behind.stream_id)
        return _unranked([entry for entry in found if (entry.viewer_count, entry.stream_id) < place])

    async def _begin(
        self, query: StreamsQuery, only: DirectoryFilter
    ) -> tuple[uuid.UUID | None, list[Ranked]]:
        """Read a first page; an order is noted where it is not the last one, too."""
        if only == directory.ANYTHING and self._known is not None and trio.current_time() < self._known[1]:
            ordered = await self._ordered(query, only, self._known[0])
            if len(ordered) > query.first:
                return self._known[0], ordered
        found = await directory.select_directory(self._db, limit=query.first + 1, only=only)
        if len(found) <= query.first:
            return None, _unranked(found)
        order = await self._obtain_order()
        if ordered := await self._ordered(query, only, order):
            return order, ordered
        self._known = None  # the order is gone: the database was restored, or crashed
        return None, _unranked(found)

    async def _obtain_order(self) -> uuid.UUID:
        if self._known is None or trio.current_time() >= self._known[1]:
            now = trio.current_time()
            self._known = await directory.obtain_directory_order(self._db), now + ORDER_TRUSTED_S
        else:
            await trio.lowlevel.checkpoint_if_cancelled()
        return self._known[0]

    async def _ordered(
        self, query: StreamsQuery, only: DirectoryFilter, order: uuid.UUID, rank: int = 0
    ) -> list[Ranked]:
        return await directory.select_ordered_directory(
            self._db, limit=query.first + 1, only=only, order_id=order, after_rank=rank
        )

    async def _go_on(
        self,
        query: StreamsQuery,
        only: DirectoryFilter,
        order: uuid.UUID | None,
        rank: int,
        behind: DirectoryPlace,
    ) -> tuple[uuid.UUID | None, list[Ranked]]:
        """Read a further page, in the order of the first, or by viewers when that is forgotten."""
        if order is not None:
            found = await self._ordered(query, only, order, rank)
            if found or await directory.exists_directory_order(self._db, order):
                return order, found
        rest = await directory.select_directory(self._db, limit=query.first + 1, only=only, after=behind)
        return None, _unranked(rest)


def _unranked(entries: Sequence[DirectoryEntry]) -> list[Ranked]:
    return [(0, entry) for entry in entries]


def _stream(entry: DirectoryEntry) -> Stream:
    return Stream(
        id=str(entry.stream_id),
        user_id=str(entry.channel_id),
        user_login=entry.login,
        user_name=entry.display_name,
        game_id="" if entry.category_id is None else str(entry.category_id),
        game_name=entry.category_name or "",
        type="live",
        title=entry.title,
        tags=entry.tags,
        viewer_count=entry.viewer_count,
        started_at=rfc3339(entry.started_at),
        language=entry.language,
        is_mature=entry.is_mature,
        thumbnail_url=UNSET if entry.thumbnail is None else asset_url(entry.thumbnail),
    )
