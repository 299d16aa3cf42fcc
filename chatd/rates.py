"""How often somebody may do something: GCRA, one number for each of them. Pure: the clock is an argument, in seconds."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rate:
    """A burst, then one each so many seconds: as many as fit in `window_s`, however they are spread."""

    times: int
    window_s: float

    @property
    def interval_s(self) -> float:
        """Between two, in the long run."""
        return self.window_s / self.times


RATE = Rate(20, 30.0)
RATE_MODERATOR = Rate(100, 30.0)
"""Of one account's messages in all rooms together, and of who moderates the room."""


class Rates(Generic[K]):
    """When each of many may do it again; bounded: who did it longest ago is forgotten first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._until: OrderedDict[K, float] = OrderedDict()
        """The theoretical arrival time: when everything they did would be paid off."""

    def take(self, key: K, rate: Rate, now: float) -> float:
        """Do it, if it may be done now, and give 0; else give the seconds until it may."""
        until = self._until.get(key, now)
        if until > now + rate.window_s:
            until = now  # the clock was turned back, or the rate was another one
        until = max(until, now)
        left_s = until + rate.interval_s - rate.window_s - now
        if left_s > 1e-6:
            return left_s
        self._until[key] = until + rate.interval_s
        self._until.move_to_end(key)
        if len(self._until) > self._size:
            self._until.popitem(last=False)
        return 0.0
