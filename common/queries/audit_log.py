"""Reading the log of who changed what. Writing it is `common.queries.administration`'s."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import msgspec

from common.db import Executor
from common.queries.administration import MAX_ID


@dataclass(frozen=True, slots=True)
class LoggedDeed:
    """One deed, with the names of now of those whose accounts are still there."""

    id: uuid.UUID
    at: datetime
    actor_id: int | None
    actor_login: str | None
    actor_kind: str
    channel_id: int | None
    channel_login: str | None
    action: str
    target_type: str | None
    target_id: str | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeedFilter:
    """Which deeds; `None`: any."""

    channel_id: int | None = None
    actor_id: int | None = None
    action: str | None = None
    about: str | None = None
    """The id of a user, in one channel: deeds to them and to what they wrote."""


_CONDITIONS: dict[str, LiteralString] = {
    "channel_id": "audit_log.channel_id = ${}::bigint",
    "actor_id": "audit_log.actor_id = ${}::bigint",
    "action": "audit_log.action = ${}::text",
    "about": "deed_about(target_type, target_id, details) = ${}::text",
}
_NUMBERS: tuple[LiteralString, ...] = ("3", "4", "5", "6")


async def select_deeds(
    db: Executor, *, limit: int, only: DeedFilter | None = None, before: uuid.UUID = MAX_ID
) -> list[LoggedDeed]:
    """List what was done, the newest first, from `before` on into the past."""
    only = only or DeedFilter()
    given = [(name, getattr(only, name)) for name in _CONDITIONS if getattr(only, name) is not None]
    # Only the conditions that there are: for all at once the planner would have to take the index that suits none.
    where: LiteralString = ""
    for number, (name, _) in zip(_NUMBERS, given, strict=False):
        where += " and " + _CONDITIONS[name].replace("{}", number)
    rows = await db.fetch(
        f"""
        select audit_log.id, at, actor_id, actors.login as actor_login, actor_kind, channel_id,
               owners.login as channel_login, action, target_type, target_id, details::text as details
        from audit_log
        left join users as actors on actors.id = actor_id
        left join users as owners on owners.id = channel_id
        where audit_log.id < $1 {where} order by audit_log.id desc limit $2
        """,  # noqa: S608 # constants
        before,
        limit,
        *(value for _, value in given),
    )
    return [LoggedDeed(**{**dict(row), "details": msgspec.json.decode(row["details"])}) for row in rows]
