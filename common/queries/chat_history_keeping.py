"""The upkeep of chat history (migration 0020): days that are made ahead, and what is to go."""

from datetime import date, datetime

from common.db import Executor
from common.queries.chat_history import first_id_at

KEEPING_LOCK = 0x6863_6961
"""Key of the advisory lock that lets one process at a time make and drop days."""


async def take_keeping_lock(db: Executor) -> bool:
    """Say whether this transaction is the one that keeps the days, until it ends."""
    taken: bool = await db.fetchval("select pg_try_advisory_xact_lock($1)", KEEPING_LOCK)
    return taken


async def make_day(db: Executor, day: date) -> bool:
    """Make the partition of a day, UTC, and say whether there was none. Raises `DatabaseError` when others are in the way."""
    made: bool = await db.fetchval("select make_chat_day($1)", day)
    return made


async def drop_oldest_day(db: Executor, *, before: date) -> bool:
    """Drop the oldest day before `before` and say whether there was one. Raises `DatabaseError` when others are in the way."""
    return await db.fetchval("select drop_chat_day($1)", before) is not None


async def delete_strays(db: Executor, *, before: datetime, behind: datetime, limit: int) -> int:
    """Remove messages that belong to no day: those from before `before`, and those from behind `behind`, a future no clock knows."""
    gone: int = await db.fetchval(
        """
        with gone as (
            delete from chat_messages_default where id in (
                select id from chat_messages_default where id < $1::uuid or id >= $2::uuid limit $3
            ) returning 1
        )
        select count(*) from gone
        """,
        first_id_at(before),
        first_id_at(behind),
        limit,
    )
    return gone


async def delete_old_erasures(db: Executor, *, before: datetime, limit: int) -> int:
    """Remove notes about messages that are gone."""
    gone: int = await db.fetchval(
        """
        with gone as (
            delete from chat_erasures where id in (
                select id from chat_erasures where erased_at < $1 limit $2 for update skip locked
            ) returning 1
        )
        select count(*) from gone
        """,
        before,
        limit,
    )
    return gone


async def select_departures(db: Executor, *, limit: int) -> list[int]:
    """List accounts that are gone and may have left messages, the first to go first."""
    rows = await db.fetch("select user_id from chat_departures order by departed_at, user_id limit $1", limit)
    return [row["user_id"] for row in rows]


async def delete_messages_of(db: Executor, user_id: int, *, limit: int) -> int:
    """Remove messages that somebody wrote anywhere; give how many."""
    gone: int = await db.fetchval(
        """
        with gone as (
            delete from chat_messages where user_id = $1 and id <= (
                select id from (
                    select id from chat_messages where user_id = $1 order by id limit $2
                ) as oldest order by id desc limit 1
            ) returning 1
        )
        select count(*) from gone
        """,
        user_id,
        limit,
    )
    return gone


async def delete_messages_in(db: Executor, channel_id: int, *, limit: int) -> int:
    """Remove messages that anybody wrote in a channel; give how many."""
    gone: int = await db.fetchval(
        """
        with gone as (
            delete from chat_messages where channel_id = $1 and id <= (
                select id from (
                    select id from chat_messages where channel_id = $1 order by id limit $2
                ) as oldest order by id desc limit 1
            ) returning 1
        )
        select count(*) from gone
        """,
        channel_id,
        limit,
    )
    return gone


async def delete_departures(db: Executor, user_ids: list[int]) -> None:
    """Forget accounts whose messages are gone, but not those that went within the hour: a last message may be on its way."""
    await db.execute(
        """
        delete from chat_departures where user_id = any($1::bigint[]) and departed_at < now() - interval '1 hour'
        """,
        user_ids,
    )
