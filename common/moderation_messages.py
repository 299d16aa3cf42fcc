"""What moderators do to messages: take one away, all of one person, or all of a room."""

from dataclasses import dataclass

from common.audit import Target
from common.db import Database
from common.moderation import (
    MAX_REASON,
    Done,
    Moderator,
    Place,
    Refused,
    answering,
    deed,
    find_user,
    record,
    shield,
)
from common.queries import chat, moderation_holds, users

NO_MESSAGE = Refused(
    "bad_delete_message_error", "There is no such message, or it was said too long ago.", "absent"
)


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """A message as the room knows it."""

    id: str
    user_id: int
    user_login: str
    user_name: str
    text: str


@answering
async def delete_message(db: Database, moderator: Moderator, place: Place, message: SaidMessage) -> Done:
    """Take one message out of the room. Those of the broadcaster and of other moderators are theirs to take back."""
    async with deed(db, moderator, place) as transaction:
        author = await users.select_user(transaction, message.user_id)
        if author is not None and author.id != moderator.id:
            held = await chat.select_standing(transaction, channel_id=place.channel_id, user_id=author.id)
            shield(moderator, place, author, held.roles if held else frozenset(), "bad_delete_message")
        await record(
            transaction,
            moderator,
            place,
            "delete",
            target=Target("message", message.id),
            user_id=str(message.user_id),
            user_login=message.user_login,
            user_name=message.user_name,
            message_id=message.id,
            message_body=message.text,
        )
    return Done("delete_message_success", f"The message from {message.user_login} is now deleted.")


@answering
async def clear(db: Database, moderator: Moderator, place: Place) -> Done:
    """Empty the room. What waits for a decision goes on waiting."""
    async with deed(db, moderator, place) as transaction:
        await record(transaction, moderator, place, "clear")
    return Done("clear_success", "Chat has been cleared by a moderator.")


@answering
async def clear_user(
    db: Database, moderator: Moderator, place: Place, who: str | int, *, reason: str = ""
) -> Done:
    """Take all messages of one person out of the room, without keeping them from writing."""
    async with deed(db, moderator, place) as transaction:
        user = await find_user(transaction, who)
        if user.id != moderator.id:
            held = await chat.select_standing(transaction, channel_id=place.channel_id, user_id=user.id)
            shield(moderator, place, user, held.roles if held else frozenset(), "bad_clear_user")
        await moderation_holds.cancel_holds(transaction, channel_id=place.channel_id, user_id=user.id)
        await record(transaction, moderator, place, "clear_user", user=user, reason=reason[:MAX_REASON])
    return Done("clear_user_success", f"The messages of {user.login} are gone.")
