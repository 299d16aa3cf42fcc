"""Every frame is followed from its last byte at the publisher to the part in the viewer's hands."""

from itertools import cycle

import pytest

from bench.ingest import quantile
from bench.latency import Seen, Viewing, match


def test_delays_are_counted_from_each_frame_and_from_the_one_that_completes_the_part() -> None:
    sent = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    viewing = Viewing(0.3, [Seen(0.35, (5, 6), waited_for=True), Seen(0.55, (5, 6), waited_for=True)])
    delays = match(viewing, sent, cycle((5, 6)))
    assert delays.part_target_s == 0.3
    assert delays.frames == pytest.approx([0.35, 0.25, 0.35, 0.25])
    assert delays.parts == pytest.approx([0.15, 0.15])


def test_parts_that_were_there_before_the_viewer_and_the_unfinished_last_one_do_not_count() -> None:
    viewing = Viewing(0.3, [Seen(9.0, (5,), waited_for=False), Seen(0.3, (6,), waited_for=True)])
    viewing.parts.append(Seen(0.4, (5,), waited_for=True))
    delays = match(viewing, [0.0, 0.1, 0.2], cycle((5, 6)))
    assert delays.frames == pytest.approx([0.2])


def test_frames_that_were_not_sent_next_are_an_error() -> None:
    with pytest.raises(ValueError, match="frames 1 and following"):
        match(
            Viewing(0.3, [Seen(1, (5,), waited_for=True), Seen(2, (5,), waited_for=True)]),
            [0.0],
            cycle((5, 6)),
        )


def test_quantiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.99) == 99
    assert quantile([3.0], 0.99) == 3
