"""IRC over TLS, over real sockets: a bot's library, a proxy of ours in front, and those who never get as far as a login."""

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import irc.client
import irc.connection
import pytest
import trio

from chatd.events import Chatter, MessageSent, encode
from chatd.rooms import channel_of
from common.bus import LocalBus
from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.serving import ListenError, open_listeners
from tests.common.test_queries import add_user
from tests.weir.test_chat import Irc
from tests.weir.test_chat_hostile import BusySite, metric, serving
from weir.chat import ChatRole

pytestmark = pytest.mark.real

CERTIFICATES = Path(__file__).parents[1] / "common" / "certificates"
TRUSTING = ssl.create_default_context(cafile=CERTIFICATES / "localhost.pem")
LIFE_S = 60


def settings(**other: Any) -> Config:
    files = {
        name: str(CERTIFICATES / f"localhost.{end}")
        for name, end in (("tls_cert", "pem"), ("tls_key", "key"))
    }
    return Config(**{"chat_port": 0, "irc_port": 0, "ircs_port": 0, **files, **other})


@pytest.fixture
async def site(database: Database) -> AsyncIterator[BusySite]:
    async with serving(database, settings()) as site:
        yield site


def port(site: BusySite) -> int:
    assert site.role.ircs_port is not None
    return site.role.ircs_port


async def secured(site: BusySite) -> trio.SSLStream[trio.SocketStream]:
    stream = await trio.open_tcp_stream("127.0.0.1", port(site))
    return trio.SSLStream(stream, TRUSTING, server_hostname="localhost", https_compatible=True)


def talk_as_bot(port: int, token: str) -> str:
    """Have the library log in with TLS, join, say something, and hear what is said to it."""
    reactor, heard = irc.client.Reactor(), list[str]()
    wrap = partial(TRUSTING.wrap_socket, server_hostname="localhost")
    connection = reactor.server()
    connection.add_global_handler("welcome", lambda it, _: it.join("#anna"))
    connection.add_global_handler("endofnames", lambda it, _: it.privmsg("#anna", "hi from the library"))
    connection.add_global_handler("pubmsg", lambda _, event: heard.append(event.arguments[0]))
    factory = irc.connection.Factory(wrapper=wrap)
    connection.connect("127.0.0.1", port, "ben", password=f"oauth:{token}", connect_factory=factory)
    until = time.monotonic() + LIFE_S / 2
    while not heard and time.monotonic() < until:
        reactor.process_once(0.1)
    connection.disconnect()
    return heard[0]


async def test_a_library_talks_over_tls(site: BusySite) -> None:
    await add_user(site.db, "anna")
    ben, cleo = await add_user(site.db, "ben"), await add_user(site.db, "cleo")
    token = await site.token(ben.id, "chat:read", "chat:edit")
    other = await site.token(cleo.id, "chat:read", "chat:edit")
    async with site.irc(f"PASS oauth:{other}", nick="cleo") as plain, trio.open_nursery() as nursery:
        await plain.say("JOIN #anna")
        await plain.line(" 366 ")
        heard = list[str]()

        async def run_bot() -> None:
            heard.append(await trio.to_thread.run_sync(talk_as_bot, port(site), token))

        nursery.start_soon(run_bot)
        assert ":ben!ben@ben.tmi.twitch.tv" in await plain.line("hi from the library")
        await plain.say("PRIVMSG #anna :hello over plain TCP")
    assert heard == ["hello over plain TCP"]


async def test_the_health_check_shakes_hands_too(site: BusySite) -> None:
    assert await site.role.problems() == []


