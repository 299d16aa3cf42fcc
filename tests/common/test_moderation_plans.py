"""No statement about moderation reads a whole table: asked of the planner, with twenty thousand of each."""

import uuid
from collections.abc import Awaitable, Callable, Iterator

import pytest

from common.db import Database, Executor, open_database
from common.queries import account_export, chat, chat_rules, moderation, users
from common.queries import moderation_holds as holds
from common.queries import moderation_requests as requests
from tests.common.database_site import cluster_dsn, filled_schema, made_data_dir
from tests.common.test_queries_explain import Explaining

__all__ = ["cluster_dsn", "made_data_dir"]

pytestmark = pytest.mark.real

LARGE = {
    "users",
    "channels",
    "chat_bans",
    "chat_warnings",
    "suspicious_users",
    "unban_requests",
    "chat_holds",
    "chat_settings",
    "chat_blocked_terms",
}
ID = uuid.UUID(int=700)
FIRST = uuid.UUID(int=0)
FILL = """
insert into users (login, display_name) select 'user_' || number, 'x' from generate_series(1, 20000) as number;
insert into channels (id, user_id) select id, id from users;
insert into chat_bans (channel_id, user_id, moderator_id) select id % 100 + 1, id, 1 from users where id > 100;
insert into chat_warnings (channel_id, user_id, moderator_id, reason) select id % 100 + 1, id, 1, 'x' from users where id > 100;
insert into suspicious_users (channel_id, user_id, moderator_id, status)
select id % 100 + 1, id, 1, 'RESTRICTED' from users where id > 100;
insert into unban_requests (id, channel_id, user_id, banned_at, text, status, resolved_at)
select lpad(to_hex(id), 32, '0')::uuid, id % 100 + 1, id, now(), 'x', case when id % 10 = 0 then 'pending' else 'denied' end,
    case when id % 10 > 0 then now() end
from users;
insert into chat_holds (id, channel_id, user_id, text, held_for, message, expires_at, status, decided_at)
select lpad(to_hex(id), 32, '0')::uuid, id % 100 + 1, id, 'x', 'x', '', now() + (id % 100) * interval '1 second',
    case when id % 100 = 0 then 'pending' when id % 1000 = 1 then 'allowed' else 'denied' end,
    case when id % 100 > 0 then now() - (id % 1500) * interval '1 minute' end
from users;
insert into chat_settings (channel_id, shield_changed_by) select id, id % 300 + 1 from users;
insert into chat_blocked_terms (channel_id, text, is_regex, moderator_id, expires_at)
select id % 100 + 1, 'term ' || id, id % 50 = 0, id, case when id % 20 = 0 then now() - (id % 3000) * interval '1 minute' end
from users;
analyze chat_settings, chat_blocked_terms;
analyze users, channels, chat_bans, chat_warnings, suspicious_users, unban_requests, chat_holds;
"""


async def fill(db: Database) -> None:
    await db.execute(FILL)


@pytest.fixture(scope="module")
def filled_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "shield": lambda db: chat_rules.select_shield(db, 5),
    "raising the shield": lambda db: chat_rules.update_shield(
        db, 5, is_active=True, before={"was": {}, "set": {}}, user_id=7
    ),
    "preset": lambda db: chat_rules.update_shield_preset(db, 5, {"slow_mode": True}),
    "terms": lambda db: chat_rules.select_blocked_terms(db, 5, limit=20, before_id=15_000),
    "count of terms": lambda db: chat_rules.count_blocked_terms(db, 5),
    "version of terms": lambda db: chat_rules.select_terms_version(db, 5),
    "all terms": lambda db: chat_rules.select_active_terms(db, 5),
    "regexes": lambda db: chat_rules.select_blocked_regexes(db, 5),
    "blocking terms": lambda db: chat_rules.upsert_blocked_terms(
        db, 5, ["new", "term 4"], is_regex=False, moderator_id=7, expires_at=None
    ),
    "freeing a term": lambda db: chat_rules.delete_blocked_term(db, channel_id=5, term_id=704),
    "old terms": lambda db: chat_rules.delete_old_blocked_terms(db, limit=20),
    "user": lambda db: users.select_user(db, 7),
    "standing": lambda db: chat.select_standing(db, channel_id=5, user_id=704),
    "colour": lambda db: chat.update_color(db, 7, "#123456"),
    "bans": lambda db: moderation.select_bans(db, 5, limit=20, after_id=700),
    "ban": lambda db: moderation.select_bans(db, 5, limit=1, user_id=704),
    "warning": lambda db: moderation.upsert_warning(db, channel_id=5, user_id=7, moderator_id=5, reason="x"),
    "acknowledging": lambda db: moderation.delete_warning(db, channel_id=5, user_id=704),
    "watching": lambda db: moderation.upsert_suspicion(
        db, channel_id=5, user_id=7, moderator_id=5, status="RESTRICTED"
    ),
    "watching no more": lambda db: moderation.delete_suspicion(db, channel_id=5, user_id=704),
    "watched": lambda db: moderation.select_suspicions(db, 5, limit=20),
    "asking": lambda db: requests.insert_unban_request(db, uuid.uuid4(), channel_id=5, user_id=804, text="x"),
    "request": lambda db: requests.select_unban_request(db, 1, ID),
    "requests": lambda db: requests.select_unban_requests(db, 5, status="pending", limit=20, after=FIRST),
    "own request": lambda db: requests.select_own_unban_request(db, channel_id=5, user_id=704),
    "answering": lambda db: requests.resolve_unban_request(
        db, ID, status="denied", moderator_id=1, resolution_text=""
    ),
    "settling": lambda db: requests.cancel_unban_requests(db, channel_id=5, user_id=704),
    "holding": lambda db: holds.insert_hold(
        db,
        uuid.uuid4(),
        channel_id=5,
        user_id=704,
        text="x",
        held_for="x",
        category="",
        message=b"",
        holds_s=300,
        at_most=200,
        at_most_of_one=10,
    ),
    "hold": lambda db: holds.select_hold(db, 1, ID),
    "holds": lambda db: holds.select_holds(db, 1, limit=20, after=FIRST),
    "deciding": lambda db: holds.decide_hold(db, ID, status="denied", moderator_id=1),
    "dropping": lambda db: holds.cancel_holds(db, channel_id=5, user_id=704),
    "expiring": lambda db: holds.expire_holds(db, limit=20),
    "releasing": lambda db: holds.take_allowed(db, limit=20),
    "released": lambda db: holds.settle_release(db, ID, is_said=True),
    "old holds": lambda db: holds.delete_old_holds(db, limit=100),
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
