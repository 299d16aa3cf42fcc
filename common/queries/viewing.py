"""Who may watch a channel: what it asks of its viewers, and what one viewer is to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from common.db import Executor, Row

NEEDED_GRANT: LiteralString = """
case channels.visibility
    when 'public' then '' when 'unlisted' then ''
    when 'password' then 'password:' || left(encode(sha256(convert_to(channels.password_hash, 'UTF8')), 'hex'), 32)
    else channels.visibility
end
"""
"""What a viewer's ticket must have been granted for (`common.play_ticket`); '': the channel asks for none.

With a password it changes when the password does, so that tickets which the old one bought are good for nothing at once.
"""


@dataclass(frozen=True, slots=True)
class Viewing:
    """A channel, and what somebody is to it."""

    channel_id: int
    login: str
    visibility: str
    needed_grant: str
    password_hash: str | None
    """argon2id; of visibility `password`."""
    suspended: bool
    follows: bool
    subscribes: bool
    blocked: bool
    """The owner has blocked this viewer."""
    banned: bool
    """From the chat, for good; a time-out is about the chat only."""
    roles: frozenset[str]
    """`vip`, `moderator`, `editor`."""


async def select_needed_grants(db: Executor, channel_ids: Sequence[int]) -> dict[int, str]:
    """Give what channels ask of their viewers, by id; those that are not there are missing. See `NEEDED_GRANT`."""
    rows = await db.fetch(
        f"select id, {NEEDED_GRANT} as needed_grant from channels where id = any($1::bigint[])",  # noqa: S608 # a constant
        channel_ids,
    )
    return {row["id"]: row["needed_grant"] for row in rows}


_VIEWING: LiteralString = f"""
select channels.id as channel_id, users.login, channels.visibility, {NEEDED_GRANT} as needed_grant,
       channels.password_hash, users.suspended_at is not null as suspended,
       exists (select from follows where follows.user_id = $2 and follows.channel_id = channels.id) as follows,
       exists (select from subscriptions
               where subscriptions.channel_id = channels.id and subscriptions.user_id = $2
                 and ended_at is null and (lapses_at is null or lapses_at > now())) as subscribes,
       exists (select from blocks where blocks.user_id = channels.id and blocked_id = $2) as blocked,
       exists (select from chat_bans
               where chat_bans.channel_id = channels.id and chat_bans.user_id = $2 and expires_at is null) as banned,
       array(select role from channel_roles
             where channel_roles.channel_id = channels.id and channel_roles.user_id = $2) as roles
from users join channels on channels.id = users.id
"""  # noqa: S608 # a constant


async def select_viewing(db: Executor, login: str, user_id: int | None) -> Viewing | None:
    """Find a channel, whatever case `login` is written in, and what a user is to it; `user_id` `None`: nobody we know.

    `None` when there is no such channel. One statement, because a page waits for it before it plays.
    """
    row = await db.fetchrow(f"{_VIEWING} where lower(users.login) = lower($1)", login, user_id)
    return _viewing(row) if row else None


async def select_viewing_of(db: Executor, channel_id: int, user_id: int | None) -> Viewing | None:
    """Do the same for a channel by its id."""
    row = await db.fetchrow(f"{_VIEWING} where users.id = $1", channel_id, user_id)
    return _viewing(row) if row else None


def _viewing(row: Row) -> Viewing:
    columns = {name: row[name] for name in row.keys()}  # noqa: SIM118 # a record iterates over its values
    return Viewing(**columns | {"roles": frozenset(columns["roles"])})
