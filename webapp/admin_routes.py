"""Routes for the staff of the site about accounts: look them up, suspend them, give them roles."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from common import site_staff
from common.db import Database
from common.principals import SiteRole
from common.queries import members
from common.queries.members import Member
from common.rights import Right, may
from webapp.actors import Actors, reasons_told, require_site_right
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import (
    DEFAULT_PAGE,
    CursorText,
    Data,
    Email,
    IdText,
    Login,
    Page,
    PageSize,
    Timestamp,
    rfc3339,
    rfc3339_or_none,
)
from webapp.people import People
from webapp.problems import ApiProblemError
from webapp.texts import check_text

Prefix = Annotated[
    str, Meta(pattern="^[A-Za-z0-9_]{1,25}$", description="How the login begins, in any case of letters.")
]


class MemberPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which account."""

    login: Login


class MembersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which accounts."""

    login: Prefix | None = None
    email: Email | None = None
    """The whole address; administrators only, and without the other filters."""
    status: Literal["", "suspended", "staff"] = ""
    """`staff`: administrators, too."""
    first: PageSize = DEFAULT_PAGE
    after: CursorText | None = None


class AdminUser(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account as the staff of the site sees it."""

    id: IdText
    login: str
    display_name: str
    type: Literal["", "staff", "admin"]
    created_at: Timestamp
    is_live: bool
    suspended_at: Timestamp | None
    suspension_reason: str | None
    email: str | UnsetType | None = UNSET
    """Left out but for administrators."""
    email_verified: bool | UnsetType = UNSET


class Suspension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an account is suspended."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class RoleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody is to the site."""

    role: Literal["none", "staff", "admin"]


class EndedSessions(msgspec.Struct, frozen=True):
    """What was ended."""

    ended: int


class AdminRoutes:
    """What staff do to accounts."""

    def __init__(self, db: Database, cursors: Cursors, people: People, actors: Actors) -> None:
        self._db = db
        self._cursors = cursors
        self._people = people
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/users",
                tag="Administration",
                summary="For staff: accounts by login, those that are suspended, or staff itself.",
                handle=self._list,
                answer=Page[AdminUser],
                access=SESSION_ONLY,
                query=MembersQuery,
            ),
            Endpoint(
                method="GET",
                route="/admin/users/{login}",
                tag="Administration",
                summary="For staff: one account, suspended or not.",
                handle=self._show,
                answer=Data[AdminUser],
                access=SESSION_ONLY,
                path=MemberPath,
            ),
            Endpoint(
                method="PUT",
                route="/admin/users/{login}/suspension",
                tag="Administration",
                summary="For staff: suspend an account. Its sessions, tokens, keys and broadcast end within a second.",
                handle=self._suspend,
                answer=Data[AdminUser],
                access=SESSION_ONLY,
                path=MemberPath,
                body=Suspension,
                problems=(409,),
            ),
            Endpoint(
                method="DELETE",
                route="/admin/users/{login}/suspension",
                tag="Administration",
                summary="For staff: let a suspended account in again.",
                handle=self._unsuspend,
                status=204,
                access=SESSION_ONLY,
                path=MemberPath,
            ),
            Endpoint(
                method="PUT",
                route="/admin/users/{login}/role",
                tag="Administration",
                summary="For administrators: make somebody staff or administrator, or neither.",
                handle=self._set_role,
                answer=Data[AdminUser],
                access=SESSION_ONLY,
                path=MemberPath,
                body=RoleChange,
                problems=(409,),
            ),
            Endpoint(
                method="DELETE",
                route="/admin/users/{login}/sessions",
                tag="Administration",
                summary="For staff: log an account out everywhere. Its tokens and stream keys stay.",
                handle=self._end_sessions,
                answer=Data[EndedSessions],
                access=SESSION_ONLY,
                path=MemberPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, MembersQuery, Nothing]) -> Answer:
        query, principal = call.query, call.caller.principal
        require_site_right(principal, Right.SUSPEND)
        with_email = may(principal, Right.MANAGE_SITE)
        if query.email is not None:
            return await self._by_email(query, with_email=with_email)
        prefix = (query.login or "").lower()
        name = f"accounts {query.status} {prefix}"
        place = await self._cursors.place(name, query.after, tuple[str])
        found = await members.select_members(
            self._db,
            limit=query.first + 1,
            prefix=prefix,
            after_login="" if place is None else place[0],
            only=query.status,
        )
        more = await self._cursors.more(name, query.first, found, lambda row: [row.login])
        return Answer(Page([_admin_user(row, with_email=with_email) for row in found[: query.first]], more))

    async def _by_email(self, query: MembersQuery, *, with_email: bool) -> Answer:
        if not with_email:
            raise ApiProblemError(403, "Only administrators look for addresses.")
        if query.login is not None or query.status or query.after is not None:
            raise ApiProblemError(400, "email goes without login, status and after.")
        assert query.email is not None  # that is why we are here
        found = await members.select_members_by_email(self._db, query.email, limit=query.first)
        return Answer(Page([_admin_user(row, with_email=True) for row in found]))

    async def _show(self, call: Call[MemberPath, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SUSPEND)
        return _answer(call, await self._member(call.path.login))

    async def _suspend(self, call: Call[MemberPath, Nothing, Suspension]) -> Answer:
        require_site_right(call.caller.principal, Right.SUSPEND)
        reason = check_text("reason", call.body.reason)
        member = await self._member(call.path.login)
        with reasons_told():
            await site_staff.suspend(self._db, await self._actors.of(call.caller), member.id, reason)
        self._people.forget("users", member.id)
        return _answer(call, await self._member(call.path.login))

    async def _unsuspend(self, call: Call[MemberPath, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SUSPEND)
        member = await self._member(call.path.login)
        with reasons_told():
            if not await site_staff.unsuspend(self._db, await self._actors.of(call.caller), member.id):
                raise ApiProblemError(404, "This account is not suspended.")
        return Answer()

    async def _set_role(self, call: Call[MemberPath, Nothing, RoleChange]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        member = await self._member(call.path.login)
        role: SiteRole = "" if call.body.role == "none" else call.body.role
        with reasons_told():
            await site_staff.set_site_role(self._db, await self._actors.of(call.caller), member.id, role)
        self._people.forget("users", member.id)
        return _answer(call, await self._member(call.path.login))

    async def _end_sessions(self, call: Call[MemberPath, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.SUSPEND)
        member = await self._member(call.path.login)
        with reasons_told():
            ended = await site_staff.end_sessions(self._db, await self._actors.of(call.caller), member.id)
        self._people.forget("users", member.id)
        return Answer(Data([EndedSessions(ended)]))

    async def _member(self, login: str) -> Member:
        found = await members.select_member(self._db, login)
        if found is None:
            raise ApiProblemError(404, f"There is no account called {login.lower()}.")
        return found


def _answer(call: Call[Any, Any, Any], member: Member) -> Answer:
    with_email = may(call.caller.principal, Right.MANAGE_SITE)
    return Answer(Data([_admin_user(member, with_email=with_email)]))


def _admin_user(member: Member, *, with_email: bool) -> AdminUser:
    return AdminUser(
        id=str(member.id),
        login=member.login,
        display_name=member.display_name,
        type="admin" if member.is_admin else "staff" if member.is_staff else "",
        created_at=rfc3339(member.created_at),
        is_live=member.is_live,
        suspended_at=rfc3339_or_none(member.suspended_at),
        suspension_reason=member.suspension_reason,
        email=member.email if with_email else UNSET,
        email_verified=member.email_verified_at is not None if with_email else UNSET,
    )
