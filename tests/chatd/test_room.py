"""A room and its passes, with members that only remember."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chatd.delivery import Delivery, RoomName
from chatd.events import Chatter, MessageSent
from chatd.room import CHUNK, SLICE_S_PER_MEMBER, Room

BEN = Chatter(4, "ben", "Ben")


@dataclass(frozen=True)
class TextWire:
    name: str = "plain"

    def encode(self, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:
        texts = [d.event.text for d in deliveries if isinstance(d.event, MessageSent)]
        return f"{self.name} {room.login}: {' '.join(texts)}".encode() if texts else b""


@dataclass(eq=False)
class Recorder:
    connection_id: str
    echoes: bool = True
    wire: TextWire = TextWire()
    got: list[bytes] = field(default_factory=list)

    def offer(self, data: bytes) -> None:
        self.got.append(data)


class Listener(Recorder):
    """Tells when it got something for the second time."""

    def __init__(self, connection_id: str) -> None:
        super().__init__(connection_id)
        self.heard = trio.Event()

    def offer(self, data: bytes) -> None:
        super().offer(data)
        if len(self.got) == 2:
            self.heard.set()


def said(offset: int, text: str, by: str = "") -> Delivery:
    return Delivery(offset, MessageSent(str(offset), 0, BEN, text, sender_connection=by))


@asynccontextmanager
async def running_room() -> AsyncIterator[Room]:
    room = Room(RoomName("anna", 7))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(room.run)
        yield room
        nursery.cancel_scope.cancel()


async def settled() -> None:
    await wait_all_tasks_blocked()


async def test_everybody_gets_what_happens_and_of_one_moment_in_one_piece() -> None:
    async with running_room() as room:
        members = [Recorder("a"), Recorder("b"), Recorder("c", wire=TextWire("other"))]
        for member in members:
            room.join(member)
        room.deliver(said(1, "one"))
        room.deliver(said(2, "two"))
        await settled()
        assert [member.got for member in members] == [
            [b"plain anna: one two"],
            [b"plain anna: one two"],
            [b"other anna: one two"],
        ]


async def test_who_writes_over_irc_does_not_hear_itself() -> None:
    async with running_room() as room:
        ben, web, other = Recorder("ben", echoes=False), Recorder("web"), Recorder("other", echoes=False)
        for member in (ben, web, other):
            room.join(member)
        room.deliver(said(1, "mine", by="ben"))
        room.deliver(said(2, "yours", by="other"))
        await settled()
        assert ben.got == [b"plain anna: yours"]
        assert other.got == [b"plain anna: mine"]
        assert web.got == [b"plain anna: mine yours"]


async def test_who_alone_writes_gets_nothing() -> None:
    async with running_room() as room:
        ben = Recorder("ben", echoes=False)
        room.join(ben)
        room.deliver(said(1, "mine", by="ben"))
        await settled()
        assert ben.got == []


async def test_who_comes_late_gets_what_it_does_not_know() -> None:
    async with running_room() as room:
        late, resuming = Recorder("late"), Recorder("resuming")
        room.deliver(said(1, "one"))
        room.deliver(said(2, "two"))
        room.join(late)
        room.join(resuming, known=1)
        room.deliver(said(3, "three"))
        await settled()
        assert late.got == [b"plain anna: three"]
        assert resuming.got == [b"plain anna: two three"]
        room.deliver(said(4, "four"))
        await settled()
        assert late.got[1:] == resuming.got[1:] == [b"plain anna: four"]


async def test_who_left_gets_nothing_and_may_come_back() -> None:
    async with running_room() as room:
        member = Recorder("a", echoes=False)
        room.join(member)
        room.join(member)
        assert len(room) == 1
        room.leave(member)
        room.leave(member)
        room.deliver(said(1, "one"))
        await settled()
        assert (len(room), member.got) == (0, [])
        room.join(member)
        room.deliver(said(2, "two"))
        await settled()
        assert member.got == [b"plain anna: two"]


async def test_a_big_room_lets_others_have_their_turn() -> None:
    turns = 0
    seen: list[int] = []

    class Watcher(Recorder):
        def offer(self, data: bytes) -> None:
            super().offer(data)
            seen.append(turns)

    async with running_room() as room:
        members = [Watcher(str(number)) for number in range(3 * CHUNK)]
        for member in members:
            room.join(member)
        room.deliver(said(1, "one"))
        while len(seen) < len(members):
            turns += 1
            await trio.lowlevel.checkpoint()
    assert seen[0] < seen[-1]


async def test_who_comes_anew_during_a_pass_is_told_once() -> None:
    async with running_room() as room:
        last = Recorder("last", wire=TextWire("other"))

        class Disturber(Recorder):
            def offer(self, data: bytes) -> None:
                super().offer(data)
                room.leave(last)
                last.wire = TextWire("third")
                room.join(last)

        first = Disturber("first")
        for member in (first, last):
            room.join(member)
        room.deliver(said(1, "one"))
        await settled()
        assert last.got == [b"other anna: one"]
        room.deliver(said(2, "two"))
        await settled()
        assert last.got[1:] == [b"third anna: two"]


@pytest.mark.parametrize("members", [1, 10_000])
async def test_passes_of_a_big_room_are_apart_in_proportion_to_it(
    autojump_clock: MockClock, members: int
) -> None:
    async with running_room() as room:
        crowd = [Listener(str(number)) for number in range(members)]
        for member in crowd:
            room.join(member)
        room.deliver(said(1, "one"))
        await settled()
        began = trio.current_time()
        room.deliver(said(2, "two"))
        room.deliver(said(3, "three"))
        await crowd[0].heard.wait()
        assert trio.current_time() - began == pytest.approx(members * SLICE_S_PER_MEMBER)
        assert crowd[0].got[1] == b"plain anna: two three"
