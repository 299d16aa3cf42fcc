"""The sound of the test picture: a soft beep at every full second. Pure."""

import math

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
"""Hz."""

_BEEP_HZ = 880
_BEEP_S = 0.12
_LOUDNESS = 0.12
"""Peak, where 1.0 is the loudest there is."""


class Tone:
    """Samples of a beep a second, from any moment on.

    Args:
        phase_s: Seconds since the last full second at sample 0, so that beeps meet the seconds of the clock in the picture.
    """

    def __init__(self, phase_s: float) -> None:
        self._offset = round(phase_s * SAMPLE_RATE)
        self._second = _one_second()

    def samples(self, first: int, count: int) -> NDArray[np.float32]:
        """Samples `first` to `first + count` as planar stereo, shape (2, count)."""
        index = (np.arange(first, first + count) + self._offset) % SAMPLE_RATE
        mono = self._second[index]
        return np.stack([mono, mono])


def _one_second() -> NDArray[np.float32]:
    second = np.zeros(SAMPLE_RATE, np.float32)
    length = round(_BEEP_S * SAMPLE_RATE)
    time_s = np.arange(length) / SAMPLE_RATE
    swell = np.sin(np.pi * np.arange(length) / length) ** 2  # no click at either end
    second[:length] = _LOUDNESS * swell * np.sin(2 * math.pi * _BEEP_HZ * time_s)
    return second
