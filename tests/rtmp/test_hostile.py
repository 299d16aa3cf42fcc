"""While somebody streams, others do everything wrong that RTMP allows: one list of attacks on one live server, so one file."""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import trio

from rtmp.limits import RtmpLimits
from tests.e2e.harness import get, part_numbers
from tests.rtmp.client import (
    C0C1,
    HANDSHAKE,
    amf,
    basic_header,
    chunks,
    command,
    connect,
    control,
    greeting,
    message,
    publish,
    read_replies,
    set_chunk_size,
    statuses,
    video_frame,
)
from tests.rtmp.live_site import (
    HANDSHAKE_S,
    PER_ADDRESS,
    SLACK_S,
    STALL_S,
    STRANGERS,
    Live,
    live_site,
)
from tests.rtmp.site import MEDIA

pytestmark = pytest.mark.real

MB = 1_000_000
SEND_S = 5.0
"""How long the server lets a peer take to read its answers."""
FLOOD_S = 1.0
BURST = RtmpLimits().connect_burst


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_site(tmp_path_factory.mktemp("hostile")) as started:
        yield started


@pytest.fixture
def live(site: Live) -> Iterator[Live]:
    """The server; after each attack its stream must have gone on in time, and no handler have crashed."""
    site.watcher.worst_gap_s = 0.0
    yield site
    text = get(site.watcher.playlist)[1]
    assert site.watcher.worst_gap_s < site.allowed_gap_s
    assert "GAP" not in text
    assert "DISCONTINUITY\n" not in text
    assert "connection_handler_crashed" not in "\n".join(site.weir.errors)


def proxied(address: str) -> bytes:
    return f"PROXY TCP4 {address} 198.51.100.1 50000 1935\r\n".encode()


async def read_to_the_end(stream: trio.abc.ReceiveStream, within_s: float) -> bytes:
    """Everything until the server hangs up, which it must."""
    received = b""
    with trio.fail_after(within_s + SLACK_S), suppress(trio.BrokenResourceError):
        async for data in stream:
            received += data
    return received


async def say(stream: trio.abc.SendStream, data: bytes) -> None:
    """Send what the server takes: it may hang up before it has everything."""
    with suppress(trio.BrokenResourceError):
        await stream.send_all(data)


async def flood(stream: trio.SocketStream, data: bytes, *, reading: bool = True) -> None:
    """Send the same again and again, as fast as the server takes it, for a while."""
    async with trio.open_nursery() as nursery:
        if reading:
            nursery.start_soon(read_to_the_end, stream, math.inf)
        with trio.move_on_after(FLOOD_S), suppress(trio.BrokenResourceError):
            while True:
                await stream.send_all(data)
        nursery.cancel_scope.cancel()


# -- strangers: wrong messages ---------------------------------------------------------------------------------------


def announced(length: int, *, csid: int = 3, type_id: int = 20, sent: int = 128) -> bytes:
    """The beginning of a message that never comes whole."""
    header = basic_header(0, csid) + bytes(3) + length.to_bytes(3, "big") + bytes([type_id]) + bytes(4)
    return header + bytes(min(sent, length))


def raw_command(*values: bytes) -> bytes:
    return message(b"".join(values), type_id=20, csid=3, stream_id=0, size=4096)


FALSE_LENGTHS = [
    b"\x02\xff\xffabc",
    b"\x0c\xff\xff\xff\xffabc",
    b"\x0a\xff\xff\xff\xff",
    b"\x08\xff\xff\xff\xff",
    b"\x03\xff\xffa",
    b"\x00\x00",
    b"\x11" * 50,
    b"\xff",
]

CLOSED_AT_ONCE = {
    "garbage": bytes(range(256)) * 40,
    "16 MB announced": announced(0xFFFFFF),
    "size changes inside a message": chunks(bytes(1000), type_id=20)[0]
    + chunks(bytes(900), type_id=20, fmt=1)[0],
    "chunk size 0": set_chunk_size(0),
    "chunk size with bit 31": set_chunk_size(1 << 31),
    "chunk size huge": set_chunk_size((1 << 31) - 1),
    "65 chunk streams": b"".join(message(bytes(4), type_id=3, csid=100 + n, stream_id=0) for n in range(65)),
    "media before publish": connect() + message(video_frame()),
    "connect twice": connect() * 2,
    "publish before connect": publish(),
    "createStream flood": connect() + command("createStream", 4, None) * 200,
    "abort storm": control(2, (3).to_bytes(4, "big")) * 10_000,
    "chunk size storm": set_chunk_size(128) * 10_000,
    "ping storm": control(4, b"\x00\x06" + bytes(4)) * 5_000,
    "acknowledgement storm": control(3, bytes(4)) * 5_000,
    "empty message storm": message(b"", type_id=20, csid=3, stream_id=0) * 5_000,
    "long command": command("connect", 1, {"app": "a" * 40_000}, size=128) * 2,
}

