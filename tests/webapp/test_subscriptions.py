"""Routes about subscriptions on a site that takes no money, and what a subscription opens."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, new_token_secret
from common.db import Database
from common.queries import access_tokens, channels, chat, follows
from common.queries.channels import ChannelUpdate
from tests.common.test_queries import add_user
from tests.webapp.conftest import session_of

pytestmark = pytest.mark.real

SUBSCRIPTIONS = "/channels/anna/subscriptions"


@dataclass
class Site:
    db: Database
    app: QuartTrio
    anna: int
    ben: int

    async def ask(self, who: int | str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask as somebody who is logged in, or (text) with a token."""
        if isinstance(who, str):
            headers = {"Authorization": f"Bearer {who}"}
        else:
            headers = {"Cookie": f"{SESSION_COOKIE}={await session_of(self.db, who)}"}
        response = await self.app.test_client().open(f"/api{path}", method=method, json=body, headers=headers)
        text = await response.get_data(as_text=True)
        return response.status_code, json.loads(text) if text else None

    async def token(self, user_id: int, *scopes: str) -> str:
        secret = new_token_secret()
        await access_tokens.insert_token(
            self.db,
            user_id=user_id,
            token_hash=secret.sha256,
            last4=secret.last4,
            label="",
            scopes=list(scopes),
        )
        return secret.text

    async def grant(self, login: str = "ben", **more: Any) -> tuple[int, Any]:
        return await self.ask(self.anna, "POST", f"{SUBSCRIPTIONS}/grants", {"user_login": login, **more})

    async def give(self, **wish: Any) -> tuple[int, Any]:
        return await self.ask(self.anna, "POST", f"{SUBSCRIPTIONS}/gifts", wish)


@pytest.fixture
async def site(app_factory: Callable[..., QuartTrio], database: Database) -> Site:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    return Site(database, app_factory(database=database), anna.id, ben.id)


async def test_owner_grants_and_takes_back(site: Site) -> None:
    status, answer = await site.grant(tier="2000", months=None)
    assert status == 201
    (told,) = answer["data"]
    assert {
        name: told[name] for name in ("user_login", "tier", "plan_name", "is_gift", "ends_at", "renews")
    } == {
        "user_login": "ben",
        "tier": "2000",
        "plan_name": "Tier 2",
        "is_gift": False,
        "ends_at": None,
        "renews": False,
    }
    assert (await site.grant())[0] == 409
    _, answer = await site.ask(site.ben, "GET", f"{SUBSCRIPTIONS}/me")
    (own,) = answer["data"]
    assert (own["broadcaster_login"], own["can_share"]) == ("anna", False)
    _, mine = await site.ask(site.ben, "GET", "/users/me/subscriptions")
    assert [one["broadcaster_login"] for one in mine["data"]] == ["anna"]
    assert (await site.ask(site.anna, "DELETE", f"{SUBSCRIPTIONS}/grants/BEN"))[0] == 204
    assert (await site.ask(site.anna, "DELETE", f"{SUBSCRIPTIONS}/grants/ben"))[0] == 404
    assert (await site.ask(site.ben, "GET", f"{SUBSCRIPTIONS}/me"))[0] == 404
    rows = await site.db.fetch("select action, details::text as details from audit_log order by id")
    assert [row["action"] for row in rows] == ["grant_subscription", "take_back_subscription"]
    assert json.loads(rows[0]["details"]) == {"user_login": "ben", "tier": "2000", "months": None}


async def test_list_is_counted_and_goes_page_by_page(site: Site) -> None:
    for number, tier in enumerate(("1000", "1000", "2000", "3000")):
        await add_user(site.db, f"fan_{number}")
        await site.grant(f"fan_{number}", tier=tier)
    token = await site.token(site.anna, "channel:read:subscriptions")
    _, first = await site.ask(token, "GET", f"{SUBSCRIPTIONS}?first=3")
    assert (first["total"], first["points"]) == (4, 10)
    assert [one["user_login"] for one in first["data"]] == ["fan_3", "fan_2", "fan_1"]
    _, rest = await site.ask(token, "GET", f"{SUBSCRIPTIONS}?first=3&after={first['pagination']['cursor']}")
    assert [one["user_login"] for one in rest["data"]] == ["fan_0"]
    assert "cursor" not in rest["pagination"]
    wanted = first["data"][1]["user_id"]
    _, one = await site.ask(token, "GET", f"{SUBSCRIPTIONS}?user_id={wanted}")
    assert [found["user_id"] for found in one["data"]] == [wanted]
    for nobody in ("9999999999999999999", str(site.ben)):
        _, none = await site.ask(token, "GET", f"{SUBSCRIPTIONS}?user_id={nobody}")
        assert (none["data"], none["total"]) == ([], 4)


async def test_tokens_need_their_scopes(site: Site) -> None:
    bare = await site.token(site.anna, "chat:read")
    for method, path, body in (
        ("GET", SUBSCRIPTIONS, None),
        ("GET", f"{SUBSCRIPTIONS}/me", None),
        ("GET", "/users/me/subscriptions", None),
        ("POST", f"{SUBSCRIPTIONS}/grants", {"user_login": "ben"}),
        ("POST", f"{SUBSCRIPTIONS}/gifts", {"user_login": "ben"}),
        ("POST", f"{SUBSCRIPTIONS}/cancel", None),
        ("POST", f"{SUBSCRIPTIONS}/share", {}),
    ):
        assert (await site.ask(bare, method, path, body))[0] == 403, path
    manager = await site.token(site.anna, "channel:manage:subscriptions")
    assert (await site.ask(manager, "POST", f"{SUBSCRIPTIONS}/grants", {"user_login": "ben"}))[0] == 201


