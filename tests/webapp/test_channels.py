"""Channels over HTTP on a real PostgreSQL: what pages show, who changes what, and what nobody can write into them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, new_token_secret
from common.credentials import verify_password
from common.db import ControlChange, Database
from common.queries import access_tokens, assets, categories, channels, directory, roles, users
from tests.common.test_queries import heard
from tests.webapp.conftest import FlakyDatabase, put_channel, session_of
from tests.webapp.test_accounts import Browser

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

ANNA = "/api/channels/anna"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def person(app: QuartTrio, db: Database, login: str, **role_in: str) -> Browser:
    """Somebody who is logged in, and has roles: `moderator="anna"`."""
    user = await users.select_user_by_login(db, login)
    if user is None:
        user = await users.insert_user_with_channel(db, login=login, display_name=login.capitalize())
    for role, channel in role_in.items():
        owner = await users.select_user_by_login(db, channel)
        assert owner
        await roles.insert_role(db, channel_id=owner.id, user_id=user.id, role=role, granted_by=owner.id)
    return Browser(app, Cookie=f"{SESSION_COOKIE}={await session_of(db, user.id)}")


async def program(app: QuartTrio, db: Database, login: str, *scopes: str) -> Browser:
    """A program with somebody's token."""
    user = await users.select_user_by_login(db, login)
    assert user
    secret = new_token_secret()
    await access_tokens.insert_token(
        db, user_id=user.id, token_hash=secret.sha256, last4=secret.last4, label="", scopes=list(scopes)
    )
    return Browser(app, Authorization=f"Bearer {secret.text}")


async def shown(browser: Browser, path: str = ANNA) -> Any:
    status, body = await browser.ask("GET", path)
    assert status == 200, body
    return body["data"][0]


