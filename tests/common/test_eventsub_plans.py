"""No statement of EventSub reads a whole table, but those about all that is subscribed: asked of the planner, with twenty thousand of each."""

import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database, Executor, open_database
from common.queries import delivery_log, eventsub, eventsub_sessions, eventsub_webhooks
from common.queries.eventsub import Owner
from common.queries.outbox import ChannelEvent
from tests.common.database_site import filled_schema
from tests.common.test_queries_explain import Explaining

pytestmark = pytest.mark.real

LARGE = {"users", "channels", "outbox", "deliveries", "eventsub_subscriptions", "eventsub_sessions"}
ME = Owner(None, 700)
ID = uuid.UUID(int=7)
EVENT = ChannelEvent(7, 700, "channel.update", {"to_broadcaster_user_id": "9"}, datetime.now(UTC))

FILL = """
insert into users (login, display_name) select 'user_' || number, 'x' from generate_series(1, 20000) as number;
insert into channels (id, user_id) select id, id from users;
insert into eventsub_sessions (id, node) select repeat('s', 20) || id, 'node ' || id % 10 from users;
insert into eventsub_subscriptions (type, version, condition, channel_id, acting_id, owner_id, method, callback, secret,
    session_id, connected_at, status, cost, due_at, status_at)
select case when id % 5 = 0 then 'channel.chat.message' else 'channel.update' end, '2', jsonb_build_object('a', id::text), id, id, id,
    case when id % 2 = 0 then 'webhook' else 'websocket' end, case when id % 2 = 0 then 'https://example.org/' end,
    case when id % 2 = 0 then 'a secret of mine' end, case when id % 2 = 1 then repeat('s', 20) || id end,
    case when id % 2 = 1 then now() end, case when id % 3 = 0 then 'user_removed' else 'enabled' end, 0,
    case when id % 1000 = 0 then now() end, now() - id * interval '1 minute'
from users;
insert into outbox (channel_id, type, event, key, created_at)
select id, 'channel.update', '{}', 'key ' || id, now() - id * interval '1 minute' from users;
insert into oauth_apps (user_id, client_id, name, redirect_uris) select id, lpad(id::text, 30, 'a'), 'x', '{}' from users where id < 900;
insert into deliveries (event_id, kind, target, finished_at, outcome, created_at)
select outbox.id, 'webhook', eventsub_subscriptions.id::text, now(), 'dead', now()
from outbox join eventsub_subscriptions on owner_id = outbox.channel_id;
analyze users, channels, outbox, deliveries, oauth_apps, eventsub_subscriptions, eventsub_sessions;
"""


async def fill(db: Database) -> None:
    await db.execute(FILL)


@pytest.fixture(scope="module")
def filled_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "objection": lambda db: eventsub.select_objection(db, 700),
    "totals": lambda db: eventsub.select_totals(db, ME),
    "own": lambda db: eventsub.select_owned(db, ME, limit=10),
    "own that are over": lambda db: eventsub.select_owned(db, ME, limit=10, status="user_removed", before=9),
    "removal": lambda db: eventsub.delete_owned(db, ME, ID),
    "some": lambda db: eventsub.select_subscriptions(db, [ID]),
    "of sessions": lambda db: eventsub.select_of_sessions(db, ["s" * 20 + "701"]),
    "why gone": lambda db: eventsub.select_reason_gone(db, 7, 700),
    "what is over": lambda db: eventsub.delete_over(db, kept=timedelta(days=10), limit=10),
    "session": lambda db: eventsub_sessions.select_session(db, "s" * 20 + "701"),
    "owners of a session": lambda db: eventsub_sessions.select_session_owners(db, "s" * 20 + "701"),
    "sessions of an owner": lambda db: eventsub_sessions.select_owner_sessions(db, ME),
    "offer": lambda db: eventsub_sessions.offer_reconnect(db, "s" * 20 + "701", "node 1", b"1" * 32),
    "handing over": lambda db: eventsub_sessions.take_over_session(db, b"1" * 32, "node 2"),
    "touch": lambda db: eventsub_sessions.touch_sessions(db, "node 1", ["s" * 20 + "701"]),
    "end of a session": lambda db: eventsub_sessions.end_session(
        db, "s" * 20 + "701", "node 1", "websocket_disconnected"
    ),
    "lost sessions": lambda db: eventsub_sessions.end_lost_sessions(
        db, unseen=timedelta(seconds=90), limit=10
    ),
    "expansion": lambda db: eventsub_webhooks.insert_webhook_deliveries(
        db, EVENT, kind="webhook", after=0, limit=10
    ),
    "due": lambda db: eventsub_webhooks.take_due(db, limit=10, lease_s=60),
    "next due": eventsub_webhooks.select_next_due_s,
    "event": lambda db: eventsub.insert_event(db, key="key 7", channel_id=7, type="channel.update", event={}),
    "events": lambda db: eventsub.select_events(db, [7, 8]),
    "late events": lambda db: eventsub.select_late_events(
        db, [7, 8], look_back=timedelta(seconds=45), limit=10
    ),
    "webhooks": lambda db: delivery_log.select_webhooks(db, 700, limit=20, before=9000),
    "webhook": lambda db: delivery_log.select_webhooks(db, 700, limit=1, id=ID),
    "log of a webhook": lambda db: delivery_log.select_webhook_log(db, ID, limit=20, before_id=9000),
    "sending once more": lambda db: delivery_log.resend_delivery(db, 700, target=str(ID)),
    "expanding once more": lambda db: delivery_log.expand_again(db, 701),
    "account that goes": lambda db: db.execute("delete from users where id = 700"),
}


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_statement_reads_by_an_index(filled_dsn: str, statement: str) -> None:
    async with open_database(filled_dsn, wait_s=10) as db:
        explaining = Explaining(db, LARGE)
        await STATEMENTS[statement](explaining)
        assert explaining.plans
        assert explaining.whole == set()
