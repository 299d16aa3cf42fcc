"""The directory over HTTP on a real PostgreSQL: who is in it, in which order, and that turning its pages loses nobody."""

import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from quart_trio import QuartTrio

from common.db import Database
from common.queries import categories, channels, directory, streams
from common.queries.channels import ChannelUpdate
from tests.common.test_queries import LATER, add_stream, add_user
from tests.webapp.test_accounts import Browser
from webapp.stream_routes import StreamsQuery

pytestmark = pytest.mark.real


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def go_live(db: Database, login: str, viewers: int = 0, **change: Any) -> tuple[int, uuid.UUID]:
    user = await add_user(db, login)
    await channels.update_channel(db, user.id, ChannelUpdate(**change))
    stream_id = await add_stream(db, user.id)
    await directory.update_viewer_counts(db, {stream_id: viewers})
    return user.id, stream_id


async def listed(app: QuartTrio, query: str = "") -> list[str]:
    status, body = await Browser(app).ask("GET", f"/api/streams?{query}")
    assert status == 200, body
    return [stream["user_login"] for stream in body["data"]]


async def test_a_live_stream_has_helix_fields_and_what_the_channel_says_now(
    app: QuartTrio, database: Database
) -> None:
    assert await Browser(app).ask("GET", "/api/streams") == (200, {"data": [], "pagination": {}})
    [chess] = await categories.select_categories(database, slugs=["chess"])
    user_id, stream_id = await go_live(database, "anna", 7, title="before")
    await channels.update_channel(
        database,
        user_id,
        ChannelUpdate(
            title="Speedrun <b>", category_id=chess.id, tags=["Retro"], language="de", is_mature=True
        ),
    )
    _, body = await Browser(app).ask("GET", "/api/streams")
    assert body == {
        "data": [
            {
                "id": str(stream_id),
                "user_id": str(user_id),
                "user_login": "anna",
                "user_name": "Anna",
                "game_id": str(chess.id),
                "game_name": "Chess",
                "type": "live",
                "title": "Speedrun <b>",
                "tags": ["Retro"],
                "viewer_count": 7,
                "started_at": "2026-01-02T03:04:05.000Z",
                "language": "de",
                "is_mature": True,
            }
        ],
        "pagination": {},
    }


async def test_only_public_streams_are_listed_and_unlisted_ones_for_who_names_them(
    app: QuartTrio, database: Database
) -> None:
    ids = {}
    for viewers, (login, visibility) in enumerate(
        [("open_1", "public"), ("hidden", "unlisted"), ("friends", "followers"), ("banned", "public")]
    ):
        ids[login], _ = await go_live(database, login, viewers, visibility=visibility)
    await database.execute("update users set suspended_at = now() where login = 'banned'")
    assert await listed(app) == ["open_1"]
    for login, found in (("hidden", ["hidden"]), ("friends", []), ("banned", []), ("nobody_1", [])):
        assert await listed(app, f"user_login={login.upper()}") == found
        assert await listed(app, f"user_id={ids.get(login, 999_999)}") == found
    both = f"user_login=open_1&user_login=hidden&user_id={ids['hidden']}"
    assert await listed(app, both) == ["hidden", "open_1"]
    await streams.end_stream(database, stream_id=(await live(database, "open_1")), ended_at=LATER, reason="x")
    assert await listed(app, both) == ["hidden"]


async def live(db: Database, login: str) -> uuid.UUID:
    found: uuid.UUID = await db.fetchval(
        "select streams.id from streams join users on users.id = channel_id where login = $1", login
    )
    return found


async def test_filters_narrow_the_list_and_those_of_one_kind_widen_each_other(
    app: QuartTrio, database: Database
) -> None:
    chess, music = await categories.select_categories(database, slugs=["chess", "music"])
    if chess.slug != "chess":
        chess, music = music, chess
    await go_live(database, "anna", 4, category_id=chess.id, language="de", tags=["Retro", "Chill"])
    await go_live(database, "berta", 3, category_id=music.id, language="en", tags=["retro"])
    await go_live(database, "carla", 2, category_id=chess.id, language="en")
    await go_live(database, "dora", 1)
    for query, found in {
        f"game_id={chess.id}": ["anna", "carla"],
        f"game_id={chess.id}&game_id={music.id}": ["anna", "berta", "carla"],
        f"game_id={chess.id}&language=en": ["carla"],
        "language=de&language=en": ["anna", "berta", "carla"],
        "tag=RETRO": ["anna", "berta"],
        "tag=retro&tag=chill": ["anna"],
        "type=live": ["anna", "berta", "carla", "dora"],
        "type=all&first=1": ["anna"],
        f"user_login=anna&user_login=dora&game_id={chess.id}": ["anna"],
        "game_id=999999": [],
    }.items():
        assert (query, await listed(app, query)) == (query, found)


WRONG = [
    "first=0",
    "first=101",
    "first=-1",
    "first=x",
    "first=",
    "first=%C2%B2",
    "first=99999999999999999999999",
    "user_login=a",
    "user_login=an%00na",
    "user_login=" + "x" * 5000,
    "&".join(["user_login=anna"] * 101),
    "user_id=0",
    "user_id=1%20or%201=1",
    "game_id=9223372036854775808",
    "type=dead",
    "tag=" + "x" * 26,
    "tag=",
    "after=AAAA",
    "after=",
    "before=x",
]


async def test_wrong_queries_are_refused_with_a_reason(app: QuartTrio) -> None:
    for query in WRONG:
        status, body = await Browser(app).ask("GET", f"/api/streams?{query}")
        assert (query, status) == (query, 400)
        assert body["error"] == body["title"] == "Bad Request"
        assert body["message"] == body["detail"]


