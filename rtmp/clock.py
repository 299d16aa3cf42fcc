"""The 32-bit RTMP clock made endless."""

_HALF = 1 << 31
_MASK = (1 << 32) - 1


class StreamClock:
    """Undoes the wrap of millisecond timestamps, which comes after 49.7 days or whenever an encoder starts near it.

    One clock serves all tracks of a publisher, so that they wrap together. The smaller of the two distances to the
    last timestamp is believed (serial number arithmetic, RFC 1982); what would lie before zero becomes zero.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = -1

    def unwrap(self, timestamp: int) -> int:
        """Return the milliseconds that `timestamp`, modulo 2^32, stands for."""
        if self._last < 0:
            self._last = timestamp
        else:
            step = (timestamp - self._last + _HALF & _MASK) - _HALF
            self._last = max(self._last + step, 0)
        return self._last
