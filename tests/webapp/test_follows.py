"""Follows over HTTP on a real PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, new_token_secret
from common.db import Database
from common.queries import access_tokens, directory, follows, roles
from tests.common.test_queries import add_stream, add_user
from tests.webapp.conftest import session_of
from tests.webapp.test_accounts import Browser

pytestmark = pytest.mark.real


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def visitor(app: QuartTrio, db: Database, login: str) -> tuple[int, Browser]:
    user = await add_user(db, login)
    return user.id, Browser(app, Cookie=f"{SESSION_COOKIE}={await session_of(db, user.id)}")


async def program(app: QuartTrio, db: Database, user_id: int, *scopes: str) -> Browser:
    token = new_token_secret()
    await access_tokens.insert_token(
        db, user_id=user_id, token_hash=token.sha256, last4=token.last4, label="", scopes=list(scopes)
    )
    return Browser(app, Authorization=f"Bearer {token.text}")


def me(login: str) -> str:
    return f"/api/channels/{login}/followers/me"


async def test_following_changing_ones_mind_and_leaving(app: QuartTrio, database: Database) -> None:
    anna_id, _ = await visitor(app, database, "anna")
    _, mia = await visitor(app, database, "mia")
    assert (await mia.ask("GET", "/api/users/me/follows/anna"))[0] == 404
    status, body = await mia.ask("PUT", me("ANNA"), {})
    [made] = body["data"]
    assert (status, made["broadcaster_id"], made["broadcaster_login"]) == (200, str(anna_id), "anna")
    assert made["notify"]
    status, body = await mia.ask("PUT", me("anna"), {"notify": False})
    assert body["data"] == [{**made, "notify": False}]
    assert (await mia.ask("GET", "/api/users/me/follows/anna"))[1] == body
    assert (await mia.ask("GET", "/api/channels/anna/followers"))[1]["total"] == 1
    assert (await mia.ask("DELETE", me("anna")))[0] == 204
    assert (await mia.ask("DELETE", me("anna")))[0] == 404
    assert (await mia.ask("GET", "/api/users/me/follows/anna"))[0] == 404
    assert (await mia.ask("GET", "/api/channels/anna/followers"))[1]["total"] == 0


async def test_who_cannot_be_followed_is_said_in_a_sentence(
    app: QuartTrio, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna_id, anna = await visitor(app, database, "anna")
    mia_id, mia = await visitor(app, database, "mia")
    status, body = await anna.ask("PUT", me("anna"), {})
    assert (status, body["message"]) == (403, "Nobody follows their own channel.")
    await follows.insert_block(database, user_id=anna_id, blocked_id=mia_id)
    status, body = await mia.ask("PUT", me("anna"), {})
    assert (status, body["message"]) == (403, "You cannot follow anna: its owner has blocked you.")
    await visitor(app, database, "banned")
    await database.execute("update users set suspended_at = now() where login = 'banned'")
    status, body = await mia.ask("PUT", me("banned"), {})
    assert (status, body["message"]) == (404, "There is no channel called banned.")
    await database.execute("update users set is_staff = true where login = 'mia'")
    _, staff = mia_id, Browser(app, Cookie=f"{SESSION_COOKIE}={await session_of(database, mia_id)}")
    status, body = await staff.ask("PUT", me("banned"), {})
    assert (status, body["message"]) == (403, "The channel banned is suspended.")
    assert (await mia.ask("PUT", me("nobody_1"), {}))[0] == 404
    monkeypatch.setattr(follows, "MAX_FOLLOWED", 0)
    await visitor(app, database, "berta")
    status, body = await mia.ask("PUT", me("berta"), {})
    assert (status, body["message"]) == (409, "You follow 2000 channels, which is the most.")


async def test_a_suspended_channel_can_be_left(app: QuartTrio, database: Database) -> None:
    await visitor(app, database, "anna")
    _, mia = await visitor(app, database, "mia")
    await mia.ask("PUT", me("anna"), {})
    await database.execute("update users set suspended_at = now() where login = 'anna'")
    assert (await mia.ask("DELETE", me("anna")))[0] == 204


async def test_limits_of_following_are_told(app: QuartTrio) -> None:
    _, site = await Browser(app).ask("GET", "/api/site")
    assert (site["limits"]["follows"], site["limits"]["follows_per_minute"]) == (2000, 60)


async def test_following_has_a_pace(
    app_factory: Callable[..., QuartTrio], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.follow_routes.FOLLOWS_PER_MINUTE", 2)
    app = app_factory(database=database)
    await visitor(app, database, "anna")
    _, mia = await visitor(app, database, "mia")
    _, eve = await visitor(app, database, "eve")
    assert (await mia.ask("PUT", me("anna"), {}))[0] == 200
    assert (await mia.ask("DELETE", me("anna")))[0] == 204
    assert (await mia.ask("PUT", me("anna"), {}))[0] == 429
    assert int(mia.told["retry-after"]) >= 1
    assert (await eve.ask("PUT", me("anna"), {}))[0] == 200


async def test_who_follows_is_for_owner_and_moderators(app: QuartTrio, database: Database) -> None:
    anna_id, anna = await visitor(app, database, "anna")
    mod_id, moderator = await visitor(app, database, "helper_1")
    editor_id, editor = await visitor(app, database, "editor_1")
    await roles.insert_role(
        database, channel_id=anna_id, user_id=mod_id, role="moderator", granted_by=anna_id
    )
    await roles.insert_role(
        database, channel_id=anna_id, user_id=editor_id, role="editor", granted_by=anna_id
    )
    fans = []
    for number in range(5):
        fan_id, fan = await visitor(app, database, f"fan_{number}")
        await fan.ask("PUT", me("anna"), {})
        fans.append({"user_id": str(fan_id), "user_login": f"fan_{number}"})
    for who in (anna, moderator):
        status, body = await who.ask("GET", "/api/channels/anna/followers")
        assert (status, body["total"]) == (200, 5)
        shown = [{key: one[key] for key in ("user_id", "user_login")} for one in body["data"]]
        assert shown == fans[::-1]
    for who in (editor, fan, Browser(app)):
        assert (await who.ask("GET", "/api/channels/anna/followers"))[1] == {
            "data": [],
            "total": 5,
            "pagination": {},
        }
    bare = await program(app, database, anna_id, "user:read:follows")
    assert (await bare.ask("GET", "/api/channels/anna/followers"))[1]["data"] == []
    reader = await program(app, database, anna_id, "moderator:read:followers")
    found, cursor = [], ""
    for _ in range(3):
        _, body = await reader.ask("GET", f"/api/channels/anna/followers?first=2{cursor}")
        found += [one["user_login"] for one in body["data"]]
        cursor = f"&after={body['pagination'].get('cursor')}"
    assert found == [fan["user_login"] for fan in fans[::-1]]
    assert body["pagination"] == {}


async def test_followed_channels_come_live_first(app: QuartTrio, database: Database) -> None:
    mia_id, mia = await visitor(app, database, "mia")
    for number, viewers in enumerate([None, 3, None, 9, 0]):
        channel_id, _ = await visitor(app, database, f"user_{number}")
        await mia.ask("PUT", me(f"user_{number}"), {"notify": number % 2 == 0})
        if viewers is not None:
            stream_id = await add_stream(database, channel_id)
            await directory.update_viewer_counts(database, {stream_id: viewers})
    found: list[Any] = []
    cursor = ""
    for _ in range(3):
        _, body = await mia.ask("GET", f"/api/users/me/follows?first=2{cursor}")
        found += body["data"]
        cursor = f"&after={body['pagination'].get('cursor')}"
    assert body["pagination"] == {}
    assert body["total"] == 5
    assert [
        (one["broadcaster_login"], one["is_live"], one["viewer_count"], one["notify"]) for one in found
    ] == [
        ("user_3", True, 9, False),
        ("user_1", True, 3, False),
        ("user_4", True, 0, True),
        ("user_2", False, None, True),
        ("user_0", False, None, True),
    ]
    assert found[-1]["started_at"] is None
    _, body = await mia.ask("GET", "/api/users/me/follows?live_only=true")
    assert [one["broadcaster_login"] for one in body["data"]] == ["user_3", "user_1", "user_4"]
    for asked, names in (("USER_2", ["user_2"]), ("mia", []), ("nobody_here", [])):
        status, body = await mia.ask("GET", f"/api/users/me/follows?broadcaster_login={asked}")
        assert (status, body["total"]) == (200, len(names))
        assert [one["broadcaster_login"] for one in body["data"]] == names
    reader = await program(app, database, mia_id, "user:read:follows")
    assert (await reader.ask("GET", "/api/users/me/follows"))[0] == 200
    assert (await reader.ask("PUT", me("user_0"), {}))[0] == 403
    _, eve = await visitor(app, database, "eve")
    _, page = await mia.ask("GET", "/api/users/me/follows?first=2")
    foreign = await eve.ask("GET", f"/api/users/me/follows?after={page['pagination']['cursor']}")
    assert foreign[0] == 400
