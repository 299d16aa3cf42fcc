"""What is said over real sockets is written down in a real database, whatever happens to either for a while."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
import trio

from chatd.events import Chatter, MessageSent, encode
from chatd.rooms import channel_of
from common.audit import Actor
from common.bus import Journal, LocalBus, Unwritten
from common.config import Config
from common.db import Database
from common.metrics import Metrics
from common.moderation import Moderator, Place, ban
from common.principals import Principal
from common.queries import chat_history, users
from common.queries.chat_history import KeptMessage
from tests.common.test_queries import add_user
from tests.weir.test_chat import Site
from weir.chat import ChatRole
from weir.chat_history import BATCH, MESSAGES, HistoryWriter

pytestmark = pytest.mark.real

PATIENCE_S = 30


def made_bus() -> LocalBus:
    return LocalBus(new_epoch=lambda: uuid.uuid4().hex, now=trio.current_time, journalled=True)


@asynccontextmanager
async def serving(database: Database, bus: LocalBus) -> AsyncIterator[Site]:
    await trio.lowlevel.checkpoint()
    config = Config(chat_port=0, irc_port=0, drain_s=2.0)
    role = ChatRole(config, database, bus, Metrics(), journals=bus.journals)
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(role.run_background)
        await nursery.start(partial(role.serve, stop=stop, drain_s=2.0))
        yield Site(role, database, stop)
        nursery.cancel_scope.cancel()


async def kept(db: Database, channel_id: int, *, at_least: int) -> list[KeptMessage]:
    """What is written down, once it is as much as that."""
    found: list[KeptMessage] = []
    await trio.lowlevel.checkpoint()
    with trio.fail_after(PATIENCE_S):
        while len(found) < at_least:
            await trio.sleep(0.05)
            found = await chat_history.select_messages(db, channel_id, limit=1000)
    return found


async def test_what_is_said_is_written_down_and_marked_when_it_is_deleted(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    async with serving(database, made_bus()) as site:
        token = await site.token(anna.id, "chat:read", "chat:edit")
        async with site.page(token) as page:
            await page.ask("join", channel="anna")
            first = await page.ask("send", channel="anna", text="hello there")
            await page.ask("send", channel="anna", text="not this one")
            (second, said) = await kept(database, anna.id, at_least=2)
            assert (str(said.id), said.text, said.user_login) == (first["message_id"], "hello there", "anna")
            assert said.badges == [{"set_id": "broadcaster", "id": "1", "info": ""}]
            assert second.deleted_at is None
            done = await page.ask("delete_message", channel="anna", message_id=str(second.id))
            assert done["ok"], done
            (second, said) = await kept(database, anna.id, at_least=2)
            assert (second.deleted_by_login, said.deleted_at) == ("anna", None)
    assert ben.id


async def test_a_ban_by_somebody_elsewhere_marks_messages_though_nobody_is_in_the_room(
    database: Database,
) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    bus = made_bus()
    writer = HistoryWriter(database, bus.journals)
    await say(bus, anna.id, ben, 1)
    await writer.flush()
    anna_there = Moderator(Principal("session", anna.id, "anna"), Actor("user", anna.id), "api")
    await ban(database, anna_there, Place(anna.id, "anna"), "ben", duration_s=60)
    (found,) = await kept(database, anna.id, at_least=1)
    assert found.deleted_by_id == anna.id


async def test_who_comes_gets_what_was_said_without_a_question_to_the_database(database: Database) -> None:
    anna = await add_user(database, "anna")
    async with serving(database, made_bus()) as site:
        token = await site.token(anna.id, "chat:read", "chat:edit")
        async with site.page(token) as writer:
            await writer.ask("join", channel="anna")
            for number in range(3):
                await writer.ask("send", channel="anna", text=f"line {number}")
            counting = Counting(database)
            for _ in range(2):  # by the second, the channel is known
                async with site.page() as page:
                    before = counting.calls
                    joined = await page.ask("join", channel="anna", history=2)
                    assert joined["history"] == 2
                    events = [await page.event("channel.chat.message") for _ in range(2)]
                    assert [one["event"]["message"]["text"] for one in events] == ["line 1", "line 2"]
                    assert all(one["offset"] <= joined["offset"] for one in events)
            assert counting.calls == before
        async with site.page() as page:
            assert "history" not in await page.ask("join", channel="anna")


class Counting:
    """Counts the statements of a database from now on."""

    def __init__(self, db: Database) -> None:
        self.calls = 0
        call = db._call

        async def counted(*args: object) -> object:
            self.calls += 1
            return await call(*args)  # type: ignore[arg-type]  # passed on as they came

        db._call = counted  # type: ignore[assignment,method-assign]  # for one test


async def say(
    bus: LocalBus, channel_id: int, who: users.User, times: int, text: str = "hello"
) -> list[uuid.UUID]:
    await trio.lowlevel.checkpoint()
    ids = [uuid.uuid4() for _ in range(times)]
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    for number, message_id in enumerate(ids):
        chatter = Chatter(who.id, who.login, who.display_name)
        event = MessageSent(str(message_id), now_ms + number, chatter, text)
        await bus.publish(channel_of(channel_id), encode(event))
    return ids


async def ids_of(db: Database) -> set[uuid.UUID]:
    return {row["id"] for row in await db.fetch("select id from chat_messages")}


async def test_more_than_one_batch_is_written_in_one_go(database: Database) -> None:
    anna, ben = await add_user(database, "anna"), await add_user(database, "ben")
    bus = made_bus()
    said = await say(bus, anna.id, anna, BATCH + MESSAGES)
    said += await say(bus, ben.id, anna, 3)
    writer = HistoryWriter(database, bus.journals)
    await writer.flush()
    assert await ids_of(database) == set(said)
    assert writer.written == len(said)
    await writer.flush()
    assert writer.written == len(said)


async def test_what_was_written_and_not_settled_is_not_written_twice(database: Database) -> None:
    anna = await add_user(database, "anna")
    bus = made_bus()
    said = await say(bus, anna.id, anna, 5)
    await HistoryWriter(database, [Forgetful(bus)]).write_some()
    more = await say(bus, anna.id, anna, 2)
    writer = HistoryWriter(database, bus.journals)
    await writer.flush()
    assert await ids_of(database) == {*said, *more}
    assert writer.written == 2


class Forgetful:
    """A journal whose owner is killed between writing and saying so."""

    def __init__(self, bus: LocalBus) -> None:
        self._journal: Journal = bus.journals[0]

    async def take(self, *, channels: int, messages: int) -> list[Unwritten]:
        return await self._journal.take(channels=channels, messages=messages)

    async def settle(self, taken: Sequence[Unwritten], *, written: bool) -> None:
        await trio.lowlevel.checkpoint()


async def test_a_message_that_the_database_does_not_take_holds_up_no_other(database: Database) -> None:
    anna = await add_user(database, "anna")
    await database.execute("alter table chat_messages add check (text <> 'poison')")
    bus = made_bus()
    said = await say(bus, anna.id, anna, 3)
    await say(bus, anna.id, anna, 1, "poison")
    said += await say(bus, anna.id, anna, 3)
    writer = HistoryWriter(database, bus.journals)
    await writer.flush()
    assert await ids_of(database) == set(said)
    assert (writer.written, writer.refused) == (6, 1)


async def test_what_the_log_does_not_hold_any_more_is_counted(database: Database) -> None:
    anna = await add_user(database, "anna")
    bus = made_bus()
    said = await say(bus, anna.id, anna, 3100)
    writer = HistoryWriter(database, bus.journals)
    await writer.flush()
    assert await ids_of(database) == set(said[100:])
    assert writer.lost == 100
    assert {name: value for name, _, value in writer.samples()}["weir_chat_history_lost_total"] == 100


async def test_other_events_and_other_logs_leave_nothing(database: Database) -> None:
    bus = made_bus()
    await bus.publish("chat:7", b"garbage")
    await bus.publish("other", b"x")
    await HistoryWriter(database, bus.journals).flush()
    assert await ids_of(database) == set()
    assert await bus.journals[0].take(channels=9, messages=9) == []
