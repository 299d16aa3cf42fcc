"""The statements about what is live and who watches, against a real PostgreSQL and against a model in Python."""

import random
import uuid
from datetime import timedelta

import pytest

from common.db import Database
from common.queries import categories, channels, directory, streams
from common.queries.categories import CategoryPlace
from common.queries.channels import ChannelUpdate
from common.queries.directory import Audience, DirectoryEntry, DirectoryFilter, DirectoryPlace, ViewerSample
from tests.common.test_queries import LATER, NOW, add_stream, add_user, new_id

pytestmark = pytest.mark.real

TAGS = ["Chill", "English", "Retro", "日本語"]


async def add_site(db: Database) -> dict[uuid.UUID, tuple[int, ChannelUpdate]]:
    """Thirty live channels with all kinds of settings; what is listed, with its viewers."""
    pick = random.Random(4)
    known = await categories.select_live_categories(db, limit=3)
    listed = {}
    for number in range(30):
        user = await add_user(db, f"user_{number:02}")
        change = ChannelUpdate(
            category_id=pick.choice([0, *(category.id for category in known)]),
            tags=pick.sample(TAGS, pick.randrange(4)),
            language=pick.choice(["en", "de", ""]),
            visibility=pick.choice(["public"] * 4 + ["unlisted"]),
        )
        await channels.update_channel(db, user.id, change)
        stream_id = await add_stream(db, user.id)
        viewers = pick.randrange(6)
        await directory.update_viewer_counts(db, {stream_id: viewers})
        if change.visibility == "public":
            listed[stream_id] = (viewers, change)
    return listed


async def all_entries(db: Database, only: DirectoryFilter = directory.ANYTHING) -> list[DirectoryEntry]:
    """The directory, read three entries at a time."""
    found: list[DirectoryEntry] = []
    after = None
    while page := await directory.select_directory(db, limit=3, only=only, after=after):
        found += page
        after = DirectoryPlace(page[-1].viewer_count, page[-1].stream_id)
    return found


async def test_the_directory_is_that_of_a_model_page_by_page(database: Database) -> None:
    model = await add_site(database)
    category_id = next(change.category_id or 0 for _, change in model.values() if change.category_id)
    for only in (
        DirectoryFilter(),
        DirectoryFilter(category_ids=[category_id]),
        DirectoryFilter(languages=["de", "fr"]),
        DirectoryFilter(tags=["chill", "RETRO"]),
        DirectoryFilter(category_ids=[category_id], languages=["en"], tags=["日本語"]),
        DirectoryFilter(tags=["nobody"]),
    ):
        wanted = [
            (viewers, stream_id)
            for stream_id, (viewers, change) in model.items()
            if (not only.category_ids or change.category_id in only.category_ids)
            and (not only.languages or change.language in only.languages)
            and {tag.lower() for tag in only.tags} <= {tag.lower() for tag in change.tags or []}
        ]
        found = await all_entries(database, only)
        assert [(entry.viewer_count, entry.stream_id) for entry in found] == sorted(wanted, reverse=True)


async def test_categories_are_listed_with_what_is_live_page_by_page(database: Database) -> None:
    model = await add_site(database)
    everything = await categories.select_live_categories(database, limit=1000)
    for category in everything:
        inside = [viewers for viewers, change in model.values() if change.category_id == category.id]
        assert (category.live, category.viewers) == (len(inside), sum(inside))
    assert everything == sorted(everything, key=lambda category: (-category.viewers, category.id))
    paged = await categories.select_live_categories(database, limit=7)
    while page := await categories.select_live_categories(
        database, limit=7, after=CategoryPlace(paged[-1].viewers, paged[-1].id)
    ):
        paged += page
    assert paged == everything


async def test_of_two_open_broadcasts_of_a_channel_one_is_listed(database: Database) -> None:
    user = await add_user(database)
    newer = await add_stream(database, user.id, started_at=LATER)
    await add_stream(database, user.id, started_at=NOW)
    assert [entry.stream_id for entry in await all_entries(database)] == [newer]
    assert [entry.stream_id for entry in await directory.select_live_of(database, [user.id])] == [newer]


async def test_viewers_have_a_peak_an_average_and_a_history(database: Database) -> None:
    stream_id = await add_stream(database, (await add_user(database)).id)
    other = await add_stream(database, (await add_user(database, "other")).id)
    assert await directory.select_audience(database, new_id()) is None
    assert await directory.select_audience(database, stream_id) == Audience(0, 0, None)
    for minute, viewers in enumerate([3, 9, 6]):
        await directory.update_viewer_counts(database, {stream_id: viewers, new_id(): 5})
        for _ in range(2):
            await directory.insert_viewer_samples(database, at=NOW + timedelta(minutes=minute))
    history = [
        ViewerSample(NOW + timedelta(minutes=minute), viewers) for minute, viewers in enumerate([3, 9, 6])
    ]
    assert await directory.select_viewer_samples(database, stream_id, limit=9) == history
    assert await directory.select_viewer_samples(database, stream_id, limit=2) == history[1:]
    assert await directory.select_audience(database, stream_id) == Audience(6, 9, 6.0)
    await streams.end_stream(database, stream_id=stream_id, ended_at=LATER, reason="unpublished")
    await directory.update_viewer_counts(database, {stream_id: 100})
    assert await directory.delete_viewer_samples(database, before=NOW + timedelta(minutes=9), limit=2) == 2
    assert await directory.delete_viewer_samples(database, before=NOW + timedelta(minutes=9), limit=9) == 4
    assert await directory.select_audience(database, stream_id) == Audience(6, 9, 6.0)
    assert await directory.select_audience(database, other) == Audience(0, 0, None)
    assert await directory.insert_viewer_samples(database, at=LATER) == 1
