"""Which request can be answered now, which waits, which is wrong: rules F4 to F10, F13 and F15 of the draft."""

import pytest

from hls.answers import Directives, MediaReady, Refused, Wait
from hls.window import GONE, NOT_YET, TOO_FAR, Control, Window

CONTROL = Control(target_duration_s=4, part_target_ms=369)
NOW = 50.0


def window(segments: int, parts: int = 0, *, window_s: float = 600.0) -> Window:
    """`segments` whole ones of eight parts and two seconds, then `parts` of the next."""
    made = Window(CONTROL, window_s=window_s)
    for index in range(segments):
        add(made, 8)
        made.end_segment(NOW + 2 * index)
    add(made, parts)
    return made


def add(made: Window, parts: int) -> None:
    for index in range(parts):
        if made.current is None:
            made.start_segment(date_s=1e9, discontinuity=False, init=1)
        made.add_part(0.25, b"%d.%d" % (made.next_msn, index), independent=index == 0)


def verdict(made: Window, msn: int | None, part: int | None = None) -> str:
    answer = made.check(Directives(msn=msn, part=part))
    if isinstance(answer, Refused):
        return str(answer.status)
    return "wait" if isinstance(answer, Wait) else "now"


@pytest.mark.parametrize(
    ("msn", "part", "expected"),
    [
        (None, None, "now"),
        (None, 0, "400"),  # F9
        (1, None, "now"),  # F8: long gone or not, it is there
        (0, 0, "now"),
        (10, None, "now"),  # F5: segment 10 is whole
        (11, None, "wait"),
        (12, None, "wait"),
        (13, None, "400"),  # F10: last + 2 is 12
        (10, 7, "now"),
        (10, 8, "now"),  # F7: beyond its final part is part 0 of 11
        (10, 99, "now"),
        (11, 0, "now"),
        (11, 2, "now"),
        (11, 3, "wait"),  # F6
        (11, 11, "wait"),
        (11, 12, "400"),  # F10: nine parts beyond the last, ceil(3 / 0.369)
        (12, 0, "wait"),
        (12, 9, "400"),
        (-1, None, "400"),
        (11, -1, "400"),
    ],
)
def test_a_blocking_request_is_answered_waits_or_is_refused(
    msn: int | None, part: int | None, expected: str
) -> None:
    assert verdict(window(10, 3), msn, part) == expected


def test_a_part_beyond_the_final_one_waits_for_the_next_segment() -> None:
    made = window(10)
    assert verdict(made, 10, 7) == "now"
    assert verdict(made, 10, 8) == "wait"
    assert verdict(made, 11, 0) == "wait"
    add(made, 1)
    assert verdict(made, 10, 8) == "now"


def test_after_the_end_directives_are_ignored() -> None:
    made = window(3, 2)
    made.end(NOW)
    for msn, part in ((None, 3), (99, 99), (-1, None), (4, 3)):
        assert verdict(made, msn, part) == "now"


def test_removed_segments_are_answered_with_what_there_is() -> None:
    made = window(50, 1, window_s=20)
    assert made.segments[0].msn == 41
    assert verdict(made, 3) == "now"
    assert verdict(made, 3, 2) == "now"


def test_c13_a_segment_without_parts_is_not_reported() -> None:
    """It begins with its first frame, a part's length before its first part."""
    made = window(3, 2)
    assert (made.last_msn, made.last_part) == (4, 1)
    add(made, 6)
    made.end_segment(NOW)
    made.start_segment(date_s=1e9, discontinuity=False, init=1)
    assert (made.last_msn, made.last_part) == (4, 7)
    assert verdict(made, 5, 0) == "wait"


def test_slow_parts_have_an_advance_limit_of_three() -> None:
    slow = Window(Control(4, 1024), window_s=60)
    slow.start_segment(date_s=0.0, discontinuity=False, init=1)
    slow.add_part(1.0, b"x", independent=True)
    assert verdict(slow, 1, 3) == "wait"
    assert verdict(slow, 1, 4) == "400"


