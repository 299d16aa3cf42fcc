"""Routes about being logged in: logging in and out, and where one is."""

from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from common.db import Database
from common.queries import sessions, users
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, GivenPassword, Id, IdText, Timestamp, rfc3339
from webapp.people import Account, People, own_account
from webapp.problems import ApiProblemError


class LogIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants in."""

    login: Annotated[str, Meta(max_length=100)]
    password: GivenPassword
    code: Annotated[str, Meta(max_length=50)] | None = None
    """Of the authenticator app, or a recovery code; asked for with the reason `totp_required`."""


class Session(msgspec.Struct, frozen=True):
    """One browser that is logged in."""

    id: IdText
    current: bool
    """Whether it is the one that asks."""
    network: str
    """Where it was begun from."""
    user_agent: str
    created_at: Timestamp
    last_seen_at: Timestamp
    """To about five minutes."""
    expires_at: Timestamp


class SessionPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which session."""

    id: Id


class SessionRoutes:
    """Sessions."""

    def __init__(self, db: Database, people: People) -> None:
        self._db = db
        self._people = people

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="POST",
                route="/sessions",
                tag="Sessions",
                summary="Log in; the answer sets a cookie.",
                handle=self._log_in,
                answer=Data[Account],
                status=201,
                body=LogIn,
            ),
            Endpoint(
                method="GET",
                route="/sessions",
                tag="Sessions",
                summary="Where you are logged in.",
                handle=self._list,
                answer=Data[Session],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="GET",
                route="/sessions/current",
                tag="Sessions",
                summary="Who is logged in here; pages ask before they know whether anybody is.",
                handle=self._current,
                answer=Data[Account],
                or_nothing="Nobody is.",
            ),
            Endpoint(
                method="DELETE",
                route="/sessions/current",
                tag="Sessions",
                summary="Log out.",
                handle=self._log_out,
                status=204,
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="DELETE",
                route="/sessions/{id}",
                tag="Sessions",
                summary="Log another browser out.",
                handle=self._end,
                status=204,
                access=SESSION_ONLY,
                path=SessionPath,
            ),
        ]

    async def _log_in(self, call: Call[Nothing, Nothing, LogIn]) -> Answer:
        body = call.body
        record = await self._people.check_login(call.caller, body.login, body.password, body.code)
        session = await self._people.begin_session(self._db, call.caller, record.id)
        [user] = await users.select_users_among(self._db, ids=[record.id], logins=[])
        return Answer(Data([own_account(user)]), session=session)

    async def _list(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        found = await sessions.select_sessions(self._db, call.user_id)
        current = call.caller.principal.credential_id
        return Answer(Data([_session(session, current=session.id == current) for session in found]))

    async def _current(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        principal = call.caller.principal
        if principal.user_id is None:
            await trio.lowlevel.checkpoint()
            return Answer()
        found = await users.select_users_among(self._db, ids=[principal.user_id], logins=[])
        if not found:  # deleted meanwhile
            return Answer()
        return Answer(Data([own_account(found[0], with_email=principal.has_scope("user:read:email"))]))

    async def _log_out(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        session_id = call.caller.principal.credential_id
        assert session_id is not None  # somebody with a session
        await sessions.delete_session(self._db, user_id=call.user_id, session_id=session_id)
        self._people.forget("sessions", session_id)
        return Answer(session="")

    async def _end(self, call: Call[SessionPath, Nothing, Nothing]) -> Answer:
        if not await sessions.delete_session(self._db, user_id=call.user_id, session_id=call.path.id):
            raise ApiProblemError(404, "You have no such session.")
        self._people.forget("sessions", call.path.id)
        return Answer()


def _session(session: sessions.Session, *, current: bool) -> Session:
    return Session(
        id=str(session.id),
        current=current,
        network=session.address,
        user_agent=session.user_agent,
        created_at=rfc3339(session.created_at),
        last_seen_at=rfc3339(session.last_seen_at),
        expires_at=rfc3339(session.expires_at),
    )
