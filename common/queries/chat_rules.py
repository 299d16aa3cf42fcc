"""What guards a chat beside its settings: shield mode, and the terms that a channel blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

import msgspec

from common.blocked_terms import Term
from common.db import Executor, Row

# Shield mode -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shield:
    """The switch that sets several settings at once."""

    is_active: bool = False
    preset: dict[str, Any] | None = None
    """Settings by name; `None`: those that the code has."""
    before: dict[str, Any] | None = None
    """What to put back: `was` and `set`, both settings by name. `None` while it is off."""
    changed_at: datetime | None = None
    """When it was switched last; `None`: never."""
    user_id: int | None = None
    """Who switched it; `None`: nobody yet, or an account that is gone."""
    user_login: str = ""
    user_name: str = ""


async def select_shield(db: Executor, channel_id: int) -> Shield:
    """Give a channel's shield mode."""
    row = await db.fetchrow(
        """
        select shield_mode as is_active, shield_preset::text as preset, shield_before::text as before,
               shield_changed_at as changed_at, shield_changed_by as user_id,
               coalesce(login, '') as user_login, coalesce(display_name, '') as user_name
        from chat_settings left join users on users.id = shield_changed_by where channel_id = $1
        """,
        channel_id,
    )
    if row is None:
        return Shield()
    columns = {name: row[name] for name in row.keys()}  # noqa: SIM118 # a record iterates over its values
    for name in ("preset", "before"):
        columns[name] = None if columns[name] is None else msgspec.json.decode(columns[name])
    return Shield(**columns)


async def update_shield(
    db: Executor, channel_id: int, *, is_active: bool, before: dict[str, Any] | None, user_id: int | None
) -> None:
    """Write down that shield mode was switched, by somebody or (`None`) by itself. The channel must have settings, with `upsert_chat_settings`."""
    await db.execute(
        """
        update chat_settings set shield_mode = $2, shield_before = $3::text::jsonb, shield_changed_at = now(),
            shield_changed_by = $4 where channel_id = $1
        """,
        channel_id,
        is_active,
        None if before is None else msgspec.json.encode(before).decode(),
        user_id,
    )


async def update_shield_preset(db: Executor, channel_id: int, preset: dict[str, Any]) -> None:
    """Set what shield mode sets. The channel must have settings."""
    await db.execute(
        "update chat_settings set shield_preset = $2::text::jsonb where channel_id = $1",
        channel_id,
        msgspec.json.encode(preset).decode(),
    )


# Blocked terms -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BlockedTerm:
    """What nobody may write in a chat."""

    id: int
    text: str
    is_regex: bool
    moderator_id: int | None
    """`None`: an account that is gone."""
    created_at: datetime
    expires_at: datetime | None


_TERM: LiteralString = "id, text, is_regex, moderator_id, created_at, expires_at"
_HOLDS: LiteralString = "(expires_at is null or expires_at > now())"


def _term(row: Row) -> BlockedTerm:
    return BlockedTerm(**{name: row[name] for name in row.keys()})  # noqa: SIM118 # a record iterates over its values


async def select_blocked_terms(
    db: Executor, channel_id: int, *, limit: int, before_id: int | None = None
) -> list[BlockedTerm]:
    """List the terms that hold in a channel, the newest first, from `before_id` on into the past."""
    rows = await db.fetch(
        f"""
        select {_TERM} from chat_blocked_terms
        where channel_id = $1 and {_HOLDS} and ($2::bigint is null or id < $2) order by id desc limit $3
        """,  # noqa: S608 # constants
        channel_id,
        before_id,
        limit,
    )
    return [_term(row) for row in rows]


async def count_blocked_terms(db: Executor, channel_id: int) -> tuple[int, int]:
    """Count a channel's terms, those that are over included: all, and those that are regular expressions."""
    row = await db.fetchrow(
        "select count(*) as terms, count(*) filter (where is_regex) as regexes from chat_blocked_terms where channel_id = $1",
        channel_id,
    )
    assert row is not None  # an aggregate
    return row["terms"], row["regexes"]


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """What tells whether a channel's terms are those that somebody knows; `at` does not count."""

    terms: int
    newest: int
    """Id; 0: there are none."""
    next_end: datetime | None
    """When the first of them is over; `None`: none ends."""
    at: datetime = field(compare=False)
    """When this was so, on the clock of the database."""


async def select_terms_version(db: Executor, channel_id: int) -> TermsVersion:
    """Say which terms hold in a channel, without naming them."""
    row = await db.fetchrow(
        f"""
        select count(*) as terms, coalesce(max(id), 0) as newest, min(expires_at) as next_end, clock_timestamp() as at
        from chat_blocked_terms where channel_id = $1 and {_HOLDS}
        """,  # noqa: S608 # constants
        channel_id,
    )
    assert row is not None  # an aggregate
    return TermsVersion(row["terms"], row["newest"], row["next_end"], row["at"])


async def select_active_terms(db: Executor, channel_id: int) -> list[Term]:
    """Give all terms that hold in a channel."""
    rows = await db.fetch(
        f"select text, is_regex from chat_blocked_terms where channel_id = $1 and {_HOLDS}",  # noqa: S608 # constants
        channel_id,
    )
    return [Term(row["text"], row["is_regex"]) for row in rows]


async def select_blocked_regexes(db: Executor, channel_id: int) -> list[str]:
    """List a channel's regular expressions, those that are over included."""
    rows = await db.fetch(
        "select text from chat_blocked_terms where channel_id = $1 and is_regex order by id", channel_id
    )
    return [row["text"] for row in rows]


async def upsert_blocked_terms(
    db: Executor,
    channel_id: int,
    texts: Sequence[str],
    *,
    is_regex: bool,
    moderator_id: int,
    expires_at: datetime | None,
) -> list[BlockedTerm]:
    """Block terms; one that is blocked already gets a new end. Gives them as they are now. Every process hears of it at commit."""
    rows = await db.fetch(
        f"""
        insert into chat_blocked_terms (channel_id, text, is_regex, moderator_id, expires_at)
        select $1, text, $3, $4, $5 from unnest($2::text[]) as text
        on conflict (channel_id, text, is_regex) do update set
            expires_at = excluded.expires_at, moderator_id = excluded.moderator_id
        returning {_TERM}
        """,  # noqa: S608 # constants
        channel_id,
        list(texts),
        is_regex,
        moderator_id,
        expires_at,
    )
    return [_term(row) for row in rows]


async def delete_blocked_term(db: Executor, *, channel_id: int, term_id: int) -> BlockedTerm | None:
    """Block a term no more; `None` when the channel has none of that id."""
    row = await db.fetchrow(
        f"delete from chat_blocked_terms where channel_id = $1 and id = $2 returning {_TERM}",  # noqa: S608 # constants
        channel_id,
        term_id,
    )
    return None if row is None else _term(row)


async def delete_old_blocked_terms(db: Executor, *, limit: int) -> int:
    """Remove terms whose time was over a day ago; give how many."""
    return await db.execute(
        """
        delete from chat_blocked_terms where id = any(array(
            select id from chat_blocked_terms where expires_at < now() - interval '1 day'
            order by expires_at limit $1 for update skip locked
        ))
        """,
        limit,
    )
