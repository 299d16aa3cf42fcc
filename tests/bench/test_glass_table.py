"""The table of latencies: its cells, its rows and its picture."""

from xml.etree import ElementTree as ET

import pytest

from bench.glass import Summary
from bench.glass_table import COLUMNS, DELAYS_MS, MARKS, PLAYERS, PROFILES, Cell, between_marks, combine, draw
from bench.svg_bars import Bar, draw_bars


def summary(median_s: float, **others: float) -> Summary:
    numbers: dict[str, float] = {
        "p95_s": median_s + 0.1,
        "worst_s": median_s + 0.2,
        "stalls": 0,
        "stalled_s": 0.0,
    }
    return Summary(
        frames=600,
        unreadable=0,
        median_s=median_s,
        freezes=0,
        seeks=1,
        mode="low-latency",
        encode_and_upload_s=0.03,
        part_s=0.33,
        delivery_s=0.02,
        player_buffer_s=0.2,
        **numbers | others,  # type: ignore[arg-type]  # stalls is a whole number
    )


def test_a_cell_has_the_mean_of_the_medians_and_the_worst_of_the_rest() -> None:
    cell = combine("safe", 50, [summary(0.6), summary(0.8, stalls=2)])
    assert cell.median_s == pytest.approx(0.7)
    assert cell.p95_s == pytest.approx(0.9)
    assert (cell.players, cell.stalls) == (2, 2)
    assert len(cell.row) == len(COLUMNS)


def test_every_cell_is_a_bar() -> None:
    cells = [
        Cell(profile, delay, players, 0.6, 0.7, 0.8, 0.2, 0, 0.0, 1)
        for players in PLAYERS
        for delay in DELAYS_MS
        for profile in PROFILES
    ]
    picture = ET.fromstring(draw(cells))
    titles = [one.text or "" for one in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == len(cells)
    assert titles[0] == "ours: 0.60 s, 95th percentile 0.70 s"


def test_a_picture_holds_every_value_and_any_text() -> None:
    text = draw_bars("a < b", {"one & two": [Bar("x", 3.0, 47.0)], "none": []})
    heights = [float(one.get("height", "0")) for one in ET.fromstring(text)]
    assert max(heights) <= 240
    draw_bars("nothing", {})


def test_a_table_takes_the_place_of_the_last_one() -> None:
    page = f"above\n{MARKS[0]}\nold\n{MARKS[1]}\nbelow\n"
    new = between_marks(page, "| new |")
    assert new == f"above\n{MARKS[0]}\n\n| new |\n\n{MARKS[1]}\nbelow\n"
    assert between_marks(new, "| new |") == new
    with pytest.raises(ValueError, match="measured"):
        between_marks("no marks", "| new |")
