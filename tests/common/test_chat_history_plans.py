"""No statement about chat history reads a whole day: asked of the planner, with five days of twenty thousand messages."""

import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database, Executor, open_database
from common.message_grams import message_grams, sought
from common.queries import account_export, chat_history
from common.queries import chat_history_keeping as keeping
from common.queries.chat_history import FIRST_ID, LAST_ID, NewMessage, first_id_at
from common.trigrams import stored_grams
from tests.common.database_site import cluster_dsn, filled_schema, made_data_dir
from tests.common.test_queries_explain import Explaining

__all__ = ["cluster_dsn", "made_data_dir"]

pytestmark = pytest.mark.real

NOW = datetime.now(UTC)
TODAY = NOW.date()
DAYS = 5
"""Few, and so many messages in each that it matters how they are read."""
LARGE = {
    "users",
    "channels",
    "streams",
    "chat_bans",
    "chat_erasures",
    *(f"chat_messages_{TODAY - timedelta(days=ago):%Y%m%d}" for ago in range(DAYS)),
}
ID = uuid.UUID(int=700)
FILL = """
insert into users (login, display_name) select 'user_' || number, 'x' from generate_series(1, 20000) as number;
insert into channels (id, user_id) select id, id from users;
insert into chat_bans (channel_id, user_id) select id % 100 + 1, id from users where id > 100;
insert into streams (id, channel_id, node, title, started_at, ended_at, end_reason)
select gen_random_uuid(), id % 100 + 1, 'x', 'x', now() - id * interval '1 minute', now(), 'x' from users;
insert into chat_erasures (id, channel_id, user_id, message_id, erased_at)
select gen_random_uuid(), id % 100 + 1, case when id % 2 = 0 then id else 0 end,
    case when id % 2 = 1 then gen_random_uuid() end, now() - id * interval '1 minute'
from users;
"""
MESSAGES = """
insert into chat_messages (id, channel_id, user_id, said_at, text, grams)
select uuid7_floor(at), channel, number % 20000 + 1, at, 'hello ' || number, made.grams
from (
    select number, number % 100 + 1 as channel,
        date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '1 day' * (number % $1)
            + number * interval '4 milliseconds' as at
    from generate_series(1, 100000) as number
) as numbered, lateral (select array(
    select gram # (number / 100 % 50) from unnest($2::integer[]) as gram) as grams) as made
on conflict do nothing
"""


async def fill(db: Database) -> None:
    await db.execute(FILL)
    for ago in range(DAYS):
        await keeping.make_day(db, TODAY - timedelta(days=ago))
    await db.execute(MESSAGES, DAYS, message_grams("hello you", 5))
    await db.execute("analyze")


@pytest.fixture(scope="module")
def filled_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


def candidates(db: Executor, *, user_id: int | None = None, after: uuid.UUID = FIRST_ID) -> Awaitable[object]:
    wanted = sought("hello", 5)
    assert wanted is not None
    return chat_history.select_candidates(
        db, 5, wanted.grams, limit=51, user_id=user_id, after=after, before=LAST_ID
    )


NEW = NewMessage(uuid.uuid4(), 5, 7, NOW, "x", is_action=False, color="", details=None, grams=[1])
STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "writing": lambda db: chat_history.insert_messages(db, [NEW] * 50),
    "a channel": lambda db: chat_history.select_messages(db, 5, limit=21),
    "a time": lambda db: chat_history.select_messages(
        db, 5, limit=21, after=first_id_at(NOW - timedelta(days=2)), before=first_id_at(NOW)
    ),
    "a person": lambda db: chat_history.select_messages(db, 5, limit=21, user_id=704),
    "words": candidates,
    "words of a day": lambda db: candidates(db, after=first_id_at(NOW - timedelta(days=1))),
    "words of a person": lambda db: candidates(db, user_id=704),
    "a page": lambda db: chat_history.select_messages_by_id(db, [ID, uuid.uuid4(), first_id_at(NOW)]),
    "again": lambda db: chat_history.select_replay(db, 5, limit=101, after=FIRST_ID, before=LAST_ID),
    "what a person said": lambda db: keeping.delete_messages_of(db, 704, limit=5000),
    "what was said in a channel": lambda db: keeping.delete_messages_in(db, 5, limit=5000),
    "old marks": lambda db: keeping.delete_old_erasures(db, before=NOW - timedelta(days=30), limit=5000),
    "export": lambda db: account_export.select_account_export(db, 704),
    "account that goes": lambda db: db.execute("delete from users where id = 1"),
}


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_statement_reads_by_an_index(filled_dsn: str, statement: str) -> None:
    async with open_database(filled_dsn, wait_s=10) as db:
        explaining = Explaining(db, LARGE)
        await STATEMENTS[statement](explaining)
        assert explaining.plans
        assert explaining.whole == set()


def test_the_trigrams_of_the_test_are_those_of_a_message() -> None:
    assert len(message_grams("hello you", 5)) == len(stored_grams("hello you"))
