"""Writes a seeded site into a database, in batches, all of it in one transaction: whoever interrupts it leaves nothing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import trio

from common.db import Database, Executor
from common.errors import WeirError
from common.queries import streams
from common.queries.search import refresh_categories, refresh_channels
from weir.first_run import FIRST_LOGIN
from weir.seed_plan import HISTORY_MINUTES, SeedBroadcast, SeedPlan, SeedUser, batches

SEED_NODE = "seed"
"""Name of the media node that broadcasts without media seem to be on."""

USER_BATCH = 2_000
FOLLOW_BATCH = 50_000
"""Large, because the followers of each channel that occurs are counted once a batch."""

SEED_TIMEOUT_S = 3600.0

Progress = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done, and how much there is."""


class SeedError(WeirError):
    """The database must not be seeded; the text says why."""


async def refuse_real_users(db: Executor) -> None:
    """Raise `SeedError` where anybody has an account, other than the one that a new site makes by itself."""
    found = await db.fetchval("select login from users where login <> $1 limit 1", FIRST_LOGIN)
    if found is not None:
        raise SeedError(
            f"this database has users already (such as {found}); seed an empty one, or give --force to add to it"
        )


async def category_ids(db: Executor) -> list[int]:
    """Give the ids of all categories."""
    return [row["id"] for row in await db.fetch("select id from categories order by id")]


async def write_seed(
    db: Database, plan: SeedPlan, *, password_hash: str | None, force: bool, progress: Progress
) -> None:
    """Write a plan. Accounts whose login is there already are left as they are, and take part.

    Raises `SeedError` as `refuse_real_users`, unless `force`.
    """
    async with db.transaction(statement_timeout_s=SEED_TIMEOUT_S) as transaction:
        if not force:
            await refuse_real_users(transaction)
        ids = await _write_users(transaction, plan, password_hash, progress)
        await _write_follows(transaction, plan, ids, progress)
        await _write_broadcasts(transaction, plan, ids, progress)
        await _write_grams(transaction, plan, progress)
    await db.execute("analyze users, channels, channel_search, follows, streams, viewer_samples, categories")


async def end_seeded(db: Executor) -> int:
    """End the broadcasts that a seed left live; give how many there were."""
    return len(await streams.end_orphans(db, node=SEED_NODE, ended_at=datetime.now(UTC)))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _write_users(
    db: Executor, plan: SeedPlan, password_hash: str | None, progress: Progress
) -> list[int]:
    ids: list[int] = []
    categories = await category_ids(db)
    for batch in batches(plan.users(), USER_BATCH):
        ids += await _insert_users(db, batch, categories, password_hash)
        progress("users", len(ids), plan.size.users)
    return ids


async def _insert_users(
    db: Executor, users: list[SeedUser], categories: list[int], password_hash: str | None
) -> list[int]:
    rows = [
        (
            user.login,
            user.display_name,
            user.created_at,
            user.title,
            user.language,
            None if user.category is None else categories[user.category],
            " ".join(user.tags),
        )
        for user in users
    ]
    await db.execute(
        """
        with given as (
            select * from unnest(
                $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::bigint[], $8::text[]
            ) with ordinality as given (login, display_name, created_at, title, language, category_id, tags, place)
        ), made as (
            insert into users (login, display_name, password_hash, created_at)
            select login, display_name, $1, created_at from given order by place
            on conflict do nothing returning id, login, created_at
        )
        insert into channels (id, user_id, title, language, category_id, tags, created_at)
        select id, id, title, language, category_id, string_to_array(tags, ' '), made.created_at
        from made join given using (login)
        """,
        password_hash,
        *_columns(rows),
    )
    found = await db.fetch(
        """
        select id from unnest($1::text[]) with ordinality as given (login, place)
        join users on lower(users.login) = given.login order by place
        """,
        [user.login for user in users],
    )
    return [row["id"] for row in found]


async def _write_follows(db: Executor, plan: SeedPlan, ids: list[int], progress: Progress) -> None:
    done, total = 0, plan.size.users * plan.size.follows_per_user
    for batch in batches(plan.follows(), FOLLOW_BATCH):
        await db.execute(
            """
            insert into follows (user_id, channel_id, created_at)
            select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) on conflict do nothing
            """,
            *_columns([(ids[user], ids[channel], since) for user, channel, since in batch]),
        )
        done += len(batch)
        progress("follows", done, total)
    await trio.lowlevel.checkpoint()


async def _write_broadcasts(db: Executor, plan: SeedPlan, ids: list[int], progress: Progress) -> None:
    everything = list(plan.broadcasts())
    for done, batch in enumerate(batches(iter(everything), USER_BATCH)):
        await _insert_broadcasts(db, batch, ids)
        progress("broadcasts", min((done + 1) * USER_BATCH, len(everything)), len(everything))
    await db.execute(
        """
        insert into viewer_samples (stream_id, at, viewers)
        select id, date_trunc('minute', now()) - ago * interval '1 minute', (viewer_count * (0.7 + 0.3 * random()))::integer
        from streams, generate_series(1, $2) as ago
        where node = $1 and ended_at is null and now() - ago * interval '1 minute' > started_at
        on conflict do nothing
        """,
        SEED_NODE,
        HISTORY_MINUTES,
    )


async def _insert_broadcasts(db: Executor, broadcasts: list[SeedBroadcast], ids: list[int]) -> None:
    rows = [
        (one.id, ids[one.channel], one.title, one.started_at, one.ended_at, one.viewers) for one in broadcasts
    ]
    await db.execute(
        """
        insert into streams (id, channel_id, node, title, started_at, ended_at, end_reason, viewer_count, peak_viewers,
                             average_viewers, video_codec, audio_codec, width, height, fps, encoder)
        select id, channel_id, $1, title, started_at, ended_at,
               case when ended_at is not null then 'unpublished' end, viewers, viewers,
               case when ended_at is not null then viewers * 0.6 end,
               'avc1.64001f', 'mp4a.40.2', 1920, 1080, 30, 'seed'
        from unnest($2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::integer[])
            as given (id, channel_id, title, started_at, ended_at, viewers)
        on conflict do nothing
        """,
        SEED_NODE,
        *_columns(rows),
    )


async def _write_grams(db: Executor, plan: SeedPlan, progress: Progress) -> None:
    done = 0
    await refresh_categories(db)
    while made := await refresh_channels(db, limit=USER_BATCH):
        done += made
        progress("search", done, max(done, plan.size.users))
