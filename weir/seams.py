"""What live channels need of the world around them: a database to ask and to tell, and a place where viewers look."""

import uuid
from typing import Protocol

from common.ingest import PublishRequest
from common.media import MediaConfig, Packet
from common.queries.streams import Claim
from hls.stream import LiveStream, StreamInfo
from weir.keys import KeyOwner
from weir.stream_health import HealthLedger


class LedgerUnavailableError(Exception):
    """The database cannot be asked now."""


class Ledger(HealthLedger, Protocol):
    """What live channels ask of the database, and what they have it write down."""

    async def key_owner(self, key: str) -> KeyOwner | None:
        """Look a stream key up; `None` when it is unknown. Raises `LedgerUnavailableError`."""

    async def admit(self, key: str, session_id: uuid.UUID) -> tuple[KeyOwner, int | None] | None:
        """Do what `key_owner` does and, if the key may publish, `claim` its channel, in one go: an encoder waits.

        Returns:
            The owner and the fence, which is `None` when the key must not publish; `None` when the key is unknown.

        Raises:
            LedgerUnavailableError: the database cannot be asked now.
        """

    async def claim(self, channel_id: int, session_id: uuid.UUID) -> int:
        """Make `session_id` the channel's publisher and return its fence: newer claims get higher numbers.

        Raises:
            LedgerUnavailableError: the database cannot be asked now.
        """

    async def channel_refusal(self, channel_id: int) -> str | None:
        """Say in a sentence for the encoder why a channel must not be live now, whatever the key; `None` when it may.

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

    def publisher_refused(self, channel_id: int, request: PublishRequest, description: str) -> None:
        """Write down that an encoder was sent away with this sentence, for the owner to see; left out if too much waits."""


class KeyframeTap(Protocol):
    """What takes keyframes of one broadcast for pictures of it (weir.thumbnail_queue.Tap). Nothing waits, nothing raises."""

    def configure(self, config: MediaConfig) -> None:
        """Take note of what the packets that follow mean."""

    def keyframe(self, packet: Packet, now: float) -> None:
        """Take a keyframe of the video, or leave it."""

    def close(self) -> None:
        """The broadcast is over."""


class NoTap:
    """Takes no keyframes."""

    def __init__(self, stream_id: uuid.UUID) -> None:
        """Belong to a broadcast."""

    def configure(self, config: MediaConfig) -> None:
        """Forget it."""

    def keyframe(self, packet: Packet, now: float) -> None:
        """Leave it."""

    def close(self) -> None:
        """Do nothing."""


class Shelf(Protocol):
    """Where viewers find streams (hls.directory.Directory)."""

    def add(self, login: str, stream: LiveStream) -> None:
        """Make `stream` the current one of `login`."""

    def end(self, login: str, now: float) -> None:
        """No longer current; what viewers have begun to load stays for a while."""
