"""What people try with authorization servers: stolen codes, forged forms, redirects elsewhere, floods; all at one site, so one file."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, Authenticator, new_token_secret
from common.db import ControlChange, Database, FullRecheck, migrate, open_database
from common.principals import SCOPES
from common.queries import access_tokens
from tests.webapp.oauth_site import (
    CHALLENGE,
    ELSEWHERE,
    PASSWORD,
    URI,
    VERIFIER,
    App,
    Browser,
    Page,
    Site,
    basic,
    read,
)
from webapp.pace import Pacer
from webapp.pkce import challenge_of

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def site(app_factory: Callable[..., QuartTrio], database: Database) -> Site:
    return Site(app_factory(database=database), database)


def stays_here(page: Page) -> bool:
    return page.status in {400, 401, 403} and "location" not in page.headers and "refresh" not in page.text


# -- Redirects elsewhere ----------------------------------------------------------------------------------------------------

TRICKS = [
    "https://evil.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://evil.example\\@app.example/cb",
    "https://app.example/cb/../../evil",
    "https://app.example/cb#@evil.example",
    "https://app.example/cb?x",
    "https://app.example/cb/",
    "https://app.example/CB",
    "https://APP.example/cb",
    "https://app.example:443/cb",
    "https://app.example/%63b",
    "//app.example/cb",
    "/cb",
    "javascript:alert(1)//https://app.example/cb",
    "https://app.example/cb\r\nLocation: https://evil.example",
    "https://app.example/cb ",
    "https://app。example/cb",
    "https://аpp.example/cb",  # noqa: RUF001 # a Cyrillic letter
    "x" * 5000,
]


@pytest.mark.parametrize("uri", TRICKS)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(site: Site, uri: str) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    await app.connect(anna)  # even where no question would be asked
    for who in (anna, Browser(site.app)):
        for more in ({}, {"response_type": "token"}, {"scope": "nonsense"}, {"state": "x" * 3000}):
            page = await who.get(app.asks(redirect_uri=uri, **more))
            assert stays_here(page), page.headers
    form = await anna.get(app.asks(force_verify="true"))
    asked = urlencode({**dict(parse_qsl(form.fields["asked"])), "redirect_uri": uri})
    page = await anna.submit("/oauth2/authorize", **{**form.fields, "asked": asked}, decision="deny")
    assert stays_here(page)


async def test_what_is_wrong_before_the_address_is_proven_is_told_on_a_page(site: Site) -> None:
    app = await site.make_app()
    browser = Browser(site.app)
    good = {"response_type": "code", "client_id": app.client_id, "redirect_uri": URI}
    for query in (
        "",
        urlencode({**good, "client_id": "x" * 30}),
        urlencode({**good, "client_id": ""}),
        urlencode({**good, "client_id": "\x00' or 1=1 --"}),
        urlencode({**good, "redirect_uri": ""}),
        f"{urlencode(good)}&client_id={app.client_id}",
        f"{urlencode(good)}&redirect_uri={quote(URI)}",
        f"{urlencode(good)}&redirect_uri=https://evil.example/",
        f"{urlencode(good)}&state=%ff",
        f"{urlencode(good)}&" + "&".join(f"x{number}=1" for number in range(60)),
        f"{urlencode(good)}&state=" + "x" * 12_000,
        "client_id[]=x&redirect_uri[]=y",
    ):
        page = await browser.get(f"/oauth2/authorize?{query}")
        assert stays_here(page), query
        assert page.headers["content-type"].startswith("text/html")
        assert "<script" not in page.text


async def test_what_is_wrong_after_it_is_told_to_the_app(site: Site) -> None:
    app = await site.make_app()
    browser = Browser(site.app)
    for more, error in (
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "channel:everything"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
    ):
        page = await browser.get(app.asks(**more))
        assert page.headers["location"].startswith(f"{URI}?error=")
        assert (page.answer["error"], page.answer["state"]) == (error, "xyz")
        assert page.answer["iss"] == "http://localhost:8080"  # mix-up (RFC 9207): errors, too
    page = await browser.get(f"{app.asks()}&state=other")
    assert page.answer["error"] == "invalid_request"
    assert "state" not in page.answer
    public = await site.make_app(public=True)
    page = await browser.get(public.asks(code_challenge=None, code_challenge_method=None))
    assert page.answer["error"] == "invalid_request"


async def test_state_comes_back_as_it_was(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    for state in ("ä€🍌", "a&code=stolen", "\r\nSet-Cookie: a=b", '"><script>', "x" * 2000, "\x00", "+ %20"):
        page = await anna.get(app.asks(state=state, force_verify="true"))
        assert "<script" not in page.text
        page = await anna.submit("/oauth2/authorize", **page.fields, decision="allow")
        assert page.answer["state"] == state
        assert "\n" not in page.headers["location"]
        assert page.headers["location"].isascii()
        assert "set-cookie" not in page.headers


# -- Forms --------------------------------------------------------------------------------------------------------------------


async def test_pages_of_other_sites_cannot_answer_for_anybody(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    page = await anna.get(app.asks())
    for origin in ("https://evil.example", "https://app.example", "null", "http://localhost:1"):
        anna.origin = origin
        answer = await anna.submit("/oauth2/authorize", **page.fields, decision="allow")
        assert stays_here(answer), origin
        assert stays_here(await anna.log_in("anna", page.fields["asked"]))
    assert await site.db.fetchval("select count(*) from oauth_connections") == 0


async def test_a_form_is_answered_once_by_who_was_asked_about_what_was_asked(site: Site) -> None:
    app, anna, mallory = await site.make_app(), await site.person("anna"), await site.person("mallory")
    page = await anna.get(app.asks(scope="chat:read"))
    more = (await anna.get(app.asks(scope="chat:read user:read:email"))).fields
    theirs = (await mallory.get(app.asks(scope="chat:read"))).fields
    again = await Browser(site.app, (await site.person("anna")).session).get(app.asks(scope="chat:read"))
    for fields in (
        {**page.fields, "asked": more["asked"]},  # more than was shown
        {**page.fields, "form": theirs["form"]},  # shown to somebody else
        {**page.fields, "form": again.fields["form"]},  # in another browser of hers
        {**page.fields, "form": "weirf_" + "x" * 43},
    ):
        answer = await anna.submit("/oauth2/authorize", **fields, decision="allow")
        assert (answer.status, answer.title) == (200, "Overlay wants to act for you")  # asked again
    assert await site.db.fetchval("select count(*) from oauth_connections") == 0
    assert (await anna.submit("/oauth2/authorize", **page.fields, decision="allow")).status == 303
    answer = await anna.submit("/oauth2/authorize", **page.fields, decision="allow")
    assert answer.status == 200  # once
    await site.db.execute("update oauth_forms set expires_at = now()")
    answer = await anna.submit("/oauth2/authorize", **more, decision="allow")
    assert answer.status == 200  # too late
    assert (await Browser(site.app).submit("/oauth2/authorize", **more, decision="allow")).title.startswith(
        "Log in"
    )


async def test_forms_that_make_no_sense_are_refused(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    fields = (await anna.get(app.asks())).fields
    for wrong in (
        {},
        {**fields, "decision": "maybe"},
        {**fields, "decision": "allow", "scope": "chat:edit"},
        {**fields, "decision": "allow", "form": "x" * 5000},
        {**fields, "decision": "allow", "asked": ""},
        {**fields, "decision": "allow", "asked": "x" * 13_000},
        {**fields, "decision": "allow", "asked": "client_id=\x00"},
        {**fields, "decision": "allow", "asked": "ä"},
        {**fields, "decision": "allow", "asked": fields["asked"].replace("code", "token")},
    ):
        assert stays_here(await anna.submit("/oauth2/authorize", **wrong)), wrong
        assert stays_here(await anna.submit("/oauth2/login", **wrong)), wrong


async def test_logging_in_never_keeps_a_session_that_was_there(site: Site) -> None:
    app, mallory, _ = await site.make_app(), await site.person("mallory"), await site.person("anna")
    fixed = mallory.session
    asked = (await mallory.get(app.asks())).fields["asked"]
    await mallory.log_in("anna", asked)
    assert mallory.session != fixed
    assert (await Browser(site.app, fixed).get(app.asks())).title.startswith("Log in")  # it has ended
    unknown = Browser(site.app, "weirs_" + "x" * 43)
    await unknown.log_in("anna", asked)
    assert unknown.session != "weirs_" + "x" * 43


async def test_a_token_is_no_session(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    token = (await app.connect(anna))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    page = await read(await site.app.test_client().get(app.asks(scope="chat:read"), headers=headers))
    assert page.title.startswith("Log in")
    secret = new_token_secret()
    page = await Browser(site.app, secret.text).get(app.asks())
    assert page.title.startswith("Log in")


async def test_pages_cannot_be_framed_cached_or_scripted(site: Site) -> None:
    app, anna = await site.make_app(name="<script>alert(1)</script>"), await site.person("anna")
    for who, path in (
        (Browser(site.app), app.asks()),
        (anna, app.asks()),
        (anna, "/oauth2/authorize"),
    ):
        page = await who.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cross-origin-opener-policy"] == "unsafe-none"
        assert "<script" not in page.text
    assert (
        (await Browser(site.app).get(app.asks()))
        .headers["content-security-policy"]
        .endswith("form-action 'self'")
    )


async def test_logins_are_slowed_down_here_as_everywhere(site: Site) -> None:
    app, _ = await site.make_app(), await site.person("anna")
    browser = Browser(site.app, peer=ELSEWHERE)
    asked = (await browser.get(app.asks())).fields["asked"]
    statuses = [(await browser.log_in("anna", asked, "wrong")).status for _ in range(14)]
    assert statuses[:5] == [401] * 5
    assert statuses[-1] == 429
    page = await browser.log_in("anna", asked)
    assert page.status == 429  # the right one, too
    assert int(page.headers["retry-after"]) > 0
    assert page.fields["asked"] == asked


# -- Codes --------------------------------------------------------------------------------------------------------------------


async def test_a_code_that_is_used_twice_ends_what_it_gave(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna)
    first = (await app.exchange(code)).json
    later = (await app.refresh(first["refresh_token"])).json
    page = await app.exchange(code)
    assert (page.status, page.json["error"]) == (400, "invalid_grant")
    for tokens in (first, later):
        assert (await site.validate(tokens["access_token"])).status == 401
    assert (await app.refresh(later["refresh_token"])).status == 400


async def test_of_many_who_come_with_one_code_at_once_at_most_one_gets_tokens_and_nobody_keeps_them(
    site: Site,
) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna)
    pages: list[Page] = []

    async def exchange() -> None:
        pages.append(await app.exchange(code))

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(exchange)
    given_out = [page for page in pages if page.status == 200]
    assert len(given_out) == 1
    assert (await site.validate(given_out[0].json["access_token"])).status == 401


async def test_a_code_lives_a_minute(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna)
    await site.db.execute("update oauth_grants set created_at = now() - interval '61 seconds'")
    assert (await app.exchange(code)).json["error"] == "invalid_grant"


async def test_a_stolen_code_is_worth_nothing_elsewhere(site: Site) -> None:
    app, anna = await site.make_app(public=True), await site.person("anna")
    thief = await site.make_app("mallory", "Thief")
    twin = await site.make_app("mallory", "Twin", public=True)
    code = await app.code(anna)
    for page in (
        await thief.exchange(code),
        await thief.exchange(code, code_verifier=VERIFIER),
        await twin.exchange(code),
        await app.exchange(code, code_verifier="x" * 43),
        await app.exchange(code, code_verifier=CHALLENGE),
        await app.exchange(code, code_verifier=""),
        await app.exchange(code, redirect_uri="https://app.example/other"),
        await app.exchange(code, redirect_uri=""),
        await app.exchange(code + "x"),
        await app.exchange(""),
    ):
        assert page.status == 400
        assert page.json["error"] in {"invalid_grant", "invalid_request"}
    assert (await app.exchange(code)).status == 200  # none of this used it up


async def test_a_challenge_that_was_taken_out_on_the_way_is_missed(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    code = await app.code(anna)  # the app sent a challenge, and somebody took it out
    assert (await app.exchange(code, code_verifier=VERIFIER)).json["error"] == "invalid_grant"
    # A code of mallory's, put into anna's browser: made for another challenge.
    other = "y" * 50
    code = await app.code(anna, code_challenge=challenge_of(other), code_challenge_method="S256")
    assert (await app.exchange(code, code_verifier=VERIFIER)).json["error"] == "invalid_grant"


async def test_a_refresh_token_is_worth_nothing_to_another_app(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    thief = await site.make_app("mallory", "Thief")
    tokens = await app.connect(anna)
    token = tokens["refresh_token"]
    assert (await thief.refresh(token)).status == 400
    for wrong in (token[:-1], token + "x", token[::-1], "", "ä" * 92):
        assert (await app.refresh(wrong)).status == 400
    assert (await app.token(grant_type="authorization_code", code=token, redirect_uri=URI)).status == 400
    assert (await app.refresh(tokens["access_token"])).status == 400
    assert (await site.validate(token)).status == 401
    assert (await app.refresh(token)).status == 200
    forged = token[:-43] + "x" * 43  # who has half of it has seen one
    assert (await app.refresh(forged)).status == 400
    assert (await site.validate(tokens["access_token"])).status == 401


async def test_nothing_crashes_while_an_app_or_a_person_goes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who exchange and those who delete lock the same rows; in opposite orders they would wait for each other."""
    monkeypatch.setattr("common.queries.oauth_grants.MAX_APP_TOKENS", 2)
    monkeypatch.setattr("common.queries.oauth_grants.MAX_GRANTS", 2)
    maker = await site.person("maker")
    for number in range(6):
        app, anna = await site.make_app(), await site.person(anna_login(number))
        refresh = (await app.connect(anna))["refresh_token"]
        codes = [await app.code(anna) for _ in range(2)]
        pages: list[Page] = []

        async def note(ask: Callable[[], Awaitable[Page]], pages: list[Page] = pages) -> None:
            pages.append(await ask())

        goes = (
            partial(site.api, "DELETE", f"/apps/{app.client_id}", who=maker),
            partial(site.api, "DELETE", f"/users/me/connections/{app.client_id}", who=anna),
            partial(
                site.api,
                "POST",
                "/users/me/deletion",
                {"login": anna_login(number), "password": PASSWORD},
                who=anna,
            ),
        )[number % 3]
        async with trio.open_nursery() as nursery:
            for ask in (
                partial(app.refresh, refresh),
                partial(app.exchange, codes[0]),
                partial(app.token, grant_type="client_credentials"),
                partial(app.exchange, codes[1]),
                partial(anna.get, app.asks(scope="chat:read")),
                goes,
                partial(app.refresh, refresh),
                partial(app.token, grant_type="client_credentials"),
                partial(anna.get, app.asks(scope="chat:read")),
            ):
                nursery.start_soon(note, ask)
        assert [page.status for page in pages if page.status >= 500] == []


