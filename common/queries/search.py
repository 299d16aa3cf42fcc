"""Search over channels and categories by trigrams that we make ourselves (`common/trigrams.py`).

A row whose words have changed has no trigrams. Whoever searches makes them first, a bounded number at a time: nobody who
changes a name or a title needs to know about search, and nothing is found by words that are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import trio

from common.db import Executor
from common.queries.categories import Category
from common.trigrams import Needle, name_grams, needle, stored_grams

STALE_LIMIT = 200
"""Rows that a search brings up to date before it begins: 10 ms of work."""

_MAX_SCORE = 2**31 - 1
_MAX_ID = 2**63 - 1
_BETWEEN = ","
"""Between trigrams on their way to the server, which takes no lists of different lengths in a list; never in one."""


@dataclass(frozen=True, slots=True)
class FoundChannel:
    """One channel that a search found."""

    score: int
    """How well it fits; for order only."""
    channel_id: int
    login: str
    display_name: str
    title: str
    followers: int
    language: str
    tags: list[str]
    category_id: int | None
    category_name: str | None
    viewers: int | None
    """`None` while it is offline."""
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place among what was found: behind this entry. The default is the beginning."""

    score: int = _MAX_SCORE
    id: int = _MAX_ID


async def find_channels(
    db: Executor, text: str, *, limit: int, live_only: bool = False, after: FoundPlace | None = None
) -> list[FoundChannel]:
    """Find channels as `search_channels` does, by what somebody typed; nothing where it has no word to look for."""
    wanted = needle(text)
    if wanted is None:
        await trio.lowlevel.checkpoint()
        return []
    await refresh_channels(db)
    return await search_channels(db, wanted, limit=limit, live_only=live_only, after=after)


async def find_categories(db: Executor, text: str, *, limit: int) -> list[Category]:
    """Find categories as `search_categories` does, by what somebody typed; nothing where it has no word to look for."""
    wanted = needle(text)
    if wanted is None:
        await trio.lowlevel.checkpoint()
        return []
    await refresh_categories(db)
    return await search_categories(db, wanted, limit=limit)


async def search_channels(
    db: Executor, wanted: Needle, *, limit: int, live_only: bool = False, after: FoundPlace | None = None
) -> list[FoundChannel]:
    """Find public channels by login, display name and title, the best first; nothing of suspended users.

    A login that is the query comes first, then what contains all of it: live before offline, names before titles, well
    followed before others. Where that is little, and no login is the query, what contains it with one slip follows. Of what
    fits only the best followed are ranked, a few hundred: that bounds the work for words that everybody uses.
    """
    after = after or FoundPlace()
    rows = await db.fetch(
        """
        with exact as materialized (
            select * from (
                select channel_id, login, display_name, title, followers, name_grams, cardinality($1::text[]) as shared,
                       channel_id in (select channel_id from streams where ended_at is null and listed) as live,
                       replace(login, '_', '') = $4 as same
                from channel_search where listed and (grams @> $1::text[] or grams @> $10::text[])
            ) as known
            where live or not $5
            order by same desc, live desc, followers desc, channel_id desc limit 200
        ), alike as materialized (
            select channel_id, login, display_name, title, followers, name_grams,
                   (select count(*)::integer from unnest($1::text[]) as gram where gram = any(grams)) as shared,
                   live
            from (
                select *, channel_id in (select channel_id from streams where ended_at is null and listed) as live
                from channel_search
                where (select count(*) < 20 and not coalesce(bool_or(same), false) from exact)
                  and listed and (grams @> $2::text[] or grams @> $3::text[])
                  and channel_id not in (select channel_id from exact)
                  and (not $5 or channel_id in (select channel_id from streams where ended_at is null and listed))
                order by followers desc, channel_id desc limit 400
            ) as known
        ), ranked as (
            select found.*, (
                40000 * same::integer + 20000 * (shared = cardinality($1))::integer + 10000 * live::integer
                + 500 * starts_with(replace(login, '_', ''), $4)::integer
                + 2000 * (select count(*) from unnest($1::text[]) as gram where gram = any(name_grams)) / cardinality($1)
                + 1000 * shared / cardinality($1) + 20 * least(ln(followers + 1), 20))::integer as score
            from (select * from exact union all select *, false from alike where shared >= $9) as found
        ), page as (
            select * from ranked where (score, channel_id) < ($6::integer, $7::bigint)
            order by score desc, channel_id desc limit $8
        )
        select score, page.channel_id, page.login, page.display_name, page.title, followers, channels.language,
               channels.tags, channels.category_id, categories.name as category_name, viewer_count as viewers, started_at
        from page join channels on channels.id = page.channel_id
        left join categories on categories.id = channels.category_id
        left join lateral (
            select viewer_count, started_at from streams
            where streams.channel_id = page.channel_id and ended_at is null order by started_at desc limit 1
        ) as live on true
        order by score desc, page.channel_id desc
        """,
        wanted.grams,
        wanted.head,
        wanted.tail,
        wanted.squashed,
        live_only,
        after.score,
        after.id,
        limit,
        wanted.enough,
        wanted.joined,
    )
    return [FoundChannel(**row) for row in rows]


