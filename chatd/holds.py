"""Messages that wait for a moderator: put into the channel's queue here, said here once somebody allowed them.

The queue is a table, so it outlives nodes and the web role decides in it, too (`common.moderation_holds`). A message takes its
place in the room's order when it is said, and its author is then who they are by then.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import NoReturn
from uuid import UUID

import msgspec
import structlog
import trio

from chatd.delivery import RoomName
from chatd.events import HoldDecided, MessageHeld, MessageSent, decode, encode
from chatd.rooms import channel_of
from chatd.rules import Dropped
from common.bus import Bus, BusUnavailableError
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.moderation_holds import HOLD_S, MAX_WAITING, MAX_WAITING_OF_ONE
from common.principals import Principal
from common.queries import moderation_holds
from common.queries.moderation_holds import AllowedHold, Hold

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
AT_ONCE = 50
MayEnter = Callable[[Principal, str], Awaitable[bool]]
_AWAY = (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError)

HELD = Dropped("msg_rejected", "Your message is being checked by mods and has not been sent.")
FULL = Dropped(
    "msg_rejected_mandatory",
    "Your message wasn't posted due to conflicts with the channel's moderation settings.",
)


class Holds:
    """The queues of all channels, as one node sees to them. `run` must be running."""

    def __init__(self, db: Database, bus: Bus, *, unix_ms: Callable[[], int], may_enter: MayEnter) -> None:
        """`may_enter`: whether somebody could write by now in the room of a channel, given by its login."""
        self._may_enter = may_enter
        self._db = db
        self._bus = bus
        self._unix_ms = unix_ms
        self._wake = trio.Event()

    async def hold(
        self, room: RoomName, message: MessageSent, *, held_for: str, category: str = ""
    ) -> Dropped:
        """Have a message wait instead of being said; gives what its author is told.

        `held_for` says what held it (`suspicious_user`, letters and underscores), `category` what is wrong with it. When
        too much waits already, it is refused. Raises as the database does; the bus may be away.
        """
        is_held = await moderation_holds.insert_hold(
            self._db,
            UUID(message.id),
            channel_id=room.channel_id,
            user_id=message.chatter.user_id,
            text=message.text,
            held_for=held_for,
            category=category,
            message=encode(message),
            holds_s=HOLD_S,
            at_most=MAX_WAITING,
            at_most_of_one=MAX_WAITING_OF_ONE,
        )
        if not is_held:
            return FULL
        who, now_ms = message.chatter, self._unix_ms()
        event = MessageHeld(
            id=message.id,
            user_id=who.user_id,
            login=who.login,
            display_name=who.display_name,
            text=message.text,
            held_for=held_for,
            category=category,
            at_ms=now_ms,
            expires_at_ms=now_ms + HOLD_S * 1000,
        )
        try:
            await self._bus.publish(channel_of(room.channel_id), encode(event), key=f"held:{message.id}")
        except BusUnavailableError:
            log.info("hold_not_told", channel=room.login)  # it stands in the queue all the same
        return HELD

    def look(self) -> None:
        """Say what was allowed soon: something was decided."""
        self._wake.set()

    async def run(self) -> NoReturn:
        """Say what was allowed and settle what waited too long, until cancelled."""
        while True:
            self._wake = trio.Event()
            try:
                # As long as there may be more: what is over counts as waiting until it is settled here.
                while max(await self._release(), await self._expire()) == AT_ONCE:
                    pass
            except _AWAY as error:
                log.info("holds_not_settled", error=str(error))
            with trio.move_on_after(LOOK_EVERY_S):
                await self._wake.wait()

    async def _release(self) -> int:
        """Say what was allowed, and give how many that were. Other nodes leave out what is locked; a node that dies here leaves it to them.

        Until the lock is gone the message's key keeps it from being said twice.
        """
        async with self._db.transaction() as transaction:
            found = await moderation_holds.take_allowed(transaction, limit=AT_ONCE)
            for one in found:
                author = Principal("session", one.user_id, one.user_login, one.user_name)
                is_void = one.is_void or not await self._may_enter(author, one.channel_login)
                event = self._released(one, is_void=is_void)
                await self._bus.publish(channel_of(one.channel_id), encode(event), key=f"released:{one.id}")
                is_said = isinstance(event, MessageSent)
                await moderation_holds.settle_release(transaction, one.id, is_said=is_said)
        return len(found)

    def _released(self, one: AllowedHold, *, is_void: bool) -> MessageSent | HoldDecided:
        """Give a message as it is said now, by who its author is by now; or why it is not."""
        now_ms = self._unix_ms()
        try:
            message = decode(one.message)
        except msgspec.DecodeError:
            message = None  # of another version
        if is_void or not isinstance(message, MessageSent):
            return HoldDecided(
                id=str(one.id),
                user_id=one.user_id,
                login=one.user_login,
                display_name=one.user_name,
                text=one.text,
                status="canceled",
                moderator_id=0,
                moderator_login="",
                at_ms=now_ms,
            )
        replace = msgspec.structs.replace
        author = replace(message.chatter, login=one.user_login, display_name=one.user_name)
        # The author was told that it waits, on every protocol: all of their connections get it now.
        # A moderator let it pass: it is no part of a raid.
        return replace(message, chatter=author, at_ms=now_ms, sender_connection="", trust="")

    async def _expire(self) -> int:
        found = await moderation_holds.expire_holds(self._db, limit=AT_ONCE)
        for one in found:
            await self._bus.publish(
                channel_of(one.channel_id), encode(_expired(one, self._unix_ms())), key=f"expired:{one.id}"
            )
        return len(found)


def _expired(one: Hold, now_ms: int) -> HoldDecided:
    return HoldDecided(
        id=str(one.id),
        user_id=one.user_id,
        login=one.user_login,
        display_name=one.user_name,
        text=one.text,
        status="expired",
        moderator_id=0,
        moderator_login="",
        at_ms=min(now_ms, round(one.expires_at.astimezone(UTC).timestamp() * 1000)),
    )
