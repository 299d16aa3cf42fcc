"""Routes about invitations: what somebody needs to make an account where `registration` is `invite`."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from common.audit import Target, write_down
from common.credentials import new_secret
from common.db import Database
from common.queries import one_time_tokens
from common.queries.one_time_tokens import Invitation
from common.rights import Right
from webapp.actors import Actors, require_site_right
from webapp.endpoint import SESSION_ONLY, Answer, AnyEndpoint, Call, Endpoint, Nothing
from webapp.fields import Data, Timestamp, rfc3339
from webapp.problems import ApiProblemError

MAX_INVITATIONS = 500
"""That nobody has used yet."""
_PREFIX = "weirinvite_"
_SHOWN = 12
"""Hex digits of the id that the audit log keeps: enough to tell one from another."""

InvitationId = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="As the list gives it.")]


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted."""

    days: Annotated[int, Meta(ge=1, le=90, description="For how long it works.")] = 14


class ShownInvitation(msgspec.Struct, frozen=True, omit_defaults=True):
    """An invitation that nobody has used yet."""

    id: InvitationId
    created_at: Timestamp
    expires_at: Timestamp
    invitation: str | msgspec.UnsetType = msgspec.UNSET
    """The secret itself; only in the answer to making it. The link is `/signup?invitation=…`."""


class InvitationPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which invitation."""

    id: InvitationId


class InvitationRoutes:
    """Invitations."""

    def __init__(self, db: Database, actors: Actors) -> None:
        self._db = db
        self._actors = actors

    def endpoints(self) -> list[AnyEndpoint]:
        """Give the routes."""
        return [
            Endpoint(
                method="GET",
                route="/admin/invitations",
                tag="Administration",
                summary="For administrators: invitations that nobody has used yet, the newest first.",
                handle=self._list,
                answer=Data[ShownInvitation],
                access=SESSION_ONLY,
            ),
            Endpoint(
                method="POST",
                route="/admin/invitations",
                tag="Administration",
                summary="For administrators: make an invitation. It works once, and is shown in this answer only.",
                handle=self._create,
                answer=Data[ShownInvitation],
                status=201,
                access=SESSION_ONLY,
                body=NewInvitation,
                problems=(409,),
            ),
            Endpoint(
                method="DELETE",
                route="/admin/invitations/{id}",
                tag="Administration",
                summary="For administrators: take an invitation back.",
                handle=self._revoke,
                status=204,
                access=SESSION_ONLY,
                path=InvitationPath,
            ),
        ]

    async def _list(self, call: Call[Nothing, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        found = await one_time_tokens.select_invitations(self._db, limit=MAX_INVITATIONS)
        return Answer(Data([_shown(row) for row in found]))

    async def _create(self, call: Call[Nothing, Nothing, NewInvitation]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        secret, actor = new_secret(_PREFIX), await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            waiting = await one_time_tokens.select_invitations(transaction, limit=MAX_INVITATIONS)
            if len(waiting) >= MAX_INVITATIONS:
                raise ApiProblemError(
                    409, f"{MAX_INVITATIONS} invitations wait to be used; take some back first."
                )
            await one_time_tokens.insert_one_time_token(
                transaction,
                purpose="invite",
                token_hash=secret.sha256,
                lifetime=timedelta(days=call.body.days),
            )
            await write_down(
                transaction,
                actor,
                "create_invitation",
                target=Target("invitation", secret.sha256.hex()[:_SHOWN]),
                details={"days": call.body.days},
            )
            made = await one_time_tokens.select_invitations(transaction, limit=1, token_hash=secret.sha256)
        return Answer(Data([_shown(row, secret.text) for row in made]))

    async def _revoke(self, call: Call[InvitationPath, Nothing, Nothing]) -> Answer:
        require_site_right(call.caller.principal, Right.MANAGE_SITE)
        actor = await self._actors.of(call.caller)
        async with self._db.transaction() as transaction:
            token_hash = bytes.fromhex(call.path.id)
            if (
                await one_time_tokens.use_one_time_token(transaction, purpose="invite", token_hash=token_hash)
                is None
            ):
                raise ApiProblemError(404, "This invitation was used, taken back, or is over.")
            await write_down(
                transaction,
                actor,
                "delete_invitation",
                target=Target("invitation", call.path.id[:_SHOWN]),
            )
        return Answer()


def _shown(row: Invitation, text: str | None = None) -> ShownInvitation:
    return ShownInvitation(
        id=row.token_hash.hex(),
        created_at=rfc3339(row.created_at),
        expires_at=rfc3339(row.expires_at),
        invitation=msgspec.UNSET if text is None else text,
    )
