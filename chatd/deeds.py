"""What moderators did, from the audit log into the rooms.

Every node with the room open hears of a deed (NOTIFY), reads it and publishes it under the deed's own key, so that it is
in the room's order once. A chat that was away for a moment finds what it missed the same way.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC
from typing import Literal
from uuid import UUID

import structlog
import trio

from chatd.delivery import RoomName
from chatd.events import (
    ChatCleared,
    Event,
    HoldDecided,
    MessageDeleted,
    ShieldSwitched,
    SuspicionChanged,
    UnbanRequested,
    UnbanResolved,
    UserCleared,
    UserRestored,
    UserWarned,
    WarningAcknowledged,
    encode,
)
from chatd.room_settings import change_of
from chatd.rooms import channel_of
from common.bus import Bus, BusUnavailableError
from common.chat_settings import VERBS
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.ids import uuid7
from common.queries import chat
from common.queries.chat import Deed

log = structlog.get_logger(__name__)

LOOK_BACK_MS = 45_000
"""Clocks of nodes differ, and a full re-check comes every 30 s. The bus knows keys for a minute."""
AT_ONCE = 200
MAX_SEEN = 20_000


class Deeds:
    """Reads what was done in channels and tells their rooms."""

    def __init__(self, db: Database, bus: Bus, *, unix_ms: Callable[[], int]) -> None:
        self._db = db
        self._bus = bus
        self._unix_ms = unix_ms
        self._seen: OrderedDict[UUID, None] = OrderedDict()

    async def tell(self, room: RoomName) -> None:
        """Publish what was done in a channel of late and was not published yet. What is away now is told later."""
        await trio.lowlevel.checkpoint()
        after = uuid7(max(0, self._unix_ms() - LOOK_BACK_MS), 0)
        try:
            while True:
                found = await chat.select_deeds(
                    self._db, channel_id=room.channel_id, after=after, limit=AT_ONCE
                )
                for deed in found:
                    await self._publish(room, deed)
                if len(found) < AT_ONCE:
                    return
                after = found[-1].id
        except (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError) as error:
            log.info("moderation_not_told", channel=room.login, error=str(error))

    async def _publish(self, room: RoomName, deed: Deed) -> None:
        await trio.lowlevel.checkpoint()
        found = events_of(deed)
        if not found or deed.id in self._seen:
            return
        for number, event in enumerate(found):
            key = f"deed:{deed.id}:{number}" if number else f"deed:{deed.id}"
            await self._bus.publish(channel_of(room.channel_id), encode(event), key=key)
        self._seen[deed.id] = None
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)


def events_of(deed: Deed) -> list[Event]:
    """Make the events of a deed; none for what concerns nobody in the room."""
    at_ms = round(deed.at.astimezone(UTC).timestamp() * 1000)
    moderator_id = deed.actor_id or 0
    said = deed.details
    user_id, login = _user_of(deed)
    match deed.action:
        case "ban" | "timeout" | "clear_user":
            duration_s = 0 if deed.action == "clear_user" else said.get("duration_s")
            return [UserCleared(user_id, login, moderator_id, at_ms, duration_s, str(said.get("reason", "")))]
        case "unban" | "untimeout":
            return [UserRestored(user_id, login, moderator_id, at_ms)]
        case "delete":
            text = str(said.get("message_body", ""))
            return [MessageDeleted(str(deed.target_id), user_id, login, text, moderator_id, at_ms)]
        case "clear":
            return [ChatCleared(moderator_id, at_ms)]
        case "approve_unban_request":
            return [UserRestored(user_id, login, moderator_id, at_ms), *_lane_of(deed, at_ms)]
        case _ if deed.action in VERBS:
            changed = change_of(said, at_ms)
            return [] if changed is None else [changed]
        case _:
            return _lane_of(deed, at_ms)


def _lane_of(deed: Deed, at_ms: int) -> list[Event]:
    """Make what moderators are told of a deed."""
    user_id, login = _user_of(deed)
    said, moderator_id, target = deed.details, deed.actor_id or 0, str(deed.target_id)
    name = str(said.get("user_name", login))
    match deed.action:
        case "warn":
            return [UserWarned(user_id, login, name, moderator_id, str(said.get("reason", "")), at_ms)]
        case "acknowledge_warning":
            return [WarningAcknowledged(user_id, login, name, at_ms)]
        case "update_suspicious_user":
            status = str(said.get("low_trust_status", ""))
            return [SuspicionChanged(user_id, login, name, moderator_id, status, at_ms)]
        case "shield_mode_begin" | "shield_mode_end":
            reason = str(said.get("reason", ""))
            return [ShieldSwitched(deed.action == "shield_mode_begin", moderator_id, reason, at_ms)]
        case "unban_request":
            return [UnbanRequested(target, user_id, login, name, str(said.get("text", "")), at_ms)]
        case "approve_unban_request" | "deny_unban_request":
            text = str(said.get("moderator_message", ""))
            verdict: Literal["approved", "denied"] = (
                "approved" if deed.action == "approve_unban_request" else "denied"
            )
            return [UnbanResolved(target, user_id, login, name, moderator_id, verdict, text, at_ms)]
        case "approve_held_message" | "deny_held_message":
            return [
                HoldDecided(
                    id=target,
                    user_id=user_id,
                    login=login,
                    display_name=name,
                    text=str(said.get("message_body", "")),
                    status="allowed" if deed.action == "approve_held_message" else "denied",
                    moderator_id=moderator_id,
                    moderator_login=str(said.get("moderator_login", "")),
                    at_ms=at_ms,
                )
            ]
        case _:
            return []


def _user_of(deed: Deed) -> tuple[int, str]:
    """Whom it concerns. Before the log named them in its details they were the target."""
    given = deed.details.get("user_id") or (deed.target_id if deed.target_type == "user" else 0)
    return int(given or 0), str(deed.details.get("user_login", ""))
