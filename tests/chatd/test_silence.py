"""Whom to ask whether they are there, and whom to give up."""

from dataclasses import dataclass

from chatd.silence import Silence


@dataclass(eq=False)
class Somebody:
    last_heard: float


def test_who_talks_is_left_alone() -> None:
    silence, one = Silence[Somebody](), Somebody(100)
    assert [silence.judge(one, now) for now in (100, 130, 160)] == ["fine"] * 3
    assert len(silence) == 0


def test_who_is_silent_is_asked_once_and_given_up_without_an_answer() -> None:
    silence, one = Silence[Somebody](), Somebody(0)
    told = [silence.judge(one, now) for now in (60, 61, 65, 91, 91.1)]
    assert told == ["fine", "ask", "fine", "fine", "gone"]


def test_who_answers_is_asked_again_after_the_next_silence() -> None:
    silence, one = Silence[Somebody](), Somebody(0)
    assert silence.judge(one, 61) == "ask"
    one.last_heard = 61.5
    assert [silence.judge(one, now) for now in (95, 121, 122, 153)] == ["fine", "fine", "ask", "gone"]


def test_nobody_is_given_up_by_a_node_that_looks_late() -> None:
    silence, one = Silence[Somebody](), Somebody(0)
    assert [silence.judge(one, now) for now in (500, 505, 531)] == ["ask", "fine", "gone"]


def test_an_answer_counts_however_late_it_is_read() -> None:
    silence, one = Silence[Somebody](), Somebody(0)
    assert silence.judge(one, 61) == "ask"
    one.last_heard = 200
    assert silence.judge(one, 200) == "fine"


def test_who_left_is_forgotten() -> None:
    silence, one = Silence[Somebody](), Somebody(0)
    silence.judge(one, 61)
    silence.forget(one)
    assert len(silence) == 0
