"""What is to be written down of the bus of one process: everything once, in order, and again until it is settled."""

import itertools

import trio
from trio.testing import MockClock

from common.bus import KEEP_S, KEPT_MESSAGES, Journal, LocalBus, Unwritten


def made(*, journalled: bool = True) -> LocalBus:
    epochs = itertools.count(1)
    return LocalBus(new_epoch=lambda: f"e{next(epochs)}", now=trio.current_time, journalled=journalled)


async def taken(journal: Journal, *, channels: int = 10, messages: int = 100) -> list[Unwritten]:
    return await journal.take(channels=channels, messages=messages)


def payloads(found: list[Unwritten]) -> dict[str, list[bytes]]:
    return {one.channel: [message.payload for message in one.messages] for one in found}


async def test_what_was_said_is_taken_until_it_is_written() -> None:
    bus = made()
    (journal,) = bus.journals
    assert await taken(journal) == []
    for number in range(3):
        await bus.publish("chat:7", b"%d" % number)
    await bus.publish("chat:8", b"x")
    found = await taken(journal)
    assert payloads(found) == {"chat:7": [b"0", b"1", b"2"], "chat:8": [b"x"]}
    assert all(one.is_all and not one.lost for one in found)
    await journal.settle(found, written=False)
    assert payloads(await taken(journal)) == payloads(found)
    await bus.publish("chat:7", b"later")
    await journal.settle(found, written=True)
    again = await taken(journal)
    assert payloads(again) == {"chat:7": [b"later"]}
    await journal.settle(again, written=True)
    assert await taken(journal) == []


async def test_it_comes_in_pieces_and_who_waits_longest_is_first() -> None:
    bus = made()
    (journal,) = bus.journals
    for number in range(5):
        await bus.publish("chat:1", b"%d" % number)
    for channel in (2, 3):
        await bus.publish(f"chat:{channel}", b"x")
    first = await taken(journal, channels=2, messages=3)
    assert payloads(first) == {"chat:1": [b"0", b"1", b"2"], "chat:2": [b"x"]}
    assert [one.is_all for one in first] == [False, True]
    await journal.settle(first, written=True)
    assert payloads(await taken(journal)) == {"chat:3": [b"x"], "chat:1": [b"3", b"4"]}


async def test_what_the_log_could_not_hold_is_counted() -> None:
    bus = made()
    (journal,) = bus.journals
    for number in range(KEPT_MESSAGES + 5):
        await bus.publish("chat:1", b"%d" % number)
    (found,) = await taken(journal, messages=10)
    assert (found.lost, found.messages[0].payload) == (5, b"5")
    await journal.settle([found], written=True)
    (found,) = await taken(journal, messages=10)
    assert found.lost == 0


async def test_a_log_that_is_gone_is_forgotten(autojump_clock: MockClock) -> None:
    bus = made()
    (journal,) = bus.journals
    await bus.publish("chat:1", b"old")
    found = await taken(journal)
    await trio.sleep(KEEP_S + 1)
    await bus.publish("chat:2", b"x")
    await bus.publish("chat:1", b"of another log")
    await journal.settle(found, written=True)
    assert payloads(await taken(journal)) == {"chat:1": [b"of another log"], "chat:2": [b"x"]}


async def test_without_history_nothing_is_remembered() -> None:
    bus = made(journalled=False)
    await bus.publish("chat:7", b"x")
    assert bus.journals == []
    assert bus.take_nowait(channels=1, messages=1) == []
