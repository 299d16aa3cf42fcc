"""Selling subscriptions: from the click to the refund, against a server that speaks Stripe's API, and a real PostgreSQL."""

import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE
from common.db import Database
from common.egress import EgressClient
from common.egress_policy import EgressPolicy
from common.queries import chat, follows
from common.queries import subscription_orders as orders
from common.queries import subscriptions as queries
from common.subscriptions import end_lapsed
from tests.common.test_queries import add_user
from tests.webapp.conftest import session_of
from tests.webapp.stripe_site import SECRET_KEY, WEBHOOK_SECRET, Json, StripeSite, signed, stripe_site
from webapp.stripe_client import StripeClient
from webapp.stripe_shop import StripeShop
from webapp.subscription_shop import Prices

pytestmark = pytest.mark.real

PRICES = Prices("usd", (499, 999, 2499))


def choose(candidates: Sequence[int], count: int) -> list[int]:
    return random.Random(7).sample(candidates, min(count, len(candidates)))


@dataclass
class Sale:
    """A site that sells, and Stripe."""

    db: Database
    app: QuartTrio
    shop: StripeShop
    stripe: StripeSite
    anna: int
    ben: int

    async def ask(self, who: int | None, method: str, path: str, body: Json | None = None) -> tuple[int, Any]:
        headers = {} if who is None else {"Cookie": f"{SESSION_COOKIE}={await session_of(self.db, who)}"}
        response = await self.app.test_client().open(
            f"/api{path}", method=method, json=body if method != "GET" else None, headers=headers
        )
        text = await response.get_data(as_text=True)
        return response.status_code, json.loads(text) if text else None

    async def buy(self, who: int | None = None, tier: str = "1000") -> str:
        status, checkout = await self.ask(
            who or self.ben, "POST", "/channels/anna/subscriptions", {"tier": tier}
        )
        assert status == 201, checkout
        url: str = checkout["data"][0]["url"]
        return url

    async def gift(self, **wish: Any) -> tuple[int, Any]:
        return await self.ask(self.ben, "POST", "/channels/anna/subscriptions/gifts", wish)

    async def deliver(self, *events: Json, headers: dict[str, str] | None = None) -> list[int]:
        """Send webhooks, one after the other."""
        statuses = []
        await trio.lowlevel.checkpoint()
        for event in events:
            body = json.dumps(event).encode()
            response = await self.app.test_client().post(
                "/api/stripe/webhook", data=body, headers=signed(body) if headers is None else headers
            )
            statuses.append(response.status_code)
        return statuses

    async def own(self, who: int | None = None) -> Any:
        status, told = await self.ask(who or self.ben, "GET", "/channels/anna/subscriptions/me")
        return told["data"][0] if status == 200 else None

    async def events(self) -> list[str]:
        rows = await self.db.fetch("select type from outbox order by id")
        return [row["type"] for row in rows]

    async def pay_debts(self) -> None:
        """Say to Stripe what is owed it now."""
        for order in await orders.take_owed(self.db, limit=100, again_in=timedelta(minutes=1)):
            await self.shop._tell(order)

    async def move_back(self, days: int) -> None:
        """Have all that was bought happen days earlier."""
        for table in ("subscription_terms", "subscriptions"):
            start = "starts_at" if table == "subscription_terms" else "since"
            await self.db.execute(
                f"update {table} set {start} = {start} - make_interval(days => $1),"
                " ends_at = ends_at - make_interval(days => $1), lapses_at = lapses_at - make_interval(days => $1)",
                days,
            )


@pytest.fixture(params=[True, False], ids=["basil", "before basil"])
async def sale(
    request: pytest.FixtureRequest, app_factory: Callable[..., QuartTrio], database: Database
) -> AsyncIterator[Sale]:
    async with stripe_site(basil=request.param) as stripe:
        with EgressClient(EgressPolicy(["127.0.0.0/8"])) as egress:
            shop = StripeShop(
                database,
                StripeClient(egress, stripe.url, SECRET_KEY),
                web_url="https://live.example",
                webhook_secret=WEBHOOK_SECRET,
                prices=PRICES,
                unix_s=time.time,
                choose=choose,
            )
            anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
            yield Sale(database, app_factory(database=database, shop=shop), shop, stripe, anna.id, ben.id)


