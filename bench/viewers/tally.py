"""What a crowd of viewers saw during one measurement. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

WAKE_LIMIT_MS = 100.0
"""A server holds a crowd as long as 99 of 100 wake-ups take no longer."""
TIGHT_S = 0.2
"""The margin that weir's own player keeps."""
_REMEMBERED = 4096


class FirstSeen:
    """When something was seen by anyone first; the oldest are forgotten."""

    def __init__(self) -> None:
        self._moments: dict[str, float] = {}

    def note(self, what: str, now: float) -> float:
        """The moment `what` was first seen: `now` if nobody saw it before."""
        moment = self._moments.setdefault(what, now)
        if len(self._moments) > _REMEMBERED:
            del self._moments[next(iter(self._moments))]
        return moment


@dataclass(slots=True)
class Tally:
    """Collected by the crowd while it is the current one. Seconds."""

    wakes: list[float] = field(default_factory=list)
    """For every reload that had to wait: from the first answer to anyone with that version to this one."""
    downloads: list[float] = field(default_factory=list)
    """From a part's request to its last byte."""
    requests: int = 0
    received_bytes: int = 0
    tight: int = 0
    """Parts later than `TIGHT_S` after the first playlist that listed them."""
    late: int = 0
    """Parts so late that a player PART-HOLD-BACK behind the newest part has nothing left to play."""
    errors: Counter[str] = field(default_factory=Counter)
    behind: int = 0
    """Reloads for a version that others had already when they were sent."""

    def playlist(self, first: float, asked: float, now: float) -> None:
        """A blocking reload was answered."""
        if asked <= first:
            self.wakes.append(now - first)
        else:
            self.behind += 1

    def part(self, listed: float, asked: float, now: float, patience_s: float) -> None:
        """A part is whole; `patience_s`: PART-HOLD-BACK without the part's own duration."""
        self.downloads.append(now - asked)
        age = now - listed
        self.tight += age > TIGHT_S
        self.late += age > patience_s


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement in numbers, `None` where it cannot be known."""

    viewers: int
    seconds: float
    wake_p50_ms: float | None
    wake_p99_ms: float | None
    part_p50_ms: float | None
    part_p99_ms: float | None
    requests_per_s: float
    megabytes_per_s: float
    server_cpu: float | None
    """Of the origin, in percent of a core."""
    edge_cpu: float | None
    generator_cpu: float
    behind: int
    tight: int
    late: int
    parts: int
    errors: dict[str, int]
    origin_requests_per_s: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether the server holds that many."""
        return not self.errors and self.wake_p99_ms is not None and self.wake_p99_ms <= WAKE_LIMIT_MS


def milliseconds(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of the values do not exceed, in milliseconds; `None` without values."""
    if not values:
        return None
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