IGNORED = {
    "AMF objects 14 000 deep": raw_command(amf("connect"), amf(1), b"\x03\x00\x01a" * 14_000),
    "AMF arrays 12 000 deep": raw_command(amf("connect"), amf(1), b"\x0a\x00\x00\x00\x01" * 12_000),
    **{
        f"AMF with a false length {n}": raw_command(amf("connect"), amf(1), value)
        for n, value in enumerate(FALSE_LENGTHS)
    },
    "unknown types": b"".join(message(b"abc", type_id=n, csid=3, stream_id=0) for n in range(30, 90)),
}
"""Dropped, and the time to publish runs out."""


@pytest.mark.parametrize("name", CLOSED_AT_ONCE)
async def test_wrong_messages_end_their_own_connection_at_once(live: Live, name: str) -> None:
    stream = await live.dial()
    refused = live.metric("weir_rtmp_protocol_errors_total")
    async with stream, trio.open_nursery() as nursery:
        nursery.start_soon(say, stream, HANDSHAKE + CLOSED_AT_ONCE[name])
        await read_to_the_end(stream, 0)
    assert live.metric("weir_rtmp_protocol_errors_total") == refused + 1


async def test_chunk_size_storm_is_small_before_the_greeting_has_a_limit(live: Live) -> None:
    """Messages that change only the framing count as well."""
    async with await live.dial() as stream:
        await say(stream, HANDSHAKE)
        await flood(stream, set_chunk_size(128) * 100)
        await read_to_the_end(stream, HANDSHAKE_S)


