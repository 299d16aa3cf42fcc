"""Emotes of the site and of channels: stored, reviewed, listed for pages, and given to chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

from common.db import Executor, Row

Tier = Literal["", "follower", "1000", "2000", "3000"]
"""What one must be to use an emote in its channel: nothing, a follower, or a subscriber of that tier or above."""
Status = Literal["pending", "approved", "rejected"]
ReviewedTable = Literal["emotes", "channel_badges"]

SITE = 0
"""Stands for a channel's id where an emote is of the site."""
SITE_SET = "0"
MAX_CHANNEL_EMOTES = 200
MAX_SITE_EMOTES = 500
MAX_DELETED = 300
"""Of one channel, kept for messages that were said with them; those deleted first go first."""
MAX_SUBSCRIBED = 50
"""Channels whose emotes somebody can use elsewhere: those subscribed to last."""
MAX_ELSEWHERE = 1000
TIERS: tuple[Tier, ...] = ("", "1000", "2000", "3000", "follower")


@dataclass(frozen=True, slots=True)
class Emote:
    """An emote."""

    id: int
    channel_id: int | None
    """`None`: of the site."""
    code: str
    tier: Tier
    status: Status
    images: tuple[str, ...]
    """Names of assets: still ones, the smallest first, then moving ones if it moves; none once it was rejected."""
    created_at: datetime
    reason: str
    """Why it was rejected; ''."""

    @property
    def is_animated(self) -> bool:
        """Whether there are pictures that move."""
        return len(self.images) > 3  # scales

    @property
    def set_id(self) -> str:
        """Of the set it is in: one for each channel and tier."""
        return set_id(self.channel_id or SITE, self.tier)


def set_id(scope: int, tier: Tier) -> str:
    """Name the set of a channel's (`SITE`: the site's) emotes of one tier, as IRC and Helix do: a number, as text."""
    return SITE_SET if scope == SITE else f"{scope}{TIERS.index(tier)}"


def parse_set_id(text: str) -> tuple[int, Tier] | None:
    """Undo `set_id`; `None` for what names no set."""
    if text == SITE_SET:
        return SITE, ""
    if not (text.isascii() and text.isdigit() and 2 <= len(text) <= 20) or int(text[-1]) >= len(TIERS):
        return None
    scope = int(text[:-1])
    return (scope, TIERS[int(text[-1])]) if 0 < scope < 2**63 else None


_COLUMNS: LiteralString = "id, channel_id, code, tier, status, images, created_at, reason"


def _emote(row: Row) -> Emote:
    return Emote(**{**row, "images": tuple(row["images"])})


async def lock_emotes(db: Executor, scope: int) -> int:
    """Let nobody else add emotes to a channel until the transaction ends; give how many there are, rejected ones too."""
    await db.execute("select pg_advisory_xact_lock(hashtextextended('emotes', $1))", scope)
    found: int = await db.fetchval(
        "select count(*) from emotes where scope = $1 and deleted_at is null", scope
    )
    return found


async def insert_emote(
    db: Executor,
    *,
    channel_id: int | None,
    code: str,
    tier: Tier,
    status: Status,
    images: Sequence[str],
    created_by: int,
) -> Emote:
    """Add an emote. Raises `UniqueViolationError` when its code is taken, or looks like one that is."""
    row = await db.fetchrow(
        f"""
        insert into emotes (channel_id, code, tier, status, images, created_by) values ($1, $2, $3, $4, $5, $6)
        returning {_COLUMNS}
        """,  # noqa: S608 # constants
        channel_id,
        code,
        tier,
        status,
        list(images),
        created_by,
    )
    assert row is not None
    return _emote(row)


async def select_emote(db: Executor, emote_id: int, *, scope: int | None = None) -> Emote | None:
    """Look an emote up that is not deleted; with `scope` only in that channel. In a transaction it is locked, too."""
    row = await db.fetchrow(
        f"""
        select {_COLUMNS} from emotes
        where id = $1 and deleted_at is null and ($2::bigint is null or scope = $2) for no key update
        """,  # noqa: S608 # constants
        emote_id,
        scope,
    )
    return None if row is None else _emote(row)


async def select_emotes(db: Executor, scopes: Sequence[int], *, every_status: bool = False) -> list[Emote]:
    """List the emotes of some channels (`SITE`: of the site), the oldest first: those in use, or all that are not deleted."""
    rows = await db.fetch(
        f"""
        select {_COLUMNS} from emotes
        where scope = any($1) and deleted_at is null and ($2 or status = 'approved') order by scope, id
        """,  # noqa: S608 # constants
        list(scopes),
        every_status,
    )
    return [_emote(row) for row in rows]


async def select_emote_images(db: Executor, emote_id: int) -> list[str]:
    """Name the pictures of an emote that was approved, deleted or not; none when there is no such emote."""
    found: list[str] | None = await db.fetchval(
        "select images from emotes where id = $1 and status = 'approved'", emote_id
    )
    return found or []


@dataclass(frozen=True, slots=True)
class QueuedEmote(Emote):
    """An emote as those see it who review."""

    channel_login: str | None
    uploader_login: str | None


