"""Chat under attack, over real sockets; one file, as all attacks are on the same page and bot, which go on talking."""

import base64
import gc
import os
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import psutil
import pytest
import trio

from chatd.client import MAX_PER_USER
from chatd.events import Chatter, MessageSent, encode
from chatd.rooms import channel_of
from chatd.silence import Silence
from common.auth import SESSION_COOKIE, new_session_secret
from common.bus import LocalBus
from common.config import Config
from common.db import Database
from common.http_shared import HttpLimits
from common.metrics import Metrics
from common.queries import sessions
from tests.chatd.test_frame_guard import frame
from tests.common.test_queries import add_user
from tests.weir.test_chat import Irc, Page, Site
from weir.chat import ChatRole

pytestmark = pytest.mark.real

PER_ADDRESS = 50
MB = 1024 * 1024


@dataclass
class BusySite(Site):
    bus: LocalBus


@asynccontextmanager
async def serving(database: Database, config: Config) -> AsyncIterator[BusySite]:
    await trio.lowlevel.checkpoint()
    bus = LocalBus(new_epoch=lambda: "e", now=trio.current_time)
    role = ChatRole(config, database, bus, Metrics())
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(role.run_background)
        await nursery.start(partial(role.serve, stop=stop, drain_s=1.0))
        yield BusySite(role, database, stop, bus)
        nursery.cancel_scope.cancel()


@pytest.fixture
async def site(database: Database) -> AsyncIterator[BusySite]:
    """Chat behind a proxy on this machine, so that clients can come from many addresses."""
    config = Config(
        chat_port=0, irc_port=0, drain_s=2.0, trusted_proxies=["127.0.0.1"], chat_max_per_address=PER_ADDRESS
    )
    async with serving(database, config) as site:
        yield site


class Good:
    """A page and a bot that talk in a room, and must never notice anything."""

    def __init__(self, page: Page, bot: Irc) -> None:
        self.page = page
        self.bot = bot
        self._said = 0

    async def talk(self) -> None:
        """Each says something, and the other hears it."""
        self._said += 1
        with trio.fail_after(10):
            sent = await self.page.ask("send", channel="anna", text=f"page {self._said}")
            assert sent["is_sent"], sent
            await self.bot.line(f"PRIVMSG #anna :page {self._said}")
            await self.bot.say(f"PRIVMSG #anna :bot {self._said}")
            while True:
                event = await self.page.event("channel.chat.message")
                if event["event"]["message"]["text"] == f"bot {self._said}":
                    return


@asynccontextmanager
async def good_people(site: Site) -> AsyncIterator[Good]:
    """The broadcaster and a moderator, whom no limit of pace holds back."""
    anna, mod = await add_user(site.db, "anna"), await add_user(site.db, "goodmod")
    await site.db.execute(
        "insert into channel_roles (channel_id, user_id, role, granted_by) values ($1, $2, 'moderator', $1)",
        anna.id,
        mod.id,
    )
    tokens = [await site.token(user.id, "chat:read", "chat:edit") for user in (anna, mod)]
    async with site.page(tokens[0]) as page, site.irc(f"PASS oauth:{tokens[1]}", nick="goodmod") as bot:
        await page.ask("join", channel="anna")
        await bot.say("JOIN #anna")
        await bot.line("ROOMSTATE #anna")
        good = Good(page, bot)
        await good.talk()
        yield good
        await good.talk()