async def test_who_never_ends_the_handshake_is_cut_and_keeps_nobody_waiting(
    site: BusySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.server.TLS_S", 0.5)
    monkeypatch.setattr("chatd.server.PROXY_HEADER_S", 0.5)
    hello = client_hello()
    async with AsyncExitStack() as stack:
        slow = []
        for size in (0, 1, 5, 100, len(hello)):
            stream = await trio.open_tcp_stream("127.0.0.1", port(site))
            await stack.enter_async_context(stream)
            if size:
                await stream.send_all(hello[:size])
            slow.append(stream)
        async with await secured(site) as good:
            client = Irc(good)
            await client.say("NICK justinfan1")
            await client.line(" 376 ")
        for stream in slow:
            await drained(stream)


@pytest.mark.parametrize(
    "noise", [b"NICK justinfan1\r\n", b"\x16\x03\x01" + b"\xff" * 300, b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_what_is_no_tls_is_hung_up_on(site: BusySite, noise: bytes) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", port(site)) as stream:
        await stream.send_all(noise)
        assert b"001" not in await drained(stream)
    async with await secured(site) as good:
        client = Irc(good)
        await client.say("NICK justinfan1")
        await client.line(" 376 ")


async def test_who_does_not_read_over_tls_is_cut_and_nobody_else_waits(site: BusySite) -> None:
    anna = await add_user(site.db, "anna")
    async with await secured(site) as deaf, await secured(site) as good:
        clients = [Irc(deaf), Irc(good)]
        for client in clients:
            await client.say("NICK justinfan1", "JOIN #anna")
            await client.line(" 366 ")
        with trio.fail_after(LIFE_S):
            while await metric(site, "weir_chat_too_slow_total") < 1:
                noise = MessageSent("x", 1, Chatter(9, "noise", "Noise"), "n" * 100_000)
                await site.bus.publish(channel_of(anna.id), encode(noise))
                await clients[1].line("nnn")
        await site.bus.publish(
            channel_of(anna.id), encode(MessageSent("y", 1, Chatter(9, "noise", "Noise"), "enough"))
        )
        await clients[1].line("enough")


async def test_a_proxy_of_ours_says_where_it_comes_from_before_tls(database: Database) -> None:
    config = settings(trusted_proxies=["127.0.0.1"], chat_max_per_address=2)
    async with serving(database, config) as site, AsyncExitStack() as stack:

        async def come(address: str) -> Irc:
            stream = await trio.open_tcp_stream("127.0.0.1", port(site))
            await stream.send_all(f"PROXY TCP4 {address} 127.0.0.1 1 2\r\n".encode())
            tls = trio.SSLStream(stream, TRUSTING, server_hostname="localhost", https_compatible=True)
            await stack.enter_async_context(tls)
            client = Irc(tls)
            await client.say("NICK justinfan1")
            return client

        for _ in range(2):
            await (await come("203.0.113.9")).line(" 376 ")
        with pytest.raises(trio.BrokenResourceError):
            await come("203.0.113.9")
        await (await come("203.0.113.10")).line(" 376 ")


async def test_stopping_says_good_bye_to_those_with_tls(site: BusySite) -> None:
    async with await secured(site) as bot:
        client = Irc(bot)
        await client.say("NICK justinfan1")
        await client.line(" 376 ")
        site.stop.set()
        await client.line("RECONNECT")
        assert await drained(bot) == b""


async def test_a_port_that_is_taken_is_told_with_its_setting(database: Database) -> None:
    (taken,) = await open_listeners("127.0.0.1", 0)
    async with taken:
        config = settings(ircs_port=taken.socket.getsockname()[1])
        with pytest.RaisesExc(ListenError, match="set WEIR_IRCS_PORT"):
            await ChatRole(config, database, LocalBus(new_epoch=str, now=time.monotonic), Metrics()).serve(
                stop=trio.Event(), drain_s=1
            )


async def drained(stream: trio.abc.ReceiveStream) -> bytes:
    """Read until the other side hangs up."""
    seen = b""
    with trio.fail_after(LIFE_S), suppress(trio.BrokenResourceError):
        while data := await stream.receive_some():
            seen += bytes(data)
    return seen


def client_hello() -> bytes:
    """Make the first flight of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        TRUSTING.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()
