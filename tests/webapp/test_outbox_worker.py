"""Events are passed on once, whatever fails on the way: on a real PostgreSQL, with expanders and deliverers of the tests."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from common.background import running
from common.db import Database, Executor
from common.queries import channels, deliveries, delivery_log, outbox
from common.queries.channels import ChannelUpdate
from common.queries.deliveries import Delivery
from common.queries.outbox import ChannelEvent
from tests.webapp.conftest import FlakyDatabase, put_channel
from webapp import delivery_lane, outbox_worker
from webapp.deliveries import Dead, Expanded, Gone, Report, Result, Retry, RetryPolicy, Sent, Skipped
from webapp.outbox_worker import OutboxWorker

pytestmark = pytest.mark.real

PATIENCE_S = 30


@dataclass
class Letters:
    """Makes `total` deliveries of each change of a channel."""

    total: int
    name: str = "letters"
    types: frozenset[str] = frozenset({"channel.update"})
    batches: list[int] = field(default_factory=list)
    failures: int = 0

    async def expand(self, db: Executor, event: ChannelEvent, *, after: int, limit: int) -> Expanded:
        if self.failures:
            self.failures -= 1
            await db.execute("select 1 / 0")
        last = min(self.total, after + limit)
        targets = [str(target) for target in range(after + 1, last + 1)]
        enqueued = await deliveries.insert_deliveries(db, event.id, "letter", targets)
        self.batches.append(enqueued)
        return Expanded(enqueued, None if last == self.total else last)


@dataclass
class Postman:
    """Notes what it is given; `answer` says what becomes of it."""

    answer: Callable[[Delivery], Result | None] = lambda _: Sent()
    kind: str = "letter"
    capacity: int = 256
    policy: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(first_s=0.01, longest_s=0.02, max_attempts=4)
    )
    tries: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    largest: int = 0

    async def deliver(self, batch: Sequence[Delivery], report: Report) -> None:
        self.largest = max(self.largest, len(batch))
        for delivery in batch:
            self.tries[delivery.target] += 1
            self.ids.setdefault(delivery.target, set()).add(str(delivery.message_id))
            await trio.lowlevel.checkpoint()
            result = self.answer(delivery)
            if result is not None:
                report(delivery, result)


@asynccontextmanager
async def at_work(db: Database, expander: Letters, *postmen: Postman) -> AsyncIterator[list[OutboxWorker]]:
    """One worker for each postman, as so many web nodes have."""
    workers = [OutboxWorker(db, [expander], [postman]) for postman in postmen]
    with trio.fail_after(PATIENCE_S):
        async with running(*(worker.serve for worker in workers)):
            yield workers


async def happen(db: Database, count: int = 1) -> int:
    channel_id = await put_channel(db, "anna", live=False)
    for number in range(count):
        await channels.update_channel(db, channel_id, ChannelUpdate(title=f"title {number}"))
    return channel_id


async def settled(db: Database) -> Counter[str]:
    """Wait until nothing waits; give how many ended in which way."""
    while await db.fetchval(
        """
        select exists (select from outbox where delivered_at is null)
            or exists (select from deliveries where finished_at is null)
        """
    ):
        await trio.sleep(0.01)
    rows = await db.fetch("select outcome, count(*) as n from deliveries group by outcome")
    return Counter({row["outcome"]: row["n"] for row in rows})


async def test_an_event_becomes_deliveries_in_batches_and_each_is_sent_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "BATCH", 100)
    letters, postman = Letters(1050), Postman()
    async with at_work(database, letters, postman) as (worker,):
        await happen(database)
        assert await settled(database) == {"sent": 1050}
    assert letters.batches == [100] * 10 + [50]
    assert set(postman.tries.values()) == {1}
    samples = {name: value for name, _, value in (s for s in worker.samples() if isinstance(s, tuple))}
    assert samples["weir_outbox_enqueued_total"] == 1050


async def test_a_small_event_does_not_wait_for_a_large_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "BATCH", 10)
    await happen(database, 2)
    first, second = [row["id"] for row in await database.fetch("select id from outbox order by id")]

    class Uneven(Letters):
        async def expand(self, db: Executor, event: ChannelEvent, *, after: int, limit: int) -> Expanded:
            self.total = 1000 if event.id == first else 1
            return await super().expand(db, event, after=after, limit=limit)

    worker = OutboxWorker(database, [Uneven(0)], [])
    assert await worker.expand_some()
    assert await worker.expand_some()
    waiting = [row["id"] for row in await database.fetch("select id from outbox where delivered_at is null")]
    assert waiting == [first], second


async def test_several_nodes_share_the_work_and_send_nothing_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "BATCH", 50)
    postmen = [Postman(capacity=32) for _ in range(3)]
    async with at_work(database, Letters(400), *postmen):
        await happen(database, 3)
        assert await settled(database) == {"sent": 1200}
    assert sum((postman.tries for postman in postmen), Counter()) == {str(n): 3 for n in range(1, 401)}
    assert all(postman.largest <= 32 for postman in postmen)


async def test_what_may_be_tried_again_is_and_given_up_in_the_end(database: Database) -> None:
    def answer(delivery: Delivery) -> Result | None:
        match int(delivery.target) % 5:
            case 0:
                return Sent() if delivery.attempts == 3 else Retry("busy")
            case 1:
                return Retry("busy for ever")
            case 2:
                return Gone("left")
            case 3:
                return Skipped("late")
            case _:
                return None  # says nothing: tried again

    postman = Postman(answer)
    async with at_work(database, Letters(10), postman) as (worker,):
        channel_id = await happen(database)
        assert await settled(database) == {"sent": 2, "dead": 4, "gone": 2, "skipped": 2}
    assert [postman.tries[str(n)] for n in range(1, 6)] == [4, 1, 1, 4, 3]
    assert all(len(ids) == 1 for ids in postman.ids.values()), "one message id, however often"
    assert worker._lanes["letter"].counts["retried"] == 2 * 3 + 2 * 3 + 2 * 2
    dead = await deliveries.select_dead_letters(database, limit=3)
    assert [(letter.target, letter.last_error, letter.channel_id) for letter in dead[:1]] == [
        ("9", "the deliverer did not say what became of it", channel_id)
    ]
    older = await deliveries.select_dead_letters(database, limit=3, before_id=dead[-1].id, kind="letter")
    assert [letter.target for letter in dead + older] == ["9", "6", "4", "1"]


async def test_a_deliverer_that_raises_delays_its_batch_and_nothing_else(database: Database) -> None:
    def answer(delivery: Delivery) -> Result:
        if delivery.attempts == 1:
            raise RuntimeError("planted")
        return Sent()

    async with at_work(database, Letters(5), Postman(answer)):
        await happen(database)
        assert await settled(database) == {"sent": 5}


async def test_an_expander_that_fails_is_tried_again_then_given_up_where_operators_see_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "REST_S", 0.01)
    async with at_work(database, Letters(5, failures=2), Postman()):
        await happen(database)
        assert await settled(database) == {"sent": 5}
    channel_id = await database.fetchval("select id from channels")
    async with at_work(database, Letters(5, failures=99), Postman()):
        await channels.update_channel(database, channel_id, ChannelUpdate(title="another"))
        assert await settled(database) == {"sent": 5, "dead": 1}
    (dead,) = await deliveries.select_dead_letters(database, limit=9)
    assert (dead.kind, dead.target, dead.last_error) == ("expansion", "letters", "letters failed 5 times")


async def test_an_event_that_was_given_up_is_expanded_once_more_when_somebody_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_worker, "REST_S", 0.01)
    monkeypatch.setattr(outbox_worker, "MAX_FAILURES", 1)
    async with at_work(database, Letters(5, failures=1), Postman()):
        await happen(database)
        assert await settled(database) == {"dead": 1}
        (dead,) = await deliveries.select_dead_letters(database, limit=9)
        assert await delivery_log.expand_again(database, dead.id)
        assert await settled(database) == {"sent": 5}, "its failure is not held against it"


async def test_what_a_dead_worker_had_is_sent_by_another_with_the_same_id(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_lane, "LEASE_S", 0.3)
    hung = Postman(capacity=4)

    async def hang(batch: Sequence[Delivery], _report: Report) -> None:
        for delivery in batch:
            hung.tries[delivery.target] += 1
            hung.ids[delivery.target] = {str(delivery.message_id)}
        await trio.sleep_forever()

    monkeypatch.setattr(hung, "deliver", hang)
    async with at_work(database, Letters(10), hung):
        await happen(database)
        while sum(hung.tries.values()) < 4:
            await trio.sleep(0.01)
    healthy = Postman()
    async with at_work(database, Letters(10), healthy):
        assert await settled(database) == {"sent": 10}
    assert all(healthy.ids[target] == ids for target, ids in hung.ids.items())


async def test_what_kills_its_worker_each_time_is_given_up(database: Database) -> None:
    await happen(database)
    worker = OutboxWorker(database, [Letters(1)], [])
    while await worker.expand_some():
        pass
    for _ in range(4):
        assert len(await deliveries.lease_deliveries(database, "letter", limit=9, lease_s=0)) == 1
    postman = Postman()
    async with at_work(database, Letters(1), postman):
        assert await settled(database) == {"dead": 1}
    assert not postman.tries


async def test_a_worker_that_is_cancelled_writes_down_what_was_sent(database: Database) -> None:
    postman = Postman()
    async with at_work(database, Letters(50), postman):
        await happen(database)
        while len(postman.tries) < 5:
            await trio.lowlevel.checkpoint()
    sent: int = await database.fetchval("select count(*) from deliveries where outcome = 'sent'")
    assert sent >= 1
    again = Postman()
    await database.execute("update deliveries set due_at = now() where finished_at is null")
    async with at_work(database, Letters(50), again):
        assert await settled(database) == {"sent": 50}
    assert sum(again.tries.values()) == 50 - sent


async def test_a_worker_that_is_told_to_stop_ends_what_it_has_in_hand(database: Database) -> None:
    started, go, stop = trio.Event(), trio.Event(), trio.Event()
    stop.set()
    slow = Postman(capacity=10)

    async def slowly(batch: Sequence[Delivery], report: Report) -> None:
        started.set()
        await go.wait()
        for delivery in batch:
            report(delivery, Sent())

    slow.deliver = slowly  # type: ignore[method-assign]  # this postman only
    async with at_work(database, Letters(50), slow) as (worker,):
        await happen(database)
        await started.wait()
        go.set()
        await worker.stop_sending(when=stop, within_s=10)
        sent: int = await database.fetchval("select count(*) from deliveries where outcome = 'sent'")
    left: int = await database.fetchval("select count(*) from deliveries where attempts = 0")
    assert sent >= 10
    assert sent + left == 50, "none is left in doubt"


async def test_what_was_sent_while_the_database_is_away_is_not_sent_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_lane, "AWAY_S", 0.05)
    monkeypatch.setattr(outbox_worker, "AWAY_S", 0.05)
    flaky, noted = FlakyDatabase(database), trio.Event()

    def answer(delivery: Delivery) -> Result:
        if not noted.is_set():
            flaky.away = True
        if len(postman.tries) == 20:
            noted.set()
        return Sent()

    postman = Postman(answer)
    await happen(database)
    enqueueing = OutboxWorker(database, [Letters(20)], [])
    while await enqueueing.expand_some():
        pass
    async with at_work(flaky, Letters(20), postman) as (worker,):
        await noted.wait()
        while len(worker._lanes["letter"]._unsettled) < 20:
            await trio.sleep(0.01)
        flaky.away = False
        assert await settled(database) == {"sent": 20}
    assert set(postman.tries.values()) == {1}


async def test_a_lease_that_was_lost_speaks_for_nobody_but_what_was_sent_was_sent(database: Database) -> None:
    await happen(database)
    (event,) = await database.fetch("select id from outbox")
    await deliveries.insert_deliveries(database, event["id"], "letter", ["1", "2"])
    assert await deliveries.insert_deliveries(database, event["id"], "letter", ["2", "2", "3"]) == 1
    first = await deliveries.lease_deliveries(database, "letter", limit=9, lease_s=0)
    second = await deliveries.lease_deliveries(database, "letter", limit=9, lease_s=60)
    assert len(first) == len(second) == 3
    assert await deliveries.lease_deliveries(database, "letter", limit=9, lease_s=60) == []
    stale = [
        deliveries.Settlement(id=first[0].id, attempts=1, outcome="dead", error="x"),
        deliveries.Settlement(id=first[1].id, attempts=1, outcome="sent"),
    ]
    for _ in range(2):
        await deliveries.settle_deliveries(database, stale)
    rows = await database.fetch("select outcome, last_error from deliveries order by id")
    assert [(row["outcome"], row["last_error"]) for row in rows] == [
        (None, None),
        ("sent", None),
        (None, None),
    ]
    assert 50 < (await deliveries.select_next_due_s(database, "letter") or 0) <= 60
    assert await deliveries.select_next_due_s(database, "other") is None


async def test_finished_deliveries_go_after_a_while(database: Database) -> None:
    async with at_work(database, Letters(6), Postman(lambda d: Dead("no") if d.target == "1" else Sent())):
        await happen(database)
        await settled(database)
    await database.execute(
        "update deliveries set finished_at = now() - interval '2 days' where target <> '6'"
    )

    async def remove(dead_for: timedelta) -> int:
        return await deliveries.delete_old_deliveries(
            database, sent_for=timedelta(days=1), dead_for=dead_for, limit=3
        )

    assert [await remove(timedelta(days=3)) for _ in range(3)] == [3, 1, 0]
    assert await remove(timedelta(days=1)) == 1
    assert len(await deliveries.select_dead_letters(database, limit=9)) == 0


async def test_events_of_no_concern_are_passed_on_to_nobody(database: Database) -> None:
    async with at_work(database, Letters(1, types=frozenset()), Postman()):
        await happen(database, 120)
        assert await settled(database) == {}
    async with database.transaction() as transaction:
        assert await outbox.take_events(transaction, limit=1) == []
    assert await outbox.select_pending_age_s(database) == 0.0


@given(st.integers(1, 100), st.floats(0, 0.999))
def test_pauses_grow_to_a_limit(attempts: int, jitter: float) -> None:
    policy = RetryPolicy(first_s=10, longest_s=600)
    pause_s = policy.pause_s(attempts, jitter)
    assert 5 <= pause_s <= 600
    assert pause_s <= policy.pause_s(attempts + 1, jitter)
