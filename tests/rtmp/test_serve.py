"""The whole server on real sockets, with encoders made of bytes."""

import pytest
import structlog
import trio
import trio.testing

from tests.rtmp.client import C0C1, greeting, message, read_replies, statuses, video_frame
from tests.rtmp.site import MEDIA, running


async def is_closed(stream: trio.abc.Stream) -> bool:
    try:
        while await stream.receive_some():
            pass
    except trio.BrokenResourceError:
        pass
    return True


async def test_stopping_server_hangs_up_on_publishers_at_once() -> None:
    async with running() as site:
        encoders = [await site.publish() for _ in range(3)]
        idle = await site.connect()
        await idle.send_all(C0C1)
        site.stop.set()
        await site.stopped.wait()
        assert all([await is_closed(encoder) for encoder in [*encoders, idle]])
    assert [publication.ended for publication in site.gate.publications] == [[False]] * 3
    assert (site.stats.connections, site.stats.publishers, site.stats.unauthenticated) == (0, 0, 0)


async def test_connections_over_the_cap_are_closed_at_once_and_others_do_not_notice() -> None:
    async with running(max_connections=3) as site:
        encoder = await site.publish()
        idle = [await site.connect() for _ in range(2)]
        for stream in idle:
            await stream.send_all(C0C1)
            await stream.receive_some()
        assert await is_closed(await site.connect())
        assert site.stats.refused_total == 1
        await encoder.send_all(message(video_frame(), time=80))
        await idle[0].aclose()
        while site.stats.connections == 3:
            await trio.sleep(0.01)
        await site.publish()


async def test_strangers_cannot_fill_the_server_but_publishers_can() -> None:
    async with running(max_unauthenticated=1) as site:
        await site.publish()
        await site.publish()
        stranger = await site.connect()
        await stranger.send_all(C0C1)
        await stranger.receive_some()
        assert await is_closed(await site.connect())


async def test_rejected_encoder_reads_why_and_the_end_at_once(mock_clock: trio.testing.MockClock) -> None:
    """OBS leaves when it reads `Denied`; others wait for the end of the connection, and must not wait long."""
    async with running() as site:
        encoder = await site.connect()
        await encoder.send_all(greeting("WRONG"))
        sent = b"".join([bytes(piece) async for piece in encoder])
        assert statuses(read_replies(sent))[0]["code"] == "NetStream.Publish.Denied"
        assert trio.current_time() == 0  # the clock stands still
        await encoder.aclose()


async def test_broken_connection_is_one_log_line_with_its_address_and_without_the_key() -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        async with running() as site:
            encoder = await site.connect()
            await encoder.send_all(greeting() + MEDIA + message(b"a", fmt=3, csid=50))
            await is_closed(encoder)
            while site.stats.connections:
                await trio.sleep(0.01)
    (ended,) = [line for line in lines if line["event"] == "connection_ended"]
    assert ended["address"] == "127.0.0.1"
    assert "chunk stream 50" in str(ended["errors"])
    assert "KEY" not in str(lines)


@pytest.mark.real
async def test_two_thousand_idle_connections_do_not_hurt_a_publisher() -> None:
    async with running(max_connections=2100, max_unauthenticated=2100, publish_s=60) as site:
        idle = [await site.connect() for _ in range(2000)]
        for stream in idle:
            await stream.send_all(C0C1)
        encoder = await site.publish()
        for time in range(80, 4000, 40):
            await encoder.send_all(message(video_frame(), time=time))
        publication = site.gate.publications[0]
        while len(publication.items) < 100:
            await trio.sleep(0.01)
        assert site.stats.unauthenticated == 2000
