"""What was said, in a real PostgreSQL: written once, found by whom, when and what, marked when taken away, gone in time."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from common.audit import Actor
from common.db import Database
from common.ids import RANDOM_BITS, uuid7
from common.message_grams import message_grams, sought
from common.moderation import Done, Moderator, Place, ban, unban
from common.moderation_messages import SaidMessage, clear, clear_user, delete_message
from common.principals import Principal
from common.queries import account_export, chat_history, chat_history_keeping, streams, users
from common.queries.chat_history import FIRST_ID, LAST_ID, Found, KeptMessage, NewMessage, first_id_at
from tests.common.test_queries import add_stream, add_user
from weir import history_keeping

pytestmark = pytest.mark.real

NOW = datetime.now(UTC).replace(microsecond=0)
_ms = count(1)


def new_message(
    channel_id: int,
    user_id: int,
    text: str,
    *,
    at: datetime | None = None,
    details: str | None = None,
) -> NewMessage:
    at = at or NOW + timedelta(milliseconds=next(_ms))
    return NewMessage(
        id=uuid7(int(at.timestamp() * 1000), secrets.randbits(RANDOM_BITS)),
        channel_id=channel_id,
        user_id=user_id,
        said_at=at,
        text=text,
        is_action=False,
        color="#FF0000",
        details=details,
        grams=message_grams(text, channel_id),
    )


async def say(db: Database, channel_id: int, user_id: int, *texts: str) -> list[uuid.UUID]:
    said = [new_message(channel_id, user_id, text) for text in texts]
    assert await chat_history.insert_messages(db, said) == len(said)
    return [one.id for one in said]


async def newest(db: Database, channel_id: int) -> KeptMessage:
    (found,) = await chat_history.select_messages(db, channel_id, limit=1)
    return found


async def find(db: Database, channel_id: int, text: str, **more: object) -> Found:
    wanted = sought(text, channel_id)
    assert wanted is not None
    return await chat_history.find_messages(
        db,
        channel_id,
        wanted,
        now=datetime.now(UTC),
        **({"limit": 10} | more),  # type: ignore[arg-type]  # of find_messages
    )


def texts(found: list[KeptMessage]) -> list[str]:
    return [one.text for one in found]


def moderator_of(user: users.User) -> Moderator:
    return Moderator(Principal("session", user.id, user.login), Actor("user", user.id), "api")


async def test_a_message_is_there_once_however_often_it_is_written(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    said = [new_message(anna.id, ben.id, text) for text in ("one", "two", "three")]
    assert await chat_history.insert_messages(database, said[:2]) == 2
    assert await chat_history.insert_messages(database, said) == 1
    found = await chat_history.select_messages(database, anna.id, limit=10)
    assert texts(found) == ["three", "two", "one"]
    assert (found[0].user_login, found[0].color, found[0].deleted_at) == ("ben", "#FF0000", None)


async def test_messages_of_nobody_and_of_nowhere_are_left_out(database: Database) -> None:
    anna = await add_user(database, "anna")
    said = [new_message(anna.id, 99, "x"), new_message(99, anna.id, "y"), new_message(anna.id, anna.id, "z")]
    assert await chat_history.insert_messages(database, said) == 1
    assert texts(await chat_history.select_messages(database, anna.id, limit=10)) == ["z"]


async def test_messages_are_listed_by_whom_and_when_page_by_page(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    old = new_message(anna.id, ben.id, "long ago", at=NOW - timedelta(days=3))
    await chat_history.insert_messages(database, [old])
    await say(database, anna.id, ben.id, "one", "two")
    await say(database, anna.id, anna.id, "three")
    await say(database, ben.id, ben.id, "elsewhere")

    async def listed(**only: object) -> list[str]:
        return texts(
            await chat_history.select_messages(database, anna.id, **({"limit": 10} | only))  # type: ignore[arg-type]  # of select_messages
        )

    assert await listed() == ["three", "two", "one", "long ago"]
    assert await listed(user_id=ben.id) == ["two", "one", "long ago"]
    assert await listed(after=first_id_at(NOW)) == ["three", "two", "one"]
    assert await listed(before=first_id_at(NOW - timedelta(days=1))) == ["long ago"]
    first = await chat_history.select_messages(database, anna.id, limit=2)
    assert await listed(before=first[-1].id) == ["one", "long ago"]


async def test_messages_are_found_by_their_words(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    old = new_message(anna.id, ben.id, "Hello from long ago", at=NOW - timedelta(days=20))
    await chat_history.insert_messages(database, [old])
    await say(database, anna.id, ben.id, "hello there", "help yellow", "well", "Héllo again")
    await say(database, anna.id, anna.id, "hello back")
    await say(database, ben.id, ben.id, "hello elsewhere")
    found = await find(database, anna.id, "hello")
    assert texts(found.messages) == ["hello back", "Héllo again", "hello there", "Hello from long ago"]
    assert found.searched_to is None
    assert texts((await find(database, anna.id, "hello", user_id=ben.id)).messages)[0] == "Héllo again"
    assert texts((await find(database, anna.id, "ago hello")).messages) == ["Hello from long ago"]
    assert texts((await find(database, anna.id, "nothing")).messages) == []
    since = first_id_at(NOW - timedelta(days=1))
    assert len((await find(database, anna.id, "hello", after=since)).messages) == 3
    assert len((await find(database, anna.id, "hello", before=since)).messages) == 1


async def test_a_search_goes_on_where_it_stopped_and_misses_nothing(database: Database) -> None:
    anna = await add_user(database, "anna")
    said = [
        new_message(anna.id, anna.id, f"hello {number}", at=NOW - timedelta(hours=7 * number))
        for number in range(30)
    ]
    await chat_history.insert_messages(database, said)
    seen: list[str] = []
    before = LAST_ID
    for _ in range(40):
        found = await find(database, anna.id, "hello", limit=4, before=before)
        seen += texts(found.messages)
        if found.searched_to is None:
            break
        before = found.searched_to
    assert seen == [f"hello {number}" for number in range(30)]


@pytest.mark.parametrize("until", [FIRST_ID, first_id_at(NOW - timedelta(days=400))])
async def test_before_there_was_anything_nothing_is_found(database: Database, until: uuid.UUID) -> None:
    anna = await add_user(database, "anna")
    await say(database, anna.id, anna.id, "hello")
    found = await find(database, anna.id, "hello", before=until)
    assert found == Found([], None)
    found = await find(database, anna.id, "hello", before=until, after=first_id_at(NOW))
    assert found == Found([], None)


async def test_a_clock_that_is_wrong_does_not_stop_a_search(database: Database) -> None:
    anna = await add_user(database, "anna")
    strange = [
        new_message(anna.id, anna.id, f"hello {year}", at=datetime(year, 1, 1, tzinfo=UTC))
        for year in (1971, 2999)
    ]
    await chat_history.insert_messages(database, strange)
    found = await find(database, anna.id, "hello")
    assert texts(found.messages) == ["hello 2999", "hello 1971"]


async def test_names_are_those_of_now_and_who_is_gone_is_not_shown(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    (first,) = await say(database, anna.id, ben.id, "hello")
    reply = f'{{"reply": {{"id": "{first}", "user_id": "{ben.id}", "thread_id": "{first}"}}}}'
    answer = new_message(anna.id, anna.id, "hello you", details=reply)
    await chat_history.insert_messages(database, [answer])
    await database.execute("update users set login = 'benny', display_name = 'Benny' where id = $1", ben.id)
    shown = await chat_history.select_messages(database, anna.id, limit=10)
    assert shown[1].user_login == "benny"
    assert shown[0].reply is not None
    assert (shown[0].reply.user_login, shown[0].reply.text) == ("benny", "hello")
    await users.delete_user(database, ben.id)
    shown = await chat_history.select_messages(database, anna.id, limit=10)
    assert texts(shown) == ["hello you"]
    assert shown[0].reply is not None
    assert (shown[0].reply.user_login, shown[0].reply.text) == (None, None)
    assert texts((await find(database, anna.id, "hello")).messages) == ["hello you"]


async def test_what_accounts_leave_behind_is_removed(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    await say(database, anna.id, ben.id, "of ben")
    await say(database, ben.id, anna.id, "in ben's channel")
    await say(database, anna.id, anna.id, "stays")
    await users.delete_user(database, ben.id)
    await history_keeping.forget_departed(database)
    assert await database.fetchval("select array_agg(text) from chat_messages") == ["stays"]
    assert await chat_history_keeping.select_departures(database, limit=10) == [ben.id], "for an hour"
    await database.execute("update chat_departures set departed_at = now() - interval '2 hours'")
    await history_keeping.forget_departed(database)
    assert await chat_history_keeping.select_departures(database, limit=10) == []


async def test_an_export_has_what_somebody_said(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    await say(database, anna.id, ben.id, "mine")
    await say(database, anna.id, anna.id, "not mine")
    export = await account_export.select_account_export(database, ben.id)
    assert [(one["channel_id"], one["text"]) for one in export["chat_messages"]] == [(anna.id, "mine")]
    assert set(export["chat_messages"][0]) == {"id", "channel_id", "said_at", "text"}


async def test_a_message_knows_its_place_in_the_broadcast(database: Database) -> None:
    anna = await add_user(database, "anna")
    began = NOW - timedelta(hours=1)
    stream_id = await add_stream(database, anna.id, started_at=began)
    during = new_message(anna.id, anna.id, "during", at=began + timedelta(milliseconds=90_500))
    before = new_message(anna.id, anna.id, "before", at=began - timedelta(seconds=1))
    await chat_history.insert_messages(database, [during, before])
    await streams.end_stream(
        database, stream_id=stream_id, ended_at=began + timedelta(minutes=10), reason="unpublished"
    )
    after = new_message(anna.id, anna.id, "after", at=began + timedelta(minutes=11))
    await chat_history.insert_messages(database, [after])
    shown = await chat_history.select_messages(database, anna.id, limit=10)
    assert [(one.text, one.stream_id, one.stream_offset_ms) for one in shown] == [
        ("after", None, None),
        ("during", stream_id, 90_500),
        ("before", None, None),
    ]


async def test_days_are_made_ahead_and_take_what_had_none(database: Database) -> None:
    anna = await add_user(database, "anna")
    early = new_message(anna.id, anna.id, "before there was a day")
    await chat_history.insert_messages(database, [early])
    days = "select relname::text from pg_class where relname ~ '^chat_messages_[0-9]+$' and relkind = 'r' order by 1"
    assert await database.fetch(days) == []
    assert await history_keeping.tend(database, 30, NOW)
    assert len(await database.fetch(days)) == history_keeping.DAYS_AHEAD + 2
    assert await database.fetchval("select count(*) from chat_messages_default") == 0
    late = new_message(anna.id, anna.id, "after")
    await chat_history.insert_messages(database, [late, early])
    assert texts(await chat_history.select_messages(database, anna.id, limit=10)) == [
        "after",
        "before there was a day",
    ]
    assert await database.fetchval("select count(*) from chat_messages_default") == 0
    indexes = await database.fetchval(
        "select count(*) from pg_indexes where tablename = 'chat_messages_' || to_char($1::date, 'YYYYMMDD')",
        NOW,
    )
    assert indexes == 4
    assert await history_keeping.tend(database, 30, NOW), "again: nothing to do"


async def test_what_is_too_old_goes(database: Database) -> None:
    anna = await add_user(database, "anna")
    for ago in (0, 29, 30, 31, 32):
        await database.fetchval("select make_chat_day($1)", (NOW - timedelta(days=ago)).date())
    said = [
        new_message(anna.id, anna.id, f"{ago} days ago", at=NOW - timedelta(days=ago))
        for ago in (0, 29, 31, 32, 400, -400)
    ]
    await chat_history.insert_messages(database, said)
    await history_keeping.tend(database, 30, NOW)
    shown = texts(await chat_history.select_messages(database, anna.id, limit=10))
    assert shown == ["0 days ago", "29 days ago"]
    await history_keeping.tend(database, 0, NOW)
    assert await chat_history.select_messages(database, anna.id, limit=10) == []
    assert (
        await database.fetchval(
            "select count(*) from pg_inherits where inhparent = 'chat_messages'::regclass"
        )
        == 1
    )


async def test_one_process_at_a_time_keeps_the_days(database: Database) -> None:
    async with database.transaction() as other:
        assert await chat_history_keeping.take_keeping_lock(other)
        assert not await history_keeping.tend(database, 30, NOW)
    assert await history_keeping.tend(database, 30, NOW)


def test_bounds_of_ids_are_those_of_time() -> None:
    assert first_id_at(datetime(1, 1, 1, tzinfo=UTC)) == FIRST_ID
    assert first_id_at(datetime(9999, 12, 31, tzinfo=UTC)) < LAST_ID
    message = uuid7(int(NOW.timestamp() * 1000), 0)
    assert first_id_at(NOW) < message < first_id_at(NOW + timedelta(milliseconds=1))


async def test_what_moderators_take_away_is_marked_before_and_after_it_is_written(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    place, moderator = Place(anna.id, "anna"), moderator_of(anna)
    first, second = await say(database, anna.id, ben.id, "one", "two")
    late = new_message(anna.id, ben.id, "three")
    for message_id in (first, late.id):
        said = SaidMessage(str(message_id), ben.id, "ben", "Ben", "x")
        assert isinstance(await delete_message(database, moderator, place, said), Done)
    await chat_history.insert_messages(database, [late])
    shown = {one.text: one for one in await chat_history.select_messages(database, anna.id, limit=10)}
    assert {text for text, one in shown.items() if one.deleted_at} == {"one", "three"}
    assert (shown["one"].deleted_by_id, shown["one"].deleted_by_login) == (anna.id, "anna")
    assert shown["two"].id == second
    assert not shown["two"].is_hidden


async def erased(db: Database, channel_id: int) -> set[str]:
    found = await chat_history.select_messages(db, channel_id, limit=10)
    return {one.text for one in found if one.deleted_at}


async def some_messages(db: Database) -> tuple[users.User, users.User]:
    anna, ben = await add_user(db, "anna"), await add_user(db, "ben")
    said = [
        new_message(anna.id, ben.id, "old", at=NOW - timedelta(days=2)),
        new_message(anna.id, ben.id, "of ben", at=NOW - timedelta(minutes=2)),
        new_message(anna.id, anna.id, "of anna", at=NOW - timedelta(minutes=1)),
        new_message(anna.id, ben.id, "later", at=NOW + timedelta(hours=1)),
    ]
    await chat_history.insert_messages(db, said)
    return anna, ben


async def test_clearing_a_person_marks_what_they_said_in_the_day_before(database: Database) -> None:
    anna, ben = await some_messages(database)
    done = await clear_user(database, moderator_of(anna), Place(anna.id, "anna"), "ben")
    assert isinstance(done, Done)
    assert await erased(database, anna.id) == {"of ben"}
    assert ben.id


async def test_clearing_a_room_marks_what_everybody_said_in_the_day_before(database: Database) -> None:
    anna, _ = await some_messages(database)
    assert isinstance(await clear(database, moderator_of(anna), Place(anna.id, "anna")), Done)
    assert await erased(database, anna.id) == {"of ben", "of anna"}


async def test_a_ban_hides_all_that_somebody_said_while_it_lasts(database: Database) -> None:
    anna, _ = await some_messages(database)
    place, moderator = Place(anna.id, "anna"), moderator_of(anna)
    assert isinstance(await ban(database, moderator, place, "ben", duration_s=None), Done)
    assert await erased(database, anna.id) == {"of ben"}
    shown = await chat_history.select_replay(database, anna.id, limit=10, after=FIRST_ID, before=LAST_ID)
    assert [one.text for one in shown if not one.is_hidden] == ["of anna"]
    assert isinstance(await unban(database, moderator, place, "ben"), Done)
    shown = await chat_history.select_replay(database, anna.id, limit=10, after=FIRST_ID, before=LAST_ID)
    assert [one.text for one in shown if not one.is_hidden] == ["old", "of anna", "later"]


async def test_what_is_quoted_of_a_message_goes_with_it(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    (first,) = await say(database, anna.id, ben.id, "bad")
    reply = f'{{"reply": {{"id": "{first}", "user_id": "{ben.id}", "thread_id": "{first}"}}}}'
    await chat_history.insert_messages(database, [new_message(anna.id, anna.id, "no", details=reply)])
    said = SaidMessage(str(first), ben.id, "ben", "Ben", "bad")
    await delete_message(database, moderator_of(anna), Place(anna.id, "anna"), said)
    found = await newest(database, anna.id)
    assert found.reply is not None
    assert (found.reply.user_login, found.reply.text) == ("ben", None)


async def test_a_log_of_any_shape_can_be_written(database: Database) -> None:
    anna = await add_user(database, "anna")
    for action in ("delete", "ban", "clear_user", "timeout", "clear"):
        for target in (None, "x", "7", str(uuid.uuid4()), "9" * 30):
            for channel in (anna.id, 99, None):
                await database.execute(
                    """
                    insert into audit_log (id, actor_id, actor_kind, channel_id, action, target_type, target_id, details)
                    values (gen_random_uuid(), 99, 'user', $1, $2, 'user', $3, '{"user_id": "none"}')
                    """,
                    channel,
                    action,
                    target,
                )
    noted = await database.fetch("select user_id, message_id is null as many from chat_erasures")
    assert len([row for row in noted if row["user_id"] == 0]) == 6, "five rooms and one message"
