"""Rooms that open for the first, close after the last, and tell who comes back what was missed."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd.delivery import RoomName, Wire
from chatd.events import ChatCleared, Chatter, MessageSent, encode
from chatd.json_frames import JsonWire
from chatd.rooms import LINGER_S, MAX_MISSED, Rooms, channel_of
from common.bus import LocalBus, Message, Position

ANNA = RoomName("anna", 7)


@dataclass(eq=False)
class Recorder:
    connection_id: str = "x"
    echoes: bool = True
    wire: Wire = field(default_factory=JsonWire)
    got: bytes = b""

    def offer(self, data: bytes) -> None:
        self.got += data

    @property
    def offsets(self) -> list[int]:
        return [int(piece.split(b"}")[0]) for piece in self.got.split(b'"offset":')[1:]]


@dataclass
class Site:
    rooms: Rooms
    bus: LocalBus
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def say(self, times: int = 1) -> None:
        await trio.lowlevel.checkpoint()
        for _ in range(times):
            await self.bus.publish(channel_of(7), encode(ChatCleared(1, next(self._numbers))))


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    epochs = itertools.count(1)
    bus = LocalBus(new_epoch=lambda: f"e{next(epochs)}", now=trio.current_time)
    rooms = Rooms(bus)
    async with trio.open_nursery() as nursery:
        await nursery.start(rooms.serve)
        yield Site(rooms, bus)
        nursery.cancel_scope.cancel()


async def test_all_who_come_at_once_are_in_one_room() -> None:
    async with site() as here:
        members = [Recorder(str(number)) for number in range(10)]
        async with trio.open_nursery() as nursery:
            for member in members:
                nursery.start_soon(here.rooms.join, ANNA, member)
        assert (len(here.rooms), here.rooms.members) == (1, 10)
        await here.say()
        await wait_all_tasks_blocked()
        assert all(member.offsets == [1] for member in members)


async def test_who_comes_back_is_told_exactly_what_was_missed() -> None:
    async with site() as here:
        first, back = Recorder("first"), Recorder("back")
        joined = await here.rooms.join(ANNA, first)
        await here.say(5)
        since = Position(joined.position.epoch, 2)
        again = await here.rooms.join(ANNA, back, since=since)
        assert again.missed is not None
        assert [delivery.offset for delivery in again.missed] == [3, 4, 5]
        assert again.position == Position("e1", 5)
        await here.say(2)
        await wait_all_tasks_blocked()
        assert back.offsets == [6, 7]
        assert first.offsets == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("since", [Position("other", 1), Position("e1", 99)])
async def test_who_comes_back_from_elsewhere_is_told_that_there_is_a_gap(since: Position) -> None:
    async with site() as here:
        await here.rooms.join(ANNA, Recorder("first"))
        await here.say(3)
        back = Recorder("back")
        joined = await here.rooms.join(ANNA, back, since=since)
        assert joined.missed is None
        assert joined.position == Position("e1", 3)
        await here.say()
        await wait_all_tasks_blocked()
        assert back.offsets == [4]


async def test_what_the_node_forgot_the_bus_still_knows_up_to_a_point() -> None:
    async with site() as here:
        await here.rooms.join(ANNA, Recorder("first"))
        await here.say(MAX_MISSED + 1)
        long_ago = await here.rooms.join(ANNA, Recorder("a"), since=Position("e1", 1))
        assert long_ago.missed is not None
        assert len(long_ago.missed) == MAX_MISSED
        assert (await here.rooms.join(ANNA, Recorder("b"), since=Position("e1", 0))).missed is None


async def test_an_empty_room_closes_after_a_while(autojump_clock: MockClock) -> None:
    async with site() as here:
        member = Recorder()
        await here.rooms.join(ANNA, member)
        here.rooms.leave(ANNA, member)
        await trio.sleep(LINGER_S - 1)
        assert len(here.rooms) == 1
        await here.rooms.join(ANNA, member)
        await trio.sleep(LINGER_S * 2)
        assert len(here.rooms) == 1, "somebody came back"
        here.rooms.leave(ANNA, member)
        await trio.sleep(LINGER_S + 1)
        assert len(here.rooms) == 0
        here.rooms.leave(ANNA, member)


async def test_the_memory_of_a_room_finds_messages_and_people() -> None:
    async with site() as here:
        await here.rooms.join(ANNA, Recorder())
        message = MessageSent("0190", 1, Chatter(4, "ben", "Ben"), "hi")
        await here.bus.publish(channel_of(7), encode(message))
        memory = here.rooms.memory(ANNA)
        assert memory.message("0190") == message
        assert memory.message("") is None
        assert (memory.user_id("ben"), memory.user_id("cleo")) == (4, None)
        assert here.rooms.memory(RoomName("other", 8)).message("0190") is None


async def test_what_a_newer_node_says_is_left_out() -> None:
    async with site() as here:
        member = Recorder()
        await here.rooms.join(ANNA, member)
        await here.bus.publish(channel_of(7), b"\x81\xa4type\xa8hologram")
        await here.say()
        await wait_all_tasks_blocked()
        assert member.offsets == [2]


class SlowReads(LocalBus):
    """Somebody writes while a log is being read, or the room has not heard yet what is in the log."""

    said: MessageSent | None = None
    log: Sequence[Message] = ()

    async def read(self, channel: str, after: Position, *, limit: int) -> list[Message] | None:
        await trio.lowlevel.checkpoint()
        found = [message for message in self.log if message.offset > after.offset]
        if self.said is not None:
            await self.publish(channel, encode(self.said))
            await wait_all_tasks_blocked()
        return found


@asynccontextmanager
async def slow_site(*log: int) -> AsyncIterator[tuple[Site, SlowReads]]:
    bus = SlowReads(new_epoch=lambda: "e1", now=trio.current_time)
    bus.log = [Message(offset, encode(ChatCleared(1, offset))) for offset in log]
    rooms = Rooms(bus)
    async with trio.open_nursery() as nursery:
        await nursery.start(rooms.serve)
        yield Site(rooms, bus), bus
        nursery.cancel_scope.cancel()


async def test_what_is_said_while_the_missed_is_read_is_not_lost() -> None:
    async with slow_site(1, 2) as (here, bus):
        await here.say(2)  # before the room opens: it does not remember them
        await here.rooms.join(ANNA, Recorder("first"))
        bus.said = MessageSent("0190", 1, Chatter(4, "ben", "Ben"), "hi")
        back = Recorder("back")
        joined = await here.rooms.join(ANNA, back, since=Position("e1", 1))
        assert joined.missed is not None
        assert [delivery.offset for delivery in joined.missed] == [2, 3]
        await here.say()
        await wait_all_tasks_blocked()
        assert back.offsets == [4]


@pytest.mark.parametrize(("log", "since", "missed"), [((1, 2), 2, []), ((1, 2, 3), 1, [2, 3])])
async def test_what_another_node_told_first_is_not_told_again(
    log: tuple[int, ...], since: int, missed: list[int]
) -> None:
    async with slow_site(*log) as (here, _bus):
        await here.rooms.join(ANNA, Recorder("first"))
        back = Recorder("back")
        joined = await here.rooms.join(ANNA, back, since=Position("e1", since))
        assert joined.missed is not None
        assert [delivery.offset for delivery in joined.missed] == missed
        assert joined.position == Position("e1", max(log))
        await here.say(max(log) + 1)
        await wait_all_tasks_blocked()
        assert back.offsets == [max(log) + 1]
