"""What is live, by viewers; and the viewers of each broadcast, now and over time."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

from common.db import Executor, Row

ORDER_FRESH_S = 2.0
"""How old the order of the directory may be for somebody who begins to read it."""

ORDER_KEPT_S = 600.0
"""How long somebody may take to turn all its pages."""

_MAX_VIEWERS = 2**31 - 1
_MAX_UUID = uuid.UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One live broadcast as lists show it. Title, category, language and tags are the channel's of now."""

    stream_id: uuid.UUID
    channel_id: int
    login: str
    display_name: str
    title: str
    category_id: int | None
    category_name: str | None
    tags: list[str]
    language: str
    is_mature: bool
    viewer_count: int
    started_at: datetime
    width: int | None
    height: int | None
    """Luma size in pixels; `None` until the first picture, and for audio only."""
    thumbnail: str | None
    """Name of an asset; `None` until the first one, and where not everybody may watch."""


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """Which live broadcasts to list; an empty list means any."""

    category_ids: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    """All of these, in any case."""

    def arguments(self) -> tuple[list[int] | None, list[str] | None, list[str] | None]:
        """Give what statements take: `None` where anything will do."""
        tags = [tag.lower() for tag in self.tags]
        return self.category_ids or None, self.languages or None, tags or None


ANYTHING = DirectoryFilter()


@dataclass(frozen=True, slots=True)
class DirectoryPlace:
    """A place in the directory: behind this entry. The default is the beginning."""

    viewers: int = _MAX_VIEWERS
    stream_id: uuid.UUID = _MAX_UUID


@dataclass(frozen=True, slots=True)
class ViewerSample:
    """How many watched at a time."""

    at: datetime
    viewers: int


@dataclass(frozen=True, slots=True)
class Audience:
    """Who watched a broadcast, in numbers."""

    viewers: int
    """The last count."""
    peak: int
    average: float | None
    """Of the samples; `None` where there are none."""


_ENTRY: LiteralString = """
live.id as stream_id, live.channel_id, login, display_name, channels.title, live.category_id,
categories.name as category_name, live.tags, live.language, live.is_mature, viewer_count, started_at, width, height,
thumbnail
"""
_JOINED: LiteralString = """
join channels on channels.id = live.channel_id
join users on users.id = live.channel_id
left join categories on categories.id = live.category_id
"""
# Of two that were left open only the latest is real: the other one's node has not come to end it yet.
_NEWEST: LiteralString = """
not exists (
    select from streams as newer
    where newer.channel_id = streams.channel_id and newer.ended_at is null and newer.started_at > streams.started_at
)
"""


async def select_directory(
    db: Executor, *, limit: int, only: DirectoryFilter = ANYTHING, after: DirectoryPlace | None = None
) -> list[DirectoryEntry]:
    """List live broadcasts of public channels, the most watched first; nothing of suspended users.

    Viewers come and go while somebody turns pages: a broadcast may be met twice, or not at all; the place stays valid.
    `select_ordered_directory` is for reading it all.
    """
    after = after or DirectoryPlace()
    rows = await db.fetch(
        f"""
        with live as (
            select * from streams
            where ended_at is null and listed and (viewer_count, id) < ($1::integer, $2::uuid)
              and ($3::bigint[] is null or category_id = any($3))
              and ($4::text[] is null or language = any($4))
              and ($5::text[] is null or lower(tags::text)::text[] @> $5)
              and {_NEWEST}
            order by viewer_count desc, id desc limit $6
        )
        select {_ENTRY} from live {_JOINED} order by viewer_count desc, live.id desc
        """,  # noqa: S608 # constants
        after.viewers,
        after.stream_id,
        *only.arguments(),
        limit,
    )
    return [DirectoryEntry(**row) for row in rows]


async def obtain_directory_order(db: Executor) -> uuid.UUID:
    """Note in which order the directory stands now, and give the name of that order; one of just now serves, too.

    All processes share them. Those that are too old go when a new one is made.
    """
    found: uuid.UUID = await db.fetchval(
        f"""
        with known as materialized (
            select id from directory_orders where made_at > now() - $2::float8 * interval '1 second'
            order by made_at desc limit 1
        ), gone as (
            delete from directory_orders
            where made_at < now() - $3::float8 * interval '1 second' and not exists (select from known)
        ), made as (
            insert into directory_orders (id, stream_ids)
            select $1, coalesce(array_agg(id order by viewer_count desc, id desc), '{{}}') from streams
            where ended_at is null and listed and {_NEWEST} and not exists (select from known)
            having not exists (select from known)
            returning id
        )
        select id from made union all select id from known
        """,  # noqa: S608 # constants
        uuid.uuid4(),
        ORDER_FRESH_S,
        ORDER_KEPT_S,
    )
    return found


async def exists_directory_order(db: Executor, order_id: uuid.UUID) -> bool:
    """Say whether an order of the directory is still known."""
    found: bool = await db.fetchval("select exists (select from directory_orders where id = $1)", order_id)
    return found


