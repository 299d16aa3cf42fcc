"""Categories and search over HTTP on a real PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.queries import categories, channels, directory
from common.queries.channels import ChannelUpdate
from tests.common.test_queries import add_stream, add_user
from tests.webapp.test_accounts import Browser

pytestmark = pytest.mark.real


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def add(db: Database, login: str, viewers: int | None = None, **change: Any) -> int:
    user = await add_user(db, login)
    await channels.update_channel(db, user.id, ChannelUpdate(**change))
    if viewers is not None:
        await directory.update_viewer_counts(db, {await add_stream(db, user.id): viewers})
    return user.id


async def all_pages(app: QuartTrio, path: str, *, first: int) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    for _ in range(200):
        status, body = await Browser(app).ask("GET", f"{path}first={first}{cursor}")
        assert status == 200, body
        found += body["data"]
        if "cursor" not in body["pagination"]:
            return found
        cursor = f"&after={body['pagination']['cursor']}"
    raise AssertionError("this list has no end")


async def test_categories_are_looked_up_by_id_and_name(app: QuartTrio, database: Database) -> None:
    [chess] = await categories.select_categories(database, slugs=["chess"])
    ask = Browser(app).ask
    shown = {"id": str(chess.id), "name": "Chess", "slug": "chess", "box_art_url": ""}
    assert (await ask("GET", f"/api/games?id={chess.id}"))[1] == {"data": [shown]}
    assert (await ask("GET", "/api/games?name=CHESS&name=nothing&id=999999"))[1] == {"data": [shown]}
    await categories.insert_category(database, slug="chess", name="Chess", box_art="abc.webp")
    _, body = await ask("GET", "/api/games?name=chess", Host="live.example:8080")
    assert body["data"][0]["box_art_url"] == "http://live.example:8080/assets/abc.webp"
    for wrong in ("", "id=0", "id=x", "name=", "name=" + "x" * 61, "slug=chess"):
        assert (await ask("GET", f"/api/games?{wrong}"))[0] == 400


async def test_a_new_site_has_categories_of_all_kinds(app: QuartTrio) -> None:
    found = await all_pages(app, "/api/games/top?", first=100)
    names = [category["name"] for category in found]
    assert len(names) == len(set(names)) >= 60
    assert {"Music", "Art", "Software and Game Development", "Chess", "Minecraft", "Pokémon"} <= set(names)
    assert {(category["live_channels"], category["viewer_count"]) for category in found} == {(0, 0)}


async def test_top_categories_count_what_is_listed_page_by_page(app: QuartTrio, database: Database) -> None:
    [chess] = [found.id for found in await categories.select_categories(database, slugs=["chess"])]
    [music] = [found.id for found in await categories.select_categories(database, slugs=["music"])]
    await add(database, "anna", 5, category_id=chess)
    await add(database, "berta", 4, category_id=chess)
    await add(database, "carla", 8, category_id=music)
    await add(database, "hidden", 100, category_id=music, visibility="unlisted")
    await add(database, "nobody_1", 100)
    found = await all_pages(app, "/api/games/top?", first=7)
    assert [(one["name"], one["live_channels"], one["viewer_count"]) for one in found[:3]] == [
        ("Chess", 2, 9),
        ("Music", 1, 8),
        (found[2]["name"], 0, 0),
    ]
    assert len({one["id"] for one in found}) == len(found)


async def test_categories_are_found_while_typed_page_by_page(app: QuartTrio) -> None:
    ask = Browser(app).ask
    _, body = await ask("GET", "/api/search/categories?query=minec&first=1")
    assert [one["slug"] for one in body["data"]] == ["minecraft"]
    _, whole = await ask("GET", "/api/search/categories?query=games&first=100")
    assert len(whole["data"]) > 4
    assert await all_pages(app, "/api/search/categories?query=games&", first=2) == whole["data"]
    assert (await ask("GET", "/api/search/categories?query=%3F"))[1] == {"data": [], "pagination": {}}
    for wrong in ("", "query=", "query=" + "x" * 101, "query=a&query=b", "query=a%00"):
        assert (await ask("GET", f"/api/search/categories?{wrong}"))[0] == 400


async def test_channels_are_found_live_ones_first(app: QuartTrio, database: Database) -> None:
    [chess] = await categories.select_categories(database, slugs=["chess"])
    await add(database, "otter", title="the name itself")
    await add(database, "otter_off")
    live = await add(
        database, "sea_otter", 3, title="holding hands", category_id=chess.id, tags=["Calm"], language="en"
    )
    await add(database, "river", 9, title="watching otter families")
    await add(database, "secret_otter", 50, visibility="unlisted")
    found = await all_pages(app, "/api/search/channels?query=otter&", first=2)
    assert [one["broadcaster_login"] for one in found] == ["otter", "sea_otter", "river", "otter_off"]
    assert found[1] == {
        "id": str(live),
        "broadcaster_login": "sea_otter",
        "display_name": "Sea_Otter",
        "broadcaster_language": "en",
        "game_id": str(chess.id),
        "game_name": "Chess",
        "title": "holding hands",
        "tags": ["Calm"],
        "follower_count": 0,
        "is_live": True,
        "viewer_count": 3,
        "started_at": "2026-01-02T03:04:05.000Z",
    }
    assert (found[0]["is_live"], found[0]["viewer_count"], found[0]["started_at"]) == (False, None, None)
    found = await all_pages(app, "/api/search/channels?query=otter&live_only=true&", first=1)
    assert [one["broadcaster_login"] for one in found] == ["sea_otter", "river"]


async def test_searches_that_are_none(app: QuartTrio) -> None:
    ask = Browser(app).ask
    for wrong in ("", "query=", "query=" + "x" * 101, "query=a&live_only=perhaps", "query=a&after=x"):
        assert (await ask("GET", f"/api/search/channels?{wrong}"))[0] == 400
    for strange in ("%25", "'%3B--", "%F0%9F%A6%A6", "%2A", "a%5C"):
        assert (await ask("GET", f"/api/search/channels?query={strange}"))[1] == {
            "data": [],
            "pagination": {},
        }
