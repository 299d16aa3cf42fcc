"""Two who change the same settings at once: what was changed meanwhile is not overwritten unseen, and nothing else is in the way."""

from collections.abc import Callable
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.staleness import changed_since
from tests.webapp.conftest import put_channel
from tests.webapp.test_channels import person

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

ANNA = "/api/channels/anna"
PANEL = {"title": "Rules", "text": "", "image": None, "link": None}


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


def test_only_what_is_named_is_compared() -> None:
    now = {"slow_mode": True, "links_from": "vips"}
    assert changed_since({"slow_mode": True}, now) == []
    assert changed_since({"slow_mode": False, "links_from": "vips", "gone": 1}, now) == ["slow_mode", "gone"]


@pytest.mark.parametrize(
    ("method", "path", "first", "second", "was"),
    [
        (
            "PATCH",
            f"{ANNA}/chat/settings",
            {"slow_mode": True, "slow_mode_wait_time": 10, "automod_caps": "low"},
            {"slow_mode": True, "slow_mode_wait_time": 60, "automod_caps": "high"},
            {"slow_mode": False, "automod_caps": "off"},
        ),
        (
            "PATCH",
            ANNA,
            {"title": "Chess", "tags": ["go"], "panels": [PANEL]},
            {"title": "Go", "tags": ["chess"], "panels": []},
            {"title": "", "tags": [], "panels": []},
        ),
        (
            "PATCH",
            f"{ANNA}/raids/settings",
            {"raids_from": "nobody"},
            {"raids_min_viewers": 5},
            {"raids_from": "everyone", "raids_min_viewers": 0},
        ),
    ],
)
async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    app: QuartTrio,
    database: Database,
    method: str,
    path: str,
    first: dict[str, Any],
    second: dict[str, Any],
    was: dict[str, Any],
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    found = (await anna.ask("GET", path))[1]["data"][0]
    was = {name: found[name] for name in was}  # what a page has shown it
    assert (await anna.ask(method, path, {**first, "was": was}))[0] == 200
    before = (await anna.ask("GET", path))[1]
    status, body = await anna.ask(method, path, {**second, "was": was})
    assert (status, body["reason"]) == (409, "stale")
    assert next(iter(first)) in body["message"]
    assert (await anna.ask("GET", path))[1] == before, "nothing of it was done"
    now = {name: value for name, value in before["data"][0].items() if name in was}
    assert (await anna.ask(method, path, {**second, "was": now}))[0] == 200
    assert (await anna.ask(method, path, {**first, "was": {}}))[0] == 200
    assert (await anna.ask(method, path, {**second, "was": {"no_such": 1}}))[0] == 400


async def test_who_changes_something_else_is_not_in_the_way(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna, path = await person(app, database, "anna"), f"{ANNA}/chat/settings"
    assert (await anna.ask("PATCH", path, {"links_from": "vips"}))[0] == 200
    change = {"slow_mode": True, "was": {"slow_mode": False}}
    assert (await anna.ask("PATCH", path, change))[0] == 200
    found = (await anna.ask("GET", path))[1]["data"][0]
    assert (found["slow_mode"], found["links_from"]) == (True, "vips")


async def test_a_preset_is_not_overwritten_by_who_saw_another_one(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna, path = await person(app, database, "anna"), f"{ANNA}/shield-mode"
    preset = (await anna.ask("GET", path))[1]["data"][0]["preset"]
    mine = {"preset": {**preset, "emote_mode": True}, "preset_was": preset}
    assert (await anna.ask("PUT", path, mine))[0] == 200
    status, body = await anna.ask("PUT", path, {"preset": {"slow_mode": True}, "preset_was": preset})
    assert (status, body["reason"]) == (409, "stale")
    assert (await anna.ask("GET", path))[1]["data"][0]["preset"] == mine["preset"]
    assert (await anna.ask("PUT", path, {"preset": {}, "preset_was": mine["preset"]}))[0] == 200
    assert (await anna.ask("PUT", path, {"preset": preset, "preset_was": {"slow_mode": True}}))[0] == 409
