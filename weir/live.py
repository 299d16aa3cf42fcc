"""Live channels: who may publish, which broadcast a publisher belongs to, and when a broadcast ends.

This is where RTMP, HLS and the database meet. `LiveChannels` decides synchronously, so that no `await` can come between
a check and its act; what must be written down goes through the `Ledger`, which keeps it while the database is away.

A broadcast is what viewers watch; a publication is one encoder connection that feeds it. An encoder that drops without
good-bye leaves the broadcast open for a grace time, and the same channel's next publication goes on with it.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

import structlog
import trio

from common.ingest import Accepted, PublishRequest, Rejected, StreamMetadata, Unavailable, Verdict
from common.media import MediaConfig, Packet
from common.metrics import Sample
from common.queries.streams import Claim
from hls.stream import LiveStream, StreamInfo

log = structlog.get_logger(__name__)

TICK_S = 0.1
"""How often live streams look at the clock: a third of the shortest part."""
KEY_CACHE = 10_000
"""Keys remembered so that known streamers can publish while the database is away."""
TAKEN_OVER = "Another encoder started publishing to this channel; only the newest one stays connected."
REVOKED = "This stream key was revoked. Create a new one and put it into your encoder's settings."
UNKNOWN_KEY = "This stream key is not known here. Copy it again from your channel, or create one with `weir key create`."
NO_KEY = "There is no stream key in the request. Put it into the encoder's stream key field, or behind /live/ in the URL."
STOPPING = "The server is shutting down or restarting; the encoder may try again."


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """What the database knows of a stream key."""

    key_id: int
    channel_id: int
    login: str
    title: str
    refusal: str | None
    """Why the key must not publish (revoked, suspended), as a sentence for the encoder; `None` when it may."""


class LedgerUnavailableError(Exception):
    """The database cannot be asked now."""


class Ledger(Protocol):
    """What live channels ask of the database, and what they have it write down."""

    async def key_owner(self, key: str) -> KeyOwner | None:
        """Look a stream key up; `None` when it is unknown. Raises `LedgerUnavailableError`."""

    async def claim(self, channel_id: int, session_id: uuid.UUID) -> int:
        """Make `session_id` the channel's publisher and return its fence: newer claims get higher numbers.

        Raises:
            LedgerUnavailableError: the database cannot be asked now.
        """

    async def current_claim(self, channel_id: int) -> Claim | None:
        """Give the channel's newest claim; `None` when there is none. Raises `LedgerUnavailableError`."""

    def stream_started(self, stream_id: uuid.UUID, owner: KeyOwner) -> None:
        """Write down that a broadcast went live. This and the rest return at once and are kept through an outage."""

    def stream_described(self, stream_id: uuid.UUID, info: StreamInfo, encoder: str) -> None:
        """Write down codecs, size, frame rate and the encoder's name."""

    def stream_ended(self, stream_id: uuid.UUID, reason: str) -> None:
        """Write down that a broadcast is over."""

    def session_started(
        self, session_id: uuid.UUID, stream_id: uuid.UUID, owner: KeyOwner, request: PublishRequest
    ) -> None:
        """Write down a publisher connection that sent media."""

    def session_ended(self, session_id: uuid.UUID, *, clean: bool) -> None:
        """Write down that it is gone."""


class Shelf(Protocol):
    """Where viewers find streams (hls.directory.Directory)."""

    def add(self, login: str, stream: LiveStream) -> None:
        """Make `stream` the current one of `login`."""

    def end(self, login: str, now: float) -> None:
        """No longer current; what viewers have begun to load stays for a while."""


@dataclass(eq=False, slots=True)
class Broadcast:
    """One channel's stream from going live to its end, over all reconnects of the encoder."""

    stream_id: uuid.UUID
    owner: KeyOwner
    live: LiveStream
    on_air: bool = False
    """True from the first media packet on: an encoder that only connects does not go live."""
    publication: "LivePublication | None" = None
    ends_at: float | None = None
    """When the grace time is over, while no encoder is connected."""
    described: bool = False


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
        self._channels = channels

    def handle(self, item: MediaConfig | Packet | StreamMetadata) -> None:
        """Feed the broadcast, unless a newer publisher has it by now."""
        if self.broadcast.publication is not self:
            return
        now = trio.current_time()
        if isinstance(item, Packet):
            if not self.recorded:
                self._channels.first_packet(self)
            self.broadcast.live.push(item, now)
        elif not isinstance(item, StreamMetadata):
            self.broadcast.live.configure(item, now)

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


@dataclass(slots=True)
class LiveStats:
    """Counters for /metrics."""

    admitted: int = 0
    rejected: int = 0
    unavailable: int = 0
    takeovers: int = 0
    resumed: int = 0
    admitted_from_cache: int = 0


