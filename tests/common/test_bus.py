"""What every bus keeps to, held by the one of a single process; that of several nodes is tried in test_redis_bus.py."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from common.bus import KEEP_S, KEPT_MESSAGES, KEY_S, LocalBus, Message, Position


@dataclass
class Recorder:
    resets: list[Position] = field(default_factory=list)
    got: list[Message] = field(default_factory=list)

    def on_reset(self, position: Position) -> None:
        self.resets.append(position)

    def on_messages(self, messages: Sequence[Message]) -> None:
        self.got += messages


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bus(clock: Clock) -> LocalBus:
    epochs = itertools.count(1)
    return LocalBus(new_epoch=lambda: f"e{next(epochs)}", now=clock)


async def test_who_subscribed_gets_everything_in_order_from_then_on(bus: LocalBus) -> None:
    await bus.publish("a", b"before")
    reader, other = Recorder(), Recorder()
    await bus.subscribe("a", reader)
    await bus.subscribe("b", other)
    assert reader.resets == [Position("e1", 1)]
    published = await bus.publish("a", b"one")
    await bus.publish("a", b"two")
    assert published.position == Position("e1", 2)
    assert reader.got == [Message(2, b"one"), Message(3, b"two")]
    assert other.got == []


async def test_who_cancelled_gets_no_more(bus: LocalBus) -> None:
    reader = Recorder()
    subscription = await bus.subscribe("a", reader)
    subscription.cancel()
    subscription.cancel()
    await bus.publish("a", b"one")
    assert reader.got == []


async def test_what_was_missed_can_be_read_whole_or_not_at_all(bus: LocalBus) -> None:
    for number in range(5):
        await bus.publish("a", bytes([number]))
    assert await bus.read("a", Position("e1", 3), limit=10) == [Message(4, b"\3"), Message(5, b"\4")]
    assert await bus.read("a", Position("e1", 5), limit=10) == []
    assert await bus.read("a", Position("e1", 1), limit=3) is None
    assert await bus.read("a", Position("e1", 6), limit=10) is None
    assert await bus.read("a", Position("other", 3), limit=10) is None
    assert await bus.read("b", Position("e1", 0), limit=10) is None


async def test_the_log_of_a_channel_is_bounded(bus: LocalBus) -> None:
    for number in range(KEPT_MESSAGES + 5):
        bus.publish_nowait("a", str(number).encode())
    assert await bus.read("a", Position("e1", 4), limit=10_000) is None
    kept = await bus.read("a", Position("e1", 5), limit=10_000)
    assert kept is not None
    assert len(kept) == KEPT_MESSAGES


async def test_the_same_key_is_the_same_message_for_a_minute(bus: LocalBus, clock: Clock) -> None:
    reader = Recorder()
    await bus.subscribe("a", reader)
    first = await bus.publish("a", b"one", key="k")
    clock.now = KEY_S - 1
    again = await bus.publish("a", b"one", key="k")
    assert (again.position, first.is_repeat, again.is_repeat) == (first.position, False, True)
    assert not (await bus.publish("b", b"one", key="k")).is_repeat
    clock.now = KEY_S
    assert not (await bus.publish("a", b"one", key="k")).is_repeat
    assert [message.offset for message in reader.got] == [1, 2]


async def test_a_channel_nobody_uses_is_forgotten_and_begins_a_new_epoch(bus: LocalBus, clock: Clock) -> None:
    old = await bus.publish("a", b"one")
    await bus.subscribe("read", Recorder())
    clock.now = KEEP_S
    for _ in range(3):
        await bus.publish("b", b"two")
    assert await bus.read("a", old.position, limit=10) is None
    assert (await bus.publish("a", b"three")).position.epoch != old.position.epoch
    assert await bus.read("read", Position("e2", 0), limit=10) == []
