"""EventSub over HTTP, between nodes, and to receivers that are not as they should be: on a real PostgreSQL."""

import json
import socket
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio
from trio.testing import memory_stream_pair

from common.db import Database, FullRecheck
from common.egress import EgressClient, EgressLimits
from common.egress_network import Address
from common.egress_policy import EgressPolicy
from common.queries import deliveries, eventsub, eventsub_sessions, eventsub_webhooks, outbox, roles
from common.queries.deliveries import Delivery
from common.queries.eventsub import NewSubscription, Owner, Subscription
from tests.common.test_queries import add_user
from tests.webapp.test_accounts import Browser
from tests.webapp.test_follows import program
from webapp.deliveries import Gone, Result, Retry, Sent, Skipped
from webapp.eventsub import EventSub
from webapp.eventsub_session import Session
from webapp.eventsub_sockets import Sockets
from webapp.eventsub_verifier import Verifier
from webapp.eventsub_webhooks import KIND, WebhookDeliverer, WebhookExpander

pytestmark = pytest.mark.real

PATH = "/api/eventsub/subscriptions"
HERE = "ws://localhost/eventsub"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


def webhook(callback: str = "https://example.org/hook", secret: str = "a secret of mine") -> dict[str, str]:
    return {"method": "webhook", "callback": callback, "secret": secret}


def asked(kind: str, version: str, transport: dict[str, str], **condition: int) -> dict[str, Any]:
    return {
        "type": kind,
        "version": version,
        "condition": {name: str(value) for name, value in condition.items()},
        "transport": transport,
    }


# Over HTTP -----------------------------------------------------------------------------------------------------------------------