@dataclass(slots=True)
class LiveChannels:
    """Every live channel of this process; the gate of its protocol servers (`common.ingest.Gate`)."""

    ledger: Ledger
    shelf: Shelf
    new_stream: Callable[[uuid.UUID], LiveStream]
    """Makes the packager of a new broadcast."""
    new_id: Callable[[], uuid.UUID]
    grace_s: float
    stats: LiveStats = field(default_factory=LiveStats)
    _broadcasts: dict[int, Broadcast] = field(default_factory=dict)
    _known_keys: "OrderedDict[str, KeyOwner]" = field(default_factory=OrderedDict)
    _unclaimed: set[uuid.UUID] = field(default_factory=set)
    """Sessions admitted while the database was away: they claim their channel when it is back."""
    _stopping: bool = False

    async def admit(self, request: PublishRequest) -> Verdict:
        """Give the verdict on a publisher; the newest admitted one has the channel."""
        await trio.lowlevel.checkpoint()
        if self._stopping:
            return Unavailable(STOPPING)
        if not request.key:
            self.stats.rejected += 1
            return Rejected(NO_KEY)
        session_id, from_cache = self.new_id(), False
        try:
            owner = await self.ledger.key_owner(request.key)
            self._remember(request.key, owner)
            refusal = UNKNOWN_KEY if owner is None else owner.refusal
            if owner is None or refusal is not None:
                self.stats.rejected += 1
                return Rejected(refusal or UNKNOWN_KEY)
            fence = await self.ledger.claim(owner.channel_id, session_id)
        except LedgerUnavailableError:
            owner = self._known_keys.get(request.key)
            if owner is None:
                self.stats.unavailable += 1
                return Unavailable("The server cannot check stream keys now; the encoder may try again.")
            self.stats.admitted_from_cache += 1
            fence, from_cache = self._fence_here(owner.channel_id), True
        verdict = self._attach(owner, request, session_id, fence)
        if from_cache and isinstance(verdict, Accepted):
            self._unclaimed.add(session_id)
        return verdict

    def _remember(self, key: str, owner: KeyOwner | None) -> None:
        if owner is None or owner.refusal is not None:
            self._known_keys.pop(key, None)
            return
        self._known_keys[key] = owner
        self._known_keys.move_to_end(key)
        if len(self._known_keys) > KEY_CACHE:
            self._known_keys.popitem(last=False)

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
            broadcast = Broadcast(stream_id, owner, self.new_stream(stream_id))
            self._broadcasts[owner.channel_id] = broadcast
        else:
            self.stats.resumed += 1
            broadcast.live.encoder_returned(now)
        publication = LivePublication(self, broadcast, owner, request, session_id, fence)
        broadcast.publication = publication
        broadcast.ends_at = None
        if current is not None:
            self.stats.takeovers += 1
            current.close(TAKEN_OVER)
        self.stats.admitted += 1
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
            log.info("went_live", login=publication.owner.login, stream=str(broadcast.stream_id))
        self.ledger.session_started(
            publication.session_id, broadcast.stream_id, publication.owner, publication.request
        )

    def detach(self, publication: LivePublication, *, clean: bool) -> None:
        """Take note that a publisher is gone; a superseded one changes nothing for the broadcast."""
        self._unclaimed.discard(publication.session_id)
        if publication.recorded:
            self.ledger.session_ended(publication.session_id, clean=clean)
        broadcast = publication.broadcast
        if broadcast.publication is not publication:
            return
        broadcast.publication = None
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
        self.shelf.end(broadcast.owner.login, now)
        self.ledger.stream_ended(broadcast.stream_id, reason)
        del self._broadcasts[broadcast.owner.channel_id]
        log.info("went_offline", login=broadcast.owner.login, stream=str(broadcast.stream_id), reason=reason)

    def tick(self, now: float) -> None:
        """Do what is due: gaps in streams whose encoder is away, the end of broadcasts whose grace time is over."""
        for broadcast in list(self._broadcasts.values()):
            broadcast.live.tick(now)
            if broadcast.ends_at is not None and broadcast.ends_at <= now:
                self._finish(broadcast, "encoder_lost", now)
            elif not broadcast.described:
                self._describe(broadcast)

    def _describe(self, broadcast: Broadcast) -> None:
        info, publication = broadcast.live.info, broadcast.publication
        if info is not None and publication is not None:
            broadcast.described = True
            self.ledger.stream_described(broadcast.stream_id, info, publication.request.encoder)

    async def run(self) -> NoReturn:
        """Watch the clock for all streams."""
        while True:
            await trio.sleep(TICK_S)
            self.tick(trio.current_time())

    async def recheck_keys(self, key_id: int | None = None) -> None:
        """Ask the database anew about the keys in use (one, or all) and end who may no longer publish."""
        await trio.lowlevel.checkpoint()
        for publication in self.publications():
            if key_id not in {None, publication.owner.key_id}:
                continue
            try:
                owner = await self.ledger.key_owner(publication.request.key)
            except LedgerUnavailableError:
                return
            self._remember(publication.request.key, owner)
            if owner is None or owner.refusal is not None:
                log.info("publisher_refused_later", login=publication.owner.login)
                publication.close(REVOKED if owner is None else owner.refusal or REVOKED)

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
        stats, live = self.stats, self._broadcasts.values()
        yield "weir_live_broadcasts", "Broadcasts that are on air", sum(b.on_air for b in live)
        yield "weir_publishers", "Encoders that have a channel now", len(self.publications())
        yield "weir_publishers_admitted_total", "Encoders admitted", stats.admitted
        yield "weir_publishers_rejected_total", "Encoders refused for their key", stats.rejected
        yield "weir_publishers_unavailable_total", "Encoders sent away without a verdict", stats.unavailable
        yield "weir_publisher_takeovers_total", "Encoders replaced by a newer one", stats.takeovers
        yield "weir_publishers_resumed_total", "Encoders that went on with an open broadcast", stats.resumed
        yield (
            "weir_publishers_cached_total",
            "Encoders admitted while the database was away",
            stats.admitted_from_cache,
        )
