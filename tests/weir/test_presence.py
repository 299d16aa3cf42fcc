"""Viewer counts on their way from those who count to the database."""

import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest
import trio
from trio.testing import MockClock

from common.db import Database, DatabaseUnavailableError
from common.presence import LocalPresence
from common.queries import directory, streams, users
from weir.presence import CountWriter, ViewerCounts, make_presence
from weir.retention import remove_old_samples

NOON = datetime(2027, 1, 1, 12, 0, 30, tzinfo=UTC)


class Elsewhere:
    """A presence with other nodes."""

    is_alone = False

    def __init__(self, others: Mapping[str, int]) -> None:
        self.others = others
        self.reports: list[Mapping[str, int]] = []

    async def report(self, sums: Mapping[str, int]) -> None:
        await trio.lowlevel.checkpoint()
        self.reports.append(dict(sums))

    async def totals(self, stream_ids: Collection[str]) -> dict[str, int]:
        await trio.lowlevel.checkpoint()
        return {name: self.others.get(name, 0) + self.reports[-1].get(name, 0) for name in stream_ids}


async def test_what_all_roles_see_is_added_up_reported_and_learnt() -> None:
    presence = Elsewhere({"a": 10, "c": 5, "d": 1})
    counts = ViewerCounts(presence)
    counts.add(lambda _now: {"a": 1, "b": 2})
    counts.add(lambda _now: {"b": 3})
    counts.host(lambda: ["c"])
    await counts.look()
    assert presence.reports == [{"a": 1, "b": 5}]
    assert counts.totals == {"a": 11, "b": 5, "c": 5}
    assert ("weir_viewers", 6) in [(name, value) for name, _, value in counts.samples()]


async def test_it_is_said_every_five_seconds_and_taken_back_at_the_end(autojump_clock: MockClock) -> None:
    presence = Elsewhere({})
    counts = ViewerCounts(presence)
    counts.add(lambda now: {"a": int(now)})
    began = trio.current_time()
    with trio.move_on_after(12):
        await counts.run()
    assert [report.get("a", 0) - int(began) for report in presence.reports[:-1]] == [0, 5, 10]
    assert presence.reports[-1] == {}


async def test_a_process_that_is_all_there_is_needs_no_redis() -> None:
    presence = make_presence(None, node="here")
    assert isinstance(presence, LocalPresence)
    assert not presence.is_alone


async def live_stream(db: Database, login: str) -> uuid.UUID:
    owner = await users.insert_user_with_channel(db, login=login, display_name=login)
    stream_id = uuid.uuid4()
    await streams.open_stream(
        db, stream_id=stream_id, channel_id=owner.id, node="here", title="", started_at=NOON
    )
    return stream_id


async def counted(totals: Mapping[str, int]) -> ViewerCounts:
    counts = ViewerCounts(LocalPresence())
    counts.add(lambda _now: totals)
    await counts.look()
    return counts


@pytest.mark.real
async def test_the_host_of_a_stream_writes_its_viewers_peak_and_history(database: Database) -> None:
    mine, other = await live_stream(database, "anna"), await live_stream(database, "berta")
    totals = {str(mine): 7, str(other): 100}
    counts = await counted(totals)
    writer = CountWriter(database, counts, lambda: [str(mine)])
    await writer.write(NOON)
    totals[str(mine)] = 3
    await counts.look()
    for seconds in (10, 20, 30, 40):  # beyond the minute
        await writer.write(NOON + timedelta(seconds=seconds))
    audience = await directory.select_audience(database, mine)
    assert audience is not None
    assert (audience.viewers, audience.peak) == (3, 7)
    samples = await directory.select_viewer_samples(database, mine, limit=10)
    assert [(sample.at.minute, sample.viewers) for sample in samples] == [(0, 7), (1, 3)]
    untouched = await directory.select_audience(database, other)
    assert untouched is not None
    assert untouched.viewers == 0, "its own node counts it"
    await streams.end_stream(database, stream_id=mine, ended_at=NOON, reason="test")
    await writer.write(NOON)
    ended = await directory.select_audience(database, mine)
    assert ended is not None
    assert ended.average == pytest.approx(5)


@pytest.mark.real
async def test_a_stream_that_nobody_watches_any_more_has_none(database: Database) -> None:
    mine = await live_stream(database, "anna")
    await CountWriter(database, await counted({str(mine): 7}), lambda: [str(mine)]).write(NOON)
    await CountWriter(database, await counted({}), lambda: [str(mine)]).write(NOON)
    audience = await directory.select_audience(database, mine)
    assert audience is not None
    assert (audience.viewers, audience.peak) == (0, 7)


async def test_while_the_database_is_away_counts_are_left_out_and_not_kept(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    away = True

    async def update(_db: object, counts: Mapping[uuid.UUID, int]) -> None:
        await trio.lowlevel.checkpoint()
        if away:
            raise DatabaseUnavailableError("away")
        written.extend(counts.values())

    async def sample(_db: object, *, at: datetime) -> None:
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr("weir.presence.directory.update_viewer_counts", update)

    async def keep(_db: object, _stream_ids: object, **_more: object) -> None:
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr("weir.presence.directory.insert_viewer_samples", sample)
    monkeypatch.setattr("weir.presence.broadcast_samples.insert_samples", keep)
    stream_id = str(uuid.uuid4())
    totals = {stream_id: 1}
    counts = await counted(totals)
    writer = CountWriter(object(), counts, lambda: [stream_id])  # type: ignore[arg-type]  # only handed on
    async with trio.open_nursery() as nursery:
        nursery.start_soon(writer.run)
        await trio.sleep(35)
        assert writer.skipped == 3
        away, totals[stream_id] = False, 9
        await counts.look()
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert written == [9]


@pytest.mark.real
async def test_old_samples_are_removed_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream_id = await live_stream(database, "anna")
    await database.execute(
        """
        insert into viewer_samples (stream_id, at, viewers)
        select $1, $2::timestamptz - ago * interval '1 day', 1 from generate_series(1, 100) as ago
        """,
        stream_id,
        NOON,
    )
    monkeypatch.setattr("weir.retention.BATCH", 3)
    monkeypatch.setattr("weir.retention.PAUSE_S", 0)
    assert await remove_old_samples(database, before=NOON - timedelta(days=90)) == 10
    assert await remove_old_samples(database, before=NOON - timedelta(days=90)) == 0
    left = await directory.select_viewer_samples(database, stream_id, limit=1000)
    assert len(left) == 90
