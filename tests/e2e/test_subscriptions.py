"""A subscription is sold, seen in the API and in chat, opens the stream, is renewed, cancelled and paid back: one `weir serve`."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
import trio

from tests.e2e.harness import Weir
from tests.valkey_site import free_port
from tests.webapp.stripe_site import SECRET_KEY, WEBHOOK_SECRET, Json, StripeSite, signed, stripe_site

pytestmark = pytest.mark.real

PATIENCE_S = 90
PASSWORD = "correct horse battery"


class Bot:
    """A client of IRC that keeps what it reads."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._rest = b""
        self.lines: list[str] = []

    async def say(self, *lines: str) -> None:
        await self._stream.send_all("".join(f"{line}\r\n" for line in lines).encode())

    async def hear(self, *parts: str) -> str:
        """Wait for a line that holds all of these."""
        while True:
            *lines, self._rest = self._rest.split(b"\r\n")
            for number, raw in enumerate(lines):
                line = raw.decode()
                self.lines.append(line)
                if all(part in line for part in parts):
                    self._rest = b"\r\n".join([*lines[number + 1 :], self._rest])
                    return line
            data = await self._stream.receive_some()
            assert data, f"hung up before {parts}: {self.lines}"
            self._rest += bytes(data)


@asynccontextmanager
async def bot(port: int, login: str, token: str) -> AsyncIterator[Bot]:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        client = Bot(stream)
        await client.say(
            "CAP REQ :twitch.tv/tags twitch.tv/commands", f"PASS oauth:{token}", f"NICK {login}", "JOIN #anna"
        )
        await client.hear("ROOMSTATE #anna")
        yield client


