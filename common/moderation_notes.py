"""Moderators of a channel note things about people: one text, which all of them read and change."""

from common.db import Database
from common.moderation import Moderator, Place, Refused, RefusedError, answering, deed, find_user, record
from common.queries import moderation_notes
from common.queries.moderation_notes import Note

MAX_NOTE = 2000
VERB = "update_note"
"""In the log, which does not have the text."""


@answering
async def write_note(
    db: Database, moderator: Moderator, place: Place, who: int, *, text: str, version: int
) -> Note | None:
    """Change the note about somebody; '' removes it. Gives what it is now, `None`: there is none.

    Args:
        db: where it is.
        moderator: who changes it.
        place: the channel.
        who: whom it is about, by id.
        text: what it is to be.
        version: of what they had before them, 0: none. Another one by now is refused as `stale`: nothing that somebody
            else wrote meanwhile is lost.

    """
    text = text.strip()
    async with deed(db, moderator, place) as transaction:
        user = await find_user(transaction, who)
        found = await moderation_notes.select_note(transaction, channel_id=place.channel_id, user_id=user.id)
        if version != (found.version if found else 0):
            told = "Somebody else has changed these notes meanwhile. Read theirs, and save once more."
            raise RefusedError(Refused("stale", told, "conflict"))
        if text == (found.text if found else ""):
            return found
        await moderation_notes.upsert_note(
            transaction,
            channel_id=place.channel_id,
            user_id=user.id,
            text=text,
            version=version + 1,
            updated_by=moderator.id,
        )
        await record(transaction, moderator, place, VERB, user=user)
        return await moderation_notes.select_note(transaction, channel_id=place.channel_id, user_id=user.id)
