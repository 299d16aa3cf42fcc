"""What is made of the times that a page noted."""

import pytest

from bench.first_frame import Start, read_start, summarize


def test_the_first_file_of_each_step_counts_and_what_was_not_asked_for_is_left_out() -> None:
    files = [
        ["http://h/static/assets/index-a.js", 90],
        ["http://h/api/channels/anna/emotes", 400],
        ["http://h/api/channels/anna", 250],
        ["http://m/hls/anna/index.m3u8", 0],
    ]
    start = read_start({"frame": 812.5, "page": 40, "files": files})
    assert start == Start(0.8125, {"page": 0.04, "first script": 0.09, "the channel": 0.25})


def test_a_page_without_times_is_no_measurement() -> None:
    with pytest.raises(TypeError):
        read_start({"frame": None, "page": 1, "files": []})


def test_the_summary_names_median_spread_and_goal() -> None:
    text = summarize([Start(seconds, {"page": 0.1}) for seconds in (0.9, 1.0, 3.0)])
    assert "first frame: median 1.000 s of 3 (0.900 to 3.000 s), goal 1.5 s" in text
    assert "playlist" not in text
