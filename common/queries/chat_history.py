"""What was said in chats (migration 0020): written by `weir.chat_history`, read by moderators and by who watches again.

Messages are ordered by their ids, which begin with the time when they were written; bounds in time are bounds of ids.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import msgspec
import trio

from common.db import Executor, Row
from common.message_grams import Sought

FIRST_ID = uuid.UUID(int=0)
LAST_ID = uuid.UUID(int=2**128 - 1)
MAX_ROUNDS = 20
"""Statements that one search takes at most; what is left is for the next page."""
_FIRST_WINDOW = timedelta(minutes=15)
_WIDEN = 4
"""Times that each window of a search is as long as the one before it: a common word is found in the first."""
_LAST_WINDOW = timedelta(days=10)
"""What comes behind a longer one is all there is."""
_BETWEEN = ","
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_id_at(moment: datetime) -> uuid.UUID:
    """Give the first id that a message can have that was written then."""
    ms = (moment - _EPOCH) // timedelta(milliseconds=1)
    return uuid.UUID(int=max(0, ms) << 80)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it is written down."""

    id: uuid.UUID
    channel_id: int
    user_id: int
    said_at: datetime
    text: str
    is_action: bool
    color: str
    details: str | None
    """JSON of what else is known; `None`: nothing."""
    grams: list[int]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a message answers to."""

    message_id: uuid.UUID
    thread_id: str
    user_id: int
    user_login: str | None
    """Of now; `None` as the next two: their account is gone."""
    user_name: str | None
    text: str | None
    """`None`, too: it is not kept any more, or was taken away."""
    is_hidden: bool
    """Its author is banned or suspended."""


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message that is kept. Names are those of now; those whose account is gone have none here."""

    id: uuid.UUID
    channel_id: int
    user_id: int
    user_login: str
    user_name: str
    said_at: datetime
    text: str
    is_action: bool
    color: str
    badges: list[dict[str, str]]
    fragments: list[dict[str, Any]]
    """Without any the text is the only one."""
    reply: Answered | None
    deleted_at: datetime | None
    deleted_by_id: int | None
    deleted_by_login: str | None
    stream_id: uuid.UUID | None
    """The broadcast that was live then."""
    stream_offset_ms: int | None
    """Since it began."""
    is_hidden: bool
    """Nobody but moderators is shown it: it was taken away, or its author is banned or suspended."""


async def insert_messages(db: Executor, messages: Sequence[NewMessage]) -> int:
    """Write messages down that are not there yet, of channels and people that are; give how many."""
    count: int = await db.fetchval(
        """
        with written as (
            insert into chat_messages (id, channel_id, user_id, said_at, text, is_action, color, details, grams)
            select new.id, new.channel_id, new.user_id, new.said_at, new.text, new.is_action, new.color,
                   new.details::jsonb, string_to_array(new.grams, $10)::integer[]
            from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::boolean[], $7::text[],
                        $8::text[], $9::text[])
                as new (id, channel_id, user_id, said_at, text, is_action, color, details, grams)
            where exists (select from users where users.id = new.user_id)
              and exists (select from channels where channels.id = new.channel_id)
            order by new.id
            on conflict (id) do nothing
            returning 1
        )
        select count(*) from written
        """,
        [one.id for one in messages],
        [one.channel_id for one in messages],
        [one.user_id for one in messages],
        [one.said_at for one in messages],
        [one.text for one in messages],
        [one.is_action for one in messages],
        [one.color for one in messages],
        [one.details for one in messages],
        [_BETWEEN.join(map(str, one.grams)) for one in messages],
        _BETWEEN,
    )
    return count