def handshake(path: str = "/ws", **headers: str) -> bytes:
    given = {
        "Host": "chat",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


@asynccontextmanager
async def raw(port: int) -> AsyncIterator[trio.SocketStream]:
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        yield stream


@asynccontextmanager
async def upgraded(site: Site, path: str = "/ws", **headers: str) -> AsyncIterator[trio.SocketStream]:
    """A WebSocket of which the head of the answer has been read."""
    async with raw(site.role.port) as stream:
        await stream.send_all(handshake(path, **headers))
        head = b""
        with trio.fail_after(10):
            while b"\r\n\r\n" not in head:
                head += await stream.receive_some(1)
        assert head.startswith(b"HTTP/1.1 101"), head
        yield stream


async def drained(stream: trio.abc.Stream, seconds: float = 30) -> bytes:
    """Everything until the server hangs up, which it must do."""
    data = b""
    await trio.lowlevel.checkpoint()
    with trio.fail_after(seconds):
        while True:
            await trio.lowlevel.checkpoint()
            try:
                more = await stream.receive_some()
            except trio.BrokenResourceError:
                return data
            if not more:
                return data
            data += more


async def receive(stream: trio.SocketStream, until: bytes) -> bytes:
    """Everything up to a piece that must come."""
    seen = b""
    with trio.fail_after(10):
        while until not in seen:
            data = await stream.receive_some()
            assert data, seen
            seen += data
    return seen


async def send_what_goes(stream: trio.SocketStream, data: bytes) -> None:
    try:
        await stream.send_all(data)
    except trio.BrokenResourceError:
        await trio.lowlevel.checkpoint()


async def metric(site: Site, name: str) -> float:
    async with raw(site.role.port) as stream:
        await stream.send_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        page = (await drained(stream)).decode()
    return float(next(line for line in page.splitlines() if line.startswith(f"{name} ")).split()[1])


def closed_with(data: bytes, code: int) -> bool:
    """Whether a close frame with this code is in what the server sent."""
    return code.to_bytes(2, "big") in data and b"\x88" in data


HEADS: dict[str, tuple[bytes, bytes]] = {
    "plain GET": (b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", b"426"),
    "plain GET of IRC": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"426"),
    "another path": (handshake("/elsewhere"), b"404"),
    "HTTP/1.0": (handshake().replace(b"HTTP/1.1", b"HTTP/1.0"), b"4"),
    "POST": (handshake().replace(b"GET", b"POST", 1), b"4"),
    "garbage": (os.urandom(64) + b"\r\n\r\n", b"4"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n", b"4"),
    "old version": (handshake(Sec_WebSocket_Version="8"), b"400"),
    "no key": (handshake(Sec_WebSocket_Key=""), b"400"),
    "key that is none": (handshake(Sec_WebSocket_Key="x"), b"400"),
    "key with NUL": (handshake(Sec_WebSocket_Key="a\0b"), b"400"),
    "huge head": (b"GET /ws HTTP/1.1\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n", b"431"),
    "no Host": (handshake(Host=""), b"400"),
    "no Connection": (handshake(Connection=""), b"4"),
    "body": (handshake(Content_Length="5") + b"hello", b"4"),
    "chunks": (handshake(Transfer_Encoding="chunked") + b"5\r\nhello\r\n0\r\n\r\n", b"4"),
}


async def test_what_is_no_handshake_is_refused(site: Site) -> None:
    async with good_people(site) as good:
        for name, (head, status) in HEADS.items():
            async with raw(site.role.port) as stream:
                await send_what_goes(stream, head)
                await stream.send_eof()
                answer = await drained(stream)
                assert answer[9 : 9 + len(status)] == status or not answer, (name, answer[:200])
        await good.talk()
        async with raw(site.role.port) as stream:  # two that are pipelined before the upgrade
            ahead = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            await stream.send_all(ahead + ahead + handshake() + frame(1, b'{"type":"ping","id":"1"}'))
            seen = await receive(stream, b'"request_id":"1"')
            assert seen.count(b"200 OK") == 2
            assert b" 101 " in seen


def request(fields: object) -> bytes:
    """A message of a JSON client."""
    return frame(1, fields if isinstance(fields, bytes) else msgspec.json.encode(fields))


BAD_FRAMES: dict[str, tuple[bytes, int | None]] = {
    "unmasked": (frame(1, b'{"type":"ping","id":"1"}', masked=False), 1002),
    "reserved bit": (b"\xc1" + frame(1, b"x")[1:], 1002),
    "reserved opcode": (frame(3, b"x"), 1002),
    "reserved control": (frame(11, b""), 1002),
    "long ping": (frame(9, b"x" * 126), 1002),
    "fragmented ping": (frame(9, b"x", fin=False), 1002),
    "continuation of nothing": (frame(0, b"x"), 1002),
    "message within a message": (frame(1, b"x", fin=False) + frame(1, b"y"), 1002),
    "too long": (frame(1, b"x" * 10_000), 1009),
    "too long in pieces": (frame(1, b"x" * 5000, fin=False) + frame(0, b"x" * 5000), 1009),
    "says it is huge": (b"\x81\xff" + (2**62).to_bytes(8, "big") + b"mask" + b"x" * 20_000, 1009),
    "length of 2^63": (b"\x81\xff" + (2**63).to_bytes(8, "big") + b"mask", 1002),
    "length in too many bytes": (b"\x81\xfe\x00\x05maskhello", 1002),
    "no UTF-8": (frame(1, b"\xff\xfe\x80\x81"), 1007),
    "binary": (frame(2, b"hello"), 1003),
    "close": (frame(8, struct.pack(">H", 1000)), 1000),
    "close of one byte": (frame(8, b"x"), 1002),
    "close with a forbidden code": (frame(8, struct.pack(">H", 1006)), 1002),
    "close within a message": (frame(1, b"x", fin=False) + frame(8, b""), None),
    "endless empty fragments": (frame(1, b"", fin=False) + frame(0, b"", fin=False) * 5000, None),
}  # fmt: skip


@pytest.mark.parametrize("path", ["/ws", "/"])
async def test_what_is_no_frame_ends_its_connection_alone(site: Site, path: str) -> None:
    async with good_people(site) as good:
        for name, (data, code) in BAD_FRAMES.items():
            async with upgraded(site, path) as stream:
                await send_what_goes(stream, data)
                answer = await drained(stream)
                # Of the others a close frame may be lost with what we sent behind it.
                assert code not in {1000, 1003} or closed_with(answer, code), (name, answer)
        await good.talk()
        assert await metric(site, "weir_chat_connections") == 2


async def test_every_cut_of_a_frame_is_the_same_frame(site: Site) -> None:
    await add_user(site.db, "anna")
    async with upgraded(site) as stream:
        for byte in request({"type": "ping", "id": "é"}):
            await stream.send_all(bytes([byte]))
        await receive(stream, '"request_id":"é"'.encode())


BAD_REQUESTS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"type":"join"}',
    b"[" * 8000,
    b'{"type":"join","id":"1","channel":' + b"[" * 7000,
    b'{"a":' * 1000 + b"1" + b"}" * 1000,
    b'{"type":"join","id":"' + b"9" * 65 + b'","channel":"anna"}',
    b'{"type":"join","id":12345678901234567890123,"channel":"anna"}',
    b'{"type":"join","id":"1","channel":"anna","since":{"epoch":"e","offset":9007199254740993}}',
    b'{"type":"join","id":"1","channel":"anna","since":{"epoch":"e","offset":-1}}',
    b'{"type":"join","id":"1","channel":"anna","since":{"epoch":"e","offset":1e400}}',
    b'{"type":"join","id":"1","channel":"an\\u0000na"}',
    b'{"type":"join","id":"1","channel":"anna\\n"}',
    b'{"type":"send","id":"1","channel":"anna","text":"\\ud800"}',
    b'{"type":"eval","id":"1"}',
]


