"""The statements about follows and blocks, against a real PostgreSQL and against a model in Python."""

import random

import pytest
import trio

from common.db import CheckViolationError, ControlChange, Database, ForeignKeyViolationError
from common.queries import channels, directory, follows
from common.queries.channels import ChannelUpdate
from common.queries.follows import FollowedPlace, FollowOutcome, FollowPlace
from tests.common.test_queries import add_stream, add_user, heard

pytestmark = pytest.mark.real


async def add_users(db: Database, count: int) -> list[int]:
    ids = [(await add_user(db, f"user_{number:02}")).id for number in range(count)]
    await trio.lowlevel.checkpoint()
    return ids


async def follow(db: Database, user_id: int, channel_id: int, *, notify: bool = True) -> FollowOutcome:
    return await follows.upsert_follow(db, user_id=user_id, channel_id=channel_id, notify=notify)


async def followers(db: Database, channel_id: int) -> int:
    (channel,) = await channels.select_channels(db, [channel_id])
    return channel.followers


async def test_following_twice_counts_once_and_changes_the_wish(database: Database) -> None:
    mia, bob = await add_users(database, 2)
    assert await follow(database, mia, bob) is FollowOutcome.MADE
    first = await follows.select_follow(database, user_id=mia, channel_id=bob)
    assert first is not None
    assert first.notify
    assert await follow(database, mia, bob, notify=False) is FollowOutcome.KEPT
    second = await follows.select_follow(database, user_id=mia, channel_id=bob)
    assert second is not None
    assert (second.notify, second.followed_at) == (False, first.followed_at)
    assert await followers(database, bob) == 1
    assert await follows.count_following(database, mia) == 1
    assert await follows.delete_follow(database, user_id=mia, channel_id=bob)
    assert not await follows.delete_follow(database, user_id=mia, channel_id=bob)
    assert await followers(database, bob) == 0
    assert await follows.select_follow(database, user_id=mia, channel_id=bob) is None


async def test_nobody_follows_themselves_or_what_is_not_there(database: Database) -> None:
    (mia,) = await add_users(database, 1)
    with pytest.raises(CheckViolationError):
        await follow(database, mia, mia)
    with pytest.raises(ForeignKeyViolationError):
        await follow(database, mia, 9999)


async def test_an_account_follows_so_many_channels_and_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follows, "MAX_FOLLOWED", 2)
    mia, *others = await add_users(database, 4)
    outcomes = [await follow(database, mia, other) for other in [*others, others[0]]]
    assert outcomes == [FollowOutcome.MADE, FollowOutcome.MADE, FollowOutcome.FULL, FollowOutcome.KEPT]


async def test_who_is_blocked_follows_no_longer_and_never_again(database: Database) -> None:
    mia, bob, eve = await add_users(database, 3)
    await follow(database, bob, mia)
    await follow(database, mia, bob)
    for blocked in (bob, bob, eve):
        await follows.insert_block(database, user_id=mia, blocked_id=blocked)
    assert await follow(database, bob, mia) is FollowOutcome.BLOCKED
    assert (await followers(database, mia), await followers(database, bob)) == (0, 1)
    assert [block.id for block in await follows.select_blocks(database, mia, limit=9)] == [bob, eve]
    assert [block.id for block in await follows.select_blocks(database, mia, limit=9, after_id=bob)] == [eve]
    assert await follows.exists_block(database, user_id=mia, blocked_id=bob)
    assert not await follows.exists_block(database, user_id=bob, blocked_id=mia)

    async def forgive() -> None:
        assert await follows.delete_block(database, user_id=mia, blocked_id=bob)
        assert not await follows.delete_block(database, user_id=mia, blocked_id=bob)

    assert await heard(database, forgive) == [ControlChange("blocks", mia)]
    assert await follow(database, bob, mia) is FollowOutcome.MADE
    with pytest.raises(CheckViolationError):
        await follows.insert_block(database, user_id=mia, blocked_id=mia)