def test_the_hinted_part_is_waited_for_and_others_are_unknown() -> None:
    made = window(2, 1)
    assert isinstance(made.part(16), MediaReady)
    assert isinstance(made.part(17), Wait)
    assert isinstance(made.part(18), Wait)
    assert made.part(19) == NOT_YET
    made.end(NOW)
    assert made.part(17) == GONE, "F15: an abandoned hint"


def test_what_may_be_right_in_a_moment_is_told_apart_from_what_is_wrong_for_ever() -> None:
    """A cache that kept the first kind would answer 404 or 400 to those who ask in time."""
    made = window(50, 1, window_s=20)
    made.announce_init(b"one")
    assert (made.init(2), made.segment(51), made.segment(52), made.part(500)) == (NOT_YET,) * 4
    made.forget_removed(NOW + 1e6)
    assert (made.init(0), made.segment(3), made.part(3)) == (GONE,) * 3
    assert made.check(Directives(msn=54)) == TOO_FAR
    assert (TOO_FAR.soon, NOT_YET.soon, GONE.soon) == (True, True, False)
    made.end(NOW)
    assert (made.init(2), made.segment(52), made.part(500)) == (GONE,) * 3


def test_a_segment_is_its_parts_and_exists_when_it_is_whole() -> None:
    made = window(2, 1)
    assert made.segment(2) == MediaReady(tuple(b"2.%d" % index for index in range(8)), 24)
    assert made.segment(3) == NOT_YET
    made.end(NOW)
    assert made.segment(4) == GONE


def test_gap_parts_have_no_bytes() -> None:
    made = window(2)
    made.start_segment(date_s=0.0, discontinuity=False, init=1)
    made.add_part(0.369, None, independent=False)
    made.end_segment(NOW)
    assert isinstance(made.part(16), Refused)
    assert isinstance(made.segment(3), Refused)
    assert made.segments[-1].gap


def test_the_list_slides_and_never_gets_shorter_than_three_target_durations() -> None:
    made = window(40, window_s=1)
    assert made.listed_s >= 12
    assert [segment.msn for segment in made.segments] == [35, 36, 37, 38, 39, 40]


def test_removed_media_is_served_for_its_duration_and_the_longest_playlist_more() -> None:
    made = window(11, window_s=20)
    assert made.segments[0].msn == 2
    removed_at = NOW + 20
    assert made.forget_removed(removed_at + 25 + 1.9) == []
    assert isinstance(made.segment(1), MediaReady)
    assert isinstance(made.part(0), MediaReady)
    assert [segment.msn for segment in made.forget_removed(removed_at + 25 + 2.1)] == [1]
    assert isinstance(made.segment(1), Refused)
    assert isinstance(made.part(0), Refused)


def test_old_segments_are_offered_to_the_disk_once() -> None:
    made = window(20)
    old = made.older_than(24)
    assert [segment.msn for segment in old] == [1, 2, 3, 4, 5, 6, 7, 8]
    for segment in old:
        segment.spilling = True
    assert made.older_than(24) == []
    add(made, 8)
    made.end_segment(NOW)
    assert [segment.msn for segment in made.older_than(24)] == [9]


def test_memory_is_counted_until_media_is_on_disk_or_gone() -> None:
    made = window(10)
    held = made.memory_bytes
    assert held == sum(segment.size_bytes for segment in made.segments)
    first = made.segments[0]
    made.shrink_past(first, NOW)
    made.discard(first)
    assert made.memory_bytes == held - first.size_bytes


def test_the_window_shrinks_in_order_and_stops_at_its_floor() -> None:
    made = window(20)
    gone = made.shrink_past(made.segments[4], NOW)
    assert [segment.msn for segment in gone] == [1, 2, 3, 4, 5]
    made.shrink_past(made.segments[-1], NOW)
    assert made.listed_s >= 12