async def test_what_is_no_request_is_told_so_until_it_is_too_much(site: Site) -> None:
    async with good_people(site) as good:
        async with upgraded(site) as stream:
            for data in BAD_REQUESTS:
                await send_what_goes(stream, request(data))
            for _ in range(20):
                await send_what_goes(stream, request(b"{}"))
            told = await drained(stream)
            assert told.count(b'"bad_request"') == 20
            assert closed_with(told, 1008)
        await good.talk()


async def test_a_position_from_nowhere_is_a_gap_and_nothing_else(site: Site) -> None:
    async with good_people(site) as good, site.page() as page:
        for epoch, offset in (("e", 2**53), ("e", 2), ("other", 0), ("e' OR 1=1", 5), ("e\r\n\0", 1)):
            joined = await page.ask("join", channel="anna", since={"epoch": epoch, "offset": offset})
            assert joined["ok"]
            assert joined["recovered"] is ((epoch, offset) == ("e", 2))
        await good.talk()
        assert (await page.event("channel.chat.message"))["offset"] >= 1


INJECTIONS = (
    "a\r\nPING :injected",
    "a\nPRIVMSG #anna :forged",
    "a\0b",
    "a\r",
    "\x01ACTION x\x01\r\nPART #anna",
    "a;b=c\\:d",
)


async def test_nobody_can_put_a_line_into_anothers_ears(site: Site) -> None:
    eve = await add_user(site.db, "eve")
    tokens = {
        "json": await site.token(eve.id, "user:write:chat"),
        "irc": await site.token((await add_user(site.db, "mallory")).id, "chat:edit"),
    }
    async with (
        good_people(site) as good,
        site.page(tokens["json"]) as page,
        site.irc(f"PASS oauth:{tokens['irc']}", nick="mallory") as bot,
    ):
        await bot.say("JOIN #anna")
        for number, text in enumerate(INJECTIONS):
            await page.ask("join", channel="anna")
            said = {"text": text, "nonce": text, "reply_parent_message_id": text}
            await page.ask("send", channel="anna", **said)
            await bot.stream.send_all(
                f"@client-nonce={text};reply-parent-msg-id={text} PRIVMSG #anna :{number}\n".encode()
            )
            await bot.stream.send_all(
                f"PING :{text}\0x\nJOIN #an\0na,#{text},##,#,a\nPART {text}\nCAP REQ :{text}\n".encode()
            )
        await good.talk()
        lines = [line for line in good.bot.seen if line]
        for line in lines:
            assert "\r" not in line
            assert "\0" not in line
            assert line.startswith((":", "@", "PING", "PONG")), line
            assert "forged" not in line or line.startswith(("@", ":eve!", ":mallory!")), line


