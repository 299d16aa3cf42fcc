"""EventSub on one node: follows what happens, and tells whoever asked to be told.

Everything is found in the database, so any number of nodes may do this at once: sessions of the WebSocket are each on one node,
and webhooks are served from the queue of deliveries.
"""

from collections import deque
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any, NoReturn

import structlog
import trio

from common.background import running
from common.db import Change, ControlChange, Database, DatabaseError, FullRecheck
from common.egress import EgressClient
from common.metrics import Family, Sample
from common.queries import eventsub, eventsub_webhooks
from webapp.eventsub_messages import Happening
from webapp.eventsub_sockets import Sockets
from webapp.eventsub_verifier import Verifier

log = structlog.get_logger(__name__)

RIGHTS = frozenset({"access_tokens", "users", "channel_roles", "chat_bans"})
"""Tables on which it depends whether a subscription may go on."""
JUDGE_AGAIN_S = 0.2
"""Between two looks at all subscriptions."""
AWAY_S = 2.0
KEPT = timedelta(days=10)
"""How long subscriptions that are over are still listed."""
CLEAN_UP = 500
LEAVE_S = 3.0
"""How long a client may take to come back elsewhere before its old connection is closed."""
MAX_WAITING = 2000
"""Events of chat that are still to be written down for webhooks; what is more is lost, and counted."""


class EventSub:
    """What a node needs to tell of events. `serve` must run beside it.

    Args:
        db: where subscriptions are.
        egress: reaches webhooks; `None`: none are told anything by this process.

    """

    def __init__(self, db: Database, egress: EgressClient | None = None) -> None:
        self.sockets = Sockets(db, on_change=self._note_chats)
        self._db = db
        self._verifier = None if egress is None else Verifier(db, egress)
        self._to_judge = trio.Event()
        self._to_read = trio.Event()
        self._webhook_chats: set[tuple[int, str]] = set()
        self._chats: frozenset[int] = frozenset()
        self._chats_turned = trio.Event()
        self._waiting: deque[Happening] = deque()
        self._arrived = trio.Event()
        self._lost = 0

    def samples(self) -> list[Sample | Family]:
        """Give what `/metrics` tells."""
        return [
            *self.sockets.samples(),
            ("weir_eventsub_lost_total", "Events of chat that webhooks were not told: too many", self._lost),
        ]

    async def serve(self) -> None:
        """Do all of it, for ever. A database that is away is waited for."""
        more = [] if self._verifier is None else [self._verifier.serve]
        async with running(
            self.sockets.serve, self._keep_judging, self._keep_reading, self._write_down, *more
        ):
            with self._db.subscribe() as feed:
                async for change in feed:
                    self.note(change)

    async def leave(self, stop: trio.Event) -> None:
        """Wait for `stop`; then send the clients of the WebSocket elsewhere, and close what is left after a moment."""
        await stop.wait()
        await self.sockets.send_away()
        with trio.move_on_after(LEAVE_S):
            await self.sockets.wait_empty()
        self.sockets.cut_all()

    def note(self, change: Change) -> None:
        """Note what changed."""
        self.sockets.note(change)
        if self._verifier is not None:
            self._verifier.note(change)
        match change:
            case FullRecheck():
                self._to_judge.set()
                self._to_read.set()
            case ControlChange(table="eventsub_subscriptions"):
                self._to_read.set()
            case ControlChange(table=table) if table in RIGHTS:
                self._to_judge.set()
            case _:
                pass

    # Chat

    @property
    def chats(self) -> AbstractSet[int]:
        """Channels of whose chat this node is to be told."""
        return self._chats

    async def wait_chats(self, known: AbstractSet[int]) -> AbstractSet[int]:
        """Wait until `chats` is not `known`, and give it."""
        await trio.lowlevel.checkpoint()
        while self._chats == known:
            await self._chats_turned.wait()
        return self._chats

    def tell_chat(self, key: str, type_: str, channel_id: int, event: dict[str, Any]) -> None:
        """Tell what happened in a chat. Every node may: `key` says what is the same. Never blocks."""
        happening = Happening(key, type_, channel_id, None, event)
        self.sockets.tell(happening)
        if (channel_id, type_) not in self._webhook_chats:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(happening)
        self._arrived.set()

    def _note_chats(self) -> None:
        chats = frozenset(self.sockets.chats | {channel_id for channel_id, _ in self._webhook_chats})
        if chats != self._chats:
            self._chats = chats
            self._chats_turned.set()
            self._chats_turned = trio.Event()

    async def _write_down(self) -> NoReturn:
        """Put what webhooks are told of chat where they are told from."""
        while True:
            await self._arrived.wait()
            self._arrived = trio.Event()
            while self._waiting:
                happening = self._waiting[0]
                try:
                    await eventsub.insert_event(
                        self._db,
                        key=happening.key,
                        channel_id=happening.channel_id,
                        type=happening.type,
                        event=happening.event,
                    )
                except DatabaseError as error:
                    log.info("chat_not_told", error=str(error))
                    await trio.sleep(AWAY_S)
                    continue
                if self._waiting and self._waiting[0] is happening:
                    self._waiting.popleft()

    # What depends on other tables

    async def _keep_judging(self) -> NoReturn:
        while True:
            await self._to_judge.wait()
            self._to_judge = trio.Event()
            try:
                ended = await eventsub.revoke_unfounded(self._db)
                if ended:
                    log.info("subscriptions_revoked", subscriptions=ended)
                await eventsub.delete_over(self._db, kept=KEPT, limit=CLEAN_UP)
            except DatabaseError as error:
                log.info("subscriptions_not_judged", error=str(error))
                self._to_judge.set()
                await trio.sleep(AWAY_S)
            await trio.sleep(JUDGE_AGAIN_S)

    async def _keep_reading(self) -> NoReturn:
        while True:
            await self._to_read.wait()
            self._to_read = trio.Event()
            try:
                self._webhook_chats = await eventsub_webhooks.select_webhook_chats(self._db)
                self._note_chats()
            except DatabaseError as error:
                log.info("chats_not_read", error=str(error))
                self._to_read.set()
                await trio.sleep(AWAY_S)
            await trio.sleep(JUDGE_AGAIN_S)
