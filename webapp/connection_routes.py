"""Routes about the apps that may act for oneself."""

import msgspec

from common.db import Database
from common.queries import oauth_connections
from webapp.app_routes import AppPath
from webapp.cursors import Cursors
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import IdText, Page, PageQuery, Timestamp, rfc3339, rfc3339_or_none
from webapp.people import People
from webapp.problems import ApiProblemError


class Connection(msgspec.Struct, frozen=True):
    """An app that may act for you."""

    id: IdText
    client_id: str
    name: str
    owner_login: str
    """Who made it."""
    scopes: list[str]
    created_at: Timestamp
    allowed_at: Timestamp
    """When you last said yes."""
    last_used_at: Timestamp | None
    """To about five minutes; `null`: not with a token that still works."""


class ConnectionRoutes:
    """Apps that may act for somebody."""

    def __init__(self, db: Database, cursors: Cursors, people: People) -> None:
        self._db = db
        self._cursors = cursors
        self._people = people

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/users/me/connections",
                tag="Apps",
                summary="The apps that may act for you, the newest first.",
                handle=self._list,
                answer=Page[Connection],
                access=SESSION_ONLY,
                query=PageQuery,
            ),
            Endpoint(
                method="DELETE",
                route="/users/me/connections/{client_id}",
                tag="Apps",
                summary="Disconnect an app. Its tokens for you end within a second.",
                handle=self._disconnect,
                status=204,
                access=SESSION_ONLY,
                path=AppPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = f"connections of {call.user_id}", call.query
        found = await oauth_connections.select_connections(
            self._db, call.user_id, limit=query.first + 1, before_id=await self._cursors.last_id(name, query)
        )
        return Answer(await self._cursors.page(name, query, found, _connection))

    async def _disconnect(self, call: Call[AppPath, Nothing, Nothing]) -> Answer:
        ended = await oauth_connections.delete_connection(
            self._db, user_id=call.user_id, client_id=call.path.client_id
        )
        if ended is None:
            raise ApiProblemError(404, "No such app may act for you.")
        for token_id in ended:
            self._people.forget("access_tokens", token_id)
        return Answer()


def _connection(connection: oauth_connections.Connection) -> Connection:
    return Connection(
        id=str(connection.id),
        client_id=connection.client_id,
        name=connection.name,
        owner_login=connection.owner_login,
        scopes=connection.scopes,
        created_at=rfc3339(connection.created_at),
        allowed_at=rfc3339(connection.allowed_at),
        last_used_at=rfc3339_or_none(connection.last_used_at),
    )
