"""News of channels for the people in their rooms: online, offline, a new title, who subscribed, how many watch.

Events come from the outbox, where they stand in the transaction of what happened; each has its own key on the bus, so that
every node may tell it and a room hears it once. Viewer counts are told by each node to its own people: a number that is
missed is not missed.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec
import structlog
import trio

from chatd.cutting import Cutter
from chatd.events import (
    ChannelUpdated,
    Event,
    StreamOffline,
    StreamOnline,
    SubscriptionNoticed,
    ViewersCounted,
    encode,
)
from chatd.rooms import Rooms, channel_of
from common.bus import Bus, BusUnavailableError
from common.db import Database, DatabaseUnavailableError, StatementTimeoutError
from common.queries import chat, directory
from common.queries.chat import Tiding
from common.subscription_notices import Notice, NoticeMessage

log = structlog.get_logger(__name__)

COUNT_EVERY_S = 15.0
LOOK_BACK_S = 45
MAX_SEEN = 20_000
_AWAY = (DatabaseUnavailableError, StatementTimeoutError, BusUnavailableError)


class Tidings:
    """Tells the rooms of this node what happens to their channels."""

    def __init__(
        self, db: Database, bus: Bus, rooms: Rooms, cutter: Cutter, *, unix_ms: Callable[[], int]
    ) -> None:
        self._db = db
        self._cutter = cutter
        self._bus = bus
        self._rooms = rooms
        self._unix_ms = unix_ms
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._counts: dict[int, tuple[str, int]] = {}
        """By channel, what was told last: stream and viewers."""

    async def tell(self, event_id: int | None) -> None:
        """Tell an event of the outbox, or (`None`) all of late. What is away now is told by a later look."""
        await trio.lowlevel.checkpoint()
        try:
            if event_id is not None:
                found = [await chat.select_tiding(self._db, event_id)]
            else:
                ids = self._rooms.open_ids
                found = [*await chat.select_tidings(self._db, ids, look_back_s=LOOK_BACK_S)] if ids else []
            for tiding in found:
                if tiding is not None:
                    await self._publish(tiding)
        except _AWAY as error:
            log.info("tidings_not_told", error=str(error))

    async def count_for_ever(self) -> NoReturn:
        """Tell how many watch, again and again."""
        while True:
            await trio.sleep(COUNT_EVERY_S)
            try:
                await self._count()
            except _AWAY as error:
                log.info("viewers_not_told", error=str(error))

    async def _publish(self, tiding: Tiding) -> None:
        await trio.lowlevel.checkpoint()
        if tiding.id in self._seen or self._rooms.name_of(tiding.channel_id) is None:
            return
        event = event_of(tiding)
        if isinstance(event, SubscriptionNoticed):
            event = await self._taken_apart(tiding.channel_id, event)
        if event is not None:
            key = f"event:{tiding.id}"
            await self._bus.publish(channel_of(tiding.channel_id), encode(event), key=key)
        self._seen[tiding.id] = None
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)

    async def _taken_apart(self, channel_id: int, event: SubscriptionNoticed) -> SubscriptionNoticed:
        """Find emotes in what somebody adds to a notice: who writes it down knows none."""
        await trio.lowlevel.checkpoint()
        notice = event.notice
        text = notice.message.text
        if not text or notice.chatter_is_anonymous:
            return event
        pieces = await self._cutter.cut(text, channel_id=channel_id, user_id=int(notice.chatter_user_id))
        replace = msgspec.structs.replace
        return replace(event, notice=replace(notice, message=NoticeMessage(text, pieces)))

    async def _count(self) -> None:
        await trio.lowlevel.checkpoint()
        ids = self._rooms.open_ids
        live = await directory.select_live_of(self._db, ids) if ids else []
        before, self._counts = self._counts, {}
        for entry in live:
            count = (str(entry.stream_id), entry.viewer_count)
            self._counts[entry.channel_id] = count
            if before.get(entry.channel_id) != count:
                self._rooms.tell_here(entry.channel_id, ViewersCounted(self._unix_ms(), *count))


def event_of(tiding: Tiding) -> Event | None:
    """Make the event for a room; `None` for a type that rooms do not tell."""
    body: dict[str, Any] = tiding.event
    at_ms = round(tiding.created_at.timestamp() * 1000)
    match tiding.type:
        case "stream.online":
            started_ms = round(
                datetime.fromisoformat(str(body["started_at"])).astimezone(UTC).timestamp() * 1000
            )
            return StreamOnline(started_ms, str(body["id"]), str(body.get("title", "")))
        case "stream.offline":
            return StreamOffline(at_ms, str(body["id"]))
        case "channel.update":
            return ChannelUpdated(
                at_ms,
                title=str(body.get("title", "")),
                category_id=str(body.get("category_id", "")),
                category_name=str(body.get("category_name", "")),
                language=str(body.get("language", "")),
            )
        case "channel.chat.notification":
            try:
                return SubscriptionNoticed(at_ms, msgspec.convert(body, Notice))
            except msgspec.ValidationError:  # of a kind that this node is too old to know
                return None
        case _:
            return None
