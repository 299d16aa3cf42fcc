"""Channels as the staff of the site see them: all of them, listed or not, live or not, suspended or not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString

from common.db import Executor

OnlyChannels = Literal["", "live", "suspended"]


@dataclass(frozen=True, slots=True)
class DeskChannel:
    """One channel, with its owner and its newest broadcast."""

    id: int
    """Also of its owner."""
    login: str
    display_name: str
    suspended_at: datetime | None
    suspension_reason: str | None
    title: str
    category_name: str | None
    language: str
    visibility: str
    is_mature: bool
    followers: int
    created_at: datetime
    started_at: datetime | None
    """When its newest broadcast began; `None`: there was none."""
    ended_at: datetime | None
    """`None`: it is live, if it ever was."""
    viewer_count: int | None


_ONLY: dict[OnlyChannels, LiteralString] = {
    "": "true",
    "live": "id in (select channel_id from streams where ended_at is null)",
    "suspended": "suspended_at is not null",
}
_AFTER_LAST_LETTER = "{"
"""Follows `z`, the last that logins are made of, in ASCII."""


async def select_desk_channels(
    db: Executor, *, limit: int, prefix: str = "", after_login: str = "", only: OnlyChannels = ""
) -> list[DeskChannel]:
    """List channels by login, from behind `after_login` on, whose login begins with `prefix` (lower case)."""
    rows = await db.fetch(
        # `limit 1`, because the planner does not know how short a page is, and would read all channels for it.
        f"""
        with page as materialized (
            select id, login, display_name, suspended_at, suspension_reason from users
            where {_ONLY[only]} and lower(login) collate "C" > $1
              and lower(login) collate "C" >= $2 and lower(login) collate "C" < $3
            order by lower(login) collate "C" limit $4
        )
        select page.*, channel.*, newest.started_at, newest.ended_at, newest.viewer_count
        from page
        cross join lateral (
            select channels.title, categories.name as category_name, language, visibility, is_mature, followers, channels.created_at
            from channels join channel_search on channel_search.channel_id = page.id
            left join categories on categories.id = channels.category_id
            where channels.id = page.id limit 1
        ) as channel
        left join lateral (
            select started_at, ended_at, viewer_count from streams where channel_id = page.id order by started_at desc limit 1
        ) as newest on true
        order by lower(page.login) collate "C"
        """,  # noqa: S608 # constants
        after_login,
        prefix,
        prefix + _AFTER_LAST_LETTER,
        limit,
    )
    return [DeskChannel(**row) for row in rows]
