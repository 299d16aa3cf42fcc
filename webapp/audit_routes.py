"""Routes that show who changed what: all of it for the staff of the site, each channel's for those who moderate it."""

import uuid
from typing import Annotated, Any

import msgspec
import trio
from msgspec import Meta

from common.db import Database
from common.queries import audit_log, users
from common.queries.administration import MAX_ID
from common.queries.audit_log import DeedFilter, LoggedDeed
from common.rights import Right
from webapp.actors import require_site_right
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    IdText,
    Login,
    Page,
    PageQuery,
    PageSize,
    Timestamp,
    rfc3339,
)

Action = Annotated[str, Meta(pattern="^[a-z_.]{1,60}$", description="Such as `suspend`.")]


class LogQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which deeds."""

    actor: Login | None = None
    """Who did it. Deeds of an account that is gone are found by `action` or in the whole list."""
    channel: Login | None = None
    action: Action | None = None
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class Deed(msgspec.Struct, frozen=True):
    """One deed. It is never changed, and outlives who did it."""

    id: uuid.UUID
    created_at: Timestamp
    actor_type: str
    """`user`, `staff`, `api` (a program with a token), `shell` or `system`."""
    actor_id: IdText | None
    actor_login: str | None
    """`None` where the account is gone, or there was none."""
    broadcaster_id: IdText | None
    broadcaster_login: str | None
    action: str
    target_type: str | None
    target_id: str | None
    details: dict[str, Any]


class AuditRoutes:
    """The audit log, and the part of it that belongs to a channel."""

    def __init__(self, db: Database, cursors: Cursors, access: ChannelAccess) -> None:
        self._db = db
        self._cursors = cursors
        self._access = access

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/audit-log",
                tag="Administration",
                summary="For staff: who changed what, the newest first.",
                handle=self._list,
                answer=Page[Deed],
                access=SESSION_ONLY,
                query=LogQuery,
            ),
            Endpoint(
                method="GET",
                route="/channels/{login}/moderation-log",
                tag="Channels",
                summary="For owner and moderators: who changed what in the channel, the newest first.",
                handle=self._of_channel,
                answer=Page[Deed],
                access=Access(scope="moderation:read"),
                path=ChannelPath,
                query=PageQuery,
            ),
        ]

    async def _list(self, call: Call[Nothing, LogQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SEE_REPORTS)
        query = call.query
        actor_id, channel_id = await self._id(query.actor), await self._id(query.channel)
        if 0 in {actor_id, channel_id}:
            return Answer(Page[Deed]([]))
        only = DeedFilter(channel_id=channel_id, actor_id=actor_id, action=query.action)
        return await self._page(f"log {query.actor} {query.channel} {query.action}", query, only)

    async def _of_channel(self, call: Call[ChannelPath, PageQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.MODERATE)
        return await self._page(f"log of {visited.id}", call.query, DeedFilter(channel_id=visited.id))

    async def _page(self, name: str, query: LogQuery | PageQuery, only: DeedFilter) -> Answer:
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        found = await audit_log.select_deeds(
            self._db, limit=query.first + 1, only=only, before=MAX_ID if place is None else place[0]
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [str(row.id)])
        return Answer(Page([shown_deed(row) for row in found[: query.first]], more))

    async def _id(self, login: str | None) -> int | None:
        """Give the id of an account; `None` where none was asked for, 0 where there is none."""
        await trio.lowlevel.checkpoint()
        if login is None:
            return None
        found = await users.select_user_by_login(self._db, login)
        return found.id if found else 0


def shown_deed(row: LoggedDeed) -> Deed:
    """Give a deed as it is shown."""
    return Deed(
        id=row.id,
        created_at=rfc3339(row.at),
        actor_type=row.actor_kind,
        actor_id=None if row.actor_id is None else str(row.actor_id),
        actor_login=row.actor_login,
        broadcaster_id=None if row.channel_id is None else str(row.channel_id),
        broadcaster_login=row.channel_login,
        action=row.action,
        target_type=row.target_type,
        target_id=row.target_id,
        details=row.details,
    )
