"""What was said, over HTTP: moderators look for it, and who watches a broadcast again sees what is still there."""

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from quart_trio import QuartTrio

from common.db import Database
from common.ids import RANDOM_BITS, uuid7
from common.message_grams import message_grams
from common.queries import channels, chat_history, streams, users
from common.queries.channels import ChannelUpdate
from common.queries.chat_history import NewMessage
from tests.common.test_queries import add_stream
from tests.webapp.conftest import put_channel
from tests.webapp.test_accounts import Browser
from tests.webapp.test_channels import person, program

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("cheap_passwords")]

MESSAGES = "/api/channels/anna/chat/messages"
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@pytest.fixture
def app(app_factory: Callable[..., QuartTrio], database: Database) -> QuartTrio:
    return app_factory(database=database)


async def say(
    db: Database, who: str, text: str, *, at_s: float = 0.0, details: str | None = None
) -> uuid.UUID:
    """Have somebody say something in anna's channel, some time after the broadcast began."""
    anna, author = [await users.select_user_by_login(db, login) for login in ("anna", who)]
    assert anna
    assert author
    at = BEGAN + timedelta(seconds=at_s)
    message_id = uuid7(int(at.timestamp() * 1000), secrets.randbits(RANDOM_BITS))
    row = NewMessage(
        message_id,
        anna.id,
        author.id,
        at,
        text,
        is_action=False,
        color="",
        details=details,
        grams=message_grams(text, anna.id),
    )
    await chat_history.insert_messages(db, [row])
    return message_id


async def site(app: QuartTrio, db: Database) -> Browser:
    """Anna's channel, some messages in it, and a moderator."""
    await put_channel(db, "anna", live=False)
    moderator = await person(app, db, "mod_1", moderator="anna")
    for login in ("ben", "carl"):
        await put_channel(db, login, live=False)
    await say(db, "ben", "hello everybody", at_s=10)
    await say(db, "carl", "Hello Ben", at_s=20)
    await say(db, "ben", "how are you?", at_s=30.5)
    return moderator


async def texts(browser: Browser, path: str) -> list[str]:
    status, body = await browser.ask("GET", path)
    assert status == 200, body
    return [one["text"] for one in body["data"]]


async def test_moderators_find_what_was_said_by_whom_when_and_what(
    app: QuartTrio, database: Database
) -> None:
    moderator = await site(app, database)
    assert await texts(moderator, MESSAGES) == ["how are you?", "Hello Ben", "hello everybody"]
    assert await texts(moderator, f"{MESSAGES}?user=BEN") == ["how are you?", "hello everybody"]
    assert await texts(moderator, f"{MESSAGES}?text=hello") == ["Hello Ben", "hello everybody"]
    assert await texts(moderator, f"{MESSAGES}?text=hello&user=carl") == ["Hello Ben"]
    assert await texts(moderator, f"{MESSAGES}?text=goodbye") == []
    assert await texts(moderator, f"{MESSAGES}?text=%F0%9F%98%80") == []
    assert await texts(moderator, f"{MESSAGES}?user=nobody") == []
    middle = quote((BEGAN + timedelta(seconds=15)).isoformat())
    assert await texts(moderator, f"{MESSAGES}?since={middle}") == ["how are you?", "Hello Ben"]
    assert await texts(moderator, f"{MESSAGES}?until={middle}") == ["hello everybody"]
    assert await texts(moderator, f"{MESSAGES}?until={middle}&text=hello") == ["hello everybody"]
    assert await texts(moderator, f"{MESSAGES}?since={middle}&text=hello") == ["Hello Ben"]


@pytest.mark.parametrize("query", ["", "text=hello&", "user=ben&", "user=ben&text=h%C3%A9llo&"])
async def test_a_list_is_read_page_by_page(app: QuartTrio, database: Database, query: str) -> None:
    moderator = await site(app, database)
    everything = await texts(moderator, f"{MESSAGES}?{query}first=100")
    seen: list[str] = []
    path = f"{MESSAGES}?{query}first=1"
    for _ in range(10):
        status, body = await moderator.ask("GET", path)
        assert status == 200, body
        seen += [one["text"] for one in body["data"]]
        if "cursor" not in body["pagination"]:
            break
        path = f"{MESSAGES}?{query}first=1&after={body['pagination']['cursor']}"
    assert seen == everything
    assert everything


async def test_a_cursor_is_for_one_list(app: QuartTrio, database: Database) -> None:
    moderator = await site(app, database)
    _, body = await moderator.ask("GET", f"{MESSAGES}?first=1")
    cursor = body["pagination"]["cursor"]
    assert (await moderator.ask("GET", f"{MESSAGES}?user=ben&after={cursor}"))[0] == 400


async def test_a_message_says_all_that_is_shown_of_it(app: QuartTrio, database: Database) -> None:
    moderator = await site(app, database)
    first = await say(database, "ben", "@anna Wow", at_s=40)
    details = (
        '{"badges": [{"set_id": "vip", "id": "1", "info": ""}], "fragments": [{"type": "mention", "text": "@ben",'
        f' "mention": {{"user_id": "2"}}}}], "reply": {{"id": "{first}", "user_id": "3", "thread_id": "{first}"}}}}'
    )
    ben = await users.select_user_by_login(database, "ben")
    assert ben
    await say(database, "carl", "@ben", at_s=50, details=details.replace('"3"', f'"{ben.id}"'))
    anna = await users.select_user_by_login(database, "anna")
    assert anna
    stream_id = await add_stream(database, anna.id, started_at=BEGAN)
    _, body = await moderator.ask("GET", f"{MESSAGES}?first=1")
    (found,) = body["data"]
    assert found["badges"] == [{"set_id": "vip", "id": "1", "info": ""}]
    assert found["fragments"] == [{"type": "mention", "text": "@ben", "mention": {"user_id": "2"}}]
    assert found["reply"]["parent_message_body"] == "@anna Wow"
    assert found["reply"]["parent_user_login"] == "ben"
    assert (found["stream_id"], found["stream_offset_ms"]) == (str(stream_id), 50_000)
    assert (found["deleted_at"], found["deleted_by_login"]) == (None, None)


