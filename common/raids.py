"""Raids: a channel leads its viewers to another one, who follow if they like.

A raid waits for 90 seconds, or until somebody has it go; then whichever process sees it first carries it out
(`carry_out_due`), so that it goes on time whatever has become of the one that began it.
"""

import secrets
import time
from collections.abc import Mapping
from typing import Any

import trio

from common.chat_settings import require_unchanged
from common.db import Database, Executor, UniqueViolationError
from common.ids import RANDOM_BITS, uuid7
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
from common.queries import eventsub, raids, users
from common.queries.raids import Raid, Welcome
from common.stage_limits import RAID_S, RAIDS_AT_MOST, RAIDS_WINDOW_S, RaidsFrom
from common.subscription_notices import raid_notice
from common.subscription_telling import new_message_id, person_of, tell_notice

ALREADY = Refused("raid_error_already_raiding", "There is a raid already; call it off first.", "conflict")
NO_RAID = Refused("unraid_error_no_active_raid", "There is no raid to call off.", "absent")
AT_ONCE = 20


@answering
async def start_raid(db: Database, moderator: Moderator, place: Place, who: str | int) -> Raid:
    """Call up a raid to somebody's channel.

    Why a channel takes none is not told: whom somebody has blocked is nobody's business.
    """
    raid_id = uuid7(time.time_ns() // 1_000_000, secrets.randbits(RANDOM_BITS))
    try:
        async with deed(db, moderator, place) as transaction:
            target = await find_user(transaction, who)
            if target.id == place.channel_id:
                raise RefusedError(Refused("raid_error_self", "A channel cannot raid itself."))
            recent = await raids.count_recent_raids(
                transaction, place.channel_id, within_s=RAIDS_WINDOW_S, limit=RAIDS_AT_MOST
            )
            if recent >= RAIDS_AT_MOST:
                text = f"There are {RAIDS_AT_MOST} raids in ten minutes at most."
                raise RefusedError(Refused("raid_error_too_many", text, "too_often"))
            welcome = await raids.select_welcome(transaction, from_id=place.channel_id, to_id=target.id)
            if not _is_welcome(welcome):
                text = f"{target.login} does not take raids from this channel at the moment."
                raise RefusedError(Refused("raid_error_forbidden", text, "forbidden"))
            await raids.insert_raid(
                transaction,
                raid_id,
                from_id=place.channel_id,
                to_id=target.id,
                created_by=moderator.id,
                viewers=welcome.viewers,
                wait_s=RAID_S,
            )
            await record(transaction, moderator, place, "raid", user=target, viewer_count=welcome.viewers)
            found = await raids.select_pending_raid(transaction, place.channel_id)
    except UniqueViolationError:
        raise RefusedError(ALREADY) from None
    assert found is not None  # we have just made it
    return found


@answering
async def cancel_raid(db: Database, moderator: Moderator, place: Place) -> Done:
    """Call the raid off that waits."""
    async with deed(db, moderator, place) as transaction:
        found = await raids.select_pending_raid(transaction, place.channel_id)
        if found is None or not await raids.end_raid(transaction, found.id, "canceled"):
            raise RefusedError(NO_RAID)
        target = await find_user(transaction, found.to_id)
        await record(transaction, moderator, place, "unraid", user=target)
    return Done("unraid_success", "The raid has been canceled.")


@answering
async def hurry_raid(db: Database, moderator: Moderator, place: Place) -> Done:
    """Have the raid that waits go at once."""
    async with deed(db, moderator, place) as transaction:
        if not await raids.hurry_raid(transaction, place.channel_id):
            raise RefusedError(NO_RAID)
    return Done("raid_now_success", "The raid goes.")


@answering
async def set_raids(
    db: Database,
    moderator: Moderator,
    place: Place,
    *,
    raids_from: RaidsFrom | None,
    min_viewers: int | None,
    was: Mapping[str, Any] | None = None,
) -> tuple[str, int]:
    """Say from whom a channel takes raids, and with how many viewers at least; `None` leaves it as it is.

    `was`, if given: only while these (`raids_from`, `raids_min_viewers`) are still so.
    """
    async with deed(db, moderator, place) as transaction:
        before = await raids.select_raid_settings(transaction, place.channel_id)
        require_unchanged(was, {"raids_from": before[0], "raids_min_viewers": before[1]})
        after = (raids_from or before[0], before[1] if min_viewers is None else min_viewers)
        if after != before:
            await raids.upsert_raid_settings(
                transaction, place.channel_id, raids_from=after[0], min_viewers=after[1]
            )
            details: dict[str, Any] = {"raids_from": after[0], "raids_min_viewers": after[1]}
            await record(transaction, moderator, place, "raid_settings", **details)
    return after


def started(raid: Raid) -> Done:
    """Say that a raid was called up."""
    return Done("raid_success", f"The raid on {raid.to_login} goes in {RAID_S} seconds.")


async def carry_out_due(db: Database) -> int:
    """Carry out raids whose time has come; give how many were seen to. Any number of processes may. Raises `DatabaseError`."""
    async with db.transaction() as transaction:
        due = await raids.take_due_raids(transaction, limit=AT_ONCE)
        for raid in due:
            await _carry_out(transaction, raid)
    return len(due)


async def _carry_out(db: Executor, raid: Raid) -> None:
    """Tell it to both ends; a channel that would not take it any more is spared."""
    welcome = await raids.select_welcome(db, from_id=raid.from_id, to_id=raid.to_id)
    person = await person_of(db, raid.to_id, raid.from_id)
    target = await users.select_user(db, raid.to_id)
    if person is None or target is None or not _is_welcome(welcome, whatever_number=True):
        await raids.end_raid(db, raid.id, "canceled")
        return
    await raids.end_raid(db, raid.id, "gone", viewers=welcome.viewers)
    event: dict[str, Any] = {
        "from_broadcaster_user_id": str(raid.from_id),
        "from_broadcaster_user_login": raid.from_login,
        "from_broadcaster_user_name": raid.from_name,
        "to_broadcaster_user_id": str(raid.to_id),
        "to_broadcaster_user_login": raid.to_login,
        "to_broadcaster_user_name": raid.to_name,
        "viewers": welcome.viewers,
    }
    await eventsub.insert_event(
        db, key=f"raid {raid.id}", channel_id=raid.from_id, type="channel.raid", event=event
    )
    await tell_notice(db, raid.to_id, raid_notice(new_message_id(), person, welcome.viewers))
    await trio.lowlevel.checkpoint()


def _is_welcome(welcome: Welcome, *, whatever_number: bool = False) -> bool:
    """Whether a channel takes the raid of another; `whatever_number` of viewers, once they are on their way."""
    if not welcome.is_there or welcome.is_apart or welcome.raids_from == "nobody":
        return False
    if welcome.raids_from == "followed" and not welcome.is_followed:
        return False
    return whatever_number or welcome.viewers >= welcome.min_viewers
