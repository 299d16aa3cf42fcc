"""Emotes and badges over HTTP on a real PostgreSQL: uploaded, reviewed, used, renamed, deleted, and served."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.db import Database
from common.queries import assets, emotes, users
from common.site_settings import CurrentSettings, SiteSettings
from tests.webapp.conftest import put_channel
from tests.webapp.pictures import decoded, encoded, gradient, png
from tests.webapp.test_accounts import Browser
from tests.webapp.test_assets import HOST, send, stored
from tests.webapp.test_channels import person, program
from tests.webapp.test_emote_child import animation
from webapp.emote_uploads import UPLOADS_AT_ONCE
from webapp.image_press import ImagePress, Scaled

pytestmark = pytest.mark.real

EMOTES = "/api/channels/anna/emotes"
WEB = "http://live.example:8080"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


@pytest.fixture
def unreviewed(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    """A site on which nobody reviews."""
    return app_factory(
        database=database, settings=CurrentSettings(database, SiteSettings(emote_review=False))
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are not made anew: what a test sends is not looked at."""

    async def scale(
        _self: ImagePress, _type: str, data: bytes, sides: tuple[int, ...], *, moving: bool = False
    ) -> Scaled:
        await trio.lowlevel.checkpoint()
        return Scaled(tuple(data + bytes([side]) for side in sides), ())

    monkeypatch.setattr(ImagePress, "scale", scale)


async def staff(app: QuartTrio, db: Database) -> Browser:
    browser = await person(app, db, "stella")
    await db.execute("update users set is_staff = true where login = 'stella'")
    return browser


async def upload(
    browser: Browser,
    code: str,
    data: bytes = b"",
    *,
    path: str = EMOTES,
    tier: str = "",
    content_type: str = "image/png",
) -> tuple[int, Any]:
    found = f"{path}?code={code}" + (f"&tier={tier}" if tier else "")
    return await send(browser, found, data or code.encode(), content_type, "POST")


async def codes(browser: Browser, path: str = EMOTES) -> list[str]:
    status, body = await browser.ask("GET", path)
    assert status == 200, body
    return [emote["name"] for emote in body["data"]]


async def log_of(db: Database) -> list[tuple[str, int | None]]:
    rows = await db.fetch("select action, channel_id from audit_log order by id")
    return [(row["action"], row["channel_id"]) for row in rows]


