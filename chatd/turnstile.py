"""Lets those who come at the same moment pass one after the other, so that those who are here already do not notice."""

from typing import NoReturn

import trio

A_TURN = 2
"""Of the event loop. What follows takes some ten more turns, so about twenty are at work at once."""


class Turnstile:
    """A queue in front of work that costs the loop much. `run` must be running.

    Trio gives every task that can go on one step a turn. Thousands who come at once would make each turn last as long as
    a thousand steps, and whoever says something needs several turns. Here a few pass each turn, who came first goes first.
    Nothing is held behind it, so nobody waits for the network or the database of another. The queue is as long as there
    are connections, which others bound.
    """

    def __init__(self, *, a_turn: int = A_TURN) -> None:
        self._a_turn = a_turn
        self._queue = trio.lowlevel.ParkingLot()
        self._came = trio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._queue)

    async def wait(self) -> None:
        """Wait for one's turn. Cancelling is safe: the place goes to the next."""
        self._came.set()
        await self._queue.park()

    async def run(self) -> NoReturn:
        """Let them pass, until cancelled."""
        while True:
            await self._came.wait()
            self._came = trio.Event()
            while self._queue:
                self._queue.unpark(count=self._a_turn)
                await trio.lowlevel.checkpoint()