def anna_login(number: int) -> str:
    return f"anna_{number}"


# -- Apps ---------------------------------------------------------------------------------------------------------------------


async def test_apps_that_cannot_prove_themselves(site: Site) -> None:
    app, public = await site.make_app(), await site.make_app(public=True)
    assert app.secret
    ask = partial(app.post, "/oauth2/token")
    grant = {"grant_type": "client_credentials"}
    for headers, fields, status, error in (
        ({}, {"client_id": app.client_id}, 401, "invalid_client"),
        ({}, {"client_id": app.client_id, "client_secret": "wrong"}, 401, "invalid_client"),
        ({}, {"client_id": app.client_id, "client_secret": ""}, 401, "invalid_client"),
        ({}, {"client_id": "x" * 30, "client_secret": app.secret}, 401, "invalid_client"),
        ({}, {"client_id": "\x00", "client_secret": "\x00"}, 401, "invalid_client"),
        ({}, {"client_id": app.client_id.upper(), "client_secret": app.secret}, 401, "invalid_client"),
        ({}, {"client_id": public.client_id, "client_secret": app.secret}, 401, "invalid_client"),
        ({}, {"client_secret": app.secret}, 400, "invalid_request"),
        (basic(app.client_id, app.secret), {"client_secret": app.secret}, 400, "invalid_request"),
        (basic(app.client_id, app.secret), {"client_id": public.client_id}, 400, "invalid_request"),
        ({"Authorization": "Basic ?"}, {}, 401, "invalid_client"),
        ({"Authorization": f"Basic {'x' * 9000}"}, {}, 401, "invalid_client"),
    ):
        page = await ask(headers, **grant, **fields)
        assert (page.status, page.json["error"]) == (status, error), (headers, fields)
        assert page.json["status"] == status
        assert page.json["message"] == page.json["error_description"]
        assert page.headers["cache-control"] == "no-store"