async def asked(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> Any:
    answer = await client.request(method, f"/api{path}", json=body)
    assert answer.is_success, (path, answer.status_code, answer.text)
    return answer.json() if answer.content else None


async def own_of(client: httpx.AsyncClient) -> Any:
    return (await asked(client, "GET", "/channels/anna/subscriptions/me"))["data"][0]


async def deliver(client: httpx.AsyncClient, *events: Json) -> None:
    await trio.lowlevel.checkpoint()
    for event in events:
        body = json.dumps(event).encode()
        answer = await client.post("/api/stripe/webhook", content=body, headers=signed(body))
        assert answer.status_code == 204, answer.text


async def wait_until(check: Callable[[], Any]) -> None:
    """Ask until it is true; the test has a deadline."""
    while True:
        if await check():
            return
        await trio.sleep(0.1)


async def said(talker: Bot, room: Bot) -> str:
    """Say something new, and give the line that others hear of it. What comes too fast is not said, and is tried again."""
    while True:
        text = f"hello {time.monotonic_ns()}"
        await talker.say(f"PRIVMSG #anna :{text}")
        with trio.move_on_after(1.5):
            return await room.hear("PRIVMSG", text)


async def ticket(client: httpx.AsyncClient) -> int:
    return (await client.post("/api/channels/anna/play-ticket", json={})).status_code


async def test_from_the_click_to_the_refund_on_a_whole_site(weir_factory: Callable[..., Weir]) -> None:
    port, irc_port = free_port(), free_port()
    with trio.fail_after(PATIENCE_S):
        async with stripe_site() as stripe:
            url = f"http://127.0.0.1:{port}"
            await trio.to_thread.run_sync(
                partial(
                    weir_factory,
                    WEIR_WEB_PORT=str(port),
                    WEIR_IRC_PORT=str(irc_port),
                    WEIR_PUBLIC_WEB_URL=url,
                    WEIR_EGRESS_ALLOW="127.0.0.1",
                    WEIR_STRIPE_SECRET_KEY=SECRET_KEY,
                    WEIR_STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
                    WEIR_STRIPE_API_URL=stripe.url,
                    WEIR_SUBSCRIPTION_PRICES="300,600,1500",
                    WEIR_SUBSCRIPTION_CURRENCY="eur",
                )
            )
            async with httpx.AsyncClient(base_url=url) as anna, httpx.AsyncClient(base_url=url) as ben:
                tokens = {}
                for client, login in ((anna, "anna"), (ben, "ben")):
                    await asked(client, "POST", "/users", {"login": login, "password": PASSWORD})
                    made = await asked(client, "POST", "/tokens", {"scopes": ["chat:read", "chat:edit"]})
                    tokens[login] = made["data"][0]["access_token"]
                await asked(anna, "PATCH", "/channels/anna", {"visibility": "subs"})
                async with (
                    bot(irc_port, "anna", tokens["anna"]) as room,
                    bot(irc_port, "ben", tokens["ben"]) as talker,
                ):
                    await story(stripe, anna, ben, room, talker)


async def story(
    stripe: StripeSite, anna: httpx.AsyncClient, ben: httpx.AsyncClient, room: Bot, talker: Bot
) -> None:
    site = await asked(ben, "GET", "/site")
    assert site["subscriptions"] == {
        "provider": "stripe",
        "currency": "eur",
        "prices": {"1000": 300, "2000": 600, "3000": 1500},
    }
    assert "subscriber=0" in await said(talker, room)
    assert await ticket(ben) == 403

    # Two clicks, one order; checkout and webhook.
    pages = []

    async def click() -> None:
        pages.append(
            (await asked(ben, "POST", "/channels/anna/subscriptions", {"tier": "1000"}))["data"][0]["url"]
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(click)
        nursery.start_soon(click)
    assert len(set(pages)) == len(stripe.sessions) == 1
    events = stripe.pay(pages[0])
    await deliver(ben, *events)

    # The badge, in the API and in chat; and the stream is open.
    own = await own_of(ben)
    assert (own["tier"], own["badge"], own["cumulative_months"]) == ("1000", "0", 1)
    listed = await asked(anna, "GET", "/channels/anna/subscriptions")
    assert [(one["user_login"], one["tier"]) for one in listed["data"]] == [("ben", "1000")]
    assert (listed["total"], listed["points"]) == (1, 1)
    notice = await room.hear("USERNOTICE #anna")
    assert all(
        part in notice for part in ("msg-id=sub;", "msg-param-sub-plan=1000", "login=ben", "subscriber=1")
    )
    line = await said(talker, room)
    assert all(part in line for part in ("badge-info=subscriber/1;", "badges=subscriber/0;", "subscriber=1"))
    assert await ticket(ben) == 200

    # Forged and replayed webhooks.
    (subscription,) = stripe.subscriptions
    renewal = stripe.renew(subscription)
    body = json.dumps(renewal).encode()
    forged = await ben.post("/api/stripe/webhook", content=body, headers=signed(body, secret="whsec_guess"))
    old = await ben.post("/api/stripe/webhook", content=body, headers=signed(body, at_s=time.time() - 600))
    assert (forged.status_code, old.status_code) == (400, 400)
    assert (await own_of(ben))["ends_at"] == own["ends_at"]
    await deliver(ben, *events, *events)
    assert (await own_of(ben)) == own

    # Renewal, cancellation at the end of what is paid, refund.
    await deliver(ben, renewal)
    renewed = await own_of(ben)
    assert renewed["ends_at"] > own["ends_at"]
    await asked(ben, "POST", "/channels/anna/subscriptions/cancel")
    await deliver(ben, stripe.updated(subscription))
    assert (await own_of(ben))["renews"] is False
    await deliver(ben, stripe.refunded(list(stripe.payments)[-1]))
    assert (await ben.get("/api/channels/anna/subscriptions/me")).status_code == 404
    assert await ticket(ben) == 403

    async def badge_is_gone() -> bool:
        return "subscriber=0" in await said(talker, room)

    await wait_until(badge_is_gone)

    async def stripe_was_told() -> bool:
        await trio.lowlevel.checkpoint()
        return bool(stripe.subscriptions[subscription]["status"] == "canceled")

    await wait_until(stripe_was_told)
