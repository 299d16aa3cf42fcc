"""The accept loop: isolation, draining, binding."""

import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, memory_stream_pair, open_stream_to_socket_listener

from common.proxies import TrustedProxies
from common.proxy_protocol import ProxyProtocolError
from common.serving import (
    ListenError,
    isolate,
    open_listeners,
    peer_address,
    read_client_address,
    serve,
)

Handler = Callable[[trio.SocketStream], Awaitable[None]]


class PeerBrokeTheRulesError(Exception):
    pass


async def read_to_end(stream: trio.abc.ReceiveStream) -> bytes:
    return b"".join([bytes(chunk) async for chunk in stream])


async def echo(stream: trio.abc.Stream) -> None:
    async for data in stream:
        await stream.send_all(data)


async def test_crash_of_one_connection_is_logged_and_does_not_end_the_server(nursery: trio.Nursery) -> None:
    async def crash_on_x(stream: trio.SocketStream) -> None:
        if await stream.receive_some() == b"x":
            raise ValueError("planted")
        await stream.send_all(b"fine")

    listeners = await open_listeners("127.0.0.1", 0)
    serving = trio.CancelScope()

    async def run() -> None:
        with serving:
            await serve(crash_on_x, listeners, stop=trio.Event(), drain_s=0)

    nursery.start_soon(run)
    with capture_logs() as logs:
        for said, answer in ((b"x", b""), (b"y", b"fine")):
            async with await open_stream_to_socket_listener(listeners[0]) as client:
                await client.send_all(said)
                assert await read_to_end(client) == answer
    assert [line["event"] for line in logs] == ["connection_handler_crashed"]
    serving.cancel()


@pytest.mark.parametrize(
    "error",
    [trio.BrokenResourceError(), trio.TooSlowError(), PeerBrokeTheRulesError()],
)
async def test_fault_of_the_peer_is_one_info_line(error: Exception) -> None:
    async def fail(_: trio.abc.Stream) -> None:
        raise ExceptionGroup("from a nursery", [error])

    ours, theirs = memory_stream_pair()
    with capture_logs() as logs:
        await isolate(fail, remote_errors=(PeerBrokeTheRulesError,))(ours)
    assert [(line["event"], line["log_level"]) for line in logs] == [("connection_ended", "info")]
    assert await theirs.receive_some() == b""


async def test_crash_that_coincides_with_a_cancel_stays_inside() -> None:
    async def crash_while_cancelled(_: trio.abc.Stream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            scope.cancel()
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("planted")

    ours, _theirs = memory_stream_pair()
    with capture_logs() as logs, trio.CancelScope() as scope:
        await isolate(crash_while_cancelled)(ours)
    assert scope.cancelled_caught
    assert [line["event"] for line in logs] == ["connection_handler_crashed"]


async def test_stop_closes_the_listener_and_lets_open_connections_finish(nursery: trio.Nursery) -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    stop, done = trio.Event(), trio.Event()

    async def run() -> None:
        await serve(echo, listeners, stop=stop, drain_s=60)
        done.set()

    nursery.start_soon(run)
    async with await open_stream_to_socket_listener(listeners[0]) as client:
        await client.send_all(b"a")
        assert await client.receive_some() == b"a"
        port = listeners[0].socket.getsockname()[1]
        stop.set()
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(OSError, match="all attempts to connect"):
            await trio.open_tcp_stream("127.0.0.1", port)
        await client.send_all(b"b")
        assert await client.receive_some() == b"b"
        assert not done.is_set()
    await done.wait()


async def test_connections_open_at_the_drain_deadline_are_cut(autojump_clock: MockClock) -> None:
    send_listener: trio.MemorySendChannel[trio.abc.Stream]
    send_listener, receive_listener = trio.open_memory_channel(1)

    class MemoryListener(trio.abc.Listener[trio.abc.Stream]):
        async def accept(self) -> trio.abc.Stream:
            stream: trio.abc.Stream = await receive_listener.receive()
            return stream

        async def aclose(self) -> None:
            await receive_listener.aclose()

    stop = trio.Event()
    client, ours = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        listener = MemoryListener()

        async def run() -> None:
            await serve(echo, [listener], stop=stop, drain_s=10)

        nursery.start_soon(run)
        await send_listener.send(ours)
        await trio.testing.wait_all_tasks_blocked()
        stop.set()
        assert await client.receive_some() == b""
    assert trio.current_time() == pytest.approx(10)


async def test_taken_port_is_refused_with_a_sentence_that_names_the_setting() -> None:
    (first,) = await open_listeners("127.0.0.1", 0)
    async with first:
        port = first.socket.getsockname()[1]
        with pytest.raises(
            ListenError, match=f"port {port} on 127.0.0.1 is taken: .* set WEIR_RTMP_PORT to a free port"
        ):
            await open_listeners("127.0.0.1", port, setting="WEIR_RTMP_PORT")
        with pytest.raises(ListenError, match="is taken"):
            await open_listeners("127.0.0.1", port, share=True)


async def test_port_is_shared_only_when_both_asked_for_it() -> None:
    (first,) = await open_listeners("127.0.0.1", 0, share=True)
    async with first:
        port = first.socket.getsockname()[1]
        (second,) = await open_listeners("127.0.0.1", port, share=True)
        await second.aclose()
        with pytest.raises(ListenError, match="is taken"):
            await open_listeners("127.0.0.1", port)


async def test_address_of_another_machine_is_refused_with_a_sentence() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1 is not an address of this machine: set WEIR_HOST"):
        await open_listeners("192.0.2.1", 0)


async def test_peer_address_is_the_textual_ip_and_empty_once_gone(nursery: trio.Nursery) -> None:
    (listener,) = await open_listeners("127.0.0.1", 0)
    async with listener, await open_stream_to_socket_listener(listener):
        ours = await listener.accept()
        assert peer_address(ours) == "127.0.0.1"
        assert ours.getsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY)
        await ours.aclose()
        assert peer_address(ours) == ""