async def test_deleted_accounts_no_longer_count(database: Database) -> None:
    mia, bob, eve = await add_users(database, 3)
    for user, channel in ((mia, bob), (eve, bob), (bob, mia)):
        await follow(database, user, channel)
    await database.execute("delete from users where id = $1", mia)
    assert await followers(database, bob) == 1
    assert await follows.count_following(database, bob) == 0


async def test_follows_at_once_are_all_counted(database: Database) -> None:
    channel, *users = await add_users(database, 9)
    async with trio.open_nursery() as nursery:
        for user in users:
            nursery.start_soon(follow, database, user, channel)
    assert await followers(database, channel) == 8


async def test_lists_of_follows_are_those_of_a_model_page_by_page(database: Database) -> None:
    ids = await add_users(database, 12)
    pick = random.Random(5)
    model: dict[tuple[int, int], bool] = {}
    for _ in range(150):
        user, channel = pick.sample(ids, 2)
        notify = pick.random() < 0.5
        if pick.random() < 0.2:
            assert await follows.delete_follow(database, user_id=user, channel_id=channel) == (
                model.pop((user, channel), None) is not None
            )
        else:
            outcome = FollowOutcome.KEPT if (user, channel) in model else FollowOutcome.MADE
            assert await follow(database, user, channel, notify=notify) is outcome
            model[user, channel] = notify
    for one in ids:
        by = await all_pages(database, one, followers_of=True)
        of = await all_pages(database, one, followers_of=False)
        assert by == {user: notify for (user, channel), notify in model.items() if channel == one}
        assert of == {channel: notify for (user, channel), notify in model.items() if user == one}
        assert await followers(database, one) == len(by)
        assert await follows.count_following(database, one) == len(of)
        wanted = sorted(user for user, notify in by.items() if notify)
        assert await follows.select_to_notify(database, one, limit=99) == wanted
        assert (
            await follows.select_to_notify(database, one, limit=1, after_id=ids[5])
            == [user for user in wanted if user > ids[5]][:1]
        )


async def all_pages(db: Database, one: int, *, followers_of: bool) -> dict[int, bool]:
    """Every entry, read three at a time; each once, the newest first."""
    select = follows.select_followers if followers_of else follows.select_following
    found = await select(db, one, limit=3)
    while len(page := await select(db, one, limit=3, after=FollowPlace(found[-1].followed_at, found[-1].id))):
        found += page
    places = [(entry.followed_at, entry.id) for entry in found]
    assert places == sorted(set(places), reverse=True)
    return {entry.id: entry.notify for entry in found}


async def test_followed_channels_are_listed_live_first_then_the_newest(database: Database) -> None:
    mia, small, big, offline, newest, hidden, banned = await add_users(database, 7)
    for channel in (small, big, offline, newest, hidden, banned):
        await follow(database, mia, channel)
    live = {channel: await add_stream(database, channel) for channel in (small, big, hidden, banned)}
    await directory.update_viewer_counts(database, {live[small]: 1, live[big]: 9, live[hidden]: 5})
    await channels.update_channel(database, hidden, ChannelUpdate(visibility="followers", title="psst"))
    await database.execute("update users set suspended_at = now() where id = $1", banned)
    everything = await follows.select_followed(database, mia, limit=9)
    assert [entry.channel_id for entry in everything] == [big, hidden, small, newest, offline]
    assert [entry.viewers for entry in everything] == [9, 5, 1, -1, -1]
    assert everything[1].title == "psst"
    assert (everything[0].started_at is None, everything[-1].started_at is None) == (False, True)
    assert await follows.select_followed(database, mia, limit=9, live_only=True) == everything[:3]
    for index, entry in enumerate(everything):
        place = FollowedPlace(entry.viewers, entry.followed_at, entry.channel_id)
        assert (
            await follows.select_followed(database, mia, limit=1, after=place) == everything[index + 1 :][:1]
        )
