"""What moderators do: the same acts for every door, whether somebody types, clicks or calls the API.

Each act is one transaction that judges by what is true now, does the deed and writes it down with the verbs and field names of
EventSub's `channel.moderate`; every chat hears of it from the log. What is refused is an answer, not an error.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

import trio

from common.audit import Actor, Target, write_down
from common.db import Database, Executor
from common.principals import Principal
from common.queries import channels, chat, moderation_holds, moderation_requests, roles, users
from common.queries.chat import ChatStanding
from common.queries.users import User
from common.rights import Right, may

MAX_TIMEOUT_S = 14 * 24 * 3600
MAX_REASON = 500
"""Both as on Twitch."""

Door = Literal["api", "json", "irc", "automatic"]
Why = Literal["forbidden", "absent", "invalid", "conflict", "too_often"]
P = ParamSpec("P")
T = TypeVar("T")
_ANONYMOUS = re.compile(r"justinfan\d+")


@dataclass(frozen=True, slots=True)
class Place:
    """A room, by its channel."""

    channel_id: int
    login: str


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who wants to do something, and how they came."""

    principal: Principal
    actor: Actor
    door: Door

    @property
    def id(self) -> int:
        """Of their account. An app in its own name moderates nothing."""
        assert self.principal.user_id is not None
        return self.principal.user_id


@dataclass(frozen=True, slots=True)
class Done:
    """It was done."""

    code: str
    """As in `msg-id` of Twitch's notices: `ban_success`."""
    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not done."""

    code: str
    message: str
    why: Why = "invalid"


Outcome = Done | Refused

FORBIDDEN = Refused("no_permission", "You don't have permission to perform that action.", "forbidden")


class RefusedError(Exception):
    """An act is refused, and its transaction undone."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def answering(act: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T | Refused]]:
    """Have a refusal that an act raises be its answer."""

    @wraps(act)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T | Refused:
        await trio.lowlevel.checkpoint()
        try:
            return await act(*args, **kwargs)
        except RefusedError as error:
            return error.refused

    return run


@asynccontextmanager
async def deed(
    db: Database, moderator: Moderator, place: Place, right: Right = Right.MODERATE
) -> AsyncIterator[Executor]:
    """Open the transaction of an act, one at a time in a channel. Raises `RefusedError`: the right is not theirs (now)."""
    async with db.transaction() as transaction:
        if await channels.lock_channel(transaction, place.channel_id) is None:
            raise RefusedError(FORBIDDEN)
        await require(transaction, moderator, place, right)
        yield transaction


async def require(db: Executor, moderator: Moderator, place: Place, right: Right = Right.MODERATE) -> None:
    """Go on only for who has a right in a room by now. Raises `RefusedError`."""
    held = await chat.select_standing(db, channel_id=place.channel_id, user_id=moderator.id)
    if not _may(moderator.principal, held, place.channel_id, right):
        raise RefusedError(FORBIDDEN)


def _may(principal: Principal, held: ChatStanding | None, channel_id: int, right: Right) -> bool:
    """Say whether somebody may act now: who is suspended, or banned from the room, does not."""
    if held is None or held.is_banned:
        return False
    return may(principal, right, channel_id, held.roles)


async def find_user(db: Executor, who: str | int) -> User:
    """Find who is meant, by login in any case or by id. Raises `RefusedError`: nobody."""
    if isinstance(who, str):
        user = await users.select_user_by_login(db, who)
    else:
        user = await users.select_user(db, who)
    if user is None:
        raise RefusedError(Refused("invalid_user", f"Invalid username: {who}", "absent"))
    return user


async def record(
    db: Executor,
    moderator: Moderator,
    place: Place,
    verb: str,
    *,
    user: User | None = None,
    target: Target | None = None,
    **details: Any,
) -> None:
    """Write an act down, with its target in EventSub's words and the door it came through."""
    named = {} if user is None else about(user)
    if target is None and user is not None:
        target = Target("user", str(user.id))
    await write_down(
        db,
        moderator.actor,
        verb,
        target=target,
        channel_id=place.channel_id,
        details={**named, **details, "door": moderator.door},
    )


def about(user: User) -> dict[str, Any]:
    """Name somebody as EventSub does."""
    return {"user_id": str(user.id), "user_login": user.login, "user_name": user.display_name}