async def test_a_new_channel_shows_all_its_fields(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    assert await shown(Browser(app), "/api/channels/ANNA") == {
        "broadcaster_id": str(channel_id),
        "broadcaster_login": "anna",
        "broadcaster_name": "Anna",
        "broadcaster_language": "",
        "game_id": "",
        "game_name": "",
        "title": "",
        "tags": [],
        "content_classification_labels": [],
        "is_mature": False,
        "panels": [],
        "offline_image_url": "",
        "visibility": "public",
        "follower_count": 0,
        "is_live": False,
        "stream_id": None,
        "started_at": None,
    }


async def test_a_live_channel_tells_who_watches(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", title="Hello")
    [entry] = await directory.select_directory(database, limit=9)
    await directory.update_viewer_counts(database, {entry.stream_id: 7})
    found = await shown(Browser(app))
    assert (found["is_live"], found["stream_id"], found["viewer_count"]) == (True, str(entry.stream_id), 7)
    assert found["started_at"].endswith("Z")
    assert found["broadcaster_id"] == str(channel_id)


async def test_an_owner_changes_everything_and_what_is_live_follows_at_once(
    app: QuartTrio, database: Database
) -> None:
    await put_channel(database, "anna", title="Before")
    category = (await categories.select_categories(database, slugs=["chess"]))[0]
    anna = await person(app, database, "anna")
    picture = await assets.upsert_asset(database, assets.NewAsset("image/webp", 1, 1, b"pixels"))
    panel = {"title": "About", "text": "# Me\n\n*Hi* <b>", "image": picture, "link": None}
    change = {
        "title": "Chess & <i>tea</i>",
        "game_id": str(category.id),
        "broadcaster_language": "pt-br",
        "tags": ["Blitz", "日本語"],
        "content_classification_labels": ["DebatedSocialIssuesAndPolitics", "Gambling"],
        "is_mature": True,
        "panels": [panel, {"link": "https://example.org/a?b=c#d"}],
    }
    status, body = await anna.ask("PATCH", ANNA, change)
    assert status == 200, body
    expected = {
        **change,
        "game_name": "Chess",
        "broadcaster_language": "pt-BR",
        "panels": [panel, {"title": "", "text": "", "image": None, "link": "https://example.org/a?b=c#d"}],
    }
    for found in (body["data"][0], await shown(Browser(app))):
        assert {name: found[name] for name in expected} == expected
    [entry] = await directory.select_directory(database, limit=9)
    assert (entry.title, entry.category_name, entry.language) == ("Chess & <i>tea</i>", "Chess", "pt-BR")
    assert (entry.tags, entry.is_mature) == (["Blitz", "日本語"], True)
    assert anna.told["content-type"] == "application/json"


async def test_what_is_left_out_stays_and_what_is_empty_is_taken_away(
    app: QuartTrio, database: Database
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    first = {"title": "One", "game_id": "1", "broadcaster_language": "de", "tags": ["a"], "is_mature": True}
    assert (await anna.ask("PATCH", ANNA, first))[0] == 200
    before = await shown(anna)
    assert (await anna.ask("PATCH", ANNA, {}))[0] == 200
    assert await shown(anna) == before
    assert (await anna.ask("PATCH", ANNA, {"title": "Two"}))[0] == 200
    assert await shown(anna) == {**before, "title": "Two"}
    nothing = {"title": "", "game_id": "", "broadcaster_language": "", "tags": [], "is_mature": False}
    assert (await anna.ask("PATCH", ANNA, nothing))[0] == 200
    assert await shown(anna) == {**before, **nothing, "game_name": ""}


async def test_every_process_hears_of_a_change(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    changes = await heard(database, lambda: anna.ask("PATCH", ANNA, {"title": "New"}))
    assert ControlChange("channels", channel_id) in changes


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"title": "x" * 141}, "title"),
    ({"title": None}, "title"),
    ({"title": "two\nlines"}, "title"),
    ({"title": "a\u202eb"}, "title"),
    ({"title": "z" + "\u0301" * 100}, "title"),
    ({"title": "\u0000"}, "title"),
    ({"game_id": "x"}, "game_id"),
    ({"game_id": "1; drop table users"}, "game_id"),
    ({"game_id": 1}, "game_id"),
    ({"game_id": "999999"}, "category"),
    ({"game_id": "9999999999999999999"}, "category"),
    ({"broadcaster_language": "klingon"}, "broadcaster_language"),
    ({"broadcaster_language": "x" * 36}, "broadcaster_language"),
    ({"tags": ["two words"]}, "tag"),
    ({"tags": [""]}, "tags"),
    ({"tags": ["x" * 26]}, "tags"),
    ({"tags": [str(number) for number in range(11)]}, "tags"),
    ({"tags": ["a", "A"]}, "tag"),
    ({"tags": ["a\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b"]}, "tags"),
    ({"tags": "a"}, "tags"),
    ({"content_classification_labels": ["Nonsense"]}, "content_classification_labels"),
    ({"content_classification_labels": ["Gambling", "Gambling"]}, "content_classification_labels"),
    ({"is_mature": "yes"}, "is_mature"),
    ({"panels": [{"text": "x" * 2001}]}, "panels"),
    ({"panels": [{}] * 21}, "panels"),
    ({"panels": [{"text": "a\u0000"}]}, "panels.text"),
    ({"panels": [{"title": "a\nb"}]}, "panels.title"),
    ({"panels": [{"text": "a\u2067b"}]}, "panels.text"),
    ({"panels": [{"html": "<b>"}]}, "html"),
    ({"panels": [{"link": "http://example.org"}]}, "panels"),
    ({"panels": [{"link": "javascript:alert(1)"}]}, "panels"),
    ({"panels": [{"link": "https://bank.example@evil.example/"}]}, "panels"),
    ({"panels": [{"link": 'https://a.example/"onclick='}]}, "panels"),
    ({"panels": [{"link": "https://a.example/\r\nSet-Cookie: a=b"}]}, "panels"),
    ({"panels": [{"link": "https://a.example/ "}]}, "panels"),
    ({"panels": [{"link": "https://a.example\n"}]}, "panels"),
    ({"panels": [{"link": "//a.example"}]}, "panels"),
    ({"panels": [{"image": "../../etc/passwd"}]}, "panels"),
    ({"panels": [{"image": "a" * 64 + ".webp"}]}, "panels"),
    ({"panels": [{"image": "https://tracker.example/x.png"}]}, "panels"),
    ({"panels": [{"image": "a" * 64 + ".png\n"}]}, "panels"),
    ({"visibility": "secret"}, "visibility"),
    ({"visibility": "password"}, "password"),
    ({"password": "a long password"}, "visibility"),
    ({"password": "short", "visibility": "password"}, "password"),
    ({"broadcaster_id": "1"}, "broadcaster_id"),
    ({"id": 1}, "id"),
    ({"user_id": 1}, "user_id"),
    ({"suspended": False}, "suspended"),
    ({"follower_count": 10**6}, "follower_count"),
    ({"delay": 0}, "delay"),
]


async def test_what_nobody_can_write_into_a_channel(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False, title="Mine")
    anna = await person(app, database, "anna")
    before = await shown(anna)
    for change, named in REFUSED:
        status, body = await anna.ask("PATCH", ANNA, change)
        assert (change, status) == (change, 400)
        assert named in body["message"], (change, body["message"])
    assert await shown(anna) == before


async def test_a_page_has_a_largest_size(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    full = {"panels": [{"title": "t" * 100, "text": "x" * 2000}] * 20}
    assert (await anna.ask("PATCH", ANNA, full))[0] == 200
    raw = json.dumps({"panels": [{"text": "字" * 2000}] * 11}, ensure_ascii=False).encode()
    response = await anna.client.patch(
        ANNA, data=raw, headers={**anna.headers, "Content-Type": "application/json"}
    )
    assert response.status_code == 413
    quotes = {"panels": [{"text": '"' * 1900}] * 20}  # twice as long in the database as here
    response = await anna.client.patch(ANNA, json=quotes, headers=anna.headers)
    assert response.status_code in {400, 413}


MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'; drop table users; --",
    "\\'; select 1 --",
    "{{7*7}} ${7*7} %s %00",
    "Set-Cookie: a=b",
    "[x](javascript:alert(1))",
]


async def test_markup_and_sql_come_back_as_they_went_in(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    for text in MARKUP:
        tag = "".join(text.split())[:25]
        change = {"title": text, "tags": [tag], "panels": [{"title": text, "text": text}]}
        status, body = await anna.ask("PATCH", ANNA, change)
        assert status == 200, body
        found = await shown(Browser(app))
        assert (found["title"], found["tags"]) == (text, [tag])
        assert (found["panels"][0]["title"], found["panels"][0]["text"]) == (text, text)
        assert anna.told["content-type"] == "application/json"
        assert anna.told["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in anna.told
    assert await database.fetchval("select count(*) from users") == 1


async def test_a_path_finds_channels_and_nothing_else(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    for login in ("nobody", "x", "no%20body", "%2e%2e", "a" * 3000, "an'--", "anna%00", "1", "anna%0d%0aX:1"):
        for method in ("GET", "PATCH"):
            browser = await person(app, database, "anna")
            status, body = await browser.ask(
                method, f"/api/channels/{login}", {} if method == "PATCH" else None
            )
            assert (login, status) == (login, 404)
            assert len(json.dumps(body)) < 500


async def test_others_change_nothing_and_editors_not_who_may_watch(
    app: QuartTrio, database: Database
) -> None:
    await put_channel(database, "anna", live=False)
    change = {"title": "Mine now"}
    for role in ("moderator", "vip"):
        browser = await person(app, database, role, **{role: "anna"})
        assert (await browser.ask("PATCH", ANNA, change))[0] == 403
    assert (await (await person(app, database, "berta")).ask("PATCH", ANNA, change))[0] == 403
    assert (await Browser(app).ask("PATCH", ANNA, change))[0] == 401
    editor = await person(app, database, "editor", editor="anna")
    assert (await editor.ask("PATCH", "/api/channels/berta", change))[0] == 403
    assert (await editor.ask("PATCH", ANNA, change))[0] == 200
    logged = await database.fetchrow("select action, actor_kind, details::text as details from audit_log")
    assert logged
    assert [logged[name] for name in ("action", "actor_kind", "details")] == [
        "update_channel",
        "user",
        '{"fields": ["title"]}',
    ]
    for private in ({"visibility": "unlisted"}, {"password": "a long password"}):
        status, body = await editor.ask("PATCH", ANNA, {**change, **private})
        assert (status, body["message"]) == (403, "Who may watch a channel is for its owner to say.")
    assert (await shown(editor))["visibility"] == "public"


async def test_a_token_needs_the_scope_and_its_user_the_right(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    await put_channel(database, "berta", live=False)
    wrong = await program(app, database, "anna", "channel:read:stream_key")
    assert (await wrong.ask("PATCH", ANNA, {"title": "x"}))[0] == 403
    right = await program(app, database, "anna", "channel:manage:broadcast")
    assert (await right.ask("PATCH", ANNA, {"title": "x"}))[0] == 200
    assert (await right.ask("PATCH", "/api/channels/berta", {"title": "x"}))[0] == 403


async def test_a_password_is_there_exactly_while_it_opens_the_channel(
    app: QuartTrio, database: Database
) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")

    async def stored() -> str | None:
        found: str | None = await database.fetchval(
            "select password_hash from channels where id = $1", channel_id
        )
        return found

    secret = {"visibility": "password", "password": "first secret"}
    status, body = await anna.ask("PATCH", ANNA, secret)
    assert (status, body["data"][0]["visibility"]) == (200, "password")
    assert "first" not in json.dumps(body)
    assert await verify_password("first secret", await stored())
    assert (await anna.ask("PATCH", ANNA, {"visibility": "password", "title": "Kept"}))[0] == 200
    assert await verify_password("first secret", await stored())
    assert (await anna.ask("PATCH", ANNA, {"password": "second secret"}))[0] == 200
    assert await verify_password("second secret", await stored())
    assert (await anna.ask("PATCH", ANNA, {"visibility": "followers"}))[0] == 200
    assert await stored() is None
    assert (await anna.ask("PATCH", ANNA, {"visibility": "password"}))[0] == 400


@pytest.mark.parametrize("visibility", ["unlisted", "followers", "subs", "password"])
async def test_a_channel_that_is_not_public_is_found_by_its_login(
    app: QuartTrio, database: Database, visibility: str
) -> None:
    await put_channel(database, "anna", title="For some")
    anna = await person(app, database, "anna")
    change = {"visibility": visibility}
    if visibility == "password":
        change["password"] = "a long password"
    assert (await anna.ask("PATCH", ANNA, change))[0] == 200
    found = await shown(Browser(app))
    assert (found["broadcaster_name"], found["title"], found["visibility"]) == (
        "Anna",
        "For some",
        visibility,
    )
    assert await directory.select_directory(database, limit=9) == []


async def test_two_changes_at_once_both_count(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    browsers = [await person(app, database, "anna") for _ in range(2)]
    for round_number in range(10):
        title, language = (
            {"title": str(round_number)},
            {"broadcaster_language": "de" if round_number % 2 else "fr"},
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(browsers[0].ask, "PATCH", ANNA, title)
            nursery.start_soon(browsers[1].ask, "PATCH", ANNA, language)
        found = await shown(browsers[0])
        assert {name: found[name] for name in ("title", "broadcaster_language")} == {**title, **language}


async def test_no_race_leaves_a_password_that_opens_nothing(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    browsers = [await person(app, database, "anna") for _ in range(2)]
    for _ in range(5):
        opened = {"visibility": "password", "password": "a long password"}
        assert (await browsers[0].ask("PATCH", ANNA, opened))[0] == 200
        async with trio.open_nursery() as nursery:
            nursery.start_soon(browsers[0].ask, "PATCH", ANNA, {"visibility": "public"})
            nursery.start_soon(browsers[1].ask, "PATCH", ANNA, {"password": "another password"})
        row = await database.fetchrow(
            "select visibility, password_hash is null as bare from channels where id = $1", channel_id
        )
        assert row
        assert (row["visibility"], row["bare"]) == ("public", True)


async def test_the_channel_of_a_suspended_user_is_there_for_staff_only(
    app: QuartTrio, database: Database
) -> None:
    await put_channel(database, "anna", title="Gone")
    editor = await person(app, database, "editor", editor="anna")
    for login, column in (("staff", "is_staff"), ("admin", "is_admin")):
        await put_channel(database, login, live=False)
        await database.execute(f"update users set {column} = true where login = '{login}'")
    staff, admin = await person(app, database, "staff"), await person(app, database, "admin")
    await database.execute("update users set suspended_at = now() where login = 'anna'")
    gone = await Browser(app).ask("GET", ANNA)
    never = await Browser(app).ask("GET", "/api/channels/nobody")
    assert gone[0] == never[0] == 404
    assert gone[1]["message"] == never[1]["message"].replace("nobody", "anna")
    for path in ("", "/chat/settings"):
        assert (await editor.ask("PATCH", ANNA + path, {}))[0] == 404
    assert (await editor.ask("GET", f"{ANNA}/keys"))[0] == 404
    assert (await editor.ask("PUT", f"{ANNA}/vips/staff"))[0] == 404
    found = await shown(staff)
    assert (found["title"], found["is_live"]) == ("Gone", False)
    assert (await staff.ask("PATCH", ANNA, {"title": "x"}))[0] == 403
    assert (await admin.ask("PATCH", ANNA, {"title": "Cleaned"}))[0] == 200


async def test_pages_of_channels_and_of_nobody(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    await put_channel(database, "berta", live=False)
    await database.execute("update users set suspended_at = now() where login = 'berta'")
    client = app.test_client()
    wanted = {
        "/anna": (200, b"watch"),
        "/Anna": (200, b"watch"),
        "/nobody": (404, b"watch"),
        "/berta": (404, b"watch"),
        "/x": (404, b"watch"),
        "/a/b": (404, b"weir"),
        "/an%00na": (404, b"watch"),
    }
    for path, (status, title) in wanted.items():
        response = await client.get(path)
        assert (path, response.status_code) == (path, status)
        assert b"<title>%s</title>" % title in await response.get_data(), path
        assert "Content-Security-Policy" in response.headers


async def test_while_the_database_is_away_pages_load_and_the_api_says_so(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    await put_channel(database, "anna", live=False)
    flaky = FlakyDatabase(database)
    app = app_factory(database=flaky)
    anna = await person(app, database, "anna")
    assert (await anna.ask("GET", ANNA))[0] == 200
    flaky.away = True
    for path in ("/anna", "/nobody"):
        assert (await app.test_client().get(path)).status_code == 200
    for method, body in (("GET", None), ("PATCH", {"title": "x"})):
        status, problem = await anna.ask(method, ANNA, body)
        assert (status, anna.told["retry-after"]) == (503, "5")
        assert "database is away" in problem["message"]
    flaky.away = False
    assert (await anna.ask("PATCH", ANNA, {"title": "Back"}))[0] == 200


async def test_nobody_else_changes_how_somebody_is_shown(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    status, body = await anna.ask(
        "PATCH", "/api/users/me", {"display_name": "ÄNNA", "description": "<b>Hi</b>"}
    )
    assert (status, body["data"][0]["display_name"], body["data"][0]["description"]) == (
        200,
        "ÄNNA",
        "<b>Hi</b>",
    )
    public = await shown(Browser(app), "/api/users?login=anna")
    assert (public["display_name"], public["description"]) == ("ÄNNA", "<b>Hi</b>")
    assert (await shown(Browser(app)))["broadcaster_name"] == "ÄNNA"
    assert (await anna.ask("PATCH", "/api/users/me", {}))[0] == 200
    refused: list[dict[str, object]] = [
        {"display_name": "Berta"},
        {"display_name": "\u0430nna"},
        {"display_name": "anna\u202e"},
        {"display_name": ""},
        {"description": "x" * 301},
        {"description": "a\nb"},
        {"description": "\u202e"},
        {"login": "berta"},
        {"is_admin": True},
        {"email": "a@b.example"},
    ]
    for change in refused:
        assert (change, (await anna.ask("PATCH", "/api/users/me", change))[0]) == (change, 400)
    assert (await shown(Browser(app), "/api/users?login=anna")) == public
    bare = await program(app, database, "anna", "chat:read")
    assert (await bare.ask("PATCH", "/api/users/me", {"description": "x"}))[0] == 403
    scoped = await program(app, database, "anna", "user:edit")
    status, body = await scoped.ask("PATCH", "/api/users/me", {"description": "x"})
    assert status == 200
    assert "email" not in body["data"][0]


async def test_an_offline_image_has_an_address(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    name = "b" * 64 + ".webp"
    await channels.update_channel(database, channel_id, channels.ChannelUpdate(offline_image=name))
    assert (await shown(Browser(app)))["offline_image_url"] == f"http://localhost:8080/assets/{name}"