async def search_categories(db: Executor, wanted: Needle, *, limit: int) -> list[Category]:
    """Find categories by name: first those that contain all of the query, then those that do with one slip."""
    rows = await db.fetch(
        """
        with alike as (
            select *, cardinality(array(select unnest(grams) intersect select unnest($1::text[]))) as shared
            from categories where grams @> $1::text[] or grams @> $2::text[] or grams @> $3::text[]
        )
        select id, slug, name, box_art from alike where grams @> $1 or shared >= $6
        order by grams @> $1 desc, starts_with(replace(slug, '-', ''), $4) desc, shared desc, char_length(name), id
        limit $5
        """,
        wanted.grams,
        wanted.head,
        wanted.tail,
        wanted.squashed,
        limit,
        wanted.enough,
    )
    return [Category(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class StaleChannel:
    """A channel whose trigrams are to be made."""

    channel_id: int
    login: str
    display_name: str
    title: str


async def refresh_channels(db: Executor, *, limit: int = STALE_LIMIT) -> int:
    """Make the trigrams of channels whose words have changed, at most `limit` of them; give how many there were."""
    stale = await select_stale_channels(db, limit=limit)
    if stale:
        await update_channel_grams(db, stale)
    return len(stale)


async def select_stale_channels(db: Executor, *, limit: int) -> list[StaleChannel]:
    """List channels without trigrams."""
    rows = await db.fetch(
        """
        select channel_id, login, display_name, title from channel_search
        where grams is null order by channel_id limit $1
        """,
        limit,
    )
    return [StaleChannel(**row) for row in rows]


async def update_channel_grams(db: Executor, channels: Sequence[StaleChannel]) -> None:
    """Make and store the trigrams of these channels, but not of one whose words have changed again meanwhile."""
    names = [name_grams(channel.login, channel.display_name) for channel in channels]
    titles = [stored_grams(channel.title) for channel in channels]
    await db.execute(
        """
        update channel_search set
            name_grams = string_to_array(made.names, $7), grams = string_to_array(made.all_grams, $7)
        from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            as made (channel_id, login, display_name, title, names, all_grams)
        where channel_search.channel_id = made.channel_id and grams is null
          and (channel_search.login, channel_search.display_name, channel_search.title)
            = (made.login, made.display_name, made.title)
        """,
        [channel.channel_id for channel in channels],
        [channel.login for channel in channels],
        [channel.display_name for channel in channels],
        [channel.title for channel in channels],
        [_BETWEEN.join(grams) for grams in names],
        [_BETWEEN.join(sorted({*one, *other})) for one, other in zip(names, titles, strict=True)],
        _BETWEEN,
    )


async def refresh_categories(db: Executor, *, limit: int = STALE_LIMIT) -> int:
    """Make the trigrams of categories whose name has changed, at most `limit` of them; give how many there were."""
    rows = await db.fetch("select id, name from categories where grams is null order by id limit $1", limit)
    if rows:
        await db.execute(
            """
            update categories set grams = string_to_array(made.grams, $4)
            from unnest($1::bigint[], $2::text[], $3::text[]) as made (id, name, grams)
            where categories.id = made.id and categories.name = made.name and categories.grams is null
            """,
            [row["id"] for row in rows],
            [row["name"] for row in rows],
            [_BETWEEN.join(stored_grams(row["name"])) for row in rows],
            _BETWEEN,
        )
    return len(rows)
