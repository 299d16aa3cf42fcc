"""Every live broadcast's health: measured every other second, told to its streamer, shown in /metrics, written down every few.

Synchronous throughout. Writing goes through the ledger, which never waits; media never does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

import structlog

from common.ingest import LinkStats, PublishRequest
from common.metrics import Family
from hls.facts import StreamStats
from weir.health_metrics import families
from weir.ingest_meter import IngestMeter
from weir.ingest_reading import Reading, Status
from weir.issue_tracker import IssueBegan, IssueEvent, IssueTracker
from weir.stream_issues import Issue, find_issues, status_of

log = structlog.get_logger(__name__)

SAMPLE_S = 2.0
"""How often each broadcast is looked at, for some tenths of a millisecond; less often beyond `LOOKS_PER_S`."""
LOOKS_PER_S = 100
"""Looks at all broadcasts together: advice may come later when there are hundreds, media may not."""
RECORD_S = 5.0
"""How often readings of all broadcasts are written down."""
DETAIL_PER_KEPT = 12
"""One in so many is kept for long: one a minute."""


class Packager(Protocol):
    """What packages a broadcast (hls.stream.LiveStream)."""

    @property
    def stats(self) -> StreamStats:
        """What it counted."""


class HealthLedger(Protocol):
    """Where health is written down. Nothing waits, nothing raises."""

    def health_read(self, readings: Sequence[tuple[UUID, Status, Reading]], *, detail: bool) -> None:
        """Write readings of all broadcasts down, unless too much waits already. `detail`: not one to keep for long."""

    def issue_began(self, stream_id: UUID, issue: Issue) -> None:
        """Write down that a streamer is told about something."""

    def issue_ended(self, stream_id: UUID, kind: str) -> None:
        """Write down that it is over."""


@dataclass(eq=False, slots=True)
class StreamHealth:
    """One broadcast's."""

    stream_id: UUID
    login: str
    packager: Packager
    meter: IngestMeter = field(default_factory=IngestMeter)
    tracker: IssueTracker = field(default_factory=IssueTracker)
    reading: Reading | None = None
    """The newest; `None` before the first."""
    status: Status = "noData"
    next_at: float = 0.0
    _link: Callable[[], LinkStats] = LinkStats

    def connected(self, request: PublishRequest, now: float) -> None:
        """An encoder was admitted; its packets follow."""
        self._link = request.link
        self.meter.connected(request.encoder, now)

    def disconnected(self) -> None:
        """It is gone; what its connection counted is kept."""
        gone = replace(self._link(), round_trip_ms=None, out_of_order=None)
        self._link = lambda: gone
        self.meter.disconnected()

    def look(self, now: float) -> list[IssueEvent]:
        """Measure and judge."""
        self.reading = self.meter.sample(now, self._link(), self.packager.stats)
        events = self.tracker.update(find_issues(self.reading), now)
        self.status = status_of(self.reading, {issue.severity for issue in self.tracker.current})
        return events


class HealthBoard:
    """All broadcasts that are on air in this process."""

    def __init__(self, ledger: HealthLedger) -> None:
        self._ledger = ledger
        self._on_air: dict[UUID, StreamHealth] = {}
        self._record_at = float("-inf")
        self._recorded = 0

    def add(self, health: StreamHealth, now: float) -> None:
        """A broadcast went on air. Looks at many of them are spread over that time."""
        self._on_air[health.stream_id] = health
        health.next_at = now + SAMPLE_S + len(self._on_air) % 20 * SAMPLE_S / 20

    @property
    def sample_s(self) -> float:
        """Time between two looks at a broadcast: `SAMPLE_S`, and `RECORD_S` with 500 of them."""
        return max(SAMPLE_S, len(self._on_air) / LOOKS_PER_S)

    def remove(self, health: StreamHealth) -> None:
        """It is over."""
        if self._on_air.pop(health.stream_id, None) is not None:
            self._tell(health, health.tracker.end())

    def tick(self, now: float) -> None:
        """Do what is due; to be called several times a second."""
        for health in self._on_air.values():
            if health.next_at <= now:
                # What was missed while the process was starved is not made up for: that would starve it more.
                health.next_at = max(health.next_at + self.sample_s, now + self.sample_s / 2)
                self._tell(health, health.look(now))
        if self._record_at <= now:
            self._record_at = now + RECORD_S
            self._record()

    def families(self) -> Iterable[Family]:
        """Every broadcast's newest reading, for /metrics: labelled by channel, gone when it is over."""
        return families([one for one in self._on_air.values() if one.reading is not None])

    def _tell(self, health: StreamHealth, events: Iterable[IssueEvent]) -> None:
        for event in events:
            if isinstance(event, IssueBegan):
                issue = event.issue
                log.info(
                    "stream_issue",
                    login=health.login,
                    type=issue.type,
                    severity=issue.severity,
                    advice=issue.description,
                )
                self._ledger.issue_began(health.stream_id, issue)
            else:
                log.info("stream_issue_over", login=health.login, type=event.type)
                self._ledger.issue_ended(health.stream_id, event.type)

    def _record(self) -> None:
        readings = [
            (one.stream_id, one.status, one.reading)
            for one in self._on_air.values()
            if one.reading is not None
        ]
        if readings:
            self._ledger.health_read(readings, detail=self._recorded % DETAIL_PER_KEPT != 0)
            self._recorded += 1
