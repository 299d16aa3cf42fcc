"""The WebSocket of EventSub over real connections: who is greeted, who is sent away, and with which code."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
import trio_websocket
from quart_trio import QuartTrio

from common.background import running
from common.db import Database
from common.queries import eventsub
from common.queries.eventsub import NewSubscription, Owner
from common.serving import open_listeners
from tests.common.test_queries import add_user
from webapp import eventsub_session, eventsub_socket_page
from webapp.eventsub import EventSub
from webapp.server import serve_web

pytestmark = pytest.mark.real

Site = tuple[str, trio.Event]


@asynccontextmanager
async def site(app_factory: Callable[..., QuartTrio], db: Database) -> AsyncIterator[Site]:
    """Serve the web role; give its address and what stops it."""
    node, stop = EventSub(db), trio.Event()
    app = app_factory(database=db, eventsub=node)
    listeners = await open_listeners("127.0.0.1", 0, setting="WEIR_WEB_PORT")
    port = listeners[0].socket.getsockname()[1]
    with trio.fail_after(60):
        async with running(node.serve, partial(node.leave, stop)), trio.open_nursery() as nursery:
            await nursery.start(partial(serve_web, app, listeners, stop=stop, drain_s=5))
            yield f"ws://127.0.0.1:{port}", stop
            nursery.cancel_scope.cancel("the test is over")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[trio_websocket.WebSocketConnection]:
    """Connect; the stream is ours, because the library leaves one open that the server closed."""
    parts = urlsplit(url)
    assert parts.port is not None
    async with await trio.open_tcp_stream("127.0.0.1", parts.port) as stream, trio.open_nursery() as nursery:
        yield await trio_websocket.wrap_client_stream(
            nursery, stream, parts.netloc, f"{parts.path}?{parts.query}"
        )
        nursery.cancel_scope.cancel("the test is over")


async def greeted(socket: trio_websocket.WebSocketConnection) -> dict[str, Any]:
    frame = json.loads(await socket.get_message())
    assert frame["metadata"]["message_type"] == "session_welcome"
    session: dict[str, Any] = frame["payload"]["session"]
    return session


async def code_of(socket: trio_websocket.WebSocketConnection) -> int:
    """Give the code with which the server closes."""
    with pytest.raises(trio_websocket.ConnectionClosed) as raised:
        await socket.get_message()
    assert raised.value.reason is not None
    code: int = raised.value.reason.code
    return code


@pytest.mark.parametrize("path", ["/eventsub", "/ws"])
async def test_a_client_is_greeted_and_may_say_nothing(
    app_factory: Callable[..., QuartTrio], database: Database, path: str
) -> None:
    async with site(app_factory, database) as (address, _):
        url = f"{address}{path}?keepalive_timeout_seconds=30"
        async with connected(url) as socket:
            assert (await greeted(socket))["keepalive_timeout_seconds"] == 30
            await socket.send_message("hello")
            assert await code_of(socket) == 4001
    assert await database.fetchval("select count(*) from eventsub_sessions") == 0


async def test_who_subscribes_to_nothing_is_sent_away(
    app_factory: Callable[..., QuartTrio], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventsub_session, "UNUSED_S", 0.05)
    async with (
        site(app_factory, database) as (address, _),
        connected(f"{address}/eventsub") as socket,
    ):
        await greeted(socket)
        assert await code_of(socket) == 4003


async def test_a_secret_that_is_none_brings_nobody_back(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    async with (
        site(app_factory, database) as (address, _),
        connected(f"{address}/eventsub?reconnect=x") as socket,
    ):
        assert await code_of(socket) == 4007


async def test_there_is_room_for_so_many(
    app_factory: Callable[..., QuartTrio], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eventsub_socket_page, "MAX_SESSIONS", 1)
    async with (
        site(app_factory, database) as (address, _),
        connected(f"{address}/eventsub") as socket,
    ):
        await greeted(socket)
        with pytest.raises(ExceptionGroup) as raised:
            async with connected(f"{address}/eventsub"):
                pass
        assert raised.group_contains(trio_websocket.ConnectionRejected)


async def test_when_the_server_stops_clients_are_sent_elsewhere(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    anna = await add_user(database, "anna")
    async with site(app_factory, database) as (address, stop):
        async with connected(f"{address}/eventsub") as socket:
            session = await greeted(socket)
            await eventsub.insert_subscription(
                database,
                NewSubscription(
                    type="channel.update",
                    version="2",
                    condition={"broadcaster_user_id": str(anna.id)},
                    channel_id=anna.id,
                    owner=Owner(None, anna.id),
                    method="websocket",
                    session_id=session["id"],
                    connected_at=anna.created_at,
                    cost=0,
                ),
            )
            await eventsub.insert_event(
                database, key="1", channel_id=anna.id, type="channel.update", event={"title": "tea"}
            )
            told = json.loads(await socket.get_message())
            assert told["payload"]["event"] == {"title": "tea"}
            stop.set()
            frame = json.loads(await socket.get_message())
            assert frame["metadata"]["message_type"] == "session_reconnect"
            url = frame["payload"]["session"]["reconnect_url"]
            assert url.startswith("ws://127.0.0.1:")
            assert await code_of(socket) == 4004
        async with site(app_factory, database) as (other, _):
            secret = url.partition("?")[2]
            async with connected(f"{other}/eventsub?{secret}") as socket:
                assert (await greeted(socket))["id"] == session["id"]
                await eventsub.insert_event(
                    database, key="2", channel_id=anna.id, type="channel.update", event={"title": "cake"}
                )
                told = json.loads(await socket.get_message())
                assert told["payload"]["event"] == {"title": "cake"}
