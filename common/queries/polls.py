"""Polls, their choices and votes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from common.db import Executor, Row


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be voted for."""

    choice: int
    """1 to 5."""
    title: str
    votes: int


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll as it stands."""

    id: uuid.UUID
    channel_id: int
    title: str
    status: str
    """`ACTIVE`, `COMPLETED`, `TERMINATED` or `ARCHIVED`."""
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    choices: tuple[Choice, ...]
    is_fresh: bool = False
    """Whether it began or ended within the last 45 s, by the clock of the database."""
    is_over: bool = False
    """Whether its time is up, by the same."""

    @property
    def votes(self) -> int:
        """How many voted."""
        return sum(choice.votes for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote that somebody wants to cast."""

    poll_id: uuid.UUID
    user_id: int
    choice: int


_POLL: LiteralString = """
select id, channel_id, title, status, started_at, ends_at, ended_at,
       coalesce(ended_at, started_at) > now() - interval '45 seconds' as is_fresh, ends_at <= now() as is_over,
       array(select choice from poll_choices where poll_id = polls.id order by choice) as choices,
       array(select title from poll_choices where poll_id = polls.id order by choice) as titles,
       array(select votes from poll_choices where poll_id = polls.id order by choice) as votes
from polls
"""


def _poll(row: Row) -> Poll:
    return Poll(
        id=row["id"],
        channel_id=row["channel_id"],
        title=row["title"],
        status=row["status"],
        started_at=row["started_at"],
        ends_at=row["ends_at"],
        ended_at=row["ended_at"],
        choices=tuple(map(Choice, row["choices"], row["titles"], row["votes"])),
        is_fresh=row["is_fresh"],
        is_over=row["is_over"],
    )


async def insert_poll(
    db: Executor,
    poll_id: uuid.UUID,
    *,
    channel_id: int,
    created_by: int,
    title: str,
    choices: Sequence[str],
    duration_s: int,
) -> None:
    """Begin a poll. Every process hears of it at commit. Raises `UniqueViolationError` while another one runs."""
    await db.execute(
        """
        with poll as (
            insert into polls (id, channel_id, created_by, title, ends_at)
            values ($1, $2, $3, $4, now() + make_interval(secs => $6)) returning id
        )
        insert into poll_choices (poll_id, choice, title)
        select poll.id, place, choice from poll, unnest($5::text[]) with ordinality as listed (choice, place)
        """,
        poll_id,
        channel_id,
        created_by,
        title,
        list(choices),
        duration_s,
    )


async def select_poll(db: Executor, channel_id: int, poll_id: uuid.UUID) -> Poll | None:
    """Look a poll of a channel up."""
    row = await db.fetchrow(f"{_POLL} where id = $1 and channel_id = $2", poll_id, channel_id)
    return _poll(row) if row else None


async def select_polls(
    db: Executor, channel_id: int, *, limit: int, before: uuid.UUID | None = None
) -> list[Poll]:
    """List the polls of a channel, the newest first, from `before` on into the past."""
    rows = await db.fetch(
        f"{_POLL} where channel_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        channel_id,
        before,
        limit,
    )
    return [_poll(row) for row in rows]


async def select_active_polls(db: Executor, poll_ids: Sequence[uuid.UUID]) -> list[Poll]:
    """Give how some polls stand."""
    rows = await db.fetch(f"{_POLL} where id = any($1::uuid[])", list(poll_ids))
    return [_poll(row) for row in rows]


async def end_poll(db: Executor, poll_id: uuid.UUID, status: str) -> bool:
    """End a poll that runs, before its time; `False`: it is over. Every process hears of it at commit."""
    touched = await db.execute(
        "update polls set status = $2, ended_at = now() where id = $1 and status = 'ACTIVE' and ends_at > now()",
        poll_id,
        status,
    )
    return touched == 1


async def end_due_polls(db: Executor, *, limit: int) -> int:
    """End polls whose time is up; any number of processes may. Every process hears of it at commit."""
    return await db.execute(
        """
        update polls set status = 'COMPLETED', ended_at = ends_at where id = any(array(
            select id from polls where status = 'ACTIVE' and ends_at <= now() order by ends_at limit $1
            for no key update skip locked))
        """,
        limit,
    )


async def cast_votes(
    db: Executor, ballots: Sequence[Ballot], channel_ids: Sequence[int]
) -> set[tuple[uuid.UUID, int]]:
    """Count votes in polls of these channels, one for each; give those that counted, by poll and user. The others came too late, or not for the first time.

    The lock on a poll is what makes its end the end: who holds it is done before the result is, and batches of other nodes
    wait their turn, so that nobody stands in a circle.
    """
    rows = await db.fetch(
        """
        with wanted as (
            select distinct on (poll_id, user_id) poll_id, user_id, choice, channel_id
            from unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::bigint[])
                with ordinality as ballot (poll_id, user_id, choice, channel_id, place)
            order by poll_id, user_id, place
        ), running as (
            select id, channel_id from polls where id = any($1::uuid[]) and status = 'ACTIVE' and ends_at > now()
            order by id for no key update
        ), counted as (
            insert into poll_votes (poll_id, user_id, choice)
            select wanted.poll_id, wanted.user_id, wanted.choice from wanted join running on running.id = wanted.poll_id
                and running.channel_id = wanted.channel_id
            join poll_choices on poll_choices.poll_id = wanted.poll_id and poll_choices.choice = wanted.choice
            join users on users.id = wanted.user_id
            on conflict (poll_id, user_id) do nothing
            returning poll_id, user_id, choice
        ), tallied as (
            update poll_choices set votes = poll_choices.votes + sums.votes
            from (select poll_id, choice, count(*) as votes from counted group by poll_id, choice) as sums
            where poll_choices.poll_id = sums.poll_id and poll_choices.choice = sums.choice
        )
        select poll_id, user_id from counted
        """,
        [ballot.poll_id for ballot in ballots],
        [ballot.user_id for ballot in ballots],
        [ballot.choice for ballot in ballots],
        list(channel_ids),
    )
    return {(row["poll_id"], row["user_id"]) for row in rows}


async def tell_progress(db: Executor, poll_id: uuid.UUID) -> bool:
    """Write down for EventSub how a poll stands, if anybody wants it; `False`: that was done just now, do it again later.

    Once in five seconds at most, however many nodes do so.
    """
    is_told: bool = await db.fetchval("select tell_poll_progress($1)", poll_id)
    return is_told


async def select_vote(db: Executor, poll_id: uuid.UUID, user_id: int) -> int | None:
    """Give what somebody voted for; `None`: they have not."""
    found: int | None = await db.fetchval(
        "select choice from poll_votes where poll_id = $1 and user_id = $2", poll_id, user_id
    )
    return found


async def select_next_due(db: Executor) -> float | None:
    """Give in how many seconds something is due, a poll's end or a raid; not above 0: now. `None`: nothing is."""
    due_s: float | None = await db.fetchval(
        """
        select extract(epoch from least(
            (select ends_at from polls where status = 'ACTIVE' order by ends_at limit 1),
            (select goes_at from raids where status = 'pending' order by goes_at limit 1)) - now())::float8
        """
    )
    return due_s


async def delete_old_polls(db: Executor, *, before: datetime, limit: int) -> int:
    """Remove polls that ended before a time, with their votes; give how many."""
    return await db.execute(
        """
        delete from polls where id = any(array(
            select id from polls where ended_at < $1 order by ended_at limit $2 for update skip locked))
        """,
        before,
        limit,
    )
