"""Who was seen lately, and that nobody can fill the table."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sightings import SightingLimits, Sightings

ANNA = "192.0.2.1"
BERTA = "192.0.2.2"


def test_who_is_seen_counts_until_they_were_not_seen_for_45_s() -> None:
    seen = Sightings(ttl_s=45)
    assert seen.see("a", "x", ANNA, now=100)
    assert seen.see("a", "y", ANNA, now=110)
    seen.expire(144.9)
    assert seen.counts() == {"a": 2}
    assert seen.see("a", "x", ANNA, now=144.9)
    seen.expire(155)
    assert seen.counts() == {"a": 1}
    assert seen.seen_at("a", "x") == 144.9
    assert seen.seen_at("a", "y") is None
    seen.expire(190)
    assert (seen.counts(), len(seen)) == ({}, 0)


def test_the_same_viewer_counts_once_a_stream() -> None:
    seen = Sightings(ttl_s=45)
    for stream in ("a", "b", "a", "b"):
        assert seen.see(stream, "x", ANNA, now=0)
    assert seen.counts() == {"a": 1, "b": 1}
    assert seen.count("a") == 1
    assert seen.count("nothing") == 0


def test_one_client_has_no_more_viewers_than_it_may_over_all_streams() -> None:
    seen = Sightings(ttl_s=45, limits=SightingLimits(per_client=3))
    taken = [seen.see(f"stream {n % 2}", n, ANNA, now=0) for n in range(5)]
    assert taken == [True, True, True, False, False]
    assert seen.refused == 2
    assert seen.see("stream 0", 9, BERTA, now=0), "others are not concerned"
    assert seen.see("stream 0", 0, ANNA, now=1), "and those who are in stay"
    seen.forget("stream 0", 0)
    assert seen.see("stream 0", 4, ANNA, now=1)


def test_a_viewer_who_comes_over_another_line_is_still_one() -> None:
    seen = Sightings(ttl_s=45, limits=SightingLimits(per_client=1))
    assert seen.see("a", "x", ANNA, now=0)
    assert seen.see("a", "x", BERTA, now=1)
    assert seen.counts() == {"a": 1}
    assert seen.see("a", "y", ANNA, now=1), "the first line is free again"
    assert not seen.see("a", "z", BERTA, now=1)


def test_streams_and_viewers_have_bounds_of_their_own() -> None:
    seen = Sightings(ttl_s=45, limits=SightingLimits(per_stream=2, streams=2, in_all=3))
    assert [seen.see("a", n, f"10.0.0.{n}", now=0) for n in range(3)] == [True, True, False]
    assert seen.see("b", 1, ANNA, now=0)
    assert not seen.see("b", 2, ANNA, now=0), "too many in all"
    seen.forget("a", 1)
    assert not seen.see("c", 1, ANNA, now=0), "too many streams"


def test_forgetting_who_is_not_there_changes_nothing() -> None:
    seen = Sightings(ttl_s=45)
    seen.forget("a", "x")
    seen.see("a", "x", ANNA, now=0)
    seen.forget("a", "y")
    assert seen.counts() == {"a": 1}


class Plain:
    """The same, as plainly as can be."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, int], tuple[float, str]] = {}

    def counts(self) -> dict[str, int]:
        return dict(Counter(stream for stream, _ in self.seen))


STEP = st.tuples(
    st.sampled_from(["see", "forget", "expire"]),
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 5),
    st.sampled_from([ANNA, BERTA]),
    st.floats(0, 5),
)


@given(st.lists(STEP, max_size=60))
def test_it_does_what_a_plain_table_would_and_never_outgrows_its_bounds(
    steps: list[tuple[str, str, int, str, float]],
) -> None:
    limits = SightingLimits(per_client=4, per_stream=3, streams=2, in_all=5)
    seen, plain, now = Sightings(ttl_s=10, limits=limits), Plain(), 0.0
    for what, stream, who, client, pause in steps:
        now += pause
        if what == "see":
            if seen.see(stream, who, client, now):
                plain.seen[stream, who] = (now, client)
        elif what == "forget":
            seen.forget(stream, who)
            plain.seen.pop((stream, who), None)
        else:
            seen.expire(now)
            plain.seen = {key: value for key, value in plain.seen.items() if value[0] > now - 10}
        assert seen.counts() == plain.counts()
        assert len(seen) == len(plain.seen) <= limits.in_all
        assert (
            max(Counter(client for _, client in plain.seen.values()).values(), default=0) <= limits.per_client
        )
        assert max(plain.counts().values(), default=0) <= limits.per_stream


@pytest.mark.parametrize("viewers", [5000])
def test_a_flood_of_made_up_ids_takes_the_room_of_fifty(viewers: int) -> None:
    seen = Sightings(ttl_s=45)
    for number in range(viewers):
        seen.see("a", f"id {number}", ANNA, now=0)
    assert seen.counts() == {"a": 50}
    assert seen.refused == viewers - 50
