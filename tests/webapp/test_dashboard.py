"""What a streamer's dashboard asks, on a real PostgreSQL: what arrives from the encoder, and graphs of broadcasts."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.queries import broadcast_samples, ingest, stream_health, streams
from tests.common.test_queries import add_session, add_stream, new_id
from tests.common.test_queries_health import reading
from tests.webapp.test_accounts import Browser
from tests.webapp.test_broadcasts import asked, people, statuses

pytestmark = pytest.mark.real

PATH = "/api/channels/anna_1"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def told(browser: Browser) -> dict[str, Any]:
    [found] = await asked(browser, f"{PATH}/ingest")
    return dict(found)


async def test_a_channel_on_its_way_from_offline_to_live_and_back(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    anna, began = browsers["anna"], datetime.now(UTC)
    offline = await told(anna)
    assert offline == {
        "state": "offline",
        "since": None,
        "stream_id": None,
        "is_connected": False,
        "status": "noData",
        "encoder": None,
        "video_codec": None,
        "audio_codec": None,
        "width": None,
        "height": None,
        "fps": None,
        "reading": None,
        "issues": [],
        "last_refusal": None,
    }
    session_id = new_id()
    await streams.claim_channel(
        database, channel_id=anna_id, node="test", session_id=session_id, claimed_at=began
    )
    assert (await told(anna))["state"] == "connecting"

    stream_id = await add_stream(database, anna_id, started_at=began)
    await streams.insert_session(
        database,
        session_id=session_id,
        stream_id=stream_id,
        key_id=None,
        address="127.0.0.1",
        encoder="obs",
        started_at=began,
    )
    await stream_health.insert_health(database, [reading(stream_id, began, status="ok")])
    await stream_health.insert_issue(
        database,
        stream_id=stream_id,
        type="gopSizeLong",
        severity="warning",
        reason="Keyframes too far apart",
        description="Set the keyframe interval to 2 s.",
        started_at=began,
    )
    live = await told(anna)
    assert (live["state"], live["is_connected"], live["status"]) == ("live", True, "ok")
    assert (live["stream_id"], live["reading"]["kbps"]) == (str(stream_id), 6000.5)
    assert [issue["description"] for issue in live["issues"]] == ["Set the keyframe interval to 2 s."]

    await stream_health.end_issue(database, stream_id=stream_id, type="gopSizeLong", ended_at=began)
    await streams.end_session(database, session_id=session_id, ended_at=began, clean=False)
    waiting = await told(anna)
    assert (waiting["state"], waiting["is_connected"], waiting["issues"]) == ("live", False, [])
    await streams.end_stream(database, stream_id=stream_id, ended_at=datetime.now(UTC), reason="encoder_lost")
    assert await told(anna) == offline


async def test_who_was_sent_away_is_told_until_an_encoder_is_let_in_or_it_is_long_ago(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    anna, now = browsers["anna"], datetime.now(UTC)

    async def refuse(minutes_ago: float, description: str = "Revoked.") -> None:
        at = now - timedelta(minutes=minutes_ago)
        await ingest.upsert_refusal(
            database, channel_id=anna_id, at=at, description=description, encoder="OBS\0" * 100
        )

    await refuse(11)
    old = await told(anna)
    assert (old["state"], old["last_refusal"]["description"]) == ("offline", "Revoked.")
    assert len(old["last_refusal"]["encoder"]) == 100
    await refuse(2, "x" * 1000)
    await refuse(3, "An older one, written late.")
    refused = await told(anna)
    assert (refused["state"], refused["since"]) == ("refused", refused["last_refusal"]["at"])
    assert refused["last_refusal"]["description"] == "x" * 500
    await streams.claim_channel(
        database,
        channel_id=anna_id,
        node="test",
        session_id=new_id(),
        claimed_at=now - timedelta(seconds=1),
    )
    assert (await told(anna))["state"] == "connecting"
    await ingest.upsert_refusal(database, channel_id=4711, at=now, description="x", encoder="")  # is gone


async def test_what_arrives_is_for_owner_and_editors(app: QuartTrio, database: Database) -> None:
    _, browsers = await people(app, database)
    assert await statuses(browsers, f"{PATH}/ingest") == {
        "anonymous": 401,
        "anna": 200,
        "editor": 200,
        "moderator": 403,
        "stranger": 403,
    }
    assert (await browsers["anna"].ask("GET", "/api/channels/nobody_1/ingest"))[0] == 404


async def graphs(browser: Browser, stream: object, query: str) -> dict[str, Any]:
    found = await asked(browser, f"{PATH}/broadcasts/{stream}/series?{query}")
    return {one["name"]: one["points"] for one in found}


async def say(db: Database, channel_id: int, user_id: int, at: datetime, times: int = 1) -> None:
    await db.execute(
        """
        insert into chat_messages (id, channel_id, user_id, said_at, text, grams)
        select (substr(uuid7_floor($3)::text, 1, 24) || lpad(to_hex((random() * 1e14)::bigint), 12, '0'))::uuid,
               $1, $2, $3, 'hi', '{}' from generate_series(1, $4::integer)
        """,
        channel_id,
        user_id,
        at,
        times,
    )


async def test_graphs_of_people_from_the_first_sample_to_the_sum_at_the_end(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    stream_id = await add_stream(database, anna_id, started_at=began)
    await say(database, anna_id, anna_id, began - timedelta(seconds=1), times=50)  # before it
    for second, user_id, times in ((3, anna_id, 4), (8, anna_id + 1, 1), (13, anna_id, 2), (75, anna_id, 3)):
        await say(database, anna_id, user_id, began + timedelta(seconds=second), times)

    async def sample(seconds: float, viewers: int, *, with_chat: bool = True) -> None:
        await database.execute("update streams set viewer_count = $2 where id = $1", stream_id, viewers)
        for _ in range(2):
            await broadcast_samples.insert_samples(
                database,
                [stream_id, new_id()],
                at=began + timedelta(seconds=seconds),
                detail=seconds > 10,
                with_chat=with_chat,
            )

    await sample(-1, 99)
    await sample(10, 5)
    await sample(20, 7)
    await sample(80, 9)
    found = await graphs(browsers["anna"], "current", "name=viewers,messages,chatters,viewers")
    zero = int(began.timestamp())
    assert found == {
        "viewers": [[zero + 10, 5.0], [zero + 20, 7.0], [zero + 30, None], [zero + 80, 9.0]],
        "messages": [[zero + 10, 30.0], [zero + 20, 12.0], [zero + 30, None], [zero + 80, 3.0]],
        "chatters": [[zero + 10, 2.0], [zero + 20, 2.0], [zero + 30, None], [zero + 80, 1.0]],
    }
    few = await graphs(browsers["anna"], stream_id, "name=viewers&points=2")
    assert few["viewers"] == [[zero + 80, 7.0]], "the mean of what came in the only whole piece"

    await say(database, anna_id, anna_id, began + timedelta(seconds=85))
    await say(database, anna_id, anna_id, began + timedelta(seconds=95))
    await database.execute(
        "insert into follows (user_id, channel_id, created_at) values ($1, $2, $3), ($4, $2, $5)",
        anna_id + 1,
        anna_id,
        began + timedelta(seconds=30),
        anna_id + 2,
        began - timedelta(seconds=30),
    )
    await streams.end_stream(
        database, stream_id=stream_id, ended_at=began + timedelta(seconds=90), reason="ended_by_encoder"
    )
    [past] = await asked(browsers["anna"], f"{PATH}/broadcasts")
    assert (past["message_count"], past["new_followers"]) == (11, 1)
    assert (await graphs(browsers["anna"], stream_id, "name=viewers")).keys() == {"viewers"}
    assert (await browsers["anna"].ask("GET", f"{PATH}/broadcasts/current/series"))[0] == 404


async def test_without_a_kept_chat_nothing_is_said_about_it(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    began = datetime.now(UTC) - timedelta(minutes=1)
    stream_id = await add_stream(database, anna_id, started_at=began)
    at = began + timedelta(seconds=10)
    await broadcast_samples.insert_samples(database, [stream_id], at=at, detail=True, with_chat=False)
    found = await graphs(browsers["anna"], "current", "name=messages,chatters")
    assert [points[0][1] for points in found.values()] == [None, None]
    await streams.end_stream(database, stream_id=stream_id, ended_at=datetime.now(UTC), reason="x")
    [past] = await asked(browsers["anna"], f"{PATH}/broadcasts")
    assert past["message_count"] is None


async def test_graphs_of_health_leave_out_the_time_without_an_encoder(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    began = datetime.now(UTC) - timedelta(minutes=2)
    stream_id = await add_stream(database, anna_id, started_at=began)
    await add_session(database, stream_id)
    rows = [
        reading(stream_id, began + timedelta(seconds=second), status=status)
        for second, status in ((15, "good"), (30, "noData"), (75, "bad"))
    ]
    await stream_health.insert_health(database, rows)
    found = await graphs(browsers["editor"], stream_id, "name=bitrate,fps,keyframe_interval,dropped")
    zero = int(began.timestamp())
    assert found == {
        "bitrate": [[zero + 15, 6000.5], [zero + 25, None], [zero + 75, 6000.5]],
        "fps": [[zero + 15, None], [zero + 25, None], [zero + 75, None]],
        "keyframe_interval": [[zero + 15, 2.0], [zero + 25, None], [zero + 75, 2.0]],
        "dropped": [[zero + 15, 20.0], [zero + 25, None], [zero + 75, 0.0]],
    }


async def test_an_eight_hour_broadcast_comes_with_as_many_points_as_were_asked_for(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    began = datetime.now(UTC) - timedelta(hours=8)
    stream_id = await add_stream(database, anna_id, started_at=began)
    await database.execute(
        """
        insert into broadcast_samples (stream_id, at, detail, viewers, chatters, messages)
        select $1, $2::timestamptz + n * interval '10 seconds', false, n, 1, n from generate_series(1, 2879) as n
        """,
        stream_id,
        began,
    )
    for points in (2, 300, 1000):
        found = await graphs(browsers["anna"], "current", f"name=viewers,messages&points={points}")
        assert (points - 1) // 2 < len(found["viewers"]) <= points
        assert {value for _, value in found["messages"]} == {6.0}


async def test_who_may_see_which_graph_and_what_makes_no_sense(app: QuartTrio, database: Database) -> None:
    anna_id, browsers = await people(app, database)
    stream_id = await add_stream(database, anna_id)
    allowed = {"anonymous": 401, "anna": 200, "editor": 200, "moderator": 200, "stranger": 403}
    path = f"{PATH}/broadcasts/current/series"
    assert await statuses(browsers, f"{path}?name=viewers,messages,chatters") == allowed
    assert await statuses(browsers, f"{path}?name=viewers,bitrate") == allowed | {"moderator": 403}
    anna = browsers["anna"]
    for wrong in ("name=", "name=x", "name=viewers,", "points=1", "points=1001", "points=x", "from=1"):
        assert (await anna.ask("GET", f"{path}?{wrong}"))[0] == 400
    for unknown in (new_id(), "x", "1", uuid.UUID(int=0)):
        assert (await anna.ask("GET", f"{PATH}/broadcasts/{unknown}/series"))[0] == 404
    elsewhere = f"/api/channels/stranger_1/broadcasts/{stream_id}/series"
    assert (await browsers["stranger"].ask("GET", elsewhere))[0] == 404, "it is another channel's"