_SHOWN: LiteralString = """
select page.id, page.channel_id, page.user_id, users.login as user_login, users.display_name as user_name, page.said_at,
       page.text, page.is_action, page.color, page.details::text as details,
       erased.erased_at as deleted_at, erased.moderator_id as deleted_by_id, moderators.login as deleted_by_login,
       live.id as stream_id,
       (extract(epoch from page.said_at - live.started_at) * 1000)::bigint as stream_offset_ms,
       erased.erased_at is not null or users.suspended_at is not null or banned.yes is not null as is_hidden,
       answered.login as parent_login, answered.display_name as parent_name, parent.text as parent_text,
       answered.suspended_at is not null or answered_banned.yes is not null as parent_is_hidden
from page join users on users.id = page.user_id
left join lateral chat_erasure(page.channel_id, page.user_id, page.id, page.said_at) as erased on true
left join users as moderators on moderators.id = erased.moderator_id
left join lateral (
    select * from (
        select streams.id, started_at, ended_at from streams
        where streams.channel_id = page.channel_id and started_at <= page.said_at order by started_at desc limit 1
    ) as latest
    where ended_at is null or ended_at >= page.said_at
) as live on true
-- A row each, and no table of all who are banned: the limits say so to the planner.
left join lateral (
    select true as yes from chat_bans
    where chat_bans.channel_id = page.channel_id and chat_bans.user_id = page.user_id and expires_at is null limit 1
) as banned on true
left join users as answered on answered.id = (page.details -> 'reply' ->> 'user_id')::bigint
left join lateral (
    select true as yes from chat_bans
    where chat_bans.channel_id = page.channel_id and chat_bans.user_id = answered.id and expires_at is null limit 1
) as answered_banned on true
left join lateral (
    select one.text from chat_messages as one
    where one.id = (page.details -> 'reply' ->> 'id')::uuid and one.channel_id = page.channel_id and answered.id is not null
      and not exists (select from chat_erasure(one.channel_id, one.user_id, one.id, one.said_at))
) as parent on true
"""
"""What is told of the messages of a `page`."""


async def select_messages(
    db: Executor,
    channel_id: int,
    *,
    limit: int,
    user_id: int | None = None,
    after: uuid.UUID = FIRST_ID,
    before: uuid.UUID = LAST_ID,
) -> list[KeptMessage]:
    """List what was said in a channel, by one person or by all, the newest first; between two ids, both left out."""
    by_user: LiteralString = "" if user_id is None else "and user_id = $5::bigint"
    given = () if user_id is None else (user_id,)
    rows = await db.fetch(
        f"""
        with page as materialized (
            select chat_messages.* from chat_messages join users on users.id = user_id
            where channel_id = $1 and chat_messages.id > $2::uuid and chat_messages.id < $3::uuid {by_user}
            order by chat_messages.id desc limit $4
        )
        {_SHOWN} order by page.id desc
        """,  # noqa: S608 # constants
        channel_id,
        after,
        before,
        limit,
        *given,
    )
    return [_kept(row) for row in rows]


async def select_replay(
    db: Executor, channel_id: int, *, limit: int, after: uuid.UUID, before: uuid.UUID
) -> list[KeptMessage]:
    """List what was said in a channel, the oldest first; between two ids, both left out. What is hidden says so."""
    rows = await db.fetch(
        f"""
        with page as materialized (
            select chat_messages.* from chat_messages join users on users.id = user_id
            where channel_id = $1 and chat_messages.id > $2::uuid and chat_messages.id < $3::uuid
            order by chat_messages.id limit $4
        )
        {_SHOWN} order by page.id
        """,  # noqa: S608 # constants
        channel_id,
        after,
        before,
        limit,
    )
    return [_kept(row) for row in rows]


