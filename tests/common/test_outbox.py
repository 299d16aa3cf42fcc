"""What happens on channels becomes rows of the outbox, in the transaction in which it happens: on a real PostgreSQL."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.db import ControlChange, Database
from common.queries import channels, outbox, streams, users
from common.queries.channels import ChannelUpdate
from tests.common.test_queries import LATER, NOW, add_session, add_stream, add_user, heard
from weir.retention import EVENTS_KEPT, remove_old_events

pytestmark = pytest.mark.real


async def told(db: Database, channel_id: int) -> list[tuple[str, dict[str, Any]]]:
    """What was told of a channel, the oldest first."""
    found = await outbox.select_channel_events(db, channel_id, limit=100)
    return [(event.type, event.event) for event in reversed(found)]


async def test_a_broadcast_is_told_to_have_begun_and_ended(database: Database) -> None:
    user = await add_user(database)
    stream_id = await add_stream(database, user.id)
    await add_stream_again(database, user.id, stream_id)
    for reason in ("ended_by_encoder", "crashed"):
        await streams.end_stream(database, stream_id=stream_id, ended_at=LATER, reason=reason)
    broadcaster = {
        "broadcaster_user_id": str(user.id),
        "broadcaster_user_login": "streamer",
        "broadcaster_user_name": "Streamer",
    }
    started = {"id": str(stream_id), "started_at": "2026-01-02T03:04:05.000Z"}
    assert await told(database, user.id) == [
        ("stream.online", {**broadcaster, **started, "type": "live"}),
        ("stream.offline", {**broadcaster, **started, "ended_at": "2026-01-02T03:05:05.000Z"}),
    ]


async def add_stream_again(db: Database, channel_id: int, stream_id: uuid.UUID) -> None:
    """As the journal does when it does not know whether a write was done."""
    await streams.open_stream(
        db, stream_id=stream_id, channel_id=channel_id, node="here", title="", started_at=NOW
    )


async def test_a_reconnect_is_not_told(database: Database) -> None:
    user = await add_user(database)
    stream_id = await add_stream(database, user.id)
    for _ in range(3):
        session_id = await add_session(database, stream_id)
        await streams.end_session(database, session_id=session_id, ended_at=NOW, clean=False)
    assert [kind for kind, _ in await told(database, user.id)] == ["stream.online"]


async def test_the_end_of_what_is_superseded_is_told_before_what_supersedes_it(database: Database) -> None:
    user = await add_user(database)
    first = await add_stream(database, user.id, node="one")
    second = await add_stream(database, user.id, started_at=LATER, node="two")
    await streams.end_stream(database, stream_id=first, ended_at=LATER, reason="ended_by_server")
    assert [(kind, event["id"]) for kind, event in await told(database, user.id)] == [
        ("stream.online", str(first)),
        ("stream.offline", str(first)),
        ("stream.online", str(second)),
    ]


async def test_what_a_node_that_was_cut_off_writes_late_is_not_told(database: Database) -> None:
    user = await add_user(database)
    newest = await add_stream(database, user.id, started_at=LATER)
    late = await add_stream(database, user.id, started_at=NOW)
    await streams.end_stream(database, stream_id=late, ended_at=LATER, reason="ended_by_server")
    assert [(kind, event["id"]) for kind, event in await told(database, user.id)] == [
        ("stream.online", str(newest))
    ]


async def test_broadcasts_of_a_dead_node_are_told_to_have_ended(database: Database) -> None:
    user = await add_user(database)
    await add_stream(database, user.id)
    await streams.end_orphans(database, node="here", ended_at=LATER)
    assert [kind for kind, _ in await told(database, user.id)] == ["stream.online", "stream.offline"]


async def test_a_change_of_what_a_channel_shows_is_told_once(database: Database) -> None:
    user = await add_user(database)
    music = await database.fetchrow("select id, name from categories where slug = 'music'")
    assert music is not None
    change = ChannelUpdate(
        title='"<b>', language="de", category_id=music["id"], tags=["a"], content_labels=["Gambling"]
    )
    await channels.update_channel(database, user.id, change)
    await channels.update_channel(database, user.id, change)
    await channels.update_channel(database, user.id, ChannelUpdate(visibility="unlisted", panels=[]))
    ((kind, event),) = await told(database, user.id)
    assert kind == "channel.update"
    assert {name: event[name] for name in event if not name.startswith("broadcaster")} == {
        "title": '"<b>',
        "language": "de",
        "category_id": str(music["id"]),
        "category_name": music["name"],
        "content_classification_labels": ["Gambling"],
        "tags": ["a"],
        "is_mature": False,
    }
    await channels.update_channel(database, user.id, ChannelUpdate(category_id=0))
    assert (await told(database, user.id))[-1][1]["category_id"] == ""


async def test_what_is_undone_is_not_told(database: Database) -> None:
    user = await add_user(database)
    async with database.transaction() as transaction:
        await channels.update_channel(transaction, user.id, ChannelUpdate(title="never"))
        await transaction.execute("rollback")
    assert await told(database, user.id) == []


async def test_every_process_hears_of_an_event(database: Database) -> None:
    user = await add_user(database)
    changes = await heard(database, lambda: add_stream(database, user.id))
    (event,) = await outbox.select_channel_events(database, user.id, limit=1)
    assert ControlChange("outbox", event.id) in changes


async def test_the_feed_goes_from_the_newest_into_the_past(database: Database) -> None:
    user, other = await add_user(database), await add_user(database, "other")
    for number in range(3):
        await channels.update_channel(database, user.id, ChannelUpdate(title=str(number)))
    await channels.update_channel(database, other.id, ChannelUpdate(title="other"))
    await add_stream(database, user.id)
    feed = await outbox.select_channel_events(database, user.id, limit=2)
    rest = await outbox.select_channel_events(database, user.id, limit=9, before_id=feed[-1].id)
    assert [event.event.get("title", "online") for event in feed + rest] == ["online", "2", "1", "0"]
    only = await outbox.select_channel_events(database, user.id, limit=9, types=["stream.online"])
    assert only == feed[:1]


async def test_two_workers_take_different_events_and_a_dead_one_leaves_its_own(database: Database) -> None:
    user = await add_user(database)
    for number in range(4):
        await channels.update_channel(database, user.id, ChannelUpdate(title=str(number)))
    async with database.transaction() as dying:
        lost = await outbox.take_events(dying, limit=2)
        async with database.transaction() as working:
            taken = await outbox.take_events(working, limit=9)
            await outbox.mark_delivered(working, [pending.event.id for pending in taken])
        await dying.execute("rollback")
    assert [pending.event.event["title"] for pending in lost + taken] == ["0", "1", "2", "3"]
    async with database.transaction() as next_one:
        assert await outbox.take_events(next_one, limit=9) == lost


async def test_events_go_after_a_week_and_with_their_channel(database: Database) -> None:
    user, other = await add_user(database), await add_user(database, "other")
    for channel in (user, other):
        for number in range(3):
            await channels.update_channel(database, channel.id, ChannelUpdate(title=str(number)))
    await database.execute(
        "update outbox set created_at = now() - $1::interval where event->>'title' <> '2'", EVENTS_KEPT
    )
    now = datetime.now(UTC)
    assert await outbox.delete_old_events(database, before=now - EVENTS_KEPT, limit=3) == 3
    assert await remove_old_events(database, now + timedelta(seconds=9)) == 1
    assert [event["title"] for _, event in await told(database, user.id)] == ["2"]
    await users.delete_user(database, user.id)
    assert await told(database, user.id) == []
    assert len(await told(database, other.id)) == 1
