"""Pictures over HTTP on a real PostgreSQL: who may upload what, and how they are served."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio
from trio.testing import MockClock

from common.db import Database
from common.queries import assets, channels
from common.queries.assets import Asset, NewAsset
from common.queries.channels import ChannelUpdate
from tests.webapp.conftest import put_channel
from tests.webapp.pictures import decoded, encoded, gradient, png, png_bomb, png_that_says
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person, program
from webapp.asset_routes import UPLOADS_AT_ONCE
from webapp.assets import AssetCache, AssetShelf
from webapp.image_check import MAX_UPLOAD_BYTES, Fit
from webapp.image_press import AT_ONCE, WAITING, ImagePress, Pressed

real = pytest.mark.real
HOST = {"Host": "live.example:9000"}
PROFILE = "/api/users/me/profile-image"
OFFLINE = "/api/channels/anna/offline-image"
PANELS = "/api/channels/anna/panel-images"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def send(
    browser: Browser, path: str, data: bytes, content_type: str = "image/png", method: str = "PUT"
) -> tuple[int, Any]:
    response = await browser.client.open(  # type: ignore[call-arg]  # says that it wants JSON, and does not
        path, method=method, data=data, headers={**browser.headers, **HOST, "Content-Type": content_type}
    )
    return response.status_code, await response.get_json()


async def stored(app: QuartTrio, url: str) -> bytes:
    response = await app.test_client().get(url.removeprefix("http://live.example:8080"))
    assert response.status_code == 200
    data = await response.get_data()
    assert isinstance(data, bytes)
    return data


@real
async def test_a_picture_of_oneself(app: QuartTrio, database: Database) -> None:
    anna = await person(app, database, "anna")
    status, body = await send(anna, PROFILE, png(600, 400))
    assert status == 200, body
    (picture,) = body["data"]
    assert picture["url"] == f"http://live.example:8080/assets/{picture['name']}"
    assert (picture["width"], picture["height"]) == (300, 300)
    assert decoded(await stored(app, picture["url"])).size == (300, 300)
    response = await app.test_client().get("/api/users?login=anna", headers=HOST)
    assert (await response.get_json())["data"][0]["profile_image_url"] == picture["url"]

    assert (await anna.ask("DELETE", PROFILE))[0] == 204
    _, body = await anna.ask("GET", "/api/users/me")
    assert body["data"][0]["profile_image_url"] == ""


@real
async def test_a_picture_while_the_channel_is_offline(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    editor = await person(app, database, "edgar", editor="anna")
    status, body = await send(editor, OFFLINE, encoded(gradient(2000, 1000), "JPEG"), "image/jpeg")
    assert status == 200, body
    assert (body["data"][0]["width"], body["data"][0]["height"]) == (1920, 960)
    response = await app.test_client().get("/api/channels/anna", headers=HOST)
    assert (await response.get_json())["data"][0]["offline_image_url"] == body["data"][0]["url"]
    assert (await editor.ask("DELETE", OFFLINE))[0] == 204
    logged = await database.fetch("select action, details::text as details from audit_log")
    assert [(row["action"], row["details"]) for row in logged] == [
        ("update_channel", '{"fields": ["offline_image"]}')
    ] * 2
    _, body = await editor.ask("GET", "/api/channels/anna")
    assert body["data"][0]["offline_image_url"] == ""


@real
async def test_a_picture_for_a_panel_stays_once_the_panel_has_it(app: QuartTrio, database: Database) -> None:
    anna = await person(app, database, "anna")
    status, body = await send(anna, PANELS, png(640, 320), method="POST")
    assert status == 201, body
    name = body["data"][0]["name"]
    assert (body["data"][0]["width"], body["data"][0]["height"]) == (320, 160)
    status, body = await anna.ask("PATCH", "/api/channels/anna", {"panels": [{"title": "Me", "image": name}]})
    assert status == 200, body
    assert body["data"][0]["panels"][0]["image"] == name
    await database.execute("update assets set check_at = now()")
    assert (await assets.sweep_assets(database, limit=9)).kept == 1


@real
@pytest.mark.parametrize(("path", "method"), [(OFFLINE, "PUT"), (PANELS, "POST"), (OFFLINE, "DELETE")])
async def test_pictures_of_a_channel_are_for_its_owner_and_editors(
    app: QuartTrio, database: Database, path: str, method: str
) -> None:
    await put_channel(database, "anna", live=False)
    for who in (
        await person(app, database, "bert"),
        await person(app, database, "moritz", moderator="anna"),
        await program(app, database, "bert", "channel:manage:broadcast"),
    ):
        assert (await send(who, path, png(), method=method))[0] == 403
    assert (await send(Browser(app), path, png(), method=method))[0] == 401
    assert await database.fetchval("select count(*) from assets") == 0


REFUSED = [
    (b"", "image/png", 400),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 415),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 400),
    (png(), "image/jpeg", 400),
    (png(), "application/octet-stream", 415),
    (png(), "", 415),
    (b'{"a": 1}', "application/json", 415),
    (png_that_says(30_000, 30_000), "image/png", 400),
    (png()[:60], "image/png", 400),
    (bytes(MAX_UPLOAD_BYTES + 1), "image/png", 413),
]


@real
async def test_what_is_no_picture_of_ours_is_refused(app: QuartTrio, database: Database) -> None:
    anna = await person(app, database, "anna")
    for data, content_type, status in REFUSED:
        found, body = await send(anna, PROFILE, data, content_type)
        assert (found, body["status"]) == (status, status), (data[:50], content_type)
        assert body["message"].endswith(".")
    assert await database.fetchval("select count(*) from assets") == 0


@real
async def test_a_large_photo_is_taken_where_other_bodies_are_not(app: QuartTrio, database: Database) -> None:
    anna = await person(app, database, "anna")
    assert (await send(anna, PROFILE, png(900, 900) + bytes(3_000_000)))[0] == 200
    assert (await send(anna, "/api/tokens", bytes(70_000), "application/json", "POST"))[0] == 413


@real
async def test_a_bomb_that_is_within_the_limits_is_decoded_elsewhere(
    app: QuartTrio, database: Database
) -> None:
    anna = await person(app, database, "anna")
    assert (await send(anna, PROFILE, png_bomb(4000, 3000)))[0] == 200


class CountingPress(ImagePress):
    """Makes nothing, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.go_on = trio.Event()
        self.go_on.set()

    async def press(self, content_type: str, data: bytes, fit: Fit) -> Pressed:
        self.asked += 1
        await self.go_on.wait()
        return Pressed(1, 1, b"picture")


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> CountingPress:
    press = CountingPress()
    monkeypatch.setattr("webapp.app.ImagePress", lambda: press)
    return press


