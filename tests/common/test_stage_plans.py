"""No statement about pins, polls and raids reads a whole table: asked of the planner, with twenty thousand of each."""

import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database, Executor, open_database
from common.queries import account_export, pins, polls, raids
from common.queries.polls import Ballot
from tests.common.database_site import cluster_dsn, filled_schema, made_data_dir
from tests.common.test_queries_explain import Explaining

__all__ = ["cluster_dsn", "made_data_dir"]

pytestmark = pytest.mark.real

LARGE = {"users", "channels", "chat_settings", "chat_pins", "polls", "poll_choices", "poll_votes", "raids"}
ID = uuid.UUID(int=700)
OLD = datetime.now(UTC) - timedelta(days=90)
FILL = """
insert into users (login, display_name) select 'user_' || number, 'x' from generate_series(1, 20000) as number;
insert into channels (id, user_id) select id, id from users;
insert into chat_settings (channel_id) select id from users;
insert into chat_pins (channel_id, message_id, user_id, text) select id, gen_random_uuid(), id % 300 + 1, 'x' from users;
insert into polls (id, channel_id, title, ends_at, status, ended_at)
select lpad(to_hex(id), 32, '0')::uuid, id % 999 + 1, 'x', now() + (id % 100 - 99) * interval '1 day',
    case when id % 1000 = 0 then 'ACTIVE' else 'COMPLETED' end, case when id % 1000 > 0 then now() - (id % 100) * interval '1 day' end
from users where id <= 20000;
insert into poll_choices (poll_id, choice, title) select id, choice, 'x' from polls, generate_series(1, 2) as choice;
insert into poll_votes (poll_id, user_id, choice) select lpad(to_hex(id % 200 + 1), 32, '0')::uuid, id, 1 from users;
insert into raids (id, from_channel_id, to_channel_id, created_at, goes_at, status, ended_at)
select lpad(to_hex(id), 32, '0')::uuid, id % 999 + 1, id % 999 + 2, now() - id * interval '1 minute', now() - id * interval '1 minute',
    case when id % 1000 = 0 then 'pending' else 'gone' end, case when id % 1000 > 0 then now() - id * interval '1 minute' end
from users;
analyze users, channels, chat_settings, chat_pins, polls, poll_choices, poll_votes, raids;
"""


async def fill(db: Database) -> None:
    await db.execute(FILL)


@pytest.fixture(scope="module")
def filled_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "pin": lambda db: pins.select_pin(db, 5),
    "pinning": lambda db: pins.upsert_pin(
        db, channel_id=5, message_id=ID, user_id=7, text="x", pinned_by=5, holds_s=None
    ),
    "unpinning": lambda db: pins.delete_pin(db, 5),
    "poll": lambda db: polls.select_poll(db, 5, ID),
    "polls": lambda db: polls.select_polls(db, 5, limit=20, before=uuid.UUID(int=15_000)),
    "counts": lambda db: polls.select_active_polls(db, [ID, uuid.UUID(int=701)]),
    "beginning": lambda db: polls.insert_poll(
        db, uuid.UUID(int=10**9), channel_id=500, created_by=5, title="x", choices=["a", "b"], duration_s=60
    ),
    "ending": lambda db: polls.end_poll(db, ID, "TERMINATED"),
    "due polls": lambda db: polls.end_due_polls(db, limit=20),
    "votes": lambda db: polls.cast_votes(db, [Ballot(ID, 7, 1), Ballot(ID, 8, 2)], [5, 5]),
    "vote": lambda db: polls.select_vote(db, ID, 7),
    "next": polls.select_next_due,
    "old polls": lambda db: polls.delete_old_polls(db, before=OLD, limit=20),
    "raids": lambda db: raids.select_raids(db, 5),
    "pending": lambda db: raids.select_pending_raid(db, 5),
    "welcome": lambda db: raids.select_welcome(db, from_id=5, to_id=7),
    "recent": lambda db: raids.count_recent_raids(db, 5, within_s=600, limit=10),
    "calling up": lambda db: raids.insert_raid(
        db, uuid.UUID(int=10**9), from_id=500, to_id=7, created_by=5, viewers=1, wait_s=90
    ),
    "hurrying": lambda db: raids.hurry_raid(db, 5),
    "due raids": lambda db: raids.take_due_raids(db, limit=20),
    "settling": lambda db: raids.end_raid(db, ID, "gone", viewers=3),
    "old raids": lambda db: raids.delete_old_raids(db, before=OLD, limit=20),
    "settings": lambda db: raids.select_raid_settings(db, 5),
    "export": lambda db: account_export.select_account_export(db, 704),
}


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_statement_reads_by_an_index(filled_dsn: str, statement: str) -> None:
    async with open_database(filled_dsn, wait_s=10) as db:
        explaining = Explaining(db, LARGE)
        await STATEMENTS[statement](explaining)
        assert explaining.plans
        assert explaining.whole == set()
