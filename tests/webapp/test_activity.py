"""The feed beside a stream, on a real PostgreSQL: every kind of thing in the order of time, page by page, for who runs the channel."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from quart_trio import QuartTrio

from common.db import Database
from tests.common.test_queries import NOW, new_id
from tests.webapp.test_accounts import Browser
from tests.webapp.test_broadcasts import asked, people, statuses

pytestmark = pytest.mark.real

PATH = "/api/channels/anna_1/activity"


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def happen(db: Database) -> None:
    """Have each kind of thing happen, a minute after the other; and what is nobody's business or no news."""
    ids = {row["login"]: row["id"] for row in await db.fetch("select id, login from users")}
    anna, editor, stranger = ids["anna_1"], ids["editor_1"], ids["stranger_1"]

    async def book(
        minute: int, kind: str, user: int | None, actor: int | None = None, count: int | None = None
    ) -> None:
        await db.execute(
            """
            insert into subscription_events (at, kind, channel_id, user_id, actor_id, tier, count, months)
            values ($1, $2, $3, $4, $5, 1000, $6, 3)
            """,
            NOW + timedelta(minutes=minute),
            kind,
            anna,
            user,
            actor,
            count,
        )

    for minute, user in ((0, stranger), (5, editor)):
        await db.execute(
            "insert into follows (user_id, channel_id, created_at) values ($1, $2, $3)",
            user,
            anna,
            NOW + timedelta(minutes=minute),
        )
    await book(1, "begun", editor)
    await book(2, "shared", editor)
    await book(3, "given", None, stranger, 5)
    await book(3, "begun", editor, stranger)  # one of those
    await book(4, "given", editor, None, 1)  # by nobody in particular
    await book(4, "begun", None)  # whose account is gone
    for kind in ("renewed", "changed", "ended", "paid", "refunded"):
        await book(4, kind, editor)
    for minute, status in ((5, "gone"), (9, "canceled")):
        await db.execute(
            """
            insert into raids (id, from_channel_id, to_channel_id, goes_at, status, ended_at, viewer_count)
            values ($1, $2, $3, $4, $5, $4, 12)
            """,
            new_id(),
            stranger,
            anna,
            NOW + timedelta(minutes=minute),
            status,
        )


async def test_everything_comes_newest_first_and_page_by_page(app: QuartTrio, database: Database) -> None:
    _, browsers = await people(app, database)
    await happen(database)
    whole = await asked(browsers["anna"], PATH)
    assert [(one["type"], one["user_login"]) for one in whole] == [
        ("raid", "stranger_1"),
        ("follow", "editor_1"),
        ("gift", None),
        ("gift", "stranger_1"),
        ("resubscription", "editor_1"),
        ("subscription", "editor_1"),
        ("follow", "stranger_1"),
    ]
    raid, _, single, several, resub, sub, follow = whole
    assert (raid["viewers"], raid["count"]) == (12, None)
    assert (single["count"], single["recipient_login"], single["tier"]) == (1, "editor_1", "1000")
    assert (several["count"], several["recipient_login"]) == (5, None)
    assert (resub["months"], sub["months"]) == (3, 3)
    assert (follow["at"], follow["tier"], follow["months"]) == ("2026-01-02T03:04:05.000Z", None, None)
    for size in (1, 2, 3):
        found, cursor = [], ""
        while True:
            status, body = await browsers["anna"].ask("GET", f"{PATH}?first={size}{cursor}")
            assert status == 200
            found += body["data"]
            if not body["pagination"]:
                break
            cursor = f"&after={body['pagination']['cursor']}"
        assert found == whole


async def test_it_is_for_owner_editors_and_moderators(app: QuartTrio, database: Database) -> None:
    _, browsers = await people(app, database)
    assert await statuses(browsers, PATH) == {
        "anonymous": 401,
        "anna": 200,
        "editor": 200,
        "moderator": 200,
        "stranger": 403,
    }
    assert (await asked(browsers["anna"], PATH)) == []
    for wrong in ("first=0", "first=101", "after=x", "type=raid"):
        assert (await browsers["anna"].ask("GET", f"{PATH}?{wrong}"))[0] == 400
    assert (await Browser(app).ask("GET", "/api/channels/nobody_1/activity"))[0] == 401