async def test_an_emote_from_its_upload_to_its_end(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna, stella = await person(app, database, "anna"), await staff(app, database)
    status, body = await upload(anna, "Wave", animation("GIF"), content_type="image/gif")
    assert status == 201, body
    (emote,) = body["data"]
    assert (emote["name"], emote["status"], emote["tier"]) == ("annaWave", "pending", "")
    assert await codes(Browser(app)) == []
    _, queue = await stella.ask("GET", "/api/admin/emotes")
    assert [(row["name"], row["broadcaster_login"], row["uploader_login"]) for row in queue["data"]] == [
        ("annaWave", "anna", "anna")
    ]
    status, body = await stella.ask("PATCH", f"/api/admin/emotes/{emote['id']}", {"status": "approved"})
    assert (status, body["data"][0]["status"]) == (200, "approved")

    response = await app.test_client().get(EMOTES, headers=HOST)
    shown = await response.get_json()
    names = await database.fetchval("select images from emotes")
    urls = [f"{WEB}/assets/{name}" for name in names]
    assert shown == {
        "data": [
            {
                "id": emote["id"],
                "name": "annaWave",
                "images": dict(zip(("url_1x", "url_2x", "url_4x"), urls[:3], strict=True)),
                "animated_images": dict(zip(("url_1x", "url_2x", "url_4x"), urls[3:], strict=True)),
                "tier": "",
                "emote_type": "none",
                "emote_set_id": f"{channel_id}0",
                "owner_id": str(channel_id),
                "format": ["static", "animated"],
                "scale": ["1.0", "2.0", "3.0"],
                "theme_mode": ["light", "dark"],
            }
        ],
        "template": f"{WEB}/emotes/{{{{id}}}}/{{{{format}}}}/{{{{theme_mode}}}}/{{{{scale}}}}",
    }
    assert decoded(await stored(app, urls[2])).size == (112, 112)

    async def picture(where: str) -> tuple[int, str]:
        found = await app.test_client().get(f"/emotes/{emote['id']}/{where}")
        return found.status_code, found.headers.get("Location", "")

    assert await picture("static/dark/2.0") == (302, f"/assets/{names[1]}")
    assert await picture("animated/light/3.0") == (302, f"/assets/{names[5]}")
    assert await picture("default/dark/1.0") == (302, f"/assets/{names[3]}")
    for nothing in ("static/dark/4.0", "static/blue/1.0", "svg/dark/1.0"):
        assert (await picture(nothing))[0] == 404

    assert (await anna.ask("DELETE", f"{EMOTES}/{emote['id']}"))[0] == 204
    assert await codes(anna) == await codes(anna, f"{EMOTES}/all") == []
    assert await picture("static/dark/1.0") == (302, f"/assets/{names[0]}")
    await database.execute("update assets set check_at = now()")
    assert (await assets.sweep_assets(database, limit=50)).removed == 0
    assert await log_of(database) == [("approve_emote", channel_id)]


async def test_what_is_rejected_is_gone_everywhere(app: QuartTrio, database: Database, quick: None) -> None:
    await put_channel(database, "anna", live=False)
    anna, stella = await person(app, database, "anna"), await staff(app, database)
    (emote,) = (await upload(anna, "Love"))[1]["data"]
    path = f"/api/admin/emotes/{emote['id']}"
    assert (await stella.ask("PATCH", path, {"status": "approved"}))[0] == 200
    status, body = await stella.ask("PATCH", path, {"status": "rejected", "reason": "Not yours."})
    assert (status, body["data"][0]["images"]) == (200, None)
    assert await codes(anna) == []
    _, body = await anna.ask("GET", f"{EMOTES}/all")
    assert [(one["status"], one["reason"]) for one in body["data"]] == [("rejected", "Not yours.")]
    assert (await app.test_client().get(f"/emotes/{emote['id']}/static/dark/1.0")).status_code == 404
    await database.execute("update assets set check_at = now()")
    assert (await assets.sweep_assets(database, limit=50)).removed == 3
    for verdict in ("rejected", "approved"):
        assert (await stella.ask("PATCH", path, {"status": verdict}))[0] == 409
    assert (await anna.ask("PATCH", f"{EMOTES}/{emote['id']}", {"code": "Hate"}))[0] == 409
    assert (await upload(anna, "Love"))[0] == 201, "its code is free again"
    assert (await anna.ask("DELETE", f"{EMOTES}/{emote['id']}"))[0] == 204
    assert await database.fetchval("select count(*) from emotes") == 1


async def test_staff_do_not_review_their_own(app: QuartTrio, database: Database, quick: None) -> None:
    stella = await staff(app, database)
    (emote,) = (await upload(stella, "Love", path="/api/channels/stella/emotes"))[1]["data"]
    path = f"/api/admin/emotes/{emote['id']}"
    assert (await stella.ask("PATCH", path, {"status": "approved"}))[0] == 403
    await database.execute("update users set is_admin = true where login = 'stella'")
    admin = await person(app, database, "stella")
    assert (await admin.ask("PATCH", path, {"status": "approved"}))[0] == 200


async def test_where_nobody_reviews_an_emote_is_there_at_once(
    unreviewed: QuartTrio, database: Database, quick: None
) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    edgar = await person(unreviewed, database, "edgar", editor="anna")
    assert (await upload(edgar, "annaLove", tier="2000"))[0] == 201
    _, body = await edgar.ask("GET", EMOTES)
    (emote,) = body["data"]
    assert (emote["tier"], emote["emote_type"], emote["emote_set_id"]) == (
        "2000",
        "subscriptions",
        f"{channel_id}2",
    )
    change = {"code": "Like", "tier": "follower"}
    status, body = await edgar.ask("PATCH", f"{EMOTES}/{emote['id']}", change)
    assert (status, body["data"][0]["name"], body["data"][0]["tier"]) == (200, "annaLike", "follower")
    assert await codes(edgar) == ["annaLike"]
    assert (await edgar.ask("DELETE", f"{EMOTES}/{emote['id']}"))[0] == 204
    assert await log_of(database) == [(f"{verb}_emote", channel_id) for verb in ("add", "update", "delete")]


async def test_a_new_code_is_reviewed_and_a_new_tier_is_not(
    app: QuartTrio, database: Database, quick: None
) -> None:
    await put_channel(database, "anna", live=False)
    anna, stella = await person(app, database, "anna"), await staff(app, database)
    (emote,) = (await upload(anna, "Love"))[1]["data"]
    await stella.ask("PATCH", f"/api/admin/emotes/{emote['id']}", {"status": "approved"})
    for change, status in [
        ({"tier": "1000"}, "approved"),
        ({"code": "annaLove"}, "approved"),
        ({"code": "Hate"}, "pending"),
    ]:
        _, body = await anna.ask("PATCH", f"{EMOTES}/{emote['id']}", change)
        assert body["data"][0]["status"] == status, change


@pytest.mark.parametrize(
    ("first", "second"),
    [("Love", "Love"), ("Love", "LovE"), ("Ill", "I1l"), ("Oo", "O0"), ("Love", "annaLove")],
)
async def test_codes_that_look_alike_are_one(
    app: QuartTrio, database: Database, quick: None, first: str, second: str
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    assert (await upload(anna, first))[0] == 201
    status, body = await upload(anna, second)
    assert (status, "looks like it" in body["message"]) == (409, True)


async def test_a_code_of_the_site_is_nobody_elses_and_the_other_way_round(
    app: QuartTrio, database: Database, quick: None
) -> None:
    await put_channel(database, "anna", live=False)
    anna, stella = await person(app, database, "anna"), await staff(app, database)
    assert (await upload(stella, "annaLove", path="/api/admin/emotes"))[0] == 201
    assert (await upload(anna, "Love"))[0] == 409
    assert (await upload(anna, "Wave"))[0] == 201
    assert (await upload(stella, "annawave", path="/api/admin/emotes"))[0] == 409


async def test_emotes_of_the_site(app: QuartTrio, database: Database, quick: None) -> None:
    stella, bert = await staff(app, database), await person(app, database, "bert")
    assert (await upload(bert, "Hello", path="/api/admin/emotes"))[0] == 403
    (emote,) = (await upload(stella, "Hello", path="/api/admin/emotes"))[1]["data"]
    _, body = await Browser(app).ask("GET", "/api/chat/emotes/global")
    (shown,) = body["data"]
    assert (shown["name"], shown["emote_type"], shown["emote_set_id"], shown["owner_id"]) == (
        "Hello",
        "globals",
        "0",
        "0",
    )
    path = f"/api/admin/emotes/{emote['id']}"
    assert (await stella.ask("PUT", f"{path}/code", {"code": "Hi"}))[0] == 422
    assert (await stella.ask("PUT", f"{path}/code", {"code": "Howdy"}))[0] == 200
    assert await codes(bert, "/api/chat/emotes/global") == ["Howdy"]
    assert await codes(bert, "/api/users/me/emotes") == ["Howdy"]
    assert (await stella.ask("DELETE", path))[0] == 204
    assert await codes(bert, "/api/chat/emotes/global") == []
    assert [action for action, _ in await log_of(database)] == ["add_emote", "update_emote", "delete_emote"]


async def test_staff_routes_touch_no_emote_of_a_channel(
    app: QuartTrio, database: Database, quick: None
) -> None:
    await put_channel(database, "anna", live=False)
    await put_channel(database, "bert", live=False)
    anna, stella = await person(app, database, "anna"), await staff(app, database)
    bert = await person(app, database, "bert")
    (emote,) = (await upload(anna, "Love"))[1]["data"]
    assert (await stella.ask("DELETE", f"/api/admin/emotes/{emote['id']}"))[0] == 404
    assert (await stella.ask("PUT", f"/api/admin/emotes/{emote['id']}/code", {"code": "Mine"}))[0] == 404
    for method, body in (("DELETE", None), ("PATCH", {"code": "Mine"})):
        assert (await bert.ask(method, f"/api/channels/bert/emotes/{emote['id']}", body))[0] == 404
    other = await program(app, database, "bert", "channel:manage:emotes")
    assert (await upload(other, "Love"))[0] == 403


async def test_a_prefix_is_settled_by_the_first_upload_or_before(
    app: QuartTrio, database: Database, quick: None
) -> None:
    for login in ("anna", "anna_", "a_nna"):
        await put_channel(database, login, live=False)
    anna, other, third = [await person(app, database, login) for login in ("anna", "anna_", "a_nna")]
    assert (await upload(anna, "Love"))[0] == 201
    _, body = await upload(other, "Love", path="/api/channels/anna_/emotes")
    assert body["data"][0]["name"] == "anna2Love"
    prefix = "/api/channels/a_nna/emotes/prefix"
    assert (await third.ask("PUT", prefix, {"prefix": "anna"}))[0] == 409
    for bad in ("An", "annA", "1anna", "an na", "annnnnnnnna"):
        assert (await third.ask("PUT", prefix, {"prefix": bad}))[0] == 400
    assert (await third.ask("PUT", prefix, {"prefix": "nna"}))[0] == 204
    assert (await upload(third, "nnaLove", path="/api/channels/a_nna/emotes"))[0] == 201
    assert (await third.ask("PUT", prefix, {"prefix": "other"}))[0] == 409
    assert (await upload(third, "love", path="/api/channels/a_nna/emotes"))[0] == 422


async def test_a_channel_has_so_many_and_no_more(
    app: QuartTrio, database: Database, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.emote_keeping_routes.MAX_CHANNEL_EMOTES", 2)
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    assert [(await upload(anna, code))[0] for code in ("Aaa", "Bbb", "Ccc")] == [201, 201, 409]
    _, body = await anna.ask("GET", f"{EMOTES}/all")
    assert (body["prefix"], body["most"]) == ("anna", 2)


async def test_who_uploads_without_end_is_told_to_wait(
    app: QuartTrio, database: Database, quick: None
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    found = [(await upload(anna, f"E{number:03}x"))[0] for number in range(UPLOADS_AT_ONCE + 1)]
    assert found == [201] * UPLOADS_AT_ONCE + [429]


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, data in files.items():
            made.writestr(name.replace("_", "."), data)
    return file.getvalue()


async def test_of_an_archive_each_picture_that_can_be_taken_is(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    data = archive(
        Love_png=png(60, 60),
        lower_png=png(60, 60),
        Gif_png=animation("GIF"),
        Wave_gif=animation("GIF"),
        annaLove_webp=encoded(gradient(50, 50), "WEBP"),
    )
    status, body = await send(anna, f"{EMOTES}/archive?tier=1000", data, "application/zip", "POST")
    assert status == 200, body
    assert [(one["file"], one["emote"] and one["emote"]["name"]) for one in body["data"]] == [
        ("Love", "annaLove"),
        ("lower", None),
        ("Gif", None),
        ("Wave", "annaWave"),
        ("annaLove", None),
    ]
    problems = [one["problem"] for one in body["data"] if one["problem"]]
    assert len(problems) == 3
    assert all(problem.endswith(".") for problem in problems)
    assert all(one["emote"]["tier"] == "1000" for one in body["data"] if one["emote"])
    status, body = await send(anna, f"{EMOTES}/archive", b"PK\3\4", "application/zip", "POST")
    assert (status, body["message"]) == (400, "This is no plain ZIP archive.")


async def test_pictures_that_take_too_long_are_left_out_and_told(
    app: QuartTrio, database: Database, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.emote_uploads.ARCHIVE_S", 0)
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    _, body = await send(anna, f"{EMOTES}/archive", archive(Love_png=b"1"), "application/zip", "POST")
    assert body["data"] == [
        {"file": "Love", "emote": None, "problem": "There was no time left for this one; send it again."}
    ]
    assert await database.fetchval("select count(*) from emotes") == 0


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"<svg/>", "image/svg+xml", 415),
        (b"<svg/>", "image/png", 400),
        (encoded(gradient(9, 9), "JPEG"), "image/jpeg", 415),
        (png(), "image/gif", 400),
        (bytes(2 * 1_048_576 + 1), "image/png", 413),
    ],
)
async def test_what_is_no_emote_is_refused(
    app: QuartTrio, database: Database, data: bytes, content_type: str, status: int
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    assert (await upload(anna, "Love", data, content_type=content_type))[0] == status
    assert await database.fetchval("select count(*) from emotes") == 0


async def test_sets_are_found_by_the_names_that_irc_gives(
    unreviewed: QuartTrio, database: Database, quick: None
) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna = await person(unreviewed, database, "anna")
    for code, tier in (("Free", ""), ("One", "1000")):
        assert (await upload(anna, code, tier=tier))[0] == 201
    path = "/api/chat/emotes/set?emote_set_id="
    assert await codes(anna, f"{path}{channel_id}1") == ["annaOne"]
    assert await codes(anna, f"{path}{channel_id}0&emote_set_id={channel_id}1") == ["annaFree", "annaOne"]
    assert await codes(anna, f"{path}{channel_id}7") == []
    assert (await anna.ask("GET", f"{path}x"))[0] == 400


async def test_everybody_sees_which_emotes_they_may_use(
    unreviewed: QuartTrio, database: Database, quick: None
) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna, bert = await person(unreviewed, database, "anna"), await person(unreviewed, database, "bert")
    for code, tier in (("Free", ""), ("Fan", "follower"), ("One", "1000"), ("Two", "2000")):
        assert (await upload(anna, code, tier=tier))[0] == 201
    mine = "/api/users/me/emotes"
    assert await codes(anna, mine) == ["annaFree", "annaFan", "annaOne", "annaTwo"]
    assert await codes(bert, mine) == []
    assert await codes(bert, f"{mine}?channel=anna") == ["annaFree"]
    found = await users.select_user_by_login(database, "bert")
    assert found
    await database.execute(
        "insert into subscriptions (channel_id, user_id, tier, is_gift, since, renews) values ($1, $2, 1000, false, now(), false)",
        channel_id,
        found.id,
    )
    assert await codes(bert, mine) == ["annaFree", "annaOne"]
    assert await codes(bert, f"{mine}?channel=anna") == ["annaFree", "annaFan", "annaOne"]
    _, page = await bert.ask("GET", f"{mine}?first=1")
    _, rest = await bert.ask("GET", f"{mine}?first=5&after={page['pagination']['cursor']}")
    assert [one["name"] for one in page["data"] + rest["data"]] == ["annaFree", "annaOne"]


async def test_badges_of_the_site(app: QuartTrio, database: Database) -> None:
    response = await app.test_client().get("/api/chat/badges/global", headers=HOST)
    body = await response.get_json()
    sets = {one["set_id"]: one["versions"] for one in body["data"]}
    assert list(sets) == ["admin", "bot", "broadcaster", "moderator", "staff", "subscriber", "vip"]
    assert {"0", "2", "12", "2000", "3012"} <= {version["id"] for version in sets["subscriber"]}
    for versions in sets.values():
        for size, name in ((18, "image_url_1x"), (36, "image_url_2x"), (72, "image_url_4x")):
            assert decoded(await stored(app, versions[0][name])).size == (size, size)


async def test_badges_of_a_channel(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna, stella = await person(app, database, "anna"), await staff(app, database)
    path = "/api/channels/anna/badges"
    status, body = await send(anna, f"{path}/subscriber/6", png(90, 90))
    assert (status, body["data"][0]["status"]) == (200, "pending"), body
    assert (await anna.ask("GET", path))[1]["data"] == []
    _, queue = await stella.ask("GET", "/api/admin/badges")
    assert [(one["broadcaster_login"], one["months"]) for one in queue["data"]] == [("anna", 6)]
    status, _ = await stella.ask("PATCH", "/api/admin/badges/anna/6", {"status": "approved"})
    assert status == 200
    _, body = await anna.ask("GET", path)
    versions = {one["id"]: one["image_url_1x"] for one in body["data"][0]["versions"]}
    assert versions["6"] == versions["9"] == versions["3120"]
    assert versions["3"] != versions["6"]
    await database.execute("update assets set check_at = now()")
    assert (await assets.sweep_assets(database, limit=50)).kept == 3
    assert (await send(anna, f"{path}/subscriber/7", png(90, 90)))[0] == 404
    status, _ = await stella.ask("PATCH", "/api/admin/badges/anna/6", {"status": "rejected", "reason": "No."})
    assert status == 200
    assert (await anna.ask("GET", path))[1]["data"] == []
    _, body = await anna.ask("GET", f"{path}/all")
    assert [(one["status"], one["reason"], one["images"]) for one in body["data"]] == [
        ("rejected", "No.", None)
    ]
    assert (await anna.ask("DELETE", f"{path}/subscriber/6"))[0] == 204
    assert await log_of(database) == [("approve_badge", channel_id), ("reject_badge", channel_id)]


async def test_an_account_says_that_it_is_a_bot(app: QuartTrio, database: Database) -> None:
    anna = await person(app, database, "anna")
    assert (await anna.ask("GET", "/api/users/me"))[1]["data"][0]["is_bot"] is False
    status, body = await anna.ask("PATCH", "/api/users/me", {"is_bot": True})
    assert (status, body["data"][0]["is_bot"]) == (200, True)
    _, body = await Browser(app).ask("GET", "/api/users?login=anna")
    assert body["data"][0]["is_bot"] is True


async def test_an_account_chooses_the_colour_of_its_name(app: QuartTrio, database: Database) -> None:
    anna = await person(app, database, "anna")
    assert (await anna.ask("GET", "/api/users/me"))[1]["data"][0]["chat_color"] == ""
    for wish, kept in (("#12ab9f", "#12AB9F"), ("", "")):
        status, body = await anna.ask("PATCH", "/api/users/me", {"chat_color": wish})
        assert (status, body["data"][0]["chat_color"]) == (200, kept)
    for nonsense in ("red", "#12ab9", "#12ab9f\n", "#12AB9FF", 7, None):
        assert (await anna.ask("PATCH", "/api/users/me", {"chat_color": nonsense}))[0] == 400


async def test_an_account_takes_its_emotes_along_and_they_go_with_it(
    unreviewed: QuartTrio, database: Database, quick: None
) -> None:
    await put_channel(database, "anna", live=False)
    await put_channel(database, "bert", live=False)
    anna = await person(unreviewed, database, "anna", editor="bert")
    assert (await upload(anna, "Love"))[0] == 201
    assert (await upload(anna, "Love", path="/api/channels/bert/emotes"))[0] == 201
    assert (await send(anna, "/api/channels/anna/badges/subscriber/1", b"x"))[0] == 200
    _, body = await anna.ask("GET", "/api/users/me/export")
    found = {
        name: len(rows) for name, rows in body["data"].items() if name.startswith(("emote", "channel_b"))
    }
    assert found == {"emotes": 1, "emotes_uploaded": 1, "emote_prefixes": 1, "channel_badges": 1}
    user = await users.select_user_by_login(database, "anna")
    assert user
    await database.execute("delete from users where id = $1", user.id)
    left = await emotes.select_emotes(database, [user.id], every_status=True)
    assert left == []
    await database.execute("update assets set check_at = now()")
    swept = await assets.sweep_assets(database, limit=50)
    assert (swept.removed, swept.kept) == (3, 3), "a picture that both channels have is kept"
