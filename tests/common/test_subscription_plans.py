"""No statement about subscriptions reads a whole table: asked of the planner, with twenty thousand of each."""

import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.db import Database, Executor, open_database
from common.queries import account_export, chat, viewing
from common.queries import subscription_books as books
from common.queries import subscription_orders as orders
from common.queries import subscription_terms as terms
from common.queries import subscriptions as queries
from common.queries.subscription_books import Entry
from common.queries.subscription_orders import Wish
from common.queries.subscriptions import SubscriptionPlace
from tests.common.database_site import filled_schema
from tests.common.test_queries_explain import Explaining

pytestmark = pytest.mark.real

LARGE = {
    "users",
    "channels",
    "follows",
    "subscriptions",
    "subscription_terms",
    "subscription_orders",
    "subscription_events",
    "stripe_events",
}
ORDER = uuid.UUID(int=7)
NOW = datetime.now(UTC)

FILL = """
insert into users (login, display_name) select 'user_' || number, 'x' from generate_series(1, 20000) as number;
insert into channels (id, user_id) select id, id from users;
insert into follows (user_id, channel_id) select id, 1 from users where id > 1;
insert into subscription_orders (id, kind, channel_id, buyer_id, tier, provider, status, expires_at, owed, owed_at,
    subscription_id, payment_id, customer_id)
select lpad(to_hex(id), 32, '0')::uuid, 'subscription', id % 100 + 1, id, 1000, 'stripe',
    case when id % 10 = 0 then 'open' else 'paid' end, now(), case when id % 1000 = 0 then 'stop' end,
    case when id % 1000 = 0 then now() end, 'sub_' || id, 'pi_' || id, 'cus_' || id
from users where id > 100;
insert into subscription_terms (channel_id, user_id, tier, source, order_id, ends_at, lapses_at, ended_at, end_reason)
select channel_id, buyer_id, tier, 'stripe', id, now() + '1 day', now() + '1 day',
    case when buyer_id % 2 = 0 then now() end, case when buyer_id % 2 = 0 then 'over' end
from subscription_orders;
insert into subscriptions (channel_id, user_id, tier, is_gift, since, renews, ended_at)
select channel_id, user_id, tier, false, now(), false, ended_at from subscription_terms;
insert into subscription_events (kind, channel_id, user_id, actor_id, order_id, reference)
select 'paid', channel_id, user_id, user_id, order_id, 'in_' || user_id from subscription_terms;
insert into stripe_events (id, type, received_at) select 'evt_' || id, 'x', now() - id * interval '1 minute' from users;
analyze users, channels, follows, subscriptions, subscription_terms, subscription_orders, subscription_events, stripe_events;
"""


async def fill(db: Database) -> None:
    await db.execute(FILL)


@pytest.fixture(scope="module")
def filled_dsn(cluster_dsn: str) -> Iterator[str]:
    with filled_schema(cluster_dsn, fill) as dsn:
        yield dsn


FIRST = SubscriptionPlace()
WISH = Wish(kind="subscription", channel_id=5, buyer_id=7, tier=1000)
STATEMENTS: dict[str, Callable[[Executor], Awaitable[object]]] = {
    "subscriber": lambda db: queries.select_subscriber(db, channel_id=5, user_id=700),
    "subscribers": lambda db: queries.select_subscribers(db, 5, limit=20, after=FIRST),
    "subscribed": lambda db: queries.select_subscribed(db, 700, limit=20, after=FIRST),
    "how many": lambda db: queries.count_subscribers(db, 5),
    "recipient": lambda db: queries.select_recipient(db, "user_7", channel_id=5, gifter_id=7),
    "recipient by id": lambda db: queries.select_recipient_by_id(db, 7, channel_id=5, gifter_id=7),
    "candidates": lambda db: queries.select_candidates(db, channel_id=1, gifter_id=7, pool=500),
    "supporter": lambda db: queries.select_supporter(db, channel_id=5, user_id=7),
    "what is written down": lambda db: queries.select_subscription(db, channel_id=5, user_id=700),
    "terms": lambda db: terms.select_terms(db, channel_id=5, user_id=700),
    "ending grants": lambda db: terms.end_grants(db, channel_id=5, user_id=700, now=NOW),
    "ending what lapsed": lambda db: terms.end_lapsed_terms(db, channel_id=5, user_id=700, now=NOW),
    "what lapsed": lambda db: terms.select_lapsed(db, limit=20),
    "people of an order": lambda db: terms.select_term_people(db, ORDER),
    "prolonging": lambda db: terms.prolong_term(db, ORDER, ends_at=NOW, lapses_at=NOW),
    "renewing": lambda db: terms.set_term_renewal(db, ORDER, renews=False, lapses_after=timedelta(0)),
    "ending an order": lambda db: terms.end_order_terms(db, ORDER, reason="cancelled", now=NOW),
    "entry": lambda db: books.insert_entry(db, Entry(kind="paid", channel_id=5)),
    "given": lambda db: books.count_given(db, channel_id=5, gifter_id=700),
    "expiring": lambda db: orders.expire_orders(db, 700, margin=timedelta(minutes=5)),
    "opening": lambda db: orders.open_order(db, WISH, order_id=uuid.uuid4(), lasts=timedelta(hours=1)),
    "orders of late": lambda db: orders.count_orders(db, 700, within=timedelta(hours=1)),
    "customer": lambda db: orders.select_customer(db, 700),
    "order that renews": lambda db: orders.select_renewing_order(db, channel_id=5, buyer_id=700),
    "order": lambda db: orders.lock_order(
        db, order_id=ORDER, subscription_id="sub_7", payment_id="pi_7", references=("in_7",)
    ),
    "paid until": lambda db: orders.select_paid_until(db, ORDER, ("in_7",)),
    "session": lambda db: orders.set_session(db, ORDER, session_id="cs_1", url="x"),
    "owing": lambda db: orders.owe(db, ORDER, "cancel"),
    "owed": lambda db: orders.take_owed(db, limit=10, again_in=timedelta(minutes=1)),
    "new event": lambda db: orders.insert_stripe_event(db, "evt_x", "x"),
    "old events": lambda db: orders.delete_old_stripe_events(db, before=NOW - timedelta(days=13), limit=100),
    "standing in chat": lambda db: chat.select_standing(db, channel_id=5, user_id=700),
    "viewing": lambda db: viewing.select_viewing_of(db, 5, 700),
    "export": lambda db: account_export.select_account_export(db, 700),
    "account that goes": lambda db: db.execute("delete from users where id = 700"),
}


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_statement_reads_by_an_index(filled_dsn: str, statement: str) -> None:
    async with open_database(filled_dsn, wait_s=10) as db:
        explaining = Explaining(db, LARGE)
        await STATEMENTS[statement](explaining)
        assert explaining.plans
        assert explaining.whole == set()
