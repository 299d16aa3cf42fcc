"""Clients that ask for nothing, again and again, wait as those do that ask for something."""

from functools import partial
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from chatd.client import REQUESTS_BURST, REQUESTS_PER_S
from chatd.irc_client import IrcClient
from chatd.link import FRAMES_BURST, FRAMES_PER_S, Link, run_tcp, run_websocket
from chatd.pace import Pace
from chatd.turnstile import Turnstile
from tests.chatd.test_frame_guard import frame

HEAD = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class NoServices:
    """For a client that never gets to use any."""

    node = "n"


def never_ends(_: trio.CancelScope, reason: str) -> None:
    pytest.fail(reason)


async def until(stream: trio.abc.ReceiveStream, piece: bytes, times: int) -> None:
    seen = b""
    await trio.lowlevel.checkpoint()
    while seen.count(piece) < times:
        data = await stream.receive_some()
        assert data, "hung up"
        seen += data


async def test_a_burst_is_free_and_then_each_takes_its_time(autojump_clock: MockClock) -> None:
    pace = Pace(per_s=2, burst=10)
    began = trio.current_time()
    for _ in range(10):
        await pace.wait()
    assert trio.current_time() == began
    await pace.wait(4)
    await pace.wait()
    assert trio.current_time() - began == pytest.approx(2.5)


async def test_lines_of_irc_that_need_no_room_are_paced(autojump_clock: MockClock) -> None:
    theirs, ours = trio.testing.memory_stream_pair()
    lines, began = 10 * REQUESTS_BURST, trio.current_time()

    async def talk(link: Link, _: trio.CancelScope) -> None:
        await IrcClient(link, cast("Any", NoServices()), "").run()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(run_tcp, ours, turns=Turnstile(), on_end=never_ends, talk=talk))
        nursery.start_soon(theirs.send_all, b"NICK justinfan1\n" + b"PING x\n" * (lines - 1))
        await until(theirs, b"PONG", lines - 1)
        nursery.cancel_scope.cancel()
    assert trio.current_time() - began == pytest.approx((lines - REQUESTS_BURST) / REQUESTS_PER_S)


async def test_pings_of_websockets_are_paced(autojump_clock: MockClock) -> None:
    theirs, ours = trio.testing.memory_stream_pair()
    frames, began = 5 * FRAMES_BURST, trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(theirs.send_all, frame(9, b"ping") * frames)

        async def listen(*_: object) -> None:
            await trio.sleep_forever()

        serve = partial(
            run_websocket,
            ours,
            HEAD,
            b"",
            subprotocol=None,
            framing="frame",
            max_message_bytes=100,
            turns=Turnstile(),
            on_end=never_ends,
            talk=listen,
        )
        nursery.start_soon(serve)
        await until(theirs, b"\x8a\x04ping", frames)
        nursery.cancel_scope.cancel()
    # Those that come in one piece, up to a burst, are counted after the next has begun to wait.
    assert trio.current_time() - began > (frames - 2.1 * FRAMES_BURST) / FRAMES_PER_S


@pytest.mark.parametrize("early", [b"", frame(1, b"NICK justinfan1")])
async def test_what_came_right_behind_the_handshake_is_read(early: bytes) -> None:
    theirs, ours = trio.testing.memory_stream_pair()
    heard = list[str]()

    async def talk(link: Link, scope: trio.CancelScope) -> None:
        heard.extend(await link.receive())
        scope.cancel()

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            if not early:
                nursery.start_soon(theirs.send_all, frame(1, b"NICK justinfan1"))
            await run_websocket(
                ours,
                HEAD,
                early,
                subprotocol=None,
                framing="frame",
                max_message_bytes=100,
                turns=Turnstile(),
                on_end=never_ends,
                talk=talk,
            )
    assert heard == ["NICK justinfan1"]
