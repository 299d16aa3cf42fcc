"""Pinning a message, for all who are in a room and who come later. It is kept as it was said."""

from uuid import UUID

from common.audit import Target
from common.db import Database
from common.moderation import (
    Done,
    Moderator,
    Place,
    Refused,
    RefusedError,
    answering,
    deed,
    find_user,
    record,
)
from common.moderation_messages import NO_MESSAGE, SaidMessage
from common.queries import pins

NO_PIN = Refused("no_pin", "Nothing is pinned here.", "absent")


@answering
async def pin(
    db: Database, moderator: Moderator, place: Place, message: SaidMessage, *, holds_s: int | None = None
) -> Done:
    """Pin a message, in place of the one that is, for some seconds or (`None`) until it is taken down."""
    try:
        message_id = UUID(message.id)
    except ValueError:
        raise RefusedError(NO_MESSAGE) from None
    async with deed(db, moderator, place) as transaction:
        author = await find_user(transaction, message.user_id)
        await pins.upsert_pin(
            transaction,
            channel_id=place.channel_id,
            message_id=message_id,
            user_id=author.id,
            text=message.text,
            pinned_by=moderator.id,
            holds_s=holds_s,
        )
        await record(
            transaction,
            moderator,
            place,
            "pin",
            target=Target("message", message.id),
            user_id=str(author.id),
            user_login=author.login,
            user_name=author.display_name,
            message_id=message.id,
            message_body=message.text,
        )
    return Done("pin_success", f"The message from {author.login} is pinned.")


@answering
async def unpin(db: Database, moderator: Moderator, place: Place) -> Done:
    """Take the pinned message down."""
    async with deed(db, moderator, place) as transaction:
        found = await pins.select_pin(transaction, place.channel_id)
        if found is None:
            raise RefusedError(NO_PIN)
        await pins.delete_pin(transaction, place.channel_id)
        await record(
            transaction,
            moderator,
            place,
            "unpin",
            target=Target("message", str(found.message_id)),
            message_id=str(found.message_id),
            message_body=found.text,
        )
    return Done("unpin_success", "The message is not pinned any more.")
