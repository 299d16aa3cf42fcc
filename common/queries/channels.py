"""Channels: the page, the settings and the stream of a user."""

from dataclasses import dataclass

from common.db import Executor


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel with what its page shows."""

    id: int
    """Also the id of its user."""
    login: str
    display_name: str
    title: str
    language: str
    """BCP 47, or '' where the streamer did not say."""
    tags: list[str]
    visibility: str
    """`public`, or `unlisted`: reachable, but in no list."""
    suspended: bool


async def select_channel_by_login(db: Executor, login: str) -> Channel | None:
    """Find a channel, whatever case `login` is written in."""
    row = await db.fetchrow(
        """
        select channels.id, login, display_name, title, language, tags, visibility,
               suspended_at is not null as suspended
        from channels join users on users.id = channels.user_id
        where lower(login) = lower($1)
        """,
        login,
    )
    return Channel(**row) if row else None
