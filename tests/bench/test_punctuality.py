"""A part is late behind the most punctual one of its stream, whatever the delay that all of them have."""

import pytest

from bench.punctuality import Sightings


def test_parts_are_compared_with_the_most_punctual_one() -> None:
    seen = Sightings(leads_s=[7.25, 7.0, 7.5])
    assert seen.late_s() == pytest.approx([0.25, 0.0, 0.5])


def test_a_viewer_who_saw_no_part_saw_none_late() -> None:
    assert Sightings().late_s() == []
