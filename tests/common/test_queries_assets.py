"""Pictures in the database: stored once, kept while something shows them, gone soon after, and seen by those who may."""

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
import trio

from common.db import CheckViolationError, Database, open_database
from common.queries import assets, channels, streams, users
from common.queries.assets import NewAsset, Swept
from common.queries.channels import ChannelUpdate, Panel
from weir.retention import remove_unused_assets

pytestmark = pytest.mark.real

NOTHING = Swept(removed=0, kept=0)


def picture(text: str = "pixels") -> NewAsset:
    return NewAsset("image/jpeg", 4, 3, text.encode())


async def make_all_due(db: Database) -> None:
    await db.execute("update assets set check_at = now() where check_at is not null")


async def count(db: Database) -> int:
    found: int = await db.fetchval("select count(*) from assets")
    return found


async def someone(db: Database, login: str = "anna") -> int:
    return (await users.insert_user_with_channel(db, login=login, display_name=login)).id


async def broadcast(db: Database, channel_id: int) -> uuid.UUID:
    stream_id = uuid.uuid4()
    await streams.open_stream(
        db, stream_id=stream_id, channel_id=channel_id, node="n", title="", started_at=datetime.now(UTC)
    )
    return stream_id


async def thumbnail_of(db: Database, stream_id: uuid.UUID) -> str | None:
    found: str | None = await db.fetchval("select thumbnail from streams where id = $1", stream_id)
    return found


async def test_a_picture_is_found_by_the_hash_of_its_content(database: Database) -> None:
    name = await assets.upsert_asset(database, picture())
    assert name == hashlib.sha256(b"pixels").hexdigest() + ".jpg"
    found = await assets.select_asset(database, name)
    assert found is not None
    assert (found.content_type, found.data) == ("image/jpeg", b"pixels")
    assert await assets.select_asset(database, "0" * 64 + ".jpg") is None
    assert await assets.select_known_assets(database, [name, "0" * 64 + ".jpg"]) == {name}


async def test_the_same_picture_is_stored_once(database: Database) -> None:
    assert await assets.upsert_asset(database, picture()) == await assets.upsert_asset(database, picture())
    assert await count(database) == 1


async def test_no_picture_can_have_another_ones_name(database: Database) -> None:
    name = await assets.upsert_asset(database, picture())
    with pytest.raises(CheckViolationError):
        await database.execute("update assets set data = 'other' where name = $1", name)


async def test_a_picture_over_a_megabyte_is_not_stored(database: Database) -> None:
    with pytest.raises(CheckViolationError):
        await assets.upsert_asset(database, NewAsset("image/png", 1, 1, bytes(1_048_577)))


async def test_a_new_picture_is_left_alone_for_an_hour(database: Database) -> None:
    await assets.upsert_asset(database, picture())
    assert await assets.sweep_assets(database, limit=10) == NOTHING
    left = await database.fetchval("select check_at - now() from assets")
    assert 3500 < left.total_seconds() <= 3600


async def test_what_nobody_shows_is_removed_then(database: Database) -> None:
    await assets.upsert_asset(database, picture())
    await make_all_due(database)
    assert await assets.sweep_assets(database, limit=10) == Swept(removed=1, kept=0)
    assert await count(database) == 0


async def in_profile(db: Database, name: str | None, user_id: int) -> None:
    await users.update_profile_image(db, user_id, name)


async def offline(db: Database, name: str | None, user_id: int) -> None:
    await channels.update_channel(db, user_id, ChannelUpdate(offline_image=name or ""))


async def in_panel(db: Database, name: str | None, user_id: int) -> None:
    panels = [Panel("text only"), Panel("picture", image=name)] if name else []
    await channels.update_channel(db, user_id, ChannelUpdate(panels=panels))


async def as_box_art(db: Database, name: str | None, _user_id: int) -> None:
    await db.execute("update categories set box_art = $1 where slug = 'music'", name)


async def as_thumbnail(db: Database, name: str | None, user_id: int) -> None:
    await db.execute("update streams set thumbnail = $1 where channel_id = $2", name, user_id)


PLACES = [in_profile, offline, in_panel, as_box_art, as_thumbnail]


