"""The sums of viewers, in one process and over several: the same contract, then what only several can do."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio

from common.asyncio_bridge import open_bridge
from common.presence import LocalPresence, Presence, RedisPresence
from common.redis_link import RedisLink, open_redis
from tests.valkey_site import Valkey, valkey

__all__ = ["valkey"]

PATIENCE_S = 30


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.real)])
async def presence(request: pytest.FixtureRequest) -> AsyncIterator[Presence]:
    if request.param == "local":
        yield LocalPresence()
        return
    async with nodes(request.getfixturevalue("valkey"), 1) as ((one, _),):
        yield one


@asynccontextmanager
async def nodes(
    valkey: Valkey, count: int, ttl_s: float = 45
) -> AsyncIterator[list[tuple[RedisPresence, RedisLink]]]:
    async with open_bridge() as bridge, AsyncExitStack() as stack:
        links = [await stack.enter_async_context(open_redis(valkey.url, bridge)) for _ in range(count)]
        yield [
            (RedisPresence(link, node=f"node-{number}", ttl_s=ttl_s), link)
            for number, link in enumerate(links)
        ]


async def test_what_was_reported_is_told(presence: Presence) -> None:
    assert await presence.totals(["a", "b"]) == {"a": 0, "b": 0}
    await presence.report({"a": 3, "b": 1})
    assert await presence.totals(["a", "b", "c"]) == {"a": 3, "b": 1, "c": 0}
    assert await presence.totals([]) == {}
    assert not presence.is_alone


async def test_a_report_replaces_the_one_before(presence: Presence) -> None:
    await presence.report({"a": 3, "b": 1})
    await presence.report({"b": 2})
    assert await presence.totals(["a", "b"]) == {"a": 0, "b": 2}
    await presence.report({})
    assert await presence.totals(["a", "b"]) == {"a": 0, "b": 0}


async def test_what_is_reported_may_change_afterwards(presence: Presence) -> None:
    sums = {"a": 1}
    await presence.report(sums)
    sums["a"] = 100
    assert await presence.totals(["a"]) == {"a": 1}


@pytest.mark.real
async def test_shares_of_several_nodes_add_up(valkey: Valkey) -> None:
    async with nodes(valkey, 3) as ((one, _), (two, _), (three, _)):
        await one.report({"a": 1, "b": 5})
        await two.report({"a": 10})
        await three.report({"c": 7})
        for node in (one, two, three):
            assert await node.totals(["a", "b", "c", "d"]) == {"a": 11, "b": 5, "c": 7, "d": 0}
        await two.report({})
        assert await three.totals(["a"]) == {"a": 1}


@pytest.mark.real
async def test_the_share_of_a_node_that_died_goes_after_its_time(valkey: Valkey) -> None:
    async with nodes(valkey, 2, ttl_s=0.5) as ((one, link), (two, _)):
        await one.report({"a": 1})
        await two.report({"a": 10})
        assert await one.totals(["a"]) == {"a": 11}
        with trio.fail_after(PATIENCE_S):
            while await one.totals(["a"]) != {"a": 1}:
                await trio.sleep(0.05)
        assert await link.execute("SMEMBERS", "{weir.viewers}:nodes") in ([], {b"node-0"}, [b"node-0"], set())
        await two.report({"a": 10})
        assert await one.totals(["a"]) == {"a": 11}


@pytest.mark.real
async def test_while_redis_is_away_a_node_goes_on_with_what_it_knows(valkey: Valkey) -> None:
    async with nodes(valkey, 2, ttl_s=3) as ((one, link), (two, other)):
        await one.report({"a": 1})
        await two.report({"a": 10})
        assert await one.totals(["a"]) == {"a": 11}
        valkey.stop()
        with trio.fail_after(PATIENCE_S):
            await link.wait_available(wanted=False)
        await one.report({"a": 2})
        assert one.is_alone
        assert await one.totals(["a"]) == {"a": 12}, "the other's share lasts as long as it would have"
        with trio.fail_after(PATIENCE_S):
            while await one.totals(["a"]) != {"a": 2}:
                await trio.sleep(0.05)
        valkey.start()
        with trio.fail_after(PATIENCE_S):
            await link.wait_available()
            await other.wait_available()
        await one.report({"a": 2})
        await two.report({"a": 10})
        assert await one.totals(["a"]) == {"a": 12}
        assert not one.is_alone


@pytest.mark.real
async def test_a_redis_that_forgot_everything_does_not_make_counts_dip(valkey: Valkey) -> None:
    async with nodes(valkey, 2) as ((one, link), (two, _)):
        await one.report({"a": 1})
        await two.report({"a": 10})
        assert await one.totals(["a"]) == {"a": 11}
        valkey.stop()
        valkey.start()
        with trio.fail_after(PATIENCE_S):
            while link.outages == 0 or not link.available:
                await trio.sleep(0.05)
        await one.report({"a": 1})
        assert await one.totals(["a"]) == {"a": 11}, "the other has not had the time to report again"


@pytest.mark.real
async def test_what_others_have_put_there_ends_nothing(valkey: Valkey) -> None:
    async with nodes(valkey, 2) as ((one, link), (two, _)):
        await one.report({"a": 1})
        await two.report({"a": 10})
        await link.execute("HSET", "{weir.viewers}:node:node-1", "a", "many")
        assert await one.totals(["a"]) == {"a": 1}
        await link.execute("SADD", "{weir.viewers}:nodes", b"\xff\xfe")
        assert await one.totals(["a"]) == {"a": 1}
        await link.execute("SET", "{weir.viewers}:node:node-1", "text")
        assert await one.totals(["a"]) == {"a": 1}
        assert one.is_alone
        assert link.available
        await two.report({"a": 10})
        assert await one.totals(["a"]) == {"a": 11}
