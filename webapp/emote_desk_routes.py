"""Routes about emotes for the staff of the site: those of the site itself, and the review of those of channels."""

from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common.db import Database, Executor, UniqueViolationError
from common.queries import emotes
from common.queries.emotes import MAX_SITE_EMOTES, SITE, Emote, Status
from common.rights import Right, may
from webapp.actors import Actors, require_site_right
from webapp.cursors import Cursors
from webapp.emote_codes import Code, site_code
from webapp.emote_deeds import TAKEN, write_emote_down
from webapp.emote_uploads import EMOTE_UPLOAD, EmoteUploads
from webapp.emote_views import OwnEmote, ReviewedEmote, show_own, show_reviewed
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import DEFAULT_PAGE, CursorText, Data, Id, Page, PageSize
from webapp.problems import ApiProblemError
from webapp.texts import check_text


class QueueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which pictures."""

    status: Status = "pending"
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class SiteEmoteQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the picture that follows is to be."""

    code: Code


class SiteEmoteChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it is to be called."""

    code: Code


class EmoteId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which emote."""

    id: Id


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the staff says of a picture."""

    status: Literal["approved", "rejected"]
    reason: Annotated[str, Meta(max_length=500, description="For who uploaded it; of a rejection.")] = ""


class EmoteDeskRoutes:
    """Emotes, for the staff."""

    def __init__(self, db: Database, cursors: Cursors, actors: Actors, uploads: EmoteUploads) -> None:
        self._db = db
        self._cursors = cursors
        self._actors = actors
        self._uploads = uploads

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/emotes",
                tag="Administration",
                summary="For staff: emotes that wait for review, the oldest first; or those that were reviewed.",
                handle=self._list,
                answer=Page[ReviewedEmote],
                access=SESSION_ONLY,
                query=QueueQuery,
            ),
            Endpoint(
                method="PATCH",
                route="/admin/emotes/{id}",
                tag="Administration",
                summary="For staff: approve an emote, or reject it, which takes its pictures away everywhere.",
                handle=self._review,
                answer=Data[OwnEmote],
                access=SESSION_ONLY,
                path=EmoteId,
                body=Verdict,
                problems=(409,),
            ),
            Endpoint(
                method="POST",
                route="/admin/emotes",
                tag="Administration",
                summary="For staff: upload an emote of the site, for everybody.",
                handle=self._add,
                answer=Data[OwnEmote],
                status=201,
                access=SESSION_ONLY,
                query=SiteEmoteQuery,
                upload=EMOTE_UPLOAD,
                problems=(409, 422),
            ),
            Endpoint(
                method="PUT",
                route="/admin/emotes/{id}/code",
                tag="Administration",
                summary="For staff: give an emote of the site another code.",
                handle=self._rename,
                answer=Data[OwnEmote],
                access=SESSION_ONLY,
                path=EmoteId,
                body=SiteEmoteChange,
                problems=(409, 422),
            ),
            Endpoint(
                method="DELETE",
                route="/admin/emotes/{id}",
                tag="Administration",
                summary="For staff: delete an emote of the site. Messages that were said with it keep it for three months.",
                handle=self._delete,
                status=204,
                access=SESSION_ONLY,
                path=EmoteId,
            ),
        ]

    async def _list(self, call: Call[Nothing, QueueQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.REVIEW)
        query = call.query
        name = f"{query.status} emotes"
        place = await self._cursors.place(name, query.after, tuple[int])
        found = await emotes.select_emote_queue(
            self._db,
            status=query.status,
            after_id=0 if place is None else place[0],
            limit=query.first + 1,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.id])
        return Answer(Page([show_reviewed(row) for row in found[: query.first]], more))

    async def _review(self, call: Call[EmoteId, Nothing, Verdict]) -> Answer:
        principal, body = call.caller.principal, call.body
        require_site_right(principal, Right.REVIEW)
        check_text("reason", body.reason)
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            emote = await _find(transaction, call.path.id)
            if emote.channel_id == call.user_id and not may(principal, Right.MANAGE_SITE):
                raise ApiProblemError(403, "This emote is yours; somebody else has to review it.")
            check_verdict(emote.status, body)
            reason = body.reason if body.status == "rejected" else ""
            await emotes.review_emote(
                transaction, emote.id, status=body.status, reviewed_by=call.user_id, reason=reason
            )
            reviewed = replace(
                emote,
                status=body.status,
                reason=reason,
                images=emote.images if body.status == "approved" else (),
            )
            verb = "approve_emote" if body.status == "approved" else "reject_emote"
            await write_emote_down(transaction, actor, verb, reviewed, reason=reason)
        return Answer(Data([show_own(reviewed)]))

    async def _add(self, call: Call[Nothing, SiteEmoteQuery, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.REVIEW)
        code = site_code(call.query.code)
        scaled = await self._uploads.take_emote(call)
        actor = await self._actors.of(call.caller)
        try:
            async with self._db.transaction() as transaction:
                if await emotes.lock_emotes(transaction, SITE) >= MAX_SITE_EMOTES:
                    raise ApiProblemError(409, f"The site has {MAX_SITE_EMOTES} emotes; delete some first.")
                emote = await emotes.insert_emote(
                    transaction,
                    channel_id=None,
                    code=code,
                    tier="",
                    status="approved",
                    images=await self._uploads.store(transaction, scaled),
                    created_by=call.user_id,
                )
                await write_emote_down(transaction, actor, "add_emote", emote)
        except UniqueViolationError:
            raise ApiProblemError(409, TAKEN) from None
        return Answer(Data([show_own(emote)]))

    async def _rename(self, call: Call[EmoteId, Nothing, SiteEmoteChange]) -> Answer:
        require_site_right(call.caller.principal, Right.REVIEW)
        code = site_code(call.body.code)
        actor = await self._actors.of(call.caller)
        try:
            async with self._db.transaction() as transaction:
                emote = replace(await _find(transaction, call.path.id, scope=SITE), code=code)
                await emotes.update_emote(transaction, emote.id, code=code, tier="", status=emote.status)
                await write_emote_down(transaction, actor, "update_emote", emote)
        except UniqueViolationError:
            raise ApiProblemError(409, TAKEN) from None
        return Answer(Data([show_own(emote)]))

    async def _delete(self, call: Call[EmoteId, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.REVIEW)
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            emote = await _find(transaction, call.path.id, scope=SITE)
            await emotes.delete_emote(transaction, emote)
            await write_emote_down(transaction, actor, "delete_emote", emote)
        return Answer()


def check_verdict(status: Status, verdict: Verdict) -> None:
    """Refuse with 409 to say again what was said, or to approve what has no pictures any more."""
    if status == verdict.status:
        raise ApiProblemError(409, f"It is {status} already.")
    if status == "rejected":
        raise ApiProblemError(409, "It was rejected, and its pictures are gone.")


async def _find(transaction: Executor, emote_id: int, *, scope: int | None = None) -> Emote:
    found = await emotes.select_emote(transaction, emote_id, scope=scope)
    if found is None:
        raise ApiProblemError(404, "There is no such emote.")
    return found