@pytest.mark.parametrize("place", PLACES)
async def test_a_picture_stays_while_it_is_shown_and_goes_when_it_no_longer_is(
    database: Database, place: Callable[[Database, str | None, int], Awaitable[None]]
) -> None:
    user_id = await someone(database)
    await broadcast(database, user_id)
    name = await assets.upsert_asset(database, picture())
    await place(database, name, user_id)
    await make_all_due(database)
    assert await assets.sweep_assets(database, limit=10) == Swept(removed=0, kept=1)
    assert await assets.sweep_assets(database, limit=10) == NOTHING, "it is not looked at again in vain"
    await place(database, None, user_id)
    assert await assets.sweep_assets(database, limit=10) == NOTHING, "pages that know it get a minute"
    await make_all_due(database)
    assert await assets.sweep_assets(database, limit=10) == Swept(removed=1, kept=0)


@pytest.mark.parametrize("place", [in_profile, offline, in_panel, as_thumbnail])
async def test_pictures_go_with_the_account_that_showed_them(
    database: Database, place: Callable[[Database, str | None, int], Awaitable[None]]
) -> None:
    user_id = await someone(database)
    await broadcast(database, user_id)
    await place(database, await assets.upsert_asset(database, picture()), user_id)
    await make_all_due(database)
    await assets.sweep_assets(database, limit=10)
    await users.delete_user(database, user_id)
    await make_all_due(database)
    assert await assets.sweep_assets(database, limit=10) == Swept(removed=1, kept=0)


async def test_a_picture_that_is_taken_down_goes_within_a_minute_however_new_it_is(
    database: Database,
) -> None:
    anna = await someone(database)
    await in_profile(database, await assets.upsert_asset(database, picture()), anna)
    await in_profile(database, None, anna)
    left = await database.fetchval("select check_at - now() from assets")
    assert left.total_seconds() <= 60


async def test_a_picture_that_two_show_stays_until_neither_does(database: Database) -> None:
    anna, bert = await someone(database), await someone(database, "bert")
    name = await assets.upsert_asset(database, picture())
    await in_profile(database, name, anna)
    await offline(database, name, bert)
    await in_profile(database, None, anna)
    await make_all_due(database)
    assert await assets.sweep_assets(database, limit=10) == Swept(removed=0, kept=1)


