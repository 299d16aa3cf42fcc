"""Live channels, decided in one place, since each answer is about the same few facts: who may publish, to what, and until when.

This is where RTMP, HLS and the database meet. `LiveChannels` decides synchronously, so that no `await` can come between
a check and its act; what must be written down goes through the `Ledger`, which keeps it while the database is away.

A broadcast is what viewers watch; a publication is one encoder connection that feeds it. An encoder that drops without
good-bye leaves the broadcast open for a grace time, and the same channel's next publication goes on with it.
"""

import math
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn

import structlog
import trio

from common.ingest import Accepted, PublishRequest, Rejected, StreamMetadata, Unavailable, Verdict
from common.media import MediaConfig, Packet, Track
from common.metrics import Sample
from common.queries.streams import Claim
from hls.stream import LiveStream
from weir.keys import KeyOwner, SeenKeys
from weir.live_stats import LiveStats
from weir.seams import KeyframeTap, Ledger, LedgerUnavailableError, NoTap, Shelf
from weir.stream_health import HealthBoard, StreamHealth

log = structlog.get_logger(__name__)

TICK_S = 0.1
"""How often live streams look at the clock at least: a third of the shortest part."""
SHORTEST_TICK_S = 0.01
"""How often at most, for what is due in between: the next GAP part (E5)."""
MAX_ASKS = 3
TAKEN_OVER = "Another encoder started publishing to this channel; only the newest one stays connected."
REVOKED = "This stream key was revoked. Create a new one and put it into your encoder's settings."
UNKNOWN_KEY = "This stream key is not known here. Copy it again from your channel, or create one with `weir key create`."
NO_KEY = "There is no stream key in the request. Put it into the encoder's stream key field, or behind /live/ in the URL."
TOO_MANY_WRONG_KEYS = "Too many wrong stream keys came from your address. Wait {wait_s} s, copy the key again from your channel, and try again."
UNSUPPORTED = "The encoder sends {what}, which cannot be played here. Set it to H.264 video and AAC audio."
STOPPING = "The server is shutting down or restarting; the encoder may try again."


@dataclass(eq=False, slots=True)
class Broadcast:
    """One channel's stream from going live to its end, over all reconnects of the encoder."""

    stream_id: uuid.UUID
    owner: KeyOwner
    live: LiveStream
    health: StreamHealth
    tap: KeyframeTap
    on_air: bool = False
    """True from the first media packet on: an encoder that only connects does not go live."""
    publication: "LivePublication | None" = None
    ends_at: float | None = None
    """When the grace time is over, while no encoder is connected."""
    described: bool = False
    look_at: float = 0.0

    def look(self, now: float) -> float:
        """Tick the stream unless it can have nothing to do: with hundreds, looking at each costs. Returns when it may."""
        if now >= max(self.look_at, self.live.quiet_until):
            due_at = self.live.tick(now)
            self.look_at = now + TICK_S if due_at is None else min(due_at, now + TICK_S)
        return max(self.look_at, self.live.quiet_until)


class LivePublication:
    """One admitted publisher (`common.ingest.Publication`)."""

    def __init__(
        self,
        channels: "LiveChannels",
        broadcast: Broadcast,
        owner: KeyOwner,
        request: PublishRequest,
        session_id: uuid.UUID,
        fence: int,
    ) -> None:
        self.scope = trio.CancelScope()
        self.end_reason: str | None = None
        self.broadcast = broadcast
        self.owner = owner
        self.request = request
        self.session_id = session_id
        self.fence = fence
        self.recorded = False
        self.is_useless = False
        """Whether its owner was told that it sends only what cannot be used."""
        self._channels = channels

    def handle(self, item: MediaConfig | Packet | StreamMetadata) -> None:
        """Feed the broadcast, unless a newer publisher has it by now."""
        if self.broadcast.publication is not self:
            return
        now = trio.current_time()
        if isinstance(item, Packet):
            if not self.recorded:
                self._channels.first_packet(self)
            self.broadcast.health.meter.note(item, now)
            self.broadcast.live.push(item, now)
            if item.keyframe and item.track is Track.VIDEO:
                self.broadcast.tap.keyframe(item, now)
        elif isinstance(item, StreamMetadata):
            self.broadcast.health.meter.describe(item)
        else:
            self.broadcast.health.meter.configure(item)
            self.broadcast.live.configure(item, now)
            self.broadcast.tap.configure(item)

    async def end(self, *, clean: bool) -> None:
        """Hand the end over; nothing in it waits."""
        self._channels.detach(self, clean=clean)
        await trio.lowlevel.checkpoint()

    def is_older_than(self, claim: Claim) -> bool:
        """Whether another session has the channel by this claim, and we still believe that we have it."""
        mine = claim.session_id == self.session_id
        return not mine and claim.fence >= self.fence and self.broadcast.publication is self

    def close(self, reason: str) -> None:
        """End this publisher from our side."""
        self.end_reason = reason
        self.scope.cancel(reason)