@real
async def test_somebody_who_uploads_without_end_is_told_to_wait(
    press: CountingPress, app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    app = app_factory(database=database)
    anna, bert = await person(app, database, "anna"), await person(app, database, "bert")
    found = [(await send(anna, PROFILE, png()))[0] for _ in range(UPLOADS_AT_ONCE + 1)]
    assert found == [200] * UPLOADS_AT_ONCE + [429]
    assert press.asked == UPLOADS_AT_ONCE
    assert (await send(bert, PROFILE, png()))[0] == 200


@real
async def test_more_uploads_than_there_is_room_for_are_sent_away(
    press: CountingPress, app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    app, press.go_on = app_factory(database=database), trio.Event()
    people = [await person(app, database, f"user_{number}") for number in range(AT_ONCE + WAITING + 1)]
    found = []

    async def upload(browser: Browser) -> None:
        found.append((await send(browser, PROFILE, png()))[0])
        press.go_on.set()  # only who is refused comes here before

    async with trio.open_nursery() as nursery:
        for browser in people:
            nursery.start_soon(upload, browser)
    assert sorted(found) == [200] * (AT_ONCE + WAITING) + [503]


# -- serving ------------------------------------------------------------------------------------------------------------


async def put(db: Database, data: bytes = b"pixels") -> str:
    return await assets.upsert_asset(db, NewAsset("image/jpeg", 4, 3, data))


@real
async def test_an_asset_is_served_for_ever_and_can_do_nothing(app: QuartTrio, database: Database) -> None:
    name = await put(database)
    response = await app.test_client().get(f"/assets/{name}")
    assert (response.status_code, await response.get_data()) == (200, b"pixels")
    headers = response.headers
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert headers["ETag"] == f'"{hashlib.sha256(b"pixels").hexdigest()}"'
    assert "Set-Cookie" not in headers


@real
async def test_who_has_it_already_is_told_so(app: QuartTrio, database: Database) -> None:
    name = await put(database)
    for tag in (f'"{name[:64]}"', f'W/"{name[:64]}"', "*", f'"x", "{name[:64]}"'):
        response = await app.test_client().get(f"/assets/{name}", headers={"If-None-Match": tag})
        assert (response.status_code, await response.get_data()) == (304, b"")
        assert response.headers["ETag"] == f'"{name[:64]}"'
    response = await app.test_client().get(f"/assets/{name}", headers={"If-None-Match": '"other"'})
    assert response.status_code == 200


@real
async def test_head_gives_the_same_without_the_picture(app: QuartTrio, database: Database) -> None:
    name = await put(database)
    response = await app.test_client().head(f"/assets/{name}")
    assert response.status_code == 200
    assert response.headers["Content-Length"] == "6"
    assert response.headers["Content-Type"] == "image/jpeg"


@real
@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "0" * 64 + ".jpg",
        "0" * 64,
        "0" * 64 + ".svg",
        "0" * 64 + ".jpg.html",
        "..%2f..%2fetc",
        "A" * 64 + ".jpg",
    ],
)
async def test_there_is_nothing_else_there(app: QuartTrio, name: str) -> None:
    response = await app.test_client().get(f"/assets/{name}")
    assert response.status_code == 404
    assert "immutable" not in response.headers.get("Cache-Control", "")


