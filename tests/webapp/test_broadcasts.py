"""Broadcasts over HTTP on a real PostgreSQL: what is over, who watched, how it did, and for whose eyes that is."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE
from common.db import Database
from common.queries import directory, roles, stream_health, streams
from tests.common.test_queries import NOW, add_session, add_stream, add_user, new_id
from tests.common.test_queries_health import reading
from tests.webapp.conftest import session_of
from tests.webapp.test_accounts import Browser

pytestmark = pytest.mark.real


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def people(app: QuartTrio, db: Database) -> tuple[int, dict[str, Browser]]:
    """Make `anna` with an editor, a moderator and a stranger; give her id and everybody's browser."""
    found = {"anonymous": Browser(app)}
    ids = {}
    for name in ("anna", "editor", "moderator", "stranger"):
        ids[name] = (await add_user(db, f"{name}_1")).id
        found[name] = Browser(app, Cookie=f"{SESSION_COOKIE}={await session_of(db, ids[name])}")
        if name in {"editor", "moderator"}:
            await roles.insert_role(
                db, channel_id=ids["anna"], user_id=ids[name], role=name, granted_by=ids["anna"]
            )
    return ids["anna"], found


async def statuses(browsers: dict[str, Browser], path: str) -> dict[str, int]:
    return {name: (await browser.ask("GET", path))[0] for name, browser in browsers.items()}


async def add_past(db: Database, channel_id: int, *, minutes_ago: int) -> uuid.UUID:
    began = NOW - timedelta(minutes=minutes_ago)
    stream_id = await add_stream(db, channel_id, started_at=began)
    await add_session(db, stream_id)
    await add_session(db, stream_id)
    await streams.update_stream_media(
        db,
        stream_id=stream_id,
        video_codec="avc1.64001f",
        audio_codec="mp4a.40.2",
        width=1920,
        height=1080,
        fps=29.97,
        encoder="obs",
    )
    for minute, viewers in enumerate([4, 8]):
        await directory.update_viewer_counts(db, {stream_id: viewers})
        await directory.insert_viewer_samples(db, at=began + timedelta(minutes=minute))
    await streams.end_stream(
        db, stream_id=stream_id, ended_at=began + timedelta(seconds=90), reason="ended_by_encoder"
    )
    return stream_id


async def test_past_broadcasts_come_newest_first_and_technical_things_only_to_who_runs_the_channel(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    ids = [str(await add_past(database, anna_id, minutes_ago=minutes)) for minutes in (10, 20, 30)]
    await add_stream(database, anna_id)  # live: not over
    found, cursor = [], ""
    for _ in range(2):
        status, body = await browsers["stranger"].ask(
            "GET", f"/api/channels/ANNA_1/broadcasts?first=2{cursor}"
        )
        assert status == 200
        found += body["data"]
        cursor = f"&after={body['pagination'].get('cursor')}"
    assert ([one["id"] for one in found], body["pagination"]) == (ids, {})
    assert found[0] == {
        "id": ids[0],
        "title": "chess",
        "game_id": "",
        "game_name": "",
        "started_at": "2026-01-02T02:54:05.000Z",
        "ended_at": "2026-01-02T02:55:35.000Z",
        "duration_s": 90,
        "end_reason": "ended_by_encoder",
        "peak_viewers": 8,
        "average_viewers": 6.0,
        "reconnects": 1,
    }
    whole = {
        "video_codec": "avc1.64001f",
        "audio_codec": "mp4a.40.2",
        "width": 1920,
        "height": 1080,
        "fps": 29.97,
        "encoder": "obs",
        "message_count": None,
        "new_followers": 0,
    }
    for name, shows in {"anna": True, "editor": True, "moderator": False, "anonymous": False}.items():
        _, body = await browsers[name].ask("GET", "/api/channels/anna_1/broadcasts?first=1")
        assert body["data"] == [{**found[0], **(whole if shows else {})}]
    assert (await Browser(app).ask("GET", "/api/channels/nobody_1/broadcasts"))[0] == 404


async def test_viewers_of_a_broadcast_over_time_for_who_runs_the_channel(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    stream_id = await add_past(database, anna_id, minutes_ago=10)
    path = f"/api/streams/{stream_id}/viewers"
    assert await statuses(browsers, path) == {
        "anonymous": 401,
        "anna": 200,
        "editor": 200,
        "moderator": 200,
        "stranger": 403,
    }
    _, body = await browsers["anna"].ask("GET", path)
    assert body["data"] == [
        {
            "stream_id": str(stream_id),
            "viewer_count": 8,
            "peak_viewers": 8,
            "average_viewers": 6.0,
            "samples": [
                {"at": "2026-01-02T02:54:05.000Z", "viewer_count": 4},
                {"at": "2026-01-02T02:55:05.000Z", "viewer_count": 8},
            ],
        }
    ]
    for unknown in (str(new_id()), "x", "1", "00000000-0000-0000-0000-000000000000"):
        assert (await browsers["anna"].ask("GET", f"/api/streams/{unknown}/viewers"))[0] == 404


async def test_health_and_advice_are_for_owner_and_editors(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    now = datetime.now(UTC)
    stream_id = await add_stream(database, anna_id, started_at=now - timedelta(hours=3))
    await stream_health.insert_health(
        database,
        [
            reading(stream_id, now - timedelta(minutes=minutes), detail=minutes % 2 == 1, status=status)
            for minutes, status in ((100, "good"), (31, "good"), (6, "good"), (3, "ok"), (2, "bad"))
        ],
    )
    await stream_health.insert_issue(
        database,
        stream_id=stream_id,
        type="gopSizeLong",
        severity="warning",
        reason="Keyframes are far apart",
        description="Set 2 s.",
        started_at=now - timedelta(minutes=3),
    )
    path = f"/api/streams/{stream_id}/health"
    assert await statuses(browsers, path) == {
        "anonymous": 401,
        "anna": 200,
        "editor": 200,
        "moderator": 403,
        "stranger": 403,
    }
    [health] = await asked(browsers["anna"], path)
    assert (health["stream_id"], health["status"]) == (str(stream_id), "bad")
    assert [one["status"] for one in health["readings"]] == ["good", "ok", "bad"]
    newest = health["readings"][-1]
    assert (newest["kbps"], newest["fps"], newest["reconnects"]) == (6000.5, None, 4)
    [issue] = health["issues"]
    assert (issue["type"], issue["severity"], issue["ended_at"]) == ("gopSizeLong", "warning", None)
    [hour] = await asked(browsers["anna"], f"{path}?minutes=60")
    assert len(hour["readings"]) == 4
    [day] = await asked(browsers["anna"], f"{path}?minutes=1440")
    assert [one["status"] for one in day["readings"]] == ["good", "good", "bad"], "one a minute"
    for wrong in ("minutes=0", "minutes=1441", "minutes=x", "since=1"):
        assert (await browsers["anna"].ask("GET", f"{path}?{wrong}"))[0] == 400


async def asked(browser: Browser, path: str) -> Any:
    status, body = await browser.ask("GET", path)
    assert status == 200, body
    return body["data"]


async def test_the_health_of_what_is_over_counts_back_from_its_end(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    stream_id = await add_past(database, anna_id, minutes_ago=10)
    path = f"/api/streams/{stream_id}/health"
    [health] = await asked(browsers["anna"], path)
    assert (health["status"], health["readings"], health["issues"]) == ("noData", [], [])
    await stream_health.insert_health(database, [reading(stream_id, NOW - timedelta(minutes=9), detail=True)])
    [health] = await asked(browsers["anna"], path)
    assert len(health["readings"]) == 1