async def test_requests_for_tokens_that_make_no_sense(site: Site) -> None:
    app = await site.make_app()
    assert app.secret
    client = site.app.test_client()
    secret = {"client_id": app.client_id, "client_secret": app.secret}
    form = "application/x-www-form-urlencoded"
    sent = urlencode({**secret, "grant_type": "client_credentials"})
    for body, kind, error in (
        ("", form, "invalid_request"),
        (urlencode(secret), form, "invalid_request"),
        (urlencode({**secret, "grant_type": "password"}), form, "unsupported_grant_type"),
        (urlencode({**secret, "grant_type": "implicit"}), form, "unsupported_grant_type"),
        (f"{sent}&grant_type=refresh_token", form, "invalid_request"),
        (f"{sent}&client_id={app.client_id}", form, "invalid_request"),
        (f"{sent}&x=1&x=1", form, "invalid_request"),
        (f"{sent}&x=%ff", form, "invalid_request"),
        (f"{sent}&x={'y' * 20_000}", form, "invalid_request"),
        (sent, "text/plain", "invalid_request"),
        (sent, "multipart/form-data", "invalid_request"),
        ("[]", "application/json", "invalid_request"),
        ('{"grant_type": ["client_credentials"]}', "application/json", "invalid_request"),
        ("[" * 50_000, "application/json", "invalid_request"),
        ("{", "application/json", "invalid_request"),
    ):
        page = await read(await client.post("/oauth2/token", data=body, headers={"Content-Type": kind}))
        assert (page.status, page.json["error"]) == (400, error), (body[:80], kind)
    page = await read(await client.post("/oauth2/token", data=b"x" * 70_000, headers={"Content-Type": form}))
    assert page.status == 413
    page = await read(await client.get(f"/oauth2/token?{sent}"))
    assert page.status == 405


