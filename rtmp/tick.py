"""Tick reads: one task that reads every publisher's socket each 20 ms, instead of one wake-up a frame and publisher.

Waking a task for every frame is most of what receiving costs. With few publishers that buys latency and is worth it; with
many, a tick takes all that has come in the meantime at once. This module decides which of the two is in force and does
the second. What one publisher does or suffers never reaches another: errors go to the publisher's own task, and nobody
gets more than a fair share of a tick.
"""

import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import NoReturn

import outcome
import trio

TICK_S = 0.02
"""How often sockets are read, and so how much later than it came a frame may be seen."""

LONGEST_TICK_S = 0.06
"""Once reading takes more than half of the time, ticks come less often, up to this: each read finds more then, which
is cheaper. 500 publishers of radio send 25 000 messages a second, mostly one a read."""

RECEIVE_BYTES = 65_536
"""Read at most this much at once: it bounds the time between two checkpoints."""

_READS = 4
"""Reads from one publisher in a tick, each after everybody else's: 100 Mbit/s in all, so that a flood starves nobody."""

_SLICE_S = 0.002
"""Other tasks get a turn at least this often while a tick is worked off."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seat:
    """A publisher whose socket is read at every tick while its task waits."""

    descriptor: int
    take: Callable[[bytes], bool]
    task: trio.lowlevel.Task
    context: Context
    """The task's, so that what is logged meanwhile says which connection it is about."""


class TickReader:
    """Reads sockets by the tick once there are many publishers.

    Args:
        publishers: tick reads are in force from this many publishers on, until a quarter of them has left.

    """

    def __init__(self, publishers: int) -> None:
        self.in_force = False
        """Whether a publisher should wait in `read`, rather than for its own socket."""
        self._many = publishers
        self._few = publishers - publishers // 4
        self._publishers = 0
        self._seats: dict[int, _Seat] = {}
        self._poll = select.epoll()
        """Knows the sockets of all seats: a read that finds nothing costs 3 µs, and most of 500 quiet publishers would."""
        self._occupied = trio.Event()

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Count a publisher inside the block. When too few are left, everybody waiting in `read` is sent home."""
        self._publishers += 1
        if self._publishers >= self._many:
            self.in_force = True
        try:
            yield
        finally:
            self._publishers -= 1
            if self._publishers < self._few:
                self.in_force = False
                for seat in list(self._seats.values()):
                    self._release(seat, outcome.Value(True))

    async def read(self, descriptor: int, take: Callable[[bytes], bool]) -> bool:
        """Have a non-blocking socket read at every tick, until its task is needed.

        Args:
            descriptor: of the socket; nobody else reads or closes it meanwhile.
            take: handles what arrived, in this task's context. False for more; True when this task has something to do.

        Returns:
            False when the peer has sent its last byte. True when `take` said so, or tick reads are no longer in force.

        Raises:
            trio.BrokenResourceError: the connection broke.
            Exception: what `take` raised.

        Cancelling is safe: `take` is not called any more, and unread bytes stay in the socket.
        """
        task = trio.lowlevel.current_task()
        seat = _Seat(descriptor, take, task, task.context)
        self._poll.register(descriptor, select.EPOLLIN)
        self._seats[descriptor] = seat
        self._occupied.set()

        def leave(_: object) -> trio.lowlevel.Abort:
            self._vacate(seat)
            return trio.lowlevel.Abort.SUCCEEDED

        still_open: bool = await trio.lowlevel.wait_task_rescheduled(leave)
        return still_open

    async def run(self) -> NoReturn:
        """Read, tick by tick, until cancelled. Costs nothing while nobody waits in `read`."""
        while True:
            await self._occupied.wait()
            began = trio.current_time()
            for _ in self._read_all():
                await trio.lowlevel.checkpoint()
            if not self._seats:
                self._occupied = trio.Event()
            took_s = trio.current_time() - began
            await trio.sleep_until(began + min(max(TICK_S, 2 * took_s), LONGEST_TICK_S))

    def _read_all(self) -> Iterator[None]:
        """Read all sockets that have bytes, and those that had more again; yields when it is others' turn."""
        began = trio.current_time()
        waiting = [self._seats[ready] for ready, _ in self._poll.poll(0, maxevents=max(1, len(self._seats)))]
        for _ in range(_READS):
            unfinished = []
            for seat in waiting:
                if self._read_one(seat):
                    unfinished.append(seat)
                if trio.current_time() - began > _SLICE_S:
                    yield
                    began = trio.current_time()
            waiting = unfinished

    def _read_one(self, seat: _Seat) -> bool:
        """Read one socket; say whether there may be more in it."""
        if self._seats.get(seat.descriptor) is not seat:
            return False  # it left while others were read
        try:
            data = os.read(seat.descriptor, RECEIVE_BYTES)
        except BlockingIOError:
            return False
        except OSError as error:
            broken = trio.BrokenResourceError(f"connection broken: {error}")
            broken.__cause__ = error
            self._release(seat, outcome.Error(broken))
            return False
        try:
            needed = not data or seat.context.run(seat.take, data)
        except Exception as error:  # noqa: BLE001 - it is the publisher's, whose task raises it
            self._release(seat, outcome.Error(error))
            return False
        if needed:
            self._release(seat, outcome.Value(bool(data)))
        return not needed and len(data) == RECEIVE_BYTES

    def _release(self, seat: _Seat, result: outcome.Outcome[bool]) -> None:
        """Let a publisher's task go on, unless `take` has just had it cancelled."""
        if self._seats.get(seat.descriptor) is seat:
            self._vacate(seat)
            trio.lowlevel.reschedule(seat.task, result)

    def _vacate(self, seat: _Seat) -> None:
        self._poll.unregister(seat.descriptor)
        del self._seats[seat.descriptor]
