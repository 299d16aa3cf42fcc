"""What is to be written down of logs in a real Valkey: by one node at a time, after another died, and after it was emptied."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from common import redis_bus
from common.asyncio_bridge import open_bridge
from common.background import running
from common.bus import KEPT_MESSAGES, BusUnavailableError, Unwritten
from common.redis_bus import RedisBus
from common.redis_journal import RedisJournal
from common.redis_link import RedisLink, open_redis
from tests.valkey_site import Valkey, valkey

__all__ = ["valkey"]

pytestmark = pytest.mark.real

_epochs = itertools.count(1)


@asynccontextmanager
async def site(url: str) -> AsyncIterator[tuple[RedisBus, RedisLink, list[RedisJournal]]]:
    """A bus, and the journals of two nodes."""
    await trio.lowlevel.checkpoint()
    async with open_bridge() as bridge, open_redis(url, bridge) as link:
        bus = RedisBus(
            link, node="one", new_epoch=lambda: f"e{next(_epochs)}", now=trio.current_time, journalled=True
        )
        async with running(bus.run):
            with trio.fail_after(20):
                await bus.wait_alone(wanted=False)
            yield bus, link, [RedisJournal(link, node=name) for name in ("one", "two")]


async def say(bus: RedisBus, channel: int, first: int, behind: int) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(first, behind):
            nursery.start_soon(bus.publish, f"chat:{channel}", b"%d" % number)


def counts(found: list[Unwritten]) -> dict[str, int]:
    return {one.channel: len(one.messages) for one in found}


async def test_a_channel_is_given_to_one_node_until_it_settles(valkey: Valkey) -> None:
    async with site(valkey.url) as (bus, _link, (one, two)):
        await say(bus, 7, 0, 5)
        found = await one.take(channels=10, messages=3)
        assert counts(found) == {"chat:7": 3}
        assert not found[0].is_all
        assert await two.take(channels=10, messages=3) == []
        await say(bus, 8, 0, 1)
        assert counts(await two.take(channels=10, messages=3)) == {"chat:8": 1}
        await one.settle(found, written=True)
        rest = await two.take(channels=10, messages=10)
        assert counts(rest) == {"chat:7": 2}
        assert {message.offset for message in rest[0].messages} == {4, 5}
        await two.settle(rest, written=True)
        assert await one.take(channels=10, messages=10) == []


async def test_what_could_not_be_written_is_given_out_again(valkey: Valkey) -> None:
    async with site(valkey.url) as (bus, _link, (one, two)):
        await say(bus, 7, 0, 5)
        found = await one.take(channels=10, messages=10)
        await one.settle(found, written=False)
        assert counts(await two.take(channels=10, messages=10)) == {"chat:7": 5}


async def test_what_a_node_took_that_died_is_given_to_another(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.redis_journal.TAKEN_S", 0.3)
    async with site(valkey.url) as (bus, _link, (one, two)):
        await say(bus, 7, 0, 5)
        assert counts(await one.take(channels=10, messages=10)) == {"chat:7": 5}
        found: list[Unwritten] = []
        with trio.fail_after(20):
            while not found:
                await trio.sleep(0.05)
                found = await two.take(channels=10, messages=10)
        assert counts(found) == {"chat:7": 5}


async def test_what_is_said_meanwhile_is_taken_next(valkey: Valkey) -> None:
    async with site(valkey.url) as (bus, _link, (one, _)):
        await say(bus, 7, 0, 2)
        found = await one.take(channels=10, messages=10)
        await say(bus, 7, 2, 4)
        await one.settle(found, written=True)
        again = await one.take(channels=10, messages=10)
        assert [message.offset for message in again[0].messages] == [3, 4]


async def test_a_log_is_kept_until_it_is_written_but_not_for_ever(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = KEPT_MESSAGES + 600
    monkeypatch.setattr(redis_bus, "MAX_UNWRITTEN", most)
    async with site(valkey.url) as (bus, link, (one, _)):
        for start in range(0, most, 200):
            await say(bus, 7, start, start + 200)
        assert await link.execute("XLEN", "weir:bus:log:chat:7") == most, "all of it: nothing is written yet"
        for start in range(0, 400, 200):
            await say(bus, 7, start, start + 200)
        (found,) = await one.take(channels=1, messages=10)
        assert 0 < found.lost <= 400, "it trims by whole nodes of about a hundred"
        assert found.messages[0].offset == found.lost + 1
        end = Unwritten("chat:7", found.written, [], (await bus.publish("chat:7", b"x")).position)
        await one.settle([end], written=True)
        for _ in range(2):
            await say(bus, 7, 0, 100)
        assert await link.execute("XLEN", "weir:bus:log:chat:7") < KEPT_MESSAGES + 200, "as long as ever"


async def test_an_emptied_valkey_begins_anew(valkey: Valkey) -> None:
    async with site(valkey.url) as (bus, link, (one, _)):
        await say(bus, 7, 0, 5)
        found = await one.take(channels=10, messages=10)
        await link.execute("FLUSHALL")
        await say(bus, 7, 5, 7)
        await one.settle(found, written=True)
        again = await one.take(channels=10, messages=10)
        assert [message.offset for message in again[0].messages] == [1, 2], (
            "of the new log, from its beginning"
        )
        await one.settle(again, written=True)
        assert await one.take(channels=10, messages=10) == []


async def test_a_channel_whose_log_is_gone_is_forgotten(valkey: Valkey) -> None:
    async with site(valkey.url) as (bus, link, (one, _)):
        await say(bus, 7, 0, 5)
        await link.execute("DEL", "weir:bus:log:chat:7", "weir:bus:meta:chat:7")
        assert await one.take(channels=10, messages=10) == []
        assert await link.execute("ZCARD", "weir:bus:unwritten") == 0


async def test_nothing_is_taken_while_valkey_is_away(valkey: Valkey) -> None:
    async with site(valkey.url) as (bus, link, (one, _)):
        await say(bus, 7, 0, 5)
        valkey.stop()
        with trio.fail_after(20):
            await link.wait_available(wanted=False)
        with pytest.raises(BusUnavailableError):
            await one.take(channels=10, messages=10)
        with trio.fail_after(20):
            await bus.wait_alone()
        await bus.publish("chat:7", b"alone")
        (_shared, local) = bus.journals
        assert counts(await local.take(channels=10, messages=10)) == {"chat:7": 1}
