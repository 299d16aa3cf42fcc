"""Blocks over HTTP: who is blocked follows no more, cannot, and is not told."""

from collections.abc import Callable

import pytest
import trio
from quart_trio import QuartTrio

from common.db import ControlChange, Database
from common.queries import follows
from common.queries.follows import FollowOutcome
from tests.common.test_queries import heard
from tests.webapp.conftest import put_channel
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person, program

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

BLOCKS = "/api/users/me/blocks"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def blocked(browser: Browser, query: str = "") -> list[str]:
    status, body = await browser.ask("GET", BLOCKS + query)
    assert status == 200, body
    return [entry["user_login"] for entry in body["data"]]


async def test_a_block_ends_a_follow_and_prevents_it(app: QuartTrio, database: Database) -> None:
    anna_id = await put_channel(database, "anna", live=False)
    troll_id = await put_channel(database, "troll", live=False)

    async def follow() -> FollowOutcome:
        return await follows.upsert_follow(database, user_id=troll_id, channel_id=anna_id, notify=True)

    assert await follow() is FollowOutcome.MADE
    anna = await person(app, database, "anna")
    assert await heard(database, lambda: anna.ask("PUT", f"{BLOCKS}/Troll")) == [
        ControlChange("blocks", anna_id)
    ]
    assert (await anna.ask("PUT", f"{BLOCKS}/troll"))[0] == 204, "again changes nothing"
    assert await blocked(anna) == ["troll"]
    _, body = await anna.ask("GET", "/api/channels/anna")
    assert body["data"][0]["follower_count"] == 0
    assert await follow() is FollowOutcome.BLOCKED
    assert await blocked(await person(app, database, "troll")) == [], "nobody is told"
    assert (await anna.ask("DELETE", f"{BLOCKS}/troll"))[0] == 204
    assert (await anna.ask("DELETE", f"{BLOCKS}/troll"))[0] == 404
    assert await blocked(anna) == []
    assert await follow() is FollowOutcome.MADE


async def test_whom_nobody_blocks(app: QuartTrio, database: Database) -> None:
    await put_channel(database, "anna", live=False)
    await put_channel(database, "gone", live=False)
    anna = await person(app, database, "anna")
    assert (await anna.ask("PUT", f"{BLOCKS}/ANNA"))[0] == 422
    for login in ("nobody", "x", "%27%20or%201=1--", "anna%00", "a" * 5000, ".."):
        assert (login, (await anna.ask("PUT", f"{BLOCKS}/{login}"))[0]) == (login, 404)
        assert (login, (await anna.ask("DELETE", f"{BLOCKS}/{login}"))[0]) == (login, 404)
    assert (await anna.ask("PUT", f"{BLOCKS}/gone"))[0] == 204
    await database.execute("update users set suspended_at = now() where login = 'gone'")
    assert (await anna.ask("PUT", f"{BLOCKS}/gone"))[0] == 404
    assert (await anna.ask("DELETE", f"{BLOCKS}/gone"))[0] == 204, "but the block can still be taken away"


async def test_blocks_are_ones_own_and_come_in_pages(app: QuartTrio, database: Database) -> None:
    anna, berta = await person(app, database, "anna"), await person(app, database, "berta")
    for number in range(3):
        await put_channel(database, f"troll_{number}", live=False)
        assert (await anna.ask("PUT", f"{BLOCKS}/troll_{number}"))[0] == 204
    assert await blocked(berta) == []
    assert (await berta.ask("DELETE", f"{BLOCKS}/troll_1"))[0] == 404
    _, body = await anna.ask("GET", f"{BLOCKS}?first=2")
    assert [entry["user_login"] for entry in body["data"]] == ["troll_0", "troll_1"]
    assert set(body["data"][0]) == {"user_id", "user_login", "display_name", "created_at"}
    cursor = body["pagination"]["cursor"]
    assert await blocked(anna, f"?first=2&after={cursor}") == ["troll_2"]
    assert (await berta.ask("GET", f"{BLOCKS}?after={cursor}"))[0] == 400, "somebody else's list"
    assert (await Browser(app).ask("GET", BLOCKS))[0] == 401


async def test_programs_need_the_scopes_that_helix_names(app: QuartTrio, database: Database) -> None:
    for login in ("anna", "troll"):
        await put_channel(database, login, live=False)
    reader = await program(app, database, "anna", "user:read:blocked_users")
    writer = await program(app, database, "anna", "user:manage:blocked_users")
    assert (await reader.ask("PUT", f"{BLOCKS}/troll"))[0] == 403
    assert (await writer.ask("PUT", f"{BLOCKS}/troll"))[0] == 204
    assert (await writer.ask("GET", BLOCKS))[0] == 403
    assert await blocked(reader) == ["troll"]


async def test_no_race_lets_somebody_follow_who_is_blocked(app: QuartTrio, database: Database) -> None:
    anna_id = await put_channel(database, "anna", live=False)
    troll_id = await put_channel(database, "troll", live=False)
    anna = await person(app, database, "anna")

    async def follow() -> None:
        await follows.upsert_follow(database, user_id=troll_id, channel_id=anna_id, notify=True)

    for _ in range(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(anna.ask, "PUT", f"{BLOCKS}/troll")
            nursery.start_soon(follow)
        assert await follows.select_follow(database, user_id=troll_id, channel_id=anna_id) is None
        assert (await anna.ask("DELETE", f"{BLOCKS}/troll"))[0] == 204
