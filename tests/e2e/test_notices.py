"""A channel goes live by ffmpeg, and everybody who asked hears of it: by Web Push, e-mail, webhook, EventSub and on the site."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from functools import partial
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.e2e.harness import Encoder, Weir
from tests.e2e.test_eventsub import SECRET, Hook
from tests.valkey_site import free_port
from tests.webapp.push_site import PushBrowser, push_service
from tests.webapp.test_email import Postbox

pytestmark = pytest.mark.real

PATIENCE_S = 90
PASSWORD = "correct horse battery"


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[Postbox, int]]:
    postbox = Postbox()
    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(partial(trio.serve_tcp, postbox.talk, 0, host="127.0.0.1"))
        yield postbox, listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


@contextmanager
def webhook() -> Iterator[Hook]:
    hook = Hook()
    try:
        yield hook
    finally:
        hook.close()


async def asked(client: httpx.AsyncClient, method: str, path: str, body: object = None, **more: Any) -> Any:
    answer = await client.request(method, f"/api{path}", json=body, **more)
    assert answer.is_success, (path, answer.status_code, answer.text)
    return answer.json() if answer.content else None


async def prove_address(client: httpx.AsyncClient, postbox: Postbox) -> None:
    letter = await postbox.letters.receive()
    found = re.search(r"/verify\?token=(\w+)", letter.get_content())
    assert found
    await asked(client, "POST", "/email-verifications", {"token": found[1]})


async def notified(socket: WebSocketConnection) -> dict[str, Any]:
    """Wait for the next notification."""
    while True:
        message = json.loads(await socket.get_message())
        if message["metadata"]["message_type"] == "notification":
            payload: dict[str, Any] = message["payload"]
            return payload


async def test_everybody_who_asked_hears_that_a_channel_is_live(
    weir_factory: Callable[..., Weir], publish: Callable[..., Encoder]
) -> None:
    port = free_port()
    with trio.fail_after(PATIENCE_S), webhook() as hook:
        async with mail_server() as (postbox, smtp_port), push_service() as service:
            weir = await trio.to_thread.run_sync(
                partial(
                    weir_factory,
                    WEIR_WEB_PORT=str(port),
                    WEIR_PUBLIC_WEB_URL=f"http://127.0.0.1:{port}",
                    WEIR_EGRESS_ALLOW="127.0.0.1",
                    WEIR_SMTP_HOST="127.0.0.1",
                    WEIR_SMTP_PORT=str(smtp_port),
                    WEIR_SMTP_SECURITY="none",
                    WEIR_SMTP_FROM="weir@live.example",
                )
            )
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url) as anna, httpx.AsyncClient(base_url=url) as bob:
                account = {"password": PASSWORD}
                made = await asked(anna, "POST", "/users", {"login": "anna", **account})
                await asked(bob, "POST", "/users", {"login": "bob", "email": "bob@example.org", **account})
                await prove_address(bob, postbox)
                browser = PushBrowser("bob")
                await asked(bob, "PUT", "/channels/anna/followers/me", {"notify": True})
                await asked(bob, "PATCH", "/users/me/notification-settings", {"live": {"mail": True}})
                await asked(bob, "POST", "/push/subscriptions", browser.subscription(service.url))
                token = await asked(bob, "POST", "/tokens", {"scopes": ["user:read:chat"]})
                wish = {
                    "type": "stream.online",
                    "version": "1",
                    "condition": {"broadcaster_user_id": made["data"][0]["id"]},
                }
                async with open_websocket_url(f"ws://127.0.0.1:{port}/eventsub") as socket:
                    welcome = json.loads(await socket.get_message())
                    session_id = welcome["payload"]["session"]["id"]
                    for transport in (
                        {"method": "websocket", "session_id": session_id},
                        {"method": "webhook", "callback": hook.url, "secret": SECRET},
                    ):
                        headers = {"Authorization": f"Bearer {token['data'][0]['access_token']}"}
                        async with httpx.AsyncClient(base_url=url, headers=headers) as program:
                            await asked(
                                program, "POST", "/eventsub/subscriptions", wish | {"transport": transport}
                            )
                    await trio.to_thread.run_sync(hook.find, "webhook_callback_verification", "stream.online")
                    key = await asked(anna, "POST", "/channels/anna/keys", {})
                    await asked(anna, "PATCH", "/channels/anna", {"title": "chess"})
                    await trio.to_thread.run_sync(publish, f"{weir.rtmp}/{key['data'][0]['stream_key']}")

                    (request,) = await service.wait_for(1)
                    letter = await postbox.letters.receive()
                    heard = await notified(socket)
                told = await trio.to_thread.run_sync(
                    partial(hook.find, "notification", "stream.online", broadcaster_user_login="anna")
                )
                listed = await asked(bob, "GET", "/notices")
                vapid = await asked(bob, "GET", "/push/key")
                await unsubscribe(letter, url)
                settings = await asked(bob, "GET", "/users/me/notification-settings")

    message = browser.open(request.body)
    assert (message["title"], message["body"], message["url"]) == ("anna is live", "chess", "/anna")
    service.check_vapid(request)
    assert vapid["data"][0]["key"] == service.vapid_key
    assert (letter["To"], letter["Subject"]) == ("bob@example.org", "anna is live")
    assert f"{url}/anna" in letter.get_content()
    assert heard["event"] == told, "by socket and by webhook the same"
    assert (told["type"], hook.refused) == ("live", 0)
    assert listed["unread_count"] == 1
    assert listed["data"][0]["id"] == message["id"]
    assert settings["data"][0]["live"]["mail"] is False


async def unsubscribe(letter: EmailMessage, url: str) -> None:
    """As mail programs do it: one POST, to the address in the letter."""
    link = str(letter["List-Unsubscribe"]).strip(" <>")
    assert link.startswith(url)
    async with httpx.AsyncClient() as program:
        answer = await program.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
