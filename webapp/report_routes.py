"""Routes about reports: anybody who is logged in tells the staff of the site what should not be there."""

import secrets
import time
import uuid
from typing import Annotated, ClassVar, Literal

import msgspec
import trio
from msgspec import Meta

from common.db import Database
from common.ids import RANDOM_BITS, uuid7
from common.limits import ConnectionRate
from common.queries import administration, reports
from common.queries.administration import MAX_ID, Report
from common.queries.reports import SeenReport
from webapp import fields
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    Data,
    IdText,
    Page,
    PageQuery,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.problems import ApiProblemError
from webapp.texts import check_text

REPORTS_PER_HOUR = 20
"""Of one person."""

TargetType = Literal["channel", "user", "stream"]
Reason = Literal[
    "spam",
    "harassment",
    "hate",
    "violence",
    "sexual",
    "self_harm",
    "illegal",
    "impersonation",
    "copyright",
    "privacy",
    "other",
]


class NewReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody saw."""

    multi_line: ClassVar[frozenset[str]] = frozenset({"description"})

    target_type: TargetType
    target_id: Annotated[str, Meta(min_length=1, max_length=36)]
    """Id of the account, the channel (the same), or the broadcast."""
    reason: Reason
    description: Annotated[str, Meta(max_length=2000)] = ""


class OwnReport(msgspec.Struct, frozen=True):
    """A report as who wrote it sees it."""

    id: uuid.UUID
    created_at: Timestamp
    target_type: str
    target_id: str
    broadcaster_id: IdText | None
    broadcaster_login: str | None
    reason: str
    description: str
    status: str
    handled_at: Timestamp | None


class ReportRoutes:
    """Reports."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors
        self._pace = ConnectionRate(per_s=REPORTS_PER_HOUR / 3600, burst=REPORTS_PER_HOUR)

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="POST",
                route="/reports",
                tag="Reports",
                summary="Tell the staff of the site about a channel, an account or a broadcast.",
                handle=self._create,
                answer=Data[OwnReport],
                status=201,
                access=SESSION_ONLY,
                body=NewReport,
                problems=(404, 409),
            ),
            Endpoint(
                method="GET",
                route="/reports",
                tag="Reports",
                summary="What you reported, the newest first.",
                handle=self._list_own,
                answer=Page[OwnReport],
                access=SESSION_ONLY,
                query=PageQuery,
            ),
        ]

    async def _create(self, call: Call[Nothing, Nothing, NewReport]) -> Answer:
        body = call.body
        check_text("description", body.description, lines=True)
        channel_id = await self._channel_of(body)
        await self._refuse_too_many(call.user_id, body)
        report = Report(
            id=uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS)),
            reporter_id=call.user_id,
            channel_id=channel_id,
            target_type=body.target_type,
            target_id=body.target_id,
            reason=body.reason,
            description=body.description,
        )
        await administration.insert_report(self._db, report)
        made = await reports.select_report(self._db, report.id)
        if made is None:
            raise ApiProblemError(409, "This report was just removed.")
        return Answer(Data([own_report(made)]))

    async def _refuse_too_many(self, user_id: int, body: NewReport) -> None:
        if await reports.exists_open_report(
            self._db, user_id, target_type=body.target_type, target_id=body.target_id
        ):
            raise ApiProblemError(409, "You reported this before, and it has not been dealt with yet.")
        if not self._pace.allow(f"user {user_id}", trio.current_time()):
            raise ApiProblemError(429, "Too many reports; come back later.", retry_after_s=180)

    async def _channel_of(self, body: NewReport) -> int:
        """Say to which channel belongs what is reported, or refuse what is not there."""
        await trio.lowlevel.checkpoint()
        found: int | None = None
        if body.target_type == "stream":
            stream_id = _uuid(body.target_id)
            if stream_id is not None:
                found = await reports.select_channel_of_stream(self._db, stream_id)
        elif (
            body.target_id.isascii() and body.target_id.isdigit() and 0 < int(body.target_id) <= fields.MAX_ID
        ):
            found = await reports.select_channel_of_user(self._db, int(body.target_id))
        if found is None:
            raise ApiProblemError(404, f"There is no {body.target_type} with this id.")
        return found

    async def _list_own(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = f"reports of {call.user_id}", call.query
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        found = await reports.select_reports_of(
            self._db, call.user_id, limit=query.first + 1, before=MAX_ID if place is None else place[0]
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [str(row.id)])
        return Answer(Page([own_report(row) for row in found[: query.first]], more))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def own_report(row: SeenReport) -> OwnReport:
    """Show a report to who wrote it."""
    return OwnReport(
        id=row.id,
        created_at=rfc3339(row.created_at),
        target_type=row.target_type,
        target_id=row.target_id,
        broadcaster_id=None if row.channel_id is None else str(row.channel_id),
        broadcaster_login=row.channel_login,
        reason=row.reason,
        description=row.description,
        status=row.status,
        handled_at=rfc3339_or_none(row.handled_at),
    )
