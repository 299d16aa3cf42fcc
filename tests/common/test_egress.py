"""Requests to servers that nobody trusts: where they may go, and how long, how much and how many of them there are."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair, wait_all_tasks_blocked

from common.egress import EgressClient, EgressLimits, EgressRequest
from common.egress_errors import (
    EgressBusyError,
    EgressRefusedError,
    EgressTooBigError,
    EgressTooSlowError,
    EgressUnreachableError,
)
from common.egress_network import Address, SystemNetwork
from common.egress_policy import EgressPolicy

CERTIFICATES = Path(__file__).parent / "certificates"
LOOPBACK = EgressPolicy(allow=["127.0.0.0/8"])
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HOOK = EgressRequest(url="http://hook.example/in?a=b", headers={"X-Id": "7"}, body=b'{"n":1}')

Handler = Callable[[trio.abc.Stream], Awaitable[None]]


class Net:
    """Names that we make up, and servers at the other end of memory streams."""

    def __init__(self, nursery: trio.Nursery, handler: Handler, names: dict[str, list[list[str]]]) -> None:
        self._nursery = nursery
        self._handler = handler
        self._names = names
        self.connected: list[tuple[str, int]] = []
        self.asked: list[str] = []
        self.dead: set[str] = set()
        self.silent: set[str] = set()

    async def look_up(self, host: str) -> list[Address]:
        """Give the next answer that was planned for a name; the last one stays."""
        await trio.lowlevel.checkpoint()
        self.asked.append(host)
        if host not in self._names:
            raise socket.gaierror("no such host")
        answers = self._names[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [Address(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip) for ip in addresses]

    async def connect(self, address: Address, port: int) -> trio.abc.Stream:
        """Reach the server, whatever the address."""
        await trio.lowlevel.checkpoint()
        self.connected.append((address.ip, port))
        if address.ip in self.silent:
            await trio.sleep_forever()
        if address.ip in self.dead:
            raise ConnectionRefusedError
        ours, theirs = memory_stream_pair()
        self._nursery.start_soon(self._serve, theirs)
        return ours

    async def _serve(self, stream: trio.abc.Stream) -> None:
        try:
            async with stream:
                await self._handler(stream)
        except trio.BrokenResourceError:
            await trio.lowlevel.checkpoint()  # the client had enough


@asynccontextmanager
async def world(
    handler: Handler,
    *,
    names: dict[str, list[list[str]]] | None = None,
    policy: EgressPolicy = LOOPBACK,
    limits: EgressLimits | None = None,
) -> AsyncIterator[tuple[EgressClient, Net]]:
    async with trio.open_nursery() as nursery:
        net = Net(nursery, handler, names or {"hook.example": [["127.0.0.1"]]})
        with EgressClient(policy, limits, network=net) as client:
            yield client, net
        nursery.cancel_scope.cancel("the test is over")


async def answer_all(stream: trio.abc.Stream, *, answer: bytes = OK, seen: list[bytes] | None = None) -> None:
    """Answer each request, of which one fits into one read."""
    while data := await stream.receive_some(65536):
        if seen is not None:
            seen.append(bytes(data))
        await stream.send_all(answer)


async def never_answer(stream: trio.abc.Stream) -> None:
    await stream.receive_some(65536)
    await trio.sleep_forever()


async def test_a_request_is_what_was_asked_for_and_nothing_else() -> None:
    seen: list[bytes] = []
    async with world(partial(answer_all, seen=seen)) as (client, _):
        answer = await client.send(HOOK)
    assert (answer.status, answer.body, answer.is_cut) == (200, b"ok", False)
    assert seen == [
        (
            b"POST /in?a=b HTTP/1.1\r\nHost: hook.example\r\nUser-Agent: weir\r\nAccept: */*\r\nX-Id: 7\r\n"
            b'Content-Length: 7\r\nAccept-Encoding: identity\r\n\r\n{"n":1}'
        )
    ]


@pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-C: d"}, {"X-A\n": "b"}, {"X-A": "\u20ac"}])
async def test_headers_cannot_smuggle_others_in(headers: dict[str, str]) -> None:
    async with world(answer_all) as (client, net):
        with pytest.raises(ValueError, match=r"header|latin-1"):
            await client.send(EgressRequest(url=HOOK.url, headers=headers))
    assert net.connected == []


async def test_headers_that_follow_from_the_rest_cannot_be_given() -> None:
    seen: list[bytes] = []
    async with world(partial(answer_all, seen=seen)) as (client, _):
        await client.send(EgressRequest(url=HOOK.url, headers={"host": "internal", "Content-Length": "0"}))
    assert b"internal" not in seen[0]


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["169.254.169.254", "fd00::1"]],
)
async def test_a_name_that_leads_inside_is_refused_before_a_connection(addresses: list[str]) -> None:
    names = {"hook.example": [addresses]}
    async with world(answer_all, names=names, policy=EgressPolicy()) as (client, net):
        with pytest.raises(EgressRefusedError, match="not on the public internet"):
            await client.send(EgressRequest(url="https://hook.example/"))
    assert net.connected == []


async def test_of_several_addresses_only_the_public_ones_are_tried() -> None:
    names = {"hook.example": [["127.0.0.1", "10.0.0.1"]]}
    async with world(answer_all, names=names) as (client, net):
        net.dead = {"127.0.0.1"}
        with pytest.raises(EgressUnreachableError) as raised:
            await client.send(HOOK)
    assert net.connected == [("127.0.0.1", 80)]
    assert raised.value.before_sending


async def test_rebinding_the_name_does_not_lead_inside() -> None:
    """The name answers with an allowed address once, then with one inside: each connection is judged by its own answer."""
    names = {"hook.example": [["127.0.0.1"], ["10.0.0.1"]]}
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    async with world(partial(answer_all, answer=closing), names=names) as (client, net):
        await client.send(HOOK)
        assert net.asked == ["hook.example"], "the name is resolved once a connection"
        with pytest.raises(EgressRefusedError):
            await client.send(HOOK)
    assert net.connected == [("127.0.0.1", 80)]


async def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    async with world(partial(answer_all, answer=moved)) as (client, net):
        answer = await client.send(HOOK)
    assert answer.status == 302
    assert not answer.is_success
    assert net.connected == [("127.0.0.1", 80)]


async def test_the_next_request_uses_the_same_connection() -> None:
    async with world(answer_all) as (client, net):
        for _ in range(3):
            await client.send(HOOK)
    assert len(net.connected) == 1


async def test_another_host_on_the_same_address_gets_a_connection_of_its_own() -> None:
    names = {"a.example": [["127.0.0.1"]], "b.example": [["127.0.0.1"]]}
    async with world(answer_all, names=names) as (client, net):
        for url in ("http://a.example/", "http://b.example/", "http://a.example:81/", "http://a.example/"):
            await client.send(EgressRequest(url=url))
    assert net.connected == [("127.0.0.1", 80), ("127.0.0.1", 80), ("127.0.0.1", 81)]


async def test_an_idle_connection_is_not_used_after_its_time(autojump_clock: MockClock) -> None:
    async with world(answer_all, limits=EgressLimits(idle_s=10)) as (client, net):
        await client.send(HOOK)
        await trio.sleep(11)
        await client.send(HOOK)
    assert len(net.connected) == 2


async def test_a_server_that_hangs_is_given_up(autojump_clock: MockClock) -> None:
    async with world(never_answer, limits=EgressLimits(silence_s=10, total_s=15)) as (client, _):
        with pytest.raises(EgressTooSlowError) as raised:
            await client.send(HOOK)
        assert trio.current_time() == pytest.approx(10)
        assert not raised.value.before_sending


async def test_a_server_that_drips_is_given_up(autojump_clock: MockClock) -> None:
    async def drip(stream: trio.abc.Stream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            await trio.sleep(1)
            await stream.send_all(b"x")

    async with world(drip, limits=EgressLimits(silence_s=10, total_s=15)) as (client, _):
        with pytest.raises(EgressTooSlowError):
            await client.send(HOOK)
        assert trio.current_time() == pytest.approx(15)


async def test_a_host_that_takes_no_connection_is_given_up(autojump_clock: MockClock) -> None:
    async with world(answer_all, limits=EgressLimits(connect_s=5)) as (client, net):
        net.silent = {"127.0.0.1"}
        with pytest.raises(EgressTooSlowError) as raised:
            await client.send(HOOK)
        assert trio.current_time() == pytest.approx(5)
        assert raised.value.before_sending


async def test_a_resolver_that_hangs_is_given_up(autojump_clock: MockClock) -> None:
    class Hanging(SystemNetwork):
        async def look_up(self, host: str) -> list[Address]:
            await trio.sleep_forever()

    with EgressClient(LOOPBACK, network=Hanging()) as client, pytest.raises(EgressTooSlowError):
        await client.send(HOOK)
    assert trio.current_time() == pytest.approx(5)


async def test_another_address_is_tried_when_the_first_is_silent(autojump_clock: MockClock) -> None:
    async with world(answer_all, names={"hook.example": [["127.0.0.1", "127.0.0.2"]]}) as (client, net):
        net.silent = {"127.0.0.1"}
        await client.send(HOOK)
        assert trio.current_time() == pytest.approx(2)


async def test_a_long_answer_is_cut(autojump_clock: MockClock) -> None:
    async def endless(stream: trio.abc.Stream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 4096)

    async with world(endless) as (client, _):
        answer = await client.send(HOOK)
        assert answer.is_cut
        assert len(answer.body) == 8192
        with pytest.raises(EgressTooBigError):
            await client.send(EgressRequest(url=HOOK.url, whole=True))


@pytest.mark.parametrize(
    "reply", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b""]
)
async def test_what_is_no_http_is_unreachable(reply: bytes) -> None:
    async def speak(stream: trio.abc.Stream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(reply)

    async with world(speak) as (client, _):
        with pytest.raises(EgressUnreachableError) as raised:
            await client.send(HOOK)
    assert not raised.value.before_sending


async def test_a_slow_host_leaves_room_for_others(autojump_clock: MockClock) -> None:
    names = {"hook.example": [["127.0.0.1"]], "slow.example": [["127.0.0.2"]]}
    limits = EgressLimits(total=4, per_host=2, wait_s=3, silence_s=100, total_s=100)
    refused: list[str] = []

    async def hang(client: EgressClient) -> None:
        try:
            await client.send(EgressRequest(url="http://slow.example/"))
        except EgressBusyError as error:
            refused.append(str(error))
            await trio.lowlevel.checkpoint()

    async def by_host(stream: trio.abc.Stream) -> None:
        data = bytes(await stream.receive_some(65536))
        if b"slow" in data:
            await trio.sleep_forever()
        await stream.send_all(OK)

    async with world(by_host, names=names, limits=limits) as (client, net), trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(hang, client)
        await wait_all_tasks_blocked()
        await client.send(HOOK)
        assert trio.current_time() == pytest.approx(0)
        await trio.sleep(4)
        assert len(refused) == 3, "who waits for a place is told so in time"
        assert len([ip for ip, _ in net.connected if ip == "127.0.0.2"]) == 2
        nursery.cancel_scope.cancel("the test is over")


# Real names, sockets and certificates -----------------------------------------------------------------------------------------


@asynccontextmanager
async def local_server(handler: Handler) -> AsyncIterator[int]:
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel("the test is over")


async def reply(stream: trio.abc.Stream) -> None:
    async with stream:
        await answer_all(stream)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost"])
async def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    async with local_server(reply) as port:
        with (
            EgressClient(EgressPolicy(ports=[port])) as client,
            pytest.raises(EgressRefusedError, match="public"),
        ):
            await client.send(EgressRequest(url=f"https://{host}:{port}/"))


@pytest.mark.parametrize(
    "host", ["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1]"]
)
async def test_ipv6_disguises_are_refused(host: str) -> None:
    with EgressClient(EgressPolicy()) as client, pytest.raises(EgressRefusedError, match="public"):
        await client.send(EgressRequest(url=f"https://{host}/"))


async def test_allowed_loopback_is_reached_and_a_dead_connection_not_used_again() -> None:
    served: list[trio.SocketStream] = []

    async def once(stream: trio.SocketStream) -> None:
        served.append(stream)
        async with stream:
            await stream.receive_some(65536)
            await stream.send_all(OK)  # hangs up although it did not say so

    async with local_server(once) as port:  # type: ignore[arg-type]  # it serves sockets
        with EgressClient(LOOPBACK) as client:
            for _ in range(3):
                answer = await client.send(EgressRequest(url=f"http://127.0.0.1:{port}/"))
                assert answer.body == b"ok"
                await wait_all_tasks_blocked()
    assert len(served) == 3


async def test_the_certificate_is_judged_by_the_name_in_the_url() -> None:
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_tls.load_cert_chain(CERTIFICATES / "localhost.pem", CERTIFICATES / "localhost.key")
    names: list[str | None] = []
    server_tls.sni_callback = lambda _sock, name, _context: names.append(name)
    client_tls = ssl.create_default_context(cafile=str(CERTIFICATES / "localhost.pem"))

    async def secure(stream: trio.abc.Stream) -> None:
        secured = trio.SSLStream(stream, server_tls, server_side=True, https_compatible=True)
        try:
            await answer_all(secured)
        except trio.BrokenResourceError:
            await trio.aclose_forcefully(secured)

    async with local_server(secure) as port:
        with EgressClient(LOOPBACK, tls=client_tls) as client:
            for _ in range(2):
                assert (await client.send(EgressRequest(url=f"https://localhost:{port}/"))).status == 200
            assert names == ["localhost"], "one connection, with the name in SNI"
        with EgressClient(LOOPBACK, tls=client_tls, network=Elsewhere()) as client:
            with pytest.raises(EgressUnreachableError, match="certificate") as raised:
                await client.send(EgressRequest(url=f"https://other.example:{port}/"))
            assert raised.value.before_sending
        with EgressClient(LOOPBACK) as client, pytest.raises(EgressUnreachableError, match="certificate"):
            await client.send(EgressRequest(url=f"https://localhost:{port}/"))


class Elsewhere(SystemNetwork):
    """Every name is this machine."""

    async def look_up(self, host: str) -> list[Address]:
        """See `Network`."""
        await trio.lowlevel.checkpoint()
        return [Address(socket.AF_INET, "127.0.0.1")]


async def test_a_name_that_nobody_has_is_unreachable() -> None:
    with EgressClient(EgressPolicy()) as client, pytest.raises(EgressUnreachableError, match="no such host"):
        await client.send(EgressRequest(url="https://nobody.invalid/"))
