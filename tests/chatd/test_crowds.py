"""A room that is too fast to read is slowed, and let go once it was calm for a while."""

from hypothesis import given
from hypothesis import strategies as st

from chatd.crowds import CALM_S, MAX_COUNTED, STEPS_S, WINDOW_S, Crowds

ROOM = 7


def talk(crowds: Crowds, per_s: float, people: int, *, since: float, for_s: float) -> float:
    for number in range(int(per_s * for_s)):
        crowds.count(ROOM, number % people, since + number / per_s)
    return since + for_s


def test_a_room_above_its_rate_is_slowed_so_far_that_it_is_not_any_more() -> None:
    crowds = Crowds()
    now = talk(crowds, 40, 100, since=0, for_s=10)
    assert crowds.decide(ROOM, 10, now) == 10, "a hundred people, ten messages a second"
    assert crowds.decide(ROOM, 10, now) is None
    assert crowds.slowed == {ROOM: 10}


def test_more_people_wait_longer_and_nobody_longer_than_slow_mode_can() -> None:
    crowds = Crowds()
    now = talk(crowds, 40, 25, since=0, for_s=10)
    assert crowds.decide(ROOM, 10, now) == 3
    now = talk(crowds, 100, 900, since=now, for_s=10)
    assert crowds.decide(ROOM, 10, now) == 120
    assert crowds.decide(ROOM, 10, talk(crowds, 11, 30, since=now, for_s=10)) is None, "it is not shortened"


def test_a_room_below_its_rate_is_left_alone() -> None:
    crowds = Crowds()
    now = talk(crowds, 9, 100, since=0, for_s=30)
    assert crowds.decide(ROOM, 10, now) is None
    assert crowds.decide(8, 10, now) is None


def test_it_ends_when_the_room_was_calm_for_a_while_and_not_before() -> None:
    crowds = Crowds()
    now = talk(crowds, 20, 50, since=0, for_s=10)
    assert crowds.decide(ROOM, 10, now) == 5
    for _ in range(6):  # between calm and too fast it stays as it is
        now = talk(crowds, 8, 50, since=now, for_s=10)
        assert crowds.decide(ROOM, 10, now) is None
    quiet_at = now
    while (decided := crowds.decide(ROOM, 10, now)) is None:
        now += 1
    assert decided == 0
    assert CALM_S <= now - quiet_at <= CALM_S + WINDOW_S + 1
    assert crowds.slowed == {}


def test_it_ends_at_once_when_the_room_does_not_want_it_any_more() -> None:
    crowds = Crowds()
    now = talk(crowds, 20, 50, since=0, for_s=10)
    assert crowds.decide(ROOM, 10, now)
    assert crowds.decide(ROOM, 0, now) == 0


def test_what_another_node_decided_counts_here() -> None:
    crowds = Crowds()
    crowds.obey(ROOM, 20, 0)
    assert crowds.slowed == {ROOM: 20}
    assert crowds.decide(ROOM, 10, CALM_S + 1) == 0


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(-1e5, 1e5), st.integers(0, 20))))
def test_whatever_the_clock_does_counts_stay_right(said: list[tuple[int, float, int]]) -> None:
    crowds = Crowds()
    for user_id, now, rate in said:
        crowds.count(ROOM, user_id, now)
        assert crowds.decide(ROOM, rate, now) in {None, 0, *STEPS_S}
        crowd = crowds._crowds[ROOM]
        assert sum(crowd.writers.values()) == len(crowd.said_at)


def test_so_many_are_counted_at_most() -> None:
    crowds = Crowds()
    for number in range(2 * MAX_COUNTED):
        crowds.count(ROOM, number, 0)
    assert len(crowds._crowds[ROOM].writers) == MAX_COUNTED
