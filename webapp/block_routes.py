"""Routes about blocks: whom somebody wants to have nothing to do with. Who is blocked does not follow any more, and is not told."""

import msgspec

from common.db import Database, ForeignKeyViolationError
from common.queries import follows, users
from webapp.cursors import Cursors
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import IdText, Login, Page, PageQuery, Timestamp, rfc3339
from webapp.problems import ApiProblemError


class Block(msgspec.Struct, frozen=True):
    """Somebody who is blocked."""

    user_id: IdText
    user_login: str
    display_name: str
    created_at: Timestamp
    """When they were blocked."""


class BlockPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom."""

    login: Login


class BlockRoutes:
    """Blocks."""

    def __init__(self, db: Database, cursors: Cursors) -> None:
        self._db = db
        self._cursors = cursors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        change = Access(scope="user:manage:blocked_users")
        return [
            Endpoint(
                method="GET",
                route="/users/me/blocks",
                tag="Blocks",
                summary="Whom you have blocked.",
                handle=self._list,
                answer=Page[Block],
                access=Access(scope="user:read:blocked_users"),
                query=PageQuery,
            ),
            Endpoint(
                method="PUT",
                route="/users/me/blocks/{login}",
                tag="Blocks",
                summary="Block somebody: they follow you no more, and cannot.",
                handle=self._block,
                status=204,
                access=change,
                path=BlockPath,
                problems=(422,),
            ),
            Endpoint(
                method="DELETE",
                route="/users/me/blocks/{login}",
                tag="Blocks",
                summary="Block somebody no longer.",
                handle=self._unblock,
                status=204,
                access=change,
                path=BlockPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, PageQuery, Nothing]) -> Answer:
        name, query = f"blocks of {call.user_id}", call.query
        after_id = await self._cursors.last_id(name, query) or 0
        found = await follows.select_blocks(self._db, call.user_id, limit=query.first + 1, after_id=after_id)
        return Answer(await self._cursors.page(name, query, found, _block))

    async def _block(self, call: Call[BlockPath, Nothing, Nothing]) -> Answer:
        user = await users.select_user_by_login(self._db, call.path.login)
        if user is None or user.suspended_at is not None:
            raise _nobody(call)
        if user.id == call.user_id:
            raise ApiProblemError(422, "Nobody blocks themselves.")
        try:
            await follows.insert_block(self._db, user_id=call.user_id, blocked_id=user.id)
        except ForeignKeyViolationError:
            raise _nobody(call) from None  # just left
        return Answer()

    async def _unblock(self, call: Call[BlockPath, Nothing, Nothing]) -> Answer:
        user = await users.select_user_by_login(self._db, call.path.login)
        if user is None or not await follows.delete_block(self._db, user_id=call.user_id, blocked_id=user.id):
            raise ApiProblemError(404, f"You have not blocked {call.path.login}.")
        return Answer()


def _nobody(call: Call[BlockPath, Nothing, Nothing]) -> ApiProblemError:
    return ApiProblemError(404, f"There is nobody called {call.path.login}.")


def _block(block: follows.Block) -> Block:
    return Block(
        user_id=str(block.id),
        user_login=block.login,
        display_name=block.display_name,
        created_at=rfc3339(block.created_at),
    )