async def test_nobody_buys_where_nothing_is_sold(site: Site) -> None:
    for path, body in (
        ("", {}),
        ("/gifts", {"user_login": "anna_s_friend"}),
        ("/gifts", {"user_login": "cleo"}),
    ):
        await site.db.fetchval("select 1")
        status, problem = await site.ask(site.ben, "POST", f"{SUBSCRIPTIONS}{path}", body)
        assert status in {404, 409}
        assert problem["reason"] in {"no_payments", "nobody"}
    await add_user(site.db, "cleo")
    status, problem = await site.ask(site.ben, "POST", f"{SUBSCRIPTIONS}/gifts", {"user_login": "cleo"})
    assert (status, problem["reason"]) == (409, "no_payments")
    assert (await site.ask(site.ben, "POST", "/users/me/billing-portal"))[0] == 409
    _, told = await site.ask(site.ben, "GET", "/site")
    assert told["subscriptions"] == {"provider": "grant", "currency": "", "prices": {}}


async def test_owner_gives_to_one_and_to_many(site: Site) -> None:
    status, given = await site.give(user_login="ben", tier="1000")
    assert (status, given["checkout"]) == (201, None)
    assert [(one["user_login"], one["is_gift"], one["gifter_login"]) for one in given["data"]] == [
        ("ben", True, "anna")
    ]
    fans = [await add_user(site.db, f"fan_{number}") for number in range(5)]
    for fan in fans:
        await follows.upsert_follow(site.db, user_id=fan.id, channel_id=site.anna, notify=True)
    status, given = await site.give(count=3, is_anonymous=True)
    assert status == 201
    assert len({one["user_login"] for one in given["data"]}) == 3
    assert {one["gifter_login"] for one in given["data"]} == {""}
    status, problem = await site.give(count=3)
    assert (status, problem["reason"]) == (422, "too_few")
    for wish in ({"user_login": "anna"}, {}, {"user_login": "ben", "count": 1}):
        assert (await site.give(**wish))[0] == 422
    assert (await site.give(user_login="ben"))[0] == 409


@pytest.mark.parametrize(
    "wish",
    [
        {"user_login": "ben", "months": 0},
        {"user_login": "ben", "months": 37},
        {"user_login": "ben", "months": 1.5},
        {"user_login": "ben", "tier": "4000"},
        {"user_login": "ben", "tier": 1000},
        {"user_login": "b"},
        {"user_login": "ben", "typo": 1},
        {},
    ],
)
async def test_wishes_that_make_no_sense_are_refused(site: Site, wish: Any) -> None:
    assert (await site.ask(site.anna, "POST", f"{SUBSCRIPTIONS}/grants", wish))[0] == 400


async def test_what_is_shared_is_bounded_and_not_for_the_banned(site: Site) -> None:
    await site.grant(months=None)
    await site.db.execute("update subscriptions set since = since - interval '40 days'")
    share = f"{SUBSCRIPTIONS}/share"
    for text in ("x" * 501, 7, "\u202etxet"):
        assert (await site.ask(site.ben, "POST", share, {"text": text}))[0] == 400
    await chat.upsert_ban(
        site.db, channel_id=site.anna, user_id=site.ben, moderator_id=site.anna, reason="", expires_at=None
    )
    assert (await site.ask(site.ben, "POST", share, {"text": "hi"}))[0] == 403
    await chat.delete_ban(site.db, channel_id=site.anna, user_id=site.ben)
    status, answer = await site.ask(site.ben, "POST", share, {"text": " two   months "})
    assert status == 200, answer
    (told,) = answer["data"]
    assert (told["cumulative_months"], told["can_share"]) == (2, False)
    event = await site.db.fetchval(
        "select event::text from outbox where type = 'channel.subscription.message'"
    )
    assert json.loads(event)["message"]["text"] == "two months"
    assert json.loads(event)["streak_months"] is None


async def test_stream_for_subscribers_opens_for_them_alone_and_closes_again(site: Site) -> None:
    await channels.update_channel(site.db, site.anna, ChannelUpdate(visibility="subs"))

    async def ticket() -> tuple[int, Any]:
        return await site.ask(site.ben, "POST", "/channels/anna/play-ticket", {})

    status, problem = await ticket()
    assert (status, problem["reason"]) == (403, "subscribe")
    await site.grant(months=1)
    status, told = await ticket()
    assert status == 200
    assert told["expires_in"] <= 300
    await site.db.execute("update subscriptions set lapses_at = now(), ends_at = now()")
    assert (await ticket())[0] == 403


async def test_export_tells_what_is_stored_and_no_address_to_pay_at(site: Site) -> None:
    await site.grant()
    _, answer = await site.ask(site.ben, "GET", "/users/me/export")
    exported = answer["data"]
    assert len(exported["subscriptions"]) == len(exported["subscription_terms"]) == 1
    assert [row["kind"] for row in exported["subscription_events"]] == ["begun"]
    assert exported["subscription_orders"] == []