async def test_a_flood_is_slowed_down_by_address_and_by_app(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    spend = Pacer.spend  # at a time that stands still: no point comes back meanwhile
    monkeypatch.setattr(Pacer, "spend", lambda self, caller, now: spend(self, caller, 0.0))
    app, public = await site.make_app(), await site.make_app(public=True)
    site.peer = ELSEWHERE
    pages = [await public.refresh("x") for _ in range(62)]
    assert [page.status for page in pages[:60]] == [400] * 60
    assert [page.status for page in pages[60:]] == [429, 429]
    assert int(pages[-1].headers["retry-after"]) > 0
    assert pages[-1].json["status"] == 429
    assert (await app.refresh("x")).status == 400  # another app at the same address
    site.peer = "198.51.100.9"
    assert (await public.refresh("x")).status == 400  # the app at another address
    site.peer = ELSEWHERE
    statuses = {(await site.validate("x")).status for _ in range(600)}
    assert statuses == {401, 429}


# -- Everywhere within a second -------------------------------------------------------------------------------------------------


async def test_what_ends_on_one_node_ends_on_all(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    maker = await site.person("maker")
    another = Authenticator(site.db)  # of another process

    async def ends(how: Callable[[], object], table: str) -> None:
        token = (await app.connect(anna))["access_token"]
        assert await another.token(token) is not None
        with trio.fail_after(10), site.db.subscribe() as feed:
            assert await anext(feed) == FullRecheck()
            result = how()
            assert hasattr(result, "__await__")
            await result
            async for change in feed:
                if isinstance(change, ControlChange) and change.table == table:
                    break
        await trio.testing.wait_all_tasks_blocked()
        assert not another.known("token", token)
        assert await another.token(token) is None

    async with trio.open_nursery() as nursery:
        nursery.start_soon(another.keep_fresh)
        await trio.testing.wait_all_tasks_blocked()
        connection = f"/users/me/connections/{app.client_id}"
        await ends(lambda: site.api("DELETE", connection, who=anna), "access_tokens")
        suspend = "update users set suspended_at = now() where login = 'maker'"
        await ends(lambda: site.db.execute(suspend), "users")  # who answers for the app
        await site.db.execute("update users set suspended_at = null")
        await ends(lambda: site.api("DELETE", f"/apps/{app.client_id}", who=maker), "access_tokens")
        nursery.cancel_scope.cancel()


# -- Everybody, everywhere -------------------------------------------------------------------------------------------------------

ROUTES: list[tuple[str, str, dict[str, int]]] = [
    # What an anonymous browser, one with a session, a personal token, an app's token for somebody and an app's own hear.
    ("GET", "/oauth2/authorize", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    ("POST", "/oauth2/authorize", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    ("POST", "/oauth2/login", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    ("POST", "/oauth2/token", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    (
        "POST",
        "/oauth2/standard/token",
        {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400},
    ),
    ("POST", "/oauth2/revoke", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    ("GET", "/oauth2/validate", {"anonymous": 401, "session": 401, "token": 200, "user": 200, "app": 200}),
    ("POST", "/auth/token", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    ("POST", "/auth/revoke", {"anonymous": 400, "session": 400, "token": 400, "user": 400, "app": 400}),
    ("GET", "/auth/validate", {"anonymous": 401, "session": 401, "token": 200, "user": 200, "app": 200}),
    (
        "GET",
        "/.well-known/oauth-authorization-server",
        {"anonymous": 200, "session": 200, "token": 200, "user": 200, "app": 200},
    ),
]


async def callers(site: Site, app: App) -> dict[str, dict[str, str]]:
    anna = await site.person("anna")
    secret = new_token_secret()
    await access_tokens.insert_token(
        site.db,
        user_id=site.ids["anna"],
        token_hash=secret.sha256,
        last4=secret.last4,
        label="",
        scopes=list(SCOPES),
    )
    own = (await app.token(grant_type="client_credentials")).json["access_token"]
    return {
        "anonymous": {},
        "session": {"Cookie": f"{SESSION_COOKIE}={anna.session}"},
        "token": {"Authorization": f"Bearer {secret.text}"},
        "user": {"Authorization": f"Bearer {(await app.connect(anna))['access_token']}"},
        "app": {"Authorization": f"OAuth {own}"},
    }


async def test_everybody_hears_what_the_table_says(site: Site) -> None:
    headers = await callers(site, await site.make_app())
    wrong = []
    for method, path, expected in ROUTES:
        for who, status in expected.items():
            client = site.app.test_client(use_cookies=False)
            response = await getattr(client, method.lower())(path, headers=headers[who])
            if response.status_code != status:
                wrong.append((method, path, who, response.status_code, status))
    assert wrong == []


async def test_no_route_of_ours_is_missing_from_the_table(site: Site) -> None:
    made = {
        (method, rule.rule)
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if re.match(r"/(oauth2|auth|\.well-known)/", rule.rule)
    }
    assert made == {(method, path) for method, path, _ in ROUTES}


async def test_an_apps_own_token_opens_nothing_that_is_somebodys(site: Site) -> None:
    """Every route of the API that is not for anybody refuses it, but for those about its own subscriptions to events."""
    app = await site.make_app()
    token = (await app.token(grant_type="client_credentials")).json["access_token"]
    document = (await site.as_app(token, "/openapi.json")).json
    asked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "security" in operation:
                page = await site.as_app(token, re.sub(r"\{\w+\}", "1", path), method.upper())
                if path == "/eventsub/subscriptions":
                    assert page.status in {200, 400}, (method, page.text)
                    continue
                assert page.status == 401, (method, path, page.text)
                asked += 1
    assert asked > 20


async def test_a_token_without_scopes_opens_nothing_that_asks_for_one(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    token = (await app.connect(anna, ""))["access_token"]
    assert (await site.as_app(token, "/users/me")).status == 200
    document = (await site.as_app(token, "/openapi.json")).json
    asked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for_any_token = {"token": []} in operation.get("security", ()) and "description" not in operation
            if "security" in operation and not for_any_token:
                page = await site.as_app(token, re.sub(r"\{\w+\}", "1", path), method.upper())
                assert page.status == 403, (method, path, page.text)
                asked += 1
    assert asked > 20


def test_whatever_is_asked_the_answer_is_no_crash(
    app_factory: Callable[..., QuartTrio], database_dsn: str
) -> None:
    words = st.one_of(
        st.text(max_size=40), st.sampled_from(["code", URI, "S256", CHALLENGE, "a" * 30, "refresh_token"])
    )
    names = st.sampled_from(
        [
            "client_id",
            "client_secret",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
            "code_challenge",
            "code_challenge_method",
            "force_verify",
            "grant_type",
            "code",
            "code_verifier",
            "refresh_token",
            "token",
            "asked",
            "form",
            "decision",
            "login",
            "password",
        ]
    )
    queries = st.lists(st.tuples(names, words), max_size=8)
    paths = st.sampled_from([(method, path) for method, path, _ in ROUTES])

    async def run() -> None:
        async with open_database(database_dsn, wait_s=10) as db:
            await migrate(db)
            app = app_factory(database=db)
            await explore(app)

    async def explore(app: QuartTrio) -> None:
        token = trio.lowlevel.current_trio_token()

        @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(target=paths, query=queries, form=queries)
        def ask(target: tuple[str, str], query: list[tuple[str, str]], form: list[tuple[str, str]]) -> None:
            async def send() -> int:
                method, path = target
                client = app.test_client(use_cookies=False)
                sent = {"form": dict(form)} if method == "POST" else {}
                response = await getattr(client, method.lower())(
                    f"{path}?{urlencode(query, errors='replace')}", **sent
                )
                location = response.headers.get("Location", "")
                assert not urlsplit(location).netloc
                status: int = response.status_code
                return status

            assert trio.from_thread.run(send, trio_token=token) < 500

        await trio.to_thread.run_sync(ask)

    trio.run(run)


async def test_times_are_those_of_the_database(site: Site) -> None:
    app, anna = await site.make_app(), await site.person("anna")
    tokens = await app.connect(anna)
    ends = await site.db.fetchval("select max(expires_at) from access_tokens")
    assert abs((ends - datetime.now(UTC)).total_seconds() - tokens["expires_in"]) < 60