async def test_a_program_needs_the_scope(app: QuartTrio, database: Database) -> None:
    await site(app, database)
    reader = await program(app, database, "mod_1", "moderator:read:chat_messages")
    assert len(await texts(reader, MESSAGES)) == 3
    other = await program(app, database, "mod_1", "moderator:manage:chat_messages")
    assert (await other.ask("GET", MESSAGES))[0] == 403
    assert (await (await person(app, database, "ben")).ask("GET", MESSAGES))[0] == 403


@pytest.mark.parametrize(
    "query",
    [
        "text=",
        f"text={'x' * 101}",
        "text=%00ab",
        "since=yesterday",
        "since=2026-01-01T00:00:00",
        "first=0",
        "after=x",
        "user=a",
        "since=1e400",
        "what=1",
    ],
)
async def test_what_makes_no_sense_is_refused(app: QuartTrio, database: Database, query: str) -> None:
    moderator = await site(app, database)
    assert (await moderator.ask("GET", f"{MESSAGES}?{query}"))[0] == 400


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "-62135596800", "253402300799", "0"],
)
async def test_any_time_is_a_time(app: QuartTrio, database: Database, moment: str) -> None:
    moderator = await site(app, database)
    for name in ("since", "until"):
        for more in ("", "&text=hello", "&user=ben"):
            status, body = await moderator.ask("GET", f"{MESSAGES}?{name}={moment}{more}")
            assert status == 200, body


async def broadcast(db: Database) -> str:
    anna = await users.select_user_by_login(db, "anna")
    assert anna
    stream_id = await add_stream(db, anna.id, started_at=BEGAN)
    await streams.end_stream(
        db, stream_id=stream_id, ended_at=BEGAN + timedelta(seconds=100), reason="unpublished"
    )
    return f"/api/streams/{stream_id}/chat"


async def test_who_watches_again_sees_the_chat_in_its_time(app: QuartTrio, database: Database) -> None:
    await site(app, database)
    await say(database, "ben", "before", at_s=-5)
    await say(database, "ben", "after", at_s=101)
    path = await broadcast(database)
    status, body = await Browser(app).ask("GET", path)
    assert status == 200, body
    shown = [(one["text"], one["stream_offset_ms"]) for one in body["data"]]
    assert shown == [("hello everybody", 10_000), ("Hello Ben", 20_000), ("how are you?", 30_500)]
    assert "deleted_at" not in body["data"][0]
    assert await texts(Browser(app), f"{path}?offset_ms=20000") == ["Hello Ben", "how are you?"]
    _, body = await Browser(app).ask("GET", f"{path}?first=2")
    cursor = body["pagination"]["cursor"]
    assert await texts(Browser(app), f"{path}?first=2&after={cursor}") == ["how are you?"]
    assert (await Browser(app).ask("GET", f"/api/streams/{uuid.uuid4()}/chat"))[0] == 404
    assert (await Browser(app).ask("GET", f"{path}?offset_ms=-1"))[0] == 400


async def test_what_was_taken_away_is_for_moderators_only(app: QuartTrio, database: Database) -> None:
    moderator = await site(app, database)
    path = await broadcast(database)
    await database.execute(
        """
        insert into audit_log (id, actor_id, actor_kind, channel_id, action, target_type, target_id, details)
        select gen_random_uuid(), mods.id, 'user', owners.id, 'clear_user', 'user', carl.id::text,
            jsonb_build_object('user_id', carl.id::text)
        from users as mods, users as owners, users as carl
        where mods.login = 'mod_1' and owners.login = 'anna' and carl.login = 'carl'
        """
    )
    assert await texts(Browser(app), path) == ["hello everybody", "how are you?"]
    _, body = await moderator.ask("GET", f"{MESSAGES}?user=carl")
    (found,) = body["data"]
    assert found["deleted_at"]
    assert found["deleted_by_login"] == "mod_1"


@pytest.mark.parametrize("visibility", ["followers", "subs", "password", "unlisted"])
async def test_the_chat_of_a_closed_channel_is_closed(
    app: QuartTrio, database: Database, visibility: str
) -> None:
    moderator = await site(app, database)
    path = await broadcast(database)
    anna = await users.select_user_by_login(database, "anna")
    assert anna
    update: dict[str, Any] = {"visibility": visibility}
    if visibility == "password":
        update["password_hash"] = "x"
    await channels.update_channel(database, anna.id, ChannelUpdate(**update))
    stranger = (await Browser(app).ask("GET", path))[0]
    assert stranger == {"followers": 401, "subs": 401, "password": 403, "unlisted": 200}[visibility]
    assert (await moderator.ask("GET", path))[0] == 200
    await database.execute("update users set suspended_at = now() where id = $1", anna.id)
    assert (await Browser(app).ask("GET", path))[0] == 404
