"""Test pictures of the web role on a real PostgreSQL. Children that publish for real: tests/e2e/test_administration.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest
import trio

from common.db import ControlChange, Database
from common.queries import stream_holds, stream_keys, test_streams
from tests.common.test_queries import add_key, add_stream, add_user
from webapp.test_stream_routes import CannotShowError, CannotShowNowError
from weir.test_streams import TestStreams
from weir.testpicture_orders import Orders
from weir.testpicture_task import TestPictureError

pytestmark = pytest.mark.real


class Pictures:
    """Stands in for the child processes."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.failure: Exception | None = None
        self.hang_up = trio.Event()

    async def run_test_picture(
        self, orders: Orders, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        if self.failure is not None:
            raise self.failure
        self.shown.append(orders.url)
        task_status.started()
        await self.hang_up.wait()
        raise TestPictureError("The server hung up.")


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    pictures = Pictures()
    monkeypatch.setattr("weir.test_streams.run_test_picture", pictures.run_test_picture)
    return pictures


@asynccontextmanager
async def showing(db: Database, *, duration_s: float = 60.0) -> AsyncIterator[TestStreams]:
    shows = TestStreams(db, lambda: "rtmp://127.0.0.1/live", node="here", most=2, duration_s=duration_s)
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(shows.serve, stop)
        yield shows
        stop.set()


async def revoked(db: Database, channel_id: int) -> list[bool]:
    keys = await stream_keys.select_keys(db, channel_id)
    return [key.revoked_at is not None for key in keys]


async def test_a_picture_has_a_key_that_lives_as_long_as_it(database: Database, pictures: Pictures) -> None:
    user = await add_user(database)
    async with showing(database) as shows:
        shown = await shows.start(user.id)
        assert pictures.shown[0].startswith("rtmp://127.0.0.1/live/live_")
        assert await revoked(database, user.id) == [False]
        assert await shows.current(user.id) == shown
        with pytest.raises(CannotShowError, match="already"):
            await shows.start(user.id)
        assert await shows.stop(user.id)
        assert not await shows.stop(user.id)
        assert await shows.current(user.id) is None
        assert await revoked(database, user.id) == [True]
        assert shows.running == 0
        await shows.start(user.id)
    assert await revoked(database, user.id) == [True, True]


async def test_a_picture_that_is_not_let_in_leaves_nothing_behind(
    database: Database, pictures: Pictures
) -> None:
    user = await add_user(database)
    async with showing(database) as shows:
        for failure, words in (
            (TestPictureError("The server refused."), "The server refused"),
            (OSError("no more processes"), "could not be started"),
        ):
            pictures.failure = failure
            with pytest.raises(CannotShowNowError, match=words):
                await shows.start(user.id)
        assert (await shows.current(user.id), shows.running) == (None, 0)
        pictures.failure = None
        await shows.start(user.id)
    assert all(await revoked(database, user.id))


async def test_a_picture_that_the_server_ends_is_over(database: Database, pictures: Pictures) -> None:
    user = await add_user(database)
    async with showing(database) as shows:
        shown = await shows.start(user.id)
        with database.subscribe() as feed, trio.fail_after(20):
            await anext(feed)
            pictures.hang_up.set()
            while await anext(feed) != ControlChange("stream_keys", shown.key_id):
                pass
        assert await shows.current(user.id) is None
    assert await revoked(database, user.id) == [True]


async def test_only_so_many_at_once(database: Database, pictures: Pictures) -> None:
    people = [await add_user(database, f"user_{number}") for number in range(3)]
    async with showing(database) as shows:
        for user in people[:2]:
            await shows.start(user.id)
        with pytest.raises(CannotShowNowError, match="As many"):
            await shows.start(people[2].id)
        await shows.stop(people[0].id)
        await shows.start(people[2].id)


async def test_no_picture_pushes_an_encoder_away_or_gets_round_a_hold(
    database: Database, pictures: Pictures
) -> None:
    live, held = await add_user(database, "live"), await add_user(database, "held")
    await add_stream(database, live.id)
    await stream_holds.upsert_hold(database, held.id, for_s=60, reason="Ended.")
    async with showing(database) as shows:
        for channel_id, words in ((live.id, "live already"), (held.id, "Ended. It can"), (4711, "no such")):
            with pytest.raises(CannotShowError, match=words):
                await shows.start(channel_id)
    assert pictures.shown == []
    assert await revoked(database, live.id) == []


async def test_what_a_dead_process_left_behind_is_revoked_at_the_next_start(
    database: Database, pictures: Pictures
) -> None:
    user, other = await add_user(database), await add_user(database, "other")
    for channel, node in ((user, "here"), (other, "elsewhere")):
        key_id, _ = await add_key(database, channel.id)
        await test_streams.insert_test_stream(
            database, channel_id=channel.id, key_id=key_id, node=node, duration_s=60
        )
    async with showing(database) as shows:
        assert await shows.current(user.id) is None
        assert await shows.current(other.id) is not None
        assert await revoked(database, user.id) == [True]
        assert await revoked(database, other.id) == [False]
        assert await shows.stop(other.id)  # whoever runs it
    assert await revoked(database, other.id) == [True]


async def test_a_picture_of_a_dead_node_makes_room_when_it_should_be_over(
    database: Database, pictures: Pictures
) -> None:
    user = await add_user(database)
    key_id, _ = await add_key(database, user.id)
    await test_streams.insert_test_stream(
        database, channel_id=user.id, key_id=key_id, node="elsewhere", duration_s=60
    )
    await database.execute("update test_streams set ends_at = now() - interval '1 second'")
    async with showing(database) as shows:
        await shows.start(user.id)
        assert await revoked(database, user.id) == [True, False]
        await database.execute("update test_streams set ends_at = now() - interval '1 minute'")
        assert await test_streams.end_old_test_streams(database) == 1
    assert await revoked(database, user.id) == [True, True]


async def test_nothing_is_shown_before_the_start_and_after_the_end(
    database: Database, pictures: Pictures
) -> None:
    user = await add_user(database)
    async with showing(database) as shows:
        pass
    with pytest.raises(CannotShowNowError, match="starting or stopping"):
        await shows.start(user.id)
