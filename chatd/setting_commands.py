"""Commands that set a room: `/slow`, `/followers` and the like. The room tells everybody what came of it, who typed it too.

The changes are `common.chat_settings`', shared with the API.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import trio

from chatd.book import ChannelFacts
from chatd.commands import Obeyed, Order, answer, moderator_of
from chatd.desk import Desk
from chatd.events import RoomChanged
from chatd.json_requests import SetShield, SettingsRequest
from chatd.refusals import Dropped, in_words
from chatd.room_settings import WORDS, notice_of, state_of
from common.chat_settings import (
    MAX_FOLLOWED_MINUTES,
    MAX_SLOW_S,
    MIN_SLOW_S,
    Changed,
    change_settings,
    switch_shield,
)
from common.db import Database
from common.moderation import Moderator, Place, Refused
from common.principals import Principal

DEFAULT_SLOW_S = 30
# Can be read in one way only, so it is in one go.
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?![0-9])(?: ?[a-z]+)? ?)+")
_PIECE: Final = re.compile(r"([0-9]{1,9}) ?([a-z]*)")
_UNITS_S: Final = (
    (("s", "sec", "secs", "second", "seconds"), 1),
    (("m", "min", "mins", "minute", "minutes"), 60),
    (("h", "hr", "hrs", "hour", "hours"), 3600),
    (("d", "day", "days"), 86_400),
    (("w", "week", "weeks"), 7 * 86_400),
    (("mo", "month", "months"), 30 * 86_400),
)


@dataclass(frozen=True, slots=True)
class Settled(Obeyed):
    """A setting is as it was asked for."""

    tell: RoomChanged | None = None
    """For who asked alone: it was so already, so the room hears nothing. `None`: the room is told."""
    is_other: bool = False
    """It is not quite what was asked for, and the message says so."""


Settle = Callable[[Order], Awaitable[Obeyed | Dropped]]


def parse_seconds(text: str, *, unit_s: int) -> int | None:
    """Read `30`, `10m` or `1 week 2 days`; a number alone counts `unit_s`. `None`: that is no duration."""
    words = text.lower().strip()
    if not _DURATION.fullmatch(words):
        return None
    total = 0
    for number, unit in _PIECE.findall(words):
        size = next((size for names, size in _UNITS_S if unit in names), unit_s if not unit else None)
        if size is None:
            return None
        total += int(number) * size
    return total


async def _slow(order: Order) -> Obeyed | Dropped:
    wanted = parse_seconds(order.command.rest, unit_s=1) if order.command.rest else DEFAULT_SLOW_S
    if wanted is None:
        await trio.lowlevel.checkpoint()
        return Dropped(
            "usage_slow_on",
            'Usage: "/slow [duration]" - Enables slow mode (limit how often users may send messages). '
            f"Duration (optional, default={DEFAULT_SLOW_S}) must be a positive number of seconds. "
            'Use "slowoff" to disable.',
        )
    taken = min(max(wanted, MIN_SLOW_S), MAX_SLOW_S)
    remark = ""
    if taken != wanted:
        remark = f"{wanted} seconds are not possible: {MIN_SLOW_S} to {MAX_SLOW_S} are."
    return await _set(
        order, {"slow_mode": True, "slow_mode_wait_time": taken}, "slow", str(taken), remark=remark
    )


async def _followers(order: Order) -> Obeyed | Dropped:
    wanted_s = parse_seconds(order.command.rest, unit_s=60) if order.command.rest else 0
    if wanted_s is None:
        await trio.lowlevel.checkpoint()
        return Dropped(
            "usage_followers_on",
            'Usage: "/followers [duration]" - Enables followers-only mode (only users who have followed for '
            '"duration" may chat). Examples: "30m", "1 week", "5 days 12 hours". Must be less than 3 months.',
        )
    wanted = wanted_s // 60
    taken = min(wanted, MAX_FOLLOWED_MINUTES)
    remark = f"{in_words(MAX_FOLLOWED_MINUTES)} are the most." if taken != wanted else ""
    return await _set(
        order,
        {"follower_mode": True, "follower_mode_duration": taken},
        "followers-only",
        str(taken),
        remark=remark,
    )


async def _off(mode: str, tag: str, value: str, order: Order) -> Obeyed | Dropped:
    return await _set(order, {mode: False}, tag, value)


async def _set(
    order: Order, wanted: dict[str, Any], tag: str, value: str, *, remark: str = ""
) -> Obeyed | Dropped:
    """Set what has a value. tmi.js waits for a ROOMSTATE, also when nothing changes."""
    changed = await change_settings(order.desk.db, order.moderator, order.place, wanted)
    if isinstance(changed, Refused):
        return answer(changed)
    code, message = notice_of(tag, value)
    tell = None
    if changed.before == changed.after:
        tell = _as_if_changed(changed, next(iter(wanted)))
    return Settled(
        f"{code}_limited" if remark else code, f"{message} {remark}".strip(), tell, is_other=bool(remark)
    )


def _as_if_changed(changed: Changed, mode: str) -> RoomChanged:
    now = {name: getattr(changed.after, name) for name in changed.after.__dataclass_fields__}
    return RoomChanged(0, state_of({**now, mode: not now[mode]}), state_of(now))


async def _switch(mode: str, tag: str, is_on: bool, order: Order) -> Obeyed | Dropped:  # noqa: FBT001  # of a partial
    """Set what is on or off."""
    changed = await change_settings(order.desk.db, order.moderator, order.place, {mode: is_on})
    if isinstance(changed, Refused):
        return answer(changed)
    code, words = WORDS[tag]
    if changed.before == changed.after:
        if is_on:
            return Dropped(f"already_{code}_on", f"This room is already in {words} mode.")
        return Dropped(f"already_{code}_off", f"This room is not in {words} mode.")
    return Settled(*notice_of(tag, str(int(is_on))))


async def settle(
    desk: Desk, principal: Principal, facts: ChannelFacts, request: SettingsRequest
) -> Obeyed | Dropped:
    """Set what somebody asked for by JSON. Raises as the database does."""
    who, place = moderator_of(principal, "json"), Place(facts.name.channel_id, facts.name.login)
    if isinstance(request, SetShield):
        return await _switch_shield(desk.db, who, place, is_on=request.is_active)
    changed = await change_settings(desk.db, who, place, request.settings.wanted())
    if isinstance(changed, Refused):
        return answer(changed)
    return Obeyed("settings_success", "The settings of this room are as you asked.")


async def _shield(is_on: bool, order: Order) -> Obeyed | Dropped:  # noqa: FBT001  # of a partial
    return await _switch_shield(order.desk.db, order.moderator, order.place, is_on=is_on)


async def _switch_shield(
    db: Database, moderator: Moderator, place: Place, *, is_on: bool
) -> Obeyed | Dropped:
    changed = await switch_shield(db, moderator, place, is_active=is_on)
    if isinstance(changed, Refused):
        return answer(changed)
    if is_on:
        return Obeyed("shield_on", "The shield of this room is up.")
    return Obeyed("shield_off", "The shield of this room is down.")


def _pair(name: str, mode: str, tag: str) -> dict[str, Settle]:
    return {name: partial(_switch, mode, tag, True), f"{name}off": partial(_switch, mode, tag, False)}


SETTING_COMMANDS: Final[dict[str, Settle]] = {
    "slow": _slow,
    "slowoff": partial(_off, "slow_mode", "slow", "0"),
    "followers": _followers,
    "followersoff": partial(_off, "follower_mode", "followers-only", "-1"),
    **_pair("emoteonly", "emote_mode", "emote-only"),
    **_pair("subscribers", "subscriber_mode", "subs-only"),
    **_pair("uniquechat", "unique_chat_mode", "r9k"),
    **_pair("r9kbeta", "unique_chat_mode", "r9k"),
    "shield": partial(_shield, True),
    "shieldoff": partial(_shield, False),
}
"""By what is typed, in lower case."""
