"""Polls in a room: begun and ended by moderators, ended by the clock of the database otherwise (`chatd.stage_clock`)."""

import secrets
import time
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from common.audit import Target
from common.db import Database, UniqueViolationError
from common.ids import RANDOM_BITS, uuid7
from common.moderation import (
    Done,
    Moderator,
    Place,
    Refused,
    RefusedError,
    answering,
    deed,
    record,
)
from common.one_line import one_line
from common.queries import polls
from common.queries.polls import Poll

RUNNING = Refused("poll_already_active", "There is a poll already; end it first.", "conflict")
NO_POLL = Refused("poll_not_found", "There is no such poll.", "absent")
OVER = Refused("poll_over", "The poll is over.", "conflict")


@answering
async def create_poll(
    db: Database, moderator: Moderator, place: Place, title: str, choices: Sequence[str], duration_s: int
) -> Poll:
    """Begin a poll, for some seconds. Its limits are `common.stage_limits`'; the door has checked them."""
    title, wanted = one_line(title), [one_line(choice) for choice in choices]
    if not title or not all(wanted):
        raise RefusedError(Refused("poll_invalid", "A poll has a title, and each choice has one."))
    if len({choice.casefold() for choice in wanted}) != len(wanted):
        raise RefusedError(Refused("poll_invalid", "The choices of a poll are different ones."))
    poll_id = uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))
    try:
        async with deed(db, moderator, place) as transaction:
            await polls.end_due_polls(transaction, limit=1)  # one whose time is up is in nobody's way
            await polls.insert_poll(
                transaction,
                poll_id,
                channel_id=place.channel_id,
                created_by=moderator.id,
                title=title,
                choices=wanted,
                duration_s=duration_s,
            )
            await record(
                transaction,
                moderator,
                place,
                "create_poll",
                target=Target("poll", str(poll_id)),
                title=title,
                choices=wanted,
                duration=duration_s,
            )
            found = await polls.select_poll(transaction, place.channel_id, poll_id)
    except UniqueViolationError:
        raise RefusedError(RUNNING) from None
    assert found is not None  # we have just made it
    return found


@answering
async def end_poll(
    db: Database, moderator: Moderator, place: Place, poll_id: UUID, status: Literal["TERMINATED", "ARCHIVED"]
) -> Poll:
    """End a poll before its time; `ARCHIVED`: its result is not to be shown."""
    async with deed(db, moderator, place) as transaction:
        if await polls.select_poll(transaction, place.channel_id, poll_id) is None:
            raise RefusedError(NO_POLL)
        if not await polls.end_poll(transaction, poll_id, status):
            raise RefusedError(OVER)
        await record(
            transaction, moderator, place, "end_poll", target=Target("poll", str(poll_id)), status=status
        )
        found = await polls.select_poll(transaction, place.channel_id, poll_id)
    assert found is not None  # the channel is locked
    return found


def began(poll: Poll) -> Done:
    """Say that a poll has begun."""
    return Done("poll_success", f"The poll has begun: {poll.title}")


def ended(poll: Poll) -> Done:
    """Say that it was ended."""
    return Done("end_poll_success", f"The poll is over: {poll.title}")
