"""Accounts over HTTP on a real PostgreSQL: one story from sign-up to leaving, with one site started for all, so one file."""

import json
import time
from base64 import b32decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, new_token_secret
from common.credentials import new_secret
from common.db import Database
from common.queries import one_time_tokens, stream_keys, users
from common.totp_codes import totp_code

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

PASSWORD = "correct horse"  # a password of nobody


class Browser:
    """Talks to the API and keeps cookies; gives status and body."""

    def __init__(self, app: QuartTrio, peer: str = "127.0.0.1", **headers: str) -> None:
        self.client = app.test_client()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.peer = peer
        self.told: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        response = await self.client.open(
            path,
            method=method,
            json=body,
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
            scope_base={"client": (self.peer, 1)},
        )
        self.told = {name.lower(): value for name, value in response.headers.items()}
        raw = await response.get_data(as_text=False)
        return response.status_code, json.loads(raw) if raw else None

    async def sign_up(self, login: str = "anna", **more: object) -> Any:
        status, body = await self.ask("POST", "/api/users", {"login": login, "password": PASSWORD, **more})
        assert status == 201, body
        return body["data"][0]

    async def log_in(self, login: str = "anna", password: str = PASSWORD, **more: object) -> tuple[int, Any]:
        return await self.ask("POST", "/api/sessions", {"login": login, "password": password, **more})

    async def who(self) -> str | None:
        status, body = await self.ask("GET", "/api/users/me")
        return body["data"][0]["login"] if status == 200 else None

    @property
    def cookie(self) -> str:
        return self.told.get("set-cookie", "").partition(";")[0].partition("=")[2]


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def test_signing_up_makes_an_account_with_a_channel_and_logs_in(
    app: QuartTrio, database: Database
) -> None:
    browser = Browser(app)
    made = await browser.sign_up("Anna_1", email="anna@example.org")
    assert (made["login"], made["display_name"], made["type"]) == ("anna_1", "Anna_1", "")
    assert (made["email"], made["email_verified"]) == ("anna@example.org", False)
    cookie = browser.told["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=weirs_")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie
    assert await browser.who() == "anna_1"
    assert await database.fetchval("select user_id::text from channels") == made["id"]
    stored = await database.fetchval("select password_hash from users")
    assert stored.startswith("$argon2id$")


NOBODY: list[tuple[dict[str, object], int]] = [
    ({"login": "anna", "password": PASSWORD}, 409),
    ({"login": "ANNA", "password": PASSWORD}, 409),
    ({"login": "admin", "password": PASSWORD}, 400),
    ({"login": "an", "password": PASSWORD}, 400),
    ({"login": "a" * 26, "password": PASSWORD}, 400),
    ({"login": "berta\n", "password": PASSWORD}, 400),
    ({"login": "ber ta", "password": PASSWORD}, 400),
    ({"login": "bertа", "password": PASSWORD}, 400),  # noqa: RUF001 # the last letter is Cyrillic
    ({"login": "\u212aerta", "password": PASSWORD}, 400),  # Kelvin sign: its lower case is k
    ({"login": "berta\u202e", "password": PASSWORD}, 400),
    ({"login": "\uff42erta", "password": PASSWORD}, 400),
    ({"login": "../etc", "password": PASSWORD}, 400),
    ({"login": "<b>berta", "password": PASSWORD}, 400),
    ({"login": "berta'--", "password": PASSWORD}, 400),
    ({"login": "berta", "password": "short"}, 400),
    ({"login": "berta", "password": "x" * 201}, 400),
    ({"login": "berta", "password": "\x00" * 10}, 400),
    ({"login": "berta"}, 400),
    ({"login": ["berta"], "password": PASSWORD}, 400),
    ({"login": "berta", "password": PASSWORD, "is_admin": True}, 400),
    ({"login": "berta", "password": PASSWORD, "email": "x"}, 400),
    ({"login": "berta", "password": PASSWORD, "email": "a@b.c\r\nBcc: d@e.f"}, 400),
    ({"login": "berta", "password": PASSWORD, "email": "a@b.c>, <d@e.f"}, 400),
]


async def test_accounts_nobody_can_have(app: QuartTrio, database: Database) -> None:
    await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    browser = Browser(app)
    for body, status in NOBODY:
        assert (body, (await browser.ask("POST", "/api/users", body))[0]) == (body, status)
        assert "set-cookie" not in browser.told
    assert await database.fetchval("select count(*) from users") == 1


