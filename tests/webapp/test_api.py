"""The API: Helix-shaped answers, and errors that say what is wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from quart_trio import QuartTrio

from tests.webapp.conftest import AbsentDatabase


@pytest.mark.parametrize("login", ["x", "no%20body", "%2e%2e", "a" * 3000])
async def test_a_channel_that_cannot_be_is_not_found(app: QuartTrio, login: str) -> None:
    response = await app.test_client().get(f"/api/channels/{login}")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert len(await response.get_data()) < 500


async def test_an_absent_database_is_503_and_says_so(app: QuartTrio) -> None:
    for path in ("/api/streams", "/api/channels/anna", "/api/games/top", "/api/search/channels?query=anna"):
        response = await app.test_client().get(path)
        assert (path, response.status_code) == (path, 503)
        assert response.headers["Retry-After"] == "5"
        assert "database is away" in json.loads(await response.get_data())["message"]


class BrokenDatabase(AbsentDatabase):
    """A database with a bug in front of it."""

    async def _call(self, method: str, query: str, args: tuple[object, ...]) -> Any:
        raise ZeroDivisionError


async def test_a_crash_is_500_without_details(app_factory: Callable[..., QuartTrio]) -> None:
    response = await app_factory(database=BrokenDatabase()).test_client().get("/api/streams")
    assert response.status_code == 500
    assert b"ZeroDivision" not in await response.get_data()


async def test_unknown_paths_and_methods_of_the_api_are_problems(app: QuartTrio) -> None:
    client = app.test_client()
    missing = await client.get("/api/nothing")
    assert (missing.status_code, missing.content_type) == (404, "application/problem+json")
    wrong = await client.post("/api/streams")
    assert (wrong.status_code, wrong.content_type) == (405, "application/problem+json")
    assert "GET" in wrong.headers["Allow"]


async def test_the_site_tells_addresses_by_the_name_the_browser_used(app: QuartTrio) -> None:
    response = await app.test_client().get("/api/site", headers={"Host": "192.168.1.5:8080"})
    body = await response.get_json()
    assert body["urls"] == {
        "web": "http://192.168.1.5:8080",
        "hls": "http://192.168.1.5:8081",
        "rtmp": "rtmp://192.168.1.5:1935",
    }
    assert body["version"] == "1.2.3"
    told = datetime.fromisoformat(body["server_time"])
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60
