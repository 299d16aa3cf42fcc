"""The API: Helix-shaped answers, and errors that say what is wrong."""

import json
from datetime import UTC, datetime

import pytest
from quart_trio import QuartTrio

from tests.webapp.conftest import MemoryDirectory


async def test_nobody_is_live_on_an_empty_site(app: QuartTrio) -> None:
    response = await app.test_client().get("/api/streams")
    assert response.status_code == 200
    assert await response.get_json() == {"data": [], "pagination": {}}
    assert response.headers["Cache-Control"] == "no-store"


async def test_live_streams_have_helix_fields(app: QuartTrio, directory: MemoryDirectory) -> None:
    directory.add("anna", title="Speedrun <b>")
    directory.add("berta", live=False)
    body = await (await app.test_client().get("/api/streams")).get_json()
    assert body["data"] == [
        {
            "id": "0192-anna",
            "user_id": "1000",
            "user_login": "anna",
            "user_name": "Anna",
            "type": "live",
            "title": "Speedrun <b>",
            "started_at": "2026-01-02T03:04:05.678Z",
        }
    ]


async def test_streams_are_filtered_by_login_and_cut_at_first(
    app: QuartTrio, directory: MemoryDirectory
) -> None:
    for login in ("anna", "berta", "carla"):
        directory.add(login)
    client = app.test_client()
    body = await (await client.get("/api/streams?user_login=ANNA&user_login=carla&first=1")).get_json()
    assert [stream["user_login"] for stream in body["data"]] == ["anna"]
    assert directory.asked == [(("anna", "carla"), 1)]


@pytest.mark.parametrize(
    "query",
    [
        "first=0",
        "first=101",
        "first=-1",
        "first=x",
        "first=",
        "first=%C2%B2",
        "first=99999999999999999999999",
        "user_login=a",
        "user_login=an%00na",
        "user_login=" + "x" * 5000,
        "&".join(["user_login=anna"] * 101),
    ],
)
async def test_wrong_queries_are_refused_with_a_reason(app: QuartTrio, query: str) -> None:
    response = await app.test_client().get(f"/api/streams?{query}")
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    body = json.loads(await response.get_data())
    assert body["error"] == body["title"] == "Bad Request"
    assert body["status"] == 400
    assert body["message"] == body["detail"]


async def test_a_channel_tells_whether_it_is_live(app: QuartTrio, directory: MemoryDirectory) -> None:
    directory.add("anna", title="Hello")
    directory.add("berta", live=False)
    client = app.test_client()
    [anna] = (await (await client.get("/api/channels/Anna")).get_json())["data"]
    assert anna == {
        "broadcaster_id": "1000",
        "broadcaster_login": "anna",
        "broadcaster_name": "Anna",
        "title": "Hello",
        "is_live": True,
        "stream_id": "0192-anna",
        "started_at": "2026-01-02T03:04:05.678Z",
    }
    [berta] = (await (await client.get("/api/channels/berta")).get_json())["data"]
    assert (berta["is_live"], berta["stream_id"], berta["started_at"]) == (False, None, None)


@pytest.mark.parametrize("login", ["nobody", "x", "no%20body", "%2e%2e", "a" * 3000])
async def test_an_unknown_channel_is_not_found(app: QuartTrio, login: str) -> None:
    response = await app.test_client().get(f"/api/channels/{login}")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert len(await response.get_data()) < 500


async def test_an_absent_database_is_503_and_says_so(app: QuartTrio, directory: MemoryDirectory) -> None:
    directory.away = True
    for path in ("/api/streams", "/api/channels/anna"):
        response = await app.test_client().get(path)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert "database is away" in json.loads(await response.get_data())["message"]


async def test_a_crash_is_500_without_details(app: QuartTrio, directory: MemoryDirectory) -> None:
    directory.broken = True
    response = await app.test_client().get("/api/streams")
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