async def test_a_closed_site_makes_no_accounts(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    app = app_factory(database=database, registration="closed")
    status, _ = await Browser(app).ask("POST", "/api/users", {"login": "anna", "password": PASSWORD})
    assert status == 403
    assert (await Browser(app).ask("GET", "/api/site"))[1]["registration"] == "closed"


async def test_an_invitation_lets_one_person_in(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    app = app_factory(database=database, registration="invite")
    invitation = new_secret("weiri_")
    await one_time_tokens.insert_one_time_token(
        database, purpose="invite", token_hash=invitation.sha256, lifetime=timedelta(days=1)
    )
    ask = Browser(app).ask
    assert (await ask("POST", "/api/users", {"login": "anna", "password": PASSWORD}))[0] == 403
    wrong = {"login": "anna", "password": PASSWORD, "invitation": "x" * 40}
    assert (await ask("POST", "/api/users", wrong))[0] == 403
    taken = {"login": "admin", "password": PASSWORD, "invitation": invitation.text}
    assert (await ask("POST", "/api/users", taken))[0] == 400  # which does not use it up
    await Browser(app).sign_up("anna", invitation=invitation.text)
    again = {"login": "berta", "password": PASSWORD, "invitation": invitation.text}
    assert (await ask("POST", "/api/users", again))[0] == 403


async def test_one_address_makes_ten_accounts_an_hour(app: QuartTrio) -> None:
    browser = Browser(app, "10.0.0.7")
    for number in range(10):
        await browser.sign_up(f"user_{number}")
    status, _ = await browser.ask("POST", "/api/users", {"login": "one_more", "password": PASSWORD})
    assert status == 429
    assert browser.told["retry-after"] == "360"
    await Browser(app, "10.0.0.8").sign_up("one_more")


async def test_logging_in_and_out(app: QuartTrio) -> None:
    await Browser(app).sign_up("anna")
    browser = Browser(app)
    assert await browser.who() is None
    status, body = await browser.log_in("ANNA")
    assert (status, body["data"][0]["login"]) == (201, "anna")
    assert await browser.who() == "anna"
    stolen = browser.client
    assert (await browser.ask("DELETE", "/api/sessions/current"))[0] == 204
    assert browser.cookie == ""
    assert "Max-Age=0" in browser.told["set-cookie"]
    assert await browser.who() is None
    assert stolen is browser.client


async def test_an_ended_session_cannot_be_used_by_who_copied_it(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up()
    thief = Browser(app, Cookie=f"{SESSION_COOKIE}={browser.cookie}")
    assert await thief.who() == "anna"
    await browser.ask("DELETE", "/api/sessions/current")
    assert await thief.who() is None


async def test_logging_in_never_keeps_the_session_a_browser_came_with(app: QuartTrio) -> None:
    attacker = Browser(app)
    await attacker.sign_up("mallory")
    planted = attacker.cookie
    await Browser(app).sign_up("anna")
    victim = Browser(app, Cookie=f"{SESSION_COOKIE}={planted}")
    await victim.log_in("anna")
    assert victim.cookie not in {"", planted}
    fixed = Browser(app, Cookie=f"{SESSION_COOKIE}={planted}")
    assert await fixed.who() is None  # and what was planted is worth nothing any more
    made_up = Browser(app, Cookie=f"{SESSION_COOKIE}=weirs_chosen_by_somebody_else")
    await made_up.log_in("anna")
    assert made_up.cookie.startswith("weirs_")
    assert "chosen" not in made_up.cookie


WRONG_LOGINS = ["anna", "nobody_here", "", "a' or '1'='1", "anna\u0000", "\ud7ff" * 50]


async def test_a_wrong_password_and_a_wrong_login_look_the_same(app: QuartTrio) -> None:
    await Browser(app).sign_up("anna")
    browser = Browser(app)
    for login in WRONG_LOGINS:
        status, body = await browser.log_in(login, "wrong horse")
        assert "set-cookie" not in browser.told
        if "\0" in login:
            assert status == 400
        else:
            assert (status, body["message"]) == (401, "Login or password is wrong.")


async def test_an_account_without_password_or_suspended_lets_nobody_in(
    app: QuartTrio, database: Database
) -> None:
    await users.insert_user_with_channel(database, login="streamer", display_name="streamer")
    assert (await Browser(app).log_in("streamer", ""))[0] == 401
    browser = Browser(app)
    await browser.sign_up("anna")
    await database.execute("update users set suspended_at = now() where login = 'anna'")
    assert (await Browser(app).log_in("anna"))[0] == 403
    assert (await Browser(app).log_in("anna", "wrong horse"))[0] == 401
    assert await Browser(app, Cookie=f"{SESSION_COOKIE}={browser.cookie}").who() is None


async def test_guessing_one_account_from_many_addresses_is_slowed_down(app: QuartTrio) -> None:
    await Browser(app).sign_up("anna")
    statuses = []
    for number in range(14):
        browser = Browser(app, f"10.0.{number}.7")
        statuses.append((await browser.log_in("anna", "wrong horse"))[0])
    assert statuses == [401] * 11 + [429] * 3
    assert browser.told["retry-after"] in {"1", "2"}
    assert (await browser.log_in("anna"))[0] == 429, "also with the right one: else guesses would be checked"


async def test_guessing_many_accounts_from_one_address_is_slowed_down(app: QuartTrio) -> None:
    browser = Browser(app, "10.0.0.7")
    statuses = [(await browser.log_in(f"nobody_{number}", "wrong horse"))[0] for number in range(24)]
    assert statuses == [401] * 21 + [429] * 3
    await Browser(app, "10.0.0.8").sign_up("anna")
    assert (await Browser(app, "10.0.0.8").log_in("anna"))[0] == 201


async def test_logging_in_often_is_no_guessing(app: QuartTrio) -> None:
    await Browser(app).sign_up("anna")
    browser = Browser(app, "10.0.0.7")
    for _ in range(25):
        assert (await browser.log_in())[0] == 201


async def test_sessions_are_listed_and_ended_one_by_one(app: QuartTrio) -> None:
    first, second = Browser(app, "192.0.2.77", User_Agent="Opera"), Browser(app, "2001:db8:1:2::3")
    await first.sign_up()
    await second.log_in()
    _, body = await second.ask("GET", "/api/sessions")
    newest, oldest = body["data"]
    assert (newest["current"], oldest["current"]) == (True, False)
    assert (newest["network"], oldest["network"]) == ("2001:db8:1::/48", "192.0.2.0/24")
    assert oldest["user_agent"] == "Opera"
    stranger = Browser(app)
    await stranger.sign_up("mallory")
    assert (await stranger.ask("DELETE", f"/api/sessions/{oldest['id']}"))[0] == 404
    assert await first.who() == "anna"
    assert (await second.ask("DELETE", f"/api/sessions/{oldest['id']}"))[0] == 204
    assert await first.who() is None
    assert await second.who() == "anna"


async def test_a_new_password_ends_all_other_sessions(app: QuartTrio) -> None:
    here, elsewhere = Browser(app), Browser(app)
    await here.sign_up()
    await elsewhere.log_in()
    change = {"current": "wrong horse", "password": "battery staple"}
    assert (await here.ask("PUT", "/api/users/me/password", change))[0] == 403
    change["current"] = PASSWORD
    assert (await here.ask("PUT", "/api/users/me/password", change))[0] == 204
    assert await here.who() == "anna"
    assert await elsewhere.who() is None
    assert (await Browser(app).log_in())[0] == 401
    assert (await Browser(app).log_in(password="battery staple"))[0] == 201


async def test_a_reset_link_works_once_and_ends_all_sessions(app: QuartTrio, database: Database) -> None:
    browser = Browser(app)
    made = await browser.sign_up()
    link = new_secret("weirr_")
    await one_time_tokens.insert_one_time_token(
        database,
        purpose="reset",
        token_hash=link.sha256,
        lifetime=timedelta(hours=1),
        user_id=int(made["id"]),
    )
    reset = {"token": link.text, "password": "battery staple"}
    assert (await Browser(app).ask("POST", "/api/password-resets", {**reset, "token": "x" * 30}))[0] == 403
    assert (await Browser(app).ask("POST", "/api/password-resets", reset))[0] == 204
    assert (await Browser(app).ask("POST", "/api/password-resets", reset))[0] == 403
    assert await browser.who() is None
    assert (await browser.log_in(password="battery staple"))[0] == 201


async def test_a_second_factor_is_asked_for_and_no_code_works_twice(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up()
    no, yes = {"enabled": False, "recovery_codes": 0}, {"enabled": True, "recovery_codes": 10}
    assert (await browser.ask("GET", "/api/users/me/totp"))[1]["data"] == [no]
    assert (await browser.ask("POST", "/api/users/me/totp", {"password": "wrong horse"}))[0] == 403
    status, body = await browser.ask("POST", "/api/users/me/totp", {"password": PASSWORD})
    secret = b32decode(body["data"][0]["secret"])
    assert body["data"][0]["uri"].startswith("otpauth://totp/weir:anna?secret=")
    assert (await Browser(app).log_in())[0] == 201, "offered only: nothing is asked for yet"
    assert (await browser.ask("GET", "/api/users/me/totp"))[1]["data"] == [no]

    step = int(time.time()) // 30
    wrong = "000000" if totp_code(secret, step) != "000000" else "000001"
    assert (await browser.ask("PUT", "/api/users/me/totp", {"code": wrong}))[0] == 403
    status, body = await browser.ask("PUT", "/api/users/me/totp", {"code": totp_code(secret, step)})
    assert status == 200
    recovery = body["data"][0]["recovery_codes"]
    assert len(set(recovery)) == 10
    assert (await browser.ask("GET", "/api/users/me/totp"))[1]["data"] == [yes]
    assert (await browser.ask("PUT", "/api/users/me/totp", {"code": totp_code(secret, step)}))[0] == 409
    assert (await browser.ask("POST", "/api/users/me/totp", {"password": PASSWORD}))[0] == 409

    status, body = await Browser(app).log_in()
    assert (status, body["reason"]) == (401, "totp_required")
    status, body = await Browser(app).log_in(code=totp_code(secret, step))
    assert (status, body["reason"]) == (401, "totp_required"), "this code confirmed the app already"
    assert (await Browser(app).log_in(code=totp_code(secret, step + 1)))[0] == 201
    assert (await Browser(app).log_in(code=totp_code(secret, step + 1)))[0] == 401
    assert (await Browser(app).log_in(code=recovery[0].upper()))[0] == 201
    assert (await Browser(app).log_in(code=recovery[0]))[0] == 401
    assert (await browser.ask("GET", "/api/users/me/totp"))[1]["data"] == [yes | {"recovery_codes": 9}]
    status, body = await Browser(app).log_in(password="wrong horse", code=recovery[1])
    assert (status, body.get("reason")) == (401, None)

    assert (await browser.ask("POST", "/api/users/me/totp/removal", {"password": PASSWORD}))[0] == 204
    assert (await browser.ask("POST", "/api/users/me/totp/removal", {"password": PASSWORD}))[0] == 409
    assert (await Browser(app).log_in())[0] == 201


async def test_people_take_their_data_along_without_secrets(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up(email="anna@example.org")
    await browser.ask("POST", "/api/channels/anna/keys", {"label": "obs"})
    await browser.ask("POST", "/api/tokens", {"scopes": ["chat:read"], "label": "bot"})
    _, body = await browser.ask("GET", "/api/users/me/export")
    data = body["data"]
    assert data["users"][0]["email"] == "anna@example.org"
    assert data["stream_keys"][0]["label"] == "obs"
    assert data["access_tokens"][0]["label"] == "bot"
    assert len(data["sessions"]) == 1
    assert {"follows", "blocks", "channel_roles", "reports", "streams", "outbox"} <= data.keys()
    assert "hash" not in json.dumps(body)


async def test_leaving_takes_everything_away(app: QuartTrio, database: Database) -> None:
    browser, other = Browser(app), Browser(app)
    await browser.sign_up("anna")
    await other.sign_up("berta")
    await browser.ask("POST", "/api/channels/anna/keys", {})
    leave = {"login": "berta", "password": PASSWORD}
    assert (await browser.ask("POST", "/api/users/me/deletion", leave))[0] == 400
    leave = {"login": "anna", "password": "wrong horse"}
    assert (await browser.ask("POST", "/api/users/me/deletion", leave))[0] == 403
    leave = {"login": "Anna", "password": PASSWORD}
    assert (await browser.ask("POST", "/api/users/me/deletion", leave))[0] == 204
    assert await browser.who() is None
    assert await other.who() == "berta"
    for table in ("users", "channels", "sessions"):
        assert await database.fetchval(f"select count(*) from {table}") == 1
    assert await database.fetchval("select count(*) from stream_keys") == 0


async def test_the_only_administrator_stays(app: QuartTrio, database: Database) -> None:
    browser = Browser(app)
    made = await browser.sign_up("anna")
    await users.update_admin(database, int(made["id"]))
    await browser.log_in()
    leave = {"login": "anna", "password": PASSWORD}
    assert (await browser.ask("POST", "/api/users/me/deletion", leave))[0] == 409
    await database.execute("update users set is_admin = false")


async def test_accounts_are_looked_up_without_what_is_private(app: QuartTrio) -> None:
    made = await Browser(app).sign_up("Anna", email="anna@example.org")
    await Browser(app).sign_up("berta")
    ask = Browser(app).ask
    _, body = await ask("GET", f"/api/users?id={made['id']}&login=BERTA&login=nobody_here")
    assert [user["login"] for user in body["data"]] == ["anna", "berta"]
    assert "email" not in body["data"][0]
    assert (await ask("GET", "/api/users"))[0] == 400
    assert (await ask("GET", "/api/users?id=0"))[0] == 400
    assert (await ask("GET", "/api/users?id=9223372036854775808"))[0] == 400
    assert (await ask("GET", "/api/users?id=1%20or%201=1"))[0] == 400


async def test_a_token_may_do_what_its_scopes_say_and_is_shown_once(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up(email="anna@example.org")
    wanted = {"scopes": ["channel:read:stream_key", "channel:read:stream_key"], "label": "panel"}
    status, body = await browser.ask("POST", "/api/tokens", wanted)
    assert status == 201
    [token] = body["data"]
    assert token["scopes"] == ["channel:read:stream_key"]
    assert token["expires_at"] is None
    program = Browser(app, Authorization=f"Bearer {token['access_token']}")
    assert (await program.ask("GET", "/api/channels/anna/keys"))[0] == 200
    status, body = await program.ask("POST", "/api/channels/anna/keys", {})
    assert (status, body["message"]) == (403, "The token lacks the scope channel:manage:stream_key.")
    _, body = await program.ask("GET", "/api/users/me")
    assert "email" not in body["data"][0]
    assert (await program.ask("GET", "/api/tokens"))[0] == 403, "a token makes no tokens"
    _, body = await program.ask("GET", "/api/tokens/current")
    assert body["data"][0]["login"] == "anna"
    _, body = await browser.ask("GET", "/api/tokens")
    assert "access_token" not in body["data"][0]
    assert body["data"][0]["last4"] == token["access_token"][-4:]
    assert (await browser.ask("DELETE", f"/api/tokens/{token['id']}"))[0] == 204
    assert (await program.ask("GET", "/api/channels/anna/keys"))[0] == 401
    assert (await program.ask("GET", "/api/streams"))[0] == 401, "a wrong token is never taken for none"
    assert (await browser.ask("DELETE", f"/api/tokens/{token['id']}"))[0] == 404


async def test_a_program_can_revoke_the_token_it_has(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up()
    _, body = await browser.ask("POST", "/api/tokens", {"scopes": ["user:read:email"], "expires_in_days": 1})
    program = Browser(app, Authorization=f"OAuth {body['data'][0]['access_token']}")
    assert (await program.ask("GET", "/api/users/me"))[0] == 200
    assert (await program.ask("DELETE", "/api/tokens/current"))[0] == 204
    assert (await program.ask("GET", "/api/users/me"))[0] == 401
    assert (await browser.ask("DELETE", "/api/tokens/current"))[0] == 404


WRONG_TOKENS = [
    "Bearer",
    "Bearer ",
    "Basic YTpi",
    "Bearer x",
    f"Bearer {new_token_secret().text}",
    "Bearer " + "x" * 5000,
    "ä",
]


async def test_wrong_tokens_are_nobody_even_beside_a_good_cookie(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up()
    for header in WRONG_TOKENS:
        assert (await browser.ask("GET", "/api/users/me", Authorization=header))[0] == 401


IMPOSSIBLE_TOKENS: list[dict[str, object]] = [
    {"scopes": []},
    {"scopes": ["admin"]},
    {"scopes": "chat:read"},
    {"scopes": ["chat:read"], "label": "x" * 101},
    {"scopes": ["chat:read"], "label": "a\nb"},
    {"scopes": ["chat:read"], "expires_in_days": 0},
    {"scopes": ["chat:read"] * 100},
]


async def test_tokens_nobody_can_have(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up()
    for body in IMPOSSIBLE_TOKENS:
        assert (await browser.ask("POST", "/api/tokens", body))[0] == 400


async def test_tokens_and_keys_come_in_pages_whose_cursors_cannot_be_made_up(app: QuartTrio) -> None:
    browser, other = Browser(app), Browser(app)
    await browser.sign_up("anna")
    await other.sign_up("berta")
    for number in range(5):
        await browser.ask("POST", "/api/tokens", {"scopes": ["chat:read"], "label": str(number)})
        await browser.ask("POST", "/api/channels/anna/keys", {"label": str(number)})
    for path in ("/api/tokens", "/api/channels/anna/keys"):
        seen, cursor = [], ""
        for _ in range(3):
            status, body = await browser.ask("GET", f"{path}?first=2{cursor}")
            assert status == 200
            seen += [item["label"] for item in body["data"]]
            cursor = f"&after={body['pagination'].get('cursor', '')}"
        assert (seen, body["pagination"]) == (["4", "3", "2", "1", "0"], {})
        assert (await browser.ask("GET", f"{path}?after=AAAA"))[0] == 400
        assert (await browser.ask("GET", f"{path}?after="))[0] == 400
    _, body = await browser.ask("GET", "/api/tokens?first=2")
    foreign = await other.ask("GET", f"/api/tokens?after={body['pagination']['cursor']}")
    assert foreign[0] == 400


async def test_keys_are_made_shown_once_and_revoked(app: QuartTrio, database: Database) -> None:
    browser, other = Browser(app), Browser(app)
    await browser.sign_up("anna")
    await other.sign_up("berta")
    status, body = await browser.ask("POST", "/api/channels/ANNA/keys", {"label": "living room"})
    [key] = body["data"]
    assert (status, key["label"], key["revoked_at"]) == (201, "living room", None)
    assert key["stream_key"].startswith("live_")
    _, body = await browser.ask("GET", "/api/channels/anna/keys")
    assert "stream_key" not in body["data"][0]
    path = f"/api/channels/anna/keys/{key['id']}"
    assert (await other.ask("DELETE", path))[0] == 403
    assert (await other.ask("DELETE", f"/api/channels/berta/keys/{key['id']}"))[0] == 404
    assert (await browser.ask("DELETE", path))[0] == 204
    assert (await browser.ask("DELETE", path))[0] == 204, "revoking again changes nothing"
    assert (await browser.ask("DELETE", "/api/channels/anna/keys/4711"))[0] == 404
    assert (await browser.ask("DELETE", "/api/channels/anna/keys/seven"))[0] == 404
    [stored] = await stream_keys.select_keys(
        database, int((await browser.ask("GET", "/api/users/me"))[1]["data"][0]["id"])
    )
    assert stored.revoked_at is not None


async def test_a_channel_has_only_so_many_keys(app: QuartTrio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.key_routes.MAX_KEYS", 1)
    browser = Browser(app)
    await browser.sign_up()
    _, body = await browser.ask("POST", "/api/channels/anna/keys", {})
    assert (await browser.ask("POST", "/api/channels/anna/keys", {}))[0] == 409
    await browser.ask("DELETE", f"/api/channels/anna/keys/{body['data'][0]['id']}")
    assert (await browser.ask("POST", "/api/channels/anna/keys", {}))[0] == 201


ELSEWHERE = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}]


async def test_pages_of_other_sites_change_nothing(app: QuartTrio) -> None:
    browser = Browser(app)
    await browser.sign_up()
    requests: list[tuple[str, str, object]] = [
        ("DELETE", "/api/sessions/current", None),
        ("POST", "/api/channels/anna/keys", {}),
        ("POST", "/api/sessions", {"login": "anna", "password": PASSWORD}),
        ("POST", "/api/users", {"login": "berta", "password": PASSWORD}),
    ]
    for headers in ELSEWHERE:
        for method, path, body in requests:
            assert (await browser.ask(method, path, body, **headers))[0] == 403
    assert await browser.who() == "anna"
    assert (await browser.ask("DELETE", "/api/sessions/current", Origin="http://localhost"))[0] == 204


async def test_the_cookie_is_secure_behind_tls(
    app_factory: Callable[..., QuartTrio], database: Database
) -> None:
    from common.proxies import TrustedProxies

    app = app_factory(database=database, proxies=TrustedProxies(["10.0.0.1"]))
    browser = Browser(app, "10.0.0.1", X_Forwarded_Proto="https", X_Forwarded_For="203.0.113.9")
    await browser.sign_up("anna")
    assert "Secure" in browser.told["set-cookie"]
    liar = Browser(app, "10.0.0.2", X_Forwarded_Proto="https")
    await liar.sign_up("berta")
    assert "Secure" not in liar.told["set-cookie"]


async def test_a_header_cannot_be_written_through_a_name(app: QuartTrio) -> None:
    browser = Browser(app, User_Agent="evil\x1b[31m" + "x" * 5000)
    await browser.sign_up()
    _, body = await browser.ask("GET", "/api/sessions")
    assert body["data"][0]["user_agent"].startswith("evil[31mxxx")
    assert len(body["data"][0]["user_agent"]) <= 200
