"""The route by which the staff of the site look channels up: listed or not, live or not, suspended or not."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import channel_desk
from common.queries.channel_desk import DeskChannel
from common.rights import Right
from webapp.actors import require_site_right
from webapp.admin_routes import Prefix
from webapp.channel_routes import Visibility
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    IdText,
    Page,
    PageSize,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)


class ChannelsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which channels."""

    login: Prefix | None = None
    status: Annotated[
        Literal["", "live", "suspended"], Meta(description="Suspended: those whose owner is.")
    ] = ""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class StaffChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel as the staff sees it."""

    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    title: str
    game_name: str
    broadcaster_language: str
    visibility: Visibility
    is_mature: bool
    follower_count: int
    created_at: Timestamp
    suspended_at: Timestamp | None
    suspension_reason: str | None
    is_live: bool
    viewer_count: int
    """0 while it is not live."""
    started_at: Timestamp | None
    """When its newest broadcast began; null: there was none."""
    ended_at: Timestamp | None
    """When it ended; null while it is live."""


class ChannelDeskRoutes:
    """All channels."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="GET",
                route="/admin/channels",
                tag="Administration",
                summary="For staff: channels by login, listed or not, all of them, those that are live, or those of the suspended.",
                handle=self._list,
                answer=Page[StaffChannel],
                access=SESSION_ONLY,
                query=ChannelsQuery,
            ),
        ]

    async def _list(self, call: Call[Nothing, ChannelsQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SEE_REPORTS)
        query = call.query
        prefix = (query.login or "").lower()
        name = f"channels {query.status} {prefix}"
        place = await self._cursors.place(name, query.after, tuple[str])
        found = await channel_desk.select_desk_channels(
            self._db,
            limit=query.first + 1,
            prefix=prefix,
            after_login="" if place is None else place[0],
            only=query.status,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.login])
        return Answer(Page([_staff_channel(row) for row in found[: query.first]], more))


def _staff_channel(row: DeskChannel) -> StaffChannel:
    is_live = row.started_at is not None and row.ended_at is None
    return StaffChannel(
        broadcaster_id=str(row.id),
        broadcaster_login=row.login,
        broadcaster_name=row.display_name,
        title=row.title,
        game_name=row.category_name or "",
        broadcaster_language=row.language,
        visibility=msgspec.convert(row.visibility, Visibility),
        is_mature=row.is_mature,
        follower_count=row.followers,
        created_at=rfc3339(row.created_at),
        suspended_at=rfc3339_or_none(row.suspended_at),
        suspension_reason=row.suspension_reason,
        is_live=is_live,
        viewer_count=(row.viewer_count or 0) if is_live else 0,
        started_at=rfc3339_or_none(row.started_at),
        ended_at=rfc3339_or_none(row.ended_at),
    )
