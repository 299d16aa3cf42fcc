"""How fast an encoder uploads, held against a limit. Pure: the caller passes the clock."""

WINDOW_S = 5.0
"""Averages are over this long: a key frame, or the backlog of a network that hung, is no bitrate."""

PATIENCE = 3
"""Windows in a row above the limit that end a publisher; the first one is a warning."""


class UploadRate:
    """The average rate of one publisher, window by window.

    Args:
        max_bps: the limit in bits a second.
        now: when the first window begins.

    """

    def __init__(self, max_bps: int, now: float) -> None:
        self.bps = 0
        """Average of the last whole window, bits a second."""
        self.windows_over = 0
        """Windows in a row, up to the last, that were above the limit."""
        self._max_bps = max_bps
        self._began = now
        self._bytes = 0

    def add(self, size: int, now: float) -> bool:
        """Count `size` bytes; say whether this completed a window that was above the limit."""
        self._bytes += size
        passed = now - self._began
        if passed < WINDOW_S:
            return False
        self.bps = int(self._bytes * 8 / passed)
        self._began, self._bytes = now, 0
        self.windows_over = self.windows_over + 1 if self.bps > self._max_bps else 0
        return self.windows_over > 0
