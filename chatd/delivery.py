"""What goes from a room to its members, and the ways to write it down. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chatd.events import Event


@dataclass(frozen=True, slots=True)
class RoomName:
    """What a room is called."""

    login: str
    """Of its channel, in lower case."""
    channel_id: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event at its place in the room's order."""

    offset: int
    event: Event
    epoch: str = ""
    """Of the log that the offset belongs to (`common.bus`)."""
    skipped: int = 0
    """Messages before it that whom it is for was not told (`chatd.sampling`)."""


class Wire(Protocol):
    """One way to write events. Clients of the same wire get the same bytes, so wires are compared by value."""

    def encode(self, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:
        """Write all of them, framed for the connection; b'' if there is nothing to say."""

    def __hash__(self) -> int: ...
