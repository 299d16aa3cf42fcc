"""What takes part in passing events on: expanders make deliveries of an event, deliverers send them. Pure.

Either is added in one place (weir/web.py); the worker (webapp/outbox_worker.py) does the rest: batches, leases, retries.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from common.db import Executor
from common.queries.deliveries import Delivery, Settlement
from common.queries.outbox import ChannelEvent

_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Expanded:
    """One batch of deliveries of an event."""

    enqueued: int
    """Rows that were written."""
    after: int | None
    """The key behind which the next batch begins; `None`: the event is done."""


NOTHING_TO_SEND = Expanded(0, None)


class Expander(Protocol):
    """Makes deliveries of events."""

    @property
    def name(self) -> str:
        """Stands in the rows of events under way; once released it does not change."""

    @property
    def types(self) -> frozenset[str]:
        """Of the events that it is asked about."""

    async def expand(self, db: Executor, event: ChannelEvent, *, after: int, limit: int) -> Expanded:
        """Enqueue at most about `limit` deliveries, for keys greater than `after` (0: the first batch).

        In the transaction that holds the event: what it writes and how far it came are committed together or not at all.
        Best as one INSERT … SELECT. What it raises, other than that the database is away, is tried again some times; then
        the event is given up for this expander, which is told among the dead letters.
        """


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not, and may do later."""

    error: str
    """A sentence for operators, without secrets."""
    after_s: float | None = None
    """What the receiver asked for; `None`: as the policy says."""


@dataclass(frozen=True, slots=True)
class Dead:
    """It never will; operators are shown it."""

    error: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nobody wants it any more: it is late, or who asked for it has taken that back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nobody there any more; the deliverer has removed the target."""

    reason: str


Result = Sent | Retry | Dead | Skipped | Gone
Report = Callable[[Delivery, Result], None]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to go on trying."""

    first_s: float = 10.0
    """Before the second try; each further pause is twice as long, up to a half of it by chance."""
    longest_s: float = 1800.0
    max_attempts: int = 10

    def pause_s(self, attempts: int, jitter: float) -> float:
        """Give the pause after so many tries; `jitter` is uniform in [0, 1), so that not all come back at one moment."""
        doubled = self.first_s * (1 << min(attempts - 1, _MAX_DOUBLINGS))
        return min(self.longest_s, doubled) * (0.5 + jitter / 2)


class Deliverer(Protocol):
    """Sends deliveries of one kind."""

    @property
    def kind(self) -> str:
        """Of the rows that it is given."""

    @property
    def capacity(self) -> int:
        """How many it may have in hand at once on one node."""

    @property
    def policy(self) -> RetryPolicy:
        """For what may be tried again."""

    async def deliver(self, batch: Sequence[Delivery], report: Report) -> None:
        """Send them, and report each as soon as its end is known: what was sent and not reported is sent again one day.

        Several calls run at once. Cancelled after `delivery_lane.DELIVER_S` seconds; what is not reported by then, or when
        it raises, is tried again.
        """


def settlement(delivery: Delivery, result: Result, policy: RetryPolicy, jitter: float) -> Settlement:
    """Say what is to be written down about a try."""
    match result:
        case Sent():
            return Settlement(id=delivery.id, attempts=delivery.attempts, outcome="sent")
        case Skipped(reason):
            return Settlement(id=delivery.id, attempts=delivery.attempts, outcome="skipped", error=reason)
        case Gone(reason):
            return Settlement(id=delivery.id, attempts=delivery.attempts, outcome="gone", error=reason)
        case Dead(error):
            return Settlement(id=delivery.id, attempts=delivery.attempts, outcome="dead", error=error)
        case Retry(error, after_s):
            if delivery.attempts >= policy.max_attempts:
                return Settlement(id=delivery.id, attempts=delivery.attempts, outcome="dead", error=error)
            pause_s = policy.pause_s(delivery.attempts, jitter)
            if after_s is not None:
                pause_s = min(max(after_s, policy.first_s * (0.5 + jitter / 2)), policy.longest_s)
            return Settlement(
                id=delivery.id, attempts=delivery.attempts, outcome=None, retry_s=pause_s, error=error
            )
        case _:
            assert_never(result)
