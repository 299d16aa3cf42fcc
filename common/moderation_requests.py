"""Requests of people who are banned for good: they ask once a ban, moderators answer."""

import secrets
import time
import uuid

from common.audit import Target
from common.db import Database, Executor
from common.ids import RANDOM_BITS, uuid7
from common.moderation import Moderator, Place, Refused, RefusedError, answering, deed, find_user, record
from common.queries import channels, chat, moderation_requests
from common.queries.moderation_requests import UnbanRequest

MAX_TEXT = 500

NO_REQUEST = Refused("unban_request_not_found", "There is no such request.", "absent")


@answering
async def ask(db: Database, person: Moderator, place: Place, text: str) -> UnbanRequest:
    """Ask to be let back in, as the one who was banned."""
    text = text.strip()[:MAX_TEXT]
    if not text:
        raise RefusedError(Refused("unban_request_empty", "Say why you should be unbanned."))
    request_id = uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))
    async with db.transaction() as transaction:
        await channels.lock_channel(transaction, place.channel_id)
        user = await find_user(transaction, person.id)
        filed = await moderation_requests.insert_unban_request(
            transaction, request_id, channel_id=place.channel_id, user_id=user.id, text=text
        )
        if filed == "not banned":
            text = "You are not banned here for good; a timeout ends by itself."
            raise RefusedError(Refused("unban_request_not_banned", text, "conflict"))
        if filed == "asked":
            text = "You have asked about this ban already."
            raise RefusedError(Refused("unban_request_asked", text, "conflict"))
        target = Target("unban_request", str(request_id))
        await record(transaction, person, place, "unban_request", user=user, target=target, text=text)
        return await _again(transaction, place, request_id)


@answering
async def resolve(
    db: Database,
    moderator: Moderator,
    place: Place,
    request_id: uuid.UUID,
    *,
    is_approved: bool,
    text: str = "",
) -> UnbanRequest:
    """Approve a request, which unbans, or deny it. The second of two moderators is told who was the first."""
    async with deed(db, moderator, place) as transaction:
        found = await moderation_requests.select_unban_request(transaction, place.channel_id, request_id)
        if found is None:
            raise RefusedError(NO_REQUEST)
        if found.status != "pending":
            raise RefusedError(_settled(found))
        await moderation_requests.resolve_unban_request(
            transaction,
            request_id,
            status="approved" if is_approved else "denied",
            moderator_id=moderator.id,
            resolution_text=text.strip()[:MAX_TEXT],
        )
        if is_approved:
            await chat.delete_ban(transaction, channel_id=place.channel_id, user_id=found.user_id)
        await record(
            transaction,
            moderator,
            place,
            "approve_unban_request" if is_approved else "deny_unban_request",
            user=await find_user(transaction, found.user_id),
            target=Target("unban_request", str(request_id)),
            is_approved=is_approved,
            moderator_message=text.strip()[:MAX_TEXT],
        )
        return await _again(transaction, place, request_id)


async def _again(db: Executor, place: Place, request_id: uuid.UUID) -> UnbanRequest:
    found = await moderation_requests.select_unban_request(db, place.channel_id, request_id)
    assert found is not None  # it was written in this transaction
    return found


def _settled(found: UnbanRequest) -> Refused:
    who = f" by {found.moderator_login}" if found.moderator_login else ""
    return Refused("unban_request_settled", f"The request was {found.status} already{who}.", "conflict")
