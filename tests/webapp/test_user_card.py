"""A person as the moderators of a channel see them, on a real PostgreSQL: the card, and the notes that all of them keep."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.queries import administration, follows
from common.queries.account_export import select_account_export
from tests.common.test_queries import new_id
from tests.webapp.test_accounts import Browser
from tests.webapp.test_broadcasts import asked, people, statuses

pytestmark = pytest.mark.real

USERS = "/api/channels/anna_1/moderation/users"
FOR_MODERATORS = {"anonymous": 401, "anna": 200, "editor": 403, "moderator": 200, "stranger": 403}


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def stranger_id(db: Database) -> int:
    found: int = await db.fetchval("select id from users where login = 'stranger_1'")
    return found


async def act(
    browser: Browser, method: str, path: str, body: dict[str, Any] | None = None, status: int = 200
) -> Any:
    got, answer = await browser.ask(method, path, body)
    assert got == status, answer
    return answer


async def test_the_card_tells_who_somebody_is_and_what_was_done_about_them_here(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    moderator, who = browsers["moderator"], await stranger_id(database)
    path = f"{USERS}/{who}"
    [card] = await asked(moderator, path)
    assert (card["user_login"], card["followed_at"], card["roles"], card["ban"]) == (
        "stranger_1",
        None,
        [],
        None,
    )
    assert datetime.fromisoformat(card["created_at"]) < datetime.now(UTC)
    assert card["counts"] == {"messages": 0, "deleted": 0, "warnings": 0, "timeouts": 0, "bans": 0}
    assert (card["acts"], card["has_notes"]) == ([], False)

    await follows.upsert_follow(database, user_id=who, channel_id=anna_id, notify=False)
    bans = "/api/channels/anna_1/moderation/bans"
    await act(moderator, "POST", bans, {"data": {"user_id": str(who), "duration": 60}})
    await act(moderator, "POST", bans, {"data": {"user_id": str(who), "duration": 600, "reason": "spam"}})
    warned = {"data": {"user_id": str(who), "reason": "be kind"}}
    await act(moderator, "POST", "/api/channels/anna_1/moderation/warnings", warned, 204)
    await act(moderator, "PUT", f"{path}/notes", {"text": "Twice", "version": 0})
    for number in range(3):
        await database.execute(
            """
            insert into chat_messages (id, channel_id, user_id, said_at, text, grams)
            values ($1, $2, $3, now(), 'hi', '{}')
            """,
            new_id(),
            anna_id if number else anna_id + 1,
            who,
        )
    [card] = await asked(moderator, path)
    assert card["followed_at"] is not None
    assert (card["ban"]["reason"], card["warning"]) == ("spam", "be kind")
    assert card["counts"] == {"messages": 2, "deleted": 0, "warnings": 1, "timeouts": 2, "bans": 0}
    assert [deed["action"] for deed in card["acts"]] == ["warn", "timeout", "timeout"]
    assert {deed["actor_login"] for deed in card["acts"]} == {"moderator_1"}
    assert card["has_notes"] is True
    [theirs] = await asked(browsers["stranger"], f"/api/channels/stranger_1/moderation/users/{who}")
    assert (theirs["acts"], theirs["roles"], theirs["has_notes"]) == ([], ["broadcaster"], False)


async def test_a_deleted_message_counts_for_its_author_and_a_term_of_the_same_number_for_nobody(
    app: QuartTrio, database: Database
) -> None:
    anna_id, browsers = await people(app, database)
    who = await stranger_id(database)
    targets: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("message", "x", {"user_id": str(who)}),
        ("blocked_term", str(who), {}),
        ("user", str(who), {}),
    )
    for kind, target, details in targets:
        await administration.insert_audit_entry(
            database,
            administration.AuditEntry(
                id=new_id(),
                actor_id=anna_id,
                actor_kind="user",
                action="delete",
                channel_id=anna_id,
                target_type=kind,
                target_id=target,
                details=details,
            ),
        )
    [card] = await asked(browsers["anna"], f"{USERS}/{who}")
    assert card["counts"]["deleted"] == 2
    assert {deed["target_type"] for deed in card["acts"]} == {"message", "user"}


async def test_somebody_who_was_suspended_still_has_a_card(app: QuartTrio, database: Database) -> None:
    _, browsers = await people(app, database)
    who = await stranger_id(database)
    await database.execute("update users set suspended_at = now() where id = $1", who)
    [card] = await asked(browsers["anna"], f"{USERS}/{who}")
    assert (card["is_suspended"], card["roles"]) == (True, [])


async def test_card_and_notes_are_for_moderators(app: QuartTrio, database: Database) -> None:
    _, browsers = await people(app, database)
    who = await stranger_id(database)
    for path in (f"{USERS}/{who}", f"{USERS}/{who}/notes"):
        assert await statuses(browsers, path) == FOR_MODERATORS
    for unknown in ("4711", "0", "x", str(2**63)):
        for more in ("", "/notes"):
            assert (await browsers["anna"].ask("GET", f"{USERS}/{unknown}{more}"))[0] == 404
    note = {"text": "x", "version": 0}
    assert (await browsers["anna"].ask("PUT", f"{USERS}/4711/notes", note))[0] == 404
    for name, expected in (("anonymous", 401), ("editor", 403), ("stranger", 403)):
        assert (await browsers[name].ask("PUT", f"{USERS}/{who}/notes", note))[0] == expected


async def test_two_moderators_who_write_at_once_lose_nothing(app: QuartTrio, database: Database) -> None:
    _, browsers = await people(app, database)
    anna, moderator, who = browsers["anna"], browsers["moderator"], await stranger_id(database)
    path = f"{USERS}/{who}/notes"
    [nothing] = await asked(anna, path)
    assert (nothing["text"], nothing["version"], nothing["moderator_login"]) == ("", 0, None)
    [first] = (await act(anna, "PUT", path, {"text": "  Sells\nshoes. ", "version": 0}))["data"]
    assert (first["text"], first["version"], first["moderator_login"]) == ("Sells\nshoes.", 1, "anna_1")
    refused = await act(moderator, "PUT", path, {"text": "A friend of mine.", "version": 0}, 409)
    assert refused["reason"] == "stale"
    [theirs] = await asked(moderator, path)
    assert theirs == first
    merged = {"text": "Sells shoes. A friend of mine.", "version": theirs["version"]}
    [second] = (await act(moderator, "PUT", path, merged))["data"]
    assert (second["version"], second["moderator_login"]) == (2, "moderator_1")
    [same] = (await act(anna, "PUT", path, {**merged, "version": 2}))["data"]
    assert same == second, "who changes nothing has not written it"
    [gone] = (await act(anna, "PUT", path, {"text": " ", "version": 2}))["data"]
    assert gone == nothing
    _, log = await anna.ask("GET", "/api/channels/anna_1/moderation-log")
    assert [deed["action"] for deed in log["data"]] == ["update_note"] * 3
    assert "shoes" not in str(log)


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x"},
        {"version": 0},
        {"text": "x" * 2001, "version": 0},
        {"text": "x\0", "version": 0},
        {"text": "x\u202e", "version": 0},
        {"text": "x", "version": -1},
        {"text": "x", "version": "0"},
        {"text": None, "version": 0},
        {"text": "x", "version": 0, "more": 1},
    ],
)
async def test_notes_that_make_no_sense_are_refused(
    app: QuartTrio, database: Database, body: dict[str, Any]
) -> None:
    _, browsers = await people(app, database)
    path = f"{USERS}/{await stranger_id(database)}/notes"
    await act(browsers["anna"], "PUT", path, body, 400)


async def test_notes_go_with_whom_they_are_about_who_is_given_them_but_not_with_who_wrote_them(
    app: QuartTrio, database: Database
) -> None:
    _, browsers = await people(app, database)
    who = await stranger_id(database)
    path = f"{USERS}/{who}/notes"
    await act(browsers["moderator"], "PUT", path, {"text": "é" * 2000, "version": 0})
    [exported] = (await select_account_export(database, who))["moderation_notes"]
    assert exported["text"] == "é" * 2000
    assert "updated_by" not in exported
    await database.execute("delete from users where login = 'moderator_1'")
    [left] = await asked(browsers["anna"], path)
    assert (left["version"], left["moderator_id"]) == (1, None)
    await database.execute("delete from users where id = $1", who)
    assert await database.fetchval("select count(*) from moderation_notes") == 0
