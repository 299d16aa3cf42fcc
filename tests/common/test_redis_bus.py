"""The bus of several nodes over a real Valkey: one order for all, holes mended, alone while it is away, and back."""

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio

from common.asyncio_bridge import open_bridge
from common.background import running
from common.bus import KEPT_MESSAGES, Message, Position
from common.redis_bus import RedisBus
from common.redis_link import open_redis
from tests.valkey_site import Valkey, valkey

__all__ = ["valkey"]

pytestmark = pytest.mark.real


@dataclass
class Recorder:
    resets: list[Position] = field(default_factory=list)
    got: list[Message] = field(default_factory=list)
    changed: trio.Event = field(default_factory=trio.Event)

    def on_reset(self, position: Position) -> None:
        self.resets.append(position)
        self._tell()

    def on_messages(self, messages: Sequence[Message]) -> None:
        self.got += messages
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        await trio.lowlevel.checkpoint()
        with trio.fail_after(20):
            while not condition():
                await self.changed.wait()

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.got]


_epochs = itertools.count(1)


@asynccontextmanager
async def node(url: str, name: str = "one") -> AsyncIterator[RedisBus]:
    await trio.lowlevel.checkpoint()
    async with open_bridge() as bridge, open_redis(url, bridge) as link:
        bus = RedisBus(link, node=name, new_epoch=lambda: f"{name}{next(_epochs)}", now=trio.current_time)
        async with running(bus.run):
            await turned(bus, alone=False)
            yield bus


async def turned(bus: RedisBus, *, alone: bool) -> None:
    with trio.fail_after(20):
        await bus.wait_alone(wanted=alone)


async def test_two_nodes_read_one_order_from_then_on(valkey: Valkey) -> None:
    async with node(valkey.url, "one") as one, node(valkey.url, "two") as two:
        await one.publish("a", b"before")
        here, there = Recorder(), Recorder()
        await one.subscribe("a", here)
        await two.subscribe("a", there)
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon((one if number % 2 else two).publish, "a", str(number).encode())
        await here.until(lambda: len(here.got) == 20)
        await there.until(lambda: len(there.got) == 20)
        assert here.got == there.got
        assert [message.offset for message in here.got] == list(range(2, 22))
        assert here.resets == there.resets
        assert here.resets[0].offset == 1


async def test_the_same_key_is_the_same_message_on_every_node(valkey: Valkey) -> None:
    async with node(valkey.url, "one") as one, node(valkey.url, "two") as two:
        reader = Recorder()
        await two.subscribe("a", reader)
        first = await one.publish("a", b"one", key="k")
        again = await two.publish("a", b"one", key="k")
        assert (again.position, first.is_repeat, again.is_repeat) == (first.position, False, True)
        assert (first.payload, again.payload) == (None, b"one")
        await one.publish("a", b"two")
        await reader.until(lambda: len(reader.got) == 2)
        assert reader.payloads == [b"one", b"two"]


async def test_what_was_missed_can_be_read_whole_or_not_at_all(valkey: Valkey) -> None:
    async with node(valkey.url) as bus:
        for number in range(5):
            published = await bus.publish("a", b"%d" % number)
        epoch = published.position.epoch
        assert await bus.read("a", Position(epoch, 3), limit=10) == [Message(4, b"3"), Message(5, b"4")]
        assert await bus.read("a", Position(epoch, 5), limit=10) == []
        assert await bus.read("a", Position(epoch, 1), limit=3) is None
        assert await bus.read("a", Position(epoch, 6), limit=10) is None
        assert await bus.read("a", Position("other", 3), limit=10) is None
        assert await bus.read("b", Position(epoch, 0), limit=10) is None


async def test_the_log_is_bounded_and_holds_enough(valkey: Valkey) -> None:
    async with node(valkey.url) as bus:
        for batch in range(17):
            async with trio.open_nursery() as nursery:
                for number in range(200):
                    nursery.start_soon(bus.publish, "a", b"%d" % (200 * batch + number))
        last = (await bus.publish("a", b"last")).position
        kept = await bus.read("a", Position(last.epoch, last.offset - KEPT_MESSAGES), limit=KEPT_MESSAGES)
        assert kept is not None
        assert len(kept) == KEPT_MESSAGES
        assert await bus.read("a", Position(last.epoch, 0), limit=10_000) is None


