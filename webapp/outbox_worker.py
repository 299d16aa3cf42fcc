"""Passes events on: has expanders make deliveries of each, in small transactions, and deliverers send them.

Any number of nodes work at once: events and deliveries are taken with SKIP LOCKED. The worker wakes when an event or a
delivery is written anywhere (NOTIFY), and when the next delivery is due; in between it asks nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import structlog
import trio

from common.background import running
from common.db import ControlChange, Database, DatabaseError, DatabaseUnavailableError, Executor, FullRecheck
from common.metrics import Family, Sample
from common.queries import deliveries, outbox
from common.queries.outbox import ChannelEvent, PendingEvent
from webapp.deliveries import NOTHING_TO_SEND, Deliverer, Expanded, Expander
from webapp.delivery_lane import AWAY_S, Bell, DeliveryLane

log = structlog.get_logger(__name__)

BATCH = 5_000
"""Deliveries that are enqueued in one transaction."""
EVENTS = 50
"""Events in one transaction; many make few deliveries or none."""
MAX_FAILURES = 5
"""Of one expander with one event, on one node; then the event is given up for it."""
REST_S = 5.0
"""Before an event that an expander failed with is tried again; twice as long each time."""
FORGET_S = 600.0


class _ExpansionError(Exception):
    def __init__(self, event_id: int, expander: str) -> None:
        super().__init__(f"{expander} failed with event {event_id}")
        self.key = (event_id, expander)


@dataclass(slots=True)
class _Failure:
    times: int = 0
    rest_until: float = 0.0
    rested: bool = False
    """The round that is under way, or was last, tries it again."""


class OutboxWorker:
    """Passes on what stands in the outbox. `serve` must run beside it."""

    def __init__(self, db: Database, expanders: Sequence[Expander], deliverers: Sequence[Deliverer]) -> None:
        """Names of expanders, and kinds of deliverers, are different from one another."""
        self._db = db
        self._expanders = tuple(expanders)
        self._lanes = {deliverer.kind: DeliveryLane(db, deliverer) for deliverer in deliverers}
        self._bell = Bell()
        self._after_id = 0
        self._moved = False
        self._failures: dict[tuple[int, str], _Failure] = {}
        self._given_up: set[tuple[int, str]] = set()
        """In the transaction that is under way."""
        self._enqueued = 0
        self._failed = 0
        self._oldest_event_s = 0.0

    def samples(self) -> list[Sample | Family]:
        """Give what `/metrics` tells."""
        lanes = self._lanes.values()
        return [
            ("weir_outbox_enqueued_total", "Deliveries that this process enqueued", self._enqueued),
            (
                "weir_outbox_failed_total",
                "Times that an event could not be made into deliveries",
                self._failed,
            ),
            ("weir_outbox_oldest_event_seconds", "How long the oldest event waits", self._oldest_event_s),
            Family(
                "weir_deliveries_total",
                "Tries of deliveries, by kind and outcome",
                ("kind", "outcome"),
                [((lane.kind, outcome), count) for lane in lanes for outcome, count in lane.counts.items()],
            ),
            Family(
                "weir_deliveries_oldest_due_seconds",
                "How long the oldest delivery that is due waits, when last looked",
                ("kind",),
                [((lane.kind,), lane.oldest_due_s) for lane in lanes],
            ),
        ]

    async def serve(self) -> None:
        """Pass on what comes, for ever. When cancelled, what was sent is still written down."""
        async with running(
            self._listen, self._keep_expanding, *(lane.serve for lane in self._lanes.values())
        ):
            await trio.sleep_forever()

    async def stop_sending(self, *, when: trio.Event, within_s: float) -> None:
        """Take no more deliveries after `when`, and wait until those in hand are done and written down. `serve` runs on."""
        await when.wait()
        with trio.move_on_after(within_s):
            async with trio.open_nursery() as nursery:
                for lane in self._lanes.values():
                    nursery.start_soon(lane.stop)

    async def _listen(self) -> None:
        with self._db.subscribe() as feed:
            async for change in feed:
                match change:
                    case ControlChange(table="outbox"):
                        self._bell.ring()
                    case ControlChange(table="deliveries"):
                        self._wake_lanes()
                    case FullRecheck():
                        self._bell.ring()
                        self._wake_lanes()
                        await self._measure()
                    case _:
                        pass

    async def _measure(self) -> None:
        """For `/metrics`: each half a minute, also while there is no end of work."""
        await trio.lowlevel.checkpoint()
        try:
            self._oldest_event_s = await outbox.select_pending_age_s(self._db)
            for lane in self._lanes.values():
                await lane.measure()
        except DatabaseError as error:
            log.info("outbox_not_measured", error=str(error))

    def _wake_lanes(self) -> None:
        for lane in self._lanes.values():
            lane.wake()

    async def _keep_expanding(self) -> NoReturn:
        while True:
            try:
                while await self.expand_some():
                    pass
            except DatabaseError as error:
                log.info("events_wait", error=str(error))
                await trio.sleep(AWAY_S)
                self._bell.ring()
            with trio.move_on_after(self._rest_s()):
                await self._bell.wait()

    async def expand_some(self) -> bool:
        """Make deliveries of some events, in one transaction; `False`: nothing is left that could be done now.

        Events take turns, so that one with very many deliveries does not keep the others waiting.
        """
        await trio.lowlevel.checkpoint()
        self._given_up.clear()
        try:
            enqueued, last_id = await self._expand_batch()
        except _ExpansionError as error:
            self._note_failure(error)
            return True  # the transaction is undone; the others can be seen to at once
        for key in (
            self._given_up
        ):  # now that it is so: whoever has it tried once more finds nothing held against it
            self._failures.pop(key, None)
        self._enqueued += enqueued
        self._after_id = last_id
        if last_id:
            return True
        # The end of the list: once more from its beginning, if anything came of the last round.
        again, self._moved = self._moved, False
        return again

    async def _expand_batch(self) -> tuple[int, int]:
        """Give how many deliveries were enqueued, and the last event seen to (0: there are none behind the former)."""
        enqueued, last_id = 0, 0
        resting = self._resting()
        async with self._db.transaction() as transaction:
            for pending in await outbox.take_events(transaction, limit=EVENTS, after_id=self._after_id):
                last_id = pending.event.id
                if last_id in resting:
                    continue
                enqueued += await self._advance(transaction, pending, limit=BATCH - enqueued)
                self._moved = True
                if enqueued >= BATCH:
                    break
        return enqueued, last_id

    async def _advance(self, db: Executor, pending: PendingEvent, *, limit: int) -> int:
        """Have one batch made by each expander that has still to see to an event; give how many deliveries."""
        await trio.lowlevel.checkpoint()
        event, progress = pending.event, dict(pending.progress)
        enqueued = 0
        asked = [expander for expander in self._expanders if event.type in expander.types]
        for expander in asked:
            after = progress.get(expander.name, 0)
            if after is None:
                continue
            done = await self._expand(db, expander, event, after=after, limit=max(1, limit - enqueued))
            enqueued += done.enqueued
            progress[expander.name] = done.after
        if progress != pending.progress:
            await outbox.update_progress(db, event.id, progress)
        if all(progress[expander.name] is None for expander in asked):
            await outbox.mark_delivered(db, [event.id])
        return enqueued

    async def _expand(
        self, db: Executor, expander: Expander, event: ChannelEvent, *, after: int, limit: int
    ) -> Expanded:
        await trio.lowlevel.checkpoint()
        key = (event.id, expander.name)
        if key in self._failures and self._failures[key].times >= MAX_FAILURES:
            error = f"{expander.name} failed {MAX_FAILURES} times"
            await deliveries.insert_dead_letter(db, event.id, "expansion", expander.name, error)
            self._given_up.add(key)
            return NOTHING_TO_SEND
        try:
            done = await expander.expand(db, event, after=after, limit=limit)
        except DatabaseUnavailableError:
            raise
        except Exception as error:
            raise _ExpansionError(*key) from error
        return done

    def _note_failure(self, error: _ExpansionError) -> None:
        self._failed += 1
        log.error("event_not_expanded", event_id=error.key[0], expander=error.key[1], exc_info=error)
        failure = self._failures.setdefault(error.key, _Failure())
        failure.rest_until = trio.current_time() + REST_S * 2**failure.times
        failure.times += 1
        failure.rested = False

    def _resting(self) -> set[int]:
        """Give the events that this round leaves out."""
        if self._after_id == 0:  # a round begins
            now = trio.current_time()
            for failure in self._failures.values():
                failure.rested = failure.rested or failure.rest_until <= now
        return {key[0] for key, failure in self._failures.items() if not failure.rested}

    def _rest_s(self) -> float:
        """Give how long to wait for news; forget failures with events that have long been seen to, or are no more."""
        now = trio.current_time()
        self._failures = {
            key: failure for key, failure in self._failures.items() if failure.rest_until + FORGET_S > now
        }
        waits = [failure.rest_until - now for failure in self._failures.values() if not failure.rested]
        return max(0.0, min(waits, default=float("inf")))
