"""How many requests one caller may make: the generic cell rate algorithm, in memory, bounded. Pure.

A point comes back every `60 / per_minute` seconds, up to `per_minute`: Helix's bucket, without its edge at the full minute.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What a request found, and what is left."""

    allowed: bool
    limit: int
    remaining: int
    full_in_s: float
    """Until all points are there again."""
    retry_in_s: float
    """Until the next request is allowed; 0.0: it may come at once."""


class Pacer:
    """The points of all callers. Beyond `max_callers` the one that asked longest ago is forgotten, with all its points."""

    def __init__(self, *, per_minute: int, max_callers: int = 20_000) -> None:
        self._limit = per_minute
        self._interval_s = WINDOW_S / per_minute
        self._max_callers = max_callers
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._full_at)

    def spend(self, caller: str, now: float, *, points: int = 1) -> Pace:
        """Take points from a caller, or none where there are not enough."""
        full_at = max(self._full_at.pop(caller, now), now)
        wanted = full_at + points * self._interval_s
        excess_s = wanted - now - WINDOW_S
        allowed = excess_s <= 1e-9
        full_at = wanted if allowed else full_at
        self._full_at[caller] = full_at
        if len(self._full_at) > self._max_callers:
            self._full_at.popitem(last=False)
        used_s = full_at - now
        return Pace(
            allowed=allowed,
            limit=self._limit,
            remaining=max(0, math.floor((WINDOW_S - used_s) / self._interval_s + 1e-9)),
            full_in_s=used_s,
            retry_in_s=0.0 if allowed else excess_s,
        )
