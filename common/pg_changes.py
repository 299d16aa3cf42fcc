"""Control changes (a revoked key, a lost claim) on their way from NOTIFY to whoever acts on them.

A subscriber never misses a change: where the feed cannot say what happened (a new connection, too many changes at once, a
payload nobody understands), it says `FullRecheck`, and the subscriber reads the truth from the tables.
"""

from dataclasses import dataclass
from typing import Self

import msgspec
import trio

CONTROL_CHANNEL = "weir_control"
"""Name of the NOTIFY channel; the triggers in the migrations use it too."""

MAX_PENDING = 256
"""Changes a subscriber may be behind before they collapse into one `FullRecheck`."""


class ControlChange(msgspec.Struct, frozen=True):
    """A row changed and the transaction that changed it has committed. Payload of the NOTIFY, as JSON."""

    table: str
    id: int | str
    """Primary key: a number, or a UUID as text."""


@dataclass(frozen=True, slots=True)
class FullRecheck:
    """Anything may have changed: read again what you depend on."""


Change = ControlChange | FullRecheck


def encode_change(change: ControlChange) -> str:
    """Give the NOTIFY payload of a change."""
    return msgspec.json.encode(change).decode()


def decode_change(payload: str) -> Change:
    """Read a NOTIFY payload. One that makes no sense (a newer node's, an operator's) asks for a full re-check."""
    try:
        return msgspec.json.decode(payload, type=ControlChange)
    except msgspec.MsgspecError:
        return FullRecheck()


class ChangeFeed:
    """One subscriber's view: an async iterator that never ends. Bounded: a slow reader gets `FullRecheck` instead.

    Starts with a `FullRecheck`, so a loop over the feed needs no separate first look. One reader only.
    """

    def __init__(self) -> None:
        self._pending: dict[Change, None] = {FullRecheck(): None}
        self._arrived = trio.Event()
        self._arrived.set()

    def offer(self, change: Change) -> None:
        """Add a change, once while it is pending. Never blocks."""
        if FullRecheck() in self._pending:
            return  # the reader has still to look at everything, this change included
        if isinstance(change, FullRecheck) or len(self._pending) >= MAX_PENDING:
            self._pending = {FullRecheck(): None}
        else:
            self._pending[change] = None
        self._arrived.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        """Wait for the next change, oldest first. Cancelling loses nothing."""
        await self._arrived.wait()
        change = next(iter(self._pending))
        del self._pending[change]
        if not self._pending:
            self._arrived = trio.Event()
        return change


def backoff_s(attempt: int, jitter: float) -> float:
    """Give the pause before retry number `attempt` (from 0), in seconds; `jitter` is uniform in [0, 1).

    0.1 s doubling to 3.2 s, the upper half of it random: all processes of a site lose the database at one moment and
    must not come back at one moment. A stream's accept waits for this, so the cap is low.
    """
    return 0.1 * (1 << min(attempt, 5)) * (0.5 + jitter / 2)
