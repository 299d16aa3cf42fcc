"""A viewer is told as many messages as people can read, and how many were left out; everybody else is told all."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from chatd.delivery import Delivery, RoomName
from chatd.events import ChatCleared, Chatter, MessageSent
from chatd.json_frames import render_notification
from chatd.room import Room
from chatd.sampling import Sampler
from tests.chatd.test_room import running_room


def by(user_id: int, offset: int, *, is_moderator: bool = False) -> Delivery:
    roles = frozenset({"moderator"}) if is_moderator else frozenset()
    chatter = Chatter(user_id, f"user{user_id}", f"User{user_id}", roles=roles)  # type: ignore[arg-type]  # of literals
    return Delivery(offset, MessageSent(str(offset), 0, chatter, f"m{offset}"))


def offsets(told: Sequence[Delivery]) -> list[int]:
    return [one.offset for one in told]


def test_a_room_that_is_not_sampled_is_told_as_it_is() -> None:
    assert Sampler().thin([by(1, 1), by(2, 2)], 0) is None


def test_so_many_messages_a_second_are_told_and_the_rest_is_counted() -> None:
    sampler = Sampler()
    sampler.rate = 10
    told, skipped, sent = 0, 0, 0
    for number in range(50):
        batch = [by(one, number * 20 + one) for one in range(20)]
        sent += len(batch)
        thinned = sampler.thin(batch, 100 + number / 10)
        assert thinned is not None
        told += len(thinned.told)
        skipped += sum(one.skipped for one in thinned.told)
    assert 50 <= told <= 56, "ten a second, for five seconds"
    assert told + skipped + sampler._skipped == sent


def test_a_calm_room_is_told_as_it_is() -> None:
    sampler = Sampler()
    sampler.rate = 10
    assert all(sampler.thin([by(1, number)], number / 9) is None for number in range(1, 50))


def test_moderators_and_what_is_no_message_are_always_told() -> None:
    sampler = Sampler()
    sampler.rate = 1
    cleared = Delivery(90, ChatCleared(1, 0))
    batch = [*(by(one, one) for one in range(1, 11)), by(99, 11, is_moderator=True), cleared]
    thinned = sampler.thin(batch, 5)
    assert thinned is not None
    assert offsets(thinned.told) == [1, 11, 90]
    assert [one.skipped for one in thinned.told] == [0, 9, 0]
    assert offsets(thinned.of(4)) == [1, 4, 11, 90], "who wrote it sees it"


def test_what_was_left_out_at_the_end_is_told_with_the_next() -> None:
    sampler = Sampler()
    sampler.rate = 1
    sampler.thin([by(1, 1), by(2, 2), by(3, 3)], 5)
    sampler.rate = 0
    thinned = sampler.thin([by(4, 4)], 6)
    assert thinned is not None
    assert [one.skipped for one in thinned.told] == [2]
    assert sampler.thin([by(5, 5)], 7) is None


def test_a_frame_says_how_many_were_left_out() -> None:
    room = RoomName("anna", 7)
    assert b'"skipped":12' in render_notification(room, Delivery(1, ChatCleared(1, 0), "e", 12))
    assert b"skipped" not in render_notification(room, Delivery(1, ChatCleared(1, 0), "e"))


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 30), st.floats(-100, 1e4)), max_size=30))
def test_nothing_is_lost_from_the_count(rate: int, batches: list[tuple[int, float]]) -> None:
    sampler, offset, told, skipped = Sampler(), 0, 0, 0
    sampler.rate = rate
    for size, now in batches:
        batch = [by(one, offset + one) for one in range(size)]
        offset += size
        thinned = sampler.thin(batch, now)
        shown = batch if thinned is None else thinned.told
        told += len(shown)
        skipped += sum(one.skipped for one in shown)
    assert told + skipped + sampler._skipped == offset


@dataclass(frozen=True)
class OffsetWire:
    def encode(self, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:  # of the protocol
        return " ".join(f"{one.offset}+{one.skipped}" for one in deliveries).encode()


@dataclass(eq=False)
class Client:
    connection_id: str
    echoes: bool = True
    wire: OffsetWire = OffsetWire()
    got: list[bytes] = field(default_factory=list)

    def offer(self, data: bytes) -> None:
        self.got.append(data)


async def test_a_room_tells_viewers_a_part_authors_theirs_and_others_all(autojump_clock: MockClock) -> None:
    viewer, author, moderator = Client("v"), Client("a"), Client("m")
    async with running_room() as room:
        fill(room, viewer, author, moderator)
        for number in range(1, 7):
            room.deliver(by(number, number))
        await trio.sleep(0.5)  # of the mock clock
        room.deliver(by(50, 7, is_moderator=True))
        await trio.sleep(0.5)  # of the mock clock
    assert viewer.got == [b"1+0", b"7+5"]
    assert author.got == [b"1+0 5+0", b"7+5"]
    assert moderator.got == [b"1+0 2+0 3+0 4+0 5+0 6+0", b"7+0"]


def fill(room: Room, viewer: Client, author: Client, moderator: Client) -> None:
    for member in (viewer, author, moderator):
        room.join(member)
    room.view(viewer, 0)
    room.view(author, 5)
    room.sampler.rate = 1


async def test_who_leaves_and_comes_back_otherwise_is_told_all(autojump_clock: MockClock) -> None:
    viewer = Client("v")
    async with running_room() as room:
        room.join(viewer)
        room.view(viewer, 0)
        room.sampler.rate = 1
        room.leave(viewer)
        room.join(viewer)
        for number in range(1, 4):
            room.deliver(by(number, number))
        await trio.sleep(0.5)  # of the mock clock
    assert viewer.got == [b"1+0 2+0 3+0"]
