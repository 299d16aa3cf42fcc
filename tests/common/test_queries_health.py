"""The statements about health, against a real PostgreSQL: in batches, twice, for streams that are gone, and when old."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from common.db import CheckViolationError, Database
from common.queries import stream_health, streams
from common.queries.stream_health import HealthRow
from tests.common.test_queries import LATER, NOW, add_stream, add_user, new_id

pytestmark = pytest.mark.real


def reading(
    stream_id: uuid.UUID, at: datetime = NOW, *, detail: bool = True, status: str = "good"
) -> HealthRow:
    return HealthRow(
        stream_id=stream_id,
        at=at,
        detail=detail,
        status=status,
        kbps=6000.5,
        video_kbps=5840.25,
        audio_kbps=160.25,
        fps=None,
        keyframe_interval_s=2.0,
        gop_frames=None,
        missing_frames=3,
        dropped=2,
        undecodable=1,
        jitter_s=0.5,
        behind_s=0.25,
        round_trip_ms=None,
        reconnects=4,
    )


async def issue(
    db: Database, stream_id: uuid.UUID, kind: str = "gopSizeLong", started_at: datetime = NOW
) -> None:
    await stream_health.insert_issue(
        db,
        stream_id=stream_id,
        type=kind,
        severity="warning",
        reason="Keyframes too far apart",
        description="Set it to 2 s.",
        started_at=started_at,
    )


async def test_readings_of_all_streams_are_written_at_once_and_read_back(database: Database) -> None:
    anna = await add_stream(database, (await add_user(database, "anna")).id)
    bert = await add_stream(database, (await add_user(database, "bert")).id)
    await stream_health.insert_health(database, [reading(anna), reading(bert, status="noData")])
    await stream_health.insert_health(database, [reading(anna, LATER)])
    assert await stream_health.select_health(database, anna, since=NOW, limit=9) == [
        reading(anna),
        reading(anna, LATER),
    ]
    assert await stream_health.select_latest_health(database, anna) == reading(anna, LATER)
    assert await stream_health.select_latest_health(database, bert) == reading(bert, status="noData")
    assert await stream_health.select_latest_health(database, new_id()) is None


async def test_a_reading_written_twice_is_there_once(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    for _ in range(2):
        await stream_health.insert_health(database, [reading(stream_id)])
    assert len(await stream_health.select_health(database, stream_id, since=NOW, limit=9)) == 1


async def test_a_stream_that_is_gone_does_not_lose_the_others_readings(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    await stream_health.insert_health(database, [reading(new_id()), reading(stream_id)])
    await issue(database, new_id())
    assert await stream_health.select_latest_health(database, stream_id) == reading(stream_id)


async def test_numbers_that_have_no_end_fit(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    row = replace(reading(stream_id), missing_frames=2**40, kbps=1e30, behind_s=float("inf"))
    await stream_health.insert_health(database, [row])
    found = await stream_health.select_latest_health(database, stream_id)
    assert found is not None
    assert found.missing_frames == 2**40


async def test_a_status_is_one_of_four(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    with pytest.raises(CheckViolationError):
        await stream_health.insert_health(database, [reading(stream_id, status="fine")])


async def test_health_of_all_that_is_live(database: Database) -> None:
    live = await add_stream(database, (await add_user(database, "anna")).id)
    over = await add_stream(database, (await add_user(database, "bert")).id)
    await add_stream(database, (await add_user(database, "silent")).id)
    await stream_health.insert_health(database, [reading(live), reading(live, LATER), reading(over)])
    await streams.end_stream(database, stream_id=over, ended_at=LATER, reason="ended_by_encoder")
    (found,) = await stream_health.select_live_health(database, limit=10)
    assert (found.stream_id, found.login, found.at) == (live, "anna", LATER)


async def test_issues_have_a_beginning_and_an_end(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    for _ in range(2):
        await issue(database, stream_id)
    await issue(database, stream_id, "noAudioStream", LATER)
    (newest, oldest) = await stream_health.select_issues(database, stream_id, limit=9)
    assert (newest.type, oldest.type, oldest.ended_at) == ("noAudioStream", "gopSizeLong", None)
    for ended_at in (LATER, LATER + timedelta(hours=1)):
        await stream_health.end_issue(database, stream_id=stream_id, type="gopSizeLong", ended_at=ended_at)
    (_, oldest) = await stream_health.select_issues(database, stream_id, limit=9)
    assert oldest.ended_at == LATER


async def test_what_a_crash_left_open_ended_with_its_stream(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    await issue(database, stream_id)
    await streams.end_orphans(database, node="here", ended_at=LATER)
    (found,) = await stream_health.select_issues(database, stream_id, limit=9)
    assert found.ended_at == LATER


async def test_an_end_is_never_before_its_beginning(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    await issue(database, stream_id, started_at=LATER)
    await stream_health.end_issue(database, stream_id=stream_id, type="gopSizeLong", ended_at=NOW)
    (found,) = await stream_health.select_issues(database, stream_id, limit=9)
    assert found.ended_at == LATER


async def test_health_goes_with_its_stream(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    await stream_health.insert_health(database, [reading(stream_id)])
    await issue(database, stream_id)
    await database.execute("delete from streams where id = $1", stream_id)
    assert await stream_health.select_latest_health(database, stream_id) is None
    assert await stream_health.select_issues(database, stream_id, limit=9) == []


async def test_old_detail_is_thinned_and_old_readings_go_in_batches(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    day = timedelta(days=1)
    rows = [
        reading(stream_id, NOW - days * day - timedelta(seconds=5 * n), detail=n % 12 != 0)
        for days in (0, 10, 100)
        for n in range(24)
    ]
    await stream_health.insert_health(database, rows)
    removed = []
    while True:
        removed.append(
            await stream_health.delete_old_health(
                database, detail_before=NOW - 2 * day, all_before=NOW - 60 * day, limit=10
            )
        )
        assert len(removed) < 20
        if removed[-1] == 0:
            break
    assert max(removed) <= 10
    assert sum(removed) == 22 + 24
    left = await stream_health.select_health(database, stream_id, since=NOW - 200 * day, limit=100)
    assert [row.detail for row in left].count(False) == 4
    assert len(left) == 24 + 2


async def test_old_issues_go(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    await issue(database, stream_id)
    await issue(database, stream_id, "noAudioStream", LATER)
    assert await stream_health.delete_old_issues(database, before=LATER, limit=10) == 1
    (found,) = await stream_health.select_issues(database, stream_id, limit=9)
    assert found.type == "noAudioStream"
