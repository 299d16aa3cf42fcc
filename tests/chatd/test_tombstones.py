"""What was taken away is gone for who comes later, and the news of it is not."""

from hypothesis import given
from hypothesis import strategies as st

from chatd.delivery import Delivery, RoomName
from chatd.events import ChatCleared, Chatter, Event, MessageDeleted, MessageSent, Reply, UserCleared
from chatd.json_frames import JsonWire
from chatd.renderings import Renderings
from chatd.room import Room
from chatd.tombstones import without_erased

ANNA = RoomName("anna", 7)


def said(number: int, user_id: int = 1, *, answers: int | None = None) -> MessageSent:
    reply = None
    if answers is not None:
        reply = Reply(f"m{answers}", answers % 3, "ben", "Ben", f"text {answers}", f"m{answers}", 1, "ben")
    who = Chatter(user_id, f"user_{user_id}", f"User_{user_id}")
    return MessageSent(id=f"m{number}", at_ms=number, chatter=who, text=f"text {number}", reply=reply)


def deleted(number: int, user_id: int = 1) -> MessageDeleted:
    return MessageDeleted(f"m{number}", user_id, "ben", "", 2, 0)


def cleared(user_id: int) -> UserCleared:
    return UserCleared(user_id, "ben", 2, 0)


def placed(events: list[Event]) -> list[Delivery]:
    return [Delivery(number, event, "e") for number, event in enumerate(events, 1)]


def kept(events: list[Event]) -> list[Event]:
    return [delivery.event for delivery in without_erased(placed(events))]


def test_a_deleted_message_is_gone_and_its_deletion_stays() -> None:
    assert kept([said(1), said(2), deleted(1)]) == [said(2), deleted(1)]


def test_a_message_that_is_said_later_stays() -> None:
    assert kept([said(1), cleared(1), said(2)]) == [cleared(1), said(2)]
    assert kept([said(1, 5), cleared(1)]) == [said(1, 5), cleared(1)]
    assert kept([said(1), ChatCleared(2, 0), said(2)]) == [ChatCleared(2, 0), said(2)]


def test_who_answered_quotes_it_no_more() -> None:
    answer, _ = kept([said(2, 5, answers=1), deleted(1)])
    assert isinstance(answer, MessageSent)
    assert answer.reply is not None
    assert (answer.reply.parent_id, answer.reply.parent_text) == ("m1", "")


EVENTS = st.lists(
    st.one_of(
        st.builds(said, st.integers(1, 9), st.integers(0, 2), answers=st.none() | st.integers(1, 9)),
        st.builds(deleted, st.integers(1, 9)),
        st.builds(cleared, st.integers(0, 2)),
        st.just(ChatCleared(2, 0)),
    ),
    max_size=30,
)


@given(EVENTS)
def test_nothing_is_left_that_a_later_event_takes_away(events: list[Event]) -> None:
    found = without_erased(placed(events))
    offsets = [delivery.offset for delivery in found]
    assert offsets == sorted(offsets)
    assert [one for one in events if not isinstance(one, MessageSent)] == [
        delivery.event for delivery in found if not isinstance(delivery.event, MessageSent)
    ]
    for delivery in found:
        message, later = delivery.event, events[delivery.offset :]
        if not isinstance(message, MessageSent):
            continue
        assert not any(isinstance(one, ChatCleared) for one in later)
        assert not any(isinstance(one, MessageDeleted) and one.id == message.id for one in later)
        assert not any(
            isinstance(one, UserCleared) and one.user_id == message.chatter.user_id for one in later
        )
    assert without_erased(found) == found


def test_a_room_forgets_what_was_taken_away_and_counts_on() -> None:
    room = Room(ANNA, epoch="e")
    for delivery in placed([said(1), said(2, 5), deleted(1)]):
        room.deliver(delivery)
    room.skip(Delivery(4, ChatCleared(9, 1)))
    assert room.message("m1") is None
    assert room.message("m2") is not None
    assert room.last_offset == 4
    assert room.recent(4) == []
    assert [delivery.offset for delivery in room.recent(1) or []] == [2, 3]
    assert room.recent(0) is None, "what came first is not known here any more: the bus has it"


def test_a_quote_that_was_taken_out_is_not_rendered_from_memory() -> None:
    renderings, wire = Renderings(), JsonWire()
    answer = placed([said(2, 5, answers=1)])
    assert b"text 1" in renderings.encode(wire, ANNA, answer)
    later = without_erased([*answer, Delivery(2, deleted(1), "e")])
    assert b"text 1" not in renderings.encode(wire, ANNA, later[:1])