async def test_undecodable_and_slow_strangers_are_dropped_when_their_time_is_over(live: Live) -> None:
    """All together: those that say nonsense, and those that say it slowly."""
    opening = HANDSHAKE + connect()
    many = b"".join(announced(65_536, csid=3 + n) for n in range(60))
    async with trio.open_nursery() as nursery:
        for data in (*IGNORED.values(), many):
            nursery.start_soon(stay, live, HANDSHAKE + data, b"")
        for sent in (0, 1, 700, 1537, 2000, len(HANDSHAKE), len(HANDSHAKE) + 20, len(opening)):
            for _ in range(5):
                nursery.start_soon(stay, live, opening[:sent], opening[sent:] or b"\x03")
        for begun in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            for _ in range(5):
                nursery.start_soon(stay, live, begun, b"\x00", live.secure_port)
        for begun in (b"PROXY TCP4 ", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x0f\x00"):
            nursery.start_soon(stay, live, begun, b"\x00")


async def stay(live: Live, begun: bytes, drip: bytes, port: int = 0) -> None:
    """Begin, then send a byte now and then until the server hangs up, which it must in time."""
    async with await live.dial(port=port) as stream, trio.open_nursery() as nursery:

        async def slowly() -> None:
            with suppress(trio.BrokenResourceError):
                await stream.send_all(begun)
                for byte in itertools.cycle(drip):
                    await trio.sleep(0.3)
                    await stream.send_all(bytes([byte]))

        nursery.start_soon(slowly)
        await read_to_the_end(stream, HANDSHAKE_S)
        nursery.cancel_scope.cancel()


# -- strangers: wrong names ------------------------------------------------------------------------------------------

NAMES = [
    "../../x",
    "..%2f..%2fx",
    "/etc/passwd",
    "a/b/c",
    "k\x00ey",
    "\r\nSet-Cookie: x",
    "'; drop table users; --",
    "k" * 30_000,
    "\U0001f4a9" * 100,
    "?a=b&c=d",
]
TC_URLS = ["", "rtmp://", "rtmp://[::1", "http://\x00", "://", '"rtmp://host/live', "rtmp://host:99999/live"]


async def denied(live: Live, sent: bytes, header: bytes = b"") -> str:
    """Ask to publish, and give the description of the refusal. The server ends the connection within a second."""
    async with await live.dial(header) as stream:
        await say(stream, sent)
        (status,) = statuses(read_replies(await read_to_the_end(stream, 1)))
        assert status["code"] == "NetStream.Publish.Denied"
        return str(status["description"])


@pytest.mark.parametrize("key", NAMES, ids=range(len(NAMES)))
async def test_wrong_names_are_refused_as_keys(live: Live, key: str) -> None:
    for stream_key in (key, f"{key}?x=../y"):
        assert "stream key" in await denied(live, greeting(stream_key))


@pytest.mark.parametrize("url", TC_URLS, ids=range(len(TC_URLS)))
async def test_malformed_addresses_are_no_reason_to_stumble(live: Live, url: str) -> None:
    sent = HANDSHAKE + connect(url, tcUrl=url) + command("createStream", 4, None) + publish("wrong")
    assert "stream key" in await denied(live, sent)


async def test_guessed_keys_are_held_back_and_a_known_one_gets_in_from_the_same_address(live: Live) -> None:
    address = proxied("203.0.113.50")
    async with await live.publish():
        pass
    held_back = live.metric("weir_publishers_held_back_total")
    described = [await denied(live, greeting(f"guess{n}"), address) for n in range(40)]
    assert "not known" in described[0]
    assert "Too many wrong stream keys" in described[-1]
    assert live.metric("weir_publishers_held_back_total") >= held_back + 25
    async with await live.publish(address) as stream:
        await stream.send_all(MEDIA)


# -- strangers: too many ---------------------------------------------------------------------------------------------


async def answered(live: Live, header: bytes) -> trio.SocketStream | None:
    """Connect and begin the handshake; `None` when the server hangs up instead of answering."""
    stream = await live.dial()
    with trio.move_on_after(HANDSHAKE_S), suppress(trio.BrokenResourceError):
        await stream.send_all(header + C0C1)
        if await stream.receive_some():
            return stream
    await stream.aclose()
    return None


async def crowd(live: Live, headers: list[bytes]) -> list[trio.SocketStream]:
    inside: list[trio.SocketStream] = []

    async def come(header: bytes) -> None:
        if stream := await answered(live, header):
            inside.append(stream)

    async with trio.open_nursery() as nursery:
        for header in headers:
            nursery.start_soon(come, header)
    return inside


async def until_strangers_left(live: Live) -> None:
    with trio.fail_after(HANDSHAKE_S + SLACK_S):
        while live.metric("weir_rtmp_unauthenticated"):  # another process's number
            await trio.sleep(0.1)


async def test_one_address_gets_its_share_and_no_more(live: Live) -> None:
    await until_strangers_left(live)
    inside = await crowd(live, [proxied("203.0.113.60")] * (3 * PER_ADDRESS))
    assert len(inside) == PER_ADDRESS
    other = await answered(live, proxied("203.0.113.61"))
    assert other
    for stream in (*inside, other):
        await stream.aclose()


async def test_one_address_that_comes_and_goes_is_paced(live: Live) -> None:
    refused = live.metric("weir_rtmp_refused_total")
    hello = proxied("203.0.113.70") + b"\x16\x03\x01\x02\x00\x01\x00"
    for _ in range(BURST + 40):
        stream = await live.dial(port=live.secure_port)
        await say(stream, hello)
        await stream.aclose()
    await until_strangers_left(live)
    assert live.metric("weir_rtmp_refused_total") > refused


async def test_strangers_of_many_addresses_fill_their_room_only_and_it_empties(live: Live) -> None:
    await until_strangers_left(live)
    inside = await crowd(live, [proxied(f"10.0.{n // 200}.{n % 200}") for n in range(3 * STRANGERS)])
    assert STRANGERS // 2 <= len(inside) <= STRANGERS
    for stream in inside:
        await read_to_the_end(stream, HANDSHAKE_S)
        await stream.aclose()
    async with await live.publish():
        pass


# -- those who may publish -------------------------------------------------------------------------------------------


async def test_messages_that_are_announced_cost_no_memory(live: Live) -> None:
    before = live.grown_bytes()
    async with await live.publish() as stream:
        await stream.send_all(b"".join(announced(8 * MB, csid=3 + n, type_id=9) for n in range(60)))
        with trio.fail_after(SLACK_S):
            while not live.metric("weir_rtmp_buffered_bytes"):  # another process's number
                await trio.sleep(0.05)
        assert live.metric("weir_rtmp_buffered_bytes") < MB
        assert live.grown_bytes() - before < 20 * MB


async def test_unfinished_messages_of_one_connection_are_bounded(live: Live) -> None:
    refused = live.metric("weir_rtmp_protocol_errors_total")
    async with await live.publish() as stream, trio.open_nursery() as nursery:
        nursery.start_soon(read_to_the_end, stream, 0)
        await say(stream, set_chunk_size(MB))
        for csid in (10, 11, 12):
            await say(stream, announced(8 * MB, csid=csid, type_id=9, sent=MB))
            await say(stream, (basic_header(3, csid) + bytes(MB)) * 6)
    assert live.metric("weir_rtmp_protocol_errors_total") == refused + 1
    assert live.metric("weir_rtmp_buffered_bytes") < MB


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(message(b"", type_id=8) * 5000, id="empty messages"),
        pytest.param(publish("other"), id="publish twice"),
        pytest.param(connect(), id="connect twice"),
        pytest.param(message(b"", type_id=8, csid=9, fmt=0) + b"\xff" * 100, id="garbage"),
    ],
)
async def test_publisher_that_breaks_the_rules_is_cut(live: Live, sent: bytes) -> None:
    async with await live.publish() as stream:
        await say(stream, sent)
        await read_to_the_end(stream, 0)