async def pages(app: QuartTrio, query: str, *, first: int, between: Callable[[], Any]) -> list[str]:
    """Read a list to its end; `between` is what happens before each further page."""
    found: list[str] = []
    cursor = ""
    while True:
        status, body = await Browser(app).ask("GET", f"/api/streams?first={first}&{query}{cursor}")
        assert status == 200, body
        assert len(body["data"]) <= first
        found += [stream["user_login"] for stream in body["data"]]
        if "cursor" not in body["pagination"]:
            return found
        cursor = f"&after={body['pagination']['cursor']}"
        await between()


async def test_whoever_turns_pages_meets_everybody_once_whatever_viewers_do(
    app: QuartTrio, database: Database
) -> None:
    pick = random.Random(1)
    ids = {}
    for number in range(40):
        login = f"user_{number:02}"
        _, ids[login] = await go_live(
            database, login, pick.randrange(30), language="de" if number % 2 else "en"
        )
    newcomers = iter(range(100))

    async def turmoil() -> None:
        """All counts change, one stream ends, another begins."""
        await directory.update_viewer_counts(
            database, {stream: pick.randrange(30) for stream in ids.values()}
        )
        gone = pick.choice(sorted(ids))
        await streams.end_stream(database, stream_id=ids.pop(gone), ended_at=LATER, reason="unpublished")
        await go_live(database, f"late_{next(newcomers)}", pick.randrange(30), language="de")

    for query in ("", "language=de", "language=de&language=en"):
        began = {login for login in ids if "language=en" in query or not query or int(login[-2:]) % 2}
        found = await pages(app, query, first=4, between=turmoil)
        assert len(set(found)) == len(found), "somebody twice"
        assert began & ids.keys() <= set(found), "somebody who was there all the time is missing"


async def test_behind_an_order_that_is_forgotten_pages_go_on_by_viewers(
    app: QuartTrio, database: Database
) -> None:
    for number in range(9):
        await go_live(database, f"user_{number}", number)

    async def forget() -> None:
        await database.execute("delete from directory_orders")

    assert await pages(app, "", first=2, between=forget) == [f"user_{number}" for number in range(8, -1, -1)]


async def test_orders_are_shared_while_fresh_and_go_when_they_are_old(
    app: QuartTrio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.stream_routes.ORDER_TRUSTED_S", 0.0)
    for number in range(3):
        await go_live(database, f"user_{number}", number)
    for _ in range(3):
        await listed(app, "first=1")
    assert await database.fetchval("select count(*) from directory_orders") == 1
    await database.execute("update directory_orders set made_at = now() - interval '3 seconds'")
    assert await listed(app, "first=1") == ["user_2"]
    assert await database.fetchval("select count(*) from directory_orders") == 2
    await database.execute("update directory_orders set made_at = now() - interval '11 minutes'")
    await listed(app, "first=1")
    assert await database.fetchval("select count(*) from directory_orders") == 1


async def test_a_process_begins_with_the_order_it_knows_while_that_is_there(
    app: QuartTrio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.stream_routes.ORDER_TRUSTED_S", 3600.0)
    ids = [(await go_live(database, f"user_{number}", number))[1] for number in range(4)]
    assert await listed(app, "first=2") == ["user_3", "user_2"]
    await directory.update_viewer_counts(database, {ids[0]: 9})
    assert await listed(app, "first=2") == ["user_3", "user_2"]
    for stream_id in ids[1:3]:
        await streams.end_stream(database, stream_id=stream_id, ended_at=LATER, reason="unpublished")
    assert await listed(app, "first=2") == ["user_0", "user_3"], "what is left fits a page"
    await go_live(database, "user_4", 1)
    await database.execute("delete from directory_orders")
    assert await listed(app, "first=2") == ["user_0", "user_3"]


async def test_a_list_that_fits_a_page_needs_no_order(app: QuartTrio, database: Database) -> None:
    await go_live(database, "anna")
    assert await listed(app) == ["anna"]
    assert await database.fetchval("select count(*) from directory_orders") == 0


async def test_those_who_are_named_come_in_pages_too(app: QuartTrio, database: Database) -> None:
    for number in range(5):
        await go_live(database, f"user_{number}", number // 2)
    query = "&".join(f"user_login=user_{number}" for number in range(5))

    found = await pages(app, query, first=2, between=trio.lowlevel.checkpoint)
    assert sorted(found) == [f"user_{number}" for number in range(5)]
    assert (found[0], set(found[1:3])) == ("user_4", {"user_2", "user_3"})


async def test_a_cursor_is_for_the_list_that_gave_it(app: QuartTrio, database: Database) -> None:
    for number in range(3):
        await go_live(database, f"user_{number}", number, language="de")
    _, body = await Browser(app).ask("GET", "/api/streams?first=1&language=de")
    cursor = body["pagination"]["cursor"]
    assert await listed(app, f"first=1&language=de&after={cursor}") == ["user_1"]
    for query in ("", "language=en", "language=de&tag=x", "user_login=user_1&language=de"):
        assert (await Browser(app).ask("GET", f"/api/streams?{query}&after={cursor}"))[0] == 400
    assert (await Browser(app).ask("GET", f"/api/games/top?after={cursor}"))[0] == 400


@given(st.lists(st.sampled_from(["en", "de", "fr"])), st.randoms(use_true_random=False))
def test_the_same_filters_in_any_order_are_the_same_list(languages: list[str], pick: random.Random) -> None:
    shuffled = [language.upper() for language in languages]
    pick.shuffle(shuffled)
    assert StreamsQuery(language=languages).list_name == StreamsQuery(language=shuffled).list_name
    assert (
        StreamsQuery(language=languages).list_name != StreamsQuery(tag=["en"], language=languages).list_name
    )
