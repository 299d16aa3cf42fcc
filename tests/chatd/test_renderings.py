"""What a crowd missed is written down once, and forgotten when there is too much of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatd.delivery import Delivery, RoomName
from chatd.events import ChatCleared
from chatd.json_frames import JsonWire
from chatd.renderings import Renderings

ANNA, BEN = RoomName("anna", 7), RoomName("ben", 8)


@dataclass(eq=False)
class Counting:
    asked: list[int] = field(default_factory=list)

    def encode(self, room: RoomName, deliveries: Sequence[Delivery]) -> bytes:
        self.asked += [delivery.offset for delivery in deliveries]
        return JsonWire().encode(room, deliveries)


def cleared(offset: int, epoch: str = "e") -> Delivery:
    return Delivery(offset, ChatCleared(1, offset), epoch)


def test_it_says_what_the_wire_says() -> None:
    missed = [cleared(1), cleared(2)]
    assert Renderings().encode(JsonWire(), ANNA, missed) == JsonWire().encode(ANNA, missed)


def test_each_event_is_written_down_once() -> None:
    known, wire = Renderings(), Counting()
    first = known.encode(wire, ANNA, [cleared(1), cleared(2)])
    assert known.encode(wire, ANNA, [cleared(1), cleared(2), cleared(3)]).startswith(first)
    assert wire.asked == [1, 2, 3]


def test_other_rooms_epochs_and_wires_are_others() -> None:
    known, wire, other = Renderings(), Counting(), Counting()
    known.encode(wire, ANNA, [cleared(1)])
    known.encode(wire, BEN, [cleared(1)])
    known.encode(wire, ANNA, [cleared(1, "later")])
    known.encode(other, ANNA, [cleared(1)])
    assert (wire.asked, other.asked, len(known)) == ([1, 1, 1], [1], 4)


def test_what_was_not_asked_for_the_longest_is_forgotten_first() -> None:
    size = len(JsonWire().encode(ANNA, [cleared(1)])) + 300
    known, wire = Renderings(max_bytes=2 * size + 50), Counting()
    for offset in (1, 2, 1, 3):
        known.encode(wire, ANNA, [cleared(offset)])
    assert len(known) == 2
    known.encode(wire, ANNA, [cleared(1)])
    assert wire.asked == [1, 2, 3]
    known.encode(wire, ANNA, [cleared(2)])
    assert wire.asked == [1, 2, 3, 2]
