"""Running a site over the API on a real PostgreSQL: accounts, reports, settings, the log."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.auth import SESSION_COOKIE, Authenticator
from common.db import Database
from common.queries import users
from common.site_settings import CurrentSettings
from tests.webapp.conftest import put_channel, session_of
from tests.webapp.test_accounts import PASSWORD, Browser

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def somebody(app: QuartTrio, db: Database, login: str, role: str = "", **more: Any) -> Browser:
    """Somebody who is logged in."""
    user = await users.insert_user_with_channel(
        db, login=login, display_name=login, password_hash="x", is_admin=role == "admin", **more
    )
    await db.execute("update users set is_staff = $2 where id = $1", user.id, role == "staff")
    cookie = await session_of(db, user.id)
    return Browser(app, Cookie=f"{SESSION_COOKIE}={cookie}")


def logins(body: Any) -> list[str]:
    return [row["login"] for row in body["data"]]


async def test_staff_look_accounts_up_and_administrators_see_addresses(
    app: QuartTrio, database: Database
) -> None:
    boss = await somebody(app, database, "boss", "admin", email="boss@example.org")
    staff = await somebody(app, database, "staff_1", "staff")
    for login in ("anna", "annabel", "berta"):
        await users.insert_user_with_channel(
            database, login=login, display_name=login.title(), email=f"{login}@example.org"
        )
    assert logins((await boss.ask("GET", "/api/admin/users"))[1]) == [
        "anna",
        "annabel",
        "berta",
        "boss",
        "staff_1",
    ]
    _, page = await staff.ask("GET", "/api/admin/users?login=ANN&first=1")
    assert logins(page) == ["anna"]
    cursor = page["pagination"]["cursor"]
    _, page = await staff.ask("GET", f"/api/admin/users?login=ANN&first=1&after={cursor}")
    assert logins(page) == ["annabel"]
    assert page["pagination"] == {}
    assert (await staff.ask("GET", f"/api/admin/users?login=b&after={cursor}"))[0] == 400
    assert logins((await staff.ask("GET", "/api/admin/users?status=staff"))[1]) == ["boss", "staff_1"]
    assert "email" not in page["data"][0]
    _, found = await boss.ask("GET", "/api/admin/users?email=ANNA@example.org")
    assert [(row["login"], row["email"], row["email_verified"]) for row in found["data"]] == [
        ("anna", "anna@example.org", False)
    ]
    assert (await staff.ask("GET", "/api/admin/users?email=anna@example.org"))[0] == 403
    assert (await boss.ask("GET", "/api/admin/users?email=anna@example.org&login=a"))[0] == 400
    assert (await boss.ask("GET", "/api/admin/users?login=a%25"))[0] == 400
    assert (await boss.ask("GET", "/api/admin/users/nobody"))[0] == 404


async def test_a_suspended_account_is_out_at_once_and_can_be_let_in_again(
    app: QuartTrio, database: Database
) -> None:
    boss, anna = await somebody(app, database, "boss", "admin"), Browser(app)
    await anna.sign_up("anna")
    await put_channel(database, "anna", live=True)
    anna.headers["Cookie"] = f"{SESSION_COOKIE}={anna.cookie}"
    status, told = await boss.ask("PUT", "/api/admin/users/anna/suspension", {"reason": "spam\u202e"})
    assert status == 400
    status, told = await boss.ask("PUT", "/api/admin/users/Anna/suspension", {"reason": "spam"})
    assert status == 200
    (shown,) = told["data"]
    assert (shown["suspension_reason"], shown["is_live"]) == ("spam", False)
    assert shown["suspended_at"]
    assert await anna.who() is None
    assert (await Browser(app).log_in("anna"))[0] == 403
    assert logins((await boss.ask("GET", "/api/admin/users?status=suspended"))[1]) == ["anna"]
    assert (await boss.ask("GET", "/api/channels/anna"))[0] == 200  # staff still see it
    assert (await Browser(app).ask("GET", "/api/channels/anna"))[0] == 404
    assert (await boss.ask("PUT", "/api/admin/users/boss/suspension", {"reason": "x"}))[0] == 403
    assert (await boss.ask("DELETE", "/api/admin/users/anna/suspension"))[0] == 204
    assert (await boss.ask("DELETE", "/api/admin/users/anna/suspension"))[0] == 404
    assert (await Browser(app).log_in("anna"))[0] == 201


async def test_another_web_node_stops_believing_a_suspended_account(
    app: QuartTrio, database: Database
) -> None:
    boss = await somebody(app, database, "boss", "admin")
    anna = await users.insert_user_with_channel(database, login="anna", display_name="Anna")
    cookie = await session_of(database, anna.id)
    elsewhere = Authenticator(database)
    assert await elsewhere.session(cookie) is not None
    with database.subscribe() as feed:
        await anext(feed)
        await boss.ask("PUT", "/api/admin/users/anna/suspension", {"reason": "x"})
        with trio.fail_after(20):
            while elsewhere.known("session", cookie):
                elsewhere.forget(await anext(feed))
    assert await elsewhere.session(cookie) is None


async def test_roles_change_what_somebody_may_do_at_once(app: QuartTrio, database: Database) -> None:
    boss = await somebody(app, database, "boss", "admin")
    anna = await somebody(app, database, "anna")
    assert (await anna.ask("GET", "/api/admin/reports"))[0] == 403
    status, told = await boss.ask("PUT", "/api/admin/users/anna/role", {"role": "staff"})
    assert (status, told["data"][0]["type"]) == (200, "staff")
    assert (await anna.ask("GET", "/api/admin/reports"))[0] == 200
    assert (await anna.ask("PUT", "/api/admin/users/anna/role", {"role": "admin"}))[0] == 403
    assert (await boss.ask("PUT", "/api/admin/users/boss/role", {"role": "none"}))[0] == 409
    assert (await boss.ask("PUT", "/api/admin/users/anna/role", {"role": "owner"}))[0] == 400
    assert (await boss.ask("PUT", "/api/admin/users/anna/role", {"role": "none"}))[0] == 200
    assert (await anna.ask("GET", "/api/admin/reports"))[0] == 403


async def test_a_report_goes_from_who_writes_it_to_who_deals_with_it(
    app: QuartTrio, database: Database
) -> None:
    anna, staff = await somebody(app, database, "anna"), await somebody(app, database, "staff_1", "staff")
    channel_id = await put_channel(database, "berta", live=True)
    stream_id = await database.fetchval("select id::text from streams")
    wanted = {"target_type": "channel", "target_id": str(channel_id), "reason": "hate"}
    status, told = await anna.ask("POST", "/api/reports", {**wanted, "description": "At 3:00\nand later"})
    assert status == 201
    (report,) = told["data"]
    assert (report["status"], report["broadcaster_login"], report["description"]) == (
        "open",
        "berta",
        "At 3:00\nand later",
    )
    assert (await anna.ask("POST", "/api/reports", wanted))[0] == 409
    of_stream = {"target_type": "stream", "target_id": stream_id, "reason": "violence"}
    assert (await anna.ask("POST", "/api/reports", of_stream))[0] == 201
    _, own = await anna.ask("GET", "/api/reports?first=1")
    _, rest = await anna.ask("GET", f"/api/reports?first=1&after={own['pagination']['cursor']}")
    assert [row["target_type"] for row in own["data"] + rest["data"]] == ["stream", "channel"]
    assert "note" not in own["data"][0]
    _, found = await staff.ask("GET", "/api/admin/reports")
    assert [row["reporter_login"] for row in found["data"]] == ["anna", "anna"]
    path = f"/api/admin/reports/{report['id']}"
    outcome = {"status": "resolved", "note": "Suspended.\nFor good."}
    assert (await anna.ask("PATCH", path, outcome))[0] == 403
    status, closed = await staff.ask("PATCH", path, outcome)
    assert (status, closed["data"][0]["note"], closed["data"][0]["handler_login"]) == (
        200,
        "Suspended.\nFor good.",
        "staff_1",
    )
    assert (await staff.ask("PATCH", path, {"status": "rejected"}))[0] == 409
    assert len((await staff.ask("GET", "/api/admin/reports?status=resolved"))[1]["data"]) == 1
    _, log = await staff.ask("GET", "/api/admin/audit-log?action=report_resolved")
    assert [(deed["target_id"], deed["actor_login"]) for deed in log["data"]] == [(report["id"], "staff_1")]
    assert (await anna.ask("POST", "/api/reports", wanted))[0] == 201  # it happened again


NO_REPORTS: list[tuple[dict[str, object], int]] = [
    ({"target_type": "channel", "target_id": "99999", "reason": "spam"}, 404),
    ({"target_type": "channel", "target_id": "9" * 30, "reason": "spam"}, 404),
    ({"target_type": "user", "target_id": "\u0663", "reason": "spam"}, 404),  # a digit, in Arabic
    ({"target_type": "user", "target_id": "0", "reason": "spam"}, 404),
    ({"target_type": "stream", "target_id": "1 or 1=1", "reason": "spam"}, 404),
    ({"target_type": "planet", "target_id": "1", "reason": "spam"}, 400),
    ({"target_type": "user", "target_id": "1", "reason": "boring"}, 400),
    ({"target_type": "user", "target_id": "1", "reason": "spam", "description": "x" * 2001}, 400),
    ({"target_type": "user", "target_id": "1", "reason": "spam", "description": "\x1b[2J"}, 400),
    ({"target_type": "user", "target_id": "1", "reason": "spam", "status": "resolved"}, 400),
]


async def test_what_is_no_report(app: QuartTrio, database: Database) -> None:
    anna = await somebody(app, database, "anna")
    for body, status in NO_REPORTS:
        assert (body, (await anna.ask("POST", "/api/reports", body))[0]) == (body, status)


async def test_nobody_floods_the_staff_with_reports_nor_deals_with_their_own(
    app: QuartTrio, database: Database
) -> None:
    anna, staff = await somebody(app, database, "anna"), await somebody(app, database, "staff_1", "staff")
    statuses = []
    ids = [str(await put_channel(database, f"channel_{number}", live=False)) for number in range(21)]
    staff_id = str(await put_channel(database, "staff_1", live=False))
    for target_id in [staff_id, *ids]:
        body = {"target_type": "channel", "target_id": target_id, "reason": "spam"}
        statuses.append((await anna.ask("POST", "/api/reports", body))[0])
    assert statuses == [201] * 20 + [429] * 2
    report_id = await database.fetchval("select id::text from reports where target_id = $1", staff_id)
    assert (await staff.ask("PATCH", f"/api/admin/reports/{report_id}", {"status": "rejected"}))[0] == 403


async def test_settings_change_what_the_site_says_and_does(app: QuartTrio, database: Database) -> None:
    boss, staff = (
        await somebody(app, database, "boss", "admin"),
        await somebody(app, database, "s_1", "staff"),
    )
    assert (await staff.ask("GET", "/api/admin/settings"))[0] == 403
    change = {
        "name": "Wehr",
        "registration": "closed",
        "announcement": "Soon.",
        "rules": "Be kind.\nOr leave.",
        "description": "A site.",
    }
    status, told = await boss.ask("PATCH", "/api/admin/settings", change)
    assert (status, told["data"]) == (200, [{**change, "terms": "", "emote_review": True}])
    _, site = await Browser(app).ask("GET", "/api/site")
    assert (site["name"], site["registration"], site["announcement"], site["description"]) == (
        "Wehr",
        "closed",
        "Soon.",
        "A site.",
    )
    _, terms = await Browser(app).ask("GET", "/api/site/terms")
    assert terms["data"] == [{"rules": "Be kind.\nOr leave.", "terms": ""}]
    assert (await Browser(app).ask("POST", "/api/users", {"login": "anna", "password": PASSWORD}))[0] == 403
    elsewhere = CurrentSettings(database)
    assert (await elsewhere.refresh()).name == "Wehr"
    status, told = await boss.ask("PATCH", "/api/admin/settings", {"registration": None, "name": None})
    assert (told["data"][0]["registration"], told["data"][0]["name"]) == ("open", "weir")
    await Browser(app).sign_up("anna")
    _, log = await boss.ask("GET", "/api/admin/audit-log?action=site_settings")
    assert [deed["details"] for deed in log["data"]] == [{"registration": None, "name": None}, change]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "x"},
        {"name": ""},
        {"name": "x" * 51},
        {"name": "a\nb"},
        {"name": 7},
        {"registration": "sometimes"},
        {"rules": "\x00"},
        {"rules": "\u202ex"},
        {"announcement": "x" * 501},
    ],
)
async def test_settings_that_there_are_not(
    app: QuartTrio, database: Database, change: dict[str, Any]
) -> None:
    boss = await somebody(app, database, "boss", "admin")
    assert (await boss.ask("PATCH", "/api/admin/settings", change))[0] == 400
    assert await database.fetchval("select count(*) from site_settings") == 0


async def test_long_terms_are_kept_and_the_log_holds_their_beginning(
    app: QuartTrio, database: Database
) -> None:
    boss = await somebody(app, database, "boss", "admin")
    terms = "\N{GREEK SMALL LETTER ALPHA}" * 10_000
    assert (await boss.ask("PATCH", "/api/admin/settings", {"terms": terms}))[0] == 200
    assert (await Browser(app).ask("GET", "/api/site/terms"))[1]["data"][0]["terms"] == terms
    _, log = await boss.ask("GET", "/api/admin/audit-log")
    assert log["data"][0]["details"] == {"terms": terms[:200]}


async def test_a_channel_has_its_own_log(app: QuartTrio, database: Database) -> None:
    boss, anna = await somebody(app, database, "boss", "admin"), await somebody(app, database, "anna")
    await put_channel(database, "anna", live=True)
    assert (await anna.ask("DELETE", "/api/channels/anna/stream"))[0] == 204
    await put_channel(database, "anna", live=True)
    assert (await boss.ask("DELETE", "/api/channels/anna/stream?reason=adverts"))[0] == 204
    await boss.ask("PUT", "/api/admin/users/anna/suspension", {"reason": "more adverts"})
    await boss.ask("DELETE", "/api/admin/users/anna/suspension")
    _, log = await boss.ask("GET", "/api/channels/anna/moderation-log?first=1")
    _, rest = await boss.ask(
        "GET", f"/api/channels/anna/moderation-log?first=1&after={log['pagination']['cursor']}"
    )
    assert rest["pagination"] == {}
    assert [
        (deed["action"], deed["actor_login"], deed["actor_type"], deed["details"])
        for deed in log["data"] + rest["data"]
    ] == [
        ("end_stream", "boss", "staff", {"reason": "adverts"}),
        ("end_stream", "anna", "user", {"reason": ""}),
    ]
    _, everything = await boss.ask("GET", "/api/admin/audit-log?channel=anna")
    assert len(everything["data"]) == 2
    _, mine = await boss.ask("GET", "/api/admin/audit-log?actor=boss")
    assert [deed["action"] for deed in mine["data"]] == ["unsuspend", "suspend", "end_stream"]
    assert (await boss.ask("GET", "/api/admin/audit-log?actor=nobody_1"))[1]["data"] == []


async def test_the_activity_of_a_channel_is_for_its_owner(app: QuartTrio, database: Database) -> None:
    anna, berta = await somebody(app, database, "anna"), await somebody(app, database, "berta")
    await put_channel(database, "anna", live=True, title="chess")
    await put_channel(database, "anna", live=False, title="chess")
    _, page = await anna.ask("GET", "/api/channels/anna/events?first=2")
    _, rest = await anna.ask("GET", f"/api/channels/anna/events?after={page['pagination']['cursor']}")
    assert [event["type"] for event in page["data"] + rest["data"]] == [
        "stream.offline",
        "stream.online",
        "channel.update",
    ]
    assert rest["data"][0]["event"]["title"] == "chess"
    _, some = await anna.ask("GET", "/api/channels/anna/events?type=stream.online&type=channel.update")
    assert len(some["data"]) == 2
    assert (await anna.ask("GET", "/api/channels/anna/events?type=stream.up"))[0] == 400
    assert (await berta.ask("GET", "/api/channels/anna/events"))[0] == 403
