"""Blocked terms and shield mode over HTTP: who may, what is refused with which reason, and what the log keeps."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.blocked_terms import MAX_TERMS
from common.db import ControlChange, Database
from tests.common.test_queries import heard
from tests.webapp.conftest import put_channel
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person, program, shown
from tests.webapp.test_roles import SETTINGS

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

TERMS = "/api/channels/anna/blocked-terms"
SHIELD = "/api/channels/anna/shield-mode"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def texts(browser: Browser, path: str = TERMS) -> list[str]:
    status, body = await browser.ask("GET", path)
    assert status == 200, body
    return [term["text"] for term in body["data"]]


async def log_of(db: Database) -> list[tuple[str, dict[str, Any]]]:
    rows = await db.fetch("select action, details::text from audit_log order by id")
    return [(row["action"], json.loads(row["details"])) for row in rows]


async def test_terms_are_blocked_listed_and_freed(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    moderator = await person(app, database, "mod_1", moderator="anna")
    changes = await heard(database, lambda: moderator.ask("POST", TERMS, {"text": " bad word "}))
    assert ControlChange("chat_blocked_terms", channel_id) in changes
    status, body = await moderator.ask(
        "POST", TERMS, {"texts": ["one", "two", "one"], "duration_seconds": 600}
    )
    assert status == 201
    assert {term["text"] for term in body["data"]} == {"one", "two"}
    assert body["data"][0]["expires_at"] > body["data"][0]["created_at"]
    assert (await moderator.ask("POST", TERMS, {"text": "b[a4]d", "is_regex": True}))[0] == 201
    assert await texts(moderator) == ["b[a4]d", "two", "one", "bad word"]
    status, body = await moderator.ask("GET", f"{TERMS}?first=2")
    cursor = body["pagination"]["cursor"]
    assert await texts(moderator, f"{TERMS}?first=2&after={cursor}") == ["one", "bad word"]
    status, body = await moderator.ask("POST", TERMS, {"text": "one"})
    assert body["data"][0]["expires_at"] is None, "for good now"
    assert (await moderator.ask("DELETE", f"{TERMS}/{body['data'][0]['id']}"))[0] == 204
    assert (await moderator.ask("DELETE", f"{TERMS}/{body['data'][0]['id']}"))[0] == 404
    await database.execute("update chat_blocked_terms set expires_at = now() where text = 'two'")
    assert await texts(moderator) == ["b[a4]d", "bad word"]
    log = await log_of(database)
    assert log[0] == (
        "add_blocked_term",
        {"terms": ["bad word"], "count": 1, "is_regex": False, "door": "api"},
    )
    assert log[-1][0] == "remove_blocked_term"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "Say which term"),
        ({"text": "**"}, "at least 2 characters"),
        ({"text": "(x", "is_regex": True}, "missing )"),
        ({"text": "((a{100}){100}){100}", "is_regex": True}, "invalid repetition"),
        ({"text": "(?:a?){500}a{500}", "is_regex": True}, "too large"),
        ({"texts": ["fine", "*" * 3]}, "'***'"),
    ],
)
async def test_a_term_that_cannot_be_blocked_is_refused_in_words(
    app: QuartTrio, database: Database, body: dict[str, Any], reason: str
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    status, problem = await anna.ask("POST", TERMS, body)
    assert status == 422
    assert reason in problem["detail"]
    assert await texts(anna) == [], "all of them or none"


async def test_a_channel_blocks_so_many_and_no_more(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    await database.execute(
        "insert into chat_blocked_terms (channel_id, text) select $1, 'term ' || n from generate_series(1, $2) as n",
        channel_id,
        MAX_TERMS - 1,
    )
    assert (await anna.ask("POST", TERMS, {"text": "the last"}))[0] == 201
    status, problem = await anna.ask("POST", TERMS, {"text": "too many"})
    assert (status, problem["reason"]) == (422, "too_many_terms")
    assert (await anna.ask("POST", TERMS, {"text": "the last"}))[0] == 201, "that is one of them"


async def test_all_expressions_of_a_channel_together_stay_small(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    for number in range(10):
        assert (await anna.ask("POST", TERMS, {"text": f"{number}(?:ab?){{300}}", "is_regex": True}))[
            0
        ] == 201
    for number in range(100):
        status, problem = await anna.ask(
            "POST", TERMS, {"text": f"x{number}(?:ab?){{300}}", "is_regex": True}
        )
        if status == 422:
            break
    assert "at most 10000 steps" in problem["detail"]


async def test_the_shield_of_a_channel(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    moderator = await person(app, database, "mod_1", moderator="anna")
    anna = await person(app, database, "anna")
    before = await shown(anna, SETTINGS)
    assert (await shown(moderator, SHIELD))["is_active"] is False
    preset = {"subscriber_mode": True, "links_from": "vips"}
    status, body = await moderator.ask("PUT", SHIELD, {"preset": preset, "is_active": True})
    assert status == 200
    shield = body["data"][0]
    assert (shield["is_active"], shield["moderator_login"], shield["preset"]) == (True, "mod_1", preset)
    up = await shown(anna, SETTINGS)
    assert up == {**before, **preset}
    assert (await moderator.ask("PUT", SHIELD, {"is_active": True}))[0] == 200, "it is up already"
    assert (await anna.ask("PUT", SHIELD, {"is_active": False}))[0] == 200
    assert await shown(anna, SETTINGS) == before
    assert (await shown(anna, SHIELD))["moderator_login"] == "anna"
    assert [action for action, _ in await log_of(database)] == [
        "shield_mode_preset",
        "shield_mode_begin",
        "subscribers",
        "chat_settings",
        "shield_mode_end",
        "subscribersoff",
        "chat_settings",
    ]
    reader = await program(app, database, "mod_1", "moderator:read:shield_mode")
    assert (await reader.ask("GET", SHIELD))[0] == 200
    assert (await reader.ask("PUT", SHIELD, {"is_active": True}))[0] == 403
    assert (await moderator.ask("PUT", SHIELD, {"preset": {"slow_mode_wait_time": 2}}))[0] in {400, 422}
