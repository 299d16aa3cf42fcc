"""Sends the deliveries of one kind: leases what is due, hands it to the deliverer, writes down what came of it.

As many are in hand as the deliverer has capacity for, so that one who answers slowly keeps one place, not a whole batch.
What was sent and is not written down yet is what a crash repeats: results are written down every few hundredths of a second.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

import structlog
import trio

from common.db import Database, DatabaseError
from common.queries import deliveries
from common.queries.deliveries import Delivery, Settlement
from webapp.deliveries import Dead, Deliverer, Result, Retry, settlement

log = structlog.get_logger(__name__)

LEASE_S = 60.0
"""After this long a worker is thought to be dead, and what it had is sent by another."""
DELIVER_S = 40.0
"""How long a deliverer may take; well before the lease is over."""
BATCH = 100
"""Deliveries in one lease."""
SETTLE_EVERY_S = 0.02
AWAY_S = 2.0
"""Pause after the database was away."""
LAST_WORDS_S = 2.0
"""How long a lane that is stopped may take to write down what was sent."""
LONGEST_REST_S = 3600.0


class Bell:
    """Wakes one task; rings that nobody waits for are remembered, as one."""

    def __init__(self) -> None:
        self._rung = trio.Event()

    def ring(self) -> None:
        """Wake the task."""
        self._rung.set()

    async def wait(self) -> None:
        """Wait until it rings, or did since the last wait."""
        await self._rung.wait()
        self._rung = trio.Event()


class DeliveryLane:
    """One kind of deliveries, on one node."""

    def __init__(self, db: Database, deliverer: Deliverer) -> None:
        self.counts: Counter[str] = Counter()
        """How many were `sent`, `skipped`, `gone`, `dead`, `retried`."""
        self.oldest_due_s = 0.0
        """How long the oldest that is due has waited, when last looked."""
        self._db = db
        self._deliverer = deliverer
        self._bell = Bell()
        self._settled_bell = Bell()
        self._in_hand = 0
        self._unsettled: list[Settlement] = []
        self._settling = trio.Lock()
        self._stopped = False
        self._idle = trio.Event()

    @property
    def kind(self) -> str:
        """What it sends."""
        return self._deliverer.kind

    def wake(self) -> None:
        """Look whether something is due."""
        self._bell.ring()

    async def measure(self) -> None:
        """Look how long the oldest that is due has waited. Raises `DatabaseError`."""
        due_s = await deliveries.select_next_due_s(self._db, self.kind)
        self.oldest_due_s = max(0.0, -(due_s or 0.0))

    async def stop(self) -> None:
        """Take no more, and wait until what is in hand is done and written down."""
        self._stopped = True
        self._bell.ring()
        await self._idle.wait()

    async def serve(self) -> None:
        """Send what is due, until stopped. When cancelled, what was sent is still written down."""
        async with trio.open_nursery() as settling:
            settling.start_soon(self._keep_settling)
            try:
                async with trio.open_nursery() as sending:
                    await self._lead(sending)
                # No more comes in here: whoever sent is done.
            finally:
                with trio.move_on_after(LAST_WORDS_S, shield=True):
                    await self._settle_rest()
            self._idle.set()
            settling.cancel_scope.cancel("stopped")

    async def _lead(self, sending: trio.Nursery) -> None:
        await trio.lowlevel.checkpoint()
        while not self._stopped:
            rest_s = AWAY_S
            try:
                leased = await self._lease()
                if leased:
                    self._in_hand += len(leased)
                    sending.start_soon(self._deliver, leased)
                    continue
                rest_s = await self._rest_s()
            except DatabaseError as error:
                log.info("deliveries_wait", kind=self.kind, error=str(error))
                await trio.sleep(AWAY_S)
            with trio.move_on_after(rest_s):
                await self._bell.wait()

    async def _lease(self) -> list[Delivery]:
        capacity = self._deliverer.capacity
        free = capacity - self._in_hand - len(self._unsettled)
        if free < max(1, min(BATCH, capacity) // 4):
            await trio.lowlevel.checkpoint()
            return []  # it rings when there is room
        return await deliveries.lease_deliveries(self._db, self.kind, limit=min(BATCH, free), lease_s=LEASE_S)

    async def _rest_s(self) -> float:
        """Give how long nothing is due."""
        if self._in_hand * 2 > self._deliverer.capacity:
            await trio.lowlevel.checkpoint()
            return LONGEST_REST_S
        due_s = await deliveries.select_next_due_s(self._db, self.kind)
        # At least a moment: others may hold what is due, and a clock that is read twice is never the same.
        return LONGEST_REST_S if due_s is None else min(max(due_s, 0.05), LONGEST_REST_S)

    async def _deliver(self, batch: Sequence[Delivery]) -> None:
        waiting = {delivery.id: delivery for delivery in batch}

        def report(delivery: Delivery, result: Result) -> None:
            if waiting.pop(delivery.id, None) is not None:
                self._note(delivery, result)

        await trio.lowlevel.checkpoint()
        error = f"no end within {DELIVER_S:.0f} s"
        for delivery in batch:
            if delivery.attempts > self._deliverer.policy.max_attempts:
                report(delivery, Dead("Each time it was tried, the worker died or was too slow."))
        try:
            with trio.move_on_after(DELIVER_S):
                await self._deliverer.deliver([*waiting.values()], report)
                error = "the deliverer did not say what became of it"
        except* Exception as failures:  # Cancelled passes through, also in a group with others
            log.exception("deliverer_crashed", kind=self.kind)
            error = f"the deliverer failed: {type(failures.exceptions[0]).__name__}"
        for delivery in [*waiting.values()]:
            report(delivery, Retry(error))

    def _note(self, delivery: Delivery, result: Result) -> None:
        settled = settlement(delivery, result, self._deliverer.policy, random.random())  # noqa: S311 # jitter, no secret
        self.counts[settled.outcome or "retried"] += 1
        if settled.outcome == "dead":
            log.warning("delivery_dead", kind=self.kind, delivery=delivery.id, error=settled.error)
        self._in_hand -= 1
        self._unsettled.append(settled)  # bounded: nothing is leased for the room that it takes
        self._settled_bell.ring()

    async def _keep_settling(self) -> NoReturn:
        while True:
            await self._settled_bell.wait()
            await trio.sleep(SETTLE_EVERY_S)
            try:
                await self._settle()
            except DatabaseError as error:
                log.info("results_wait", kind=self.kind, error=str(error))
                await trio.sleep(AWAY_S)
                self._settled_bell.ring()

    async def _settle(self) -> None:
        async with self._settling:
            settled, self._unsettled = (
                self._unsettled,
                [],
            )  # those that come in meanwhile have a list of their own
            if not settled:
                return
            try:
                await deliveries.settle_deliveries(self._db, settled)
            except BaseException:
                self._unsettled = settled + self._unsettled
                raise
        self._bell.ring()

    async def _settle_rest(self) -> None:
        await trio.lowlevel.checkpoint()
        try:
            await self._settle()
        except DatabaseError as error:
            log.warning(
                "results_not_written", kind=self.kind, deliveries=len(self._unsettled), error=str(error)
            )
