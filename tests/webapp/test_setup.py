"""What stands behind one-time links, over HTTP on a real PostgreSQL: setting a site up, and a new password."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE
from common.credentials import new_secret, verify_password
from common.db import Database
from common.queries import one_time_tokens, users
from common.queries.one_time_tokens import Purpose

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

PASSWORD = "correct horse"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def link(db: Database, purpose: Purpose, user_id: int | None = None) -> str:
    secret = new_secret("test_")
    await one_time_tokens.insert_one_time_token(
        db, purpose=purpose, token_hash=secret.sha256, lifetime=timedelta(hours=1), user_id=user_id
    )
    return secret.text


async def submit(
    app: QuartTrio, path: str, origin: str = "http://localhost", **fields: str
) -> tuple[int, str]:
    """Send a form as the page does; the status, and the cookie that is set."""
    response = await app.test_client().post(f"/api{path}", json=fields, headers={"Origin": origin})
    return response.status_code, response.headers.get("Set-Cookie", "")


@pytest.mark.parametrize("path", ["/setup", "/reset", "/reset-password", "/verify", "/verify-email"])
async def test_looking_at_a_link_uses_nothing_up_and_shows_nothing_of_it(
    app: QuartTrio, database: Database, path: str
) -> None:
    token = await link(database, "setup")
    for given in (token, "%22%3E%3Cscript%3Ealert(1)%3C/script%3E", ""):
        response = await app.test_client().get(f"{path}?token={given}")
        assert response.status_code == 200
        body = await response.get_data(as_text=True)
        assert token not in body
        assert "alert(1)" not in body
    assert (await submit(app, "/setup", token=token, login="anna", password=PASSWORD))[0] == 201


async def test_the_set_up_link_makes_one_administrator(app: QuartTrio, database: Database) -> None:
    token = await link(database, "setup")
    assert (await submit(app, "/setup", token=token, login="admin", password=PASSWORD))[0] == 400
    assert (await submit(app, "/setup", token=token, login="anna", password="short"))[0] == 400
    status, cookie = await submit(app, "/setup", token=token, login="Anna", password=PASSWORD)
    assert status == 201
    assert cookie.startswith(f"{SESSION_COOKIE}=weirs_")
    user = await users.select_user_by_login(database, "anna")
    assert user is not None
    assert user.is_admin
    assert (await submit(app, "/setup", token=token, login="berta", password=PASSWORD))[0] == 403


async def test_who_sets_up_may_take_the_first_channel_but_nobody_elses(
    app: QuartTrio, database: Database
) -> None:
    first = await users.insert_user_with_channel(database, login="streamer", display_name="streamer")
    await users.insert_user_with_channel(database, login="anna", display_name="anna", password_hash="x")
    token = await link(database, "setup")
    assert (await submit(app, "/setup", token=token, login="anna", password=PASSWORD))[0] == 409
    assert (await submit(app, "/setup", token=token, login="Streamer", password=PASSWORD))[0] == 201
    assert await verify_password(PASSWORD, await users.select_password_hash(database, first.id))
    assert await users.select_password_hash(database, (first.id + 1)) == "x"


async def test_a_link_is_for_one_purpose_and_for_once(app: QuartTrio, database: Database) -> None:
    user = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    token = await link(database, "reset", user.id)
    assert (await submit(app, "/setup", token=token, login="mallory", password=PASSWORD))[0] == 403
    assert (await submit(app, "/email-verifications", token=token))[0] == 403
    assert (await submit(app, "/password-resets", token=token, password=PASSWORD))[0] == 204
    assert await verify_password(PASSWORD, await users.select_password_hash(database, user.id))
    assert (await submit(app, "/password-resets", token=token, password=PASSWORD))[0] == 403


async def test_forms_of_other_sites_are_refused(app: QuartTrio, database: Database) -> None:
    token = await link(database, "setup")
    fields = {"token": token, "login": "mallory", "password": PASSWORD}
    assert (await submit(app, "/setup", origin="https://evil.example", **fields))[0] == 403
    assert not await users.exists_user(database)
