"""Keys that are rotated over HTTP: a new one in the place of an old one, in one step."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from quart_trio import QuartTrio

from common.credentials import secret_sha256
from common.db import ControlChange, Database
from common.queries import stream_keys
from tests.common.test_queries import heard
from tests.webapp.conftest import put_channel
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person, program

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

KEYS = "/api/channels/anna/keys"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def made_key(browser: Browser, label: str = "obs") -> Any:
    status, body = await browser.ask("POST", KEYS, {"label": label})
    assert status == 201
    return body["data"][0]


async def test_a_rotated_key_is_shown_once_and_ends_the_old_one(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    anna = await person(app, database, "anna")
    old = await made_key(anna)
    told = await heard(database, lambda: anna.ask("POST", f"{KEYS}/{old['id']}/rotation"))
    assert told == [ControlChange("stream_keys", int(old["id"]))], "whoever publishes with it is cut off"
    _, body = await anna.ask("GET", KEYS)
    new, before = body["data"]
    assert (new["label"], new["revoked_at"], before["id"]) == ("obs", None, old["id"])
    assert before["revoked_at"] is not None
    assert "stream_key" not in new

    status, body = await anna.ask("POST", f"{KEYS}/{new['id']}/rotation")
    assert status == 201
    newest = body["data"][0]
    assert newest["stream_key"].startswith("live_")
    assert newest["stream_key"] not in {old["stream_key"], ""}
    for text, revoked in ((newest["stream_key"], False), (old["stream_key"], True)):
        found = await stream_keys.select_key_by_hash(database, secret_sha256(text))
        assert found
        assert (found.revoked_at is not None) is revoked


async def test_keys_that_cannot_be_rotated(app: QuartTrio, database: Database) -> None:
    for login in ("anna", "berta"):
        await put_channel(database, login, live=False)
    anna, berta = await person(app, database, "anna"), await person(app, database, "berta")
    key = await made_key(anna)
    for path in (
        f"{KEYS}/4711",
        f"{KEYS}/0",
        f"{KEYS}/x",
        f"{KEYS}/{2**63}",
        f"/api/channels/nobody/keys/{key['id']}",
    ):
        assert (path, (await anna.ask("POST", f"{path}/rotation"))[0]) == (path, 404)
    assert (await berta.ask("POST", f"/api/channels/berta/keys/{key['id']}/rotation"))[0] == 404, "of another"
    assert (await berta.ask("POST", f"{KEYS}/{key['id']}/rotation"))[0] == 403
    for role in ("editor", "moderator"):
        browser = await person(app, database, role, **{role: "anna"})
        assert (await browser.ask("POST", f"{KEYS}/{key['id']}/rotation"))[0] == 403
    reader = await program(app, database, "anna", "channel:read:stream_key")
    assert (await reader.ask("POST", f"{KEYS}/{key['id']}/rotation"))[0] == 403
    assert (await anna.ask("DELETE", f"{KEYS}/{key['id']}"))[0] == 204
    assert (await anna.ask("POST", f"{KEYS}/{key['id']}/rotation"))[0] == 404, "what is revoked stays so"
    _, body = await anna.ask("GET", KEYS)
    assert len(body["data"]) == 1


async def test_a_key_that_is_rotated_twice_at_once_has_one_successor(
    app: QuartTrio, database: Database
) -> None:
    await put_channel(database, "anna", live=False)
    browsers = [await person(app, database, "anna") for _ in range(3)]
    statuses: list[int] = []

    async def rotate(browser: Browser, key_id: str) -> None:
        statuses.append((await browser.ask("POST", f"{KEYS}/{key_id}/rotation"))[0])

    for label in "abcde":
        key = await made_key(browsers[0], label)
        statuses.clear()
        async with trio.open_nursery() as nursery:
            for browser in browsers:
                nursery.start_soon(rotate, browser, key["id"])
        assert sorted(statuses) == [201, 404, 404]
        _, body = await browsers[0].ask("GET", KEYS)
        working = [entry for entry in body["data"] if entry["revoked_at"] is None]
        assert [entry["label"] for entry in working].count(label) == 1
