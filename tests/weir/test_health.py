import pytest
import trio
from trio.testing import MockClock

from common.serving import open_listeners
from weir.addresses import bound_port
from weir.health import KEEP_S, Health, check_rtmp


class Switch:
    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def check(self) -> None:
        self.asked += 1
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error


async def test_problems_are_named_after_their_check(autojump_clock: MockClock) -> None:
    switch = Switch()
    switch.error = OSError("connection refused")
    assert await Health({"rtmp": switch.check}).problems() == ["rtmp: connection refused"]


async def test_an_answer_is_kept_for_a_while(autojump_clock: MockClock) -> None:
    switch = Switch()
    health = Health({"rtmp": switch.check})
    assert await health.problems() == await health.problems() == []
    assert switch.asked == 1
    switch.error = OSError("gone")
    await trio.sleep(KEEP_S)
    assert await health.problems() == ["rtmp: gone"]


async def test_a_check_that_hangs_is_a_problem(autojump_clock: MockClock) -> None:
    assert await Health({"database": trio.sleep_forever}).problems() == ["database: no answer within 2 s"]


async def test_the_rtmp_probe_wants_an_answer_not_only_a_connection(nursery: trio.Nursery) -> None:
    async def hang_up(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(4096)

    listeners = await open_listeners("127.0.0.1", 0)
    nursery.start_soon(trio.serve_listeners, hang_up, listeners)
    with pytest.raises((trio.BrokenResourceError, OSError)):
        await check_rtmp("127.0.0.1", bound_port(listeners))
    nursery.cancel_scope.cancel()
