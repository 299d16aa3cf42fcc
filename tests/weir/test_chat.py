"""Chat over real sockets and a real database: what a page, a bot and a plain socket see of each other."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import trio
import trio_websocket

from common.auth import new_token_secret
from common.bus import BusUnavailableError, LocalBus, Published
from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.queries import access_tokens, channels, directory, roles, streams
from tests.common.test_queries import add_stream, add_user
from weir.chat import ChatRole

pytestmark = pytest.mark.real

LIFE_S = 120
"""Of a client, at most."""


@dataclass
class Site:
    role: ChatRole
    db: Database
    stop: trio.Event

    async def token(self, user_id: int, *scopes: str) -> str:
        secret = new_token_secret()
        await access_tokens.insert_token(
            self.db,
            user_id=user_id,
            label="bot",
            token_hash=secret.sha256,
            last4=secret.last4,
            scopes=list(scopes),
            expires_at=None,
        )
        return secret.text

    @asynccontextmanager
    async def page(self, token: str | None = None) -> AsyncIterator["Page"]:
        headers = [(b"Authorization", f"Bearer {token}".encode())] if token else []
        with trio.fail_after(LIFE_S):
            stream = await trio.open_tcp_stream("127.0.0.1", self.role.port)
            async with stream, trio.open_nursery() as nursery:
                connection = await trio_websocket.wrap_client_stream(
                    nursery, stream, "x", "/ws", extra_headers=headers
                )
                page = Page(connection)
                page.welcome = await page.next()
                yield page
                nursery.cancel_scope.cancel()

    @asynccontextmanager
    async def irc(self, *lines: str, nick: str = "justinfan1") -> AsyncIterator["Irc"]:
        with trio.fail_after(LIFE_S):
            stream = await trio.open_tcp_stream("127.0.0.1", self.role.irc_port)
            async with stream:
                client = Irc(stream)
                await client.say("CAP REQ :twitch.tv/tags twitch.tv/commands", *lines, f"NICK {nick}")
                yield client


class Page:
    def __init__(self, connection: trio_websocket.WebSocketConnection) -> None:
        self.connection = connection
        self.welcome: Any = None
        self._last = 0

    async def next(self) -> Any:
        return json.loads(await self.connection.get_message())

    async def ask(self, kind: str, **fields: Any) -> Any:
        self._last += 1
        request = {"type": kind, "id": str(self._last), **fields}
        await self.connection.send_message(json.dumps(request))
        while True:
            frame = await self.next()
            if (
                frame["metadata"]["message_type"] == "response"
                and frame["payload"]["request_id"] == request["id"]
            ):
                return frame["payload"]

    async def event(self, kind: str) -> Any:
        while True:
            frame = await self.next()
            if frame["metadata"].get("subscription_type") == kind:
                return frame["payload"]


class Irc:
    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._rest = b""
        self.seen: list[str] = []

    async def say(self, *lines: str) -> None:
        await self.stream.send_all("".join(f"{line}\r\n" for line in lines).encode())

    async def line(self, containing: str) -> str:
        while True:
            *lines, self._rest = self._rest.split(b"\r\n")
            for number, raw in enumerate(lines):
                text = raw.decode()
                self.seen.append(text)
                if containing in text:
                    self._rest = b"\r\n".join([*lines[number + 1 :], self._rest])
                    return text
            data = await self.stream.receive_some()
            assert data, f"hung up before {containing!r}: {self.seen}"
            self._rest += bytes(data)


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    async with serving(database, LocalBus(new_epoch=lambda: "e", now=trio.current_time)) as site:
        yield site


@asynccontextmanager
async def serving(database: Database, bus: LocalBus) -> AsyncIterator[Site]:
    await trio.lowlevel.checkpoint()
    config = Config(chat_port=0, irc_port=0, drain_s=2.0)
    role = ChatRole(config, database, bus, Metrics())
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(role.run_background)
        await nursery.start(partial(role.serve, stop=stop, drain_s=2.0))
        yield Site(role, database, stop)
        nursery.cancel_scope.cancel()


async def test_a_page_and_a_bot_talk(site: Site) -> None:
    anna, ben = await add_user(site.db, "anna"), await add_user(site.db, "ben")
    page_token = await site.token(anna.id, "user:read:chat", "user:write:chat")
    bot_token = await site.token(ben.id, "chat:read", "chat:edit")
    async with site.page(page_token) as page, site.irc(f"PASS oauth:{bot_token}", nick="ben") as bot:
        assert page.welcome["payload"]["session"]["user"] == {
            "id": str(anna.id),
            "login": "anna",
            "name": "Anna",
        }
        joined = await page.ask("join", channel="Anna")
        assert joined["ok"], joined
        assert (joined["offset"], joined["recovered"]) == (0, True)
        await bot.line(" 376 ")
        await bot.say("JOIN #anna")
        await bot.line("ROOMSTATE #anna")

        await bot.say("@client-nonce=n1 PRIVMSG #anna :hello @anna")
        event = await page.event("channel.chat.message")
        assert event["event"]["message"]["text"] == "hello @anna"
        assert event["event"]["chatter_user_login"] == "ben"
        assert event["offset"] == 1
        state = await bot.line("client-nonce=n1")
        assert event["event"]["message_id"] in state

        sent = await page.ask("send", channel="anna", text="hi ben", nonce="x")
        assert (sent["is_sent"], sent["offset"]) == (True, 2)
        line = await bot.line("PRIVMSG #anna")
        assert line.endswith(":anna!anna@anna.tmi.twitch.tv PRIVMSG #anna :hi ben")
        assert "badges=broadcaster/1" in line
        assert not any("hello @anna" in line for line in bot.seen), "no echo over IRC"
        assert (await page.event("channel.chat.message"))["event"]["nonce"] == "x"


async def test_readers_need_no_account_and_cannot_write(site: Site) -> None:
    await add_user(site.db, "anna")
    async with site.page() as page, site.irc() as reader:
        assert page.welcome["payload"]["session"]["user"] is None
        assert (await page.ask("join", channel="anna"))["ok"]
        refused = await page.ask("send", channel="anna", text="hi")
        assert refused["drop_reason"]["code"] == "msg_not_logged_in"
        await reader.say("JOIN #anna", "PRIVMSG #anna :hi")
        assert "msg_not_logged_in" in await reader.line("NOTICE #anna")


@pytest.mark.parametrize("lines", [("PASS oauth:wrong",), ()])
async def test_a_wrong_token_is_refused_and_hung_up_on(site: Site, lines: tuple[str, ...]) -> None:
    async with site.irc(*lines, nick="ben") as bot:
        await bot.line("Login authentication failed")
        await bot.line("Login unsuccessful")
        assert await bot.stream.receive_some() == b""


async def test_a_token_without_the_scope_may_not_write(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    token = await site.token(anna.id, "chat:read")
    async with site.irc(f"PASS oauth:{token}", nick="anna") as bot:
        await bot.say("JOIN #anna", "PRIVMSG #anna :hi")
        assert "no_permission" in await bot.line("NOTICE #anna")


async def test_a_revoked_token_is_cut_off_at_once(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    token = await site.token(anna.id, "chat:read", "chat:edit")
    async with site.irc(f"PASS oauth:{token}", nick="anna") as bot:
        await bot.line(" 376 ")
        [found] = await access_tokens.select_tokens(site.db, anna.id, limit=10)
        assert await access_tokens.delete_token(site.db, user_id=anna.id, token_id=found.id)
        while await bot.stream.receive_some():
            pass


async def test_a_moderator_bans_over_irc_and_everybody_hears_of_it(site: Site) -> None:
    anna, ben, mod = [await add_user(site.db, login) for login in ("anna", "ben", "moderator_1")]
    await roles.insert_role(site.db, channel_id=anna.id, user_id=mod.id, role="moderator", granted_by=anna.id)
    tokens = {user.login: await site.token(user.id, "chat:read", "chat:edit") for user in (ben, mod)}
    async with (
        site.page() as page,
        site.irc(f"PASS oauth:{tokens['ben']}", nick="ben") as troll,
        site.irc(f"PASS oauth:{tokens['moderator_1']}", nick="moderator_1") as bot,
    ):
        await page.ask("join", channel="anna")
        for client in (troll, bot):
            await client.say("JOIN #anna")
            await client.line("ROOMSTATE")
        await troll.say("PRIVMSG #anna :/ban moderator_1")
        assert "no_permission" in await troll.line("NOTICE #anna")
        await bot.say("PRIVMSG #anna :/ban anna", "PRIVMSG #anna :/timeout ben 1h spam")
        assert "bad_ban_broadcaster" in await bot.line("NOTICE #anna")
        told = [
            await bot.line(" #anna :") for _ in range(2)
        ]  # the answer and the deed, whichever is the first
        assert ["timeout_success" in line for line in told].count(True) == 1
        assert ["ban-duration=3600" in line for line in told].count(True) == 1
        cleared = await page.event("channel.chat.clear_user_messages")
        assert (cleared["event"]["target_user_login"], cleared["event"]["duration_seconds"]) == ("ben", 3600)
        await troll.line("CLEARCHAT #anna :ben")
        await troll.say("PRIVMSG #anna :but")
        assert "msg_timedout" in await troll.line("NOTICE #anna")
        await bot.say("PRIVMSG #anna :/unban ben", "PRIVMSG #anna :/unban ben", "PRIVMSG #anna :/dance")
        for code in ("untimeout_success", "bad_unban_no_ban", "unrecognized_cmd"):
            assert code in await bot.line("NOTICE #anna")
        await page.event("channel.unban")
        await troll.say("PRIVMSG #anna :sorry")
        await bot.line("PRIVMSG #anna :sorry")


async def test_who_comes_back_gets_what_was_missed(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    token = await site.token(anna.id, "user:read:chat", "user:write:chat")
    async with site.page(token) as writer:
        joined = await writer.ask("join", channel="anna")
        async with site.page() as reader:
            assert (await reader.ask("join", channel="anna"))["ok"]
        for text in ("one", "two"):
            assert (await writer.ask("send", channel="anna", text=text))["is_sent"]
            await writer.event("channel.chat.message")
        async with site.page() as reader:
            again = await reader.ask("join", channel="anna", since={"epoch": joined["epoch"], "offset": 0})
            assert again["recovered"]
            assert [(await reader.event("channel.chat.message"))["offset"] for _ in range(2)] == [1, 2]
            gap = await reader.ask("join", channel="anna", since={"epoch": "older", "offset": 0})
            assert not gap["recovered"]


class ShakyBus(LocalBus):
    """Takes one message without saying so."""

    is_shaky = True

    async def publish(self, channel: str, payload: bytes, *, key: str | None = None) -> Published:
        if self.is_shaky and key is not None:
            self.is_shaky = False
            await super().publish(channel, payload)
            raise BusUnavailableError("it went away")
        return await super().publish(channel, payload, key=key)


async def test_what_the_bus_may_have_taken_keeps_its_id_when_it_is_said_again(database: Database) -> None:
    bus = ShakyBus(new_epoch=lambda: "e", now=trio.current_time)
    async with serving(database, bus) as site:
        anna = await add_user(site.db, "anna")
        async with site.page(await site.token(anna.id, "user:write:chat")) as writer, site.page() as reader:
            await reader.ask("join", channel="anna")
            first = await writer.ask("send", channel="anna", text="one", nonce="n")
            assert first["drop_reason"]["code"] == "msg_unavailable"
            again = await writer.ask("send", channel="anna", text="one", nonce="n")
            ids = [(await reader.event("channel.chat.message"))["event"]["message_id"] for _ in range(2)]
            assert ids == [again["message_id"]] * 2


async def test_the_same_nonce_is_the_same_message(site: Site) -> None:
    anna = await add_user(site.db, "anna")
    token = await site.token(anna.id, "user:write:chat")
    async with site.page(token) as writer:
        await writer.ask("join", channel="anna")
        first = await writer.ask("send", channel="anna", text="one", nonce="n")
        again = await writer.ask("send", channel="anna", text="one", nonce="n")
        assert (again["offset"], again["is_sent"]) == (first["offset"], True)
        assert again["message_id"] == first["message_id"]


async def test_who_asks_again_for_the_answer_is_not_too_fast(site: Site) -> None:
    await add_user(site.db, "anna")
    token = await site.token((await add_user(site.db, "ben")).id, "user:write:chat")
    async with site.page(token) as writer, site.page(token) as later:
        await writer.ask("join", channel="anna")
        first = await writer.ask("send", channel="anna", text="one", nonce="n")
        again = await later.ask("send", channel="anna", text="one", nonce="n")
        assert again["is_sent"], again
        assert (again["offset"], again["message_id"]) == (first["offset"], first["message_id"])
        other = await later.ask("send", channel="anna", text="two", nonce="m")
        assert other["drop_reason"]["code"] == "msg_ratelimit"


async def test_at_the_end_everybody_is_asked_to_come_back(site: Site) -> None:
    await add_user(site.db, "anna")
    async with site.page() as page, site.irc() as bot:
        await bot.line(" 376 ")
        site.stop.set()
        frame = await page.next()
        assert frame["metadata"]["message_type"] == "session_reconnect"
        await bot.line("RECONNECT")
        with pytest.raises(trio_websocket.ConnectionClosed) as closed:
            await page.next()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 1012
        assert await bot.stream.receive_some() == b""


async def test_a_room_hears_of_its_stream(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.tidings.COUNT_EVERY_S", 0.2)
    anna = await add_user(site.db, "anna")
    async with site.page() as page:
        await page.ask("join", channel="anna")
        stream_id = await add_stream(site.db, anna.id)
        online = await page.event("stream.online")
        assert (online["event"]["id"], online["event"]["type"]) == (str(stream_id), "live")
        await directory.update_viewer_counts(site.db, {stream_id: 12})
        assert (await page.event("stream.viewers"))["event"]["viewer_count"] == 12
        await channels.update_channel(site.db, anna.id, channels.ChannelUpdate(title="chess"))
        assert (await page.event("channel.update"))["event"]["title"] == "chess"
        await streams.end_stream(site.db, stream_id=stream_id, ended_at=datetime.now(UTC), reason="ended")
        offline = await page.event("stream.offline")
        assert (offline["event"]["id"], offline["offset"]) == (str(stream_id), 3)


async def test_the_health_check_hears_its_own_port(site: Site) -> None:
    assert await site.role.problems() == []
    async with site.irc() as bot:
        await bot.say("PING")
        await bot.line("PONG")


async def test_a_channel_that_is_not_there_cannot_be_joined(site: Site) -> None:
    await add_user(site.db, "gone")
    await site.db.execute("update users set suspended_at = now() where login = 'gone'")
    async with site.page() as page, site.irc() as bot:
        assert (await page.ask("join", channel="nobody"))["drop_reason"]["code"] == "msg_room_not_found"
        await bot.say("JOIN #nobody,#gone")
        for login in ("nobody", "gone"):
            assert "msg_channel_suspended" in await bot.line(f"NOTICE #{login}")


def test_the_clock_is_in_milliseconds() -> None:
    from weir.chat import unix_ms

    assert abs(unix_ms() / 1000 - time.time()) < 5
