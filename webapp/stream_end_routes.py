"""The route that ends a broadcast: the owner's own, or, for the staff of the site, any."""

from typing import Annotated

import msgspec
from msgspec import Meta

from common import site_staff
from common.db import Database
from common.rights import Right
from webapp.actors import Actors, reasons_told
from webapp.channel_access import ChannelAccess, ChannelPath
from webapp.endpoint import Access, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.problems import ApiProblemError
from webapp.texts import check_text


class EndQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a broadcast is ended."""

    reason: Annotated[str, Meta(max_length=200, description="The encoder shows it.")] = ""


class StreamEndRoutes:
    """Ending broadcasts."""

    def __init__(self, db: Database, access: ChannelAccess, actors: Actors) -> None:
        self._db = db
        self._access = access
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the route."""
        return [
            Endpoint(
                method="DELETE",
                route="/channels/{login}/stream",
                tag="Streams",
                summary="End the broadcast of your channel; for staff, of any. For a minute no key opens the channel.",
                handle=self._end,
                status=204,
                access=Access(scope="channel:manage:broadcast"),
                path=ChannelPath,
                query=EndQuery,
                problems=(409,),
            ),
        ]

    async def _end(self, call: Call[ChannelPath, EndQuery, Nothing]) -> Answer:
        visited = await self._access.channel(call, call.path.login, Right.END_STREAM)
        if call.caller.principal.kind == "token" and not visited.is_own:
            raise ApiProblemError(403, "A token ends the stream of its own channel only.")
        reason = check_text("reason", call.query.reason)
        with reasons_told():
            await site_staff.end_broadcast(
                self._db,
                await self._actors.of(call.caller),
                visited.id,
                by="owner" if visited.is_own else "staff",
                reason=reason,
            )
        return Answer()
