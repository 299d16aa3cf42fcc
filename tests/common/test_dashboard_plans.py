"""No statement of dashboards reads a whole table: asked of the planner, with twenty thousand of each and an eight-hour broadcast."""

import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database, Executor, open_database
from common.queries import activity, audit_log, broadcast_samples, ingest, moderation_notes
from common.queries import chat_history_keeping as keeping
from common.queries.activity import ActivityPlace
from common.queries.audit_log import DeedFilter
from common.queries.broadcast_samples import Span
from tests.common.database_site import cluster_dsn, filled_schema, made_data_dir
from tests.common.test_queries_explain import Explaining

__all__ = ["cluster_dsn", "made_data_dir"]

pytestmark = pytest.mark.real

NOW = datetime.now(UTC)
TODAY = NOW.date()
STREAM = uuid.UUID(int=7)
LARGE = {
    "users",
    "channels",
    "streams",
    "stream_sessions",
    "stream_health",
    "channel_claims",
    "ingest_refusals",
    "broadcast_samples",
    "follows",
    "subscription_events",
    "raids",
    "audit_log",
    "moderation_notes",
    f"chat_messages_{TODAY - timedelta(days=1):%Y%m%d}",  # today's has few shortly after midnight
}
FILL = """
insert into users (login, display_name) select 'user_' || number, 'x' from generate_series(1, 20000) as number;
insert into channels (id, user_id) select id, id from users;
insert into streams (id, channel_id, node, title, started_at, ended_at, end_reason)
select lpad(to_hex(id), 32, '0')::uuid, id, 'x', 'x', now() - interval '8 hours', case when id > 300 then now() end,
    case when id > 300 then 'x' end
from users;
insert into stream_sessions (id, stream_id, address, encoder, started_at) select id, id, '', '', started_at from streams;
insert into channel_claims (channel_id, fence, node, session_id, claimed_at)
select channel_id, 1, 'x', id, now() from streams;
insert into ingest_refusals (channel_id, at, description) select id, now(), 'x' from channels;
insert into broadcast_samples (stream_id, at, detail, viewers, chatters, messages)
select lpad(to_hex(id), 32, '0')::uuid, now() - ago * interval '10 seconds', ago % 6 > 0, id, 1, 2880 - ago
from generate_series(1, 8) as id, generate_series(1, 2880) as ago;
insert into stream_health (stream_id, at, detail, status, kbps, video_kbps, audio_kbps, missing_frames, dropped, undecodable,
                           jitter_s, behind_s, reconnects)
select lpad(to_hex(id), 32, '0')::uuid, now() - ago * interval '5 seconds', ago % 12 > 0, 'good', 1, 1, 1, 0, 0, 0, 0, 0, 0
from generate_series(4, 7) as id, generate_series(1, 5760) as ago;
insert into follows (user_id, channel_id, created_at)
select id, id % 20 + 1, now() - id * interval '1 second' from users where id > 20;
insert into subscription_events (at, kind, channel_id, user_id)
select now() - id * interval '1 second', (array['begun', 'paid', 'renewed'])[id % 3 + 1], id % 20 + 1, id from users;
insert into raids (id, from_channel_id, to_channel_id, goes_at, status, ended_at)
select gen_random_uuid(), id, id % 20 + 1, now(), 'gone', now() - id * interval '1 second' from users where id > 20;
insert into audit_log (id, actor_kind, channel_id, action, target_type, target_id, details)
select gen_random_uuid(), 'user', id % 20 + 1, 'timeout', 'user', (id % 500)::text, '{}' from users;
insert into moderation_notes (channel_id, user_id, text) select id % 20 + 1, id, 'x' from users;
"""
MESSAGES = """
insert into chat_messages (id, channel_id, user_id, said_at, text, grams)
select uuid7_floor(at), number % 100 + 1, number % 5000 + 1, at, 'x', '{}'
from (select number, now() - number * interval '5 seconds' as at from generate_series(1, 30000) as number) as numbered
"""


async def fill(db: Database) -> None:
    await db.execute(FILL)
    for ago in range(3):
        await keeping.make_day(db, TODAY - timedelta(days=ago))
    await db.execute(MESSAGES)
    await db.execute("analyze")


@pytest.fixture(scope="module")
def filled_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


SPAN = Span(NOW - timedelta(hours=8), NOW, 28.8)
STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "sampling two hundred broadcasts": lambda db: broadcast_samples.insert_samples(
        db, [uuid.UUID(int=number) for number in range(1, 201)], at=NOW, detail=True, with_chat=True
    ),
    "graphs of people": lambda db: broadcast_samples.select_audience_series(db, STREAM, SPAN),
    "graphs of health": lambda db: broadcast_samples.select_health_series(db, STREAM, SPAN),
    "old samples": lambda db: broadcast_samples.delete_old_samples(
        db,
        detail_before=NOW - timedelta(hours=7, minutes=50),
        all_before=NOW - timedelta(hours=7, minutes=59),
        limit=100,
    ),
    "what arrives": lambda db: ingest.select_ingest(db, 7),
    "a refusal": lambda db: ingest.upsert_refusal(db, channel_id=7, at=NOW, description="x", encoder=""),
    "feed": lambda db: activity.select_activity(db, 7, limit=21),
    "more of the feed": lambda db: activity.select_activity(
        db, 7, limit=21, after=ActivityPlace(NOW - timedelta(hours=2), "2")
    ),
    "deeds about somebody": lambda db: audit_log.select_deeds(
        db, limit=20, only=DeedFilter(channel_id=7, about="46")
    ),
    "counts": lambda db: moderation_notes.count_of(db, channel_id=7, user_id=46),
    "note": lambda db: moderation_notes.select_note(db, channel_id=7, user_id=46),
    "noting": lambda db: moderation_notes.upsert_note(
        db, channel_id=7, user_id=46, text="y", version=2, updated_by=1
    ),
    "ending a broadcast": lambda db: db.execute(
        "update streams set ended_at = now(), end_reason = 'x' where id = $1", STREAM
    ),
}


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_no_statement_reads_a_whole_table(filled_dsn: str, statement: str) -> None:
    async with open_database(filled_dsn, wait_s=10) as db:
        explaining = Explaining(db, LARGE)
        await STATEMENTS[statement](explaining)
    assert explaining.plans > 0
    assert explaining.whole == set()
