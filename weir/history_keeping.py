"""The upkeep of chat history: days are made ahead, and dropped when they are too old; what accounts leave behind goes, too."""

from datetime import UTC, date, datetime, timedelta

import structlog
import trio

from common.db import Database, DatabaseError
from common.queries import chat_history_keeping as keeping
from weir.retention import BATCH, EVERY_S, remove_in_batches

log = structlog.get_logger(__name__)

DAYS_AHEAD = 7
"""How long a site may be without upkeep before messages belong to no day."""
MAX_DROPS = 400
"""Days dropped at one time, each in a transaction of its own."""
FIRST_TRY_S = 5.0
AT_ONCE = 500
"""Accounts that are gone, looked after at one time."""


async def keep_history(db: Database, days: int) -> None:
    """Keep the history of the last so many days, for ever; 0: none. An outage is waited out."""
    pause_s = FIRST_TRY_S
    while True:
        await db.wait_available()
        try:
            if await tend(db, days, datetime.now(UTC)):
                pause_s = EVERY_S
        except DatabaseError as error:
            log.info("chat_history_upkeep_waits", error=str(error))
        await trio.sleep(pause_s)


async def tend(db: Database, days: int, now: datetime) -> bool:
    """Do what is due and say whether it was this process that did; another may be at it. Raises `DatabaseError`."""
    await trio.lowlevel.checkpoint()
    today = now.astimezone(UTC).date()
    if days and not await make_days(db, today):
        return False
    oldest = today - timedelta(days=days) if days else today + timedelta(days=DAYS_AHEAD + 1)
    for _ in range(MAX_DROPS):
        if not await _drop_day(db, before=oldest):
            break
    before = _midnight(oldest)
    behind = max(before, _midnight(today + timedelta(days=DAYS_AHEAD + 1)))
    await remove_in_batches(
        lambda limit: keeping.delete_strays(db, before=before, behind=behind, limit=limit), batch=BATCH
    )
    await remove_in_batches(
        lambda limit: keeping.delete_old_erasures(db, before=before, limit=limit), batch=BATCH
    )
    await forget_departed(db)
    return True


async def make_days(db: Database, today: date) -> bool:
    """Make the days from yesterday to some ahead; False: another process is at it. Raises `DatabaseError`."""
    await trio.lowlevel.checkpoint()
    for ahead in range(-1, DAYS_AHEAD + 1):
        async with db.transaction() as transaction:
            if not await keeping.take_keeping_lock(transaction):
                return False
            await keeping.make_day(transaction, today + timedelta(days=ahead))
    return True


async def forget_departed(db: Database) -> None:
    """Remove what accounts that are gone said, and what was said in their channels. Raises `DatabaseError`."""
    await trio.lowlevel.checkpoint()
    departed = await keeping.select_departures(db, limit=AT_ONCE)
    done: list[int] = []
    for user_id in departed:
        gone = await remove_in_batches(
            lambda limit, user_id=user_id: keeping.delete_messages_of(db, user_id, limit=limit),  # type: ignore[misc]
            batch=BATCH,
        )
        gone += await remove_in_batches(
            lambda limit, user_id=user_id: keeping.delete_messages_in(db, user_id, limit=limit),  # type: ignore[misc]
            batch=BATCH,
        )
        if not gone:
            done.append(user_id)
    if done:
        await keeping.delete_departures(db, done)


async def _drop_day(db: Database, *, before: date) -> bool:
    async with db.transaction() as transaction:
        return await keeping.take_keeping_lock(transaction) and await keeping.drop_oldest_day(
            transaction, before=before
        )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
