"""The RTMP clock, which wraps after 31 or 32 bits, made endless."""

_HALF = 1 << 30
_MASK = (1 << 31) - 1

_BELOW_ZERO_MS = 10_000
"""Encoders with B-frames may start this little before zero; a clock further "below" is a large one."""


class StreamClock:
    """Undoes the wrap of millisecond timestamps, which comes after 49.7 days or whenever an encoder starts near it.

    ffmpeg keeps 31 bits, as FLV's are signed, and starts over after 24.9 days. Whoever wraps at 2^32 wraps at 2^31 just as
    well, so only the lower 31 bits are looked at.

    One clock serves all tracks of a publisher, so that they wrap together. The smaller of the two distances to the
    last timestamp is believed (serial number arithmetic, RFC 1982). What would lie a little before zero becomes zero, and
    what would lie far before it is taken as it stands: headers have time 0 however late the media's clock is.
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
            self._last += step
            if self._last < 0:
                self._last = 0 if self._last >= -_BELOW_ZERO_MS else timestamp
        return self._last
