"""The seam between a protocol that receives streams (rtmp) and the platform that decides and stores (weir).

A protocol server asks the `Gate` once per publisher, before it tells the encoder anything; an `Accepted` verdict carries
the `Publication` that takes the media from then on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import trio

from common.media import MediaConfig, Packet


@dataclass(slots=True)
class LinkStats:
    """Running totals of one encoder's connection: the protocol server counts, the platform reads now and then."""

    received_bytes: int = 0
    """Of the protocol, so media and its framing; what TLS adds is not in it."""
    undecodable: int = 0
    """Messages and tags that made no sense and were dropped."""
    unsupported: list[str] = field(default_factory=list)
    """Media dropped because its codec cannot be used, each once, such as `VP8 video`; a dozen at most."""
    extra_tracks: int = 0
    """Tracks beside the first video and the first audio; they are dropped."""
    round_trip_ms: float | None = None
    """As TCP measures it; `None` where there is no socket to ask."""
    out_of_order: int | None = None
    """TCP segments that came out of order, so after loss or over several paths; `None` where it is not known."""


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What an encoder asked for, as it was sent: nothing here has been checked."""

    app: str
    key: str = field(repr=False)
    """The stream key: a secret, so it stays out of logs and reprs."""
    address: str
    """Textual IP address of the encoder, after trusted proxies were taken into account."""
    encoder: str
    """What the encoder calls itself (`flashVer` of RTMP's connect), or ''."""
    link: Callable[[], LinkStats] = field(default=LinkStats, repr=False, compare=False)
    """Reads the connection's totals; cheap, and good until the publication's `end`."""


@dataclass(frozen=True, slots=True)
class StreamMetadata:
    """Hints from the encoder (onMetaData): shown to people, never trusted by the timeline."""

    values: dict[str, float | str | bool]


class Publication(Protocol):
    """One accepted publisher's way into the platform."""

    @property
    def scope(self) -> trio.CancelScope:
        """Cancelled by the platform to end this publisher (revoked key, takeover); the protocol server enters it."""

    @property
    def end_reason(self) -> str | None:
        """A sentence for the encoder once `scope` was cancelled by the platform, else `None`."""

    def handle(self, item: MediaConfig | Packet | StreamMetadata) -> None:
        """Take the next item, in the order received. Synchronous: it decides, it never waits.

        A track's packets follow its config. Raises nothing for bad media: it is counted and dropped.
        """

    async def end(self, *, clean: bool) -> None:
        """The encoder is gone. `clean`: it said good-bye, so the broadcast ends now; else a grace time starts.

        Called exactly once, possibly under a cancelled scope: implementations shield what must be written, with a deadline.
        """


@dataclass(frozen=True, slots=True)
class Accepted:
    """The encoder may start."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class Rejected:
    """The encoder must not start, and trying again is pointless: answer `Denied` and close."""

    description: str
    """One sentence that names what is wrong and what to do; encoders show it."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No verdict is possible now: close without one, so that the encoder tries again by itself."""

    description: str


Verdict = Accepted | Rejected | Unavailable


class Gate(Protocol):
    """Decides who may publish."""

    async def admit(self, request: PublishRequest) -> Verdict:
        """Give the verdict. The caller sets the deadline; cancelling is safe and admits nobody."""
