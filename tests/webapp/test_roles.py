"""Editors, moderators, VIPs and chat settings over HTTP: who gives what to whom, who sees it, and what the log keeps of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.db import ControlChange, Database
from tests.common.test_queries import heard
from tests.webapp.conftest import put_channel
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person, program, shown

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

ANNA = "/api/channels/anna"
SETTINGS = f"{ANNA}/chat/settings"
ROLES = ("editors", "moderators", "vips")


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def log_of(db: Database) -> list[tuple[str, str, str | None, str | None]]:
    rows = await db.fetch("select actor_kind, action, target_type, details::text from audit_log order by id")
    return [(row["actor_kind"], row["action"], row["target_type"], row["details"]) for row in rows]


async def logins(browser: Browser, path: str) -> list[str]:
    status, body = await browser.ask("GET", path)
    assert status == 200, body
    return [entry["user_login"] for entry in body["data"]]


async def test_roles_are_given_listed_and_taken(app: QuartTrio, database: Database) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    await person(app, database, "mia")
    for role in ROLES[:2]:
        changes = await heard(database, lambda role=role: anna.ask("PUT", f"{ANNA}/{role}/MIA"))  # type: ignore[misc] # a default argument
        assert ControlChange("channel_roles", channel_id) in changes
        assert anna.told.get("content-length") in {None, "0"}
        assert await logins(anna, f"{ANNA}/{role}") == ["mia"]
    held = (await (await person(app, database, "mia")).ask("GET", "/api/users/me/roles"))[1]["data"]
    assert [entry["role"] for entry in held] == ["editor", "moderator"]
    assert held[0]["broadcaster_login"] == "anna"
    for role in ROLES[:2]:
        assert (await anna.ask("DELETE", f"{ANNA}/{role}/mia"))[0] == 204
        assert await logins(anna, f"{ANNA}/{role}") == []
        assert (await anna.ask("DELETE", f"{ANNA}/{role}/mia"))[0] == 404
    about = '{"door": "api", "user_id": "2", "user_name": "Mia", "user_login": "mia"}'
    assert await log_of(database) == [
        ("user", "add_editor", "user", about),
        ("user", "mod", "user", about),
        ("user", "remove_editor", "user", about),
        ("user", "unmod", "user", about),
    ]


async def test_nobody_is_vip_and_moderator_nor_anything_twice_nor_the_owner_anything(
    app: QuartTrio, database: Database
) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    await person(app, database, "mia")
    assert (await anna.ask("PUT", f"{ANNA}/vips/mia"))[0] == 204
    assert (await anna.ask("PUT", f"{ANNA}/editors/mia"))[0] == 204, "an editor may be either"
    for path, why in {
        "vips/mia": "already",
        "moderators/mia": "VIP",
        "vips/anna": "yourself",
        "moderators/ANNA": "yourself",
        "editors/anna": "yourself",
    }.items():
        status, body = await anna.ask("PUT", f"{ANNA}/{path}")
        assert (path, status) == (path, 422)
        assert why in body["message"]
    assert [entry[1] for entry in await log_of(database)] == ["vip", "add_editor"]
    assert (await anna.ask("DELETE", f"{ANNA}/vips/mia"))[0] == 204
    assert (await anna.ask("PUT", f"{ANNA}/moderators/mia"))[0] == 204
    status, body = await anna.ask("PUT", f"{ANNA}/vips/mia")
    assert (status, "moderator" in body["message"]) == (422, True)


async def test_people_who_are_not_there_get_no_role(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    await person(app, database, "mia")
    assert (await anna.ask("PUT", f"{ANNA}/moderators/mia"))[0] == 204
    await database.execute("update users set suspended_at = now() where login = 'mia'")
    gone = await anna.ask("PUT", f"{ANNA}/editors/mia")
    never = await anna.ask("PUT", f"{ANNA}/editors/nobody")
    assert gone[0] == never[0] == 404
    assert gone[1]["message"].replace("mia", "nobody") == never[1]["message"]
    for login in ("%27--", "a", "mia%00", "x" * 200, "..", "mia%0d%0aX:1"):
        assert (login, (await anna.ask("PUT", f"{ANNA}/editors/{login}"))[0]) == (login, 404)
        assert (login, (await anna.ask("DELETE", f"{ANNA}/editors/{login}"))[0]) == (login, 404)
    assert (await anna.ask("DELETE", f"{ANNA}/moderators/mia"))[0] == 204, "who is gone can still lose it"


async def test_only_the_owner_gives_and_takes(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    await person(app, database, "mia", moderator="anna")
    callers = [
        await person(app, database, f"{role}_1", **{role: "anna"}) for role in ("editor", "moderator", "vip")
    ]
    callers.append(await person(app, database, "other"))
    for login, column in (("staff_1", "is_staff"), ("admin_1", "is_admin")):
        await put_channel(database, login, live=False)
        await database.execute(f"update users set {column} = true where login = '{login}'")
        callers.append(await person(app, database, login))
    for browser in callers:
        for role in ROLES:
            assert (await browser.ask("PUT", f"{ANNA}/{role}/other"))[0] == 403
        assert (await browser.ask("DELETE", f"{ANNA}/moderators/mia"))[0] == 403
    assert await log_of(database) == []


async def test_who_sees_who_has_a_role(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    seen = {
        "anna": ROLES,
        "moderator": ("moderators", "vips"),
        "editor": (),
        "vip": (),
        "other": (),
    }
    for login, lists in seen.items():
        role = {login: "anna"} if login in {"moderator", "editor", "vip"} else {}
        browser = await person(app, database, login, **role)
        for name in ROLES:
            wanted = 200 if name in lists else 403
            assert (login, name, (await browser.ask("GET", f"{ANNA}/{name}"))[0]) == (login, name, wanted)
    await put_channel(database, "staff_1", live=False)
    await database.execute("update users set is_staff = true where login = 'staff_1'")
    staff = await person(app, database, "staff_1")
    assert [await logins(staff, f"{ANNA}/{name}") for name in ROLES] == [["editor"], ["moderator"], ["vip"]]


async def test_lists_come_in_pages(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    for number in range(5):
        await person(app, database, f"mod_{number}", moderator="anna")
        await put_channel(database, f"channel_{number}", live=False)
    found: list[str] = []
    after = ""
    for _ in range(3):
        _, body = await anna.ask("GET", f"{ANNA}/moderators?first=2{after}")
        found += [entry["user_login"] for entry in body["data"]]
        after = f"&after={body['pagination'].get('cursor', '')}"
    assert found == [f"mod_{number}" for number in range(5)]
    assert after == "&after="
    _, body = await anna.ask("GET", f"{ANNA}/moderators?first=2")
    cursor = body["pagination"]["cursor"]
    assert (await anna.ask("GET", f"{ANNA}/vips?after={cursor}"))[0] == 400, "of another list"
    mia = await person(app, database, "mia")
    for number in range(5):
        await person(app, database, "mia", moderator=f"channel_{number}", editor=f"channel_{number}")
    roles: list[tuple[str, str]] = []
    after = ""
    for _ in range(4):
        _, body = await mia.ask("GET", f"/api/users/me/roles?first=3{after}")
        roles += [(entry["role"], entry["broadcaster_login"]) for entry in body["data"]]
        after = f"&after={body['pagination'].get('cursor', '')}"
    assert roles == [(role, f"channel_{number}") for role in ("editor", "moderator") for number in range(5)]
    _, body = await mia.ask("GET", "/api/users/me/roles?role=moderator")
    assert len(body["data"]) == 5
    assert (await mia.ask("GET", "/api/users/me/roles?role=emperor"))[0] == 400


async def test_programs_need_the_scopes_that_helix_names(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    await person(app, database, "mia")
    scopes = {
        ("GET", "editors"): "channel:read:editors",
        ("GET", "moderators"): "moderation:read",
        ("GET", "vips"): "channel:read:vips",
        ("PUT", "moderators/mia"): "channel:manage:moderators",
        ("DELETE", "moderators/mia"): "channel:manage:moderators",
        ("PUT", "vips/mia"): "channel:manage:vips",
        ("DELETE", "vips/mia"): "channel:manage:vips",
    }
    for (method, path), scope in scopes.items():
        others = set(scopes.values()) - {scope}
        assert (await (await program(app, database, "anna", *others)).ask(method, f"{ANNA}/{path}"))[0] == 403
        allowed = await program(app, database, "anna", scope)
        assert (await allowed.ask(method, f"{ANNA}/{path}"))[0] in {200, 204}
    everything = await program(app, database, "anna", *scopes.values(), "channel:manage:broadcast")
    for method in ("PUT", "DELETE"):
        assert (await everything.ask(method, f"{ANNA}/editors/mia"))[0] == 403, "no program chooses editors"
    assert [entry[0] for entry in await log_of(database)] == ["api"] * 4


async def test_a_role_given_twice_at_once_is_given_once(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    await person(app, database, "mia")
    browsers = [await person(app, database, "anna") for _ in range(4)]
    statuses: list[tuple[str, int]] = []

    async def give(browser: Browser, role: str) -> None:
        statuses.append((role, (await browser.ask("PUT", f"{ANNA}/{role}/mia"))[0]))

    async with trio.open_nursery() as nursery:
        for browser, role in zip(browsers, ("moderators", "vips") * 2, strict=True):
            nursery.start_soon(give, browser, role)
    assert sorted(status for _, status in statuses) == [204, 422, 422, 422]
    assert len(await log_of(database)) == 1
    assert await database.fetchval("select count(*) from channel_roles") == 1


async def test_a_role_works_at_once_and_ends_at_once(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna, mia = await person(app, database, "anna"), await person(app, database, "mia")
    assert (await mia.ask("PATCH", ANNA, {"title": "x"}))[0] == 403
    assert (await anna.ask("PUT", f"{ANNA}/editors/mia"))[0] == 204
    assert (await mia.ask("PATCH", ANNA, {"title": "x"}))[0] == 200
    assert (await anna.ask("DELETE", f"{ANNA}/editors/mia"))[0] == 204
    assert (await mia.ask("PATCH", ANNA, {"title": "y"}))[0] == 403


# chat settings

DEFAULTS = {
    "emote_mode": False,
    "follower_mode": False,
    "follower_mode_duration": None,
    "slow_mode": False,
    "slow_mode_wait_time": None,
    "subscriber_mode": False,
    "unique_chat_mode": False,
    "subscriber_slow_mode_wait_time": None,
    "verified_email_mode": False,
    "account_age_minimum": 0,
    "verification_spares": "vips",
    "links_from": "everyone",
}
AUTOMATIC = {
    **dict.fromkeys(
        ("automod_caps", "automod_repetition", "automod_length", "automod_symbols", "automod_zalgo"), "off"
    ),
    "automod_profanity": "off",
    "automod_action": "hold",
    "automod_spares": "vips",
    "automod_fails_closed": False,
    "raid_guard": "off",
    "crowd_slow_rate": 0,
    "sampling_rate": 0,
}
DELAY = {"non_moderator_chat_delay": False, "non_moderator_chat_delay_duration": None, **AUTOMATIC}


async def test_everybody_sees_chat_settings_and_moderators_the_delay(
    app: QuartTrio, database: Database
) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    public = {"broadcaster_id": str(channel_id), **DEFAULTS}
    moderator = await person(app, database, "mod_1", moderator="anna")
    assert await shown(Browser(app), SETTINGS) == public
    assert await shown(await person(app, database, "berta"), SETTINGS) == public
    assert await shown(moderator, SETTINGS) == {**public, **DELAY}
    assert await shown(await program(app, database, "anna", "chat:read"), SETTINGS) == public
    reader = await program(app, database, "mod_1", "moderator:read:chat_settings")
    assert await shown(reader, SETTINGS) == {**public, **DELAY}
    assert (await reader.ask("PATCH", SETTINGS, {"slow_mode": True}))[0] == 403


async def test_moderators_set_the_chat_and_the_log_says_what_they_did(
    app: QuartTrio, database: Database
) -> None:
    channel_id = await put_channel(database, "anna", live=False)
    moderator = await person(app, database, "mod_1", moderator="anna")

    async def patch(change: dict[str, object]) -> Any:
        status, body = await moderator.ask("PATCH", SETTINGS, change)
        assert status == 200, body
        assert body["data"][0] == await shown(moderator, SETTINGS)
        return body["data"][0]

    changes = await heard(database, lambda: patch({"slow_mode": True, "slow_mode_wait_time": 60}))
    assert ControlChange("chat_settings", channel_id) in changes
    found = await patch({"follower_mode": True, "follower_mode_duration": 10, "slow_mode_wait_time": 90})
    assert (found["slow_mode_wait_time"], found["follower_mode_duration"]) == (90, 10)
    assert await heard(database, lambda: patch({"slow_mode": True})) == [], "nothing changed"
    found = await patch({"slow_mode": False, "emote_mode": True, "non_moderator_chat_delay": True})
    assert (found["slow_mode_wait_time"], found["non_moderator_chat_delay_duration"]) == (None, 2)
    assert await patch({"non_moderator_chat_delay_duration": 6}) == {
        **found,
        "non_moderator_chat_delay_duration": 6,
    }
    assert (await patch({"slow_mode": True}))["slow_mode_wait_time"] == 90, "the time of before"
    log = [(action, json.loads(details or "")) for _, action, _, details in await log_of(database)]
    rooms = [details.pop("room") for _, details in log]
    assert log == [
        ("slow", {"slow_mode_wait_time": 60, "door": "api"}),
        ("followers", {"follower_mode_duration": 10, "door": "api"}),
        ("slow", {"slow_mode_wait_time": 90, "door": "api"}),
        ("emoteonly", {"door": "api"}),
        ("slowoff", {"door": "api"}),
        ("chat_settings", {"non_moderator_chat_delay": True, "door": "api"}),
        ("chat_settings", {"non_moderator_chat_delay_duration": 6, "door": "api"}),
        ("slow", {"slow_mode_wait_time": 90, "door": "api"}),
    ]
    assert rooms[1]["before"] == {"follower_mode": False, "follower_mode_duration": 0}
    assert (rooms[1]["after"]["follower_mode"], rooms[1]["after"]["slow_mode_wait_time"]) == (True, 60)
    assert rooms[2]["before"] == {"slow_mode_wait_time": 60}, "one setting at a time"


@pytest.mark.parametrize(
    "change",
    [
        {"slow_mode_wait_time": 2},
        {"slow_mode_wait_time": 121},
        {"slow_mode_wait_time": 10**30},
        {"slow_mode": None},
        {"slow_mode": 1},
        {"follower_mode_duration": -1},
        {"follower_mode_duration": 129_601},
        {"non_moderator_chat_delay_duration": 3},
        {"emote_mode": "on"},
        {"raids_from": "nobody"},
        {"broadcaster_id": "1"},
        {"channel_id": 1},
        [],
    ],
)
async def test_settings_that_are_none(app: QuartTrio, database: Database, change: object) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    assert (await anna.ask("PATCH", SETTINGS, change))[0] == 400
    assert await shown(Browser(app), SETTINGS) == {
        "broadcaster_id": await database.fetchval("select id::text from channels"),
        **DEFAULTS,
    }


async def test_only_moderators_set_the_chat(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    for login, role in (("berta", {}), ("editor", {"editor": "anna"}), ("vip", {"vip": "anna"})):
        browser = await person(app, database, login, **role)
        assert (await browser.ask("PATCH", SETTINGS, {"slow_mode": True}))[0] == 403
    elsewhere = await person(app, database, "mod_2", moderator="berta")
    assert (await elsewhere.ask("PATCH", SETTINGS, {"slow_mode": True}))[0] == 403
    assert (await elsewhere.ask("PATCH", "/api/channels/berta/chat/settings", {"slow_mode": True}))[0] == 200


async def test_two_moderators_at_once_lose_nothing_of_each_other(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    browsers = [await person(app, database, f"mod_{number}", moderator="anna") for number in range(2)]
    for state in (True, False) * 5:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(browsers[0].ask, "PATCH", SETTINGS, {"emote_mode": state})
            nursery.start_soon(browsers[1].ask, "PATCH", SETTINGS, {"unique_chat_mode": state})
        found = await shown(browsers[0], SETTINGS)
        assert (found["emote_mode"], found["unique_chat_mode"]) == (state, state)
