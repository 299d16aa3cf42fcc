"""How a chat is set: the same changes for every door, whether somebody types `/slow`, clicks or calls the API.

Each is one transaction with its entries in the log, under the verbs of EventSub's `channel.moderate`; every chat announces it
from there. What is the same as before is not written at all.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import trio

from common.automatic_settings import STRICTNESS
from common.db import Database, Executor
from common.moderation import Moderator, Place, Refused, RefusedError, answering, deed, record
from common.queries import channels, chat_rules
from common.queries.channels import ChatSettings
from common.queries.chat_rules import Shield
from common.staleness import STALE, changed_since, stale_message

MAX_SLOW_S = 120
MIN_SLOW_S = 3
MAX_FOLLOWED_MINUTES = 129_600
"""Three months. All three as on Twitch."""
OTHER = "chat_settings"
"""What the log calls settings that `channel.moderate` has no verb for."""

_MODES: Final[dict[str, tuple[str, str | None]]] = {
    "emote_mode": ("emoteonly", None),
    "follower_mode": ("followers", "follower_mode_duration"),
    "slow_mode": ("slow", "slow_mode_wait_time"),
    "subscriber_mode": ("subscribers", None),
    "unique_chat_mode": ("uniquechat", None),
}
"""By setting: its verb of `channel.moderate` (with `off` behind it when it ends), and what it is set to."""
VERBS = frozenset({OTHER, *(verb + end for verb, _ in _MODES.values() for end in ("", "off"))})
_OWN = frozenset(_MODES) | {duration for _, duration in _MODES.values() if duration}
SETTINGS = frozenset(asdict(ChatSettings())) - {"raids_from", "raids_min_viewers"}
"""Those of the chat."""

DEFAULT_PRESET: Final[dict[str, Any]] = {
    "follower_mode": True,
    "follower_mode_duration": 10,
    "slow_mode": True,
    "slow_mode_wait_time": 10,
    "verified_email_mode": True,
    "links_from": "moderators",
}
"""What shield mode sets where nobody chose otherwise."""
_RANKS = ("everyone", "subscribers", "vips", "moderators")
_ORDERS: Final = {**STRICTNESS, "links_from": _RANKS, "verification_spares": _RANKS}
"""By setting that is a word: what it can be, the laxest first."""


@dataclass(frozen=True, slots=True)
class Changed:
    """How a chat was set, and is."""

    before: ChatSettings
    after: ChatSettings


@answering
async def change_settings(
    db: Database,
    moderator: Moderator,
    place: Place,
    wanted: Mapping[str, Any],
    was: Mapping[str, Any] | None = None,
) -> Changed:
    """Set some settings by name, if those in `was` are still so. Raises `CheckViolationError` for values that a channel cannot have."""
    async with deed(db, moderator, place) as transaction:
        before = await channels.select_chat_settings(transaction, place.channel_id)
        require_unchanged(was, asdict(before))
        return await _write(transaction, moderator, place, before, replace(before, **wanted))


def require_unchanged(was: Mapping[str, Any] | None, now: Mapping[str, Any]) -> None:
    """Go on only while what somebody looked at is still so. Raises `RefusedError`."""
    if names := changed_since(was or {}, now):
        raise RefusedError(Refused(STALE, stale_message(names), "conflict"))


async def _write(
    db: Executor, moderator: Moderator, place: Place, before: ChatSettings, after: ChatSettings
) -> Changed:
    if after == before:
        await trio.lowlevel.checkpoint()
        return Changed(before, before)
    await channels.upsert_chat_settings(db, place.channel_id, after)
    now = before
    for verb, names, details in _deeds(before, after):
        step = replace(now, **{name: getattr(after, name) for name in names})
        await record(db, moderator, place, verb, **details, room=_room(now, step))
        now = step
    return Changed(before, after)


def _deeds(before: ChatSettings, after: ChatSettings) -> list[tuple[str, list[str], dict[str, Any]]]:
    """Say what a change does, one setting at a time: its verb, the settings it is about, and what the log says of it."""
    found: list[tuple[str, list[str], dict[str, Any]]] = []
    for mode, (verb, duration) in _MODES.items():
        was, now = _state(before, mode, duration), _state(after, mode, duration)
        if was != now:
            names = [mode] if duration is None else [mode, duration]
            found.append((f"{verb}off" if now is None else verb, names, now or {}))
    others = {
        name: value
        for name, value in asdict(after).items()
        if name in SETTINGS - _OWN and value != getattr(before, name)
    }
    if others:
        found.append((OTHER, list(others), others))
    return found


def _state(settings: ChatSettings, mode: str, duration: str | None) -> dict[str, int] | None:
    """What a mode is set to; `None` while it is off."""
    if not getattr(settings, mode):
        return None
    return {} if duration is None else {duration: getattr(settings, duration)}


def _room(before: ChatSettings, after: ChatSettings) -> dict[str, Any]:
    """What chats need to announce it: all settings as they are now, and those that changed as they were."""
    now = {name: value for name, value in asdict(after).items() if name in SETTINGS}
    was = {name: getattr(before, name) for name, value in now.items() if getattr(before, name) != value}
    return {"after": now, "before": was}


# Shield mode -------------------------------------------------------------------------------------------------------------


@answering
async def switch_shield(
    db: Database, moderator: Moderator, place: Place, *, is_active: bool, reason: str = ""
) -> Changed:
    """Set everything that the preset names, never to less than it is; or put it back, but for what somebody changed since.

    `reason` is for the log and the moderators; '' for none.
    """
    async with deed(db, moderator, place) as transaction:
        shield = await chat_rules.select_shield(transaction, place.channel_id)
        before = await channels.select_chat_settings(transaction, place.channel_id)
        if shield.is_active == is_active:
            return Changed(before, before)
        after = raised(before, shield) if is_active else lowered(before, shield)
        kept: dict[str, Any] | None = None
        if is_active:
            names = [name for name in SETTINGS if getattr(before, name) != getattr(after, name)]
            kept = {
                "was": {name: getattr(before, name) for name in names},
                "set": {name: getattr(after, name) for name in names},
            }
        await channels.upsert_chat_settings(transaction, place.channel_id, after)
        await chat_rules.update_shield(
            transaction, place.channel_id, is_active=is_active, before=kept, user_id=moderator.actor.user_id
        )
        verb = "shield_mode_begin" if is_active else "shield_mode_end"
        details: dict[str, Any] = {"reason": reason} if reason else {}
        await record(transaction, moderator, place, verb, **details)
        return await _write(transaction, moderator, place, before, after)


@answering
async def set_shield_preset(
    db: Database,
    moderator: Moderator,
    place: Place,
    preset: Mapping[str, Any],
    was: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Choose what shield mode sets, from the next time on; if `was` is given, only while the preset is still that."""
    async with deed(db, moderator, place) as transaction:
        if was is not None:
            held = preset_of(await chat_rules.select_shield(transaction, place.channel_id))
            require_unchanged({name: was.get(name) for name in {**held, **was}}, held)
        settings = await channels.select_chat_settings(transaction, place.channel_id)
        await channels.upsert_chat_settings(transaction, place.channel_id, settings)
        await chat_rules.update_shield_preset(transaction, place.channel_id, dict(preset))
        await record(transaction, moderator, place, "shield_mode_preset", preset=dict(preset))
    return dict(preset)


