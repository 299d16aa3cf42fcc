"""Tickets to media that is not for everybody: who gets one, and what it says."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID

import pytest
import quart.typing as quart_typing
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE
from common.credentials import hash_password
from common.db import Database
from common.play_ticket import MAX_TICKET_S, PlayTicket, keyring, read_ticket
from common.queries import access_tokens, channels, follows, media_nodes, roles, users
from common.queries.channels import ChannelUpdate
from common.queries.media_nodes import MediaNode
from common.queries.site_secrets import obtain_site_secret
from common.queries.streams import open_stream
from tests.webapp.conftest import local_urls, session_of
from webapp.media_places import MediaPlaces

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]


@dataclass
class Site:
    db: Database
    app: QuartTrio
    anna: int
    berta: int

    def client(self) -> quart_typing.TestClientProtocol:
        """A browser of its own."""
        return self.app.test_client()

    async def headers(self, user_id: int) -> dict[str, str]:
        return {"Cookie": f"{SESSION_COOKIE}={await session_of(self.db, user_id)}"}

    async def ask(
        self,
        *,
        headers: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        login: str = "anna",
        client: quart_typing.TestClientProtocol | None = None,
    ) -> Any:
        return await (client or self.client()).post(
            f"/api/channels/{login}/play-ticket", json=body or {}, headers=headers or {}
        )

    async def restrict(self, visibility: str, password: str | None = None) -> None:
        password_hash = None if password is None else await hash_password(password)
        update = ChannelUpdate(visibility=visibility, password_hash=password_hash)
        assert await channels.update_channel(self.db, self.anna, update)

    async def ticket(self, response: Any) -> PlayTicket | None:
        key = await obtain_site_secret(self.db, "play_ticket")
        texts = {cookie.value for cookie in cookies_of(response).values()}
        assert len(texts) == 1
        return read_ticket(keyring([key]), texts.pop())


def cookies_of(response: Any) -> dict[str, Any]:
    """What is set, by path."""
    found = {}
    for header in response.headers.getlist("Set-Cookie"):
        [morsel] = SimpleCookie(header).values()
        assert morsel.key == "weir_play"
        found[morsel["path"]] = morsel
    return found


async def problem(response: Any) -> tuple[int, str | None]:
    return response.status_code, json.loads(await response.get_data()).get("reason")


@pytest.fixture
async def site(app_factory: Callable[..., QuartTrio], database: Database) -> Site:
    anna = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    berta = await users.insert_user_with_channel(database, login="berta", display_name="Berta")
    return Site(database, app_factory(database=database), anna.id, berta.id)


async def test_media_for_everybody_needs_no_ticket(site: Site) -> None:
    for visibility in ("public", "unlisted"):
        await site.restrict(visibility)
        response = await site.ask(headers=await site.headers(site.berta))
        assert response.status_code == 204
        assert not cookies_of(response)


async def test_a_follower_gets_a_ticket_that_no_page_can_read(site: Site) -> None:
    await site.restrict("followers")
    berta = await site.headers(site.berta)
    assert await problem(await site.ask(headers=berta)) == (403, "follow")
    await follows.upsert_follow(site.db, user_id=site.berta, channel_id=site.anna, notify=True)
    before = time.time()
    response = await site.ask(headers=berta, login="ANNA")
    assert response.status_code == 200
    told = json.loads(await response.get_data())
    assert 295 <= told["expires_in"] <= 301
    assert told["hls_url"] == "http://localhost:8081/hls/anna/index.m3u8"
    ticket = await site.ticket(response)
    assert ticket is not None
    assert (ticket.channel_id, ticket.login, ticket.grant) == (site.anna, "anna", "followers")
    assert ticket.viewer == f"u{site.berta:x}"
    assert ticket.expires_at_s <= before + MAX_TICKET_S + 2
    cookies = cookies_of(response)
    assert set(cookies) == {"/hls/anna", "/api/channels/anna/play-ticket"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["max-age"] == "300"
        assert not cookie["domain"]
        assert not cookie["secure"], "this came without TLS"
    await follows.delete_follow(site.db, user_id=site.berta, channel_id=site.anna)
    assert await problem(await site.ask(headers=berta)) == (403, "follow")


async def test_nobody_else_gets_one(site: Site) -> None:
    for visibility in ("followers", "subs"):
        await site.restrict(visibility)
        response = await site.ask()
        assert await problem(response) == (401, "log_in")
        assert not cookies_of(response)
        suspended = await site.headers(site.berta)
        await site.db.execute("update users set suspended_at = now() where id = $1", site.berta)
        assert await problem(await site.ask(headers=suspended)) == (401, "log_in")
        await site.db.execute("update users set suspended_at = null where id = $1", site.berta)
        await follows.insert_block(site.db, user_id=site.anna, blocked_id=site.berta)
        response = await site.ask(headers=await site.headers(site.berta))
        assert await problem(response) == (403, "blocked")
        await follows.delete_block(site.db, user_id=site.anna, blocked_id=site.berta)


async def test_owner_and_moderator_get_one_for_any_closed_channel(site: Site) -> None:
    await site.restrict("subs")
    await roles.insert_role(
        site.db, channel_id=site.anna, user_id=site.berta, role="moderator", granted_by=site.anna
    )
    for user_id in (site.anna, site.berta):
        ticket = await site.ticket(await site.ask(headers=await site.headers(user_id)))
        assert ticket is not None
        assert ticket.grant == "member"


async def test_a_token_gets_none(site: Site) -> None:
    await site.restrict("followers")
    await follows.upsert_follow(site.db, user_id=site.berta, channel_id=site.anna, notify=True)
    await access_tokens.insert_token(
        site.db,
        user_id=site.berta,
        token_hash=hashlib.sha256(b"weirt_x").digest(),
        last4="rt_x",
        label="",
        scopes=["user:read:follows"],
    )
    response = await site.ask(headers={"Authorization": "Bearer weirt_x"})
    assert await problem(response) == (401, "log_in")


async def test_the_password_opens_and_its_ticket_renews_itself(site: Site) -> None:
    await site.restrict("password", "open sesame")
    browser = site.client()
    assert await problem(await site.ask(client=browser)) == (403, "password_required")
    wrong = await site.ask(client=browser, body={"password": "open barley"})
    assert await problem(wrong) == (403, "wrong_password")
    response = await site.ask(client=browser, body={"password": "open sesame"})
    first = await site.ticket(response)
    assert first is not None
    assert first.viewer.startswith("a")
    renewed = await site.ticket(await site.ask(client=browser))
    assert renewed is not None
    assert (renewed.viewer, renewed.grant) == (first.viewer, first.grant)
    assert await problem(await site.ask()) == (403, "password_required"), "another browser"
    await site.restrict("password", "open wheat, now")
    assert await problem(await site.ask(client=browser)) == (403, "password_required")
    await site.restrict("followers")
    assert await problem(await site.ask(client=browser)) == (401, "log_in")


async def test_guessing_the_password_has_to_wait(site: Site) -> None:
    await site.restrict("password", "open sesame")
    statuses = [(await site.ask(body={"password": f"guess {number}"})).status_code for number in range(12)]
    assert statuses == [403] * 11 + [429]
    response = await site.ask(body={"password": "open sesame"})
    assert response.status_code == 429, "or guessing would go on at full speed"
    assert int(response.headers["Retry-After"]) >= 1


async def test_a_channel_that_is_not_there_is_not_there(site: Site) -> None:
    assert (await site.ask(login="carla")).status_code == 404
    await site.restrict("followers")
    await site.db.execute("update users set suspended_at = now() where id = $1", site.anna)
    assert (await site.ask()).status_code == 404


async def test_another_site_gets_nobody_a_ticket(site: Site) -> None:
    await site.restrict("subs")
    headers = await site.headers(site.anna) | {"Origin": "https://evil.example"}
    assert (await site.ask(headers=headers)).status_code == 403


async def test_browsers_are_told_the_node_that_has_the_channel(site: Site, database: Database) -> None:
    await site.restrict("followers")
    owner = await site.headers(site.anna)
    await open_stream(
        database,
        stream_id=UUID(int=1),
        channel_id=site.anna,
        node="a",
        title="",
        started_at=datetime.now(UTC),
    )
    expected = {
        None: "http://localhost:8081",
        MediaNode("a", None, 9001, None, 1935): "http://localhost:9001",
        MediaNode("a", "https://a.example.org/", 9001, None, 1935): "https://a.example.org",
    }
    for node, base in expected.items():
        if node is not None:
            await media_nodes.upsert_node(database, node)
        told = json.loads(await (await site.ask(headers=owner)).get_data())
        assert told["hls_url"] == f"{base}/hls/anna/index.m3u8"
        shown = json.loads(await (await site.client().get("/api/channels/anna")).get_data())
        assert shown["data"][0]["hls_url"] == told["hls_url"]


async def test_pages_may_load_media_from_every_node(database: Database) -> None:
    await media_nodes.upsert_node(database, MediaNode("a", None, 9001, None, 1935))
    await media_nodes.upsert_node(database, MediaNode("b", "https://b.example.org/x", 9002, None, 1935))
    places = MediaPlaces(database, local_urls().hls)
    places._nodes = await media_nodes.select_nodes(database)
    assert places.base_urls("site.example:8080") == [
        "http://site.example:8081",
        "http://site.example:9001",
        "https://b.example.org/x",
    ]
