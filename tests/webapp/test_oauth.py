"""An app acts for a person, from the first question to the last token, over HTTP on a real PostgreSQL: one story, so one file."""

import json
import time
from collections.abc import Callable

import pytest
from quart_trio import QuartTrio

from common.auth import Authenticator, new_token_secret
from common.credentials import secret_sha256
from common.db import Database
from common.principals import SCOPES
from common.queries import access_tokens, totp
from common.totp_codes import new_totp_secret, totp_code
from tests.webapp.oauth_site import PASSWORD, PKCE, URI, Browser, Site, basic, read
from webapp.oauth_routes import ENDLESS_S, SITE_CLIENT_ID
from weir.retention import remove_stale_authorizations

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def site(app_factory: Callable[..., QuartTrio], database: Database) -> Site:
    return Site(app_factory(database=database), database)


async def test_an_app_asks_a_person_logs_in_says_yes_and_the_app_acts(site: Site) -> None:
    app, _ = await site.make_app(), await site.person("anna")
    browser = Browser(site.app)
    page = await browser.get(app.asks(scope="user:read:follows chat:read"))
    assert (page.status, page.title) == (200, "Log in to continue to Overlay")
    asked = page.fields["asked"]
    page = await browser.log_in("Anna", asked)
    assert (page.status, page.title) == (200, "You are logged in")
    assert browser.session.startswith("weirs_")
    page = await browser.get(f"/oauth2/authorize?{asked}")
    assert (page.status, page.title) == (200, "Overlay wants to act for you")
    for text in ("maker", "Anna", "https://app.example", SCOPES["chat:read"], SCOPES["user:read:follows"]):
        assert text in page.text
    page = await browser.submit("/oauth2/authorize", **page.fields, decision="allow")
    assert page.headers["location"].startswith(f"{URI}?code=weirx_")
    answer = page.answer
    assert set(answer) == {"code", "scope", "state", "iss"}
    assert (answer["state"], answer["scope"]) == ("xyz", "chat:read user:read:follows")
    assert answer["iss"] == "http://localhost:8080"
    page = await app.exchange(answer["code"])
    assert page.status == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    tokens = page.json
    assert set(tokens) == {"access_token", "expires_in", "refresh_token", "scope", "token_type"}
    assert tokens["scope"] == ["chat:read", "user:read:follows"]
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 4 * 3600)
    facts = (await site.validate(tokens["access_token"])).json
    assert 0 < facts.pop("expires_in") <= 4 * 3600
    assert facts == {
        "client_id": app.client_id,
        "login": "anna",
        "user_id": str(site.ids["anna"]),
        "scopes": ["chat:read", "user:read:follows"],
    }
    page = await site.as_app(tokens["access_token"], "/users/me")
    assert page.json["data"][0]["login"] == "anna"
    assert "email" not in page.json["data"][0]  # no scope for that
    assert (await site.as_app(tokens["access_token"], "/apps")).status == 403  # sessions only
    assert (await site.as_app(tokens["access_token"], "/channels/anna/keys")).status == 403


async def test_secrets_are_stored_as_hashes_only(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna)
    tokens = (await app.exchange(code)).json
    assert app.secret
    for table in ("oauth_apps", "oauth_grants", "oauth_forms", "access_tokens"):
        rows = await site.db.fetchval(
            f"select coalesce(jsonb_agg(to_jsonb({table})), '[]')::text from {table}"
        )
        for secret in (app.secret, code, tokens["access_token"], tokens["refresh_token"]):
            assert secret not in rows
            assert secret[:-43] not in rows


