"""The settings of a room, as people are told of them: in NOTICE and ROOMSTATE of IRC, and from the log of what was changed. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chatd.events import RoomChanged, RoomState
from chatd.refusals import in_words

_FIELDS = tuple(field.name for field in msgspec.structs.fields(RoomState))

WORDS = {
    "emote-only": ("emote_only", "emote-only"),
    "r9k": ("r9k", "unique-chat"),
    "subs-only": ("subs", "subscribers-only"),
}
"""By tag of ROOMSTATE: what NOTICE ids begin with, and what the mode is called."""


def state_of(settings: Mapping[str, Any]) -> RoomState:
    """Read what is told of a room from its settings by name; those that are left out are as by default."""
    return msgspec.convert(
        {name: settings[name] for name in _FIELDS if name in settings}, RoomState, strict=False
    )


def slowed(state: RoomState, wait_s: int) -> RoomState:
    """Give the settings of a room in which people wait so many seconds, at least, because it is too fast to read."""
    if state.slow_mode and state.slow_mode_wait_time >= wait_s:
        return state
    return msgspec.structs.replace(state, slow_mode=True, slow_mode_wait_time=wait_s)


def change_of(details: Mapping[str, Any], at_ms: int) -> RoomChanged | None:
    """Make the event of an entry in the log (`common.chat_settings`); `None` when nothing changed that a room tells."""
    room = details.get("room")
    if not isinstance(room, dict):
        return None
    try:
        after = state_of(room["after"])
        before = state_of({**room["after"], **room["before"]})
    except (KeyError, TypeError, msgspec.ValidationError):
        return None  # of another version
    return RoomChanged(at_ms, before, after) if before != after else None


def tags_of(state: RoomState) -> list[tuple[str, str]]:
    """Write settings as tags of ROOMSTATE."""
    return [
        ("emote-only", str(int(state.emote_mode))),
        ("followers-only", str(state.follower_mode_duration if state.follower_mode else -1)),
        ("r9k", str(int(state.unique_chat_mode))),
        ("slow", str(state.slow_mode_wait_time if state.slow_mode else 0)),
        ("subs-only", str(int(state.subscriber_mode))),
    ]


def notice_of(tag: str, value: str) -> tuple[str, str]:
    """Say what a setting is now: the id of a NOTICE, and its sentence."""
    match tag:
        case "slow":
            if value == "0":
                return "slow_off", "This room is no longer in slow mode."
            return "slow_on", f"This room is now in slow mode. You may send messages every {value} seconds."
        case "followers-only":
            if value == "-1":
                return "followers_off", "This room is no longer in followers-only mode."
            if value == "0":
                return "followers_on_zero", "This room is now in followers-only mode."
            return "followers_on", f"This room is now in {in_words(int(value))} followers-only mode."
        case _:
            message_id, words = WORDS[tag]
            if value == "0":
                return f"{message_id}_off", f"This room is no longer in {words} mode."
            return f"{message_id}_on", f"This room is now in {words} mode."
