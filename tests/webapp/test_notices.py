"""Who is told that a channel is live: on the site, by Web Push that is decrypted, by SMTP; the same outbox, so one file."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.background import running
from common.db import Database
from common.egress import EgressClient
from common.egress_policy import EgressPolicy
from common.queries import deliveries, follows, notices, notification_settings, push
from tests.webapp.conftest import put_channel
from tests.webapp.push_site import PushBrowser, PushService, push_service
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person
from tests.webapp.test_email import Postbox, delivering, settings
from webapp.deliveries import Deliverer
from webapp.mail import Post
from webapp.notice_expander import NoticeExpander
from webapp.notice_mail import MailDeliverer
from webapp.notice_parts import NoticeParts
from webapp.outbox_worker import OutboxWorker
from webapp.push_delivery import PushDeliverer
from webapp.push_keys import PushKeys

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

PATIENCE_S = 30
POLICY = EgressPolicy(["127.0.0.1"])
WEB = "https://live.example"
SETTINGS = "/api/users/me/notification-settings"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database, notices=NoticeParts(policy=POLICY))


@asynccontextmanager
async def worker(db: Database, post: Post | None = None) -> AsyncIterator[None]:
    """The outbox is worked off as in the web role."""
    with EgressClient(POLICY) as egress, trio.fail_after(PATIENCE_S):
        sends: list[Deliverer] = [PushDeliverer(db, PushKeys(db, contact="mailto:us@live.example"), egress)]
        if post is not None:
            sends.append(MailDeliverer(db, post.settings, WEB))
        async with running(OutboxWorker(db, [NoticeExpander(mail=post is not None)], sends).serve):
            yield


async def finished(db: Database) -> list[tuple[str, str, str | None]]:
    """Wait until nothing waits; give what became of each delivery."""
    while await db.fetchval(
        """
        select exists (select from outbox where delivered_at is null)
            or exists (select from deliveries where finished_at is null)
        """
    ):
        await trio.sleep(0.01)
    rows = await db.fetch("select kind, outcome, last_error from deliveries order by kind, id")
    return [(row["kind"], row["outcome"], row["last_error"]) for row in rows]


async def follower(
    app: QuartTrio, db: Database, login: str, channel_id: int, *, notify: bool = True
) -> Browser:
    browser = await person(app, db, login)
    user_id = await db.fetchval("select id from users where login = $1", login)
    await follows.upsert_follow(db, user_id=user_id, channel_id=channel_id, notify=notify)
    return browser


async def subscribe(browser: Browser, service: PushService, name: str) -> tuple[PushBrowser, str]:
    keys = PushBrowser(name)
    status, body = await browser.ask("POST", "/api/push/subscriptions", keys.subscription(service.url))
    assert status == 201, body
    return keys, body["data"][0]["id"]


async def listed(browser: Browser, query: str = "") -> tuple[list[str], int]:
    status, body = await browser.ask("GET", f"/api/notices{query}")
    assert status == 200, body
    return [entry["title"] for entry in body["data"]], body["unread_count"]


async def test_a_follower_finds_a_notice_and_their_browser_decrypts_one(
    app: QuartTrio, database: Database
) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    async with push_service() as service, worker(database):
        keys, _ = await subscribe(bob, service, "bob")
        await put_channel(database, "anna", title="chess")
        (request,) = await service.wait_for(1)
        assert [row[:2] for row in await finished(database)] == [("push", "sent")]
    message = keys.open(request.body)
    event_id = await database.fetchval("select id from outbox where type = 'stream.online'")
    assert message == {
        "id": str(event_id),
        "type": "stream.online",
        "title": "Anna is live",
        "body": "chess",
        "url": "/anna",
        "tag": f"weir-{event_id}",
    }
    assert request.headers["content-encoding"] == "aes128gcm"
    assert (request.headers["urgency"], 1700 < int(request.headers["ttl"]) <= 1800) == ("high", True)
    assert len(request.headers["topic"]) == 22
    assert service.check_vapid(request)["sub"] == "mailto:us@live.example"
    _, body = await bob.ask("GET", "/api/push/key")
    assert body["data"][0]["key"] == service.vapid_key
    _, body = await bob.ask("GET", "/api/notices")
    assert body["unread_count"] == 1
    assert body["data"][0] | {"created_at": "", "details": {}} == {
        "id": str(event_id),
        "type": "stream.online",
        "broadcaster_id": str(anna),
        "broadcaster_login": "anna",
        "broadcaster_name": "Anna",
        "title": "Anna is live",
        "text": "chess",
        "details": {},
        "created_at": "",
        "is_read": False,
    }


async def test_only_those_who_want_to_be_told_are(app: QuartTrio, database: Database) -> None:
    anna = await put_channel(database, "anna", live=False)
    people = {
        name: await follower(app, database, name, anna, notify=name != "quiet_one")
        for name in ("bob", "quiet_one", "suspended", "blocker", "no_list")
    }
    people["stranger"] = await person(app, database, "stranger")
    assert (await people["blocker"].ask("PUT", "/api/users/me/blocks/anna"))[0] == 204
    assert (await people["no_list"].ask("PATCH", SETTINGS, {"live": {"site": False}}))[0] == 200
    await database.execute("update users set suspended_at = now() where login = 'suspended'")
    async with worker(database):
        await put_channel(database, "anna")
        await finished(database)
    told = await database.fetch("select login from notices join users on users.id = user_id")
    assert [row["login"] for row in told] == ["bob"]


@pytest.mark.parametrize("visibility", ["unlisted", "followers"])
async def test_what_is_not_for_followers_is_not_told(
    app: QuartTrio, database: Database, visibility: str
) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    await database.execute("update channels set visibility = $1", visibility)
    async with worker(database):
        await put_channel(database, "anna")
        await finished(database)
    assert (await listed(bob))[1] == (visibility == "followers")


LATER = [
    ("update streams set ended_at = now(), end_reason = 'x'", "The broadcast is over."),
    ("update outbox set created_at = now() - interval '31 minutes'", "It is late."),
    ("update follows set notify = false", "They do not want to know any more."),
    ("delete from follows", "They do not want to know any more."),
    ("update users set suspended_at = now() where login = 'bob'", "Their account is suspended."),
    ("update users set suspended_at = now() where login = 'anna'", "The channel is suspended."),
    ("update notification_settings set live_push = false", "They do not want to be told this way any more."),
    (
        """
        insert into blocks (user_id, blocked_id)
        select b.id, a.id from users a, users b where a.login = 'anna' and b.login = 'bob'
        """,
        "One has blocked the other.",
    ),
    ("delete from sessions", "The browser has unsubscribed, or its session is over."),
    ("update sessions set expires_at = now()", "The browser has unsubscribed, or its session is over."),
    ("delete from outbox", "The channel is gone."),
]


@pytest.mark.parametrize(("change", "why"), LATER)
async def test_what_changed_before_sending_counts(
    app: QuartTrio, database: Database, change: str, why: str
) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    await bob.ask("PATCH", SETTINGS, {"live": {"push": True}})
    async with push_service() as service:
        await subscribe(bob, service, "bob")
        await put_channel(database, "anna")
        enqueueing = OutboxWorker(database, [NoticeExpander(mail=False)], [])
        while await enqueueing.expand_some():
            pass
        await database.execute(change)
        async with worker(database):
            ((_, outcome, error),) = await finished(database)
        assert service.requests == []
    assert outcome in {"skipped", "gone"}
    assert error == why


async def test_what_was_over_before_anybody_looked_is_told_to_nobody(
    app: QuartTrio, database: Database
) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    await put_channel(database, "anna")
    await put_channel(database, "anna", live=False)
    async with worker(database):
        assert await finished(database) == []
    assert await listed(bob) == ([], 0)


async def test_a_broadcast_that_begins_again_at_once_is_no_news(app: QuartTrio, database: Database) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    async with worker(database):
        for pause, unread in ((None, 1), ("1 minute", 1), ("1 minute", 1), ("11 minutes", 2)):
            if pause is not None:
                await put_channel(database, "anna", live=False)
                await database.execute(
                    "update streams set started_at = started_at - $1::text::interval, ended_at = ended_at - $1::text::interval",
                    pause,
                )
            await put_channel(database, "anna")
            await finished(database)
            assert (await listed(bob))[1] == unread, pause


async def test_push_services_that_refuse_know_nobody_or_are_busy(app: QuartTrio, database: Database) -> None:
    anna = await put_channel(database, "anna", live=False)
    answers: dict[str, list[int | str]] = {
        "gone": [410],
        "missing": [404],
        "forbidden": [403],
        "big": [413],
        "moved": ["302 x\r\nLocation: http://127.0.0.1:1/"],
        "busy": ["429 x\r\nRetry-After: 0", 201],
        "broken": [503, 500, 201],
    }
    async with push_service(lambda name: answers[name].pop(0)) as service:
        for name in answers:
            await subscribe(await follower(app, database, name, anna), service, name)
        await put_channel(database, "anna")
        patient = PushDeliverer.policy
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                PushDeliverer, "policy", type(patient)(first_s=0.01, longest_s=0.02, max_attempts=4)
            )
            async with worker(database):
                outcomes = await finished(database)
    assert [outcome for _, outcome, _ in outcomes] == ["gone", "gone", "dead", "dead", "dead", "sent", "sent"]
    left = await database.fetch("select endpoint from push_subscriptions order by id")
    assert len(left) == 5, "browsers that nobody knows are forgotten"
    dead = await deliveries.select_dead_letters(database, limit=9, kind="push")
    assert [letter.last_error for letter in dead] == [
        f"The push service answered {n}." for n in (302, 413, 403)
    ]


async def test_a_subscription_that_leads_inside_is_never_followed(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    app = app_factory(database=database)  # allows nothing but the public internet
    bob = await person(app, database, "bob")
    async with push_service() as service:
        inside = PushBrowser("bob").subscription(service.url)
        assert (await bob.ask("POST", "/api/push/subscriptions", inside))[0] == 400
        for url in ("https://127.0.0.1/x", "https://localhost/x"):  # seen through when it is connected to
            made = await bob.ask("POST", "/api/push/subscriptions", {**inside, "endpoint": url})
            assert made[0] == 201
        anna = await put_channel(database, "anna", live=False)
        await follower(app, database, "bob", anna)
        await put_channel(database, "anna")
        with EgressClient(EgressPolicy()) as egress, trio.fail_after(PATIENCE_S):
            sends = PushDeliverer(database, PushKeys(database), egress)
            async with running(OutboxWorker(database, [NoticeExpander(mail=False)], [sends]).serve):
                outcomes = await finished(database)
        assert [outcome for _, outcome, _ in outcomes] == ["dead", "dead"]
        assert service.requests == []


async def test_a_letter_comes_where_it_was_asked_for_and_one_click_ends_it(
    app: QuartTrio, database: Database
) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    carla = await follower(app, database, "carla", anna)
    for browser in (bob, carla):
        assert (await browser.ask("PATCH", SETTINGS, {"live": {"mail": True}}))[0] == 200
    await database.execute("update users set email = login || '@example.org'")
    await database.execute("update users set email_verified_at = now() where login = 'bob'")
    postbox = Postbox()
    async with delivering(postbox) as post, worker(database, post):
        await put_channel(database, "anna", title="chess\u202e <b>")
        letter = await postbox.letters.receive()
        assert await finished(database) == [("mail", "sent", None)], "carla has not proven her address"
    assert (letter["To"], letter["Subject"]) == ("bob@example.org", "Anna is live")
    assert "chess <b>" in letter.get_content()
    assert f"{WEB}/anna" in letter.get_content()
    message_id = await database.fetchval("select message_id::text from deliveries")
    assert letter["Message-ID"] == f"<{message_id}@live.example>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(letter["List-Unsubscribe"]).strip(" <>").removeprefix(WEB)
    client = app.test_client()
    page = await client.get(link)
    assert (page.status_code, "No more notices" in await page.get_data(as_text=True)) == (200, True)
    assert (
        await notification_settings.select_settings(database, await user_id(database, "bob"))
    ).live.mail, "looking does nothing"
    for broken in (
        link[:-3],
        link.replace("token=", "token=AA"),
        "/unsubscribe",
        "/unsubscribe?token=%ff%00%C3%BC",
    ):
        assert (await client.get(broken)).status_code == 403
        assert (await client.post(broken)).status_code == 403
    clicked = await client.post(link, form={"List-Unsubscribe": "One-Click"})
    assert clicked.status_code == 200
    assert not (
        await notification_settings.select_settings(database, await user_id(database, "bob"))
    ).live.mail
    assert (await notification_settings.select_settings(database, await user_id(database, "carla"))).live.mail


async def user_id(db: Database, login: str) -> int:
    found: int = await db.fetchval("select id from users where login = $1", login)
    return found


async def test_a_mail_server_that_is_away_is_asked_again(
    app: QuartTrio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        MailDeliverer, "policy", type(MailDeliverer.policy)(first_s=0.01, longest_s=0.02, max_attempts=5)
    )
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    await bob.ask("PATCH", SETTINGS, {"live": {"mail": True}})
    await database.execute("update users set email = 'bob@example.org', email_verified_at = now()")
    postbox = Postbox(refusals=2)
    async with delivering(postbox) as post, worker(database, post):
        await put_channel(database, "anna")
        await postbox.letters.receive()
        assert [row[:2] for row in await finished(database)] == [("mail", "sent")]
    async with worker(database, Post(settings(1))):
        await database.execute(
            "update deliveries set finished_at = null, outcome = null, attempts = 0, due_at = now()"
        )
        ((_, outcome, error),) = await finished(database)
    assert outcome == "dead"
    assert error == "The mail server did not take it: ConnectionRefusedError."


async def test_one_person_is_told_what_concerns_them(app: QuartTrio, database: Database) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob, carla = await person(app, database, "bob"), await person(app, database, "carla")
    async with push_service() as service, worker(database):
        keys, _ = await subscribe(bob, service, "bob")
        await subscribe(carla, service, "carla")
        async with database.transaction() as transaction:
            await notices.tell_user(
                transaction,
                user_id=await user_id(database, "bob"),
                channel_id=anna,
                kind="subscription.gift",
                title="Carla gave you a subscription",
                text="To Anna, until May.",
            )
        (request,) = await service.wait_for(1)
        assert [row[:2] for row in await finished(database)] == [("push", "sent")]
    message = keys.open(request.body)
    assert (message["type"], message["title"], message["body"], message["url"]) == (
        "subscription.gift",
        "Carla gave you a subscription",
        "To Anna, until May.",
        "/anna",
    )
    assert await listed(bob) == (["Carla gave you a subscription"], 1)
    assert await listed(carla) == ([], 0)


async def put_notices(db: Database, login: str, channel_id: int, count: int) -> None:
    await db.execute(
        """
        insert into notices (user_id, id, type, channel_id, details)
        select users.id, number, 'subscription.gift', $2, jsonb_build_object('title', 'n' || number)
        from users, generate_series(1, $3) as number where login = $1
        """,
        login,
        channel_id,
        count,
    )


async def test_notices_are_read_page_by_page_and_marked(app: QuartTrio, database: Database) -> None:
    anna = await put_channel(database, "anna", live=False)
    bob, carla = await person(app, database, "bob"), await person(app, database, "carla")
    await put_notices(database, "bob", anna, 5)
    await put_notices(database, "carla", anna, 1)
    assert await listed(bob, "?first=2") == (["n5", "n4"], 5)
    _, body = await bob.ask("GET", "/api/notices?first=2")
    cursor = body["pagination"]["cursor"]
    assert await listed(bob, f"?first=2&after={cursor}") == (["n3", "n2"], 5)
    assert (await carla.ask("GET", f"/api/notices?after={cursor}"))[0] == 400
    assert (await bob.ask("PUT", "/api/notices/4/read"))[0] == 204
    assert (await bob.ask("PUT", "/api/notices/4/read"))[0] == 204
    assert (await bob.ask("PUT", "/api/notices/9/read"))[0] == 404
    assert await listed(bob, "?unread=true") == (["n5", "n3", "n2", "n1"], 4)
    assert (await bob.ask("POST", "/api/notices/read", {"up_to": "3"}))[0] == 204
    assert await listed(bob, "?unread=true") == (["n5"], 1)
    assert (await bob.ask("POST", "/api/notices/read", {"up_to": "9" * 19}))[0] == 204
    assert (await listed(bob))[1] == 0
    assert (await listed(carla))[1] == 1


async def test_lists_of_notices_stay_bounded(
    app: QuartTrio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "MAX_KEPT", 10)
    monkeypatch.setattr(notices, "_TRIM_EVERY", 1)
    anna = await put_channel(database, "anna", live=False)
    bob = await follower(app, database, "bob", anna)
    other = await put_channel(database, "other", live=False)
    await database.execute("alter table outbox alter id restart with 100")
    await put_notices(database, "bob", other, 30)
    async with worker(database):
        await put_channel(database, "anna")
        await finished(database)
    titles, unread = await listed(bob, "?first=100")
    assert titles[0] == "Anna is live"
    assert unread == len(titles) == 10
    await database.execute("update notices set created_at = now() - interval '31 days' where id < 30")
    moment = await database.fetchval("select now() - interval '30 days'")
    assert await notices.delete_old_notices(database, before=moment, limit=5) == 5
    assert (await listed(bob))[1] == 5


async def test_settings_have_defaults_and_change_one_by_one(app: QuartTrio, database: Database) -> None:
    bob = await person(app, database, "bob")
    expected = {
        "live": {"site": True, "push": True, "mail": False},
        "personal": {"site": True, "push": True, "mail": False},
    }
    assert await bob.ask("GET", SETTINGS) == (200, {"data": [expected]})
    expected["live"]["mail"] = True
    assert await bob.ask("PATCH", SETTINGS, {"live": {"mail": True}}) == (200, {"data": [expected]})
    expected["personal"] = {"site": False, "push": False, "mail": True}
    change: dict[str, Any] = {"personal": expected["personal"]}
    assert await bob.ask("PATCH", SETTINGS, change) == (200, {"data": [expected]})
    wrongs: list[Any] = [
        {"live": {"sms": True}},
        {"live": {"mail": None}},
        {"other": {}},
        [],
        {"live": {"mail": "yes"}},
    ]
    for wrong in wrongs:
        assert (await bob.ask("PATCH", SETTINGS, wrong))[0] == 400
    assert await bob.ask("GET", SETTINGS) == (200, {"data": [expected]})


async def test_subscriptions_belong_to_browsers_and_sessions(app: QuartTrio, database: Database) -> None:
    bob, carla = await person(app, database, "bob"), await person(app, database, "carla")
    async with push_service() as service:
        keys, first = await subscribe(bob, service, "one")
        assert (await bob.ask("POST", "/api/push/subscriptions", keys.subscription(service.url)))[1]["data"][
            0
        ]["id"] == first
        stolen = PushBrowser("one").subscription(service.url)
        assert (await carla.ask("POST", "/api/push/subscriptions", stolen))[0] == 409
        assert (await bob.ask("POST", "/api/push/subscriptions", stolen))[0] == 201, (
            "new keys of the same browser"
        )
        shared = stolen  # carla logs in where bob did
        assert (await carla.ask("POST", "/api/push/subscriptions", shared))[0] == 201
        assert (await bob.ask("GET", "/api/push/subscriptions"))[1]["data"] == []
        _, body = await carla.ask("GET", "/api/push/subscriptions")
        assert [(row["service"], row["is_current"]) for row in body["data"]] == [("127.0.0.1", True)]
        mine = body["data"][0]["id"]
        assert (await bob.ask("DELETE", f"/api/push/subscriptions/{mine}"))[0] == 404
        assert (await carla.ask("DELETE", f"/api/push/subscriptions/{mine}"))[0] == 204
        assert (await carla.ask("DELETE", f"/api/push/subscriptions/{mine}"))[0] == 404
        await subscribe(carla, service, "two")
        await database.execute("delete from sessions")
        assert await database.fetchval("select count(*) from push_subscriptions") == 0


async def test_an_account_keeps_its_newest_subscriptions(
    app: QuartTrio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "MAX_SUBSCRIPTIONS", 3)
    bob = await person(app, database, "bob")
    async with push_service() as service:
        ids = [(await subscribe(bob, service, f"browser{n}"))[1] for n in range(5)]
        _, body = await bob.ask("GET", "/api/push/subscriptions")
    assert [row["id"] for row in body["data"]] == ids[:1:-1]


def wrong_subscriptions() -> Sequence[dict[str, Any]]:
    good = PushBrowser("x").subscription("https://push.example")
    keys = good["keys"]
    return [
        good | {"endpoint": "ftp://push.example/x"},
        good | {"endpoint": "https://user:pw@push.example/x"},
        good | {"endpoint": "https://push.example/x y"},
        good | {"endpoint": "https://" + "x" * 2000},
        good | {"endpoint": ""},
        good | {"endpoint": "http://push.example/x"},
        good | {"keys": keys | {"p256dh": "A" * 87}},
        good | {"keys": keys | {"p256dh": keys["p256dh"][:-4]}},
        good | {"keys": keys | {"p256dh": "=" * 3}},
        good | {"keys": keys | {"auth": "AAAA"}},
        good | {"keys": {"p256dh": keys["p256dh"]}},
        good | {"more": 1},
    ]


async def test_what_is_no_subscription_is_refused(app: QuartTrio, database: Database) -> None:
    bob = await person(app, database, "bob")
    for wrong in wrong_subscriptions():
        status, body = await bob.ask("POST", "/api/push/subscriptions", wrong)
        assert status == 400, (wrong, body)
    assert await database.fetchval("select count(*) from push_subscriptions") == 0


async def test_subscribing_has_a_pace(app: QuartTrio, database: Database) -> None:
    bob = await person(app, database, "bob")
    wrong = wrong_subscriptions()[0]
    statuses = [(await bob.ask("POST", "/api/push/subscriptions", wrong))[0] for _ in range(22)]
    assert statuses[-1] == 429


async def test_administrators_see_what_was_given_up(app: QuartTrio, database: Database) -> None:
    anna = await put_channel(database, "anna", live=False)
    await notices.tell_user(database, user_id=anna, channel_id=anna, kind="test.kind", title="x")
    event_id = await database.fetchval("select id from outbox")
    for number in range(3):
        await deliveries.insert_dead_letter(database, event_id, "push", str(number), "x" * 400)
    await deliveries.insert_dead_letter(database, event_id, "mail", "7", "no")
    root = await person(app, database, "root")
    assert (await root.ask("GET", "/api/admin/dead-letters"))[0] == 403
    await database.execute("update users set is_admin = true where login = 'root'")
    root = await person(app, database, "root")
    _, body = await root.ask("GET", "/api/admin/dead-letters?kind=push&first=2")
    assert [row["target"] for row in body["data"]] == ["2", "1"]
    assert body["data"][0]["last_error"] == "x" * 300
    _, body = await root.ask("GET", f"/api/admin/dead-letters?kind=push&after={body['pagination']['cursor']}")
    assert [row["target"] for row in body["data"]] == ["0"]
    _, body = await root.ask("GET", "/api/admin/dead-letters")
    assert body["data"][0]["kind"] == "mail"