@real
async def test_a_picture_under_the_name_of_another_type_is_not_found(
    app: QuartTrio, database: Database
) -> None:
    name = await put(database)
    assert (await app.test_client().get(f"/assets/{name[:64]}.webp")).status_code == 404


@real
async def test_two_nodes_serve_the_same_pictures(
    app: QuartTrio, app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    anna = await person(app, database, "anna")
    _, body = await send(anna, PROFILE, png())
    other = app_factory(database=database)
    response = await other.test_client().get(f"/assets/{body['data'][0]['name']}")
    assert response.status_code == 200


async def test_while_the_database_is_away_pictures_come_later(app_factory: Callable[..., QuartTrio]) -> None:
    response = await app_factory().test_client().get(f"/assets/{'0' * 64}.jpg")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


# -- memory -------------------------------------------------------------------------------------------------------------


def asset(size: int) -> Asset:
    return Asset("image/jpeg", bytes(size))


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    cache = AssetCache(max_bytes=100)
    cache.put("a", asset(40), 0)
    cache.put("b", asset(40), 0)
    assert cache.get("a", 1)
    cache.put("c", asset(40), 1)
    assert [name for name in "abc" if cache.get(name, 1)] == ["a", "c"]
    assert cache.size_bytes == 80


def test_a_picture_larger_than_the_memory_is_not_kept() -> None:
    cache = AssetCache(max_bytes=100)
    cache.put("a", asset(101), 0)
    assert cache.get("a", 0) is None
    assert cache.size_bytes == 0


def test_after_a_minute_the_database_is_asked_again() -> None:
    cache = AssetCache(max_bytes=100, trust_s=60)
    cache.put("a", asset(10), 0)
    assert cache.get("a", 59.9)
    assert cache.get("a", 60) is None
    assert cache.size_bytes == 0


def test_the_same_picture_counts_once() -> None:
    cache = AssetCache(max_bytes=100)
    cache.put("a", asset(60), 0)
    cache.put("a", asset(60), 1)
    assert cache.size_bytes == 60


class SlowDatabase:
    """Answers after a second, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    async def fetchrow(self, *_: object) -> dict[str, object]:
        self.asked += 1
        await trio.sleep(1)
        return {"content_type": "image/jpeg", "data": b"pixels"}


async def test_a_picture_that_many_want_at_once_is_fetched_once(autojump_clock: MockClock) -> None:
    db = SlowDatabase()
    shelf, found = AssetShelf(db), []  # type: ignore[arg-type]  # all of it that is asked

    async def want() -> None:
        found.append(await shelf.find("a"))

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(want)
    assert found == [Asset("image/jpeg", b"pixels")] * 50
    assert db.asked == 1


async def test_who_fetches_it_may_leave_without_the_others_waiting_in_vain(autojump_clock: MockClock) -> None:
    db = SlowDatabase()
    shelf, found = AssetShelf(db), []  # type: ignore[arg-type]  # as above

    async def want(patience_s: float) -> None:
        with trio.move_on_after(patience_s):
            found.append(await shelf.find("a"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(want, 0.5)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(3):
            nursery.start_soon(want, 9)
    assert len(found) == 3
    assert db.asked == 2


@real
async def test_the_directory_shows_what_a_stream_looks_like(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna")
    client = app.test_client()
    (stream,) = (await (await client.get("/api/streams", headers=HOST)).get_json())["data"]
    assert "thumbnail_url" not in stream
    await assets.replace_thumbnail(database, uuid.UUID(stream["id"]), NewAsset("image/jpeg", 4, 3, b"pixels"))
    (stream,) = (await (await client.get("/api/streams", headers=HOST)).get_json())["data"]
    assert await stored(app, stream["thumbnail_url"]) == b"pixels"
    await channels.update_channel(database, channel_id, ChannelUpdate(visibility="followers"))
    await channels.update_channel(database, channel_id, ChannelUpdate(visibility="public"))
    (stream,) = (await (await client.get("/api/streams", headers=HOST)).get_json())["data"]
    assert "thumbnail_url" not in stream, "what was taken away does not come back"
