"""Who fails too often has to wait: failures by client, in a table that cannot grow without end. Pure.

Made for guessed secrets, where a refusal must cost less than the look-up it saves.
"""

from collections import OrderedDict
from dataclasses import dataclass

from common.limits import client_group

_MAX_DOUBLINGS = 30


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last_at: float = 0.0
    until: float = 0.0
    """Before this time nothing is tried."""


class Backoff:
    """Failures of clients (an IPv4 address, or the /64 of an IPv6 one), and how long each must wait before the next try.

    Tries during the wait are not counted, so that a person who is told to wait gets in when the time is over.

    Args:
        free: failures that have no consequence.
        first_wait_s: the wait after the next one; every further failure doubles it.
        longest_wait_s: but no further than this.
        forget_s: a client that did not fail for this long starts anew.
        max_clients: how many are remembered; beyond it, those whose last failure is the oldest are forgotten.

    """

    def __init__(
        self,
        *,
        free: int = 10,
        first_wait_s: float = 10.0,
        longest_wait_s: float = 300.0,
        forget_s: float = 600.0,
        max_clients: int = 10_000,
    ) -> None:
        self._free = free
        self._first_wait_s = first_wait_s
        self._longest_wait_s = longest_wait_s
        self._forget_s = forget_s
        self._max_clients = max_clients
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._records)

    def wait_s(self, address: str, now: float) -> float:
        """How many seconds from `now` the client must still wait; 0.0: it may try. Changes nothing."""
        record = self._records.get(client_group(address))
        return max(0.0, record.until - now) if record else 0.0

    def failed(self, address: str, now: float) -> None:
        """Count one failure."""
        group = client_group(address)
        record = self._records.pop(group, None)
        if record is None or now - record.last_at > self._forget_s:
            record = _Record()
        self._records[group] = record  # at the end: the newest failure
        record.failures += 1
        record.last_at = now
        excess = record.failures - self._free
        if excess > 0:
            doubled = self._first_wait_s * 2 ** min(excess - 1, _MAX_DOUBLINGS)
            record.until = now + min(self._longest_wait_s, doubled)
        if len(self._records) > self._max_clients:
            self._records.popitem(last=False)

    def forgiven(self, address: str) -> None:
        """Take one failure back that turned out to be none; the wait that it caused ends, those before still count."""
        record = self._records.get(client_group(address))
        if record is not None:
            record.failures = max(0, record.failures - 1)
            record.until = 0.0

    def succeeded(self, address: str) -> None:
        """Forget the client's failures: whoever has a right secret is no guesser."""
        self._records.pop(client_group(address), None)