async def test_tags_that_a_client_makes_up_do_not_reach_anybody(site: Site) -> None:
    mallory = await site.token((await add_user(site.db, "mallory")).id, "chat:edit")
    async with good_people(site) as good, site.irc(f"PASS oauth:{mallory}", nick="anna") as bot:
        await bot.line(" 001 mallory ")
        await bot.say(
            "@badges=broadcaster/1;mod=1;user-id=1;id=x;display-name=Anna :anna!anna@anna PRIVMSG #anna :trust me"
        )
        line = await good.bot.line("trust me")
        assert ":mallory!mallory@" in line
        assert "display-name=Mallory;" in line
        assert "badges=;" in line
        assert "mod=0" in line
        await good.talk()


async def test_who_may_only_read_only_reads(site: Site) -> None:
    eve = await add_user(site.db, "eve")
    reading, scopeless = (
        await site.token(eve.id, "user:read:chat"),
        await site.token(eve.id, "user:read:email"),
    )
    async with good_people(site) as good:
        async with site.page(reading) as page:
            for text in ("hello", "/ban goodmod"):
                refused = await page.ask("send", channel="anna", text=text)
                assert refused["drop_reason"]["code"] == "no_permission"
        async with site.irc(f"PASS oauth:{scopeless}", nick="eve") as bot:
            await bot.line("Login authentication failed")
        async with site.irc(nick="justinfan99") as bot:
            await bot.say("PRIVMSG #anna :hello", "PRIVMSG #anna :/ban goodmod", "PRIVMSG #anna :/unban eve")
            for _ in range(3):
                assert "msg_not_logged_in" in await bot.line("NOTICE #anna")
        writing = await site.token(eve.id, "chat:edit")
        async with site.page(writing) as page:
            for text in ("/ban goodmod", "/timeout anna 1", "/unban x"):
                assert (await page.ask("send", channel="anna", text=text))["drop_reason"][
                    "code"
                ] == "no_permission"
        await good.talk()


async def test_a_suspended_account_is_cut_and_stays_outside(site: Site) -> None:
    eve = await add_user(site.db, "eve")
    token = await site.token(eve.id, "chat:edit")
    async with good_people(site) as good:
        async with site.irc(f"PASS oauth:{token}", nick="eve") as bot:
            await bot.line(" 376 ")
            await site.db.execute("update users set suspended_at = now() where id = $1", eve.id)
            await drained(bot.stream)
        async with site.irc(f"PASS oauth:{token}", nick="eve") as bot:
            await bot.line("Login authentication failed")
        async with upgraded(site, Authorization=f"Bearer {token}") as stream:
            assert closed_with(await drained(stream), 4001)
        await good.talk()


async def cookie_of(site: Site, user_id: int) -> str:
    secret = new_session_secret()
    expires_at = datetime.now(UTC) + timedelta(days=1)
    await sessions.insert_session(
        site.db, user_id=user_id, token_hash=secret.sha256, address="", user_agent="", expires_at=expires_at
    )
    return f"{SESSION_COOKIE}={secret.text}"


async def test_a_page_of_another_site_is_a_mere_reader(site: Site) -> None:
    eve = await add_user(site.db, "eve")
    cookie, ours = await cookie_of(site, eve.id), f"http://chat:{site.role.web_port}"
    for origin, is_eve in ((ours, True), ("http://evil.example", False), ("null", False), ("", False)):
        async with upgraded(site, Origin=origin, Cookie=cookie) as stream:
            seen = await receive(stream, b'"limits"')
            assert (b'"login":"eve"' in seen) is is_eve, (origin, seen)


async def test_a_handshake_that_never_ends_is_cut(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weir.chat.HttpLimits", partial(HttpLimits, head_s=0.5))
    async with serving(database, Config(chat_port=0, irc_port=0)) as site, good_people(site) as good:
        await cut_in_the_middle(site, good)


async def cut_in_the_middle(site: Site, good: Good) -> None:
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(raw(site.role.port)) for _ in range(20)]
        for number, stream in enumerate(slow):
            await stream.send_all(handshake()[: 5 * number])
        await good.talk()
        for stream in slow:
            await drained(stream, 20)