def preset_of(shield: Shield) -> dict[str, Any]:
    """Give what shield mode sets; settings that this version does not know are left out."""
    preset = DEFAULT_PRESET if shield.preset is None else shield.preset
    return {name: value for name, value in preset.items() if name in SETTINGS}


def raised(before: ChatSettings, shield: Shield) -> ChatSettings:
    """Give the settings with the preset: never laxer than they are."""
    return replace(
        before, **{name: _stricter(before, name, value) for name, value in preset_of(shield).items()}
    )


def _stricter(before: ChatSettings, name: str, value: Any) -> Any:
    held = getattr(before, name)
    modes = {duration: mode for mode, (_, duration) in _MODES.items() if duration}
    if name in modes:
        return max(held, value) if getattr(before, modes[name]) else value
    if name in _ORDERS:
        return max(held, value, key=_ORDERS[name].index)
    if name in {"crowd_slow_rate", "sampling_rate"}:
        return min(held, value) if held and value else held or value
    if isinstance(held, bool) or name == "account_age_minimum":
        return max(held, value)
    return value


def lowered(before: ChatSettings, shield: Shield) -> ChatSettings:
    """Give the settings of before the shield; what somebody set otherwise meanwhile stays as they set it."""
    kept = shield.before or {}
    applied: dict[str, Any] = kept.get("set", {})
    was: dict[str, Any] = kept.get("was", {})
    return replace(
        before,
        **{
            name: value
            for name, value in was.items()
            if name in SETTINGS and getattr(before, name) == applied.get(name)
        },
    )
