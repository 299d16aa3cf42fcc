"""What the pages of viewers are told of a room that is too fast to read: so many messages a second, and how many were left out. Pure.

Whatever is no message is told, and so is what the broadcaster, moderators and VIPs write. Who wrote what is left out sees it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatd.delivery import Delivery
from chatd.events import MessageSent, Role

ALWAYS_TOLD: frozenset[Role] = frozenset({"broadcaster", "moderator", "vip", "staff", "admin"})
BURST_S = 0.5
"""How much of a second may be told at once."""


@dataclass(frozen=True, slots=True)
class Thinned:
    """A batch of a room, as viewers get it."""

    told: list[Delivery]
    left_out: dict[int, list[Delivery]]
    """By author."""

    def of(self, user_id: int) -> list[Delivery]:
        """Give what an author gets: what all do, and what they wrote."""
        return sorted([*self.told, *self.left_out.get(user_id, ())], key=lambda one: one.offset)


class Sampler:
    """Chooses what viewers of one room are told."""

    def __init__(self) -> None:
        self.rate = 0
        """Messages a second; 0: all of them."""
        self._allowed = math.inf
        self._looked_at = 0.0
        self._skipped = 0

    def thin(self, batch: Sequence[Delivery], now: float) -> Thinned | None:
        """Choose; `None`: all of it is told as it is."""
        self._refill(now)
        if not self.rate and not self._skipped:
            return None
        told: list[Delivery] = []
        left_out: dict[int, list[Delivery]] = {}
        is_changed = False
        for delivery in batch:
            event = delivery.event
            if isinstance(event, MessageSent) and self.rate and not event.chatter.roles & ALWAYS_TOLD:
                if self._allowed < 1:
                    left_out.setdefault(event.chatter.user_id, []).append(delivery)
                    self._skipped += 1
                    continue
                self._allowed -= 1
            if self._skipped:
                is_changed = True
                told.append(replace(delivery, skipped=self._skipped))
                self._skipped = 0
            else:
                told.append(delivery)
        return Thinned(told, left_out) if left_out or is_changed else None

    def _refill(self, now: float) -> None:
        past_s = now - self._looked_at
        self._looked_at = now
        most = max(1.0, self.rate * BURST_S)
        self._allowed = min(most, self._allowed + max(0.0, past_s) * self.rate)