async def test_who_never_logs_in_is_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.irc_client.LOGIN_S", 0.3)
    monkeypatch.setattr("chatd.server.PROXY_HEADER_S", 0.3)
    for lines in (b"", b"CAP LS 302\r\n", b"PING\r\n" * 20, b"PASS oauth:x\r\n", b"NICK"):
        async with raw(site.role.irc_port) as stream:
            await stream.send_all(lines) if lines else await trio.lowlevel.checkpoint()
            await drained(stream)
    async with upgraded(site, "/") as stream:
        await drained(stream)
    async with raw(site.role.irc_port) as stream:
        await stream.send_all(b"USER x\r\n" * 40)
        assert b"too many lines before the login" in await drained(stream)


async def test_the_silent_are_asked_and_then_cut(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.server.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("chatd.server.Silence", partial(Silence, ping_after_s=0.3, answer_s=4.0))
    async with (
        serving(database, Config(chat_port=0, irc_port=0)) as site,
        upgraded(site) as page,
        raw(site.role.irc_port) as bot,
    ):
        await bot.send_all(b"NICK justinfan1\r\n")
        assert b"\x89\x00" in await drained(page, 60)
        assert b"PING :tmi.twitch.tv" in await drained(bot, 60)


async def test_a_line_without_end_is_cut_before_it_is_held(site: Site) -> None:
    async with good_people(site) as good:
        for data in (b"x" * 50_000, b"@" + b"a=b;" * 20_000, b":" * 10_000):
            async with raw(site.role.irc_port) as stream:
                await send_what_goes(stream, data)
                await drained(stream)
        await good.talk()


FLOODS: dict[str, tuple[str, bytes]] = {
    "pings in frames": ("/ws", frame(9, b"x") * 4000),
    "pongs": ("/ws", frame(10, b"x") * 4000),
    "requests": ("/ws", request({"type": "ping", "id": "1"}) * 2000),
    "joins": ("/ws", request({"type": "join", "id": "1", "channel": "anna"}) * 2000),
    "joins of what is not there": (
        "/ws",
        b"".join(request({"type": "join", "id": "1", "channel": f"no_{number}"}) for number in range(1000)),
    ),
    "lines in frames": ("/", frame(1, b"NICK justinfan1\n" + b"PING\n" * 1000) * 20),
    "empty lines in frames": ("/", frame(1, b"NICK justinfan1") + frame(1, b"\n" * 6000) * 20),
    "lines": ("tcp", b"NICK justinfan1\r\n" + b"PING x\r\n" * 20_000),
    "empty lines": ("tcp", b"NICK justinfan1\r\n" + b"\n" * 200_000),
    "capabilities": ("tcp", b"NICK justinfan1\r\nJOIN #anna\r\n" + b"CAP REQ :twitch.tv/tags\r\n" * 5000),
    "lists of channels": ("tcp", b"NICK justinfan1\r\n" + (b"JOIN " + b"#anna,#no_such," * 300 + b"\r\n") * 50),
    "parts": ("tcp", b"NICK justinfan1\r\n" + (b"PART " + b",".join(b"#p%d" % n for n in range(900)) + b"\r\n") * 50),
    "messages": ("tcp", b"NICK justinfan1\r\nJOIN #anna\r\n" + b"PRIVMSG #anna :hello\r\n" * 5000),
}  # fmt: skip


async def test_floods_are_held_back_and_nobody_else_waits(site: BusySite) -> None:
    process = psutil.Process()
    async with good_people(site) as good:
        before = process.memory_info().rss
        async with AsyncExitStack() as stack, trio.open_nursery() as nursery:
            for path, data in FLOODS.values():
                for _ in range(3):
                    opened = raw(site.role.irc_port) if path == "tcp" else upgraded(site, path)
                    nursery.start_soon(send_what_goes, await stack.enter_async_context(opened), data)
            for _ in range(10):
                await good.talk()
            assert process.memory_info().rss - before < 60 * MB
            nursery.cancel_scope.cancel()
        await good.talk()


async def test_who_does_not_read_a_busy_room_is_cut_and_nobody_else_waits(site: BusySite) -> None:
    process = psutil.Process()
    async with good_people(site) as good, AsyncExitStack() as stack:
        [channel_id] = [row["id"] for row in await site.db.fetch("select id from users where login = 'anna'")]
        joins = {
            "/ws": request({"type": "join", "id": "1", "channel": "anna"}),
            "/": frame(1, b"NICK justinfan1\nJOIN #anna\n"),
        }
        for path, join in joins.items():
            stream = await stack.enter_async_context(upgraded(site, path))
            await stream.send_all(join)
            with trio.fail_after(10):
                while not await stream.receive_some():
                    pass
        with trio.fail_after(10):
            while await metric(site, "weir_chat_members") < 4:
                pass
        before = process.memory_info().rss
        with trio.fail_after(60):
            while await metric(site, "weir_chat_too_slow_total") < 2:
                noise = MessageSent("x", 1, Chatter(9, "noise", "Noise"), "n" * 100_000)
                await site.bus.publish(channel_of(channel_id), encode(noise))
                await good.talk()
        assert process.memory_info().rss - before < 60 * MB
        assert await metric(site, "weir_chat_members") == 2


async def test_one_address_has_so_many_connections_and_no_more(site: Site) -> None:
    async with good_people(site) as good, AsyncExitStack() as stack:
        for _ in range(PER_ADDRESS):
            await stack.enter_async_context(upgraded(site, X_Forwarded_For="203.0.113.9"))
        for _ in range(20):
            async with raw(site.role.port) as stream:
                await stream.send_all(handshake(X_Forwarded_For="203.0.113.9"))
                assert b" 503 " in await stream.receive_some()
            async with raw(site.role.irc_port) as stream:
                await stream.send_all(b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\nNICK justinfan1\r\n")
                assert await drained(stream) == b""
        async with upgraded(site, X_Forwarded_For="203.0.113.10"):
            await good.talk()


async def test_one_account_has_so_many_connections_and_no_more(site: Site) -> None:
    eve = await add_user(site.db, "eve")
    token = await site.token(eve.id, "chat:edit")
    login = f"PASS oauth:{token}\r\nNICK eve\r\n".encode()
    for _ in range(2):  # and as many again when those have left
        async with AsyncExitStack() as stack:
            for number in range(MAX_PER_USER):
                if number % 2:
                    await stack.enter_async_context(site.page(token))
                else:
                    bot = await stack.enter_async_context(site.irc(f"PASS oauth:{token}", nick="eve"))
                    await bot.line(" 376 ")
            async with raw(site.role.irc_port) as stream:
                await stream.send_all(login)
                assert b"Too many connections" in await drained(stream)
            async with upgraded(site, Authorization=f"Bearer {token}") as stream:
                assert closed_with(await receive(stream, b"account"), 1008)
        with trio.fail_after(10):
            while await metric(site, "weir_chat_connections") > 0:
                pass


async def test_the_cap_counts_out_who_left(site: Site) -> None:
    for _ in range(2 * PER_ADDRESS):
        async with raw(site.role.irc_port) as stream:
            await stream.send_all(b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\nNICK justinfan1\r\nQUIT\r\n")
            assert b" 376 " in await drained(stream)


async def test_nobody_but_a_proxy_of_ours_says_where_somebody_comes_from(database: Database) -> None:
    await trio.lowlevel.checkpoint()
    async with serving(database, Config(chat_port=0, irc_port=0, chat_max_per_address=1)) as site:
        async with AsyncExitStack() as stack:
            for _ in range(3):  # all of this machine, which is exempt
                await stack.enter_async_context(upgraded(site, X_Forwarded_For="203.0.113.9"))
        async with raw(site.role.irc_port) as stream:
            await stream.send_all(b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\nNICK justinfan1\r\n")
            assert b" 001 " not in await drained(stream, 20)


async def test_memory_returns_after_a_thousand_connections_that_misbehave(site: Site) -> None:
    process = psutil.Process()
    bad = list(BAD_FRAMES.values())

    async def attack(number: int) -> None:
        async with upgraded(site, "/ws" if number % 2 else "/") as stream:
            await send_what_goes(stream, bad[number % len(bad)][0])

    async def wave() -> None:
        for start in range(0, 500, 50):
            async with trio.open_nursery() as nursery:
                for number in range(start, start + 50):
                    nursery.start_soon(attack, number)

    async with good_people(site) as good:
        await wave()
        gc.collect()
        before = process.memory_info().rss
        await wave()
        await good.talk()
        with trio.fail_after(30):
            while await metric(site, "weir_chat_connections") > 2:
                pass
        gc.collect()
        assert process.memory_info().rss - before < 15 * MB
