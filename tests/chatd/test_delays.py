"""Messages that wait while moderators look at them: in order, bounded, taken away, and never lost for lack of a reader."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd.delays import LINGER_S, MAX_WAITING, Delays, TooManyDelayedError
from chatd.delivery import RoomName
from chatd.events import (
    ChatCleared,
    Chatter,
    Event,
    MessageDelayed,
    MessageDeleted,
    MessageSent,
    UserCleared,
    decode,
    encode,
)
from common.bus import BusUnavailableError, LocalBus, Message, Position, Published
from common.principals import Principal

ANNA = RoomName("anna", 7)
BEN = Principal("token", user_id=4, login="ben")
CHANNEL = "chat:7"


class Log:
    """What the bus was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def on_reset(self, position: Position) -> None:
        pass

    def on_messages(self, messages: Sequence[Message]) -> None:
        self.events += [decode(message.payload) for message in messages]

    def said(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, MessageSent)]


class Flaky(LocalBus):
    """A bus that is away now and then."""

    away = 0

    async def publish(self, channel: str, payload: bytes, *, key: str | None = None) -> Published:
        if self.away:
            self.away -= 1
            await trio.lowlevel.checkpoint()
            raise BusUnavailableError("away")
        return await super().publish(channel, payload, key=key)


class Site:
    def __init__(self) -> None:
        self.bus = Flaky(new_epoch=lambda: "e", now=trio.current_time)
        self.log = Log()
        self.banned: set[int] = set()
        self.delays = Delays(self.bus, may_speak=self._may_speak)
        self.bus.subscribe_nowait(CHANNEL, self.log)

    async def _may_speak(self, author: Principal, _name: RoomName) -> bool:
        await trio.lowlevel.checkpoint()
        return author.user_id not in self.banned

    async def write(self, text: str, delay_s: float = 4, key: str | None = None) -> Published:
        chatter = Chatter(4, "ben", "Ben")
        return await self.delays.delay(ANNA, MessageSent(text, 1, chatter, text), BEN, delay_s, key=key)

    async def tell(self, event: Event) -> None:
        await self.bus.publish(CHANNEL, encode(event))


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    found = Site()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(found.delays.run)
        await wait_all_tasks_blocked()
        yield found
        nursery.cancel_scope.cancel()


async def test_moderators_know_at_once_and_the_others_in_order_after_the_delay(
    autojump_clock: MockClock,
) -> None:
    async with site() as anna:
        await anna.write("one", 4)
        await trio.sleep(1)
        await anna.write("two", 2)  # the delay was made shorter
        assert [type(event) for event in anna.log.events] == [MessageDelayed, MessageDelayed]
        await trio.sleep(2.9)
        assert anna.log.said() == []
        await trio.sleep(0.2)
        assert anna.log.said() == ["one", "two"]
        assert anna.delays.name_of(7) == ANNA
        await trio.sleep(LINGER_S + 1)
        assert anna.delays.name_of(7) is None, "nobody reads the room for nothing"


async def test_without_a_delay_any_more_all_is_said_at_once_in_order(autojump_clock: MockClock) -> None:
    async with site() as anna:
        await anna.write("one", 6)
        await anna.write("two", 0)
        await trio.sleep(0.1)
        assert anna.log.said() == ["one", "two"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (MessageDeleted("one", 4, "ben", "one", 9, 1), ["two"]),
        (UserCleared(4, "ben", 9, 1, 600), []),
        (UserCleared(5, "cleo", 9, 1), ["one", "two"]),
        (ChatCleared(9, 1), []),
    ],
)
async def test_what_is_taken_away_meanwhile_is_never_said(
    event: Event, said: list[str], autojump_clock: MockClock
) -> None:
    async with site() as anna:
        await anna.write("one")
        await anna.write("two")
        await anna.tell(event)
        await trio.sleep(5)
        assert anna.log.said() == said
        await anna.write("three")
        await trio.sleep(5)
        assert anna.log.said() == [*said, "three"]


async def test_who_was_banned_meanwhile_does_not_speak(autojump_clock: MockClock) -> None:
    async with site() as anna:
        await anna.write("one")
        anna.banned.add(4)
        await trio.sleep(5)
        assert anna.log.said() == []


async def test_so_much_waits_and_no_more(autojump_clock: MockClock) -> None:
    async with site() as anna:
        for number in range(MAX_WAITING):
            await anna.write(str(number))
        with pytest.raises(TooManyDelayedError):
            await anna.write("too many")
        await trio.sleep(5)
        assert len(anna.log.said()) == MAX_WAITING


async def test_a_bus_that_is_away_for_a_moment_is_waited_for(autojump_clock: MockClock) -> None:
    async with site() as anna:
        await anna.write("one")
        anna.bus.away = 3
        await trio.sleep(6)
        assert anna.log.said() == ["one"]


async def test_the_same_message_again_waits_once(autojump_clock: MockClock) -> None:
    async with site() as anna:
        first = await anna.write("one", key="n")
        again = await anna.write("one", key="n")
        assert (again.is_repeat, again.position) == (True, first.position)
        await trio.sleep(5)
        assert anna.log.said() == ["one"]


async def test_a_node_that_stops_says_what_waits(autojump_clock: MockClock) -> None:
    async with site() as anna:
        await anna.write("one")
        await anna.write("two")
        await anna.delays.flush()
        assert anna.log.said() == ["one", "two"]
