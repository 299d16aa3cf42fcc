"""Pictures, named by the SHA-256 of their content: stored, found, and removed when nothing refers to them any more."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, LiteralString

from common.db import Executor

ContentType = Literal["image/webp", "image/png", "image/jpeg"]

_EXTENSIONS: dict[ContentType, str] = {"image/webp": "webp", "image/png": "png", "image/jpeg": "jpg"}

UPLOAD_KEPT = timedelta(hours=1)
"""Nothing need refer to a new asset for this long: somebody may be editing the page that will."""
THUMBNAIL_KEPT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A picture to be stored."""

    content_type: ContentType
    width: int
    height: int
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What it is found by, and its path below `/assets/`."""
        return f"{hashlib.sha256(self.data).hexdigest()}.{_EXTENSIONS[self.content_type]}"


@dataclass(frozen=True, slots=True)
class Asset:
    """A stored picture as it is served."""

    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a look at some assets came to."""

    removed: int
    kept: int
    """Something refers to these."""


_INSERT: LiteralString = """
insert into assets (name, content_type, width, height, data, check_at)
select $1, $2, $3::integer, $4::integer, $5::bytea, now() + $6::interval
"""
# The row is locked or made by this, so a sweep either is over by now or leaves it alone.
_KNOWN: LiteralString = (
    "on conflict (name) do update set check_at = greatest(assets.check_at, excluded.check_at)"
)


async def upsert_asset(db: Executor, asset: NewAsset) -> str:
    """Store a picture, or find that it is there; give its name. It stays for `UPLOAD_KEPT`, and while something refers to it."""
    name = asset.name
    await db.execute(
        f"{_INSERT} {_KNOWN}",
        name,
        asset.content_type,
        asset.width,
        asset.height,
        asset.data,
        UPLOAD_KEPT,
    )
    return name


async def select_asset(db: Executor, name: str) -> Asset | None:
    """Give a picture; `None` when there is none of this name."""
    row = await db.fetchrow("select content_type, data from assets where name = $1", name)
    return Asset(**row) if row else None


async def select_known_assets(db: Executor, names: list[str]) -> set[str]:
    """Say which of these names stand for pictures that are stored."""
    rows = await db.fetch("select name from assets where name = any($1::text[])", names)
    return {row["name"] for row in rows}


_SCALED: LiteralString = "\n".join(
    f"union select name from due, lateral (select from {table} where images[{place}] = due.name limit 1) as one"  # noqa: S608 # constants
    for table, place in (
        *(("emotes", place) for place in ("1", "2", "3", "4", "5", "6")),
        *(("channel_badges", place) for place in ("1", "2", "3")),
    )
)


async def sweep_assets(db: Executor, *, limit: int) -> Swept:
    """Look at some of the assets whose time has come; remove those that nothing refers to. Any number of processes may."""
    # Lateral with a limit: each is looked up by an index, whatever the planner thinks of reading the tables once.
    row = await db.fetchrow(
        f"""
        with due as materialized (
            select name from assets where check_at <= now() order by check_at limit $1 for update skip locked
        ), used as materialized (
            select name from due, lateral (select from users where profile_image = due.name limit 1) as one
            union select name from due, lateral (select from streams where thumbnail = due.name limit 1) as one
            union select name from due, lateral (select from channels where offline_image = due.name limit 1) as one
            union select name from due, lateral (
                select from channels where panels <> '[]' and panel_images(panels) @> array[due.name] limit 1
            ) as one
            union select name from due, lateral (select from categories where box_art = due.name limit 1) as one
            {_SCALED}
        ), kept as (
            update assets set check_at = null where name in (select name from used) returning 1
        ), removed as (
            delete from assets where name in (select name from due except select name from used) returning 1
        )
        select (select count(*) from removed) as removed, (select count(*) from kept) as kept
        """,  # noqa: S608 # constants
        limit,
    )
    assert row is not None  # it counts
    return Swept(**row)


async def select_may_have_thumbnail(db: Executor, stream_id: uuid.UUID) -> bool | None:
    """Say whether anybody may see what a broadcast shows now; `None` when it is not written down (yet)."""
    found: bool | None = await db.fetchval(
        """
        select ended_at is null and visibility in ('public', 'unlisted') and suspended_at is null
        from streams
        join channels on channels.id = streams.channel_id
        join users on users.id = streams.channel_id
        where streams.id = $1
        """,
        stream_id,
    )
    return found


async def replace_thumbnail(db: Executor, stream_id: uuid.UUID, picture: NewAsset) -> bool:
    """Store a broadcast's newest picture; `False`, and nothing stored, unless anybody may see it.

    Somebody who closes the channel in this instant waits for it, and takes the picture away with all others. The commit does
    not wait for the disk: the next picture comes soon.
    """
    stored: bool = await db.fetchval(
        f"""
        with relaxed as materialized (select set_config('synchronous_commit', 'off', true)),
        allowed as materialized (
            select streams.id from streams
            join channels on channels.id = streams.channel_id
            join users on users.id = streams.channel_id
            cross join relaxed
            where streams.id = $7 and ended_at is null and visibility in ('public', 'unlisted') and suspended_at is null
            for share of channels, users
        ), kept as ({_INSERT} from allowed {_KNOWN}), changed as (
            update streams set thumbnail = $1 from allowed
            where streams.id = allowed.id and thumbnail is distinct from $1
        )
        select exists (select from allowed)
        """,  # noqa: S608 # constants
        picture.name,
        picture.content_type,
        picture.width,
        picture.height,
        picture.data,
        THUMBNAIL_KEPT,
        stream_id,
    )
    return stored
