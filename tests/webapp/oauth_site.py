"""What the tests of OAuth share: people with browsers, apps, and the way from one to the other."""

import base64
import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from quart import Response
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE
from common.credentials import hash_password
from common.db import Database
from common.queries import users
from tests.webapp.conftest import session_of

PASSWORD = "correct horse"
URI = "https://app.example/cb"
# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ELSEWHERE = "203.0.113.7"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@dataclass
class Page:
    """An answer that was read."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.text)
        return unescape(found[1]) if found else ""

    @property
    def fields(self) -> dict[str, str]:
        """What the page's form carries without being asked."""
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text)
        return {name: unescape(value) for name, value in hidden}

    @property
    def answer(self) -> dict[str, str]:
        """What the app is told by the redirect."""
        assert self.status == 303, self.text
        query = urlsplit(self.headers["location"]).query
        return dict(parse_qsl(query, strict_parsing=True, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.text)


async def read(response: Response) -> Page:
    text = await response.get_data(as_text=True)
    return Page(response.status_code, text, {name.lower(): value for name, value in response.headers.items()})


@dataclass
class Browser:
    """Keeps the session cookie, and sends what browsers send."""

    app: QuartTrio
    session: str = ""
    origin: str = "http://localhost"
    peer: str = "127.0.0.1"

    async def get(self, path: str) -> Page:
        return await self._open("GET", path)

    async def submit(self, path: str, **fields: str) -> Page:
        return await self._open("POST", path, form=fields)

    async def _open(self, method: str, path: str, **more: Any) -> Page:
        headers = {"Origin": self.origin} if method == "POST" else {}
        if self.session:
            headers["Cookie"] = f"{SESSION_COOKIE}={self.session}"
        response = await self.app.test_client(use_cookies=False).open(
            path, method=method, headers=headers, scope_base={"client": (self.peer, 1)}, **more
        )
        page = await read(response)
        cookie = re.match(rf"{SESSION_COOKIE}=([^;]*)", page.headers.get("set-cookie", ""))
        if cookie:
            self.session = cookie[1]
        return page

    async def log_in(self, login: str, asked: str, password: str = PASSWORD, code: str = "") -> Page:
        return await self.submit("/oauth2/login", asked=asked, login=login, password=password, code=code)


@dataclass
class App:
    """One app of somebody's, and how it speaks to the token endpoint."""

    site: "Site"
    client_id: str
    secret: str | None
    uri: str = URI

    def asks(self, **more: str | None) -> str:
        """Give the address that a person is sent to."""
        values: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.uri,
            "state": "xyz",
            **(PKCE if self.secret is None else {}),
            **more,
        }
        return f"/oauth2/authorize?{urlencode({name: value for name, value in values.items() if value is not None})}"

    async def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> Page:
        """Send what is given, and nothing else."""
        return await self._post(path, headers, fields)

    async def _post(self, path: str, headers: dict[str, str] | None, fields: dict[str, str]) -> Page:
        response = await self.site.app.test_client(use_cookies=False).post(
            path, form=fields, headers=headers or {}, scope_base={"client": (self.site.peer, 1)}
        )
        return await read(response)

    async def token(self, **fields: str) -> Page:
        """Ask the token endpoint in this app's name."""
        secret = {} if self.secret is None else {"client_secret": self.secret}
        return await self._post("/oauth2/token", None, {"client_id": self.client_id, **secret, **fields})

    async def exchange(self, code: str, **more: str) -> Page:
        verifier = {"code_verifier": VERIFIER} if self.secret is None else {}
        return await self.token(
            **{"grant_type": "authorization_code", "code": code, "redirect_uri": self.uri, **verifier, **more}
        )

    async def refresh(self, token: str, **more: str) -> Page:
        return await self.token(grant_type="refresh_token", refresh_token=token, **more)

    async def code(self, browser: Browser, scope: str = "chat:read", **more: str | None) -> str:
        """Have somebody who is logged in say yes."""
        page = await browser.get(self.asks(scope=scope, **more))
        if page.status == 200:
            page = await browser.submit("/oauth2/authorize", **page.fields, decision="allow")
        return page.answer["code"]

    async def connect(self, browser: Browser, scope: str = "chat:read") -> dict[str, Any]:
        """Have somebody who is logged in say yes, and fetch the tokens."""
        page = await self.exchange(await self.code(browser, scope))
        assert page.status == 200, page.text
        found: dict[str, Any] = page.json
        return found


@dataclass
class Site:
    """A site with people."""

    app: QuartTrio
    db: Database
    ids: dict[str, int] = field(default_factory=dict)
    peer: str = "127.0.0.1"

    async def person(self, login: str) -> Browser:
        """Give the browser of somebody who is logged in; they are made when they are not there yet."""
        if login not in self.ids:
            user = await users.insert_user_with_channel(
                self.db,
                login=login,
                display_name=login.title(),
                password_hash=await hash_password(PASSWORD),
            )
            self.ids[login] = user.id
        return Browser(self.app, await session_of(self.db, self.ids[login]))

    async def api(self, method: str, path: str, body: object = None, *, who: Browser) -> Page:
        headers = {"Cookie": f"{SESSION_COOKIE}={who.session}"} if who.session else {}
        response = await self.app.test_client(use_cookies=False).open(
            f"/api{path}", method=method, json=body, headers=headers
        )
        return await read(response)

    async def make_app(
        self, owner: str = "maker", name: str = "Overlay", uri: str = URI, *, public: bool = False
    ) -> App:
        browser = await self.person(owner)
        body = {"name": name, "redirect_uris": [uri], "type": "public" if public else "confidential"}
        page = await self.api("POST", "/apps", body, who=browser)
        assert page.status == 201, page.text
        made = page.json["data"][0]
        return App(self, made["client_id"], made.get("client_secret"), uri)

    async def validate(self, token: str, scheme: str = "OAuth", path: str = "/oauth2/validate") -> Page:
        response = await self.app.test_client(use_cookies=False).get(
            path, headers={"Authorization": f"{scheme} {token}"}, scope_base={"client": (self.peer, 1)}
        )
        return await read(response)

    async def as_app(self, token: str, path: str, method: str = "GET", body: object = None) -> Page:
        """Ask the API with a token."""
        response = await self.app.test_client(use_cookies=False).open(
            f"/api{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}"}
        )
        return await read(response)


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}