@answering
async def ban(
    db: Database,
    moderator: Moderator,
    place: Place,
    who: str | int,
    *,
    duration_s: int | None,
    reason: str = "",
) -> Done:
    """Keep somebody from writing in a room, for some seconds or (`None`) for good; a timeout replaces the one before.

    What they have waiting for a decision is dropped. Who is banned for good is moderator or VIP no longer, as on Twitch.
    """
    kind: Literal["ban", "timeout"] = "ban" if duration_s is None else "timeout"
    if duration_s is not None and not 1 <= duration_s <= MAX_TIMEOUT_S:
        raise RefusedError(Refused("bad_timeout_duration", "A timeout lasts from one second to two weeks."))
    if isinstance(who, str) and _ANONYMOUS.fullmatch(who.lower()):
        raise RefusedError(
            Refused(f"bad_{kind}_anon", "You cannot do that to somebody who is not logged in.")
        )
    reason = reason[:MAX_REASON]
    details: dict[str, Any] = {"reason": reason, "duration_s": duration_s}
    expires_at = None if duration_s is None else datetime.now(UTC) + timedelta(seconds=duration_s)
    if expires_at is not None:
        details["expires_at"] = rfc3339(expires_at)
    async with deed(db, moderator, place) as transaction:
        user = await find_user(transaction, who)
        held = await chat.select_standing(transaction, channel_id=place.channel_id, user_id=user.id)
        shield(moderator, place, user, held.roles if held else frozenset(), f"bad_{kind}")
        if held is not None and held.is_banned and held.ban_expires_at is None:
            text = f"{user.login} is already banned in this channel."
            raise RefusedError(Refused("already_banned", text, "conflict"))
        await chat.upsert_ban(
            transaction,
            channel_id=place.channel_id,
            user_id=user.id,
            moderator_id=moderator.id,
            reason=reason,
            expires_at=expires_at,
        )
        await moderation_holds.cancel_holds(transaction, channel_id=place.channel_id, user_id=user.id)
        if duration_s is None and held is not None:
            await _take_badges(transaction, moderator, place, user, held.roles)
        await record(transaction, moderator, place, kind, user=user, **details)
    if kind == "ban":
        return Done("ban_success", f"{user.login} is now banned from this room.")
    return Done("timeout_success", f"{user.login} has been timed out for {duration_s} seconds.")


async def _take_badges(
    db: Executor, moderator: Moderator, place: Place, user: User, held: frozenset[str]
) -> None:
    for role, verb in (("moderator", "unmod"), ("vip", "unvip")):
        if role in held:
            await roles.delete_role(db, channel_id=place.channel_id, user_id=user.id, role=role)
            await record(db, moderator, place, verb, user=user)
    await trio.lowlevel.checkpoint()


def shield(moderator: Moderator, place: Place, user: User, held: frozenset[str], prefix: str) -> None:
    """Protect who is out of a moderator's reach: themselves, the broadcaster, the site's people, other moderators (`held`).

    Only the broadcaster and the site's people reach moderators. Raises `RefusedError`, whose code begins with `prefix`
    (`bad_ban`).
    """
    refused = _shielded(moderator, place, user, held, prefix)
    if refused is not None:
        raise RefusedError(refused)


def _shielded(
    moderator: Moderator, place: Place, user: User, held: frozenset[str], prefix: str
) -> Refused | None:
    if user.id == moderator.id:
        return Refused(f"{prefix}_self", "You cannot do that to yourself.")
    if user.id == place.channel_id:
        return Refused(f"{prefix}_broadcaster", "You cannot do that to the broadcaster.")
    if user.is_admin or user.is_staff:
        text = f"You cannot do that to {user.login}, who is staff of this site."
        return Refused(f"{prefix}_{'admin' if user.is_admin else 'staff'}", text)
    stands_above = moderator.id == place.channel_id or moderator.principal.site_role
    if "moderator" in held and not stands_above:
        return Refused(f"{prefix}_mod", f"You cannot do that to moderator {user.login}.")
    return None


@answering
async def unban(db: Database, moderator: Moderator, place: Place, who: str | int) -> Done:
    """Let somebody write again, whether they were banned or timed out. What they asked for is settled with it."""
    async with deed(db, moderator, place) as transaction:
        user = await find_user(transaction, who)
        lifted = await chat.delete_ban(transaction, channel_id=place.channel_id, user_id=user.id)
        if lifted is False:
            text = f"{user.login} is not banned from this room."
            raise RefusedError(Refused("bad_unban_no_ban", text, "conflict"))
        await moderation_requests.cancel_unban_requests(
            transaction, channel_id=place.channel_id, user_id=user.id
        )
        kind = "unban" if lifted is None else "untimeout"
        await record(transaction, moderator, place, kind, user=user)
    if kind == "unban":
        return Done("unban_success", f"{user.login} is no longer banned from this room.")
    return Done("untimeout_success", f"{user.login} is no longer timed out in this room.")


def rfc3339(moment: datetime) -> str:
    """Write a time as EventSub does."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
