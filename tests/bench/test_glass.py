"""The glass-to-glass measurement, without a browser: reading the clock, and boiling a minute down to numbers."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.glass import Viewing, percentile, summarize, table
from bench.glass_clock import age_ms, read_cells
from weir.burned_clock import encode_clock

NOW_MS = 1_794_000_000_123


def cells(ms: int, *, white: float = 235, black: float = 16) -> list[float]:
    return [white if bit else black for bit in encode_clock(ms)]


@given(st.integers(0, 2**43), st.floats(160, 255), st.floats(0, 96))
def test_every_clock_that_is_drawn_is_read(ms: int, white: float, black: float) -> None:
    assert read_cells(cells(ms, white=white, black=black)) == ms % 2**40


@given(st.integers(0, 2**40 - 1), st.integers(0, 47))
def test_one_wrong_cell_is_noticed(ms: int, wrong: int) -> None:
    luma = cells(ms)
    luma[wrong] = 251 - luma[wrong]
    assert read_cells(luma) is None


@given(st.lists(st.floats(0, 255), max_size=60))
def test_other_pictures_are_no_clock(luma: list[float]) -> None:
    clock = read_cells(luma)
    assert clock is None or len(luma) == 48


def test_a_grey_cell_is_no_bit() -> None:
    luma = cells(NOW_MS)
    luma[20] = 128
    assert read_cells(luma) is None


def test_the_age_of_a_picture_survives_the_wrap_of_its_clock() -> None:
    now = 5 * 2**40 + 100
    assert age_ms(50, now) == 50
    assert age_ms(2**40 - 400, now) == 500
    assert age_ms(150, now) == -50


def viewing(ages_s: list[float], *, step_ms: float = 33) -> Viewing:
    shown = Viewing()
    frames = [
        {
            "at": NOW_MS + index * step_ms,
            "cells": cells(round(NOW_MS + index * step_ms - age * 1000)),
            "pdt": age - 0.05,
        }
        for index, age in enumerate(ages_s)
    ]
    sample: dict[str, Any] = {
        "margin_s": 0.2,
        "stalls": 1,
        "stalled_s": 0.5,
        "seeks": 1,
        "mode": "low-latency",
    }
    shown.add({"frames": frames, "player": [sample, {**sample, "stalls": 3, "stalled_s": 0.75}]})
    return shown


def test_a_minute_becomes_numbers() -> None:
    summary = summarize(viewing([0.6] * 90 + [0.8] * 10), 0.333)
    assert summary.frames == 100
    assert summary.median_s == pytest.approx(0.6, abs=0.001)
    assert summary.p95_s == pytest.approx(0.8, abs=0.001)
    assert (summary.stalls, summary.stalled_s, summary.seeks) == (2, 0.25, 0)
    assert summary.encode_and_upload_s == pytest.approx(0.05, abs=0.001)
    assert summary.delivery_s == pytest.approx(0.6 - 0.05 - 0.333 - 0.2, abs=0.002)


def test_parts_of_the_table_add_up_to_the_median() -> None:
    summary = summarize(viewing([0.61] * 50), 0.333)
    known = [summary.encode_and_upload_s, summary.part_s, summary.delivery_s, summary.player_buffer_s]
    assert sum(number for number in known if number is not None) == pytest.approx(summary.median_s)
    assert "a typical platform        5.000 s" in table(summary)


def test_without_parts_the_rest_is_unknown() -> None:
    summary = summarize(viewing([0.6]), None)
    assert summary.delivery_s is None
    assert "unknown" in table(summary)


def test_frozen_pictures_are_counted_by_what_was_shown() -> None:
    shown = viewing([0.6] * 30)
    assert shown.freezes() == 0
    later = viewing([0.6] * 3, step_ms=400)
    assert later.freezes() == 2


def test_a_picture_without_a_clock_is_an_error_not_a_latency() -> None:
    blank = Viewing()
    blank.add({"frames": [{"at": NOW_MS, "cells": [16] * 48, "pdt": None}], "player": []})
    assert blank.unreadable == 1
    with pytest.raises(ValueError, match="readable clock"):
        summarize(blank, 0.3)


def test_percentiles_are_values_that_were_seen() -> None:
    values = [5.0, 1.0, 3.0]
    assert [percentile(values, share) for share in (0, 0.5, 0.95, 1)] == [1, 3, 5, 5]
    assert all(a <= b for a, b in pairwise(percentile(values, n / 10) for n in range(11)))
