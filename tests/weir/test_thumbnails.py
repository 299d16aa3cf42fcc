"""Live thumbnails on a real PostgreSQL, made by a real child: whose picture is made, stored and replaced, and whose is not."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import trio

from common.background import running
from common.db import Database
from common.media import Packet, VideoConfig
from common.queries import assets, channels, streams, users
from common.queries.channels import ChannelUpdate
from common.queries.directory import select_directory
from tests.hls.codecs import encoded
from tests.webapp.conftest import AbsentDatabase
from tests.webapp.pictures import decoded
from weir.thumbnail_queue import Tap
from weir.thumbnails import Thumbnails

pytestmark = pytest.mark.real


def keyframes() -> tuple[VideoConfig, list[Packet]]:
    track = encoded("avc1", 6)
    assert isinstance(track.config, VideoConfig)
    return track.config, [one for one in track.packets if one.keyframe]


CONFIG, KEYFRAMES = keyframes()


async def make_channel(db: Database, login: str = "anna", **change: str) -> int:
    user = await users.insert_user_with_channel(db, login=login, display_name=login)
    await channels.update_channel(db, user.id, ChannelUpdate(**change))  # type: ignore[arg-type]  # texts only
    return user.id


async def go_live(db: Database, channel_id: int, stream_id: uuid.UUID) -> None:
    await streams.open_stream(
        db, stream_id=stream_id, channel_id=channel_id, node="here", title="", started_at=datetime.now(UTC)
    )


async def thumbnail_of(db: Database, stream_id: uuid.UUID) -> str | None:
    found: str | None = await db.fetchval("select thumbnail from streams where id = $1", stream_id)
    return found


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    with trio.fail_after(seconds):
        while not condition():
            await trio.sleep(0.01)


def open_tap(thumbnails: Thumbnails, stream_id: uuid.UUID) -> Tap:
    tap = thumbnails.tap(stream_id)
    tap.configure(CONFIG)
    return tap


async def test_a_live_stream_gets_a_picture_and_later_another_one(database: Database) -> None:
    thumbnails, stream_id = Thumbnails(database), uuid.uuid4()
    await go_live(database, await make_channel(database), stream_id)
    tap = open_tap(thumbnails, stream_id)
    async with running(thumbnails.run):
        tap.keyframe(KEYFRAMES[0], trio.current_time())
        await until(lambda: thumbnails.stats.made == 1)
        first = await thumbnail_of(database, stream_id)
        assert first is not None
        stored = await assets.select_asset(database, first)
        assert stored is not None
        assert decoded(stored.data).size == (440, 248)

        tap.due_at = 0.0  # as after twenty seconds
        tap.keyframe(KEYFRAMES[1], trio.current_time())
        await until(lambda: thumbnails.stats.made == 2)
    assert await thumbnail_of(database, stream_id) != first
    (entry,) = await streams_listed(database)
    assert entry == await thumbnail_of(database, stream_id)


async def streams_listed(db: Database) -> list[str | None]:
    return [entry.thumbnail for entry in await select_directory(db, limit=9)]


@pytest.mark.parametrize("visibility", ["followers", "subs", "password"])
async def test_of_a_stream_that_is_for_some_only_nothing_is_decoded(
    database: Database, visibility: str
) -> None:
    thumbnails, stream_id = Thumbnails(database), uuid.uuid4()
    channel_id = await make_channel(database, visibility=visibility, password_hash="argon2")
    await go_live(database, channel_id, stream_id)
    async with running(thumbnails.run):
        open_tap(thumbnails, stream_id).keyframe(KEYFRAMES[0], trio.current_time())
        await until(lambda: thumbnails.stats.hidden == 1)
        assert thumbnails.developer is not None
        assert thumbnails.developer.pid is None, "nobody was asked"
    assert await database.fetchval("select count(*) from assets") == 0


async def test_a_picture_waits_until_its_broadcast_is_written_down(database: Database) -> None:
    thumbnails, stream_id = Thumbnails(database), uuid.uuid4()
    channel_id = await make_channel(database)
    async with running(thumbnails.run):
        open_tap(thumbnails, stream_id).keyframe(KEYFRAMES[0], trio.current_time())
        with trio.move_on_after(0.7):
            await until(lambda: thumbnails.stats.made)
        await go_live(database, channel_id, stream_id)
        await until(lambda: thumbnails.stats.made == 1)
    assert await thumbnail_of(database, stream_id)


async def test_garbage_of_one_stream_costs_another_one_nothing(database: Database) -> None:
    thumbnails, bad, good = Thumbnails(database), uuid.uuid4(), uuid.uuid4()
    await go_live(database, await make_channel(database, "bert"), bad)
    await go_live(database, await make_channel(database), good)
    garbage = Packet(KEYFRAMES[0].track, 0, 0, keyframe=True, data=b"\xff" * 1000)
    async with running(thumbnails.run):
        open_tap(thumbnails, bad).keyframe(garbage, trio.current_time())
        open_tap(thumbnails, good).keyframe(KEYFRAMES[0], trio.current_time())
        await until(lambda: thumbnails.stats.made == 1 and thumbnails.stats.undecodable == 1)
        assert thumbnails.developer is not None
        assert thumbnails.developer.deaths == 0
    assert await thumbnail_of(database, bad) is None
    assert await thumbnail_of(database, good)


async def test_while_the_database_is_away_there_are_no_new_pictures_and_that_is_all() -> None:
    thumbnails = Thumbnails(AbsentDatabase())
    tap = open_tap(thumbnails, uuid.uuid4())
    async with running(thumbnails.run):
        tap.keyframe(KEYFRAMES[0], trio.current_time())
        await until(lambda: thumbnails.stats.unstored == 1)
        tap.due_at = 0.0  # as after twenty seconds
        tap.keyframe(KEYFRAMES[1], trio.current_time())
        await until(lambda: thumbnails.stats.unstored == 2)


async def test_a_broadcast_that_ends_meanwhile_gets_no_picture_any_more(database: Database) -> None:
    thumbnails, stream_id = Thumbnails(database), uuid.uuid4()
    await go_live(database, await make_channel(database), stream_id)
    await streams.end_stream(database, stream_id=stream_id, ended_at=datetime.now(UTC), reason="ended")
    async with running(thumbnails.run):
        open_tap(thumbnails, stream_id).keyframe(KEYFRAMES[0], trio.current_time())
        await until(lambda: thumbnails.stats.hidden == 1)
    assert await thumbnail_of(database, stream_id) is None


def test_all_counters_are_in_the_metrics() -> None:
    found = {name for name, _, _ in Thumbnails(AbsentDatabase()).samples()}
    assert "weir_thumbnails_made_total" in found
    assert len(found) == 8
