"""A crowd passes a few at a time, in its order."""

import trio
from trio.testing import wait_all_tasks_blocked

from chatd.turnstile import Turnstile


class Gate(Turnstile):
    """Writes down who passed."""

    def __init__(self, *, a_turn: int) -> None:
        super().__init__(a_turn=a_turn)
        self.passed: list[int] = []

    async def come(self, number: int) -> None:
        await self.wait()
        self.passed.append(number)


async def test_a_crowd_passes_in_its_order() -> None:
    gate = Gate(a_turn=1)
    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(gate.come, number)
            await wait_all_tasks_blocked()
        assert (len(gate), gate.passed) == (10, [])
        nursery.start_soon(gate.run)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert gate.passed == list(range(10))


async def test_a_few_pass_each_turn_of_the_loop() -> None:
    gate = Gate(a_turn=2)
    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(gate.come, number)
        await wait_all_tasks_blocked()
        nursery.start_soon(gate.run)
        for turn in range(1, 20):
            await trio.lowlevel.checkpoint()
            assert len(gate.passed) <= 2 * turn
        assert gate.passed
        nursery.cancel_scope.cancel()


async def test_who_gives_up_leaves_the_place_to_the_next() -> None:
    gate = Gate(a_turn=1)
    async with trio.open_nursery() as nursery:
        with trio.move_on_after(0):
            await gate.come(1)
        nursery.start_soon(gate.come, 2)
        await wait_all_tasks_blocked()
        assert len(gate) == 1
        nursery.start_soon(gate.run)
        await wait_all_tasks_blocked()
        assert gate.passed == [2]
        nursery.cancel_scope.cancel()


async def test_what_is_slow_behind_it_keeps_nobody_waiting() -> None:
    gate = Gate(a_turn=1)

    async def come_and_be_slow(number: int) -> None:
        await gate.come(number)
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(gate.run)
        for number in range(50):
            nursery.start_soon(come_and_be_slow, number)
        await wait_all_tasks_blocked()
        assert len(gate.passed) == 50
        nursery.start_soon(come_and_be_slow, 50)  # and it wakes again after it was empty
        await wait_all_tasks_blocked()
        assert gate.passed[-1] == 50
        nursery.cancel_scope.cancel()
