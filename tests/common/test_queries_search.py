"""Search, against a real PostgreSQL: what is found, in which order, and what is not."""

import pytest

from common.db import Database
from common.queries import categories, channels, directory, follows, search
from common.queries.channels import ChannelUpdate
from common.queries.search import FoundPlace
from tests.common.test_queries import add_stream, add_user

pytestmark = pytest.mark.real


async def add(db: Database, login: str, display_name: str = "", title: str = "") -> int:
    user = await add_user(db, login)
    await db.execute("update users set display_name = $2 where id = $1", user.id, display_name or login)
    await channels.update_channel(db, user.id, ChannelUpdate(title=title))
    return user.id


async def found(db: Database, text: str, *, limit: int = 50, live_only: bool = False) -> list[str]:
    rows = await search.find_channels(db, text, limit=limit, live_only=live_only)
    return [row.login for row in rows]


async def test_a_channel_is_found_by_login_display_name_and_title(database: Database) -> None:
    await add(database, "anna_plays", "Ännä Spielt", "Königsgambit für Anfänger")
    await add(database, "yuki", "雪だるま", "日本語配信")
    await add(database, "somebody", "Somebody", "cooking")
    for text in (
        "anna_plays",
        "annaplays",
        "ANNA",
        "plays anna",
        "ANNA spielt",
        "konigsgambit",
        "GAMBIT anfaenger"[:6],
    ):
        assert "anna_plays" in await found(database, text), text
    for text in ("雪だるま", "だるま", "日本語", "配信", "配"):
        assert await found(database, text) == ["yuki"], text
    assert await found(database, "nothing like it") == []
    assert await found(database, "!") == []


async def test_one_slip_is_forgiven(database: Database) -> None:
    await add(database, "nightcrawler")
    for text in (
        "nightcrawler",
        "nihgtcrawler",
        "nightcrwler",
        "nightcrawlerr",
        "mightcrawler",
        "nightkrawler",
    ):
        assert await found(database, text) == ["nightcrawler"], text
    for text in ("daydreamer", "nihgtcrwler", "nightshift", "crawler"[:2]):
        assert await found(database, text) == [], text


async def test_the_login_itself_comes_first_then_names_then_titles_then_slips(database: Database) -> None:
    fan = await add(database, "fan")
    popular = await add(database, "foxtrotter_tv")
    await follows.upsert_follow(database, user_id=fan, channel_id=popular, notify=True)
    await add(database, "foxtrotter")
    await add(database, "foxtrotters")
    await add(database, "dancer", title="learning the foxtrotter step")
    assert await found(database, "foxtrotter") == [
        "foxtrotter",
        "foxtrotter_tv",
        "foxtrotters",
        "dancer",
    ]
    rows = await search.find_channels(database, "foxtrotter", limit=9)
    for index, row in enumerate(rows):
        after = FoundPlace(row.score, row.channel_id)
        assert (
            await search.find_channels(database, "foxtrotter", limit=1, after=after) == rows[index + 1 :][:1]
        )


async def test_what_is_meant_with_a_slip_comes_last_and_not_at_all_beside_a_login(database: Database) -> None:
    await add(database, "penguinparty")
    await add(database, "penguinpatry")
    assert await found(database, "penguinpart") == ["penguinparty", "penguinpatry"]
    assert await found(database, "penguin_party") == ["penguinparty"]


async def test_only_what_is_listed_is_found_and_by_its_words_of_now(database: Database) -> None:
    user_id = await add(database, "zebra_one", title="cooking pasta")
    assert await found(database, "cooking pasta") == ["zebra_one"]
    await channels.update_channel(database, user_id, ChannelUpdate(title="repairing bicycles"))
    assert await found(database, "cooking pasta") == []
    await database.execute("update users set display_name = 'Quagga' where id = $1", user_id)
    assert await found(database, "quagga") == ["zebra_one"]
    await channels.update_channel(database, user_id, ChannelUpdate(visibility="followers"))
    assert await found(database, "quagga") == []
    await channels.update_channel(database, user_id, ChannelUpdate(visibility="public"))
    assert await found(database, "quagga") == ["zebra_one"]
    await database.execute("update users set suspended_at = now() where id = $1", user_id)
    assert await found(database, "quagga") == []


async def test_only_live_channels_are_found_where_that_is_asked_for(database: Database) -> None:
    live, _ = await add(database, "parrot_live"), await add(database, "parrot_off")
    stream_id = await add_stream(database, live)
    await directory.update_viewer_counts(database, {stream_id: 7})
    assert await found(database, "parrot", live_only=True) == ["parrot_live"]
    rows = await search.find_channels(database, "parrot", limit=9)
    assert {row.login: row.viewers for row in rows} == {"parrot_live": 7, "parrot_off": None}


async def test_more_than_a_search_refreshes_at_once_is_found_by_the_next_ones(database: Database) -> None:
    for number in range(5):
        await add(database, f"otter_{number}")
    assert await search.refresh_channels(database, limit=3) == 3
    assert await search.refresh_channels(database, limit=3) == 2
    assert await search.refresh_channels(database, limit=3) == 0
    assert len(await found(database, "otter")) == 5


async def test_words_that_changed_while_their_trigrams_were_made_are_left_for_the_next(
    database: Database,
) -> None:
    user_id = await add(database, "otter_1", title="first")
    (stale,) = await search.select_stale_channels(database, limit=9)
    await channels.update_channel(database, user_id, ChannelUpdate(title="second"))
    await search.update_channel_grams(database, [stale])
    assert len(await search.select_stale_channels(database, limit=9)) == 1
    assert await found(database, "second") == ["otter_1"]


async def test_categories_are_found_by_name_while_typed_and_with_a_slip(database: Database) -> None:
    async def named(text: str) -> list[str]:
        return [category.slug for category in await search.find_categories(database, text, limit=5)]

    assert (await named("mus"))[0] == "music"
    assert (await named("software"))[0] == "software-development"
    assert (await named("softwarre development"))[0] == "software-development"
    assert (await named("Chess"))[0] == "chess"
    assert await named("?") == []
    await categories.insert_category(database, slug="chess", name="Königliches Spiel")
    assert await named("chess") == []
    assert await named("konigliches") == ["chess"]