async def test_the_clean_up_goes_on_until_nothing_is_due(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weir.retention.FEW", 3)
    monkeypatch.setattr("weir.retention.PAUSE_S", 0)
    anna = await someone(database)
    for number in range(10):
        await assets.upsert_asset(database, picture(str(number)))
    await in_profile(database, picture("0").name, anna)
    await make_all_due(database)
    assert await remove_unused_assets(database) == 9
    assert await count(database) == 1


async def test_two_nodes_sweep_different_pictures(database: Database, database_dsn: str) -> None:
    for number in range(4):
        await assets.upsert_asset(database, picture(str(number)))
    await make_all_due(database)
    async with open_database(database_dsn, wait_s=10) as other, other.transaction() as one:
        assert await assets.sweep_assets(one, limit=2) == Swept(removed=2, kept=0)
        assert await assets.sweep_assets(database, limit=10) == Swept(removed=2, kept=0)
    assert await count(database) == 0


async def test_a_picture_that_is_uploaded_again_during_a_sweep_is_there_afterwards(
    database: Database, database_dsn: str
) -> None:
    name = await assets.upsert_asset(database, picture())
    await make_all_due(database)
    async with (
        open_database(database_dsn, wait_s=10) as other,
        trio.open_nursery() as nursery,
        other.transaction() as sweeping,
    ):
        assert await assets.sweep_assets(sweeping, limit=10) == Swept(removed=1, kept=0)
        nursery.start_soon(assets.upsert_asset, database, picture())
        await wait_for_lock(sweeping)
    assert await assets.select_asset(database, name) is not None


async def wait_for_lock(db: object) -> None:
    """Until somebody waits for what this transaction holds."""
    with trio.fail_after(20):
        while not await db.fetchval(  # type: ignore[attr-defined]  # a transaction
            "select exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))"
        ):
            await trio.sleep(0.01)


async def test_a_broadcasts_newest_picture_is_its_thumbnail_and_the_one_before_goes(
    database: Database,
) -> None:
    stream_id = await broadcast(database, await someone(database))
    assert await assets.replace_thumbnail(database, stream_id, picture("first"))
    assert await thumbnail_of(database, stream_id) == picture("first").name
    assert await assets.replace_thumbnail(database, stream_id, picture("second"))
    await make_all_due(database)
    assert await assets.sweep_assets(database, limit=10) == Swept(removed=1, kept=1)
    assert await assets.select_asset(database, picture("first").name) is None
    assert await thumbnail_of(database, stream_id) == picture("second").name


async def test_a_picture_that_stands_still_changes_nothing(database: Database) -> None:
    stream_id = await broadcast(database, await someone(database))
    await assets.replace_thumbnail(database, stream_id, picture())
    before = await database.fetchval("select xmin::text from streams where id = $1", stream_id)
    assert await assets.replace_thumbnail(database, stream_id, picture())
    assert await database.fetchval("select xmin::text from streams where id = $1", stream_id) == before


async def test_the_last_picture_stays_when_the_broadcast_has_ended_and_no_other_follows(
    database: Database,
) -> None:
    stream_id = await broadcast(database, await someone(database))
    await assets.replace_thumbnail(database, stream_id, picture("last"))
    await streams.end_stream(database, stream_id=stream_id, ended_at=datetime.now(UTC), reason="ended")
    assert await assets.select_may_have_thumbnail(database, stream_id) is False
    assert not await assets.replace_thumbnail(database, stream_id, picture("late"))
    assert await thumbnail_of(database, stream_id) == picture("last").name
    assert await count(database) == 1


@pytest.mark.parametrize("visibility", ["followers", "subs", "password"])
async def test_a_channel_that_is_not_for_everybody_has_no_pictures(
    database: Database, visibility: str
) -> None:
    user_id = await someone(database)
    stream_id = await broadcast(database, user_id)
    assert await assets.select_may_have_thumbnail(database, stream_id) is True
    await assets.replace_thumbnail(database, stream_id, picture())
    await channels.update_channel(
        database, user_id, ChannelUpdate(visibility=visibility, password_hash="argon2")
    )
    assert await thumbnail_of(database, stream_id) is None
    assert await assets.select_may_have_thumbnail(database, stream_id) is False
    assert not await assets.replace_thumbnail(database, stream_id, picture("secret"))
    await make_all_due(database)
    await assets.sweep_assets(database, limit=10)
    assert await count(database) == 0


async def test_an_unlisted_channel_has_pictures_for_those_who_know_it(database: Database) -> None:
    user_id = await someone(database)
    stream_id = await broadcast(database, user_id)
    await channels.update_channel(database, user_id, ChannelUpdate(visibility="unlisted"))
    assert await assets.replace_thumbnail(database, stream_id, picture())


async def test_a_suspended_account_has_no_pictures(database: Database) -> None:
    user_id = await someone(database)
    stream_id = await broadcast(database, user_id)
    await assets.replace_thumbnail(database, stream_id, picture())
    await database.execute("update users set suspended_at = now() where id = $1", user_id)
    assert await thumbnail_of(database, stream_id) is None
    assert not await assets.replace_thumbnail(database, stream_id, picture())


async def test_a_broadcast_that_is_not_written_down_yet_is_told_apart(database: Database) -> None:
    assert await assets.select_may_have_thumbnail(database, uuid.uuid4()) is None
    assert not await assets.replace_thumbnail(database, uuid.uuid4(), picture())


async def test_closing_a_channel_waits_for_a_picture_that_is_being_stored_and_takes_it_away(
    database: Database, database_dsn: str
) -> None:
    user_id = await someone(database)
    stream_id = await broadcast(database, user_id)
    async with (
        open_database(database_dsn, wait_s=10) as other,
        trio.open_nursery() as nursery,
        other.transaction() as storing,
    ):
        assert await assets.replace_thumbnail(storing, stream_id, picture())
        closing = ChannelUpdate(visibility="followers")
        nursery.start_soon(channels.update_channel, database, user_id, closing)
        await wait_for_lock(storing)
    assert await thumbnail_of(database, stream_id) is None
