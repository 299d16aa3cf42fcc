"""How fast one client may ask."""

import math

import trio


class Pace:
    """How often something may be done: a burst, then a steady rate. Who is too fast waits: TCP holds the rest back."""

    __slots__ = ("_interval_s", "_tolerance_s", "_until")

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._interval_s = 1 / per_s
        self._tolerance_s = (burst - 1) / per_s
        self._until = -math.inf

    async def wait(self, times: int = 1) -> None:
        """Wait until it may be done, and count it, or several at once."""
        now = trio.current_time()
        until = max(self._until, now)
        self._until = until + self._interval_s * times
        await trio.sleep(max(0.0, until - self._tolerance_s - now))