PING = control(4, b"\x00\x06" + bytes(4))

FLOODS: dict[str, Callable[[], bytes]] = {
    "pings": lambda: PING * 500,
    "acknowledgements": lambda: control(3, bytes(4)) * 500,
    "aborts": lambda: control(2, (4).to_bytes(4, "big")) * 500,
    "chunk sizes": lambda: set_chunk_size(128) * 500,
    "createStream": lambda: command("createStream", 9, None) * 200,
    "metadata": lambda: message(amf("onMetaData") + b"\x0a\x00\x00\x00\x01" * 12_000, type_id=18) * 2,
    "70 000 nested arrays": lambda: message(amf("onMetaData") + b"\x0a\x00\x00\x00\x01" * 70_000, type_id=18),
    "undecodable video": lambda: message(b"\x17\x01\x00\x00\x00\xff\xff\xff\xff", type_id=9) * 500,
    "chunks of a byte": lambda: (
        set_chunk_size(1)
        + basic_header(0, 10)
        + bytes(3)
        + (60_000).to_bytes(3, "big")
        + b"\x09"
        + bytes(5)
        + basic_header(0, 11)
        + bytes(3)
        + (60_000).to_bytes(3, "big")
        + b"\x09"
        + bytes(5)
        + (basic_header(3, 10) + b"\x00" + basic_header(3, 11) + b"\x00") * 59_999
        + set_chunk_size(128, size=1)
    ),
    "small audio": lambda: message(b"\xaf\x01" + bytes(20), type_id=8) * 500,
}


@pytest.mark.parametrize("name", FLOODS)
async def test_floods_of_a_publisher_delay_nobody_else(live: Live, name: str) -> None:
    async with await live.publish() as stream:
        await stream.send_all(MEDIA)
        await flood(stream, FLOODS[name]())


async def test_slow_half_closed_and_deaf_publishers_are_dropped(live: Live) -> None:
    """One after the other takes the same channel over; the last ones go by themselves."""
    async with await live.publish() as stream:
        await stream.send_all(MEDIA)
        await stream.send_eof()
        await read_to_the_end(stream, 1)
    async with await live.publish() as deaf:
        await flood(deaf, PING * 2000, reading=False)
        with trio.fail_after(SEND_S + SLACK_S), suppress(trio.BrokenResourceError):
            while True:
                await deaf.send_all(PING * 2000)
    async with await live.publish() as loris, trio.open_nursery() as nursery:
        await loris.send_all(MEDIA)

        async def drip() -> None:
            with suppress(trio.BrokenResourceError):
                for byte in itertools.cycle(announced(MB, type_id=9, sent=127)):
                    await loris.send_all(bytes([byte]))
                    await trio.sleep(0.1)

        nursery.start_soon(drip)
        await read_to_the_end(loris, STALL_S)
        nursery.cancel_scope.cancel()


# -- afterwards ------------------------------------------------------------------------------------------------------


async def test_memory_and_connections_are_back_where_they_were(live: Live) -> None:
    await until_strangers_left(live)
    before = part_numbers(get(live.watcher.playlist)[1])[-1]
    with trio.fail_after(SLACK_S):
        while part_numbers(get(live.watcher.playlist)[1])[-1] == before:  # as above
            await trio.sleep(0.1)
    assert live.metric("weir_rtmp_connections") <= 2  # the stream's, and perhaps a health check's
    assert live.metric("weir_rtmp_buffered_bytes") < MB
    assert live.grown_bytes() < 60 * MB
    assert get(f"{live.weir.hls}/healthz")[0] == 200
