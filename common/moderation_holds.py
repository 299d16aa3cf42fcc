"""Decisions about messages that are held: one queue a channel, one decision a message, whichever door it comes through.

Chat puts messages in (`chatd.holds`) and, once allowed, into their rooms.
"""

import uuid
from typing import Final

from common.audit import Target
from common.db import Database
from common.moderation import (
    Done,
    Moderator,
    Place,
    Refused,
    RefusedError,
    about,
    answering,
    deed,
    record,
    require,
)
from common.queries import chat, moderation_holds, users
from common.queries.moderation_holds import Hold

HOLD_S = 300
"""How long a message waits, as on Twitch."""
MAX_WAITING = 500
"""In one channel, so that one line of each in a raid of hundreds finds room; what comes on top is refused."""
MAX_WAITING_OF_ONE = 10
"""By one author, so that nobody fills the queue of a channel alone."""

FIRST = uuid.UUID(int=0)
"""Stands before every id."""
NO_HOLD = Refused("hold_not_found", "There is no such held message.", "absent")
_PAST: Final = {
    "allowed": "was allowed",
    "denied": "was denied",
    "expired": "waited too long",
    "canceled": "was taken back",
}


@answering
async def decide(
    db: Database, moderator: Moderator, place: Place, hold_id: uuid.UUID, *, is_allowed: bool
) -> Done:
    """Let a held message be said, or drop it. The second of two moderators is told who was the first.

    What was decided about its author since counts more: who is banned says nothing.
    """
    async with deed(db, moderator, place) as transaction:
        found = await moderation_holds.select_hold(transaction, place.channel_id, hold_id)
        if found is None:
            raise RefusedError(NO_HOLD)
        if found.status != "pending":
            raise RefusedError(_settled(found))
        if found.user_id == moderator.id:
            text = "You cannot decide about your own message."
            raise RefusedError(Refused("bad_hold_self", text, "forbidden"))
        if is_allowed:
            author = await chat.select_standing(
                transaction, channel_id=place.channel_id, user_id=found.user_id
            )
            if author is None or author.is_banned:
                text = f"{found.user_login} must not write here by now; the message can only be denied."
                raise RefusedError(Refused("hold_author_banned", text, "conflict"))
        status = "allowed" if is_allowed else "denied"
        if not await moderation_holds.decide_hold(
            transaction, hold_id, status=status, moderator_id=moderator.id
        ):
            raise RefusedError(_settled(found))  # its time was up this very moment
        author_now = await users.select_user(transaction, found.user_id)
        assert author_now is not None  # the row would be gone with the account
        await record(
            transaction,
            moderator,
            place,
            "approve_held_message" if is_allowed else "deny_held_message",
            target=Target("message", str(hold_id)),
            **about(author_now),
            message_id=str(hold_id),
            message_body=found.text,
            category=found.category,
            held_for=found.held_for,
            moderator_login=moderator.principal.login,
        )
    return Done(f"hold_{status}", f"The message of {found.user_login} was {status}.")


@answering
async def waiting(
    db: Database, moderator: Moderator, place: Place, *, limit: int, after: uuid.UUID = FIRST
) -> list[Hold]:
    """List what waits, the oldest first, from behind `after` on."""
    await require(db, moderator, place)
    return await moderation_holds.select_holds(db, place.channel_id, limit=limit, after=after)


def _settled(found: Hold) -> Refused:
    who = f" by {found.moderator_login}" if found.moderator_login else ""
    past = _PAST.get(found.status, _PAST["expired"])
    return Refused("hold_settled", f"The message {past} already{who}.", "conflict")