async def test_subscriptions_are_made_listed_and_removed(app: QuartTrio, database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    bot = await program(app, database, anna.id, "channel:moderate")
    status, body = await bot.ask(
        "POST", PATH, asked("channel.ban", "1", webhook(), broadcaster_user_id=anna.id)
    )
    [made] = body["data"]
    assert (status, made["cost"], made["transport"]) == (
        202,
        0,
        {"method": "webhook", "callback": "https://example.org/hook"},
    )
    again = asked("channel.ban", "1", webhook(), broadcaster_user_id=anna.id)
    assert (await bot.ask("POST", PATH, again))[0] == 409
    status, body = await bot.ask(
        "POST", PATH, asked("stream.online", "1", webhook(), broadcaster_user_id=ben.id)
    )
    assert (status, body["total"], body["total_cost"]) == (202, 2, 1)
    listed = (await bot.ask("GET", f"{PATH}?first=1"))[1]
    assert [one["type"] for one in listed["data"]] == ["stream.online"]
    cursor = listed["pagination"]["cursor"]
    assert (await bot.ask("GET", f"{PATH}?first=1&after={cursor}"))[1]["data"] == [made]
    assert (await bot.ask("GET", f"{PATH}?type=channel.ban"))[1]["data"] == [made]
    assert (await bot.ask("GET", f"{PATH}?status=enabled"))[1]["data"] == []
    other = await program(app, database, ben.id, "channel:moderate")
    assert (await other.ask("GET", PATH))[1]["data"] == []
    assert (await other.ask("DELETE", f"{PATH}?id={made['id']}"))[0] == 404
    assert (await bot.ask("DELETE", f"{PATH}?id={made['id']}"))[0] == 204
    assert (await bot.ask("GET", PATH))[1]["total"] == 1


async def test_who_may_not_hear_of_something_is_told_why(app: QuartTrio, database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    bot = await program(app, database, ben.id, "moderator:read:followers", "channel:moderate")

    async def refusal(body: dict[str, Any]) -> tuple[int, str]:
        status, answer = await bot.ask("POST", PATH, body)
        return status, answer["message"]

    of_anna = {"broadcaster_user_id": anna.id}
    status, text = await refusal(asked("channel.ban", "1", webhook(), **of_anna))
    assert (status, "not the one whose token" in text) == (403, True)
    follow = asked("channel.follow", "2", webhook(), **of_anna, moderator_user_id=ben.id)
    status, text = await refusal(follow)
    assert (status, "moderators" in text) == (403, True)
    await roles.insert_role(
        database, channel_id=anna.id, user_id=ben.id, role="moderator", granted_by=anna.id
    )
    assert (await bot.ask("POST", PATH, follow))[0] == 202
    status, text = await refusal(asked("channel.chat.message", "1", webhook(), **of_anna, user_id=ben.id))
    assert (status, "user:read:chat" in text) == (403, True)
    assert (await refusal(asked("stream.online", "1", webhook(), broadcaster_user_id=999)))[0] == 403
    for wrong in (
        webhook("http://example.org/"),
        webhook("https://127.0.0.1/"),
        webhook("https://[::ffff:10.0.0.1]/"),
        webhook("https://example.org:22/"),
        webhook("https://user:pw@example.org/"),
        webhook(secret="short"),
        {"method": "webhook", "callback": "https://example.org/"},
        {"method": "websocket", "session_id": "unknown"},
        {"method": "websocket"},
    ):
        assert (await refusal(asked("stream.online", "1", wrong, **of_anna)))[0] == 400, wrong


async def test_libraries_find_the_routes_where_the_test_server_of_twitch_has_them(
    app: QuartTrio, database: Database
) -> None:
    anna = await add_user(database, "anna")
    bot = await program(app, database, anna.id, "channel:moderate")
    for place in ("/eventsub/subscriptions", "/mock/eventsub/subscriptions"):
        assert (await bot.ask("GET", place))[1]["total"] == 0
    assert (await bot.ask("GET", f"/mock/users?id={anna.id}"))[1]["data"][0]["login"] == "anna"


async def test_one_session_is_one_persons_and_a_person_has_three(app: QuartTrio, database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    bot, other = [await program(app, database, one.id, "channel:moderate") for one in (anna, ben)]
    sessions = [
        await eventsub_sessions.insert_session(database, f"{number}" * 30, "node") for number in range(4)
    ]

    async def subscribe(who: Browser, session_id: str) -> int:
        body = asked(
            "stream.online",
            "1",
            {"method": "websocket", "session_id": session_id},
            broadcaster_user_id=anna.id,
        )
        return (await who.ask("POST", PATH, body))[0]

    assert [await subscribe(bot, session.id) for session in sessions] == [202, 202, 202, 429]
    assert await subscribe(other, sessions[0].id) == 400


# Between nodes -------------------------------------------------------------------------------------------------------------------


def heard(session: Session) -> list[dict[str, Any]]:
    found = []
    while (frame := session.take(trio.current_time())) is not None:
        found.append(json.loads(frame))
    return found


def kinds(session: Session) -> list[str]:
    return [frame["metadata"]["message_type"] for frame in heard(session)]


async def subscribed(
    db: Database, session: Session, user_id: int, kind: str = "channel.update"
) -> Subscription:
    return await eventsub.insert_subscription(
        db,
        NewSubscription(
            type=kind,
            version="2",
            condition={"broadcaster_user_id": str(user_id)},
            channel_id=user_id,
            owner=Owner(None, user_id),
            method="websocket",
            session_id=session.id,
            connected_at=session.connected_at,
            cost=0,
        ),
    )


async def happen(db: Database, user_id: int, key: str) -> None:
    await eventsub.insert_event(db, key=key, channel_id=user_id, type="channel.update", event={"title": key})


async def look(*nodes: Sockets) -> None:
    await trio.lowlevel.checkpoint()
    for node in nodes:
        node.note(FullRecheck())
        await node.catch_up()


async def test_each_node_tells_its_own_sessions_once(database: Database) -> None:
    anna = await add_user(database, "anna")
    here, there = Sockets(database), Sockets(database)
    mine, theirs = await here.open(10, HERE), await there.open(10, HERE)
    await happen(database, anna.id, "before")
    await subscribed(database, mine, anna.id)
    await look(here, there)
    await happen(database, anna.id, "tea")
    await look(here, there)
    await look(here, there)
    [frame] = heard(mine)
    assert frame["payload"]["event"] == {"title": "tea"}
    assert frame["payload"]["subscription"]["transport"]["session_id"] == mine.id
    assert heard(theirs) == []


async def test_a_client_comes_back_to_another_node_with_its_subscriptions(database: Database) -> None:
    anna = await add_user(database, "anna")
    here, there = Sockets(database), Sockets(database)
    old, unused = await here.open(10, HERE), await here.open(10, HERE)
    await subscribed(database, old, anna.id)
    await look(here)
    await here.send_away()
    [frame] = heard(old)
    assert frame["metadata"]["message_type"] == "session_reconnect"
    url = frame["payload"]["session"]["reconnect_url"]
    assert url.startswith(f"{HERE}?reconnect=")
    assert heard(unused) == [], "who has nothing to keep is just cut"
    secret = url.partition("=")[2]
    new = await there.resume(secret, 30, HERE)
    assert new is not None
    assert (new.id, len(new.subscriptions)) == (old.id, 1)
    assert await there.resume(secret, 30, HERE) is None
    await here.close(old)
    await happen(database, anna.id, "tea")
    await look(there)
    assert kinds(new) == ["notification"]
    [subscription] = await eventsub.select_of_sessions(database, [new.id])
    assert subscription.status == "enabled"
    await there.close(new)
    [ended] = await eventsub.select_subscriptions(database, [subscription.id])
    assert ended.status == "websocket_disconnected"
    assert ended.disconnected_at is not None


async def test_a_session_hears_why_a_subscription_is_over(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    node = Sockets(database)
    session, others = await node.open(10, HERE), await node.open(10, HERE)
    of_anna = await subscribed(database, session, anna.id)
    removed = await subscribed(database, session, anna.id, "stream.online")
    await subscribed(database, others, ben.id)
    await look(node)
    await eventsub.delete_owned(database, Owner(None, anna.id), removed.id)
    await eventsub_webhooks.set_status(database, of_anna.number, "authorization_revoked", only_if="enabled")
    await look(node)
    [frame] = heard(session)
    assert frame["metadata"]["message_type"] == "revocation"
    assert frame["payload"]["subscription"]["status"] == "authorization_revoked"
    await database.execute("delete from users where id = $1", ben.id)
    await look(node)
    [frame] = heard(others)
    assert frame["payload"]["subscription"]["status"] == "user_removed"
    assert node.chats == set()


async def test_a_session_that_was_thought_dead_is_closed(database: Database) -> None:
    node = Sockets(database)
    session = await node.open(10, HERE)
    await eventsub_sessions.end_lost_sessions(database, unseen=timedelta(0), limit=10)
    await node.touch()
    assert session.closing is not None


# Webhooks ------------------------------------------------------------------------------------------------------------------------


class Receiver:
    """The other end of every connection; answers what `answer` says of a request."""

    def __init__(self, nursery: trio.Nursery, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        self._nursery = nursery
        self._answer = answer
        self.requests: list[bytes] = []

    async def look_up(self, host: str) -> list[Address]:
        """Every name is public."""
        await trio.lowlevel.checkpoint()
        return [Address(socket.AF_INET, "127.0.0.1")]

    async def connect(self, address: Address, port: int) -> trio.abc.Stream:
        """Take the connection."""
        await trio.lowlevel.checkpoint()
        ours, theirs = memory_stream_pair()
        self._nursery.start_soon(self._serve, theirs)
        return ours

    async def _serve(self, stream: trio.abc.Stream) -> None:
        try:
            async with stream:
                while data := bytes(await stream.receive_some(65536)):
                    self.requests.append(data)
                    await stream.send_all(await self._answer(data))
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()  # the client had enough


async def hang(_: bytes) -> bytes:
    """Never answer."""
    await trio.sleep_forever()


def http(status: int, body: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def client(receiver: Receiver, *, silence_s: float = 10.0) -> EgressClient:
    limits = EgressLimits(silence_s=silence_s, total_s=silence_s)
    return EgressClient(EgressPolicy(["127.0.0.1"]), limits, network=receiver)


async def wanted(db: Database, user_id: int) -> Subscription:
    return await eventsub.insert_subscription(
        db,
        NewSubscription(
            type="channel.update",
            version="2",
            condition={"broadcaster_user_id": str(user_id)},
            channel_id=user_id,
            owner=Owner(None, user_id),
            method="webhook",
            callback="http://hook.example/",
            secret="a secret of mine",
            cost=0,
        ),
    )


async def status_of(db: Database, one: Subscription) -> str:
    [found] = await eventsub.select_subscriptions(db, [one.id])
    return found.status


def challenge_of(request: bytes) -> bytes:
    challenge: str = json.loads(request.partition(b"\r\n\r\n")[2])["challenge"]
    return challenge.encode()


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda request: http(200, challenge_of(request)), "enabled"),
        (lambda request: http(200, challenge_of(request) + b"\n"), "enabled"),
        (lambda _: http(200, b"another"), "webhook_callback_verification_failed"),
        (lambda _: http(204), "webhook_callback_verification_failed"),
        (lambda _: http(500), "webhook_callback_verification_pending"),
        (lambda request: http(302, challenge_of(request)), "webhook_callback_verification_pending"),
    ],
)
async def test_a_webhook_is_told_nothing_until_it_answers_the_challenge(
    database: Database, answer: Callable[[bytes], bytes], status: str
) -> None:
    anna = await add_user(database, "anna")
    one = await wanted(database, anna.id)

    async def reply(request: bytes) -> bytes:
        await trio.lowlevel.checkpoint()
        return answer(request)

    async with trio.open_nursery() as nursery:
        receiver = Receiver(nursery, reply)
        with client(receiver) as egress:
            assert await Verifier(database, egress).do_some()
        assert await status_of(database, one) == status
        assert b"Message-Type: webhook_callback_verification" in receiver.requests[0]
        nursery.cancel_scope.cancel("the test is over")


async def test_a_challenge_is_given_up_after_three_tries(database: Database) -> None:
    anna = await add_user(database, "anna")
    one = await wanted(database, anna.id)

    async with trio.open_nursery() as nursery:
        with client(Receiver(nursery, hang), silence_s=0.01) as egress:
            verifier = Verifier(database, egress)
            for _ in range(3):
                await database.execute("update eventsub_subscriptions set due_at = now()")
                assert await verifier.do_some()
            assert not await verifier.do_some()
        nursery.cancel_scope.cancel("the test is over")
    assert await status_of(database, one) == "webhook_callback_verification_failed"


async def delivery_for(db: Database, one: Subscription, key: str = "1") -> Delivery:
    await eventsub_webhooks.set_status(db, one.number, "enabled", only_if=one.status)
    await happen(db, one.channel_id, key)
    event = (await outbox.select_channel_events(db, one.channel_id, limit=1))[0]
    async with db.transaction() as transaction:
        assert (await WebhookExpander().expand(transaction, event, after=0, limit=10)).enqueued == 1
    [delivery] = await deliveries.lease_deliveries(db, KIND, limit=10, lease_s=60)
    return delivery


async def results(deliverer: WebhookDeliverer, *batch: Delivery) -> list[Result]:
    found: list[Result] = []
    await deliverer.deliver(batch, lambda _, result: found.append(result))
    return found


async def test_a_delivery_is_signed_and_keeps_its_id(database: Database) -> None:
    anna = await add_user(database, "anna")
    one = await wanted(database, anna.id)
    delivery = await delivery_for(database, one)

    async def good(_: bytes) -> bytes:
        await trio.lowlevel.checkpoint()
        return http(204)

    async with trio.open_nursery() as nursery:
        receiver = Receiver(nursery, good)
        with client(receiver) as egress:
            deliverer = WebhookDeliverer(database, egress)
            assert await results(deliverer, delivery) == [Sent()]
            head = receiver.requests[0].decode()
            assert f"Twitch-Eventsub-Message-Id: {delivery.message_id}\r\n" in head
            await eventsub.delete_owned(database, Owner(None, anna.id), one.id)
            assert isinstance((await results(deliverer, delivery))[0], Gone)
        nursery.cancel_scope.cancel("the test is over")


async def test_what_is_long_ago_is_not_told_any_more(database: Database) -> None:
    anna = await add_user(database, "anna")
    delivery = await delivery_for(database, await wanted(database, anna.id))
    await database.execute("update outbox set created_at = $1", datetime.now(UTC) - timedelta(hours=7))
    async with trio.open_nursery() as nursery:
        with client(Receiver(nursery, hang)) as egress:
            [result] = await results(WebhookDeliverer(database, egress), delivery)
        nursery.cancel_scope.cancel("the test is over")
    assert isinstance(result, Skipped)


async def test_a_receiver_that_fails_for_an_hour_is_told_no_more(database: Database) -> None:
    anna = await add_user(database, "anna")
    one = await wanted(database, anna.id)
    delivery = await delivery_for(database, one)

    async def broken(_: bytes) -> bytes:
        await trio.lowlevel.checkpoint()
        return http(500)

    async with trio.open_nursery() as nursery:
        receiver = Receiver(nursery, broken)
        with client(receiver) as egress:
            deliverer = WebhookDeliverer(database, egress)
            tries = [(await results(deliverer, delivery))[0] for _ in range(5)]
            assert all(isinstance(result, Retry) for result in tries)
            assert len(receiver.requests) == 3, "it is left alone for a while"
            await database.execute(
                "update eventsub_subscriptions set failures = 9, failing_since = now() - interval '61 minutes'"
            )
            [result] = await results(WebhookDeliverer(database, egress), delivery)
            assert result == Gone("The receiver answered 500.")
            assert await status_of(database, one) == "notification_failures_exceeded"
            assert await Verifier(database, egress).do_some()
            assert b"Message-Type: revocation" in receiver.requests[-1]
            assert b"notification_failures_exceeded" in receiver.requests[-1]
        nursery.cancel_scope.cancel("the test is over")


async def test_chat_is_written_down_once_for_webhooks_whichever_node_heard_it(database: Database) -> None:
    anna = await add_user(database, "anna")
    one = await eventsub.insert_subscription(
        database,
        NewSubscription(
            type="channel.chat.message",
            version="1",
            condition={"broadcaster_user_id": str(anna.id), "user_id": str(anna.id)},
            channel_id=anna.id,
            acting_id=anna.id,
            standing="reader",
            owner=Owner(None, anna.id),
            method="webhook",
            callback="http://hook.example/",
            secret="a secret of mine",
            cost=0,
        ),
    )
    await eventsub_webhooks.set_status(database, one.number, "enabled", only_if=one.status)
    nodes = [EventSub(database), EventSub(database)]
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for node in nodes:
                nursery.start_soon(node.serve)
                assert await node.wait_chats(frozenset()) == {anna.id}
            for node in nodes:
                node.tell_chat("chat m-1", "channel.chat.message", anna.id, {"text": "hi"})
                node.tell_chat(f"chat {uuid.uuid4()}", "channel.chat.message", anna.id, {"text": "ho"})
            await told_three_times(database)
            nursery.cancel_scope.cancel("the test is over")
    assert sorted(await chats(database, anna.id)) == ["hi", "ho", "ho"]


async def told_three_times(db: Database) -> None:
    """Wait until three events are in the outbox."""
    with db.subscribe() as feed:
        async for _ in feed:
            if await db.fetchval("select count(*) from outbox") == 3:
                return


async def chats(db: Database, channel_id: int) -> list[str]:
    found = await outbox.select_channel_events(db, channel_id, limit=10, types=["channel.chat.message"])
    return [event.event["text"] for event in found]
