"""Routes about reports for the staff of the site: what there is to look into, and what became of it."""

import uuid
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from common.audit import Target, write_down
from common.db import Database
from common.queries import administration, reports
from common.queries.administration import MAX_ID
from common.queries.reports import SeenReport
from common.rights import Right, may
from webapp.actors import Actors, require_site_right
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, Data, IdText, Login, Page, PageSize
from webapp.problems import ApiProblemError
from webapp.report_routes import OwnReport, own_report
from webapp.texts import check_text

Status = Literal["open", "resolved", "rejected"]


class StaffReport(OwnReport, frozen=True):
    """A report as the staff sees it."""

    reporter_id: IdText | None
    reporter_login: str | None
    """`None` where the account is gone."""
    handler_login: str | None
    """Who dealt with it; of an open one, who looks into it."""
    note: str


class ReportsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which reports."""

    status: Status = "open"
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class ReportPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which report."""

    id: uuid.UUID


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a report."""

    multi_line: ClassVar[frozenset[str]] = frozenset({"note"})

    status: Literal["resolved", "rejected"]
    note: Annotated[str, Meta(max_length=2000, description="For the staff.")] = ""


class Taking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to look into a report."""

    take: bool
    """`false`: you do no more."""
    instead_of: Login | None = None
    """Who does as far as you know; another one is not put out unseen."""


class ReportDeskRoutes:
    """What staff do with reports."""

    def __init__(self, db: Database, cursors: Cursors, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/reports",
                tag="Administration",
                summary="For staff: reports, the newest first; those nobody has dealt with, or others.",
                handle=self._list,
                answer=Page[StaffReport],
                access=SESSION_ONLY,
                query=ReportsQuery,
            ),
            Endpoint(
                method="PATCH",
                route="/admin/reports/{id}",
                tag="Administration",
                summary="For staff: say what became of a report.",
                handle=self._close,
                answer=Data[StaffReport],
                access=SESSION_ONLY,
                path=ReportPath,
                body=Outcome,
                problems=(409,),
            ),
            Endpoint(
                method="PUT",
                route="/admin/reports/{id}/holder",
                tag="Administration",
                summary="For staff: say that you look into a report, or no more, so that no two do the same.",
                handle=self._take,
                answer=Data[StaffReport],
                access=SESSION_ONLY,
                path=ReportPath,
                body=Taking,
                problems=(409,),
            ),
        ]

    async def _list(self, call: Call[Nothing, ReportsQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SEE_REPORTS)
        query = call.query
        name = f"reports {query.status}"
        place = await self._cursors.place(name, query.after, tuple[uuid.UUID])
        found = await reports.select_reports_seen(
            self._db,
            status=query.status,
            limit=query.first + 1,
            before=MAX_ID if place is None else place[0],
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [str(row.id)])
        return Answer(Page([_staff_report(row) for row in found[: query.first]], more))

    async def _close(self, call: Call[ReportPath, Nothing, Outcome]) -> Answer:
        principal, body = call.caller.principal, call.body
        require_site_right(principal, Right.SEE_REPORTS)
        check_text("note", body.note, lines=True)
        report = await reports.select_report(self._db, call.path.id)
        if report is None:
            raise ApiProblemError(404, "There is no such report.")
        if report.channel_id == call.user_id and not may(principal, Right.MANAGE_SITE):
            raise ApiProblemError(403, "This report is about you; somebody else has to deal with it.")
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            if not await administration.close_report(
                transaction, report.id, status=body.status, handled_by=call.user_id, note=body.note
            ):
                raise ApiProblemError(409, "Somebody has dealt with this report already.")
            await write_down(
                transaction,
                actor,
                f"report_{body.status}",
                target=Target("report", str(report.id)),
                details={"note": body.note},
            )
        closed = await reports.select_report(self._db, call.path.id)
        return Answer(Data([_staff_report(closed or report)]))

    async def _take(self, call: Call[ReportPath, Nothing, Taking]) -> Answer:
        principal, body = call.caller.principal, call.body
        require_site_right(principal, Right.SEE_REPORTS)
        report = await reports.select_report(self._db, call.path.id)
        if report is None:
            raise ApiProblemError(404, "There is no such report.")
        if report.channel_id == call.user_id and not may(principal, Right.MANAGE_SITE):
            raise ApiProblemError(403, "This report is about you; somebody else has to deal with it.")
        is_seen = report.handled_by == call.user_id or report.handler_login == (body.instead_of or "").lower()
        before = report.handled_by if is_seen else None
        if not await reports.update_report_holder(
            self._db,
            report.id,
            holder_id=call.user_id if body.take else None,
            before_id=before if body.take else call.user_id,
        ):
            raise ApiProblemError(409, "Somebody else looks into this report, or it was dealt with.")
        taken = await reports.select_report(self._db, call.path.id)
        return Answer(Data([_staff_report(taken or report)]))


def _staff_report(row: SeenReport) -> StaffReport:
    return StaffReport(
        **msgspec.structs.asdict(own_report(row)),
        reporter_id=None if row.reporter_id is None else str(row.reporter_id),
        reporter_login=row.reporter_login,
        handler_login=row.handler_login,
        note=row.note,
    )