async def test_from_the_click_to_the_end(sale: Sale) -> None:
    stripe = sale.stripe
    url = await sale.buy(tier="2000")
    assert await sale.own() is None  # nothing is delivered before it is paid
    (call,) = stripe.calls
    assert (call.fields["mode"], call.fields["line_items[0][price_data][unit_amount]"]) == (
        "subscription",
        "999",
    )
    assert call.fields["success_url"].startswith("https://live.example/anna?subscribed=")

    # checkout
    completed, paid = stripe.pay(url)
    assert await sale.deliver(completed, paid) == [204, 204]
    own = await sale.own()
    assert (own["tier"], own["cumulative_months"], own["renews"], own["is_gift"]) == ("2000", 1, True, False)
    assert (own["badge"], own["can_share"]) == ("2000", False)
    assert await sale.events() == ["channel.subscribe", "channel.chat.notification"]
    standing = await chat.select_standing(sale.db, channel_id=sale.anna, user_id=sale.ben)
    assert standing is not None
    assert (standing.tier, standing.months) == (2000, 1)

    # renewal
    (subscription,) = stripe.subscriptions
    await sale.move_back(31)
    assert await sale.own() is not None  # the money is on its way
    assert await sale.deliver(stripe.renew(subscription)) == [204]
    own = await sale.own()
    assert (own["cumulative_months"], own["streak_months"], own["can_share"]) == (2, 2, True)
    status, told = await sale.ask(
        sale.ben, "POST", "/channels/anna/subscriptions/share", {"text": "Two!", "show_streak": True}
    )
    assert (status, told["data"][0]["can_share"]) == (200, False)
    assert (await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions/share", {}))[0] == 409

    # cancellation: it lasts until the end of what is paid
    assert (await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions/cancel"))[0] == 204
    assert stripe.subscriptions[subscription]["cancel_at_period_end"]
    assert await sale.deliver(stripe.updated(subscription)) == [204]
    own = await sale.own()
    assert own["renews"] is False
    assert (await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions/cancel"))[0] == 404
    await sale.move_back(70)
    assert await sale.own() is None
    assert await sale.deliver(stripe.deleted(subscription)) == [204]
    assert (await sale.events())[-1] == "channel.subscription.end"
    assert (await sale.events()).count("channel.subscription.end") == 1
    kinds = [row["kind"] for row in await sale.db.fetch("select kind from subscription_events order by id")]
    assert [kinds.count(kind) for kind in ("begun", "paid", "renewed", "ended")] == [1, 2, 1, 1]


async def test_replay_and_forgery_are_refused_and_change_nothing(sale: Sale) -> None:
    completed, paid = sale.stripe.pay(await sale.buy())
    body = json.dumps(paid).encode()
    forged = [
        {"Content-Type": "application/json"},
        signed(body, secret="whsec_guess"),
        signed(body, at_s=time.time() - 3600),
        signed(body + b" "),
        {"Content-Type": "application/json", "Stripe-Signature": "t=1,v1=00"},
    ]
    for headers in forged:
        assert await sale.deliver(paid, headers=headers) == [400]
    assert await sale.own() is None
    assert await sale.db.fetchval("select count(*) from stripe_events") == 0
    assert await sale.deliver(completed, paid) == [204, 204]
    before = await sale.db.fetchval("select count(*) from subscription_events"), await sale.events()
    assert await sale.deliver(paid, completed, paid) == [204] * 3  # Stripe must not go on sending it
    assert (await sale.db.fetchval("select count(*) from subscription_events"), await sale.events()) == before


async def test_the_same_event_many_times_at_once_counts_once(sale: Sale) -> None:
    completed, paid = sale.stripe.pay(await sale.buy())
    async with trio.open_nursery() as nursery:
        for event in (completed, paid) * 4:
            nursery.start_soon(sale.deliver, event)
    assert await sale.db.fetchval("select count(*) from subscription_terms") == 1
    assert await sale.db.fetchval("select count(*) from subscription_events where kind = 'paid'") == 1
    assert (await sale.events()).count("channel.subscribe") == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
async def test_order_of_events_does_not_matter(sale: Sale, order: tuple[int, ...]) -> None:
    completed, paid = sale.stripe.pay(await sale.buy())
    (subscription,) = sale.stripe.subscriptions
    events = (completed, paid, sale.stripe.updated(subscription))
    assert await sale.deliver(*(events[index] for index in order)) == [204] * 3
    own = await sale.own()
    assert (own["cumulative_months"], own["renews"]) == (1, True)
    assert await sale.db.fetchval("select count(*) from subscription_terms") == 1


async def test_late_word_of_a_payment_revives_nothing(sale: Sale) -> None:
    completed, paid = sale.stripe.pay(await sale.buy())
    (subscription,) = sale.stripe.subscriptions
    await sale.deliver(completed, sale.stripe.deleted(subscription), paid)
    assert await sale.own() is None
    assert await sale.db.fetchval("select status from subscription_orders") == "ended"


async def test_older_word_about_renewal_does_not_undo_a_newer_one(sale: Sale) -> None:
    now = time.time()
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    (subscription,) = sale.stripe.subscriptions
    stale = sale.stripe.updated(subscription, now_s=now)
    sale.stripe.subscriptions[subscription]["cancel_at_period_end"] = True
    await sale.deliver(sale.stripe.updated(subscription, now_s=now + 2), stale)
    assert (await sale.own())["renews"] is False


async def test_two_clicks_at_once_make_one_order_and_one_page(sale: Sale) -> None:
    urls: list[str] = []

    async def click() -> None:
        urls.append(await sale.buy())

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(click)
    assert len(set(urls)) == 1
    assert len(sale.stripe.sessions) == 1
    assert await sale.db.fetchval("select count(*) from subscription_orders") == 1
    assert {call.key for call in sale.stripe.calls} == {sale.stripe.calls[0].key}
    assert sale.stripe.calls[0].key is not None
    await sale.deliver(*sale.stripe.pay(urls[0]))
    status, problem = await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions", {})
    assert (status, problem["reason"]) == (409, "subscribed")


async def test_who_pays_on_two_pages_is_not_made_to_pay_on(sale: Sale) -> None:
    first, second = await sale.buy(tier="1000"), await sale.buy(tier="3000")
    await sale.deliver(*sale.stripe.pay(first), *sale.stripe.pay(second))
    await sale.pay_debts()
    older, newer = sale.stripe.subscriptions.values()
    assert (older["cancel_at_period_end"], newer["cancel_at_period_end"]) == (True, False)
    assert (await sale.own())["tier"] == "3000"


async def test_refund_ends_the_subscription_and_the_payments(sale: Sale) -> None:
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    (subscription,), (payment,) = sale.stripe.subscriptions, sale.stripe.payments
    assert await sale.deliver(sale.stripe.refunded(payment, 100)) == [204]
    assert await sale.own() is not None  # some money back is not all
    assert await sale.deliver(sale.stripe.refunded(payment)) == [204]
    assert await sale.own() is None
    assert (await sale.events())[-1] == "channel.subscription.end"
    await sale.pay_debts()
    assert sale.stripe.subscriptions[subscription]["status"] == "canceled"
    assert await sale.deliver(sale.stripe.deleted(subscription)) == [204]
    assert await sale.db.fetchval("select status from subscription_orders") == "refunded"


async def test_refund_of_a_month_that_is_over_ends_nothing(sale: Sale) -> None:
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    (subscription,), (payment,) = sale.stripe.subscriptions, sale.stripe.payments
    await sale.deliver(sale.stripe.renew(subscription))
    await sale.db.execute(
        "update subscription_events set paid_until = now() where kind = 'paid' and id = (select min(id) from subscription_events where kind = 'paid')"
    )
    await sale.deliver(sale.stripe.refunded(payment))
    assert await sale.own() is not None


async def test_payment_that_fails_leaves_days_of_grace_and_then_it_lapses(sale: Sale) -> None:
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    (subscription,) = sale.stripe.subscriptions
    await sale.move_back(31)
    assert await sale.deliver(sale.stripe.renew(subscription, paid=False)) == [204]
    own = await sale.own()
    assert own["cumulative_months"] == 1
    await sale.move_back(4)
    assert await sale.own() is None
    assert await end_lapsed(sale.db, limit=10) == 1
    assert await sale.deliver(sale.stripe.renew(subscription)) == [204]  # it worked after all
    own = await sale.own()
    assert own is not None
    assert own["cumulative_months"] >= 2


async def test_gift_is_delivered_once_and_a_refund_takes_it_back(sale: Sale) -> None:
    cleo = (await add_user(sale.db, "cleo")).id
    status, gifts = await sale.gift(user_login="cleo", tier="3000", is_anonymous=True)
    assert (status, gifts["data"]) == (201, [])
    (completed,) = sale.stripe.pay(gifts["checkout"]["url"])
    assert await sale.deliver(completed, completed) == [204, 204]
    own = await sale.own(cleo)
    assert (own["tier"], own["is_gift"], own["gifter_login"], own["renews"]) == ("3000", True, "", False)
    assert await sale.events() == [
        "channel.subscribe",
        "channel.subscription.gift",
        "channel.chat.notification",
    ]
    assert (await sale.ask(cleo, "POST", "/channels/anna/subscriptions/cancel"))[0] == 404
    (payment,) = sale.stripe.payments
    await sale.deliver(sale.stripe.refunded(payment))
    assert await sale.own(cleo) is None


async def test_gifts_to_a_community_reach_as_many_as_were_paid(sale: Sale) -> None:
    fans = [(await add_user(sale.db, f"fan_{number}")).id for number in range(4)]
    for fan in fans:
        await follows.upsert_follow(sale.db, user_id=fan, channel_id=sale.anna, notify=True)
    status, problem = await sale.gift(count=5)
    assert (status, problem["reason"]) == (422, "too_few")
    _, gifts = await sale.gift(count=4)
    assert sale.stripe.calls[-1].fields["line_items[0][quantity]"] == "4"
    # One of them gets one elsewhere before it is paid: that part of the money goes back.
    status, _ = await sale.ask(
        sale.anna, "POST", "/channels/anna/subscriptions/grants", {"user_login": "fan_0", "months": None}
    )
    assert status == 201
    await sale.deliver(*sale.stripe.pay(gifts["checkout"]["url"]))
    assert [(await sale.own(fan))["is_gift"] for fan in fans] == [False, True, True, True]
    await sale.pay_debts()
    await sale.pay_debts()
    (payment,) = sale.stripe.payments
    assert sale.stripe.refunds == [{"payment_intent": payment, "amount": "499"}]


async def test_gift_that_nobody_can_get_any_more_is_paid_back(sale: Sale) -> None:
    cleo = (await add_user(sale.db, "cleo")).id
    _, gifts = await sale.gift(user_login="cleo")
    await sale.db.execute("delete from users where id = $1", cleo)
    await sale.deliver(*sale.stripe.pay(gifts["checkout"]["url"]))
    sale.stripe.fail_with = (500, "api_error")
    await sale.pay_debts()
    assert sale.stripe.refunds == []
    sale.stripe.fail_with = None
    await sale.db.execute("update subscription_orders set owed_at = now()")
    await sale.pay_debts()
    (payment,) = sale.stripe.payments
    assert sale.stripe.refunds == [{"payment_intent": payment}]
    assert await sale.db.fetchval("select count(*) from subscription_orders where owed is not null") == 0


async def test_gifts_that_are_refused(sale: Sale) -> None:
    for name in ("banned", "gone", "has_one"):
        await add_user(sale.db, name)
    banned = await queries.select_recipient(sale.db, "banned", channel_id=sale.anna, gifter_id=None)
    assert banned is not None
    await chat.upsert_ban(
        sale.db, channel_id=sale.anna, user_id=banned.id, moderator_id=sale.anna, reason="", expires_at=None
    )
    await sale.db.execute("update users set suspended_at = now() where login = 'gone'")
    await sale.ask(
        sale.anna, "POST", "/channels/anna/subscriptions/grants", {"user_login": "has_one", "tier": "2000"}
    )
    heard = {
        name: await sale.gift(user_login=name)
        for name in ("ben", "anna", "banned", "gone", "has_one", "nobody_here")
    }
    assert {name: (status, body["reason"]) for name, (status, body) in heard.items()} == {
        "ben": (422, "yourself"),
        "anna": (422, "own_channel"),
        "banned": (403, "unwelcome"),
        "gone": (404, "nobody"),
        "has_one": (409, "subscribed"),
        "nobody_here": (404, "nobody"),
    }
    assert (await sale.gift(user_login="has_one", tier="3000"))[0] == 201
    for wish in ({}, {"user_login": "anna", "count": 2}):
        assert (await sale.gift(**wish))[0] == 422
    for count in (0, -1, 101, 10**30):
        assert (await sale.gift(count=count))[0] == 400
    assert (await sale.ask(sale.anna, "POST", "/channels/anna/subscriptions", {}))[0] == 422
    status, problem = await sale.ask(banned.id, "POST", "/channels/anna/subscriptions", {})
    assert (status, problem["reason"]) == (403, "unwelcome")
    assert (await sale.ask(banned.id, "POST", "/channels/anna/subscriptions/gifts", {"user_login": "ben"}))[
        0
    ] == 403


async def test_account_that_goes_pays_no_longer_and_the_books_name_nobody(sale: Sale) -> None:
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    (subscription,) = sale.stripe.subscriptions
    await sale.db.execute("delete from users where id = $1", sale.ben)
    await sale.pay_debts()
    assert sale.stripe.subscriptions[subscription]["status"] == "canceled"
    row = await sale.db.fetchrow("select buyer_id, amount, currency from subscription_orders")
    assert row is not None
    assert (row["buyer_id"], row["amount"], row["currency"]) == (None, 499, "usd")
    assert await sale.deliver(sale.stripe.renew(subscription)) == [204]
    assert await sale.db.fetchval("select count(*) from subscriptions") == 0


async def test_who_pays_when_the_account_is_gone_is_not_made_to_pay_again(sale: Sale) -> None:
    url = await sale.buy()
    await sale.db.execute("delete from users where id = $1", sale.anna)
    assert await sale.deliver(*sale.stripe.pay(url)) == [204, 204]
    await sale.pay_debts()
    (subscription,) = sale.stripe.subscriptions.values()
    assert subscription["status"] == "canceled"


async def test_events_about_other_things_of_the_account_are_taken_and_left(sale: Sale) -> None:
    stripe = sale.stripe
    events = [
        stripe.event("customer.created", {"id": "cus_9"}, int(time.time())),
        stripe.event("invoice.paid", {"id": "in_9", "amount_paid": 5, "currency": "usd"}, int(time.time())),
        stripe.event(
            "charge.refunded",
            {"id": "ch_9", "amount_refunded": 5, "refunded": True, "payment_intent": "pi_9"},
            int(time.time()),
        ),
    ]
    assert await sale.deliver(*events) == [204] * 3
    broken = stripe.event("invoice.paid", {"no": "id"}, int(time.time()))
    assert await sale.deliver(broken) == [400]
    assert await sale.db.fetchval("select count(*) from subscription_events") == 0


async def test_stripe_that_refuses_or_is_away_is_said_and_the_next_click_starts_anew(sale: Sale) -> None:
    for failure in ((500, "api_error"), (402, "card_declined"), (401, "")):
        sale.stripe.fail_with = failure
        status, problem = await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions", {})
        assert status == 503
        assert "sk_test" not in json.dumps(problem)
    sale.stripe.fail_with = None
    await sale.buy()
    assert len(sale.stripe.sessions) == 1


async def test_who_paid_before_is_the_same_customer_and_a_new_one_when_that_was_deleted(sale: Sale) -> None:
    await add_user(sale.db, "cleo")
    await add_user(sale.db, "dora")
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    (first,) = sale.stripe.sessions.values()
    await sale.gift(user_login="cleo")
    assert list(sale.stripe.sessions.values())[-1]["customer"] == first["customer"]
    sale.stripe.gone.add(first["customer"])
    status, gifts = await sale.gift(user_login="dora")
    assert status == 201
    assert gifts["checkout"]["url"]
    assert list(sale.stripe.sessions.values())[-1]["customer"] is None


async def test_portal_is_for_who_has_paid(sale: Sale) -> None:
    assert (await sale.ask(sale.ben, "POST", "/users/me/billing-portal"))[0] == 404
    await sale.deliver(*sale.stripe.pay(await sale.buy()))
    status, portal = await sale.ask(sale.ben, "POST", "/users/me/billing-portal")
    assert status == 200
    assert portal["data"][0]["url"].startswith(f"{sale.stripe.url}/p/cus_")


async def test_page_that_closes_lets_the_next_click_open_another(sale: Sale) -> None:
    url = await sale.buy()
    session = sale.stripe.sessions[url.rpartition("/")[2]]
    await sale.deliver(sale.stripe.event("checkout.session.expired", session, int(time.time())))
    assert await sale.buy() != url
    # Whoever had the old one open and paid there all the same gets what they paid for.
    await sale.deliver(*sale.stripe.pay(url))
    assert await sale.own() is not None


async def test_order_that_got_no_page_for_long_makes_way_for_a_new_one(sale: Sale) -> None:
    sale.stripe.fail_with = (500, "api_error")
    assert (await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions", {}))[0] == 503
    sale.stripe.fail_with = None
    await sale.db.execute(
        "update subscription_orders set created_at = now() - interval '20 minutes', expires_at = now() + interval '25 minutes'"
    )
    await sale.buy()  # Stripe takes no page that ends within half an hour
    assert await sale.db.fetchval("select count(*) from subscription_orders") == 2


async def test_accounts_that_go_while_their_payment_is_told_of_leave_nothing_locked(sale: Sale) -> None:
    events = sale.stripe.pay(await sale.buy())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sale.deliver, *events)
        nursery.start_soon(sale.db.execute, "delete from users where id = $1", sale.ben)
        nursery.start_soon(sale.db.execute, "delete from users where id = $1", sale.anna)
    assert await sale.deliver(*events) == [204, 204]
    await sale.pay_debts()
    (subscription,) = sale.stripe.subscriptions.values()
    assert subscription["status"] == "canceled"
    assert await sale.db.fetchval("select count(*) from subscriptions") == 0


async def test_buyer_who_begins_order_after_order_has_to_wait(sale: Sale) -> None:
    await sale.db.execute(
        """
        insert into subscription_orders (id, kind, channel_id, buyer_id, tier, provider, status, expires_at)
        select gen_random_uuid(), 'gift', $1, $2, 1000, 'stripe', 'expired', now() from generate_series(1, 30)
        """,
        sale.anna,
        sale.ben,
    )
    assert (await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions", {}))[0] == 429


async def test_site_says_what_it_sells(sale: Sale) -> None:
    _, site = await sale.ask(None, "GET", "/site")
    assert site["subscriptions"] == {
        "provider": "stripe",
        "currency": "usd",
        "prices": {"1000": 499, "2000": 999, "3000": 2499},
    }


async def test_secrets_are_in_no_log(sale: Sale, capfd: pytest.CaptureFixture[str]) -> None:
    sale.stripe.fail_with = (401, "invalid_api_key")
    await sale.ask(sale.ben, "POST", "/channels/anna/subscriptions", {})
    body = json.dumps(sale.stripe.event("invoice.paid", {"id": "in_1"}, 1)).encode()
    await sale.deliver({"id": "evt"}, headers=signed(body, secret="whsec_other"))
    said = "".join(capfd.readouterr())
    assert SECRET_KEY not in said
    assert WEBHOOK_SECRET not in said
    assert SECRET_KEY not in repr(vars(sale.shop))
