"""Date ranges: what may be written (C14), how long it stays (E7), what delta updates tell of it (F3)."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hls.answers import Directives, PlaylistReady
from hls.date_ranges import MAX_IDS, MAX_LISTED, MAX_TEXT, DateRange, DateRangeError, DateRanges, quotable
from hls.stream import HlsSettings
from tests.hls import encoder, m3u8
from tests.hls.encoder import AUDIO, OTHER_VIDEO, VIDEO, interleave
from tests.hls.player import WALL_S, Show

START = 1_790_000_000.5


def moment(name: str, start_s: float = START) -> DateRange:
    return DateRange(id=name, start_s=start_s, duration_s=0.0)


# One range


def test_a_range_is_written_with_all_it_has() -> None:
    one = DateRange(
        id="x1",
        start_s=START,
        class_name="chapter",
        end_s=START + 5.25,
        duration_s=5.25,
        planned_duration_s=7,
        attributes=(("X-TITLE", "Tom, Ann = 2"), ("X-N", 1e-7), ("X-COUNT", 3), ("X-RAW", b"\x00\xff")),
    )
    assert one.tag == (
        '#EXT-X-DATERANGE:ID="x1",CLASS="chapter",START-DATE="2026-09-21T14:13:20.500Z"'
        ',END-DATE="2026-09-21T14:13:25.750Z",DURATION=5.250,PLANNED-DURATION=7.000'
        ',X-TITLE="Tom, Ann = 2",X-N=0.0000001,X-COUNT=3,X-RAW=0x00FF\n'
    )
    assert DateRange(id="y", start_s=START, class_name="ad", end_on_next=True).tag.endswith(
        ",END-ON-NEXT=YES\n"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "a" * (MAX_TEXT + 1)},
        {"id": 'a"b'},
        {"id": "a\nb"},
        {"id": "a\tb"},  # RECENTLY-REMOVED-DATERANGES is separated by tabs
        {"id": "a\u2028b"},
        {"id": "a\ud800"},
        {"id": "{$a}"},  # hls.js refuses the whole playlist: no such variable
        {"class_name": ""},
        {"start_s": -1.0},
        {"start_s": float("nan")},
        {"start_s": 1e12},
        {"end_s": START - 0.1},
        {"end_s": float("inf")},
        {"duration_s": -0.1},
        {"planned_duration_s": -1.0},
        {"end_s": START + 5, "duration_s": 4.0},
        {"end_on_next": True},
        {"end_on_next": True, "class_name": "ad", "duration_s": 1.0},
        {"end_on_next": True, "class_name": "ad", "end_s": START},
        {"attributes": (("TITLE", "x"),)},
        {"attributes": (("X-title", "x"),)},
        {"attributes": (("X-A", "x"), ("X-A", "x"))},
        {"attributes": (("X-A", ""),)},
        {"attributes": (("X-A", 'say "hi"'),)},
        {"attributes": (("X-A", b""),)},
        {"attributes": (("X-A", -1.0),)},
        {"attributes": (("X-A", float("inf")),)},
        {"attributes": tuple((f"X-{index}", 1.0) for index in range(17))},
    ],
    ids=str,
)
def test_c14_what_the_draft_forbids_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DateRangeError):
        DateRange(**{"id": "a", "start_s": START, **wrong})


@given(st.text(min_size=1, max_size=2 * MAX_TEXT), st.floats(0, 2**60), st.binary(min_size=1, max_size=40))
def test_whatever_people_type_is_one_attribute_of_one_line(text: str, number: float, raw: bytes) -> None:
    title = quotable(text) or "untitled"
    one = DateRange(
        id="a", start_s=START, attributes=(("X-TITLE", title), ("X-NUMBER", number), ("X-RAW", raw))
    )
    assert len(one.tag.splitlines()) == 1
    values = m3u8.attributes(one.tag.rstrip("\n").removeprefix("#EXT-X-DATERANGE:"))
    assert values["X-TITLE"] == title
    assert float(values["X-NUMBER"]) == number
    assert re.fullmatch(r"\d+(\.\d+)?", values["X-NUMBER"])
    assert bytes.fromhex(values["X-RAW"].removeprefix("0x")) == raw


# All of a stream


def test_a_range_stays_until_its_end_is_older_than_every_segment() -> None:
    ranges = DateRanges(skip_until_s=24)
    ranges.put(moment("a", START), 0)
    ranges.put(replace(moment("b", START), duration_s=10.0), 0)
    ranges.put(DateRange(id="open", start_s=START), 0)
    assert not ranges.slide(START, 1)
    assert ranges.slide(START + 2, 3)
    assert len(ranges) == 2
    assert ranges.slide(START + 10.5, 11)
    assert not ranges.slide(START + 10_000, 10_001)
    assert len(ranges) == 1, "what has no end maps to every later segment"
    ranges.put(DateRange(id="open", start_s=START, end_s=START + 20_000), 10_002)
    assert ranges.slide(START + 20_001, 20_002)


def test_a_range_that_ends_on_the_next_of_its_class_stays_until_then() -> None:
    ranges = DateRanges(skip_until_s=24)
    first = DateRange(id="a", start_s=START, class_name="ad", end_on_next=True)
    ranges.put(first, 0)
    ranges.put(DateRange(id="other", start_s=START + 1, class_name="chapter"), 1)
    assert not ranges.slide(START + 50, 50)
    ranges.put(replace(first, id="b", start_s=START + 60), 60)
    assert not ranges.slide(START + 59, 61)
    assert ranges.slide(START + 61, 62)
    assert ranges.recently_removed() == ("a",)


def test_e7_an_id_never_means_something_else() -> None:
    ranges = DateRanges(skip_until_s=24)
    one = DateRange(id="a", start_s=START, class_name="x", planned_duration_s=3.0)
    assert ranges.put(one, 0)
    assert not ranges.put(one, 1), "the same again is no change"
    for other in (
        replace(one, start_s=START + 1),
        replace(one, class_name="y"),
        replace(one, planned_duration_s=None),
        replace(one, attributes=(("X-A", 1.0),)),
    ):
        with pytest.raises(DateRangeError, match="cannot change"):
            ranges.put(other, 1)
    ended = replace(one, duration_s=4.0)
    assert ranges.put(ended, 2)
    with pytest.raises(DateRangeError, match="cannot change"):
        ranges.put(one, 3)
    ranges.slide(START + 5, 4)
    with pytest.raises(DateRangeError, match="used before"):
        ranges.put(replace(one, start_s=START + 60), 5)


def test_a_stream_has_a_bounded_number_of_ranges() -> None:
    ranges = DateRanges(skip_until_s=24)
    made = 0
    for second in range(MAX_IDS // MAX_LISTED):
        start_s = START + 10 * second
        ranges.slide(start_s, 30.0 * second)
        for _ in range(MAX_LISTED):
            ranges.put(moment(f"m{made}", start_s), 30.0 * second)
            made += 1
        with pytest.raises(DateRangeError, match="too many"):
            ranges.put(moment("one more", start_s), 30.0 * second)
    ranges.slide(START + 1e6, 1e6)
    with pytest.raises(DateRangeError, match="too many"):
        ranges.put(moment("ever", START + 1e6), 1e6)


def test_what_is_over_and_gone_is_not_listed_again() -> None:
    ranges = DateRanges(skip_until_s=24)
    ranges.slide(START + 100, 0)
    with pytest.raises(DateRangeError, match="no listed segment"):
        ranges.put(moment("a", START), 1)


def test_f3_a_delta_update_tells_what_changed_within_can_skip_until() -> None:
    ranges = DateRanges(skip_until_s=24)
    open_range = DateRange(id="open", start_s=START)
    ranges.put(open_range, 0)
    ranges.put(moment("old", START), 0)
    ranges.slide(START - 5, 20)
    assert ranges.recent_tags() == ranges.tags()
    ranges.slide(START - 4, 25)
    assert ranges.recent_tags() == ""
    ranges.put(replace(open_range, end_s=START + 40), 30)
    assert 'ID="open"' in ranges.recent_tags(), "its END-DATE is news"
    ranges.slide(START + 1, 40)
    assert ranges.recently_removed() == ("old",)
    ranges.slide(START + 2, 63.9)
    assert ranges.recently_removed() == ("old",)
    ranges.slide(START + 2, 64.1)
    assert ranges.recently_removed() == ()


# In playlists


def read(show: Show, name: str, skip: str | None = None) -> m3u8.ReadPlaylist:
    answer = show.stream.playlist(name, Directives(skip=skip))
    assert isinstance(answer, PlaylistReady)
    return m3u8.read(answer.plain.decode())


def both(seconds: float) -> list[Any]:
    return interleave(encoder.video(seconds), encoder.audio(seconds))


def test_all_renditions_list_a_range_while_it_maps_to_a_segment() -> None:
    """E7, E17; the player that watches checks every reload, and the renditions against each other."""
    show = Show(settings=HlsSettings(window_s=20, memory_s=20))
    show.play(both(8))
    marked = show.now
    show.stream.add_date_range(moment("m", WALL_S + marked), show.now)
    for name in ("video", "audio"):
        assert list(read(show, name).ranges) == ["m"]
    show.play(both(60))
    for name in ("video", "audio"):
        playlist = read(show, name)
        assert playlist.ranges == {}
        assert playlist.segments[0].date_s is not None
        assert playlist.segments[0].date_s > WALL_S + marked
    show.finish()
    with pytest.raises(DateRangeError, match="over"):
        show.stream.add_date_range(moment("late", WALL_S + show.now), show.now)


def test_a_new_range_wakes_who_waits_and_is_another_version() -> None:
    show = Show()
    show.play(both(8))
    before = {name: show.stream.playlist(name, Directives()) for name in ("video", "audio")}
    versions = {name: show.stream.version(name) for name in before}
    show.stream.add_date_range(moment("m", WALL_S + show.now), show.now)
    for name, old in before.items():
        new = show.stream.playlist(name, Directives())
        assert show.stream.version(name) != versions[name]
        assert isinstance(old, PlaylistReady)
        assert isinstance(new, PlaylistReady)
        assert new.etag != old.etag


def test_c11_v2_skips_old_ranges_and_yes_does_not() -> None:
    show = Show(settings=HlsSettings(window_s=60, memory_s=60), watch=False)
    show.play(both(30))
    show.stream.add_date_range(moment("m", WALL_S + show.now), show.now)
    show.play(both(30))
    for name in ("video", "audio"):
        yes, v2 = read(show, name, "YES"), read(show, name, "v2")
        assert (list(yes.ranges), yes.removed_ranges) == (["m"], None)
        assert (list(v2.ranges), v2.removed_ranges) == ([], [])
        assert yes.skipped == v2.skipped > 0
    show.play(both(40))
    for name in ("video", "audio"):
        assert read(show, name, "v2").removed_ranges == ["m"]
        assert read(show, name, "YES").ranges == {}


# The other thing that is announced: init sections


def hinted(show: Show, name: str) -> str | None:
    maps = [hint["URI"] for hint in read(show, name).hints if hint["TYPE"] == "MAP"]
    return maps[0] if maps else None


def test_g2_f13_a_new_init_section_is_hinted_and_served_before_its_first_part() -> None:
    show = Show()
    show.play(both(6))
    show.stream.encoder_left(show.now)
    show.wait(3)
    show.stream.encoder_returned(show.now)
    assert hinted(show, "video") is None
    show.configure(OTHER_VIDEO)
    show.configure(AUDIO)
    assert hinted(show, "video") == "init-2.mp4"
    assert hinted(show, "audio") is None, "it stays as it is"
    early = show.load("video", "init-2.mp4")
    assert read(show, "video").text.index("TYPE=MAP") < read(show, "video").text.index("TYPE=PART")
    show.play(both(6))
    assert hinted(show, "video") is None
    assert read(show, "video").all_segments[-1].init == "init-2.mp4"
    assert show.load("video", "init-2.mp4") == early


def test_f15_an_init_section_that_was_announced_in_vain_is_gone() -> None:
    show = Show()
    show.play(both(6))
    show.configure(OTHER_VIDEO)
    assert hinted(show, "video") == "init-2.mp4"
    show.configure(VIDEO)
    assert hinted(show, "video") is None
    with pytest.raises(AssertionError, match="404"):
        show.load("video", "init-2.mp4")
    for _ in range(100):
        show.configure(OTHER_VIDEO)
        show.configure(VIDEO)
    show.configure(OTHER_VIDEO)
    show.play(both(6))
    assert read(show, "video").all_segments[-1].init == "init-103.mp4", "no URL is ever used again"
    show.load("video", "init-1.mp4")