async def test_saying_no_is_told_to_the_app(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    page = await anna.get(app.asks(scope="chat:read"))
    answer = (await anna.submit("/oauth2/authorize", **page.fields, decision="deny")).answer
    assert (answer["error"], answer["state"]) == ("access_denied", "xyz")
    assert "code" not in answer
    assert (await anna.get(app.asks(scope="chat:read"))).status == 200  # and asked again the next time


async def test_what_was_allowed_is_remembered_and_more_is_asked_for(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    await app.connect(anna, "chat:read chat:edit")
    for scope in ("chat:read chat:edit", "chat:read", ""):
        assert (await anna.get(app.asks(scope=scope))).answer["scope"] == " ".join(sorted(scope.split()))
    assert (await anna.get(app.asks(scope="chat:read", force_verify="true"))).status == 200
    page = await anna.get(app.asks(scope="user:read:chat"))
    assert page.status == 200
    await anna.submit("/oauth2/authorize", **page.fields, decision="allow")
    assert (await anna.get(app.asks(scope="chat:edit user:read:chat"))).status == 303
    assert (await (await site.person("berta")).get(app.asks(scope="chat:read"))).status == 200


async def test_a_program_without_a_secret_on_the_users_machine_asks_each_time(site: Site) -> None:
    anna = await site.person("anna")
    local = await site.make_app(uri="http://localhost/cb", public=True)
    web = await site.make_app(uri="https://spa.example/cb", public=True)
    for app, status in ((local, 200), (web, 303)):
        await app.connect(anna)
        assert (await anna.get(app.asks(scope="chat:read"))).status == status
    local.uri = "http://localhost:54321/cb"
    assert (await local.connect(anna))["scope"] == ["chat:read"]


async def test_a_second_factor_is_asked_for(site: Site) -> None:
    app, _ = await site.make_app(), await site.person("anna")
    secret = new_totp_secret()
    await totp.offer_totp(site.db, site.ids["anna"], secret)
    await totp.confirm_totp(site.db, site.ids["anna"], secret, [])
    browser = Browser(site.app)
    asked = (await browser.get(app.asks())).fields["asked"]
    page = await browser.log_in("anna", asked)
    assert page.status == 401
    assert "authenticator app" in page.text
    assert not browser.session
    page = await browser.log_in("anna", asked, code=totp_code(secret, int(time.time()) // 30))
    assert page.status == 200
    assert browser.session


async def test_a_wrong_password_shows_the_form_again_with_what_was_asked(site: Site) -> None:
    app, _ = await site.make_app(), await site.person("anna")
    browser = Browser(site.app)
    asked = (await browser.get(app.asks(scope="chat:read"))).fields["asked"]
    page = await browser.log_in("anna", asked, "wrong")
    assert page.status == 401
    assert "Login or password is wrong." in page.text
    assert page.fields["asked"] == asked
    assert 'value="anna"' in page.text
    assert PASSWORD not in page.text
    assert not browser.session
    page = await browser.log_in('"><script>', asked, "wrong")
    assert "<script" not in page.text


async def test_somebody_else_may_answer_instead(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    page = await anna.get(app.asks())
    before = anna.session
    page = await anna.submit("/oauth2/authorize", **page.fields, decision="switch")
    assert page.title == "Log in to continue to Overlay"
    assert anna.session == ""
    anna.session = before  # the session has ended, not only the cookie
    assert (await anna.get(app.asks())).title == "Log in to continue to Overlay"


async def test_refresh_tokens_follow_each_other(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    tokens = await app.connect(anna, "chat:edit chat:read")
    seen = {tokens["refresh_token"]}
    for _ in range(3):
        page = await app.refresh(tokens["refresh_token"])
        assert page.status == 200
        tokens = page.json
        assert tokens["scope"] == ["chat:edit", "chat:read"]
        assert (await site.validate(tokens["access_token"])).status == 200
        assert tokens["refresh_token"] not in seen
        seen.add(tokens["refresh_token"])


async def test_an_app_may_ask_for_less_but_never_for_more(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    tokens = await app.connect(anna, "chat:edit chat:read")
    page = await app.refresh(tokens["refresh_token"], scope="chat:read")
    assert page.json["scope"] == ["chat:read"]
    assert (await site.validate(page.json["access_token"])).json["scopes"] == ["chat:read"]
    token = page.json["refresh_token"]
    for scope in ("chat:read user:read:email", "everything", "chat:read chat:edit user:read:follows"):
        page = await app.refresh(token, scope=scope)
        assert (page.status, page.json["error"]) == (400, "invalid_scope")
    assert (await app.refresh(token)).json["scope"] == ["chat:edit", "chat:read"]


async def test_a_client_that_asks_twice_at_once_gets_the_same_next_token(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    first = (await app.connect(anna))["refresh_token"]
    answers = [(await app.refresh(first)).json for _ in range(3)]
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["access_token"] for answer in answers}) == 3
    assert (await app.refresh(answers[0]["refresh_token"])).status == 200


async def test_a_refresh_token_that_was_followed_by_another_ends_all(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    old = (await app.connect(anna))["refresh_token"]
    new = (await app.refresh(old)).json
    await site.db.execute("update oauth_grants set refreshed_at = refreshed_at - interval '61 seconds'")
    page = await app.refresh(old)
    assert (page.status, page.json["error"]) == (400, "invalid_grant")
    assert (page.json["status"], page.json["message"]) == (400, "Invalid refresh token")
    assert (await site.validate(new["access_token"])).status == 401
    assert (await app.refresh(new["refresh_token"])).status == 400


async def test_the_token_before_the_last_ends_all_at_once(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    first = (await app.connect(anna))["refresh_token"]
    second = (await app.refresh(first)).json["refresh_token"]
    third = (await app.refresh(second)).json
    assert (await app.refresh(first)).status == 400
    assert (await site.validate(third["access_token"])).status == 401


async def test_a_refresh_token_nobody_used_for_long_is_over(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    token = (await app.connect(anna))["refresh_token"]
    await site.db.execute("update oauth_grants set refreshed_at = now() - interval '61 days'")
    assert (await app.refresh(token)).json["error"] == "invalid_grant"
    assert await remove_stale_authorizations(site.db) == 1
    assert await site.db.fetchval("select count(*) from oauth_connections") == 1  # the consent stays


async def test_an_app_in_its_own_name_reads_what_everybody_may(site: Site) -> None:
    app = await site.make_app()
    page = await app.token(grant_type="client_credentials")
    assert page.status == 200
    assert set(page.json) == {"access_token", "expires_in", "token_type"}
    token = page.json["access_token"]
    assert (await site.validate(token)).json == {
        "client_id": app.client_id,
        "scopes": [],
        "expires_in": pytest.approx(86400, abs=60),
    }
    for path in ("/streams", "/users?login=maker", "/channels/maker", "/site"):
        assert (await site.as_app(token, path)).status == 200, path
    for method, path in (
        ("GET", "/users/me"),
        ("GET", "/tokens/current"),
        ("DELETE", "/tokens/current"),
        ("GET", "/tokens"),
        ("GET", "/apps"),
        ("GET", "/channels/maker/keys"),
        ("GET", "/users/me/connections"),
    ):
        assert (await site.as_app(token, path, method)).status == 401, path
    public = await site.make_app(public=True)
    page = await public.token(grant_type="client_credentials")
    assert (page.status, page.json["error"]) == (400, "unauthorized_client")


async def test_tokens_of_an_app_are_bounded(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    first = (await app.token(grant_type="client_credentials")).json["access_token"]
    for _ in range(50):
        await app.token(grant_type="client_credentials")
    assert await site.db.fetchval("select count(*) from access_tokens") == 50
    assert await access_tokens.select_token_identity(site.db, secret_sha256(first)) is None
    for _ in range(60):
        await app.code(anna)
    assert await site.db.fetchval("select count(*) from oauth_grants") == 50


async def test_libraries_for_twitch_send_queries_and_json(site: Site) -> None:
    app = await site.make_app()
    assert app.secret
    query = f"client_id={app.client_id}&client_secret={app.secret}&grant_type=client_credentials"
    page = await app.post(f"/oauth2/token?{query}")
    assert page.status == 200
    token = page.json["access_token"]
    body = {"client_id": app.client_id, "client_secret": app.secret, "grant_type": "client_credentials"}
    page = await read(await site.app.test_client().post("/oauth2/token", json=body))
    assert page.status == 200
    assert (await site.validate(token, path="/auth/validate")).status == 200
    assert (await app.post(f"/auth/revoke?client_id={app.client_id}&token={token}")).status == 200
    assert (await site.validate(token)).status == 401
    assert (await app.post(f"/auth/token?{query}")).status == 200


async def test_an_app_may_name_itself_in_the_header(site: Site) -> None:
    app = await site.make_app()
    assert app.secret
    page = await app.post("/oauth2/token", basic(app.client_id, app.secret), grant_type="client_credentials")
    assert page.status == 200
    page = await app.post("/oauth2/token", basic(app.client_id, "x"), grant_type="client_credentials")
    assert (page.status, page.json["error"]) == (401, "invalid_client")
    assert page.headers["www-authenticate"].startswith("Basic")


async def test_validate_tells_of_personal_tokens_too(site: Site) -> None:
    await site.person("anna")
    secret = new_token_secret()
    await access_tokens.insert_token(
        site.db,
        user_id=site.ids["anna"],
        token_hash=secret.sha256,
        last4=secret.last4,
        label="bot",
        scopes=["chat:read"],
    )
    for scheme in ("OAuth", "Bearer", "oauth"):
        assert (await site.validate(secret.text, scheme)).json == {
            "client_id": SITE_CLIENT_ID,
            "login": "anna",
            "user_id": str(site.ids["anna"]),
            "scopes": ["chat:read"],
            "expires_in": ENDLESS_S,
        }
    for token, scheme, message in (
        ("x", "OAuth", "invalid access token"),
        (secret.text + "x", "Bearer", "invalid access token"),
        ("x" * 5000, "Bearer", "invalid access token"),
        ("", "OAuth", "missing authorization token"),
        (secret.text, "Basic", "missing authorization token"),
    ):
        page = await site.validate(token, scheme)
        assert (page.status, page.json["status"], page.json["message"]) == (401, 401, message)


async def test_revoking_an_access_token_ends_it_and_a_refresh_token_all_that_follows(site: Site) -> None:
    app, other, anna = await site.make_app(), await site.make_app(name="Other"), await site.person("anna")
    first = await app.connect(anna)
    second = (await app.refresh(first["refresh_token"])).json
    page = await app.post("/oauth2/revoke", client_id=other.client_id, token=first["access_token"])
    assert page.status == 200  # RFC 7009: nothing is told of tokens that are not the app's
    assert (await site.validate(first["access_token"])).status == 200
    await app.post("/oauth2/revoke", client_id=other.client_id, token=second["refresh_token"])
    page = await app.post("/oauth2/revoke", client_id=app.client_id, token=first["access_token"])
    assert (page.status, page.text) == (200, "")
    assert (await site.validate(first["access_token"])).status == 401
    assert (await site.validate(second["access_token"])).status == 200
    await app.post("/oauth2/revoke", client_id=app.client_id, token=second["refresh_token"])
    assert (await site.validate(second["access_token"])).status == 401
    assert (await app.refresh(second["refresh_token"])).status == 400
    for fields, status in (
        ({"client_id": app.client_id, "token": "unknown"}, 200),
        ({"client_id": app.client_id}, 400),
        ({"token": "x"}, 400),
        ({"client_id": "x" * 30, "token": "x"}, 401),
        ({"client_id": app.client_id, "client_secret": "wrong", "token": "x"}, 401),
    ):
        assert (await app.post("/oauth2/revoke", None, **fields)).status == status, fields


async def test_people_see_and_disconnect_what_acts_for_them(site: Site) -> None:
    app, anna, berta = await site.make_app(), await site.person("anna"), await site.person("berta")
    tokens, hers = await app.connect(anna, "chat:read"), await app.connect(berta)
    assert (await site.as_app(tokens["access_token"], "/users/me")).status == 200
    [seen] = (await site.api("GET", "/users/me/connections", who=anna)).json["data"]
    assert (seen["client_id"], seen["name"], seen["owner_login"], seen["scopes"]) == (
        app.client_id,
        "Overlay",
        "maker",
        ["chat:read"],
    )
    assert seen["last_used_at"]
    path = f"/users/me/connections/{app.client_id}"
    assert (await site.api("DELETE", path, who=anna)).status == 204
    assert (await site.api("DELETE", path, who=anna)).status == 404
    assert (await site.as_app(tokens["access_token"], "/users/me")).status == 401
    assert (await app.refresh(tokens["refresh_token"])).status == 400
    assert (await anna.get(app.asks(scope="chat:read"))).status == 200  # asked again
    assert (await site.as_app(hers["access_token"], "/users/me")).status == 200
    assert (await site.api("GET", "/users/me/connections", who=anna)).json["data"] == []


async def test_a_code_that_is_under_way_ends_with_the_connection(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna)
    await site.api("DELETE", f"/users/me/connections/{app.client_id}", who=anna)
    assert (await app.exchange(code)).json["error"] == "invalid_grant"


async def test_nothing_of_a_suspended_user_or_of_their_apps_works(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    tokens, code = await app.connect(anna), await app.code(anna)
    own = (await app.token(grant_type="client_credentials")).json["access_token"]
    auth = Authenticator(site.db)
    suspend = "update users set suspended_at = case when $2 then now() end where login = $1"
    for who, stays in (("anna", True), ("maker", False)):
        await site.db.execute(suspend, who, True)
        assert await Authenticator(site.db).token(tokens["access_token"]) is None
        assert (await Authenticator(site.db).token(own) is not None) is stays
        assert (await app.refresh(tokens["refresh_token"])).status in {400, 401}
        assert (await app.exchange(code)).status in {400, 401}
        await site.db.execute(suspend, who, False)
    assert await auth.token(tokens["access_token"]) is not None
    await site.db.execute(suspend, "maker", True)
    assert (await anna.get(app.asks())).status == 400  # as if there were no such app
    assert (await app.token(grant_type="client_credentials")).status == 401


async def test_what_staff_may_do_no_app_may_borrow(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    await site.db.execute("update users set is_admin = true where login = 'anna'")
    token = (await app.connect(anna, " ".join(SCOPES)))["access_token"]
    principal = await Authenticator(site.db).token(token)
    assert principal is not None
    assert (principal.login, principal.site_role, principal.client_id) == ("anna", "", app.client_id)


async def test_apps_are_managed_by_who_made_them(site: Site) -> None:
    maker, other = await site.person("maker"), await site.person("other")
    app = await site.make_app()
    [seen] = (await site.api("GET", "/apps", who=maker)).json["data"]
    assert (seen["client_id"], seen["redirect_uris"], seen["type"]) == (app.client_id, [URI], "confidential")
    assert "client_secret" not in seen
    path = f"/apps/{app.client_id}"
    for who, status in ((other, 404), (maker, 200)):
        body = {"name": "  New \u00a0 name ", "redirect_uris": ["https://new.example/cb"]}
        assert (await site.api("PATCH", path, body, who=who)).status == status
        assert (await site.api("POST", f"{path}/secret", who=who)).status == status
    assert (await app.token(grant_type="client_credentials")).status == 401  # the secret is another one
    [seen] = (await site.api("GET", "/apps", who=maker)).json["data"]
    assert (seen["name"], seen["redirect_uris"]) == ("New name", ["https://new.example/cb"])
    app.secret = (await site.api("POST", f"{path}/secret", who=maker)).json["data"][0]["client_secret"]
    token = (await app.token(grant_type="client_credentials")).json["access_token"]
    assert (await site.validate(token)).status == 200
    assert (await site.api("DELETE", path, who=other)).status == 404
    assert (await site.api("DELETE", path, who=maker)).status == 204
    assert (await site.validate(token)).status == 401
    assert (await site.api("DELETE", path, who=maker)).status == 404
    public = await site.make_app(public=True)
    assert public.secret is None
    assert (await site.api("POST", f"/apps/{public.client_id}/secret", who=maker)).status == 404


async def test_what_no_app_can_be(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = await site.person("maker")
    for body in (
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 61},
        {"name": "Over\u202elay"},
        {"name": "Over\u200blay"},
        {"name": "Z" + "\u0301" * 20},
        {"name": "Over\nlay\x00"},
        {"name": "\U0001d15e" * 60},  # composed, it is longer
        {"name": "x", "redirect_uris": ["http://app.example/"]},
        {"name": "x", "redirect_uris": ["javascript:alert(1)"]},
        {"name": "x", "redirect_uris": [f"https://app.example/{number}" for number in range(11)]},
        {"name": "x", "type": "trusted"},
        {"name": "x", "client_id": "a" * 30},
    ):
        page = await site.api("POST", "/apps", body, who=maker)
        assert page.status == 400, (body, page.text)
    monkeypatch.setattr("common.queries.oauth_apps.MAX_APPS", 2)
    assert [(await site.api("POST", "/apps", {"name": "x"}, who=maker)).status for _ in range(3)] == [
        201,
        201,
        409,
    ]


async def test_leaving_takes_apps_and_connections_along_and_the_export_has_them(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    tokens = await app.connect(anna)
    own = await site.make_app("anna", "Hers")
    export = (await site.api("GET", "/users/me/export", who=anna)).json["data"]
    assert [row["name"] for row in export["oauth_apps"]] == ["Hers"]
    assert [(row["app"], row["scopes"]) for row in export["oauth_connections"]] == [
        ("Overlay", ["chat:read"])
    ]
    assert [row["redirect_uri"] for row in export["oauth_grants"]] == [URI]
    assert "hash" not in json.dumps(export)
    assert "challenge" not in json.dumps(export)
    body = {"login": "anna", "password": "correct horse"}
    assert (await site.api("POST", "/users/me/deletion", body, who=anna)).status == 204
    assert (await site.validate(tokens["access_token"])).status == 401
    assert (await own.token(grant_type="client_credentials")).status == 401
    for table in ("oauth_connections", "oauth_grants", "access_tokens"):
        assert await site.db.fetchval(f"select count(*) from {table}") == 0


async def test_the_site_says_where_everything_is(site: Site) -> None:
    client = site.app.test_client()
    page = await read(await client.get("/.well-known/oauth-authorization-server"))
    found = page.json
    assert found["issuer"] == "http://localhost:8080"
    assert found["token_endpoint"] == "http://localhost:8080/oauth2/standard/token"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert set(found["scopes_supported"]) == set(SCOPES)


async def test_where_the_standard_says_scope_is_one_text(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    fields = {"client_id": app.client_id, "client_secret": app.secret or "", "redirect_uri": URI}
    code = await app.code(anna, "chat:read chat:edit")
    page = await app.post(
        "/oauth2/standard/token", None, grant_type="authorization_code", code=code, **fields
    )
    assert page.json["scope"] == "chat:edit chat:read"
    fields["refresh_token"] = page.json["refresh_token"]
    page = await app.post("/oauth2/standard/token", None, grant_type="refresh_token", **fields)
    assert page.json["scope"] == "chat:edit chat:read"
    page = await app.post("/oauth2/standard/token", None, grant_type="client_credentials", **fields)
    assert "scope" not in page.json


async def test_pages_of_other_sites_may_call_but_bring_no_cookies(site: Site) -> None:
    client = site.app.test_client()
    for path in (
        "/oauth2/token",
        "/oauth2/revoke",
        "/oauth2/validate",
        "/auth/validate",
        "/.well-known/oauth-authorization-server",
    ):
        asked = {"Origin": "https://spa.example", "Access-Control-Request-Method": "POST"}
        page = await read(await client.options(path, headers=asked))
        assert page.status in {200, 204}, path
        assert page.headers["access-control-allow-origin"] == "*"
        assert "Authorization" in page.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in page.headers
    app = await site.make_app()
    page = await app.post("/oauth2/token", {"Origin": "https://spa.example"}, grant_type="x")
    assert (page.status, page.headers["access-control-allow-origin"]) == (400, "*")
    page = await read(await client.get("/oauth2/authorize", headers={"Origin": "https://spa.example"}))
    assert "access-control-allow-origin" not in page.headers


async def test_what_is_over_is_swept_away(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    tokens = await app.connect(anna)
    await app.code(anna)
    await anna.get(app.asks(scope="chat:edit"))
    assert await remove_stale_authorizations(site.db) == 0
    await site.db.execute("update oauth_grants set created_at = now() - interval '11 minutes'")
    await site.db.execute("update oauth_forms set expires_at = now() - interval '1 second'")
    await site.db.execute("update access_tokens set expires_at = now() - interval '1 second'")
    assert await remove_stale_authorizations(site.db) == 3  # the code nobody came for, the page, the token
    assert (await app.refresh(tokens["refresh_token"])).status == 200


async def test_pkce_is_for_apps_with_a_secret_too(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna, **PKCE)
    assert (await app.exchange(code)).json["error"] == "invalid_grant"
    assert (await app.exchange(code, code_verifier="x" * 43)).json["error"] == "invalid_grant"
    page = await app.exchange(code, code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert page.status == 200
