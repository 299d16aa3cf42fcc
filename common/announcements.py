"""Announcements: what moderators say so that it stands out. Chat is told through the outbox, so every door and node can."""

import time
from typing import Any
from uuid import UUID

from common.db import Database
from common.ids import uuid7
from common.moderation import Done, Moderator, Place, Refused, RefusedError, answering, deed, record
from common.one_line import one_line
from common.queries import chat
from common.stage_limits import ANNOUNCEMENTS_EVERY_S, AnnouncementColor
from common.subscription_notices import announcement_notice
from common.subscription_telling import new_message_id, person_of, tell_notice

VERB = "announcement"


@answering
async def announce(
    db: Database, moderator: Moderator, place: Place, text: str, color: AnnouncementColor = "primary"
) -> Done:
    """Say something to a room, in the name of who asks for it. What is too long is cut, as nobody types it twice."""
    said = one_line(text)[:500]
    if not said:
        raise RefusedError(Refused("usage_announce", "Usage: /announce MESSAGE"))
    async with deed(db, moderator, place) as transaction:
        last = await chat.select_deeds(transaction, channel_id=place.channel_id, after=_floor(), limit=100)
        if any(one.action == VERB for one in last):
            text = f"There is one announcement in {ANNOUNCEMENTS_EVERY_S} seconds."
            raise RefusedError(Refused("announce_too_fast", text, "too_often"))
        person = await person_of(transaction, place.channel_id, moderator.id)
        assert person is not None  # `deed` has just seen them
        details: dict[str, Any] = {"message": said, "color": color}
        await record(transaction, moderator, place, VERB, **details)
        notice = announcement_notice(new_message_id(), person, said, color)
        await tell_notice(transaction, place.channel_id, notice)
    return Done("announce_success", "It is announced.")


def _floor() -> UUID:
    """The first id that a deed of the last moment can have."""
    return uuid7(time.time_ns() // 1_000_000 - ANNOUNCEMENTS_EVERY_S * 1000, 0)
