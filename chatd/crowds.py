"""How fast a room is written in, and whether people can still read it: slow mode that comes and goes by itself. Pure.

Every node counts what is said in the rooms that are open there, so all come to the same; the first to do so tells the others.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

WINDOW_S = 10.0
"""Over which messages and people are counted."""
CALM_S = 30.0
"""A room is no longer slowed when it was calm for so long."""
CALM = 0.5
"""Of the rate above which a room is slowed: what counts as calm."""
STEPS_S: Final = (3, 5, 10, 20, 30, 60, 120)
"""Seconds between two messages of a person, as few as do."""
MAX_COUNTED = 4_000
"""Messages of one window: more than any room says, as twice as many are slowed anyway."""
MAX_ROOMS = 2_000


@dataclass(eq=False, slots=True)
class _Crowd:
    said_at: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=MAX_COUNTED))
    writers: dict[int, int] = field(default_factory=dict)
    """How many of those messages each wrote."""
    wait_s: int = 0
    busy_at: float = 0.0
    """When it was last not calm."""

    def add(self, user_id: int, now: float) -> None:
        if len(self.said_at) == MAX_COUNTED:
            self._drop_first()
        self.said_at.append((now, user_id))
        self.writers[user_id] = self.writers.get(user_id, 0) + 1

    def expire(self, now: float) -> None:
        while self.said_at and not now - WINDOW_S < self.said_at[0][0] <= now:
            self._drop_first()

    def _drop_first(self) -> None:
        user_id = self.said_at.popleft()[1]
        left = self.writers[user_id] - 1
        if left:
            self.writers[user_id] = left
        else:
            del self.writers[user_id]


class Crowds:
    """The rooms of a node that are written in. Bounded: who was silent the longest is forgotten."""

    def __init__(self) -> None:
        self._crowds: OrderedDict[int, _Crowd] = OrderedDict()

    @property
    def slowed(self) -> dict[int, int]:
        """Rooms that are slowed, and the seconds that each person waits there."""
        return {channel_id: crowd.wait_s for channel_id, crowd in self._crowds.items() if crowd.wait_s}

    def count(self, channel_id: int, user_id: int, now: float) -> None:
        """Count a message that is said."""
        crowd = self._crowd(channel_id)
        crowd.expire(now)
        crowd.add(user_id, now)

    def decide(self, channel_id: int, rate: int, now: float) -> int | None:
        """Say how long each person is to wait from now on, in seconds, 0: no longer; `None`: nothing changes.

        `rate`: messages a second that can be read; 0: the room is never slowed.
        """
        crowd = self._crowds.get(channel_id)
        if crowd is None:
            return None
        crowd.expire(now)
        said = len(crowd.said_at) / WINDOW_S
        if rate and said > CALM * rate:
            crowd.busy_at = now
        wanted = crowd.wait_s
        if not rate or (wanted and not 0 <= now - crowd.busy_at < CALM_S):
            wanted = 0
        elif said > rate:
            # With so many people, each waiting so long, no more than the rate is said.
            needed_s = len(crowd.writers) / rate
            wanted = max(wanted, next((step for step in STEPS_S if step >= needed_s), STEPS_S[-1]))
        if wanted == crowd.wait_s:
            return None
        crowd.wait_s = wanted
        return wanted

    def obey(self, channel_id: int, wait_s: int, now: float) -> None:
        """Slow a room as another node decided."""
        crowd = self._crowd(channel_id)
        crowd.wait_s, crowd.busy_at = wait_s, now

    def _crowd(self, channel_id: int) -> _Crowd:
        crowd = self._crowds.get(channel_id)
        if crowd is None:
            crowd = self._crowds[channel_id] = _Crowd()
            if len(self._crowds) > MAX_ROOMS:
                self._crowds.popitem(last=False)
        else:
            self._crowds.move_to_end(channel_id)
        return crowd
