"""What operators see and do over the API, on a real PostgreSQL: what is live, invitations, nodes, settings that are stale."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.queries import processes, stream_health, stream_keys, streams, users
from common.queries.processes import Pulse
from common.queries.stream_health import HealthRow
from tests.webapp.conftest import put_channel
from tests.webapp.test_accounts import PASSWORD, Browser
from tests.webapp.test_administration import somebody

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def go_live(db: Database, login: str, *, viewers: int, visibility: str = "public") -> tuple[UUID, int]:
    """Somebody publishes with a key, and does badly; gives the broadcast and the key."""
    channel_id = await put_channel(db, login, live=True, title="A title")
    await db.execute("update channels set visibility = $2 where id = $1", channel_id, visibility)
    on_air = await streams.select_open_stream(db, channel_id)
    assert on_air is not None
    await db.execute("update streams set viewer_count = $2 where id = $1", on_air.id, viewers)
    key_id = await stream_keys.insert_key(
        db, channel_id=channel_id, label="obs", key_hash=bytes(30) + channel_id.to_bytes(2), last4="abcd"
    )
    await db.execute(
        "insert into stream_sessions (id, stream_id, key_id, address, encoder, started_at) values ($1, $1, $2, '', '', now())",
        on_air.id,
        key_id,
    )
    reading = HealthRow(
        on_air.id, datetime.now(UTC), False, "bad", 100, 90, 10, 5.0, 10.0, 50, 0, 0, 0, 0, 0, None, 0
    )
    await stream_health.insert_health(db, [reading])
    for kind, severity in (("gopSizeLong", "warning"), ("noKeyframe", "error")):
        await stream_health.insert_issue(
            db,
            stream_id=on_air.id,
            type=kind,
            severity=severity,
            reason="",
            description=f"Mend {kind}.",
            started_at=datetime.now(UTC),
        )
    return on_air.id, key_id


async def test_staff_see_all_that_is_live_and_administrators_take_its_key_away(
    app: QuartTrio, database: Database
) -> None:
    boss, staff = (
        await somebody(app, database, "boss", "admin"),
        await somebody(app, database, "s_1", "staff"),
    )
    await go_live(database, "anna", viewers=3)
    stream_id, key_id = await go_live(database, "berta", viewers=5, visibility="unlisted")
    _, page = await staff.ask("GET", "/api/admin/streams?first=1")
    (shown,) = page["data"]
    assert (shown["user_login"], shown["viewer_count"], shown["visibility"]) == ("berta", 5, "unlisted")
    assert (shown["health"], shown["issues"]) == ("bad", ["Mend noKeyframe.", "Mend gopSizeLong."])
    assert shown["key"] == {"id": str(key_id), "label": "obs", "last4": "abcd"}
    _, page = await staff.ask("GET", f"/api/admin/streams?first=1&after={page['pagination']['cursor']}")
    assert [row["user_login"] for row in page["data"]] == ["anna"]
    assert page["pagination"] == {}
    _, page = await staff.ask("GET", "/api/admin/streams?login=BER")
    assert [row["user_login"] for row in page["data"]] == ["berta"]
    _, told = await staff.ask("GET", "/api/admin/overview")
    (figures,) = told["data"]
    assert (figures["live"], figures["viewers"], figures["streams_in_trouble"]) == (2, 8, 2)
    assert (figures["accounts"], figures["new_accounts"]) == (4, 4)

    assert (await staff.ask("DELETE", f"/api/admin/streams/{stream_id}/key"))[0] == 403
    assert (await boss.ask("DELETE", f"/api/admin/streams/{stream_id}/key"))[0] == 204
    assert (await boss.ask("DELETE", f"/api/admin/streams/{stream_id}/key"))[0] == 409
    assert (await boss.ask("DELETE", f"/api/admin/streams/{UUID(int=5)}/key"))[0] == 404
    key = await database.fetchrow("select revoked_at from stream_keys where id = $1", key_id)
    assert key is not None
    assert key["revoked_at"]
    _, log = await staff.ask("GET", "/api/admin/audit-log?action=revoke_key&channel=berta")
    assert [(deed["actor_login"], deed["target_id"]) for deed in log["data"]] == [("boss", str(key_id))]


async def test_staff_look_channels_up_whether_they_are_listed_or_not(
    app: QuartTrio, database: Database
) -> None:
    staff = await somebody(app, database, "s_1", "staff")
    await go_live(database, "anna", viewers=3, visibility="followers")
    await put_channel(database, "annabel", live=True)
    await put_channel(database, "annabel", live=False, title="Was here")
    await put_channel(database, "berta", live=False)
    assert (await staff.ask("PUT", "/api/admin/users/berta/suspension", {"reason": "spam"}))[0] == 200
    _, page = await staff.ask("GET", "/api/admin/channels?login=ANN&first=1")
    (anna,) = page["data"]
    assert (anna["broadcaster_login"], anna["title"], anna["visibility"]) == ("anna", "A title", "followers")
    assert (anna["is_live"], anna["viewer_count"], anna["ended_at"]) == (True, 3, None)
    assert anna["follower_count"] == 0
    cursor = page["pagination"]["cursor"]
    _, page = await staff.ask("GET", f"/api/admin/channels?login=ANN&first=1&after={cursor}")
    (annabel,) = page["data"]
    assert page["pagination"] == {}
    assert (annabel["broadcaster_name"], annabel["title"]) == ("Annabel", "Was here")
    assert (annabel["is_live"], annabel["viewer_count"]) == (False, 0)
    assert annabel["started_at"] <= annabel["ended_at"]
    assert (await staff.ask("GET", f"/api/admin/channels?login=b&after={cursor}"))[0] == 400

    async def listed(status: str) -> list[tuple[str, str | None]]:
        _, page = await staff.ask("GET", f"/api/admin/channels?status={status}")
        return [(row["broadcaster_login"], row["suspension_reason"]) for row in page["data"]]

    assert await listed("") == [("anna", None), ("annabel", None), ("berta", "spam"), ("s_1", None)]
    assert await listed("live") == [("anna", None)]
    assert await listed("suspended") == [("berta", "spam")]


async def test_an_invitation_is_made_used_once_and_taken_back(app: QuartTrio, database: Database) -> None:
    boss = await somebody(app, database, "boss", "admin")
    await boss.ask("PATCH", "/api/admin/settings", {"registration": "invite"})
    status, told = await boss.ask("POST", "/api/admin/invitations", {"days": 3})
    assert status == 201
    (first,) = told["data"]
    _, told = await boss.ask("POST", "/api/admin/invitations", {})
    (second,) = told["data"]
    _, told = await boss.ask("GET", "/api/admin/invitations")
    assert [row["id"] for row in told["data"]] == [second["id"], first["id"]]
    assert all("invitation" not in row for row in told["data"])

    wish = {"login": "anna", "password": PASSWORD, "invitation": first["invitation"]}
    assert (await Browser(app).ask("POST", "/api/users", wish))[0] == 201
    assert (await Browser(app).ask("POST", "/api/users", {**wish, "login": "berta"}))[0] == 403
    assert (await boss.ask("DELETE", f"/api/admin/invitations/{first['id']}"))[0] == 404
    assert (await boss.ask("DELETE", f"/api/admin/invitations/{second['id']}"))[0] == 204
    wish = {"login": "berta", "password": PASSWORD, "invitation": second["invitation"]}
    assert (await Browser(app).ask("POST", "/api/users", wish))[0] == 403
    assert (await boss.ask("GET", "/api/admin/invitations"))[1]["data"] == []
    assert (await boss.ask("POST", "/api/admin/invitations", {"days": 1000}))[0] == 400
    _, log = await boss.ask("GET", "/api/admin/audit-log?actor=boss")
    assert [deed["action"] for deed in log["data"]] == [
        "delete_invitation",
        "create_invitation",
        "create_invitation",
        "site_settings",
    ]


async def test_stale_settings_are_refused_and_nothing_of_them_is_stored(
    app: QuartTrio, database: Database
) -> None:
    boss = await somebody(app, database, "boss", "admin")
    path = "/api/admin/settings"
    status, told = await boss.ask("PATCH", path, {"name": "One", "was": {"name": "weir"}})
    assert (status, told["data"][0]["name"]) == (200, "One")
    change = {"name": "Two", "announcement": "Soon."}
    status, refused = await boss.ask("PATCH", path, {**change, "was": {"name": "weir", "announcement": ""}})
    assert (status, refused["reason"]) == (409, "stale")
    assert "name" in refused["message"]
    _, told = await boss.ask("GET", path)
    assert (told["data"][0]["name"], told["data"][0]["announcement"]) == ("One", "")
    # What the change is not about may have changed.
    assert (await boss.ask("PATCH", path, {"announcement": "Soon.", "was": {"announcement": ""}}))[0] == 200
    assert (await boss.ask("PATCH", path, {"was": {"name": "Three"}}))[0] == 200
    assert (await boss.ask("PATCH", path, {"name": "Two", "was": {"nonsense": 1}}))[0] == 400
    _, log = await boss.ask("GET", "/api/admin/audit-log?action=site_settings")
    assert [deed["details"] for deed in log["data"]] == [{"announcement": "Soon."}, {"name": "One"}]


async def test_somebody_is_logged_out_everywhere(app: QuartTrio, database: Database) -> None:
    boss, staff = (
        await somebody(app, database, "boss", "admin"),
        await somebody(app, database, "s_1", "staff"),
    )
    anna = await somebody(app, database, "anna")
    assert (await anna.ask("DELETE", "/api/admin/users/boss/sessions"))[0] == 403
    assert (await staff.ask("DELETE", "/api/admin/users/boss/sessions"))[0] == 403
    status, told = await staff.ask("DELETE", "/api/admin/users/anna/sessions")
    assert (status, told["data"]) == (200, [{"ended": 1}])
    assert (await anna.ask("GET", "/api/users/me"))[0] == 401
    assert (await boss.ask("DELETE", "/api/admin/users/nobody/sessions"))[0] == 404
    _, log = await boss.ask("GET", "/api/admin/audit-log?action=end_sessions")
    assert [deed["details"] for deed in log["data"]] == [{"login": "anna", "sessions": 1}]


async def test_no_two_of_the_staff_look_into_one_report_unawares(app: QuartTrio, database: Database) -> None:
    anna = await somebody(app, database, "anna")
    one, two = [await somebody(app, database, login, "staff") for login in ("one", "two")]
    wanted = {"target_type": "user", "target_id": await id_of(database, "one"), "reason": "spam"}
    assert (await anna.ask("POST", "/api/reports", wanted))[0] == 201
    wanted["target_id"] = await id_of(database, "anna")
    _, made = await two.ask("POST", "/api/reports", wanted)
    path = f"/api/admin/reports/{made['data'][0]['id']}"

    async def take(who: Browser, body: Any) -> Any:
        status, told = await who.ask("PUT", f"{path}/holder", body)
        return told["data"][0]["handler_login"] if status == 200 else status

    assert await take(anna, {"take": True}) == 403
    assert await take(one, {"take": True}) == "one"
    assert await take(one, {"take": True}) == "one"
    assert await take(two, {"take": True}) == 409
    assert await take(two, {"take": False}) == 409
    assert await take(two, {"take": True, "instead_of": "ONE"}) == "two"
    assert await take(one, {"take": True, "instead_of": "one"}) == 409
    assert await take(two, {"take": False}) is None
    assert await take(one, {"take": True}) == "one"
    assert (await two.ask("PATCH", path, {"status": "resolved", "note": "Done."}))[0] == 200
    assert await take(one, {"take": True, "instead_of": "two"}) == 409
    _, told = await one.ask("GET", "/api/admin/reports")
    (own,) = told["data"]
    assert (await one.ask("PUT", f"/api/admin/reports/{own['id']}/holder", {"take": True}))[0] == 403


async def id_of(db: Database, login: str) -> str:
    user = await users.select_user_by_login(db, login)
    assert user is not None
    return str(user.id)


def pulse(name: str, **more: Any) -> Pulse:
    given: dict[str, Any] = {
        "id": f"{name}-1",
        "node": name,
        "roles": ["media"],
        "version": "1.0",
        "addresses": ["rtmp://a/live"],
        "problems": [],
        "remarks": [],
        "memory_bytes": 5,
        "lag_s": 0.5,
        "disk_bytes": 10,
        "disk_free_bytes": 4,
        "started_at": datetime.now(UTC),
    }
    return Pulse(**(given | more))


async def test_administrators_see_the_processes_and_what_ails_them(
    app: QuartTrio, database: Database
) -> None:
    boss = await somebody(app, database, "boss", "admin")
    await put_channel(database, "anna", live=True)  # at the node called `test`
    await processes.upsert_process(database, pulse("test"))
    await processes.upsert_process(
        database, pulse("sick", roles=["chat", "web"], problems=["irc: no answer"])
    )
    await processes.upsert_process(database, pulse("dead"))
    await database.execute("update processes set seen_at = now() - interval '1 minute' where node = 'dead'")
    _, told = await boss.ask("GET", "/api/admin/nodes")
    (site,) = told["data"]
    assert [(node["node"], node["is_alive"], node["live"]) for node in site["nodes"]] == [
        ("dead", False, 0),
        ("sick", True, 0),
        ("test", True, 1),
    ]
    assert site["database"]["bytes"] > 1_000_000
    assert "users" in {table["name"] for table in site["database"]["tables"]} or site["database"]["tables"]
    assert (await boss.ask("GET", "/api/admin/overview"))[1]["data"][0]["nodes_in_trouble"] == 2

    await processes.upsert_process(database, pulse("dead", id="dead-2"))  # started again after it was killed
    await processes.delete_process(database, "sick-1")
    _, told = await boss.ask("GET", "/api/admin/nodes")
    assert [node["id"] for node in told["data"][0]["nodes"]] == ["dead-2", "test-1"]