async def select_ordered_directory(
    db: Executor,
    *,
    limit: int,
    only: DirectoryFilter = ANYTHING,
    order_id: uuid.UUID,
    after_rank: int = 0,
) -> list[tuple[int, DirectoryEntry]]:
    """List live broadcasts as `select_directory` does, in an order that was noted; with the rank of each in it, from 1.

    What was live then and still is stands in it once, whatever its viewers do. What began later is missing. Nothing where
    the order is not known any more.
    """
    rows = await db.fetch(
        f"""
        with live as (
            select streams.*, rank from unnest(
                (select stream_ids[$2::integer + 1:] from directory_orders where directory_orders.id = $1)
            ) with ordinality as ordered (stream_id, rank) join streams on streams.id = stream_id
            where ended_at is null and listed
              and ($3::bigint[] is null or category_id = any($3))
              and ($4::text[] is null or language = any($4))
              and ($5::text[] is null or lower(tags::text)::text[] @> $5)
              and {_NEWEST}
            order by rank limit $6
        )
        select rank + $2 as rank, {_ENTRY} from live {_JOINED} order by live.rank
        """,  # noqa: S608 # constants
        order_id,
        after_rank,
        *only.arguments(),
        limit,
    )
    return [_ranked(row) for row in rows]


def _ranked(row: Row) -> tuple[int, DirectoryEntry]:
    columns = {name: row[name] for name in row.keys()}  # noqa: SIM118 # a record iterates over its values
    return columns.pop("rank"), DirectoryEntry(**columns)


async def select_live_of(db: Executor, channel_ids: Sequence[int]) -> list[DirectoryEntry]:
    """Give what some channels broadcast now, in lists or not; the most watched first. Nothing of suspended users."""
    rows = await db.fetch(
        f"""
        with live as (
            select * from streams where channel_id = any($1::bigint[]) and ended_at is null and {_NEWEST}
        )
        select {_ENTRY} from live {_JOINED} where suspended_at is null order by viewer_count desc, live.id desc
        """,  # noqa: S608 # constants
        channel_ids,
    )
    return [DirectoryEntry(**row) for row in rows]


async def select_reachable(
    db: Executor, *, channel_ids: Sequence[int], logins: Sequence[str], only: DirectoryFilter = ANYTHING
) -> list[DirectoryEntry]:
    """Give what channels that somebody knows by name broadcast now, the most watched first.

    Public and unlisted ones, not those that are for some people only, and nothing of suspended users. `logins`: lower case.
    """
    rows = await db.fetch(
        f"""
        with live as (
            select * from streams
            where channel_id = any(array(
                select unnest($1::bigint[]) union select users.id from users where lower(login) = any($2::text[])
              )) and ended_at is null
              and ($3::bigint[] is null or category_id = any($3))
              and ($4::text[] is null or language = any($4))
              and ($5::text[] is null or lower(tags::text)::text[] @> $5)
              and {_NEWEST}
        )
        select {_ENTRY} from live {_JOINED}
        where suspended_at is null and visibility in ('public', 'unlisted')
        order by viewer_count desc, live.id desc
        """,  # noqa: S608 # constants
        channel_ids,
        logins,
        *only.arguments(),
    )
    return [DirectoryEntry(**row) for row in rows]


async def update_viewer_counts(db: Executor, counts: dict[uuid.UUID, int]) -> None:
    """Note how many watch some broadcasts now, in one statement; the peak follows. Broadcasts that have ended stay.

    For every few seconds. The commit does not wait for the disk: the next one comes soon.
    """
    await db.execute(
        """
        with relaxed as materialized (select set_config('synchronous_commit', 'off', true))
        update streams set viewer_count = counted.viewers, peak_viewers = greatest(peak_viewers, counted.viewers)
        from unnest($1::uuid[], $2::integer[]) as counted (id, viewers), relaxed
        where streams.id = counted.id and ended_at is null and viewer_count <> counted.viewers
        """,
        list(counts),
        list(counts.values()),
    )


async def insert_viewer_samples(db: Executor, *, at: datetime) -> int:
    """Note for the history how many watch each live broadcast, at one time; give how many broadcasts.

    For about once a minute, `at` a full minute: several processes may do it, each minute counts once.
    """
    return await db.execute(
        """
        insert into viewer_samples (stream_id, at, viewers)
        select id, $1, viewer_count from streams where ended_at is null order by id
        on conflict do nothing
        """,
        at,
    )


async def select_viewer_samples(db: Executor, stream_id: uuid.UUID, *, limit: int) -> list[ViewerSample]:
    """Give the newest samples of a broadcast, oldest first."""
    rows = await db.fetch(
        """
        select at, viewers from (
            select at, viewers from viewer_samples where stream_id = $1 order by at desc limit $2
        ) as newest order by at
        """,
        stream_id,
        limit,
    )
    return [ViewerSample(**row) for row in rows]


async def select_audience(db: Executor, stream_id: uuid.UUID) -> Audience | None:
    """Give the numbers of a broadcast, over or not; `None` when there is no such broadcast."""
    row = await db.fetchrow(
        """
        select viewer_count as viewers, peak_viewers as peak,
               coalesce(average_viewers, (select avg(viewers) from viewer_samples where stream_id = id))::real as average
        from streams where id = $1
        """,
        stream_id,
    )
    return Audience(**row) if row else None


async def delete_viewer_samples(db: Executor, *, before: datetime, limit: int) -> int:
    """Delete old samples, at most `limit` at a time; give how many. Peak and average of each broadcast stay."""
    return await db.execute(
        """
        delete from viewer_samples where ctid = any(array(
            select ctid from viewer_samples where at < $1 order by at limit $2
        ))
        """,
        before,
        limit,
    )
