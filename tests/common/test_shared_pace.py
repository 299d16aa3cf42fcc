"""The pace that nodes agree on, in a real Valkey: one turn for all, with what is left, and nobody stuck."""

import pytest
import trio

from common.asyncio_bridge import open_bridge
from common.redis_link import open_redis
from common.shared_pace import RedisPace
from tests.valkey_site import Valkey, valkey

__all__ = ["valkey"]

pytestmark = pytest.mark.real


async def test_nodes_agree_on_a_room_on_an_account_and_on_nothing_while_redis_is_away(valkey: Valkey) -> None:
    async with (
        open_bridge() as bridge,
        open_redis(valkey.url, bridge) as link,
        open_redis(valkey.url, bridge) as other,
    ):
        with trio.fail_after(20):
            await link.wait_available()
            await other.wait_available()
        one, two = RedisPace(link), RedisPace(other)
        assert await one.take(4, 7, times=20, window_s=30, interval_s=60) is None
        refused = await two.take(4, 7, times=20, window_s=30, interval_s=60)
        assert refused is not None
        assert refused.by_room
        assert 50 < refused.left_s <= 60
        assert await two.take(4, 8, times=20, window_s=30, interval_s=60) is None, "another room"
        assert await two.take(5, 7, times=20, window_s=30, interval_s=60) is None, "somebody else"
        assert await two.take(4, 7, times=20, window_s=30, interval_s=0) is None, "not in slow mode any more"

        answers = [await node.take(6, 9, times=3, window_s=300, interval_s=0) for node in (one, two) * 2]
        assert answers[:3] == [None] * 3
        assert answers[3] is not None
        assert not answers[3].by_room
        assert 90 < answers[3].left_s <= 100

        # A clock of Redis that was far ahead when this was written.
        await link.execute("SET", "weir:pace:{11}", 10**15)
        await link.execute("SET", "weir:pace:{11}:7", 10**15)
        assert await one.take(11, 7, times=20, window_s=30, interval_s=60) is None

        valkey.stop()
        assert await one.take(4, 7, times=20, window_s=30, interval_s=60) is None
