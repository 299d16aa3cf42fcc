"""What a page gets of a room when it joins: the last messages that are still there, and once for all who come."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chatd.delivery import Delivery
from chatd.events import (
    ChatCleared,
    Chatter,
    Event,
    MessageDelayed,
    MessageDeleted,
    MessageSent,
    UserCleared,
    encode,
)
from chatd.room import RECENT
from chatd.rooms import LINGER_S, REMEMBERED, Rooms, channel_of
from common.bus import BusUnavailableError, LocalBus, Message, Position
from tests.chatd.test_rooms import ANNA, Recorder

LINES = 50


class CountingBus(LocalBus):
    """Counts how often a log is read; breaks when told to."""

    reads = 0
    is_away = False
    takes_s = 0.0
    before_read: Callable[[], object] = staticmethod(lambda: None)

    async def read(self, channel: str, after: Position, *, limit: int) -> list[Message] | None:
        self.reads += 1
        if self.is_away:
            await trio.lowlevel.checkpoint()
            raise BusUnavailableError("away")
        await trio.sleep(self.takes_s)
        found = await super().read(channel, after, limit=limit)
        self.before_read()
        return found


@dataclass
class Site:
    rooms: Rooms
    bus: CountingBus

    def tell(self, *events: Event) -> None:
        for event in events:
            self.bus.publish_nowait(channel_of(7), encode(event))

    async def texts(self, *, lines: int = LINES, since: Position | None = None) -> list[str]:
        joined = await self.rooms.join(ANNA, Recorder(), since=since, lines=lines)
        return [text_of(one) for one in joined.lines]


def text_of(delivery: Delivery) -> str:
    assert isinstance(delivery.event, MessageSent)
    return delivery.event.text


def message(number: int, user_id: int = 1) -> MessageSent:
    return MessageSent(f"m{number}", number, Chatter(user_id, f"user_{user_id}", "X"), str(number))


@asynccontextmanager
async def site(lines: int = LINES) -> AsyncIterator[Site]:
    bus = CountingBus(new_epoch=lambda: "e", now=trio.current_time)
    rooms = Rooms(bus, lines=lines)
    async with trio.open_nursery() as nursery:
        await nursery.start(rooms.serve)
        yield Site(rooms, bus)
        nursery.cancel_scope.cancel()


async def test_who_joins_gets_the_last_messages_from_before_the_room_was_opened_here() -> None:
    async with site() as here:
        here.tell(*map(message, range(60)))
        assert await here.texts() == [str(number) for number in range(10, 60)]
        assert await here.texts(lines=2) == ["58", "59"]
        assert await here.texts(lines=0) == []
        here.tell(message(60))
        assert await here.texts(lines=2) == ["59", "60"]
        assert here.bus.reads == 1, "once, however many come"


async def test_what_comes_after_is_told_once() -> None:
    async with site() as here:
        here.tell(*map(message, range(3)))
        member = Recorder()
        joined = await here.rooms.join(ANNA, member, lines=LINES)
        assert [one.offset for one in joined.lines] == [1, 2, 3]
        assert joined.position == Position("e", 3)
        here.tell(message(3))
        await wait_all_tasks_blocked()
        assert member.offsets == [4]


async def test_what_was_taken_away_is_not_among_them() -> None:
    async with site() as here:
        here.tell(message(1, 1), message(2, 2), message(3, 1), message(4, 3))
        here.tell(MessageDeleted("m4", 3, "user_3", "4", 7, 5), UserCleared(2, "user_2", 7, 6))
        assert await here.texts() == ["1", "3"]
        here.tell(MessageDeleted("m1", 1, "user_1", "1", 7, 7))
        assert await here.texts() == ["3"]
        here.tell(ChatCleared(7, 8))
        assert await here.texts() == []


async def test_a_message_that_waits_is_not_among_them_until_it_is_said() -> None:
    async with site() as here:
        here.tell(message(1), MessageDelayed(message(2), 2, 4000), message(3))
        assert await here.texts() == ["1", "3"]
        here.tell(message(2))
        assert await here.texts() == ["1", "3", "2"]


async def test_who_comes_back_to_all_that_was_missed_gets_no_more_than_that() -> None:
    async with site() as here:
        here.tell(*map(message, range(5)))
        assert await here.texts(since=Position("e", 3)) == []
        assert await here.texts(since=Position("other", 3)) == ["0", "1", "2", "3", "4"], "there is a gap"


async def test_a_site_gives_as_many_as_it_says() -> None:
    async with site(lines=3) as here:
        here.tell(*map(message, range(9)))
        assert await here.texts() == ["6", "7", "8"]
    async with site(lines=0) as here:
        here.tell(*map(message, range(9)))
        assert await here.texts() == []
        assert here.bus.reads == 0


async def test_a_long_log_is_looked_through_from_its_end_only() -> None:
    async with site(lines=100) as here:
        here.tell(*map(message, range(REMEMBERED + 900)))
        assert (await here.texts(lines=100))[0] == str(REMEMBERED + 800)
        assert len((await here.rooms.join(ANNA, Recorder(), lines=RECENT)).lines) == 100


async def test_without_the_bus_a_room_opens_without_them() -> None:
    async with site() as here:
        here.tell(message(1))
        here.bus.is_away = True
        assert await here.texts() == []
        here.tell(message(2))
        assert await here.texts() == ["2"]


async def test_what_is_said_while_the_log_is_read_is_there_once_and_in_order() -> None:
    async with site() as here:
        here.tell(message(1), message(2))

        def meanwhile() -> None:
            here.tell(message(3), MessageDeleted("m1", 1, "user_1", "1", 7, 5))

        here.bus.before_read = meanwhile
        assert await here.texts() == ["2", "3"]


async def test_a_first_who_leaves_while_the_room_opens_leaves_no_room_behind(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with site() as here:
        here.tell(message(1))
        here.bus.takes_s = 1.0
        with trio.move_on_after(0.5):
            await here.rooms.join(ANNA, Recorder(), lines=LINES)
        assert len(here.rooms) == 1
        await trio.sleep(LINGER_S + 1)
        assert len(here.rooms) == 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(here.rooms.join, ANNA, Recorder())
            await trio.sleep(0.5)
            assert await here.texts() == ["1"], "who comes while it opens waits, and gets them, too"


@pytest.mark.parametrize("most", [0, 1, 100])
async def test_a_room_nobody_spoke_in_has_none(most: int) -> None:
    async with site() as here:
        assert await here.texts(lines=most) == []
