"""What webhooks were sent, for who answers for them, and sending things once more, on a real PostgreSQL."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.db import ControlChange, Database, FullRecheck
from common.queries import deliveries, eventsub, oauth_apps
from common.queries.deliveries import Settlement
from common.queries.eventsub import NewSubscription, Owner, Subscription
from tests.webapp.test_accounts import Browser
from tests.webapp.test_broadcasts import asked, people
from tests.webapp.test_eventsub import Receiver, client, delivery_for, hang, http, results
from webapp.deliveries import Sent, Skipped
from webapp.eventsub_webhooks import WebhookDeliverer

pytestmark = pytest.mark.real

PATH = "/api/users/me/webhooks"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def subscribe(db: Database, owner: Owner, channel_id: int, *, method: str = "webhook") -> Subscription:
    is_webhook = method == "webhook"
    return await eventsub.insert_subscription(
        db,
        NewSubscription(
            type="channel.update",
            version="2",
            condition={"broadcaster_user_id": str(channel_id)},
            channel_id=channel_id,
            owner=owner,
            method="webhook" if is_webhook else "websocket",
            callback="http://hook.example/" if is_webhook else None,
            secret="a secret of mine" if is_webhook else None,
            session_id=None if is_webhook else "x" * 30,
            connected_at=None if is_webhook else datetime.now(UTC),
            cost=0,
        ),
    )


async def resend(browser: Browser, one: Subscription, delivery: object) -> int:
    path = f"{PATH}/{one.id}/deliveries/{delivery}/resend"
    return (await browser.ask("POST", path))[0]


async def test_one_sees_ones_own_webhooks_and_those_of_ones_apps(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    made = await oauth_apps.insert_app(
        database, user_id=anna_id, client_id="a" * 30, secret_hash=bytes(32), name="Overlay", redirect_uris=[]
    )
    assert made is not None
    own = await subscribe(database, Owner(None, anna_id), anna_id)
    of_app = await subscribe(database, Owner(made.id, None), anna_id)
    await subscribe(database, Owner(None, anna_id), anna_id, method="websocket")
    found = await asked(browsers["anna"], PATH)
    assert [(one["subscription"]["id"], one["client_id"], one["app_name"]) for one in found] == [
        (str(of_app.id), "a" * 30, "Overlay"),
        (str(own.id), None, None),
    ]
    assert (found[0]["failures"], found[0]["failing_since"]) == (0, None)
    assert "secret" not in str(found)
    assert await asked(browsers["editor"], PATH) == []
    for one in (own, of_app):
        assert (await browsers["anna"].ask("GET", f"{PATH}/{one.id}/deliveries"))[0] == 200
        assert (await browsers["editor"].ask("GET", f"{PATH}/{one.id}/deliveries"))[0] == 404
        assert await resend(browsers["editor"], one, 1) == 404


async def test_the_log_tells_what_came_of_each_and_page_by_page(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    anna, one = browsers["anna"], await subscribe(database, Owner(None, anna_id), anna_id)
    path = f"{PATH}/{one.id}/deliveries"
    assert await asked(anna, path) == []
    taken = await delivery_for(database, one)
    [waiting] = await asked(anna, path)
    assert waiting["event"] == {"title": "1"}
    assert (waiting["status"], waiting["type"]) == ("waiting", "channel.update")
    assert (waiting["message_id"], waiting["attempts"]) == (str(taken.message_id), 1)
    assert waiting["next_at"] is not None
    await deliveries.settle_deliveries(
        database, [Settlement(id=taken.id, attempts=1, outcome="dead", error="The receiver answered 500.")]
    )
    [dead] = await asked(anna, path)
    assert (dead["status"], dead["last_error"]) == ("dead", "The receiver answered 500.")
    assert (dead["next_at"], dead["finished_at"] is None) == (None, False)
    for number in range(2, 5):
        await database.execute(
            "insert into deliveries (event_id, kind, target) values ($1, 'webhook', $2)",
            -number,
            str(one.id),
        )
    status, body = await anna.ask("GET", f"{path}?first=3")
    assert (status, [row["event"] for row in body["data"]]) == (200, [None] * 3)
    status, body = await anna.ask("GET", f"{path}?first=3&after={body['pagination']['cursor']}")
    assert ([row["id"] for row in body["data"]], body["pagination"]) == ([str(taken.id)], {})


async def test_what_was_given_up_is_sent_once_more_however_long_ago_it_happened(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    anna, one = browsers["anna"], await subscribe(database, Owner(None, anna_id), anna_id)
    first = await delivery_for(database, one)
    assert await resend(anna, one, first.id) == 409, "it waits"
    await deliveries.settle_deliveries(database, [Settlement(id=first.id, attempts=1, outcome="dead")])
    await database.execute("update outbox set created_at = $1", datetime.now(UTC) - timedelta(hours=7))
    other = await subscribe(database, Owner(None, anna_id + 1), anna_id)
    assert await resend(browsers["editor"], other, first.id) in {404, 409}, "it is for another"
    with database.subscribe() as feed:
        assert isinstance(
            await anext(feed), FullRecheck
        )  # before it has been read, other changes are part of it
        assert await resend(anna, one, first.id) == 204
        with trio.fail_after(30):
            assert await anext(feed) == ControlChange("deliveries", 0)
    assert await resend(anna, one, first.id) == 409, "a second click changes nothing"

    async def good(_: bytes) -> bytes:
        await trio.lowlevel.checkpoint()
        return http(204)

    [again] = await deliveries.lease_deliveries(database, "webhook", limit=10, lease_s=60)
    assert (again.message_id, again.attempts) == (first.message_id, 1)
    async with trio.open_nursery() as nursery:
        with client(Receiver(nursery, good)) as egress:
            assert await results(WebhookDeliverer(database, egress), again) == [Sent()]
        with client(Receiver(nursery, hang)) as egress:
            [late] = await results(WebhookDeliverer(database, egress), first)
            assert isinstance(late, Skipped), "nobody asked for that one"
        nursery.cancel_scope.cancel("the test is over")
    await deliveries.settle_deliveries(database, [Settlement(id=first.id, attempts=1, outcome="sent")])
    [sent] = await asked(anna, f"{PATH}/{one.id}/deliveries")
    assert (sent["status"], sent["resent_at"] is None) == ("sent", False)
    assert await resend(anna, one, first.id) == 409, "it has arrived"
    await database.execute("update eventsub_subscriptions set status = 'user_removed'")
    assert await resend(anna, one, first.id) == 409, "nobody would be told"
    for unknown in (0, 2**63, "x"):
        assert await resend(anna, one, unknown) == 404
    assert (await anna.ask("GET", f"{PATH}/{uuid.uuid4()}/deliveries"))[0] == 404


async def letters(browser: Browser) -> list[dict[str, Any]]:
    return list(await asked(browser, "/api/admin/dead-letters"))


async def test_administrators_have_dead_letters_tried_once_more(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    anna, one = browsers["anna"], await subscribe(database, Owner(None, anna_id), anna_id)
    sent = await delivery_for(database, one)
    await database.execute("update users set is_admin = true where id = $1", anna_id)
    await deliveries.settle_deliveries(database, [Settlement(id=sent.id, attempts=1, outcome="dead")])
    await deliveries.insert_dead_letter(database, sent.event_id, "expansion", "webhook", "failed")
    await database.execute(
        'update outbox set delivered_at = now(), progress = \'{"webhook": null, "notices": null}\''
    )
    expansion, letter = await letters(anna)
    assert (expansion["kind"], letter["kind"]) == ("expansion", "webhook")
    for dead in (expansion, letter):
        path = f"/api/admin/dead-letters/{dead['id']}/resend"
        assert (await browsers["editor"].ask("POST", path))[0] == 403
        assert (await anna.ask("POST", path))[0] == 204
        assert (await anna.ask("POST", path))[0] == 404, "it is none any more"
    assert await letters(anna) == []
    row = await database.fetchrow(
        "select delivered_at, progress::text from outbox where id = $1", sent.event_id
    )
    assert row is not None
    assert (row["delivered_at"], row["progress"]) == (None, '{"notices": null}')
    await deliveries.insert_dead_letter(database, 4711, "webhook", "x", "its event is gone")
    gone = await database.fetchval("select id from deliveries where event_id = 4711")
    assert (await anna.ask("POST", f"/api/admin/dead-letters/{gone}/resend"))[0] == 404
