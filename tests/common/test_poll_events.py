"""Polls as EventSub tells them, written down where they change: when they begin, while people vote, when they end."""

import uuid

import pytest

from common.db import Database
from common.queries import outbox, polls
from common.queries.eventsub import Owner
from common.queries.polls import Ballot
from tests.common.test_queries import add_user
from tests.common.test_queries_eventsub import enabled, told, wanted

pytestmark = pytest.mark.real

POLL_ID = uuid.UUID(int=7)
NOT_SOLD = {"is_enabled": False, "amount_per_vote": 0}
KINDS = [f"channel.poll.{what}" for what in ("begin", "progress", "end")]


async def begin(db: Database, channel_id: int, *, poll_id: uuid.UUID = POLL_ID, duration_s: int = 60) -> None:
    await polls.insert_poll(
        db,
        poll_id,
        channel_id=channel_id,
        created_by=channel_id,
        title="Tea?",
        choices=["Yes", "No"],
        duration_s=duration_s,
    )


async def vote(db: Database, channel_id: int, login: str, choice: int) -> None:
    voter = await add_user(db, login)
    assert await polls.cast_votes(db, [Ballot(POLL_ID, voter.id, choice)], [channel_id])


def counted(*votes: int) -> list[dict[str, object]]:
    return [
        {"id": str(number), "title": title, "votes": count, "channel_points_votes": 0, "bits_votes": 0}
        for number, (title, count) in enumerate(zip(("Yes", "No"), votes, strict=True), 1)
    ]


async def test_a_poll_is_told_as_twitch_tells_it(database: Database) -> None:
    anna = (await add_user(database, "anna")).id
    for kind in KINDS:
        await enabled(database, wanted(anna, Owner(None, anna), kind))
    await begin(database, anna)
    [began] = await told(database, anna, "channel.poll.begin")
    same = {
        "id": str(POLL_ID),
        "broadcaster_user_id": str(anna),
        "broadcaster_user_login": "anna",
        "broadcaster_user_name": "Anna",
        "title": "Tea?",
        "bits_voting": NOT_SOLD,
        "channel_points_voting": NOT_SOLD,
        "started_at": began["started_at"],
    }
    ends_at = {"ends_at": began["ends_at"]}
    choices = [{"id": "1", "title": "Yes"}, {"id": "2", "title": "No"}]
    assert began == {**same, **ends_at, "choices": choices}

    await vote(database, anna, "ben", 2)
    assert await polls.tell_progress(database, POLL_ID)
    await vote(database, anna, "cleo", 2)
    # Another node says so in the same moment, or, where the moment was just over, in the next.
    first, *more = [await polls.tell_progress(database, POLL_ID) for _ in range(3)]
    assert False in {first, *more}
    progress = await told(database, anna, "channel.poll.progress")
    assert {**same, **ends_at, "choices": counted(0, 1)} in progress
    assert len(progress) <= 3

    assert await polls.end_poll(database, POLL_ID, "TERMINATED")
    [ended] = await told(database, anna, "channel.poll.end")
    assert ended == {
        **same,
        "choices": counted(0, 2),
        "status": "terminated",
        "ended_at": ended["ended_at"],
    }
    assert await polls.tell_progress(database, POLL_ID), "it is over: there is nothing more to tell"
    assert len(await told(database, anna, "channel.poll.progress")) == len(progress)


async def test_a_poll_that_ends_by_itself_is_told(database: Database) -> None:
    anna = (await add_user(database, "anna")).id
    await enabled(database, wanted(anna, Owner(None, anna), "channel.poll.end"))
    await begin(database, anna, duration_s=0)
    assert await polls.end_due_polls(database, limit=5) == 1
    assert [one["status"] for one in await told(database, anna, "channel.poll.end")] == ["completed"]


async def test_what_nobody_asked_for_is_not_written_down(database: Database) -> None:
    anna = (await add_user(database, "anna")).id
    await begin(database, anna)
    await vote(database, anna, "ben", 1)
    assert await polls.tell_progress(database, POLL_ID)
    assert await polls.end_poll(database, POLL_ID, "ARCHIVED")
    assert await outbox.select_channel_events(database, anna, limit=10, types=KINDS) == []