async def select_emote_queue(db: Executor, *, status: Status, after_id: int, limit: int) -> list[QueuedEmote]:
    """List emotes of one status on the whole site, the oldest first."""
    rows = await db.fetch(
        """
        select emotes.id, channel_id, code, tier, status, images, emotes.created_at, reason,
               owners.login as channel_login, uploaders.login as uploader_login
        from emotes
        left join users as owners on owners.id = channel_id left join users as uploaders on uploaders.id = created_by
        where status = $1 and deleted_at is null and emotes.id > $2 order by emotes.id limit $3
        """,
        status,
        after_id,
        limit,
    )
    return [QueuedEmote(**{**row, "images": tuple(row["images"])}) for row in rows]


async def update_emote(db: Executor, emote_id: int, *, code: str, tier: Tier, status: Status) -> None:
    """Change an emote. Raises `UniqueViolationError` when its code is taken, or looks like one that is."""
    await db.execute(
        "update emotes set code = $2, tier = $3, status = $4 where id = $1", emote_id, code, tier, status
    )


async def review_emote(
    db: Executor, emote_id: int, *, status: Status, reviewed_by: int, reason: str = ""
) -> None:
    """Approve an emote, or reject it, which takes its pictures away everywhere."""
    await db.execute(
        """
        update emotes set status = $2, reviewed_by = $3, reviewed_at = now(), reason = $4,
               images = case when $2 = 'rejected' then '{}' else images end
        where id = $1
        """,
        emote_id,
        status,
        reviewed_by,
        reason,
    )


async def delete_emote(db: Executor, emote: Emote) -> None:
    """Delete an emote. One that was in use stays for messages that have it, out of use; the oldest of those make room."""
    if emote.status != "approved":
        await db.execute("delete from emotes where id = $1", emote.id)
        return
    await db.execute("update emotes set deleted_at = now() where id = $1", emote.id)
    await db.execute(
        """
        delete from emotes where id in (
            select id from emotes where scope = $1 and deleted_at is not null order by deleted_at desc offset $2
        )
        """,
        emote.channel_id or SITE,
        MAX_DELETED,
    )


async def remove_deleted_emotes(db: Executor, *, kept: timedelta, limit: int) -> int:
    """Remove emotes that were deleted longer ago than `kept`; give how many."""
    return await db.execute(
        """
        delete from emotes where id in (
            select id from emotes where deleted_at < now() - $1::interval order by deleted_at limit $2
        )
        """,
        kept,
        limit,
    )


# Prefixes ------------------------------------------------------------------------------------------------------------------


async def select_prefix(db: Executor, channel_id: int) -> str | None:
    """Give what codes of a channel's emotes begin with; `None`: that was not settled yet."""
    found: str | None = await db.fetchval(
        "select prefix from emote_prefixes where channel_id = $1", channel_id
    )
    return found


async def insert_prefix(db: Executor, channel_id: int, prefix: str) -> bool:
    """Settle a channel's prefix for the first time; `False` when one that looks alike is taken, or it has one."""
    found = await db.fetchval(
        "insert into emote_prefixes (channel_id, prefix) values ($1, $2) on conflict do nothing returning 1",
        channel_id,
        prefix,
    )
    return found is not None


async def upsert_prefix(db: Executor, channel_id: int, prefix: str) -> None:
    """Change a channel's prefix. Raises `UniqueViolationError` when one that looks alike is taken."""
    await db.execute(
        """
        insert into emote_prefixes (channel_id, prefix) values ($1, $2)
        on conflict (channel_id) do update set prefix = excluded.prefix
        """,
        channel_id,
        prefix,
    )


# For chat ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claims:
    """What gives somebody emotes beside those that everybody has."""

    follows: bool
    """The channel that was asked about."""
    tier: int
    """At which they subscribe to it; 0: they do not."""

    def give(self, tier: Tier) -> bool:
        """Say whether emotes of the channel that need `tier` may be used in it."""
        match tier:
            case "":
                return True
            case "follower":
                return self.follows or self.tier > 0
            case _:
                return self.tier >= int(tier)


async def select_claims(db: Executor, *, user_id: int, channel_id: int) -> Claims:
    """Say what somebody is to a channel, as far as emotes go."""
    row = await db.fetchrow(
        """
        select exists (select from follows where channel_id = $2 and user_id = $1) as follows,
               coalesce((select tier from subscriptions
                         where channel_id = $2 and user_id = $1 and ended_at is null
                           and (lapses_at is null or lapses_at > now())), 0) as tier
        """,
        user_id,
        channel_id,
    )
    assert row is not None
    return Claims(**row)


async def select_emotes_elsewhere(db: Executor, user_id: int) -> list[Emote]:
    """List the emotes that somebody may use in every channel: of their own, and of those they subscribe to, by tier."""
    rows = await db.fetch(
        f"""
        with granting as materialized (
            select $1::bigint as scope, 3000 as granted
            union all
            (select channel_id, tier from subscriptions join users on users.id = channel_id
             where subscriptions.user_id = $1 and ended_at is null and (lapses_at is null or lapses_at > now())
               and suspended_at is null
             order by since desc limit $2)
        )
        select {_COLUMNS} from granting cross join lateral (
            select {_COLUMNS} from emotes
            where emotes.scope = granting.scope and deleted_at is null and status = 'approved'
              and (granting.scope = $1 or tier <> 'follower')
              and case when tier in ('', 'follower') then 0 else tier::integer end <= granted
        ) as usable order by id limit $3
        """,  # noqa: S608 # constants
        user_id,
        MAX_SUBSCRIBED,
        MAX_ELSEWHERE,
    )
    return [_emote(row) for row in rows]