async def test_binary_payloads_and_odd_names_go_through(valkey: Valkey) -> None:
    async with node(valkey.url) as bus:
        reader = Recorder()
        await bus.subscribe("chat:7 x", reader)
        await bus.publish("chat:7 x", bytes(range(256)))
        await reader.until(lambda: bool(reader.got))
        assert reader.payloads == [bytes(range(256))]


async def test_a_hole_is_read_once_and_nothing_is_out_of_order(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with node(valkey.url) as bus:
        first, second = Recorder(), Recorder()
        await bus.subscribe("a", first)
        await bus.subscribe("a", second)
        deaf = bus._on_heard

        def lose_some(heard: Sequence[tuple[str, bytes]]) -> None:
            deaf([entry for entry in heard if not entry[1].endswith((b" 2", b" 3"))])

        monkeypatch.setattr(bus._feed, "_on_heard", lose_some)
        for number in range(6):
            await bus.publish("a", b"%d" % number)
        await first.until(lambda: len(first.got) == 6)
        assert first.payloads == second.payloads == [b"%d" % number for number in range(6)]
        assert bus.holes >= 1
        assert len(first.resets) == 1


async def test_who_cancelled_hears_no_more_and_may_come_back(valkey: Valkey) -> None:
    async with node(valkey.url) as bus:
        reader = Recorder()
        subscription = await bus.subscribe("a", reader)
        subscription.cancel()
        subscription.cancel()
        await bus.publish("a", b"one")
        again = Recorder()
        await bus.subscribe("a", again)
        await bus.publish("a", b"two")
        await again.until(lambda: bool(again.got))
        assert (reader.payloads, again.payloads) == ([], [b"two"])


async def test_many_subscribe_at_once(valkey: Valkey) -> None:
    async with node(valkey.url) as bus:
        readers = [Recorder() for _ in range(50)]
        async with trio.open_nursery() as nursery:
            for number, reader in enumerate(readers):
                nursery.start_soon(bus.subscribe, f"room{number % 5}", reader)
        for number in range(5):
            await bus.publish(f"room{number}", b"%d" % number)
        for number, reader in enumerate(readers):
            await reader.until(lambda reader=reader: bool(reader.got))  # type: ignore[misc]
            assert reader.payloads == [b"%d" % (number % 5)]


async def test_nodes_go_on_alone_while_it_is_away_and_meet_again(valkey: Valkey) -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(node(valkey.url, "one"))
        two = await stack.enter_async_context(node(valkey.url, "two"))
        here, there = Recorder(), Recorder()
        await one.subscribe("a", here)
        await two.subscribe("a", there)
        await one.publish("a", b"together")
        await there.until(lambda: bool(there.got))
        epoch = here.resets[0].epoch
        await trio.to_thread.run_sync(valkey.stop)
        await here.until(lambda: len(here.resets) == 2)
        await there.until(lambda: len(there.resets) == 2)
        assert [one.is_alone, two.is_alone] == [True, True]
        alone = await one.publish("a", b"alone")
        assert alone.position.epoch not in {epoch, there.resets[1].epoch}
        assert here.payloads == [b"together", b"alone"]
        late = Recorder()
        await one.subscribe("a", late)
        await one.subscribe("b", Recorder())
        assert late.resets == [alone.position]
        await trio.to_thread.run_sync(valkey.start)
        await here.until(lambda: len(here.resets) == 3)
        await there.until(lambda: len(there.resets) == 3)
        assert [one.is_alone, two.is_alone] == [False, False]
        await two.publish("a", b"again")
        await here.until(lambda: here.payloads[-1] == b"again")
        await late.until(lambda: late.payloads == [b"again"])
        assert there.payloads == [b"together", b"again"], "what was said elsewhere alone stays there"
        assert here.resets[2].epoch == there.resets[2].epoch


async def test_a_server_that_is_silent_is_noticed(valkey: Valkey) -> None:
    async with node(valkey.url) as bus:
        reader = Recorder()
        await bus.subscribe("a", reader)
        with valkey.frozen():
            await turned(bus, alone=True)
            await bus.publish("a", b"alone")
            assert reader.payloads == [b"alone"]
        await turned(bus, alone=False)
        await reader.until(lambda: len(reader.resets) == 3)
        await bus.publish("a", b"back")
        await reader.until(lambda: reader.payloads[-1] == b"back")