# -- PROXY headers ---------------------------------------------------------------------------------------------------

LOCALHOST = TrustedProxies(["127.0.0.1"])
V1 = b"PROXY TCP4 203.0.113.5 198.51.100.1 50000 1935\r\n"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[trio.SocketStream, trio.SocketStream]]:
    """A proxy's end of a connection, and ours."""
    (listener,) = await open_listeners("127.0.0.1", 0)
    async with (
        listener,
        await open_stream_to_socket_listener(listener) as theirs,
        await listener.accept() as ours,
    ):
        yield theirs, ours


async def test_proxy_header_is_taken_and_not_a_byte_more() -> None:
    async with connected() as (theirs, ours):
        await theirs.send_all(V1 + b"\x03rest")
        assert await read_client_address(ours, LOCALHOST) == "203.0.113.5"
        assert await ours.receive_some() == b"\x03rest"


async def test_proxy_header_in_pieces() -> None:
    async with connected() as (theirs, ours), trio.open_nursery() as nursery:

        async def drip() -> None:
            for byte in V1 + b"\x16":
                await theirs.send_all(bytes([byte]))
                await trio.testing.wait_all_tasks_blocked()

        nursery.start_soon(drip)
        assert await read_client_address(ours, LOCALHOST) == "203.0.113.5"
        assert await ours.receive_some() == b"\x16"


async def test_long_proxy_header_is_taken_whole() -> None:
    extensions = b"\x04\x0c\x00" + bytes(0x0C00)
    block = bytes([203, 0, 113, 5, 198, 51, 100, 1]) + struct.pack("!HH", 1, 2) + extensions
    header = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + len(block).to_bytes(2, "big") + block
    async with connected() as (theirs, ours):
        await theirs.send_all(header + b"\x03")
        assert await read_client_address(ours, LOCALHOST) == "203.0.113.5"
        assert await ours.receive_some() == b"\x03"


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00", b""])
async def test_trusted_proxy_that_names_nobody_is_the_client(header: bytes) -> None:
    async with connected() as (theirs, ours):
        await theirs.send_all(header + b"\x03")
        assert await read_client_address(ours, LOCALHOST) == "127.0.0.1"
        assert await ours.receive_some() == b"\x03"


async def test_proxy_header_from_anybody_else_is_an_error_that_names_the_setting() -> None:
    async with connected() as (theirs, ours):
        await theirs.send_all(V1)
        with pytest.raises(ProxyProtocolError, match=r"WEIR_TRUSTED_PROXIES does not name 127\.0\.0\.1"):
            await read_client_address(ours, TrustedProxies(["10.0.0.0/8"]))


@pytest.mark.parametrize("sent", [b"", V1[:20]])
async def test_connection_that_ends_before_or_inside_the_header(sent: bytes) -> None:
    async with connected() as (theirs, ours):
        await theirs.send_all(sent)
        await theirs.send_eof()
        assert await read_client_address(ours, LOCALHOST) == "127.0.0.1"
        assert await ours.receive_some() == b""


async def test_connection_that_is_reset_before_the_header() -> None:
    async with connected() as (theirs, ours):
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await theirs.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await read_client_address(ours, LOCALHOST)
