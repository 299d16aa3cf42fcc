"""Routes about notices: what somebody was told, and what they have read of it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import notices
from common.queries.notices import MAX_COUNTED
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, Id, IdText, PageSize, Pagination, Timestamp, rfc3339
from webapp.notice_texts import wording
from webapp.problems import ApiProblemError


class NoticesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of them."""

    unread: bool = False
    """Only those that are not read."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class Notice(msgspec.Struct, frozen=True):
    """Something that somebody was told."""

    id: IdText
    type: str
    """`stream.online`, or such as `subscription.gift`."""
    broadcaster_id: IdText
    broadcaster_login: str
    broadcaster_name: str
    title: str
    """In words, one line."""
    text: str
    """More words, or ''."""
    details: dict[str, Any]
    """What depends on the type: `stream_id` and the `title` of the broadcast for `stream.online`."""
    created_at: Timestamp
    is_read: bool


class NoticePage(msgspec.Struct, frozen=True):
    """A page of notices."""

    data: list[Notice]
    unread_count: Annotated[int, Meta(ge=0, le=MAX_COUNTED, description="Of all pages, counted up to 1000.")]
    pagination: Pagination = Pagination()


class NoticePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which notice."""

    id: Id


class ReadUpTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much was read."""

    up_to: IdText
    """Number of the newest notice that was seen: what has come since stays unread."""


class NoticeRoutes:
    """Notices."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/notices",
                tag="Notices",
                summary="What you were told in the last weeks, the newest first, and how much of it you have not read.",
                handle=self._list,
                answer=NoticePage,
                access=SESSION_ONLY,
                query=NoticesQuery,
            ),
            Endpoint(
                method="PUT",
                route="/notices/{id}/read",
                tag="Notices",
                summary="Mark a notice as read.",
                handle=self._read,
                status=204,
                access=SESSION_ONLY,
                path=NoticePath,
            ),
            Endpoint(
                method="POST",
                route="/notices/read",
                tag="Notices",
                summary="Mark all notices as read that you have seen.",
                handle=self._read_all,
                status=204,
                access=SESSION_ONLY,
                body=ReadUpTo,
            ),
        ]

    async def _list(self, call: Call[Nothing, NoticesQuery, Nothing]) -> Answer:
        query = call.query
        name = f"notices of {call.user_id} {query.unread}"
        place = await self._cursors.place(name, query.after, tuple[int])
        found = await notices.select_notices(
            self._db,
            call.user_id,
            limit=query.first + 1,
            before_id=None if place is None else place[0],
            unread=query.unread,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.id])
        unread = await notices.count_unread(self._db, call.user_id)
        return Answer(NoticePage([_notice(row) for row in found[: query.first]], unread, more))

    async def _read(self, call: Call[NoticePath, Nothing, Nothing]) -> Answer:
        if not await notices.mark_read(self._db, call.user_id, call.path.id):
            raise ApiProblemError(404, "You have no such notice.")
        return Answer()

    async def _read_all(self, call: Call[Nothing, Nothing, ReadUpTo]) -> Answer:
        await notices.mark_all_read(self._db, call.user_id, up_to=min(int(call.body.up_to), 2**63 - 1))
        return Answer()


def _notice(row: notices.Notice) -> Notice:
    words = wording(row.type, row.display_name, row.details)
    return Notice(
        id=str(row.id),
        type=row.type,
        broadcaster_id=str(row.channel_id),
        broadcaster_login=row.login,
        broadcaster_name=row.display_name,
        title=words.title,
        text=words.text,
        details=row.details,
        created_at=rfc3339(row.created_at),
        is_read=row.read_at is not None,
    )