async def select_messages_by_id(db: Executor, ids: Sequence[uuid.UUID]) -> list[KeptMessage]:
    """Give messages by their ids, at least one, the newest first; those that are not there are missing."""
    rows = await db.fetch(
        # The bounds let the server leave out days; an array that it does not know does not.
        f"""
        with page as materialized (
            select * from chat_messages where id = any($1::uuid[]) and id >= $2::uuid and id <= $3::uuid
        )
        {_SHOWN} order by page.id desc
        """,  # noqa: S608 # constants
        ids,
        min(ids),
        max(ids),
    )
    return [_kept(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that holds the trigrams of what is looked for."""

    id: uuid.UUID
    text: str


async def select_candidates(
    db: Executor,
    channel_id: int,
    grams: Sequence[int],
    *,
    limit: int,
    user_id: int | None,
    after: uuid.UUID,
    before: uuid.UUID,
) -> list[Candidate]:
    """List messages with all of these trigrams, the newest first; from the first id on, up to the second, left out.

    All of them are looked for before the newest are taken: with both in one the planner, which does not know how rare a
    word is, may read the messages of a channel from the newest to the oldest.
    """
    rows = await db.fetch(
        """
        with found as materialized (
            select id, user_id, text from chat_messages
            where channel_id = $1 and grams @> $2::integer[] and id >= $3::uuid and id < $4::uuid
              and ($5::bigint is null or user_id = $5)
        )
        select id, text from found where exists (select from users where users.id = found.user_id)
        order by id desc limit $6
        """,
        channel_id,
        grams,
        after,
        before,
        user_id,
        limit,
    )
    return [Candidate(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what a search found."""

    messages: list[KeptMessage]
    searched_to: uuid.UUID | None
    """Where the next page goes on, into the past; `None`: there is nothing more."""


async def find_messages(
    db: Executor,
    channel_id: int,
    wanted: Sought,
    *,
    limit: int,
    now: datetime,
    user_id: int | None = None,
    after: uuid.UUID = FIRST_ID,
    before: uuid.UUID = LAST_ID,
) -> Found:
    """Find messages by their words, the newest first; between two ids, both left out.

    It looks at the last minutes, and further back for as long as that is not enough.
    """
    await trio.lowlevel.checkpoint()
    oldest = uuid.UUID(int=min(after.int + 1, LAST_ID.int))
    end, span = before, _FIRST_WINDOW
    begin = min(end, max(oldest, first_id_at(min(now, _moment_of(end)) - span)))
    found: list[uuid.UUID] = []
    for _ in range(MAX_ROUNDS):
        rows = await select_candidates(
            db, channel_id, wanted.grams, limit=limit + 1, user_id=user_id, after=begin, before=end
        )
        found += [row.id for row in rows if wanted.is_in(row.text)]
        is_whole = len(rows) <= limit
        end = begin if is_whole else rows[-1].id
        if len(found) > limit or (is_whole and begin <= oldest):
            break
        if is_whole:
            begin = oldest if span > _LAST_WINDOW else max(oldest, first_id_at(_moment_of(end) - span))
            span *= _WIDEN
    page = found[:limit]
    messages = await select_messages_by_id(db, page) if page else []
    if len(found) > limit:
        return Found(messages, page[-1])
    return Found(messages, end if end > oldest else None)


def _moment_of(message_id: uuid.UUID) -> datetime:
    """When a message with this id was written; no later than the year 9000, and no earlier than 1971, as ids may be of anything."""
    return datetime.fromtimestamp(min(max(message_id.int >> 80, 86_400_000 * 365), 2**47) / 1000, UTC)


def _kept(row: Row) -> KeptMessage:
    details = msgspec.json.decode(row["details"]) if row["details"] else {}
    reply = details.get("reply")
    answered = None
    if reply is not None:
        answered = Answered(
            message_id=uuid.UUID(reply["id"]),
            thread_id=reply["thread_id"],
            user_id=int(reply["user_id"]),
            user_login=row["parent_login"],
            user_name=row["parent_name"],
            text=row["parent_text"],
            is_hidden=row["parent_is_hidden"],
        )
    return KeptMessage(
        id=row["id"],
        channel_id=row["channel_id"],
        user_id=row["user_id"],
        user_login=row["user_login"],
        user_name=row["user_name"],
        said_at=row["said_at"],
        text=row["text"],
        is_action=row["is_action"],
        color=row["color"],
        badges=details.get("badges", []),
        fragments=details.get("fragments", []),
        reply=answered,
        deleted_at=row["deleted_at"],
        deleted_by_id=row["deleted_by_id"],
        deleted_by_login=row["deleted_by_login"],
        stream_id=row["stream_id"],
        stream_offset_ms=row["stream_offset_ms"],
        is_hidden=row["is_hidden"],
    )
