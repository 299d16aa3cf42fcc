"""A platform for tests: admits one key, and remembers everything it was told."""

from dataclasses import dataclass, field
from typing import TypeVar

import trio

from common.ingest import (
    Accepted,
    PublishRequest,
    Rejected,
    StreamMetadata,
    Unavailable,
    Verdict,
)
from common.media import MediaConfig, Packet

UNKNOWN_KEY = "This stream key is not known: copy it again from your dashboard."

Item = TypeVar("Item")


@dataclass
class RecordingPublication:
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    end_reason: str | None = None
    items: list[MediaConfig | Packet | StreamMetadata] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)
    """One `clean` for every call of `end`."""
    ending_takes_s: float = 0
    arrived: trio.Event = field(default_factory=trio.Event)
    """Set at the first packet."""
    over: trio.Event = field(default_factory=trio.Event)

    def handle(self, item: MediaConfig | Packet | StreamMetadata) -> None:
        self.items.append(item)
        if isinstance(item, Packet):
            self.arrived.set()

    async def end(self, *, clean: bool) -> None:
        self.ended.append(clean)
        await trio.sleep(self.ending_takes_s)
        self.over.set()

    def revoke(self, reason: str) -> None:
        self.end_reason = reason
        self.scope.cancel()

    def of(self, kind: type[Item]) -> list[Item]:
        return [item for item in self.items if isinstance(item, kind)]


@dataclass
class RecordingGate:
    """Admits `KEY`, has no answer for `AWAY`, rejects everybody else."""

    thinks_s: float = 0
    requests: list[PublishRequest] = field(default_factory=list)
    publications: list[RecordingPublication] = field(default_factory=list)

    async def admit(self, request: PublishRequest) -> Verdict:
        self.requests.append(request)
        await trio.sleep(self.thinks_s)
        match request.key:
            case "KEY":
                self.publications.append(RecordingPublication())
                return Accepted(self.publications[-1])
            case "AWAY":
                return Unavailable("The database is away.")
            case _:
                return Rejected(UNKNOWN_KEY)

    async def wait_publication(self, count: int = 1) -> RecordingPublication:
        """Wait for the `count`th publication's first packet. The caller sets a deadline."""
        while len(self.publications) < count:
            await trio.sleep(0.01)
        await self.publications[count - 1].arrived.wait()
        return self.publications[count - 1]
