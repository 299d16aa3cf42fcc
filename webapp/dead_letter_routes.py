"""Routes about what could not be delivered, and may be tried once more: for whoever runs the site."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from common.db import Database
from common.queries import deliveries, delivery_log
from common.rights import Right
from webapp.actors import require_site_right
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, Id, IdText, Page, PageSize, Timestamp, rfc3339
from webapp.problems import ApiProblemError

Kind = Annotated[str, Meta(pattern="^[a-z][a-z_:]{0,39}$", description="Such as `push`, `mail`, `webhook`.")]


class DeadLettersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of them."""

    kind: Kind | None = None
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class DeadLetter(msgspec.Struct, frozen=True):
    """One delivery that was given up; kept for six days."""

    id: IdText
    kind: str
    """`expansion`: the event could not be made into deliveries at all."""
    target: str
    """Number of the push subscription, the user or the webhook subscription it was for."""
    event_id: IdText
    event_type: str
    broadcaster_id: IdText
    message_id: UUID
    attempts: int
    created_at: Timestamp
    finished_at: Timestamp
    last_error: str


class DeadLetterPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which one."""

    id: Id


class DeadLetterRoutes:
    """What could not be delivered."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/dead-letters",
                tag="Administration",
                summary="For administrators: notices and webhooks that were given up, the newest first.",
                handle=self._list,
                answer=Page[DeadLetter],
                access=SESSION_ONLY,
                query=DeadLettersQuery,
            ),
            Endpoint(
                method="POST",
                route="/admin/dead-letters/{id}/resend",
                tag="Administration",
                summary="For administrators: have something that was given up tried once more.",
                handle=self._resend,
                status=204,
                access=SESSION_ONLY,
                path=DeadLetterPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, DeadLettersQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        query = call.query
        name = f"dead letters {query.kind}"
        place = await self._cursors.place(name, query.after, tuple[int])
        found = await deliveries.select_dead_letters(
            self._db,
            limit=query.first + 1,
            kind=query.kind,
            before_id=None if place is None else place[0],
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.id])
        return Answer(Page([_dead_letter(row) for row in found[: query.first]], more))

    async def _resend(self, call: Call[DeadLetterPath, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        letter_id = call.path.id
        if not (
            await delivery_log.resend_delivery(self._db, letter_id)
            or await delivery_log.expand_again(self._db, letter_id)
        ):
            raise ApiProblemError(404, "There is nothing like that any more that was given up.")
        return Answer()


def _dead_letter(row: deliveries.DeadLetter) -> DeadLetter:
    return DeadLetter(
        id=str(row.id),
        kind=row.kind,
        target=row.target,
        event_id=str(row.event_id),
        event_type=row.event_type,
        broadcaster_id=str(row.channel_id),
        message_id=row.message_id,
        attempts=row.attempts,
        created_at=rfc3339(row.created_at),
        finished_at=rfc3339(row.finished_at),
        last_error=row.last_error or "",
    )
