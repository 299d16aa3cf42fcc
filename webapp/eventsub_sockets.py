"""The sessions of EventSub's WebSocket that this node holds, and what each of them is to be told.

What happens comes from the outbox, as every node hears of it (NOTIFY), and from chat; subscriptions come from the database, too,
since they are made at whichever node. Each session is on one node, so each is told once.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

import structlog
import trio

from common.background import running
from common.credentials import new_secret, secret_sha256
from common.db import Change, ControlChange, Database, DatabaseError, FullRecheck
from common.metrics import Sample
from common.queries import eventsub, eventsub_sessions
from common.queries.eventsub import ENABLED, Subscription
from common.queries.outbox import ChannelEvent
from webapp import eventsub_messages as messages
from webapp.eventsub_messages import Happening
from webapp.eventsub_session import STATUS, CloseCode, Session
from webapp.eventsub_types import CHAT_TYPES

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(seconds=45)
"""A full look comes every 30 s."""
AT_ONCE = 1000
MAX_SEEN = 20_000
TOUCH_EVERY_S = 20.0
LOST_AFTER = timedelta(seconds=90)
"""After which nobody believes any more in a session whose node is silent, or whose client was to come back."""
RETRY_S = 1.0

_TOPIC = tuple[int, str, str]


class _Live:
    """A session and the bell that wakes who sends for it."""

    def __init__(self, session: Session, since: datetime) -> None:
        self.session = session
        self.since = since
        """It was on another node, or nowhere, before."""
        self.woken = trio.Event()


class Sockets:
    """What this node holds. `serve` must run beside it."""

    def __init__(
        self,
        db: Database,
        *,
        on_change: Callable[[], object] = bool,
        utc_now: Callable[[], datetime] = messages.utc_now,
    ) -> None:
        self.node = secrets.token_hex(8)
        """Of this process: another that is called the same is another."""
        self._db = db
        self._on_change = on_change
        """Called when `chats` may be others."""
        self._utc_now = utc_now
        self.is_leaving = False
        """Nobody is taken in any more."""
        self._live: dict[str, _Live] = {}
        self._emptied = trio.Event()
        self._topics: dict[_TOPIC, dict[UUID, str]] = {}
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._changed: set[UUID] = set()
        self._happened: set[int] = set()
        self._look_at_all = False
        self._bell = trio.Event()
        self._told = 0

    def samples(self) -> list[Sample]:
        """Give what `/metrics` tells."""
        return [
            ("weir_eventsub_sessions", "Sessions of EventSub's WebSocket", len(self._live)),
            ("weir_eventsub_told_total", "Notifications over EventSub's WebSocket", self._told),
        ]

    # Sessions

    async def open(self, keepalive_s: int, address: str) -> Session:
        """Begin a session; `address`: where its client connected to. Raises `DatabaseError`."""
        row = await eventsub_sessions.insert_session(self._db, new_session_id(), self.node)
        return self._hold(row, keepalive_s, address)

    async def resume(self, secret: str, keepalive_s: int, address: str) -> Session | None:
        """Go on with a session whose client was sent away with a secret; `None`: it is not, or not any more, for that."""
        row = await eventsub_sessions.take_over_session(self._db, secret_sha256(secret), self.node)
        if row is None:
            return None
        elsewhere = self._live.pop(row.id, None)  # the client was on this very node
        if elsewhere is not None:
            elsewhere.session.close(CloseCode.RECONNECT_OVER)
            elsewhere.woken.set()
            for held in elsewhere.session.subscriptions.values():
                self._forget_topic(held.subscription)
        session = self._hold(row, keepalive_s, address)
        for subscription in await eventsub.select_of_sessions(self._db, [row.id]):
            self._add(subscription)
        return session

    def _hold(self, row: eventsub_sessions.Session, keepalive_s: int, address: str) -> Session:
        session = Session(
            row.id,
            connected_at=row.connected_at,
            keepalive_s=keepalive_s,
            address=address,
            now=trio.current_time(),
        )
        self._live[row.id] = _Live(session, self._utc_now())
        return session

    async def close(self, session: Session) -> None:
        """Let go of a session, and say in the database that it is over, unless its client is to come back. Cancelling is safe."""
        await trio.lowlevel.checkpoint()
        live = self._live.get(session.id)
        if live is None or live.session is not session:
            return
        del self._live[session.id]
        if not self._live:
            self._emptied.set()
        for held in session.subscriptions.values():
            self._forget_topic(held.subscription)
        if session.is_leaving:
            return
        status = (
            STATUS.get(session.closing, "websocket_disconnected")
            if session.closing
            else "websocket_disconnected"
        )
        try:
            await eventsub_sessions.end_session(self._db, session.id, self.node, status)
        except DatabaseError as error:  # it is found lost, later
            log.info("session_not_ended", error=str(error))

    async def wait(self, session: Session, until: float) -> None:
        """Wait until there is something to do for a session, or until a time."""
        await trio.lowlevel.checkpoint()
        live = self._live.get(session.id)
        if live is None or live.session is not session:
            return
        with trio.move_on_at(until):
            await live.woken.wait()
        live.woken = trio.Event()

    async def send_away(self) -> None:
        """Ask every client to connect anew, and take nobody in. Who cannot be asked is cut when all are."""
        self.is_leaving = True
        await trio.lowlevel.checkpoint()
        for live in list(self._live.values()):
            session = live.session
            secret = new_secret("")
            try:
                if session.subscriptions:
                    await eventsub_sessions.offer_reconnect(self._db, session.id, self.node, secret.sha256)
                    session.is_leaving = True
                    session.offer(
                        messages.reconnect(
                            session.id,
                            connected_at=session.connected_at,
                            now=self._utc_now(),
                            url=f"{session.address}?reconnect={secret.text}",
                        )
                    )
            except DatabaseError as error:
                log.info("session_not_handed_over", error=str(error))
            live.woken.set()

    async def wait_empty(self) -> None:
        """Wait until there is no session here."""
        await trio.lowlevel.checkpoint()
        while self._live:
            self._emptied = trio.Event()
            await self._emptied.wait()

    def cut_all(self) -> None:
        """Close what is left."""
        for live in self._live.values():
            live.session.close(CloseCode.RECONNECT_OVER)
            live.woken.set()

    @property
    def chats(self) -> set[int]:
        """The channels of whose chat somebody here is told."""
        return {channel_id for channel_id, kind, _ in self._topics if kind in CHAT_TYPES}

    # Telling

    def tell(self, happening: Happening) -> None:
        """Tell the sessions here that want to know. Never blocks."""
        self._tell(happening, None)

    def _tell(self, happening: Happening, at: datetime | None) -> None:
        now = self._utc_now()
        for topic in _topics_of(happening):
            for subscription_id, session_id in self._topics.get(topic, {}).items():
                live = self._live[session_id]
                held = live.session.subscriptions[subscription_id]
                if at is not None and at < held.since:
                    continue
                live.session.offer(messages.notification(held.subscription, happening, now))
                live.woken.set()
                self._told += 1

    def _add(self, subscription: Subscription) -> None:
        live = self._live.get(subscription.session_id or "")
        if live is None or subscription.id in live.session.subscriptions:
            return
        live.session.subscribe(subscription, max(live.since, subscription.created_at))
        live.woken.set()
        self._topics.setdefault(_topic(subscription), {})[subscription.id] = live.session.id
        self._on_change()

    def _remove(self, subscription: Subscription, status: str | None) -> None:
        """Take a subscription from its session; `status`: why, as its client is told."""
        live = self._live.get(subscription.session_id or "")
        if live is None or live.session.subscriptions.pop(subscription.id, None) is None:
            return
        self._forget_topic(subscription)
        if status is not None:
            live.session.offer(messages.revocation(subscription, status, self._utc_now()))
            live.woken.set()

    def _forget_topic(self, subscription: Subscription) -> None:
        topic = _topic(subscription)
        ids = self._topics.get(topic, {})
        ids.pop(subscription.id, None)
        if not ids and self._topics.pop(topic, None) is not None:
            self._on_change()

    # Following the database

    async def serve(self) -> None:
        """Act on what is noted, for ever. A database that is away is waited for."""
        async with running(self._keep_sessions):
            await self._work_off()

    def note(self, change: Change) -> None:
        """Note what a change concerns."""
        match change:
            case FullRecheck():
                self._look_at_all = True
            case ControlChange(table="eventsub_subscriptions", id=str(text)):
                self._changed.add(UUID(text))
            case ControlChange(table="outbox", id=int(number)):
                self._happened.add(number)
            case _:
                return
        self._bell.set()

    async def _work_off(self) -> NoReturn:
        while True:
            await self._bell.wait()
            self._bell = trio.Event()
            try:
                await self.catch_up()
            except DatabaseError as error:
                log.info("eventsub_waits", error=str(error))
                self._look_at_all = True
                self._bell.set()
                await trio.sleep(RETRY_S)

    async def catch_up(self) -> None:
        """Read what changed, subscriptions first: who subscribed before something happened is told of it."""
        await trio.lowlevel.checkpoint()
        look_at_all, self._look_at_all = self._look_at_all, False
        changed, self._changed = self._changed, set()
        happened, self._happened = self._happened, set()
        if not self._live:
            return
        if look_at_all:
            await self._read_all()
        elif changed:
            await self._read_changed(changed)
        if not self._topics:
            return
        if look_at_all:
            channels = sorted({topic[0] for topic in self._topics})
            self._tell_events(
                await eventsub.select_late_events(self._db, channels, look_back=LOOK_BACK, limit=AT_ONCE)
            )
        new = sorted(happened - self._seen.keys())
        for begin in range(0, len(new), AT_ONCE):
            self._tell_events(await eventsub.select_events(self._db, new[begin : begin + AT_ONCE]))

    async def _read_all(self) -> None:
        held = {
            id_: entry.subscription
            for live in self._live.values()
            for id_, entry in live.session.subscriptions.items()
        }
        found = await eventsub.select_of_sessions(self._db, [*self._live])
        for subscription in found:
            self._add(subscription)
        await self._read_changed(held.keys() - {subscription.id for subscription in found})

    async def _read_changed(self, ids: Iterable[UUID]) -> None:
        await trio.lowlevel.checkpoint()
        wanted = [*ids]
        found = (
            {one.id: one for one in await eventsub.select_subscriptions(self._db, wanted)} if wanted else {}
        )
        for subscription in found.values():
            if subscription.status == ENABLED:
                self._add(subscription)
            else:
                self._remove(subscription, subscription.status)
        for id_ in wanted:
            gone = self._find(id_) if id_ not in found else None
            if gone is not None:
                self._remove(gone, await eventsub.select_reason_gone(self._db, gone.app_id, gone.owner_id))

    def _find(self, subscription_id: UUID) -> Subscription | None:
        for live in self._live.values():
            held = live.session.subscriptions.get(subscription_id)
            if held is not None:
                return held.subscription
        return None

    def _tell_events(self, events: list[ChannelEvent]) -> None:
        for event in events:
            if event.id in self._seen:
                continue
            self._seen[event.id] = None
            if len(self._seen) > MAX_SEEN:
                self._seen.popitem(last=False)
            if event.type not in CHAT_TYPES:  # chat tells of itself, and sooner
                self._tell(happening_of(event), event.created_at)

    async def _keep_sessions(self) -> NoReturn:
        while True:
            await trio.sleep(TOUCH_EVERY_S)
            try:
                await self.touch()
            except DatabaseError as error:
                log.info("sessions_not_touched", error=str(error))

    async def touch(self) -> None:
        """Say that the sessions here live, end those that were thought dead meanwhile, and those of dead nodes."""
        mine = [*self._live]
        known = await eventsub_sessions.touch_sessions(self._db, self.node, mine) if mine else set()
        for session_id in mine:
            live = self._live.get(session_id)
            if session_id not in known and live is not None:
                live.session.close(CloseCode.SERVER_ERROR)
                live.woken.set()
        await eventsub_sessions.end_lost_sessions(self._db, unseen=LOST_AFTER, limit=AT_ONCE)


def happening_of(event: ChannelEvent) -> Happening:
    """Make what is told of a row of the outbox."""
    to_id = event.event.get("to_broadcaster_user_id")
    return Happening(
        key=str(event.id),
        type=event.type,
        channel_id=event.channel_id,
        to_channel_id=int(to_id) if isinstance(to_id, str) and to_id.isdecimal() else None,
        event=event.event,
    )


def new_session_id() -> str:
    """Make the name of a session: who knows it can have things told there."""
    return new_secret("").text


def _topic(subscription: Subscription) -> _TOPIC:
    return subscription.channel_id, subscription.type, "to" if subscription.side == "to" else ""


def _topics_of(happening: Happening) -> list[_TOPIC]:
    topics: list[_TOPIC] = [(happening.channel_id, happening.type, "")]
    if happening.to_channel_id is not None:
        topics.append((happening.to_channel_id, happening.type, "to"))
    return topics
