"""Counters of live channels for /metrics."""

from collections.abc import Iterable
from dataclasses import dataclass

from common.metrics import Sample


@dataclass(slots=True)
class LiveStats:
    """What happened to encoders since the start."""

    admitted: int = 0
    rejected: int = 0
    held_back: int = 0
    """Of these, without a look at the key: too many wrong ones had come from the address."""
    unavailable: int = 0
    takeovers: int = 0
    resumed: int = 0
    admitted_from_cache: int = 0

    def samples(self) -> Iterable[Sample]:
        """Give them as /metrics shows them."""
        yield "weir_publishers_admitted_total", "Encoders admitted", self.admitted
        yield "weir_publishers_rejected_total", "Encoders refused for their key", self.rejected
        yield (
            "weir_publishers_held_back_total",
            "Encoders refused unasked: too many wrong keys",
            self.held_back,
        )
        yield "weir_publishers_unavailable_total", "Encoders sent away without a verdict", self.unavailable
        yield "weir_publisher_takeovers_total", "Encoders replaced by a newer one", self.takeovers
        yield "weir_publishers_resumed_total", "Encoders that went on with an open broadcast", self.resumed
        yield (
            "weir_publishers_cached_total",
            "Encoders admitted while the database was away",
            self.admitted_from_cache,
        )
