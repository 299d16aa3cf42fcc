"""Who fails too often has to wait, and the table of those cannot grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.backoff import Backoff


def after_failures(count: int, backoff: Backoff, address: str = "192.0.2.1", now: float = 0.0) -> float:
    for _ in range(count):
        backoff.failed(address, now)
    return backoff.wait_s(address, now)


def test_the_first_failures_are_free_then_the_wait_doubles_up_to_a_limit() -> None:
    waits = [
        after_failures(count, Backoff(free=3, first_wait_s=10, longest_wait_s=300)) for count in range(11)
    ]
    assert waits == [0, 0, 0, 0, 10, 20, 40, 80, 160, 300, 300]


def test_the_wait_runs_out_and_looking_does_not_prolong_it() -> None:
    backoff = Backoff(free=0, first_wait_s=10)
    backoff.failed("192.0.2.1", now=100)
    assert [backoff.wait_s("192.0.2.1", now) for now in (100, 104, 110, 111)] == [10, 6, 0, 0]


def test_a_success_forgives() -> None:
    backoff = Backoff(free=0)
    backoff.failed("192.0.2.1", now=0)
    backoff.succeeded("192.0.2.1")
    backoff.succeeded("192.0.2.9")
    assert backoff.wait_s("192.0.2.1", now=0) == 0
    assert len(backoff) == 0


def test_old_failures_are_forgotten() -> None:
    backoff = Backoff(free=1, forget_s=600)
    backoff.failed("192.0.2.1", now=0)
    backoff.failed("192.0.2.1", now=601)
    assert backoff.wait_s("192.0.2.1", now=601) == 0
    backoff.failed("192.0.2.1", now=602)
    assert backoff.wait_s("192.0.2.1", now=602) == 10


def test_an_ipv6_customer_is_one_client_and_others_are_not_held_back() -> None:
    backoff = Backoff(free=0)
    backoff.failed("2001:db8::1", now=0)
    assert backoff.wait_s("2001:db8::ffff", now=0) == 10
    assert backoff.wait_s("2001:db8:0:1::1", now=0) == 0
    assert backoff.wait_s("192.0.2.1", now=0) == 0


def test_the_table_forgets_the_oldest_failure_first() -> None:
    backoff = Backoff(free=0, max_clients=2)
    for now, last in enumerate((1, 2, 1, 3)):
        backoff.failed(f"192.0.2.{last}", now)
    assert len(backoff) == 2
    assert [backoff.wait_s(f"192.0.2.{last}", 4) > 0 for last in (1, 2, 3)] == [True, False, True]


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1000)), max_size=200))
def test_no_wait_is_longer_than_the_limit(tries: list[tuple[int, float]]) -> None:
    backoff, now = Backoff(free=2, longest_wait_s=50, max_clients=3), 0.0
    for last, passed in tries:
        now += passed
        backoff.failed(f"192.0.2.{last}", now)
        assert backoff.wait_s(f"192.0.2.{last}", now) <= 50
        assert len(backoff) <= 3


def test_thousands_of_failures_do_not_overflow() -> None:
    assert after_failures(5000, Backoff(longest_wait_s=300)) == pytest.approx(300)


def test_a_failure_that_was_none_is_taken_back_and_those_before_still_count() -> None:
    backoff = Backoff(free=1, first_wait_s=10)
    backoff.failed("192.0.2.1", 0)
    backoff.failed("192.0.2.1", 0)
    assert backoff.wait_s("192.0.2.1", 0) == 10
    backoff.forgiven("192.0.2.1")
    assert backoff.wait_s("192.0.2.1", 0) == 0
    backoff.failed("192.0.2.1", 1)
    assert backoff.wait_s("192.0.2.1", 1) == 10
    backoff.forgiven("203.0.113.99")  # nobody we know
