"""What moderators ask for over the JSON protocol: each request is one of the acts that commands and the API call, too."""

from typing import assert_never
from uuid import UUID

import trio

from chatd.book import ChannelFacts
from chatd.commands import Answer, Obeyed, answer, delete_message, moderator_of
from chatd.desk import Desk
from chatd.json_events import rfc3339
from chatd.json_frames import Hold
from chatd.json_requests import (
    AcknowledgeWarning,
    Ban,
    Clear,
    ClearUser,
    DecideHold,
    DeleteMessage,
    GiveRole,
    ListHolds,
    ModerationRequest,
    RequestUnban,
    ResolveUnban,
    TakeRole,
    Unban,
    Warn,
    Watch,
)
from common import (
    moderation,
    moderation_holds,
    moderation_messages,
    moderation_people,
    moderation_requests,
)
from common.moderation import Done, Place, Refused
from common.principals import Principal
from common.queries.moderation_holds import Hold as Waiting

MAX_LISTED = 100


async def carry_out(  # noqa: C901 # one case a request
    desk: Desk, principal: Principal, facts: ChannelFacts, request: ModerationRequest
) -> Answer | list[Hold]:
    """Do what was asked for by somebody who is logged in. Raises as the database and the bus do."""
    await trio.lowlevel.checkpoint()
    db, who = desk.db, moderator_of(principal, "json")
    place = Place(facts.name.channel_id, facts.name.login)
    match request:
        case Ban():
            outcome: Done | Refused = await moderation.ban(
                db,
                who,
                place,
                request.user_login,
                duration_s=request.duration_seconds,
                reason=request.reason,
            )
        case Unban():
            outcome = await moderation.unban(db, who, place, request.user_login)
        case DeleteMessage():
            return await delete_message(desk, who, facts, request.message_id)
        case Clear():
            outcome = await moderation_messages.clear(db, who, place)
        case ClearUser():
            outcome = await moderation_messages.clear_user(
                db, who, place, request.user_login, reason=request.reason
            )
        case Warn():
            outcome = await moderation_people.warn(db, who, place, request.user_login, reason=request.reason)
        case AcknowledgeWarning():
            outcome = await moderation_people.acknowledge_warning(db, who, place)
        case Watch():
            status = None if request.status == "NO_TREATMENT" else request.status
            outcome = await moderation_people.watch(db, who, place, request.user_login, status=status)
        case GiveRole():
            outcome = await moderation_people.give_role(db, who, place, request.user_login, request.role)
        case TakeRole():
            outcome = await moderation_people.take_role(db, who, place, request.user_login, request.role)
        case RequestUnban() | ResolveUnban() | DecideHold() | ListHolds():
            return await _queue(desk, principal, place, request)
        case _:
            assert_never(request)
    return answer(outcome)


async def _queue(
    desk: Desk,
    principal: Principal,
    place: Place,
    request: RequestUnban | ResolveUnban | DecideHold | ListHolds,
) -> Answer | list[Hold]:
    await trio.lowlevel.checkpoint()
    db, who = desk.db, moderator_of(principal, "json")
    match request:
        case RequestUnban():
            asked = await moderation_requests.ask(db, who, place, request.text)
            return _told(asked, "unban_request_success", "The moderators were asked.")
        case ResolveUnban():
            if (request_id := _uuid(request.unban_request_id)) is None:
                return answer(moderation_requests.NO_REQUEST)
            resolved = await moderation_requests.resolve(
                db,
                who,
                place,
                request_id,
                is_approved=request.is_approved,
                text=request.resolution_text,
            )
            return _told(resolved, "unban_request_resolved", "The request is settled.")
        case DecideHold():
            if (hold_id := _uuid(request.message_id)) is None:
                return answer(moderation_holds.NO_HOLD)
            decided = await moderation_holds.decide(db, who, place, hold_id, is_allowed=request.is_allowed)
            return answer(decided)
        case ListHolds():
            found = await moderation_holds.waiting(db, who, place, limit=MAX_LISTED)
            return answer(found) if isinstance(found, Refused) else [_hold(one) for one in found]
        case _:
            assert_never(request)


def _told(outcome: object, code: str, message: str) -> Answer:
    """Say that something was done; what it came to is told by an event."""
    return answer(outcome) if isinstance(outcome, Refused) else Obeyed(code, message)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _hold(one: Waiting) -> Hold:
    return Hold(
        message_id=str(one.id),
        user_id=str(one.user_id),
        user_login=one.user_login,
        user_name=one.user_name,
        message=one.text,
        held_for=one.held_for,
        category=one.category,
        held_at=rfc3339(round(one.created_at.timestamp() * 1000)),
        expires_at=rfc3339(round(one.expires_at.timestamp() * 1000)),
    )