def _nobody_minds(_owner: KeyOwner) -> None:
    pass


@dataclass(slots=True)
class LiveChannels:
    """Every live channel of this process; the gate of its protocol servers (`common.ingest.Gate`)."""

    ledger: Ledger
    shelf: Shelf
    new_stream: Callable[[uuid.UUID], LiveStream]
    """Makes the packager of a new broadcast."""
    new_id: Callable[[], uuid.UUID]
    grace_s: float
    new_tap: Callable[[uuid.UUID], KeyframeTap] = NoTap
    """Makes what takes keyframes of a new broadcast."""
    keys: SeenKeys = field(default_factory=SeenKeys)
    goes_on_air: Callable[[KeyOwner], None] = _nobody_minds
    """Told of a channel that goes live, when the shelf has it and nobody can have asked for it yet."""
    stats: LiveStats = field(default_factory=LiveStats)
    health: HealthBoard = field(init=False)
    _broadcasts: dict[int, Broadcast] = field(default_factory=dict)
    _unclaimed: set[uuid.UUID] = field(default_factory=set)
    """Sessions admitted while the database was away: they claim their channel when it is back."""
    _rechecks: int = 0
    """How often we heard that somebody may no longer publish."""
    _stopping: bool = False

    def __post_init__(self) -> None:
        self.health = HealthBoard(self.ledger)

    async def admit(self, request: PublishRequest) -> Verdict:
        """Give the verdict on a publisher; the newest admitted one has the channel."""
        await trio.lowlevel.checkpoint()
        if self._stopping:
            return Unavailable(STOPPING)
        if not request.key:
            self.stats.rejected += 1
            return Rejected(NO_KEY)
        if wait_s := self.keys.wait_s(request, trio.current_time()):
            self.stats.rejected += 1
            self.stats.held_back += 1
            return Rejected(TOO_MANY_WRONG_KEYS.format(wait_s=math.ceil(wait_s)))
        session_id, from_cache = self.new_id(), False
        try:
            owner, fence = await self._ask(request.key, session_id)
            self.keys.remember(request.key, owner)
            if owner is None or fence is None:
                self.stats.rejected += 1
                if owner is None or owner.is_wrong:
                    self.keys.was_wrong(request, trio.current_time())
                if owner is None:
                    return Rejected(UNKNOWN_KEY)
                refusal = owner.refusal or REVOKED
                self.ledger.publisher_refused(owner.channel_id, request, refusal)
                return Rejected(refusal)
        except LedgerUnavailableError:
            owner = self.keys.owner(request.key)
            if owner is None:
                self.stats.unavailable += 1
                return Unavailable("The server cannot check stream keys now; the encoder may try again.")
            self.stats.admitted_from_cache += 1
            fence, from_cache = self._fence_here(owner.channel_id), True
        verdict = self._attach(owner, request, session_id, fence)
        if from_cache and isinstance(verdict, Accepted):
            self._unclaimed.add(session_id)
        return verdict

    async def _ask(self, key: str, session_id: uuid.UUID) -> tuple[KeyOwner | None, int | None]:
        """Ask the database, and again if we heard meanwhile of something revoked: the first answer may be from before it."""
        heard, asked = self._rechecks, 1
        found = await self.ledger.admit(key, session_id)
        while heard != self._rechecks and asked < MAX_ASKS:
            heard, asked = self._rechecks, asked + 1
            found = await self.ledger.admit(key, session_id)
        return found or (None, None)

    def _fence_here(self, channel_id: int) -> int:
        """Fence for an admission without the database: newer than what this process has seen of the channel."""
        broadcast = self._broadcasts.get(channel_id)
        current = broadcast.publication if broadcast else None
        return current.fence if current else 0

    def _attach(self, owner: KeyOwner, request: PublishRequest, session_id: uuid.UUID, fence: int) -> Verdict:
        broadcast = self._broadcasts.get(owner.channel_id)
        current = broadcast.publication if broadcast else None
        if current is not None and current.fence > fence:
            self.stats.rejected += 1
            return Rejected(TAKEN_OVER)
        if self._stopping:
            return Unavailable(STOPPING)
        now = trio.current_time()
        if broadcast is None:
            stream_id = self.new_id()
            live = self.new_stream(stream_id)
            health, tap = StreamHealth(stream_id, owner.login, live), self.new_tap(stream_id)
            broadcast = Broadcast(stream_id, owner, live, health, tap)
            self._broadcasts[owner.channel_id] = broadcast
        else:
            self.stats.resumed += 1
            broadcast.live.encoder_returned(now)
        publication = LivePublication(self, broadcast, owner, request, session_id, fence)
        broadcast.publication = publication
        broadcast.ends_at = None
        broadcast.health.connected(request, now)
        if current is not None:
            self.stats.takeovers += 1
            current.close(TAKEN_OVER)
        self.stats.admitted += 1
        self.keys.was_right(request)
        log.info("publisher_admitted", login=owner.login, address=request.address, encoder=request.encoder)
        return Accepted(publication)

    def first_packet(self, publication: LivePublication) -> None:
        """Media flows: write the connection down and, if it is the broadcast's first, go live."""
        publication.recorded = True
        broadcast = publication.broadcast
        if not broadcast.on_air:
            broadcast.on_air = True
            self.ledger.stream_started(broadcast.stream_id, publication.owner)
            self.shelf.add(publication.owner.login, broadcast.live)
            self.goes_on_air(publication.owner)  # no await since the line above: nobody can have asked for it
            self.health.add(broadcast.health, trio.current_time())
            log.info("went_live", login=publication.owner.login, stream=str(broadcast.stream_id))
        self.ledger.session_started(
            publication.session_id, broadcast.stream_id, publication.owner, publication.request
        )

    def detach(self, publication: LivePublication, *, clean: bool) -> None:
        """Take note that a publisher is gone; a superseded one changes nothing for the broadcast."""
        self._unclaimed.discard(publication.session_id)
        if publication.recorded:
            self.ledger.session_ended(publication.session_id, clean=clean)
        if publication.end_reason is not None and not self._stopping:
            owner, request = publication.owner, publication.request
            self.ledger.publisher_refused(owner.channel_id, request, publication.end_reason)
        broadcast = publication.broadcast
        if broadcast.publication is not publication:
            return
        broadcast.publication = None
        broadcast.health.disconnected()
        now = trio.current_time()
        if not broadcast.on_air:
            broadcast.live.close()
            del self._broadcasts[broadcast.owner.channel_id]
        elif clean or self._stopping or publication.end_reason is not None:
            self._finish(broadcast, self._why_ended(publication), now)
        else:
            log.info("publisher_dropped", login=broadcast.owner.login, grace_s=self.grace_s)
            broadcast.live.encoder_left(now)
            broadcast.ends_at = now + self.grace_s

    def _why_ended(self, publication: LivePublication) -> str:
        if self._stopping:
            return "server_stopped"
        return "ended_by_server" if publication.end_reason is not None else "ended_by_encoder"

    def _finish(self, broadcast: Broadcast, reason: str, now: float) -> None:
        broadcast.live.finish(now)
        broadcast.tap.close()
        self.shelf.end(broadcast.owner.login, now)
        self.health.remove(broadcast.health)
        self.ledger.stream_ended(broadcast.stream_id, reason)
        del self._broadcasts[broadcast.owner.channel_id]
        log.info("went_offline", login=broadcast.owner.login, stream=str(broadcast.stream_id), reason=reason)

    def tick(self, now: float) -> float:
        """Do what is due: gaps in streams whose encoder is away, the end of broadcasts whose grace time is over.

        Returns when to come again.
        """
        next_at = now + TICK_S
        for broadcast in list(self._broadcasts.values()):
            next_at = min(next_at, broadcast.look(now))
            if broadcast.ends_at is not None and broadcast.ends_at <= now:
                self._finish(broadcast, "encoder_lost", now)
            elif not broadcast.on_air:
                self._warn_of_useless(broadcast)
            elif not broadcast.described:
                self._describe(broadcast)
        self.health.tick(now)
        return max(next_at, now + SHORTEST_TICK_S)

    def _warn_of_useless(self, broadcast: Broadcast) -> None:
        """An encoder whose codecs cannot be used never goes live; health tells its owner nothing before that."""
        publication = broadcast.publication
        if publication is None or publication.is_useless:
            return
        unsupported = publication.request.link().unsupported
        if unsupported:
            publication.is_useless = True
            told = UNSUPPORTED.format(what=" and ".join(unsupported))
            self.ledger.publisher_refused(publication.owner.channel_id, publication.request, told)

    def _describe(self, broadcast: Broadcast) -> None:
        info = broadcast.live.info
        if info is not None and broadcast.publication is not None:
            broadcast.described = True
            self.ledger.stream_described(broadcast.stream_id, info, broadcast.health.meter.encoder)

    async def run(self) -> NoReturn:
        """Watch the clock for all streams."""
        while True:
            next_at = self.tick(trio.current_time())
            await trio.sleep_until(next_at)

    async def recheck_keys(self, key_id: int | None = None) -> None:
        """Ask the database anew about the keys in use (one, or all) and end who may no longer publish."""
        self._rechecks += 1
        await trio.lowlevel.checkpoint()
        for publication in self.publications():
            if key_id not in {None, publication.owner.key_id}:
                continue
            try:
                owner = await self.ledger.key_owner(publication.request.key)
            except LedgerUnavailableError:
                return
            self.keys.remember(publication.request.key, owner)
            if owner is None or owner.refusal is not None:
                log.info("publisher_refused_later", login=publication.owner.login)
                publication.close(REVOKED if owner is None else owner.refusal or REVOKED)

    async def recheck_channel(self, channel_id: int) -> None:
        """Ask the database whether a channel may be live at all, and end its broadcast if not.

        Also while its encoder is away: the broadcast would wait for it, and admit it from memory while the database is away.
        """
        self._rechecks += 1
        await trio.lowlevel.checkpoint()
        try:
            refusal = await self.ledger.channel_refusal(channel_id)
        except LedgerUnavailableError:
            return
        if refusal is None:
            return
        self.keys.forget_channel(channel_id)
        broadcast = self._broadcasts.get(channel_id)
        if broadcast is None:
            return
        log.info("channel_refused_later", login=broadcast.owner.login)
        if broadcast.publication is not None:
            broadcast.publication.close(refusal)
        elif broadcast.on_air:
            self._finish(broadcast, "ended_by_server", trio.current_time())

    async def recheck_claims(self, channel_id: int | None = None) -> None:
        """Ask the database who has the channels (one, or all) and end our publishers that are no longer the newest."""
        await trio.lowlevel.checkpoint()
        for publication in self.publications():
            owner = publication.owner
            if channel_id not in {None, owner.channel_id}:
                continue
            try:
                if publication.session_id in self._unclaimed:
                    publication.fence = await self.ledger.claim(owner.channel_id, publication.session_id)
                    self._unclaimed.discard(publication.session_id)
                    continue
                claim = await self.ledger.current_claim(owner.channel_id)
            except LedgerUnavailableError:
                return
            if claim is not None and publication.is_older_than(claim):
                self.stats.takeovers += 1
                publication.close(TAKEN_OVER)

    def publications(self) -> list[LivePublication]:
        """Every publisher that has a channel now."""
        return [b.publication for b in self._broadcasts.values() if b.publication is not None]

    def stop(self) -> None:
        """Admit nobody any more and end every broadcast: viewers get ENDLIST, the database an end."""
        self._stopping = True
        now = trio.current_time()
        for broadcast in list(self._broadcasts.values()):
            if broadcast.publication is not None:
                broadcast.publication.close(STOPPING)
                broadcast.publication = None
            if broadcast.on_air:
                self._finish(broadcast, "server_stopped", now)
            else:
                broadcast.live.close()

    def samples(self) -> Iterable[Sample]:
        """Counters for /metrics."""
        on_air = sum(broadcast.on_air for broadcast in self._broadcasts.values())
        yield "weir_live_broadcasts", "Broadcasts that are on air", on_air
        yield "weir_publishers", "Encoders that have a channel now", len(self.publications())
        yield (
            "weir_wrong_key_clients",
            "Addresses from which wrong keys came lately",
            self.keys.clients_with_wrong_keys,
        )
        yield from self.stats.samples()
