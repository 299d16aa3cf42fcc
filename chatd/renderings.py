"""What was written down of late, so that a crowd that comes back after a cut costs one rendering and not thousands. Pure."""

from collections import OrderedDict
from collections.abc import Sequence

from chatd.delivery import Delivery, RoomName, Wire
from chatd.events import Event, MessageSent

MAX_BYTES = 8 * 1024 * 1024
"""Of one node: some thousand events in each of several rooms."""
_ENTRY_BYTES = 300
"""That an entry takes beside its text, about."""

_Key = tuple[int, str, int, int, Wire]


class Renderings:
    """Events that have a place in a room's order, by place and wire. What was not asked for the longest is forgotten first."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._known: OrderedDict[_Key, bytes] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """How many it knows."""
        return len(self._known)

    def encode(self, wire: Wire, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:
        """Write all of them as `Wire.encode` does, one by one; only what has a place of its own in the order."""
        return b"".join(self._one(wire, room, delivery) for delivery in deliveries)

    def _one(self, wire: Wire, room: RoomName, delivery: Delivery) -> bytes:
        key = (room.channel_id, delivery.epoch, delivery.offset, _quote(delivery.event), wire)
        data = self._known.get(key)
        if data is None:
            data = self._known[key] = wire.encode(room, (delivery,))
            self._bytes += len(data) + _ENTRY_BYTES
            while self._bytes > self._max_bytes:
                self._bytes -= len(self._known.popitem(last=False)[1]) + _ENTRY_BYTES
        else:
            self._known.move_to_end(key)
        return data


def _quote(event: Event) -> int:
    """The one thing about an event that changes: what it quotes is taken out once moderators took that away."""
    return len(event.reply.parent_text) if isinstance(event, MessageSent) and event.reply else 0
